/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many distinct things, in 256 octets: HyperLogLog (Flajolet et al. 2007) with linear counting
 * below 640, error 7 %, below 30 about one. For tables of many subjects; analysis/sketch.h is the
 * same for one.
 */
#ifndef DETECT_DISTINCT_H
#define DETECT_DISTINCT_H

#include <math.h>
#include <stdint.h>

enum { DISTINCT_BINS = 256 };

struct distinct { /* all 0: empty */
	uint8_t bin[DISTINCT_BINS];
};

/* `hash`: 64 uniform bits. */
static inline void distinct_add(struct distinct *d, uint64_t hash)
{
	uint8_t *bin = &d->bin[hash & (DISTINCT_BINS - 1)];
	uint8_t rank = 1 + __builtin_ctzll(hash >> 8 | 1ull << 40);

	if (*bin < rank)
		*bin = rank;
}

static inline double distinct_estimate(const struct distinct *d)
{
	double sum = 0, estimate;
	unsigned empty = 0;

	for (unsigned i = 0; i < DISTINCT_BINS; i++) {
		sum += 1.0 / (double)(1ull << d->bin[i]);
		empty += !d->bin[i];
	}
	estimate = 0.7213 / (1 + 1.079 / DISTINCT_BINS) * DISTINCT_BINS * DISTINCT_BINS / sum;
	if (empty && estimate < 2.5 * DISTINCT_BINS)
		return DISTINCT_BINS * log((double)DISTINCT_BINS / empty);
	return estimate;
}

#endif
