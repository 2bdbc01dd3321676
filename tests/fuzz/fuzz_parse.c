// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: any frame of any link type, captured whole or in part. No byte beyond the capture is
 * read, what parse_plain accepts parse_chain reads alike, enums stay in range, and no payload
 * reaches beyond the frame.
 * Input: link type, octets of the frame that were not captured, then the captured ones.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xdplens/parse.h"

enum { HEAD = 3 };

static const uint32_t links[] = {
	LINK_ETHERNET,	LINK_NULL,   LINK_PPP,	LINK_RAW, LINK_PPP_SERIAL,
	LINK_PPP_ETHER, LINK_C_HDLC, LINK_LOOP, LINK_SLL, LINK_PPP_WITH_DIRECTION,
	LINK_IPV4,	LINK_IPV6,   LINK_SLL2, 105,
};

static void check(int right)
{
	if (!right)
		abort();
}

static void check_packet(const struct packet *p, uint32_t wire_len)
{
	int is_ip = p->l3 == L3_IPV4 || p->l3 == L3_IPV6;

	check(p->l3 < L3_COUNT && p->transport < TRANSPORT_COUNT && p->outcome < OUTCOME_COUNT);
	check(is_ip || (!p->key.family && !p->key.proto && !p->transport));
	check(p->outcome != OUTCOME_FLOW || is_ip);
	check(p->outcome == OUTCOME_FLOW || (!p->key.sport && !p->key.dport));
	check(!p->payload_len || p->payload_offset + p->payload_len <= wire_len);
	check(!(p->key.link & ~FLOW_VLAN_MASK) && !p->key.ifindex && !p->pad);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct headers window = {0};
	struct packet frame, chain;
	uint32_t link;

	if (size < HEAD || size > HEAD + UINT16_MAX)
		return 0;
	link = links[data[0] % (sizeof(links) / sizeof(*links))];
	window.caplen = size - HEAD;
	window.wire_len = window.caplen + (data[1] << 8 | data[2]);
	window.len = window.caplen < HEADERS_WINDOW ? window.caplen : HEADERS_WINDOW;
	data += HEAD;
	memcpy(window.bytes, data, window.len);

	check(parse_chain(&window, link, &chain) == chain.outcome);
	check(parse_frame(link, data, window.caplen, window.wire_len, &frame) == frame.outcome);
	check(!memcmp(&frame, &chain, sizeof(frame)));
	check_packet(&frame, window.wire_len);
	if (link == LINK_ETHERNET &&
	    parse_plain(data, data + window.caplen, window.caplen, &frame)) {
		window.wire_len = window.caplen;
		parse_chain(&window, link, &chain);
		check(!memcmp(&frame, &chain, sizeof(frame)));
	}
	return 0;
}
