/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Distribution of durations: every octave in 64 equal steps, so that a quantile is at most 0.8 %
 * off, in 17 KB whatever comes. Values up to 127 ns are exact; above 274 s only the largest is.
 */
#ifndef ANALYSIS_HISTOGRAM_H
#define ANALYSIS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

enum {
	HISTOGRAM_STEP_BITS = 6, /* 64 steps an octave */
	HISTOGRAM_TOP_BITS = 38, /* values of more bits are told apart no more */
	HISTOGRAM_TOP_BIN = (HISTOGRAM_TOP_BITS - HISTOGRAM_STEP_BITS + 1) << HISTOGRAM_STEP_BITS,
	HISTOGRAM_BINS = HISTOGRAM_TOP_BIN + 1,
};

/* All zero is an empty one. */
struct histogram {
	uint64_t count, min, max; /* ns; min and max exact, 0 while empty */
	double sum;
	uint64_t bin[HISTOGRAM_BINS];
};

void histogram_add(struct histogram *h, uint64_t ns);

/* The value, in ns, that the share q (0 to 1) of all values does not exceed; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *h, double q);

/* Minimum, quantiles, maximum and mean in milliseconds; all 0 when empty. */
struct quantiles histogram_quantiles(const struct histogram *h);

#endif
