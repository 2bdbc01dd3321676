/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow cache's second level, in user space. Flows that share a slot of the kernel's cache push
 * each other out with every packet; here what left is put together again, so that all that comes
 * after it has a flow once a cut and not once a packet. Between the flow queues and decoding.
 *
 * A flow has one of a few places; what is pushed out of there goes on. Nothing is merged that would
 * tell less: records with a TCP flag that begins or ends something, or with another verdict, stay
 * apart, in their order.
 */
#ifndef XDPLENS_MERGE_H
#define XDPLENS_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "xdplens/event.h"

enum { MERGE_BATCH = 64 };

struct merge;

/* `slots`: of each bank, a power of two; a slot is 64 octets. NULL and errno. */
struct merge *merge_new(uint32_t slots, uint64_t seed);
void merge_free(struct merge *m); /* NULL is fine */

/*
 * Takes at most MERGE_BATCH flows of a bank; what has to give way, at most as many, goes to `out`.
 * Its number.
 */
size_t merge_add(struct merge *m, unsigned bank, const struct flow_slot *const *in, size_t n,
		 struct flow_slot out[MERGE_BATCH]);

/*
 * Takes at most MERGE_BATCH flows out of a bank; 0: it is empty. Nothing is added to the bank
 * before that.
 */
size_t merge_drain(struct merge *m, unsigned bank, struct flow_slot out[MERGE_BATCH]);

#endif
