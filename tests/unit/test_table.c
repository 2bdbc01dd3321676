// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: columns never take more than the width there is and leave by rank; cells have their
 * exact width; sorting is stable and reversible; a filter looks into every cell; the selection
 * stays within the rows and the rows within the page. And: pages of text break and dump as they
 * should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "view/page.h"
#include "view/table.h"

struct item {
	const char *name;
	int n;
};

static void name_text(const void *row, const void *context, char dst[TABLE_CELL])
{
	(void)context;
	snprintf(dst, TABLE_CELL, "%s", ((const struct item *)row)->name);
}

static void n_text(const void *row, const void *context, char dst[TABLE_CELL])
{
	snprintf(dst, TABLE_CELL, "%d%s", ((const struct item *)row)->n,
		 context ? (const char *)context : "");
}

static int by_n(const void *a, const void *b)
{
	return ((const struct item *)a)->n - ((const struct item *)b)->n;
}

static const struct table_column columns[] = {
	{"Name", 10, 1, .tail = true, .text = name_text},
	{"N", 5, .right = true, .text = n_text, .compare = by_n},
	{"Again", 6, .rank = 1, .right = true, .text = n_text, .compare = by_n},
	{"More", 8, 3, .rank = 2, .text = name_text},
};
static const struct table table = {columns, 4, sizeof(struct item), 1};
static const struct item items[] = {{"beta", 2}, {"Alpha", 9}, {"gamma", 2}, {"delta", 5}};

static void wants_order(const struct table_order *by, const char *initials)
{
	uint16_t order[TABLE_ROWS];
	size_t n = table_arrange(&table, items, 4, by, order);
	char got[8] = "";

	for (size_t i = 0; i < n; i++)
		got[i] = items[order[i]].name[0];
	assert_string_equal(got, initials);
}

static void test_sort(void **state)
{
	(void)state;
	wants_order(&(struct table_order){.sort = 0}, "Abdg");
	wants_order(&(struct table_order){.sort = 0, .reverse = true}, "gdbA");
	/* Numbers: greatest first; b and g are equal and keep their order, both ways. */
	wants_order(&(struct table_order){.sort = 1}, "Adbg");
	wants_order(&(struct table_order){.sort = 1, .reverse = true}, "bgdA");
	wants_order(&(struct table_order){.sort = TABLE_COLUMNS}, "bAgd");
}

static void test_filter(void **state)
{
	(void)state;
	wants_order(&(struct table_order){.sort = 0, .filter = "ALPH"}, "A");
	wants_order(&(struct table_order){.sort = 0, .filter = "a"}, "Abdg");
	wants_order(&(struct table_order){.sort = 0, .filter = "5"}, "d");
	wants_order(&(struct table_order){.sort = 0, .filter = "none"}, "");
	wants_order(&(struct table_order){.sort = 0, .filter = "9 kg", .context = " kg"}, "A");
}

/* More rows than a table holds: the first ones show. */
static void test_too_many_rows(void **state)
{
	static struct item many[TABLE_ROWS + 10];
	uint16_t order[TABLE_ROWS];

	(void)state;
	for (int i = 0; i < TABLE_ROWS + 10; i++)
		many[i] = (struct item){"x", i};
	assert_int_equal(table_arrange(&table, many, TABLE_ROWS + 10,
				       &(struct table_order){.sort = 1}, order),
			 TABLE_ROWS);
	assert_int_equal(order[0], TABLE_ROWS - 1);
}

static void test_fit(void **state)
{
	static const struct {
		unsigned width, used, widths[4];
	} rows[] = {
		{0, 0, {0, 0, 0, 0}},	 {4, 4, {4, 0, 0, 0}},	   {10, 10, {10, 0, 0, 0}},
		{11, 11, {11, 0, 0, 0}}, {12, 12, {10, 1, 0, 0}},  {16, 16, {10, 5, 0, 0}},
		{22, 22, {16, 5, 0, 0}}, {23, 23, {10, 5, 6, 0}},  {31, 31, {18, 5, 6, 0}},
		{32, 32, {10, 5, 6, 8}}, {40, 40, {12, 5, 6, 14}}, {200, 200, {52, 5, 6, 134}},
	};
	unsigned widths[TABLE_COLUMNS];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(table_fit(&table, rows[i].width, widths), rows[i].used);
		for (int c = 0; c < 4; c++)
			if (widths[c] != rows[i].widths[c])
				fail_msg("width %u, column %d: %u, wanted %u", rows[i].width, c,
					 widths[c], rows[i].widths[c]);
	}
}

