// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The flow cache's second level: what goes in comes out, put together where nothing is lost by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "source/merge.h"
#include "xdplens/packet.h"

enum { SLOTS = 1024 };

struct seen { /* of what came out */
	uint64_t records, packets, bytes;
	struct flow_slot last;
};

static struct flow_slot slot_of(uint16_t port, uint32_t packets, uint8_t flags)
{
	struct flow_slot s = {
		.key = {.sport = port, .proto = 6, .family = 4},
		.packets = packets,
		.bytes = packets * 100,
		.first = 1000,
		.last = 1001,
		.tcp_flags = flags,
	};

	return s;
}

static void see(struct seen *seen, const struct flow_slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		seen->records++;
		seen->packets += slots[i].packets;
		seen->bytes += slots[i].bytes;
		seen->last = slots[i];
	}
}

static void add(struct merge *m, unsigned bank, const struct flow_slot *slot, struct seen *seen)
{
	struct flow_slot out[MERGE_BATCH];

	see(seen, out, merge_add(m, bank, &slot, 1, out));
}

static void drain(struct merge *m, unsigned bank, struct seen *seen)
{
	struct flow_slot out[MERGE_BATCH];
	size_t n;

	while ((n = merge_drain(m, bank, out)))
		see(seen, out, n);
}

static void test_merged(void **state)
{
	struct merge *m = merge_new(SLOTS, 1);
	struct flow_slot a = slot_of(1, 10, TCP_ACK), b = slot_of(1, 5, TCP_PSH);
	struct seen seen = {0};

	(void)state;
	b.first = UINT32_MAX; /* before a.first: jiffies wrap */
	b.last = 2000;
	add(m, 0, &a, &seen);
	add(m, 0, &b, &seen);
	assert_int_equal(seen.records, 0);
	drain(m, 0, &seen);
	assert_int_equal(seen.records, 1);
	assert_int_equal(seen.last.packets, 15);
	assert_int_equal(seen.last.bytes, 1500);
	assert_int_equal(seen.last.first, UINT32_MAX);
	assert_int_equal(seen.last.last, 2000);
	assert_int_equal(seen.last.tcp_flags, TCP_ACK | TCP_PSH);
	drain(m, 0, &seen);
	assert_int_equal(seen.records, 1);
	merge_free(m);
}

/* One of the two differs from a plain middle of a flow. */
static void test_apart(void **state)
{
	const uint8_t flags[7] = {TCP_SYN, TCP_FIN, TCP_RST};
	struct flow_slot cases[7];

	(void)state;
	for (int i = 0; i < 7; i++)
		cases[i] = slot_of(1, 10, flags[i] | TCP_ACK);
	cases[3].app = APP_TLS;
	cases[4].grade = SURE_PAYLOAD | SECURITY_ENCRYPTED << SLOT_SECURITY_SHIFT;
	cases[5].grade = SLOT_LISTED;
	cases[6].bytes = UINT32_MAX;
	for (int i = 0; i < 14; i++) {
		struct merge *m = merge_new(SLOTS, 1);
		struct flow_slot plain = slot_of(1, 10, TCP_ACK);
		const struct flow_slot *one = &cases[i / 2], *first = i % 2 ? one : &plain;
		struct seen seen = {0};

		add(m, 0, first, &seen);
		add(m, 0, i % 2 ? &plain : one, &seen);
		assert_int_equal(seen.records, 1); /* in their order */
		assert_memory_equal(&seen.last, first, sizeof(*first));
		drain(m, 0, &seen);
		assert_int_equal(seen.records, 2);
		merge_free(m);
	}
}

static void test_banks(void **state)
{
	struct merge *m = merge_new(SLOTS, 1);
	struct flow_slot a = slot_of(1, 10, 0);
	struct seen seen[2] = {0};

	(void)state;
	add(m, 0, &a, &seen[0]);
	add(m, 1, &a, &seen[1]);
	add(m, 1, &a, &seen[1]);
	drain(m, 1, &seen[1]);
	drain(m, 0, &seen[0]);
	assert_int_equal(seen[0].packets, 10);
	assert_int_equal(seen[1].packets, 20);
	merge_free(m);
}

/* What is not sound is not kept: others say so. */
static void test_unsound(void **state)
{
	struct merge *m = merge_new(SLOTS, 1);
	struct flow_slot a = slot_of(1, 0, 0);
	struct seen seen = {0};

	(void)state;
	add(m, 0, &a, &seen);
	assert_int_equal(seen.records, 1);
	drain(m, 0, &seen);
	assert_int_equal(seen.records, 1);
	merge_free(m);
}

/* More flows than slots, in batches: nothing is lost, nothing doubled. */
static void test_exact(void **state)
{
	struct merge *m = merge_new(SLOTS, 1);
	struct flow_slot in[MERGE_BATCH], out[MERGE_BATCH];
	const struct flow_slot *at[MERGE_BATCH];
	uint64_t packets = 0, bytes = 0;
	struct seen seen = {0};

	(void)state;
	srand(1);
	for (int round = 0; round < 5000; round++) {
		size_t n = 1 + rand() % MERGE_BATCH;

		for (size_t i = 0; i < n; i++) {
			in[i] = slot_of(rand() % 3000, 1 + rand() % 9, rand() % 8 ? 0 : TCP_SYN);
			packets += in[i].packets;
			bytes += in[i].bytes;
			at[i] = &in[i];
		}
		see(&seen, out, merge_add(m, round & 1, at, n, out));
		if (rand() % 100 == 0)
			drain(m, rand() & 1, &seen);
	}
	drain(m, 0, &seen);
	drain(m, 1, &seen);
	assert_int_equal(seen.packets, packets);
	assert_int_equal(seen.bytes, bytes);
	merge_free(m);
}

/* A third as many flows as places, one record of each in turn: hardly any is pushed out. */
static void test_together(void **state)
{
	struct merge *m = merge_new(SLOTS, 1);
	struct seen seen = {0};

	(void)state;
	for (int i = 0; i < 100 * SLOTS / 3; i++) {
		struct flow_slot a = slot_of(i % (SLOTS / 3), 1, 0);

		add(m, 0, &a, &seen);
	}
	assert_in_range(seen.records, 0, 100 * SLOTS / 3 / 20);
	drain(m, 0, &seen);
	assert_int_equal(seen.packets, 100 * SLOTS / 3);
	merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged), cmocka_unit_test(test_apart),
		cmocka_unit_test(test_banks),  cmocka_unit_test(test_unsound),
		cmocka_unit_test(test_exact),  cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
