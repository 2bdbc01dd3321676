/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many distinct things there were, in 4 KiB: HyperLogLog. The registers come from
 * counters.sketch (flows that found no slot) or from hashes given here; the estimate goes into the
 * snapshot.
 */
#ifndef ANALYSIS_SKETCH_H
#define ANALYSIS_SKETCH_H

#include <stdint.h>

#include "xdplens/event.h"

/* Register: 12 low bits of a hash choose it, 1 + the zeros that begin the next 32 is its value. */
enum { SKETCH_VALUE_BITS = 32 };

struct sketch { /* all 0: empty */
	uint8_t bin[SKETCH_BINS];
};

/* Adds one thing by its hash, whose low 44 bits must be uniform. */
void sketch_add(struct sketch *s, uint64_t hash);

/* Adds all that another sketch saw. */
void sketch_merge(struct sketch *s, const uint8_t bins[SKETCH_BINS]);

/*
 * Distinct things added; standard error 1.6 %, exact to a few units below a hundred. Ertl, "New
 * cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6: one formula over
 * the whole range, so neither the small nor the large range needs a correction of its own.
 */
double sketch_estimate(const struct sketch *s);

#endif
