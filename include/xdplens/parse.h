/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes -> struct packet, or a named reason why not. After the hook, before classify.h. One text
 * for BPF and for the host: no call, no memory but its arguments.
 *
 * Two ways lead to the same answer. parse_plain reads what nearly every packet is, straight from
 * the frame: Ethernet, IPv4 without options or IPv6 without extensions, TCP, UDP or ICMP. It
 * declines at the first oddity, and parse_chain walks everything over a copy of the first bytes.
 * Only the outermost IP header is read: what a tunnel carries is not looked into.
 *
 * Lengths on the wire are claims: no header is read beyond the captured bytes, and none counts as
 * there that lies beyond what the IP header claims.
 */
#ifndef XDPLENS_PARSE_H
#define XDPLENS_PARSE_H

#include "xdplens/packet.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WIRE16(x) ((__u16)__builtin_bswap16(x))
#define WIRE32(x) ((__u32)__builtin_bswap32(x))
#define MAPPED_IPV4(addr) ((__u64)(addr) << 32 | 0xffff0000)
#else
#define WIRE16(x) ((__u16)(x))
#define WIRE32(x) ((__u32)(x))
#define MAPPED_IPV4(addr) ((__u64)0xffff << 32 | (addr))
#endif

enum {
	HEADERS_WINDOW = 256,
	LINK_STEPS = 20,      /* headers walked between the link's and the network's */
	EXTENSION_STEPS = 12, /* IPv6 extension headers walked */
};

/* The first bytes of a frame; bytes beyond `len` are 0. */
struct headers {
	__u8 bytes[HEADERS_WINDOW];
	__u32 len;	/* valid bytes, <= HEADERS_WINDOW */
	__u32 caplen;	/* of the frame in memory */
	__u32 wire_len; /* of the frame on the wire, >= caplen */
};

/* Link types by their DLT_ or LINKTYPE_ number. */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW = 12, /* Linux, and files read by libpcap */
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHER = 51,
	LINK_RAW_FILE = 101,
	LINK_C_HDLC = 104,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_PPP_WITH_DIRECTION = 204,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

/* What the next header is: an EtherType, or one of ours beyond 16 bits. */
enum header_type {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_ETHERNET = 0x6558, /* transparent Ethernet bridging */
	TYPE_RARP = 0x8035,
	TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_UPSTREAM = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_BACKBONE = 0x88e7, /* IEEE 802.1ah: a tag, then a whole Ethernet frame */
	TYPE_VN_TAG = 0x8926,
	TYPE_VLAN_OLD = 0x9100,
	TYPE_LEAST = 0x0600, /* below: the length of an LLC frame */
	TYPE_LLC = 0x10000,
	TYPE_BY_VERSION, /* an IP header of either version */
	TYPE_LABELLED,	 /* what follows the last MPLS label */
	TYPE_CUT,	 /* the header before it is cut */
	TYPE_DEEP,	 /* more headers than we walk */
	TYPE_NOTHING,	 /* nothing that we know */
	TYPE_UNKNOWN_LINK,
};

