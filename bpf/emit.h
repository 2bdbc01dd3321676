/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies of packets into the rings. Which packets is decided in include/xdplens/engine.h; last
 * stage of the way of a packet.
 */
#ifndef EMIT_H
#define EMIT_H

#include "home.h"

#include "filter.h"

/* What a record is made of, as in struct packet_record. */
struct emission {
	__u32 caplen;
	__u32 wire_len;
	__u32 ifindex;
	__u16 cpu;
	__u16 in_pcapng; /* see struct interface_count */
	__u16 segments, link, frames, gso_size;
	__u8 why, app, tag_stripped, grade;
};

_Static_assert(sizeof(struct emission) == sizeof(((struct cpu_state *)0)->argument), "argument");

static __always_inline struct emission
emission_of(const struct home *h, const struct flow_slot *slot, __u32 why, __u32 caplen)
{
	return (struct emission){
		.caplen = h->len < caplen ? h->len : caplen,
		.wire_len = h->wire_len,
		.ifindex = h->ifindex,
		.cpu = h->cpu,
		.in_pcapng = h->state->in_pcapng,
		.segments = h->segments,
		.link = h->link,
		.frames = h->frames,
		.gso_size = h->gso_size,
		.why = why,
		.app = slot ? slot->app : 0,
		.tag_stripped = h->tag_stripped,
		.grade = slot ? slot->grade : 0,
	};
}

static __always_inline __u64 emit_chunks(int kind)
{
	if (kind == RING_CAPTURE)
		return cfg_capture_chunks;
	return kind == RING_DNS ? cfg_dns_chunks : cfg_packet_chunks;
}

