/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Totals of all flows by application and by security class, kept as deltas come. Private to the
 * flow table.
 *
 * By application every packet stands where its flow stands now: when a verdict rises, all moves. By
 * security class a packet stays where its own delta's proof put it, so that a flow that turns
 * encrypted leaves behind what went in clear; packets counted on a guess, or on nothing, move when
 * the proof comes. Either way the sum is what was added.
 */
#ifndef ANALYSIS_FLOW_TOTALS_H
#define ANALYSIS_FLOW_TOTALS_H

#include "analysis/flow_entry.h"
#include "snapshot.h"

struct flow_totals {
	struct app_total app[APP_COUNT];
	struct count app_before[APP_COUNT]; /* when the last snapshot was filled */
	struct count security[SECURITY_COUNT];
	uint64_t transport_flows[TRANSPORT_COUNT];
};

/* Raises what is known of the flow and moves what it has counted; nonsense is ignored. */
void flow_totals_learn(struct flow_totals *t, struct flow_entry *e, struct verdict later);

/* Counts a delta, before it is added to the entry and after its verdict was learned. */
void flow_totals_count(struct flow_totals *t, struct flow_entry *e, const struct flow_delta *d);

/* Counts the flow as one of its application's, and of its transport's. */
void flow_totals_open(struct flow_totals *t, const struct flow_entry *e);

/* Fills app[], security[] and transport_flows[]; rates are over the time since the last call. */
void flow_totals_fill(struct flow_totals *t, struct snapshot *s, double interval_s);

#endif
