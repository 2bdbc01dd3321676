// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The flow table: see flow_table.h. An index of buckets points into a pool of entries, which fills
 * from its start: memory grows with flows, and walks over all flows are sequential.
 */
#include "analysis/flow_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/flow_entry.h"
#include "analysis/flow_index.h"
#include "analysis/flow_totals.h"
#include "analysis/name_pool.h"
#include "analysis/top.h"
#include "base/huge.h"
#include "xdplens/classify.h"

enum {
	FLOWS_DEFAULT = 1 << 20,
	FLOWS_LEAST = 64,
	IDLE_DEFAULT_S = 60,
	LINGER_S = 2,	   /* of a flow that TCP has ended */
	SWEEP_S = 8,	   /* for one walk over the table */
	SWEEP_MOST = 2048, /* words of 64 entries looked at in one call */
	SWEEP_EXTRA = 64,  /* words more than there are, to walk through a small table often */
	ENDS_MOST = 4096,  /* flows ended in one call */
	VICTIMS = 16,	   /* the least worthy of so many is evicted, or of a full bucket */
	BATCH = 16,
	NAMES_MOST = 1 << 16,
	FLOW_LARGE = 64, /* packets, from which on a flow is to stay exact in a flood */
};
static const uint64_t second_ns = 1000000000;

struct flow_table {
	struct flow_table_config config;
	struct mix_seed seed;
	uint64_t idle_ns;
	struct flow_bucket *buckets;
	size_t n_buckets; /* a power of two */
	struct flow_entry *entries;
	uint64_t *in_use;    /* a bit an entry */
	size_t touched;	     /* entries that have ever been in use */
	size_t used;	     /* entries in use */
	uint32_t free_first; /* number plus one; 0: none */
	struct name_pool *names;
	size_t hand;	 /* entry that is considered next when room is needed */
	size_t sweep_at; /* word of in_use that comes next */
	uint64_t sweep_time;
	uint64_t flows_total, flows_active;
	struct flow_totals totals;
};

struct flow_lookup {
	struct flow_id id;
	uint64_t hash;
	unsigned side; /* the sender's */
};

/* ---- memory ---- */

static size_t table_buckets_bytes(const struct flow_table *t)
{
	return t->n_buckets * sizeof(*t->buckets);
}

static size_t table_entries_bytes(const struct flow_table *t)
{
	return t->config.flows_max * sizeof(*t->entries);
}

static size_t table_words(const struct flow_table *t)
{
	return (t->config.flows_max + 63) / 64;
}

struct flow_table *flow_table_new(const struct flow_table_config *config)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	size_t max;

	if (!t)
		return NULL;
	t->config = *config;
	max = config->flows_max ? config->flows_max : FLOWS_DEFAULT;
	if (max >= UINT32_MAX) {
		errno = EINVAL;
		goto out;
	}
	t->config.flows_max = max = max < FLOWS_LEAST ? FLOWS_LEAST : max;
	t->idle_ns = (config->idle_s > 0 ? config->idle_s : IDLE_DEFAULT_S) * second_ns;
	/* A quarter full at most: one in 4000 newcomers to a full table finds its own bucket full.
	 */
	t->n_buckets = 1;
	while (t->n_buckets * FLOW_WAYS / 4 < max)
		t->n_buckets *= 2;
	t->buckets = huge_map(table_buckets_bytes(t));
	t->entries = huge_map(table_entries_bytes(t));
	t->in_use = calloc(table_words(t), sizeof(*t->in_use));
	t->names = name_pool_new(max < NAMES_MOST ? max : NAMES_MOST);
	if (t->buckets && t->entries && t->in_use && t->names && !mix_seed_draw(&t->seed))
		return t;
out:
	flow_table_free(t);
	return NULL;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	huge_unmap(t->buckets, table_buckets_bytes(t));
	huge_unmap(t->entries, table_entries_bytes(t));
	free(t->in_use);
	name_pool_free(t->names);
	free(t);
}

size_t flow_table_memory(const struct flow_table *t)
{
	return sizeof(*t) + huge_round(table_buckets_bytes(t)) +
	       huge_round(table_entries_bytes(t)) + table_words(t) * sizeof(*t->in_use) +
	       name_pool_memory(t->names);
}

/* ---- looking up ---- */

static void table_lookup(const struct flow_table *t, struct flow_lookup *l,
			 const struct flow_key *key)
{
	l->side = flow_id_from(&l->id, key);
	l->hash = flow_id_hash(&l->id, &t->seed);
}

static struct flow_bucket *table_bucket(const struct flow_table *t, uint64_t hash)
{
	return &t->buckets[hash & (t->n_buckets - 1)];
}

