// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a record that contradicts itself in kind, length or family is refused, at every cut;
 * one that is whole becomes an event or a delta with its values, and nothing is used as an index
 * that is out of range.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/decode.h"

static const uint8_t frame[] = {
	2,    0,    0, 0,  0, 1,  2, 0, 0,   0,	  0,   2,   8,	0,		      /* Ethernet */
	0x45, 0,    0, 32, 0, 0,  0, 0, 64,  17,  0,   0,   10, 0, 0, 1, 10, 0, 0, 2, /* IPv4 */
	0x30, 0x39, 0, 53, 0, 12, 0, 0, 'd', 'a', 't', 'a',			      /* UDP */
};

static const struct clock a_clock = {
	.offset = 1000, .tick_ns = 4000000, .jiffies = 100, .ns = 5000};

static struct packet_record *packet_record(size_t *len)
{
	struct packet_record *r;

	*len = sizeof(*r) + 96;
	r = calloc(1, *len);
	r->ns = 77;
	r->wire_len = r->caplen = sizeof(frame);
	r->ifindex = 3;
	r->link = FLOW_EGRESS;
	r->segments = 1;
	r->why = COPY_DNS;
	r->app = APP_DNS;
	r->grade = SURE_PAYLOAD | SECURITY_UNENCRYPTED << SLOT_SECURITY_SHIFT;
	memcpy(r->data, frame, sizeof(frame));
	return r;
}

static int decode(const struct packet_record *r, size_t len, struct event *e, struct packet *p)
{
	return decode_packet(r, len, &a_clock, p, e);
}

static void test_packet(void **state)
{
	struct packet packet;
	struct event e;
	size_t len;
	struct packet_record *r = packet_record(&len);

	(void)state;
	assert_int_equal(decode(r, len, &e, &packet), 0);
	assert_int_equal(e.ts, 1077);
	assert_int_equal(e.caplen, sizeof(frame));
	assert_int_equal(e.verdict.app, APP_DNS);
	assert_int_equal(e.verdict.security, SECURITY_UNENCRYPTED);
	assert_int_equal(packet.outcome, OUTCOME_FLOW);
	assert_int_equal(packet.key.ifindex, 3);
	assert_int_equal(packet.key.link, FLOW_EGRESS);
	assert_true(e.dns_latency_ms < 0);
	r->app = 255;
	r->grade = 0xff;
	assert_int_equal(decode(r, len, &e, &packet), 0);
	assert_in_range(e.verdict.app, 0, APP_COUNT - 1);
	assert_in_range(e.verdict.security, 0, SECURITY_COUNT - 1);
	r->tag_stripped = 1;
	r->link = FLOW_EGRESS | 42;
	assert_int_equal(decode(r, len, &e, &packet), 0);
	assert_int_equal(packet.key.link, FLOW_EGRESS | 42);
	assert_true(packet.flags & PACKET_VLAN);
	free(r);
}

/* What is captured as it is: the same bytes and times, and a tag that the bytes lack. */
static void test_sample(void **state)
{
	struct packet packet, bare = {0};
	struct event e, sample;
	size_t len;
	struct packet_record *r = packet_record(&len);

	(void)state;
	r->tag_stripped = 1;
	r->link = FLOW_EGRESS | 42;
	assert_int_equal(decode(r, len, &e, &packet), 0);
	assert_int_equal(decode_sample(r, len, &a_clock, &bare, &sample), 0);
	assert_int_equal(sample.ts, e.ts);
	assert_ptr_equal(sample.data, e.data);
	assert_int_equal(sample.caplen, e.caplen);
	assert_int_equal(sample.wire_len, e.wire_len);
	assert_int_equal(sample.tag_stripped, e.tag_stripped);
	assert_int_equal(sample.packet->key.link, packet.key.link);
	assert_int_equal(sample.packet->key.ifindex, packet.key.ifindex);
	r->caplen = 97;
	assert_int_equal(decode_sample(r, len, &a_clock, &bare, &sample), -EBADMSG);
	assert_int_equal(decode_sample(r, sizeof(*r) - 1, &a_clock, &bare, &sample), -EBADMSG);
	free(r);
}

static void test_packet_refused(void **state)
{
	struct packet packet;
	struct event e;
	size_t len;
	struct packet_record *r = packet_record(&len);

	(void)state;
	for (size_t cut = 0; cut < sizeof(*r) + r->caplen; cut++) {
		struct packet_record *exact = malloc(cut ? cut : 1);

		memcpy(exact, r, cut);
		assert_int_equal(decode(exact, cut, &e, &packet), -EBADMSG);
		free(exact);
	}
	r->caplen = 97;
	r->wire_len = 97;
	assert_int_equal(decode(r, len, &e, &packet), -EBADMSG);
	r->caplen = 0;
	assert_int_equal(decode(r, len, &e, &packet), -EBADMSG);
	r->caplen = 40;
	r->wire_len = 39;
	assert_int_equal(decode(r, len, &e, &packet), -EBADMSG);
	free(r);
}

static void test_flow(void **state)
{
	struct flow_slot slot = {
		.key = {.family = 4, .proto = 6},
		.packets = 7,
		.bytes = 700,
		.first = 100,
		.last = 102,
		.app = APP_HTTP,
		.grade = SURE_PAYLOAD | SECURITY_UNENCRYPTED << SLOT_SECURITY_SHIFT,
	};
	struct flow_delta d;

	(void)state;
	assert_int_equal(decode_slot(&slot, &a_clock, &d), 0);
	assert_ptr_equal(d.key, &slot.key);
	assert_int_equal(d.packets, 7);
	assert_int_equal(d.bytes, 700);
	assert_int_equal(d.first, 6000);
	assert_int_equal(d.last, 6000 + 2 * 4000000);
	assert_int_equal(d.verdict.app, APP_HTTP);
	slot.key.family = 5;
	assert_int_equal(decode_slot(&slot, &a_clock, &d), -EBADMSG);
	slot.key.family = 6;
	slot.packets = 0;
	assert_int_equal(decode_slot(&slot, &a_clock, &d), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_packet_refused),
		cmocka_unit_test(test_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
