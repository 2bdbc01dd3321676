// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Exponentially weighted mean and variance (Finch, "Incremental calculation of weighted mean and
 * variance", 2009, section 9). Used by detectors that compare a subject with its own past.
 */
#include "detect/baseline.h"

#include <math.h>

static void baseline_learn(struct baseline *b, const struct baseline_rule *r, double value)
{
	/* in warm-up the plain mean, so that the first value weighs no more than the others */
	double weight = fmax(r->weight, 1.0 / (b->learned + 1.0));
	double off = value - b->mean, step = weight * off;

	b->mean += step;
	b->variance = (1 - weight) * (b->variance + off * step);
	if (b->learned < UINT32_MAX)
		b->learned++;
}

bool baseline_warm(const struct baseline *b, const struct baseline_rule *r)
{
	return b->learned && b->learned >= r->warmup;
}

double baseline_limit(const struct baseline *b, const struct baseline_rule *r)
{
	if (!baseline_warm(b, r))
		return INFINITY;
	return fmax(b->mean + r->deviations * sqrt(b->variance), b->mean * r->ratio);
}

bool baseline_judge(struct baseline *b, const struct baseline_rule *r, double value)
{
	if (!isfinite(value))
		return false;
	if (value <= baseline_limit(b, r)) {
		b->unusual = 0;
		baseline_learn(b, r, value);
		return false;
	}
	b->unusual++;
	if (r->accept && b->unusual >= r->accept)
		*b = (struct baseline){.mean = value, .learned = 1};
	return true;
}
