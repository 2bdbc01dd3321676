// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* DNS: the panel of the overview, and the tab with servers, slowest questions and names. */
#include <string.h>

#include "view/label.h"
#include "view/live.h"
#include "view/units.h"

enum { SLOW_MS = 200 };

static int draw_ms(const struct pane *p, int row, int column, const char *name, double ms,
		   bool known)
{
	char text[UNITS_LEN];

	column = pane_text(p, row, column, TINT_DIM, "%s ", name);
	return pane_text(p, row, column, known && ms >= SLOW_MS ? TINT_WARN : TINT_TEXT, "%-8s ",
			 units_ms(text, known ? ms : -1));
}

static int draw_n(const struct pane *p, int row, int column, const char *name, uint64_t n,
		  enum tint tint)
{
	char text[UNITS_LEN];

	column = pane_text(p, row, column, TINT_DIM, "%s ", name);
	return pane_text(p, row, column, n ? tint : TINT_TEXT, "%s  ", units_count(text, n));
}

static void draw_counts(const struct dns_view *d, const struct pane *p, int row)
{
	int column = draw_n(p, row, 0, "queries", d->queries, TINT_TEXT);

	column = draw_n(p, row, column, "unanswered", d->unanswered, TINT_BAD);
	column = draw_n(p, row, column, "again", d->retransmissions, TINT_WARN);
	column = draw_n(p, row, column, "orphans", d->orphans, TINT_TEXT);
	if (d->thinned)
		column = draw_n(p, row, column, "half left out", d->thinned, TINT_WARN);
	column = draw_n(p, row, column, "malformed", d->malformed, TINT_WARN);
	draw_n(p, row, column, "multicast", d->multicast_queries, TINT_TEXT);
}

static void draw_latency(const struct quantiles *q, const struct pane *p, int row)
{
	int column = draw_ms(p, row, 0, "p50", q->p50, q->count);

	column = draw_ms(p, row, column, "p95", q->p95, q->count);
	column = draw_ms(p, row, column, "p99", q->p99, q->count);
	draw_ms(p, row, column, "max", q->max, q->count);
}

static void draw_named(const struct pane *p, int row, const char *what,
		       const struct named_count *counts, size_t n)
{
	char text[UNITS_LEN];
	int column = pane_text(p, row, 0, TINT_DIM, "%s ", what);

	for (size_t i = 0; i < n && column < p->w; i++) {
		column = pane_text(p, row, column, TINT_NAME, "%.16s ", counts[i].name);
		column = pane_text(p, row, column, TINT_TEXT, "%s  ",
				   units_count(text, counts[i].n));
	}
}

static void draw_slow(const struct view *v, struct pane p)
{
	const struct dns_view *d = &v->shown.dns;

	live_draw_top(v, p, &(struct live_rows){&live_slow, d->slow, d->n_slow});
}

/* In a narrow panel one figure a row is better than half a row of them. */
void live_draw_dns_panel(struct view *v, struct pane p)
{
	const struct dns_view *d = &v->shown.dns;
	const struct quantiles *q = &d->latency;
	int column, row = 1;

	pane_text(&p, 0, 0, TINT_TITLE, "DNS");
	draw_n(&p, 0, 4, "queries", d->queries, TINT_TEXT);
	column = draw_ms(&p, row, 0, "p50", q->p50, q->count);
	draw_ms(&p, row++, column, "p95", q->p95, q->count);
	column = draw_ms(&p, row, 0, "p99", q->p99, q->count);
	draw_ms(&p, row++, column, "max", q->max, q->count);
	column = draw_n(&p, row, 0, "unanswered", d->unanswered, TINT_BAD);
	draw_n(&p, row++, column, "again", d->retransmissions, TINT_WARN);
	pane_rows(&p, row);
	if (p.h > 1)
		draw_slow(v, p);
}

void live_draw_dns(struct view *v, struct pane p)
{
	const struct dns_view *d = &v->shown.dns;
	struct pane counts = pane_rows(&p, p.h > 10 ? 4 : p.h > 4 ? 2 : 0);
	struct pane list = pane_rows(&p, p.h > 10 ? p.h / 2 : p.h);

	draw_counts(d, &counts, 0);
	draw_latency(&d->latency, &counts, 1);
	draw_named(&counts, 2, "answers", d->rcodes, d->n_rcodes);
	draw_named(&counts, 3, "types", d->qtypes, d->n_qtypes);
	live_draw_list(v, list);
	if (!p.h)
		return;
	draw_slow(v, pane_columns(&p, p.w * 3 / 5));
	live_draw_top(v, p, &(struct live_rows){&live_names, d->names, d->n_names});
}