enum ip_protocol {
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ICMPV6 = 58,
	PROTO_NOTHING = 59,
	PROTO_DESTINATION = 60,
	PROTO_ETHERIP = 97,
	PROTO_L2TP = 115,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_UDPLITE = 136,
	PROTO_MPLS = 137,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

/* ---- headers as they stand on the wire ---- */

/*
 * On the host they lie at any address. BPF programs may load unaligned words, but there the
 * compiler would make single bytes of a packed structure.
 */
#ifdef __bpf__
#define WIRE __attribute__((may_alias))
#else
#define WIRE __attribute__((may_alias, packed))
#endif

struct wire_ethernet {
	__u8 destination[6];
	__u8 source[6];
	__be16 type;
} WIRE;

struct wire_vlan { /* IEEE 802.1Q, behind the TPID */
	__be16 tci;
	__be16 type;
} WIRE;

struct wire_pppoe { /* RFC 2516 section 4 */
	__u8 version;
	__u8 code;
	__be16 session;
	__be16 len;
} WIRE;

struct wire_snap { /* IEEE 802.2 LLC with SNAP, RFC 1042 */
	__u8 dsap;
	__u8 ssap;
	__u8 control;
	__u8 oui[3];
	__be16 type;
} WIRE;

struct wire_ipv4 { /* RFC 791 section 3.1 */
	__u8 version_words;
	__u8 tos;
	__be16 len;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 proto;
	__be16 checksum;
	__be32 source;
	__be32 destination;
} WIRE;

struct wire_ipv6 { /* RFC 8200 section 3 */
	__u8 version_class;
	__u8 class_label[3];
	__be16 len;
	__u8 next;
	__u8 hop_limit;
	__u64 source[2];
	__u64 destination[2];
} WIRE;

struct wire_extension { /* RFC 8200 section 4; `fragment` in that header only */
	__u8 next;
	__u8 len; /* 8 octets each, the first 8 not counted */
	__be16 fragment;
	__be32 id;
} WIRE;

struct wire_tcp {    /* RFC 9293 section 3.1 */
	__u32 ports; /* source, destination */
	__be32 seq;
	__be32 ack;
	__u8 words;
	__u8 flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
} WIRE;

struct wire_udp { /* RFC 768; UDP-Lite, RFC 3828 */
	__u32 ports;
	__be16 len;
	__be16 checksum;
} WIRE;

struct wire_ports { /* SCTP, RFC 9260 section 3.1; DCCP, RFC 4340 section 5.1 */
	__u32 ports;
	__u8 words; /* DCCP: of its header */
	__u8 rest[7];
} WIRE;

struct wire_icmp { /* RFC 792, RFC 4443 section 2.1 */
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 body;
} WIRE;

/* Fields of struct packet, written as words. */
typedef __u64 __attribute__((may_alias)) packet_u64;
typedef __u32 __attribute__((may_alias)) packet_u32;

/* ---- headers that both ways read; `room` is what IP says there is from their first byte ---- */

static __always_inline void packet_ipv4(struct packet *p, const struct wire_ipv4 *ip)
{
	packet_u64 *source = (packet_u64 *)p->key.saddr;
	packet_u64 *destination = (packet_u64 *)p->key.daddr;

	source[1] = MAPPED_IPV4(ip->source);
	destination[1] = MAPPED_IPV4(ip->destination);
	p->key.family = 4;
	p->key.proto = ip->proto;
	p->ttl = ip->ttl;
}

static __always_inline void packet_ipv6(struct packet *p, const struct wire_ipv6 *ip)
{
	packet_u64 *source = (packet_u64 *)p->key.saddr;
	packet_u64 *destination = (packet_u64 *)p->key.daddr;

	source[0] = ip->source[0];
	source[1] = ip->source[1];
	destination[0] = ip->destination[0];
	destination[1] = ip->destination[1];
	p->key.family = 6;
	p->ttl = ip->hop_limit;
}

static __always_inline void packet_ports(struct packet *p, __u32 ports)
{
	*(packet_u32 *)&p->key.sport = ports;
}

static __always_inline int packet_payload(struct packet *p, __u32 header, __u32 room)
{
	p->payload_offset = p->l4_offset + header;
	p->payload_len = room - header;
	return OUTCOME_FLOW;
}

static __always_inline int packet_tcp(struct packet *p, const struct wire_tcp *tcp, __u32 room)
{
	__u32 header = tcp->words >> 4 << 2;

	if (header < sizeof(*tcp))
		return UNPARSED_BAD_TCP;
	if (header > room)
		return UNPARSED_SHORT_TRANSPORT;
	packet_ports(p, tcp->ports);
	p->tcp_seq = WIRE32(tcp->seq);
	p->tcp_ack = WIRE32(tcp->ack);
	p->tcp_flags = tcp->flags;
	return packet_payload(p, header, room);
}

/* Tunnels over UDP: VXLAN, GENEVE and GTP-U go to their port, L2TP and Teredo come from it too. */
static __always_inline int udp_is_tunnel(__be16 sport, __be16 dport)
{
	switch (dport) {
	case WIRE16(4789):
	case WIRE16(8472):
	case WIRE16(6081):
	case WIRE16(2152):
	case WIRE16(1701):
	case WIRE16(3544):
		return 1;
	}
	return sport == WIRE16(1701) || sport == WIRE16(3544);
}

static __always_inline int packet_udp(struct packet *p, const struct wire_udp *udp, __u32 room)
{
	__u32 len = WIRE16(udp->len);

	packet_ports(p, udp->ports);
	if (udp_is_tunnel(p->key.sport, p->key.dport))
		p->flags |= PACKET_TUNNEL;
	/* 0: a jumbogram (RFC 2675 section 4), or a segmented skb */
	if (len && len < room)
		room = len < sizeof(*udp) ? sizeof(*udp) : len;
	return packet_payload(p, sizeof(*udp), room);
}

static __always_inline int packet_icmp(struct packet *p, const struct wire_icmp *icmp, __u32 room)
{
	p->icmp_type = icmp->type;
	p->icmp_code = icmp->code;
	return packet_payload(p, sizeof(*icmp), room);
}

/* ---- the short way ---- */

static __always_inline int plain_transport(const void *l4, const void *data_end, __u32 room,
					   struct packet *p)
{
	const struct wire_tcp *tcp = l4;
	const struct wire_udp *udp = l4;
	const struct wire_icmp *icmp = l4;

