/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of the known names is nearest to a mistyped one. */
#ifndef XDPLENS_GUESS_H
#define XDPLENS_GUESS_H

struct guess {
	const char *typed;
	const char *best; /* NULL: nothing is near enough */
	unsigned distance;
};

/* Both arguments must outlive the guess. */
struct guess guess_start(const char *typed);

/* Takes `name` if it is nearer than the best so far; a name that begins as typed is nearest. */
void guess_try(struct guess *g, const char *name);

#endif
