// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: vertical, horizontal, ping, slow and stealthy scans are one alert of their source,
 * named within two seconds of becoming plain and closed ten seconds after the end (a slow one after
 * its hold); also when refused ports answer with RST, when open ones are reset half open, and over
 * many hosts and ports at once; and scans by bare ACKs, reset or not, and by UDP as slow as nmap's.
 * Browsing, mail, a busy resolver, traceroute, and a client whose server is gone raise none.
 */
#include "detect_stage.h"

static const char *const scanner = "198.51.100.7";

static void probe(struct stage *s, const char *dst, uint16_t port, uint8_t proto, uint8_t flags)
{
	stage_flow(s, &(struct stage_flow){.src = scanner,
					   .dst = dst,
					   .sport = 40000,
					   .dport = port,
					   .proto = proto,
					   .flags = flags,
					   .opened = true});
}

static void refuse(struct stage *s, const char *dst, uint16_t port)
{
	stage_flow(s, &(struct stage_flow){.src = dst,
					   .dst = scanner,
					   .sport = port,
					   .dport = 40000,
					   .proto = 6,
					   .flags = TCP_RST | TCP_ACK,
					   .answer = true});
}

static void silent_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50; i++)
		probe(s, "10.0.0.1", 1 + second * 50 + i, 6, TCP_SYN);
}

static void refused_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50; i++) {
		probe(s, "10.0.0.1", 1 + second * 50 + i, 6, TCP_SYN);
		refuse(s, "10.0.0.1", 1 + second * 50 + i);
	}
}

/* A connect() scan of which one port in ten is open. */
static void connect_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50; i++) {
		unsigned port = 1 + second * 50 + i;

		if (i % 10) {
			probe(s, "10.0.0.1", port, 6, TCP_SYN);
			refuse(s, "10.0.0.1", port);
		} else {
			stage_connection(s, scanner, 41000 + i, "10.0.0.1", port, 2, 120);
		}
	}
}

/* A SYN scan of which half of the ports are open: they answer, and are reset. */
static void half_open_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50; i++) {
		unsigned port = 1 + second * 50 + i;

		probe(s, "10.0.0.1", port, 6, i % 2 ? TCP_SYN : TCP_SYN | TCP_RST);
		if (i % 2)
			refuse(s, "10.0.0.1", port);
		else
			stage_flow(s, &(struct stage_flow){.src = "10.0.0.1",
							   .dst = scanner,
							   .sport = port,
							   .dport = 40000,
							   .proto = 6,
							   .flags = TCP_SYN | TCP_ACK,
							   .answer = true});
	}
}

static void udp_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 80; i++)
		probe(s, "10.0.0.1", 1 + second * 80 + i, 17, 0);
}

static void fast_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 8000; i++)
		probe(s, "10.0.0.1", 1 + second * 8000 + i, 6, TCP_SYN);
}

static void hosts(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50; i++)
		probe(s, stage_ip(second * 50 + i), 22, 6, TCP_SYN);
}

static void hosts_ipv6(struct stage *s, unsigned second)
{
	char dst[64];

	for (unsigned i = 0; i < 50; i++) {
		snprintf(dst, sizeof(dst), "2001:db8::%x:%x", second, i);
		stage_flow(s, &(struct stage_flow){.src = "2001:db8:1::7",
						   .dst = dst,
						   .sport = 40000,
						   .dport = 22,
						   .proto = 6,
						   .flags = TCP_SYN,
						   .opened = true});
	}
}

static void pings(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50; i++)
		probe(s, stage_ip(second * 50 + i), 0, 1, 0);
}

/* nmap over a network: many ports of many hosts. */
static void hosts_and_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 500; i++)
		probe(s, stage_ip(i % 16), 1 + second * 50 + i / 16, 6, TCP_SYN);
}

static void null_packets(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 20; i++)
		probe(s, "10.0.0.1", 1 + second * 20 + i, 6, 0);
}

static void xmas_packets(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 20; i++) {
		probe(s, "10.0.0.1", 1 + second * 20 + i, 6, TCP_FIN | TCP_PSH | TCP_URG);
		refuse(s, "10.0.0.1", 1 + second * 20 + i);
	}
}

static void reset(struct stage *s, const char *dst, uint16_t port, uint8_t flags)
{
	stage_flow(s, &(struct stage_flow){.src = dst,
					   .dst = scanner,
					   .sport = port,
					   .dport = 40000,
					   .proto = 6,
					   .flags = flags,
					   .answer = true});
}

/* nmap -sA */
static void ack_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 30; i++) {
		probe(s, "10.0.0.1", 1 + second * 30 + i, 6, TCP_ACK);
		reset(s, "10.0.0.1", 1 + second * 30 + i, TCP_RST);
	}
}

/* The same against a filter that answers nothing. */
static void ack_filtered(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 100; i++)
		probe(s, "10.0.0.1", 1 + second * 100 + i, 6, TCP_ACK);
}

/* nmap -sU: closed ports are told slowly, so it waits and asks the same again. */
static void udp_few_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < (second ? 3 : 22); i++)
		probe(s, "10.0.0.1", 100 + i, 17, 0);
}

