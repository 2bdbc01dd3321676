// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: every kind of packet gives exactly the fields of its table row. A packet cut at any
 * length gives fields that are right or 0, and an outcome that is the whole packet's or says that
 * it is cut; a cut is never read beyond (run with the address sanitizer: buffers have the exact
 * size). What parse_plain accepts, parse_chain reads alike, also of damaged packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "xdplens/parse.h"

/* rows repeat what most of a kind have in common, and override the rest */
#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off: packets and rows are set by hand */
/* ---- the packets: bytes as they stand on the wire ---- */

#define ETH(type)          \
	"\x02\0\0\0\0\x0b" \
	"\x02\0\0\0\0\x0a" type
#define T_IP4 "\x08\0"
#define T_IP6 "\x86\xdd"
#define T_VLAN "\x81\0"
#define T_MPLS "\x88\x47"
#define T_PPPOE "\x88\x64"

#define IP4_(words, len, fragment, proto)                    \
	words "\0" len "\0\x01" fragment "\x40" proto "\0\0" \
	      "\x0a\x01\x02\x03"                             \
	      "\x0a\x04\x05\x06"
#define IP4(len, proto) IP4_("\x45", len, "\0\0", proto)
#define IP6(len, next)                               \
	"\x60\0\0\0" len next "\x40"                 \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"

#define PORTS      \
	"\x9c\x40" \
	"\x01\xbb" /* 40000, 443 */
#define TCP_(words)                                 \
	PORTS "\x01\x02\x03\x04"                    \
	      "\x05\x06\x07\x08" words "\x18\x01\0" \
	      "\0\0"                                \
	      "\0\0"
#define TCP TCP_("\x50")
#define UDP(len) PORTS len "\0\0"
#define UDP_TO(port)             \
	"\x9c\x40" port "\0\x0c" \
	"\0\0"
#define UDP_FROM(port)  \
	port "\x9c\x40" \
	     "\0\x0c"   \
	     "\0\0"
#define ECHO     \
	"\x08\0" \
	"\0\0"   \
	"\0\x01" \
	"\0\x01"
#define ECHO6    \
	"\x80\0" \
	"\0\0"   \
	"\0\x01" \
	"\0\x01"
#define DATA "data"
#define TCP4 IP4("\0\x2c", "\x06") TCP DATA
#define UDP4 IP4("\0\x20", "\x11") UDP("\0\x0c") DATA
#define TCP6 IP6("\0\x18", "\x06") TCP DATA
#define PADDING "\0\0\0\0\0\0"

struct want {
	__u8 outcome, l3, transport, proto, flags, tcp_flags;
	__u16 sport, dport, vlan, l3_at, l4_at, payload_at, icmp;
	__u32 payload_len;
	int plain; /* parse_plain must read it */
};

struct row {
	const char *name;
	const char *bytes;
	size_t len;
	__u32 link;
	struct want want;
};

#define ROW(name, link, bytes, ...)                   \
	{                                             \
		name, bytes, sizeof(bytes) - 1, link, \
		{                                     \
			__VA_ARGS__                   \
		}                                     \
	}
#define PLAIN .plain = 1
#define W_TCP(at, size, len)                                                                      \
	.l3 = L3_IPV4, .transport = TRANSPORT_TCP, .proto = 6, .tcp_flags = 0x18, .sport = 40000, \
	.dport = 443, .l3_at = (at), .l4_at = (at) + (size), .payload_at = (at) + (size) + 20,    \
	.payload_len = (len)
#define W_UDP(at, size, len)                                                                  \
	.l3 = L3_IPV4, .transport = TRANSPORT_UDP, .proto = 17, .sport = 40000, .dport = 443, \
	.l3_at = (at), .l4_at = (at) + (size), .payload_at = (at) + (size) + 8,               \
	.payload_len = (len)
/* a protocol without ports, right behind Ethernet and 20 octets of IPv4 */
#define W_BARE(id, number, len)                                                                  \
	.l3 = L3_IPV4, .transport = TRANSPORT_##id, .proto = (number), .l3_at = 14, .l4_at = 34, \
	.payload_at = 34, .payload_len = (len)
#define W_V6(id, number) .l3 = L3_IPV6, .transport = TRANSPORT_##id, .proto = (number), .l3_at = 14

