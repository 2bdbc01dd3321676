// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: each kind of flood is one alert of its victim, named within two seconds and closed
 * ten seconds after its end, whether it comes from one source, from a few or from spoofed ones,
 * also when the kernel's tables were full; a busy server, a resolver's client, a video stream, a
 * monitoring host and large datagrams raise none.
 */
#include "detect_stage.h"

static const char *const victim = "192.0.2.10";

struct attack {
	const char *name, *kind;
	uint8_t proto, flags;
	uint16_t sport, dport; /* sport 0: another each packet */
	unsigned rate;
	uint64_t bytes;
	enum severity severity;
};

static const struct attack attacks[] = {
	{"SYN", "syn_flood", 6, TCP_SYN, 0, 80, 1000, 60, SEVERITY_HIGH},
	{"UDP", "udp_flood", 17, 0, 0, 9999, 2000, 100, SEVERITY_HIGH},
	{"ICMP", "icmp_flood", 1, 0, 0, 0, 1000, 84, SEVERITY_MEDIUM},
	{"ICMP, fast", "icmp_flood", 1, 0, 0, 0, 8000, 84, SEVERITY_HIGH},
	{"DNS answers", "dns_amplification", 17, 0, 53, 33000, 500, 3000, SEVERITY_HIGH},
	{"NTP answers", "ntp_amplification", 17, 0, 123, 33000, 500, 468, SEVERITY_HIGH},
	{"memcached answers", "memcached_amplification", 17, 0, 11211, 33000, 500, 1400,
	 SEVERITY_HIGH},
	{"SSDP answers", "ssdp_amplification", 17, 0, 1900, 33000, 500, 300, SEVERITY_HIGH},
	{"CLDAP answers", "cldap_amplification", 17, 0, 389, 33000, 500, 3000, SEVERITY_HIGH},
};

/* A second of the attack from `sources` addresses. */
static void attack_second(struct stage *s, const struct attack *a, unsigned sources,
			  unsigned second)
{
	for (unsigned i = 0; i < a->rate; i++) {
		unsigned n = second * a->rate + i;
		struct stage_flow f = {.src = stage_ip(n % sources),
				       .dst = victim,
				       .sport = a->sport ? a->sport : 1024 + n % 60000,
				       .dport = a->dport,
				       .proto = a->proto,
				       .bytes = a->bytes,
				       .flags = a->flags,
				       .opened = true};

		if (a->proto == 1)
			f.sport = 0;
		stage_flow(s, &f);
	}
}

static void flood_is_named(const struct attack *a, unsigned sources, const char *says)
{
	struct stage *s = stage_new(NULL);
	const struct alert *alert;

	stage_quiet(s, 3);
	for (unsigned second = 0; second < 8; second++) {
		attack_second(s, a, sources, second);
		stage_tick(s);
		if (second == 1)
			stage_only(s, "flood", a->kind, victim);
	}
	alert = stage_only(s, "flood", a->kind, victim);
	assert_int_equal(alert->severity, a->severity);
	assert_true(alert->observed > 0.9 * a->rate && alert->observed < 1.1 * a->rate);
	assert_true(alert->expected > 0 && alert->expected < alert->observed);
	assert_non_null(strstr(alert->reason, says));
	stage_over(s);
	stage_free(s);
}

static void test_spoofed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		flood_is_named(&attacks[i], 1 << 20, "spoofed: about ");
}

static void test_one_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		flood_is_named(&attacks[i], 1, "from 10.0.0.0 (100 %)");
}

static void test_two_sources(void **state)
{
	(void)state;
	flood_is_named(&attacks[0], 2, "(50 %), 10.0.0.");
}

/* Of a flood from any ports some fall on those of reflectors: it stays one attack. */
static void test_ports_by_chance(void **state)
{
	struct attack any = attacks[1], some = attacks[7];
	struct stage *s = stage_new(NULL);

	(void)state;
	any.rate = 40000;
	some.rate = 200;
	for (unsigned second = 0; second < 3; second++) {
		attack_second(s, &any, 1 << 20, second);
		attack_second(s, &some, 1 << 20, second + 100);
		stage_tick(s);
		stage_only(s, "flood", "udp_flood", victim);
	}
	stage_over(s);
	stage_free(s);
}

/* The number of sources is said to within a fifth. */
static void test_sources_counted(void **state)
{
	struct stage *s = stage_new(NULL);
	struct attack a = attacks[0];
	const char *about;
	double n;

	(void)state;
	a.rate = 20000;
	attack_second(s, &a, 5000, 0);
	stage_tick(s);
	about = strstr(stage_only(s, "flood", "syn_flood", victim)->reason, "about ");
	assert_non_null(about);
	n = atoi(about + 6) * 1000 + atoi(strchr(about, ',') + 1);
	assert_true(n > 4000 && n < 6000);
	stage_free(s);
}

/* Tables full: few deltas arrive, the rest is in the counters. */
static void test_overflow(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int second = 0; second < 4; second++) {
		attack_second(s, &attacks[0], 1 << 20, second);
		s->counters.overflow[TRANSPORT_TCP].packets = 3000000;
		s->new_sources = 2900000;
		stage_tick(s);
	}
	assert_true(stage_only(s, "flood", "syn_flood", victim)->observed > 2900000);
	assert_non_null(strstr(s->opened[0].reason, "about 2,900,000 sources"));
	stage_over(s);
	stage_free(s);
}

/* Not one delta arrives. */
static void test_overflow_alone(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int second = 0; second < 4; second++) {
		s->counters.overflow[TRANSPORT_UDP].packets = 3000000;
		s->new_sources = 2900000;
		stage_tick(s);
	}
	stage_only(s, "flood", "udp_flood", "unknown");
	stage_over(s);
	stage_free(s);
}

