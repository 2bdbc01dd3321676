// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the packet log begins with the ten columns that scripts depend on, in their order; a
 * row a sampled packet and no other; cells are empty where a packet has no such thing; every row
 * reads back as CSV with as many cells as there are names.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "csv_read.h"
#include "options.h"
#include "sink/sink.h"

static const struct options options = {.snaplen = 262144, .sample = 1};
static char path[] = "/tmp/test_sink_csv.XXXXXX";
static struct csv_line names, line;
static FILE *file;
static struct packet packet;
static struct event event;

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	log_hold(true);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* A DNS answer over UDP and IPv4, received on eth0. */
static int each(void **state)
{
	(void)state;
	packet = (struct packet){
		.key = {.saddr = {[10] = 0xff, 0xff, 8, 8, 4, 4},
			.daddr = {[10] = 0xff, 0xff, 192, 0, 2, 1},
			.sport = htobe16(53),
			.dport = htobe16(40000),
			.proto = 17,
			.family = 4},
		.l3 = L3_IPV4,
		.transport = TRANSPORT_UDP,
		.outcome = OUTCOME_FLOW,
	};
	event = (struct event){
		.ts = 1700000000123456789,
		.packet = &packet,
		.caplen = 60,
		.wire_len = 123,
		.why = COPY_SAMPLE | COPY_DNS,
		.verdict = {.app = APP_DNS, .security = SECURITY_UNENCRYPTED},
		.interface = "eth0",
		.dns_latency_ms = 12.3456785,
	};
	return 0;
}

/* Writes `event` and reads its row back. */
static void round_trip(void)
{
	struct sink *s = sink_csv.open(path, &options);

	assert_non_null(s);
	assert_int_equal(sink_csv.packet(s, &event), 0);
	sink_csv.close(s);
	file = fopen(path, "r");
	assert_int_equal(csv_read(file, &names), 1);
	assert_int_equal(csv_read(file, &line), 1);
	assert_int_equal(line.n, names.n);
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
}

static void cell_is(const char *name, const char *expected)
{
	const char *cell = csv_cell(&names, &line, name);

	assert_non_null(cell);
	if (strcmp(cell, expected))
		fail_msg("%s is '%s', not '%s'", name, cell, expected);
}

static void test_columns(void **state)
{
	static const char *const promised[] = {
		"timestamp",
		"transport_protocol",
		"application_protocol",
		"security_type",
		"src_ip",
		"src_port",
		"dst_ip",
		"dst_port",
		"packet_size",
		"dns_latency_ms",
		"interface",
		"direction",
		"vlan",
		"tcp_flags",
	};

	(void)state;
	round_trip();
	assert_int_equal(names.n, sizeof(promised) / sizeof(promised[0]));
	for (int i = 0; i < names.n; i++)
		assert_string_equal(names.cell[i], promised[i]);
}

static void test_dns_answer(void **state)
{
	(void)state;
	round_trip();
	cell_is("timestamp", "2023-11-14T22:13:20.123456Z");
	cell_is("transport_protocol", "udp");
	cell_is("application_protocol", "dns");
	cell_is("security_type", "unencrypted");
	cell_is("src_ip", "8.8.4.4");
	cell_is("src_port", "53");
	cell_is("dst_ip", "192.0.2.1");
	cell_is("dst_port", "40000");
	cell_is("packet_size", "123");
	cell_is("dns_latency_ms", "12.345679");
	cell_is("interface", "eth0");
	cell_is("direction", "in");
	cell_is("vlan", "0");
	cell_is("tcp_flags", "");
}

