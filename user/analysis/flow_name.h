/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a flow is called: TLS and QUIC server name, HTTP Host, SSH software. Reads the first packets
 * with payload, which the kernel copied, and hands name and refined verdict to the flow table.
 */
#ifndef ANALYSIS_FLOW_NAME_H
#define ANALYSIS_FLOW_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

struct flow_names;

struct flow_name_result {
	char name[NAME_LEN]; /* escaped, printable; empty: none yet */
	/* What the bytes prove: HTTPS, DOT, ... by ALPN, QUIC. sure 0: nothing to say. */
	struct verdict verdict;
};

/*
 * Room for `pending_max` flows whose first words are not complete, 16 KiB each (touched only when
 * used). When it is full the oldest is thrown out. NULL and errno.
 */
struct flow_names *flow_names_new(size_t pending_max);
void flow_names_free(struct flow_names *n);

/*
 * Looks at one copied packet with payload. Returns 1 and fills *r when something about the event's
 * flow became known with it, else 0.
 */
int flow_names_event(struct flow_names *n, const struct event *event, struct flow_name_result *r);

/* Forgets what is pending for more than `max_age_ns` at `now`, both on the events' clock. */
void flow_names_expire(struct flow_names *n, uint64_t now, uint64_t max_age_ns);

/* Flows that had begun to say their name and were thrown out because the table was full. */
uint64_t flow_names_dropped(const struct flow_names *n);

#endif