static struct flow_entry *table_find(const struct flow_table *t, const struct flow_lookup *l)
{
	const struct flow_bucket *b = table_bucket(t, l->hash);

	for (unsigned ways = flow_bucket_match(b, l->hash); ways; ways &= ways - 1) {
		struct flow_entry *e = &t->entries[b->slot[__builtin_ctz(ways)] - 1];

		if (flow_id_same(&e->id, &l->id))
			return e;
	}
	return NULL;
}

/* Fetches ahead what a merge touches of the entry. */
static void table_prefetch(const struct flow_table *t, const struct flow_lookup *l)
{
	const struct flow_bucket *b = table_bucket(t, l->hash);
	unsigned ways = flow_bucket_match(b, l->hash);

	if (ways) {
		const struct flow_entry *e = &t->entries[b->slot[__builtin_ctz(ways)] - 1];

		__builtin_prefetch(&e->id, 1);
		__builtin_prefetch(e->packets, 1);
	}
}

/* ---- the end of a flow ---- */

static void table_view(const struct flow_table *t, const struct flow_entry *e, struct flow_view *v)
{
	const struct flow_table_config *c = &t->config;
	unsigned src = flow_entry_opener(e);
	const char *name = name_pool_text(t->names, e->name), *interface = NULL;
	const char *owner = NULL;

	*v = (struct flow_view){
		.first = flow_entry_first(e),
		.last = e->last,
		.sport = ntohs(e->id.port[src]),
		.dport = ntohs(e->id.port[!src]),
		.proto = e->id.proto,
		.vlan = e->vlan,
		.verdict = verdict_unpack(e->verdict),
		.packets = e->packets[src],
		.bytes = e->bytes[src],
		.packets_rev = e->packets[!src],
		.bytes_rev = e->bytes[!src],
		.tcp_flags = e->tcp_flags,
		.handshake_ms = flow_entry_handshake_ms(e),
	};
	memcpy(v->saddr, e->id.addr[src], sizeof(v->saddr));
	memcpy(v->daddr, e->id.addr[!src], sizeof(v->daddr));
	if (!*name && c->addr_name)
		name = c->addr_name(c->arg, v->daddr);
	if (c->interface_name)
		interface = c->interface_name(c->arg, e->id.ifindex);
	if (c->owner_name)
		owner = c->owner_name(c->arg, e->owner, e->id.ifindex);
	snprintf(v->name, sizeof(v->name), "%s", name ? name : "");
	snprintf(v->owner, sizeof(v->owner), "%s", owner ? owner : "");
	snprintf(v->interface, sizeof(v->interface), "%s", interface ? interface : "");
}

/* Why the flow is over: as TCP says, else `otherwise`. */
static enum flow_end table_reason(const struct flow_entry *e, enum flow_end otherwise)
{
	if (!flow_entry_finished(e))
		return otherwise;
	return e->marks & FLOW_FIN && e->marks & FLOW_FIN << 1 ? FLOW_END_FIN : FLOW_END_RST;
}

static void table_end(struct flow_table *t, struct flow_entry *e, enum flow_end end)
{
	uint32_t number = e - t->entries;
	struct flow_bucket *b = table_bucket(t, flow_id_hash(&e->id, &t->seed));
	unsigned way = flow_bucket_way(b, number + 1);
	struct flow_view view;

	b->tag[way] = b->slot[way] = 0;
	if (e->marks & FLOW_COUNTED) {
		t->flows_active--;
		if (t->config.ended) {
			table_view(t, e, &view);
			t->config.ended(t->config.arg, &view, end);
		}
	}
	name_pool_drop(t->names, e->name);
	t->in_use[number / 64] &= ~(1ull << number % 64);
	e->next_free = t->free_first;
	t->free_first = number + 1;
	t->used--;
}

static uint64_t table_silence(const struct flow_entry *e, uint64_t now)
{
	return now > e->last ? now - e->last : 0;
}

static bool table_idle(const struct flow_table *t, const struct flow_entry *e, uint64_t now)
{
	uint64_t silence = table_silence(e, now);

	return silence > t->idle_ns || (silence > LINGER_S * second_ns && flow_entry_finished(e));
}

/* ---- room for a new one ---- */

static uint64_t table_worth(const struct flow_entry *e, uint64_t now)
{
	uint64_t seconds = table_silence(e, now) / second_ns;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): slots name entries */
	return seconds < 64 ? (e->packets[0] + e->packets[1]) >> seconds : 0;
}

struct victim { /* the least worthy so far */
	struct flow_entry *entry;
	uint64_t worth;
};

