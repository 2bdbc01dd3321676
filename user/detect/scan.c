// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Scans: one source asks many ports of one host (vertical), one port of many hosts (horizontal),
 * many hosts by ping, or little by little over half an hour (slow); or with TCP flags that no
 * connection begins with (stealth).
 *
 * What makes a scan is that most of it comes to nothing: a probe is a TCP flow whose opener sent a
 * SYN and never acknowledged, or bare ACKs which are reset or never answered, or a short UDP or
 * ICMP flow; attempts are weighed against answers. A source has one alert, whatever shapes its scan
 * takes.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/distinct.h"
#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum shape { SHAPE_PORTS, SHAPE_HOSTS, SHAPE_PINGS, SHAPE_SLOW, SHAPE_STEALTH, SHAPE_COUNT };

static const struct {
	const char *kind, *key;
	double limit;  /* distinct ports or hosts in the window */
	double silent; /* share of attempts that come to nothing */
	const char *unit;
} shapes[SHAPE_COUNT] = {
	[SHAPE_PORTS] = {"vertical_scan", "ports", 20, 0.6, "ports"},
	[SHAPE_HOSTS] = {"horizontal_scan", "hosts", 30, 0.6, "hosts"},
	[SHAPE_PINGS] = {"ping_sweep", "pings", 30, 0.6, "hosts"},
	[SHAPE_SLOW] = {"slow_scan", "slow_ports", 20, 0.8, "ports"},
	[SHAPE_STEALTH] = {"stealth_scan", "stealth", 3, 0, "probes"},
};

enum {
	TRACKS = 8192, /* (source, host) and (source, port) pairs, each */
	SCANNERS = 1024,
	PROBE_PACKETS = 4, /* more is a conversation */
	TRACEROUTE_FIRST = 33434,
	TRACEROUTE_LAST = 33689,
	DOUBT = 3,	  /* what has other reasons too must be so many times the limit */
	ACK_PACKETS = 2,  /* of a bare ACK: itself, and once more ... */
	ACK_BYTES_4 = 64, /* ... of so many octets, */
	ACK_BYTES_6 = 78, /* without options or payload */
	SERVICES_BELOW = 1024,
};

/* UDP is scanned slowly, for hosts tell no more than six times at once that a port is closed. */
static const double udp_slow = 0.75;

/* Probes of one kind are weighed against answers of that kind. */
enum way {
	WAY_PLAIN,
	WAY_ACK,     /* TCP without SYN */
	WAY_SERVICE, /* UDP from a service's port: answers whose questions were not seen, perhaps */
};

/* What one source tried on one host, or on one port of many hosts. */
struct track_key {
	uint8_t saddr[16];
	uint8_t daddr[16]; /* all 0: the port of any host */
	__be16 port;	   /* 0: any port of the host */
	uint8_t proto;
	uint8_t way; /* enum way */
	uint8_t pad[4];
};

struct window {
	uint64_t since; /* ns */
	uint32_t attempts;
	uint32_t answers;   /* flows of which the other side sent something that is no refusal */
	uint32_t acked;	    /* TCP: flows that the opener acknowledged; for captures of one side */
	uint32_t refused;   /* bare ACKs that were reset */
	uint32_t half_open; /* TCP: it answered, and was reset without an acknowledgement */
	struct distinct tried;
};

struct track {
	struct window fast, slow;
	uint32_t fresh; /* probes since the last tick */
	uint64_t found; /* ns, when it was a scan last */
};

struct scanner {	  /* by source address */
	enum shape shape; /* of its alert */
	uint64_t last;	  /* ns, when it was raised */
	uint32_t odd;	  /* probes with impossible flags */
	uint64_t odd_since;
	uint32_t odd_fresh;
};

struct detector {
	struct detector_host *host;
	struct subjects *hosts, *ports; /* struct track_key -> struct track */
	struct subjects *scanners;
	double limit[SHAPE_COUNT];
	uint64_t fast_ns, slow_ns, hold_ns, slow_hold_ns, odd_ns;
};

/* ---- deltas ---- */

static void window_turn(struct window *w, uint64_t now, uint64_t len)
{
	if (w->since && now < w->since + len)
		return;
	if (w->since) /* else it is new, and all 0 */
		memset(w, 0, sizeof(*w));
	w->since = now;
}

/* The key's track; the window of a scan that goes on goes on. */
static struct track *track_take(struct detector *d, struct subjects *table,
				const struct track_key *key, uint64_t now)
{
	struct track *t = subjects_take(table, key);

	if (!t->found || now >= t->found + d->hold_ns) {
		window_turn(&t->fast, now, d->fast_ns);
		window_turn(&t->slow, now, d->slow_ns);
	}
	return t;
}

