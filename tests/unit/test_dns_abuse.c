// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a storm of NXDOMAIN, a tunnel (long names, or short ones of odd types) and a resolver
 * that is silent or slower than ever are one alert each; ordinary browsing, content networks,
 * reverse lookups, block lists that are trusted, and mistyped names raise none. Any name is
 * survived.
 */
#include "detect_stage.h"

enum { A = 1, PTR = 12, TXT = 16, NOERROR = 0, NXDOMAIN = 3 };

static void ask(struct stage *s, const char *name, uint16_t qtype, uint8_t rcode, double latency_ms)
{
	struct dns_transaction t = {.ts = s->now,
				    .client_port = 40000,
				    .server_port = 53,
				    .transport = TRANSPORT_UDP,
				    .qtype = qtype,
				    .rcode = rcode,
				    .qname = name,
				    .qtype_name = "",
				    .rcode_name = "",
				    .latency_ms = latency_ms,
				    .latency_last_ms = latency_ms,
				    .status = latency_ms < 0 ? DNS_UNANSWERED : DNS_ANSWERED};

	stage_addr(t.client, "10.0.0.5");
	stage_addr(t.server, "10.0.0.53");
	detect_dns(s->detect, &t);
}

static void storm(struct stage *s, unsigned second)
{
	char name[64];

	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "a%ux%u.com", second, i);
		ask(s, name, A, NXDOMAIN, 5);
	}
}

static void random_text(char *to, unsigned len, unsigned seed)
{
	for (unsigned i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		to[i] = "abcdefghijklmnopqrstuvwxyz234567"[seed >> 16 & 31];
	}
	to[len] = '\0';
}

/* iodine, dns2tcp: long names. */
static void tunnel_long(struct stage *s, unsigned second)
{
	char data[64], name[128];

	for (unsigned i = 0; i < 50; i++) {
		random_text(data, 50, second * 50 + i);
		snprintf(name, sizeof(name), "%s.t.example.co.uk", data);
		ask(s, name, A, NOERROR, 5);
	}
}

/* dnscat2 at rest: short names, odd types. */
static void tunnel_odd(struct stage *s, unsigned second)
{
	char data[64], name[128];

	for (unsigned i = 0; i < 50; i++) {
		random_text(data, 18, second * 50 + i);
		snprintf(name, sizeof(name), "%s.example.org", data);
		ask(s, name, TXT, NOERROR, 5);
	}
}

static void silent(struct stage *s, unsigned second)
{
	(void)second;
	for (unsigned i = 0; i < 5; i++)
		ask(s, "www.example.com", A, 255, -1);
}

static void test_named(void **state)
{
	const struct {
		void (*second)(struct stage *s, unsigned second);
		const char *kind, *subject;
		unsigned within;
	} cases[] = {
		{storm, "nxdomain_storm", "10.0.0.5", 1},
		{tunnel_long, "tunnel", "10.0.0.5: example.co.uk", 1},
		{tunnel_odd, "tunnel", "10.0.0.5: example.org", 1},
		{silent, "resolver_silent", "10.0.0.53", 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage *s = stage_new(NULL);

		for (unsigned second = 0; second < 80; second++) {
			cases[i].second(s, second);
			stage_tick(s);
			if (second == cases[i].within)
				stage_only(s, "dns_abuse", cases[i].kind, cases[i].subject);
		}
		stage_over(s);
		stage_free(s);
	}
}

static void test_slower_than_ever(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned second = 0; second < 120; second++) {
		for (unsigned i = 0; i < 10; i++)
			ask(s, "www.example.com", A, NOERROR, 10 + i);
		stage_tick(s);
	}
	stage_none(s);
	for (unsigned second = 0; second < 12; second++) {
		for (unsigned i = 0; i < 10; i++)
			ask(s, "www.example.com", A, NOERROR, 400 + i);
		stage_tick(s);
	}
	stage_only(s, "dns_abuse", "resolver_slow", "10.0.0.53");
	stage_over(s);
	stage_free(s);
}

/* ---- what is no abuse ---- */

