/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an address was asked for as: learned from answers to queries that we saw, so that talkers
 * and flows bear the name that a client used (behind CNAMEs too: the name asked, not the last one).
 *
 * Bounded: eight cells a bucket. When they are taken, an expired name goes, else the one that would
 * expire first. A name lives as long as its TTL, but ADDR_NAMES_LEAST_S at least, because the
 * connection that it was asked for outlives the TTL, and ADDR_NAMES_MOST_S at most.
 */
#ifndef ANALYSIS_ADDR_NAMES_H
#define ANALYSIS_ADDR_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum { ADDR_NAMES_LEAST_S = 300, ADDR_NAMES_MOST_S = 86400 };

struct addr_names;

/* Room for at least `max` addresses. NULL and errno. */
struct addr_names *addr_names_new(size_t max);
void addr_names_free(struct addr_names *n); /* NULL is fine */

/* Learns that the address is called `name` (text, cut to NAME_LEN) from now (ns) for ttl seconds.
 */
void addr_names_learn(struct addr_names *n, const uint8_t addr[16], const char *name, uint32_t ttl,
		      uint64_t now);

/* The name of an address at a time (ns), valid until the next call of learn; NULL: none. */
const char *addr_names_of(const struct addr_names *n, const uint8_t addr[16], uint64_t now);

#endif
