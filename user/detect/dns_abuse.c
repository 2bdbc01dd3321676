// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What DNS transactions tell: names that do not exist asked in masses (nxdomain_storm), data
 * carried in names (tunnel), a resolver that is slow or does not answer (resolver_slow,
 * resolver_silent); and whoever sends messages that cannot be read, again and again (malformed).
 *
 * A tunnel is one domain with many different names that are long or of many kinds of record, nearly
 * every one asked once. Content networks have many names too, but short ones, asked for addresses.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect/baseline.h"
#include "detect/distinct.h"
#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum {
	CLIENTS = 4096,
	DOMAINS = 4096,
	RESOLVERS = 256,
	DOMAIN_LEN = 64,
	WINDOW_S = 10,
	TUNNEL_WINDOW_S = 60,
	STORM_HOLD_S = 7,
	TUNNEL_HOLD_S = 8, /* it falls silent between two commands */
	BROKEN_WINDOW_S = 60,
	BROKEN_HOLD_S = 7,
	RESOLVER_WINDOW_S = 3,
	RESOLVER_HOLD_S = 7,
	RESOLVER_LEAST = 5, /* transactions that a window needs to be judged */
	RCODE_NXDOMAIN = 3,
	TYPE_A = 1,
	TYPE_PTR = 12,
	TYPE_AAAA = 28,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
};

struct client {
	uint64_t since; /* ns */
	uint32_t asked, missing;
	uint32_t fresh; /* missing since the last tick */
	uint64_t found;
	uint8_t server[16]; /* that said so last */
};

struct domain_key {
	uint8_t client[16];
	char name[DOMAIN_LEN];
};

struct domain {
	uint64_t since;
	uint32_t asked;
	uint32_t rare; /* asked for records other than addresses */
	uint32_t fresh;
	uint64_t length; /* of what stands before the domain, summed */
	double entropy;	 /* of its characters, bits each, summed */
	struct distinct names;
	uint64_t found;
};

struct resolver {
	uint64_t since;
	uint32_t answered, unanswered, slow;
	double latency_ms; /* summed */
	struct baseline usual;
};

struct sender { /* of messages that cannot be read */
	uint64_t since;
	uint32_t broken, fresh;
	uint8_t to[16]; /* the last one's destination */
};

struct detector {
	struct detector_host *host;
	struct subjects *clients, *domains, *resolvers, *senders;
	double malformed;
	double nxdomain, tunnel_names, tunnel_length, silent, slow_ms;
	const char *trusted;
	struct baseline_rule rule;
};

/* ---- names ---- */

/* Where the registered domain begins: two labels, three under a short second level (co.uk). */
static const char *domain_of(const char *qname, size_t len)
{
	const char *dot[3] = {NULL, NULL, NULL}, *end = qname + len;
	unsigned n = 0;

	for (const char *p = end; p > qname && n < 3; p--)
		if (p[-1] == '.')
			dot[n++] = p;
	if (n >= 2 && end - dot[0] == 2 && dot[0] - dot[1] <= 4)
		return n == 3 ? dot[2] : qname;
	return n >= 2 ? dot[1] : qname;
}

static double name_entropy(const char *text, size_t len)
{
	unsigned count[256] = {0};
	double bits = 0;

	for (size_t i = 0; i < len; i++)
		count[(unsigned char)text[i]]++;
	for (int i = 0; i < 256; i++)
		if (count[i])
			bits -= count[i] * log2((double)count[i] / len);
	return len ? bits / len : 0;
}

static bool qtype_rare(uint16_t qtype)
{
	return qtype != TYPE_A && qtype != TYPE_AAAA && qtype != TYPE_HTTPS && qtype != TYPE_SVCB &&
	       qtype != TYPE_PTR;
}

static bool domain_trusted(const struct detector *d, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = d->trusted; *(p += strspn(p, ", \t")); p += strcspn(p, ", \t"))
		if (strcspn(p, ", \t") == len && strncasecmp(p, name, len) == 0)
			return true;
	return false;
}

/* ---- transactions ---- */

/* While an alert is open its window goes on. */
static bool lasting(uint64_t found, uint64_t now, unsigned hold_s)
{
	return found && now < found + hold_s * 1000000000ull;
}

