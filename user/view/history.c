// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rates of the last minute. Filled by the live view with every snapshot; drawn by graph. */
#include "view/history.h"

#include <math.h>
#include <string.h>

void history_add(struct history *h, uint64_t end, double length_s, const double value[HISTORY_ALL])
{
	struct history_sample *s = &h->samples[h->added++ % HISTORY_SAMPLES];

	s->end = end;
	s->length_s = length_s;
	memcpy(s->value, value, sizeof(s->value));
}

/* Adds to each second what the part of the sample that lies in it weighs. */
static void spread(double dst[HISTORY_SECONDS], double from, double to, double value)
{
	for (int i = fmax(from, 0); i < HISTORY_SECONDS && i < to; i++)
		dst[i] += value * (fmin(to, i + 1) - fmax(from, i));
}

void history_seconds(const struct history *h, enum history_series series,
		     double dst[HISTORY_SECONDS])
{
	size_t n = h->added < HISTORY_SAMPLES ? h->added : HISTORY_SAMPLES;
	const struct history_sample *newest = &h->samples[(h->added - 1) % HISTORY_SAMPLES];

	memset(dst, 0, sizeof(*dst) * HISTORY_SECONDS);
	for (size_t i = 0; i < n; i++) {
		const struct history_sample *s = &h->samples[(h->added - 1 - i) % HISTORY_SAMPLES];
		double ago = ((double)newest->end - (double)s->end) / 1e9;
		double to = HISTORY_SECONDS - ago;

		if (ago >= 0 && ago < HISTORY_SECONDS && s->length_s > 0)
			spread(dst, to - s->length_s, to, s->value[series]);
	}
}
