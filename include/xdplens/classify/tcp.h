/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a TCP segment shows: TLS, words, a telling first byte, a length in front.
 */
#ifndef XDPLENS_CLASSIFY_TCP_H
#define XDPLENS_CLASSIFY_TCP_H

#include "xdplens/classify/common.h"
#include "xdplens/classify/text.h"

/* NetBIOS session service and SMB inside it (MS-SMB2 section 2.1). */
static inline __u32 smb_verdict(const struct payload *p, __u32 e)
{
	__u32 magic = be32(p, 4);

	if (p->len >= 8 && p->bytes[0] == 0) {
		if (magic == TAG(0xff, 'S', 'M', 'B') || magic == TAG(0xfe, 'S', 'M', 'B') ||
		    magic == TAG(0xfc, 'S', 'M', 'B'))
			return PROVEN(SMB);
		if (magic == TAG(0xfd, 'S', 'M', 'B'))
			return verdict_secure(PROVEN(SMB), SECURITY_ENCRYPTED);
	}
	if (ends_have(e, 139) && p->bytes[0] >= 0x81 && p->bytes[0] <= 0x85 && !p->bytes[1])
		return PROVEN(NETBIOS);
	return 0;
}

/* TPKT and X.224 connection request or confirm with an RDP negotiation (MS-RDPBCGR 2.2.1). */
static inline __u32 rdp_verdict(const struct payload *p, __u32 e)
{
	__u32 next = p->bytes[11], kind = p->bytes[5];

	if (be16(p, 0) != 0x0300 || p->len < 11 || be16(p, 2) != p->wire_len ||
	    (kind != 0xe0 && kind != 0xd0))
		return 0;
	if (kind == 0xd0 && next == 2 && p->len >= 19) /* chosen: 0 is RDP's own */
		return verdict_secure(PROVEN(RDP),
				      p->bytes[15] ? SECURITY_ENCRYPTED : SECURITY_UNKNOWN);
	if (next == 'C' || next == 1 || next == 3 || ends_have(e, 3389))
		return PROVEN(RDP);
	return 0;
}

static inline __u32 socks_verdict(const struct payload *p, __u32 e)
{
	__u32 n = p->bytes[1];
	int known = ends_have(e, 1080);

	if (p->bytes[0] == 5 && n && n < 10 && n + 2 == p->wire_len)
		return known ? PROVEN(SOCKS) : LIKELY(SOCKS);
	if (p->bytes[0] == 5 && p->wire_len == 2 && known)
		return PROVEN(SOCKS);
	if (p->bytes[0] == 4 && (n == 1 || n == 2) && p->wire_len >= 9 && p->wire_len < 64)
		return known ? PROVEN(SOCKS) : LIKELY(SOCKS);
	return 0;
}

/* Databases: messages that carry their own length. */
CLASSIFY_PART __u32 database_verdict(const struct payload *p, __u32 guess)
{
	__u32 first, second, op, mysql;

	if (!p)
		return 0;
	first = be32(p, 0);
	second = be32(p, 4);
	op = le32(p, 12);
	mysql = (le32(p, 0) & 0xffffff) + 4;

	if (p->len >= 8 && first == p->wire_len) { /* PostgreSQL: startup and its relatives */
		if (second >> 16 == 3 || in_range(second, 0x04d2162e, 0x04d21630))
			return PROVEN(POSTGRESQL);
	}
	if (guess == APP_POSTGRESQL && p->wire_len == 1 &&
	    (p->bytes[0] == 'S' || p->bytes[0] == 'N'))
		return PROVEN(POSTGRESQL);
	if (p->len >= 8 && mysql == p->wire_len) { /* MySQL: greeting, then the client's answer */
		if (!p->bytes[3] && p->bytes[4] == 10 && is_digit(p->bytes[5]))
			return PROVEN(MYSQL);
		if (p->bytes[3] == 1 && (mysql == 36 || guess == APP_MYSQL))
			return guess == APP_MYSQL ? PROVEN(MYSQL) : LIKELY(MYSQL);
	}
	if (p->len >= 16 && le32(p, 0) >= p->wire_len && le32(p, 0) < 1u << 26 &&
	    (op == 2013 || op == 2012 || op == 2004 || (op == 1 && guess == APP_MONGODB)))
		return PROVEN(MONGODB);
	if (guess == APP_REDIS || first >> 8 == TAG(0, '*', '1', '\r')) {
		if (p->bytes[0] == '*' && is_digit(p->bytes[1]))
			return PROVEN(REDIS);
	}
	return 0;
}

