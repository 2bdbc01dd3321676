/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS messages out of TCP streams (RFC 1035 section 4.2.2, RFC 7766): each is led by its length in
 * two octets, however segments cut or join them. Segments come in as they were captured, messages
 * go out to a function in the order of the stream.
 *
 * Bounded: a fixed number of directions of connections, the longest silent goes first; of each
 * message the first DNS_TCP_KEEP octets are kept; segments from the future wait in a fixed pool.
 * Where octets are missing for good, reading goes on at the next segment, as if a message began
 * there.
 */
#ifndef ANALYSIS_DNS_TCP_H
#define ANALYSIS_DNS_TCP_H

#include <stddef.h>
#include <stdint.h>

#include "xdplens/packet.h"

enum {
	DNS_TCP_KEEP = 2048,
	DNS_TCP_STREAMS = 1024, /* directions of connections */
	DNS_TCP_HELD = 128,	/* segments that came too early */
};

struct dns_tcp;

struct dns_tcp_segment {
	const struct flow_key *key;
	uint64_t ts; /* ns */
	uint32_t seq;
	uint8_t flags;	     /* TCP */
	const uint8_t *data; /* what was captured of the payload */
	uint32_t len;	     /* of data */
	uint32_t wire_len;   /* of the payload on the wire, >= len */
};

/* A message whose last octet came; len of its wire_len octets are at hand. */
typedef void dns_tcp_message(void *arg, const struct dns_tcp_segment *last, const uint8_t *data,
			     size_t len, size_t wire_len);

struct dns_tcp_counts {
	uint64_t messages;
	uint64_t resyncs; /* octets were missing, the boundary of messages had to be guessed */
	uint64_t evicted; /* streams given up for others */
};

/* NULL and errno. */
struct dns_tcp *dns_tcp_new(dns_tcp_message *message, void *arg);
void dns_tcp_free(struct dns_tcp *t); /* NULL is fine */

/* Messages held up by a gap older than this are read without what is missing. */
enum { DNS_TCP_PATIENCE_MS = 1000 };

/* Takes a segment; calls `message` for each message that it completes. */
void dns_tcp_segment(struct dns_tcp *t, const struct dns_tcp_segment *s);

/* Gives up gaps that waited too long; now: ns, UINT64_MAX gives up all. */
void dns_tcp_tick(struct dns_tcp *t, uint64_t now);

struct dns_tcp_counts dns_tcp_counts(const struct dns_tcp *t);

#endif
