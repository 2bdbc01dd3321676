/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A copied skb that stands for several frames, as those frames. */
#ifndef XDPLENS_SEGMENT_H
#define XDPLENS_SEGMENT_H

#include "xdplens/detector.h"

/*
 * Hands each frame that `whole` is sent as to `take`, with the headers that segmentation gives it
 * (lengths, IP identification, TCP sequence number and flags; checksums are left to the device and
 * stand at 0). Payload that was not copied is missing from the frame's captured bytes.
 * gso_size: payload octets a frame. Returns false where the headers cannot be cut.
 */
bool segment_event(const struct event *whole, uint32_t gso_size,
		   void (*take)(void *arg, const struct event *frame), void *arg);

#endif
