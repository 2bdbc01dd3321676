// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: packets beyond the largest size, large pings and pings that carry IP packets are one
 * alert each; full frames, acknowledgements, ordinary pings and what an adapter merged of TCP raise
 * none. A ping cut at any length is survived.
 */
#include "detect_stage.h"

enum { ICMP = 34, ECHO = 8 };

static void send_size(struct stage *s, uint8_t proto, uint64_t packets, uint64_t size)
{
	stage_flow(s, &(struct stage_flow){.src = "10.0.0.1",
					   .dst = "10.0.0.2",
					   .sport = proto == 1 ? 0 : 4000,
					   .dport = proto == 1 ? 0 : 4000,
					   .proto = proto,
					   .flags = TCP_ACK,
					   .packets = packets,
					   .bytes = packets * size});
}

static void sized(const char *ini, uint8_t proto, uint64_t size, const char *kind)
{
	struct stage *s = stage_new(ini);

	for (int i = 0; i < 4; i++) {
		send_size(s, proto, 100, size);
		stage_tick(s);
	}
	if (kind) {
		stage_only(s, "packet_size", kind, "10.0.0.1");
		assert_int_equal(s->opened[0].severity, SEVERITY_LOW);
		stage_over(s);
	} else {
		stage_none(s);
	}
	stage_free(s);
}

static void test_sizes(void **state)
{
	(void)state;
	sized(NULL, 17, 9000, "oversize");
	sized(NULL, 1, 1400, "icmp_large");
	sized(NULL, 1, 4000, "oversize");
	sized("[packet_size]\ntcp_max_bytes = 1522\n", 6, 9000, "oversize");
	sized("[packet_size]\nmin_bytes = 60\n", 6, 54, "undersize");
	sized(NULL, 17, 1514, NULL);
	sized(NULL, 6, 9000, NULL);
	sized(NULL, 6, 54, NULL);
	sized(NULL, 1, 98, NULL);
}

/* A ping whose data begins with `data`, `len` octets of it captured. */
static void ping(struct stage *s, const uint8_t *data, size_t size, size_t len)
{
	uint8_t *frame = calloc(1, ICMP + ECHO + len);
	struct packet p = {.l3_offset = 14,
			   .l4_offset = ICMP,
			   .payload_offset = ICMP + ECHO,
			   .payload_len = size,
			   .transport = TRANSPORT_ICMP,
			   .icmp_type = 8,
			   .outcome = OUTCOME_FLOW};
	struct event e = {.ts = s->now,
			  .packet = &p,
			  .data = frame,
			  .caplen = ICMP + ECHO + len,
			  .wire_len = ICMP + ECHO + size,
			  .segments = 1,
			  .why = COPY_HEAD};

	assert_non_null(frame);
	memcpy(frame + ICMP + ECHO, data, len);
	p.key.proto = 1;
	stage_addr(p.key.saddr, "10.0.0.1");
	stage_addr(p.key.daddr, "10.0.0.2");
	detect_event(s->detect, &e);
	free(frame);
}

static void test_tunnel(void **state)
{
	const uint8_t inner[84] = {0x45, 0, 0, 84, 0, 0, 0x40, 0, 64, 1};
	uint8_t plain[56];
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned i = 0; i < sizeof(plain); i++)
		plain[i] = i;
	for (int i = 0; i < 10; i++)
		ping(s, plain, sizeof(plain), sizeof(plain));
	for (size_t len = 0; len < 20; len++)
		ping(s, inner, sizeof(inner), len);
	stage_tick(s);
	stage_none(s);
	for (int i = 0; i < 4; i++)
		ping(s, inner, sizeof(inner), sizeof(inner));
	for (int i = 0; i < 20; i++) { /* only the first are copied; the flow goes on */
		send_size(s, 1, 5, 126);
		stage_tick(s);
	}
	stage_only(s, "packet_size", "icmp_tunnel", "10.0.0.1 <-> 10.0.0.2");
	stage_over(s);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
