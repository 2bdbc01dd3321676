// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The command line. One table drives parsing, --help, the manual's option list and completion
 * (scripts/manual asks options_row for those). Before it: the shell; after it: everything, which
 * gets the options as const.
 *
 * Options may stand before, between and after the words of the filter; "--" ends them. What is
 * wrong gets one line: which argument, what it says, what would be right.
 */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guess.h"
#include "base/log.h"
#include "xdplens/event.h"

#ifndef XDPLENS_VERSION
#define XDPLENS_VERSION "0.1.0"
#endif

enum { GO_ON = -1, DONE = 0, WRONG = 2 }; /* what options_parse returns */

enum {
	SNAPLEN_DEFAULT = 262144, /* tcpdump's */
	ALERT_SAMPLE = 100,	  /* 1 in so many, for --alert-packets alone */
	MEGABYTE = 1000000,	  /* tcpdump's, -C */
	HELP_INDENT = 28,
	HELP_WIDTH = 80,
	WORD_MAX = 64, /* an unknown option is shown up to this */
};

struct row;

struct parse {
	struct options *options;
	int argc;
	char **argv;
	int at;		 /* argument that is looked at */
	uint64_t given;	 /* bit n: the table's row n was */
	int words[1024]; /* arguments that belong to the filter */
	int n_words;
};

/* Stores a value; `word` is the option as it was written. GO_ON, DONE or WRONG. */
typedef int take_fn(struct parse *p, const struct row *row, const char *word, const char *value);

struct row {
	char letter;	      /* 0: none */
	const char *name;     /* NULL: none; a row with neither is a heading */
	const char *argument; /* NULL: takes none */
	take_fn *take;
	size_t offset;	      /* of what is filled, in struct options */
	size_t count;	      /* offset of the number of entries: lists */
	uint64_t least, most; /* numbers; of seconds in thousandths; most of a list */
	uint64_t unit;	      /* what a number is multiplied with */
	const char *choices;  /* words with a blank between them, in the order of the enum */
	const char *about;
};

static take_fn take_flag, take_more, take_text, take_file, take_files, take_interface, take_u32,
	take_u64, take_seconds, take_sample, take_choice, take_web, take_user, take_help,
	take_version;

#define AT(field) .offset = offsetof(struct options, field)
#define LIST(field, n) AT(field), .count = offsetof(struct options, n)
_Static_assert(COPY_MAX == 65528, "the help of -s says so");

