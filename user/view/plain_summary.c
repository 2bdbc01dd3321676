// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The summary at the end of a run: what was seen, by whom, and how much of it is certain. Sections
 * without content are left out, but the ledger never is.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "view/apps.h"
#include "view/label.h"
#include "view/plain.h"
#include "view/units.h"

#ifndef XDPLENS_VERSION
#define XDPLENS_VERSION "unknown"
#endif

enum { TOP = 10, SLOWEST = 5, APPS = 15 };

static const double rare = 0.001; /* applications below this share are shown together */

static void put_head(FILE *to, const struct snapshot *s)
{
	char text[UNITS_LEN], date[UNITS_LEN], mean[UNITS_LEN];
	char name[sizeof(s->source)], mode[sizeof(s->mode)];

	fprintf(to, "xdplens %s: %s %s, mode %s, %s until %s\n", XDPLENS_VERSION,
		s->live ? "interface" : "file", label_printable(name, sizeof(name), s->source),
		label_printable(mode, sizeof(mode), s->mode), units_duration(text, s->duration_s),
		units_date(date, s->time));
	fprintf(to, "packets      %s", units_grouped(text, s->packets));
	fprintf(to, ", bytes %s (%s)", units_grouped(text, s->bytes), units_bytes(date, s->bytes));
	if (s->packets)
		fprintf(to, ", mean %s", units_bytes(mean, round((double)s->bytes / s->packets)));
	if (s->duration_s > 0)
		fprintf(to, ", %s, %s", units_packets(text, s->packets / s->duration_s),
			units_bits(date, 8.0 * s->bytes / s->duration_s));
	fputc('\n', to);
}

static void put_interfaces(FILE *to, const struct snapshot *s)
{
	char in[UNITS_LEN], out[UNITS_LEN], in_bytes[UNITS_LEN], out_bytes[UNITS_LEN], name[32];

	for (size_t i = 0; s->live && i < s->n_interfaces; i++) {
		const struct interface_view *v = &s->interfaces[i];
		const struct count *c = v->direction;

		fprintf(to, "%-12s in %s packets %s, out %s packets %s%s%s%s\n",
			label_printable(name, sizeof(name), v->name),
			units_grouped(in, c[DIRECTION_IN].packets),
			units_bytes(in_bytes, c[DIRECTION_IN].bytes),
			units_grouped(out, c[DIRECTION_OUT].packets),
			units_bytes(out_bytes, c[DIRECTION_OUT].bytes), v->up ? "" : ", down",
			v->owner[0] ? ", of " : "", v->owner);
	}
}

static void put_network(FILE *to, const struct snapshot *s)
{
	static const enum l3 order[] = {L3_IPV4, L3_IPV6, L3_ARP, L3_OTHER};
	const char *comma = "network      ";
	char n[UNITS_LEN], share[UNITS_LEN];

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint64_t packets = s->l3[order[i]].packets;

		if (!packets)
			continue;
		fprintf(to, "%s%s %s (%s)", comma, label_l3[order[i]], units_grouped(n, packets),
			units_share(share, packets, s->packets));
		comma = ", ";
	}
	fprintf(to, "%sfragments %s", comma, units_grouped(n, s->fragments.packets));
	fprintf(to, ", vlan %s\n", units_grouped(n, s->vlan.packets));
	fprintf(to, "flows        %s", units_grouped(n, s->flows_total));
	fprintf(to, ", active %s", units_grouped(n, s->flows_active));
	fprintf(to, "; addresses: sources %s", units_grouped(n, s->sources));
	fprintf(to, ", destinations %s\n", units_grouped(n, s->destinations));
}

static void put_count(FILE *to, const char *name, const struct count *c, const struct snapshot *s)
{
	char packets[UNITS_LEN], bytes[UNITS_LEN], part[UNITS_LEN], share[UNITS_LEN];

	if (c->packets)
		fprintf(to, "  %-18s %14s %7s %10s %7s", name, units_grouped(packets, c->packets),
			units_share(part, c->packets, s->packets), units_bytes(bytes, c->bytes),
			units_share(share, c->bytes, s->bytes));
}

static void put_transport(FILE *to, const struct snapshot *s)
{
	fprintf(to, "\n%-20s %14s %7s %10s %7s\n", "transport", "packets", "share", "bytes",
		"share");
	for (int i = 1; i <= TRANSPORT_COUNT; i++) {
		int transport = i % TRANSPORT_COUNT; /* "other" stands first, and is put last */

		put_count(to, label_transport[transport], &s->transport[transport], s);
		if (s->transport[transport].packets)
			fputc('\n', to);
	}
}