static __always_inline void *emit_chunk(__u32 cpu, int kind, __u64 at)
{
	__u32 chunks = emit_chunks(kind);
	__u32 key = cpu * chunks + (at / RING_CHUNK & (chunks - 1));

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

/* Bare where a capture file's record says all there is to say. enum capture_format. */
static __always_inline int emit_format(int kind, const struct emission *e)
{
	if (kind != RING_CAPTURE || e->segments != 1 || e->tag_stripped || !(e->why & COPY_TAKEN))
		return CAPTURE_NONE;
	if (cfg_capture_format == CAPTURE_PCAP)
		return CAPTURE_PCAP;
	return e->in_pcapng ? CAPTURE_PCAPNG : CAPTURE_NONE;
}

static __always_inline __u32 emit_head(int format)
{
	if (format == CAPTURE_NONE)
		return sizeof(struct packet_record);
	return format == CAPTURE_PCAP ? sizeof(struct pcap_record) : sizeof(struct pcapng_packet);
}

static __always_inline __u32 emit_octets(int format, __u32 len)
{
	__u32 octets = emit_head(format) + len;

	if (format == CAPTURE_PCAPNG)
		octets += (-len & 3) + sizeof(struct pcapng_packet_end);
	return octets;
}

/* All of a record but the packet's octets; so the next two. */
static __always_inline void emit_full(const struct home *h, int kind, struct packet_record *r,
				      const struct emission *e)
{
	r->ns = bpf_ktime_get_ns();
	r->caplen = e->caplen | (kind == RING_CAPTURE ? RECORD_FULL : 0);
	r->wire_len = e->wire_len;
	r->ifindex = e->ifindex;
	r->link = e->link;
	r->segments = e->segments;
	r->app = e->app;
	r->grade = e->grade;
	r->why = e->why;
	r->tag_stripped = e->tag_stripped;
	r->gso_size = e->gso_size;
	r->frames = e->frames;
	r->cgroup = 0;
	/* once a flow is known, its packets tell nothing new */
	if (cfg_owner && h->skb && e->link & FLOW_EGRESS && e->why & (COPY_DNS | COPY_HEAD))
		r->cgroup = bpf_skb_cgroup_id(h->ctx);
}

static __always_inline __u64 emit_time(void)
{
	return bpf_ktime_get_ns() + *(volatile __u64 *)&live_config.epoch;
}

/* A division is only for the first record of a second. */
static __always_inline void emit_pcap(struct ring_ends *ring, struct pcap_record *r,
				      const struct emission *e)
{
	const __u64 second = 1000000000;
	__u64 ns = emit_time();

	if (ns - ring->second >= second) {
		ring->sec = ns / second;
		ring->second = ring->sec * second;
	}
	r->sec = ring->sec;
	r->nsec = ns - ring->second;
	r->caplen = e->caplen;
	r->wire_len = e->wire_len;
}

static __always_inline void emit_pcapng(struct pcapng_packet *r, const struct emission *e)
{
	void *data = r + 1;
	struct pcapng_packet_end *end = data + ((e->caplen + 3) & PCAPNG_WORDS);
	__u64 ns = emit_time();

	r->type = PCAPNG_PACKET;
	r->octets = emit_octets(CAPTURE_PCAPNG, e->caplen);
	r->interface = e->in_pcapng - 1;
	r->time_high = ns >> 32;
	r->time_low = ns;
	r->caplen = e->caplen;
	r->wire_len = e->wire_len;
	*(__u32 *)(data + (e->caplen & PCAPNG_WORDS)) = 0;
	end->option = PCAPNG_FLAGS;
	end->option_len = sizeof(end->flags);
	end->flags = e->link & FLOW_EGRESS ? PCAPNG_OUTBOUND : PCAPNG_INBOUND;
	end->options_end = 0;
	end->octets = r->octets;
}

/*
 * A record for a ring; negative: it has no room. Whoever reads waits for a record that is on its
 * way if its own clock was read long enough before for the mark to have become visible: so packets
 * of all CPUs can be put in order.
 */
static __always_inline int emit_into(const struct home *h, struct cpu_state *state, int kind,
				     const struct emission *e)
{
	struct ring_ends *ring = &state->rings[kind];
	int format = emit_format(kind, e);
	__u32 octets = emit_octets(format, e->caplen);
	__u64 at = ring->head / 2, next = ring_after(at, octets);
	void *chunk = emit_chunk(e->cpu, kind, at), *r, *to;

	if (!chunk || !emit_has_room(ring, kind, next))
		return -1;
	*(volatile __u64 *)&ring->head = at * 2 + 1;
	r = chunk + (at & (RING_CHUNK - 1));
	if (format == CAPTURE_PCAP)
		emit_pcap(ring, r, e);
	else if (format == CAPTURE_PCAPNG)
		emit_pcapng(r, e);
	else
		emit_full(h, kind, r, e);
	to = r + emit_head(format);
	if ((kind != RING_CAPTURE || home_fill_short(h, to, e->caplen) < 0) &&
	    home_fill(h, 0, to, e->caplen, COPY_MAX) < 0)
		next = at;
	ring->full += format == CAPTURE_NONE && next > at;
	if (ring_is_last(at, next))
		*(__u64 *)(chunk + RING_ENDED) = (at & (RING_CHUNK - 1)) + octets;
	__sync_lock_test_and_set(&ring->head, next * 2);
	return next > at ? 0 : -1;
}

static __always_inline int emit(struct home *h, int kind, const struct flow_slot *slot, __u32 why,
				__u32 caplen)
{
	const struct emission e = emission_of(h, slot, why, caplen);

	return emit_into(h, h->state, kind, &e);
}

static __always_inline int capture(void *ctx, int skb, const struct emission *e)
{
	const struct home h = {.ctx = ctx, .skb = skb};
	struct cpu_state *state;
	__u32 cpu;

	if (!e || !cfg_capture_chunks) /* without them, the ring is no map */
		return -1;
	cpu = e->cpu; /* a key on the stack, for Linux 6.1 */
	state = bpf_map_lookup_elem(&cpu_states, &cpu);
	return state ? emit_into(&h, state, RING_CAPTURE, e) : -1;
}

/* Global functions, as in home.h. */
__attribute__((noinline)) int capture_xdp(struct xdp_md *ctx, struct emission *e)
{
	return capture(ctx, 0, e);
}

__attribute__((noinline)) int capture_skb(struct __sk_buff *ctx, struct emission *e)
{
	return capture(ctx, 1, e);
}

/* In place, which is faster; but pcapng would be too much for the verifier among all else. */
static __always_inline int emit_capture(struct home *h, __u32 why, __u32 caplen)
{
	struct emission *e = (struct emission *)h->state->argument;

	if (cfg_capture_format == CAPTURE_PCAP || (cfg_blind && !h->skb))
		return emit(h, RING_CAPTURE, 0, why, caplen);
	*e = emission_of(h, 0, why, caplen);
	return h->skb ? capture_skb(h->ctx, e) : capture_xdp(h->ctx, e);
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
	if (emit_capture(h, why, caplen) < 0)
		h->counters->lost[LOST_PACKETS] += h->frames ? h->frames : h->segments;
	if (!cfg_flows || h->state->shown == h->now)
		return 0;
	h->state->shown = h->now;
	return why;
}

#endif
