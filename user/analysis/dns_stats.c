// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Statistics of DNS: see dns_stats.h. */
#include "analysis/dns_stats.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/histogram.h"
#include "analysis/mix.h"
#include "analysis/top.h"

enum {
	WAYS = 8,
	SERVER_BUCKETS = 64,
	NAME_BUCKETS = 256,
	SERVERS = SERVER_BUCKETS * WAYS,
	NAMES = NAME_BUCKETS * WAYS,
	TYPES = 1 << 16,
	RCODES = 1 << 12,
	BUCKETS_MS = sizeof(dns_bucket_ms) / sizeof(dns_bucket_ms[0]),
	SUFFIX_MAX = 2 * 64 + 1, /* two labels with their lengths, and the root */
};

#define SLOW_PERIOD_NS \
	120000000000ull /* the slowest of the present and the last period are shown */

struct server {
	uint8_t addr[16];
	uint64_t matched, unanswered, retransmissions; /* all 0: free */
	uint64_t bucket[BUCKETS_MS];		       /* not cumulative */
	struct histogram latency;
};

struct suffix {
	uint64_t queries, nxdomain; /* queries 0: free */
	uint8_t len;
	uint8_t wire[SUFFIX_MAX]; /* lower case */
};

struct slowest {
	struct dns_slow slow[SNAPSHOT_SLOW];
	size_t n, fastest; /* of these */
};

struct dns_stats {
	struct mix_seed seed;
	uint64_t queries, responses, matched, unanswered, retransmissions, orphans;
	uint64_t multicast_queries, multicast_responses, malformed;
	uint64_t rcodes[RCODES];
	uint64_t types[TYPES];
	struct histogram latency;
	struct server servers[SERVERS];
	struct suffix names[NAMES];
	uint64_t period;	   /* ns, when the present one began */
	struct slowest slowest[2]; /* of the present period, of the last */
};

struct dns_stats *dns_stats_new(void)
{
	struct dns_stats *s = calloc(1, sizeof(*s));

