/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opens the Initial packets of QUIC clients. Their keys follow from what stands in the packet (RFC
 * 9001 section 5.2), so that anybody on the path can read the ClientHello. Datagrams come from
 * flow_name.c; the CRYPTO data goes back there, to be put in order.
 */
#ifndef ANALYSIS_QUIC_H
#define ANALYSIS_QUIC_H

#include <stddef.h>
#include <stdint.h>

struct quic; /* the ciphers, made once */

/* What protects a client's Initial packets. version 0: none yet. */
struct quic_keys {
	uint32_t version;
	uint8_t key[16], iv[12], hp[16];
};

/* CRYPTO data (RFC 9000 section 19.6), valid during the call; offset < 2^62. */
typedef void (*quic_crypto_fn)(void *arg, uint64_t offset, const uint8_t *data, size_t len);

struct quic *quic_new(void); /* NULL and errno */
void quic_free(struct quic *q);

/*
 * Opens every client Initial in a datagram and hands on their CRYPTO data. `keys` are the flow's,
 * from the client's first packet; where they do not open a packet (none yet, or a Retry changed
 * them) those that follow from its connection ID are tried and, if they do, kept. Knows QUIC
 * versions 1 and 2 (RFC 9369), drafts 23 to 34 and the reserved ones. Returns how many packets were
 * opened.
 */
unsigned quic_read(struct quic *q, struct quic_keys *keys, const uint8_t *datagram, size_t len,
		   quic_crypto_fn crypto, void *arg);

#endif
