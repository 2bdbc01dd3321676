/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What parsing leaves of a packet, and the window that classification reads. Shared by parse.h
 * (which fills them), classify.h, flow.h and everything in user space.
 */
#ifndef XDPLENS_PACKET_H
#define XDPLENS_PACKET_H

#include "xdplens/event.h"

enum packet_flag {
	PACKET_FRAGMENT = 0x01, /* part of a fragmented datagram, first or later */
	PACKET_VLAN = 0x02,
	PACKET_TUNNEL = 0x04, /* carries another packet: IP-in-IP, GRE, VXLAN, ... */
	PACKET_CUT = 0x08,    /* fewer bytes were captured than the headers and payload say */
	PACKET_BEGAN = 0x10,  /* set by the flow cache: this direction's SYN was seen */
};

/* TCP flags as in the header's 14th byte (RFC 9293 section 3.1). */
enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};

/* Fields that were not reached are 0. Offsets count from the first byte of the frame. */
struct packet {
	struct flow_key key; /* key.ifindex and FLOW_EGRESS are the caller's to set */
	__u16 l3_offset;     /* of the outermost IP header */
	__u16 l4_offset;
	__u16 payload_offset;
	__u16 pad;
	__u32 payload_len; /* on the wire by the IP (and UDP) lengths, without link padding */
	__u32 tcp_seq;	   /* host order */
	__u32 tcp_ack;
	__u8 l3;	/* enum l3 */
	__u8 transport; /* enum transport */
	__u8 tcp_flags;
	__u8 flags;   /* enum packet_flag */
	__u8 outcome; /* enum outcome */
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 ttl;
} __attribute__((aligned(8)));

enum { PAYLOAD_WINDOW = 64 };

/* The first bytes of a packet's transport payload; bytes beyond `len` are 0. */
struct payload {
	__u8 bytes[PAYLOAD_WINDOW];
	__u32 len;	/* valid bytes, <= PAYLOAD_WINDOW */
	__u32 wire_len; /* of the whole payload */
};

/* What classification says: packed in one word, so that BPF functions can return it. */
struct verdict {
	__u8 app;      /* enum app */
	__u8 sure;     /* enum sure */
	__u8 security; /* enum security */
};

/* enum transport of an IP protocol's number. */
static __always_inline __u8 transport_of(__u8 proto)
{
	switch (proto) {
#define X(id, name, number) \
	case number:        \
		return TRANSPORT_##id;
		XDPLENS_TRANSPORTS(X)
#undef X
	}
	return TRANSPORT_OTHER;
}

#endif