static const struct row rows[] = {
	/* what parse_plain must read */
	ROW("tcp", LINK_ETHERNET, ETH(T_IP4) TCP4, PLAIN, W_TCP(14, 20, 4)),
	ROW("tcp, padded", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x28", "\x06") TCP PADDING, PLAIN,
	    W_TCP(14, 20, 0)),
	ROW("tcp with options", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x30", "\x06") TCP_("\x60") "\x01\x01\x01\0" DATA, PLAIN,
	    W_TCP(14, 20, 4), .payload_at = 58),
	ROW("udp", LINK_ETHERNET, ETH(T_IP4) UDP4, PLAIN, W_UDP(14, 20, 4)),
	ROW("udp with don't fragment", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x45", "\0\x20", "\x40\0", "\x11") UDP("\0\x0c") DATA, PLAIN,
	    W_UDP(14, 20, 4)),
	ROW("udp shorter than ip", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x20", "\x11") UDP("\0\x0a") DATA, PLAIN, W_UDP(14, 20, 2)),
	ROW("udp longer than ip", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x20", "\x11") UDP("\xff\xff") DATA, PLAIN, W_UDP(14, 20, 4)),
	ROW("udp length 0", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x11") UDP("\0\0") DATA, PLAIN,
	    W_UDP(14, 20, 4)),
	ROW("udp length below its header", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x20", "\x11") UDP("\0\x07") DATA, PLAIN, W_UDP(14, 20, 0)),
	ROW("icmp", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x01") ECHO DATA, PLAIN,
	    W_BARE(ICMP, 1, 4), .payload_at = 42, .icmp = 0x0800),
	ROW("icmp unreachable", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x1c", "\x01") "\x03\x01\0\0\0\0\0\0", PLAIN, W_BARE(ICMP, 1, 0),
	    .payload_at = 42, .icmp = 0x0301),
	ROW("ipv6 tcp", LINK_ETHERNET, ETH(T_IP6) TCP6, PLAIN, W_TCP(14, 40, 4), .l3 = L3_IPV6),
	ROW("ipv6 udp, padded", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x0c", "\x11") UDP("\0\x0c") DATA PADDING, PLAIN, W_UDP(14, 40, 4),
	    .l3 = L3_IPV6),
	ROW("icmpv6", LINK_ETHERNET, ETH(T_IP6) IP6("\0\x0c", "\x3a") ECHO6 DATA, PLAIN,
	    W_V6(ICMPV6, 58), .l4_at = 54, .payload_at = 62, .payload_len = 4, .icmp = 0x8000),

	/* tunnels are recognised, not entered */
	ROW("vxlan", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x11") UDP_TO("\x12\xb5") DATA,
	    W_UDP(14, 20, 4), .dport = 4789, .flags = PACKET_TUNNEL),
	ROW("vxlan, linux", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x11") UDP_TO("\x21\x18") DATA,
	    W_UDP(14, 20, 4), .dport = 8472, .flags = PACKET_TUNNEL),
	ROW("geneve", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x11") UDP_TO("\x17\xc1") DATA,
	    W_UDP(14, 20, 4), .dport = 6081, .flags = PACKET_TUNNEL),
	ROW("gtp-u", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x11") UDP_TO("\x08\x68") DATA,
	    W_UDP(14, 20, 4), .dport = 2152, .flags = PACKET_TUNNEL),
	ROW("l2tp, answer", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x20", "\x11") UDP_FROM("\x06\xa5") DATA, W_UDP(14, 20, 4),
	    .sport = 1701, .dport = 40000, .flags = PACKET_TUNNEL),
	ROW("teredo", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x11") UDP_TO("\x0d\xd8") DATA,
	    W_UDP(14, 20, 4), .dport = 3544, .flags = PACKET_TUNNEL),
	ROW("not vxlan: its port is the source's", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x20", "\x11") UDP_FROM("\x12\xb5") DATA, W_UDP(14, 20, 4),
	    .sport = 4789, .dport = 40000),
	ROW("ip in ip", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x40", "\x04") TCP4, W_BARE(OTHER, 4, 44),
	    .flags = PACKET_TUNNEL),
	ROW("6in4", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x54", "\x29") TCP6, W_BARE(OTHER, 41, 64),
	    .flags = PACKET_TUNNEL),
	ROW("gre", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x44", "\x2f") "\0\0\x08\0" TCP4,
	    W_BARE(GRE, 47, 48), .flags = PACKET_TUNNEL),
	ROW("4in6", LINK_ETHERNET, ETH(T_IP6) IP6("\0\x2c", "\x04") TCP4, W_V6(OTHER, 4),
	    .l4_at = 54, .payload_at = 54, .payload_len = 44, .flags = PACKET_TUNNEL),

	/* other transports */
	ROW("sctp", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x24", "\x84") PORTS "\0\0\0\x01"
						   "\0\0\0\0"
						   "\x01\0\0\x04",
	    W_BARE(SCTP, 132, 4), .sport = 40000, .dport = 443, .payload_at = 46),
	ROW("dccp", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x28", "\x21") PORTS "\x04\0\0\0"
						   "\x05\0\0\x01"
						   "\0\0\0\0" DATA,
	    W_BARE(OTHER, 33, 4), .sport = 40000, .dport = 443, .payload_at = 50),
	ROW("dccp, offset too small", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x24", "\x21") PORTS "\x02\0\0\0"
						   "\x05\0\0\x01" DATA,
	    W_BARE(OTHER, 33, 0), .payload_at = 0, .outcome = UNPARSED_SHORT_TRANSPORT),
	ROW("udp-lite", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x20", "\x88") UDP("\0\x08") DATA,
	    W_BARE(OTHER, 136, 4), .sport = 40000, .dport = 443, .payload_at = 42),
	ROW("esp", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x18", "\x32") "\0\0\0\x01",
	    W_BARE(ESP, 50, 4)),
	ROW("ah", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x20", "\x33") "\x06\x01\0\0"
					     "\0\0\0\x01" DATA,
	    W_BARE(AH, 51, 12)),
	ROW("igmp with router alert", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x46", "\0\x20", "\0\0", "\x02") "\x94\x04\0\0"
							      "\x16\0\0\0"
							      "\xe0\0\0\xfb",
	    W_BARE(IGMP, 2, 8), .l4_at = 38, .payload_at = 38),
	ROW("ospf", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x18", "\x59") DATA, W_BARE(OTHER, 89, 4)),
	ROW("vrrp", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x18", "\x70") DATA, W_BARE(OTHER, 112, 4)),
	ROW("pim", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x18", "\x67") DATA, W_BARE(OTHER, 103, 4)),

	/* IPv4 */
	ROW("options", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x47", "\0\x34", "\0\0", "\x06") "\x44\x08\x05\0\0\0\0\0" TCP DATA,
	    W_TCP(14, 28, 4)),
	ROW("total length 0: segmented", LINK_ETHERNET, ETH(T_IP4) IP4("\0\0", "\x06") TCP DATA,
	    W_TCP(14, 20, 4)),
	ROW("total length beyond the frame", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\x05\xdc", "\x06") TCP DATA, W_TCP(14, 20, 4), .flags = PACKET_CUT),
	ROW("first fragment", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x45", "\0\x20", "\x20\0", "\x11") UDP("\x05\xdc") DATA,
	    W_UDP(14, 20, 4), .flags = PACKET_FRAGMENT),
	ROW("first fragment cuts the header", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x45", "\0\x24", "\x20\0", "\x06") PORTS "\0\0\0\0\0\0\0\0\x50\0\0\0",
	    W_TCP(14, 20, 0), .tcp_flags = 0, .payload_at = 0, .flags = PACKET_FRAGMENT),
	ROW("later fragment", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x45", "\0\x18", "\x20\x08", "\x11") DATA, W_BARE(UDP, 17, 4),
	    .flags = PACKET_FRAGMENT, .outcome = NOT_FLOW_LATER_FRAGMENT),
	ROW("last fragment", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x45", "\0\x18", "\0\x08", "\x06") DATA, W_BARE(TCP, 6, 4),
	    .flags = PACKET_FRAGMENT, .outcome = NOT_FLOW_LATER_FRAGMENT),
	ROW("ip length ends in the tcp header", LINK_ETHERNET, ETH(T_IP4) IP4("\0\x27", "\x06") TCP,
	    W_BARE(TCP, 6, 0), .payload_at = 0, .outcome = UNPARSED_SHORT_TRANSPORT),
	ROW("ip length ends in the tcp options", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x2a", "\x06") TCP_("\x60") "\0\0\0\0", W_BARE(TCP, 6, 0),
	    .payload_at = 0, .outcome = UNPARSED_SHORT_TRANSPORT),
	ROW("ip length ends in the udp header", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x1b", "\x11") UDP("\0\x08"), W_BARE(UDP, 17, 0), .payload_at = 0,
	    .outcome = UNPARSED_SHORT_TRANSPORT),
	ROW("tcp offset below 5 words", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x2c", "\x06") TCP_("\x40") DATA, W_BARE(TCP, 6, 0), .payload_at = 0,
	    .outcome = UNPARSED_BAD_TCP),
	ROW("bad version", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x55", "\0\x2c", "\0\0", "\x06") TCP DATA, .l3 = L3_IPV4, .l3_at = 14,
	    .outcome = UNPARSED_BAD_IPV4),
	ROW("bad header length", LINK_ETHERNET,
	    ETH(T_IP4) IP4_("\x44", "\0\x2c", "\0\0", "\x06") TCP DATA, .l3 = L3_IPV4, .l3_at = 14,
	    .outcome = UNPARSED_BAD_IPV4),
	ROW("total length below the header's", LINK_ETHERNET,
	    ETH(T_IP4) IP4("\0\x13", "\x06") TCP DATA, .l3 = L3_IPV4, .l3_at = 14,
	    .outcome = UNPARSED_BAD_IPV4),

	/* IPv6 */
	ROW("hop by hop", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x10", "\0") "\x3a\0\x05\x02\0\0\x01\0" ECHO6, W_V6(ICMPV6, 58),
	    .l4_at = 62, .payload_at = 70, .icmp = 0x8000),
	ROW("chain of extensions", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x50", "\0") "\x2b\0\x01\x04\0\0\0\0"
					   "\x3c\0\0\0\0\0\0\0"
					   "\x87\0\x01\x04\0\0\0\0"
					   "\x8b\x01\x01\x0c\0\0\0\0\0\0\0\0\0\0\0\0"
					   "\x8c\0\0\0\0\0\0\0"
					   "\x06\0\0\0\0\0\0\0" TCP DATA,
	    W_TCP(14, 96, 4), .l3 = L3_IPV6),
	ROW("ipv6 first fragment", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x14", "\x2c") "\x11\0\0\x01\0\0\0\x07" UDP("\x05\xdc") DATA,
	    W_UDP(14, 48, 4), .l3 = L3_IPV6, .flags = PACKET_FRAGMENT),
	ROW("ipv6 later fragment", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x0c", "\x2c") "\x11\0\x05\xa8\0\0\0\x07" DATA, W_V6(UDP, 17),
	    .l4_at = 62, .payload_at = 62, .payload_len = 4, .flags = PACKET_FRAGMENT,
	    .outcome = NOT_FLOW_LATER_FRAGMENT),
	ROW("ipv6 atomic fragment: none", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x20", "\x2c") "\x06\0\0\0\0\0\0\x07" TCP DATA, W_TCP(14, 48, 4),
	    .l3 = L3_IPV6),
	ROW("ipv6 atomic fragment, reserved bits set", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x20", "\x2c") "\x06\0\0\x06\0\0\0\x07" TCP DATA, W_TCP(14, 48, 4),
	    .l3 = L3_IPV6),
	ROW("ipv6 ah", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x0c", "\x33") "\x06\x01\0\0"
					     "\0\0\0\x01" DATA,
	    W_V6(AH, 51), .l4_at = 54, .payload_at = 54, .payload_len = 12),
	ROW("ipv6 esp", LINK_ETHERNET, ETH(T_IP6) IP6("\0\x04", "\x32") "\0\0\0\x01", W_V6(ESP, 50),
	    .l4_at = 54, .payload_at = 54, .payload_len = 4),
	ROW("ipv6 no next header", LINK_ETHERNET, ETH(T_IP6) IP6("\0\0", "\x3b") PADDING,
	    W_V6(OTHER, 59), .l4_at = 54, .payload_at = 54),
	ROW("jumbogram", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\0", "\0") "\x06\0\xc2\x04\0\x01\x11\x70" TCP DATA, W_TCP(14, 48, 4),
	    .l3 = L3_IPV6),
	ROW("ipv6 length 0: segmented", LINK_ETHERNET, ETH(T_IP6) IP6("\0\0", "\x06") TCP DATA,
	    W_TCP(14, 40, 4), .l3 = L3_IPV6),
	ROW("ipv6 length ends in an extension", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x07", "\0") "\x06\0\x01\x04\0\0\0\0" TCP, .l3 = L3_IPV6, .l3_at = 14,
	    .outcome = UNPARSED_SHORT_EXTENSION),
	ROW("ipv6 length ends in tcp", LINK_ETHERNET, ETH(T_IP6) IP6("\0\x13", "\x06") TCP,
	    W_V6(TCP, 6), .l4_at = 54, .outcome = UNPARSED_SHORT_TRANSPORT),
	ROW("ipv6 extension longer than the packet", LINK_ETHERNET,
	    ETH(T_IP6) IP6("\0\x1c", "\0") "\x06\xff\x01\x04\0\0\0\0" TCP, W_V6(TCP, 6),
	    .l4_at = 54 + 2048, .outcome = UNPARSED_SHORT_TRANSPORT),
	ROW("ipv6 bad version", LINK_ETHERNET, ETH(T_IP6) "\x40" TCP6,
	    .outcome = UNPARSED_BAD_IPV6),

	/* what stands between Ethernet and IP */
	ROW("vlan", LINK_ETHERNET, ETH(T_VLAN) "\xe0\x7b" T_IP4 TCP4, W_TCP(18, 20, 4), .vlan = 123,
	    .flags = PACKET_VLAN),
	ROW("vlan, ipv6", LINK_ETHERNET, ETH(T_VLAN) "\0\x7b" T_IP6 TCP6, W_TCP(18, 40, 4),
	    .l3 = L3_IPV6, .vlan = 123, .flags = PACKET_VLAN),
	ROW("802.1ad, 802.1q", LINK_ETHERNET, ETH("\x88\xa8") "\0\x0a" T_VLAN "\0\x14" T_IP4 UDP4,
	    W_UDP(22, 20, 4), .vlan = 10, .flags = PACKET_VLAN),
	ROW("old service tag", LINK_ETHERNET, ETH("\x91\0") "\x0f\xff" T_VLAN "\0\x14" T_IP4 UDP4,
	    W_UDP(22, 20, 4), .vlan = 4095, .flags = PACKET_VLAN),
	ROW("priority tag, then vlan", LINK_ETHERNET,
	    ETH(T_VLAN) "\xa0\0" T_VLAN "\0\x05" T_IP4 TCP4, W_TCP(22, 20, 4),
	    .flags = PACKET_VLAN),
	ROW("vn-tag", LINK_ETHERNET, ETH("\x89\x26") "\0\x01\0\x02" T_IP4 TCP4, W_TCP(20, 20, 4)),
	ROW("backbone", LINK_ETHERNET,
	    ETH("\x88\xa8") "\0\x0a"
			    "\x88\xe7"
			    "\0\0\0\x01" ETH(T_IP4) TCP4,
	    W_TCP(36, 20, 4), .vlan = 10, .flags = PACKET_VLAN),
	ROW("mpls, two labels", LINK_ETHERNET,
	    ETH(T_MPLS) "\0\x01\0\x40"
			"\0\x02\x01\x40" TCP4,
	    W_TCP(22, 20, 4)),
	ROW("mpls, ipv6", LINK_ETHERNET, ETH("\x88\x48") "\0\x02\x01\x40" TCP6, W_TCP(18, 40, 4),
	    .l3 = L3_IPV6),
	ROW("mpls, pseudowire", LINK_ETHERNET,
	    ETH(T_MPLS) "\0\x02\x01\x40"
			"\0\0\0\0" ETH(T_IP4) TCP4,
	    W_TCP(36, 20, 4)),
	ROW("mpls, pseudowire without control word", LINK_ETHERNET,
	    ETH(T_MPLS) "\0\x02\x01\x40" ETH(T_IP4) TCP4, W_TCP(32, 20, 4)),
	ROW("mpls, something else", LINK_ETHERNET,
	    ETH(T_MPLS) "\0\x02\x01\x40"
			"\x10\0\0\x07"
			"0123456789abcdef",
	    .outcome = NOT_FLOW_NON_IP),
	ROW("pppoe", LINK_ETHERNET,
	    ETH(T_PPPOE) "\x11\0\0\x01\0\x2e"
			 "\0\x21" TCP4,
	    W_TCP(22, 20, 4)),
	ROW("pppoe in vlans, ipv6", LINK_ETHERNET,
	    ETH(T_VLAN) "\0\x07" T_VLAN "\0\x08" T_PPPOE "\x11\0\0\x01\0\x42"
			"\0\x57" TCP6,
	    W_TCP(30, 40, 4), .l3 = L3_IPV6, .vlan = 7, .flags = PACKET_VLAN),
	ROW("pppoe, lcp", LINK_ETHERNET,
	    ETH(T_PPPOE) "\x11\0\0\x01\0\x06"
			 "\xc0\x21" DATA,
	    .outcome = NOT_FLOW_NON_IP),
	ROW("pppoe, not data", LINK_ETHERNET,
	    ETH(T_PPPOE) "\x11\xa7\0\x01\0\x06"
			 "\0\x21" TCP4,
	    .outcome = NOT_FLOW_NON_IP),
	ROW("snap", LINK_ETHERNET, ETH("\0\x34") "\xaa\xaa\x03\0\0\0" T_IP4 TCP4, W_TCP(22, 20, 4)),
	ROW("snap, 802.1h", LINK_ETHERNET, ETH("\0\x34") "\xaa\xaa\x03\0\0\xf8" T_IP4 TCP4,
	    W_TCP(22, 20, 4)),
	ROW("snap, cisco", LINK_ETHERNET, ETH("\0\x34") "\xaa\xaa\x03\0\0\x0c" T_IP4 TCP4,
	    .outcome = NOT_FLOW_NON_IP),
	ROW("llc, spanning tree", LINK_ETHERNET, ETH("\0\x07") "\x42\x42\x03" DATA,
	    .outcome = NOT_FLOW_NON_IP),
	ROW("arp", LINK_ETHERNET, ETH("\x08\x06") "\0\x01\x08\0\x06\x04\0\x01", .l3 = L3_ARP,
	    .l3_at = 14, .outcome = NOT_FLOW_ARP),
	ROW("rarp in vlan", LINK_ETHERNET,
	    ETH(T_VLAN) "\0\x05"
			"\x80\x35"
			"\0\x01\x08\0",
	    .l3 = L3_ARP, .l3_at = 18, .vlan = 5, .flags = PACKET_VLAN, .outcome = NOT_FLOW_ARP),
	ROW("lldp", LINK_ETHERNET, ETH("\x88\xcc") DATA, .outcome = NOT_FLOW_NON_IP),

	/* other links */
	ROW("raw", LINK_RAW, TCP4, W_TCP(0, 20, 4)),
	ROW("raw, ipv6", LINK_RAW_FILE, TCP6, W_TCP(0, 40, 4), .l3 = L3_IPV6),
	ROW("raw, neither", LINK_RAW, "\x10" DATA, .outcome = NOT_FLOW_NON_IP),
	ROW("ipv4", LINK_IPV4, TCP4, W_TCP(0, 20, 4)),
	ROW("ipv6", LINK_IPV6, TCP6, W_TCP(0, 40, 4), .l3 = L3_IPV6),
	ROW("null, little endian", LINK_NULL, "\x02\0\0\0" TCP4, W_TCP(4, 20, 4)),
	ROW("null, big endian", LINK_NULL, "\0\0\0\x02" TCP4, W_TCP(4, 20, 4)),
	ROW("null, darwin's ipv6", LINK_NULL, "\x1e\0\0\0" TCP6, W_TCP(4, 40, 4), .l3 = L3_IPV6),
	ROW("loop, openbsd's ipv6", LINK_LOOP, "\0\0\0\x18" TCP6, W_TCP(4, 40, 4), .l3 = L3_IPV6),
	ROW("null, another family", LINK_NULL, "\x07\0\0\0" TCP4, .outcome = NOT_FLOW_NON_IP),
	ROW("cooked", LINK_SLL, "\0\0\0\x01\0\x06\0\0\0\0\0\x0a\0\0" T_IP4 UDP4, W_UDP(16, 20, 4)),
	ROW("cooked, vlan", LINK_SLL,
	    "\0\0\0\x01\0\x06\0\0\0\0\0\x0a\0\0" T_VLAN "\0\x05" T_IP4 UDP4, W_UDP(20, 20, 4),
	    .vlan = 5, .flags = PACKET_VLAN),
	ROW("cooked, llc", LINK_SLL,
	    "\0\0\0\x01\0\x06\0\0\0\0\0\x0a\0\0"
	    "\0\x04"
	    "\x42\x42\x03" DATA,
	    .outcome = NOT_FLOW_NON_IP),
	ROW("cooked, netlink", LINK_SLL, "\0\0\x03\x38\0\0\0\0\0\0\0\0\0\0" T_IP4 UDP4,
	    .outcome = NOT_FLOW_NON_IP),
	ROW("cooked 2", LINK_SLL2, T_IP6 "\0\0\0\0\0\x02\0\x01\x04\x06\0\0\0\0\0\x0a\0\0" TCP6,
	    W_TCP(20, 40, 4), .l3 = L3_IPV6),
	ROW("cooked 2, arp", LINK_SLL2, "\x08\x06\0\0\0\0\0\x02\0\x01\0\x06\0\0\0\0\0\x0a\0\0" DATA,
	    .l3 = L3_ARP, .l3_at = 20, .outcome = NOT_FLOW_ARP),
	ROW("ppp", LINK_PPP, "\xff\x03\0\x21" TCP4, W_TCP(4, 20, 4)),
	ROW("ppp without address", LINK_PPP, "\0\x57" TCP6, W_TCP(2, 40, 4), .l3 = L3_IPV6),
	ROW("ppp, protocol in a byte", LINK_PPP, "\x21" TCP4, W_TCP(1, 20, 4)),
	ROW("ppp, mpls", LINK_PPP,
	    "\x02\x81"
	    "\0\x02\x01\x40" TCP4,
	    W_TCP(6, 20, 4)),
	ROW("ppp with direction", LINK_PPP_WITH_DIRECTION, "\x01\xff\x03\0\x21" TCP4,
	    W_TCP(5, 20, 4)),
	ROW("ppp, serial", LINK_PPP_SERIAL, "\xff\x03\0\x21" TCP4, W_TCP(4, 20, 4)),
	ROW("pppoe alone", LINK_PPP_ETHER,
	    "\x11\0\0\x01\0\x2e"
	    "\0\x21" TCP4,
	    W_TCP(8, 20, 4)),
	ROW("cisco hdlc", LINK_C_HDLC, "\x0f\0" T_IP4 TCP4, W_TCP(4, 20, 4)),
	ROW("wireless: not ours", 105, TCP4, .outcome = UNPARSED_UNKNOWN_LINK),
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(*rows) };

/* ---- helpers ---- */

/* The first `len` bytes of the row's packet, in memory of just that size. */
static __u8 *exact_copy(const struct row *row, size_t len)
{
	__u8 *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, row->bytes, len);
	return copy;
}

static void window_parse(__u32 link, const __u8 *data, __u32 caplen, __u32 wire_len,
			 struct packet *p)
{
	struct headers h = {.caplen = caplen, .wire_len = wire_len};

	h.len = caplen < HEADERS_WINDOW ? caplen : HEADERS_WINDOW;
	memcpy(h.bytes, data, h.len);
	parse_chain(&h, link, p);
}

static int is_cut(__u8 outcome)
{
	return outcome == UNPARSED_SHORT_LINK || outcome == UNPARSED_SHORT_IPV4 ||
	       outcome == UNPARSED_SHORT_IPV6 || outcome == UNPARSED_SHORT_EXTENSION ||
	       outcome == UNPARSED_SHORT_TRANSPORT;
}

static void check(const struct row *row, const char *what, long got, long want)
{
	if (got != want)
		fail_msg("%s: %s is %ld, not %ld", row->name, what, got, want);
}

static void check_addresses(const struct row *row, const struct packet *p)
{
	__u8 source[16], destination[16];
	int none = p->outcome == UNPARSED_BAD_IPV4 || (p->l3 != L3_IPV4 && p->l3 != L3_IPV6);

	memset(source, 0, 16);
	memset(destination, 0, 16);
	if (!none) {
		int v4 = p->l3 == L3_IPV4;

		inet_pton(AF_INET6, v4 ? "::ffff:10.1.2.3" : "2001:db8::1", source);
		inet_pton(AF_INET6, v4 ? "::ffff:10.4.5.6" : "2001:db8::2", destination);
		check(row, "family", p->key.family, v4 ? 4 : 6);
		check(row, "ttl", p->ttl, 64);
	}
	assert_memory_equal(p->key.saddr, source, 16);
	assert_memory_equal(p->key.daddr, destination, 16);
}

static void check_row(const struct row *row, const struct packet *p)
{
	const struct want *w = &row->want;

	check(row, "outcome", p->outcome, w->outcome);
	check(row, "l3", p->l3, w->l3);
	check(row, "transport", p->transport, w->transport);
	check(row, "protocol", p->key.proto, w->proto);
	check(row, "flags", p->flags, w->flags);
	check(row, "TCP flags", p->tcp_flags, w->tcp_flags);
	check(row, "source port", ntohs(p->key.sport), w->sport);
	check(row, "destination port", ntohs(p->key.dport), w->dport);
	check(row, "VLAN", p->key.link, w->vlan);
	check(row, "interface", p->key.ifindex, 0);
	check(row, "l3_offset", p->l3_offset, w->l3_at);
	check(row, "l4_offset", p->l4_offset, w->l4_at);
	check(row, "payload_offset", p->payload_offset, w->payload_at);
	check(row, "payload_len", p->payload_len, w->payload_len);
	check(row, "ICMP", p->icmp_type << 8 | p->icmp_code, w->icmp);
	check(row, "sequence number", p->tcp_seq, w->tcp_flags ? 0x01020304 : 0);
	check(row, "acknowledgement", p->tcp_ack, w->tcp_flags ? 0x05060708 : 0);
	check_addresses(row, p);
}

/* ---- tests ---- */

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		__u8 *data = exact_copy(row, row->len);
		struct packet p, chain, plain;

		memset(&p, 0xa5, sizeof(p));
		memset(&chain, 0x5a, sizeof(chain));
		check(row, "answer", parse_frame(row->link, data, row->len, row->len, &p),
		      row->want.outcome);
		check_row(row, &p);
		window_parse(row->link, data, row->len, row->len, &chain);
		assert_memory_equal(&p, &chain, sizeof(p));
		if (row->want.plain)
			check(row, "parse_plain",
			      parse_plain(data, data + row->len, row->len, &plain), 1);
		free(data);
	}
}

#define CHECK_REACHED(field)                                                        \
	if (cut->field && cut->field != whole->field)                               \
	fail_msg("%s, cut at %zu: " #field " is %lu, not %lu or 0", row->name, len, \
		 (unsigned long)cut->field, (unsigned long)whole->field)

static void check_cut(const struct row *row, size_t len, const struct packet *cut,
		      const struct packet *whole)
{
	static const __u8 nothing[16];

	if (cut->outcome != whole->outcome && !is_cut(cut->outcome))
		fail_msg("%s, cut at %zu: outcome %d", row->name, len, cut->outcome);
	if (memcmp(cut->key.saddr, nothing, 16))
		assert_memory_equal(cut->key.saddr, whole->key.saddr, 16);
	if (memcmp(cut->key.daddr, nothing, 16))
		assert_memory_equal(cut->key.daddr, whole->key.daddr, 16);
	if (cut->flags & ~(whole->flags | PACKET_CUT))
		fail_msg("%s, cut at %zu: flags %x", row->name, len, cut->flags);
	if (cut->outcome == OUTCOME_FLOW)
		assert_memory_equal(&cut->key, &whole->key, sizeof(cut->key));
	CHECK_REACHED(key.sport);
	CHECK_REACHED(key.dport);
	CHECK_REACHED(key.link);
	CHECK_REACHED(key.proto);
	CHECK_REACHED(key.family);
	CHECK_REACHED(l3_offset);
	CHECK_REACHED(l4_offset);
	CHECK_REACHED(payload_offset);
	CHECK_REACHED(payload_len);
	CHECK_REACHED(tcp_seq);
	CHECK_REACHED(tcp_ack);
	CHECK_REACHED(l3);
	CHECK_REACHED(transport);
	CHECK_REACHED(tcp_flags);
	CHECK_REACHED(icmp_type);
	CHECK_REACHED(icmp_code);
	CHECK_REACHED(ttl);
}

/* The capture ended early, as with a short snaplen. */
static void test_cut_captures(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct packet whole, cut;

		parse_frame(row->link, (const __u8 *)row->bytes, row->len, row->len, &whole);
		for (size_t len = 0; len < row->len && whole.outcome < OUTCOME_UNPARSED; len++) {
			__u8 *data = exact_copy(row, len);

			parse_frame(row->link, data, len, row->len, &cut);
			check_cut(row, len, &cut, &whole);
			free(data);
		}
	}
}

/* The frame itself is short: whatever IP says of its length. */
static void test_cut_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t len = 0; len < rows[i].len; len++) {
			__u8 *data = exact_copy(&rows[i], len);
			struct packet p, chain;

			parse_frame(rows[i].link, data, len, len, &p);
			window_parse(rows[i].link, data, len, len, &chain);
			assert_memory_equal(&p, &chain, sizeof(p));
			if (p.payload_len && p.payload_offset + p.payload_len > len)
				fail_msg("%s, cut at %zu: payload beyond it", rows[i].name, len);
			free(data);
		}
	}
}

