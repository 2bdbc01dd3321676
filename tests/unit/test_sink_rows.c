// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the rows of flows, DNS and alerts have the promised names in the promised order, as
 * JSON Lines and as CSV; numbers are numbers, to the nanosecond; what is not known is null or an
 * empty cell; no name can break out of its string or cell.
 */
#include <endian.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "csv_read.h"
#include "options.h"
#include "sink/sink.h"

static const struct options options = {.snaplen = 262144};
static char dir[] = "/tmp/test_sink_rows.XXXXXX", jsonl[64], csv[64];
static struct csv_line names, line;
static struct flow_view flow;
static struct dns_transaction dns;
static struct alert alert;
static json_t *row; /* the last one written as JSON */

static int setup(void **state)
{
	(void)state;
	log_hold(true);
	if (!mkdtemp(dir))
		return -1;
	snprintf(jsonl, sizeof(jsonl), "%s/rows.jsonl", dir);
	snprintf(csv, sizeof(csv), "%s/rows.csv", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(jsonl);
	unlink(csv);
	return rmdir(dir);
}

static void flow_fill(void)
{
	flow = (struct flow_view){
		.first = 1700000000000000001,
		.last = 1700000001999999999,
		.saddr = {[10] = 0xff, 0xff, 192, 0, 2, 1},
		.daddr = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x35},
		.sport = 40000,
		.dport = 443,
		.proto = 6,
		.vlan = 12,
		.verdict = {.app = APP_HTTPS, .security = SECURITY_ENCRYPTED},
		.name = "www.example.com",
		.interface = "eth0",
		.packets = 7,
		.bytes = 1234,
		.packets_rev = 0,
		.bytes_rev = 5,
		.tcp_flags = 0x1b,
		.handshake_ms = 0.000001,
	};
}

static int each(void **state)
{
	(void)state;
	flow_fill();
	dns = (struct dns_transaction){
		.ts = 1700000000123456789,
		.client = {[10] = 0xff, 0xff, 192, 0, 2, 1},
		.server = {[10] = 0xff, 0xff, 9, 9, 9, 9},
		.client_port = 65535,
		.server_port = 53,
		.transport = TRANSPORT_UDP,
		.id = 4660,
		.qtype = 28,
		.rcode = 3,
		.qname = "no.such.example",
		.qtype_name = "AAAA",
		.rcode_name = "NXDOMAIN",
		.latency_ms = 17.123457,
		.retransmissions = 2,
		.status = DNS_ANSWERED,
	};
	alert = (struct alert){
		.start = 1700000000500000000,
		.detector = "scan",
		.severity = SEVERITY_HIGH,
		.subject = "192.0.2.1",
		.observed = 1200,
		.expected = 20.25,
		.unit = "ports",
		.reason = "192.0.2.1 tried 1200 ports",
		.kind = "port_scan",
	};
	return 0;
}

static int put(const struct sink_ops *ops, struct sink *s)
{
	if (ops == &sink_flows)
		return ops->flow(s, &flow, FLOW_END_RST);
	return ops == &sink_dns ? ops->dns(s, &dns) : ops->alert(s, &alert);
}

static void write_row(const struct sink_ops *ops, const char *path)
{
	struct sink *s = ops->open(path, &options);

	assert_non_null(s);
	assert_int_equal(put(ops, s), 0);
	ops->close(s);
}

/* Writes the row both ways and reads it back: `row`, `names`, `line`. */
static void round_trip(const struct sink_ops *ops)
{
	static char text[65536];
	json_error_t error;
	FILE *f;

	write_row(ops, jsonl);
	f = fopen(jsonl, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	assert_int_equal(fgetc(f), EOF);
	fclose(f);
	json_decref(row);
	row = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!row)
		fail_msg("%s in %s", error.text, text);

	write_row(ops, csv);
	f = fopen(csv, "r");
	assert_int_equal(csv_read(f, &names), 1);
	assert_int_equal(csv_read(f, &line), 1);
	assert_int_equal(fgetc(f), EOF);
	assert_int_equal(names.n, line.n);
	fclose(f);
}

