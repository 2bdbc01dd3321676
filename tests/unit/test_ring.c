// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A ring of packets: every record once and in order, whatever its length, over the ends of chunks
 * and of the ring; one that is on its way is known; bare ones are found as spans of memory that
 * hold exactly them, and room that is lent is not given back before its borrower says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/ring.h"

enum { CHUNKS = 2, RECORDS = 20000 };

struct both { /* ends of a ring */
	struct ring_ends ends;
	struct ring ring;
	uint32_t written, read;
	size_t n_spans;
};

static int setup(void **state)
{
	struct both *b = calloc(1, sizeof(*b));

	*state = b;
	b->ring = (struct ring){.ends = &b->ends,
				.chunks = aligned_alloc(RING_PAGE, (size_t)CHUNKS * RING_STEP),
				.n_chunks = CHUNKS};
	ring_begin(&b->ring, PCAP_HEADER);
	srandom(1);
	return b->ring.chunks ? 0 : -1;
}

static int teardown(void **state)
{
	struct both *b = *state;

	free(b->ring.chunks);
	free(b);
	return 0;
}

/* Its octets: mostly short, some as long as there are. */
static uint32_t caplen_of(uint32_t record)
{
	return record % 97 == 0 ? COPY_MAX : 1 + record * 7919 % 1500;
}

static uint32_t head_of(const struct both *b, bool bare)
{
	if (!bare)
		return sizeof(struct packet_record);
	return b->ring.bare == CAPTURE_PCAPNG ? sizeof(struct pcapng_packet)
					      : sizeof(struct pcap_record);
}

/* As programs in the kernel do; false: no room. */
static bool both_write(struct both *b, bool bare)
{
	uint32_t caplen = caplen_of(b->written), head = head_of(b, bare), octets = head + caplen;
	bool block = bare && b->ring.bare == CAPTURE_PCAPNG;
	uint64_t at = b->ends.head / 2, next;
	struct packet_record r = {.ns = b->written, .caplen = caplen};
	struct pcapng_packet p = {PCAPNG_PACKET, 0, 1, 0, b->written, caplen, caplen};
	unsigned char *chunk = b->ring.chunks + at / RING_CHUNK % CHUNKS * RING_STEP;

	if (block)
		p.octets = octets += (-caplen & 3) + sizeof(struct pcapng_packet_end);
	next = ring_after(at, octets);
	if (next > b->ends.tail + CHUNKS * RING_CHUNK)
		return false;
	if (b->ring.bare && !bare)
		r.caplen |= RECORD_FULL;
	memcpy(chunk + at % RING_CHUNK, block ? (void *)&p : (void *)&r, head);
	memset(chunk + at % RING_CHUNK + head, b->written, octets - head);
	b->ends.full += !bare;
	if (ring_is_last(at, next)) {
		uint64_t ended = at % RING_CHUNK + octets;

		memcpy(chunk + RING_ENDED, &ended, sizeof(ended));
	}
	b->ends.head = next * 2;
	b->written++;
	return true;
}

static void both_fill(struct both *b, bool bare)
{
	for (int n = random() % 2000; n && b->written < RECORDS && both_write(b, bare); n--)
		;
}

/* The record that `read` says, at `at`; its octets. */
static uint32_t both_check(struct both *b, const unsigned char *at)
{
	uint32_t caplen = caplen_of(b->read), octets = ring_octets(&b->ring, at);
	uint32_t head = head_of(b, ring_is_bare(&b->ring, at));
	uint64_t ns;

	memcpy(&ns, at, sizeof(ns));
	if (head == sizeof(struct pcapng_packet)) {
		assert_int_equal(bare_time(b->ring.bare, at), b->read);
		caplen += (-caplen & 3) + sizeof(struct pcapng_packet_end);
	} else {
		assert_int_equal(ns, b->read);
	}
	assert_int_equal(octets, head + caplen);
	assert_int_equal(at[head], (uint8_t)b->read);
	assert_int_equal(at[octets - 1], (uint8_t)b->read);
	b->read++;
	return octets;
}

static void test_records(void **state)
{
	struct both *b = *state;
	bool busy = false;
	size_t len;
	void *p;

	while (b->read < RECORDS) {
		both_fill(b, false);
		for (int n = random() % 2000; n && (p = ring_front(&b->ring, &len, &busy)); n--) {
			assert_in_range(both_check(b, p), 1, len);
			ring_pop(&b->ring, p);
		}
		ring_release(&b->ring);
		assert_int_equal(ring_pending(&b->ring), b->ends.head / 2 - b->ring.at);
	}
	assert_false(busy);
}

