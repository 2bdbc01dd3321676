// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What somebody meant who mistyped a name. Before it: whoever knows the names (options, the
 * configuration's keys); after it the message that asks "did you mean".
 */
#include "base/guess.h"

#include <limits.h>
#include <string.h>

enum { GUESS_WORD = 64 }; /* longer words are like nothing */

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap with their neighbour (Damerau 1964). */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[GUESS_WORD + 1][GUESS_WORD + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > GUESS_WORD || n > GUESS_WORD)
		return UINT_MAX;
	for (size_t i = 0; i <= m; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			d[i][j] = least_of(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
					   least_of(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least_of(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[m][n];
}

struct guess guess_start(const char *typed)
{
	return (struct guess){.typed = typed, .distance = strlen(typed) / 3 + 2};
}

void guess_try(struct guess *g, const char *name)
{
	size_t len = strlen(g->typed);
	unsigned d = len && !strncmp(name, g->typed, len) ? 0 : distance(g->typed, name);

	if (d < g->distance) {
		g->distance = d;
		g->best = name;
	}
}