/* clang-format off */
static const struct row table[] = {
{.about = "What to watch"},
{'i', "interface", "IFACE", take_interface, LIST(interfaces, n_interfaces), .most = OPTIONS_INTERFACES,
 .about = "interface; repeatable; \"any\": every one that is up, loopback left out. Default: that of the default route"},
{0, "netns", "NAME|PID", take_text, AT(netns),
 .about = "watch this network namespace: as `ip netns` names it, or of a process, a container's for instance"},
{'r', "read", "FILE", take_file, AT(read),
 .about = "analyse a capture file (pcap or pcapng, \"-\": standard input); needs no privilege"},
{0, "mode", "MODE", take_choice, AT(mode), .choices = "auto native generic tc pcap",
 .about = "where packets are seen: auto, native or generic (XDP), tc, or pcap (without BPF). Default: auto, the best that works"},
{0, "check", NULL, take_flag, AT(check),
 .about = "the attach doctor: report what works here, and exit"},

{.about = "When to stop"},
{'c', "count", "N", take_u64, AT(count), .least = 1, .most = UINT64_MAX, .unit = 1,
 .about = "stop after N packets"},
{'d', "duration", "SECONDS", take_seconds, AT(duration_s), .least = 1, .most = 1000000000000,
 .about = "stop after so many seconds"},

{.about = "What to show"},
{0, "report", "KIND", take_choice, AT(report), .choices = "live plain json none",
 .about = "live, plain, json or none. Default: live on a terminal, plain elsewhere; none where standard output is taken by a file named \"-\""},
{0, "interval", "SECONDS", take_seconds, AT(interval_s), .least = 100, .most = 3600000,
 .about = "time between reports. Default: 1"},
{0, "web", "[ADDR:]PORT", take_web, AT(web),
 .about = "dashboard and /metrics by HTTP; address 127.0.0.1 unless given, [ADDR] for IPv6"},
{0, "web-token-file", "FILE", take_text, AT(web_token_file),
 .about = "file with the token that the dashboard asks for"},
{'q', "quiet", NULL, take_flag, AT(quiet), .about = "no messages but errors"},
{'v', "verbose", NULL, take_more, AT(verbose), .about = "more messages"},

{.about = "What to write (\"-\": standard output; .gz: compressed; what is there: replaced)"},
{'w', "write", "FILE", take_text, AT(write), .about = "sampled packets, with nanoseconds: pcapng where the name ends in .pcapng, else pcap. pcapng has their interface, direction and drops; an alert is a comment of the next packet, or of the statistics that end the file"},
{'s', "snaplen", "BYTES", take_u32, AT(snaplen), .most = SNAPLEN_DEFAULT, .unit = 1,
 .about = "keep at most so many bytes of a packet. Default: 262144, as does 0; of live packets never more than 65528, and up to 128 less of those that are cut from a large send"},
{0, "sample", "[flow:|head:]N", take_sample, AT(sample), .most = UINT32_MAX, .unit = 1,
 .about = "sample 1 packet in N (1: every packet, the default with -w or --csv; 0: none, the default without; 100 with --alert-packets alone), or all packets of 1 flow in N, or the first N packets of each direction of a flow; of those that FILTER takes"},
{'C', NULL, "MB", take_u64, AT(rotate_bytes), .least = 1, .most = 1000000000, .unit = MEGABYTE,
 .about = "begin a new file of packets, with a number after its name (before its .gz), when one is larger than so many million bytes"},
{'G', NULL, "SECONDS", take_u32, AT(rotate_seconds), .least = 1, .most = UINT32_MAX, .unit = 1,
 .about = "begin a new file of packets every so many seconds, its name made by strftime(3)"},
{'W', NULL, "COUNT", take_u32, AT(rotate_count), .least = 1, .most = 1000000000, .unit = 1,
 .about = "with -C: so many files, then the first is overwritten; with -G: stop after so many"},
{0, "csv", "FILE", take_text, AT(csv), .about = "packet log, a row a sampled packet"},
{0, "flows", "FILE", take_text, AT(flows),
 .about = "a row a flow that ended; CSV where the name ends in .csv (or .csv.gz), else JSON Lines"},
{0, "dns", "FILE", take_text, AT(dns), .about = "a row a DNS transaction, likewise"},
{0, "alerts", "FILE", take_text, AT(alerts),
 .about = "a row an alert that opens and one when it closes, likewise"},

{.about = "How to work"},
{0, "config", "FILE", take_file, AT(config), .about = "thresholds, sizes and feeds (INI)"},
{0, "blacklist", "FILE", take_files, LIST(blacklists, n_blacklists), .most = OPTIONS_LIST,
 .about = "addresses and networks to warn of, one a line; repeatable; read again on SIGHUP"},
{0, "on-alert", "COMMAND", take_text, AT(on_alert), .about = "run a command for each alert that opens or closes, without a shell; the alert is JSON on its standard input"},
{0, "syslog", NULL, take_flag, AT(syslog), .about = "tell the host's log (journald, syslog) of each alert"},
{0, "alert-packets", "DIR", take_text, AT(alert_packets),
 .about = "keep the packets before and after each alert, a pcap file an alert; the newest 64, at most 1 MB each"},
{0, "plugin", "FILE.so", take_files, LIST(plugins, n_plugins), .most = OPTIONS_LIST,
 .about = "load a detector; repeatable"},
{'Z', "user", "USER", take_user, AT(user), .about = "become this user once attached"},
{0, "version", NULL, take_version, .about = "print the version and exit"},
{'h', "help", NULL, take_help, .about = "print this and exit"},
};

/* Given together they make no sense, or the first makes none without the second. */
static const struct rule {
	const char *a, *b;
	bool needs;
	const char *why;
} rules[] = {
	{"-r", "-i", false, "packets come from a file or from an interface"},
	{"-r", "--netns", false, "packets come from a file or from a namespace's interfaces"},
	{"-r", "--check", false, "there is nothing to attach to a file"},
	{"-r", "--mode", false, "there is nothing to attach to a file"},
	{"-q", "-v", false, "one asks for fewer messages, the other for more"},
	{"-C", "-w", true, "it rotates that file"},
	{"-G", "-w", true, "it rotates that file"},
	{"-W", "-w", true, "it counts that file's successors"},
	{"--web-token-file", "--web", true, "the dashboard asks for the token"},
};
/* clang-format on */

