// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows to ports that backdoors and worms listen on, and remote administration from the Internet.
 * A probe that nobody answers is not told here: that is a scan.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum { CALLS = 2048, PORTS = 65536, PORT_HOLD_S = 7 };
enum { MARK_SUSPICIOUS = 1, MARK_ADMIN = 2 };

static const char *const default_ports =
	"23 1337 2323 4444 5554 5555 6667 9996 12345 27374 31337 54321";
static const char *const default_udp_ports = "31337";
static const char *const default_admin_ports = "22 3389 5900 5985";

struct call_key {
	uint8_t client[16], server[16];
	__be16 port;
	uint8_t proto;
	uint8_t pad[5];
};

struct call {
	uint64_t asked, answered; /* packets since the last tick */
	bool spoke;		  /* both sides did, at some time */
};

struct detector {
	struct detector_host *host;
	struct subjects *calls;
	uint8_t tcp[PORTS], udp[PORTS]; /* marks */
};

static uint8_t port_mark(const struct detector *d, uint8_t proto, __be16 port)
{
	if (proto == IPPROTO_TCP)
		return d->tcp[ntohs(port)];
	return proto == IPPROTO_UDP ? d->udp[ntohs(port)] : 0;
}

static void port_flow(struct detector *d, const struct flow_delta *f)
{
	const struct flow_key *k = f->key;
	__be16 port = f->from_opener ? k->dport : k->sport;
	uint8_t mark = port_mark(d, k->proto, port);
	struct call_key key = {.port = port, .proto = k->proto};
	struct call *c;

	if (!mark)
		return;
	memcpy(key.client, f->from_opener ? k->saddr : k->daddr, 16);
	memcpy(key.server, f->from_opener ? k->daddr : k->saddr, 16);
	if (mark == MARK_ADMIN && (!addr_global(key.client) || addr_global(key.server)))
		return;
	c = subjects_take(d->calls, &key);
	if (f->from_opener)
		c->asked += f->packets;
	else if (!(f->tcp_flags & TCP_RST) || f->tcp_flags & TCP_SYN)
		c->answered += f->packets; /* a bare RST is a refusal */
}

static void call_tell(struct detector *d, const struct call_key *k, const struct call *c)
{
	bool admin = port_mark(d, k->proto, k->port) == MARK_ADMIN;
	struct alert a = {.severity = admin ? SEVERITY_LOW : SEVERITY_MEDIUM,
			  .observed = c->asked + c->answered};

	WORDS_SET(a.subject, "%s -> %s", words_addr(k->client).s, words_addr(k->server).s);
	WORDS_SET(a.kind, "%s/%u", k->proto == IPPROTO_TCP ? "tcp" : "udp", ntohs(k->port));
	WORDS_SET(a.unit, "packets/s");
	if (admin)
		WORDS_SET(
			a.reason,
			"%s, an address of the Internet, reaches port %u of %s, which administers "
			"it, with %s packets a second, where none are expected",
			words_addr(k->client).s, ntohs(k->port), words_addr(k->server).s,
			words_number(a.observed).s);
	else
		WORDS_SET(
			a.reason,
			"%s speaks with port %u of %s, known for backdoors and worms: %s packets a "
			"second, where none are expected",
			words_addr(k->client).s, ntohs(k->port), words_addr(k->server).s,
			words_number(a.observed).s);
	d->host->raise(d->host, &a, PORT_HOLD_S);
}

static void port_tick(struct detector *d, const struct tick *t)
{
	const void *key;
	struct call *c;

	(void)t;
	for (size_t at = 0; (c = subjects_next(d->calls, &at, &key));) {
		const struct call_key *k = key;

		if (c->answered)
			c->spoke = true;
		if (c->spoke && c->asked + c->answered && !host_explained(d->host, k->client))
			call_tell(d, k, c);
		c->asked = c->answered = 0;
	}
}

static void ports_mark(struct detector *d, uint8_t *marks, uint8_t mark, const char *key,
		       const char *otherwise)
{
	const char *text = d->host->text(d->host, key, otherwise);
	char *end;

	while (*(text += strspn(text, " \t,"))) {
		long port = strtol(text, &end, 10);

		if (end == text || port < 1 || port >= PORTS || !strchr(" \t,", *end)) {
			log_error(
				"[suspicious_port] %s: '%s': expected ports, 1 to 65535; the rest "
				"is left out",
				key, text);
			return;
		}
		marks[port] = mark;
		text = end;
	}
}

static void port_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->calls);
	free(d);
}

static struct detector *port_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->calls = subjects_new(CALLS, sizeof(struct call_key), sizeof(struct call));
	if (!d->calls) {
		port_close(d);
		return NULL;
	}
	ports_mark(d, d->tcp, MARK_ADMIN, "admin_ports", default_admin_ports);
	ports_mark(d, d->tcp, MARK_SUSPICIOUS, "ports", default_ports);
	ports_mark(d, d->udp, MARK_SUSPICIOUS, "udp_ports", default_udp_ports);
	return d;
}

const struct detector_ops detector_suspicious_port = {
	.abi = DETECTOR_ABI,
	.name = "suspicious_port",
	.about = "ports of backdoors and worms; administration from the Internet",
	.open = port_open,
	.flow = port_flow,
	.tick = port_tick,
	.close = port_close,
};
