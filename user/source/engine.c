// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The host's home of the engine (include/xdplens/engine.h): one cache, one bank, and calls where
 * the kernel has rings. After a capture file or libpcap, before the consumer.
 *
 * A tick is a microsecond of the capture's clock. It wraps after 71 minutes, so cuts have to come
 * more often than that; replay makes one a second.
 */
#include "source/engine.h"

#include <stdlib.h>
#include <string.h>

#include "source/decode.h"
#include "xdplens/parse.h"

enum {
	BATCH = 64,
	HEADS = 1 << 18, /* directions remembered; a new one takes the place of the idlest of... */
	HEAD_WAYS = 8,	 /* ... so many */
	WIRE_MAX =
		1 << 24, /* a longer frame is damage of the file, and would wrap a slot's bytes */
};

struct engine_knobs {
	uint32_t period, copies, looks, head_packets, head_caplen, sample, sample_by, sample_caplen,
		sample_large, dns, flows, blind;
};

struct head { /* of one direction of a flow */
	uint64_t hash;
	uint32_t packets;
	uint32_t last; /* tick */
};

struct engine {
	struct engine_knobs knobs;
	struct engine_config config;
	struct source_consumer consumer;
	struct cpu_state *state;
	struct flow_slot *slots;
	struct flow_memo *memos;
	const struct engine_frame *frame; /* during engine_packet only */
	uint64_t ts;			  /* of the last frame */
	struct flow_slot evicted[BATCH];
	struct flow_delta deltas[BATCH];
	size_t n;
	struct payload payload;
	struct head *heads; /* HEADS, where the first packets of each direction are sampled */
};

#define home_engine(h) ((struct engine *)(h)->ctx)
#define home_knob(h, name) (home_engine(h)->knobs.name)

#include "xdplens/engine.h"

static uint64_t engine_time(const struct engine *e, uint32_t tick)
{
	uint64_t now = e->ts / 1000;

	return (now + (int32_t)(tick - (uint32_t)now)) * 1000;
}

static void engine_flush(struct engine *e)
{
	if (e->n)
		e->consumer.flows(e->consumer.arg, 0, e->deltas, e->n);
	e->n = 0;
}

static struct verdict engine_verdict(const struct flow_slot *slot)
{
	return decode_verdict(slot->app, slot->grade, transport_of(slot->key.proto),
			      slot->key.sport, slot->key.dport);
}

static void engine_emit(struct engine *e, const struct flow_slot *slot)
{
	struct flow_delta *d = &e->deltas[e->n];
	struct flow_slot *kept = &e->evicted[e->n];

	*kept = *slot;
	*d = (struct flow_delta){
		.key = &kept->key,
		.first = engine_time(e, slot->first),
		.last = engine_time(e, slot->last),
		.packets = slot->packets,
		.bytes = slot->bytes,
		.tcp_flags = slot->tcp_flags,
		.verdict = engine_verdict(slot),
		.listed = slot->grade & SLOT_LISTED,
	};
	if (d->last < d->first) /* the capture's clock went back */
		d->last = d->first;
	if (++e->n == BATCH)
		engine_flush(e);
}

/* ---- what the engine asks of its home ---- */

static __always_inline __u64 home_seed(const struct home *h)
{
	(void)h;
	return 0;
}

static __always_inline __u32 home_dns_mask(const struct home *h)
{
	(void)h;
	return 0;
}

static __always_inline const struct listed_range *home_range(const void *home, __u32 at)
{
	const struct engine *e = home;

	return &e->consumer.listed.ranges[at];
}

static __always_inline int home_listed(struct home *h, const struct flow_key *key)
{
	const struct engine *e = home_engine(h);

	return listed_flow(e, e->consumer.listed.n, key);
}

static __always_inline struct flow_slot *home_slot(struct home *h, __u32 hash, __u32 bank)
{
	struct engine *e = home_engine(h);

	return bank ? NULL : &e->slots[hash & (e->config.slots - 1)];
}

static __always_inline struct flow_memo *home_memos(struct home *h, __u32 set)
{
	return &home_engine(h)->memos[set * MEMO_SET];
}

/* There is always room. */
static __always_inline int home_kept(__u32 hash)
{
	(void)hash;
	return 0;
}

static __always_inline int home_keeps(const struct flow_slot *slot)
{
	(void)slot;
	return 0;
}

static __always_inline int home_evict(struct home *h, const struct flow_slot *slot)
{
	engine_emit(home_engine(h), slot);
	h->counters->evictions++;
	return 0;
}

static __always_inline long home_bytes(const struct home *h, __u32 offset, void *to, __u32 len)
{
	const struct engine_frame *f = home_engine(h)->frame;

	if (offset > f->caplen || len > f->caplen - offset)
		return -1;
	memcpy(to, f->data + offset, len);
	return 0;
}

static __always_inline void home_parse(struct home *h, struct packet *p)
{
	struct engine *e = home_engine(h);

	parse_frame(e->config.link, e->frame->data, e->frame->caplen, h->wire_len, p);
}

