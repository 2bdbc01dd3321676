// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The applications of a snapshot as rows. Used by the plain and the live view. */
#include "view/apps.h"

#include <stdio.h>
#include <stdlib.h>

#include "view/label.h"

static int compare_rows(const void *a, const void *b)
{
	const struct app_total *x = &((const struct app_row *)a)->total;
	const struct app_total *y = &((const struct app_row *)b)->total;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->packets < y->packets ? 1 : x->packets > y->packets ? -1 : 0;
}

static void add_total(struct app_total *to, const struct app_total *more)
{
	to->packets += more->packets;
	to->bytes += more->bytes;
	to->flows += more->flows;
	to->pps += more->pps;
	to->bps += more->bps;
}

static size_t named_rows(const struct snapshot *s, struct app_row rows[APP_COUNT])
{
	size_t n = 0;

	for (int i = 0; i < APP_COUNT; i++) {
		if (i == APP_OTHER || !s->app[i].packets)
			continue;
		rows[n].total = s->app[i];
		snprintf(rows[n++].name, sizeof(rows[0].name), "%s", label_app[i]);
	}
	qsort(rows, n, sizeof(rows[0]), compare_rows);
	return n;
}

static bool is_rare(const struct snapshot *s, const struct app_total *a, double least)
{
	return a->packets < least * s->packets && a->bytes < least * s->bytes;
}

size_t app_rows(const struct snapshot *s, size_t most, double least, struct app_row rows[APP_COUNT])
{
	struct app_total other = s->app[APP_OTHER];
	size_t n = named_rows(s, rows), keep = n, more;

	while (keep && is_rare(s, &rows[keep - 1].total, least))
		keep--;
	if (keep + (keep < n || other.packets) > most)
		keep = most - 1;
	more = n - keep;
	for (size_t i = keep; i < n; i++)
		add_total(&other, &rows[i].total);
	if (!other.packets)
		return keep;
	rows[keep].total = other;
	if (more)
		snprintf(rows[keep].name, sizeof(rows[0].name), "other (%zu more)", more);
	else
		snprintf(rows[keep].name, sizeof(rows[0].name), "other");
	return keep + 1;
}