static void test_on_its_way(void **state)
{
	struct both *b = *state;
	bool busy = false;
	size_t len;
	void *p;

	assert_null(ring_front(&b->ring, &len, &busy));
	assert_false(busy);
	assert_true(both_write(b, false));
	b->ends.head |= 1;
	p = ring_front(&b->ring, &len, &busy);
	assert_non_null(p);
	assert_false(busy); /* what is there is older */
	ring_pop(&b->ring, p);
	assert_null(ring_front(&b->ring, &len, &busy));
	assert_true(busy);
}

static void test_no_room(void **state)
{
	struct both *b = *state;
	bool busy = false;
	size_t len;
	void *p;

	while (both_write(b, false))
		;
	assert_in_range(ring_pending(&b->ring), CHUNKS * RING_CHUNK - RING_CHUNK / 4,
			CHUNKS * RING_CHUNK);
	for (int i = 0; i < 100; i++) {
		p = ring_front(&b->ring, &len, &busy);
		both_check(b, p);
		ring_pop(&b->ring, p);
	}
	assert_false(both_write(b, false));
	ring_release(&b->ring);
	assert_true(both_write(b, false));
}

/*
 * Spans, half of which are returned late and in order, as a writer does. Where they stand in a page
 * is where they stand in a page of the file.
 */
static void spans_of(struct both *b, enum capture_format format)
{
	uint64_t until, file = PCAP_HEADER;
	size_t octets;
	unsigned char *p;

	b->ring.bare = format;
	while (b->read < RECORDS) {
		both_fill(b, true);
		if (random() % 2)
			ring_look(&b->ring);
		while ((p = ring_span(&b->ring, &octets, &until))) {
			assert_int_equal((uintptr_t)p % RING_PAGE, file % RING_PAGE);
			file += octets;
			for (size_t at = 0; at < octets;) {
				at += both_check(b, p + at);
				assert_true(at <= octets);
			}
			ring_lend(&b->ring, until);
			b->n_spans++;
		}
		ring_release(&b->ring);
		if (b->ring.returned != b->ring.lent)
			assert_int_equal(b->ends.tail, b->ring.returned);
		if (random() % 2)
			b->ring.returned = b->ring.lent;
		ring_release(&b->ring);
		if (b->ring.returned == b->ring.lent)
			assert_int_equal(b->ends.tail, b->ring.at);
	}
	assert_true(b->n_spans > 20);
}

static void test_spans(void **state)
{
	spans_of(*state, CAPTURE_PCAP);
}

static void test_spans_of_blocks(void **state)
{
	spans_of(*state, CAPTURE_PCAPNG);
}

/* Nothing newer than the last look is in a span, and none goes over a record that is not bare. */
static void test_span_ends(void **state)
{
	struct both *b = *state;
	bool busy = false;
	uint64_t until;
	size_t octets, len;
	void *p;

	b->ring.bare = CAPTURE_PCAP;
	assert_true(both_write(b, true));
	ring_look(&b->ring);
	assert_true(both_write(b, true));
	assert_non_null(ring_span(&b->ring, &octets, &until));
	assert_int_equal(octets, sizeof(struct pcap_record) + caplen_of(0));
	ring_lend(&b->ring, until);
	assert_null(ring_span(&b->ring, &octets, &until));
	assert_true(ring_all_bare(&b->ring));
	assert_true(both_write(b, false));
	assert_false(ring_all_bare(&b->ring));
	for (b->read = 1; (p = ring_front(&b->ring, &len, &busy)); ring_pop(&b->ring, p))
		both_check(b, p);
	assert_int_equal(b->read, 3);
	assert_true(ring_all_bare(&b->ring));
}

/* A record that says too little of itself ends nobody's walk. */
static void test_lying_records(void **state)
{
	const char nothing[64] = {0};

	(void)state;
	assert_int_equal(bare_octets(CAPTURE_PCAP, nothing), 16);
	assert_int_equal(bare_octets(CAPTURE_PCAPNG, nothing), 44);
	assert_int_equal(bare_count(CAPTURE_PCAP, nothing, 47), 2);
	assert_int_equal(bare_count(CAPTURE_PCAPNG, nothing, 64), 1);
	assert_int_equal(bare_count(CAPTURE_PCAPNG, nothing, 43), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_its_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spans, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spans_of_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_span_ends, setup, teardown),
		cmocka_unit_test(test_lying_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
