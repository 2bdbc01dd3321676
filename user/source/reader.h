/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads what the programs in the kernel leave: flows from their queues, packets from their rings,
 * slots and counters at a cut. Between kernel.h, which maps them, and the consumer; live.c says
 * when.
 */
#ifndef XDPLENS_READER_H
#define XDPLENS_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "source/kernel.h"
#include "source/source.h"

struct reader;

/* Both must outlive it. NULL and errno. */
struct reader *reader_new(struct kernel *kernel, const struct source_consumer *consumer);
void reader_free(struct reader *r); /* NULL is fine */

/* Of the ring or queue that is fullest, the part that waits to be read, 0 to 1. */
double reader_fill(const struct reader *r);

/* Delivers flows and packets. True: more may wait than one call takes. */
bool reader_read(struct reader *r);

/* Delivers all packets; no program may run any more. */
void reader_drain(struct reader *r);

/*
 * Delivers all that stands in a bank, into which no program counts any more, and the cut that this
 * makes; the bank is empty then.
 */
void reader_take_bank(struct reader *r, unsigned bank);

#endif
