/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A flow's key compared, and its hash: what names the slot, the memo and the mark of large flows.
 */
#ifndef XDPLENS_FLOW_HASH_H
#define XDPLENS_FLOW_HASH_H

#include "xdplens/event.h"

/* A key as words. Keys that are hashed or compared lie on multiples of 8, as in slots and packets.
 */
struct flow_words {
	__u64 w[5];
	__u32 tail;
} __attribute__((may_alias));

/* The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static __always_inline __u64 flow_mix(__u64 h)
{
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ h >> 27) * 0x94d049bb133111ebull;
	return h ^ h >> 31;
}

/* 64 bits over the whole key: multilinear (Lemire and Kaser 2014), then mixed. */
static __always_inline __u64 flow_hash64(const struct flow_key *key, __u64 seed)
{
	const struct flow_words *k = (const void *)key;
	__u64 h = seed;

	h += k->w[0] * 0x9e3779b97f4a7c15ull;
	h ^= h >> 29;
	h += k->w[1] * 0xbf58476d1ce4e5b9ull;
	h += k->w[2] * 0x94d049bb133111ebull;
	h ^= h >> 31;
	h += k->w[3] * 0xff51afd7ed558ccdull;
	h += k->w[4] * 0xc4ceb9fe1a85ec53ull;
	h += k->tail * 0x2545f4914f6cdd1dull;
	return flow_mix(h);
}

static __always_inline int flow_same(const struct flow_key *a, const struct flow_key *b)
{
	const struct flow_words *x = (const void *)a, *y = (const void *)b;

	return !((x->w[1] ^ y->w[1]) | (x->w[3] ^ y->w[3]) | (x->w[4] ^ y->w[4]) |
		 (x->tail ^ y->tail) | (x->w[0] ^ y->w[0]) | (x->w[2] ^ y->w[2]));
}

/* Which of a CPU's sets of memos is a hash's; other bits than those that choose a slot. */
static __always_inline __u32 flow_memo_set(__u64 hash)
{
	return hash >> 12 & (FLOW_MEMOS / MEMO_SET - 1);
}

static __always_inline __u32 flow_memo_tag(__u64 hash)
{
	return hash >> 32;
}

/* Where struct kept_marks has the mark of a hash. Other bits than those that choose a slot. */
static __always_inline __u32 kept_word(__u32 hash)
{
	return hash >> 20 & (KEPT_WORDS - 1);
}

static __always_inline __u32 kept_bit(__u32 hash)
{
	return hash >> 14 & 63;
}

#endif
