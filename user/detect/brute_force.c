// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guessing of passwords: one client connects again and again to SSH, FTP, Telnet, RDP, VNC or SMB
 * of one host, and each time says little. Work over such connections moves more data than a refused
 * login; connections on which nobody speaks belong to scans and floods. Where the server says in
 * clear that a login failed (FTP 530, POP3 -ERR), that counts too.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

static const struct {
	uint16_t port;
	const char *name;
	double limit; /* attempts in the window */
} services[] = {
	{22, "SSH", 8},	   {21, "FTP", 8},   {23, "Telnet", 8}, {3389, "RDP", 10},
	{5900, "VNC", 10}, {445, "SMB", 20}, {110, "POP3", 10},
};
enum { SERVICES = sizeof(services) / sizeof(services[0]) };

enum {
	PAIRS = 4096,
	ATTEMPT_BYTES = 12000, /* both ways together, of a refused login */
	LEAST_PACKETS = 3,     /* of the client, of a connection that says something */
	BRUTE_HOLD_S = 7,
};

struct pair_key {
	uint8_t client[16], server[16];
	uint16_t service; /* index */
	uint8_t pad[6];
};

struct pair {
	uint64_t since; /* ns */
	uint64_t last;	/* attempt */
	uint32_t connections, refusals;
	uint64_t packets, bytes; /* of the client; both ways */
	bool fresh;
	uint64_t found;
};

struct detector {
	struct detector_host *host;
	struct subjects *pairs;
	double limit[SERVICES];
	uint64_t window_ns;
};

static int service_of(__be16 port)
{
	for (int i = 0; i < SERVICES; i++)
		if (services[i].port == ntohs(port))
			return i;
	return -1;
}

static bool pair_lasting(const struct pair *p, uint64_t now)
{
	return p->found && now < p->found + BRUTE_HOLD_S * 1000000000ull;
}

static struct pair *pair_take(struct detector *d, const uint8_t client[16],
			      const uint8_t server[16], int service, uint64_t now)
{
	struct pair_key key = {.service = service};
	struct pair *p;

	memcpy(key.client, client, 16);
	memcpy(key.server, server, 16);
	p = subjects_take(d->pairs, &key);
	if (now >= p->since + d->window_ns && !pair_lasting(p, now)) {
		memset(p, 0, sizeof(*p));
		p->since = now;
	}
	return p;
}

static void brute_flow(struct detector *d, const struct flow_delta *f)
{
	const struct flow_key *k = f->key;
	int service;
	struct pair *p;

	if (k->proto != IPPROTO_TCP)
		return;
	service = service_of(f->from_opener ? k->dport : k->sport);
	if (service < 0)
		return;
	if (f->from_opener)
		p = pair_take(d, k->saddr, k->daddr, service, f->last);
	else
		p = pair_take(d, k->daddr, k->saddr, service, f->last);
	p->bytes += f->bytes;
	if (!f->from_opener)
		return;
	p->packets += f->packets;
	if (f->tcp_flags & TCP_SYN) {
		p->connections++;
		p->last = f->last;
		p->fresh = true;
	}
}

static bool payload_refuses(const struct event *e, int service)
{
	const uint8_t *text = e->data + e->packet->payload_offset;

	if (e->packet->payload_offset + 5u > e->caplen || e->packet->payload_len < 5)
		return false;
	if (services[service].port == 21)
		return memcmp(text, "530 ", 4) == 0;
	return services[service].port == 110 && memcmp(text, "-ERR", 4) == 0;
}

static void brute_event(struct detector *d, const struct event *e)
{
	const struct flow_key *k = &e->packet->key;
	int service = k->proto == IPPROTO_TCP ? service_of(k->sport) : -1;
	struct pair *p;

	if (service < 0 || e->packet->outcome != OUTCOME_FLOW || !payload_refuses(e, service))
		return;
	p = pair_take(d, k->daddr, k->saddr, service, e->ts);
	p->refusals++;
	p->last = e->ts;
	p->fresh = true;
}

static bool pair_guesses(const struct detector *d, const struct pair *p, int service)
{
	double limit = d->limit[service];

	if (p->refusals >= limit)
		return true;
	return p->connections >= limit && p->packets >= LEAST_PACKETS * (uint64_t)p->connections &&
	       p->bytes < ATTEMPT_BYTES * (uint64_t)p->connections;
}

static void pair_tell(struct detector *d, const struct pair_key *k, const struct pair *p,
		      uint64_t now)
{
	double attempts = fmax(p->connections, p->refusals);
	struct alert a = {.severity = SEVERITY_MEDIUM,
			  .observed = attempts,
			  .expected = d->limit[k->service]};
	double seconds = fmax(1, ceil((now - p->since) / 1e9));

	WORDS_SET(a.subject, "%s -> %s", words_addr(k->client).s, words_addr(k->server).s);
	WORDS_SET(a.kind, "%s", services[k->service].name);
	WORDS_SET(a.unit, "attempts");
	WORDS_SET(
		a.reason,
		"%s tried %s of %s %s times in %s s, %s refusals seen, %s octets each time, where "
		"up to %s are usual in %s s",
		words_addr(k->client).s, services[k->service].name, words_addr(k->server).s,
		words_number(attempts).s, words_number(seconds).s, words_number(p->refusals).s,
		words_number(p->bytes / fmax(1, p->connections)).s, words_number(a.expected).s,
		words_number(d->window_ns / 1e9).s);
	host_explain(d->host, k->client);
	d->host->raise(d->host, &a, BRUTE_HOLD_S);
}

static void brute_tick(struct detector *d, const struct tick *t)
{
	const void *key;
	struct pair *p;

	for (size_t at = 0; (p = subjects_next(d->pairs, &at, &key));) {
		const struct pair_key *k = key;

		if (!p->fresh)
			continue;
		p->fresh = false;
		if (!(pair_lasting(p, t->now) || pair_guesses(d, p, k->service)) ||
		    host_explained(d->host, k->client))
			continue;
		p->found = t->now;
		pair_tell(d, k, p, t->now);
	}
}

static void brute_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->pairs);
	free(d);
}

static struct detector *brute_open(struct detector_host *host)
{
	static const char *const keys[SERVICES] = {"ssh", "ftp", "telnet", "rdp",
						   "vnc", "smb", "pop3"};
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->pairs = subjects_new(PAIRS, sizeof(struct pair_key), sizeof(struct pair));
	if (!d->pairs) {
		brute_close(d);
		return NULL;
	}
	for (int i = 0; i < SERVICES; i++)
		d->limit[i] = host_limit(host, keys[i], services[i].limit);
	d->window_ns = fmin(host->number(host, "window_s", 60), 1e6) * 1e9;
	return d;
}

const struct detector_ops detector_brute_force = {
	.abi = DETECTOR_ABI,
	.name = "brute_force",
	.about = "passwords guessed on SSH, FTP, Telnet, RDP, VNC, SMB and POP3",
	.open = brute_open,
	.event = brute_event,
	.flow = brute_flow,
	.tick = brute_tick,
	.close = brute_close,
};
