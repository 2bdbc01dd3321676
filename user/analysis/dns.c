// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The way of a DNS message: see dns.h. Captured payloads are put together where need be, read, and
 * handed to pairing, statistics and, where they answered a query, to the names of addresses.
 */
#include "analysis/dns.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/addr_names.h"
#include "analysis/dns_fragment.h"
#include "analysis/dns_pair.h"
#include "analysis/dns_stats.h"
#include "analysis/dns_tcp.h"

enum { PORT_DNS = 53, PORT_MDNS = 5353, PORT_LLMNR = 5355, HINTS = 16 };

struct dns {
	struct dns_config config;
	struct dns_tcp *tcp;
	struct dns_fragment *fragment;
	struct dns_pair *pair;
	struct dns_stats *stats;
	struct addr_names *names;
	double latency; /* that the present event completed; negative: none */
	bool malformed; /* the present event */
};

/* A message that came, and whether some of its octets did not. */
struct arrival {
	const struct flow_key *key;
	uint8_t transport;
	uint64_t ts;
	bool cut;
};

/* ---- what is learned from answers ---- */

static void dns_learn(struct dns *d, const struct dns_message *m, const struct dns_record *r,
		      const char *name, uint64_t ts)
{
	uint8_t addr[HINTS][16];
	size_t n = 1;

	if (r->section != DNS_ANSWER)
		return;
	if (r->type == DNS_SVCB || r->type == DNS_HTTPS) {
		if (dns_wire_hints(m, r, addr, HINTS, &n) != DNS_WIRE_OK)
			return;
	} else if (dns_wire_address(m, r, addr[0]) != DNS_WIRE_OK) {
		return;
	}
	for (size_t i = 0; i < n; i++)
		addr_names_learn(d->names, addr[i], name, r->ttl, ts);
}

/* Walks an answer's records for its full result code; false: they are malformed. */
static bool dns_read_rcode(const struct dns_message *m, uint16_t *rcode)
{
	struct dns_cursor cursor = dns_wire_records(m);
	enum dns_wire_result result;
	struct dns_record r;

	*rcode = m->flags & 15;
	while ((result = dns_wire_next(&cursor, &r)) == DNS_WIRE_OK)
		if (r.section == DNS_ADDITIONAL && r.type == DNS_OPT)
			*rcode = dns_wire_edns(m, &r).rcode;
	return result == DNS_WIRE_END;
}

/* What an address calls itself counts where nobody asked for it by name. */
static void dns_learn_reverse(struct dns *d, const struct dns_message *m,
			      const struct dns_record *r, uint64_t ts)
{
	struct dns_name name;
	char text[DNS_TEXT_MAX];
	uint8_t addr[16];

	if (r->type != DNS_PTR || dns_wire_reverse(&m->qname, addr) != DNS_WIRE_OK ||
	    dns_wire_target(m, r, &name) != DNS_WIRE_OK || name.len <= 1 ||
	    addr_names_of(d->names, addr, ts))
		return;
	dns_wire_text(text, &name);
	addr_names_learn(d->names, addr, text, r->ttl, ts);
}

/* Names the addresses of an answer after what was asked for. */
static void dns_read_names(struct dns *d, const struct dns_message *m, uint64_t ts)
{
	struct dns_cursor cursor = dns_wire_records(m);
	char text[DNS_TEXT_MAX];
	struct dns_record r;

	if (m->qname.len <= 1 || !m->records[DNS_ANSWER])
		return;
	dns_wire_text(text, &m->qname);
	while (dns_wire_next(&cursor, &r) == DNS_WIRE_OK && r.section == DNS_ANSWER) {
		dns_learn(d, m, &r, text, ts);
		dns_learn_reverse(d, m, &r, ts);
	}
}

/* Nobody need have asked: the neighbours' own names, by each record's owner (RFC 6762 section 6).
 */
