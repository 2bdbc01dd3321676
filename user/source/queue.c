// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The reading end of a queue of flows, in memory shared with the programs that write it. */
#include "source/queue.h"

uint32_t queue_told(const struct queue *q)
{
	int32_t n = __atomic_load_n(&q->ends->told, __ATOMIC_ACQUIRE) - q->ends->tail;

	return n > 0 ? n : 0; /* what was left at a cut had not all been told */
}

uint32_t queue_left(const struct queue *q)
{
	return __atomic_load_n(&q->ends->head, __ATOMIC_ACQUIRE) - q->ends->tail;
}

double queue_fill(const struct queue *q)
{
	return (double)queue_told(q) / q->size;
}

const struct flow_slot *queue_at(const struct queue *q, uint32_t i)
{
	return &q->slots[(q->ends->tail + i) & (q->size - 1)];
}

void queue_release(struct queue *q, uint32_t n)
{
	__atomic_store_n(&q->ends->tail, q->ends->tail + n, __ATOMIC_RELEASE);
}
