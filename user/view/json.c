// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A snapshot as one JSON object. The keys are a promise to scripts: they are added to, never
 * changed. What is not known is null; a number is never a string.
 */
#include "view/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "options.h"
#include "view/label.h"
#include "view/value.h"
#include "view/view.h"

#ifndef XDPLENS_VERSION
#define XDPLENS_VERSION "unknown"
#endif

/* ---- what was counted ---- */

static json_t *packets_by_name(const struct count *c, const char *const *names, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		value_put(object, names[i], value_count(c[i].packets));
	return object;
}

static json_t *source(const struct snapshot *s)
{
	json_t *object = json_object();

	value_put(object, "kind", json_string(s->live ? "live" : "file"));
	value_put(object, "name", value_text(s->source));
	value_put(object, "mode", value_text(s->mode));
	return object;
}

static json_t *apps(const struct snapshot *s)
{
	json_t *object = json_object();

	for (int i = 0; i < APP_COUNT; i++) {
		const struct app_total *a = &s->app[i];
		json_t *app;

		if (!a->packets)
			continue;
		app = json_object();
		value_put(app, "packets", value_count(a->packets));
		value_put(app, "bytes", value_count(a->bytes));
		value_put(app, "flows", value_count(a->flows));
		value_put(app, "pps", value_number(a->pps));
		value_put(app, "bps", value_number(a->bps));
		value_put(object, label_app[i], app);
	}
	return object;
}

static json_t *security(const struct snapshot *s)
{
	json_t *object = json_object();

	for (int i = 0; i < SECURITY_COUNT; i++)
		value_put(object, label_security[i], value_total(&s->security[i]));
	return object;
}

static json_t *flows(const struct snapshot *s)
{
	json_t *object = json_object();

	value_put(object, "total", value_count(s->flows_total));
	value_put(object, "active", value_count(s->flows_active));
	value_put(object, "blurred", value_count(s->flows_blurred));
	return object;
}

static json_t *top_flow(const struct flow_view *f)
{
	json_t *object = json_object();
	char protocol[LABEL_LEN], flags[LABEL_LEN];

	value_put(object, "first", value_epoch(f->first));
	value_put(object, "last", value_epoch(f->last));
	value_put(object, "src", value_address(f->saddr));
	value_put(object, "sport", value_count(f->sport));
	value_put(object, "dst", value_address(f->daddr));
	value_put(object, "dport", value_count(f->dport));
	value_put(object, "proto", json_string(label_protocol(protocol, f->proto)));
	value_put(object, "app", json_string(label_app[f->verdict.app % APP_COUNT]));
	value_put(object, "security",
		  json_string(label_security[f->verdict.security % SECURITY_COUNT]));
	value_put(object, "name", value_text(f->name));
	value_put(object, "packets", value_count(f->packets));
	value_put(object, "bytes", value_count(f->bytes));
	value_put(object, "packets_rev", value_count(f->packets_rev));
	value_put(object, "bytes_rev", value_count(f->bytes_rev));
	value_put(object, "tcp_flags", json_string(label_tcp_flags(flags, f->tcp_flags)));
	value_put(object, "handshake_ms", value_milliseconds(f->handshake_ms));
	value_put(object, "vlan", value_count(f->vlan));
	value_put(object, "interface", value_text(f->interface));
	value_put(object, "owner", value_text(f->owner));
	value_put(object, "bps", value_number(f->bps));
	return object;
}

static json_t *top_flows(const struct snapshot *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_flows; i++)
		json_array_append_new(array, top_flow(&s->flows[i]));
	return array;
}

static json_t *rates(const struct snapshot *s)
{
	json_t *object = json_object();

	value_put(object, "pps", value_number(s->pps));
	value_put(object, "bps", value_number(s->bps));
	value_put(object, "in_pps", value_number(s->in_pps));
	value_put(object, "out_pps", value_number(s->out_pps));
	value_put(object, "in_bps", value_number(s->in_bps));
	value_put(object, "out_bps", value_number(s->out_bps));
	return object;
}