enum { ROWS = sizeof(table) / sizeof(table[0]) };
_Static_assert(ROWS <= 64, "struct parse.given has a bit for each row");

__attribute__((format(printf, 2, 3))) static int wrong(const struct parse *p, const char *fmt, ...)
{
	char text[LOG_LINE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (p->at < p->argc)
		log_error("argument %d: %s", p->at, text);
	else
		log_error("%s", text);
	return WRONG;
}

/* The line is right, but what it names is not there: the run failed. */
#define absent(p, ...) (wrong(p, __VA_ARGS__), EXIT_FAILURE)

static void *field(struct parse *p, size_t offset)
{
	return (char *)p->options + offset;
}

/* ---- the table, searched ---- */

static bool row_heads(const struct row *row)
{
	return !row->letter && !row->name;
}

/* Of an option as it is written: "-c", "--count". `len` counts the dashes. */
static const struct row *row_find(const char *word, size_t len)
{
	for (const struct row *row = table; row < table + ROWS; row++) {
		if (len == 2 && row->letter && word[1] == row->letter)
			return row;
		if (row->name && len == strlen(row->name) + 2 && !strncmp(word, "--", 2) &&
		    !strncmp(word + 2, row->name, len - 2))
			return row;
	}
	return NULL;
}

static bool row_given(const struct parse *p, const char *word)
{
	return p->given & 1ull << (row_find(word, strlen(word)) - table);
}

static int unknown_option(struct parse *p, const char *word, size_t len)
{
	char typed[WORD_MAX];
	struct guess g;

	snprintf(typed, sizeof(typed), "%.*s", (int)len, word);
	g = guess_start(typed + strspn(typed, "-"));
	for (const struct row *row = table; row < table + ROWS; row++)
		if (row->name && strlen(g.typed) > 1)
			guess_try(&g, row->name);
	if (g.best)
		return wrong(p, "unknown option %s; did you mean --%s?", typed, g.best);
	return wrong(p, "unknown option %s; xdplens --help lists them", typed);
}

/* ---- values ---- */

static int take_flag(struct parse *p, const struct row *row, const char *word, const char *value)
{
	(void)word, (void)value;
	*(bool *)field(p, row->offset) = true;
	return GO_ON;
}

static int take_more(struct parse *p, const struct row *row, const char *word, const char *value)
{
	(void)word, (void)value;
	++*(int *)field(p, row->offset);
	return GO_ON;
}

static int take_text(struct parse *p, const struct row *row, const char *word, const char *value)
{
	(void)word;
	*(const char **)field(p, row->offset) = value;
	return GO_ON;
}

static int file_check(struct parse *p, const struct row *row, const char *word, const char *value)
{
	struct stat st;

	if (row->offset == offsetof(struct options, read) && !strcmp(value, "-"))
		return GO_ON;
	if (access(value, R_OK) || stat(value, &st))
		return absent(p, "%s %s: %s", word, value, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return absent(p, "%s %s: %s", word, value, strerror(EISDIR));
	return GO_ON;
}

static int take_file(struct parse *p, const struct row *row, const char *word, const char *value)
{
	int rc = file_check(p, row, word, value);

	return rc == GO_ON ? take_text(p, row, word, value) : rc;
}

/* Named twice is named once. */
static int list_add(struct parse *p, const struct row *row, const char *word, const char *value)
{
	const char **list = field(p, row->offset);
	int *n = field(p, row->count);

	for (int i = 0; i < *n; i++)
		if (!strcmp(list[i], value))
			return GO_ON;
	if (*n == (int)row->most)
		return wrong(p, "%s: more than %d of them", word, *n);
	list[(*n)++] = value;
	return GO_ON;
}

static int take_files(struct parse *p, const struct row *row, const char *word, const char *value)
{
	int rc = file_check(p, row, word, value);

	return rc == GO_ON ? list_add(p, row, word, value) : rc;
}

static int interface_unknown(struct parse *p, const char *word, const char *value)
{
	struct if_nameindex *all = if_nameindex();
	struct guess g = guess_start(value);
	char list[256] = "";
	size_t len = 0;
	int rc;

	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		guess_try(&g, i->if_name);
		if (len + strlen(i->if_name) + 3 < sizeof(list))
			len += sprintf(list + len, "%s%s", len ? ", " : "", i->if_name);
	}
	if (g.best)
		rc = absent(p, "%s %s: no such interface; did you mean %s?", word, value, g.best);
	else
		rc = absent(p, "%s %s: no such interface; there are %s", word, value, list);
	if (all)
		if_freenameindex(all);
	return rc;
}

/* Names of another namespace are looked up there, when it is entered. */
static bool interfaces_are_elsewhere(const struct parse *p)
{
	for (int i = 1; i < p->argc; i++)
		if (strncmp(p->argv[i], "--netns", strlen("--netns")) == 0)
			return true;
	return false;
}

static int take_interface(struct parse *p, const struct row *row, const char *word,
			  const char *value)
{
	if (strcmp(value, "any") && !interfaces_are_elsewhere(p) && !if_nametoindex(value))
		return interface_unknown(p, word, value);
	return list_add(p, row, word, value);
}

static int number_parse(struct parse *p, const struct row *row, const char *word, const char *value,
			uint64_t *n)
{
	errno = 0;
	*n = strtoull(value, NULL, 10);
	if (errno || value[strspn(value, "0123456789")] || *n < row->least || *n > row->most)
		return wrong(p, "%s needs a whole number, %llu %s%.0llu, not \"%s\"", word,
			     (unsigned long long)row->least,
			     row->most < UINT64_MAX ? "to " : "or more",
			     row->most < UINT64_MAX ? (unsigned long long)row->most : 0, value);
	*n *= row->unit;
	return GO_ON;
}

static int take_u64(struct parse *p, const struct row *row, const char *word, const char *value)
{
	return number_parse(p, row, word, value, field(p, row->offset));
}

static int take_u32(struct parse *p, const struct row *row, const char *word, const char *value)
{
	uint64_t n;
	int rc = number_parse(p, row, word, value, &n);

	if (rc == GO_ON)
		*(uint32_t *)field(p, row->offset) = n;
	return rc;
}

/* "N", "flow:N", "head:N" */
static int take_sample(struct parse *p, const struct row *row, const char *word, const char *value)
{
	static const char *const prefixes[] = {"", "flow:", "head:"}; /* by enum sample_by */
	enum sample_by by = SAMPLE_PACKETS;
	struct row number = *row;
	char name[WORD_MAX];
	size_t len;

	for (int i = SAMPLE_FLOWS; i <= SAMPLE_HEADS; i++)
		if (!strncmp(value, prefixes[i], strlen(prefixes[i])))
			by = i;
	len = strlen(prefixes[by]);
	if (by == SAMPLE_PACKETS && strchr(value, ':'))
		return wrong(p, "%s takes N, flow:N or head:N, not \"%s\"", word, value);
	if (by != SAMPLE_PACKETS)
		number.least = 1;
	snprintf(name, sizeof(name), "%s%s%.*s", word, len ? " " : "", (int)len, prefixes[by]);
	p->options->sample_by = by;
	return take_u32(p, &number, name, value + len);
}

static int take_seconds(struct parse *p, const struct row *row, const char *word, const char *value)
{
	char *end;
	double s = strtod(value, &end);

	if (*end || value[strspn(value, "0123456789.")] || s * 1000 < row->least ||
	    s * 1000 > row->most)
		return wrong(p, "%s needs seconds from %g to %.10g, not \"%s\"", word,
			     row->least / 1e3, row->most / 1e3, value);
	*(double *)field(p, row->offset) = s;
	return GO_ON;
}

/* `row` lists live, plain, ... from 1 on where 0 means that nothing was said. */
static int take_choice(struct parse *p, const struct row *row, const char *word, const char *value)
{
	struct guess g = guess_start(value);
	char words[128], *rest = words, *one;
	int number = row->offset == offsetof(struct options, report) ? REPORT_LIVE : 0;

	snprintf(words, sizeof(words), "%s", row->choices);
	while ((one = strsep(&rest, " "))) {
		if (!strcmp(one, value)) {
			*(int *)field(p, row->offset) = number;
			return GO_ON;
		}
		guess_try(&g, one);
		number++;
	}
	if (g.best)
		return wrong(p, "%s %s: unknown; did you mean %s? (%s)", word, value, g.best,
			     row->choices);
	return wrong(p, "%s %s: unknown; it takes one of: %s", word, value, row->choices);
}

/* [ADDR:]PORT, ADDR an IPv4 address or an IPv6 address in brackets. */
static int take_web(struct parse *p, const struct row *row, const char *word, const char *value)
{
	const char *colon = strrchr(value, ':'), *port = colon ? colon + 1 : value;
	size_t len = colon ? colon - value : 0;
	bool digits = *port && strlen(port) <= 5 && !port[strspn(port, "0123456789")];
	struct in6_addr in6;
	char address[64];

	if (!digits || atoi(port) > UINT16_MAX)
		return wrong(p, "%s needs [ADDR:]PORT with a port up to 65535, not \"%s\"", word,
			     value);
	snprintf(address, sizeof(address), "%.*s", (int)len, value);
	if (colon && address[0] == '[' && address[len - 1] == ']' && len < sizeof(address)) {
		address[len - 1] = '\0';
		if (inet_pton(AF_INET6, address + 1, &in6) == 1)
			return take_text(p, row, word, value);
	} else if (!colon || inet_pton(AF_INET, address, &in6) == 1) {
		return take_text(p, row, word, value);
	}
	return wrong(p, "%s %s: the address must be IPv4, or IPv6 in brackets", word, value);
}

static int take_user(struct parse *p, const struct row *row, const char *word, const char *value)
{
	if (!getpwnam(value))
		return wrong(p, "%s %s: no such user", word, value);
	return take_text(p, row, word, value);
}

/* ---- texts ---- */

static void wrapped_print(const char *text, int column)
{
	for (const char *word = text; *word; word += strspn(word, " ")) {
		int len = strcspn(word, " ");

		if (column + 1 + len > HELP_WIDTH) {
			printf("\n%*s", HELP_INDENT - 1, "");
			column = HELP_INDENT - 1;
		}
		printf(" %.*s", len, word);
		column += 1 + len;
		word += len;
	}
	putchar('\n');
}

static void row_print(const struct row *row)
{
	char left[HELP_WIDTH];
	int len;

	if (row_heads(row)) {
		printf("\n%s:\n", row->about);
		return;
	}
	len = snprintf(left, sizeof(left), "  %c%c%s%s%s%s%s", row->letter ? '-' : ' ',
		       row->letter ? row->letter : ' ', row->letter && row->name ? ", " : "",
		       row->name ? row->letter ? "--" : "  --" : "", row->name ? row->name : "",
		       row->argument ? " " : "", row->argument ? row->argument : "");
	printf("%-*s", HELP_INDENT - 1, left);
	wrapped_print(row->about, len < HELP_INDENT ? HELP_INDENT - 1 : len);
}

static int take_help(struct parse *p, const struct row *row, const char *word, const char *value)
{
	(void)p, (void)row, (void)word, (void)value;
	printf("Usage: xdplens [OPTION]... [FILTER]\n"
	       "Watches, classifies and counts the traffic of this host from inside the kernel,\n"
	       "or that of a capture file. FILTER is an expression of tcpdump (pcap-filter(7)).\n");
	for (row = table; row < table + ROWS; row++)
		row_print(row);
	printf("\nExamples:\n"
	       "  xdplens                          what goes on here, live\n"
	       "  xdplens -i eth0 --web 8080       the same in a browser\n"
	       "  xdplens -r trace.pcap port 53    a capture file's DNS\n"
	       "  xdplens -w all.pcap --flows flows.jsonl -d 60\n"
	       "\nExit status: 0 done, 1 failed, 2 wrong usage.\n");
	return DONE;
}

static int take_version(struct parse *p, const struct row *row, const char *word, const char *value)
{
	(void)p, (void)row, (void)word, (void)value;
	printf("xdplens %s\n", XDPLENS_VERSION);
	return DONE;
}

enum capture_format options_file_format(const char *path)
{
	static const char pcapng[] = ".pcapng", gzip[] = ".gz";
	size_t len = path ? strlen(path) : 0;

	if (!path)
		return CAPTURE_NONE;
	if (len >= strlen(gzip) && !strcmp(path + len - strlen(gzip), gzip))
		len -= strlen(gzip);
	if (len >= strlen(pcapng) && !memcmp(path + len - strlen(pcapng), pcapng, strlen(pcapng)))
		return CAPTURE_PCAPNG;
	return CAPTURE_PCAP;
}

enum capture_format options_capture_format(const struct options *o)
{
	return o->csv || o->alert_packets || o->read || o->mode == MODE_PCAP
		       ? CAPTURE_NONE
		       : options_file_format(o->write);
}

bool options_only_capture(const struct options *o)
{
	return options_capture_format(o) != CAPTURE_NONE && o->report == REPORT_NONE && !o->flows &&
	       !o->dns && !o->alerts && !o->on_alert && !o->syslog && !o->n_plugins && !o->web;
}

bool options_row(size_t i, struct option_row *text)
{
	const struct row *row = &table[i];

	if (i >= ROWS)
		return false;
	*text = (struct option_row){
		.letter = row->letter,
		.name = row->name,
		.argument = row->argument,
		.choices = row->choices,
		.about = row->about,
		.repeatable = row->count || row->take == take_more,
	};
	return true;
}

/* ---- the line ---- */

/* The value stands in the same word (`joined`, may be NULL) or is the next one. */
static int option_take(struct parse *p, const struct row *row, const char *word, const char *joined)
{
	const char *value = joined;

	p->given |= 1ull << (row - table);
	if (!row->argument)
		return row->take(p, row, word, NULL);
	if (!value && p->at + 1 < p->argc) {
		value = p->argv[p->at + 1];
		if (value[0] == '-' && row_find(value, strlen(value)))
			return wrong(p, "%s needs %s, found the option %s", word, row->argument,
				     value);
		p->at++;
	}
	if (!value || !*value)
		return wrong(p, "%s needs %s", word, row->argument);
	return row->take(p, row, word, value);
}

/* "--name", "--name=value" */
static int long_take(struct parse *p, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct row *row = row_find(word, len);
	char name[WORD_MAX];

	if (!row || len == 2)
		return unknown_option(p, word, len);
	if (word[len] && !row->argument)
		return wrong(p, "%s takes no value", word);
	snprintf(name, sizeof(name), "--%s", row->name);
	return option_take(p, row, name, word[len] ? word + len + 1 : NULL);
}

/* "-q", "-qv", "-c 5", "-c5" */
static int letters_take(struct parse *p, const char *word)
{
	int rc = GO_ON;

	for (const char *c = word + 1; *c && rc == GO_ON; c++) {
		char name[3] = {'-', *c, '\0'};
		const struct row *row = row_find(name, 2);

		if (!row)
			return unknown_option(p, word, strlen(word));
		rc = option_take(p, row, name, row->argument && c[1] ? c + 1 : NULL);
		if (row->argument)
			break;
	}
	return rc;
}

/* One dash before a long name would be read as letters, and "-report" as a file "eport". */
static int dash_missing(struct parse *p, const char *word)
{
	for (const struct row *row = table; row < table + ROWS; row++)
		if (row->name && !strcmp(word + 1, row->name))
			return wrong(p, "unknown option %s; did you mean --%s?", word, row->name);
	return GO_ON;
}

static int filter_add(struct parse *p)
{
	if (p->n_words == (int)(sizeof(p->words) / sizeof(p->words[0])))
		return wrong(p, "the filter has more than %d words", p->n_words);
	p->words[p->n_words++] = p->at;
	return GO_ON;
}

static int line_parse(struct parse *p)
{
	bool options = true;
	int rc = GO_ON;

	for (p->at = 1; p->at < p->argc && rc == GO_ON; p->at++) {
		const char *word = p->argv[p->at];

		if (!options || word[0] != '-' || !word[1]) {
			rc = filter_add(p);
		} else if (!strcmp(word, "--")) {
			options = false;
		} else if (word[1] == '-') {
			rc = long_take(p, word);
		} else {
			rc = dash_missing(p, word);
			if (rc == GO_ON)
				rc = letters_take(p, word);
		}
	}
	return rc;
}

static int filter_join(struct parse *p)
{
	size_t size = 1;
	char *filter, *at;

	if (!p->n_words)
		return GO_ON;
	for (int i = 0; i < p->n_words; i++)
		size += strlen(p->argv[p->words[i]]) + 1;
	filter = at = malloc(size);
	if (!filter)
		return wrong(p, "%s", strerror(errno));
	for (int i = 0; i < p->n_words; i++)
		at += sprintf(at, "%s%s", i ? " " : "", p->argv[p->words[i]]);
	p->options->filter = filter;
	return GO_ON;
}

/* ---- what must fit together ---- */

static int rules_check(struct parse *p)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (!row_given(p, rule->a) || row_given(p, rule->b) == rule->needs)
			continue;
		if (rule->needs)
			return wrong(p, "%s needs %s: %s", rule->a, rule->b, rule->why);
		return wrong(p, "%s and %s exclude each other: %s", rule->a, rule->b, rule->why);
	}
	return GO_ON;
}