static void client_add(struct detector *d, const struct dns_transaction *t)
{
	struct client *c = subjects_take(d->clients, t->client);

	if (t->ts >= c->since + WINDOW_S * 1000000000ull &&
	    !lasting(c->found, t->ts, STORM_HOLD_S)) {
		c->since = t->ts;
		c->asked = c->missing = 0;
	}
	c->asked++;
	if (t->rcode != RCODE_NXDOMAIN)
		return;
	c->missing++;
	c->fresh++;
	memcpy(c->server, t->server, sizeof(c->server));
}

static void domain_add(struct detector *d, const struct dns_transaction *t)
{
	size_t len = strlen(t->qname), before;
	struct domain_key key = {0};
	const char *domain;
	struct domain *m;

	while (len && t->qname[len - 1] == '.')
		len--;
	domain = domain_of(t->qname, len);
	before = domain - t->qname;
	if (!before || t->qtype == TYPE_PTR)
		return;
	memcpy(key.client, t->client, 16);
	for (size_t i = 0; i < len - before && i < DOMAIN_LEN - 1; i++)
		key.name[i] = domain[i] >= 'A' && domain[i] <= 'Z' ? domain[i] | 0x20 : domain[i];
	m = subjects_take(d->domains, &key);
	if (t->ts >= m->since + TUNNEL_WINDOW_S * 1000000000ull &&
	    !lasting(m->found, t->ts, TUNNEL_HOLD_S)) {
		memset(m, 0, sizeof(*m));
		m->since = t->ts;
	}
	m->asked++;
	m->fresh++;
	m->rare += qtype_rare(t->qtype);
	m->length += before - 1;
	m->entropy += name_entropy(t->qname, before - 1);
	distinct_add(&m->names, subjects_hash(d->domains, t->qname, before - 1));
}

static void resolver_add(struct detector *d, const struct dns_transaction *t)
{
	struct resolver *r = subjects_take(d->resolvers, t->server);

	if (!r->since)
		r->since = t->ts;
	if (t->status == DNS_UNANSWERED) {
		r->unanswered++;
	} else if (t->latency_ms >= 0) {
		r->answered++;
		r->latency_ms += t->latency_ms;
		r->slow += t->latency_ms > d->slow_ms;
	}
}

static void dns_transaction_add(struct detector *d, const struct dns_transaction *t)
{
	if (addr_multicast(t->server))
		return;
	client_add(d, t);
	if (t->status != DNS_ORPHAN)
		resolver_add(d, t);
	if (t->qname)
		domain_add(d, t);
}

static void dns_event_see(struct detector *d, const struct event *e)
{
	struct sender *s;

	if (!e->dns_malformed)
		return;
	s = subjects_take(d->senders, e->packet->key.saddr);
	if (e->ts >= s->since + BROKEN_WINDOW_S * 1000000000ull) {
		s->since = e->ts;
		s->broken = 0;
	}
	s->broken++;
	s->fresh++;
	memcpy(s->to, e->packet->key.daddr, 16);
}

/* ---- judging ---- */

static void senders_judge(struct detector *d, uint64_t now)
{
	const void *addr;
	struct sender *s;

	for (size_t at = 0; (s = subjects_next(d->senders, &at, &addr));) {
		struct alert a = {.severity = SEVERITY_MEDIUM,
				  .observed = s->broken,
				  .expected = d->malformed};

		if (!s->fresh)
			continue;
		s->fresh = 0;
		/* a flood strikes the ports of DNS, too */
		if (s->broken < d->malformed || host_explained(d->host, addr))
			continue;
		WORDS_SET(a.subject, "%s", words_addr(addr).s);
		WORDS_SET(a.kind, "malformed");
		WORDS_SET(a.unit, "messages");
		WORDS_SET(a.reason,
			  "%s sent %s DNS messages that cannot be read in %s s, the last to %s, "
			  "where "
			  "fewer than %s in %d s are usual",
			  words_addr(addr).s, words_number(s->broken).s,
			  words_number(fmax(1, ceil((now - s->since) / 1e9))).s,
			  words_addr(s->to).s, words_number(d->malformed).s, BROKEN_WINDOW_S);
		d->host->raise(d->host, &a, BROKEN_HOLD_S);
	}
}