/* In the kernel only the first part of a packet may be in direct reach. */
static void test_short_reach(void **state)
{
	int accepted = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		for (size_t len = sizeof(struct wire_ethernet); len < row->len; len++) {
			__u8 *data = exact_copy(row, len);
			struct packet plain, chain;

			if (row->link == LINK_ETHERNET &&
			    parse_plain(data, data + len, row->len, &plain)) {
				window_parse(row->link, (const __u8 *)row->bytes, row->len,
					     row->len, &chain);
				assert_memory_equal(&plain, &chain, sizeof(plain));
				accepted++;
			}
			free(data);
		}
	}
	assert_true(accepted > 0);
}

/* Every byte of every packet is damaged in turn: both ways still agree. */
static void test_damage(void **state)
{
	static const __u8 flips[] = {0x01, 0x02, 0x04, 0x10, 0x40, 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		__u32 len = rows[i].len;
		__u8 *data = exact_copy(&rows[i], len);
		struct packet p, chain;

		for (size_t at = 0; at < len * sizeof(flips); at++) {
			data[at / sizeof(flips)] ^= flips[at % sizeof(flips)];
			parse_frame(rows[i].link, data, len, len, &p);
			window_parse(rows[i].link, data, len, len, &chain);
			assert_memory_equal(&p, &chain, sizeof(p));
			assert_true(p.payload_len <= len);
			data[at / sizeof(flips)] ^= flips[at % sizeof(flips)];
		}
		free(data);
	}
}

