/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads CSV (RFC 4180) back, for tests of the sinks that write it. */
#ifndef XDPLENS_TESTS_CSV_READ_H
#define XDPLENS_TESTS_CSV_READ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_CELLS = 32, CSV_CELL = 4096 };

struct csv_line {
	int n;
	char cell[CSV_CELLS][CSV_CELL];
};

/* Reads a line. 1, 0 at the end of the file, -1 where it is no CSV or does not end in CRLF. */
static inline int csv_read(FILE *f, struct csv_line *line)
{
	int c = getc(f), len = 0;

	if (c == EOF)
		return 0;
	for (line->n = 0; line->n < CSV_CELLS; line->n++, len = 0) {
		char *cell = line->cell[line->n];
		int quoted = c == '"';

		if (quoted)
			c = getc(f);
		for (; c != EOF && len < CSV_CELL - 1; c = getc(f)) {
			if (quoted && c == '"' && (c = getc(f)) != '"')
				break;
			if (!quoted && (c == ',' || c == '\r'))
				break;
			if (!quoted && c == '"')
				return -1;
			cell[len++] = c;
		}
		cell[len] = '\0';
		if (c == '\r') {
			line->n++;
			return getc(f) == '\n' ? 1 : -1;
		}
		if (c != ',')
			return -1;
		c = getc(f);
	}
	return -1;
}

/* The cell of the column that the line of names calls so; NULL: there is none. */
static inline const char *csv_cell(const struct csv_line *names, const struct csv_line *line,
				   const char *name)
{
	for (int i = 0; i < names->n && i < line->n; i++)
		if (!strcmp(names->cell[i], name))
			return line->cell[i];
	return NULL;
}

#endif
