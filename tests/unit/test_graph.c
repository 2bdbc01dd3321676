// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a row is exactly as many cells as asked for; heights are to scale; small is not
 * nothing; the other half is the mirror image; the history puts each second in its place.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/graph.h"
#include "view/history.h"

static void wants_row(const struct graph *g, unsigned row, const char *text)
{
	char dst[256];

	assert_int_equal(graph_row(g, row, dst, sizeof(dst)), strlen(text));
	assert_string_equal(dst, text);
}

static void test_ascii(void **state)
{
	const double values[] = {0, 1, 2, 3, 4};
	struct graph g = {values, 5, 4, 5, 2, GRAPH_ASCII, false};

	(void)state;
	wants_row(&g, 0, "   .#");
	wants_row(&g, 1, " .###");
	g.down = true;
	wants_row(&g, 0, " '###");
	wants_row(&g, 1, "   '#");
	wants_row(&g, 2, "");
}

static void test_braille(void **state)
{
	const double values[] = {1, 2, 3, 4, 0, 0};
	struct graph g = {values, 6, 4, 3, 1, GRAPH_BRAILLE, false};

	(void)state;
	/* One and two dots high; three and four; nothing. Then the same hanging. */
	wants_row(&g, 0, "\u28e0\u28fe ");
	g.down = true;
	wants_row(&g, 0, "\u2819\u28bf ");
}

/* What is above nothing shows, what is above the top stays in, what is no number is nothing. */
static void test_odd_values(void **state)
{
	const double values[] = {0.0001, 1e12, NAN, -5, INFINITY};
	struct graph g = {values, 5, 100, 5, 2, GRAPH_ASCII, false};

	(void)state;
	wants_row(&g, 0, " #   ");
	wants_row(&g, 1, ".#   ");
	g.top = 0;
	wants_row(&g, 1, "     ");
	g.n = 0;
	g.top = 100;
	wants_row(&g, 1, "     ");
}

/* Stretched over more columns and squeezed into fewer: the greatest of a column shows. */
static void test_widths(void **state)
{
	const double values[] = {0, 0, 9, 0, 0, 0};
	struct graph g = {values, 6, 9, 3, 1, GRAPH_ASCII, false};

	(void)state;
	wants_row(&g, 0, " # ");
	g.width = 12;
	wants_row(&g, 0, "    ##      ");
}

/* Too small a buffer is cut between cells, never inside one. */
static void test_cut(void **state)
{
	const double values[] = {1, 1, 1, 1};
	const struct graph g = {values, 4, 1, 2, 1, GRAPH_BRAILLE, false};
	char dst[8];

	(void)state;
	for (size_t n = 1; n <= 7; n++) {
		memset(dst, 'x', sizeof(dst));
		assert_int_equal(graph_row(&g, 0, dst, n), (n - 1) / 3 * 3);
		assert_int_equal(dst[n], 'x');
	}
	assert_int_equal(graph_row(&g, 0, dst, 0), 0);
}

static void test_scale(void **state)
{
	const double values[] = {3, NAN, 7, INFINITY};

	(void)state;
	assert_true(graph_max(values, 4) == 7);
	assert_true(graph_max(values, 0) == 0);
	assert_true(graph_round_up(0) == 1);
	assert_true(fabs(graph_round_up(1000) - 1000) < 1e-6);
	assert_true(fabs(graph_round_up(1001) - 1500) < 1e-6);
	assert_true(fabs(graph_round_up(8.1e6) - 1e7) < 1);
	for (double x = 1e-3; x < 1e15; x *= 1.1)
		assert_true(graph_round_up(x) >= x * (1 - 1e-6) && graph_round_up(x) < 1.6 * x);
}

static void test_history(void **state)
{
	static struct history h;
	double seconds[HISTORY_SECONDS];
	const uint64_t s = 1000000000;

	(void)state;
	history_seconds(&h, HISTORY_IN_BPS, seconds);
	assert_true(graph_max(seconds, HISTORY_SECONDS) == 0);
	/* Five seconds at 10, then one at 40; half a second at 2, half at 4. */
	history_add(&h, 1000 * s, 5, (double[HISTORY_ALL]){[HISTORY_IN_BPS] = 10});
	history_add(&h, 1001 * s, 1, (double[HISTORY_ALL]){[HISTORY_IN_BPS] = 40});
	history_add(&h, 1001 * s + s / 2, 0.5, (double[HISTORY_ALL]){[HISTORY_IN_BPS] = 2});
	history_add(&h, 1002 * s, 0.5, (double[HISTORY_ALL]){[HISTORY_IN_BPS] = 4});
	history_seconds(&h, HISTORY_IN_BPS, seconds);
	assert_true(fabs(seconds[59] - 3) < 1e-6);
	assert_true(fabs(seconds[58] - 40) < 1e-6);
	for (int i = 53; i < 58; i++)
		assert_true(fabs(seconds[i] - 10) < 1e-6);
	assert_true(fabs(seconds[52]) < 1e-6);
	history_seconds(&h, HISTORY_OUT_BPS, seconds);
	assert_true(graph_max(seconds, HISTORY_SECONDS) == 0);
}

/* Long after, only the last minute is there. */
static void test_history_forgets(void **state)
{
	static struct history h;
	double seconds[HISTORY_SECONDS];

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++)
		history_add(&h, i * 1000000000, 1,
			    (double[HISTORY_ALL]){[HISTORY_IN_PPS] = (double)i});
	history_seconds(&h, HISTORY_IN_PPS, seconds);
	for (int i = 0; i < HISTORY_SECONDS; i++)
		assert_true(fabs(seconds[i] - (941 + i)) < 1e-3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascii),	   cmocka_unit_test(test_braille),
		cmocka_unit_test(test_odd_values), cmocka_unit_test(test_widths),
		cmocka_unit_test(test_cut),	   cmocka_unit_test(test_scale),
		cmocka_unit_test(test_history),	   cmocka_unit_test(test_history_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
