// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the letters and words of the command line mean what the help says; whatever is wrong
 * gets exactly one line on stderr that names it and status 2 (1 where the line is right and
 * what it names is not there); help, man page and version come from
 * the same table and end with status 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"
#include "xdplens/event.h"

enum { WORDS = 40 };

static char out[16384], err[4096];

static int redirect(int fd, FILE *to)
{
	int saved = dup(fd);

	fflush(stdout);
	dup2(fileno(to), fd);
	return saved;
}

static void restore(int fd, int saved, FILE *from, char *text, size_t size)
{
	size_t n;

	fflush(stdout);
	dup2(saved, fd);
	close(saved);
	rewind(from);
	n = fread(text, 1, size - 1, from);
	text[n] = '\0';
	fclose(from);
}

/* `line`: the arguments, a blank between two of them. */
static int parse(struct options *o, const char *line)
{
	static char text[1024];
	char *argv[WORDS + 1] = {"xdplens"}, *rest = text, *word;
	FILE *to_out = tmpfile(), *to_err = tmpfile();
	int argc = 1, saved_out, saved_err, rc;

	snprintf(text, sizeof(text), "%s", line);
	while (*line && argc < WORDS && (word = strsep(&rest, " ")))
		argv[argc++] = word;
	saved_out = redirect(STDOUT_FILENO, to_out);
	saved_err = redirect(STDERR_FILENO, to_err);
	rc = options_parse(o, argc, argv);
	restore(STDERR_FILENO, saved_err, to_err, err, sizeof(err));
	restore(STDOUT_FILENO, saved_out, to_out, out, sizeof(out));
	return rc;
}

static void test_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, ""), -1);
	assert_int_equal(o.n_interfaces, 0);
	assert_null(o.read);
	assert_null(o.filter);
	assert_int_equal(o.mode, MODE_AUTO);
	assert_int_equal(o.report, REPORT_DEFAULT);
	assert_int_equal(o.snaplen, 262144);
	assert_int_equal(o.sample, 0);
	assert_false(o.sample_given);
	assert_true(o.interval_s == 1);
	assert_true(o.duration_s == 0);
	assert_int_equal(o.count, 0);
	assert_string_equal(err, "");
	assert_string_equal(out, "");
}

static void test_every_option(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "-i lo --interface=any --mode generic -c 7 -d 2.5 -w a.pcap -s96"
				   " --sample=10 -C 3 -G 60 -W 5 --csv b.csv"),
			 -1);
	assert_int_equal(o.n_interfaces, 2);
	assert_string_equal(o.interfaces[0], "lo");
	assert_string_equal(o.interfaces[1], "any");
	assert_int_equal(o.mode, MODE_GENERIC);
	assert_int_equal(o.count, 7);
	assert_true(o.duration_s == 2.5);
	assert_string_equal(o.write, "a.pcap");
	assert_int_equal(o.snaplen, 96);
	assert_int_equal(o.sample, 10);
	assert_true(o.sample_given);
	assert_int_equal(o.rotate_bytes, 3000000);
	assert_int_equal(o.rotate_seconds, 60);
	assert_int_equal(o.rotate_count, 5);
	assert_string_equal(o.csv, "b.csv");

	assert_int_equal(parse(&o, "--flows f --dns d --alerts a.csv --report plain --interval 0.5 "
				   "--config /dev/null --blacklist /dev/null --blacklist /dev/zero "
				   "--on-alert true --plugin /dev/null --web [::1]:8080 -Z root"),
			 -1);
	assert_string_equal(o.flows, "f");
	assert_string_equal(o.dns, "d");
	assert_string_equal(o.alerts, "a.csv");
	assert_int_equal(o.report, REPORT_PLAIN);
	assert_true(o.interval_s == 0.5);
	assert_string_equal(o.config, "/dev/null");
	assert_int_equal(o.n_blacklists, 2);
	assert_string_equal(o.blacklists[1], "/dev/zero");
	assert_string_equal(o.on_alert, "true");
	assert_int_equal(o.n_plugins, 1);
	assert_string_equal(o.web, "[::1]:8080");
	assert_string_equal(o.user, "root");
	assert_int_equal(parse(&o, "-vv --check"), -1);
	assert_int_equal(o.verbose, 2);
	assert_true(o.check);
	assert_int_equal(parse(&o, "-q"), -1);
	assert_true(o.quiet);
}

