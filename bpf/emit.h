/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies of packets into the rings. Which packets is decided in include/xdplens/engine.h; last
 * stage of the way of a packet.
 */
#ifndef EMIT_H
#define EMIT_H

#include "home.h"

#include "filter.h"

static __always_inline __u64 emit_chunks(int kind)
{
	if (kind == RING_CAPTURE)
		return cfg_capture_chunks;
	return kind == RING_DNS ? cfg_dns_chunks : cfg_packet_chunks;
}

static __always_inline void *emit_chunk(const struct home *h, int kind, __u64 at)
{
	__u32 chunks = emit_chunks(kind);
	__u32 key = h->cpu * chunks + (at / RING_CHUNK & (chunks - 1));

	if (kind == RING_CAPTURE)
		return bpf_map_lookup_elem(&capture_rings, &key);
	return kind == RING_DNS ? bpf_map_lookup_elem(&dns_rings, &key)
				: bpf_map_lookup_elem(&packet_rings, &key);
}

static __always_inline int emit_has_room(struct ring_ends *ring, int kind, __u64 end)
{
	if (end <= ring->limit || !cfg_read)
		return 1;
	ring->limit = *(volatile __u64 *)&ring->tail + emit_chunks(kind) * RING_CHUNK;
	return end <= ring->limit;
}

/* What a bare record has no place for. */
static __always_inline void emit_extend(struct home *h, struct packet_record *r,
					const struct flow_slot *slot, __u32 why)
{
	r->ifindex = h->ifindex;
	r->link = h->link;
	r->segments = h->segments;
	r->app = slot ? slot->app : 0;
	r->grade = slot ? slot->grade : 0;
	r->why = why;
	r->tag_stripped = h->tag_stripped;
	r->gso_size = h->gso_size;
	r->frames = h->frames;
	r->cgroup = 0;
	/* once a flow is known, its packets tell nothing new */
	if (cfg_owner && h->skb && h->link & FLOW_EGRESS && why & (COPY_DNS | COPY_HEAD))
		r->cgroup = bpf_skb_cgroup_id(h->ctx);
}

/* Bare where a pcap file's record says all there is to say. */
static __always_inline int emit_is_bare(const struct home *h, __u32 why)
{
	return h->segments == 1 && !h->tag_stripped && why & COPY_TAKEN;
}

/* A division is only for the first record of a second. */
static __always_inline void emit_date(struct ring_ends *ring, struct pcap_record *r)
{
	const __u64 second = 1000000000;
	__u64 ns = bpf_ktime_get_ns() + *(volatile __u64 *)&live_config.epoch;

	if (ns - ring->second >= second) {
		ring->sec = ns / second;
		ring->second = ring->sec * second;
	}
	r->sec = ring->sec;
	r->nsec = ns - ring->second;
}

/*
 * A record for a ring; negative: it has no room. Whoever reads waits for a record that is on its
 * way if its own clock was read long enough before for the mark to have become visible: so packets
 * of all CPUs can be put in order.
 */
static __always_inline int emit(struct home *h, int kind, const struct flow_slot *slot, __u32 why,
				__u32 caplen)
{
	struct ring_ends *ring = &h->state->rings[kind];
	__u32 len = h->len < caplen ? h->len : caplen;
	__u32 bare = kind == RING_CAPTURE && emit_is_bare(h, why);
	__u32 head = bare ? sizeof(struct pcap_record) : sizeof(struct packet_record);
	__u64 at = ring->head / 2, next = ring_after(at, head + len);
	void *chunk = emit_chunk(h, kind, at), *to;
	struct packet_record *r;

	if (!chunk || !emit_has_room(ring, kind, next))
		return -1;
	*(volatile __u64 *)&ring->head = at * 2 + 1;
	r = chunk + (at & (RING_CHUNK - 1));
	r->caplen = len;
	r->wire_len = h->wire_len;
	if (bare) {
		emit_date(ring, (struct pcap_record *)r);
	} else {
		r->ns = bpf_ktime_get_ns();
		r->caplen |= kind == RING_CAPTURE ? RECORD_FULL : 0;
		emit_extend(h, r, slot, why);
	}
	to = (void *)r + head;
	if ((kind != RING_CAPTURE || home_fill_short(h, to, len) < 0) &&
	    home_fill(h, 0, to, len, COPY_MAX) < 0)
		next = at;
	ring->full += !bare && next > at;
	if (ring_is_last(at, next))
		*(__u64 *)(chunk + RING_ENDED) = (at & (RING_CHUNK - 1)) + head + len;
	__sync_lock_test_and_set(&ring->head, next * 2);
	return next > at ? 0 : -1;
}

static __always_inline void home_copy(struct home *h, const struct packet *p,
				      const struct flow_slot *slot, __u32 why, __u32 caplen)
{
	int kind = why & COPY_DNS ? RING_DNS : RING_PACKETS;

	(void)p;
	if (emit(h, kind, slot, why, caplen) == 0)
		return;
	if (cfg_capture_chunks && kind == RING_PACKETS)
		h->counters->head_skipped++; /* what the file takes is elsewhere */
	else
		h->counters->lost[kind]++;
}

/* One a jiffy is shown to all others, too. */
static __always_inline __u32 home_capture(struct home *h, __u32 why, __u32 caplen)
{
	if (!cfg_capture_chunks)
		return why;
	if (emit(h, RING_CAPTURE, 0, why, caplen) < 0)
		h->counters->lost[LOST_PACKETS] += h->frames ? h->frames : h->segments;
	if (!cfg_flows || h->state->shown == h->now)
		return 0;
	h->state->shown = h->now;
	return why;
}

#endif
