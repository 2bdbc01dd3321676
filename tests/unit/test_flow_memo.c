// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Two flows that share the only slot of the cache: what payload told of each is not forgotten while
 * the other has the slot, until a SYN says that the flow begins anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "source/engine.h"
#include "xdplens/parse.h"

enum { HEADERS = 54, HEADS = 8, ROUNDS = 50, FLOWS = 10000, PORT = 40000 };

static const char get[] = "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n";
static const char opaque[] = "\x93\x11\x07 no protocol";

static unsigned copies[FLOWS]; /* by flow */
static uint8_t app[FLOWS];     /* of the flow's last delta */

static size_t frame_make(uint8_t frame[200], unsigned flow, uint8_t flags, const char *payload)
{
	static const uint8_t head[HEADERS] = {2,  0,	0, 0, 0,  1, 2, 0, 0, 0,  0,	2,   8,
					      0,  0x45, 0, 0, 0,  0, 0, 0, 0, 64, 6,	0,   0,
					      10, 0,	0, 1, 10, 0, 0, 2, 0, 0,  0x1e, 0x61};
	size_t len = strlen(payload);

	memcpy(frame, head, HEADERS);
	frame[17] = 40 + len;
	frame[34] = (PORT + flow) >> 8;
	frame[35] = PORT + flow;
	frame[46] = 0x50;
	frame[47] = flags;
	memcpy(frame + HEADERS, payload, len);
	return HEADERS + len;
}

static void take(void *arg, const struct event *e)
{
	(void)arg;
	if (e->why & COPY_HEAD)
		copies[(e->data[34] << 8 | e->data[35]) - PORT]++;
}

static void take_flows(void *arg, unsigned bank, struct flow_delta *deltas, size_t n)
{
	(void)arg, (void)bank;
	for (size_t i = 0; i < n; i++)
		app[ntohs(deltas[i].key->sport) - PORT] = deltas[i].verdict.app;
}

static void take_cut(void *arg, unsigned bank, const struct counters *c)
{
	(void)arg, (void)bank, (void)c;
}

static void feed(struct engine *e, unsigned flow, uint8_t flags, const char *payload)
{
	static uint64_t ts;
	uint8_t bytes[200];
	size_t len = frame_make(bytes, flow, flags, payload);
	struct engine_frame frame = {
		.ts = ts += 1000, .data = bytes, .caplen = len, .wire_len = len};

	engine_packet(e, &frame);
}

static struct engine *engine_of(uint32_t slots)
{
	static const struct source_consumer consumer = {
		.packet = take, .flows = take_flows, .cut = take_cut};
	struct engine *e = engine_new(&(struct engine_config){.link = LINK_ETHERNET,
							      .caplen = 200,
							      .head_packets = HEADS,
							      .slots = slots,
							      .ifindex = 1,
							      .interface = "lo"},
				      &consumer);

	assert_non_null(e);
	memset(copies, 0, sizeof(copies));
	return e;
}

static void test_memo(void **state)
{
	struct engine *e = engine_of(1);
	unsigned before;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		feed(e, 0, TCP_ACK, i ? opaque : get);
		feed(e, 1, TCP_ACK, opaque);
	}
	engine_cut(e);
	assert_int_equal(copies[0], HEADS);
	assert_int_equal(copies[1], HEADS);
	assert_int_equal(app[0], APP_HTTP);
	assert_int_equal(app[1], APP_OTHER);
	feed(e, 0, TCP_SYN, ""); /* copied, as a handshake is */
	feed(e, 0, TCP_ACK, opaque);
	assert_int_equal(copies[0], HEADS + 2);
	for (unsigned i = 0; i < ROUNDS; i++) {
		feed(e, 0, TCP_ACK, opaque);
		feed(e, 1, TCP_ACK, opaque);
	}
	before = copies[0];
	feed(e, 0, TCP_SYN, get); /* RFC 7413, TCP Fast Open */
	assert_int_equal(copies[0], before + 1);
	engine_free(e);
}

/* Twice as many flows as slots, a sixth of the memos: hardly any two are in each other's way. */
static void test_many(void **state)
{
	struct engine *e = engine_of(4096);
	unsigned flows_again = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned flow = 0; flow < FLOWS; flow++)
			feed(e, flow, TCP_ACK, opaque);
	for (unsigned flow = 0; flow < FLOWS; flow++) {
		assert_true(copies[flow] >= HEADS);
		flows_again += copies[flow] > HEADS;
	}
	assert_true(flows_again < FLOWS / 50);
	engine_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_memo),
					   cmocka_unit_test(test_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
