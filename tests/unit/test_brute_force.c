// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: guessing passwords on a service is one alert of client and server, named within two
 * seconds of the last attempt that is tolerated and closed ten seconds after the end; by
 * connections that say little, or by refusals in clear on one connection. Few logins, large
 * transfers and connections on which nobody speaks raise none.
 */
#include "detect_stage.h"

static const char *const client = "198.51.100.7", *const server = "10.0.0.1";

static void test_services(void **state)
{
	const struct {
		uint16_t port;
		const char *kind;
	} services[] = {{22, "SSH"}, {21, "FTP"}, {23, "Telnet"}, {3389, "RDP"}, {5900, "VNC"}};

	(void)state;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		struct stage *s = stage_new("[suspicious_port]\nenabled = no\n");

		for (unsigned second = 0; second < 70; second++) {
			for (unsigned k = 0; k < 6; k++)
				stage_connection(s, client, 40000 + second * 6 + k, server,
						 services[i].port, 12, 2000);
			stage_tick(s);
			if (second == 2)
				stage_only(s, "brute_force", services[i].kind,
					   "198.51.100.7 -> 10.0.0.1");
		}
		assert_int_equal(s->opened[0].severity, SEVERITY_MEDIUM);
		stage_over(s);
		stage_free(s);
	}
}

static void ftp_says(struct stage *s, const char *line)
{
	uint8_t frame[128] = {0};
	struct packet p = {.payload_offset = 54,
			   .payload_len = strlen(line),
			   .transport = TRANSPORT_TCP,
			   .outcome = OUTCOME_FLOW};
	struct event e = {.ts = s->now,
			  .packet = &p,
			  .data = frame,
			  .caplen = 54 + strlen(line),
			  .wire_len = 54 + strlen(line),
			  .segments = 1,
			  .why = COPY_HEAD,
			  .verdict = {.app = APP_FTP}};

	memcpy(frame + 54, line, strlen(line));
	p.key.proto = 6;
	p.key.sport = htons(21);
	p.key.dport = htons(40000);
	stage_addr(p.key.saddr, server);
	stage_addr(p.key.daddr, client);
	for (uint32_t cut = 0; cut < e.caplen; cut++) { /* refused at every length */
		struct event shorter = e;

		shorter.caplen = cut;
		if (cut < 59)
			detect_event(s->detect, &shorter);
	}
	detect_event(s->detect, &e);
}

static void test_refusals(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		ftp_says(s, "530 Login incorrect.\r\n");
		stage_tick(s);
		if (i == 6)
			stage_none(s);
		if (i == 8)
			stage_only(s, "brute_force", "FTP", "198.51.100.7 -> 10.0.0.1");
	}
	stage_over(s);
	stage_free(s);
}

static void logins(struct stage *s, unsigned second)
{
	if (second % 10 == 0)
		stage_connection(s, client, 40000 + second, server, 22, 30, 4000);
	ftp_says(s, "230 Login successful.\r\n");
}

static void transfers(struct stage *s, unsigned second)
{
	stage_connection(s, client, 40000 + second, server, 22, 2000, 2000000);
}

static void nobody_speaks(struct stage *s, unsigned second)
{
	stage_flow(s, &(struct stage_flow){.src = client,
					   .dst = server,
					   .sport = second,
					   .dport = 22,
					   .proto = 6,
					   .flags = TCP_SYN,
					   .opened = true});
}

static void many_clients(struct stage *s, unsigned second)
{
	stage_connection(s, stage_ip(second), 40000, server, 22, 30, 4000);
}

static void test_benign(void **state)
{
	void (*const benign[])(struct stage *, unsigned) = {logins, transfers, nobody_speaks,
							    many_clients};

	(void)state;
	for (size_t i = 0; i < sizeof(benign) / sizeof(benign[0]); i++) {
		struct stage *s = stage_new("[suspicious_port]\nenabled = no\n");

		for (unsigned second = 0; second < 60; second++) {
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
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_benign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
