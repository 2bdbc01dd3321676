/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow cache: hash, comparison and policy. After parse.h, before anything leaves for user
 * space. One text for two homes: the includer defines the home_ functions declared below; in the
 * kernel they are maps, queues and rings, on the host memory and calls.
 *
 * The cache is direct-mapped and has one writer a CPU, so that every update is a plain add. On a
 * collision the older flow leaves over a queue. When the queue is full, the newcomer must outvote
 * the holder (Yang et al., Elastic Sketch, SIGCOMM 2018), large and blacklisted flows before all
 * others, and whoever loses goes to the overflow totals: packets and bytes stay exact, only keys
 * blur.
 */
#ifndef XDPLENS_FLOW_H
#define XDPLENS_FLOW_H

#include "xdplens/classify.h"
#include "xdplens/flow_hash.h"
#include "xdplens/listed.h"
#include "xdplens/packet.h"

/* One packet on its way, and where it is at home. */
struct home {
	void *ctx; /* the kernel's context of the hook; on the host the engine */
	/* known at compile time */
	int skb;   /* the context is an skb: weigh it */
	int plain; /* Ethernet in direct reach: parse_plain may read it */
	__u32 cpu;
	__u32 len;	/* of the frame in memory; on the host as captured */
	__u32 wire_len; /* of all its segments on the wire */
	__u32 segments;
	__u32 gso_size; /* payload octets a segment, 0: not segmented */
	__u32 frames;	/* segments that are in the sample, 0: all */
	__u32 ifindex;
	__u16 link; /* direction, and the VLAN tag that the bytes lack */
	__u8 tag_stripped;
	__u32 bank;
	__u32 now; /* jiffies */
	struct cpu_state *state;
	struct counters *counters;
};

/* The slot of a bank of this CPU's cache that the hash names; NULL: none. */
static __always_inline struct flow_slot *home_slot(struct home *h, __u32 hash, __u32 bank);
/* A CPU's set of memos number `set`. NULL: none, or no payload is looked at now. */
static __always_inline struct flow_memo *home_memos(struct home *h, __u32 set);
static __always_inline __u64 home_seed(const struct home *h);
/* Sends the slot on its way to user space; 0, or negative where there is no room. */
static __always_inline int home_evict(struct home *h, const struct flow_slot *slot);
/* Fills the window with the first bytes of the payload; 0, or negative where it has none. */
static __always_inline struct payload *home_payload(struct home *h, const struct packet *p);
static __always_inline __u32 home_classify(struct home *h, struct payload *payload,
					   struct packet *p, __u32 known);
/* The range number `at` of all tables; NULL: none. `home` is the host's engine. */
static __always_inline const struct listed_range *home_range(const void *home, __u32 at);
/* 1: user space wants this slot's flow kept exact where others find no room. */
static __always_inline int home_keeps(const struct flow_slot *slot);
/* The same of the flow with this hash. */
static __always_inline int home_kept(__u32 hash);
/* 1: an end of the flow is blacklisted. */
static __always_inline int home_listed(struct home *h, const struct flow_key *key);

enum {
	FLOW_BYTES_FULL = 3u << 30, /* a slot with more leaves before it wraps */
};

static __always_inline __u32 overflow_bin(const struct flow_key *key)
{
	__u32 bin = key->family == 4 ? key->saddr[12] : key->saddr[0] ^ key->saddr[1];

	return bin & (NETWORK_BINS - 1);
}

/* HyperLogLog register of a flow: 12 bits choose it, 1 + the zeros that begin the next 32 is its
 * value. */
static __always_inline void overflow_sketch(struct counters *c, __u64 hash)
{
	__u32 bin = hash & (SKETCH_BINS - 1);
	__u32 low = hash >> 12, rank = 1;
	__u32 bit = low & -low;

	rank += (bit & 0xaaaaaaaa) != 0;
	rank += (bit & 0xcccccccc) ? 2 : 0;
	rank += (bit & 0xf0f0f0f0) ? 4 : 0;
	rank += (bit & 0xff00ff00) ? 8 : 0;
	rank += (bit & 0xffff0000) ? 16 : 0;
	if (!bit)
		rank = 33;
	if (c->sketch[bin] < rank)
		c->sketch[bin] = rank;
}

/* `table`: where it begins << 32 | its ranges, as in struct live_config. 1: the key is in it. */
static __always_inline int listed_has(const void *home, __u64 table, __u64 key)
{
	__u32 at = table >> 32, n = table;
	const struct listed_range *r;

	for (int i = 0; i < LISTED_STEPS && n > 1; i++) {
		__u32 half = n / 2;

		r = home_range(home, at + half);
		if (!r)
			return 0;
		if (r->first <= key)
			at += half;
		n -= half;
	}
	r = n ? home_range(home, at) : 0;
	return r && r->first <= key && key <= r->last;
}

