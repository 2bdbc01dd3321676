// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Log-linear histogram: see histogram.h. DNS statistics put latencies in, the snapshot takes
 * quantiles out.
 */
#include "analysis/histogram.h"

enum { STEPS = 1 << HISTOGRAM_STEP_BITS };

/* Values below 2 * STEPS have a bin each; above, the bits after the leading one choose the step. */
static size_t histogram_bin(uint64_t ns)
{
	int shift;

	if (ns >> HISTOGRAM_TOP_BITS)
		return HISTOGRAM_TOP_BIN;
	shift = 63 - __builtin_clzll(ns | STEPS) - HISTOGRAM_STEP_BITS;
	return ((size_t)shift << HISTOGRAM_STEP_BITS) + (ns >> shift);
}

static uint64_t histogram_middle(size_t bin)
{
	int shift = bin < STEPS ? 0 : (bin >> HISTOGRAM_STEP_BITS) - 1;
	uint64_t low = (uint64_t)(bin - ((size_t)shift << HISTOGRAM_STEP_BITS)) << shift;

	return low + ((1ull << shift) >> 1);
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	if (!h->count || ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	h->count++;
	h->sum += ns;
	h->bin[histogram_bin(ns)]++;
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
	uint64_t seen = 0, value = h->max;
	double rank = q * h->count;

	for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
		seen += h->bin[i];
		if (seen && seen >= rank) {
			value = i == HISTOGRAM_TOP_BIN ? h->max : histogram_middle(i);
			break;
		}
	}
	if (value < h->min)
		value = h->min;
	return value > h->max ? h->max : value;
}

struct quantiles histogram_quantiles(const struct histogram *h)
{
	struct quantiles q = {.count = h->count};

	if (!h->count)
		return q;
	q.min = h->min / 1e6;
	q.p50 = histogram_quantile(h, 0.50) / 1e6;
	q.p90 = histogram_quantile(h, 0.90) / 1e6;
	q.p95 = histogram_quantile(h, 0.95) / 1e6;
	q.p99 = histogram_quantile(h, 0.99) / 1e6;
	q.max = h->max / 1e6;
	q.mean = h->sum / h->count / 1e6;
	return q;
}