static void wants_cell(unsigned column, const char *name, unsigned width, const char *text)
{
	char dst[TABLE_CELL];

	table_cell(&columns[column], &(struct item){name, 42}, NULL, width, dst);
	assert_string_equal(dst, text);
}

static void test_cells(void **state)
{
	char dst[TABLE_CELL], longest[TABLE_CELL];

	(void)state;
	wants_cell(0, "beta", 6, "beta  ");
	wants_cell(1, "", 6, "    42");
	wants_cell(1, "", 1, "~");
	wants_cell(0, "beta", 0, "");
	wants_cell(0, "host.example:443", 12, "host.ex~:443");
	wants_cell(0, "host.example:443", 16, "host.example:443");
	wants_cell(0, "2001:db8::1234:5678", 10, "2001~:5678");
	wants_cell(0, "host.example:443", 7, "host.e~"); /* no room to keep the port */
	wants_cell(3, "host.example:443", 12, "host.exampl~");
	table_title(&columns[1], 4, dst);
	assert_string_equal(dst, "   N");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	table_cell(&columns[0], &(struct item){longest, 0}, NULL, 100000, dst);
	assert_int_equal(strlen(dst), TABLE_CELL - 1);
}

static void test_scroll(void **state)
{
	struct table_scroll s = {0};

	(void)state;
	table_scroll_by(&s, 1, 0, 5);
	assert_true(s.selected == 0 && s.top == 0);
	table_scroll_by(&s, 4, 20, 5);
	assert_true(s.selected == 4 && s.top == 0);
	table_scroll_by(&s, 1, 20, 5);
	assert_true(s.selected == 5 && s.top == 1);
	table_scroll_by(&s, 100, 20, 5);
	assert_true(s.selected == 19 && s.top == 15);
	table_scroll_by(&s, -4, 20, 5);
	assert_true(s.selected == 15 && s.top == 15);
	table_scroll_by(&s, -1, 20, 5);
	assert_true(s.selected == 14 && s.top == 14);
	/* Rows went away; the window grew; there is no window at all. */
	table_scroll_by(&s, 0, 8, 5);
	assert_true(s.selected == 7 && s.top == 3);
	table_scroll_by(&s, 0, 8, 50);
	assert_true(s.selected == 7 && s.top == 0);
	table_scroll_by(&s, 0, 8, 0);
	assert_true(s.selected == 7 && s.top == 7);
	table_scroll_by(&s, -100, 8, 5);
	assert_true(s.selected == 0 && s.top == 0);
}

static struct page page;

static void test_page_wraps(void **state)
{
	(void)state;
	page.n = 0;
	page.width = 14;
	page_wrap(&page, TINT_TEXT, "one two three abcdefghijklmnop");
	assert_int_equal(page.n, 4);
	assert_string_equal(page.lines[0].text, "   one two");
	assert_string_equal(page.lines[1].text, "   three");
	assert_string_equal(page.lines[2].text, "   abcdefghijk");
	assert_string_equal(page.lines[3].text, "   lmnop");
}

static void test_page_bounds(void **state)
{
	(void)state;
	page.n = 0;
	for (size_t width = 0; width < 2 * PAGE_LINE; width++) {
		page.width = width;
		page_wrap(&page, TINT_TEXT, "a b c d e f g h i j");
	}
	assert_int_equal(page.n, PAGE_LINES);
}

static void test_page_hex(void **state)
{
	const uint8_t data[] = "GET / HTTP/1.1\r\n\x1b\xff";

	(void)state;
	page.n = 0;
	page_hex(&page, TINT_DIM, data, sizeof(data) - 1);
	assert_int_equal(page.n, 2);
	assert_string_equal(page.lines[0].text,
			    "   0000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  "
			    "GET / HTTP/1.1..");
	assert_string_equal(page.lines[1].text,
			    "   0010  1b ff                                             ..");
	page_hex(&page, TINT_DIM, data, 0);
	assert_int_equal(page.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),	      cmocka_unit_test(test_filter),
		cmocka_unit_test(test_too_many_rows), cmocka_unit_test(test_fit),
		cmocka_unit_test(test_cells),	      cmocka_unit_test(test_scroll),
		cmocka_unit_test(test_page_wraps),    cmocka_unit_test(test_page_bounds),
		cmocka_unit_test(test_page_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