static void test_names_in_order(void **state)
{
	static const struct {
		const char *line;
		int mode, report;
	} rows[] = {
		{"--mode auto --report live", MODE_AUTO, REPORT_LIVE},
		{"--mode native --report plain", MODE_NATIVE, REPORT_PLAIN},
		{"--mode generic --report json", MODE_GENERIC, REPORT_JSON},
		{"--mode tc --report none", MODE_TC, REPORT_NONE},
		{"--mode pcap", MODE_PCAP, REPORT_DEFAULT},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(&o, rows[i].line), -1);
		assert_int_equal(o.mode, rows[i].mode);
		assert_int_equal(o.report, rows[i].report);
	}
}

static void test_sample_default(void **state)
{
	static const struct {
		const char *line;
		uint32_t sample;
		enum sample_by by;
	} rows[] = {
		{"", 0, SAMPLE_PACKETS},
		{"-w f", 1, SAMPLE_PACKETS},
		{"--csv f", 1, SAMPLE_PACKETS},
		{"--flows f", 0, SAMPLE_PACKETS},
		{"--sample 1000", 1000, SAMPLE_PACKETS},
		{"-w f --sample 50", 50, SAMPLE_PACKETS},
		{"-w f --sample flow:8", 8, SAMPLE_FLOWS},
		{"--sample=head:1", 1, SAMPLE_HEADS},
		{"--sample head:3 --sample 7", 7, SAMPLE_PACKETS},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(&o, rows[i].line), -1);
		assert_int_equal(o.sample, rows[i].sample);
		assert_int_equal(o.sample_by, rows[i].by);
	}
	assert_int_equal(parse(&o, "-s 0"), -1);
	assert_int_equal(o.snaplen, 262144);
}

static void test_filter(void **state)
{
	static const struct {
		const char *line, *filter;
	} rows[] = {
		{"port 53", "port 53"},
		{"-q udp and port 53", "udp and port 53"},
		{"udp -c 5 or tcp", "udp or tcp"},
		{"-c 5 -- -1 < 2", "-1 < 2"},
		{"ip[2:2] - 4 > 9", "ip[2:2] - 4 > 9"},
		{"-- -i", "-i"},
		{"--", NULL},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(&o, rows[i].line), -1);
		if (rows[i].filter)
			assert_string_equal(o.filter, rows[i].filter);
		else
			assert_null(o.filter);
		free((char *)o.filter);
	}
}

/* Standard output carries one thing: a file named "-" silences the report. */
static void test_standard_output(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--flows -"), -1);
	assert_int_equal(o.report, REPORT_NONE);
	assert_int_equal(parse(&o, "--dns - --report none"), -1);
	assert_int_equal(parse(&o, "--alerts - --report json"), 2);
	assert_int_equal(parse(&o, "-r - --csv -"), -1);
	assert_string_equal(o.read, "-");
}

/* 1 where the line is right and what it names is not there. */
static int wanted_status(const char *line)
{
	static const char *const absent[] = {"-i loo", "-i nosuchinterface0",
					     "-r /nonexistent.pcap", "-r /",
					     "--blacklist /nonexistent"};

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (strcmp(line, absent[i]) == 0)
			return 1;
	return 2;
}