/* Ethernet, `tags` VLAN tags, `labels` MPLS labels, IPv4 and TCP. */
static int tags_parse(int tags, int labels, struct packet *p)
{
	__u8 frame[512] = {0};
	__u32 len = 12;

	for (int i = 0; i < tags; i++, len += 4)
		memcpy(frame + len, T_VLAN "\0\x05", 4);
	memcpy(frame + len, labels ? T_MPLS : T_IP4, 2);
	len += 2;
	for (int i = 1; i <= labels; i++, len += 4)
		memcpy(frame + len, i == labels ? "\0\x01\x01\x40" : "\0\x01\0\x40", 4);
	memcpy(frame + len, TCP4, sizeof(TCP4) - 1);
	len += sizeof(TCP4) - 1;
	return parse_frame(LINK_ETHERNET, frame, len, len, p);
}

static void test_deep_tags(void **state)
{
	struct packet p;

	(void)state;
	assert_int_equal(tags_parse(8, 8, &p), OUTCOME_FLOW);
	assert_int_equal(p.l3_offset, 14 + 16 * 4);
	assert_int_equal(tags_parse(LINK_STEPS - 2, 0, &p), OUTCOME_FLOW);
	assert_int_equal(tags_parse(LINK_STEPS, 0, &p), UNPARSED_DEEP_TAGS);
	assert_int_equal(tags_parse(0, LINK_STEPS, &p), UNPARSED_DEEP_TAGS);
	assert_int_equal(p.l3, L3_OTHER);
	assert_int_equal(p.l3_offset, 0);
}

