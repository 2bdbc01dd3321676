/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who sends how much. Deltas of flows come in beside the flow table; the snapshot's talkers go out.
 *
 * Bounded: when the eight cells of an address's bucket are taken, the one that sent least goes and
 * what it sent is added to the others, so that talkers and others together are always exact. An
 * address that sends more than its like is never the least: heavy talkers are exact too.
 */
#ifndef ANALYSIS_TALKERS_H
#define ANALYSIS_TALKERS_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

struct talkers;

/* Room for at least `max` sources and as many destinations; 0: 65536. NULL and errno. */
struct talkers *talkers_new(size_t max);
void talkers_free(struct talkers *t); /* NULL is fine */

/* Adds what `saddr` sent to `daddr`; now: ns, any clock that does not go back. */
void talkers_add(struct talkers *t, const uint8_t saddr[16], const uint8_t daddr[16],
		 uint64_t packets, uint64_t bytes, uint64_t now);

/* Sent by addresses that the table had no room to keep. */
struct count talkers_others(const struct talkers *t);

/*
 * Fills the talkers by bytes sent, largest first, and the numbers of distinct addresses: exact
 * until the table first runs full, an estimate (1.6 %) of all that were seen from then on. Rates
 * are over the time since the last call, which was `interval_s` ago. `name` gives an address's name
 * or NULL; it may be NULL itself.
 */
void talkers_fill(struct talkers *t, struct snapshot *s, double interval_s,
		  const char *(*name)(void *arg, const uint8_t addr[16]), void *arg);

#endif