/* 1: the source or the destination is listed. The key lies on a multiple of 8. */
static __always_inline int listed_flow(const void *home, __u64 table, const struct flow_key *key)
{
	const struct {
		__u64 s[2], d[2];
	} __attribute__((may_alias)) *a = (const void *)key;

	return listed_has(home, table,
			  listed_key(__builtin_bswap64(a->s[0]), __builtin_bswap64(a->s[1]))) ||
	       listed_has(home, table,
			  listed_key(__builtin_bswap64(a->d[0]), __builtin_bswap64(a->d[1])));
}

/* Packets that belong to no slot: totals by protocol and by source. */
static __always_inline void overflow_add(struct home *h, const struct flow_key *key, __u32 packets,
					 __u32 bytes)
{
	struct counters *c = h->counters;
	struct count *total = &c->overflow[transport_of(key->proto) & 15];
	struct count *network = &c->overflow_network[overflow_bin(key)];

	total->packets += packets;
	total->bytes += bytes;
	network->packets += packets;
	network->bytes += bytes;
	overflow_sketch(c, flow_hash64(key, 0));
}

static __always_inline __u32 flow_known(const struct flow_slot *slot)
{
	return slot->app | (__u32)(slot->grade & SLOT_SURE) << 8 |
	       (__u32)(slot->grade & SLOT_SECURITY) >> SLOT_SECURITY_SHIFT << 16;
}

/* Before any payload was seen; which application the ports suggest, user space finds out. */
static __always_inline int flow_port_is_dns(__be16 port)
{
	return port == __builtin_bswap16(53) || port == __builtin_bswap16(5353) ||
	       port == __builtin_bswap16(5355);
}

static __always_inline int flow_may_be_dns(const struct packet *p)
{
	return (p->transport == TRANSPORT_UDP || p->transport == TRANSPORT_TCP) &&
	       (flow_port_is_dns(p->key.sport) || flow_port_is_dns(p->key.dport));
}

static __always_inline int flow_app_is_dns(__u8 app)
{
	return app == APP_DNS || app == APP_MDNS || app == APP_LLMNR;
}

static __always_inline void flow_learn(struct flow_slot *slot, __u32 verdict)
{
	slot->app = verdict;
	slot->grade = (slot->grade & ~(SLOT_SURE | SLOT_SECURITY | SLOT_DNS)) |
		      (verdict >> 8 & SLOT_SURE) |
		      (verdict >> 16 << SLOT_SECURITY_SHIFT & SLOT_SECURITY) |
		      (flow_app_is_dns(verdict) ? SLOT_DNS : 0);
}

static __always_inline void flow_restart(struct flow_slot *slot, __u32 now)
{
	slot->packets = 0;
	slot->bytes = 0;
	slot->first = now;
	slot->tcp_flags = 0;
}

/* One more vote against the holder: is it outvoted? */
static __always_inline int flow_outvotes(struct flow_slot *slot)
{
	if ((slot->state & SLOT_VOTES) != SLOT_VOTES) {
		slot->state += SLOT_VOTE;
		return (__u32)slot->state >> 4 > slot->packets;
	}
	if (slot->packets <= SLOT_VOTES >> 4)
		return 1;
	slot->state &= ~SLOT_VOTES;
	return 0;
}

/*
 * The queue is full: does the packet get the slot? A blacklisted one gets it from whoever is none
 * and keeps it, so that no flood hides it; so does one of a large flow, which stays exact;
 * otherwise the holder must be outvoted.
 */
CLASSIFY_PART int flow_displaces(struct flow_slot *slot, __u32 hash, int listed)
{
	int wins, kept;

	if (!slot)
		return 0;
	if (listed != !!(slot->grade & SLOT_LISTED))
		return listed;
	wins = flow_outvotes(slot);
	kept = home_kept(hash);
	if (wins == kept)
		return wins;
	/* the votes say one thing and our size the other: the holder's decides */
	return home_keeps(slot) ? wins && kept : wins || kept;
}

/*
 * Makes the slot the packet's; what was known of its flow in the other bank is kept. 0: the holder
 * stays, and the packet belongs to the overflow.
 */
static __always_inline int flow_take(struct home *h, struct flow_slot *slot,
				     const struct flow_slot *other, const struct packet *p,
				     __u32 hash)
{
	int same = flow_same(&slot->key, &p->key), listed = home_listed(h, &p->key);

	if (slot->packets && home_evict(h, slot) < 0) {
		if (!flow_displaces(slot, hash, listed))
			return 0;
		overflow_add(h, &slot->key, slot->packets, slot->bytes);
	}
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN || !(same || other)) {
		slot->app = APP_OTHER;
		slot->grade = flow_may_be_dns(p) ? SLOT_DNS : 0;
		slot->state = 0;
	} else if (!same) {
		slot->app = other->app;
		slot->grade = other->grade;
		slot->state = other->state;
	}
	slot->grade = listed ? slot->grade | SLOT_LISTED : slot->grade & ~SLOT_LISTED;
	slot->key = p->key;
	slot->state &= ~SLOT_VOTES;
	flow_restart(slot, h->now);
	return 1;
}

