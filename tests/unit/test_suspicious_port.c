// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a conversation with a port of the list is one alert of client, server and port,
 * closed ten seconds after its end; administration is told only when it comes from the Internet.
 * Refused and unanswered attempts, other ports and a listed number on the client's side raise none.
 */
#include "detect_stage.h"

static void talk(struct stage *s, const char *client, uint16_t sport, const char *server,
		 uint16_t port, bool first)
{
	stage_flow(s, &(struct stage_flow){.src = client,
					   .dst = server,
					   .sport = sport,
					   .dport = port,
					   .proto = 6,
					   .packets = 5,
					   .bytes = 600,
					   .opened = first,
					   .flags = TCP_ACK | (first ? TCP_SYN : 0)});
	stage_flow(s, &(struct stage_flow){.src = server,
					   .dst = client,
					   .sport = port,
					   .dport = sport,
					   .proto = 6,
					   .packets = 5,
					   .bytes = 600,
					   .answer = true,
					   .flags = TCP_ACK | (first ? TCP_SYN : 0)});
}

static void told(const char *ini, const char *client, const char *server, uint16_t port,
		 const char *kind, enum severity severity)
{
	struct stage *s = stage_new(ini);
	char subject[96];

	snprintf(subject, sizeof(subject), "%s -> %s", client, server);
	for (int i = 0; i < 5; i++) {
		talk(s, client, 40000, server, port, !i);
		stage_tick(s);
		if (i == 1)
			stage_only(s, "suspicious_port", kind, subject);
	}
	assert_int_equal(s->opened[0].severity, severity);
	stage_over(s);
	stage_free(s);
}

static void test_told(void **state)
{
	(void)state;
	told(NULL, "10.0.0.1", "10.0.0.2", 31337, "tcp/31337", SEVERITY_MEDIUM);
	told(NULL, "10.0.0.1", "10.0.0.2", 23, "tcp/23", SEVERITY_MEDIUM);
	told(NULL, "198.51.100.7", "10.0.0.2", 3389, "tcp/3389", SEVERITY_LOW);
	told(NULL, "2001:db8::1", "fd00::2", 22, "tcp/22", SEVERITY_LOW);
	told("[suspicious_port]\nports = 8000, 8001\n", "10.0.0.1", "10.0.0.2", 8001, "tcp/8001",
	     SEVERITY_MEDIUM);
}

static void test_benign(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (int i = 0; i < 5; i++) {
		talk(s, "10.0.0.1", 31337, "10.0.0.2", 443, !i);
		talk(s, "10.0.0.1", 40000, "10.0.0.2", 22, !i);
		talk(s, "10.0.0.2", 40001, "198.51.100.7", 3389, !i);
		stage_flow(s, &(struct stage_flow){.src = "10.0.0.1",
						   .dst = "10.0.0.2",
						   .sport = 40002 + i,
						   .dport = 4444,
						   .proto = 6,
						   .flags = TCP_SYN,
						   .opened = true});
		stage_flow(s, &(struct stage_flow){.src = "10.0.0.2",
						   .dst = "10.0.0.1",
						   .sport = 4444,
						   .dport = 40002 + i,
						   .proto = 6,
						   .flags = TCP_RST | TCP_ACK,
						   .answer = true});
		stage_tick(s);
	}
	stage_none(s);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_benign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
