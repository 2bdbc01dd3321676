// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of addresses: see addr_names.h. dns.c puts names in, talkers and views take them out. */
#include "analysis/addr_names.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/mix.h"
#include "snapshot.h"

enum { WAYS = 8 };

#define NS_PER_S 1000000000ull

struct cell {
	uint8_t addr[16];
	uint64_t expires; /* ns; 0: free */
	char name[NAME_LEN];
};

struct addr_names {
	struct cell *cells;
	size_t buckets; /* a power of two */
	struct mix_seed seed;
};

struct addr_names *addr_names_new(size_t max)
{
	struct addr_names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->buckets = 1;
	while (n->buckets * WAYS < max)
		n->buckets *= 2;
	n->cells = calloc(n->buckets * WAYS, sizeof(*n->cells));
	if (!n->cells || mix_seed_draw(&n->seed) < 0) {
		addr_names_free(n);
		return NULL;
	}
	return n;
}

void addr_names_free(struct addr_names *n)
{
	if (!n)
		return;
	free(n->cells);
	free(n);
}

static struct cell *bucket_of(const struct addr_names *n, const uint8_t addr[16])
{
	return &n->cells[(mix_address(&n->seed, addr) & (n->buckets - 1)) * WAYS];
}

void addr_names_learn(struct addr_names *n, const uint8_t addr[16], const char *name, uint32_t ttl,
		      uint64_t now)
{
	struct cell *first = bucket_of(n, addr), *cell = first;
	size_t len = strnlen(name, NAME_LEN - 1);

	for (struct cell *c = first; c < first + WAYS; c++) {
		if (c->expires && !memcmp(c->addr, addr, 16)) {
			cell = c;
			break;
		}
		if (c->expires < cell->expires)
			cell = c;
	}
	if (ttl < ADDR_NAMES_LEAST_S)
		ttl = ADDR_NAMES_LEAST_S;
	if (ttl > ADDR_NAMES_MOST_S)
		ttl = ADDR_NAMES_MOST_S;
	memcpy(cell->addr, addr, 16);
	memcpy(cell->name, name, len);
	cell->name[len] = '\0';
	cell->expires = now + ttl * NS_PER_S;
}

const char *addr_names_of(const struct addr_names *n, const uint8_t addr[16], uint64_t now)
{
	const struct cell *first = bucket_of(n, addr);

	for (const struct cell *c = first; c < first + WAYS; c++)
		if (now < c->expires && !memcmp(c->addr, addr, 16))
			return c->name;
	return NULL;
}