static void both_have(const char *promised)
{
	char found[1024] = "";
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value)
	{
		strcat(found, *found ? " " : "");
		strcat(found, key);
	}
	assert_string_equal(found, promised);
	*found = '\0';
	for (int i = 0; i < names.n; i++) {
		strcat(found, *found ? " " : "");
		strcat(found, names.cell[i]);
	}
	assert_string_equal(found, promised);
}

static void cell_is(const char *name, const char *expected)
{
	const char *cell = csv_cell(&names, &line, name);

	if (!cell || strcmp(cell, expected))
		fail_msg("%s is '%s', not '%s'", name, cell, expected);
}

static void text_is(const char *name, const char *expected)
{
	const char *text = json_string_value(json_object_get(row, name));

	if (!text || strcmp(text, expected))
		fail_msg("%s is '%s', not '%s'", name, text, expected);
	cell_is(name, expected);
}

static void integer_is(const char *name, int64_t expected)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)expected);
	assert_true(json_is_integer(json_object_get(row, name)));
	assert_int_equal(json_integer_value(json_object_get(row, name)), expected);
	cell_is(name, text);
}

static void real_is(const char *name, const char *expected)
{
	assert_true(json_is_number(json_object_get(row, name)));
	assert_true(fabs(json_number_value(json_object_get(row, name)) - atof(expected)) < 1e-6);
	cell_is(name, expected);
}

static void none_is(const char *name)
{
	assert_true(json_is_null(json_object_get(row, name)));
	cell_is(name, "");
}

static void test_flow(void **state)
{
	(void)state;
	flow.packets = 9007199254740993;
	round_trip(&sink_flows);
	both_have("first last src sport dst dport proto app security name packets bytes "
		  "packets_rev bytes_rev tcp_flags handshake_ms vlan interface end owner");
	real_is("first", "1700000000.000000001");
	real_is("last", "1700000001.999999999");
	text_is("src", "192.0.2.1");
	integer_is("sport", 40000);
	text_is("dst", "2001:db8::35");
	integer_is("dport", 443);
	text_is("proto", "tcp");
	text_is("app", "https");
	text_is("security", "encrypted");
	text_is("name", "www.example.com");
	integer_is("packets", 9007199254740993);
	integer_is("bytes", 1234);
	integer_is("packets_rev", 0);
	integer_is("bytes_rev", 5);
	text_is("tcp_flags", "FSPA");
	real_is("handshake_ms", "0.000001");
	integer_is("vlan", 12);
	text_is("interface", "eth0");
	text_is("end", "rst");
}

static void test_flow_ends(void **state)
{
	static const char *const end[] = {"fin", "rst", "idle", "evicted", "exit"};
	struct sink *s = sink_flows.open(csv, &options);
	FILE *f;

	(void)state;
	flow.packets = UINT64_MAX;
	for (int i = 0; i < 5; i++)
		assert_int_equal(sink_flows.flow(s, &flow, i), 0);
	sink_flows.close(s);
	f = fopen(csv, "r");
	assert_int_equal(csv_read(f, &names), 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(csv_read(f, &line), 1);
		cell_is("end", end[i]);
	}
	cell_is("packets", "18446744073709551615");
	fclose(f);
}

