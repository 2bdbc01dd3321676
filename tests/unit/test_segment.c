// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a large send is told as the frames that it is cut into: their lengths add up to its
 * wire length, headers and payload are each frame's own, and what cannot be cut is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/segment.h"
#include "xdplens/parse.h"

enum { HEADERS = 54, PAYLOAD = 2500, GSO = 1000, FRAMES = 3 };

struct seen {
	size_t n;
	uint32_t wire, caplen[8], seq[8], payload[8], id[8];
	uint8_t flags[8], byte[8];
};

static void see(void *arg, const struct event *e)
{
	struct seen *s = arg;
	const struct packet *p = e->packet;

	s->wire += e->wire_len;
	s->caplen[s->n] = e->caplen;
	s->seq[s->n] = p->tcp_seq;
	s->payload[s->n] = p->payload_len;
	s->flags[s->n] = p->tcp_flags;
	s->id[s->n] = e->data[18] << 8 | e->data[19];
	s->byte[s->n] = e->caplen > HEADERS ? e->data[HEADERS] : 0;
	assert_int_equal(e->segments, 1);
	assert_int_equal(p->outcome, OUTCOME_FLOW);
	s->n++;
}

static uint8_t whole[HEADERS + PAYLOAD];
static struct packet packet;

static struct event send_of(uint32_t caplen)
{
	static const uint8_t headers[HEADERS] = {
		2,    0,    0,	0,  0, 1,    2,
		0,    0,    0,	0,  2, 8,    0, /* Ethernet */
		0x45, 0,    0,	0,  0, 9,    0x40,
		0,    64,   6,	0,  0, 10,   0,
		0,    1,    10, 0,  0, 2, /* IPv4 */
		0x30, 0x39, 0,	80, 0, 0,    3,
		0xe8, 0,    0,	0,  1, 0x50, TCP_ACK | TCP_PSH | TCP_FIN,
	};

	memcpy(whole, headers, sizeof(headers));
	whole[16] = (PAYLOAD + 40) >> 8;
	whole[17] = (PAYLOAD + 40) & 0xff;
	for (int i = 0; i < PAYLOAD; i++)
		whole[HEADERS + i] = i / GSO + 1;
	parse_frame(LINK_ETHERNET, whole, caplen, sizeof(whole), &packet);
	return (struct event){.packet = &packet,
			      .data = whole,
			      .caplen = caplen,
			      .wire_len = sizeof(whole) + (FRAMES - 1) * HEADERS,
			      .linktype = LINK_ETHERNET,
			      .segments = FRAMES};
}

static void test_cut(void **state)
{
	static const uint32_t payloads[] = {GSO, GSO, PAYLOAD - 2 * GSO};
	struct event e = send_of(sizeof(whole));
	struct seen s = {0};

	(void)state;
	assert_true(segment_event(&e, GSO, see, &s));
	assert_int_equal(s.n, FRAMES);
	assert_int_equal(s.wire, e.wire_len);
	for (int i = 0; i < FRAMES; i++) {
		assert_int_equal(s.payload[i], payloads[i]);
		assert_int_equal(s.seq[i], 1000 + i * GSO);
		assert_int_equal(s.id[i], 9 + i);
		assert_int_equal(s.byte[i], i + 1);
		assert_int_equal(s.flags[i],
				 i == FRAMES - 1 ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK);
	}
}

static void test_short_copy(void **state)
{
	for (uint32_t caplen = HEADERS; caplen < sizeof(whole); caplen += 100) {
		struct event e = send_of(caplen);
		struct seen s = {0};
		uint8_t *exact = malloc(caplen); /* so that a sanitizer sees one byte too far */

		memcpy(exact, whole, caplen);
		e.data = exact;
		assert_true(segment_event(&e, GSO, see, &s));
		assert_int_equal(s.n, FRAMES);
		assert_int_equal(s.wire, e.wire_len);
		assert_int_equal(s.caplen[0] + s.caplen[1] + s.caplen[2],
				 caplen + (FRAMES - 1) * HEADERS);
		free(exact);
	}
	(void)state;
}

static void test_refused(void **state)
{
	struct event e = send_of(sizeof(whole));
	struct seen s = {0};

	(void)state;
	assert_false(segment_event(&e, 0, see, &s));
	e.caplen = HEADERS - 1;
	assert_false(segment_event(&e, GSO, see, &s));
	e = send_of(sizeof(whole));
	e.segments = 1000; /* more headers than octets */
	assert_false(segment_event(&e, GSO, see, &s));
	e = send_of(sizeof(whole));
	packet.transport = TRANSPORT_ICMP;
	assert_false(segment_event(&e, GSO, see, &s));
	packet.transport = TRANSPORT_TCP;
	packet.outcome = NOT_FLOW_NON_IP;
	assert_false(segment_event(&e, GSO, see, &s));
	assert_int_equal(s.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_short_copy),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