/* More deltas than are looked at: the rate is still right within a tenth. */
static void test_thinned(void **state)
{
	struct stage *s = stage_new(NULL);
	struct attack a = attacks[0];

	(void)state;
	a.rate = 2 * DETECT_EXACT + 10000;
	attack_second(s, &a, 1 << 20, 0);
	stage_tick(s);
	assert_true(stage_only(s, "flood", "syn_flood", victim)->observed > 0.9 * a.rate);
	assert_true(s->opened[0].observed < 1.1 * a.rate);
	stage_free(s);
}

static void test_fragments(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int second = 0; second < 4; second++) {
		s->counters.fragments = (struct count){2000, 2000 * 60};
		s->counters.outcome[NOT_FLOW_LATER_FRAGMENT] = (struct count){1990, 1990 * 60};
		stage_tick(s);
	}
	stage_only(s, "flood", "fragment_flood", "fragments");
	stage_over(s);
	stage_free(s);
}

static void test_dhcp(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned n = 0; n < 400; n++) {
		stage_flow(s, &(struct stage_flow){.src = stage_ip(n),
						   .dst = "255.255.255.255",
						   .sport = 68,
						   .dport = 67,
						   .proto = 17,
						   .opened = true,
						   .bytes = 300});
		if (n % 100 == 99)
			stage_tick(s);
	}
	stage_only(s, "flood", "dhcp_flood", "dhcp");
	stage_over(s);
	stage_free(s);
}

/* One source, many victims, none of which gets much. */
static void test_from_a_source(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned n = 0; n < 4 * 4000; n++) {
		stage_flow(s, &(struct stage_flow){.src = victim,
						   .dst = stage_ip(n % 200),
						   .proto = 1,
						   .packets = 3,
						   .opened = n < 200});
		if (n % 4000 == 3999)
			stage_tick(s);
	}
	stage_only(s, "flood", "flood_source", victim);
	stage_over(s);
	stage_free(s);
}

/* ---- what is no flood ---- */

static void busy_server(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 5000; i++)
		stage_connection(s, stage_ip(i), 1024 + (second * 5000 + i) % 60000, victim, 443,
				 12, 4000);
	for (unsigned i = 0; i < 250; i++) /* the cut fell into their handshake */
		stage_flow(s, &(struct stage_flow){.src = stage_ip(9000 + i),
						   .dst = victim,
						   .sport = 5000 + second,
						   .dport = 443,
						   .proto = 6,
						   .flags = TCP_SYN,
						   .opened = true});
}

static void resolver_client(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 2000; i++) {
		uint16_t port = 1024 + (second * 2000 + i) % 60000;

		stage_flow(s, &(struct stage_flow){.src = victim,
						   .dst = "198.51.100.53",
						   .sport = port,
						   .dport = 53,
						   .proto = 17,
						   .opened = true});
		stage_flow(s, &(struct stage_flow){.src = "198.51.100.53",
						   .dst = victim,
						   .sport = 53,
						   .dport = port,
						   .proto = 17,
						   .answer = true,
						   .bytes = 200});
	}
}

static void video_stream(struct stage *s, unsigned second)
{
	stage_flow(s, &(struct stage_flow){.src = stage_ip(1),
					   .dst = victim,
					   .sport = 5004,
					   .dport = 5004,
					   .proto = 17,
					   .packets = 40000,
					   .bytes = 40000ull * 1328,
					   .opened = !second});
}

static void monitor(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 400; i++) {
		stage_flow(s, &(struct stage_flow){.src = victim,
						   .dst = stage_ip(i),
						   .proto = 1,
						   .opened = !second});
		stage_flow(s,
			   &(struct stage_flow){
				   .src = stage_ip(i), .dst = victim, .proto = 1, .answer = true});
	}
}

static void large_datagrams(struct stage *s, unsigned second)
{
	(void)second;
	s->counters.fragments = (struct count){6000, 6000ull * 1400};
	s->counters.outcome[NOT_FLOW_LATER_FRAGMENT] = (struct count){5000, 5000ull * 1400};
}

static void quic_download(struct stage *s, unsigned second)
{
	stage_flow(s, &(struct stage_flow){.src = stage_ip(1),
					   .dst = victim,
					   .sport = 443,
					   .dport = 40000,
					   .proto = 17,
					   .packets = 60000,
					   .bytes = 60000ull * 1200,
					   .answer = true,
					   .opened = !second});
	stage_flow(s, &(struct stage_flow){.src = victim,
					   .dst = stage_ip(1),
					   .sport = 40000,
					   .dport = 443,
					   .proto = 17,
					   .packets = 20000,
					   .bytes = 20000ull * 80});
}

static void test_benign(void **state)
{
	void (*const benign[])(struct stage *, unsigned) = {
		busy_server, resolver_client, video_stream, monitor, large_datagrams, quic_download,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(benign) / sizeof(benign[0]); i++) {
		struct stage *s = stage_new(NULL);

		for (unsigned second = 0; second < 6; second++) {
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
		cmocka_unit_test(test_spoofed),		cmocka_unit_test(test_one_source),
		cmocka_unit_test(test_two_sources),	cmocka_unit_test(test_ports_by_chance),
		cmocka_unit_test(test_sources_counted), cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_overflow_alone),	cmocka_unit_test(test_thinned),
		cmocka_unit_test(test_fragments),	cmocka_unit_test(test_dhcp),
		cmocka_unit_test(test_from_a_source),	cmocka_unit_test(test_benign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