static void clients_judge(struct detector *d, uint64_t now)
{
	const void *addr;
	struct client *c;

	for (size_t at = 0; (c = subjects_next(d->clients, &at, &addr));) {
		struct alert a = {.severity = SEVERITY_MEDIUM,
				  .observed = c->missing,
				  .expected = d->nxdomain};
		bool found = c->missing >= d->nxdomain && 2 * c->missing >= c->asked;

		if (!c->fresh)
			continue;
		c->fresh = 0;
		if (!found && !lasting(c->found, now, STORM_HOLD_S))
			continue;
		c->found = now;
		/* how much the two of them send is no alert of its own */
		host_explain(d->host, addr);
		host_explain(d->host, c->server);
		WORDS_SET(a.subject, "%s", words_addr(addr).s);
		WORDS_SET(a.kind, "nxdomain_storm");
		WORDS_SET(a.unit, "names");
		WORDS_SET(a.reason,
			  "%s asked for %s names that do not exist, of %s in %s s; up to %s in %d "
			  "s are usual",
			  words_addr(addr).s, words_number(c->missing).s, words_number(c->asked).s,
			  words_number(fmax(1, ceil((now - c->since) / 1e9))).s,
			  words_number(d->nxdomain).s, WINDOW_S);
		d->host->raise(d->host, &a, STORM_HOLD_S);
	}
}

static bool domain_tunnels(const struct detector *d, const struct domain *m, double names)
{
	double length = (double)m->length / m->asked, entropy = m->entropy / m->asked;

	if (names < d->tunnel_names || 2 * names < m->asked)
		return false;
	if (entropy < 2.5 || length < d->tunnel_length / 2)
		return false;
	return length >= d->tunnel_length || 3 * m->rare >= m->asked;
}

static void domain_tell(struct detector *d, const struct domain_key *k, const struct domain *m,
			double names)
{
	struct alert a = {
		.severity = SEVERITY_HIGH, .observed = names, .expected = d->tunnel_names};

	WORDS_SET(a.subject, "%s: %s", words_addr(k->client).s, k->name);
	WORDS_SET(a.kind, "tunnel");
	WORDS_SET(a.unit, "names");
	WORDS_SET(a.reason,
		  "%s asked for about %s names under %s, of %s characters and %.1f bits each, %.0f "
		  "%% for other records than addresses, where up to %s are usual in %d s",
		  words_addr(k->client).s, words_number(names).s, k->name,
		  words_number((double)(m->length / m->asked)).s, m->entropy / m->asked,
		  100.0 * m->rare / m->asked, words_number(d->tunnel_names).s, TUNNEL_WINDOW_S);
	d->host->raise(d->host, &a, TUNNEL_HOLD_S);
}

static void domains_judge(struct detector *d, uint64_t now)
{
	const void *key;
	struct domain *m;

	for (size_t at = 0; (m = subjects_next(d->domains, &at, &key));) {
		const struct domain_key *k = key;
		double names;

		if (!m->fresh)
			continue;
		m->fresh = 0;
		if (m->asked < d->tunnel_names && !lasting(m->found, now, TUNNEL_HOLD_S))
			continue;
		names = distinct_estimate(&m->names);
		if (!(domain_tunnels(d, m, names) || lasting(m->found, now, TUNNEL_HOLD_S)) ||
		    domain_trusted(d, k->name))
			continue;
		m->found = now;
		domain_tell(d, k, m, names);
	}
}

static void silent_tell(struct detector *d, const uint8_t addr[16], const struct resolver *r)
{
	unsigned asked = r->answered + r->unanswered;
	struct alert a = {.severity = SEVERITY_MEDIUM,
			  .observed = 100.0 * r->unanswered / asked,
			  .expected = 100 * d->silent};

	WORDS_SET(a.subject, "%s", words_addr(addr).s);
	WORDS_SET(a.kind, "resolver_silent");
	WORDS_SET(a.unit, "%% unanswered");
	WORDS_SET(a.reason, "%s left %u of %u questions unanswered, where up to %.0f %% are usual",
		  words_addr(addr).s, r->unanswered, asked, 100 * d->silent);
	d->host->raise(d->host, &a, RESOLVER_HOLD_S);
}