static void browsing(struct stage *s, unsigned second)
{
	char name[64];

	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "www.site%u.com", second * 40 + i);
		ask(s, name, A, i % 10 ? NOERROR : NXDOMAIN, 5 + i);
	}
	if (second % 3 == 0)
		ask(s, "lost.example.com", A, 255, -1);
}

static void content_network(struct stage *s, unsigned second)
{
	char name[64];

	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "r%u---sn-4g5e6nez.video.example", second * 10 + i);
		ask(s, name, A, NOERROR, 5);
	}
}

static void reverse(struct stage *s, unsigned second)
{
	char name[64];

	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "%u.%u.0.10.in-addr.arpa", i, second);
		ask(s, name, PTR, NOERROR, 5);
	}
}

static void block_list(struct stage *s, unsigned second)
{
	char data[64], name[128];

	for (unsigned i = 0; i < 50; i++) {
		random_text(data, 40, second * 50 + i);
		snprintf(name, sizeof(name), "%s.avts.mcafee.com", data);
		ask(s, name, TXT, NOERROR, 5);
	}
}

static void test_benign(void **state)
{
	void (*const benign[])(struct stage *, unsigned) = {browsing, content_network, reverse,
							    block_list};

	(void)state;
	for (size_t i = 0; i < sizeof(benign) / sizeof(benign[0]); i++) {
		struct stage *s = stage_new(NULL);

		for (unsigned second = 0; second < 90; second++) {
			benign[i](s, second);
			stage_tick(s);
		}
		stage_none(s);
		stage_free(s);
	}
}

static void test_any_name(void **state)
{
	static const char *const names[] = {
		"",	  ".",	 "..",	  "com",     "com.",
		".com",	  "a.b", "co.uk", "x.co.uk", "\\000\\255.example.com",
		"a..b..c"};
	struct stage *s = stage_new(NULL);
	char longest[1100];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ask(s, names[i], A, NOERROR, 1);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ask(s, longest, A, NOERROR, 1);
	longest[3] = longest[900] = '.';
	ask(s, longest, A, NOERROR, 1);
	stage_tick(s);
	stage_none(s);
	stage_free(s);
}

static void broken(struct stage *s, const char *from, unsigned n)
{
	struct packet p = {.outcome = OUTCOME_FLOW};
	struct event e = {.packet = &p, .why = COPY_DNS, .dns_malformed = true};

	stage_addr(p.key.saddr, from);
	stage_addr(p.key.daddr, "10.0.0.2");
	e.ts = s->now;
	for (unsigned i = 0; i < n; i++)
		detect_event(s->detect, &e);
}

static void test_malformed(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int minute = 0; minute < 5; minute++) { /* damage happens */
		broken(s, "10.0.0.1", 3);
		stage_quiet(s, 60);
	}
	stage_none(s);
	for (int second = 0; second < 5; second++) {
		broken(s, "10.0.0.1", 2);
		stage_tick(s);
	}
	assert_true(stage_only(s, "dns_abuse", "malformed", "10.0.0.1")->severity ==
		    SEVERITY_MEDIUM);
	stage_over(s);
	stage_free(s);
}

/* A storm that is also far more traffic than the limit is one alert. */
static void test_storm_at_full_speed(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned second = 0; second < 3; second++) {
		storm(s, second);
		stage_flow(s, &(struct stage_flow){.src = "10.0.0.5",
						   .dst = "10.0.0.53",
						   .sport = 40000,
						   .dport = 53,
						   .proto = 17,
						   .packets = 150000,
						   .bytes = 12000000,
						   .opened = !second});
		stage_flow(s, &(struct stage_flow){.src = "10.0.0.53",
						   .dst = "10.0.0.5",
						   .sport = 53,
						   .dport = 40000,
						   .proto = 17,
						   .packets = 150000,
						   .bytes = 12000000,
						   .answer = true});
		stage_tick(s);
		stage_only(s, "dns_abuse", "nxdomain_storm", "10.0.0.5");
	}
	stage_over(s);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed),	 cmocka_unit_test(test_named),
		cmocka_unit_test(test_slower_than_ever), cmocka_unit_test(test_benign),
		cmocka_unit_test(test_any_name),	 cmocka_unit_test(test_storm_at_full_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
