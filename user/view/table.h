/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of rows of any type: which columns fit, which rows pass a filter, in which order, and
 * each cell as text of an exact width. Pure: no terminal.
 */
#ifndef XDPLENS_VIEW_TABLE_H
#define XDPLENS_VIEW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TABLE_COLUMNS = 16, /* at most */
	TABLE_ROWS = 512,   /* at most; what comes after is not shown */
	TABLE_CELL = 384,   /* most octets of a cell's text, NUL included */
};

struct table_column {
	const char *title;
	uint8_t width; /* least, in columns */
	uint8_t grow;  /* share in what is left over; 0: none */
	uint8_t rank;  /* 0: always there; where it is narrow the greatest rank leaves first */
	bool right;    /* numbers: aligned right, greatest first when sorted by */
	bool tail;     /* what is too long loses its middle, not its end */
	/* Writes the cell, printable ASCII; `context` says how (units, names). */
	void (*text)(const void *row, const void *context, char dst[TABLE_CELL]);
	int (*compare)(const void *a, const void *b); /* ascending; NULL: by text */
	int (*tint)(const void *row);		      /* for who draws it; NULL: 0 */
};

struct table {
	const struct table_column *columns;
	size_t n_columns, row_size;
	unsigned sort; /* the column it is sorted by at first */
};

struct table_order {
	unsigned sort; /* column */
	bool reverse;
	const char *filter; /* in any cell, case ignored; NULL or empty: every row */
	const void *context;
};

/* Fills `order` with the indices of the rows to show, in order; ties keep theirs. Returns how many.
 */
size_t table_arrange(const struct table *t, const void *rows, size_t n,
		     const struct table_order *by, uint16_t order[TABLE_ROWS]);

/* The columns' widths within `width`, one apart; 0: left out. Returns the columns used in all. */
unsigned table_fit(const struct table *t, unsigned width, unsigned widths[TABLE_COLUMNS]);

/* A title or a cell, padded or cut ('~') to exactly `width` (cut to TABLE_CELL - 1). */
void table_title(const struct table_column *c, unsigned width, char dst[TABLE_CELL]);
void table_cell(const struct table_column *c, const void *row, const void *context, unsigned width,
		char dst[TABLE_CELL]);

/* What of a list is on the screen. */
struct table_scroll {
	size_t selected, top; /* indices into the order */
};

/* Moves the selection and keeps it within `n` rows and on a page of `height`. */
void table_scroll_by(struct table_scroll *s, long rows, size_t n, size_t height);

#endif
