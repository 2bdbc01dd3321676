// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns how a row looks. Before it: the tables of columns in csv.c and rows.c; after it:
 * base/buffer.
 *
 * Half a million rows a second leave no room for printf, which also heeds the locale: numbers are
 * made here.
 */
#include "sink/row.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"
#include "options.h"

enum {
	ROW_TEXT = 2048, /* octets of a text cell, its escapes counted */
	ROW_NAME = 32,	 /* of what stands before a cell */
	ROW_CELL = ROW_TEXT + ROW_NAME + 4,
	NS_PER_S = 1000000000,
};

struct row {
	char *at; /* ROW_CELL octets are free here before each cell */
	enum row_format format;
};

struct prefix {
	char text[ROW_NAME];
	size_t len;
};

struct sink {
	struct buffer *buffer;
	enum row_format format;
	const struct column *columns;
	size_t n;
	struct prefix prefix[]; /* n of them */
};

const char *const row_app_name[APP_COUNT] = {
#define X(id, name, security) [APP_##id] = #name,
	XDPLENS_APPS(X)
#undef X
};

const char *const row_security_name[SECURITY_COUNT] = {
#define X(id, name) [SECURITY_##id] = #name,
	XDPLENS_SECURITIES(X)
#undef X
};

const char *const row_transport_name[TRANSPORT_COUNT] = {
#define X(id, name, number) [TRANSPORT_##id] = #name,
	XDPLENS_TRANSPORTS(X)
#undef X
};

/* Names by IANA's list, and those that proto.h counts apart. */
static const char *const protocol_name[256] = {
	[0] = "hopopt",	      [4] = "ipip",   [33] = "dccp",	[41] = "ipv6",	   [46] = "rsvp",
	[88] = "eigrp",	      [89] = "ospf",  [97] = "etherip", [103] = "pim",	   [108] = "ipcomp",
	[112] = "vrrp",	      [115] = "l2tp", [124] = "isis",	[136] = "udplite", [137] = "mpls",
#define X(id, name, number) [number] = #name,
	XDPLENS_TRANSPORTS(X)
#undef X
};

/* ---- numbers ---- */

/* The last `digits` digits of n, zeros in front. */
static char *digits_put(char *at, uint64_t n, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = '0' + n % 10;
		n /= 10;
	}
	return at + digits;
}

static char *integer_put(char *at, uint64_t n)
{
	int digits = 1;

	for (uint64_t rest = n / 10; rest; rest /= 10)
		digits++;
	return digits_put(at, n, digits);
}

void row_none(struct row *row)
{
	if (row->format == ROW_JSON) {
		memcpy(row->at, "null", 4);
		row->at += 4;
	}
}

void row_integer(struct row *row, uint64_t n)
{
	row->at = integer_put(row->at, n);
}

/* n / 10^decimals */
static void fixed_put(struct row *row, uint64_t n, uint64_t one, int decimals)
{
	row->at = integer_put(row->at, n / one);
	*row->at++ = '.';
	row->at = digits_put(row->at, n % one, decimals);
}

void row_ms(struct row *row, double ms)
{
	if (ms >= 0 && ms < 1e12)
		fixed_put(row, ms * 1e6 + 0.5, 1000000, 6);
	else
		row_none(row);
}

void row_number(struct row *row, double x)
{
	double size = fabs(x);

	if (!(size < 1e18)) {
		row_none(row);
		return;
	}
	if (x < 0)
		*row->at++ = '-';
	if (size >= 1e12) { /* decimals would be noise */
		row->at = integer_put(row->at, size);
		return;
	}
	fixed_put(row, size * 1e6 + 0.5, 1000000, 6);
	while (row->at[-1] == '0')
		row->at--;
	if (row->at[-1] == '.')
		row->at--;
}

/* ---- times ---- */

void row_epoch(struct row *row, uint64_t ns)
{
	fixed_put(row, ns, NS_PER_S, 9);
}

void row_iso8601(struct row *row, uint64_t ns)
{
	const time_t seconds = ns / NS_PER_S;
	char *at = row->at;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm)) {
		row_none(row);
		return;
	}
	at = digits_put(at, tm.tm_year + 1900, 4);
	*at++ = '-';
	at = digits_put(at, tm.tm_mon + 1, 2);
	*at++ = '-';
	at = digits_put(at, tm.tm_mday, 2);
	*at++ = 'T';
	at = digits_put(at, tm.tm_hour, 2);
	*at++ = ':';
	at = digits_put(at, tm.tm_min, 2);
	*at++ = ':';
	at = digits_put(at, tm.tm_sec, 2);
	*at++ = '.';
	at = digits_put(at, ns % NS_PER_S / 1000, 6);
	*at++ = 'Z';
	row->at = at;
}