	switch (p->key.proto) {
	case PROTO_TCP:
		p->transport = TRANSPORT_TCP;
		return (const void *)(tcp + 1) <= data_end && room >= sizeof(*tcp) &&
		       packet_tcp(p, tcp, room) == OUTCOME_FLOW;
	case PROTO_UDP:
		p->transport = TRANSPORT_UDP;
		return (const void *)(udp + 1) <= data_end && room >= sizeof(*udp) &&
		       packet_udp(p, udp, room) == OUTCOME_FLOW;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		p->transport = transport_of(p->key.proto);
		return (const void *)(icmp + 1) <= data_end && room >= sizeof(*icmp) &&
		       packet_icmp(p, icmp, room) == OUTCOME_FLOW;
	}
	return 0;
}

static __always_inline int plain_ipv4(const struct wire_ipv4 *ip, const void *data_end,
				      __u32 wire_len, struct packet *p)
{
	__u32 len;

	if ((const void *)(ip + 1) > data_end)
		return 0;
	len = WIRE16(ip->len);
	if (ip->version_words != 0x45 || (ip->fragment & WIRE16(0x3fff)) || len < sizeof(*ip) ||
	    sizeof(struct wire_ethernet) + len > wire_len)
		return 0;
	packet_ipv4(p, ip);
	p->l3 = L3_IPV4;
	p->l4_offset = sizeof(struct wire_ethernet) + sizeof(*ip);
	return plain_transport(ip + 1, data_end, len - sizeof(*ip), p);
}

static __always_inline int plain_ipv6(const struct wire_ipv6 *ip, const void *data_end,
				      __u32 wire_len, struct packet *p)
{
	__u32 len;

	if ((const void *)(ip + 1) > data_end)
		return 0;
	len = WIRE16(ip->len);
	if (ip->version_class >> 4 != 6 || !len ||
	    sizeof(struct wire_ethernet) + sizeof(*ip) + len > wire_len)
		return 0;
	packet_ipv6(p, ip);
	p->key.proto = ip->next;
	p->l3 = L3_IPV6;
	p->l4_offset = sizeof(struct wire_ethernet) + sizeof(*ip);
	return plain_transport(ip + 1, data_end, len, p);
}

/*
 * Parses a plain Ethernet frame between `data` and `data_end`, whose length on the wire is
 * `wire_len` octets, all of them in memory though not all need be in reach. 1, and *p is what
 * parse_chain would make of it; 0: declined, and *p is anything.
 */
static __always_inline int parse_plain(const void *data, const void *data_end, __u32 wire_len,
				       struct packet *p)
{
	const struct wire_ethernet *ethernet = data;

