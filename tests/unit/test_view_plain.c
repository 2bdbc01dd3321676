// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the summary holds the snapshot's figures in words, the ledger always; a line has as
 * many words as its header; nothing but text comes out, whatever the names hold; rare applications
 * stand together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"
#include "view/apps.h"
#include "view/plain.h"
#include "view/view.h"
#include "view_fixture.h"

static struct snapshot snapshot;

static char *text_of(void (*write)(FILE *to, const struct snapshot *s), const struct snapshot *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	write(to, s);
	fclose(to);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n')
			assert_in_range((unsigned char)text[i], ' ', '~');
	return text;
}

static void wants(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" is missing in:\n%s", part, text ? text : "nothing");
}

static const char ledger_line[] =
	"ledger: seen 1300 = flows 1280 + overflow 0 + not a flow 10 + unparsed 10; "
	"balance 0; lost: dns 0, packets 5, flows 0, files 3; skipped: payloads 70, "
	"first packets 20, dns 9";

static void test_summary_live(void **state)
{
	static const char *const parts[] = {
		"interface eth7, mode native, 10.0 s until 2023-11-14 22:13:20",
		"packets      1,300, bytes 1,500,000 (1.50 MB), mean 1.15 kB",
		"ipv4 1,290 (99.2%), arp 10 (0.8%)",
		"flows        67, active 31",
		"dns: 120 queries, 110 responses, matched 109, unanswered 11, retransmissions 3",
		"p50 4.00 ms, p90 20.0 ms, p95 44.0 ms, p99 230 ms, max 1.20 s",
		"NOERROR 100, NXDOMAIN 9",
		"slow: 1.20 s slow.example AAAA by 10.0.0.53",
		"host.example",
		"10.0.0.1:40000 > 10.0.0.2:443, www.example",
		"alerts: 4 in all, 1 open",
		"port_scan, vertical: 10.0.0.2: it asked for 300 ports",
		"note: eth7 went down",
		ledger_line,
		"unparsed: bad_tcp 10",
		"cost: 85 ns a packet in the kernel, 2.1% of one CPU",
	};
	char *text;

	(void)state;
	fixture_snapshot(&snapshot, true, true);
	text = text_of(plain_summary, &snapshot);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		wants(text, parts[i]);
	free(text);
}

/* name, packets, share, bytes, share, flows: in this order on one line. */
static void test_application_row(void **state)
{
	char *text, *row;
	char share[16], bytes[16], unit[16], part[16];
	unsigned long packets = 0, flows = 0;
	unsigned thousand = 0;

	(void)state;
	fixture_snapshot(&snapshot, true, true);
	text = text_of(plain_summary, &snapshot);
	row = strstr(text, "\n  https ");
	assert_non_null(row);
	assert_int_equal(sscanf(row, " https %lu,%u %15s %15s %15s %15s %lu", &packets, &thousand,
				share, bytes, unit, part, &flows),
			 7);
	assert_int_equal(packets * 1000 + thousand, 1000);
	assert_string_equal(share, "76.9%");
	assert_string_equal(bytes, "1.40");
	assert_string_equal(unit, "MB");
	assert_string_equal(part, "93.3%");
	assert_int_equal(flows, 2);
	free(text);
}

static void test_summary_of_nothing(void **state)
{
	char *text;

	(void)state;
	memset(&snapshot, 0, sizeof(snapshot));
	text = text_of(plain_summary, &snapshot);
	wants(text, "packets      0, bytes 0");
	wants(text, "ledger: seen 0 = flows 0");
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "cost:"));
	free(text);
}

static unsigned words(const char *line)
{
	unsigned n = 0;
	int c;

	for (bool in = false; (c = *line) && c != '\n'; line++) {
		n += c != ' ' && !in;
		in = c != ' ';
	}
	return n;
}

static void write_header(FILE *to, const struct snapshot *s)
{
	(void)s;
	plain_header(to);
}

