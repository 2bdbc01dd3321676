// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: nothing is judged before warm-up; then a value is unusual beyond mean + deviations
 * and beyond the ratio; unusual values teach nothing until `accept` of them came in a row; mean and
 * deviation converge to those of what comes in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "detect/baseline.h"

static const struct baseline_rule rule = {
	.weight = 0.05, .warmup = 30, .deviations = 5, .ratio = 3, .accept = 100};

static void test_warm_up(void **state)
{
	struct baseline b = {0};

	(void)state;
	for (int i = 0; i < 30; i++) {
		assert_false(baseline_warm(&b, &rule));
		assert_true(isinf(baseline_limit(&b, &rule)));
		assert_false(baseline_judge(&b, &rule, i == 7 ? 1e9 : 100));
	}
	assert_true(baseline_warm(&b, &rule));
}

static void test_plain_mean_in_warm_up(void **state)
{
	struct baseline b = {0};

	(void)state;
	for (int i = 1; i <= 20; i++)
		baseline_judge(&b, &rule, i);
	assert_true(fabs(b.mean - 10.5) < 1e-9);
	assert_true(fabs(b.variance - 33.25) < 1e-6); /* (20 * 20 - 1) / 12 */
}

static void test_limit(void **state)
{
	struct baseline b = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_false(baseline_judge(&b, &rule, 100 + (i % 2 ? 20 : -20)));
	assert_true(fabs(b.mean - 100) < 2);
	assert_true(fabs(sqrt(b.variance) - 20) < 2);
	assert_true(fabs(baseline_limit(&b, &rule) - 300) < 6); /* the ratio is the larger */
	assert_true(baseline_judge(&b, &rule, 320));
	assert_false(baseline_judge(&b, &rule, 290));
}

static void test_attack_teaches_nothing(void **state)
{
	struct baseline b = {0}, before;

	(void)state;
	for (int i = 0; i < 100; i++)
		baseline_judge(&b, &rule, 100 + i % 10);
	before = b;
	for (int i = 0; i < 99; i++)
		assert_true(baseline_judge(&b, &rule, 5000));
	assert_true(b.mean == before.mean && b.variance == before.variance);
	assert_false(baseline_judge(&b, &rule, 100)); /* its end begins the count anew */
	for (int i = 0; i < 99; i++)
		assert_true(baseline_judge(&b, &rule, 5000));
}

static void test_new_life(void **state)
{
	struct baseline b = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		baseline_judge(&b, &rule, 100);
	for (int i = 0; i < 100; i++)
		assert_true(baseline_judge(&b, &rule, 5000));
	for (int i = 0; i < 100; i++)
		assert_false(baseline_judge(&b, &rule, 5000 + i % 3));
	assert_true(fabs(b.mean - 5001) < 2);
}

static void test_nonsense(void **state)
{
	struct baseline b = {0};

	(void)state;
	assert_false(baseline_judge(&b, &rule, NAN));
	assert_false(baseline_judge(&b, &rule, INFINITY));
	assert_int_equal(b.learned, 0);
	for (int i = 0; i < 40; i++)
		assert_false(baseline_judge(&b, &rule, 0));
	assert_true(baseline_judge(&b, &rule, 1)); /* what was always 0 is */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warm_up),	 cmocka_unit_test(test_plain_mean_in_warm_up),
		cmocka_unit_test(test_limit),	 cmocka_unit_test(test_attack_teaches_nothing),
		cmocka_unit_test(test_new_life), cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
