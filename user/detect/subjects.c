// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Set-associative table: a set is one cache line of tags and ages, cells lie beside it. Used by all
 * detectors that keep something for each subject.
 */
#include "detect/subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mix.h"

enum { WAYS = 8 };

struct set {
	uint32_t tag[WAYS];  /* 0: free */
	uint32_t used[WAYS]; /* the clock when it was taken last */
} __attribute__((aligned(64)));

struct subjects {
	size_t n_sets, key_size, cell_size;
	uint32_t clock;
	struct mix_seed seed;
	struct set *sets;
	unsigned char *cells; /* key, then value */
};

struct subjects *subjects_new(size_t max, size_t key_size, size_t value_size)
{
	struct subjects *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->key_size = (key_size + 7) & ~(size_t)7;
	s->cell_size = s->key_size + ((value_size + 7) & ~(size_t)7);
	s->n_sets = 1;
	while (s->n_sets * WAYS < max)
		s->n_sets *= 2;
	s->sets = aligned_alloc(64, s->n_sets * sizeof(*s->sets));
	s->cells = calloc(s->n_sets * WAYS, s->cell_size);
	if (!s->sets || !s->cells || mix_seed_draw(&s->seed)) {
		subjects_free(s);
		errno = ENOMEM;
		return NULL;
	}
	memset(s->sets, 0, s->n_sets * sizeof(*s->sets));
	return s;
}

void subjects_free(struct subjects *s)
{
	if (!s)
		return;
	free(s->sets);
	free(s->cells);
	free(s);
}

uint64_t subjects_hash(const struct subjects *s, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = s->seed.word[0] ^ len, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = mix_fold(h ^ word, s->seed.word[1] | 1);
	}
	if (len) {
		word = 0;
		memcpy(&word, p, len);
		h = mix_fold(h ^ word, s->seed.word[1] | 1);
	}
	return mix_fold(h ^ s->seed.word[2], s->seed.word[3] | 1);
}

static unsigned char *subjects_cell(const struct subjects *s, size_t set, unsigned way)
{
	return s->cells + (set * WAYS + way) * s->cell_size;
}

static int subjects_way(const struct subjects *s, size_t set, uint32_t tag, const void *key)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (s->sets[set].tag[i] == tag &&
		    memcmp(subjects_cell(s, set, i), key, s->key_size) == 0)
			return i;
	return -1;
}

static unsigned subjects_victim(const struct subjects *s, const struct set *set)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		if (!set->tag[i])
			return i;
		if (s->clock - set->used[i] > s->clock - set->used[oldest])
			oldest = i;
	}
	return oldest;
}

void *subjects_take(struct subjects *s, const void *key)
{
	uint64_t h = subjects_hash(s, key, s->key_size);
	size_t at = h & (s->n_sets - 1);
	uint32_t tag = h >> 32 | 1;
	int way = subjects_way(s, at, tag, key);
	unsigned char *cell;

	s->clock++;
	if (way < 0) {
		way = subjects_victim(s, &s->sets[at]);
		cell = subjects_cell(s, at, way);
		s->sets[at].tag[way] = tag;
		memcpy(cell, key, s->key_size);
		memset(cell + s->key_size, 0, s->cell_size - s->key_size);
	}
	s->sets[at].used[way] = s->clock;
	return subjects_cell(s, at, way) + s->key_size;
}

void *subjects_find(const struct subjects *s, const void *key)
{
	uint64_t h = subjects_hash(s, key, s->key_size);
	size_t at = h & (s->n_sets - 1);
	int way = subjects_way(s, at, h >> 32 | 1, key);

	return way < 0 ? NULL : subjects_cell(s, at, way) + s->key_size;
}

void *subjects_next(const struct subjects *s, size_t *at, const void **key)
{
	for (size_t i = *at; i < s->n_sets * WAYS; i++) {
		if (!s->sets[i / WAYS].tag[i % WAYS])
			continue;
		*at = i + 1;
		*key = subjects_cell(s, i / WAYS, i % WAYS);
		return s->cells + i * s->cell_size + s->key_size;
	}
	return NULL;
}

void subjects_drop(struct subjects *s, void *value)
{
	size_t i = ((unsigned char *)value - s->cells) / s->cell_size;

	s->sets[i / WAYS].tag[i % WAYS] = 0;
}