/* The flow's memo, else a free one, else what is some other flow's. */
static __always_inline struct flow_memo *flow_memo(struct flow_memo set[MEMO_SET], __u64 hash)
{
	__u32 tag = flow_memo_tag(hash);
	struct flow_memo *memo = &set[tag & (MEMO_SET - 1)];

	for (int i = 0; i < MEMO_SET; i++) {
		if (set[i].tag == tag)
			return &set[i];
		if (!set[i].tag)
			memo = &set[i];
	}
	return memo;
}

/* What payload told of the flow when it last had a slot, unless it began since. */
static __always_inline void flow_recall(struct flow_slot *slot, const struct flow_memo *memo,
					__u64 hash)
{
	if (memo->tag != flow_memo_tag(hash) || slot->tcp_flags & TCP_SYN)
		return;
	slot->app = memo->app;
	slot->grade = memo->grade | (slot->grade & SLOT_LISTED);
	slot->state |= memo->state;
}

static __always_inline void flow_remember(const struct flow_slot *slot, struct flow_memo *memo,
					  __u64 hash)
{
	*memo = (struct flow_memo){
		.tag = flow_memo_tag(hash),
		.app = slot->app,
		.grade = slot->grade & ~SLOT_LISTED,
		.state = slot->state & SLOT_PAYLOADS,
	};
}

/* Looks at the payload until the verdict is sure; a flow that turns encrypted leaves a record. */
static __always_inline void flow_look(struct home *h, struct flow_slot *slot, struct packet *p)
{
	__u32 known = flow_known(slot), verdict;
	struct payload *payload = home_payload(h, p);

	if (!payload)
		return;
	if (slot->tcp_flags & TCP_SYN)
		p->flags |= PACKET_BEGAN;
	verdict = home_classify(h, payload, p, known);
	slot->state++;
	if (!classify_wants(verdict, slot->state & SLOT_PAYLOADS))
		slot->grade |= SLOT_SETTLED;
	if (verdict == known)
		return;
	if (slot->packets && known >> 16 == SECURITY_UNENCRYPTED &&
	    verdict >> 16 == SECURITY_ENCRYPTED && home_evict(h, slot) == 0)
		flow_restart(slot, h->now);
	flow_learn(slot, verdict);
}

static __always_inline void flow_payload(struct home *h, struct flow_slot *slot, struct packet *p,
					 __u64 hash)
{
	struct flow_memo *memo;

	if (slot->grade & SLOT_SETTLED) {
		slot->state++;
		return;
	}
	memo = home_memos(h, flow_memo_set(hash));
	if (!memo)
		return;
	memo = flow_memo(memo, hash);
	if (!(slot->state & SLOT_PAYLOADS) && !(p->tcp_flags & TCP_SYN)) /* TCP Fast Open */
		flow_recall(slot, memo, hash);
	if (slot->grade & SLOT_SETTLED)
		slot->state += (slot->state & SLOT_PAYLOADS) != SLOT_PAYLOADS;
	else
		flow_look(h, slot, p);
	flow_remember(slot, memo, hash);
}

/* Adds a packet to its flow. NULL: counted as overflow. */
static __always_inline struct flow_slot *flow_account(struct home *h, struct packet *p)
{
	__u64 hash = flow_hash64(&p->key, home_seed(h));
	struct flow_slot *slot = home_slot(h, hash, h->bank);

	if (!slot) {
		overflow_add(h, &p->key, h->segments, h->wire_len);
		return 0;
	}
	if (!slot->packets || !flow_same(&slot->key, &p->key)) {
		const struct flow_slot *other = 0;

		/* after a collision the other bank hardly knows more, and a flood pays for looking
		 */
		if (!slot->packets)
			other = home_slot(h, hash, h->bank ^ 1);
		if (other && !flow_same(&other->key, &p->key))
			other = 0;
		if (!flow_take(h, slot, other, p, hash)) {
			overflow_add(h, &p->key, h->segments, h->wire_len);
			return 0;
		}
	} else if (slot->bytes > FLOW_BYTES_FULL && home_evict(h, slot) == 0) {
		flow_restart(slot, h->now);
	}
	if (p->payload_len && (slot->state & SLOT_PAYLOADS) != SLOT_PAYLOADS)
		flow_payload(h, slot, p, hash);
	slot->packets += h->segments;
	slot->bytes += h->wire_len;
	slot->last = h->now;
	slot->tcp_flags |= p->tcp_flags;
	return slot;
}

#endif