	if ((const void *)(ethernet + 1) > data_end)
		return 0;
	__builtin_memset(p, 0, sizeof(*p));
	p->l3_offset = sizeof(*ethernet);
	if (ethernet->type == WIRE16(TYPE_IPV4))
		return plain_ipv4((const void *)(ethernet + 1), data_end, wire_len, p);
	if (ethernet->type == WIRE16(TYPE_IPV6))
		return plain_ipv6((const void *)(ethernet + 1), data_end, wire_len, p);
	return 0;
}

/* ---- the long way: the window ---- */

/* The `size` bytes at `offset`, NULL where they were not captured. */
static __always_inline const void *headers_at(const struct headers *h, __u32 offset, __u32 size)
{
	/* the verifier must see the check on the very register that is added */
	asm volatile("" : "+r"(offset));
	if (offset > HEADERS_WINDOW - size || offset + size > h->len)
		return 0;
	return h->bytes + offset;
}

/* ---- the long way: link headers. Each step moves l3_offset on and says what comes next ---- */

static __always_inline __u32 type_of(__be16 type)
{
	__u32 t = WIRE16(type);

	return t < TYPE_LEAST ? TYPE_LLC : t;
}

static __always_inline __u32 step_ethernet(const struct headers *h, struct packet *p)
{
	const struct wire_ethernet *ethernet = headers_at(h, p->l3_offset, sizeof(*ethernet));

	if (!ethernet)
		return TYPE_CUT;
	p->l3_offset += sizeof(*ethernet);
	return type_of(ethernet->type);
}

static __always_inline __u32 step_vlan(const struct headers *h, struct packet *p)
{
	const struct wire_vlan *vlan = headers_at(h, p->l3_offset, sizeof(*vlan));

	if (!vlan)
		return TYPE_CUT;
	if (!(p->flags & PACKET_VLAN))
		p->key.link = WIRE16(vlan->tci) & FLOW_VLAN_MASK;
	p->flags |= PACKET_VLAN;
	p->l3_offset += sizeof(*vlan);
	return type_of(vlan->type);
}

/* RFC 3032 section 2.1 */
static __always_inline __u32 step_mpls(const struct headers *h, struct packet *p)
{
	const __u8 *label = headers_at(h, p->l3_offset, 4);

	if (!label)
		return TYPE_CUT;
	p->l3_offset += 4;
	return label[2] & 1 ? TYPE_LABELLED : TYPE_MPLS;
}

/* Whether what stands there has an EtherType that we know where Ethernet has it. */
static __always_inline int ethernet_is_likely(const __u8 *at)
{
	switch (at[12] << 8 | at[13]) {
	case TYPE_IPV4:
	case TYPE_ARP:
	case TYPE_VLAN:
	case TYPE_IPV6:
	case TYPE_VLAN_SERVICE:
	case TYPE_MPLS:
	case TYPE_PPPOE:
		return 1;
	}
	return 0;
}

/*
 * Labels do not name what they carry. The first nibble is a guess (RFC 4928); what is not IP may
 * be the pseudowire of an Ethernet, with a control word of zeros in front or not (RFC 4448).
 */
static __always_inline __u32 step_labelled(const struct headers *h, struct packet *p)
{
	const __u8 *at = headers_at(h, p->l3_offset, 1);

	if (!at)
		return TYPE_CUT;
	if (*at >> 4 == 4)
		return TYPE_IPV4;
	if (*at >> 4 == 6)
		return TYPE_IPV6;
	at = headers_at(h, p->l3_offset, 4 + sizeof(struct wire_ethernet));
	if (!at)
		return TYPE_CUT;
	if (*at >> 4 == 0 && ethernet_is_likely(at + 4)) {
		p->l3_offset += 4;
		return TYPE_ETHERNET;
	}
	return ethernet_is_likely(at) ? TYPE_ETHERNET : TYPE_NOTHING;
}

static __always_inline __u32 step_backbone(struct packet *p)
{
	p->l3_offset += 4;
	return TYPE_ETHERNET;
}

static __always_inline __u32 step_vn_tag(const struct headers *h, struct packet *p)
{
	const __u8 *tag = headers_at(h, p->l3_offset, 6);

	if (!tag)
		return TYPE_CUT;
	p->l3_offset += 6;
	return tag[4] << 8 | tag[5];
}

static __always_inline __u32 step_pppoe(const struct headers *h, struct packet *p)
{
	const struct wire_pppoe *pppoe = headers_at(h, p->l3_offset, sizeof(*pppoe));

	if (!pppoe)
		return TYPE_CUT;
	p->l3_offset += sizeof(*pppoe);
	return pppoe->code ? TYPE_NOTHING : TYPE_PPP;
}

/* RFC 1661 section 2, RFC 1662 section 3.1: address and control may lack, the protocol be a byte.
 */
static __always_inline __u32 step_ppp(const struct headers *h, struct packet *p)
{
	const __u8 *at = headers_at(h, p->l3_offset, 4);
	__u32 proto;

	if (!at)
		return TYPE_CUT;
	if (at[0] == 0xff && at[1] == 0x03) {
		p->l3_offset += 2;
		at += 2;
	}
	proto = at[0];
	p->l3_offset++;
	if (!(proto & 1)) {
		proto = proto << 8 | at[1];
		p->l3_offset++;
	}
	switch (proto) {
	case 0x0021:
		return TYPE_IPV4;
	case 0x0057:
		return TYPE_IPV6;
	case 0x0281:
	case 0x0283:
		return TYPE_MPLS;
	}
	return TYPE_NOTHING;
}

static __always_inline __u32 step_llc(const struct headers *h, struct packet *p)
{
	const __u8 *llc = headers_at(h, p->l3_offset, 3);
	const struct wire_snap *snap;

	if (!llc)
		return TYPE_CUT;
	if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03)
		return TYPE_NOTHING;
	snap = headers_at(h, p->l3_offset, sizeof(*snap));
	if (!snap)
		return TYPE_CUT;
	/* RFC 1042, or IEEE 802.1H */
	if (snap->oui[0] || snap->oui[1] || (snap->oui[2] && snap->oui[2] != 0xf8))
		return TYPE_NOTHING;
	p->l3_offset += sizeof(*snap);
	return WIRE16(snap->type);
}

