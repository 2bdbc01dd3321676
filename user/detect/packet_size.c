// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Packets of a size or filling that does not belong: larger than the link's frames or smaller than
 * a limit (oversize, undersize), large pings (icmp_large), and pings that carry IP packets, which
 * is a tunnel (icmp_tunnel). TCP has a limit of its own, off by default: a capture may hold what an
 * adapter merged.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum { SENDERS = 4096, PAIRS = 1024, SIZE_HOLD_S = 7, ECHO_HEADER = 8, PADDING_MOST = 18 };
enum { ECHO_REPLY = 0, ECHO_REQUEST = 8, ECHO6_REQUEST = 128, ECHO6_REPLY = 129 };

struct sizes {
	uint64_t packets, bytes;
};

struct sender { /* by address, since the last tick */
	struct sizes large, large_tcp, small, icmp;
};

struct pair_key {
	uint8_t low[16], high[16]; /* addresses in order */
};

struct pair {
	uint32_t carried; /* pings that were IP packets */
	uint64_t fresh;	  /* ICMP packets since the last tick */
};

struct detector {
	struct detector_host *host;
	struct subjects *senders, *pairs;
	double max_bytes, tcp_max_bytes, min_bytes, icmp_bytes, packets, carried;
};

static bool flow_icmp(const struct flow_key *k)
{
	return k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6;
}

static struct pair_key pair_of(const struct flow_key *k)
{
	bool up = memcmp(k->saddr, k->daddr, 16) < 0;
	struct pair_key key;

	memcpy(key.low, up ? k->saddr : k->daddr, 16);
	memcpy(key.high, up ? k->daddr : k->saddr, 16);
	return key;
}

static void sizes_add(struct sizes *s, const struct flow_delta *f)
{
	s->packets += f->packets;
	s->bytes += f->bytes;
}

static void size_flow(struct detector *d, const struct flow_delta *f)
{
	bool tcp = f->key->proto == IPPROTO_TCP;
	bool large = f->bytes > (tcp ? d->tcp_max_bytes : d->max_bytes) * f->packets;
	bool small = f->bytes < d->min_bytes * f->packets;
	bool icmp = flow_icmp(f->key);
	struct sender *s;

	if (icmp) {
		struct pair_key key = pair_of(f->key);
		struct pair *p = subjects_find(d->pairs, &key);

		if (p)
			p->fresh += f->packets;
		icmp = f->bytes > d->icmp_bytes * f->packets;
	}
	if (!large && !small && !icmp)
		return;
	s = subjects_take(d->senders, f->key->saddr);
	if (large)
		sizes_add(tcp ? &s->large_tcp : &s->large, f);
	if (small)
		sizes_add(&s->small, f);
	if (icmp && !large)
		sizes_add(&s->icmp, f);
}

/* An echo whose data is an IPv4 packet of the same length, link padding aside. */
static bool echo_carries(const struct event *e)
{
	const struct packet *p = e->packet;
	uint32_t at = p->l4_offset + ECHO_HEADER, room, total;
	const uint8_t *ip = e->data + at;

	if (!p->l4_offset || at + 20 > e->caplen || e->wire_len < at + 20)
		return false;
	room = e->wire_len - at;
	total = ip[2] << 8 | ip[3];
	return ip[0] == 0x45 && total >= 20 && total <= room && total + PADDING_MOST >= room;
}

static void size_event(struct detector *d, const struct event *e)
{
	const struct packet *p = e->packet;
	struct pair_key key;
	struct pair *pair;

	if (p->outcome != OUTCOME_FLOW || !flow_icmp(&p->key))
		return;
	if (p->icmp_type != ECHO_REQUEST && p->icmp_type != ECHO_REPLY &&
	    p->icmp_type != ECHO6_REQUEST && p->icmp_type != ECHO6_REPLY)
		return;
	if (!echo_carries(e))
		return;
	key = pair_of(&p->key);
	pair = subjects_take(d->pairs, &key);
	pair->carried++;
	pair->fresh++;
}

