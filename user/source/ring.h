/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reading end of a BPF ring buffer (kernel: Documentation/bpf/ringbuf.rst). */
#ifndef XDPLENS_RING_H
#define XDPLENS_RING_H

#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	_Atomic unsigned long *consumer; /* a page that we write */
	_Atomic unsigned long *producer; /* one that the kernel writes; the data follows, twice */
	unsigned char *data;
	size_t size, page;
	unsigned long at;  /* of the next record to hand out */
	unsigned long end; /* of what is known to be there: the kernel's own line is dear to read */
};

struct ring *ring_new(int map_fd, size_t size); /* size: the map's max_entries */
void ring_free(struct ring *r);			/* NULL is fine */

static inline _Atomic uint32_t *ring_header(const struct ring *r)
{
	return (void *)(r->data + (r->at & (r->size - 1)));
}

/* Passes the record that ring_front gave. */
static inline void ring_pop(struct ring *r)
{
	uint32_t len = atomic_load_explicit(ring_header(r), memory_order_relaxed);

	len &= ~BPF_RINGBUF_DISCARD_BIT;
	r->at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
}

/* False: all that is there was handed out. */
static inline bool ring_more(struct ring *r)
{
	if (r->at >= r->end)
		r->end = atomic_load_explicit(r->producer, memory_order_acquire);
	return r->at < r->end;
}

/* The next record, or NULL: nothing is there, or its writer has not finished (then *busy is set).
 */
static inline void *ring_front(struct ring *r, size_t *len, bool *busy)
{
	while (ring_more(r)) {
		uint32_t head = atomic_load_explicit(ring_header(r), memory_order_acquire);

		if (head & BPF_RINGBUF_BUSY_BIT) {
			*busy = true;
			return NULL;
		}
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			*len = head;
			return (unsigned char *)ring_header(r) + BPF_RINGBUF_HDR_SZ;
		}
		ring_pop(r);
	}
	return NULL;
}

/*
 * Hands the next records, at most `most`, to `take` in order; returns how many. They stay valid
 * until ring_release gives their room back, which is done for a batch at a time so that the
 * writer's cache line is left alone.
 */
size_t ring_peek(struct ring *r, size_t most, void (*take)(void *arg, void *data, size_t len),
		 void *arg);
void ring_release(struct ring *r);
/* Octets written and not yet read. */
size_t ring_pending(const struct ring *r);

#endif