static __always_inline __u32 step_version(const struct headers *h, struct packet *p)
{
	const __u8 *first = headers_at(h, p->l3_offset, 1);

	if (!first)
		return TYPE_CUT;
	switch (*first >> 4) {
	case 4:
		return TYPE_IPV4;
	case 6:
		return TYPE_IPV6;
	}
	return TYPE_NOTHING;
}

/* BSD loopback: the address family in the byte order of who captured. */
static __always_inline __u32 step_family(const struct headers *h, struct packet *p)
{
	const __u8 *family = headers_at(h, p->l3_offset, 4);

	if (!family)
		return TYPE_CUT;
	p->l3_offset += 4;
	if (family[1] || family[2] || (family[0] && family[3]))
		return TYPE_NOTHING;
	switch (family[0] | family[3]) {
	case 2:
		return TYPE_IPV4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return TYPE_IPV6;
	}
	return TYPE_NOTHING;
}

/* Cisco HDLC (RFC 1547 section 4.3.1), or PPP in the like framing. */
static __always_inline __u32 step_hdlc(const struct headers *h, struct packet *p)
{
	const __u8 *hdlc = headers_at(h, p->l3_offset, 4);

	if (!hdlc)
		return TYPE_CUT;
	if (hdlc[0] != 0x0f && hdlc[0] != 0x8f)
		return TYPE_PPP;
	p->l3_offset += 4;
	return hdlc[2] << 8 | hdlc[3];
}

/* Linux cooked capture: an EtherType, or a number below 0x600 of which 4 is LLC. */
static __always_inline __u32 step_cooked(const struct headers *h, struct packet *p, __u32 type_at,
					 __u32 device_at, __u32 size)
{
	const __u32 netlink = 824; /* the device type where EtherTypes mean something else */
	const __u8 *cooked = headers_at(h, p->l3_offset, size);
	__u32 type, device;

	if (!cooked)
		return TYPE_CUT;
	p->l3_offset += size;
	type = cooked[type_at] << 8 | cooked[type_at + 1];
	device = cooked[device_at] << 8 | cooked[device_at + 1];
	if (device == netlink)
		return TYPE_NOTHING;
	return type == 4 ? TYPE_LLC : type;
}

