/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's clocks as time since the epoch. */
#ifndef XDPLENS_CLOCK_H
#define XDPLENS_CLOCK_H

#include <stdint.h>

#include "xdplens/event.h"

struct clock {
	int64_t offset; /* ns: epoch - CLOCK_MONOTONIC */
	uint64_t tick_ns;
	uint64_t jiffies, ns; /* read together */
};

/* From one reading of the kernel's clocks. */
void clock_set(struct clock *c, const struct clocks *together);
/* Follows the wall clock if it was set by more than a millisecond: by how many ns, else 0. */
int64_t clock_follow(struct clock *c);
uint64_t clock_monotonic(void);					 /* ns, as programs stamp packets */
uint64_t clock_now(const struct clock *c);			 /* ns since the epoch */
uint64_t clock_epoch(const struct clock *c, uint64_t monotonic); /* ns to ns since the epoch */
/* Low 32 bits of jiffies, not more than half their range from `c`, to ns since the epoch. */
uint64_t clock_jiffies(const struct clock *c, uint32_t jiffies);

#endif
