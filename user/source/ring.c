// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The reading end of a BPF ring buffer. libbpf's own reader tells the kernel of every record and
 * cannot be told to stop; in a flood both matter.
 */
#include "source/ring.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
