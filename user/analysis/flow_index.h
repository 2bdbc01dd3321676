/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a hash to the number of an entry: buckets of eight, each a cache line, so that a lookup
 * touches one line and then, but for one time in 2^28, only the entry it wants. Private to the flow
 * table.
 */
#ifndef ANALYSIS_FLOW_INDEX_H
#define ANALYSIS_FLOW_INDEX_H

#include <stdint.h>

enum { FLOW_WAYS = 8 };

struct flow_bucket {
	uint32_t tag[FLOW_WAYS];  /* see flow_tag(); 0: free */
	uint32_t slot[FLOW_WAYS]; /* number of the entry plus one; 0: free */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct flow_bucket) == 64, "a bucket is a cache line");

static inline uint32_t flow_tag(uint64_t hash)
{
	return hash >> 32 | 1;
}

/* The ways whose tag is that of the hash, a bit each. Without branches: which way is chance. */
static inline unsigned flow_bucket_match(const struct flow_bucket *b, uint64_t hash)
{
	const uint32_t tag = flow_tag(hash), *t = b->tag;

	return (t[0] == tag) | (t[1] == tag) << 1 | (t[2] == tag) << 2 | (t[3] == tag) << 3 |
	       (t[4] == tag) << 4 | (t[5] == tag) << 5 | (t[6] == tag) << 6 | (t[7] == tag) << 7;
}

/* A way whose slot is this; 0 asks for a free one. FLOW_WAYS: none. */
static inline unsigned flow_bucket_way(const struct flow_bucket *b, uint32_t slot)
{
	unsigned way = 0;

	while (way < FLOW_WAYS && b->slot[way] != slot)
		way++;
	return way;
}

#endif