static void test_wrong_lines(void **state)
{
	/* `says`: parts of the one line, that name the culprit, the place and the remedy */
	static const struct {
		const char *line, *says[3];
	} rows[] = {
		{"--inteface lo", {"argument 1", "--inteface", "--interface"}},
		{"-q --dsn f", {"argument 2", "--dsn", "--dns"}},
		{"--repor=json", {"argument 1", "--repor", "--report"}},
		{"-report json", {"-report", "--report"}},
		{"--frobnicate", {"--frobnicate", "--help"}},
		{"-x", {"-x", "--help"}},
		{"-qx", {"-qx"}},
		{"-c ten", {"argument 2", "-c", "\"ten\""}},
		{"-c 0", {"-c", "1 or more"}},
		{"-c -5", {"-c", "\"-5\""}},
		{"-c 5x", {"-c", "\"5x\""}},
		{"-c 18446744073709551616", {"-c"}},
		{"-c", {"argument 1", "-c needs N"}},
		{"-d 0", {"-d", "0.001"}},
		{"-d 1e3", {"-d", "\"1e3\""}},
		{"-d nan", {"-d", "\"nan\""}},
		{"-d .", {"-d"}},
		{"-s 262145", {"-s", "262144"}},
		{"--sample 4294967296", {"--sample", "4294967295"}},
		{"--sample flow:0", {"--sample flow:", "1 to", "\"0\""}},
		{"--sample head:x", {"--sample head:", "\"x\""}},
		{"--sample flow:", {"--sample flow:", "\"\""}},
		{"--sample flows:5", {"--sample", "flow:N or head:N", "\"flows:5\""}},
		{"-w f -C 0", {"-C", "1"}},
		{"-w f -G 1.5", {"-G", "\"1.5\""}},
		{"-w f -C 1 -W 0", {"-W"}},
		{"--interval 0.01", {"--interval", "0.1"}},
		{"--mode nativ", {"--mode", "nativ", "did you mean native"}},
		{"--report xml", {"--report xml", "live plain json none"}},
		{"--web 65536", {"--web", "65535"}},
		{"--web 127.0.0.1:", {"--web"}},
		{"--web host:80", {"--web host:80", "IPv4"}},
		{"--web [::1:80", {"--web", "brackets"}},
		{"--web ::1:80", {"--web", "brackets"}},
		{"--web :80", {"--web"}},
		{"-i loo", {"argument 2", "-i loo", "did you mean lo?"}},
		{"-i nosuchinterface0", {"nosuchinterface0", "no such interface"}},
		{"-r /nonexistent.pcap", {"argument 2", "/nonexistent.pcap", "No such file"}},
		{"-r /", {"-r /", "directory"}},
		{"--blacklist /nonexistent", {"--blacklist /nonexistent"}},
		{"-Z nobodyofthisname", {"nobodyofthisname", "no such user"}},
		{"--csv=", {"--csv needs FILE"}},
		{"-w --csv", {"-w needs FILE", "--csv"}},
		{"--check=yes", {"--check", "no value"}},
		{"-r /proc/self/exe -i lo", {"-r", "-i", "exclude"}},
		{"-r /proc/self/exe --check", {"-r", "--check", "exclude"}},
		{"-r /proc/self/exe --mode tc", {"-r", "--mode", "exclude"}},
		{"-r /proc/self/exe -w /proc/self/exe", {"-w", "overwrite", "-r"}},
		{"-qv", {"-q", "-v", "exclude"}},
		{"-C 5", {"-C needs -w"}},
		{"-G 5", {"-G needs -w"}},
		{"-w f -W 5", {"-W needs -C or -G"}},
		{"-w f --sample 0", {"-w", "--sample"}},
		{"--csv f --sample 0", {"--csv", "--sample"}},
		{"-w - -C 1", {"-w -", "rotated"}},
		{"--csv - --dns -", {"--csv", "--dns", "standard output"}},
		{"--flows same --dns same", {"--flows", "--dns", "same"}},
		{"--report live --flows -", {"--flows -", "--report"}},
		{"--web-token-file f", {"--web-token-file needs --web"}},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse(&o, rows[i].line) != wanted_status(rows[i].line))
			fail_msg("'%s' got another status", rows[i].line);
		if (strncmp(err, "xdplens: ", 9) || strchr(err, '\n') != err + strlen(err) - 1)
			fail_msg("'%s' got not one line: '%s'", rows[i].line, err);
		for (int j = 0; j < 3 && rows[i].says[j]; j++)
			if (!strstr(err, rows[i].says[j]))
				fail_msg("'%s': '%s' is not in '%s'", rows[i].line, rows[i].says[j],
					 err);
		assert_string_equal(out, "");
	}
}

