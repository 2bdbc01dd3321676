// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Guaranteed: three significant digits, never a fourth by rounding, and the widths that tables rely
 * on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/units.h"

static void test_scaled(void **state)
{
	static const struct {
		double n;
		const char *count, *bytes, *bits;
	} rows[] = {
		{0, "0", "0 B", "0 bit/s"},
		{0.25, "0.2", "0.2 B", "0.2 bit/s"},
		{7, "7", "7 B", "7 bit/s"},
		{999, "999", "999 B", "999 bit/s"},
		{999.6, "1.00k", "1.00 kB", "1.00 kbit/s"},
		{1000, "1.00k", "1.00 kB", "1.00 kbit/s"},
		{1234, "1.23k", "1.23 kB", "1.23 kbit/s"},
		{9994, "9.99k", "9.99 kB", "9.99 kbit/s"},
		{9996, "10.0k", "10.0 kB", "10.0 kbit/s"},
		{99960, "100k", "100 kB", "100 kbit/s"},
		{999499, "999k", "999 kB", "999 kbit/s"},
		{999500, "1.00M", "1.00 MB", "1.00 Mbit/s"},
		{3.4e6, "3.40M", "3.40 MB", "3.40 Mbit/s"},
		{1.8e19, "18.0E", "18.0 EB", "18.0 Ebit/s"},
		{-1, "-", "-", "-"},
		{NAN, "-", "-", "-"},
		{INFINITY, "-", "-", "-"},
	};
	char dst[UNITS_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(units_count(dst, rows[i].n), rows[i].count);
		assert_string_equal(units_bytes(dst, rows[i].n), rows[i].bytes);
		assert_string_equal(units_bits(dst, rows[i].n), rows[i].bits);
	}
}

/* Every width promised in the header, over all magnitudes. */
static void test_widths(void **state)
{
	char dst[UNITS_LEN];

	(void)state;
	for (double x = 1e-3; x < 1.8e19; x *= 1.07) {
		assert_true(strlen(units_count(dst, x)) <= 5);
		assert_true(strlen(units_bytes(dst, x)) <= 7);
		assert_true(strlen(units_bits(dst, x)) <= 11);
		assert_true(strlen(units_octets(dst, x)) <= 9);
		assert_true(strlen(units_packets(dst, x)) <= 11);
	}
	for (double ms = 1e-6; ms < 9e5; ms *= 1.07)
		assert_true(strlen(units_ms(dst, ms)) <= 7);
}

static void test_ms(void **state)
{
	static const struct {
		double ms;
		const char *text;
	} rows[] = {{0, "0 us"},	{0.42, "420 us"},  {0.9996, "1.00 ms"}, {4.2, "4.20 ms"},
		    {12.34, "12.3 ms"}, {99.96, "100 ms"}, {999.4, "999 ms"},	{999.6, "1.00 s"},
		    {1500, "1.50 s"},	{12345, "12.3 s"}, {123456, "123 s"},	{-1, "-"},
		    {NAN, "-"}};
	char dst[UNITS_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(units_ms(dst, rows[i].ms), rows[i].text);
}

/* Something is never shown as nothing, and less than all never as all. */
static void test_shares(void **state)
{
	char dst[UNITS_LEN];

	(void)state;
	assert_string_equal(units_share(dst, 1, 3), "33.3%");
	assert_string_equal(units_share(dst, 1, 1), "100.0%");
	assert_string_equal(units_share(dst, 0, 10), "0.0%");
	assert_string_equal(units_share(dst, 1, 1e6), "<0.1%");
	assert_string_equal(units_share(dst, 0, 0), "-");
	assert_string_equal(units_coverage(dst, 100), "100%");
	assert_string_equal(units_coverage(dst, 99.9999), "99.9%");
	assert_string_equal(units_coverage(dst, 0), "0.0%");
}

static void test_times(void **state)
{
	const uint64_t ns = 1700000000ull * 1000000000 + 999999999;
	char dst[UNITS_LEN];

	(void)state;
	assert_string_equal(units_duration(dst, 4.2), "4.20 s");
	assert_string_equal(units_duration(dst, 59.94), "59.9 s");
	assert_string_equal(units_duration(dst, 59.97), "0:01:00");
	assert_string_equal(units_duration(dst, 3723), "1:02:03");
	assert_string_equal(units_duration(dst, 86400 * 3 + 4 * 3600 + 5 * 60), "3d 04:05");
	assert_string_equal(units_duration(dst, -1), "-");
	assert_string_equal(units_clock(dst, ns), "22:13:20");
	assert_string_equal(units_date(dst, ns), "2023-11-14 22:13:20");
	units_date(dst, UINT64_MAX);
	assert_true(strlen(dst) < UNITS_LEN);
}

static void test_grouped(void **state)
{
	char dst[UNITS_LEN];

	(void)state;
	assert_string_equal(units_grouped(dst, 0), "0");
	assert_string_equal(units_grouped(dst, 999), "999");
	assert_string_equal(units_grouped(dst, 1000), "1,000");
	assert_string_equal(units_grouped(dst, 1234567), "1,234,567");
	assert_string_equal(units_grouped(dst, UINT64_MAX), "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scaled), cmocka_unit_test(test_widths),
		cmocka_unit_test(test_ms),     cmocka_unit_test(test_shares),
		cmocka_unit_test(test_times),  cmocka_unit_test(test_grouped),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
