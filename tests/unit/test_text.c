// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: whatever bytes go in, only harmless text comes out, terminated, within its size, and
 * never cut inside an escape; JSON and CSV can be read back to what went in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_escape(void **state)
{
	static const struct {
		const char *src, *dst;
		size_t len;
	} rows[] = {
		{"", "", 0},
		{"example.com", "example.com", 11},
		{"a\0b", "a\\x00b", 3},
		{"\033[2J", "\\x1b[2J", 4},
		{"c:\\d", "c:\\\\d", 4},
		{"\xc3\xa4\x7f~ ", "\\xc3\\xa4\\x7f~ ", 5},
		{"<b>\"'", "<b>\"'", 5},
	};
	char dst[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = text_escape(dst, sizeof(dst), rows[i].src, rows[i].len);

		assert_string_equal(dst, rows[i].dst);
		assert_int_equal(len, strlen(rows[i].dst));
	}
}

static void test_escape_every_byte(void **state)
{
	uint8_t all[256];
	char dst[4 * 256 + 1];

	(void)state;
	for (size_t i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	assert_int_equal(text_escape(dst, sizeof(dst), all, 256), 94 + 2 + (256 - 95) * 4);
	for (const char *c = dst; *c; c++)
		assert_in_range(*c, 0x20, 0x7e);
}

static void test_escape_cut_between_escapes(void **state)
{
	char dst[16];

	(void)state;
	for (size_t n = 0; n < sizeof(dst); n++) {
		size_t whole = n ? (n - 1) / 4 * 4 : 0;

		memset(dst, 'x', sizeof(dst));
		assert_int_equal(text_escape(dst, n, "\1\1\1", 3), whole > 12 ? 12 : whole);
		if (n > 0)
			assert_int_equal(strlen(dst), whole > 12 ? 12 : whole);
		assert_int_equal(dst[n], 'x');
	}
}

static void test_addr(void **state)
{
	static const struct {
		uint8_t addr[16];
		const char *text;
	} rows[] = {
		{{[10] = 0xff, 0xff, 192, 0, 2, 1}, "192.0.2.1"},
		{{0}, "::"},
		{{[15] = 1}, "::1"},
		{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, "2001:db8::1"},
		/* the longest run is shortened, the first of two equal ones, a single 0 never */
		{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, "2001:db8::1:0:0:1"},
		{{0x20, 0x01, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0xab, 6},
		 "2001:0:1:2:3:4:5:ab06"},
		{{0xfe, 0x80, [8] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		 "fe80::ffff:ffff:ffff:ffff"},
	};
	char dst[46];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(text_addr(dst, rows[i].addr), rows[i].text);
}

static void test_line(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"plain \\x41", "plain \\x41"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x98",
		 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x98"},
		{"a\r\n\x1b[2J\x7f", "a\\x0d\\x0a\\x1b[2J\\x7f"},
		{"\xc2\x9b", "\\x9b"},				/* CSI in one character */
		{"\xff\xc3(\xe2\x82", "\\xff\\xc3(\\xe2\\x82"}, /* not UTF-8 */
		{"\xc0\x80", "\\xc0\\x80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i][1]);
		char dst[64];

		assert_int_equal(text_line(dst, sizeof(dst), rows[i][0]), len);
		assert_string_equal(dst, rows[i][1]);
		for (size_t n = 1; n <= len + 1; n++) { /* cut, but never beyond n */
			memset(dst, 'Z', sizeof(dst));
			assert_true(text_line(dst, n, rows[i][0]) < n);
			assert_memory_equal(dst, rows[i][1], strlen(dst));
			assert_int_equal(dst[n], 'Z');
		}
	}
}

static void test_json(void **state)
{
	static const char *const rows[][2] = {
		{"", "\"\""},
		{"a\"b\\c/", "\"a\\\"b\\\\c/\""},
		{"\n\x7f", "\"\\u000a\\u007f\""},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\\u00e4\\u20ac\\ud83d\\ude00\""},
		{"a\xff\xc3", "\"a\\ufffd\\ufffd\""},
		{"\xc0\x80\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""},
		{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
		{"\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\""},
	};
	char dst[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t most = 6 * strlen(rows[i][0]) + 3;

		assert_int_equal(text_json(dst, most, rows[i][0]), strlen(rows[i][1]));
		assert_string_equal(dst, rows[i][1]);
	}
}

static void test_json_can_be_read_at_every_size(void **state)
{
	static const char text[] = "a\"\\\n\xc3\xa4\xf0\x9f\x98\x80"
				   "b";
	char dst[64];

	(void)state;
	assert_int_equal(text_json(dst, 0, text), 0);
	assert_int_equal(text_json(dst, 2, text), 0);
	assert_string_equal(dst, "");
	for (size_t n = 3; n < sizeof(dst); n++) {
		size_t len = text_json(dst, n, text);
		json_t *json = json_loads(dst, JSON_DECODE_ANY, NULL);

		assert_true(len < n && len == strlen(dst));
		assert_non_null(json);
		assert_memory_equal(json_string_value(json), text, json_string_length(json));
		if (n == sizeof(dst) - 1)
			assert_string_equal(json_string_value(json), text);
		json_decref(json);
	}
}

static void test_csv(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"plain text", "plain text"},
		{"a,b", "\"a,b\""},
		{"say \"hi\"", "\"say \"\"hi\"\"\""},
		{"two\r\nlines", "\"two\r\nlines\""},
		{"=1+1", "'=1+1"},
		{"+1", "'+1"},
		{"-1", "'-1"},
		{"@SUM(A1,B1)", "\"'@SUM(A1,B1)\""},
		{"\tx", "'\tx"},
		{"\rx", "\"'\rx\""},
		{"a=b", "a=b"},
	};
	char dst[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t most = 2 * strlen(rows[i][0]) + 4;

		assert_int_equal(text_csv(dst, most, rows[i][0]), strlen(rows[i][1]));
		assert_string_equal(dst, rows[i][1]);
	}
}

static void test_csv_closes_its_quotes_at_every_size(void **state)
{
	char dst[24];

	(void)state;
	for (size_t n = 0; n < sizeof(dst); n++) {
		size_t quotes = 0, len;

		memset(dst, 'x', sizeof(dst));
		len = text_csv(dst, n, "=a\"b\",c\"\"");
		assert_true(len == 0 || len < n);
		assert_int_equal(dst[n], 'x');
		for (size_t i = 0; i < len; i++)
			quotes += dst[i] == '"';
		assert_int_equal(quotes % 2, 0);
		assert_true(len == 0 || (dst[0] == '"' && dst[len - 1] == '"'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_every_byte),
		cmocka_unit_test(test_escape_cut_between_escapes),
		cmocka_unit_test(test_addr),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_can_be_read_at_every_size),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_closes_its_quotes_at_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