/* ---- judging ---- */

static void sender_tell(struct detector *d, const uint8_t addr[16], const struct sizes *s,
			const char *kind, enum severity severity, double expected, const char *what)
{
	struct alert a = {.severity = severity, .expected = expected};

	if (s->packets < d->packets)
		return;
	a.observed = (double)s->bytes / s->packets;
	WORDS_SET(a.subject, "%s", words_addr(addr).s);
	WORDS_SET(a.kind, "%s", kind);
	WORDS_SET(a.unit, "octets");
	WORDS_SET(a.reason,
		  "%s sends %s of %s octets on average (%s in this second), where %s is the limit",
		  words_addr(addr).s, what, words_number((double)(s->bytes / s->packets)).s,
		  words_number(s->packets).s, words_number(expected).s);
	d->host->raise(d->host, &a, SIZE_HOLD_S);
}

static void pair_tell(struct detector *d, const struct pair_key *k, const struct pair *p)
{
	struct alert a = {.severity = SEVERITY_HIGH, .observed = p->carried};

	WORDS_SET(a.subject, "%s <-> %s", words_addr(k->low).s, words_addr(k->high).s);
	WORDS_SET(a.kind, "icmp_tunnel");
	WORDS_SET(a.unit, "packets");
	WORDS_SET(a.reason,
		  "pings between %s and %s carry IP packets (%s of those looked at), which is a "
		  "tunnel; none is expected",
		  words_addr(k->low).s, words_addr(k->high).s, words_number(p->carried).s);
	d->host->raise(d->host, &a, SIZE_HOLD_S);
}

static void sender_judge(struct detector *d, const uint8_t addr[16], const struct sender *s)
{
	sender_tell(d, addr, &s->large, "oversize", SEVERITY_LOW, d->max_bytes, "packets");
	sender_tell(d, addr, &s->large_tcp, "oversize", SEVERITY_LOW, d->tcp_max_bytes,
		    "TCP packets");
	sender_tell(d, addr, &s->small, "undersize", SEVERITY_LOW, d->min_bytes, "packets");
	sender_tell(d, addr, &s->icmp, "icmp_large", SEVERITY_LOW, d->icmp_bytes, "ICMP packets");
}

static void size_tick(struct detector *d, const struct tick *t)
{
	const void *key;
	struct sender *s;
	struct pair *p;

	(void)t;
	for (size_t at = 0; (s = subjects_next(d->senders, &at, &key));) {
		if (!host_explained(d->host, key))
			sender_judge(d, key, s);
		subjects_drop(d->senders, s);
	}
	for (size_t at = 0; (p = subjects_next(d->pairs, &at, &key));) {
		if (p->fresh && p->carried >= d->carried)
			pair_tell(d, key, p);
		p->fresh = 0;
	}
}

static void size_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->senders);
	subjects_free(d->pairs);
	free(d);
}

static struct detector *size_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->senders = subjects_new(SENDERS, 16, sizeof(struct sender));
	d->pairs = subjects_new(PAIRS, sizeof(struct pair_key), sizeof(struct pair));
	if (!d->senders || !d->pairs) {
		size_close(d);
		return NULL;
	}
	d->max_bytes = host_limit(host, "max_bytes", 1522);
	d->tcp_max_bytes = host_limit(host, "tcp_max_bytes", 0);
	d->min_bytes = host->number(host, "min_bytes", 0);
	d->icmp_bytes = host_limit(host, "icmp_bytes", 1000);
	d->packets = host->number(host, "packets", 20);
	d->packets = d->packets < 1 ? 1 : d->packets;
	d->carried = host_limit(host, "tunnel_packets", 3);
	return d;
}

const struct detector_ops detector_packet_size = {
	.abi = DETECTOR_ABI,
	.name = "packet_size",
	.about = "packets too large or too small, tunnels in pings",
	.open = size_open,
	.event = size_event,
	.flow = size_flow,
	.tick = size_tick,
	.close = size_close,
};
