/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a UDP datagram shows, the surest first; formats too plain for that only on their ports.
 */
#ifndef XDPLENS_CLASSIFY_UDP_H
#define XDPLENS_CLASSIFY_UDP_H

#include "xdplens/classify/common.h"
#include "xdplens/classify/text.h"

/* Tunnels, by port and header. */
static inline __u32 tunnel_verdict(const struct payload *p, __u32 guess)
{
	__u32 first = be32(p, 0);

	switch (guess) {
	case APP_VXLAN: /* RFC 7348 section 5 */
		return (first & 0xf7ffffff) == 0 && first && !p->bytes[7] ? PROVEN(VXLAN) : 0;
	case APP_GENEVE: /* RFC 8926 section 3.4 */
		return p->bytes[0] < 0x40 && (be16(p, 2) == 0x6558 || be16(p, 2) == 0x0800 ||
					      be16(p, 2) == 0x86dd)
			       ? PROVEN(GENEVE)
			       : 0;
	case APP_GTPU: /* version 1, protocol type GTP; or version 2 (control) */
		return (p->bytes[0] & 0xf0) == 0x30 || p->bytes[0] >> 5 == 2 ? PROVEN(GTPU) : 0;
	case APP_L2TP:
		return (p->bytes[1] & 15) == 2 || (p->bytes[1] & 15) == 3 ? PROVEN(L2TP) : 0;
	case APP_TEREDO: /* RFC 4380 section 5.1.1: IPv6 behind up to two indications */
		return p->bytes[0] >> 4 == 6 || first >> 16 == 1 || first >> 16 == 0
			       ? PROVEN(TEREDO)
			       : 0;
	}
	return 0;
}

/* IKE (RFC 7296 section 3.1) and ESP in UDP (RFC 3948). */
static inline __u32 ipsec_verdict(const struct payload *p, __u32 e)
{
	__u32 at = ends_have(e, 4500) ? 4 : 0, version, exchange;

	if (at && be32(p, 0)) {
		if (p->wire_len == 1)
			return p->bytes[0] == 0xff ? LIKELY(ESP) : 0;
		return p->wire_len >= 24 && be32(p, 0) > 255 ? LIKELY(ESP) : 0;
	}
	version = byte_at(p, at + 17);
	exchange = byte_at(p, at + 18);
	if (p->len < 28 || (version != 0x10 && version != 0x20))
		return 0;
	return exchange && (exchange < 7 || (exchange >= 32 && exchange <= 44)) ? PROVEN(IKE) : 0;
}

/* DHCP (RFC 2131 section 2) and DHCPv6 (RFC 8415 section 8). */
static inline __u32 dhcp_verdict(const struct payload *p, __u32 e)
{
	if (ends_between(e, 546, 547))
		return p->bytes[0] && p->bytes[0] <= 36 ? PROVEN(DHCP) : 0;
	return in_range(p->bytes[0], 1, 2) && p->bytes[2] <= 16 && p->wire_len >= 236 ? PROVEN(DHCP)
										      : 0;
}

/* Formats too plain to be known by content alone: the port says what to look for. */
CLASSIFY_PART __u32 udp_by_port(const struct payload *p, __u32 e, __u32 guess)
{
	__u32 b;

	if (!p)
		return 0;
	b = p->bytes[0];

	switch (guess) {
	case APP_NTP: /* RFC 5905 section 7.3; modes 6 and 7 are control */
		return in_range(b >> 3 & 7, 1, 4) && (b & 7) && p->wire_len >= 12 ? PROVEN(NTP) : 0;
	case APP_DHCP:
		return dhcp_verdict(p, e);
	case APP_NETBIOS:
		return ends_have(e, 138) && b >= 0x10 && b <= 0x16 ? PROVEN(NETBIOS) : 0;
	case APP_TFTP:
		return b == 0 && in_range(p->bytes[1], 1, 6) ? PROVEN(TFTP) : 0;
	case APP_RADIUS: /* RFC 2865 section 3 */
		return b && b < 50 && be16(p, 2) >= 20 && be16(p, 2) <= p->wire_len ? PROVEN(RADIUS)
										    : 0;
	case APP_COAP: /* RFC 7252 section 3 */
		return b >> 6 == 1 && (b & 15) <= 8 && p->wire_len >= 4 ? PROVEN(COAP) : 0;
	case APP_RDP: /* MS-RDPEUDP: SYN carries no acknowledgement */
		return be32(p, 0) == 0xffffffff && p->bytes[7] & 1 ? PROVEN(RDP) : 0;
	case APP_KERBEROS: /* version 4, as the old servers speak it */
		return b == 4 && p->bytes[1] >> 1 < 10 ? LIKELY(KERBEROS) : 0;
	case APP_OPENVPN:
		return b >> 3 && b >> 3 <= 11 ? LIKELY(OPENVPN) : 0;
	case APP_IKE:
		return ipsec_verdict(p, e);
	case APP_MEMCACHED:
		return be32(p, 4) >> 16 && !be16(p, 6) ? PROVEN(MEMCACHED) : 0;
	case APP_STUN: /* RFC 3489: no cookie yet */
		return !(b & 0xc0) && be16(p, 2) + 20 == p->wire_len ? PROVEN(STUN) : 0;
	}
	return tunnel_verdict(p, guess);
}