/* An attempt that came to something. */
static void track_talk(struct detector *d, struct subjects *table, const struct track_key *key,
		       uint64_t now, bool acked)
{
	struct track *t = track_take(d, table, key, now);

	t->fast.attempts++;
	t->slow.attempts++;
	t->fast.acked += acked;
	t->slow.acked += acked;
}

/* An attempt of which nothing is known but that it was made. */
static void track_probe(struct detector *d, struct subjects *table, const struct track_key *key,
			const struct flow_delta *f)
{
	struct track *t = track_take(d, table, key, f->last);
	uint64_t hash = subjects_hash(table, f->key->daddr, 16) ^
			subjects_hash(table, &f->key->dport, sizeof(f->key->dport));

	t->fast.attempts++;
	t->slow.attempts++;
	if (f->tcp_flags & TCP_RST) {
		t->fast.half_open++;
		t->slow.half_open++;
	}
	t->fresh++;
	distinct_add(&t->fast.tried, hash);
	distinct_add(&t->slow.tried, hash);
}

static void track_answer(struct subjects *table, const struct track_key *key, bool refusal)
{
	struct track *t = subjects_find(table, key);

	if (!t)
		return;
	t->fast.answers += !refusal;
	t->slow.answers += !refusal;
	t->fast.refused += refusal;
	t->slow.refused += refusal;
}

static struct track_key key_host(const uint8_t src[16], const uint8_t dst[16], uint8_t proto,
				 enum way way)
{
	struct track_key k = {.proto = proto, .way = way};

	memcpy(k.saddr, src, 16);
	memcpy(k.daddr, dst, 16);
	return k;
}

static struct track_key key_port(const uint8_t src[16], __be16 port, uint8_t proto, enum way way)
{
	struct track_key k = {.proto = proto, .way = way, .port = port};

	memcpy(k.saddr, src, 16);
	return k;
}

static bool flow_traceroute(const struct flow_delta *f)
{
	uint16_t port = ntohs(f->key->dport);

	return f->key->proto == IPPROTO_UDP && port >= TRACEROUTE_FIRST && port <= TRACEROUTE_LAST;
}

/* A TCP flow that begins with FIN, with nothing or with everything, but neither SYN nor ACK. */
static void scan_odd(struct detector *d, const struct flow_delta *f)
{
	struct scanner *s = subjects_take(d->scanners, f->key->saddr);

	if (f->last >= s->odd_since + d->odd_ns) {
		s->odd = 0;
		s->odd_since = f->last;
	}
	s->odd++;
	s->odd_fresh++;
}

/* A packet of no connection, or one of a connection that is older than we. */
static bool flow_bare_ack(const struct flow_delta *f)
{
	uint64_t most = f->key->family == 6 ? ACK_BYTES_6 : ACK_BYTES_4;

	return f->tcp_flags == TCP_ACK && f->packets <= ACK_PACKETS &&
	       f->bytes <= f->packets * most;
}

/* `port`: of whoever opened the flow. */
static enum way flow_way(const struct flow_delta *f, __be16 port)
{
	if (f->key->proto == IPPROTO_TCP)
		return f->tcp_flags & TCP_SYN ? WAY_PLAIN : WAY_ACK;
	return f->key->proto == IPPROTO_UDP && ntohs(port) < SERVICES_BELOW ? WAY_SERVICE
									    : WAY_PLAIN;
}

/* From whoever opened the flow. */
static void scan_attempt(struct detector *d, const struct flow_delta *f)
{
	const struct flow_key *k = f->key;
	bool tcp = k->proto == IPPROTO_TCP, icmp = !tcp && k->proto != IPPROTO_UDP;
	enum way way = flow_way(f, k->sport);
	struct track_key host = key_host(k->saddr, k->daddr, k->proto, way);
	struct track_key port = key_port(k->saddr, k->dport, k->proto, way);
	bool probe =
		tcp ? way == WAY_ACK || !(f->tcp_flags & TCP_ACK) : f->packets <= PROBE_PACKETS;

	if (tcp && !(f->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)))
		scan_odd(d, f);
	if (tcp ? way == WAY_ACK && !flow_bare_ack(f) : !f->opened)
		return;
	if (addr_multicast(k->daddr) || flow_traceroute(f))
		return;
	if (probe) {
		if (!icmp)
			track_probe(d, d->hosts, &host, f);
		track_probe(d, d->ports, &port, f);
	} else {
		track_talk(d, d->hosts, &host, f->last, tcp);
		track_talk(d, d->ports, &port, f->last, tcp);
	}
}

/*
 * From the other side: of a handshake the SYN-ACK counts, of other TCP what is no reset, of others
 * every second with an answer.
 */
