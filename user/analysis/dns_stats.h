/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What DNS traffic amounts to: counts of messages and transactions, latency in all and a server,
 * the slowest queries, the names most asked for. Messages and transactions come in from dns.c, the
 * snapshot's struct dns_view goes out.
 *
 * Bounded: totals, result codes and types are exact. Servers and names have eight cells a bucket;
 * when they are taken the least used goes. A server that comes anew starts from nothing; a name
 * takes over the count of the one it displaces, so that a count is never too low (Space-Saving,
 * Metwally et al. 2005).
 */
#ifndef ANALYSIS_DNS_STATS_H
#define ANALYSIS_DNS_STATS_H

#include "analysis/dns_pair.h"
#include "snapshot.h"

struct dns_stats;

/* NULL and errno. */
struct dns_stats *dns_stats_new(void);
void dns_stats_free(struct dns_stats *s); /* NULL is fine */

/* A unicast query, and what pairing made of it. */
void dns_stats_query(struct dns_stats *s, const struct dns_message *m, enum dns_pair_result result);

/* A unicast answer with its full result code, likewise. */
void dns_stats_answer(struct dns_stats *s, const struct dns_message *m, uint16_t rcode,
		      enum dns_pair_result result);

/* A message of mDNS or LLMNR. */
void dns_stats_multicast(struct dns_stats *s, const struct dns_message *m);

/* Something that should have been a message. */
void dns_stats_malformed(struct dns_stats *s);

/* A transaction that ended. */
void dns_stats_ended(struct dns_stats *s, const struct dns_transaction *t);

void dns_stats_fill(const struct dns_stats *s, struct dns_view *v);

#endif
