// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Owns the second level of the flow cache: see merge.h. */
#include "source/merge.h"

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

struct merge {
	uint64_t seed;
	uint32_t mask;
	uint32_t held[BANKS]; /* slots in use */
	uint32_t at[BANKS];   /* that merge_drain looks at next */
	struct flow_slot *slots[BANKS];
};

static size_t merge_bytes(const struct merge *m)
{
	return BANKS * (m->mask + 1ul) * sizeof(**m->slots);
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
	for (unsigned bank = 1; bank < BANKS; bank++)
		m->slots[bank] = m->slots[bank - 1] + slots;
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

/* Where the flow is, else where it goes: its own place unless only the one beside it is free. */
static struct flow_slot *merge_find(struct flow_slot *own, struct flow_slot *beside,
				    const struct flow_key *key)
{
	if (own->packets && flow_same(&own->key, key))
		return own;
	if (beside->packets && flow_same(&beside->key, key))
		return beside;
	return own->packets && !beside->packets ? beside : own;
}

size_t merge_add(struct merge *m, unsigned bank, const struct flow_slot *const *in, size_t n,
		 struct flow_slot out[MERGE_BATCH])
{
	struct flow_slot *slots = m->slots[bank], *to;
	uint32_t own[MERGE_BATCH];
	size_t given = 0;

	for (size_t i = 0; i < n; i++) {
		own[i] = flow_hash64(&in[i]->key, m->seed) & m->mask;
		__builtin_prefetch(&slots[own[i]], 1);
		__builtin_prefetch(&slots[own[i] ^ 1], 1);
	}
	for (size_t i = 0; i < n; i++) {
		if (!in[i]->packets) { /* not sound: for others to say */
			out[given++] = *in[i];
			continue;
		}
		to = merge_find(&slots[own[i]], &slots[own[i] ^ 1], &in[i]->key);
		if (to->packets && merge_fits(to, in[i])) {
			merge_into(to, in[i]);
			continue;
		}
		if (to->packets)
			out[given++] = *to;
		else
			m->held[bank]++;
		*to = *in[i];
	}
	return given;
}

size_t merge_drain(struct merge *m, unsigned bank, struct flow_slot out[MERGE_BATCH])
{
	size_t n = 0;

	for (; n < MERGE_BATCH && m->held[bank]; m->at[bank]++) {
		struct flow_slot *slot = &m->slots[bank][m->at[bank] & m->mask];

		if (!slot->packets)
			continue;
		out[n++] = *slot;
		slot->packets = 0;
		m->held[bank]--;
	}
	return n;
}
