// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Floods against an address, or from one against many: SYN, other TCP, UDP, ICMP, fragments, DHCP,
 * and answers that nobody asked for (amplification).
 *
 * A rate alone is no flood. SYNs count when their handshakes stay open, UDP when it is one-way, an
 * answer when no question went before; a source that asks each port once is a scan and is left to
 * scan.c. What a full flow table could not tell apart (overflow) is given to the addresses in
 * proportion to what did arrive.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/distinct.h"
#include "detect/heavy.h"
#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum kind { /* in this order an address's floods are judged */
	    KIND_SYN,
	    KIND_TCP,
	    KIND_UDP,
	    KIND_ICMP,
	    KIND_DNS,
	    KIND_NTP,
	    KIND_MEMCACHED,
	    KIND_SSDP,
	    KIND_CLDAP,
	    KIND_COUNT
};
enum { KIND_NONE = -1 };

static const struct {
	const char *name, *key; /* of the alert; of the limit in the INI file */
	double limit;		/* packets a second to one address */
	enum transport transport;
	uint16_t port; /* of the reflectors */
	const char *what;
} kinds[KIND_COUNT] = {
	[KIND_SYN] = {"syn_flood", "syn", 200, TRANSPORT_TCP, 0, "SYNs that open no connection"},
	[KIND_TCP] = {"tcp_flood", "tcp", 2000, TRANSPORT_TCP, 0, "TCP packets of no connection"},
	[KIND_UDP] = {"udp_flood", "udp", 20000, TRANSPORT_UDP, 0, "unanswered UDP packets"},
	[KIND_ICMP] = {"icmp_flood", "icmp", 500, TRANSPORT_ICMP, 0, "ICMP packets"},
	[KIND_DNS] = {"dns_amplification", "amplification", 100, TRANSPORT_UDP, 53,
		      "DNS answers to no question"},
	[KIND_NTP] = {"ntp_amplification", "amplification", 100, TRANSPORT_UDP, 123,
		      "NTP answers to no question"},
	[KIND_MEMCACHED] = {"memcached_amplification", "amplification", 100, TRANSPORT_UDP, 11211,
			    "memcached answers to no question"},
	[KIND_SSDP] = {"ssdp_amplification", "amplification", 100, TRANSPORT_UDP, 1900,
		       "SSDP answers to no question"},
	[KIND_CLDAP] = {"cldap_amplification", "amplification", 100, TRANSPORT_UDP, 389,
			"CLDAP answers to no question"},
};

enum {
	VICTIMS = 2048,
	SOURCES = 4096,
	TCP_SECONDS = 3, /* packets of connections that began before us are over by then */
	FLOOD_HOLD_S = 5,
	SOURCES_SHOWN = 3,
	UNKNOWN_LEAST = 10000, /* packets a second of a flood whose victim nobody saw */
};

/* A scan asks a port again when nothing answers: so often at the most, on average. */
static const double scan_tries = 4;
static const double scan_rate = 50000;	/* a second: beyond it a scan is a flood too */
static const double stream_size = 1000; /* octets */

/* One end of floods in this tick: the address that is hit, or that hits. */
struct end {
	uint64_t packets[KIND_COUNT], bytes[KIND_COUNT], opened[KIND_COUNT];
	uint64_t asked[KIND_COUNT]; /* questions it sent to such servers */
	uint64_t connected;	    /* new TCP flows whose handshake went on */
	uint64_t answered;   /* UDP packets in answer: sent by a victim, received by a source */
	uint64_t samples;    /* deltas that count here */
	struct heavy others; /* the other ends */
	struct distinct n_others, ports;
	bool told;	  /* a source: its victim's alert names it */
	uint16_t seconds; /* in a row above the limit of KIND_TCP */
};

struct detector {
	struct detector_host *host;
	struct subjects *victims, *sources; /* by address */
	double limit[KIND_COUNT];
	double udp_flows, fragments, dhcp;
	uint64_t suspect[TRANSPORT_COUNT]; /* packets in this tick that count somewhere */
	struct end dhcp_clients;
	uint64_t dhcp_requests;
	uint8_t fragment_victim[16]; /* as a copied fragment showed it */
	bool fragment_known;
};

/* ---- deltas ---- */

