/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Proof that no packet vanished: seen = in flows + in overflow + not a flow + not parsed. After the
 * counters and the flow table; `struct ledger` is part of the snapshot.
 */
#ifndef ANALYSIS_LEDGER_H
#define ANALYSIS_LEDGER_H

#include "snapshot.h"

/* Adds what one CPU counted in one bank. */
void ledger_add_counters(struct ledger *l, const struct counters *c);

/* Adds packets that reached the flow table. */
void ledger_add_flow(struct ledger *l, uint64_t packets);

/* Draws the balance and returns it: packets seen that stand nowhere else; 0 when all is well. */
int64_t ledger_close(struct ledger *l);

#endif
