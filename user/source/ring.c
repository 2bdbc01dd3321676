// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The reading end of a BPF ring buffer. libbpf's own reader tells the kernel of every record and
 * cannot be told to stop; in a flood both matter.
 */
#include "source/ring.h"

#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct ring {
	_Atomic unsigned long *consumer; /* a page that we write */
	_Atomic unsigned long
		*producer; /* a page that the kernel writes; the data follows, twice */
	unsigned char *data;
	size_t size, page;
	unsigned long at; /* of the next record to hand out */
};

struct ring *ring_new(int map_fd, size_t size)
{
	struct ring *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->page = sysconf(_SC_PAGESIZE);
	r->size = size;
	r->consumer = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (r->consumer == MAP_FAILED) {
		free(r);
		return NULL;
	}
	r->producer = mmap(NULL, r->page + 2 * size, PROT_READ, MAP_SHARED, map_fd, r->page);
	if (r->producer == MAP_FAILED) {
		munmap(r->consumer, r->page);
		free(r);
		return NULL;
	}
	r->data = (unsigned char *)r->producer + r->page;
	r->at = atomic_load_explicit(r->consumer, memory_order_relaxed);
	return r;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	munmap(r->producer, r->page + 2 * r->size);
	munmap(r->consumer, r->page);
	free(r);
}

static _Atomic uint32_t *ring_header(const struct ring *r)
{
	return (void *)(r->data + (r->at & (r->size - 1)));
}

void ring_pop(struct ring *r)
{
	uint32_t len = atomic_load_explicit(ring_header(r), memory_order_relaxed);

	len &= ~BPF_RINGBUF_DISCARD_BIT;
	r->at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
}

void *ring_front(struct ring *r, size_t *len, bool *busy)
{
	while (r->at < atomic_load_explicit(r->producer, memory_order_acquire)) {
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

size_t ring_peek(struct ring *r, size_t most, void (*take)(void *arg, void *data, size_t len),
		 void *arg)
{
	bool busy = false;
	size_t n, len;
	void *data;

	for (n = 0; n < most && (data = ring_front(r, &len, &busy)); n++) {
		take(arg, data, len);
		ring_pop(r);
	}
	return n;
}

void ring_release(struct ring *r)
{
	atomic_store_explicit(r->consumer, r->at, memory_order_release);
}

size_t ring_pending(const struct ring *r)
{
	return atomic_load_explicit(r->producer, memory_order_acquire) -
	       atomic_load_explicit(r->consumer, memory_order_relaxed);
}
