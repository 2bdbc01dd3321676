// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * DNS over TCP: see dns_tcp.h. A stream is one direction of a connection. The one decision that is
 * not obvious: octets that we lack (lost, or more than a copy holds) cost only the message they
 * belong to as long as its length is known, because the next one's place is known then.
 */
#include "analysis/dns_tcp.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns_wire.h"
#include "analysis/mix.h"

enum {
	WAYS = 8,
	SETS = DNS_TCP_STREAMS / WAYS,
	PREFIX_LEN = 2,
	HELD_PER_STREAM = 16,
	WINDOW = 1 << 20, /* farther off than this is another connection */
	NS_PER_MS = 1000000,
};

struct stream {
	struct flow_key key;
	uint64_t last; /* ns, when its last segment came; 0: free */
	uint32_t next; /* sequence number */
	uint32_t got;  /* octets of the present message, prefix and missing ones included */
	uint32_t kept; /* of these, at hand */
	uint16_t held; /* segments waiting */
	bool guess;    /* a message may begin at `next`: nobody said so */
	uint8_t head[PREFIX_LEN + DNS_TCP_KEEP];
};

struct held {
	struct stream *stream; /* NULL: free */
	uint64_t ts;
	uint32_t seq, len, wire_len;
	uint8_t data[CAPTURE_MAX];
};

struct dns_tcp {
	dns_tcp_message *message;
	void *arg;
	struct mix_seed seed;
	struct dns_tcp_counts counts;
	unsigned n_held;
	struct stream streams[SETS][WAYS];
	struct held held[DNS_TCP_HELD];
};

struct dns_tcp *dns_tcp_new(dns_tcp_message *message, void *arg)
{
	struct dns_tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->message = message;
	t->arg = arg;
	if (mix_seed_draw(&t->seed) < 0) {
		free(t);
		return NULL;
	}
	return t;
}

void dns_tcp_free(struct dns_tcp *t)
{
	free(t);
}

struct dns_tcp_counts dns_tcp_counts(const struct dns_tcp *t)
{
	return t->counts;
}

/* ---- messages ---- */

static uint32_t message_len(const uint8_t *prefix)
{
	return PREFIX_LEN + (prefix[0] << 8 | prefix[1]);
}

static void stream_message(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *last,
			   const uint8_t *data, uint32_t len)
{
	uint32_t wire_len = message_len(data) - PREFIX_LEN;

	t->counts.messages++;
	s->guess = false;
	t->message(t->arg, last, data + PREFIX_LEN, len - PREFIX_LEN, wire_len);
}

/* Ends the present message if all of its octets passed. */
static void stream_close(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *last)
{
	if (s->got < PREFIX_LEN || s->got < message_len(s->head))
		return;
	stream_message(t, s, last, s->head, s->kept);
	s->got = s->kept = 0;
}

/* Could a message begin here? Asked where nothing but a guess says so. */
static bool message_likely(const uint8_t *data, uint32_t len)
{
	static const uint8_t known_opcodes = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6;
	unsigned opcode;

	if (len < PREFIX_LEN)
		return true;
	if (message_len(data) < PREFIX_LEN + DNS_HEADER_LEN)
		return false;
	if (len < PREFIX_LEN + DNS_HEADER_LEN)
		return true;
	if (!(data[4] & 0x80) && data[5] & 15) /* a query with a result code; a TLS hello too */
		return false;
	opcode = data[4] >> 3 & 15;
	return opcode < 8 && known_opcodes >> opcode & 1 && !data[6] && data[7] <= 1;
}

/* Adds octets to the present message, as many as belong to it; returns how many. */
static uint32_t stream_gather(struct stream *s, const uint8_t *data, uint32_t len)
{
	uint32_t take = PREFIX_LEN - s->got, room = sizeof(s->head) - s->kept;

	if (s->got >= PREFIX_LEN)
		take = message_len(s->head) - s->got;
	if (take > len)
		take = len;
	/* behind a hole nothing is kept: what is at hand is the message's beginning */
	if (s->kept == s->got) {
		memcpy(s->head + s->kept, data, take < room ? take : room);
		s->kept += take < room ? take : room;
	}
	s->got += take;
	return take;
}

static void stream_read(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *seg,
			const uint8_t *data, uint32_t len)
{
	while (len) {
		uint32_t used;

		if (!s->got && s->guess && !message_likely(data, len))
			return;
		if (!s->got && len >= PREFIX_LEN && message_len(data) <= len) {
			used = message_len(data);
			stream_message(t, s, seg, data, used);
		} else {
			used = stream_gather(s, data, len);
			stream_close(t, s, seg);
		}
		data += used;
		len -= used;
	}
}

/* Goes on behind octets that nobody has. */
static void stream_skip(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *seg,
			uint32_t missing)
{
	uint32_t rest = s->got >= PREFIX_LEN ? message_len(s->head) - s->got : 0;

	if (!missing)
		return;
	if (missing < rest) {
		s->got += missing;
		return;
	}
	if (rest) {
		s->got += rest;
		stream_close(t, s, seg);
	}
	if (missing != rest) {
		s->got = s->kept = 0;
		s->guess = true;
		t->counts.resyncs++;
	}
}

/* ---- order ---- */