/* What a first byte in a stream can begin, where it is not text and not TLS. */
CLASSIFY_PART __u32 tcp_first_byte(const struct payload *p, __u32 e, __u32 guess)
{
	__u32 at;

	if (!p)
		return 0;

	switch (p->bytes[0]) {
	case 0x03:
		return rdp_verdict(p, e);
	case 0x04:
	case 0x05:
		return socks_verdict(p, e);
	case 0x10: /* MQTT CONNECT, behind its remaining length */
		at = p->bytes[1] < 0x80 ? 2 : 3;
		return byte_at(p, at) == 0 && byte_at(p, at + 2) == 'M' && byte_at(p, at + 3) == 'Q'
			       ? PROVEN(MQTT)
			       : 0;
	case 0x13:
		return be32(p, 1) == TAG('B', 'i', 't', 'T') ? PROVEN(BITTORRENT) : 0;
	case 0x20: /* MQTT CONNACK */
		return guess == APP_MQTT && p->wire_len == 4 ? PROVEN(MQTT) : 0;
	case 0x30:
		return ber_verdict(p, TRANSPORT_TCP);
	case 0xff:
		if (be32(p, 0) == 0xffffffff && be32(p, 8) == 0xffffffff)
			return PROVEN(BGP);
		if (p->bytes[1] >= 0xfa && p->bytes[1] <= 0xfe && p->len >= 3 &&
		    (guess == APP_TELNET || p->bytes[3] == 0xff))
			return PROVEN(TELNET);
		return 0;
	}
	return 0;
}

/* Messages behind two or four bytes of length. */
CLASSIFY_PART __u32 tcp_framed(const struct payload *p, __u32 e, __u32 guess)
{
	__u32 len, op;

	if (!p)
		return 0;
	len = be16(p, 0);
	op = p->bytes[2];

	/* on its port several may come together (RFC 7766 section 6.2.1.1) */
	if (p->len >= 15 && (len + 2 >= p->wire_len || guess == APP_DNS) &&
	    dns_seen(p, 2, len, guess == APP_DNS))
		return ends_have(e, 5355) ? PROVEN(LLMNR) : PROVEN(DNS);
	if (len + 2 == p->wire_len && p->len >= 16) {
		if ((op == 0x38 || op == 0x40 || op == 0x50) && len <= 128) /* OpenVPN: reset */
			return PROVEN(OPENVPN);
		if (be32(p, 6) == 0x2112a442) /* RFC 4571 framing */
			return PROVEN(STUN);
		if ((guess == APP_OPENVPN || ends_have(e, 443)) &&
		    (in_range(op >> 3, 4, 6) || op >> 3 == 9)) /* OpenVPN: control, data */
			return LIKELY(OPENVPN);
	}
	if (be32(p, 4) == 0x2112a442 && !(p->bytes[0] & 0xc0) && p->bytes[3] % 4 == 0)
		return PROVEN(STUN);
	if (p->len >= 16 && be32(p, 0) + 4 >= p->wire_len && p->bytes[0] == 0 &&
	    kerberos_seen(p, 4))
		return PROVEN(KERBEROS);
	if (p->len >= 20 && p->bytes[0] & 0x80 && be32(p, 8) == 0 && be32(p, 12) == 2)
		return PROVEN(RPC); /* call of version 2 (RFC 5531 section 9) */
	return guess == APP_DNS && p->len < 15 ? VERDICT(DNS, SURE_PORT) : 0;
}

static inline __u32 tcp_verdict(const struct payload *p, __u32 e, __u32 guess)
{
	__u32 verdict = tls_seen(p) ? tls_verdict(e) : text_verdict(p, TRANSPORT_TCP, guess);

	if (!verdict)
		verdict = tcp_first_byte(p, e, guess);
	if (!verdict)
		verdict = smb_verdict(p, e);
	if (!verdict)
		verdict = database_verdict(p, guess);
	if (!verdict)
		verdict = tcp_framed(p, e, guess);
	return verdict;
}

#endif
