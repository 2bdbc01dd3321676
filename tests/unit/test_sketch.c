// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: an estimate within five standard errors from 1 to ten million, also where other
 * formulas change over; registers built as the kernel does give the same; merging is union; values
 * that no sketch could hold do no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "analysis/sketch.h"

/* SplitMix64 (Steele et al. 2014): a bijection, so distinct numbers have distinct hashes. */
static uint64_t scatter(uint64_t n)
{
	n += 0x9e3779b97f4a7c15ull;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9ull;
	n = (n ^ n >> 27) * 0x94d049bb133111ebull;
	return n ^ n >> 31;
}

static void assert_about(double estimate, double n)
{
	double allowed = n < 100 ? 2 : 5 * 0.01625 * n;

	if (fabs(estimate - n) > allowed)
		fail_msg("%.0f things, estimated %.1f", n, estimate);
}

static void test_empty(void **state)
{
	struct sketch s = {0};

	(void)state;
	assert_true(sketch_estimate(&s) == 0);
}

static void test_whole_range(void **state)
{
	struct sketch s = {0};
	uint64_t next = 1;

	(void)state;
	for (uint64_t n = 1; n <= 10000000; n++) {
		sketch_add(&s, scatter(n));
		if (n != next)
			continue;
		assert_about(sketch_estimate(&s), n);
		next += next / 8 + 1;
	}
	assert_about(sketch_estimate(&s), 10000000);
}

/* The mean error over many sketches shows a bias that one sketch would hide in its noise. */
static void test_no_bias(void **state)
{
	static const unsigned sizes[] = {50, 1000, 4096, 10000, 15000, 30000};
	enum { SKETCHES = 60 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		double sum = 0;

		for (uint64_t k = 0; k < SKETCHES; k++) {
			struct sketch s = {0};

			for (unsigned n = 0; n < sizes[i]; n++)
				sketch_add(&s, scatter(k << 40 | n));
			sum += sketch_estimate(&s) / sizes[i] - 1;
		}
		if (fabs(sum / SKETCHES) > 4 * 0.01625 / sqrt(SKETCHES))
			fail_msg("%u things: bias %.4f", sizes[i], sum / SKETCHES);
	}
}

static void test_again_is_nothing_new(void **state)
{
	struct sketch once = {0}, often = {0};

	(void)state;
	for (int round = 0; round < 50; round++)
		for (uint64_t n = 0; n < 1000; n++) {
			sketch_add(&often, scatter(n));
			if (!round)
				sketch_add(&once, scatter(n));
		}
	assert_memory_equal(&once, &often, sizeof(once));
}

static void test_merge_is_union(void **state)
{
	struct sketch a = {0}, b = {0}, both = {0};

	(void)state;
	for (uint64_t n = 0; n < 60000; n++) {
		if (n < 40000)
			sketch_add(&a, scatter(n));
		if (n >= 20000)
			sketch_add(&b, scatter(n));
		sketch_add(&both, scatter(n));
	}
	sketch_merge(&a, b.bin);
	assert_memory_equal(&a, &both, sizeof(a));
	assert_about(sketch_estimate(&a), 60000);
}

/* Register and value are as the contract says, so that the kernel's registers mean the same. */
static void test_register(void **state)
{
	struct sketch s = {0};

	(void)state;
	sketch_add(&s, 7 | 1ull << 12);
	assert_int_equal(s.bin[7], 1);
	sketch_add(&s, 7 | 1ull << 43);
	assert_int_equal(s.bin[7], 32);
	sketch_add(&s, 7 | 1ull << 44);
	assert_int_equal(s.bin[7], 33);
	sketch_add(&s, 7 | 1ull << 12);
	assert_int_equal(s.bin[7], 33);
}

static void test_hostile_registers(void **state)
{
	struct sketch s;

	(void)state;
	memset(&s, 255, sizeof(s));
	assert_true(sketch_estimate(&s) > 1e12);
	memset(&s, SKETCH_VALUE_BITS, sizeof(s));
	assert_true(isfinite(sketch_estimate(&s)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_whole_range),
		cmocka_unit_test(test_no_bias),
		cmocka_unit_test(test_again_is_nothing_new),
		cmocka_unit_test(test_merge_is_union),
		cmocka_unit_test(test_register),
		cmocka_unit_test(test_hostile_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