static enum transport flow_transport(const struct flow_key *k)
{
	switch (k->proto) {
	case 6:
		return TRANSPORT_TCP;
	case 17:
		return TRANSPORT_UDP;
	case 1:
	case 58:
		return TRANSPORT_ICMP;
	}
	return TRANSPORT_OTHER;
}

static int kind_of_port(uint16_t port)
{
	for (int i = KIND_DNS; i < KIND_COUNT; i++)
		if (kinds[i].port == port)
			return i;
	return KIND_NONE;
}

static int kind_of_tcp(const struct flow_delta *f)
{
	if ((f->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return KIND_SYN;
	if (!f->opened || (f->tcp_flags & TCP_SYN && f->tcp_flags != (TCP_SYN | TCP_ACK)))
		return KIND_NONE;
	return KIND_TCP;
}

/* What the delta could be part of; only what opens a flow is: an answer was asked for. */
static int kind_of(const struct flow_delta *f, enum transport transport)
{
	int kind;

	if (!f->from_opener)
		return KIND_NONE;
	switch (transport) {
	case TRANSPORT_TCP:
		return kind_of_tcp(f);
	case TRANSPORT_UDP:
		kind = kind_of_port(ntohs(f->key->sport));
		return kind == KIND_NONE || ntohs(f->key->dport) == kinds[kind].port ? KIND_UDP
										     : kind;
	case TRANSPORT_ICMP:
		return KIND_ICMP;
	default:
		return KIND_NONE;
	}
}

static void end_add(struct end *e, const struct subjects *hash, int kind,
		    const struct flow_delta *f, const uint8_t other[16])
{
	struct {
		uint8_t addr[16];
		uint16_t port, pad[3];
	} place = {.port = f->key->dport};

	memcpy(place.addr, f->key->daddr, 16);
	e->packets[kind] += f->packets;
	e->bytes[kind] += f->bytes;
	e->opened[kind] += f->opened;
	e->samples++;
	heavy_add(&e->others, other, f->packets);
	distinct_add(&e->n_others, subjects_hash(hash, other, 16));
	distinct_add(&e->ports, subjects_hash(hash, &place, sizeof(place)));
}

/* What speaks for an address: it connects, it answers, it has asked. */
static void flood_clear(struct detector *d, const struct flow_delta *f, enum transport transport)
{
	struct end *e;
	int kind;

	if (transport == TRANSPORT_TCP && f->from_opener) {
		if (!(f->tcp_flags & TCP_SYN))
			return;
		e = subjects_take(d->victims, f->key->daddr);
		e->connected++;
	} else if (transport == TRANSPORT_UDP && !f->from_opener) {
		e = subjects_take(d->victims, f->key->saddr);
		e->answered += f->packets;
		e = subjects_find(d->sources, f->key->daddr);
		if (e)
			e->answered += f->packets;
	} else if (transport == TRANSPORT_UDP) {
		e = subjects_find(d->victims, f->key->saddr);
		kind = kind_of_port(ntohs(f->key->dport));
		if (e && kind != KIND_NONE)
			e->asked[kind] += f->packets;
	}
}

static void flood_flow(struct detector *d, const struct flow_delta *f)
{
	enum transport transport = flow_transport(f->key);
	int kind = kind_of(f, transport);

	if (transport == TRANSPORT_UDP && f->from_opener && f->key->dport == htons(67)) {
		d->dhcp_requests += f->packets;
		end_add(&d->dhcp_clients, d->victims, KIND_UDP, f, f->key->saddr);
		return;
	}
	if (kind == KIND_NONE || transport == TRANSPORT_UDP)
		flood_clear(d, f, transport);
	if (kind == KIND_NONE)
		return;
	d->suspect[transport] += f->packets;
	end_add(subjects_take(d->victims, f->key->daddr), d->victims, kind, f, f->key->saddr);
	end_add(subjects_take(d->sources, f->key->saddr), d->victims, kind, f, f->key->daddr);
}

static void flood_event(struct detector *d, const struct event *e)
{
	if (!(e->packet->flags & PACKET_FRAGMENT))
		return;
	memcpy(d->fragment_victim, e->packet->key.daddr, 16);
	d->fragment_known = true;
}

/* ---- judging ---- */

/* One address asks many places a few times each. */
static bool end_scans(const struct end *e, int kind, double rate)
{
	uint64_t top = heavy_sure(&e->others, heavy_top(&e->others));

	return rate < scan_rate && 2 * top > e->packets[kind] &&
	       scan_tries * distinct_estimate(&e->ports) > e->packets[kind];
}

/* A few flows of large datagrams: video, a test of bandwidth. High traffic perhaps, no flood. */
static bool end_streams(const struct end *e)
{
	return e->samples <= 4 && e->bytes[KIND_UDP] > stream_size * e->packets[KIND_UDP];
}

static bool udp_flooded(const struct detector *d, const struct end *e, double rate, double elapsed)
{
	uint64_t packets = e->packets[KIND_UDP];

	if (10 * e->answered > packets || end_streams(e))
		return false;
	return rate >= d->limit[KIND_UDP] || e->opened[KIND_UDP] / elapsed >= d->udp_flows;
}

static bool victim_flooded(const struct detector *d, struct end *e, int kind, double rate,
			   double elapsed)
{
	if (kind == KIND_UDP)
		return udp_flooded(d, e, rate, elapsed) && !end_scans(e, kind, rate);
	if (kind == KIND_TCP)
		e->seconds = rate >= d->limit[kind] ? e->seconds + 1 : 0;
	if (rate < d->limit[kind])
		return false;
	switch (kind) {
	case KIND_SYN:
		return e->packets[kind] > 3 * e->connected && !end_scans(e, kind, rate);
	case KIND_TCP:
		return e->seconds >= TCP_SECONDS && !end_scans(e, kind, rate);
	case KIND_ICMP:
		return true;
	default: /* a flood of any ports has some of these, too */
		return e->packets[kind] > 5 * e->asked[kind] &&
		       100 * e->packets[kind] > e->packets[KIND_UDP];
	}
}

static void source_explain(struct detector *d, const uint8_t addr[16])
{
	struct end *source = subjects_find(d->sources, addr);

	if (source)
		source->told = true;
	host_explain(d->host, addr);
}

/* Who does it, for the sentence; explains the heavy ones. */
static void sources_tell(struct detector *d, const struct end *e, double blurred, char *to,
			 size_t n)
{
	double about = distinct_estimate(&e->n_others);
	uint64_t all = 0;
	size_t used = 0;
	unsigned shown = 0;

	for (int i = 0; i < KIND_COUNT; i++)
		all += e->packets[i];
	if (about > 0.8 * e->samples)
		about = fmax(about, all); /* every packet another, where they were thinned too */
	for (unsigned i = 0; i < HEAVY_CELLS && all && shown < SOURCES_SHOWN; i++) {
		uint64_t sure = heavy_sure(&e->others, i);

		if (sure * 10 < all)
			continue;
		source_explain(d, e->others.cell[i].addr);
		used += snprintf(to + used, n - used, "%s%s (%.0f %%)", shown++ ? ", " : "from ",
				 words_addr(e->others.cell[i].addr).s, 100.0 * sure / all);
		if (used >= n)
			return;
	}
	if (!shown)
		words_set(to, n, "spoofed: about %s sources", words_number(fmax(about, blurred)).s);
}

static enum severity flood_severity(int kind, double rate)
{
	return kind == KIND_ICMP && rate < 5000 ? SEVERITY_MEDIUM : SEVERITY_HIGH;
}

struct finding {
	const char *kind, *subject, *unit;
	enum severity severity;
	double observed, expected;
};

static void flood_raise(struct detector *d, const struct finding *f, const char *reason)
{
	struct alert a = {
		.severity = f->severity, .observed = f->observed, .expected = f->expected};

	WORDS_SET(a.subject, "%s", f->subject);
	WORDS_SET(a.kind, "%s", f->kind);
	WORDS_SET(a.unit, "%s", f->unit ? f->unit : "packets/s");
	WORDS_SET(a.reason, "%s", reason);
	d->host->raise(d->host, &a, FLOOD_HOLD_S);
}

static void victim_tell(struct detector *d, const uint8_t addr[16], const struct end *e, int kind,
			double rate, double elapsed, double blurred)
{
	struct words victim = words_addr(addr);
	struct finding f = {kinds[kind].name,		victim.s, NULL,
			    flood_severity(kind, rate), rate,	  d->limit[kind]};
	const char *what = kinds[kind].what;
	char from[160], reason[256];

	if (kind == KIND_UDP && rate < d->limit[kind]) {
		f.observed = e->opened[kind] / elapsed;
		f.expected = d->udp_flows;
		f.unit = "flows/s";
		what = "new one-way UDP flows";
	}
	host_explain(d->host, addr);
	sources_tell(d, e, blurred, from, sizeof(from));
	WORDS_SET(reason,
		  "%s receives %s %s a second, %s octets each, where up to %s are usual; %s",
		  victim.s, words_number(f.observed).s, what,
		  words_number(e->bytes[kind] / e->packets[kind]).s, words_number(f.expected).s,
		  from);
	flood_raise(d, &f, reason);
}

/* Packets of a transport that no delta told of, because tables were full. */
static double flood_hidden(const struct tick *t, enum transport transport)
{
	const struct count *hidden = t->counters->overflow;

	if (transport == TRANSPORT_ICMP)
		return hidden[TRANSPORT_ICMP].packets + hidden[TRANSPORT_ICMPV6].packets;
	return hidden[transport].packets;
}

/* By how much more there was of a transport than deltas told. */
static double flood_scale(const struct detector *d, const struct tick *t, enum transport transport)
{
	double suspect = d->suspect[transport];

	return suspect > 0 ? 1 + flood_hidden(t, transport) / suspect : 1;
}

static void victim_judge(struct detector *d, const struct tick *t, const uint8_t *addr,
			 struct end *e)
{
	double blurred = t->overflow_packets ? t->new_sources : 0;

	for (int kind = 0; kind < KIND_COUNT && e->samples; kind++) {
		double scale = flood_scale(d, t, kinds[kind].transport);
		double elapsed = t->elapsed_s / scale;
		double rate = e->packets[kind] / elapsed;

		if (e->packets[kind] && victim_flooded(d, e, kind, rate, elapsed))
			victim_tell(d, addr, e, kind, rate, elapsed, blurred);
	}
}

static void victims_judge(struct detector *d, const struct tick *t)
{
	const void *addr;
	struct end *e;

	for (size_t at = 0; (e = subjects_next(d->victims, &at, &addr));) {
		uint16_t seconds;

		if (!e->samples && !e->connected && !e->answered && !e->seconds)
			continue;
		victim_judge(d, t, addr, e);
		seconds = e->packets[KIND_TCP] ? e->seconds : 0;
		memset(e, 0, sizeof(*e));
		e->seconds = seconds;
	}
}

/* A source whose victims are too many for any of them to be flooded. */
static void source_judge(struct detector *d, const uint8_t addr[16], const struct end *e, int kind,
			 double rate)
{
	double limit = kind == KIND_SYN ? 10 * d->limit[kind] : 2 * d->limit[kind];
	struct words source = words_addr(addr);
	struct finding f = {"flood_source", source.s, NULL, SEVERITY_HIGH, rate, limit};
	char reason[256];

	if (e->told || rate < limit || (kind == KIND_UDP && end_streams(e)) ||
	    10 * e->answered > e->packets[kind] ||
	    (rate < scan_rate && scan_tries * distinct_estimate(&e->ports) > e->packets[kind]) ||
	    host_explained(d->host, addr))
		return;
	WORDS_SET(reason, "%s sends %s %s a second to about %s addresses, where up to %s are usual",
		  source.s, words_number(rate).s, kinds[kind].what,
		  words_number(distinct_estimate(&e->n_others)).s, words_number(limit).s);
	host_explain(d->host, addr);
	flood_raise(d, &f, reason);
}

static void sources_judge(struct detector *d, const struct tick *t)
{
	static const int judged[] = {KIND_SYN, KIND_UDP, KIND_ICMP};
	const void *addr;
	struct end *e;

	for (size_t at = 0; (e = subjects_next(d->sources, &at, &addr));) {
		if (!e->samples && !e->answered)
			continue;
		for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
			source_judge(d, addr, e, judged[i], e->packets[judged[i]] / t->elapsed_s);
		memset(e, 0, sizeof(*e));
	}
}

/* Nothing of it arrived but totals. */
static void hidden_judge(struct detector *d, const struct tick *t)
{
	static const int judged[] = {KIND_SYN, KIND_UDP, KIND_ICMP};
	char reason[256];

	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		int kind = judged[i];
		double rate = flood_hidden(t, kinds[kind].transport) / t->elapsed_s;
		struct finding f = {
			kinds[kind].name, "unknown", NULL,
			SEVERITY_HIGH,	  rate,	     fmax(d->limit[kind], UNKNOWN_LEAST)};

		if (d->suspect[kinds[kind].transport] || rate < f.expected)
			continue;
		WORDS_SET(reason,
			  "%s packets a second in about %s flows that no table had room for, where "
			  "up to %s are usual; whom they hit is not known",
			  words_number(rate).s, words_number(t->new_sources).s,
			  words_number(f.expected).s);
		flood_raise(d, &f, reason);
	}
}

/*
 * A datagram in fragments is one first and some later ones, all but the last as large as the link
 * bears. Tiny ones, and ones that never make a whole, are made to hurt.
 */
static void fragments_judge(struct detector *d, const struct tick *t)
{
	const struct counters *c = t->counters;
	struct words victim = words_addr(d->fragment_victim);
	double all = c->fragments.packets, later = c->outcome[NOT_FLOW_LATER_FRAGMENT].packets;
	double first = all - later, rate = all / t->elapsed_s;
	struct finding f = {"fragment_flood",
			    d->fragment_known ? victim.s : "fragments",
			    NULL,
			    SEVERITY_HIGH,
			    rate,
			    d->fragments};
	char reason[256];

	if (rate >= d->fragments &&
	    (c->fragments.bytes < 400 * all || later > 64 * first || first > 2 * later)) {
		WORDS_SET(reason,
			  "%s fragments a second, %s octets each, where up to %s are usual; %s of "
			  "them begin a datagram",
			  words_number(rate).s, words_number(c->fragments.bytes / all).s,
			  words_number(d->fragments).s, words_number(first / t->elapsed_s).s);
		flood_raise(d, &f, reason);
	}
	d->fragment_known = false;
}

static void dhcp_judge(struct detector *d, const struct tick *t)
{
	double rate = d->dhcp_requests / t->elapsed_s;
	struct finding f = {"dhcp_flood", "dhcp", NULL, SEVERITY_MEDIUM, rate, d->dhcp};
	char reason[256];

	if (rate >= d->dhcp) {
		WORDS_SET(reason,
			  "%s DHCP requests a second from about %s addresses, where up to %s are "
			  "usual",
			  words_number(rate).s,
			  words_number(distinct_estimate(&d->dhcp_clients.n_others)).s,
			  words_number(d->dhcp).s);
		flood_raise(d, &f, reason);
	}
	d->dhcp_requests = 0;
	memset(&d->dhcp_clients, 0, sizeof(d->dhcp_clients));
}

static void flood_tick(struct detector *d, const struct tick *t)
{
	victims_judge(d, t);
	sources_judge(d, t);
	hidden_judge(d, t);
	fragments_judge(d, t);
	dhcp_judge(d, t);
	memset(d->suspect, 0, sizeof(d->suspect));
}

/* ---- opening and closing ---- */

static void flood_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->victims);
	subjects_free(d->sources);
	free(d);
}

static struct detector *flood_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->victims = subjects_new(VICTIMS, 16, sizeof(struct end));
	d->sources = subjects_new(SOURCES, 16, sizeof(struct end));
	if (!d->victims || !d->sources) {
		flood_close(d);
		return NULL;
	}
	for (int i = 0; i < KIND_COUNT; i++)
		d->limit[i] = host_limit(host, kinds[i].key, kinds[i].limit);
	d->udp_flows = host_limit(host, "udp_flows", 500);
	d->fragments = host_limit(host, "fragments", 500);
	d->dhcp = host_limit(host, "dhcp", 20);
	return d;
}

const struct detector_ops detector_flood = {
	.abi = DETECTOR_ABI,
	.name = "flood",
	.about = "SYN, UDP, ICMP, fragment and DHCP floods, amplification",
	.open = flood_open,
	.event = flood_event,
	.flow = flood_flow,
	.tick = flood_tick,
	.close = flood_close,
};
