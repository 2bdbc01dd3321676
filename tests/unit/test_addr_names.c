// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: an address bears the name that it was learned with last, for its TTL but no shorter
 * than five minutes and no longer than a day; a full table stays within its bounds and gives up
 * expired names first; long names are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "analysis/addr_names.h"
#include "snapshot.h"

#define S 1000000000ull

static const uint8_t *address(uint32_t n)
{
	static uint8_t a[16];

	memset(a, 0, sizeof(a));
	memcpy(a + 12, &n, sizeof(n));
	return a;
}

static void ttl_decides_within_bounds(void **state)
{
	static const struct {
		uint32_t ttl, lives;
	} row[] = {
		{0, ADDR_NAMES_LEAST_S},
		{60, ADDR_NAMES_LEAST_S},
		{3600, 3600},
		{UINT32_MAX, ADDR_NAMES_MOST_S},
	};
	struct addr_names *n = addr_names_new(64);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		addr_names_learn(n, address(i), "www.example", row[i].ttl, 7 * S);
		assert_string_equal(addr_names_of(n, address(i), (7 + row[i].lives) * S - 1),
				    "www.example");
		assert_null(addr_names_of(n, address(i), (7 + row[i].lives) * S));
	}
	addr_names_free(n);
}

static void last_name_wins(void **state)
{
	struct addr_names *n = addr_names_new(64);

	(void)state;
	assert_null(addr_names_of(n, address(1), S));
	addr_names_learn(n, address(1), "old.example", 3600, S);
	addr_names_learn(n, address(1), "new.example", 3600, 2 * S);
	assert_string_equal(addr_names_of(n, address(1), 3 * S), "new.example");
	assert_null(addr_names_of(n, address(2), 3 * S));
	addr_names_free(n);
}

static void full_table_keeps_what_lives_longest(void **state)
{
	struct addr_names *n = addr_names_new(8); /* one bucket */

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		addr_names_learn(n, address(i), "long.example", 7200 + i, S);
	addr_names_learn(n, address(100), "next.example", 9000, S);
	assert_null(addr_names_of(n, address(0), 2 * S)); /* would have expired first */
	for (uint32_t i = 1; i < 8; i++)
		assert_non_null(addr_names_of(n, address(i), 2 * S));
	assert_string_equal(addr_names_of(n, address(100), 2 * S), "next.example");
	addr_names_free(n);
}

static void flood_stays_in_bounds(void **state)
{
	struct addr_names *n = addr_names_new(1024);
	unsigned known = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++)
		addr_names_learn(n, address(i), "flood.example", 60, S + i);
	for (uint32_t i = 0; i < 20000; i++)
		known += addr_names_of(n, address(i), 2 * S) != NULL;
	assert_in_range(known, 512, 1024);
	addr_names_free(n);
}

static void long_names_are_cut(void **state)
{
	struct addr_names *n = addr_names_new(8);
	char name[1024];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	addr_names_learn(n, address(1), name, 60, S);
	assert_int_equal(strlen(addr_names_of(n, address(1), S)), NAME_LEN - 1);
	addr_names_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ttl_decides_within_bounds),
		cmocka_unit_test(last_name_wins),
		cmocka_unit_test(full_table_keeps_what_lives_longest),
		cmocka_unit_test(flood_stays_in_bounds),
		cmocka_unit_test(long_names_are_cut),
	};

	addr_names_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
