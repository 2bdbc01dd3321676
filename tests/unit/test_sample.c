// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: what is sampled, by the engine's host build. 1 in N counts packets; flow:N takes all
 * packets of a flow in both directions or none, about 1 flow in N; head:N the first N packets of
 * each direction, though cuts and other flows come between. And a filter in user space sees a VLAN
 * tag that the bytes lack.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/engine.h"
#include "source/filter.h"
#include "xdplens/parse.h"

enum { FLOWS = 4000, ROUNDS = 6, FRAME = 60 };

static unsigned taken[FLOWS][2]; /* by direction */
static struct engine *engine;

/* Direction 1 is the answer to 0. */
static void frame_make(uint8_t frame[FRAME], unsigned flow, int direction)
{
	static const uint8_t head[] = {2, 0,	0, 0, 0,  1, 2, 0, 0, 0,  0,  2, 8,
				       0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0};
	uint8_t ends[2][6] = {{10, 0, flow >> 8, flow, 0x9c, flow}, {192, 0, 2, 1, 0x13, 0x88}};

	memset(frame, 0, FRAME);
	memcpy(frame, head, sizeof(head));
	memcpy(frame + 26, ends[direction], 4);
	memcpy(frame + 30, ends[!direction], 4);
	memcpy(frame + 34, ends[direction] + 4, 2);
	memcpy(frame + 36, ends[!direction] + 4, 2);
	frame[39] = 26;
}

static void take(void *arg, const struct event *e)
{
	const uint8_t *client = e->data[26] == 10 ? e->data + 26 : e->data + 30;

	(void)arg;
	if (e->why & COPY_SAMPLE)
		taken[client[2] << 8 | client[3]][e->data[26] != 10]++;
}

static void take_flows(void *arg, unsigned bank, struct flow_delta *deltas, size_t n)
{
	(void)arg, (void)bank, (void)deltas, (void)n;
}

static void take_cut(void *arg, unsigned bank, const struct counters *c)
{
	(void)arg, (void)bank, (void)c;
}

/* ROUNDS packets each way of every flow, the flows taking turns, a cut after each round. */
static void run(enum sample_by by, uint32_t n)
{
	static const struct source_consumer consumer = {
		.packet = take, .flows = take_flows, .cut = take_cut};
	uint8_t bytes[FRAME];
	uint64_t ts = 0;

	memset(taken, 0, sizeof(taken));
	engine = engine_new(&(struct engine_config){.link = LINK_ETHERNET,
						    .sample = n,
						    .sample_by = by,
						    .caplen = FRAME,
						    .slots = 1024,
						    .ifindex = 1,
						    .interface = "lo"},
			    &consumer);
	assert_non_null(engine);
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < FLOWS * 2; i++) {
			struct engine_frame frame = {.ts = ts += 1000,
						     .data = bytes,
						     .caplen = FRAME,
						     .wire_len = FRAME};

			frame_make(bytes, i / 2, i % 2);
			engine_packet(engine, &frame);
		}
		engine_cut(engine);
	}
	engine_free(engine);
}

static void test_packets(void **state)
{
	unsigned sum = 0;

	(void)state;
	run(SAMPLE_PACKETS, 16);
	for (unsigned i = 0; i < FLOWS; i++)
		sum += taken[i][0] + taken[i][1];
	assert_int_equal(sum, FLOWS * 2 * ROUNDS / 16);
}

static void test_flows(void **state)
{
	static const unsigned in[] = {1, 2, 8, 50};

	(void)state;
	for (size_t k = 0; k < sizeof(in) / sizeof(in[0]); k++) {
		double p = 1.0 / in[k];
		unsigned chosen = 0;

		run(SAMPLE_FLOWS, in[k]);
		for (unsigned i = 0; i < FLOWS; i++) {
			assert_true(taken[i][0] == 0 || taken[i][0] == ROUNDS);
			assert_int_equal(taken[i][0], taken[i][1]);
			chosen += taken[i][0] != 0;
		}
		/* five standard deviations */
		assert_true(fabs(chosen - FLOWS * p) <= 5 * sqrt(FLOWS * p * (1 - p)));
	}
}

static void test_heads(void **state)
{
	(void)state;
	run(SAMPLE_HEADS, 4);
	for (unsigned i = 0; i < FLOWS; i++)
		for (int d = 0; d < 2; d++)
			assert_int_equal(taken[i][d], 4);
}

static void test_stripped_tag(void **state)
{
	struct filter *f = filter_new("vlan 7 and udp port 5000 and len = 64");
	struct packet p = {.key = {.link = FLOW_EGRESS | 7}};
	uint8_t bytes[FRAME];
	struct event e = {.packet = &p,
			  .data = bytes,
			  .caplen = FRAME,
			  .wire_len = FRAME + 4,
			  .linktype = LINK_ETHERNET,
			  .tag_stripped = true};

	(void)state;
	assert_non_null(f);
	frame_make(bytes, 1, 0);
	assert_true(filter_takes(f, &e));
	p.key.link = 8;
	assert_false(filter_takes(f, &e));
	p.key.link = 7;
	e.tag_stripped = false;
	assert_false(filter_takes(f, &e));
	filter_free(f);
}

static void test_wrong_words(void **state)
{
	(void)state;
	assert_null(filter_new("tcp prt 5"));
	assert_null(filter_new("port 99999"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),	    cmocka_unit_test(test_flows),
		cmocka_unit_test(test_heads),	    cmocka_unit_test(test_stripped_tag),
		cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
