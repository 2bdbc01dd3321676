/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's home of the engine: what include/xdplens/engine.h and flow.h ask of maps, rings and
 * the packet's bytes. After maps.h, before emit.h.
 */
#ifndef HOME_H
#define HOME_H

#include "maps.h"

#define home_knob(h, name) cfg_##name

#include "xdplens/engine.h"

/* Global functions: verified once, on their own, for every program that calls them. */
__attribute__((noinline)) int parse_walk(struct headers *headers, struct packet *p)
{
	if (!headers || !p)
		return UNPARSED_SHORT_LINK;
	return parse_chain(headers, LINK_ETHERNET, p);
}

__attribute__((noinline)) int classify_payload(struct payload *payload, struct packet *p,
					       __u32 known)
{
	if (!payload || !p)
		return known;
	return classify(payload, p, known);
}

static __always_inline const struct listed_range *home_range(const void *home, __u32 at)
{
	(void)home;
	return bpf_map_lookup_elem(&listed_ranges, &at);
}

__attribute__((noinline)) int listed_lookup(struct flow_key *key)
{
	return key && listed_flow(0, *(volatile __u64 *)&live_config.listed, key);
}

static __always_inline int home_listed(struct home *h, const struct flow_key *key)
{
	(void)h;
	return cfg_listed && listed_lookup((struct flow_key *)key);
}

static __always_inline long home_bytes(const struct home *h, __u32 offset, void *to, __u32 len)
{
	if (h->skb)
		return bpf_skb_load_bytes(h->ctx, offset, to, len);
	return bpf_xdp_load_bytes(h->ctx, offset, to, len);
}

/* 1 to `room` octets. Old verifiers want both bounds seen on the very register that is passed. */
static __always_inline long home_fill(const struct home *h, __u32 offset, void *to, __u32 len,
				      __u32 room)
{
	__u32 last = len - 1;

	asm volatile("" : "+r"(last));
	return last < room ? home_bytes(h, offset, to, last + 1) : -1;
}

enum { SHORT_FRAME = 128, WORD = sizeof(__u64) };
struct short_frame {
	__u8 bytes[SHORT_FRAME + WORD]; /* a word more than is used, for the verifier */
};

/* A frame's first octets, a word to SHORT_FRAME of them, where they are in reach. */
static __always_inline int copy_words(const void *from, const void *end, struct short_frame *to,
				      __u32 len)
{
	if (!to || len < WORD || len > SHORT_FRAME)
		return -1;
#pragma unroll
	for (__u32 at = 0; at < SHORT_FRAME; at += WORD) {
		if (at + WORD > len)
			break;
		if (from + at + WORD > end)
			return -1;
		*(__u64 *)(to->bytes + at) = *(__u64 *)(from + at);
	}
	len = (len - WORD) & (SHORT_FRAME - 1);
	if (from + len + WORD > end)
		return -1;
	*(__u64 *)(to->bytes + len) = *(__u64 *)(from + len);
	return 0;
}

__attribute__((noinline)) int fill_short_xdp(struct xdp_md *ctx, struct short_frame *to, __u32 len)
{
	return copy_words((void *)(long)ctx->data, (void *)(long)ctx->data_end, to, len);
}

__attribute__((noinline)) int fill_short_skb(struct __sk_buff *ctx, struct short_frame *to,
					     __u32 len)
{
	return copy_words((void *)(long)ctx->data, (void *)(long)ctx->data_end, to, len);
}

/*
 * home_fill of a short frame, without the cost of the kernel's own copy: called, so that verifying
 * it takes no longer, but in place where that is nearly all that there is to verify.
 */
static __always_inline long home_fill_short(const struct home *h, void *to, __u32 len)
{
	const struct xdp_md *xdp = h->ctx;

	if (len > SHORT_FRAME)
		return -1;
	if (h->skb)
		return fill_short_skb(h->ctx, to, len);
	if (!cfg_blind)
		return fill_short_xdp(h->ctx, to, len);
	return copy_words((void *)(long)xdp->data, (void *)(long)xdp->data_end, to, len);
}

static __always_inline struct scratch *home_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline __u64 home_seed(const struct home *h)
{
	(void)h;
	return cfg_seed;
}

static __always_inline __u32 home_dns_mask(const struct home *h)
{
	(void)h;
	return *(volatile __u32 *)&live_config.dns_mask;
}