static void slow_tell(struct detector *d, const uint8_t addr[16], double mean, double usual)
{
	struct alert a = {.severity = SEVERITY_LOW, .observed = mean, .expected = usual};

	WORDS_SET(a.subject, "%s", words_addr(addr).s);
	WORDS_SET(a.kind, "resolver_slow");
	WORDS_SET(a.unit, "ms");
	WORDS_SET(a.reason, "%s took %s ms for an answer on average, where up to %s ms are usual",
		  words_addr(addr).s, words_number(mean).s, words_number(usual).s);
	d->host->raise(d->host, &a, RESOLVER_HOLD_S);
}

static void resolver_judge(struct detector *d, const uint8_t addr[16], struct resolver *r)
{
	unsigned asked = r->answered + r->unanswered;
	double mean = r->answered ? r->latency_ms / r->answered : 0, usual;
	bool unusual;

	if (r->unanswered >= RESOLVER_LEAST && r->unanswered >= d->silent * asked)
		silent_tell(d, addr, r);
	if (r->answered < RESOLVER_LEAST)
		return;
	usual = baseline_limit(&r->usual, &d->rule);
	unusual = baseline_judge(&r->usual, &d->rule, mean);
	if (unusual && mean > d->slow_ms / 4)
		slow_tell(d, addr, mean, usual);
	else if (2 * r->slow > r->answered)
		slow_tell(d, addr, mean, d->slow_ms);
}

/* A window ends when it has enough to be judged, or after ten seconds. */
static void resolvers_judge(struct detector *d, uint64_t now)
{
	const void *addr;
	struct resolver *r;

	for (size_t at = 0; (r = subjects_next(d->resolvers, &at, &addr));) {
		bool enough = r->unanswered + r->answered >= RESOLVER_LEAST;
		uint64_t seconds = enough ? RESOLVER_WINDOW_S : WINDOW_S;

		if (!r->since || now < r->since + seconds * 1000000000)
			continue;
		resolver_judge(d, addr, r);
		r->since = 0;
		r->answered = r->unanswered = r->slow = 0;
		r->latency_ms = 0;
	}
}

static void dns_tick_judge(struct detector *d, const struct tick *t)
{
	senders_judge(d, t->now);
	clients_judge(d, t->now);
	domains_judge(d, t->now);
	resolvers_judge(d, t->now);
}

/* ---- opening and closing ---- */

static void dns_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->clients);
	subjects_free(d->domains);
	subjects_free(d->resolvers);
	subjects_free(d->senders);
	free(d);
}

static struct detector *dns_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->clients = subjects_new(CLIENTS, 16, sizeof(struct client));
	d->domains = subjects_new(DOMAINS, sizeof(struct domain_key), sizeof(struct domain));
	d->resolvers = subjects_new(RESOLVERS, 16, sizeof(struct resolver));
	d->senders = subjects_new(CLIENTS, 16, sizeof(struct sender));
	if (!d->clients || !d->domains || !d->resolvers || !d->senders) {
		dns_close(d);
		return NULL;
	}
	d->nxdomain = host_limit(host, "nxdomain", 100);
	d->malformed = host_limit(host, "malformed", 4);
	d->tunnel_names = host_limit(host, "tunnel_names", 30);
	d->tunnel_length = host->number(host, "tunnel_length", 32);
	d->silent = host_limit(host, "silent_percent", 50) / 100;
	d->slow_ms = host_limit(host, "slow_ms", 1000);
	d->trusted = host->text(host, "trusted", "mcafee.com sophosxl.net spamhaus.org");
	d->rule = (struct baseline_rule){
		.weight = 0.05, .warmup = 12, .deviations = 6, .ratio = 5, .accept = 180};
	return d;
}

const struct detector_ops detector_dns_abuse = {
	.abi = DETECTOR_ABI,
	.name = "dns_abuse",
	.about = "storms of names that do not exist, tunnels, malformed messages, slow and silent "
		 "resolvers",
	.open = dns_open,
	.event = dns_event_see,
	.dns = dns_transaction_add,
	.tick = dns_tick_judge,
	.close = dns_close,
};
