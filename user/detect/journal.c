// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Alerts to the host's log, for the book. Datagrams as in RFC 3164 section 4.1, without time and
 * host, which the log adds itself.
 */
#include "detect/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"

enum { JOURNAL_LINE = 640 };

struct journal {
	struct sockaddr_un address;
	int fd;
	uint64_t dropped;
};

static const struct sockaddr *journal_to(const struct journal *j)
{
	return (const struct sockaddr *)&j->address;
}

struct journal *journal_new(const char *path)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->address.sun_family = AF_UNIX;
	snprintf(j->address.sun_path, sizeof(j->address.sun_path), "%s", path);
	j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (j->fd >= 0 && connect(j->fd, journal_to(j), sizeof(j->address)) == 0)
		return j;
	log_error("--syslog: %s: %s; no log is kept here", path, strerror(errno));
	journal_free(j);
	return NULL;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

void journal_write(struct journal *j, const struct alert *a)
{
	static const int priority[SEVERITY_COUNT] = {LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_CRIT};
	static const char *const severity[SEVERITY_COUNT] = {"info", "low", "medium", "high"};
	unsigned level = a->severity % SEVERITY_COUNT;
	char line[JOURNAL_LINE];
	int len = snprintf(line, sizeof(line), "<%d>xdplens[%d]: alert %s: %s, %s, %s: %s: %s",
			   LOG_DAEMON | (a->end ? LOG_INFO : priority[level]), (int)getpid(),
			   a->end ? "closed" : "open", severity[level], a->detector, a->kind,
			   a->subject, a->reason);

	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	/* by its name: a log that begins anew listens at a new socket, and connect(2) is walled off
	 */
	if (sendto(j->fd, line, len, MSG_NOSIGNAL, journal_to(j), sizeof(j->address)) != len)
		j->dropped++;
}

uint64_t journal_dropped(const struct journal *j)
{
	return j->dropped;
}