	if (s && mix_seed_draw(&s->seed) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

void dns_stats_free(struct dns_stats *s)
{
	free(s);
}

/* ---- names asked for ---- */

/* The last two labels, in lower case; returns their length with the root's. */
static size_t suffix_of(const struct dns_name *name, uint8_t wire[SUFFIX_MAX])
{
	size_t before = 0, last = 0, at = 0, len;

	for (; name->wire[at]; at += 1 + name->wire[at]) {
		before = last;
		last = at;
	}
	len = name->len - before;
	for (size_t i = 0; i < len; i++)
		wire[i] = tolower(name->wire[before + i]);
	return len;
}

static struct suffix *suffix_find(struct dns_stats *s, const struct dns_name *name, bool add)
{
	uint8_t wire[SUFFIX_MAX];
	size_t len = suffix_of(name, wire);
	uint64_t hash = mix_text(&s->seed, (const char *)wire, len);
	struct suffix *first = &s->names[hash % NAME_BUCKETS * WAYS], *least = first;

	for (struct suffix *c = first; c < first + WAYS; c++) {
		if (c->queries && c->len == len && !memcmp(c->wire, wire, len))
			return c;
		if (c->queries < least->queries)
			least = c;
	}
	if (!add)
		return NULL;
	least->nxdomain = 0;
	least->len = len;
	memcpy(least->wire, wire, len);
	return least;
}

/* ---- messages ---- */

void dns_stats_query(struct dns_stats *s, const struct dns_message *m, enum dns_pair_result result)
{
	if (result == DNS_PAIR_SEEN_BEFORE)
		return;
	s->queries++;
	s->retransmissions += result == DNS_PAIR_RETRANSMIT;
	if (!m->qname.len)
		return;
	s->types[m->qtype]++;
	suffix_find(s, &m->qname, true)->queries++;
}

void dns_stats_answer(struct dns_stats *s, const struct dns_message *m, uint16_t rcode,
		      enum dns_pair_result result)
{
	struct suffix *suffix;

	if (result == DNS_PAIR_SEEN_BEFORE)
		return;
	s->responses++;
	s->rcodes[rcode % RCODES]++;
	if (result != DNS_PAIR_MATCHED || rcode != DNS_NXDOMAIN || !m->qname.len)
		return;
	suffix = suffix_find(s, &m->qname, false);
	if (suffix)
		suffix->nxdomain++;
}

void dns_stats_multicast(struct dns_stats *s, const struct dns_message *m)
{
	if (m->flags & DNS_QR)
		s->multicast_responses++;
	else
		s->multicast_queries++;
}

void dns_stats_malformed(struct dns_stats *s)
{
	s->malformed++;
}

/* ---- transactions ---- */

static uint64_t server_used(const struct server *s)
{
	return s->matched + s->unanswered;
}

static struct server *server_find(struct dns_stats *s, const uint8_t addr[16])
{
	size_t bucket = mix_address(&s->seed, addr) % SERVER_BUCKETS;
	struct server *first = &s->servers[bucket * WAYS], *least = first;

	for (struct server *c = first; c < first + WAYS; c++) {
		if (server_used(c) && !memcmp(c->addr, addr, 16))
			return c;
		if (server_used(c) < server_used(least))
			least = c;
	}
	if (server_used(least))
		memset(least, 0, sizeof(*least));
	memcpy(least->addr, addr, 16);
	return least;
}

static void slowest_find_fastest(struct slowest *list)
{
	list->fastest = 0;
	for (size_t i = 1; i < list->n; i++)
		if (list->slow[i].latency_ms < list->slow[list->fastest].latency_ms)
			list->fastest = i;
}

static void stats_slow(struct dns_stats *s, const struct dns_transaction *t)
{
	struct slowest *list = &s->slowest[0];
	struct dns_slow *slow;

	if (t->ts >= s->period + SLOW_PERIOD_NS) {
		s->slowest[1] = s->slowest[0];
		s->slowest[0].n = 0;
		s->period = t->ts;
	}
	if (list->n == SNAPSHOT_SLOW && t->latency_ms <= list->slow[list->fastest].latency_ms)
		return;
	slow = &list->slow[list->n < SNAPSHOT_SLOW ? list->n++ : list->fastest];
	slow->ts = t->ts;
	memcpy(slow->client, t->client, 16);
	memcpy(slow->server, t->server, 16);
	snprintf(slow->qname, sizeof(slow->qname), "%.*s", NAME_LEN - 1, t->qname);
	snprintf(slow->qtype, sizeof(slow->qtype), "%.*s", 11, t->qtype_name);
	slow->latency_ms = t->latency_ms;
	slowest_find_fastest(list);
}

void dns_stats_ended(struct dns_stats *s, const struct dns_transaction *t)
{
	struct server *server;
	int le = 0;

	if (t->status == DNS_ORPHAN) {
		s->orphans++;
		return;
	}
	server = server_find(s, t->server);
	server->retransmissions += t->retransmissions;
	if (t->status == DNS_UNANSWERED) {
		s->unanswered++;
		server->unanswered++;
		return;
	}
	s->matched++;
	server->matched++;
	while (t->latency_ms > dns_bucket_ms[le])
		le++;
	server->bucket[le]++;
	histogram_add(&s->latency, t->latency_ms * 1e6 + 0.5);
	histogram_add(&server->latency, t->latency_ms * 1e6 + 0.5);
	stats_slow(s, t);
}

/* ---- the view ---- */

typedef const char *number_name(unsigned number, char room[12]);

/* The largest counts with their names; returns how many. */
static size_t fill_counts(const uint64_t *count, size_t n, struct named_count *out, size_t most,
			  number_name *name)
{
	struct top_item top[DNS_RCODES > DNS_QTYPES ? DNS_RCODES : DNS_QTYPES];
	size_t kept = 0;
	char room[12];

	for (size_t i = 0; i < n; i++)
		if (count[i])
			top_offer(top, &kept, most, (struct top_item){count[i], n - i, i});
	top_order(top, kept);
	for (size_t i = 0; i < kept; i++) {
		snprintf(out[i].name, sizeof(out[i].name), "%s", name(top[i].id, room));
		out[i].n = count[top[i].id];
	}
	return kept;
}

static void fill_server(struct dns_server_view *v, const struct server *s)
{
	uint64_t sum = 0;

	memcpy(v->addr, s->addr, 16);
	v->matched = s->matched;
	v->unanswered = s->unanswered;
	v->retransmissions = s->retransmissions;
	v->latency = histogram_quantiles(&s->latency);
	for (int i = 0; i < BUCKETS_MS; i++)
		v->le[i] = sum += s->bucket[i];
}

static void fill_servers(const struct dns_stats *s, struct dns_view *v)
{
	struct top_item top[SNAPSHOT_SERVERS];
	size_t n = 0;

	for (uint32_t i = 0; i < SERVERS; i++)
		if (server_used(&s->servers[i]))
			top_offer(top, &n, SNAPSHOT_SERVERS,
				  (struct top_item){server_used(&s->servers[i]), SERVERS - i, i});
	top_order(top, n);
	for (size_t i = 0; i < n; i++)
		fill_server(&v->servers[i], &s->servers[top[i].id]);
	v->n_servers = n;
}

static void fill_names(const struct dns_stats *s, struct dns_view *v)
{
	struct top_item top[SNAPSHOT_TOP_NAMES];
	char text[DNS_TEXT_MAX];
	size_t n = 0;

	for (uint32_t i = 0; i < NAMES; i++)
		if (s->names[i].queries)
			top_offer(top, &n, SNAPSHOT_TOP_NAMES,
				  (struct top_item){s->names[i].queries, NAMES - i, i});
	top_order(top, n);
	for (size_t i = 0; i < n; i++) {
		const struct suffix *c = &s->names[top[i].id];
		struct dns_name name = {.len = c->len};

		memcpy(name.wire, c->wire, c->len);
		dns_wire_text(text, &name);
		snprintf(v->names[i].name, NAME_LEN, "%.*s", NAME_LEN - 1, text);
		v->names[i].queries = c->queries;
		v->names[i].nxdomain = c->nxdomain;
	}
	v->n_names = n;
}

static int slow_compare(const void *a, const void *b)
{
	const struct dns_slow *x = a, *y = b;

	return (x->latency_ms < y->latency_ms) - (x->latency_ms > y->latency_ms);
}

static void fill_slow(const struct dns_stats *s, struct dns_view *v)
{
	struct dns_slow all[2 * SNAPSHOT_SLOW];
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(all + n, s->slowest[i].slow, s->slowest[i].n * sizeof(*all));
		n += s->slowest[i].n;
	}
	qsort(all, n, sizeof(*all), slow_compare);
	v->n_slow = n < SNAPSHOT_SLOW ? n : SNAPSHOT_SLOW;
	memcpy(v->slow, all, v->n_slow * sizeof(*all));
}

void dns_stats_fill(const struct dns_stats *s, struct dns_view *v)
{
	memset(v, 0, sizeof(*v));
	v->queries = s->queries;
	v->responses = s->responses;
	v->matched = s->matched;
	v->unanswered = s->unanswered;
	v->retransmissions = s->retransmissions;
	v->orphans = s->orphans;
	v->multicast_queries = s->multicast_queries;
	v->multicast_responses = s->multicast_responses;
	v->malformed = s->malformed;
	v->n_rcodes = fill_counts(s->rcodes, RCODES, v->rcodes, DNS_RCODES, dns_wire_rcode_name);
	v->n_qtypes = fill_counts(s->types, TYPES, v->qtypes, DNS_QTYPES, dns_wire_type_name);
	v->latency = histogram_quantiles(&s->latency);
	fill_servers(s, v);
	fill_slow(s, v);
	fill_names(s, v);
}
