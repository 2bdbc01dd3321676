// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shared names: see name_pool.h. Buckets of eight cells, references are cell numbers plus one. */
#include "analysis/name_pool.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/mix.h"
#include "snapshot.h"

enum { WAYS = 8 };

struct name_cell {
	uint32_t users; /* 0: free */
	uint32_t hash;
	char text[NAME_LEN];
};

struct name_pool {
	struct name_cell *cells;
	size_t buckets; /* a power of two */
	struct mix_seed seed;
};

struct name_pool *name_pool_new(size_t most)
{
	struct name_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->buckets = 1;
	while (p->buckets * WAYS < most)
		p->buckets *= 2;
	p->cells = calloc(p->buckets * WAYS, sizeof(*p->cells));
	if (!p->cells || mix_seed_draw(&p->seed) < 0) {
		name_pool_free(p);
		return NULL;
	}
	return p;
}

void name_pool_free(struct name_pool *p)
{
	if (!p)
		return;
	free(p->cells);
	free(p);
}

size_t name_pool_memory(const struct name_pool *p)
{
	return sizeof(*p) + p->buckets * WAYS * sizeof(*p->cells);
}

uint32_t name_pool_take(struct name_pool *p, const char *name)
{
	size_t len = strnlen(name, NAME_LEN - 1);
	uint64_t hash = mix_text(&p->seed, name, len);
	size_t first = (hash & (p->buckets - 1)) * WAYS;
	struct name_cell *cell = NULL;

	if (!len)
		return 0;
	for (size_t i = first; i < first + WAYS; i++) {
		struct name_cell *c = &p->cells[i];

		if (c->users && c->hash == (uint32_t)(hash >> 32) && strlen(c->text) == len &&
		    !memcmp(c->text, name, len)) {
			c->users++;
			return i + 1;
		}
		if (!c->users && !cell)
			cell = c;
	}
	if (!cell)
		return 0;
	cell->users = 1;
	cell->hash = hash >> 32;
	memcpy(cell->text, name, len);
	cell->text[len] = '\0';
	return cell - p->cells + 1;
}

const char *name_pool_text(const struct name_pool *p, uint32_t ref)
{
	return ref ? p->cells[ref - 1].text : "";
}

void name_pool_drop(struct name_pool *p, uint32_t ref)
{
	if (ref)
		p->cells[ref - 1].users--;
}
