// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns every alert from opening to closing. After the detectors; before the alert sink, the command
 * and the snapshot.
 */
#include "detect/book.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
	struct alert alert;
	unsigned who;
	uint64_t until;	 /* ns; closed then unless refreshed */
	uint64_t number; /* order of opening */
};

struct book {
	void (*told)(void *arg, const struct alert *a);
	void *arg;
	struct page open[BOOK_OPEN];
	size_t n_open;
	struct page closed[BOOK_CLOSED]; /* a ring */
	size_t n_closed;		 /* ever */
	uint64_t total, dropped;
	uint64_t count[BOOK_DETECTORS];
	unsigned each[BOOK_DETECTORS]; /* open now */
};

struct book *book_new(void (*told)(void *arg, const struct alert *a), void *arg)
{
	struct book *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->told = told;
	b->arg = arg;
	return b;
}

void book_free(struct book *b)
{
	free(b);
}

static void text_take(char *dst, const char *src, size_t n)
{
	size_t len = strnlen(src, n - 1);

	for (size_t i = 0; i < len; i++)
		dst[i] = src[i] >= ' ' && src[i] < 0x7f ? src[i] : '?';
	dst[len] = '\0';
}

static double sane(double n)
{
	return isfinite(n) ? n : 0;
}

static void page_write(struct page *p, const struct alert *a, double hold_s, uint64_t now)
{
	struct alert *mine = &p->alert;

	text_take(mine->subject, a->subject, sizeof(mine->subject));
	text_take(mine->kind, a->kind, sizeof(mine->kind));
	text_take(mine->unit, a->unit, sizeof(mine->unit));
	text_take(mine->reason, a->reason, sizeof(mine->reason));
	mine->observed = fmax(mine->observed, sane(a->observed));
	mine->expected = sane(a->expected);
	if (a->severity > mine->severity && a->severity < SEVERITY_COUNT)
		mine->severity = a->severity;
	hold_s = hold_s > 0 && hold_s < 1e6 ? hold_s : 1;
	p->until = now + (uint64_t)(hold_s * 1e9);
}

static struct page *book_find(struct book *b, unsigned who, const struct alert *a)
{
	struct alert clean;

	text_take(clean.subject, a->subject, sizeof(clean.subject));
	text_take(clean.kind, a->kind, sizeof(clean.kind));
	for (size_t i = 0; i < b->n_open; i++) {
		struct page *p = &b->open[i];

		if (p->who == who && strcmp(p->alert.subject, clean.subject) == 0 &&
		    strcmp(p->alert.kind, clean.kind) == 0)
			return p;
	}
	return NULL;
}

void book_raise(struct book *b, unsigned who, const char *name, const struct alert *a,
		double hold_s, uint64_t now)
{
	struct page *p = book_find(b, who, a);

	if (p) {
		page_write(p, a, hold_s, now);
		return;
	}
	if (b->n_open == BOOK_OPEN || b->each[who] == BOOK_EACH) {
		b->dropped++;
		return;
	}
	p = &b->open[b->n_open++];
	memset(p, 0, sizeof(*p));
	p->who = who;
	p->number = b->total++;
	b->count[who]++;
	b->each[who]++;
	page_write(p, a, hold_s, now);
	p->alert.start = a->start && a->start <= now ? a->start : now;
	p->alert.detector = name;
	b->told(b->arg, &p->alert);
}

static void book_close(struct book *b, size_t at, uint64_t end)
{
	struct page *kept = &b->closed[b->n_closed++ % BOOK_CLOSED];

	*kept = b->open[at];
	b->open[at] = b->open[--b->n_open];
	b->each[kept->who]--;
	end = end < kept->until ? end : kept->until; /* a file may have a pause before this */
	kept->alert.end = end > kept->alert.start ? end : kept->alert.start + 1;
	b->told(b->arg, &kept->alert);
}

void book_expire(struct book *b, uint64_t now)
{
	for (size_t i = b->n_open; i-- > 0;)
		if (b->open[i].until <= now)
			book_close(b, i, now);
}

void book_close_all(struct book *b, uint64_t now)
{
	while (b->n_open)
		book_close(b, b->n_open - 1, now);
}

uint64_t book_dropped(const struct book *b)
{
	return b->dropped;
}

uint64_t book_count(const struct book *b, unsigned who)
{
	return b->count[who];
}

static int page_newer(const void *a, const void *b)
{
	const struct page *const *x = a, *const *y = b;

	return ((*x)->number < (*y)->number) - ((*x)->number > (*y)->number);
}

static void fill_view(struct snapshot *s, const struct page *p)
{
	struct alert_view *v = &s->alerts[s->n_alerts++];

	v->alert = p->alert;
	snprintf(v->detector, sizeof(v->detector), "%s", p->alert.detector);
}

void book_fill(const struct book *b, struct snapshot *s)
{
	const struct page *order[BOOK_OPEN];
	size_t closed = b->n_closed < BOOK_CLOSED ? b->n_closed : BOOK_CLOSED;

	for (size_t i = 0; i < b->n_open; i++)
		order[i] = &b->open[i];
	qsort(order, b->n_open, sizeof(order[0]), page_newer);
	s->n_alerts = 0;
	for (size_t i = 0; i < b->n_open && s->n_alerts < SNAPSHOT_ALERTS; i++)
		fill_view(s, order[i]);
	for (size_t i = 1; i <= closed && s->n_alerts < SNAPSHOT_ALERTS; i++)
		fill_view(s, &b->closed[(b->n_closed - i) % BOOK_CLOSED]);
	s->n_alerts_open = b->n_open;
	s->alerts_total = b->total;
}
