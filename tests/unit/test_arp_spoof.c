// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: an address that another hardware address claims while its holder is there is one
 * alert, high when they claim it in turn; so is a sweep. New leases, virtual router addresses,
 * probes, a single damaged request and a busy gateway raise none. A packet cut at any length is
 * survived.
 */
#include "detect_stage.h"

enum { REQUEST = 1, REPLY = 2, FRAME = 14 + 28 };

static void arp_send(struct stage *s, unsigned operation, const char *mac, const char *ip,
		     const char *target, uint32_t caplen)
{
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 0};
	uint8_t *frame = malloc(caplen ? caplen : 1), whole[FRAME] = {0};
	struct packet p = {.l3_offset = 14, .l3 = L3_ARP, .outcome = NOT_FLOW_ARP};
	struct event e = {.ts = s->now,
			  .packet = &p,
			  .data = frame,
			  .caplen = caplen,
			  .wire_len = 60,
			  .linktype = 1,
			  .segments = 1,
			  .why = COPY_HEAD};

	assert_non_null(frame);
	memcpy(whole + 6, mac, 6);
	memcpy(whole + 14, head, sizeof(head));
	whole[21] = operation;
	memcpy(whole + 22, mac, 6);
	inet_pton(AF_INET, ip, whole + 28);
	inet_pton(AF_INET, target, whole + 38);
	memcpy(frame, whole, caplen);
	detect_event(s->detect, &e);
	free(frame);
}

static const char *const good = "\x02\0\0\0\0\x01", *const evil = "\x02\0\0\0\0\x66";

static void arp_reply(struct stage *s, const char *mac, const char *ip)
{
	arp_send(s, REPLY, mac, ip, "10.0.0.9", FRAME);
}

static void test_takeover(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	arp_reply(s, good, "10.0.0.1");
	stage_quiet(s, 20);
	for (int i = 0; i < 10; i++) {
		arp_reply(s, evil, "10.0.0.1");
		stage_tick(s);
		if (i == 1)
			stage_only(s, "arp_spoof", "takeover", "10.0.0.1");
	}
	assert_int_equal(s->opened[0].severity, SEVERITY_MEDIUM);
	assert_non_null(strstr(s->opened[0].reason, "belonged to 02:00:00:00:00:01"));
	assert_non_null(strstr(s->opened[0].reason, "claimed by 02:00:00:00:00:66"));
	for (int i = 0; i < 10; i++) { /* the holder is back: that is no attack */
		arp_reply(s, good, "10.0.0.1");
		stage_tick(s);
	}
	stage_over(s);
	stage_free(s);
}

static void test_in_turn(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int i = 0; i < 10; i++) {
		arp_reply(s, i % 2 ? evil : good, "10.0.0.1");
		stage_tick(s);
	}
	stage_only(s, "arp_spoof", "takeover", "10.0.0.1");
	stage_over(s);
	assert_int_equal(s->closed[0].severity, SEVERITY_HIGH);
	stage_free(s);
}

static void test_sweep(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned second = 0; second < 6; second++) {
		for (unsigned i = 0; i < 60; i++)
			arp_send(s, REQUEST, good, "10.0.0.1", stage_ip(second * 60 + i), FRAME);
		stage_tick(s);
	}
	stage_only(s, "arp_spoof", "sweep", "10.0.0.1");
	assert_int_equal(s->opened[0].severity, SEVERITY_LOW);
	stage_over(s);
	stage_free(s);
}

static void test_benign(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	arp_reply(s, good, "10.0.0.1"); /* a lease that ends, and a new one */
	stage_quiet(s, 200);
	arp_reply(s, evil, "10.0.0.1");
	stage_tick(s);
	arp_reply(s, "\0\0\x5e\0\1\7", "10.0.0.2"); /* VRRP: the master changes */
	arp_reply(s, good, "10.0.0.2");
	arp_reply(s, "\0\0\x5e\0\1\7", "10.0.0.2");
	stage_tick(s);
	arp_send(s, REQUEST, good, "0.0.0.0", "10.0.0.3", FRAME); /* probes (RFC 5227) */
	arp_send(s, REQUEST, evil, "0.0.0.0", "10.0.0.3", FRAME);
	stage_tick(s);
	arp_reply(s, good, "10.0.0.4"); /* one request with a bit that fell over */
	arp_send(s, REQUEST, "\x02\0\0\0\0\x03", "10.0.0.4", "10.0.0.5", FRAME);
	arp_reply(s, good, "10.0.0.4");
	stage_tick(s);
	for (unsigned i = 0; i < 600;
	     i++) { /* a gateway that asks for thirty hosts again and again */
		arp_send(s, REQUEST, good, "10.0.0.7", stage_ip(i % 30), FRAME);
		if (i % 60 == 59)
			stage_tick(s);
	}
	stage_none(s);
	stage_free(s);
}

static void test_cut(void **state)
{
	struct stage *s = stage_new("[arp_spoof]\nmalformed = 0\n");

	(void)state;
	arp_reply(s, good, "10.0.0.1");
	for (uint32_t len = 0; len < FRAME; len++)
		arp_send(s, REPLY, evil, "10.0.0.1", "10.0.0.9", len);
	stage_tick(s);
	stage_none(s);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takeover), cmocka_unit_test(test_in_turn),
		cmocka_unit_test(test_sweep),	 cmocka_unit_test(test_benign),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
