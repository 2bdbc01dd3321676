/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS queries and their answers. Before it: dns.c, which reads messages; after it: statistics and
 * whoever wants transactions, through one function that is called when a transaction ended.
 *
 * An answer belongs to the query of the same five-tuple, id and question; where no question agrees
 * (spelled differently, unreadable, left out) to the earliest query of the same five-tuple and id.
 * The same question again within DNS_PAIR_RETRANSMIT_NS is a retransmission; later, or once it was
 * answered, it is a new transaction. A second answer to the same question is no transaction.
 *
 * In a flood the source leaves transactions out, by bits of what their query and answer share.
 * While those bits change, one half of a transaction may come without the other: it is counted as
 * thinned, not told as unanswered or as an answer to nothing.
 *
 * Bounded: a fixed number of transactions. When all are taken, an answered one that is only kept to
 * know its repeated answers goes first, else the oldest that waits ends as unanswered.
 */
#ifndef ANALYSIS_DNS_PAIR_H
#define ANALYSIS_DNS_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/dns_wire.h"
#include "xdplens/detector.h"

#define DNS_PAIR_RETRANSMIT_NS 5000000000ull /* resolv.conf(5): a stub asks again after 5 s */

struct dns_pair;

/* Who asked whom, and which interface and direction saw the message. */
struct dns_ends {
	uint8_t client[16], server[16];
	uint16_t client_port, server_port; /* host order */
	uint8_t transport;		   /* enum transport */
	uint32_t seen_at;
};

struct dns_pair_config {
	uint64_t timeout; /* ns; a query that waited so long is unanswered */
	size_t max;	  /* transactions */
	void (*ended)(void *arg, const struct dns_transaction *t);
	void *arg;
};

enum dns_pair_result {
	DNS_PAIR_NEW,	      /* a query */
	DNS_PAIR_RETRANSMIT,  /* a query again */
	DNS_PAIR_MATCHED,     /* an answer to a query */
	DNS_PAIR_DUPLICATE,   /* an answer to a query that had one */
	DNS_PAIR_ORPHAN,      /* an answer to no query that we know */
	DNS_PAIR_THINNED,     /* an answer whose query was left out */
	DNS_PAIR_SEEN_BEFORE, /* the same packet on another interface */
};

/* NULL and errno. */
struct dns_pair *dns_pair_new(const struct dns_pair_config *c);
void dns_pair_free(struct dns_pair *p); /* NULL is fine */

/* A query that came at ts (ns). */
enum dns_pair_result dns_pair_query(struct dns_pair *p, const struct dns_ends *ends,
				    const struct dns_message *m, uint64_t ts);

/* An answer with its full rcode; *latency: ms from the first query if it matched, else negative. */
enum dns_pair_result dns_pair_answer(struct dns_pair *p, const struct dns_ends *ends,
				     const struct dns_message *m, uint64_t ts, uint16_t rcode,
				     double *latency);

/* Ends queries that waited for the timeout; now: ns. */
void dns_pair_expire(struct dns_pair *p, uint64_t now);

/* The clock of the day was set, `ns` on: what waits has waited no longer for that. */
void dns_pair_clock_set(struct dns_pair *p, int64_t ns);

/* Ends all queries that wait. */
void dns_pair_finish(struct dns_pair *p);

/*
 * From now on (ns) messages are left out whose id (UDP) or ports, XORed (TCP), have a bit of `mask`
 * in host order.
 */
void dns_pair_thin(struct dns_pair *p, uint16_t mask, uint64_t now);

/* How many queries and answers lost their other half to that. */
uint64_t dns_pair_thinned(const struct dns_pair *p);

/* How many queries wait, and how many ended early because the table was full. */
size_t dns_pair_waiting(const struct dns_pair *p);
uint64_t dns_pair_overrun(const struct dns_pair *p);

#endif
