// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: messages come out whole and once, however segments cut, join, repeat or reorder them,
 * at the time of the segment that completed them; octets that were not captured or lost cost no
 * message whose place is known; tables stay within their bounds under a flood.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/dns_tcp.h"
#include "dns_build.h"

enum { MAX_SEEN = 4096, MS = 1000000 };

struct seen {
	unsigned n;
	uint16_t id[MAX_SEEN];
	uint64_t ts[MAX_SEEN];
	size_t len[MAX_SEEN], wire_len[MAX_SEEN];
};

static void saw(void *arg, const struct dns_tcp_segment *last, const uint8_t *data, size_t len,
		size_t wire_len)
{
	struct seen *s = arg;

	assert_true(s->n < MAX_SEEN);
	s->id[s->n] = len >= 2 ? data[0] << 8 | data[1] : 0;
	s->ts[s->n] = last->ts;
	s->len[s->n] = len;
	s->wire_len[s->n++] = wire_len;
}

static void counted(void *arg, const struct dns_tcp_segment *last, const uint8_t *data, size_t len,
		    size_t wire_len)
{
	(void)last;
	(void)data;
	assert_true(len <= wire_len);
	++*(unsigned *)arg;
}

/* A stream of messages with ids 1, 2, ... as TCP carries them. */
static size_t stream_of(uint8_t *to, unsigned messages)
{
	size_t n = 0;

	for (unsigned id = 1; id <= messages; id++) {
		struct build b;

		build_query(&b, id, id & 1 ? "odd.example" : "an.even.example", DNS_A);
		to[n++] = b.n >> 8;
		to[n++] = b.n & 0xff;
		memcpy(to + n, b.b, b.n);
		n += b.n;
	}
	return n;
}

static struct flow_key key_of(uint32_t client)
{
	struct flow_key k = {.sport = 0x1234, .dport = 0x3500, .proto = 6, .family = 4};

	memcpy(k.saddr + 12, &client, sizeof(client));
	return k;
}

static void feed(struct dns_tcp *t, uint64_t ts, uint32_t seq, const uint8_t *data, uint32_t len,
		 uint32_t wire_len)
{
	struct flow_key k = key_of(1);

	dns_tcp_segment(t, &(struct dns_tcp_segment){.key = &k,
						     .ts = ts,
						     .seq = seq,
						     .flags = TCP_ACK,
						     .data = data,
						     .len = len,
						     .wire_len = wire_len});
}

static void expect_ids(const struct seen *s, unsigned n)
{
	assert_int_equal(s->n, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(s->id[i], i + 1);
		assert_int_equal(s->len[i], s->wire_len[i]);
	}
}

static void any_segmentation_gives_the_same_messages(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 5);
	static const uint32_t starts[] = {0, 1000, UINT32_MAX - 50};

	(void)state;
	for (size_t size = 1; size <= len; size++) {
		uint32_t seq = starts[size % 3]; /* the last wraps */
		struct seen s = {0};
		struct dns_tcp *t = dns_tcp_new(saw, &s);

		for (size_t at = 0; at < len; at += size) {
			size_t n = len - at < size ? len - at : size;
			uint8_t *exact = malloc(n);

			memcpy(exact, stream + at, n);
			feed(t, 1 + at + n, seq + at, exact, n, n);
			free(exact);
		}
		expect_ids(&s, 5);
		assert_int_equal(s.ts[4], 1 + len);
		assert_int_equal(dns_tcp_counts(t).resyncs, 0);
		dns_tcp_free(t);
	}
}

static void repeated_octets_count_once(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 4);
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	for (size_t at = 0; at + 10 < len; at += 7) {
		feed(t, at + 1, 99 + at, stream + at, 10, 10); /* overlaps by 3 */
		feed(t, at + 1, 99 + at, stream + at, 10, 10);
		feed(t, at + 1, 99, stream, 10, 10);
	}
	feed(t, len, 99, stream, len, len); /* everything again, and the rest */
	expect_ids(&s, 4);
	dns_tcp_free(t);
}