static void put_apps(FILE *to, const struct snapshot *s)
{
	struct app_row rows[APP_COUNT];
	size_t n = app_rows(s, APPS, rare, rows);
	char flows[UNITS_LEN];

	fprintf(to, "\n%-20s %14s %7s %10s %7s %10s\n", "application", "packets", "share", "bytes",
		"share", "flows");
	for (size_t i = 0; i < n; i++) {
		const struct app_total *a = &rows[i].total;

		put_count(to, rows[i].name, &(struct count){a->packets, a->bytes}, s);
		fprintf(to, " %10s\n", units_grouped(flows, a->flows));
	}
}

static void put_security(FILE *to, const struct snapshot *s)
{
	fprintf(to, "\n%-20s %14s %7s %10s %7s\n", "security", "packets", "share", "bytes",
		"share");
	for (int i = SECURITY_COUNT - 1; i >= 0; i--) {
		put_count(to, label_security[i], &s->security[i], s);
		if (s->security[i].packets)
			fputc('\n', to);
	}
}

/* ---- DNS ---- */

static void put_servers(FILE *to, const struct dns_view *d)
{
	char addr[46], p50[UNITS_LEN], p95[UNITS_LEN], p99[UNITS_LEN];

	for (size_t i = 0; i < d->n_servers && i < TOP; i++) {
		const struct dns_server_view *v = &d->servers[i];
		bool known = v->latency.count;

		if (!i)
			fprintf(to, "  %-39s %9s %9s %8s %8s %8s\n", "server", "matched", "unansw.",
				"p50", "p95", "p99");
		fprintf(to, "  %-39s %9llu %9llu %8s %8s %8s\n", text_addr(addr, v->addr),
			(unsigned long long)v->matched, (unsigned long long)v->unanswered,
			units_ms(p50, known ? v->latency.p50 : -1),
			units_ms(p95, known ? v->latency.p95 : -1),
			units_ms(p99, known ? v->latency.p99 : -1));
	}
}

static void put_slow(FILE *to, const struct dns_view *d)
{
	char server[46], latency[UNITS_LEN], name[NAME_LEN], type[16];

	for (size_t i = 0; i < d->n_slow && i < SLOWEST; i++)
		fprintf(to, "  slow: %s %s %s by %s\n", units_ms(latency, d->slow[i].latency_ms),
			label_printable(name, sizeof(name), d->slow[i].qname),
			label_printable(type, sizeof(type), d->slow[i].qtype),
			text_addr(server, d->slow[i].server));
}

static void put_dns(FILE *to, const struct snapshot *s)
{
	const struct dns_view *d = &s->dns;
	const struct quantiles *q = &d->latency;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], e[UNITS_LEN], f[UNITS_LEN];

	if (!d->queries && !d->responses)
		return;
	fprintf(to,
		"\ndns: %s queries, %s responses, matched %s, unanswered %s, retransmissions %s",
		units_grouped(a, d->queries), units_grouped(b, d->responses),
		units_grouped(c, d->matched), units_grouped(e, d->unanswered),
		units_grouped(f, d->retransmissions));
	fprintf(to, ", orphans %s, malformed %s", units_grouped(a, d->orphans),
		units_grouped(b, d->malformed));
	if (d->thinned)
		fprintf(to, ", half left out %s", units_grouped(a, d->thinned));
	if (d->overrun)
		fprintf(to, ", given up early %s", units_grouped(a, d->overrun));
	if (d->tcp_resyncs || d->tcp_evicted)
		fprintf(to, ", TCP streams with gaps %s, given up %s",
			units_grouped(a, d->tcp_resyncs), units_grouped(b, d->tcp_evicted));
	fputc('\n', to);
	if (q->count)
		fprintf(to, "  latency: p50 %s, p90 %s, p95 %s, p99 %s, max %s\n",
			units_ms(a, q->p50), units_ms(b, q->p90), units_ms(c, q->p95),
			units_ms(e, q->p99), units_ms(f, q->max));
	for (size_t i = 0; i < d->n_rcodes; i++)
		fprintf(to, "%s%s %s", i ? ", " : "  answers: ", d->rcodes[i].name,
			units_grouped(a, d->rcodes[i].n));
	if (d->n_rcodes)
		fputc('\n', to);
	put_servers(to, d);
	put_slow(to, d);
}

/* ---- who ---- */

static void put_talkers(FILE *to, const struct snapshot *s)
{
	char addr[46], name[NAME_LEN], packets[UNITS_LEN], bytes[UNITS_LEN];

	for (size_t i = 0; i < s->n_talkers && i < TOP; i++) {
		const struct talker *t = &s->talkers[i];

		if (!i)
			fprintf(to, "\n%-41s %14s %10s  name\n", "sent by", "packets", "bytes");
		fprintf(to, "  %-39s %14s %10s%s%s\n", text_addr(addr, t->addr),
			units_grouped(packets, t->packets), units_bytes(bytes, t->bytes),
			t->name[0] ? "  " : "", label_printable(name, sizeof(name), t->name));
	}
}