static json_t *talkers(const struct snapshot *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_talkers; i++) {
		const struct talker *t = &s->talkers[i];
		json_t *object = json_object();

		value_put(object, "ip", value_address(t->addr));
		value_put(object, "name", value_text(t->name));
		value_put(object, "packets", value_count(t->packets));
		value_put(object, "bytes", value_count(t->bytes));
		value_put(object, "pps", value_number(t->pps));
		value_put(object, "bps", value_number(t->bps));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *interfaces(const struct snapshot *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_interfaces; i++) {
		const struct interface_view *v = &s->interfaces[i];
		json_t *object = json_object();

		value_put(object, "name", value_text(v->name));
		value_put(object, "mode", value_text(v->mode));
		value_put(object, "up", json_boolean(v->up));
		value_put(object, "owner", value_text(v->owner));
		value_put(object, "in", value_total(&v->direction[DIRECTION_IN]));
		value_put(object, "out", value_total(&v->direction[DIRECTION_OUT]));
		value_put(object, "in_pps", value_number(v->pps[DIRECTION_IN]));
		value_put(object, "out_pps", value_number(v->pps[DIRECTION_OUT]));
		value_put(object, "in_bps", value_number(v->bps[DIRECTION_IN]));
		value_put(object, "out_bps", value_number(v->bps[DIRECTION_OUT]));
		json_array_append_new(array, object);
	}
	return array;
}

/* Bin i holds the packets of 2^i up to 2^(i+1)-1 octets, the last one everything above. */
static json_t *sizes(const struct snapshot *s)
{
	json_t *array = json_array();

	for (int i = 0; i < SIZE_BINS; i++)
		json_array_append_new(array, value_count(s->sizes[i]));
	return array;
}

/* ---- alerts, ledger, cost ---- */

static json_t *alert_list(const struct snapshot *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_alerts; i++) {
		const struct alert *a = &s->alerts[i].alert;
		json_t *object = json_object();

		value_put(object, "ts", value_epoch(a->start));
		value_put(object, "end", a->end ? value_epoch(a->end) : json_null());
		value_put(object, "detector", value_text(s->alerts[i].detector));
		value_put(object, "severity",
			  json_string(label_severity[a->severity % SEVERITY_COUNT]));
		value_put(object, "subject", value_text(a->subject));
		value_put(object, "kind", value_text(a->kind));
		value_put(object, "observed", value_number(a->observed));
		value_put(object, "expected", value_number(a->expected));
		value_put(object, "unit", value_text(a->unit));
		value_put(object, "reason", value_text(a->reason));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *alerts(const struct snapshot *s)
{
	json_t *object = json_object();

	value_put(object, "total", value_count(s->alerts_total));
	value_put(object, "open", value_count(s->n_alerts_open));
	value_put(object, "by_detector", value_named_counts(s->alerts_by_detector, s->n_detectors));
	value_put(object, "list", alert_list(s));
	return object;
}

static json_t *ledger(const struct ledger *l)
{
	json_t *object = json_object(), *unparsed = json_object(), *lost = json_object();

	for (int i = OUTCOME_UNPARSED; i < OUTCOME_COUNT; i++)
		value_put(unparsed, label_outcome[i], value_count(l->unparsed[i]));
	for (int i = 0; i < LOST_COUNT; i++)
		value_put(lost, label_loss[i], value_count(l->lost[i]));
	value_put(object, "seen", value_count(l->seen));
	value_put(object, "flows", value_count(l->flows));
	value_put(object, "overflow", value_count(l->overflow));
	value_put(object, "not_flow", value_count(l->not_flow));
	value_put(object, "unparsed", unparsed);
	value_put(object, "unparsed_total", value_count(l->unparsed_total));
	value_put(object, "balance", json_integer(l->balance));
	value_put(object, "coverage_percent", value_number(label_coverage(l)));
	value_put(object, "lost", lost);
	value_put(object, "looks_skipped", value_count(l->looks_skipped));
	value_put(object, "head_skipped", value_count(l->head_skipped));
	value_put(object, "dns_skipped", value_count(l->dns_skipped));
	return object;
}

static json_t *cost(const struct snapshot *s)
{
	json_t *object;

	if (!s->cost_known)
		return json_null();
	object = json_object();
	value_put(object, "ns_per_packet", value_number(s->cost_ns_per_packet));
	value_put(object, "cpu_percent", value_number(s->cost_cpu_percent));
	return object;
}

static json_t *notes(const struct snapshot *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_notes; i++)
		json_array_append_new(array, value_text(s->notes[i]));
	return array;
}