static bool file_same(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!strcmp(a, b))
		return true;
	return !stat(a, &sa) && !stat(b, &sb) && S_ISREG(sa.st_mode) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* No two outputs in one file, none over the input, and standard output for one purpose. */
static int outputs_check(struct parse *p)
{
	struct options *o = p->options;
	const struct {
		const char *word, *path;
	} out[] = {
		{"-w", o->write},  {"--csv", o->csv},	    {"--flows", o->flows},
		{"--dns", o->dns}, {"--alerts", o->alerts},
	};
	const size_t n = sizeof(out) / sizeof(out[0]);

	for (size_t i = 0; i < n; i++) {
		if (!out[i].path)
			continue;
		for (size_t j = i + 1; j < n; j++)
			if (out[j].path && file_same(out[i].path, out[j].path))
				return wrong(p, "%s and %s would both write %s", out[i].word,
					     out[j].word,
					     strcmp(out[i].path, "-") ? out[i].path
								      : "standard output");
		if (strcmp(out[i].path, "-")) {
			if (o->read && strcmp(o->read, "-") && file_same(o->read, out[i].path))
				return wrong(p, "%s %s would overwrite the file that -r reads",
					     out[i].word, out[i].path);
			continue;
		}
		if (o->report != REPORT_DEFAULT && o->report != REPORT_NONE)
			return wrong(p, "%s - and --report would both write standard output",
				     out[i].word);
		o->report = REPORT_NONE;
	}
	return GO_ON;
}

