/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sums of the kernel's counters: over CPUs in source/live.c, over cuts in pipeline.c. */
#ifndef XDPLENS_COUNTERS_H
#define XDPLENS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "xdplens/event.h"

_Static_assert(offsetof(struct counters, sketch) % sizeof(uint64_t) == 0, "sums are of words");

/* Adds every total of `c`; of the sketch the larger of both registers. */
static inline void counters_add(struct counters *sum, const struct counters *c)
{
	const uint64_t *from = (const uint64_t *)c;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < offsetof(struct counters, sketch) / sizeof(*to); i++)
		to[i] += from[i];
	for (int i = 0; i < SKETCH_BINS; i++)
		if (sum->sketch[i] < c->sketch[i])
			sum->sketch[i] = c->sketch[i];
}

#endif
