// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The reading end of a ring of packets, in memory shared with the programs that write it. */
#include "source/ring.h"

#include <stdatomic.h>

void ring_begin(struct ring *r, uint64_t at)
{
	r->at = at;
	r->ends->head = 2 * at;
	r->ends->tail = at;
}

void ring_look(struct ring *r)
{
	r->looked = __atomic_load_n(&r->ends->head, __ATOMIC_ACQUIRE) / 2;
}

bool ring_all_bare(const struct ring *r)
{
	return __atomic_load_n(&r->ends->full, __ATOMIC_RELAXED) == r->full;
}

void *ring_span(const struct ring *r, size_t *octets, uint64_t *until)
{
	unsigned char *first = ring_place(r);
	uint64_t in = r->at % RING_CHUNK, ended;

	if (r->looked <= r->at)
		return NULL;
	*until = r->looked;
	*octets = r->looked - r->at;
	if (!ring_is_last(r->at, r->looked))
		return first;
	memcpy(&ended, first - in + RING_ENDED, sizeof(ended));
	*octets = ended - in;
	*until = ring_after(r->at, *octets);
	return ended > in && ended <= RING_ENDED ? first : NULL;
}

void ring_lend(struct ring *r, uint64_t until)
{
	r->at = until;
	r->lent = until;
}

void ring_release(struct ring *r)
{
	uint64_t returned = atomic_load_explicit(&r->returned, memory_order_acquire);
	uint64_t tail = returned == r->lent ? r->at : returned;

	if (tail != r->ends->tail)
		__atomic_store_n(&r->ends->tail, tail, __ATOMIC_RELEASE);
}

uint64_t ring_waiting(const struct ring *r)
{
	return __atomic_load_n(&r->ends->head, __ATOMIC_ACQUIRE) / 2 - r->at;
}

uint64_t ring_pending(const struct ring *r)
{
	return __atomic_load_n(&r->ends->head, __ATOMIC_ACQUIRE) / 2 - r->ends->tail;
}
