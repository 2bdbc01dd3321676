/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words for what proto.h and event.h number, and numbers out of snapshots that all views show.
 */
#ifndef XDPLENS_VIEW_LABEL_H
#define XDPLENS_VIEW_LABEL_H

#include "snapshot.h"

extern const char *const label_l3[L3_COUNT];
extern const char *const label_transport[TRANSPORT_COUNT];
extern const char *const label_security[SECURITY_COUNT];
extern const char *const label_app[APP_COUNT];
extern const char *const label_outcome[OUTCOME_COUNT];
extern const char *const label_loss[LOST_COUNT];
extern const char *const label_severity[SEVERITY_COUNT];

enum { LABEL_LEN = 12, LABEL_ENDPOINT = 160 };

/* "tcp", "udp", ... of an IANA protocol number, else its digits; in `dst`, which is returned. */
const char *label_protocol(char dst[LABEL_LEN], uint8_t number);

/* Letters FSRPAU of the TCP flags that are set, in `dst`, which is returned. */
const char *label_tcp_flags(char dst[LABEL_LEN], uint8_t flags);

/*
 * "10.0.0.1:443", "[2001:db8::1]:443", "host.example:443"; without the port where it is 0. `name`
 * stands for the address unless it is NULL or empty; only its printable ASCII is taken.
 */
const char *label_endpoint(char dst[LABEL_ENDPOINT], const uint8_t addr[16], const char *name,
			   uint16_t port);

/* Copies text that came from outside as printable ASCII, anything else as '?'. Returns dst. */
const char *label_printable(char *dst, size_t n, const char *src);

/* Of the packets seen, how many per cent are known by flow, or belong to none by nature. */
double label_coverage(const struct ledger *l);

/* Records that full rings refused, and all that was left out on purpose, to keep up in a flood. */
uint64_t label_lost(const struct ledger *l);
uint64_t label_skipped(const struct ledger *l);

#endif
