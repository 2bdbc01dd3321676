/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers as a filled graph made of characters. Pure: text out, no terminal. */
#ifndef XDPLENS_VIEW_GRAPH_H
#define XDPLENS_VIEW_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

enum graph_style {
	GRAPH_BRAILLE, /* UTF-8, a cell is 2 x 4 dots (U+2800 to U+28FF) */
	GRAPH_ASCII,   /* '#' and '.' or '\'' for what is less than half a cell */
};

struct graph {
	const double *values; /* oldest first; negative or not finite: 0 */
	size_t n;
	double top;		/* the value that fills the height; not above 0: nothing is drawn */
	unsigned width, height; /* in cells; the values are stretched or squeezed over the width */
	enum graph_style style;
	bool down; /* hangs from its first row instead of standing on its last */
};

enum { GRAPH_CELL = 3 }; /* most octets of a cell */

/*
 * Writes the row (0: the highest) as exactly `width` cells, cut to the whole cells that fit into
 * `n` octets with the closing NUL. Where several values share a column the greatest shows, and
 * whatever is above 0 shows as at least the lowest dot. Returns the length without NUL.
 */
size_t graph_row(const struct graph *g, unsigned row, char *dst, size_t n);

/* The greatest of the values, 0 if there is none above it. */
double graph_max(const double *values, size_t n);

/* The least round number (1, 1.5, 2, 3, 4, 5, 6, 8 times 10^n) not below x; 1 for what is not above
 * 0. */
double graph_round_up(double x);

#endif
