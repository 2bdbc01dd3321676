/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every flow of now, exact to the packet, in bounded memory. Deltas (slots of the kernel's cache,
 * read or evicted) and copied packets come in; ended flows, totals and the top flows go out.
 *
 * A flow is a two-way five-tuple on one interface. It ends when it was silent for `idle_s`, two
 * seconds after TCP closed it, or when a SYN takes its ports after that; whether it has ended is
 * judged by the deltas' own times, so that the answer does not depend on when anybody looked.
 *
 * When the table is full the least worthy flow of a few is ended as FLOW_END_EVICTED: the one with
 * the fewest packets, halved for each second of silence. It comes out like any other ended flow, so
 * counts stay exact; only a flow that goes on after that is told in two rows.
 */
#ifndef ANALYSIS_FLOW_TABLE_H
#define ANALYSIS_FLOW_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "sink/sink.h"
#include "snapshot.h"

struct flow_table;

struct flow_table_config {
	size_t flows_max; /* 0: 2^20 */
	double idle_s;	  /* 0: 60 */
	/* A flow ended; it may not call the table. All calls may be NULL. */
	void (*ended)(void *arg, const struct flow_view *flow, enum flow_end end);
	void *arg;
	const char *(*interface_name)(void *arg, uint32_t ifindex); /* NULL: not known */
	/* Whose a flow is, by event->owner or by its interface; NULL: not known. */
	const char *(*owner_name)(void *arg, uint16_t owner, uint32_t ifindex);
	const char *(*addr_name)(void *arg, const uint8_t addr[16]); /* NULL: not known */
};

/* NULL and errno. Memory is reserved now and used as flows come. */
struct flow_table *flow_table_new(const struct flow_table_config *config);
void flow_table_free(struct flow_table *t); /* ends nothing; NULL is fine */

/* Bytes at the most, when all flows_max entries have been in use. */
size_t flow_table_memory(const struct flow_table *t);

/*
 * Adds what one direction of a flow carried and fills in delta->opened, from_opener and large. The
 * deltas of a flow may come in any order, from several CPUs. Never fails.
 */
void flow_table_add(struct flow_table *t, struct flow_delta *delta);

/* The same for many at once, twice as fast: memory is fetched ahead. */
void flow_table_add_batch(struct flow_table *t, struct flow_delta *deltas, size_t n);

/*
 * Learns from a copied packet: exact times, who opened the flow, the TCP handshake, the verdict
 * (unless verdict.sure is 0) and a name (escaped already; may be NULL). Counts nothing; a flow of
 * which copies are all that ever comes is not told.
 */
void flow_table_note(struct flow_table *t, const struct event *e, const char *name,
		     struct verdict verdict);

/*
 * Ends flows that are over. It walks through the table as `now` proceeds, all of it in 8 seconds,
 * and ends some 4096 flows a call at most; what is left over waits for the next call. Call it
 * often, say whenever the rings were polled; it takes under 2 ms.
 */
void flow_table_expire(struct flow_table *t, uint64_t now);

/* The clock of the day was set, `ns` on: what is silent has been so no longer for that. */
void flow_table_clock_set(struct flow_table *t, int64_t ns);

/* Ends every flow: with FLOW_END_EXIT those that TCP had not ended. */
void flow_table_finish(struct flow_table *t, uint64_t now);

/*
 * Fills app[], security[], flows_total, flows_active and the top flows. Rates are over the time
 * since the last call, which was `interval_s` ago.
 */
void flow_table_fill(struct flow_table *t, struct snapshot *s, double interval_s);

#endif
