// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The snapshot in Prometheus' text format (0.0.4), by its naming rules: base units, _total on what
 * only grows. Every set of labels is bounded: names of ours, interfaces, the resolvers and the
 * busiest hosts of the snapshot. Called by web_http.c.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "view/label.h"
#include "view/web.h"

enum { TOP_HOSTS = 10 };

#ifndef XDPLENS_VERSION
#define XDPLENS_VERSION "unknown"
#endif

/* ---- the format ---- */

struct tag {
	const char *name, *value; /* name NULL: none */
};

static const struct tag no_tag[2];

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(FILE *out, const char *value)
{
	char text[NAME_LEN];

	for (const char *c = label_printable(text, sizeof(text), value); *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
}

static void put_name(FILE *out, const char *name, const struct tag tag[2])
{
	fputs(name, out);
	for (int i = 0; i < 2 && tag[i].name; i++) {
		fprintf(out, "%c%s=\"", i ? ',' : '{', tag[i].name);
		put_value(out, tag[i].value);
		fputc('"', out);
	}
	fputs(tag[0].name ? "} " : " ", out);
}

static void count(FILE *out, const char *name, const struct tag tag[2], uint64_t n)
{
	put_name(out, name, tag);
	fprintf(out, "%" PRIu64 "\n", n);
}

static void number(FILE *out, const char *name, const struct tag tag[2], double x)
{
	put_name(out, name, tag);
	if (isfinite(x))
		fprintf(out, "%.15g\n", x);
	else
		fputs(isnan(x) ? "NaN\n" : x > 0 ? "+Inf\n" : "-Inf\n", out);
}

/* A family of one sample. */
static void gauge(FILE *out, const char *name, const char *help, double x)
{
	family(out, name, "gauge", help);
	number(out, name, no_tag, x);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t n)
{
	family(out, name, "counter", help);
	count(out, name, no_tag, n);
}

/* Two families, packets and bytes, with a sample a name. */
static void totals(FILE *out, const char *what, const char *label, const char *about,
		   const struct count *c, const char *const *names, size_t n)
{
	for (int bytes = 0; bytes < 2; bytes++) {
		char name[64], help[128];

		snprintf(name, sizeof(name), "xdplens_%s_%s_total", what,
			 bytes ? "bytes" : "packets");
		snprintf(help, sizeof(help), "%s by %s.",
			 bytes ? "Octets on the wire, without FCS," : "Packets", about);
		family(out, name, "counter", help);
		for (size_t i = 0; i < n; i++)
			count(out, name, (struct tag[2]){{label, names[i]}},
			      bytes ? c[i].bytes : c[i].packets);
	}
}

/* ---- what was counted ---- */

static void interface_totals(FILE *out, const struct snapshot *s, bool bytes)
{
	static const char *const words[DIRECTION_COUNT] = {"in", "out"};
	const char *name =
		bytes ? "xdplens_interface_bytes_total" : "xdplens_interface_packets_total";

	family(out, name, "counter",
	       bytes ? "Octets on the wire, without FCS, by interface and direction."
		     : "Packets by interface and direction.");
	for (size_t i = 0; i < s->n_interfaces; i++) {
		const struct interface_view *v = &s->interfaces[i];

		for (int d = 0; d < DIRECTION_COUNT; d++)
			count(out, name,
			      (struct tag[2]){{"interface", v->name}, {"direction", words[d]}},
			      bytes ? v->direction[d].bytes : v->direction[d].packets);
	}
}

static void write_interfaces(FILE *out, const struct snapshot *s)
{
	interface_totals(out, s, false);
	interface_totals(out, s, true);
	family(out, "xdplens_interface_info", "gauge", "How an interface is watched.");
	for (size_t i = 0; i < s->n_interfaces; i++)
		count(out, "xdplens_interface_info",
		      (struct tag[2]){{"interface", s->interfaces[i].name},
				      {"mode", s->interfaces[i].mode}},
		      1);
	family(out, "xdplens_interface_up", "gauge", "Whether an interface is up.");
	for (size_t i = 0; i < s->n_interfaces; i++)
		count(out, "xdplens_interface_up",
		      (struct tag[2]){{"interface", s->interfaces[i].name}}, s->interfaces[i].up);
}

static void write_sizes(FILE *out, const struct snapshot *s)
{
	static const char name[] = "xdplens_packet_size_bytes";
	uint64_t below = 0;
	char le[16];

	family(out, name, "histogram", "Octets of a packet on the wire, without FCS.");
	for (int i = 0; i < SIZE_BINS; i++) {
		below += s->sizes[i];
		snprintf(le, sizeof(le), "%u", (2u << i) - 1);
		count(out, "xdplens_packet_size_bytes_bucket",
		      (struct tag[2]){{"le", i + 1 < SIZE_BINS ? le : "+Inf"}}, below);
	}
	count(out, "xdplens_packet_size_bytes_sum", no_tag, s->bytes);
	count(out, "xdplens_packet_size_bytes_count", no_tag, below);
}

static void write_applications(FILE *out, const struct web_monotone *m)
{
	struct count c[APP_COUNT];

	for (int i = 0; i < APP_COUNT; i++)
		c[i] = (struct count){m->app[i].packets, m->app[i].bytes};
	totals(out, "application", "application", "application", c, label_app, APP_COUNT);
	family(out, "xdplens_application_flows_total", "counter", "Flows by application.");
	for (int i = 0; i < APP_COUNT; i++)
		count(out, "xdplens_application_flows_total",
		      (struct tag[2]){{"application", label_app[i]}}, m->app[i].flows);
}

static void write_traffic(FILE *out, const struct web_moment *m)
{
	const struct snapshot *s = &m->snapshot;

	counter(out, "xdplens_packets_total", "Packets seen.", s->packets);
	counter(out, "xdplens_bytes_total", "Octets seen on the wire, without FCS.", s->bytes);
	write_interfaces(out, s);
	totals(out, "network", "protocol", "outermost network header", s->l3, label_l3, L3_COUNT);
	totals(out, "transport", "protocol", "protocol of the outermost IP header", s->transport,
	       label_transport, TRANSPORT_COUNT);
	write_applications(out, &m->monotone);
	totals(out, "security", "class", "what can be read along", m->monotone.security,
	       label_security, SECURITY_COUNT);
	counter(out, "xdplens_fragments_total", "IP fragments.", s->fragments.packets);
	counter(out, "xdplens_vlan_packets_total", "Packets with a VLAN tag.", s->vlan.packets);
	write_sizes(out, s);
	counter(out, "xdplens_flows_total", "Flows that were opened.", s->flows_total);
	gauge(out, "xdplens_flows_active", "Flows that have not ended.", s->flows_active);
	gauge(out, "xdplens_flows_blurred", "Flows known as totals only, estimated.",
	      s->flows_blurred);
	gauge(out, "xdplens_sources", "Distinct source addresses.", s->sources);
	gauge(out, "xdplens_destinations", "Distinct destination addresses.", s->destinations);
}

/* The busiest hosts change: these are gauges, which with "other" always add up to all. */
static void write_hosts(FILE *out, const struct snapshot *s)
{
	size_t n = s->n_talkers < TOP_HOSTS ? s->n_talkers : TOP_HOSTS;

	for (int bytes = 0; bytes < 2; bytes++) {
		const char *name = bytes ? "xdplens_host_sent_bytes" : "xdplens_host_sent_packets";
		uint64_t rest = bytes ? s->bytes : s->packets;

		family(out, name, "gauge",
		       bytes ? "Octets sent since the start by the busiest hosts; other: the rest."
			     : "Packets sent since the start by the busiest hosts; other: the "
			       "rest.");
		for (size_t i = 0; i < n; i++) {
			const struct talker *t = &s->talkers[i];
			uint64_t sent = bytes ? t->bytes : t->packets;
			char host[46];

			count(out, name, (struct tag[2]){{"host", text_addr(host, t->addr)}}, sent);
			rest -= sent < rest ? sent : rest;
		}
		count(out, name, (struct tag[2]){{"host", "other"}}, rest);
	}
}

/* ---- DNS ---- */

static void write_server_latency(FILE *out, const struct dns_server_view *v)
{
	char server[46], le[16];
	struct tag tag[2] = {{"server", text_addr(server, v->addr)}, {"le", le}};
	const size_t n = sizeof(v->le) / sizeof(v->le[0]);

	for (size_t i = 0; i < n; i++) {
		snprintf(le, sizeof(le), "%g", dns_bucket_ms[i] / 1000);
		if (i + 1 == n)
			strcpy(le, "+Inf");
		count(out, "xdplens_dns_latency_seconds_bucket", tag, v->le[i]);
	}
	tag[1].name = NULL;
	number(out, "xdplens_dns_latency_seconds_sum", tag,
	       v->latency.mean * v->latency.count / 1000);
	count(out, "xdplens_dns_latency_seconds_count", tag, v->le[n - 1]);
}

static void write_servers(FILE *out, const struct dns_view *d)
{
	char server[46];

	family(out, "xdplens_dns_latency_seconds", "histogram",
	       "From the first query to its answer, by resolver.");
	for (size_t i = 0; i < d->n_servers; i++)
		write_server_latency(out, &d->servers[i]);
	family(out, "xdplens_dns_server_unanswered_total", "counter",
	       "Queries without an answer, by resolver.");
	for (size_t i = 0; i < d->n_servers; i++)
		count(out, "xdplens_dns_server_unanswered_total",
		      (struct tag[2]){{"server", text_addr(server, d->servers[i].addr)}},
		      d->servers[i].unanswered);
}

static void named_counts(FILE *out, const char *name, const char *help, const char *label,
			 const struct named_count *c, size_t n)
{
	family(out, name, "counter", help);
	for (size_t i = 0; i < n; i++) {
		char value[sizeof(c->name) + 1];

		snprintf(value, sizeof(value), "%.*s", (int)sizeof(c->name), c[i].name);
		count(out, name, (struct tag[2]){{label, value}}, c[i].n);
	}
}

static void write_dns(FILE *out, const struct dns_view *d)
{
	counter(out, "xdplens_dns_queries_total", "DNS queries.", d->queries);
	counter(out, "xdplens_dns_responses_total", "DNS responses.", d->responses);
	counter(out, "xdplens_dns_matched_total", "DNS queries with their answers.", d->matched);
	counter(out, "xdplens_dns_unanswered_total", "DNS queries without an answer.",
		d->unanswered);
	counter(out, "xdplens_dns_retransmissions_total", "DNS queries sent again.",
		d->retransmissions);
	counter(out, "xdplens_dns_orphans_total", "DNS responses without a query.", d->orphans);
	counter(out, "xdplens_dns_thinned_total",
		"DNS messages whose query or response was left out in a flood.", d->thinned);
	counter(out, "xdplens_dns_malformed_total", "DNS messages that cannot be read.",
		d->malformed);
	counter(out, "xdplens_dns_multicast_queries_total", "Queries of mDNS and LLMNR.",
		d->multicast_queries);
	counter(out, "xdplens_dns_multicast_responses_total", "Responses of mDNS and LLMNR.",
		d->multicast_responses);
	named_counts(out, "xdplens_dns_rcode_responses_total", "DNS responses by rcode.", "rcode",
		     d->rcodes, d->n_rcodes);
	named_counts(out, "xdplens_dns_qtype_queries_total", "DNS queries by type.", "qtype",
		     d->qtypes, d->n_qtypes);
	write_servers(out, d);
}

/* ---- alerts, ledger, cost ---- */

static void write_alerts(FILE *out, const struct snapshot *s)
{
	named_counts(out, "xdplens_alerts_total", "Alerts that were opened, by detector.",
		     "detector", s->alerts_by_detector, s->n_detectors);
	gauge(out, "xdplens_alerts_open", "Alerts that are open.", s->n_alerts_open);
}

static void write_ledger(FILE *out, const struct ledger *l)
{
	const struct {
		const char *name;
		uint64_t n;
	} fates[] = {{"flow", l->flows},
		     {"overflow", l->overflow},
		     {"not_flow", l->not_flow},
		     {"unparsed", l->unparsed_total}};

	family(out, "xdplens_ledger_packets_total", "counter",
	       "Packets by what became of them; all together are those seen.");
	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
		count(out, "xdplens_ledger_packets_total", (struct tag[2]){{"fate", fates[i].name}},
		      fates[i].n);
	family(out, "xdplens_unparsed_packets_total", "counter",
	       "Packets that could not be parsed, by reason.");
	for (int i = OUTCOME_UNPARSED; i < OUTCOME_COUNT; i++)
		count(out, "xdplens_unparsed_packets_total",
		      (struct tag[2]){{"reason", label_outcome[i]}}, l->unparsed[i]);
	gauge(out, "xdplens_ledger_balance_packets", "Packets seen less those accounted for: 0.",
	      l->balance);
	gauge(out, "xdplens_coverage_ratio", "Packets known by flow, or of none by nature.",
	      label_coverage(l) / 100);
	family(out, "xdplens_lost_records_total", "counter",
	       "Records that a full ring buffer refused, or no file took.");
	for (int i = 0; i < LOST_COUNT; i++)
		count(out, "xdplens_lost_records_total", (struct tag[2]){{"ring", label_loss[i]}},
		      l->lost[i]);
	family(out, "xdplens_copies_skipped_total", "counter",
	       "Packets not copied to user space, because a budget was spent.");
	count(out, "xdplens_copies_skipped_total", (struct tag[2]){{"kind", "first"}},
	      l->head_skipped);
	count(out, "xdplens_copies_skipped_total", (struct tag[2]){{"kind", "dns"}},
	      l->dns_skipped);
}

static void write_cost(FILE *out, const struct snapshot *s)
{
	struct rusage u;

	if (s->cost_known) {
		gauge(out, "xdplens_cost_seconds_per_packet", "Of our programs in the kernel.",
		      s->cost_ns_per_packet / 1e9);
		gauge(out, "xdplens_cost_cpu_ratio",
		      "Of one CPU, kernel programs and this process together.",
		      s->cost_cpu_percent / 100);
	}
	if (getrusage(RUSAGE_SELF, &u))
		return;
	family(out, "xdplens_process_cpu_seconds_total", "counter", "Of this process alone.");
	number(out, "xdplens_process_cpu_seconds_total", no_tag,
	       u.ru_utime.tv_sec + u.ru_stime.tv_sec +
		       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	gauge(out, "xdplens_process_resident_peak_bytes", "Most memory this process has had.",
	      u.ru_maxrss * 1024.0);
}

unsigned web_metrics(struct view *v, const struct web_query *q, FILE *out)
{
	struct web_moment *m = web_moment_take(v);

	(void)q;
	family(out, "xdplens_build_info", "gauge", "The version that runs.");
	count(out, "xdplens_build_info", (struct tag[2]){{"version", XDPLENS_VERSION}}, 1);
	if (m) {
		gauge(out, "xdplens_snapshot_timestamp_seconds", "When these figures were taken.",
		      m->snapshot.time / 1e9);
		gauge(out, "xdplens_duration_seconds", "Since the start, or of the capture.",
		      m->snapshot.duration_s);
		write_traffic(out, m);
		write_hosts(out, &m->snapshot);
		write_dns(out, &m->snapshot.dns);
		write_alerts(out, &m->snapshot);
		write_ledger(out, &m->snapshot.ledger);
		write_cost(out, &m->snapshot);
	}
	web_moment_release(v, m);
	return 200;
}
