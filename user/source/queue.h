/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reading end of a queue of flows: see struct flow_queue. */
#ifndef XDPLENS_QUEUE_H
#define XDPLENS_QUEUE_H

#include <stdint.h>

#include "xdplens/event.h"

struct queue {
	struct flow_queue *ends;
	const struct flow_slot *slots;
	uint32_t size; /* of slots, a power of two */
};

/* How many wait that can be read while programs write on. */
uint32_t queue_told(const struct queue *q);
/* How many wait, once no program writes any more. */
uint32_t queue_left(const struct queue *q);
/* Of its slots, the part that waits. */
double queue_fill(const struct queue *q);
/* The i-th that waits. It stays as it is until released. */
const struct flow_slot *queue_at(const struct queue *q, uint32_t i);
/* The first `n` that wait have been read. */
void queue_release(struct queue *q, uint32_t n);

#endif
