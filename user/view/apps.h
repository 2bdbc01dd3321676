/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The applications of a snapshot as rows, greatest first, the rare ones together as "other". */
#ifndef XDPLENS_VIEW_APPS_H
#define XDPLENS_VIEW_APPS_H

#include "snapshot.h"

struct app_row {
	char name[40]; /* "https", "other", "other (3 more)" */
	struct app_total total;
};

/*
 * Fills `rows` by bytes, then packets; every application without packets is left out. At most
 * `most` rows (at least 1): what does not fit, and what has less than `least` (a part of 1) of the
 * packets and of the bytes, joins "other", the last row. Returns how many.
 */
size_t app_rows(const struct snapshot *s, size_t most, double least,
		struct app_row rows[APP_COUNT]);

#endif