static void dns_read_announced(struct dns *d, const struct dns_message *m, uint64_t ts)
{
	struct dns_cursor cursor = dns_wire_records(m);
	struct dns_record r;

	while (dns_wire_next(&cursor, &r) == DNS_WIRE_OK) {
		struct dns_name name;
		char text[DNS_TEXT_MAX];
		uint8_t addr[16];
		size_t end;

		if (dns_wire_address(m, &r, addr) != DNS_WIRE_OK ||
		    dns_wire_name(m, r.name_at, &name, &end) != DNS_WIRE_OK || name.len <= 1 ||
		    addr_names_of(d->names, addr, ts))
			continue;
		dns_wire_text(text, &name);
		addr_names_learn(d->names, addr, text, r.ttl, ts);
	}
}

/* ---- messages ---- */

static bool is_multicast(const struct flow_key *k)
{
	uint16_t from = ntohs(k->sport), to = ntohs(k->dport);

	return from != PORT_DNS && to != PORT_DNS &&
	       (from == PORT_MDNS || to == PORT_MDNS || from == PORT_LLMNR || to == PORT_LLMNR);
}

static struct dns_ends ends_of(const struct arrival *a, bool answer)
{
	const struct flow_key *k = a->key;
	struct dns_ends ends = {
		.client_port = ntohs(answer ? k->dport : k->sport),
		.server_port = ntohs(answer ? k->sport : k->dport),
		.transport = a->transport,
		.seen_at = k->ifindex << 1 | !!(k->link & FLOW_EGRESS),
	};

	memcpy(ends.client, answer ? k->daddr : k->saddr, sizeof(ends.client));
	memcpy(ends.server, answer ? k->saddr : k->daddr, sizeof(ends.server));
	return ends;
}

static void dns_query(struct dns *d, const struct arrival *a, const struct dns_message *m)
{
	struct dns_ends ends = ends_of(a, false);

	dns_stats_query(d->stats, m, dns_pair_query(d->pair, &ends, m, a->ts));
}

static void dns_answer(struct dns *d, const struct arrival *a, const struct dns_message *m,
		       uint16_t rcode)
{
	struct dns_ends ends = ends_of(a, true);
	enum dns_pair_result result;
	double latency;

	dns_fragment_answered(d->fragment, a->key);
	result = dns_pair_answer(d->pair, &ends, m, a->ts, rcode, &latency);
	dns_stats_answer(d->stats, m, rcode, result);
	if (result == DNS_PAIR_MATCHED)
		dns_read_names(d, m, a->ts);
	if (d->latency < 0)
		d->latency = latency;
}

/*
 * A query that is broken is one nevertheless: if it was answered, the server could read it. An
 * answer that is broken is none, since its client cannot use it either; its query goes on waiting.
 */
static void dns_message(struct dns *d, const struct arrival *a, const uint8_t *data, size_t len)
{
	struct dns_message m;
	bool good = dns_wire_read(&m, data, len) == DNS_WIRE_OK;
	bool framed = m.records_at;
	uint16_t rcode = 0;

	if (m.flags & DNS_QR)
		framed &= dns_read_rcode(&m, &rcode);
	if (!a->cut && !(good && framed && dns_wire_sound(&m))) {
		dns_stats_malformed(d->stats);
		d->malformed = true;
	}
	if (len < DNS_START_LEN)
		return;
	if (is_multicast(a->key)) {
		dns_stats_multicast(d->stats, &m);
		if (m.flags & DNS_QR && framed)
			dns_read_announced(d, &m, a->ts);
	} else if (!(m.flags & DNS_QR)) {
		dns_query(d, a, &m);
	} else if (framed || a->cut) {
		dns_answer(d, a, &m, rcode);
	}
}

static void dns_tcp_arrived(void *arg, const struct dns_tcp_segment *last, const uint8_t *data,
			    size_t len, size_t wire_len)
{
	struct arrival a = {last->key, TRANSPORT_TCP, last->ts, len < wire_len};

	dns_message(arg, &a, data, len);
}

static void dns_datagram_arrived(void *arg, const struct flow_key *key, uint64_t ts,
				 const uint8_t *data, size_t len)
{
	struct arrival a = {key, TRANSPORT_UDP, ts, true};

	dns_message(arg, &a, data, len);
}

static void dns_transaction_ended(void *arg, const struct dns_transaction *t)
{
	struct dns *d = arg;

	dns_stats_ended(d->stats, t);
	if (d->config.ended)
		d->config.ended(d->config.arg, t);
}

