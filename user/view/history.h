/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rates of the last minute, second by second, whatever the interval of the snapshots. Pure. */
#ifndef XDPLENS_VIEW_HISTORY_H
#define XDPLENS_VIEW_HISTORY_H

#include <stddef.h>
#include <stdint.h>

enum history_series {
	HISTORY_IN_PPS,
	HISTORY_OUT_PPS,
	HISTORY_IN_BPS,
	HISTORY_OUT_BPS,
	HISTORY_ALL
};

enum {
	HISTORY_SECONDS = 60,
	HISTORY_SAMPLES =
		256, /* kept; with intervals under 0.24 s the oldest seconds are missing */
};

struct history {
	struct history_sample {
		uint64_t end; /* ns since the epoch */
		double length_s;
		double value[HISTORY_ALL];
	} samples[HISTORY_SAMPLES];
	size_t added;
};

/* Values that held for the `length_s` seconds before `end`. */
void history_add(struct history *h, uint64_t end, double length_s, const double value[HISTORY_ALL]);

/* The mean of each of the last 60 seconds before the newest sample's end, oldest first. */
void history_seconds(const struct history *h, enum history_series series,
		     double dst[HISTORY_SECONDS]);

#endif
