/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Formats that TCP and UDP share, and those of transport security: TLS, DTLS, QUIC, DNS, ASN.1.
 */
#ifndef XDPLENS_CLASSIFY_COMMON_H
#define XDPLENS_CLASSIFY_COMMON_H

#include "xdplens/classify/window.h"

/* A TLS record (RFC 8446 section 5.1) or an SSL 2 hello (RFC 5246 appendix E.2). */
static inline int tls_seen(const struct payload *p)
{
	__u32 len = be16(p, 3), type = p->bytes[0];

	if (p->len < 5)
		return 0;
	if (p->bytes[1] == 3 && p->bytes[2] <= 4 && len && len <= 16384 + 2048) {
		switch (type) {
		case 20: /* change cipher spec: one byte */
			return len == 1;
		case 21: /* alert: two bytes, more when encrypted */
			return len >= 2 && len < 256;
		case 22:
		case 23:
			return 1;
		}
	}
	if (!(type & 0x80) || p->len < 11)
		return 0;
	if (p->bytes[2] == 1) /* client: version, lengths of three lists */
		return (be16(p, 3) == 2 || (p->bytes[3] == 3 && p->bytes[4] <= 4)) &&
		       be16(p, 5) % 3 == 0 && (be16(p, 0) & 0x7fff) + 2 == p->wire_len;
	return p->bytes[2] == 4 && p->bytes[3] <= 1 && p->bytes[4] <= 1 && be16(p, 5) == 2;
}

static inline __u32 tls_verdict(__u32 e)
{
	if (ends_have(e, 443) || ends_have(e, 8443))
		return PROVEN(HTTPS);
	return PROVEN(TLS);
}

/* A DTLS record (RFC 6347 section 4.1) whose length stays inside the datagram. */
static inline int dtls_seen(const struct payload *p)
{
	__u32 version = be16(p, 1);

	return p->len >= 13 && p->bytes[0] >= 20 && p->bytes[0] <= 25 &&
	       (version == 0xfeff || version == 0xfefd || version == 0x0100) &&
	       be16(p, 11) + 13 <= p->wire_len;
}

