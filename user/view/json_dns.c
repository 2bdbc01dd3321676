// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The "dns" member of the JSON snapshot. Called by json.c. */
#include "view/value.h"

static json_t *latency(const struct quantiles *q)
{
	json_t *object = json_object();
	const struct {
		const char *key;
		double ms;
	} members[] = {{"min", q->min}, {"p50", q->p50}, {"p90", q->p90},  {"p95", q->p95},
		       {"p99", q->p99}, {"max", q->max}, {"mean", q->mean}};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		value_put(object, members[i].key,
			  q->count ? value_number(members[i].ms) : json_null());
	return object;
}

static json_t *dns_servers(const struct dns_view *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->n_servers; i++) {
		const struct dns_server_view *v = &d->servers[i];
		bool known = v->latency.count;
		json_t *object = json_object(), *le = json_array();

		value_put(object, "server", value_address(v->addr));
		value_put(object, "matched", value_count(v->matched));
		value_put(object, "unanswered", value_count(v->unanswered));
		value_put(object, "retransmissions", value_count(v->retransmissions));
		value_put(object, "p50", known ? value_number(v->latency.p50) : json_null());
		value_put(object, "p95", known ? value_number(v->latency.p95) : json_null());
		value_put(object, "p99", known ? value_number(v->latency.p99) : json_null());
		for (size_t j = 0; j < sizeof(v->le) / sizeof(v->le[0]); j++)
			json_array_append_new(le, value_count(v->le[j]));
		value_put(object, "le", le);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *dns_slow(const struct dns_view *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->n_slow; i++) {
		const struct dns_slow *w = &d->slow[i];
		json_t *object = json_object();

		value_put(object, "ts", value_epoch(w->ts));
		value_put(object, "client", value_address(w->client));
		value_put(object, "server", value_address(w->server));
		value_put(object, "qname", value_text(w->qname));
		value_put(object, "qtype", value_text(w->qtype));
		value_put(object, "latency_ms", value_milliseconds(w->latency_ms));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *dns_names(const struct dns_view *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->n_names; i++) {
		json_t *object = json_object();

		value_put(object, "name", value_text(d->names[i].name));
		value_put(object, "queries", value_count(d->names[i].queries));
		value_put(object, "nxdomain", value_count(d->names[i].nxdomain));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *json_dns(const struct dns_view *d)
{
	json_t *object = json_object();

	value_put(object, "queries", value_count(d->queries));
	value_put(object, "responses", value_count(d->responses));
	value_put(object, "matched", value_count(d->matched));
	value_put(object, "unanswered", value_count(d->unanswered));
	value_put(object, "retransmissions", value_count(d->retransmissions));
	value_put(object, "orphans", value_count(d->orphans));
	value_put(object, "overrun", value_count(d->overrun));
	value_put(object, "tcp_resyncs", value_count(d->tcp_resyncs));
	value_put(object, "tcp_evicted", value_count(d->tcp_evicted));
	value_put(object, "thinned", value_count(d->thinned));
	value_put(object, "multicast_queries", value_count(d->multicast_queries));
	value_put(object, "multicast_responses", value_count(d->multicast_responses));
	value_put(object, "malformed", value_count(d->malformed));
	value_put(object, "rcodes", value_named_counts(d->rcodes, d->n_rcodes));
	value_put(object, "qtypes", value_named_counts(d->qtypes, d->n_qtypes));
	value_put(object, "latency_ms", latency(&d->latency));
	value_put(object, "servers", dns_servers(d));
	value_put(object, "slow", dns_slow(d));
	value_put(object, "names", dns_names(d));
	return object;
}
