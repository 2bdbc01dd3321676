// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a source that sends far more than its past, or than the fixed limits while it has
 * none, is one alert; so is all traffic together where no one source is to blame. Steady, slowly
 * growing and small traffic, however uneven, raise none, and an attack that lasts is still one when
 * it has lasted.
 */
#include "detect_stage.h"

static void send_rate(struct stage *s, const char *src, uint64_t pps, uint64_t size)
{
	stage_flow(s, &(struct stage_flow){.src = src,
					   .dst = "198.51.100.1",
					   .sport = 5000,
					   .dport = 443,
					   .proto = 6,
					   .flags = TCP_ACK,
					   .packets = pps,
					   .bytes = pps * size});
}

static void test_beyond_the_past(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int i = 0; i < 90; i++) {
		send_rate(s, "10.0.0.1", 1000 + i % 7 * 100, 800);
		stage_tick(s);
	}
	stage_none(s);
	for (int i = 0; i < 120; i++) { /* it does not become usual meanwhile */
		send_rate(s, "10.0.0.1", 50000, 800);
		stage_tick(s);
		if (i == 1)
			stage_only(s, "high_traffic", "rate", "10.0.0.1");
	}
	assert_int_equal(s->opened[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(s->n_closed, 0);
	for (int i = 0; i < 10; i++) {
		send_rate(s, "10.0.0.1", 1000, 800);
		stage_tick(s);
	}
	stage_over(s);
	stage_free(s);
}

static void test_without_a_past(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		send_rate(s, "10.0.0.1", 300000, 1500);
		stage_tick(s);
	}
	stage_only(s, "high_traffic", "rate", "10.0.0.1");
	stage_over(s);
	stage_free(s);
}

/* Many sources, each by itself unsuspicious. */
static void test_all_together(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int i = 0; i < 70; i++) {
		for (unsigned k = 0; k < 20; k++)
			send_rate(s, stage_ip(k), 100, 500);
		stage_tick(s);
	}
	for (int i = 0; i < 4; i++) {
		for (unsigned k = 100; k < 600; k++)
			send_rate(s, stage_ip(k), 100, 500);
		stage_tick(s);
	}
	stage_only(s, "high_traffic", "rate", "all traffic");
	stage_over(s);
	stage_free(s);
}

static void test_limits_are_settings(void **state)
{
	struct stage *s = stage_new("[high_traffic]\nlimit_pps = 50\n");

	(void)state;
	send_rate(s, "10.0.0.1", 60, 100);
	stage_tick(s);
	stage_only(s, "high_traffic", "rate", "10.0.0.1");
	assert_true(s->opened[0].expected == 50);
	stage_free(s);
}

static void steady(struct stage *s, unsigned second)
{
	(void)second;
	send_rate(s, "10.0.0.1", 80000, 1200);
}

static void growing(struct stage *s, unsigned second)
{
	send_rate(s, "10.0.0.1", 1000 + 200 * second, 1200);
}

static void uneven(struct stage *s, unsigned second)
{
	send_rate(s, "10.0.0.1", second % 10 ? 50 : 4000, 1200);
}

static void test_benign(void **state)
{
	void (*const benign[])(struct stage *, unsigned) = {steady, growing, uneven};

	(void)state;
	for (size_t i = 0; i < sizeof(benign) / sizeof(benign[0]); i++) {
		struct stage *s = stage_new(NULL);

		for (unsigned second = 0; second < 300; second++) {
			benign[i](s, second);
			stage_tick(s);
		}
		stage_none(s);
		stage_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beyond_the_past), cmocka_unit_test(test_without_a_past),
		cmocka_unit_test(test_all_together),	cmocka_unit_test(test_limits_are_settings),
		cmocka_unit_test(test_benign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
