// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a control group keeps its number while it is known; when more come than are kept, the
 * number of one that gave way names nobody, and not whoever has its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/owner.h"

static void test_places_given_away(void **state)
{
	struct owners *o = owners_new();
	uint16_t first, again;

	(void)state;
	assert_non_null(o);
	first = owners_of(o, 1000000);
	if (!first) { /* control groups are mounted nowhere */
		owners_free(o);
		skip();
	}
	assert_int_equal(owners_of(o, 1000000), first);
	for (uint64_t id = 1; id < OWNERS; id++)
		assert_int_not_equal(owners_of(o, 1000000 + id), first);
	again = owners_of(o, 1000000);
	assert_int_not_equal(again, first);
	assert_int_equal(owners_of(o, 1000000), again);
	assert_string_equal(owners_name(o, first), "");
	assert_string_equal(owners_name(o, 0), "");
	assert_string_equal(owners_name(o, 0xffff), "");
	owners_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_given_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