static json_t *everything(const struct snapshot *s)
{
	json_t *object = json_object();

	value_put(object, "version", json_string(XDPLENS_VERSION));
	value_put(object, "final", json_boolean(s->final));
	value_put(object, "time", value_epoch(s->time));
	value_put(object, "source", source(s));
	value_put(object, "duration_s", value_number(s->duration_s));
	value_put(object, "interval_s", value_number(s->interval_s));
	value_put(object, "packets", value_count(s->packets));
	value_put(object, "bytes", value_count(s->bytes));
	value_put(object, "in", value_total(&s->direction[DIRECTION_IN]));
	value_put(object, "out", value_total(&s->direction[DIRECTION_OUT]));
	value_put(object, "l3", packets_by_name(s->l3, label_l3, L3_COUNT));
	value_put(object, "transport",
		  packets_by_name(s->transport, label_transport, TRANSPORT_COUNT));
	value_put(object, "fragments", value_count(s->fragments.packets));
	value_put(object, "vlan", value_count(s->vlan.packets));
	value_put(object, "sizes", sizes(s));
	value_put(object, "app", apps(s));
	value_put(object, "security", security(s));
	value_put(object, "flows", flows(s));
	value_put(object, "sources", value_count(s->sources));
	value_put(object, "destinations", value_count(s->destinations));
	value_put(object, "dns", json_dns(&s->dns));
	value_put(object, "rates", rates(s));
	value_put(object, "talkers", talkers(s));
	value_put(object, "top_flows", top_flows(s));
	value_put(object, "alerts", alerts(s));
	value_put(object, "interfaces", interfaces(s));
	value_put(object, "ledger", ledger(&s->ledger));
	if (s->live)
		value_put(object, "cost", cost(s));
	value_put(object, "notes", notes(s));
	return object;
}

char *json_snapshot(const struct snapshot *s, size_t *len)
{
	json_t *object = everything(s);
	char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));

	json_decref(object);
	if (!line) {
		errno = ENOMEM;
		return NULL;
	}
	*len = strlen(line);
	return line;
}

/* ---- the view ---- */

struct view {
	bool only_final;
};

static struct view *json_open(const struct options *options)
{
	struct view *v = calloc(1, sizeof(*v));

	if (!v) {
		log_error("json report: out of memory");
		return NULL;
	}
	v->only_final = options->read;
	return v;
}

static int json_show(struct view *v, const struct snapshot *s)
{
	size_t len;
	char *line;
	int error = 0;

	if (v->only_final && !s->final)
		return 0;
	line = json_snapshot(s, &len);
	if (!line)
		return -errno;
	line[len] = '\n'; /* in place of the NUL, so that a line is one write */
	errno = EIO;
	if (fwrite(line, len + 1, 1, stdout) != 1 || fflush(stdout))
		error = -errno;
	free(line);
	return error;
}

static void json_close(struct view *v)
{
	free(v);
}

const struct view_ops view_json = {
	.name = "json",
	.open = json_open,
	.snapshot = json_show,
	.close = json_close,
};
