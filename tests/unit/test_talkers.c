// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: with room, every talker is exact and in order; without room, talkers and others
 * together are exact and the heavy ones are exact each; distinct addresses are exact until the
 * table first runs full and within a few per cent after; rates are over the last interval.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/talkers.h"

static struct snapshot snapshot; /* large, so not on the stack */

static const uint8_t *address(uint64_t n)
{
	static uint8_t ring[2][16];
	static int turn;
	uint8_t *a = ring[turn ^= 1];

	memset(a, 0, 16);
	memcpy(a + 8, &n, sizeof(n));
	return a;
}

static uint64_t number_of(const uint8_t addr[16])
{
	uint64_t n;

	memcpy(&n, addr + 8, sizeof(n));
	return n;
}

static uint64_t draw(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ull;
	return (*state ^ *state >> 29) * 0xbf58476d1ce4e5b9ull >> 16;
}

static const char *name_of(void *arg, const uint8_t addr[16])
{
	static char name[300];

	if (arg)
		return NULL;
	snprintf(name, sizeof(name), "host-%u-%0200d", (unsigned)number_of(addr), 0);
	return name;
}

static int by_bytes(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static void test_exact_with_room(void **state)
{
	enum { HOSTS = 300 };
	struct count model[HOSTS] = {0};
	struct talkers *t = talkers_new(65536);
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t from = draw(&random) % HOSTS, to = draw(&random) % 50;
		struct count n = {1 + draw(&random) % 9, draw(&random) % 100000};

		model[from].packets += n.packets;
		model[from].bytes += n.bytes;
		talkers_add(t, address(from), address(1000 + to), n.packets, n.bytes, i);
	}
	talkers_fill(t, &snapshot, 1, name_of, NULL);
	assert_int_equal(snapshot.sources, HOSTS);
	assert_int_equal(snapshot.destinations, 50);
	assert_int_equal(talkers_others(t).packets, 0);
	assert_int_equal(snapshot.n_talkers, SNAPSHOT_TALKERS);
	for (size_t i = 0; i < snapshot.n_talkers; i++) {
		uint64_t n = number_of(snapshot.talkers[i].addr);

		assert_int_equal(snapshot.talkers[i].bytes, model[n].bytes);
		assert_int_equal(snapshot.talkers[i].packets, model[n].packets);
		assert_int_equal(strlen(snapshot.talkers[i].name), NAME_LEN - 1);
	}
	qsort(model, HOSTS, sizeof(*model), by_bytes);
	for (size_t i = 0; i < snapshot.n_talkers; i++)
		assert_int_equal(snapshot.talkers[i].bytes, model[i].bytes);
	talkers_fill(t, &snapshot, 1, name_of, t);
	assert_string_equal(snapshot.talkers[0].name, "");
	talkers_free(t);
}

static void test_flood(void **state)
{
	enum { HEAVY = 20, FLOOD = 500000 };
	struct talkers *t = talkers_new(4096);
	uint64_t random = 7, packets = 0, bytes = 0;

	(void)state;
	for (uint64_t i = 0; i < FLOOD; i++) {
		talkers_add(t, address(draw(&random) << 8 | 255), address(1), 1, 60, i);
		packets++;
		bytes += 60;
		if (i % 10)
			continue;
		talkers_add(t, address(i / 10 % HEAVY), address(1), 10, 15000, i);
		packets += 10;
		bytes += 15000;
	}
	talkers_fill(t, &snapshot, 1, NULL, NULL);
	for (size_t i = 0; i < HEAVY; i++) {
		assert_true(number_of(snapshot.talkers[i].addr) < HEAVY);
		assert_int_equal(snapshot.talkers[i].packets, FLOOD / HEAVY);
		assert_int_equal(snapshot.talkers[i].bytes, FLOOD / HEAVY * 1500);
	}
	/* All others sent 60 bytes each, so that others + 4096 cells' worth is the rest. */
	assert_int_equal(talkers_others(t).packets,
			 packets - HEAVY * (FLOOD / HEAVY) - (4096 - HEAVY));
	assert_int_equal(talkers_others(t).bytes,
			 bytes - (uint64_t)FLOOD * 1500 - (4096 - HEAVY) * 60);
	assert_true(fabs(snapshot.sources / (double)(FLOOD + HEAVY) - 1) < 0.08);
	assert_int_equal(snapshot.destinations, 1);
	talkers_free(t);
}

static void test_rates(void **state)
{
	struct talkers *t = talkers_new(0);

	(void)state;
	talkers_add(t, address(1), address(2), 10, 1000, 1);
	talkers_fill(t, &snapshot, 2, NULL, NULL);
	assert_true(snapshot.talkers[0].pps == 5 && snapshot.talkers[0].bps == 4000);
	talkers_fill(t, &snapshot, 2, NULL, NULL);
	assert_true(snapshot.talkers[0].pps == 0 && snapshot.talkers[0].bps == 0);
	talkers_add(t, address(1), address(2), 1, 100, 2);
	talkers_fill(t, &snapshot, 0, NULL, NULL);
	assert_true(snapshot.talkers[0].pps == 0 && snapshot.talkers[0].bps == 0);
	assert_int_equal(snapshot.talkers[0].bytes, 1100);
	talkers_free(t);
	talkers_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_with_room),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