/* WireGuard's four messages: type, three zeros, exact lengths. */
static inline __u32 wireguard_verdict(const struct payload *p, __u32 guess)
{
	__u32 n = p->wire_len;

	switch (be32(p, 0)) {
	case 0x01000000:
		return n == 148 ? PROVEN(WIREGUARD) : 0;
	case 0x02000000:
		return n == 92 ? PROVEN(WIREGUARD) : 0;
	case 0x03000000:
		return n == 64 ? PROVEN(WIREGUARD) : 0;
	case 0x04000000:
		if (n < 32 || n % 16)
			return 0;
		return guess == APP_WIREGUARD ? PROVEN(WIREGUARD) : LIKELY(WIREGUARD);
	}
	return 0;
}

/* AFS's RX: epoch and call, then type, flags and security index (0: none). */
static inline __u32 rx_verdict(const struct payload *p)
{
	if (p->len < 28 || !in_range(p->bytes[20], 1, 13) || p->bytes[23] > 5)
		return 0;
	return be16(p, 26) ? PROVEN(RX) : 0;
}

static inline __u32 bittorrent_verdict(const struct payload *p, __u32 guess)
{
	__u32 first = be32(p, 0), b = p->bytes[0];

	if (first >> 8 == TAG(0, 'd', '1', ':') || first == TAG('d', '2', ':', 'i'))
		return PROVEN(BITTORRENT);
	if (first == 0x417 && be32(p, 4) == 0x27101980) /* tracker: connect */
		return PROVEN(BITTORRENT);
	if (p->len >= 20 && (b & 15) == 1 && b >> 4 <= 4 && p->bytes[1] <= 2 &&
	    ((b == 0x41 && p->wire_len < 64) || guess == APP_BITTORRENT)) /* uTP, BEP 29 */
		return verdict_secure(LIKELY(BITTORRENT), SECURITY_UNKNOWN);
	return 0;
}

/* RTP and RTCP (RFC 3550 section 5.1, 6.4): a hint. A dynamic type may well be SRTP. */
static inline __u32 rtp_verdict(const struct payload *p, __u32 e)
{
	__u32 type = p->bytes[1] & 0x7f;

	if ((p->bytes[0] & 0xe0) != 0x80 || p->len < 8 || e >> 16 < 1024 || (e & 0xffff) < 1024)
		return 0;
	if (p->bytes[1] >= 200 && p->bytes[1] <= 204 && p->wire_len % 4 == 0)
		return LIKELY(RTCP);
	if (p->len < 12 || be32(p, 8) == 0 || p->bytes[0] & 0x0f)
		return 0;
	if (type < 35)
		return LIKELY(RTP);
	return type >= 96 ? verdict_secure(LIKELY(RTP), SECURITY_UNKNOWN) : 0;
}

/* OpenVPN's hard reset: session, then an empty list of acknowledgements and packet 0. */
static inline __u32 openvpn_verdict(const struct payload *p)
{
	__u32 b = p->bytes[0], n = p->wire_len;

	if (b != 0x38 && b != 0x40 && b != 0x50)
		return 0;
	if (n == 14 && be32(p, 9) == 0 && p->bytes[13] == 0)
		return PROVEN(OPENVPN);
	if (n == 26 && b == 0x40 && p->bytes[9] == 1)
		return PROVEN(OPENVPN);
	return b != 0x40 && (n == 42 || n == 54 || n == 86) ? PROVEN(OPENVPN) : 0;
}

/* What shows itself on any port, the surest first. */
CLASSIFY_PART __u32 udp_anywhere(const struct payload *p, __u32 e, __u32 guess)
{
	__u32 verdict = 0;

	if (!p)
		return 0;
	if (ends_between(e, 7000, 7032))
		verdict = rx_verdict(p);
	if (!verdict)
		verdict = bittorrent_verdict(p, guess);
	if (!verdict && dns_seen(p, 0, p->wire_len, 0))
		verdict = dns_verdict(p, e);
	if (!verdict)
		verdict = wireguard_verdict(p, guess);
	if (!verdict)
		verdict = openvpn_verdict(p);
	return verdict;
}

/* The same for structures that say less, the last of them a mere hint. */
CLASSIFY_PART __u32 udp_structured(const struct payload *p, __u32 e)
{
	__u32 verdict;

	if (!p)
		return 0;
	verdict = p->bytes[0] == 0x30 ? ber_verdict(p, TRANSPORT_UDP) : 0;
	if (!verdict && kerberos_seen(p, 0))
		verdict = PROVEN(KERBEROS);
	if (!verdict && be32(p, 4) == 0 && be32(p, 8) == 2 && p->len >= 24)
		verdict = PROVEN(RPC);
	return verdict ? verdict : rtp_verdict(p, e);
}

static inline __u32 udp_verdict(const struct payload *p, __u32 e, __u32 guess)
{
	__u32 verdict = 0;

	/* on its ports first: an id may look like anything */
	if (app_in(guess, DNS_APPS) && dns_seen(p, 0, p->wire_len, 1))
		return dns_verdict(p, e);
	if (be32(p, 4) == 0x2112a442 && !(p->bytes[0] & 0xc0))
		return PROVEN(STUN);
	if (dtls_seen(p))
		return PROVEN(DTLS);
	if (quic_seen(p))
		return PROVEN(QUIC);
	if (guess != APP_OTHER && guess != APP_QUIC && guess != APP_DNS)
		verdict = udp_by_port(p, e, guess);
	if (!verdict)
		verdict = text_verdict(p, TRANSPORT_UDP, guess);
	if (!verdict)
		verdict = udp_anywhere(p, e, guess);
	if (!verdict)
		verdict = udp_structured(p, e);
	return verdict;
}

#endif