static __always_inline __u32 step_first(const struct headers *h, __u32 link, struct packet *p)
{
	switch (link) {
	case LINK_ETHERNET:
		return TYPE_ETHERNET;
	case LINK_RAW:
	case LINK_RAW_OPENBSD:
	case LINK_RAW_FILE:
		return TYPE_BY_VERSION;
	case LINK_IPV4:
		return TYPE_IPV4;
	case LINK_IPV6:
		return TYPE_IPV6;
	case LINK_NULL:
	case LINK_LOOP:
		return step_family(h, p);
	case LINK_SLL:
		return step_cooked(h, p, 14, 2, 16);
	case LINK_SLL2:
		return step_cooked(h, p, 0, 8, 20);
	case LINK_PPP_WITH_DIRECTION:
		p->l3_offset = 1;
		return TYPE_PPP;
	case LINK_PPP:
		return TYPE_PPP;
	case LINK_PPP_ETHER:
		return TYPE_PPPOE;
	case LINK_PPP_SERIAL:
	case LINK_C_HDLC:
		return step_hdlc(h, p);
	}
	return TYPE_UNKNOWN_LINK;
}

/* Walks to the network header: its type, and l3_offset where it begins. */
static __always_inline __u32 walk_link(const struct headers *h, __u32 link, struct packet *p)
{
	__u32 type = step_first(h, link, p);

	for (int i = 0; i < LINK_STEPS; i++) {
		switch (type) {
		case TYPE_ETHERNET:
			type = step_ethernet(h, p);
			break;
		case TYPE_VLAN:
		case TYPE_VLAN_SERVICE:
		case TYPE_VLAN_OLD:
			type = step_vlan(h, p);
			break;
		case TYPE_VN_TAG:
			type = step_vn_tag(h, p);
			break;
		case TYPE_BACKBONE:
			type = step_backbone(p);
			break;
		case TYPE_MPLS:
		case TYPE_MPLS_UPSTREAM:
			type = step_mpls(h, p);
			break;
		case TYPE_LABELLED:
			type = step_labelled(h, p);
			break;
		case TYPE_PPPOE:
			type = step_pppoe(h, p);
			break;
		case TYPE_PPP:
			type = step_ppp(h, p);
			break;
		case TYPE_LLC:
			type = step_llc(h, p);
			break;
		case TYPE_BY_VERSION:
			type = step_version(h, p);
			break;
		default:
			return type;
		}
	}
	return TYPE_DEEP;
}

/* ---- the long way: network and transport ---- */

/* The transport header, NULL where it was not captured or IP says that it is not there. */
static __always_inline const void *transport_at(const struct headers *h, const struct packet *p,
						__u32 size, __u32 room)
{
	return room < size ? 0 : headers_at(h, p->l4_offset, size);
}

static __always_inline int chain_dccp(const struct headers *h, __u32 room, struct packet *p)
{
	const struct wire_ports *dccp = transport_at(h, p, sizeof(*dccp), room);
	__u32 header;

	if (!dccp)
		return UNPARSED_SHORT_TRANSPORT;
	header = dccp->words << 2;
	if (header < sizeof(*dccp) || header > room)
		return UNPARSED_SHORT_TRANSPORT;
	packet_ports(p, dccp->ports);
	return packet_payload(p, header, room);
}

/* Transports whose header begins with ports and is `size` octets, 8 or more. */
static __always_inline int chain_ports(const struct headers *h, __u32 size, __u32 room,
				       struct packet *p)
{
	const struct wire_udp *begin = transport_at(h, p, size, room);

	if (!begin)
		return UNPARSED_SHORT_TRANSPORT;
	packet_ports(p, begin->ports);
	return packet_payload(p, size, room);
}

/*
 * The transport header of a first fragment may go on in the next one (RFC 1858): 8 octets are
 * there, and so are the ports. Fields behind them are not reached.
 */
static __always_inline int chain_tiny_fragment(const struct headers *h, __u32 room,
					       struct packet *p)
{
	const struct wire_udp *begin = transport_at(h, p, sizeof(*begin), room);

	if (!begin || (p->flags & (PACKET_FRAGMENT | PACKET_CUT)) != PACKET_FRAGMENT ||
	    p->key.proto == PROTO_ICMP || p->key.proto == PROTO_ICMPV6)
		return UNPARSED_SHORT_TRANSPORT;
	packet_ports(p, begin->ports);
	return OUTCOME_FLOW;
}

