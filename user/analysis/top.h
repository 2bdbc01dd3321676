/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The largest N of many without sorting the many: a heap whose root is the least of those kept.
 * Used by the flow table and by talkers when they fill a snapshot.
 */
#ifndef ANALYSIS_TOP_H
#define ANALYSIS_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct top_item {
	uint64_t rank, then; /* `then` decides where `rank` is equal */
	uint32_t id;
};

static inline bool top_less(const struct top_item *a, const struct top_item *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->then < b->then;
}

static inline void top_sink(struct top_item *heap, size_t n, struct top_item item)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && top_less(&heap[child + 1], &heap[child]))
			child++;
		if (!top_less(&heap[child], &item))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = item;
}

static inline void top_rise(struct top_item *heap, size_t at, struct top_item item)
{
	while (at && top_less(&item, &heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = item;
}

/* Keeps the item if it is among the `most` largest so far; *n: how many are kept. */
static inline void top_offer(struct top_item *heap, size_t *n, size_t most, struct top_item item)
{
	if (*n < most)
		top_rise(heap, (*n)++, item);
	else if (top_less(&heap[0], &item))
		top_sink(heap, most, item);
}

static inline int top_compare(const void *a, const void *b)
{
	return top_less(b, a) ? -1 : top_less(a, b);
}

/* Orders the kept ones, largest first; the heap is one no longer. */
static inline void top_order(struct top_item *heap, size_t n)
{
	qsort(heap, n, sizeof(*heap), top_compare);
}

#endif