static void victim_consider(struct victim *v, struct flow_entry *e, uint64_t now)
{
	uint64_t worth = table_worth(e, now);

	if (!v->entry || worth < v->worth || (worth == v->worth && e->last < v->entry->last))
		*v = (struct victim){e, worth};
}

static struct flow_entry *victim_in_bucket(const struct flow_table *t, const struct flow_bucket *b,
					   uint64_t now)
{
	struct victim v = {0};

	for (unsigned way = 0; way < FLOW_WAYS; way++)
		victim_consider(&v, &t->entries[b->slot[way] - 1], now);
	return v.entry;
}

/*
 * Of a full table. A hand goes round, so that the oldest come first and lie side by side in memory;
 * the first flow that is worth next to nothing will do. Where many large ones lie together, the
 * hand leaps over them.
 */
static struct flow_entry *victim_in_turn(struct flow_table *t, uint64_t now)
{
	size_t n = t->config.flows_max;
	struct victim v = {0};

	for (unsigned seen = 0; seen < VICTIMS && (!v.entry || v.worth > 1); seen++) {
		victim_consider(&v, &t->entries[t->hand], now);
		t->hand += seen == VICTIMS / 2 ? n / 8 * 5 : 1;
		t->hand -= t->hand < n ? 0 : n;
	}
	return v.entry;
}

static void table_evict(struct flow_table *t, struct flow_entry *e)
{
	table_end(t, e, table_reason(e, FLOW_END_EVICTED));
}

static struct flow_entry *table_open(struct flow_table *t, const struct flow_lookup *l,
				     uint16_t link, uint64_t now)
{
	struct flow_bucket *b = table_bucket(t, l->hash);
	struct flow_entry *e;
	uint32_t number;
	unsigned way;

	if (flow_bucket_way(b, 0) == FLOW_WAYS)
		table_evict(t, victim_in_bucket(t, b, now));
	if (t->used == t->config.flows_max)
		table_evict(t, victim_in_turn(t, now));
	if (t->free_first) {
		number = t->free_first - 1;
		t->free_first = t->entries[number].next_free;
	} else {
		number = t->touched++;
	}
	way = flow_bucket_way(b, 0);
	b->tag[way] = flow_tag(l->hash);
	b->slot[way] = number + 1;
	t->in_use[number / 64] |= 1ull << number % 64;
	t->used++;
	e = &t->entries[number];
	flow_entry_init(e, &l->id, l->side, link);
	return e;
}

/*
 * The entry that what began at `first` belongs to: the known one unless that was over by then,
 * which a SYN also says of a flow that TCP had ended.
 */
static struct flow_entry *table_take(struct flow_table *t, const struct flow_lookup *l,
				     const struct flow_key *key, uint64_t first, uint64_t last,
				     bool syn)
{
	struct flow_entry *e = table_find(t, l);
	bool reused = e && syn && first > e->last && flow_entry_finished(e);

	if (e && !reused && !table_idle(t, e, first))
		return e;
	if (e)
		table_end(t, e, table_reason(e, FLOW_END_IDLE));
	e = table_open(t, l, key->link, last);
	if (reused)
		e->born = first;
	return e;
}

/* ---- what comes in ---- */

static void table_merge(struct flow_table *t, const struct flow_lookup *l, struct flow_delta *d)
{
	struct flow_entry *e = table_take(t, l, d->key, d->first, d->last, d->tcp_flags & TCP_SYN);

	d->opened = !(e->marks & FLOW_COUNTED);
	flow_totals_learn(&t->totals, e, d->verdict);
	if (d->opened) {
		e->marks |= FLOW_COUNTED;
		t->flows_total++;
		t->flows_active++;
		flow_totals_open(&t->totals, e);
	}
	flow_totals_count(&t->totals, e, d);
	flow_entry_add(e, l->side, d);
	d->from_opener = flow_entry_opener(e) == l->side;
	d->large = e->packets[0] + e->packets[1] >= FLOW_LARGE;
}

void flow_table_add(struct flow_table *t, struct flow_delta *delta)
{
	struct flow_lookup l;

	table_lookup(t, &l, delta->key);
	table_merge(t, &l, delta);
}

void flow_table_add_batch(struct flow_table *t, struct flow_delta *deltas, size_t n)
{
	struct flow_lookup l[BATCH];

	for (size_t done = 0; done < n; done += BATCH) {
		struct flow_delta *d = deltas + done;
		size_t m = n - done < BATCH ? n - done : BATCH;

		for (size_t i = 0; i < m; i++) {
			table_lookup(t, &l[i], d[i].key);
			__builtin_prefetch(table_bucket(t, l[i].hash), 1);
		}
		for (size_t i = 0; i < m; i++)
			table_prefetch(t, &l[i]);
		for (size_t i = 0; i < m; i++)
			table_merge(t, &l[i], &d[i]);
	}
}

