// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: every key that scripts depend on is there with its type, in one line of ASCII,
 * whatever names and file names hold; figures are the snapshot's; what is not known is null; with
 * -r only the final snapshot is printed.
 */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"
#include "view/json.h"
#include "view/view.h"
#include "view_fixture.h"

static struct snapshot snapshot;

static json_t *parsed(const struct snapshot *s)
{
	size_t len = 0;
	char *line = json_snapshot(s, &len);
	json_t *object;

	assert_non_null(line);
	assert_int_equal(strlen(line), len);
	for (size_t i = 0; i < len; i++)
		assert_in_range(line[i], ' ', '~');
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	free(line);
	return object;
}

/* The member at "a.b.0.c". */
static json_t *at(json_t *value, const char *path)
{
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *part = strtok_r(copy, ".", &save); part && value;
	     part = strtok_r(NULL, ".", &save))
		value = json_is_array(value) ? json_array_get(value, atoi(part))
					     : json_object_get(value, part);
	return value;
}

struct member {
	const char *path;
	char type; /* i integer, r real, s string, b boolean, o object, a array, 0 null */
};

static void check_members(json_t *object, const struct member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *v = at(object, m[i].path);
		char type = !v			 ? '?'
			    : json_is_integer(v) ? 'i'
			    : json_is_real(v)	 ? 'r'
			    : json_is_string(v)	 ? 's'
			    : json_is_boolean(v) ? 'b'
			    : json_is_object(v)	 ? 'o'
			    : json_is_array(v)	 ? 'a'
						 : '0';

		if (type != m[i].type)
			fail_msg("%s: type %c, wanted %c", m[i].path, type, m[i].type);
	}
}

static const struct member promised[] = {
	{"version", 's'},
	{"final", 'b'},
	{"time", 'r'},
	{"source.kind", 's'},
	{"source.name", 's'},
	{"source.mode", 's'},
	{"duration_s", 'r'},
	{"packets", 'i'},
	{"bytes", 'i'},
	{"l3.ipv4", 'i'},
	{"l3.ipv6", 'i'},
	{"l3.arp", 'i'},
	{"l3.other", 'i'},
	{"transport.tcp", 'i'},
	{"transport.udp", 'i'},
	{"transport.icmp", 'i'},
	{"transport.icmpv6", 'i'},
	{"transport.sctp", 'i'},
	{"transport.gre", 'i'},
	{"transport.esp", 'i'},
	{"transport.ah", 'i'},
	{"transport.igmp", 'i'},
	{"transport.other", 'i'},
	{"fragments", 'i'},
	{"vlan", 'i'},
	{"app.https.packets", 'i'},
	{"app.https.bytes", 'i'},
	{"app.https.flows", 'i'},
	{"security.encrypted.packets", 'i'},
	{"security.encrypted.bytes", 'i'},
	{"security.unencrypted.packets", 'i'},
	{"security.unencrypted.bytes", 'i'},
	{"security.unknown.packets", 'i'},
	{"security.unknown.bytes", 'i'},
	{"flows.total", 'i'},
	{"flows.active", 'i'},
	{"flows.blurred", 'i'},
	{"dns.queries", 'i'},
	{"dns.responses", 'i'},
	{"dns.matched", 'i'},
	{"dns.unanswered", 'i'},
	{"dns.retransmissions", 'i'},
	{"dns.orphans", 'i'},
	{"dns.thinned", 'i'},
	{"dns.overrun", 'i'},
	{"dns.tcp_resyncs", 'i'},
	{"dns.tcp_evicted", 'i'},
	{"dns.rcodes.NXDOMAIN", 'i'},
	{"dns.latency_ms.min", 'r'},
	{"dns.latency_ms.p50", 'r'},
	{"dns.latency_ms.p90", 'r'},
	{"dns.latency_ms.p95", 'r'},
	{"dns.latency_ms.p99", 'r'},
	{"dns.latency_ms.max", 'r'},
	{"dns.latency_ms.mean", 'r'},
	{"dns.servers.0.server", 's'},
	{"dns.servers.0.matched", 'i'},
	{"dns.servers.0.unanswered", 'i'},
	{"dns.servers.0.p50", 'r'},
	{"dns.servers.0.p95", 'r'},
	{"dns.servers.0.p99", 'r'},
	{"rates.pps", 'r'},
	{"rates.bps", 'r'},
	{"rates.in_pps", 'r'},
	{"rates.out_pps", 'r'},
	{"rates.in_bps", 'r'},
	{"rates.out_bps", 'r'},
	{"talkers.0.ip", 's'},
	{"talkers.0.name", 's'},
	{"talkers.0.packets", 'i'},
	{"talkers.0.bytes", 'i'},
	{"alerts.total", 'i'},
	{"alerts.by_detector.port_scan", 'i'},
	{"alerts.list.0.ts", 'r'},
	{"alerts.list.0.detector", 's'},
	{"alerts.list.0.kind", 's'},
	{"alerts.list.0.severity", 's'},
	{"alerts.list.0.subject", 's'},
	{"alerts.list.0.observed", 'r'},
	{"alerts.list.0.expected", 'r'},
	{"alerts.list.0.unit", 's'},
	{"alerts.list.0.reason", 's'},
	{"ledger.seen", 'i'},
	{"ledger.flows", 'i'},
	{"ledger.overflow", 'i'},
	{"ledger.not_flow", 'i'},
	{"ledger.unparsed.bad_tcp", 'i'},
	{"ledger.unparsed.short_link", 'i'},
	{"ledger.balance", 'i'},
	{"ledger.lost.dns", 'i'},
	{"ledger.lost.packets", 'i'},
	{"ledger.lost.flows", 'i'},
	{"ledger.lost.files", 'i'},
	{"ledger.looks_skipped", 'i'},
	{"ledger.head_skipped", 'i'},
	{"ledger.dns_skipped", 'i'},
	{"cost.ns_per_packet", 'r'},
	{"cost.cpu_percent", 'r'},
};

