/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A copied packet's frame as it is on the wire: a VLAN tag that the kernel took out is back. */
#ifndef XDPLENS_FRAME_H
#define XDPLENS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "xdplens/detector.h"

enum {
	FRAME_ADDRESSES = 12, /* octets before a VLAN tag */
	FRAME_TAG = 4,
};

/* Whether frame_copy puts a tag into the frame. */
bool frame_lacks_tag(const struct event *event);

/* Copies the frame, at most `most` octets. Returns how many. */
uint32_t frame_copy(void *to, const struct event *event, uint32_t most);

#endif