static int write_check(struct parse *p)
{
	struct options *o = p->options;

	if (row_given(p, "-W") && !o->rotate_bytes && !o->rotate_seconds)
		return wrong(p, "-W needs -C or -G: it counts the files that they begin");
	if (o->write && o->sample_given && !o->sample)
		return wrong(p, "-w needs --sample 1 or more: 0 samples nothing");
	if (o->csv && o->sample_given && !o->sample)
		return wrong(p, "--csv needs --sample 1 or more: 0 samples nothing");
	if (!o->write || strcmp(o->write, "-"))
		return GO_ON;
	if (o->rotate_bytes || o->rotate_seconds)
		return wrong(p, "-w -: standard output cannot be rotated");
	if (isatty(STDOUT_FILENO))
		return wrong(p, "-w -: standard output is a terminal, pcap is not for reading");
	return GO_ON;
}

static void defaults_fill(struct parse *p)
{
	struct options *o = p->options;

	o->sample_given = row_given(p, "--sample");
	if (!o->sample_given)
		o->sample = o->write || o->csv ? 1 : o->alert_packets ? ALERT_SAMPLE : 0;
	if (!o->snaplen)
		o->snaplen = SNAPLEN_DEFAULT;
	if (!row_given(p, "--interval"))
		o->interval_s = 1;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct parse p = {.options = o, .argc = argc, .argv = argv};
	int rc;

	memset(o, 0, sizeof(*o));
	rc = line_parse(&p);
	if (rc != GO_ON)
		return rc;
	defaults_fill(&p);
	rc = rules_check(&p);
	if (rc == GO_ON)
		rc = outputs_check(&p);
	if (rc == GO_ON)
		rc = write_check(&p);
	if (rc == GO_ON)
		rc = filter_join(&p);
	return rc;
}
