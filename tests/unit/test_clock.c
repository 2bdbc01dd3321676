// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: one reading of the kernel's clocks tells the tick's length for every rate that
 * kernels are built with, and jiffies become wall-clock time to a tick, also across the wrap of
 * their low 32 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "source/clock.h"

enum { NS_PER_S = 1000000000 };

static const unsigned rates[] = {100, 250, 300, 1000};

/* What a kernel of that rate reads after `seconds` since boot (INITIAL_JIFFIES is -300 s). */
static struct clocks reading(unsigned rate, double seconds)
{
	uint32_t initial = -300 * rate;

	return (struct clocks){.jiffies = initial + (uint64_t)(seconds * rate),
			       .ns = seconds * 1e9};
}

static void test_rates(void **state)
{
	static const double uptimes[] = {1.0, 290.0, 310.0, 86400.0, 3e7};

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		for (size_t u = 0; u < sizeof(uptimes) / sizeof(uptimes[0]); u++) {
			struct clocks together = reading(rates[r], uptimes[u]);
			struct clock c;

			clock_set(&c, &together);
			assert_int_equal(c.tick_ns, NS_PER_S / rates[r]);
		}
	}
}

static void test_jiffies(void **state)
{
	struct clocks together = reading(250, 299.9); /* a tenth of a second before the wrap */
	struct clock c;
	uint64_t now;

	(void)state;
	clock_set(&c, &together);
	now = clock_epoch(&c, together.ns);
	assert_int_equal(clock_jiffies(&c, together.jiffies), now);
	assert_int_equal(clock_jiffies(&c, (uint32_t)(together.jiffies + 250)), now + NS_PER_S);
	assert_int_equal(clock_jiffies(&c, (uint32_t)(together.jiffies - 500)),
			 now - 2ull * NS_PER_S);
}

static void test_now_is_wall_clock(void **state)
{
	struct clocks together = reading(250, 1000);
	struct timespec t;
	struct clock c;
	int64_t wrong;

	(void)state;
	clock_set(&c, &together);
	clock_gettime(CLOCK_REALTIME, &t);
	wrong = clock_now(&c) - (t.tv_sec * (int64_t)NS_PER_S + t.tv_nsec);
	assert_in_range(wrong < 0 ? -wrong : wrong, 0, 5000000);
}

static void test_small_steps_are_not_followed(void **state)
{
	struct clocks together = reading(250, 1000);
	struct clock c;
	int64_t offset;

	(void)state;
	clock_set(&c, &together);
	offset = c.offset += 500000; /* half a millisecond off: a latency must not jump */
	assert_int_equal(clock_follow(&c), 0);
	assert_int_equal(c.offset, offset);
	c.offset += 10000000; /* the wall clock was set */
	assert_true(clock_follow(&c) < -9000000);
	assert_int_not_equal(c.offset, offset + 10000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_jiffies),
		cmocka_unit_test(test_now_is_wall_clock),
		cmocka_unit_test(test_small_steps_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