static void test_promised_keys(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, true, true);
	object = parsed(&snapshot);
	check_members(object, promised, sizeof(promised) / sizeof(promised[0]));
	json_decref(object);
}

static void test_figures(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, true, false);
	object = parsed(&snapshot);
	assert_true(json_is_false(at(object, "final")));
	assert_true(json_real_value(at(object, "time")) == 1700000000.0);
	assert_string_equal(json_string_value(at(object, "source.kind")), "live");
	assert_int_equal(json_integer_value(at(object, "packets")), 1300);
	assert_int_equal(json_integer_value(at(object, "l3.arp")), 10);
	assert_int_equal(json_integer_value(at(object, "app.dns.flows")), 60);
	assert_true(json_real_value(at(object, "dns.servers.0.p95")) == 44);
	assert_string_equal(json_string_value(at(object, "talkers.1.ip")), "10.0.0.2");
	assert_int_equal(json_integer_value(at(object, "ledger.unparsed.bad_tcp")), 10);
	assert_int_equal(json_integer_value(at(object, "ledger.lost.packets")), 5);
	assert_int_equal(json_integer_value(at(object, "ledger.looks_skipped")), 70);
	assert_string_equal(json_string_value(at(object, "top_flows.0.name")), "www.example");
	assert_true(json_is_null(at(object, "alerts.list.0.end")));
	json_decref(object);
}

/* An application shows when it has packets, and not before. */
static void test_apps_seen_only(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, true, false);
	object = parsed(&snapshot);
	assert_int_equal(json_object_size(at(object, "app")), 3);
	json_decref(object);
}

static void test_unknown_is_null(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, true, false);
	snapshot.cost_known = false;
	snapshot.pps = NAN;
	memset(&snapshot.dns.latency, 0, sizeof(snapshot.dns.latency));
	memset(&snapshot.dns.servers[0].latency, 0, sizeof(snapshot.dns.latency));
	object = parsed(&snapshot);
	check_members(object,
		      (const struct member[]){{"dns.latency_ms.p50", '0'},
					      {"dns.latency_ms.mean", '0'},
					      {"dns.servers.0.p99", '0'},
					      {"rates.pps", '0'},
					      {"top_flows.1.handshake_ms", '0'},
					      {"cost", '0'}},
		      6);
	json_decref(object);
}

static void test_file_has_no_cost(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, false, true);
	object = parsed(&snapshot);
	assert_null(at(object, "cost"));
	assert_string_equal(json_string_value(at(object, "source.kind")), "file");
	json_decref(object);
}

/* parsed() itself wants printable ASCII and valid JSON; here every text is as bad as can be. */
static void test_hostile_text(void **state)
{
	char longest[NAME_LEN];
	json_t *object;

	(void)state;
	memset(longest, 0x80, sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	fixture_snapshot(&snapshot, true, false);
	strcpy(snapshot.source, HOSTILE_NAME);
	strcpy(snapshot.notes[0], HOSTILE_NAME);
	strcpy(snapshot.alerts[0].alert.subject, HOSTILE_NAME);
	strcpy(snapshot.dns.slow[0].qname, HOSTILE_NAME);
	strcpy(snapshot.talkers[0].name, longest);
	memset(snapshot.dns.rcodes[0].name, 'x', sizeof(snapshot.dns.rcodes[0].name));
	object = parsed(&snapshot);
	assert_string_equal(json_string_value(at(object, "source.name")), "?[2J?</script>\"\\???");
	assert_int_equal(json_integer_value(at(object, "dns.rcodes.xxxxxxxxxxxxxxxx")), 100);
	json_decref(object);
}

/* A file name in UTF-8 is kept. */
static void test_utf8_file_name(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, false, true);
	strcpy(snapshot.source, "gr\xc3\xbc\xc3\x9f.pcap");
	object = parsed(&snapshot);
	assert_string_equal(json_string_value(at(object, "source.name")), snapshot.source);
	json_decref(object);
}

static void test_huge_counts(void **state)
{
	json_t *object;

	(void)state;
	fixture_snapshot(&snapshot, true, false);
	snapshot.bytes = UINT64_MAX;
	snapshot.ledger.balance = -3;
	object = parsed(&snapshot);
	assert_true(json_integer_value(at(object, "bytes")) == INT64_MAX);
	assert_int_equal(json_integer_value(at(object, "ledger.balance")), -3);
	json_decref(object);
}

/* What the view prints to standard output for a snapshot that is not final and one that is. */
static size_t lines_printed(const char *read)
{
	struct options options = {.read = read};
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO), c;
	size_t lines = 0;
	struct view *view;

	assert_non_null(file);
	fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	view = view_json.open(&options);
	for (int final = 0; final < 2 && view; final++) {
		fixture_snapshot(&snapshot, !read, final);
		view_json.snapshot(view, &snapshot);
	}
	view_json.close(view);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(file);
	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static void test_lines(void **state)
{
	(void)state;
	assert_int_equal(lines_printed(NULL), 2);
	assert_int_equal(lines_printed("some.pcap"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promised_keys),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_apps_seen_only),
		cmocka_unit_test(test_unknown_is_null),
		cmocka_unit_test(test_file_has_no_cost),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_utf8_file_name),
		cmocka_unit_test(test_huge_counts),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
