/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies of packets into the rings. Which packets is decided in include/xdplens/engine.h; last
 * stage of the way of a packet.
 */
#ifndef EMIT_H
#define EMIT_H

#include "home.h"

#include "filter.h"

static __always_inline int emit_fill(struct home *h, struct packet_record *r,
				     const struct flow_slot *slot, __u32 why, __u32 room)
{
	__u32 len = h->len < room ? h->len : room;

	__builtin_memset(r, 0, sizeof(*r));
	r->ns = bpf_ktime_get_ns();
	r->wire_len = h->wire_len;
	r->ifindex = h->ifindex;
	r->link = h->link;
	r->segments = h->segments;
	r->gso_size = h->gso_size;
	r->frames = h->frames;
	r->why = why;
	r->tag_stripped = h->tag_stripped;
	if (slot) {
		r->app = slot->app;
		r->grade = slot->grade;
	}
	/* once a flow is known, its packets tell nothing new */
	if (cfg_owner && h->skb && h->link & FLOW_EGRESS && why & (COPY_DNS | COPY_HEAD))
		r->cgroup = bpf_skb_cgroup_id(h->ctx);
	if (home_fill(h, 0, r->data, len, room) < 0)
		return -1;
	r->caplen = len;
	return 0;
}

/* Sizes of records, so that a reservation is a constant: the verifier wants one. */
#define EMIT_SIZE(room)                                                                      \
	do {                                                                                 \
		struct packet_record *r = bpf_ringbuf_reserve(ring, sizeof(*r) + (room), 0); \
		if (!r)                                                                      \
			goto lost;                                                           \
		if (emit_fill(h, r, slot, why, (room)) < 0) {                                \
			bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);                            \
			goto lost;                                                           \
		}                                                                            \
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);                                     \
	} while (0)

static __always_inline void home_copy(struct home *h, const struct packet *p,
				      const struct flow_slot *slot, __u32 why, __u32 caplen)
{
	int kind = why & COPY_DNS ? RING_DNS : RING_PACKETS;
	__u32 len = h->len < caplen ? h->len : caplen;
	__u32 cpu = h->cpu;
	void *ring;

	(void)p;
	ring = kind == RING_DNS ? bpf_map_lookup_elem(&dns_rings, &cpu)
				: bpf_map_lookup_elem(&packet_rings, &cpu);
	if (!ring)
		goto lost;
	if (len <= 64)
		EMIT_SIZE(64);
	else if (len <= 96)
		EMIT_SIZE(96);
	else if (len <= 256)
		EMIT_SIZE(256);
	else if (len <= 1536)
		EMIT_SIZE(1536);
	else if (len <= CAPTURE_MAX)
		EMIT_SIZE(CAPTURE_MAX);
	else if (len <= 16384)
		EMIT_SIZE(16384);
	else
		EMIT_SIZE(COPY_MAX);
	return;
lost:
	h->counters->lost[kind]++;
}

#endif
