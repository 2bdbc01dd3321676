// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* HyperLogLog: see sketch.h. The kernel's half is overflow_sketch() in xdplens/flow.h. */
#include "analysis/sketch.h"

#include <math.h>

enum { VALUES = SKETCH_VALUE_BITS + 2 }; /* 0: nothing seen; the last: all bits were 0 */

void sketch_add(struct sketch *s, uint64_t hash)
{
	uint8_t *bin = &s->bin[hash % SKETCH_BINS];
	uint32_t bits = hash / SKETCH_BINS;
	uint8_t value = bits ? 1 + __builtin_ctz(bits) : VALUES - 1;

	if (*bin < value)
		*bin = value;
}

void sketch_merge(struct sketch *s, const uint8_t bins[SKETCH_BINS])
{
	for (int i = 0; i < SKETCH_BINS; i++)
		s->bin[i] = bins[i] > s->bin[i] ? bins[i] : s->bin[i];
}

/* Ertl's sigma: what registers still empty say. x in [0, 1). */
static double sketch_sigma(double x)
{
	double z = x, before, y = 1;

	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

/* Ertl's tau: what full registers say. x in [0, 1]. */
static double sketch_tau(double x)
{
	double z = 1 - x, before, y = 1;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

double sketch_estimate(const struct sketch *s)
{
	const double m = SKETCH_BINS;
	unsigned have[VALUES] = {0};
	double z;

	for (int i = 0; i < SKETCH_BINS; i++)
		have[s->bin[i] < VALUES ? s->bin[i] : VALUES - 1]++;
	if (have[0] == SKETCH_BINS)
		return 0;
	z = m * sketch_tau(1 - have[VALUES - 1] / m);
	for (int value = SKETCH_VALUE_BITS; value >= 1; value--)
		z = 0.5 * (z + have[value]);
	z += m * sketch_sigma(have[0] / m);
	return m * m / (2 * M_LN2 * z);
}