static void stream_take(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *seg)
{
	int32_t known = s->next - seg->seq; /* octets that came before */

	if (known >= (int32_t)seg->wire_len)
		return;
	if (known < 0) {
		stream_skip(t, s, seg, -known);
		known = 0;
	}
	if ((uint32_t)known < seg->len)
		stream_read(t, s, seg, seg->data + known, seg->len - known);
	if ((uint32_t)known < seg->len)
		known = seg->len;
	stream_skip(t, s, seg, seg->wire_len - known);
	s->next = seg->seq + seg->wire_len;
}

static bool stream_hold(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *seg)
{
	if (s->held == HELD_PER_STREAM || t->n_held == DNS_TCP_HELD)
		return false;
	for (int i = 0; i < DNS_TCP_HELD; i++) {
		struct held *h = &t->held[i];

		if (h->stream)
			continue;
		h->stream = s;
		h->ts = seg->ts;
		h->seq = seg->seq;
		h->wire_len = seg->wire_len;
		h->len = seg->len < sizeof(h->data) ? seg->len : sizeof(h->data);
		memcpy(h->data, seg->data, h->len);
		s->held++;
		t->n_held++;
		return true;
	}
	return false;
}

static struct held *stream_first_held(struct dns_tcp *t, const struct stream *s)
{
	struct held *first = NULL;

	for (int i = 0; s->held && i < DNS_TCP_HELD; i++) {
		struct held *h = &t->held[i];

		if (h->stream == s && (!first || (int32_t)(h->seq - first->seq) < 0))
			first = h;
	}
	return first;
}

/* The octets of a segment that came early count from when the one before them came. */
static void stream_take_held(struct dns_tcp *t, struct stream *s, struct held *h, uint64_t ts)
{
	struct dns_tcp_segment seg = {
		.key = &s->key,
		.ts = h->ts > ts ? h->ts : ts,
		.seq = h->seq,
		.data = h->data,
		.len = h->len,
		.wire_len = h->wire_len,
	};

	stream_take(t, s, &seg);
	h->stream = NULL;
	s->held--;
	t->n_held--;
}

/* Takes what waits and is in order now. */
static void stream_release(struct dns_tcp *t, struct stream *s, uint64_t ts)
{
	struct held *h;

	while ((h = stream_first_held(t, s)) && (int32_t)(h->seq - s->next) <= 0)
		stream_take_held(t, s, h, ts);
}

/* Takes what waits whatever is missing before it, up to a sequence number. */
static void stream_give_up(struct dns_tcp *t, struct stream *s, uint32_t until)
{
	struct held *h;

	while ((h = stream_first_held(t, s)) && (int32_t)(h->seq - until) <= 0)
		stream_take_held(t, s, h, 0);
}

void dns_tcp_tick(struct dns_tcp *t, uint64_t now)
{
	uint64_t patience = (uint64_t)DNS_TCP_PATIENCE_MS * NS_PER_MS;

	for (int i = 0; i < DNS_TCP_HELD && t->n_held; i++) {
		const struct held *h = &t->held[i];

		if (h->stream && now > h->ts && now - h->ts > patience)
			stream_give_up(t, h->stream, h->stream->next + WINDOW);
	}
}

/* ---- streams ---- */

static void stream_start(struct dns_tcp *t, struct stream *s, const struct dns_tcp_segment *seg)
{
	stream_give_up(t, s, s->next + WINDOW);
	s->key = *seg->key;
	s->next = seg->seq;
	s->got = s->kept = 0;
	s->guess = !(seg->flags & TCP_SYN);
}

static bool stream_is(const struct stream *s, const struct flow_key *k)
{
	return s->last && s->key.sport == k->sport && s->key.dport == k->dport &&
	       !memcmp(s->key.saddr, k->saddr, 16) && !memcmp(s->key.daddr, k->daddr, 16);
}

static struct stream *stream_of(struct dns_tcp *t, const struct dns_tcp_segment *seg)
{
	uint64_t hash =
		mix_address(&t->seed, seg->key->saddr) + 3 * mix_address(&t->seed, seg->key->daddr);
	struct stream *set, *oldest;

	hash = mix_fold(hash ^ ((uint64_t)seg->key->sport << 16 | seg->key->dport),
			t->seed.word[3] | 1);
	set = oldest = t->streams[hash % SETS];
	for (struct stream *s = set; s < set + WAYS; s++) {
		if (stream_is(s, seg->key))
			return s;
		if (s->last < oldest->last)
			oldest = s;
	}
	t->counts.evicted += oldest->last != 0;
	stream_start(t, oldest, seg);
	return oldest;
}

void dns_tcp_segment(struct dns_tcp *t, const struct dns_tcp_segment *segment)
{
	struct dns_tcp_segment seg = *segment;
	struct stream *s;
	int32_t ahead;

	if (seg.flags & TCP_SYN)
		seg.seq++;
	if (!seg.wire_len)
		return;
	if (seg.len > seg.wire_len)
		seg.len = seg.wire_len;
	s = stream_of(t, &seg);
	s->last = seg.ts ? seg.ts : 1;
	ahead = seg.seq - s->next;
	if (seg.flags & TCP_SYN || ahead > WINDOW || ahead < -WINDOW)
		stream_start(t, s, &seg);
	else if (ahead > 0 && stream_hold(t, s, &seg))
		return;
	else if (ahead > 0)
		stream_give_up(t, s, seg.seq);
	stream_take(t, s, &seg);
	stream_release(t, s, seg.ts);
	if (seg.flags & (TCP_FIN | TCP_RST) && !s->held)
		s->last = 0;
}