static __always_inline void home_parse(struct home *h, struct packet *p)
{
	struct scratch *s = home_scratch();
	__u32 len = h->len < HEADERS_WINDOW ? h->len : HEADERS_WINDOW;

	__builtin_memset(p, 0, sizeof(*p));
	p->outcome = UNPARSED_SHORT_LINK;
	if (!s)
		return;
	if (len < HEADERS_WINDOW)
		__builtin_memset(s->headers.bytes, 0, HEADERS_WINDOW);
	if (home_fill(h, 0, s->headers.bytes, len, HEADERS_WINDOW) < 0)
		len = 0;
	s->headers.len = len;
	s->headers.caplen = h->len;
	s->headers.wire_len = h->len;
	parse_walk(&s->headers, p);
}

/* An entry that is full is not written to: most packets come after the first few. */
static __always_inline __u32 home_before(struct home *h, const struct packet *p)
{
	__u32 first = h->segments, *n = bpf_map_lookup_elem(&heads, &p->key);

	if (!n && bpf_map_update_elem(&heads, &p->key, &first, BPF_NOEXIST) == 0)
		return 0;
	if (!n)
		n = bpf_map_lookup_elem(&heads, &p->key);
	if (!n || *n >= cfg_sample)
		return ~0u;
	return __sync_fetch_and_add(n, first);
}

static __always_inline struct flow_slot *home_slot(struct home *h, __u32 hash, __u32 bank)
{
	__u32 at = (h->cpu * BANKS + bank) * (cfg_slots_mask + 1) + (hash & cfg_slots_mask);

	return bpf_map_lookup_elem(&flow_slots, &at);
}

static __always_inline struct flow_memo *home_memos(struct home *h, __u32 set)
{
	if (!h->state->looks_left) {
		h->counters->looks_skipped++;
		return 0;
	}
	set += h->cpu * (FLOW_MEMOS / MEMO_SET);
	return bpf_map_lookup_elem(&flow_memos, &set);
}

static __always_inline int home_kept(__u32 hash)
{
	__u32 at = kept_word(hash);
	const struct kept_marks *k = bpf_map_lookup_elem(&kept_flows, &at);

	return k && (k->marks[0] | k->marks[1]) >> kept_bit(hash) & 1;
}

static __always_inline int home_keeps(const struct flow_slot *slot)
{
	return home_kept(flow_hash64(&slot->key, cfg_seed));
}

/* Slots that may be written before the reader's progress counts again. */
static __always_inline __u32 queue_room(const struct flow_queue *q)
{
	__u32 size = cfg_queue_mask + 1;

	return cfg_read ? size - (q->head - *(volatile __u32 *)&q->tail) : size;
}

static __always_inline int home_evict(struct home *h, const struct flow_slot *slot)
{
	struct flow_queue *q = &h->state->queue[h->bank];
	__u32 at = (h->cpu * BANKS + h->bank) * (cfg_queue_mask + 1) + (q->head & cfg_queue_mask);
	struct flow_slot *to;

	if (!q->room)
		q->room = queue_room(q);
	to = q->room ? bpf_map_lookup_elem(&flow_queues, &at) : 0;
	if (!to) {
		h->counters->lost[LOST_FLOWS]++;
		return -1;
	}
	*to = *slot;
	q->room--;
	if (++q->head % QUEUE_TOLD == 0)
		__sync_lock_test_and_set(&q->told, q->head);
	h->counters->evictions++;
	return 0;
}

static __always_inline struct payload *home_payload(struct home *h, const struct packet *p)
{
	struct scratch *s;
	__u32 at = p->payload_offset, len = p->payload_len;

	s = home_scratch();
	if (!s || at >= h->len)
		return 0;
	h->state->looks_left--;
	s->payload.wire_len = len;
	if (len > h->len - at)
		len = h->len - at;
	if (len > PAYLOAD_WINDOW)
		len = PAYLOAD_WINDOW;
	if (!len)
		return 0;
	if (len < PAYLOAD_WINDOW)
		__builtin_memset(s->payload.bytes, 0, PAYLOAD_WINDOW);
	if (home_fill(h, at, s->payload.bytes, len, PAYLOAD_WINDOW) < 0)
		return 0;
	s->payload.len = len;
	return &s->payload;
}

static __always_inline __u32 home_classify(struct home *h, struct payload *payload,
					   struct packet *p, __u32 known)
{
	(void)h;
	return classify_payload(payload, p, known);
}

#endif