static void scan_answer(struct detector *d, const struct flow_delta *f)
{
	const struct flow_key *k = f->key;
	enum way way = flow_way(f, k->dport);
	struct track_key host = key_host(k->daddr, k->saddr, k->proto, way);
	struct track_key port = key_port(k->daddr, k->sport, k->proto, way);
	bool tcp = k->proto == IPPROTO_TCP, refusal = way == WAY_ACK && f->tcp_flags & TCP_RST;

	if (!tcp && f->opened) { /* it came before the opener's */
		track_talk(d, d->hosts, &host, f->last, false);
		track_talk(d, d->ports, &port, f->last, false);
	}
	track_answer(d->hosts, &host, refusal);
	track_answer(d->ports, &port, refusal);
}

static void scan_flow(struct detector *d, const struct flow_delta *f)
{
	uint8_t proto = f->key->proto;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_ICMP &&
	    proto != IPPROTO_ICMPV6)
		return;
	if (f->from_opener)
		scan_attempt(d, f);
	else
		scan_answer(d, f);
}

/* ---- judging ---- */

/* The share of attempts that came to nothing. */
static double window_silent(const struct window *w)
{
	uint32_t answers = w->answers > w->half_open ? w->answers - w->half_open : 0;

	if (answers < w->acked)
		answers = w->acked;
	return answers < w->attempts ? 1 - (double)answers / w->attempts : 0;
}

static bool window_scans(const struct window *w, double limit, double silent, double *tried)
{
	if (w->attempts < limit || window_silent(w) < silent)
		return false;
	*tried = distinct_estimate(&w->tried);
	return *tried >= limit - 0.5;
}

/* One alert a source: that of the shape that was found first. */
static void scan_raise(struct detector *d, const uint8_t src[16], enum shape shape, double tried,
		       double limit, uint64_t now, const char *reason)
{
	struct scanner *s = subjects_take(d->scanners, src);
	uint64_t hold = s->shape == SHAPE_SLOW ? d->slow_hold_ns : d->hold_ns;
	struct alert a = {.severity = SEVERITY_MEDIUM, .observed = tried, .expected = limit};

	if (!s->last || now > s->last + hold)
		s->shape = shape;
	s->last = now;
	WORDS_SET(a.subject, "%s", words_addr(src).s);
	WORDS_SET(a.kind, "%s", shapes[s->shape].kind);
	WORDS_SET(a.unit, "%s", shapes[shape].unit);
	WORDS_SET(a.reason, "%s", reason);
	host_explain(d->host, src);
	d->host->raise(d->host, &a, (s->shape == SHAPE_SLOW ? d->slow_hold_ns : d->hold_ns) / 1e9);
}

static const char *proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "TCP" : proto == IPPROTO_UDP ? "UDP" : "ICMP";
}

static double track_limit(const struct detector *d, const struct track_key *k, enum shape shape)
{
	bool udp = k->proto == IPPROTO_UDP;

	/* nobody but a scanner asks for many ports of one host in a short time */
	if (shape == SHAPE_PORTS && k->way != WAY_SERVICE)
		return d->limit[shape] * (udp ? udp_slow : 1);
	return d->limit[shape] * (udp || k->way != WAY_PLAIN ? DOUBT : 1);
}

static void track_tell(struct detector *d, const struct track_key *k, enum shape shape,
		       double tried, const struct window *w, uint64_t now)
{
	struct words src = words_addr(k->saddr), dst = words_addr(k->daddr);
	double seconds = fmax(1, (now - w->since) / 1e9), limit = track_limit(d, k, shape);
	char reason[256];

	if (shape == SHAPE_PORTS || shape == SHAPE_SLOW)
		WORDS_SET(reason,
			  "%s tried about %s %s ports of %s in %s s, and %.0f %% of %s attempts "
			  "came to nothing; up to %s are usual",
			  src.s, words_number(tried).s, proto_name(k->proto), dst.s,
			  words_number(ceil(seconds)).s, 100 * window_silent(w),
			  words_number(w->attempts).s, words_number(limit).s);
	else if (shape == SHAPE_HOSTS)
		WORDS_SET(
			reason,
			"%s tried %s port %u of about %s hosts in %s s, and %.0f %% of %s attempts "
			"came to nothing; up to %s are usual",
			src.s, proto_name(k->proto), ntohs(k->port), words_number(tried).s,
			words_number(ceil(seconds)).s, 100 * window_silent(w),
			words_number(w->attempts).s, words_number(limit).s);
	else
		WORDS_SET(reason,
			  "%s sent ICMP to about %s hosts in %s s, and %.0f %% of them did not "
			  "answer; up to %s are usual",
			  src.s, words_number(tried).s, words_number(ceil(seconds)).s,
			  100 * window_silent(w), words_number(limit).s);
	scan_raise(d, k->saddr, shape, tried, limit, now, reason);
}

