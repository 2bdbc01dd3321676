/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads what a client or server says first, whole or only its beginning: a TLS hello (SNI, ALPN),
 * an HTTP/1 request (Host), the version line of SSH. The bytes come from flow_name.c, put together
 * from TCP segments or QUIC packets; what is found goes back there.
 */
#ifndef ANALYSIS_HELLO_H
#define ANALYSIS_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "xdplens/packet.h"

enum hello_kind { HELLO_NONE, HELLO_TLS, HELLO_HTTP, HELLO_SSH, HELLO_QUIC, HELLO_KINDS };

enum hello_status {
	HELLO_BAD,  /* not what it seemed, or it contradicts itself */
	HELLO_PART, /* well so far, but it goes on */
	HELLO_WHOLE,
};

/* Raw bytes within what was read; NULL: not there, or not there yet. */
struct hello {
	const uint8_t *name; /* host_name (RFC 6066 section 3), Host, CONNECT's target, software */
	const uint8_t *alpn; /* ProtocolNameList (RFC 7301 section 3.1) without its length */
	size_t name_len, alpn_len;
};

/* What a TCP stream that begins so seems to be; HELLO_NONE also where too little is there. */
enum hello_kind hello_kind(const uint8_t *stream, size_t len);

/*
 * Takes the handshake bytes out of a stream of TLS records (RFC 8446 section 5.1); the last record
 * may be cut. Returns how many were written to dst, at most n; stops at what is no handshake.
 */
size_t hello_unwrap(uint8_t *dst, size_t n, const uint8_t *stream, size_t len);

/*
 * The readers fill `*hello` also when the status is HELLO_PART, with what is there.
 *
 * Reads a ClientHello or ServerHello (RFC 8446 section 4.1) from its handshake header on.
 */
enum hello_status hello_tls(struct hello *hello, const uint8_t *message, size_t len);

/* Reads an HTTP/1 request (RFC 9112) as far as its Host, or the target of a CONNECT. */
enum hello_status hello_http(struct hello *hello, const uint8_t *stream, size_t len);

/* Reads the line that names the software and its version (RFC 4253 section 4.2). */
enum hello_status hello_ssh(struct hello *hello, const uint8_t *stream, size_t len);

/*
 * What the ALPN names say: HTTPS where HTTP is among them, else the first one we know; sure 0 where
 * there is none.
 */
struct verdict hello_verdict(const struct hello *hello);

#endif