static void test_protocols(void **state)
{
	static const struct {
		uint8_t number;
		const char *name;
	} rows[] = {
		{1, "icmp"},  {2, "igmp"},   {6, "tcp"},	 {17, "udp"},
		{47, "gre"},  {50, "esp"},   {51, "ah"},	 {58, "icmpv6"},
		{89, "ospf"}, {132, "sctp"}, {253, "proto-253"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ports = rows[i].number == 6 || rows[i].number == 17 || rows[i].number == 132;

		flow.proto = rows[i].number;
		round_trip(&sink_flows);
		text_is("proto", rows[i].name);
		if (ports)
			integer_is("sport", 40000);
		else
			none_is("sport");
	}
}

static void test_flow_unknown(void **state)
{
	(void)state;
	flow.handshake_ms = -1;
	flow.name[0] = flow.interface[0] = '\0';
	flow.tcp_flags = 0;
	flow.vlan = 0;
	flow.verdict = (struct verdict){0};
	round_trip(&sink_flows);
	none_is("handshake_ms");
	text_is("name", "");
	text_is("interface", "");
	text_is("tcp_flags", "");
	integer_is("vlan", 0);
	text_is("app", "other");
	text_is("security", "unknown");
}

static void test_dns(void **state)
{
	(void)state;
	round_trip(&sink_dns);
	both_have("ts client client_port server server_port transport id qname qtype rcode "
		  "latency_ms retransmissions status");
	real_is("ts", "1700000000.123456789");
	text_is("client", "192.0.2.1");
	integer_is("client_port", 65535);
	text_is("server", "9.9.9.9");
	integer_is("server_port", 53);
	text_is("transport", "udp");
	integer_is("id", 4660);
	text_is("qname", "no.such.example");
	text_is("qtype", "AAAA");
	text_is("rcode", "NXDOMAIN");
	real_is("latency_ms", "17.123457");
	integer_is("retransmissions", 2);
	text_is("status", "answered");

	dns.status = DNS_UNANSWERED;
	dns.rcode = 255;
	dns.latency_ms = -1;
	dns.transport = TRANSPORT_TCP;
	round_trip(&sink_dns);
	none_is("rcode");
	none_is("latency_ms");
	text_is("status", "unanswered");
	text_is("transport", "tcp");

	dns.status = DNS_ORPHAN;
	dns.rcode = 0;
	dns.rcode_name = "NOERROR";
	round_trip(&sink_dns);
	text_is("rcode", "NOERROR");
	text_is("status", "orphan");
}

/* The reader's rounding must not eat the microsecond that pairs are compared by. */
static void test_latency_precision(void **state)
{
	(void)state;
	for (uint64_t ns = 1; ns < 10000000000; ns = ns * 3 + 1) {
		dns.latency_ms = ns / 1e6;
		round_trip(&sink_dns);
		assert_int_equal(llround(atof(csv_cell(&names, &line, "latency_ms")) * 1e6), ns);
	}
}

static void test_alert(void **state)
{
	(void)state;
	round_trip(&sink_alerts);
	both_have("ts end detector severity subject observed expected unit reason kind");
	real_is("ts", "1700000000.500000000");
	none_is("end");
	text_is("detector", "scan");
	text_is("severity", "high");
	text_is("subject", "192.0.2.1");
	integer_is("observed", 1200);
	real_is("expected", "20.25");
	text_is("unit", "ports");
	text_is("reason", "192.0.2.1 tried 1200 ports");
	text_is("kind", "port_scan");
	alert.end = 1700000009000000000;
	alert.severity = SEVERITY_INFO;
	round_trip(&sink_alerts);
	real_is("end", "1700000009.000000000");
	text_is("severity", "info");
}

static void test_odd_numbers(void **state)
{
	static const struct {
		double value;
		const char *expected; /* NULL: none */
	} rows[] = {
		{NAN, NULL},
		{1.7e308, NULL},
		{-1e18, NULL},
		{INFINITY, NULL},
		{-INFINITY, NULL},
		{0, "0"},
		{-0.5, "-0.5"},
		{1e-9, "0"},
		{0.1, "0.1"},
		{99999.999999, "99999.999999"},
		{100, "100"},
		{1e12, "1000000000000"},
		{1e15, "1000000000000000"},
		{-3e12, "-3000000000000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		alert.observed = rows[i].value;
		round_trip(&sink_alerts);
		if (rows[i].expected)
			real_is("observed", rows[i].expected);
		else
			none_is("observed");
	}
}

static void test_hostile_names(void **state)
{
	static const char *const rows[] = {
		"\"},{\"x\":\"",
		"\\",
		"\\\"",
		"a\\u0000",
		"=cmd()",
		"@x",
		"-1",
		"+1",
		"a,b\"c\"",
		"\001\033[2J",
		"line\nbreak\r",
		"<script>",
		"'; --",
		"\t=1",
		"%s%n",
		"\x7f",
		"\xc3\xa4",
	};
	char longest[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *cell, *text;

		dns.qname = rows[i];
		round_trip(&sink_dns);
		text = json_string_value(json_object_get(row, "qname"));
		cell = csv_cell(&names, &line, "qname");
		assert_string_equal(text, rows[i]);
		assert_null(strchr("=+-@\t\r", cell[0]));
		assert_string_equal(cell[0] == '\'' && rows[i][0] != '\'' ? cell + 1 : cell,
				    rows[i]);
	}
	memset(longest, '"', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	dns.qname = dns.qtype_name = dns.rcode_name = longest; /* far longer than DNS allows: cut */
	round_trip(&sink_dns);
	assert_int_equal(json_object_size(row), 13);
	assert_in_range(strlen(json_string_value(json_object_get(row, "qname"))), 256 * 3, 2000);
	memset(longest, '\001', sizeof(longest) - 1);
	memset(longest, 'a', 1990);
	round_trip(&sink_dns);
	assert_int_equal(json_object_size(row), 13);
	dns.qname = dns.qtype_name = dns.rcode_name = NULL;
	round_trip(&sink_dns);
	text_is("qname", "");
}

static void test_format_by_name(void **state)
{
	static const char *const paths[] = {"%s/rows.csv", "%s/rows.jsonl",  "%s/rows",
					    "%s/csv",	   "%s/rows.csv.gz", "%s/rows.gz"};
	char path[128], text[4096];

	(void)state;
	for (int i = 0; i < 6; i++) {
		gzFile f; /* reads what is not compressed, too */

		snprintf(path, sizeof(path), paths[i], dir);
		write_row(&sink_flows, path);
		f = gzopen(path, "r");
		assert_non_null(gzgets(f, text, sizeof(text)));
		assert_int_equal(gzdirect(f), i < 4);
		gzclose(f);
		unlink(path);
		assert_int_equal(text[0], i == 0 || i == 4 ? 'f' : '{');
	}
}

/* A full-screen view sets the locale; a comma for a point would be no JSON. */
static void test_locale(void **state)
{
	static const char *const commas[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"};
	bool found = false;

	(void)state;
	for (int i = 0; i < 3 && !found; i++)
		found = setlocale(LC_ALL, commas[i]);
	if (!found) {
		print_message("skipped: no locale with a decimal comma is installed\n");
		skip();
	}
	write_row(&sink_flows, csv);
	setlocale(LC_ALL, "C");
	round_trip(&sink_flows);
	real_is("first", "1700000000.000000001");
}

static void test_seen_soon_and_reopened(void **state)
{
	struct sink *s = sink_alerts.open(jsonl, &options);
	char text[4096] = "", other[80];
	FILE *f;

	(void)state;
	sink_alerts.tick(s, alert.start);
	sink_alerts.alert(s, &alert);
	f = fopen(jsonl, "r");
	for (int i = 1; i < 5000 && !fgets(text, sizeof(text), f); i++) {
		sink_alerts.tick(s, alert.start + i * 100000000ull);
		usleep(1000);
		clearerr(f);
	}
	assert_non_null(strchr(text, '\n'));
	assert_int_equal(text[strlen(text) - 1], '\n');
	fclose(f);
	snprintf(other, sizeof(other), "%s.1", jsonl);
	assert_int_equal(rename(jsonl, other), 0);
	assert_int_equal(sink_alerts.reopen(s), 0);
	sink_alerts.alert(s, &alert);
	sink_alerts.close(s);
	assert_int_equal(access(jsonl, F_OK), 0);
	unlink(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_flow, each),
		cmocka_unit_test_setup(test_flow_ends, each),
		cmocka_unit_test_setup(test_protocols, each),
		cmocka_unit_test_setup(test_flow_unknown, each),
		cmocka_unit_test_setup(test_dns, each),
		cmocka_unit_test_setup(test_latency_precision, each),
		cmocka_unit_test_setup(test_alert, each),
		cmocka_unit_test_setup(test_odd_numbers, each),
		cmocka_unit_test_setup(test_hostile_names, each),
		cmocka_unit_test_setup(test_format_by_name, each),
		cmocka_unit_test_setup(test_locale, each),
		cmocka_unit_test_setup(test_seen_soon_and_reopened, each),
	};
	int failed = cmocka_run_group_tests(tests, setup, teardown);

	json_decref(row);
	return failed;
}