static inline int quic_version_known(__u32 version)
{
	return version == 1 || version == 0x6b3343cf || version >> 8 == 0xff0000 ||
	       version >> 4 == 0xfaceb00 || version >> 8 == TAG(0, 'Q', '0', '4') ||
	       version >> 8 == TAG(0, 'Q', '0', '5') || version >> 8 == TAG(0, 'T', '0', '5') ||
	       (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

/* Long headers (RFC 8999, RFC 9000 section 17.2), version negotiation, Google's old headers. */
static inline int quic_seen(const struct payload *p)
{
	__u32 version = be32(p, 1), dcid = p->bytes[5], scid, at;

	if (p->len < 16)
		return 0;
	if (!(p->bytes[0] & 0x80)) /* public header: version, 8 bytes of connection id */
		return (p->bytes[0] & 0xc9) == 0x09 && p->bytes[9] == 'Q' && p->bytes[10] == '0' &&
		       in_range(p->bytes[11], '0', '5');
	if (version >> 24 == 'Q')
		return quic_version_known(version);
	if (dcid > 20)
		return 0;
	scid = byte_at(p, 6 + dcid);
	at = 7 + dcid + scid;
	if (scid > 20 || at + 4 > p->wire_len)
		return 0;
	if (version && !(p->bytes[0] & 0x40))
		return 0;
	if (!version) /* negotiation: a list of versions follows, the first of them at `at` */
		version = byte_at(p, at) << 24 | byte_at(p, at + 1) << 16 |
			  byte_at(p, at + 2) << 8 | byte_at(p, at + 3);
	return quic_version_known(version);
}

/*
 * A DNS message (RFC 1035 section 4.1) at `at`: sane header, a question or an answer, a first label
 * of plausible length and content. On a port of the family (`usual`) it may hold several questions
 * and names that are not ASCII, as multicast DNS does.
 */
static inline int dns_seen(const struct payload *p, __u32 at, __u32 wire_len, int usual)
{
	__u32 flags = be16(p, at + 2), opcode = flags >> 11 & 15, qd, rest, label;

	if (wire_len < 17 || p->len < at + 13 || opcode > 6 || opcode == 3)
		return 0;
	if (flags & 0x40 && !usual) /* reserved, but flipped at times */
		return 0;
	qd = be16(p, at + 4);
	if (qd > (usual ? 32 : 1) || (!(flags & 0x8000) && ((flags & 0x0f) || !qd)))
		return 0;
	rest = be16(p, at + 6) | be16(p, at + 8) | be16(p, at + 10);
	if (rest > 255 || !(qd | rest))
		return 0;
	label = p->bytes[at + 12];
	if (label == 0) /* the root: its type must follow */
		return be16(p, at + 13) < 0x1000 && (qd || be16(p, at + 6));
	if (label > 63)
		return label >= 0xc0 && !qd;
	rest = p->bytes[at + 13];
	return label + 13 <= wire_len && rest > 0x20 && rest != 0x7f && (rest < 0x7f || usual);
}

/* Which of the protocols in DNS format it is. */
static inline __u32 dns_verdict(const struct payload *p, __u32 e)
{
	if (ends_have(e, 5353))
		return PROVEN(MDNS);
	if (ends_have(e, 5355))
		return PROVEN(LLMNR);
	if (ends_have(e, 137))
		return PROVEN(NETBIOS);
	/* a name in NetBIOS's encoding: 32 letters from A to P (RFC 1001 section 14.1) */
	if (p->bytes[12] == 32 && in_range(p->bytes[13], 'A', 'P') &&
	    in_range(p->bytes[14], 'A', 'P') && in_range(p->bytes[15], 'A', 'P') &&
	    in_range(p->bytes[16], 'A', 'P'))
		return PROVEN(NETBIOS);
	return PROVEN(DNS);
}

/* Where the contents of the BER element at `at` begin; 0: no plausible length. */
static inline __u32 ber_inside(const struct payload *p, __u32 at)
{
	__u32 len = byte_at(p, at + 1);

	if (len < 0x80)
		return len ? at + 2 : 0;
	return in_range(len, 0x81, 0x84) ? at + 2 + (len & 7) : 0;
}

/* A SEQUENCE that begins with a version (SNMP) or a message number (LDAP). */
static inline __u32 ber_verdict(const struct payload *p, __u8 transport)
{
	__u32 at = ber_inside(p, 0), n, tag;

	if (!at || p->len < 12 || byte_at(p, at) != 2)
		return 0;
	n = byte_at(p, at + 1);
	if (!in_range(n, 1, 4))
		return 0;
	tag = byte_at(p, at + 2 + n);
	if (transport == TRANSPORT_UDP && n == 1 && byte_at(p, at + 2) <= 3 &&
	    (tag == 0x04 || tag == 0x30))
		return PROVEN(SNMP);
	if (tag == 0x42 || tag == 0x4a || tag == 0x50 || (tag >= 0x60 && tag <= 0x79))
		return PROVEN(LDAP);
	return 0;
}

/* KDC and error messages of version 5 (RFC 4120 section 5.4). */
static inline int kerberos_seen(const struct payload *p, __u32 start)
{
	__u32 tag = byte_at(p, start), at;

	if (!((tag >= 0x6a && tag <= 0x6f) || (tag >= 0x74 && tag <= 0x76) || tag == 0x7e))
		return 0;
	at = ber_inside(p, start);
	if (!at || byte_at(p, at) != 0x30)
		return 0;
	at = ber_inside(p, at);
	return at && (byte_at(p, at) | 1) == 0xa1 && byte_at(p, at + 1) == 3 &&
	       byte_at(p, at + 2) == 2 && byte_at(p, at + 4) == 5;
}

#endif
