// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Pairing DNS queries with answers: see dns_pair.h. One table of transactions, hashed by five-tuple
 * and id, in two queues: those that wait, by the time of their first query, and those that were
 * answered, kept a while to know repeated answers.
 */
#include "analysis/dns_pair.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mix.h"

enum {
	NONE = 0,	 /* transaction 0 is not used */
	SAME_ID_MAX = 8, /* transactions of one five-tuple and id */
	ANSWERED_SHARE = 8,
};

enum state { WAITING, ANSWERED, STATES };

struct transaction {
	struct dns_ends ends; /* seen_at: of the first query */
	uint16_t id, qtype;
	uint64_t question;	 /* hash; 0: unreadable */
	uint64_t first, last;	 /* ns, of the queries */
	uint32_t answer_seen_at; /* of the answer */
	uint32_t retransmissions;
	uint32_t bucket, chain; /* the next one in the bucket, or on the free list */
	uint32_t older, newer;
	enum state state;
};

struct queue {
	uint32_t oldest, newest;
	size_t n;
};

struct dns_pair {
	struct dns_pair_config config;
	struct mix_seed seed;
	struct transaction *transactions;
	struct dns_name *names; /* of the transactions' questions */
	uint32_t *buckets;
	uint32_t mask;	      /* number of buckets - 1 */
	uint32_t free, fresh; /* free list; the first that was never used */
	struct queue queue[STATES];
	uint64_t overrun, thinned;
	uint16_t mask_now;     /* of what is left out */
	uint16_t mask_past[2]; /* all bits left out in this period, and in the one before */
	uint64_t period;       /* ns, its start */
};

struct dns_pair *dns_pair_new(const struct dns_pair_config *c)
{
	struct dns_pair *p = calloc(1, sizeof(*p));
	size_t buckets = 64;

	if (!p)
		return NULL;
	p->config = *c;
	p->fresh = 1;
	while (buckets < c->max)
		buckets *= 2;
	p->mask = buckets - 1;
	p->transactions = calloc(c->max + 1, sizeof(*p->transactions));
	p->names = calloc(c->max + 1, sizeof(*p->names));
	p->buckets = calloc(buckets, sizeof(*p->buckets));
	if (!p->transactions || !p->names || !p->buckets || mix_seed_draw(&p->seed) < 0) {
		dns_pair_free(p);
		return NULL;
	}
	return p;
}

void dns_pair_free(struct dns_pair *p)
{
	if (!p)
		return;
	free(p->transactions);
	free(p->names);
	free(p->buckets);
	free(p);
}

size_t dns_pair_waiting(const struct dns_pair *p)
{
	return p->queue[WAITING].n;
}

uint64_t dns_pair_overrun(const struct dns_pair *p)
{
	return p->overrun;
}

uint64_t dns_pair_thinned(const struct dns_pair *p)
{
	return p->thinned;
}

/* ---- thinning ---- */

/* A period is longer than any query waits, and than messages are read late. */
static void thin_follow(struct dns_pair *p, uint64_t now)
{
	if (now < p->period + 2 * p->config.timeout)
		return;
	p->mask_past[1] = p->mask_past[0];
	p->mask_past[0] = p->mask_now;
	p->period = now;
}

void dns_pair_thin(struct dns_pair *p, uint16_t mask, uint64_t now)
{
	thin_follow(p, now);
	p->mask_past[0] |= mask;
	p->mask_now = mask;
}

/* Whether the transaction's other half may have been left out. */
static bool thin_took(const struct dns_pair *p, const struct dns_ends *e, uint16_t id)
{
	uint16_t bits = e->transport == TRANSPORT_TCP ? e->client_port ^ e->server_port : id;

	return bits & (p->mask_past[0] | p->mask_past[1]);
}

/* ---- identity ---- */

static uint32_t bucket_of(const struct dns_pair *p, const struct dns_ends *e, uint16_t id)
{
	uint64_t rest = (uint64_t)e->client_port << 48 | (uint64_t)e->server_port << 32 |
			(uint64_t)e->transport << 16 | id;

	return mix_fold(rest ^ mix_address(&p->seed, e->client),
			mix_address(&p->seed, e->server) ^ p->seed.word[3]) &
	       p->mask;
}

/* Case does not tell names apart (RFC 4343), though resolvers vary it and servers echo it. */
static uint64_t question_of(const struct dns_pair *p, const struct dns_message *m)
{
	uint64_t hash = p->seed.word[0] ^ ((uint32_t)m->qtype << 16 | m->qclass), word;
	char folded[DNS_NAME_MAX + sizeof(word)] = {0};

	if (!m->qname.len)
		return 0;
	for (unsigned i = 0; i < m->qname.len; i++)
		folded[i] = tolower(m->qname.wire[i]);
	for (unsigned i = 0; i < m->qname.len; i += sizeof(word)) {
		memcpy(&word, folded + i, sizeof(word));
		hash = mix_fold(hash ^ word, p->seed.word[1] | 1);
	}
	return hash | 1;
}