/* ---- texts ---- */

static void quote_put(struct row *row)
{
	if (row->format == ROW_JSON)
		*row->at++ = '"';
}

void row_word(struct row *row, const char *word)
{
	size_t len;

	if (!word) {
		row_none(row);
		return;
	}
	len = strlen(word);
	quote_put(row);
	memcpy(row->at, word, len);
	row->at += len;
	quote_put(row);
}

/* Most texts need no escape. Copies one that does not; false: it does. */
static bool plain_put(struct row *row, const char *text)
{
	char *at = row->at, *end = row->at + ROW_TEXT;

	*at++ = '"';
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\' || at == end)
			return false;
		*at++ = *text;
	}
	*at++ = '"';
	row->at = at;
	return true;
}

void row_text(struct row *row, const char *text)
{
	if (!text)
		text = "";
	if (row->format == ROW_CSV)
		row->at += text_csv(row->at, ROW_TEXT, text);
	else if (!plain_put(row, text))
		row->at += text_json(row->at, ROW_TEXT, text);
}

void row_address(struct row *row, const uint8_t a[16])
{
	char text[INET6_ADDRSTRLEN];

	text_addr(text, a);
	row_word(row, text);
}

void row_protocol(struct row *row, uint8_t number)
{
	char text[16] = "proto-";

	if (protocol_name[number]) {
		row_word(row, protocol_name[number]);
		return;
	}
	*integer_put(text + 6, number) = '\0';
	row_word(row, text);
}

void row_tcp_flags(struct row *row, uint8_t flags)
{
	char text[9], *at = text;

	for (int bit = 0; bit < 8; bit++)
		if (flags & 1 << bit)
			*at++ = "FSRPAUEW"[bit];
	*at = '\0';
	row_word(row, text);
}

bool row_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE;
}

/* ---- the file ---- */

enum row_format row_format_of(const char *path)
{
	const char *end = buffer_gzip(path);
	size_t len = end ? (size_t)(end - path) : strlen(path);

	return len > 4 && !strncmp(path + len - 4, ".csv", 4) ? ROW_CSV : ROW_JSON;
}

/* Makes what stands before each cell, so that a row is copied together. */
static void prefixes_make(struct sink *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct prefix *p = &s->prefix[i];

		if (s->format == ROW_JSON)
			p->len = snprintf(p->text, sizeof(p->text), "%c\"%s\":", i ? ',' : '{',
					  s->columns[i].name);
		else if (i)
			p->len = snprintf(p->text, sizeof(p->text), ",");
	}
}

/* CSV begins with a line of names. */
static int header_make(struct sink *s)
{
	char line[BUFFER_HEADER];
	size_t len = 0;

	if (s->format != ROW_CSV)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		len += snprintf(line + len, sizeof(line) - len, "%s%s", i ? "," : "",
				s->columns[i].name);
	len += snprintf(line + len, sizeof(line) - len, "\r\n");
	return buffer_header(s->buffer, line, len);
}

struct sink *row_sink_open(const char *path, const struct options *options, enum row_format format,
			   const struct column *columns, size_t n)
{
	struct sink *s = calloc(1, sizeof(*s) + n * sizeof(s->prefix[0]));

	if (!s)
		goto fail;
	s->format = format;
	s->columns = columns;
	s->n = n;
	prefixes_make(s);
	s->buffer = buffer_open(path, BUFFER_BLOCK, options->read != NULL);
	if (s->buffer && !header_make(s))
		return s;
fail:
	log_error("open %s: %s", path, strerror(errno));
	row_sink_close(s);
	return NULL;
}

int row_sink_put(struct sink *s, const void *subject)
{
	char *start = buffer_begin(s->buffer, s->n * ROW_CELL);
	struct row row = {.at = start, .format = s->format};

	if (!start)
		return -errno;
	for (size_t i = 0; i < s->n; i++) {
		memcpy(row.at, s->prefix[i].text, ROW_NAME); /* a fixed length is quicker */
		row.at += s->prefix[i].len;
		s->columns[i].put(&row, subject);
	}
	*row.at++ = s->format == ROW_JSON ? '}' : '\r';
	*row.at++ = '\n';
	buffer_commit(s->buffer, row.at - start);
	return 0;
}

int row_sink_tick(struct sink *s, uint64_t now)
{
	return buffer_tick(s->buffer, now);
}

int row_sink_reopen(struct sink *s)
{
	return buffer_reopen(s->buffer);
}

uint64_t row_sink_dropped(const struct sink *s)
{
	return buffer_lost(s->buffer);
}

uint64_t row_sink_close(struct sink *s)
{
	uint64_t lost;

	if (!s)
		return 0;
	lost = buffer_close(s->buffer);
	free(s);
	return lost;
}
