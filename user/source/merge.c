// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Owns the second level of the flow cache: see merge.h. */
#include "source/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/huge.h"
#include "xdplens/classify.h"
#include "xdplens/packet.h"

#include "xdplens/flow_hash.h"

enum {
	GRADE = SLOT_SURE | SLOT_SECURITY | SLOT_LISTED, /* what a delta tells of a grade */
	TELLING = TCP_SYN | TCP_FIN | TCP_RST,
};

enum { WAYS = 4 };

/* Of the slots of a set; 0: free. So a flow is found by one cache line of slots. */
struct tags {
	uint16_t of[WAYS];
};

struct merge {
	uint64_t seed;
	uint32_t mask;	      /* of a bank's slots */
	uint32_t held[BANKS]; /* slots in use */
	uint32_t at[BANKS];   /* that merge_drain looks at next */
	struct flow_slot *slots[BANKS];
	struct tags *tags[BANKS]; /* a set's */
};

/* Slots, and after them tags. */
static size_t merge_bytes(const struct merge *m)
{
	return BANKS * (m->mask + 1ul) * (sizeof(**m->slots) + sizeof(uint16_t));
}

struct merge *merge_new(uint32_t slots, uint64_t seed)
{
	struct merge *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->seed = seed;
	m->mask = slots - 1;
	m->slots[0] = huge_map(merge_bytes(m));
	if (!m->slots[0]) {
		free(m);
		return NULL;
	}
	memset(m->slots[0], 0, merge_bytes(m)); /* or memory would grow while flows find places */
	for (unsigned bank = 0; bank < BANKS; bank++) {
		m->slots[bank] = m->slots[0] + (size_t)bank * slots;
		m->tags[bank] = (struct tags *)(m->slots[0] + BANKS * (size_t)slots) +
				(size_t)bank * slots / WAYS;
	}
	return m;
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	huge_unmap(m->slots[0], merge_bytes(m));
	free(m);
}

static int merge_fits(const struct flow_slot *to, const struct flow_slot *from)
{
	uint32_t packets, bytes;

	return flow_same(&to->key, &from->key) && to->app == from->app &&
	       !((to->grade ^ from->grade) & GRADE) &&
	       !((to->tcp_flags | from->tcp_flags) & TELLING) &&
	       !__builtin_add_overflow(to->packets, from->packets, &packets) &&
	       !__builtin_add_overflow(to->bytes, from->bytes, &bytes);
}

static void merge_into(struct flow_slot *to, const struct flow_slot *from)
{
	to->packets += from->packets;
	to->bytes += from->bytes;
	to->tcp_flags |= from->tcp_flags;
	/* times wrap; of two CPUs, neither comes first */
	if ((int32_t)(from->first - to->first) < 0)
		to->first = from->first;
	if ((int32_t)(from->last - to->last) > 0)
		to->last = from->last;
}

static uint16_t merge_tag(uint64_t hash)
{
	return hash >> 48 | 1;
}

/* Of a bank's slots that of the flow, else a free one of its set, else what is some other flow's.
 */
static uint32_t merge_place(const struct merge *m, unsigned bank, uint64_t hash)
{
	uint32_t set = hash & m->mask / WAYS, way = hash >> 62;
	const struct tags *tags = &m->tags[bank][set];

	for (uint32_t i = 0; i < WAYS; i++) {
		if (tags->of[i] == merge_tag(hash))
			return set * WAYS + i;
		if (!tags->of[i])
			way = i;
	}
	return set * WAYS + way;
}

/* False: what was there goes to `out`. */
static bool merge_put(struct merge *m, unsigned bank, uint64_t hash, const struct flow_slot *in,
		      struct flow_slot *out)
{
	uint32_t place = merge_place(m, bank, hash);
	struct flow_slot *to = &m->slots[bank][place];
	bool pushed = to->packets;

	if (pushed && merge_fits(to, in)) {
		merge_into(to, in);
		return true;
	}
	if (pushed)
		*out = *to;
	else
		m->held[bank]++;
	*to = *in;
	m->tags[bank][place / WAYS].of[place % WAYS] = merge_tag(hash);
	return !pushed;
}

size_t merge_add(struct merge *m, unsigned bank, const struct flow_slot *const *in, size_t n,
		 struct flow_slot out[MERGE_BATCH])
{
	uint64_t hash[MERGE_BATCH];
	size_t given = 0;

	for (size_t i = 0; i < n; i++) {
		hash[i] = flow_hash64(&in[i]->key, m->seed);
		__builtin_prefetch(&m->slots[bank][merge_place(m, bank, hash[i])], 1);
	}
	for (size_t i = 0; i < n; i++) {
		if (!in[i]->packets) /* not sound: for others to say */
			out[given++] = *in[i];
		else if (!merge_put(m, bank, hash[i], in[i], &out[given]))
			given++;
	}
	return given;
}

size_t merge_drain(struct merge *m, unsigned bank, struct flow_slot out[MERGE_BATCH])
{
	size_t n = 0;

	for (; n < MERGE_BATCH && m->held[bank]; m->at[bank]++) {
		uint32_t place = m->at[bank] & m->mask;
		struct flow_slot *slot = &m->slots[bank][place];

		if (!slot->packets)
			continue;
		out[n++] = *slot;
		slot->packets = 0;
		m->tags[bank][place / WAYS].of[place % WAYS] = 0;
		m->held[bank]--;
	}
	return n;
}