static __always_inline struct payload *home_payload(struct home *h, const struct packet *p)
{
	struct engine *e = home_engine(h);
	uint32_t at = p->payload_offset, len = p->payload_len;

	if (at >= h->len)
		return NULL;
	e->payload.wire_len = len;
	if (len > h->len - at)
		len = h->len - at;
	if (len > PAYLOAD_WINDOW)
		len = PAYLOAD_WINDOW;
	memset(e->payload.bytes, 0, PAYLOAD_WINDOW);
	memcpy(e->payload.bytes, e->frame->data + at, len);
	e->payload.len = len;
	return &e->payload;
}

static __always_inline __u32 home_classify(struct home *h, struct payload *payload,
					   struct packet *p, __u32 known)
{
	(void)h;
	return classify(payload, p, known);
}

/* The words were asked by the source already. */
static __always_inline int home_filter(struct home *h, const struct packet *p)
{
	(void)h, (void)p;
	return FILTER_TAKES;
}

static __always_inline __u32 home_before(struct home *h, const struct packet *p)
{
	struct engine *e = home_engine(h);
	uint64_t hash = flow_hash64(&p->key, 0) | 1;
	struct head *set = &e->heads[(hash >> 32) % HEADS / HEAD_WAYS * HEAD_WAYS], *head = set;

	for (int i = 0; i < HEAD_WAYS; i++) {
		if (set[i].hash == hash) {
			head = &set[i];
			break;
		}
		if (h->now - set[i].last > h->now - head->last)
			head = &set[i];
	}
	if (head->hash != hash)
		*head = (struct head){.hash = hash};
	head->last = h->now;
	return head->packets++;
}

static __always_inline void home_copy(struct home *h, const struct packet *p,
				      const struct flow_slot *slot, __u32 why, __u32 caplen)
{
	struct engine *e = home_engine(h);
	struct event event = {
		.ts = e->frame->ts,
		.packet = p,
		.data = e->frame->data,
		.caplen = h->len < caplen ? h->len : caplen,
		.wire_len = h->wire_len,
		.linktype = e->config.link,
		.segments = 1,
		.why = why,
		.interface = e->config.interface,
		.dns_latency_ms = -1,
	};

	if (slot)
		event.verdict = engine_verdict(slot);
	e->consumer.packet(e->consumer.arg, &event);
}

/* All that it copies is for all. */
static __always_inline __u32 home_capture(struct home *h, __u32 why, __u32 caplen)
{
	(void)h, (void)caplen;
	return why;
}

/* ---- public ---- */

struct engine *engine_new(const struct engine_config *config, const struct source_consumer *c)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->config = *config;
	e->consumer = *c;
	e->knobs = (struct engine_knobs){
		.copies = UINT32_MAX,
		.looks = UINT32_MAX,
		.head_packets = config->head_packets,
		.head_caplen = config->caplen,
		.sample = config->sample,
		.sample_by = config->sample_by,
		.sample_caplen = config->caplen,
		.sample_large = config->caplen,
		.dns = 1,
		.flows = 1,
	};
	e->state = calloc(1, sizeof(*e->state));
	e->slots = aligned_alloc(64, config->slots * sizeof(*e->slots));
	if (config->sample_by == SAMPLE_HEADS)
		e->heads = calloc(HEADS, sizeof(*e->heads));
	e->memos = calloc(FLOW_MEMOS, sizeof(*e->memos));
	if (!e->state || !e->slots || !e->memos ||
	    (config->sample_by == SAMPLE_HEADS && !e->heads)) {
		engine_free(e);
		return NULL;
	}
	memset(e->slots, 0, config->slots * sizeof(*e->slots));
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	free(e->state);
	free(e->slots);
	free(e->memos);
	free(e->heads);
	free(e);
}

void engine_relist(struct engine *e, const struct listed *listed)
{
	e->consumer.listed = *listed;
}

void engine_packet(struct engine *e, const struct engine_frame *frame)
{
	struct home h = {
		.ctx = e,
		.plain = e->config.link == LINK_ETHERNET,
		.len = frame->caplen,
		.wire_len = frame->wire_len < WIRE_MAX ? frame->wire_len : WIRE_MAX,
		.segments = 1,
		.ifindex = e->config.ifindex,
		.link = frame->egress ? FLOW_EGRESS : 0,
		.now = frame->ts / 1000,
		.state = e->state,
		.counters = &e->state->bank[0],
	};

	e->frame = frame;
	e->ts = frame->ts;
	watch(&h, frame->data, frame->data + frame->caplen);
}

void engine_cut(struct engine *e)
{
	for (uint32_t i = 0; i < e->config.slots; i++) {
		if (!e->slots[i].packets)
			continue;
		engine_emit(e, &e->slots[i]);
		e->slots[i].packets = 0;
	}
	engine_flush(e);
	e->consumer.cut(e->consumer.arg, 0, &e->state->bank[0]);
	memset(&e->state->bank[0], 0, sizeof(e->state->bank[0]));
}

const struct cpu_state *engine_state(const struct engine *e)
{
	return e->state;
}
