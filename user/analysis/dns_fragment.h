/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UDP datagrams in IP fragments (RFC 791, RFC 8200 section 4.5). The first fragment holds header
 * and question of a DNS message, which is all that pairing needs, but the message is there only
 * when its last octet came: the first fragment waits here for the others, which need only be
 * counted.
 *
 * Bounded: eight datagrams a pair of addresses, the oldest goes first. One that goes, or waited for
 * DNS_FRAGMENT_PATIENCE_MS, counts from when its first fragment came: the others may not have been
 * copied to us.
 */
#ifndef ANALYSIS_DNS_FRAGMENT_H
#define ANALYSIS_DNS_FRAGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "xdplens/detector.h"

enum {
	DNS_FRAGMENT_DATAGRAMS = 256,
	DNS_FRAGMENT_KEEP = 1480, /* octets of a first fragment's payload */
	DNS_FRAGMENT_PATIENCE_MS = 1000,
};

struct dns_fragment;

/* A datagram: its UDP payload as far as the first fragment holds it, and when it was complete. */
typedef void dns_fragment_datagram(void *arg, const struct flow_key *key, uint64_t ts,
				   const uint8_t *data, size_t len);

/* NULL and errno. */
struct dns_fragment *dns_fragment_new(dns_fragment_datagram *datagram, void *arg);
void dns_fragment_free(struct dns_fragment *f); /* NULL is fine */

/* Takes a packet with PACKET_FRAGMENT, the first of a datagram or a later one. */
void dns_fragment_event(struct dns_fragment *f, const struct event *e);

/*
 * A message with this key came, an answer: what waits in the other direction was complete, or
 * nobody would have answered it.
 */
void dns_fragment_answered(struct dns_fragment *f, const struct flow_key *key);

/* Gives up what waited too long; now: ns, UINT64_MAX gives up all. */
void dns_fragment_tick(struct dns_fragment *f, uint64_t now);

#endif
