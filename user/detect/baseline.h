/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is usual for a subject: exponentially weighted mean and deviation of a rate. Nothing is
 * judged while it warms up. What is judged unusual is not learned, so an attack does not become the
 * rule; only a level that lasts `accept` judgements in a row does, when it counts as a new life.
 */
#ifndef DETECT_BASELINE_H
#define DETECT_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

struct baseline_rule {
	double weight;	   /* of the newest value, 0 to 1 */
	uint32_t warmup;   /* values learned before any is judged, at least 1 */
	double deviations; /* beyond the mean that are unusual ... */
	double ratio;	   /* ... if it is also this many times the mean */
	uint32_t accept;   /* unusual values in a row that make a new baseline; 0: never */
};

struct baseline { /* all 0: nothing learned */
	double mean, variance;
	uint32_t learned;
	uint32_t unusual; /* in a row */
};

/* Whether it has learned enough to judge. */
bool baseline_warm(const struct baseline *b, const struct baseline_rule *r);

/* The most that passes as usual; INFINITY while warming up. */
double baseline_limit(const struct baseline *b, const struct baseline_rule *r);

/* true: unusual, and not learned. Values that are not finite are ignored. */
bool baseline_judge(struct baseline *b, const struct baseline_rule *r, double value);

#endif
