/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of the rings, checked, as events and flow deltas. */
#ifndef XDPLENS_DECODE_H
#define XDPLENS_DECODE_H

#include "source/clock.h"
#include "xdplens/detector.h"

/*
 * A packet record of `len` bytes as an event; `packet` is filled by parsing the bytes again, and
 * the event points to it and into the record. 0, or -EBADMSG where the record contradicts itself.
 */
int decode_packet(const void *data, size_t len, const struct clock *clock, struct packet *packet,
		  struct event *event);
/*
 * The same without a look at the bytes, for who only stores them: of `bare` the interface, the
 * direction and the VLAN tag are filled in.
 */
int decode_sample(const void *data, size_t len, const struct clock *clock, struct packet *bare,
		  struct event *event);
/* What an `app` and a `grade` say; of a flow of which nothing was seen, what its ports suggest. */
struct verdict decode_verdict(uint8_t app, uint8_t grade, uint8_t transport, uint16_t sport,
			      uint16_t dport);
/* A slot of the cache or a queue; the delta's key points into it. 0 or -EBADMSG. */
int decode_slot(const struct flow_slot *slot, const struct clock *clock, struct flow_delta *delta);

#endif
