// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Passwords in clear: FTP, POP3, IMAP, SMTP and HTTP Basic by the command that carries one, Telnet
 * by its being there. A connection that turns to TLS first shows no such command and is not told.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum service {
	SERVICE_FTP,
	SERVICE_POP3,
	SERVICE_IMAP,
	SERVICE_SMTP,
	SERVICE_HTTP,
	SERVICE_TELNET
};
enum { SEEN = 2048, CLEAR_HOLD_S = 7, LINE_LEAST = 6, SEARCH_MOST = 2048 };

static const char *const names[] = {"ftp", "pop3", "imap", "smtp", "http_basic", "telnet"};

struct seen_key {
	uint8_t client[16], server[16];
	__be16 port;
	uint16_t service;
	uint8_t pad[4];
};

struct seen {
	uint64_t fresh; /* passwords, of Telnet packets, since the last tick */
};

struct detector {
	struct detector_host *host;
	struct subjects *seen;
};

static void clear_see(struct detector *d, const struct flow_key *k, bool forward,
		      enum service service)
{
	struct seen_key key = {.port = forward ? k->dport : k->sport, .service = service};
	struct seen *s;

	memcpy(key.client, forward ? k->saddr : k->daddr, 16);
	memcpy(key.server, forward ? k->daddr : k->saddr, 16);
	s = subjects_take(d->seen, &key);
	s->fresh++;
}

static bool line_begins(const char *line, size_t len, const char *command)
{
	size_t n = strlen(command);

	return len > n && strncasecmp(line, command, n) == 0;
}

/* IMAP's tag, then LOGIN (RFC 9051 section 6.2.3). */
static bool line_imap_login(const char *line, size_t len)
{
	size_t tag = 0;

	while (tag < len && tag < 16 && isalnum((unsigned char)line[tag]))
		tag++;
	return tag && tag < len && line_begins(line + tag, len - tag, " LOGIN ");
}

/* An Authorization header of kind Basic (RFC 7617) in the first lines of a request. */
static bool request_basic(const char *text, size_t len)
{
	static const char header[] = "\nauthorization: basic ";
	size_t n = sizeof(header) - 1;

	len = len < SEARCH_MOST ? len : SEARCH_MOST;
	for (size_t i = 0; i + n < len; i++)
		if (text[i] == '\n' && strncasecmp(text + i, header, n) == 0)
			return true;
	return false;
}

/* The service whose password the payload carries; -1: none. */
static int payload_password(uint8_t app, const char *text, size_t len)
{
	switch (app) {
	case APP_FTP:
		return line_begins(text, len, "PASS ") ? SERVICE_FTP : -1;
	case APP_POP3:
		return line_begins(text, len, "PASS ") || line_begins(text, len, "AUTH PLAIN ") ||
				       line_begins(text, len, "AUTH LOGIN")
			       ? SERVICE_POP3
			       : -1;
	case APP_IMAP:
		return line_imap_login(text, len) ? SERVICE_IMAP : -1;
	case APP_SMTP:
		return line_begins(text, len, "AUTH PLAIN") || line_begins(text, len, "AUTH LOGIN")
			       ? SERVICE_SMTP
			       : -1;
	case APP_HTTP:
		return request_basic(text, len) ? SERVICE_HTTP : -1;
	}
	return -1;
}

static void clear_event(struct detector *d, const struct event *e)
{
	const struct packet *p = e->packet;
	size_t len;
	int service;

	if (p->outcome != OUTCOME_FLOW || p->transport != TRANSPORT_TCP || !p->payload_len ||
	    p->payload_offset >= e->caplen)
		return;
	len = e->caplen - p->payload_offset;
	len = len < p->payload_len ? len : p->payload_len;
	if (len < LINE_LEAST)
		return;
	service = payload_password(e->verdict.app, (const char *)e->data + p->payload_offset, len);
	if (service >= 0)
		clear_see(d, &p->key, true, service);
}

static void clear_flow(struct detector *d, const struct flow_delta *f)
{
	if (f->verdict.app != APP_TELNET || f->verdict.sure < SURE_HINT ||
	    f->verdict.security == SECURITY_ENCRYPTED)
		return;
	clear_see(d, f->key, f->from_opener, SERVICE_TELNET);
}

static void clear_tell(struct detector *d, const struct seen_key *k, const struct seen *s)
{
	struct alert a = {.severity = SEVERITY_LOW, .observed = s->fresh, .expected = 0};
	bool telnet = k->service == SERVICE_TELNET;

	WORDS_SET(a.subject, "%s -> %s", words_addr(k->client).s, words_addr(k->server).s);
	WORDS_SET(a.kind, "%s", names[k->service]);
	WORDS_SET(a.unit, telnet ? "parts" : "passwords");
	if (telnet)
		WORDS_SET(a.reason,
			  "%s works on %s, port %u, by Telnet, which shows all to whoever listens; "
			  "no clear text is expected",
			  words_addr(k->client).s, words_addr(k->server).s, ntohs(k->port));
	else
		WORDS_SET(a.reason,
			  "%s sends a password to %s, port %u, in clear (%s); none in clear is "
			  "expected",
			  words_addr(k->client).s, words_addr(k->server).s, ntohs(k->port),
			  names[k->service]);
	d->host->raise(d->host, &a, CLEAR_HOLD_S);
}

static void clear_tick(struct detector *d, const struct tick *t)
{
	const void *key;
	struct seen *s;

	(void)t;
	for (size_t at = 0; (s = subjects_next(d->seen, &at, &key));) {
		if (s->fresh)
			clear_tell(d, key, s);
		s->fresh = 0;
	}
}

static void clear_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->seen);
	free(d);
}

static struct detector *clear_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->seen = subjects_new(SEEN, sizeof(struct seen_key), sizeof(struct seen));
	if (!d->seen) {
		clear_close(d);
		return NULL;
	}
	return d;
}

const struct detector_ops detector_cleartext = {
	.abi = DETECTOR_ABI,
	.name = "cleartext",
	.about = "passwords in clear: FTP, POP3, IMAP, SMTP, HTTP Basic, Telnet",
	.open = clear_open,
	.event = clear_event,
	.flow = clear_flow,
	.tick = clear_tick,
	.close = clear_close,
};
