/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload and ports -> application, how sure, and whether it is encrypted. After parse.h, before
 * the flow cache remembers the verdict. One text for BPF and for the host: no call, no memory but
 * its arguments, every byte read at a constant or masked index of the window.
 *
 * Payload first, port second, and never the port against the payload: where a port's protocol
 * would have shown itself in the first bytes and did not, the answer is OTHER with SURE_HINT,
 * which outweighs the port's guess. That is asked of every datagram, but of TCP only where the
 * direction's start was seen (PACKET_BEGAN): a stream met half-way cannot show its beginning.
 *
 * Names follow what is proven. TLS on port 853 is TLS; a WebSocket begins as HTTP and stays HTTP;
 * mail, FTP, databases and proxies that turn to TLS keep their name and become encrypted.
 * Security is what was seen, UNKNOWN where nothing was.
 *
 * classify/verdict.h: verdicts and ports; window.h: reading bytes; common.h, text.h, tcp.h, udp.h:
 * the protocols.
 */
#ifndef XDPLENS_CLASSIFY_H
#define XDPLENS_CLASSIFY_H

#include "xdplens/classify/tcp.h"
#include "xdplens/classify/udp.h"

/*
 * Whether it is not even malformed DNS: empty, or more than two fields of the header out of all
 * proportion.
 */
static inline int dns_denied(const struct payload *p)
{
	__u32 odd = (p->bytes[2] >> 3 & 15) > 6;

	if (p->wire_len < 12) /* too short to show anything */
		return 0;
	odd += be16(p, 4) > 32;
	odd += p->bytes[6] != 0; /* more than 255 answers */
	odd += p->bytes[8] != 0;
	odd += p->bytes[10] != 0;
	return odd > 2 || (be32(p, 4) == 0 && be32(p, 8) == 0);
}

/* Whether a payload that shows nothing speaks against the protocol of its port. */
static inline int port_denied(const struct payload *p, const struct packet *k, __u32 guess)
{
	if (k->transport == TRANSPORT_TCP) /* of these, HTTP alone goes on in text */
		return k->flags & PACKET_BEGAN || (guess != APP_HTTP && text_seen(p));
	if (guess == APP_QUIC) /* a short header shows nothing but its fixed bit */
		return (p->bytes[0] & 0xc0) != 0x40;
	return dns_denied(p);
}

/* What a payload that no recogniser knows leaves of the port's guess. */
static inline __u32 classify_unknown(const struct payload *p, const struct packet *k, __u32 e,
				     __u32 guess)
{
	__u32 security = clear_seen(p) ? SECURITY_UNENCRYPTED : SECURITY_UNKNOWN;
	__u32 kept = guess | (__u32)(guess ? SURE_PORT : SURE_NOTHING) << 8;

	if (app_in(guess, TEXT_APPS) && text_seen(p))
		return guess | (__u32)SURE_HINT << 8 | (__u32)SECURITY_UNENCRYPTED << 16;
	if (guess == APP_FTP && ends_have(e, 20)) /* the data connection: any bytes */
		return LIKELY(FTP);
	if (!app_in(guess, EVIDENT_APPS))
		return verdict_secure(kept, security);
	if (port_denied(p, k, guess))
		return verdict_secure((__u32)SURE_HINT << 8, security);
	if (guess == APP_HTTP)
		return verdict_secure(kept, security);
	return guess == APP_DNS ? verdict_secure(kept, SECURITY_UNENCRYPTED) : kept;
}

/*
 * The better of what this direction of the flow knew, or its ports suggest, and what this payload
 * shows; may raise, never lower.
 */
static inline __u32 classify(const struct payload *payload, const struct packet *packet,
			     __u32 known)
{
	__u32 port = classify_port(packet->transport, packet->key.sport, packet->key.dport);
	__u32 guess = port & 0xff, e = ends_of(packet), seen = 0;

	if (!verdict_sure(known))
		known = port;
	if (!payload->len)
		return known;
	if (packet->transport == TRANSPORT_TCP)
		seen = tcp_verdict(payload, e, guess);
	else if (packet->transport == TRANSPORT_UDP)
		seen = udp_verdict(payload, e, guess);
	if (!seen)
		seen = classify_unknown(payload, packet, e, guess);
	return verdict_merge(known, seen);
}

#endif