static void segments_out_of_order_wait(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 6), piece = len / 6;
	static const int order[] = {0, 4, 2, 5, 3, 1};
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	for (int i = 0; i < 6; i++) {
		size_t at = order[i] * piece, n = order[i] == 5 ? len - at : piece;

		feed(t, i + 1, 7 + at, stream + at, n, n);
	}
	expect_ids(&s, 6);
	assert_int_equal(s.ts[5], 6); /* when the missing one came, not when its last octet did */
	dns_tcp_free(t);
}

static void a_gap_is_given_up_in_time(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 3), one;
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	one = 2 + stream[1];
	feed(t, 1 * MS, 0, stream, one, one);
	feed(t, 2 * MS, len - one, stream + len - one, one, one); /* the second never comes */
	assert_int_equal(s.n, 1);
	dns_tcp_tick(t, 500 * MS);
	assert_int_equal(s.n, 1);
	dns_tcp_tick(t, (2 + DNS_TCP_PATIENCE_MS) * (uint64_t)MS + 1);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.id[1], 3);
	assert_int_equal(s.ts[1], 2 * MS);
	assert_int_equal(dns_tcp_counts(t).resyncs, 1);
	dns_tcp_free(t);
}

static void too_many_early_segments_end_the_wait(void **state)
{
	uint8_t stream[4096];
	size_t len = stream_of(stream, 60), at;
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	at = 2 + stream[1];
	feed(t, 1, 0, stream, at, at);
	for (at += 2 + stream[at + 1]; at < len; at += 2 + stream[at + 1])
		feed(t, 2, at, stream + at, 2 + stream[at + 1], 2 + stream[at + 1]);
	dns_tcp_tick(t, UINT64_MAX);
	assert_int_equal(s.n, 59); /* all but the second */
	assert_int_equal(s.id[58], 60);
	dns_tcp_free(t);
}

static void octets_not_captured_cost_only_their_message(void **state)
{
	static uint8_t stream[8192];
	size_t len, big = 3000;
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	memset(stream, 0, sizeof(stream));
	stream[0] = big >> 8;
	stream[1] = big & 0xff;
	stream[3] = 1; /* id 1 */
	len = 2 + big;
	stream[len + 1] = 12;
	stream[len + 3] = 2;		  /* id 2, a header alone */
	feed(t, 1, 0, stream, 100, 1400); /* cut */
	feed(t, 2, 1400, stream + 1400, len + 14 - 1400, len + 14 - 1400);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.id[0], 1);
	assert_int_equal(s.len[0], 98);
	assert_int_equal(s.wire_len[0], big);
	assert_int_equal(s.id[1], 2);
	assert_int_equal(dns_tcp_counts(t).resyncs, 0);
	dns_tcp_free(t);
}

static void a_cut_over_a_boundary_resyncs_at_the_next_segment(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 4), half;
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	half = 4 + stream[1] + stream[2 + stream[1] + 1]; /* two messages */
	feed(t, 1, 0, stream, 20, half);		  /* the boundary between them is cut */
	feed(t, 2, half, stream + half, len - half, len - half);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.id[0], 1);
	assert_int_equal(s.len[0], 18);
	assert_int_equal(s.id[1], 3);
	assert_int_equal(s.id[2], 4);
	assert_int_equal(dns_tcp_counts(t).resyncs, 1);
	dns_tcp_free(t);
}

static void the_longest_message_is_kept_in_part(void **state)
{
	uint8_t *stream = calloc(1, 65537);
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	memset(stream, 0xff, 2);
	stream[3] = 1;
	for (uint32_t at = 0; at < 65537; at += 1400) {
		uint32_t n = 65537 - at < 1400 ? 65537 - at : 1400;

		feed(t, at + 1, at, stream + at, n, n);
	}
	assert_int_equal(s.n, 1);
	assert_int_equal(s.len[0], DNS_TCP_KEEP);
	assert_int_equal(s.wire_len[0], 65535);
	dns_tcp_free(t);
	free(stream);
}