/* ---- what others call ---- */

struct dns *dns_new(const struct dns_config *c)
{
	struct dns *d = calloc(1, sizeof(*d));
	struct dns_pair_config pair = {
		.timeout = (c->timeout_s > 0 ? c->timeout_s : 5) * 1e9,
		.max = c->pending_max ? c->pending_max : 65536,
		.ended = dns_transaction_ended,
		.arg = d,
	};

	if (!d)
		return NULL;
	d->config = *c;
	d->tcp = dns_tcp_new(dns_tcp_arrived, d);
	d->fragment = dns_fragment_new(dns_datagram_arrived, d);
	d->pair = dns_pair_new(&pair);
	d->stats = dns_stats_new();
	d->names = addr_names_new(c->names_max ? c->names_max : 65536);
	if (!d->tcp || !d->fragment || !d->pair || !d->stats || !d->names) {
		dns_free(d);
		return NULL;
	}
	return d;
}

void dns_free(struct dns *d)
{
	if (!d)
		return;
	dns_tcp_free(d->tcp);
	dns_fragment_free(d->fragment);
	dns_pair_free(d->pair);
	dns_stats_free(d->stats);
	addr_names_free(d->names);
	free(d);
}

static void dns_event_tcp(struct dns *d, const struct event *e, const uint8_t *data, uint32_t len)
{
	const struct packet *p = e->packet;

	dns_tcp_segment(d->tcp, &(struct dns_tcp_segment){.key = &p->key,
							  .ts = e->ts,
							  .seq = p->tcp_seq,
							  .flags = p->tcp_flags,
							  .data = data,
							  .len = len,
							  .wire_len = p->payload_len});
}

double dns_event(struct dns *d, const struct event *e)
{
	const struct packet *p = e->packet;
	uint32_t at = p->payload_offset, len = e->caplen > at ? e->caplen - at : 0;

	d->latency = -1;
	d->malformed = false;
	if (len > p->payload_len)
		len = p->payload_len;
	dns_tick(d, e->ts);
	if (p->flags & PACKET_FRAGMENT && p->transport == TRANSPORT_UDP) {
		dns_fragment_event(d->fragment, e);
	} else if (p->outcome == OUTCOME_FLOW && p->transport == TRANSPORT_UDP && p->payload_len) {
		struct arrival a = {&p->key, TRANSPORT_UDP, e->ts, len < p->payload_len};

		dns_message(d, &a, e->data + at, len);
	} else if (p->outcome == OUTCOME_FLOW && p->transport == TRANSPORT_TCP) {
		dns_event_tcp(d, e, e->data + at, len);
	}
	return d->latency;
}

bool dns_malformed(const struct dns *d)
{
	return d->malformed;
}

void dns_tick(struct dns *d, uint64_t now)
{
	dns_tcp_tick(d->tcp, now);
	dns_fragment_tick(d->fragment, now);
	dns_pair_expire(d->pair, now);
}

void dns_clock_set(struct dns *d, int64_t ns)
{
	dns_pair_clock_set(d->pair, ns);
}

void dns_thin(struct dns *d, uint16_t mask, uint64_t now)
{
	dns_pair_thin(d->pair, mask, now);
}

void dns_finish(struct dns *d, uint64_t now)
{
	dns_tick(d, now);
	dns_tcp_tick(d->tcp, UINT64_MAX);
	dns_fragment_tick(d->fragment, UINT64_MAX);
	dns_pair_finish(d->pair);
}

void dns_view_fill(const struct dns *d, struct dns_view *v)
{
	struct dns_tcp_counts tcp = dns_tcp_counts(d->tcp);

	dns_stats_fill(d->stats, v);
	v->overrun = dns_pair_overrun(d->pair);
	v->tcp_resyncs = tcp.resyncs;
	v->tcp_evicted = tcp.evicted;
	v->thinned = dns_pair_thinned(d->pair);
}

const char *dns_name_of(const struct dns *d, const uint8_t addr[16], uint64_t now)
{
	return addr_names_of(d->names, addr, now);
}