static __always_inline int chain_protocol(const struct headers *h, __u32 room, struct packet *p)
{
	const void *at;

	switch (p->key.proto) {
	case PROTO_TCP:
		at = transport_at(h, p, sizeof(struct wire_tcp), room);
		return at ? packet_tcp(p, at, room) : UNPARSED_SHORT_TRANSPORT;
	case PROTO_UDP:
		at = transport_at(h, p, sizeof(struct wire_udp), room);
		return at ? packet_udp(p, at, room) : UNPARSED_SHORT_TRANSPORT;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		at = transport_at(h, p, sizeof(struct wire_icmp), room);
		return at ? packet_icmp(p, at, room) : UNPARSED_SHORT_TRANSPORT;
	case PROTO_SCTP:
		return chain_ports(h, 12, room, p);
	case PROTO_UDPLITE:
		return chain_ports(h, 8, room, p);
	case PROTO_DCCP:
		return chain_dccp(h, room, p);
	case PROTO_NOTHING: /* octets behind it are to be ignored: RFC 8200 section 4.7 */
		room = 0;
		break;
	case PROTO_IPIP:
	case PROTO_IPV6:
	case PROTO_GRE:
	case PROTO_ETHERIP:
	case PROTO_L2TP:
	case PROTO_MPLS:
		p->flags |= PACKET_TUNNEL;
	}
	return packet_payload(p, 0, room);
}

static __always_inline int chain_transport(const struct headers *h, __u32 end, struct packet *p)
{
	__u32 room = end > p->l4_offset ? end - p->l4_offset : 0;
	int outcome = chain_protocol(h, room, p);

	return outcome == UNPARSED_SHORT_TRANSPORT ? chain_tiny_fragment(h, room, p) : outcome;
}

/* Where the packet ends by its IP header's word, and no later than the frame. */
static __always_inline __u32 chain_end(const struct headers *h, __u32 end, struct packet *p)
{
	if (end > h->caplen)
		p->flags |= PACKET_CUT;
	return end < h->wire_len ? end : h->wire_len;
}

static __always_inline int chain_later_fragment(__u32 end, struct packet *p)
{
	packet_payload(p, 0, end > p->l4_offset ? end - p->l4_offset : 0);
	return NOT_FLOW_LATER_FRAGMENT;
}

static __always_inline int chain_ipv4(const struct headers *h, struct packet *p)
{
	const struct wire_ipv4 *ip = headers_at(h, p->l3_offset, sizeof(*ip));
	__u32 header, len, end, fragment;

	p->l3 = L3_IPV4;
	if (!ip)
		return UNPARSED_SHORT_IPV4;
	header = (ip->version_words & 15) << 2;
	len = WIRE16(ip->len);
	if (ip->version_words >> 4 != 4 || header < sizeof(*ip) || (len && len < header))
		return UNPARSED_BAD_IPV4;
	packet_ipv4(p, ip);
	p->transport = transport_of(ip->proto);
	p->l4_offset = p->l3_offset + header;
	/* 0: a segmented skb of more than 64 KiB, or one that the device is to cut */
	end = chain_end(h, len ? p->l3_offset + len : h->wire_len, p);
	fragment = WIRE16(ip->fragment);
	if (fragment & 0x3fff)
		p->flags |= PACKET_FRAGMENT;
	if (fragment & 0x1fff)
		return chain_later_fragment(end, p);
	return chain_transport(h, end, p);
}

static __always_inline int proto_is_extension(__u8 proto)
{
	switch (proto) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return 1;
	}
	return 0;
}

