// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Talkers: see talkers.h. Two like tables, one by source and one by destination. */
#include "analysis/talkers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mix.h"
#include "analysis/sketch.h"
#include "analysis/top.h"

enum { WAYS = 8, MAX_DEFAULT = 65536 };

struct address {
	uint8_t addr[16];
	struct count total;
	struct count before; /* when the last snapshot was filled */
	struct count recent; /* between the last two of them */
	uint64_t last;
};

struct address_table {
	uint32_t (*tags)[WAYS]; /* a bucket a row; 0: free */
	struct address *cells;	/* WAYS a bucket */
	size_t buckets;		/* a power of two */
	size_t used;
	struct count others;	/* of addresses that had to go */
	struct sketch distinct; /* every address that was ever put in */
};

struct talkers {
	struct mix_seed seed;
	struct address_table sources, destinations;
};

static int table_init(struct address_table *t, size_t max)
{
	t->buckets = 1;
	while (t->buckets * WAYS < max)
		t->buckets *= 2;
	t->tags = calloc(t->buckets, sizeof(*t->tags));
	t->cells = calloc(t->buckets * WAYS, sizeof(*t->cells));
	return t->tags && t->cells ? 0 : -1;
}

struct talkers *talkers_new(size_t max)
{
	struct talkers *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	if (!max)
		max = MAX_DEFAULT;
	if (table_init(&t->sources, max) < 0 || table_init(&t->destinations, max) < 0 ||
	    mix_seed_draw(&t->seed) < 0) {
		talkers_free(t);
		return NULL;
	}
	return t;
}

void talkers_free(struct talkers *t)
{
	if (!t)
		return;
	free(t->sources.tags);
	free(t->sources.cells);
	free(t->destinations.tags);
	free(t->destinations.cells);
	free(t);
}

static bool address_less(const struct address *a, const struct address *b)
{
	return a->total.bytes != b->total.bytes ? a->total.bytes < b->total.bytes
						: a->last < b->last;
}

/* A cell of the bucket for a new address: a free one, else that of the least. */
static unsigned table_make_room(struct address_table *t, size_t bucket)
{
	struct address *cells = &t->cells[bucket * WAYS];
	unsigned least = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		if (!t->tags[bucket][i]) {
			t->used++;
			return i;
		}
		if (address_less(&cells[i], &cells[least]))
			least = i;
	}
	t->others.packets += cells[least].total.packets;
	t->others.bytes += cells[least].total.bytes;
	return least;
}

static void table_add(struct address_table *t, uint64_t hash, const uint8_t addr[16],
		      struct count n, uint64_t now)
{
	size_t bucket = hash & (t->buckets - 1);
	uint32_t tag = hash >> 32 | 1;
	struct address *cells = &t->cells[bucket * WAYS];
	unsigned i = 0;

	while (i < WAYS && (t->tags[bucket][i] != tag || memcmp(cells[i].addr, addr, 16)))
		i++;
	if (i == WAYS) {
		i = table_make_room(t, bucket);
		sketch_add(&t->distinct, hash);
		t->tags[bucket][i] = tag;
		cells[i] = (struct address){0};
		memcpy(cells[i].addr, addr, 16);
	}
	cells[i].total.packets += n.packets;
	cells[i].total.bytes += n.bytes;
	cells[i].last = now;
}

void talkers_add(struct talkers *t, const uint8_t saddr[16], const uint8_t daddr[16],
		 uint64_t packets, uint64_t bytes, uint64_t now)
{
	struct count n = {packets, bytes};

	table_add(&t->sources, mix_address(&t->seed, saddr), saddr, n, now);
	table_add(&t->destinations, mix_address(&t->seed, daddr), daddr, n, now);
}

struct count talkers_others(const struct talkers *t)
{
	return t->sources.others;
}

static uint64_t table_distinct(const struct address_table *t)
{
	return t->others.packets ? sketch_estimate(&t->distinct) + 0.5 : t->used;
}

static size_t table_top(struct address_table *t, struct top_item *top)
{
	size_t n = 0;

	for (size_t i = 0; i < t->buckets * WAYS; i++) {
		struct address *a = &t->cells[i];

		if (!t->tags[i / WAYS][i % WAYS])
			continue;
		a->recent.packets = a->total.packets - a->before.packets;
		a->recent.bytes = a->total.bytes - a->before.bytes;
		a->before = a->total;
		top_offer(top, &n, SNAPSHOT_TALKERS,
			  (struct top_item){a->total.bytes, a->recent.bytes, i});
	}
	top_order(top, n);
	return n;
}

void talkers_fill(struct talkers *t, struct snapshot *s, double interval_s,
		  const char *(*name)(void *arg, const uint8_t addr[16]), void *arg)
{
	struct top_item top[SNAPSHOT_TALKERS];

	s->sources = table_distinct(&t->sources);
	s->destinations = table_distinct(&t->destinations);
	s->n_talkers = table_top(&t->sources, top);
	for (size_t i = 0; i < s->n_talkers; i++) {
		const struct address *a = &t->sources.cells[top[i].id];
		const char *called = name ? name(arg, a->addr) : NULL;
		struct talker *out = &s->talkers[i];

		memcpy(out->addr, a->addr, sizeof(out->addr));
		snprintf(out->name, sizeof(out->name), "%s", called ? called : "");
		out->packets = a->total.packets;
		out->bytes = a->total.bytes;
		out->pps = interval_s > 0 ? a->recent.packets / interval_s : 0;
		out->bps = interval_s > 0 ? 8 * a->recent.bytes / interval_s : 0;
	}
}
