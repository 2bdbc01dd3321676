// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a quantile is at most 1 % from the exact one for every value up to 274 s; minimum,
 * maximum, count and mean are exact; an empty histogram and absurd values do no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/histogram.h"

#define TOP_NS (1ull << HISTOGRAM_TOP_BITS)

static struct histogram *histogram_of(void)
{
	return calloc(1, sizeof(struct histogram));
}

/* Between a far lower and a far higher one, so that minimum and maximum do not help. */
static void one_value_stays_within_a_percent(void **state)
{
	struct histogram *h = histogram_of();

	(void)state;
	for (uint64_t v = 1; v < TOP_NS; v += 1 + v / 97) {
		double error;

		memset(h, 0, sizeof(*h));
		histogram_add(h, 0);
		histogram_add(h, v);
		histogram_add(h, UINT64_MAX);
		error = fabs((double)histogram_quantile(h, 0.5) - v) / v;
		assert_true(error <= 0.01);
	}
	free(h);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void quantiles_agree_with_sorting(void **state)
{
	enum { N = 20000 };
	static const double q[] = {0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1};
	uint64_t *v = malloc(N * sizeof(*v)), seed = 1;
	struct histogram *h = histogram_of();

	(void)state;
	for (int i = 0; i < N; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		v[i] = exp((seed >> 40) / (double)(1 << 24) * 25);
		histogram_add(h, v[i]);
	}
	qsort(v, N, sizeof(*v), compare);
	for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
		size_t rank = q[i] * N > 1 ? (size_t)ceil(q[i] * N) - 1 : 0;
		double exact = v[rank], got = histogram_quantile(h, q[i]);

		assert_true(fabs(got - exact) <= 0.01 * exact);
	}
	free(v);
	free(h);
}

static void extremes_and_mean_are_exact(void **state)
{
	struct histogram *h = histogram_of();
	struct quantiles q;

	(void)state;
	histogram_add(h, 1000001);
	histogram_add(h, 2000003);
	histogram_add(h, 6000005);
	q = histogram_quantiles(h);
	assert_int_equal(q.count, 3);
	assert_true(fabs(q.min - 1.000001) < 1e-12);
	assert_true(fabs(q.max - 6.000005) < 1e-12);
	assert_true(fabs(q.mean - 3.000003) < 1e-12);
	assert_true(q.min <= q.p50 && q.p50 <= q.p90 && q.p90 <= q.p95 && q.p95 <= q.p99 &&
		    q.p99 <= q.max);
	free(h);
}

static void empty_is_zero(void **state)
{
	static const struct quantiles none;
	struct histogram *h = histogram_of();
	struct quantiles q = histogram_quantiles(h);

	(void)state;
	assert_memory_equal(&q, &none, sizeof(q));
	assert_int_equal(histogram_quantile(h, 0.5), 0);
	free(h);
}

static void absurd_values_count_as_the_largest(void **state)
{
	struct histogram *h = histogram_of();

	(void)state;
	histogram_add(h, UINT64_MAX);
	histogram_add(h, TOP_NS);
	assert_int_equal(h->bin[HISTOGRAM_TOP_BIN], 2);
	assert_true(histogram_quantile(h, 1) == UINT64_MAX);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_stays_within_a_percent),
		cmocka_unit_test(quantiles_agree_with_sorting),
		cmocka_unit_test(extremes_and_mean_are_exact),
		cmocka_unit_test(empty_is_zero),
		cmocka_unit_test(absurd_values_count_as_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