static void test_tcp_out(void **state)
{
	(void)state;
	packet.key.proto = 6;
	packet.key.family = 6;
	memcpy(packet.key.saddr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	packet.key.link = FLOW_EGRESS | 4094;
	packet.tcp_flags = 0xff;
	event.verdict = (struct verdict){.app = APP_TLS, .security = SECURITY_ENCRYPTED};
	event.dns_latency_ms = -1;
	round_trip();
	cell_is("transport_protocol", "tcp");
	cell_is("application_protocol", "tls");
	cell_is("security_type", "encrypted");
	cell_is("src_ip", "2001:db8::1");
	cell_is("dns_latency_ms", "");
	cell_is("direction", "out");
	cell_is("vlan", "4094");
	cell_is("tcp_flags", "FSRPAUEW");
	packet.tcp_flags = TCP_SYN | TCP_ACK;
	round_trip();
	cell_is("tcp_flags", "SA");
}

static void test_absent(void **state)
{
	(void)state;
	packet.key.proto = 1;
	packet.key.sport = packet.key.dport = 0;
	event.interface = ""; /* a file's */
	event.verdict = (struct verdict){0};
	round_trip();
	cell_is("transport_protocol", "icmp");
	cell_is("application_protocol", "other");
	cell_is("security_type", "unknown");
	cell_is("src_port", "");
	cell_is("dst_port", "");
	cell_is("interface", "");
	cell_is("direction", "");

	packet.key.proto = 200;
	round_trip();
	cell_is("transport_protocol", "proto-200");

	packet.key.proto = 17; /* a later fragment: no ports, though UDP */
	packet.outcome = NOT_FLOW_LATER_FRAGMENT;
	round_trip();
	cell_is("transport_protocol", "udp");
	cell_is("src_port", "");

	packet = (struct packet){.l3 = L3_ARP, .outcome = NOT_FLOW_ARP};
	event.interface = NULL;
	round_trip();
	cell_is("transport_protocol", "arp");
	cell_is("src_ip", "");
	cell_is("dst_ip", "");
	cell_is("interface", "");
}

static void test_hostile(void **state)
{
	static const char *const interfaces[] = {
		"=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "a,b", "a\"b", "\"", "a\nb", "\tx",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
		const char *cell;

		event.interface = interfaces[i];
		round_trip();
		cell = csv_cell(&names, &line, "interface");
		assert_null(strchr("=+-@\t\r", cell[0]));
		assert_string_equal(cell[0] == '\'' ? cell + 1 : cell, interfaces[i]);
	}
	event.interface = "eth0"; /* numbers out of their tables and ranges */
	event.verdict = (struct verdict){.app = 255, .sure = 255, .security = 255};
	event.ts = UINT64_MAX;
	event.dns_latency_ms = 1e300;
	round_trip();
	cell_is("dns_latency_ms", "");
}

static void test_only_sampled(void **state)
{
	struct sink *s = sink_csv.open(path, &options);
	int n = 0;

	(void)state;
	for (int why = 0; why < 8; why++) {
		event.why = why;
		assert_int_equal(sink_csv.packet(s, &event), 0);
	}
	assert_int_equal(sink_csv.dropped(s), 0);
	sink_csv.close(s);
	file = fopen(path, "r");
	while (csv_read(file, &line) == 1)
		n++;
	fclose(file);
	assert_int_equal(n, 1 + 4);
}

/* Ticks alone bring the next line into the file. */
static void seen_by_tick(struct sink *s, uint64_t *now, struct csv_line *to)
{
	int got = 0;

	for (int i = 0; i < 5000 && got != 1; i++) {
		assert_int_equal(sink_csv.tick(s, *now += 100000000), 0);
		usleep(1000);
		clearerr(file);
		got = csv_read(file, to);
	}
	assert_int_equal(got, 1);
}

/* Somebody follows the file of a quiet network: the names at once, a row with the next ticks. */
static void test_seen_soon(void **state)
{
	struct sink *s = sink_csv.open(path, &options);
	uint64_t now = event.ts;

	(void)state;
	file = fopen(path, "r");
	seen_by_tick(s, &now, &names);
	assert_int_equal(sink_csv.packet(s, &event), 0);
	seen_by_tick(s, &now, &line);
	assert_int_equal(line.n, names.n);
	fclose(file);
	sink_csv.close(s);
}

static void test_open_fails(void **state)
{
	char said[LOG_LINE];

	(void)state;
	assert_null(sink_csv.open("/nonexistent/log.csv", &options));
	log_last(said, sizeof(said));
	assert_non_null(strstr(said, "/nonexistent/log.csv"));
	sink_csv.close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_columns, each),
		cmocka_unit_test_setup(test_dns_answer, each),
		cmocka_unit_test_setup(test_tcp_out, each),
		cmocka_unit_test_setup(test_absent, each),
		cmocka_unit_test_setup(test_hostile, each),
		cmocka_unit_test_setup(test_only_sampled, each),
		cmocka_unit_test_setup(test_seen_soon, each),
		cmocka_unit_test_setup(test_open_fails, each),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
