// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tables as text. Used by the live view, which owns the columns; calls nobody. */
#include "view/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which rows, in which order ---- */

struct sorting {
	const struct table *table;
	const char *rows;
	const struct table_order *by;
};

static const void *row_at(const struct table *t, const char *rows, uint16_t i)
{
	return rows + t->row_size * i;
}

static bool row_passes(const struct table *t, const void *row, const struct table_order *by)
{
	char cell[TABLE_CELL];

	if (!by->filter || !by->filter[0])
		return true;
	for (size_t i = 0; i < t->n_columns; i++) {
		t->columns[i].text(row, by->context, cell);
		if (strcasestr(cell, by->filter))
			return true;
	}
	return false;
}

static int compare_text(const struct table_column *c, const void *a, const void *b,
			const void *context)
{
	char x[TABLE_CELL], y[TABLE_CELL];

	c->text(a, context, x);
	c->text(b, context, y);
	return strcasecmp(x, y);
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	uint16_t i = *(const uint16_t *)a, j = *(const uint16_t *)b;
	const struct table_column *c = &s->table->columns[s->by->sort];
	const void *x = row_at(s->table, s->rows, i), *y = row_at(s->table, s->rows, j);
	int order = c->compare ? c->compare(x, y) : compare_text(c, x, y, s->by->context);

	if (!order)
		return i < j ? -1 : i > j;
	return c->right != s->by->reverse ? -order : order;
}

size_t table_arrange(const struct table *t, const void *rows, size_t n,
		     const struct table_order *by, uint16_t order[TABLE_ROWS])
{
	struct sorting s = {t, rows, by};
	size_t shown = 0;

	for (size_t i = 0; i < n && i < TABLE_ROWS; i++)
		if (row_passes(t, row_at(t, rows, i), by))
			order[shown++] = i;
	if (by->sort < t->n_columns)
		qsort_r(order, shown, sizeof(*order), compare_rows, &s);
	return shown;
}

/* ---- which columns, how wide ---- */

static unsigned least_width(const struct table *t, unsigned rank)
{
	unsigned width = 0;

	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].rank <= rank)
			width += t->columns[i].width + (width ? 1 : 0);
	return width;
}

static unsigned greatest_rank(const struct table *t, unsigned width)
{
	unsigned rank = 0, most = 0;

	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].rank > most)
			most = t->columns[i].rank;
	while (rank < most && least_width(t, rank + 1) <= width)
		rank++;
	return rank;
}

/* Even the columns that are always there may be too many: the last ones shrink, then leave. */
static unsigned squeeze(const struct table *t, unsigned width, unsigned widths[TABLE_COLUMNS])
{
	unsigned used = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		unsigned gap = used ? 1 : 0;

		if (!widths[i])
			continue;
		if (used + gap + widths[i] > width)
			widths[i] = used + gap < width ? width - used - gap : 0;
		used += widths[i] ? gap + widths[i] : 0;
	}
	return used;
}

unsigned table_fit(const struct table *t, unsigned width, unsigned widths[TABLE_COLUMNS])
{
	unsigned rank = greatest_rank(t, width), used, shares = 0, left;

	for (size_t i = 0; i < t->n_columns; i++) {
		bool fits = t->columns[i].rank <= rank;

		widths[i] = fits ? t->columns[i].width : 0;
		shares += fits ? t->columns[i].grow : 0;
	}
	used = squeeze(t, width, widths);
	left = width - used;
	for (size_t i = 0; i < t->n_columns && shares; i++) {
		unsigned more = widths[i] ? left * t->columns[i].grow / shares : 0;

		if (!widths[i] || !t->columns[i].grow)
			continue;
		widths[i] += more;
		left -= more;
		shares -= t->columns[i].grow;
		used += more;
	}
	return used;
}

/* ---- cells ---- */

/* The end of a cell that stays where its middle goes: a port and its colon. */
static size_t tail_of(const char *text, size_t len, size_t width)
{
	const char *colon = strrchr(text, ':');
	size_t tail = colon ? len - (colon - text) : 0;

	return tail <= 6 && tail + 4 < width ? tail : 0;
}

static void fit_text(const struct table_column *c, const char *text, unsigned width,
		     char dst[TABLE_CELL])
{
	size_t len = strlen(text), tail;

	if (width >= TABLE_CELL)
		width = TABLE_CELL - 1;
	if (len <= width) {
		snprintf(dst, TABLE_CELL, c->right ? "%*s" : "%-*s", (int)width, text);
		return;
	}
	tail = c->tail && width ? tail_of(text, len, width) : 0;
	memcpy(dst, text, width - tail);
	memcpy(dst + width - tail, text + len - tail, tail);
	if (width)
		dst[width - tail - 1] = '~';
	dst[width] = 0;
}

void table_title(const struct table_column *c, unsigned width, char dst[TABLE_CELL])
{
	fit_text(c, c->title, width, dst);
}

void table_cell(const struct table_column *c, const void *row, const void *context, unsigned width,
		char dst[TABLE_CELL])
{
	char text[TABLE_CELL];

	c->text(row, context, text);
	fit_text(c, text, width, dst);
}

/* ---- scrolling ---- */

void table_scroll_by(struct table_scroll *s, long rows, size_t n, size_t height)
{
	long to = (long)s->selected + rows;

	if (to >= (long)n)
		to = (long)n - 1;
	s->selected = to > 0 ? to : 0;
	if (!height)
		height = 1;
	if (s->selected < s->top)
		s->top = s->selected;
	if (s->selected >= s->top + height)
		s->top = s->selected - height + 1;
	/* After rows went away, or the window grew, a page is full again. */
	if (s->top + height > n)
		s->top = n > height ? n - height : 0;
}
