/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The headline figures of the last hour. Counts are totals from the start, so that a reader makes
 * rates over any span, and a point left out loses nothing. What a resolver answered is told for the
 * time between two points, of the busiest ones only.
 */
#ifndef XDPLENS_VIEW_WEB_HISTORY_H
#define XDPLENS_VIEW_WEB_HISTORY_H

#include <stdio.h>

#include "snapshot.h"

/* X(field, value of snapshot s). The names are those of /api/history. */
#define WEB_HISTORY(X)                                                \
	X(time, s->time / 1e9)                                        \
	X(packets, s->packets)                                        \
	X(bytes, s->bytes)                                            \
	X(in_packets, s->direction[DIRECTION_IN].packets)             \
	X(in_bytes, s->direction[DIRECTION_IN].bytes)                 \
	X(out_packets, s->direction[DIRECTION_OUT].packets)           \
	X(out_bytes, s->direction[DIRECTION_OUT].bytes)               \
	X(encrypted, s->security[SECURITY_ENCRYPTED].packets)         \
	X(unencrypted, s->security[SECURITY_UNENCRYPTED].packets)     \
	X(unknown, s->security[SECURITY_UNKNOWN].packets)             \
	X(flows_active, s->flows_active)                              \
	X(sources, s->sources)                                        \
	X(destinations, s->destinations)                              \
	X(dns_queries, s->dns.queries)                                \
	X(dns_unanswered, s->dns.unanswered)                          \
	X(dns_answers, s->dns.latency.count)                          \
	X(dns_sum_ms, s->dns.latency.mean * s->dns.latency.count)     \
	X(dns_p95_ms, s->dns.latency.count ? s->dns.latency.p95 : -1) \
	X(alerts_open, s->n_alerts_open)                              \
	X(coverage, label_coverage(&s->ledger))

enum {
#define X(field, value) WEB_HISTORY_##field,
	WEB_HISTORY(X)
#undef X
		WEB_HISTORY_FIELDS
};

enum {
	WEB_HISTORY_POINTS = 3600, /* at most one a second; the oldest makes room */
	WEB_HISTORY_RESOLVERS = 8, /* of a point; the less used are left out */
};

struct web_resolver { /* since the point before */
	uint8_t addr[16];
	uint32_t answers;
	float mean_ms, p95_ms;
};

struct web_point {
	double value[WEB_HISTORY_FIELDS];
	struct web_resolver resolvers[WEB_HISTORY_RESOLVERS];
	size_t n_resolvers;
};

struct web_history {
	struct web_point points[WEB_HISTORY_POINTS];
	size_t added;					 /* ever */
	struct dns_server_view before[SNAPSHOT_SERVERS]; /* at the last point */
	size_t n_before;
};

/* Adds a snapshot unless the last one is less than 0.9 s old; the point it became, else NULL. */
const struct web_point *web_history_add(struct web_history *h, const struct snapshot *s);
/*
 * A point as a JSON array in the order of WEB_HISTORY, negative and not finite as null, and at its
 * end {"RESOLVER": [answers, mean_ms, p95_ms], ...}.
 */
void web_history_write_point(FILE *out, const struct web_point *point);
/* {"fields": [...], "points": [[...], ...]}, oldest first, those after `since` (epoch seconds). */
void web_history_write(const struct web_history *h, double since, FILE *out);

#endif