static void test_line(void **state)
{
	char *header, *line;

	(void)state;
	fixture_snapshot(&snapshot, true, false);
	header = text_of(write_header, &snapshot);
	line = text_of(plain_line, &snapshot);
	assert_int_equal(words(line), words(header));
	assert_int_equal(strlen(line), strlen(header));
	assert_true(strlen(line) <= 81);
	wants(line, "22:13:20 ");
	wants(line, " 1.20k ");
	wants(line, " 3.40M ");
	wants(line, " 44ms ");
	wants(line, " 99.2%   99\n");
	free(header);
	free(line);
}

/* Even at the greatest figures columns do not run into each other. */
static void test_line_of_great_figures(void **state)
{
	char *line;

	(void)state;
	fixture_snapshot(&snapshot, true, false);
	snapshot.in_pps = snapshot.out_pps = 999499999;
	snapshot.in_bps = snapshot.out_bps = 4e12;
	snapshot.flows_active = snapshot.dns.unanswered = UINT32_MAX;
	snapshot.dns.latency.p95 = 59999;
	line = text_of(plain_line, &snapshot);
	assert_int_equal(words(line), 12);
	free(line);
}

/* Rare ones, and those beyond the limit, are summed up in the last row; nothing is lost. */
static void test_rare_applications(void **state)
{
	struct app_row rows[APP_COUNT];
	uint64_t packets = 0;
	size_t n;

	(void)state;
	memset(&snapshot, 0, sizeof(snapshot));
	for (int i = 1; i < APP_COUNT; i++)
		snapshot.app[i] = (struct app_total){.packets = 1, .bytes = 100};
	snapshot.app[APP_SSH] = (struct app_total){.packets = 100000, .bytes = 9000000};
	snapshot.app[APP_NTP] = (struct app_total){.packets = 50000, .bytes = 10000000};
	snapshot.packets = 150000 + APP_COUNT - 3;
	snapshot.bytes = 19000000 + 100 * (APP_COUNT - 3);
	n = app_rows(&snapshot, APP_COUNT, 0.001, rows);
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].name, "ntp");
	assert_string_equal(rows[1].name, "ssh");
	assert_int_equal(rows[2].total.packets, APP_COUNT - 3);
	for (size_t most = 1; most <= APP_COUNT; most++) {
		n = app_rows(&snapshot, most, 0, rows);
		assert_true(n <= most);
		packets = 0;
		for (size_t i = 0; i < n; i++)
			packets += rows[i].total.packets;
		assert_int_equal(packets, snapshot.packets);
	}
}

/* Not on a terminal: one header, no control characters; with -r the summary alone. */
static size_t printed(const char *read, char *dst, size_t n)
{
	struct options options = {.read = read};
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO);
	struct view *view;
	size_t len;

	assert_non_null(file);
	fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	view = view_plain.open(&options);
	for (int i = 0; i <= 50 && view; i++) {
		fixture_snapshot(&snapshot, !read, i == 50);
		view_plain.snapshot(view, &snapshot);
	}
	view_plain.close(view);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(file);
	len = fread(dst, 1, n - 1, file);
	dst[len] = 0;
	fclose(file);
	return len;
}

static void test_view(void **state)
{
	static char text[65536];
	char *header;

	(void)state;
	printed(NULL, text, sizeof(text));
	header = strstr(text, "in-pps");
	assert_non_null(header);
	assert_null(strstr(header + 1, "in-pps"));
	wants(text, "\n\nxdplens ");
	printed("some.pcap", text, sizeof(text));
	assert_null(strstr(text, "in-pps"));
	assert_int_equal(strncmp(text, "xdplens ", 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary_live),
		cmocka_unit_test(test_application_row),
		cmocka_unit_test(test_summary_of_nothing),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_of_great_figures),
		cmocka_unit_test(test_rare_applications),
		cmocka_unit_test(test_view),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
