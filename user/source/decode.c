// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records of the rings, checked, as events and flow deltas. After the rings, before anything is
 * believed: lengths and every value that is used as an index are looked at here.
 */
#include "source/decode.h"

#include <errno.h>
#include <string.h>

#include "xdplens/classify/verdict.h"
#include "xdplens/parse.h"

struct verdict decode_verdict(uint8_t app, uint8_t grade, uint8_t transport, uint16_t sport,
			      uint16_t dport)
{
	unsigned security = (grade & SLOT_SECURITY) >> SLOT_SECURITY_SHIFT;
	struct verdict v = {
		.app = app < APP_COUNT ? app : APP_OTHER,
		.sure = grade & SLOT_SURE,
		.security = security < SECURITY_COUNT ? security : SECURITY_UNKNOWN,
	};
	uint32_t guess = v.sure ? 0 : classify_port(transport, sport, dport);

	return guess ? verdict_unpack(guess) : v;
}

/* Copies what stands before the frame, which may be at any address. */
static bool decode_head(const void *data, size_t len, struct packet_record *r)
{
	if (len < sizeof(*r))
		return false;
	memcpy(r, data, sizeof(*r));
	r->caplen &= ~RECORD_FULL;
	return r->caplen && r->caplen <= len - sizeof(*r) && r->wire_len >= r->caplen;
}

/* One field after the other: to clear the whole first takes a seventh of a capture's time. */
static void decode_event(const struct packet_record *r, const void *frame,
			 const struct clock *clock, const struct packet *packet,
			 struct event *event)
{
	event->ts = clock_epoch(clock, r->ns);
	event->packet = packet;
	event->data = frame;
	event->caplen = r->caplen;
	event->wire_len = r->wire_len;
	event->linktype = LINK_ETHERNET;
	event->segments = r->segments ? r->segments : 1;
	event->why = r->why;
	event->tag_stripped = r->tag_stripped;
	event->verdict = (struct verdict){0};
	event->cgroup = r->cgroup;
	event->owner = 0;
	event->interface = NULL;
	event->dns_latency_ms = -1;
	event->dns_malformed = false;
}

int decode_sample(const void *data, size_t len, const struct clock *clock, struct packet *bare,
		  struct event *event)
{
	struct packet_record r;

	if (!decode_head(data, len, &r))
		return -EBADMSG;
	bare->key.ifindex = r.ifindex;
	bare->key.link = r.link;
	decode_event(&r, (const char *)data + sizeof(r), clock, bare, event);
	return 0;
}

int decode_packet(const void *data, size_t len, const struct clock *clock, struct packet *packet,
		  struct event *event)
{
	const unsigned char *frame = (const unsigned char *)data + sizeof(struct packet_record);
	struct packet_record r;

	if (!decode_head(data, len, &r))
		return -EBADMSG;
	parse_frame(LINK_ETHERNET, frame, r.caplen, r.wire_len, packet);
	packet->key.ifindex = r.ifindex;
	if (r.tag_stripped) {
		packet->key.link = r.link;
		packet->flags |= PACKET_VLAN;
	} else {
		packet->key.link |= r.link & FLOW_EGRESS;
	}
	decode_event(&r, frame, clock, packet, event);
	event->verdict = decode_verdict(r.app, r.grade, packet->transport, packet->key.sport,
					packet->key.dport);
	return 0;
}

int decode_slot(const struct flow_slot *slot, const struct clock *clock, struct flow_delta *delta)
{
	if (!slot->packets || (slot->key.family != 4 && slot->key.family != 6))
		return -EBADMSG;
	*delta = (struct flow_delta){
		.key = &slot->key,
		.first = clock_jiffies(clock, slot->first),
		.last = clock_jiffies(clock, slot->last),
		.packets = slot->packets,
		.bytes = slot->bytes,
		.tcp_flags = slot->tcp_flags,
		.verdict = decode_verdict(slot->app, slot->grade, transport_of(slot->key.proto),
					  slot->key.sport, slot->key.dport),
		.listed = slot->grade & SLOT_LISTED,
	};
	return 0;
}
