/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reading end of a BPF ring buffer (kernel: Documentation/bpf/ringbuf.rst). */
#ifndef XDPLENS_RING_H
#define XDPLENS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

struct ring *ring_new(int map_fd, size_t size); /* size: the map's max_entries */
void ring_free(struct ring *r);			/* NULL is fine */
/* The next record, or NULL: nothing is there, or its writer has not finished (then *busy is set).
 */
void *ring_front(struct ring *r, size_t *len, bool *busy);
/* Passes the record that ring_front gave. */
void ring_pop(struct ring *r);
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