static bool same_ends(const struct transaction *t, const struct dns_ends *e, uint16_t id)
{
	return t->id == id && t->ends.client_port == e->client_port &&
	       t->ends.server_port == e->server_port && t->ends.transport == e->transport &&
	       !memcmp(t->ends.client, e->client, 16) && !memcmp(t->ends.server, e->server, 16);
}

/* What the table knows of a five-tuple and id. NONE where there is none. */
struct found {
	uint32_t asked[STATES]; /* the latest with this question */
	uint32_t any[STATES];	/* the earliest, whatever its question */
	uint32_t earliest;	/* of all */
	unsigned n;
};

static struct found pair_find(const struct dns_pair *p, const struct dns_ends *e, uint16_t id,
			      uint64_t question)
{
	struct found f = {0};

	/* newest first */
	for (uint32_t i = p->buckets[bucket_of(p, e, id)]; i; i = p->transactions[i].chain) {
		const struct transaction *t = &p->transactions[i];

		if (!same_ends(t, e, id))
			continue;
		f.n++;
		f.earliest = i;
		if (t->question == question && !f.asked[t->state])
			f.asked[t->state] = i;
		f.any[t->state] = i;
	}
	return f;
}

/* ---- queues ---- */

static void queue_append(struct dns_pair *p, uint32_t i, enum state state)
{
	struct transaction *t = &p->transactions[i];
	struct queue *q = &p->queue[state];

	t->state = state;
	t->older = q->newest;
	t->newer = NONE;
	*(q->newest ? &p->transactions[q->newest].newer : &q->oldest) = i;
	q->newest = i;
	q->n++;
}

static void queue_remove(struct dns_pair *p, uint32_t i)
{
	struct transaction *t = &p->transactions[i];
	struct queue *q = &p->queue[t->state];

	*(t->older ? &p->transactions[t->older].newer : &q->oldest) = t->newer;
	*(t->newer ? &p->transactions[t->newer].older : &q->newest) = t->older;
	q->n--;
}

static void pair_drop(struct dns_pair *p, uint32_t i)
{
	struct transaction *t = &p->transactions[i];
	uint32_t *link = &p->buckets[t->bucket];

	queue_remove(p, i);
	while (*link != i)
		link = &p->transactions[*link].chain;
	*link = t->chain;
	t->chain = p->free;
	p->free = i;
}

/* ---- ends ---- */

static double ms_between(uint64_t from, uint64_t to)
{
	return to > from ? (to - from) / 1e6 : 0;
}

static void pair_tell(struct dns_pair *p, struct dns_transaction *t, const struct dns_ends *ends,
		      const struct dns_name *qname)
{
	char text[DNS_TEXT_MAX], type[12], rcode[12];

	memcpy(t->client, ends->client, 16);
	memcpy(t->server, ends->server, 16);
	t->client_port = ends->client_port;
	t->server_port = ends->server_port;
	t->transport = ends->transport;
	dns_wire_text(text, qname);
	t->qname = text;
	t->qtype_name = qname->len ? dns_wire_type_name(t->qtype, type) : "";
	t->rcode_name = "";
	if (t->status != DNS_UNANSWERED)
		t->rcode_name = dns_wire_rcode_name(t->rcode, rcode);
	p->config.ended(p->config.arg, t);
}

/* Ends a query without an answer. */
static void pair_give_up(struct dns_pair *p, uint32_t i)
{
	const struct transaction *t = &p->transactions[i];

	if (thin_took(p, &t->ends, t->id)) {
		p->thinned++;
		pair_drop(p, i);
		return;
	}
	pair_tell(p,
		  &(struct dns_transaction){
			  .ts = t->first,
			  .id = t->id,
			  .qtype = t->qtype,
			  .rcode = DNS_RCODE_NONE,
			  .latency_ms = -1,
			  .latency_last_ms = -1,
			  .retransmissions = t->retransmissions,
			  .status = DNS_UNANSWERED,
		  },
		  &t->ends, &p->names[i]);
	pair_drop(p, i);
}

static void pair_end(struct dns_pair *p, uint32_t i)
{
	if (p->transactions[i].state == WAITING)
		pair_give_up(p, i);
	else
		pair_drop(p, i);
}

void dns_pair_expire(struct dns_pair *p, uint64_t now)
{
	thin_follow(p, now);
	for (int state = 0; state < STATES; state++) {
		uint32_t i;

		while ((i = p->queue[state].oldest) && now > p->transactions[i].first &&
		       now - p->transactions[i].first >= p->config.timeout)
			pair_end(p, i);
	}
}

void dns_pair_clock_set(struct dns_pair *p, int64_t ns)
{
	for (enum state state = WAITING; state < STATES; state++) {
		for (uint32_t i = p->queue[state].oldest; i; i = p->transactions[i].newer) {
			p->transactions[i].first += ns;
			p->transactions[i].last += ns;
		}
	}
	p->period += ns;
}

void dns_pair_finish(struct dns_pair *p)
{
	while (p->queue[WAITING].oldest)
		pair_give_up(p, p->queue[WAITING].oldest);
}

/* ---- queries ---- */