static void put_flows(FILE *to, const struct snapshot *s)
{
	char from[LABEL_ENDPOINT], dest[LABEL_ENDPOINT], bytes[UNITS_LEN], name[NAME_LEN];
	char packets[UNITS_LEN], protocol[LABEL_LEN];

	for (size_t i = 0; i < s->n_flows && i < TOP; i++) {
		const struct flow_view *f = &s->flows[i];

		if (!i)
			fprintf(to, "\n%-23s %14s %10s  from > to, name\n", "flow", "packets",
				"bytes");
		fprintf(to, "  %-8s %-12s %14s %10s  %s > %s%s%s\n",
			label_protocol(protocol, f->proto), label_app[f->verdict.app % APP_COUNT],
			units_grouped(packets, f->packets + f->packets_rev),
			units_bytes(bytes, f->bytes + f->bytes_rev),
			label_endpoint(from, f->saddr, NULL, f->sport),
			label_endpoint(dest, f->daddr, NULL, f->dport), f->name[0] ? ", " : "",
			label_printable(name, sizeof(name), f->name));
	}
}

static void put_alerts(FILE *to, const struct snapshot *s)
{
	char since[UNITS_LEN], subject[96], detector[32], kind[32], reason[256];

	fprintf(to, "\nalerts: %llu in all, %zu open\n", (unsigned long long)s->alerts_total,
		s->n_alerts_open);
	for (size_t i = 0; i < s->n_alerts && i < TOP; i++) {
		const struct alert *a = &s->alerts[i].alert;

		fprintf(to, "  %s %-6s %s, %s: %s: %s\n", units_clock(since, a->start),
			label_severity[a->severity % SEVERITY_COUNT],
			label_printable(detector, sizeof(detector), s->alerts[i].detector),
			label_printable(kind, sizeof(kind), a->kind),
			label_printable(subject, sizeof(subject), a->subject),
			label_printable(reason, sizeof(reason), a->reason));
	}
}

/* ---- how certain ---- */

static void put_ledger(FILE *to, const struct snapshot *s)
{
	const struct ledger *l = &s->ledger;
	unsigned long long lost[LOST_COUNT];
	const char *comma = "unparsed: ";

	for (int i = 0; i < LOST_COUNT; i++)
		lost[i] = l->lost[i];
	fprintf(to,
		"ledger: seen %llu = flows %llu + overflow %llu + not a flow %llu + unparsed %llu; "
		"balance %lld; lost: dns %llu, packets %llu, flows %llu, files %llu; skipped: "
		"payloads %llu, first packets %llu, dns %llu\n",
		(unsigned long long)l->seen, (unsigned long long)l->flows,
		(unsigned long long)l->overflow, (unsigned long long)l->not_flow,
		(unsigned long long)l->unparsed_total, (long long)l->balance, lost[LOST_DNS],
		lost[LOST_PACKETS], lost[LOST_FLOWS], lost[LOST_FILES],
		(unsigned long long)l->looks_skipped, (unsigned long long)l->head_skipped,
		(unsigned long long)l->dns_skipped);
	for (int i = OUTCOME_UNPARSED; i < OUTCOME_COUNT; i++) {
		if (!l->unparsed[i])
			continue;
		fprintf(to, "%s%s %llu", comma, label_outcome[i],
			(unsigned long long)l->unparsed[i]);
		comma = ", ";
	}
	if (l->unparsed_total)
		fputc('\n', to);
	if (s->flows_blurred)
		fprintf(to, "blurred: some %llu flows are known by their totals only\n",
			(unsigned long long)s->flows_blurred);
}

static void put_cost(FILE *to, const struct snapshot *s)
{
	if (s->live && s->cost_known)
		fprintf(to, "cost: %.0f ns a packet in the kernel, %.1f%% of one CPU in all\n",
			s->cost_ns_per_packet, s->cost_cpu_percent);
	else if (s->live)
		fputs("cost: not known\n", to);
}

void plain_summary(FILE *to, const struct snapshot *s)
{
	char note[sizeof(s->notes[0])];

	put_head(to, s);
	put_interfaces(to, s);
	if (s->packets) {
		put_network(to, s);
		put_transport(to, s);
		put_apps(to, s);
		put_security(to, s);
	}
	put_dns(to, s);
	put_talkers(to, s);
	put_flows(to, s);
	put_alerts(to, s);
	for (size_t i = 0; i < s->n_notes; i++)
		fprintf(to, "note: %s\n", label_printable(note, sizeof(note), s->notes[i]));
	put_ledger(to, s);
	put_cost(to, s);
}
