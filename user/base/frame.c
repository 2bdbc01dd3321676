// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames as on the wire: see frame.h. Between a copied event and whoever keeps or judges it. */
#include "base/frame.h"

#include <pcap/dlt.h>
#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

bool frame_lacks_tag(const struct event *e)
{
	return e->tag_stripped && e->linktype == DLT_EN10MB && e->caplen >= FRAME_ADDRESSES;
}

uint32_t frame_copy(void *to, const struct event *e, uint32_t most)
{
	uint16_t vlan = e->packet->key.link & FLOW_VLAN_MASK;
	const uint8_t tag[FRAME_TAG] = {0x81, 0, vlan >> 8, vlan}; /* IEEE 802.1Q, 9.5 */
	uint32_t head = FRAME_ADDRESSES + FRAME_TAG, rest;

	if (!frame_lacks_tag(e) || most < head) {
		rest = least(e->caplen, most);
		memcpy(to, e->data, rest);
		return rest;
	}
	rest = least(e->caplen - FRAME_ADDRESSES, most - head);
	memcpy(to, e->data, FRAME_ADDRESSES);
	memcpy((uint8_t *)to + FRAME_ADDRESSES, tag, FRAME_TAG);
	memcpy((uint8_t *)to + head, e->data + FRAME_ADDRESSES, rest);
	return head + rest;
}