void flow_table_note(struct flow_table *t, const struct event *event, const char *name,
		     struct verdict verdict)
{
	const struct packet *p = event->packet;
	struct flow_lookup l;
	struct flow_entry *e;

	if (p->outcome != OUTCOME_FLOW)
		return;
	table_lookup(t, &l, &p->key);
	e = table_take(t, &l, &p->key, event->ts, event->ts,
		       (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN);
	flow_entry_note(e, l.side, event);
	if (event->owner)
		e->owner = event->owner;
	flow_totals_learn(&t->totals, e, verdict);
	if (name && *name && !e->name)
		e->name = name_pool_take(t->names, name);
}

/* ---- walks over the table ---- */

/* Ends what is over among the 64 entries of a word; returns how many. */
static size_t table_expire_word(struct flow_table *t, size_t word, uint64_t now)
{
	size_t ends = 0;

	for (uint64_t bits = t->in_use[word]; bits; bits &= bits - 1) {
		struct flow_entry *e = &t->entries[word * 64 + __builtin_ctzll(bits)];

		if (!table_idle(t, e, now))
			continue;
		table_end(t, e, table_reason(e, FLOW_END_IDLE));
		ends++;
	}
	return ends;
}

void flow_table_expire(struct flow_table *t, uint64_t now)
{
	size_t words = (t->touched + 63) / 64, ends = 0;
	uint64_t word_ns = SWEEP_S * second_ns / (words + SWEEP_EXTRA); /* for each word */
	uint64_t due;

	if (t->sweep_time > now)
		t->sweep_time = now;
	if (now - t->sweep_time > SWEEP_S * second_ns)
		t->sweep_time = now - SWEEP_S * second_ns;
	due = (now - t->sweep_time) / word_ns;
	if (due > SWEEP_MOST)
		due = SWEEP_MOST;
	for (uint64_t done = 0; done < due && ends < ENDS_MOST; done++) {
		t->sweep_time += word_ns;
		if (done >= words)
			continue;
		if (t->sweep_at >= words)
			t->sweep_at = 0;
		ends += table_expire_word(t, t->sweep_at++, now);
	}
}

void flow_table_clock_set(struct flow_table *t, int64_t ns)
{
	if (llabs(ns) < (int64_t)second_ns) /* not worth a walk: silences are of seconds */
		return;
	for (size_t word = 0; word < table_words(t); word++)
		for (uint64_t bits = t->in_use[word]; bits; bits &= bits - 1)
			flow_entry_clock_set(&t->entries[word * 64 + __builtin_ctzll(bits)], ns);
	t->sweep_time += ns;
}

void flow_table_finish(struct flow_table *t, uint64_t now)
{
	for (size_t i = 0; i < t->touched; i++) {
		struct flow_entry *e = &t->entries[i];

		if (!(t->in_use[i / 64] >> i % 64 & 1))
			continue;
		table_end(t, e,
			  table_reason(e, table_idle(t, e, now) ? FLOW_END_IDLE : FLOW_END_EXIT));
	}
}

void flow_table_fill(struct flow_table *t, struct snapshot *s, double interval_s)
{
	struct top_item top[SNAPSHOT_FLOWS];
	size_t words = (t->touched + 63) / 64, n = 0;

	flow_totals_fill(&t->totals, s, interval_s);
	s->flows_total = t->flows_total;
	s->flows_active = t->flows_active;
	for (size_t word = 0; word < words; word++) {
		for (uint64_t bits = t->in_use[word]; bits; bits &= bits - 1) {
			uint32_t number = word * 64 + __builtin_ctzll(bits);
			struct flow_entry *e = &t->entries[number];
			uint64_t bytes = e->bytes[0] + e->bytes[1];
			struct top_item item = {bytes - e->seen_bytes, bytes, number};

			if (!(e->packets[0] | e->packets[1]))
				continue;
			top_offer(top, &n, SNAPSHOT_FLOWS, item);
			if (e->seen_bytes != bytes)
				e->seen_bytes = bytes;
		}
	}
	top_order(top, n);
	for (size_t i = 0; i < n; i++) {
		table_view(t, &t->entries[top[i].id], &s->flows[i]);
		s->flows[i].bps = interval_s > 0 ? top[i].rank * 8 / interval_s : 0;
	}
	s->n_flows = n;
}