static void what_is_not_dns_is_not_read(void **state)
{
	static const uint8_t tls[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3, 4, 5};
	uint8_t stream[1024];
	size_t len = stream_of(stream, 2);
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	feed(t, 1, 0, tls, sizeof(tls), sizeof(tls));
	assert_int_equal(s.n, 0);
	feed(t, 2, sizeof(tls), stream, len, len); /* a capture that began inside a message */
	expect_ids(&s, 2);
	dns_tcp_free(t);
}

static void a_new_connection_on_old_ports_starts_anew(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 2);
	struct flow_key k = key_of(1);
	struct seen s = {0};
	struct dns_tcp *t = dns_tcp_new(saw, &s);

	(void)state;
	feed(t, 1, 1000, stream, len - 5, len - 5); /* the last message stays unfinished */
	feed(t, 2, 3000000000u, stream, len, len);
	assert_int_equal(s.n, 3);
	dns_tcp_segment(t, &(struct dns_tcp_segment){&k, 3, 5, TCP_SYN, stream, len, len});
	assert_int_equal(s.n, 5);
	dns_tcp_free(t);
}

static void a_flood_of_connections_stays_in_bounds(void **state)
{
	uint8_t stream[1024];
	size_t len = stream_of(stream, 1);
	unsigned seen = 0;
	struct dns_tcp *t = dns_tcp_new(counted, &seen);

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct flow_key k = key_of(i);

		/* half a message, then the rest of a stream that never was */
		dns_tcp_segment(t, &(struct dns_tcp_segment){&k, i + 1, 0, 0, stream, 9, 9});
		dns_tcp_segment(t, &(struct dns_tcp_segment){&k, i + 1, 500, 0, stream, len, len});
	}
	assert_true(dns_tcp_counts(t).evicted >= 20000 - DNS_TCP_STREAMS);
	dns_tcp_tick(t, UINT64_MAX);
	assert_true(seen > 0);
	dns_tcp_free(t);
	dns_tcp_free(NULL);
}

/* Random cuts, orders, repeats and losses: nothing is read out of bounds, nothing comes twice. */
static void chaos_is_survived(void **state)
{
	uint8_t stream[4096];
	size_t len = stream_of(stream, 60);

	(void)state;
	srand(7);
	for (int round = 0; round < 500; round++) {
		struct seen s = {0};
		struct dns_tcp *t = dns_tcp_new(saw, &s);

		for (int i = 0; i < 60; i++) {
			size_t at = rand() % len, n = 1 + rand() % 300;
			uint32_t wire;

			n = n > len - at ? len - at : n;
			wire = rand() % 4 ? n : n + rand() % 2000;
			feed(t, i + 1, at, stream + at, n, wire);
		}
		dns_tcp_tick(t, UINT64_MAX);
		dns_tcp_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_segmentation_gives_the_same_messages),
		cmocka_unit_test(repeated_octets_count_once),
		cmocka_unit_test(segments_out_of_order_wait),
		cmocka_unit_test(a_gap_is_given_up_in_time),
		cmocka_unit_test(too_many_early_segments_end_the_wait),
		cmocka_unit_test(octets_not_captured_cost_only_their_message),
		cmocka_unit_test(a_cut_over_a_boundary_resyncs_at_the_next_segment),
		cmocka_unit_test(the_longest_message_is_kept_in_part),
		cmocka_unit_test(what_is_not_dns_is_not_read),
		cmocka_unit_test(a_new_connection_on_old_ports_starts_anew),
		cmocka_unit_test(a_flood_of_connections_stays_in_bounds),
		cmocka_unit_test(chaos_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
