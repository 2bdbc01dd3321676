/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS, all of it: copied packets come in from the source, and transactions, statistics and names of
 * addresses go out. It ties together reading (dns_wire, dns_tcp, dns_fragment), pairing (dns_pair)
 * and what is learned from it (dns_stats, addr_names).
 */
#ifndef ANALYSIS_DNS_H
#define ANALYSIS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "xdplens/detector.h"

struct dns;

struct dns_config {
	double timeout_s;   /* a query that waited so long is unanswered; 0: 5 */
	size_t pending_max; /* queries that wait, 0: 65536 */
	size_t names_max;   /* addresses whose names are known, 0: 65536 */
	void (*ended)(void *arg, const struct dns_transaction *t); /* or NULL */
	void *arg;
};

/* NULL and errno. */
struct dns *dns_new(const struct dns_config *c);
void dns_free(struct dns *d); /* NULL is fine */

/*
 * One copied packet that is or may be DNS: over UDP, over TCP, a later fragment of UDP. Returns the
 * latency in ms of the first transaction that it completed, else a negative number.
 */
double dns_event(struct dns *d, const struct event *e);

/* Whether the packet of the last dns_event ended a message that cannot be read. */
bool dns_malformed(const struct dns *d);

/* Ends what waited longer than the timeout; now: ns since the epoch, the capture's for files. */
void dns_tick(struct dns *d, uint64_t now);

/* The clock of the day was set, `ns` on: see dns_pair_clock_set. */
void dns_clock_set(struct dns *d, int64_t ns);

/* From now on the source leaves transactions out: see dns_pair_thin. */
void dns_thin(struct dns *d, uint16_t mask, uint64_t now);

/* Nothing comes any more: everything pending is unanswered. */
void dns_finish(struct dns *d, uint64_t now);

void dns_view_fill(const struct dns *d, struct dns_view *v);

/* The name of an address at a time (ns), or NULL; valid until the next event. */
const char *dns_name_of(const struct dns *d, const uint8_t addr[16], uint64_t now);

#endif