/* IPv6 with `n` destination options of `words` times 8 octets each, and TCP. */
static int extensions_parse(int n, int words, struct packet *p)
{
	__u8 frame[1024] = {0};
	__u32 at = 54, len;

	memcpy(frame, ETH(T_IP6) IP6("\0\0", "\x3c"), 54);
	for (int i = 1; i <= n; i++, at += words * 8) {
		frame[at] = i == n ? 6 : 60;
		frame[at + 1] = words - 1;
	}
	memcpy(frame + at, TCP DATA, 24);
	len = at + 24;
	frame[18] = (len - 54) >> 8;
	frame[19] = (len - 54) & 0xff;
	return parse_frame(LINK_ETHERNET, frame, len, len, p);
}

static void test_deep_extensions(void **state)
{
	struct packet p;

	(void)state;
	assert_int_equal(extensions_parse(EXTENSION_STEPS, 1, &p), OUTCOME_FLOW);
	assert_int_equal(p.l4_offset, 54 + EXTENSION_STEPS * 8);
	assert_int_equal(extensions_parse(EXTENSION_STEPS + 1, 1, &p), UNPARSED_DEEP_EXTENSIONS);
	assert_int_equal(p.l3, L3_IPV6);
	assert_int_equal(p.l4_offset, 0);
	/* beyond the window: the next extension, and the transport */
	assert_int_equal(extensions_parse(2, 30, &p), UNPARSED_DEEP_EXTENSIONS);
	assert_int_equal(extensions_parse(1, 30, &p), UNPARSED_SHORT_TRANSPORT);
	assert_int_equal(p.transport, TRANSPORT_TCP);
	assert_int_equal(p.key.sport, 0);
}