static void test_named(void **state)
{
	const struct {
		void (*second)(struct stage *s, unsigned second);
		const char *kind, *subject;
	} scans[] = {
		{silent_ports, "vertical_scan", scanner},
		{refused_ports, "vertical_scan", scanner},
		{connect_ports, "vertical_scan", scanner},
		{half_open_ports, "vertical_scan", scanner},
		{udp_ports, "vertical_scan", scanner},
		{udp_few_ports, "vertical_scan", scanner},
		{ack_ports, "vertical_scan", scanner},
		{ack_filtered, "vertical_scan", scanner},
		{fast_ports, "vertical_scan", scanner},
		{hosts, "horizontal_scan", scanner},
		{hosts_ipv6, "horizontal_scan", "2001:db8:1::7"},
		{pings, "ping_sweep", scanner},
		{hosts_and_ports, "vertical_scan", scanner},
		{null_packets, "stealth_scan", scanner},
		{xmas_packets, "stealth_scan", scanner},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
		struct stage *s = stage_new(NULL);

		for (unsigned second = 0; second < 25; second++) {
			scans[i].second(s, second);
			stage_tick(s);
			if (second == 1)
				stage_only(s, "scan", scans[i].kind, scans[i].subject);
		}
		stage_only(s, "scan", scans[i].kind, scans[i].subject);
		assert_int_equal(s->opened[0].severity, SEVERITY_MEDIUM);
		stage_over(s);
		stage_free(s);
	}
}

/* A port every fifteen seconds, as nmap -T1. */
static void test_slow(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		probe(s, "10.0.0.1", 1 + i, 6, TCP_SYN);
		refuse(s, "10.0.0.1", 1 + i);
		stage_quiet(s, 15);
		if (i == 17)
			stage_none(s);
	}
	stage_only(s, "scan", "slow_scan", scanner);
	stage_quiet(s, 121);
	stage_over(s);
	stage_free(s);
}

/* ---- what is no scan ---- */

static void browsing(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 60; i++)
		stage_connection(s, scanner, 40000 + i, stage_ip(second * 60 + i), 443, 20, 9000);
	for (unsigned i = 0; i < 3; i++)
		probe(s, stage_ip(90000 + second * 3 + i), 443, 6, TCP_SYN);
}

/* FTP in passive mode, RPC: another port each time, and all answer. */
static void passive_ports(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 40; i++)
		stage_connection(s, scanner, 40000 + i, "10.0.0.1", 20000 + second * 40 + i, 9,
				 3000);
}

static void resolver(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 200; i++) {
		const char *server = stage_ip(second * 200 + i);

		probe(s, server, 53, 17, 0);
		if (i % 5)
			stage_flow(s, &(struct stage_flow){.src = server,
							   .dst = scanner,
							   .sport = 53,
							   .dport = 40000,
							   .proto = 17,
							   .answer = true});
	}
}

/* The delta of the answer may come before that of the question. */
static void resolver_backwards(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 200; i++) {
		const char *server = stage_ip(second * 200 + i);

		stage_flow(s, &(struct stage_flow){.src = server,
						   .dst = scanner,
						   .sport = 53,
						   .dport = 40000,
						   .proto = 17,
						   .answer = true,
						   .opened = true});
		stage_flow(s, &(struct stage_flow){.src = scanner,
						   .dst = server,
						   .dport = 53,
						   .sport = 40000,
						   .proto = 17});
	}
}

static void traceroute(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 90; i++)
		probe(s, stage_ip(second), 33434 + i, 17, 0);
}

static void server_gone(struct stage *s, unsigned second)
{
	(void)second;
	for (unsigned i = 0; i < 50; i++)
		stage_flow(s, &(struct stage_flow){.src = scanner,
						   .dst = "10.0.0.1",
						   .sport = 40000 + second * 50 + i,
						   .dport = 5432,
						   .proto = 6,
						   .flags = TCP_SYN,
						   .opened = true});
}

static void pings_answered(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 200; i++) {
		probe(s, stage_ip(second * 200 + i), 0, 1, 0);
		stage_flow(s, &(struct stage_flow){.src = stage_ip(second * 200 + i),
						   .dst = scanner,
						   .proto = 1,
						   .answer = true});
	}
}

/* Connections that were there before we came. */
static void old_connections(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 300 && !second; i++)
		stage_flow(s, &(struct stage_flow){.src = scanner,
						   .dst = stage_ip(i),
						   .sport = 40000 + i,
						   .dport = 1000 + i,
						   .proto = 6,
						   .flags = TCP_ACK | TCP_PSH,
						   .opened = true});
}

/* Connections older than we that say nothing but that they are still there. */
static void idle_connections(struct stage *s, unsigned second)
{
	(void)second;
	for (unsigned i = 0; i < 100; i++) {
		probe(s, stage_ip(i), 443, 6, TCP_ACK);
		reset(s, stage_ip(i), 443, TCP_ACK);
	}
}

/* After a sleep: the other sides have forgotten. */
static void forgotten_connections(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 40 && !second; i++) {
		probe(s, stage_ip(i), 443, 6, TCP_ACK);
		reset(s, stage_ip(i), 443, TCP_RST);
	}
}

/* A server's side of connections, without the clients'. */
static void one_side(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 50 && !second; i++)
		stage_flow(s, &(struct stage_flow){.src = scanner,
						   .dst = "10.0.0.1",
						   .sport = 443,
						   .dport = 40000 + i,
						   .proto = 6,
						   .flags = TCP_ACK,
						   .opened = true});
}

/* Answers whose questions went another way. */
static void answers_only(struct stage *s, unsigned second)
{
	for (unsigned i = 0; i < 40 && !second; i++)
		stage_flow(s, &(struct stage_flow){.src = scanner,
						   .dst = "10.0.0.1",
						   .sport = 53,
						   .dport = 40000 + i,
						   .proto = 17,
						   .opened = true});
}

static void test_benign(void **state)
{
	void (*const benign[])(struct stage *, unsigned) = {
		browsing,	  passive_ports,	 resolver,	 resolver_backwards,
		traceroute,	  server_gone,		 pings_answered, old_connections,
		idle_connections, forgotten_connections, one_side,	 answers_only,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(benign) / sizeof(benign[0]); i++) {
		struct stage *s = stage_new(NULL);

		for (unsigned second = 0; second < 15; second++) {
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
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_benign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
