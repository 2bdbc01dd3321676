// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Telling the service manager how we do. Sends never wait: a manager that does not read must not
 * stop us from watching, and a beat that it missed is followed by another. The beat comes from the
 * main loop, so a loop that is stuck is noticed.
 */
#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

enum { BEAT_S = 5 };

struct notify {
	int fd;
	bool ready, watched;
	double every, next; /* seconds */
};

/* A number of the environment, 0 if there is none; taken out of it. */
static unsigned long long notify_number(const char *name)
{
	const char *text = getenv(name);
	unsigned long long number = text ? strtoull(text, NULL, 10) : 0;

	unsetenv(name);
	return number;
}

/* A socket that sends to `name`, or -errno. */
static int notify_connect(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path, name, len);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, offsetof(struct sockaddr_un, sun_path) + len) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

struct notify *notify_new(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	unsigned long long us = notify_number("WATCHDOG_USEC");
	unsigned long long pid = notify_number("WATCHDOG_PID");
	struct notify *n = name && *name ? calloc(1, sizeof(*n)) : NULL;

	if (!n)
		return NULL;
	n->fd = notify_connect(name);
	if (n->fd < 0) {
		log_warn("NOTIFY_SOCKET=%s: %s; the service manager is not told", name,
			 strerror(-n->fd));
		free(n);
		n = NULL;
	}
	unsetenv("NOTIFY_SOCKET");
	if (!n)
		return NULL;
	n->watched = us && (!pid || pid == (unsigned long long)getpid());
	n->every = n->watched ? us / 2e6 : BEAT_S;
	return n;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	close(n->fd);
	free(n);
}

bool notify_due(const struct notify *n, double now)
{
	return n && now >= n->next;
}

void notify_beat(struct notify *n, double now, const char *status)
{
	char text[512];
	int len;

	if (!n)
		return;
	len = snprintf(text, sizeof(text), "%s%sSTATUS=%.400s\n", n->ready ? "" : "READY=1\n",
		       n->watched ? "WATCHDOG=1\n" : "", status);
	n->ready |= send(n->fd, text, len, MSG_NOSIGNAL) == len;
	n->next = now + n->every;
}

void notify_stopping(struct notify *n)
{
	static const char text[] = "STOPPING=1\n";

	if (n && send(n->fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		log_debug("the service manager did not hear that we stop: %s", strerror(errno));
}
