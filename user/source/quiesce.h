/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits, beside the main thread, until every program that runs now has ended. */
#ifndef XDPLENS_QUIESCE_H
#define XDPLENS_QUIESCE_H

#include <stdbool.h>

struct quiesce;

struct quiesce *quiesce_new(void);
void quiesce_free(struct quiesce *q);
void quiesce_begin(struct quiesce *q);
/* True once after all programs that ran at quiesce_begin have ended. */
bool quiesce_done(struct quiesce *q);
void quiesce_now(void); /* the same, at once: blocks for some milliseconds */

#endif