/* Half of the bare ACKs were reset, or they are so many that they belong to no old connections. */
static bool track_plausible(const struct track_key *k, const struct window *w, double tried,
			    double limit)
{
	return k->way != WAY_ACK || 2 * w->refused >= w->attempts || tried >= DOUBT * limit;
}

static void track_judge(struct detector *d, const struct track_key *k, struct track *t,
			enum shape shape, uint64_t now)
{
	bool lasting = t->found && now < t->found + d->hold_ns;
	double tried = lasting ? distinct_estimate(&t->fast.tried) : 0;
	double limit = track_limit(d, k, shape);

	if (host_explained(d->host, k->saddr))
		return;
	if (lasting || (window_scans(&t->fast, limit, shapes[shape].silent, &tried) &&
			track_plausible(k, &t->fast, tried, limit))) {
		t->found = now;
		track_tell(d, k, shape, tried, &t->fast, now);
	} else if (shape == SHAPE_PORTS && k->way == WAY_PLAIN &&
		   window_scans(&t->slow, track_limit(d, k, SHAPE_SLOW), shapes[SHAPE_SLOW].silent,
				&tried)) {
		track_tell(d, k, SHAPE_SLOW, tried, &t->slow, now);
	}
}

static void tracks_judge(struct detector *d, struct subjects *table, uint64_t now)
{
	const void *at_key;
	struct track *t;

	for (size_t at = 0; (t = subjects_next(table, &at, &at_key));) {
		const struct track_key *k = at_key;
		enum shape shape = SHAPE_PORTS;

		if (!t->fresh)
			continue;
		t->fresh = 0;
		if (table == d->ports)
			shape = k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP ? SHAPE_HOSTS
										   : SHAPE_PINGS;
		track_judge(d, k, t, shape, now);
	}
}

/* The first of tiny fragments shows no flags either, so in a flood of them this is silent. */
static void stealth_judge(struct detector *d, uint64_t now, bool fragments)
{
	const void *src;
	struct scanner *s;
	char reason[256];

	for (size_t at = 0; (s = subjects_next(d->scanners, &at, &src));) {
		if (!s->odd_fresh)
			continue;
		s->odd_fresh = 0;
		if (fragments || s->odd < d->limit[SHAPE_STEALTH] || host_explained(d->host, src))
			continue;
		WORDS_SET(reason,
			  "%s sent %s TCP packets with flags that begin no connection (FIN, NULL "
			  "or Xmas) in %s s, where none are usual",
			  words_addr(src).s, words_number(s->odd).s,
			  words_number(fmax(1, ceil((now - s->odd_since) / 1e9))).s);
		scan_raise(d, src, SHAPE_STEALTH, s->odd, d->limit[SHAPE_STEALTH], now, reason);
	}
}

static void scan_tick(struct detector *d, const struct tick *t)
{
	tracks_judge(d, d->hosts, t->now);
	tracks_judge(d, d->ports, t->now);
	stealth_judge(d, t->now, t->counters->fragments.packets > 0);
}

/* ---- opening and closing ---- */

static void scan_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->hosts);
	subjects_free(d->ports);
	subjects_free(d->scanners);
	free(d);
}

static uint64_t seconds_ns(struct detector_host *host, const char *key, double otherwise)
{
	return fmin(host->number(host, key, otherwise), 1e6) * 1e9;
}

static struct detector *scan_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->hosts = subjects_new(TRACKS, sizeof(struct track_key), sizeof(struct track));
	d->ports = subjects_new(TRACKS, sizeof(struct track_key), sizeof(struct track));
	d->scanners = subjects_new(SCANNERS, 16, sizeof(struct scanner));
	if (!d->hosts || !d->ports || !d->scanners) {
		scan_close(d);
		return NULL;
	}
	for (int i = 0; i < SHAPE_COUNT; i++)
		d->limit[i] = host_limit(host, shapes[i].key, shapes[i].limit);
	d->fast_ns = seconds_ns(host, "window_s", 10);
	d->slow_ns = seconds_ns(host, "slow_window_s", 1800);
	d->odd_ns = seconds_ns(host, "stealth_window_s", 60);
	d->hold_ns = 7000000000;
	d->slow_hold_ns = seconds_ns(host, "slow_hold_s", 120);
	return d;
}

const struct detector_ops detector_scan = {
	.abi = DETECTOR_ABI,
	.name = "scan",
	.about = "port scans, vertical, horizontal, slow and stealthy; ping sweeps",
	.open = scan_open,
	.flow = scan_flow,
	.tick = scan_tick,
	.close = scan_close,
};
