// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fragmented DNS messages: see dns_fragment.h. */
#include "analysis/dns_fragment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mix.h"

enum {
	WAYS = 8,
	SETS = DNS_FRAGMENT_DATAGRAMS / WAYS,
	NS_PER_MS = 1000000,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	FRAGMENT_LEN = 8,
	EXTENSIONS_MAX = 8,
};

/* What the network header says of a fragment. */
struct part {
	uint32_t id;
	uint32_t offset, len; /* of the datagram's octets, UDP header included */
	bool more;
};

struct datagram {
	struct flow_key key; /* of the first fragment; ports 0 until it came */
	uint64_t began;	     /* ns, when we learned of it; 0: free */
	uint64_t first, last;
	uint32_t id;
	uint32_t got, total; /* octets; total 0: unknown */
	bool has_first;
	uint32_t len;
	uint8_t data[DNS_FRAGMENT_KEEP];
};

struct dns_fragment {
	dns_fragment_datagram *datagram;
	void *arg;
	struct mix_seed seed;
	unsigned waiting;
	uint64_t oldest; /* ns; nothing that waits began earlier */
	struct datagram datagrams[SETS][WAYS];
};

struct dns_fragment *dns_fragment_new(dns_fragment_datagram *datagram, void *arg)
{
	struct dns_fragment *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->datagram = datagram;
	f->arg = arg;
	if (mix_seed_draw(&f->seed) < 0) {
		free(f);
		return NULL;
	}
	return f;
}

void dns_fragment_free(struct dns_fragment *f)
{
	free(f);
}

/* ---- the network header ---- */

static uint32_t get16(const uint8_t *b)
{
	return b[0] << 8 | b[1];
}

static bool part_of_ipv4(const uint8_t *ip, size_t len, struct part *part)
{
	uint32_t header = (ip[0] & 15) * 4, total = len < IPV4_LEN ? 0 : get16(ip + 2);

	if (total <= header || header < IPV4_LEN)
		return false;
	part->id = get16(ip + 4);
	part->offset = (get16(ip + 6) & 0x1fff) * 8;
	part->more = ip[6] & 0x20;
	part->len = total - header;
	return true;
}

static bool part_of_ipv6(const uint8_t *ip, size_t len, struct part *part)
{
	enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };
	size_t at = IPV6_LEN;
	uint32_t total, next;

	if (len < IPV6_LEN)
		return false;
	total = IPV6_LEN + get16(ip + 4);
	next = ip[6];
	for (int i = 0; i < EXTENSIONS_MAX && len - at >= FRAGMENT_LEN; i++) {
		if (next == FRAGMENT) {
			part->id = get16(ip + at + 4) << 16 | get16(ip + at + 6);
			part->offset = get16(ip + at + 2) & 0xfff8;
			part->more = ip[at + 3] & 1;
			part->len = total - (at + FRAGMENT_LEN);
			return total > at + FRAGMENT_LEN;
		}
		if (next != HOP_BY_HOP && next != ROUTING && next != DESTINATION)
			return false;
		next = ip[at];
		at += (ip[at + 1] + 1) * 8;
		if (at > len)
			return false;
	}
	return false;
}

static bool part_of(const struct event *e, struct part *part)
{
	const struct packet *p = e->packet;

	if (p->l3_offset >= e->caplen)
		return false;
	if (p->l3 == L3_IPV4)
		return part_of_ipv4(e->data + p->l3_offset, e->caplen - p->l3_offset, part);
	return p->l3 == L3_IPV6 &&
	       part_of_ipv6(e->data + p->l3_offset, e->caplen - p->l3_offset, part);
}

/* ---- datagrams ---- */

static void datagram_end(struct dns_fragment *f, struct datagram *d, uint64_t ts)
{
	f->waiting--;
	d->began = 0;
	if (d->has_first)
		f->datagram(f->arg, &d->key, ts, d->data, d->len);
}

/* Both ways between two addresses meet in one set. */
static struct datagram *datagram_set(struct dns_fragment *f, const struct flow_key *k)
{
	uint64_t sum = mix_address(&f->seed, k->saddr) + mix_address(&f->seed, k->daddr);

	return f->datagrams[mix_fold(sum, f->seed.word[3] | 1) % SETS];
}

static struct datagram *datagram_of(struct dns_fragment *f, const struct event *e, uint32_t id)
{
	const struct flow_key *k = &e->packet->key;
	struct datagram *set = datagram_set(f, k), *oldest = set;

	for (struct datagram *d = set; d < set + WAYS; d++) {
		if (d->began && d->id == id && !memcmp(d->key.saddr, k->saddr, 16) &&
		    !memcmp(d->key.daddr, k->daddr, 16))
			return d;
		if (d->began < oldest->began)
			oldest = d;
	}
	if (oldest->began)
		datagram_end(f, oldest, oldest->first);
	if (!f->waiting++ || e->ts < f->oldest)
		f->oldest = e->ts;
	memset(oldest, 0, offsetof(struct datagram, data));
	oldest->key = *k;
	oldest->id = id;
	oldest->began = e->ts ? e->ts : 1;
	return oldest;
}

static void datagram_first(struct datagram *d, const struct event *e)
{
	const struct packet *p = e->packet;
	uint32_t at = p->payload_offset;

	d->key = p->key;
	d->has_first = true;
	d->first = e->ts;
	d->len = e->caplen > at ? e->caplen - at : 0;
	if (d->len > p->payload_len)
		d->len = p->payload_len;
	if (d->len > sizeof(d->data))
		d->len = sizeof(d->data);
	memcpy(d->data, e->data + at, d->len);
}

void dns_fragment_event(struct dns_fragment *f, const struct event *e)
{
	struct datagram *d;
	struct part part;

	if (!part_of(e, &part))
		return;
	d = datagram_of(f, e, part.id);
	if (!part.offset && !d->has_first)
		datagram_first(d, e);
	if (!part.more)
		d->total = part.offset + part.len;
	d->got += part.len;
	if (e->ts > d->last)
		d->last = e->ts;
	if (d->has_first && d->total && d->got >= d->total)
		datagram_end(f, d, d->last);
}

void dns_fragment_answered(struct dns_fragment *f, const struct flow_key *k)
{
	struct datagram *set = datagram_set(f, k);

	for (struct datagram *d = set; f->waiting && d < set + WAYS; d++)
		if (d->began && d->has_first && d->key.sport == k->dport &&
		    d->key.dport == k->sport && !memcmp(d->key.saddr, k->daddr, 16) &&
		    !memcmp(d->key.daddr, k->saddr, 16))
			datagram_end(f, d, d->last);
}

void dns_fragment_tick(struct dns_fragment *f, uint64_t now)
{
	uint64_t patience = (uint64_t)DNS_FRAGMENT_PATIENCE_MS * NS_PER_MS, oldest = now;
	struct datagram *d = f->datagrams[0];

	if (!f->waiting || now < f->oldest || now - f->oldest <= patience)
		return;
	for (int i = 0; i < DNS_FRAGMENT_DATAGRAMS; i++) {
		if (!d[i].began)
			continue;
		if (now > d[i].began && now - d[i].began > patience)
			datagram_end(f, &d[i], d[i].first);
		else if (d[i].began < oldest)
			oldest = d[i].began;
	}
	f->oldest = oldest;
}