static void test_hostile_words(void **state)
{
	char bell[] = "--\033[2Jx\n", longest[900], *argv[] = {"xdplens", bell, NULL};
	struct options o;
	FILE *to = tmpfile();
	int saved = redirect(STDERR_FILENO, to), rc = options_parse(&o, 2, argv);

	(void)state;
	restore(STDERR_FILENO, saved, to, err, sizeof(err));
	assert_int_equal(rc, 2);
	assert_null(strchr(err, '\033'));
	assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);

	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "--", 2);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(parse(&o, longest), 2);
	longest[1] = 'i';
	assert_int_equal(parse(&o, longest), 1);
	assert_null(strstr(err, "did you mean"));
}

static void test_lists(void **state)
{
	struct options o;
	char line[512] = "";

	(void)state;
	assert_int_equal(parse(&o, "-i lo -i lo"), -1);
	assert_int_equal(o.n_interfaces, 1);
	for (int i = 0; i < 8; i++)
		strcat(line, i ? " -i lo" : "-i lo");
	assert_int_equal(parse(&o, line), -1);
	assert_int_equal(o.n_interfaces, 1);
}

static void test_list_bound(void **state)
{
	char names[OPTIONS_LIST + 1][64], *argv[2 * OPTIONS_LIST + 4] = {"xdplens"};
	struct options o;
	int argc = 1;

	(void)state;
	for (int i = 0; i <= OPTIONS_LIST; i++) {
		snprintf(names[i], sizeof(names[i]), "/proc/self/.%.*s/exe", i,
			 "/././././././././././././././././");
		argv[argc++] = "--plugin";
		argv[argc++] = names[i];
	}
	assert_int_equal(options_parse(&o, argc - 2, argv), -1);
	assert_int_equal(o.n_plugins, OPTIONS_LIST);
	assert_int_equal(options_parse(&o, argc, argv), 2);
}

static void test_texts(void **state)
{
	static const char *const options[] = {
		"interface", "read",	 "mode",   "count",    "duration", "write",  "snaplen",
		"sample",    "csv",	 "flows",  "dns",      "alerts",   "report", "config",
		"blacklist", "on-alert", "plugin", "web",      "user",	   "check",  "quiet",
		"verbose",   "version",	 "help",   "interval",
	};
	struct options o;
	char word[64];

	(void)state;
	assert_int_equal(parse(&o, "--version"), 0);
	assert_string_equal(out, "xdplens 0.1.0\n");
	assert_int_equal(parse(&o, "--help"), 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(word, sizeof(word), "--%s", options[i]);
		assert_non_null(strstr(out, word));
	}
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 0, 80);
	assert_string_equal(err, "");
}

/* What the manual is made of: every row, headings among them, each option with its text. */
static void test_rows(void **state)
{
	struct option_row row;
	size_t n, headings = 0, repeatable = 0;

	(void)state;
	for (n = 0; options_row(n, &row); n++) {
		assert_non_null(row.about);
		headings += !row.letter && !row.name;
		repeatable += row.repeatable;
		if (row.choices)
			assert_non_null(row.argument);
	}
	assert_in_range(n, 30, 64);
	assert_in_range(headings, 4, 10);
	assert_in_range(repeatable, 4, n); /* -i, -v, --blacklist, --plugin */
	assert_true(options_row(0, &row));
	assert_string_equal(row.about, "What to watch");
	assert_true(options_row(1, &row));
	assert_int_equal(row.letter, 'i');
	assert_string_equal(row.argument, "IFACE");
	assert_true(row.repeatable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),       cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_names_in_order), cmocka_unit_test(test_sample_default),
		cmocka_unit_test(test_filter),	       cmocka_unit_test(test_standard_output),
		cmocka_unit_test(test_wrong_lines),    cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_lists),	       cmocka_unit_test(test_list_bound),
		cmocka_unit_test(test_texts),	       cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