/* Snapped and whole captures of a packet longer than the window give the same fields. */
static void test_long_packet(void **state)
{
	const __u32 len = 14 + 1500;
	__u8 *frame = calloc(1, len);
	struct packet whole, cut;

	(void)state;
	assert_non_null(frame);
	memcpy(frame, ETH(T_IP4) IP4("\x05\xdc", "\x06") TCP, 54);
	assert_int_equal(parse_frame(LINK_ETHERNET, frame, len, len, &whole), OUTCOME_FLOW);
	assert_int_equal(whole.payload_len, 1460);
	assert_int_equal(parse_frame(LINK_ETHERNET, frame, 96, len, &cut), OUTCOME_FLOW);
	assert_int_equal(cut.flags, PACKET_CUT);
	cut.flags = 0;
	assert_memory_equal(&cut, &whole, sizeof(cut));
	/* a file may claim less on the wire than it holds */
	assert_int_equal(parse_frame(LINK_ETHERNET, frame, len, 60, &cut), OUTCOME_FLOW);
	assert_memory_equal(&cut, &whole, sizeof(cut));
	free(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_captures),
		cmocka_unit_test(test_cut_frames),
		cmocka_unit_test(test_short_reach),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_deep_tags),
		cmocka_unit_test(test_deep_extensions),
		cmocka_unit_test(test_long_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