static uint32_t pair_room(struct dns_pair *p)
{
	uint32_t i;

	if (!p->free && p->fresh <= p->config.max)
		return p->fresh++;
	if (!p->free && p->queue[ANSWERED].oldest) {
		pair_drop(p, p->queue[ANSWERED].oldest);
	} else if (!p->free) {
		p->overrun++;
		pair_give_up(p, p->queue[WAITING].oldest);
	}
	i = p->free;
	p->free = p->transactions[i].chain;
	return i;
}

static void pair_add(struct dns_pair *p, const struct dns_ends *ends, const struct dns_message *m,
		     uint64_t question, uint64_t ts)
{
	uint32_t i = pair_room(p);
	struct transaction *t = &p->transactions[i];

	*t = (struct transaction){
		.ends = *ends,
		.id = m->id,
		.qtype = m->qtype,
		.question = question,
		.first = ts,
		.last = ts,
		.bucket = bucket_of(p, ends, m->id),
	};
	p->names[i].len = m->qname.len;
	memcpy(p->names[i].wire, m->qname.wire, m->qname.len);
	t->chain = p->buckets[t->bucket];
	p->buckets[t->bucket] = i;
	queue_append(p, i, WAITING);
}

enum dns_pair_result dns_pair_query(struct dns_pair *p, const struct dns_ends *ends,
				    const struct dns_message *m, uint64_t ts)
{
	uint64_t question = question_of(p, m);
	struct found f = pair_find(p, ends, m->id, question);
	struct transaction *t = &p->transactions[f.asked[WAITING]];

	if (f.asked[WAITING] && (ts < t->first || ts - t->first < DNS_PAIR_RETRANSMIT_NS)) {
		if (t->ends.seen_at != ends->seen_at)
			return DNS_PAIR_SEEN_BEFORE;
		t->retransmissions++;
		if (ts > t->last)
			t->last = ts;
		return DNS_PAIR_RETRANSMIT;
	}
	if (f.asked[WAITING])
		pair_end(p, f.asked[WAITING]);
	else if (f.n >= SAME_ID_MAX)
		pair_end(p, f.earliest);
	pair_add(p, ends, m, question, ts);
	return DNS_PAIR_NEW;
}

/* ---- answers ---- */

static void pair_orphan(struct dns_pair *p, const struct dns_ends *ends,
			const struct dns_message *m, uint64_t ts, uint16_t rcode)
{
	pair_tell(p,
		  &(struct dns_transaction){
			  .ts = ts,
			  .id = m->id,
			  .qtype = m->qtype,
			  .rcode = rcode < DNS_RCODE_NONE ? rcode : DNS_RCODE_NONE - 1,
			  .latency_ms = -1,
			  .latency_last_ms = -1,
			  .status = DNS_ORPHAN,
			  .answer_bytes = m->len,
			  .answers = m->records[DNS_ANSWER],
		  },
		  ends, &m->qname);
}

static double pair_match(struct dns_pair *p, uint32_t i, const struct dns_message *m, uint64_t ts,
			 uint16_t rcode)
{
	const struct transaction *t = &p->transactions[i];
	const struct dns_name *asked = &p->names[i];
	struct dns_transaction told = {
		.ts = t->first,
		.id = t->id,
		.qtype = asked->len ? t->qtype : m->qtype,
		.rcode = rcode < DNS_RCODE_NONE ? rcode : DNS_RCODE_NONE - 1,
		.latency_ms = ms_between(t->first, ts),
		.latency_last_ms = ms_between(t->last, ts),
		.retransmissions = t->retransmissions,
		.status = DNS_ANSWERED,
		.answer_bytes = m->len,
		.answers = m->records[DNS_ANSWER],
	};

	pair_tell(p, &told, &t->ends, asked->len ? asked : &m->qname);
	return told.latency_ms;
}

enum dns_pair_result dns_pair_answer(struct dns_pair *p, const struct dns_ends *ends,
				     const struct dns_message *m, uint64_t ts, uint16_t rcode,
				     double *latency)
{
	uint64_t question = question_of(p, m);
	struct found f = pair_find(p, ends, m->id, question);
	uint32_t i = f.asked[WAITING], had = question ? f.asked[ANSWERED] : f.any[ANSWERED];
	struct transaction *t;

	*latency = -1;
	if (!i && had)
		return p->transactions[had].answer_seen_at == ends->seen_at ? DNS_PAIR_DUPLICATE
									    : DNS_PAIR_SEEN_BEFORE;
	if (!i)
		i = f.any[WAITING];
	if (!i && thin_took(p, ends, m->id)) {
		p->thinned++;
		return DNS_PAIR_THINNED;
	}
	if (!i) {
		pair_orphan(p, ends, m, ts, rcode);
		return DNS_PAIR_ORPHAN;
	}
	*latency = pair_match(p, i, m, ts, rcode);
	t = &p->transactions[i];
	t->question = question;
	t->answer_seen_at = ends->seen_at;
	queue_remove(p, i);
	queue_append(p, i, ANSWERED);
	if (p->queue[ANSWERED].n > p->config.max / ANSWERED_SHARE + 1)
		pair_drop(p, p->queue[ANSWERED].oldest);
	return DNS_PAIR_MATCHED;
}