/* Walks to the transport: OUTCOME_FLOW with its number in key.proto, or why it has none. */
static __always_inline int walk_extensions(const struct headers *h, __u8 next, __u32 end,
					   struct packet *p)
{
	for (int i = 0; i < EXTENSION_STEPS && proto_is_extension(next); i++) {
		const struct wire_extension *x = headers_at(h, p->l4_offset, sizeof(*x));

		if (p->l4_offset + sizeof(*x) > end)
			return UNPARSED_SHORT_EXTENSION;
		if (!x)
			return h->caplen > h->len ? UNPARSED_DEEP_EXTENSIONS
						  : UNPARSED_SHORT_EXTENSION;
		p->l4_offset += next == PROTO_FRAGMENT ? sizeof(*x) : (x->len + 1) * sizeof(*x);
		if (next == PROTO_FRAGMENT) {
			/* with neither offset nor more to come it is none: RFC 6946 */
			if (x->fragment & WIRE16(0xfff9))
				p->flags |= PACKET_FRAGMENT;
			if (x->fragment & WIRE16(0xfff8)) {
				p->key.proto = x->next;
				return NOT_FLOW_LATER_FRAGMENT;
			}
		}
		next = x->next;
	}
	if (proto_is_extension(next))
		return UNPARSED_DEEP_EXTENSIONS;
	p->key.proto = next;
	return OUTCOME_FLOW;
}

static __always_inline int chain_ipv6(const struct headers *h, struct packet *p)
{
	const struct wire_ipv6 *ip = headers_at(h, p->l3_offset, sizeof(*ip));
	__u32 len, end;
	int outcome;

	if (ip && ip->version_class >> 4 != 6)
		return UNPARSED_BAD_IPV6;
	p->l3 = L3_IPV6;
	if (!ip)
		return UNPARSED_SHORT_IPV6;
	packet_ipv6(p, ip);
	p->l4_offset = p->l3_offset + sizeof(*ip);
	/* 0: a jumbogram (RFC 2675) or a segmented skb; both reach to the end of the frame */
	len = WIRE16(ip->len);
	end = chain_end(h, len ? p->l4_offset + len : h->wire_len, p);
	outcome = walk_extensions(h, ip->next, end, p);
	if (outcome != OUTCOME_FLOW && outcome != NOT_FLOW_LATER_FRAGMENT) {
		p->l4_offset = 0;
		return outcome;
	}
	p->transport = transport_of(p->key.proto);
	if (outcome == NOT_FLOW_LATER_FRAGMENT)
		return chain_later_fragment(end, p);
	return chain_transport(h, end, p);
}

static __always_inline int chain_network(const struct headers *h, __u32 link, struct packet *p)
{
	switch (walk_link(h, link, p)) {
	case TYPE_IPV4:
		return chain_ipv4(h, p);
	case TYPE_IPV6:
		return chain_ipv6(h, p);
	case TYPE_ARP:
	case TYPE_RARP:
		p->l3 = L3_ARP;
		return NOT_FLOW_ARP;
	case TYPE_CUT:
		return UNPARSED_SHORT_LINK;
	case TYPE_DEEP:
		return UNPARSED_DEEP_TAGS;
	case TYPE_UNKNOWN_LINK:
		return UNPARSED_UNKNOWN_LINK;
	}
	return NOT_FLOW_NON_IP;
}

/*
 * Parses the window of a frame of link type `link`, all of *p. The outcome (enum outcome), also in
 * p->outcome. Where the transport is cut, what stands before it is there nevertheless.
 */
static inline int parse_chain(const struct headers *h, __u32 link, struct packet *p)
{
	__builtin_memset(p, 0, sizeof(*p));
	p->outcome = chain_network(h, link, p);
	if (p->l3 == L3_OTHER)
		p->l3_offset = 0;
	return p->outcome;
}

#ifndef __bpf__
/* Parses a frame of link type `link` of which `caplen` octets were captured, as parse_chain does.
 */
static inline int parse_frame(__u32 link, const __u8 *data, __u32 caplen, __u32 wire_len,
			      struct packet *p)
{
	struct headers h;

	if (wire_len < caplen)
		wire_len = caplen;
	if (link == LINK_ETHERNET && caplen == wire_len && caplen >= sizeof(struct wire_ethernet) &&
	    parse_plain(data, data + caplen, wire_len, p))
		return p->outcome;
	h.len = caplen < HEADERS_WINDOW ? caplen : HEADERS_WINDOW;
	h.caplen = caplen;
	h.wire_len = wire_len;
	__builtin_memset(h.bytes + h.len, 0, HEADERS_WINDOW - h.len);
	if (h.len)
		__builtin_memcpy(h.bytes, data, h.len);
	return parse_chain(&h, link, p);
}
#endif

#endif
