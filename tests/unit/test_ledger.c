// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: every outcome is in exactly one column; the balance is 0 exactly when nothing is
 * missing or counted twice, and says how many and which way otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/ledger.h"

static struct counters *counters_of(uint64_t flow)
{
	static struct counters c;

	c = (struct counters){0};
	c.outcome[OUTCOME_FLOW].packets = flow;
	return &c;
}

static void test_each_outcome(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		struct counters *c = counters_of(0);
		struct ledger l = {0};

		c->outcome[i].packets = 10 + i;
		ledger_add_counters(&l, c);
		assert_int_equal(l.seen, 10 + i);
		assert_int_equal(l.unparsed[i], i >= OUTCOME_UNPARSED ? 10 + i : 0);
		assert_int_equal(l.unparsed_total, i >= OUTCOME_UNPARSED ? 10 + i : 0);
		assert_int_equal(l.not_flow, i && i < OUTCOME_UNPARSED ? 10 + i : 0);
		assert_int_equal(ledger_close(&l), i == OUTCOME_FLOW ? 10 : 0);
	}
}

static void test_balance(void **state)
{
	struct ledger l = {0};

	(void)state;
	for (int cpu = 0; cpu < 3; cpu++) {
		struct counters *c = counters_of(1000);

		c->outcome[NOT_FLOW_ARP].packets = 5;
		c->outcome[UNPARSED_BAD_TCP].packets = 2;
		for (int i = 0; i < TRANSPORT_COUNT; i++)
			c->overflow[i].packets = 7;
		ledger_add_counters(&l, c);
	}
	ledger_add_flow(&l, 3000 - 3 * 7 * TRANSPORT_COUNT - 1);
	assert_int_equal(ledger_close(&l), 1);
	ledger_add_flow(&l, 1);
	assert_int_equal(ledger_close(&l), 0);
	assert_int_equal(l.balance, 0);
	assert_int_equal(l.seen, 3021);
	assert_int_equal(l.overflow, 3 * 7 * TRANSPORT_COUNT);
	ledger_add_flow(&l, 4);
	assert_int_equal(ledger_close(&l), -4);
	assert_int_equal(l.balance, -4);
}

static void test_lost(void **state)
{
	struct counters *c = counters_of(0);
	struct ledger l = {0};

	(void)state;
	c->lost[LOST_DNS] = 1;
	c->lost[LOST_FLOWS] = 3;
	c->looks_skipped = 3;
	c->head_skipped = 4;
	c->dns_skipped = 5;
	ledger_add_counters(&l, c);
	ledger_add_counters(&l, c);
	assert_int_equal(l.lost[LOST_DNS], 2);
	assert_int_equal(l.lost[LOST_PACKETS], 0);
	assert_int_equal(l.lost[LOST_FLOWS], 6);
	assert_int_equal(l.looks_skipped, 6);
	assert_int_equal(l.head_skipped, 8);
	assert_int_equal(l.dns_skipped, 10);
	assert_int_equal(ledger_close(&l), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_outcome),
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
