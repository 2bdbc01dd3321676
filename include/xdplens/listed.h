/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is an end of a flow on the user's lists? Asked where a flow's slot is taken (flow.h), never for
 * the packets that follow. A list is one table of disjoint ascending ranges of 64-bit keys, both
 * families together, and the search halves it; user space builds it (detect/prefix_set.c) and
 * writes it into mapped memory, so that a reload takes neither a system call nor a privilege.
 *
 * A key is an IPv4 address whole, of an IPv6 address the network half: what stands beside a listed
 * host in its /64 is marked too. The mark only says that user space has to see the flow; the
 * detector looks the address up exactly.
 */
#ifndef XDPLENS_LISTED_H
#define XDPLENS_LISTED_H

#include "xdplens/event.h"

struct listed_range {
	__u64 first, last;
};

enum { LISTED_STEPS = 24, LISTED_MOST = 1 << LISTED_STEPS }; /* halvings; ranges of a table */

/* As (mapped) addresses ascend, so do keys: IPv4 below 2^48, IPv6 above; the gap is reserved. */
static __always_inline __u64 listed_key(__u64 high, __u64 low)
{
	const __u64 split = 1ull << 48;

	if (high)
		return high < split ? split : high;
	return low < split ? low : split - 1;
}

#endif
