// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers as a filled graph made of characters. Used by the live view; calls nobody. */
#include "view/graph.h"

#include <math.h>
#include <string.h>

static double value_at(const struct graph *g, size_t i)
{
	return isfinite(g->values[i]) && g->values[i] > 0 ? g->values[i] : 0;
}

/* Steps (of `steps` a full height) that column `column` of `columns` is high. */
static unsigned column_height(const struct graph *g, unsigned column, unsigned columns,
			      unsigned steps)
{
	size_t from = (size_t)column * g->n / columns;
	size_t to = ((size_t)column + 1) * g->n / columns;
	double greatest = 0, height;

	for (size_t i = from; i < (to > from ? to : from + 1) && i < g->n; i++)
		greatest = fmax(greatest, value_at(g, i));
	if (!(greatest > 0) || !(g->top > 0))
		return 0;
	height = fmin(greatest / g->top, 1) * steps;
	return height < 1 ? 1 : (unsigned)lround(height);
}

/* How many of the `per_cell` steps of row `row` a column of this height fills. */
static unsigned filled(const struct graph *g, unsigned row, unsigned height, unsigned per_cell)
{
	unsigned below = (g->down ? row : g->height - 1 - row) * per_cell;

	if (height <= below)
		return 0;
	return height - below < per_cell ? height - below : per_cell;
}

/* Dots of a braille cell by column and row (Unicode, block Braille Patterns). */
static const unsigned char braille_dot[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};

static size_t braille_cell(const struct graph *g, unsigned row, unsigned column, char *dst)
{
	unsigned dots = 0;

	for (unsigned side = 0; side < 2; side++) {
		unsigned height = column_height(g, 2 * column + side, 2 * g->width, 4 * g->height);
		unsigned n = filled(g, row, height, 4);

		for (unsigned i = 0; i < n; i++)
			dots |= braille_dot[side][g->down ? i : 3 - i];
	}
	if (!dots) {
		dst[0] = ' ';
		return 1;
	}
	dst[0] = (char)0xe2;
	dst[1] = (char)(0xa0 | dots >> 6);
	dst[2] = (char)(0x80 | (dots & 0x3f));
	return 3;
}

static size_t ascii_cell(const struct graph *g, unsigned row, unsigned column, char *dst)
{
	unsigned n = filled(g, row, column_height(g, column, g->width, 2 * g->height), 2);

	dst[0] = n == 2 ? '#' : n == 0 ? ' ' : g->down ? '\'' : '.';
	return 1;
}

size_t graph_row(const struct graph *g, unsigned row, char *dst, size_t n)
{
	size_t len = 0;

	if (!n)
		return 0;
	for (unsigned i = 0; i < g->width && row < g->height; i++) {
		char cell[GRAPH_CELL];
		size_t size = g->style == GRAPH_BRAILLE ? braille_cell(g, row, i, cell)
							: ascii_cell(g, row, i, cell);

		if (len + size >= n)
			break;
		memcpy(dst + len, cell, size);
		len += size;
	}
	dst[len] = 0;
	return len;
}

double graph_max(const double *values, size_t n)
{
	double greatest = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]))
			greatest = fmax(greatest, values[i]);
	return greatest;
}

double graph_round_up(double x)
{
	static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};
	double power;

	if (!(x > 0) || !isfinite(x))
		return 1;
	power = pow(10, floor(log10(x)));
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (x <= steps[i] * power * (1 + 1e-9))
			return steps[i] * power;
	return 10 * power;
}
