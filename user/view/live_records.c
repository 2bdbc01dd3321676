// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The columns of DNS, alerts and packets, as live_columns.c has those of the traffic. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/label.h"
#include "view/live_columns.h"
#include "view/units.h"

/* ---- DNS ---- */

CELL(server_address, struct dns_server_view)
{
	text_addr(dst, r->addr);
}

CELL(server_matched, struct dns_server_view)
{
	units_count(dst, r->matched);
}

CELL(server_unanswered, struct dns_server_view)
{
	units_count(dst, r->unanswered);
}

CELL(server_again, struct dns_server_view)
{
	units_count(dst, r->retransmissions);
}

#define QUANTILE(name)                                                  \
	CELL(server_##name, struct dns_server_view)                     \
	{                                                               \
		units_ms(dst, r->latency.count ? r->latency.name : -1); \
	}                                                               \
	ORDER(by_server_##name, struct dns_server_view, r->latency.name)
QUANTILE(p50)
QUANTILE(p95)
QUANTILE(p99)
ORDER(by_server_matched, struct dns_server_view, r->matched)
ORDER(by_server_unanswered, struct dns_server_view, r->unanswered)
ORDER(by_server_again, struct dns_server_view, r->retransmissions)

static int server_tint(const void *row)
{
	return ((const struct dns_server_view *)row)->unanswered ? TINT_BAD : TINT_TEXT;
}

static const struct table_column server_columns[] = {
	{"Server", 15, 1, .text = server_address, .tint = live_tint_name},
	{"Answers", 7, .right = true, .text = server_matched, .compare = by_server_matched},
	{"Unanswered", 10, .right = true, .text = server_unanswered,
	 .compare = by_server_unanswered, .tint = server_tint},
	{"Again", 6, .rank = 1, .right = true, .text = server_again, .compare = by_server_again},
	{"p50", 8, .right = true, .text = server_p50, .compare = by_server_p50},
	{"p95", 8, .right = true, .text = server_p95, .compare = by_server_p95},
	{"p99", 8, .right = true, .text = server_p99, .compare = by_server_p99},
};

CELL(slow_latency, struct dns_slow)
{
	units_ms(dst, r->latency_ms);
}

CELL(slow_name, struct dns_slow)
{
	label_printable(dst, TABLE_CELL, r->qname);
}

CELL(slow_type, struct dns_slow)
{
	label_printable(dst, sizeof(r->qtype), r->qtype);
}

CELL(slow_server, struct dns_slow)
{
	text_addr(dst, r->server);
}

ORDER(by_slow_latency, struct dns_slow, r->latency_ms)

static const struct table_column slow_columns[] = {
	{"Slowest", 8, .right = true, .text = slow_latency, .compare = by_slow_latency},
	{"Question", 12, 3, .text = slow_name, .tint = live_tint_name},
	{"Type", 5, .rank = 1, .text = slow_type, .tint = live_tint_dim},
	{"Server", 15, 1, .rank = 2, .text = slow_server, .tint = live_tint_dim},
};

CELL(name_name, struct dns_name_view)
{
	label_printable(dst, TABLE_CELL, r->name);
}

CELL(name_queries, struct dns_name_view)
{
	units_count(dst, r->queries);
}

CELL(name_nxdomain, struct dns_name_view)
{
	units_count(dst, r->nxdomain);
}

ORDER(by_name_queries, struct dns_name_view, r->queries)
ORDER(by_name_nxdomain, struct dns_name_view, r->nxdomain)

static const struct table_column name_columns[] = {
	{"Asked for", 12, 1, .text = name_name, .tint = live_tint_name},
	{"Queries", 7, .right = true, .text = name_queries, .compare = by_name_queries},
	{"NXDOMAIN", 8, .rank = 1, .right = true, .text = name_nxdomain,
	 .compare = by_name_nxdomain},
};

/* ---- alerts ---- */

static int alert_tint(const void *row)
{
	const struct alert *a = &((const struct alert_view *)row)->alert;

	if (a->end)
		return TINT_DIM;
	return a->severity >= SEVERITY_HIGH	? TINT_BAD
	       : a->severity >= SEVERITY_MEDIUM ? TINT_WARN
						: TINT_TEXT;
}

CELL(alert_since, struct alert_view)
{
	units_clock(dst, r->alert.start);
}

CELL(alert_state, struct alert_view)
{
	if (!r->alert.end)
		snprintf(dst, TABLE_CELL, "%s", "open");
	else
		units_duration(dst, r->alert.end > r->alert.start
					    ? (r->alert.end - r->alert.start) / 1e9
					    : 0);
}

CELL(alert_severity, struct alert_view)
{
	snprintf(dst, TABLE_CELL, "%s", label_severity[r->alert.severity % SEVERITY_COUNT]);
}

CELL(alert_detector, struct alert_view)
{
	label_printable(dst, sizeof(r->detector), r->detector);
}

CELL(alert_subject, struct alert_view)
{
	label_printable(dst, sizeof(r->alert.subject), r->alert.subject);
}

CELL(alert_reason, struct alert_view)
{
	label_printable(dst, sizeof(r->alert.reason), r->alert.reason);
}

ORDER(by_alert_since, struct alert_view, r->alert.start)
ORDER(by_alert_state, struct alert_view, !r->alert.end)
ORDER(by_alert_severity, struct alert_view, r->alert.severity)

static const struct table_column alert_columns[] = {
	{"Since", 8, .right = true, .text = alert_since, .compare = by_alert_since},
	{"State", 8, .right = true, .text = alert_state, .compare = by_alert_state,
	 .tint = alert_tint},
	{"Level", 6, .right = true, .text = alert_severity, .compare = by_alert_severity,
	 .tint = alert_tint},
	{"Detector", 12, .rank = 1, .text = alert_detector},
	{"Subject", 15, 1, .text = alert_subject, .tint = live_tint_name},
	{"Reason", 20, 3, .text = alert_reason},
};

/* ---- packets ---- */

static int packet_tint(const void *row)
{
	return live_tint_security(((const struct live_packet *)row)->verdict.security);
}

CELL(packet_time, struct live_packet)
{
	char clock[UNITS_LEN];

	snprintf(dst, TABLE_CELL, "%s.%06u", units_clock(clock, r->ts),
		 (unsigned)(r->ts % 1000000000 / 1000));
}

CELL(packet_way, struct live_packet)
{
	snprintf(dst, TABLE_CELL, "%s", r->packet.key.link & FLOW_EGRESS ? "out" : "in");
}

CELL(packet_proto, struct live_packet)
{
	if (r->packet.outcome == OUTCOME_FLOW)
		label_protocol(dst, r->packet.key.proto);
	else
		snprintf(dst, TABLE_CELL, "%s", label_outcome[r->packet.outcome % OUTCOME_COUNT]);
}

CELL(packet_app, struct live_packet)
{
	snprintf(dst, TABLE_CELL, "%s", label_app[r->verdict.app % APP_COUNT]);
}

CELL(packet_source, struct live_packet)
{
	if (r->packet.key.family)
		label_endpoint(dst, r->packet.key.saddr, NULL, ntohs(r->packet.key.sport));
	else
		snprintf(dst, TABLE_CELL, "%s", label_l3[r->packet.l3 % L3_COUNT]);
}

CELL(packet_target, struct live_packet)
{
	dst[0] = 0;
	if (r->packet.key.family)
		label_endpoint(dst, r->packet.key.daddr, NULL, ntohs(r->packet.key.dport));
}

CELL(packet_length, struct live_packet)
{
	snprintf(dst, TABLE_CELL, "%u", r->wire_len);
}

CELL(packet_why, struct live_packet)
{
	snprintf(dst, TABLE_CELL, "%s%s%s", r->why & COPY_DNS ? "dns " : "",
		 r->why & COPY_HEAD ? "first " : "", r->why & COPY_SAMPLE ? "sample" : "");
}

ORDER(by_packet_time, struct live_packet, (double)(r->ts / 1000))
ORDER(by_packet_length, struct live_packet, r->wire_len)

static const struct table_column packet_columns[] = {
	{"Time", 15, .right = true, .text = packet_time, .compare = by_packet_time},
	{"Way", 3, .rank = 1, .text = packet_way, .tint = live_tint_dim},
	{"Proto", 6, .text = packet_proto, .tint = live_tint_dim},
	{"App", 8, .rank = 1, .text = packet_app, .tint = packet_tint},
	{"Source", 15, 1, .tail = true, .text = packet_source},
	{"Destination", 15, 1, .tail = true, .text = packet_target, .tint = live_tint_name},
	{"Bytes", 5, .right = true, .text = packet_length, .compare = by_packet_length},
	{"Copied as", 16, .rank = 2, .text = packet_why, .tint = live_tint_dim},
};

/* ---- the lists ---- */

const struct table live_servers = TABLE(server_columns, struct dns_server_view, 1);
const struct table live_alerts = TABLE(alert_columns, struct alert_view, 1);
const struct table live_packets = TABLE(packet_columns, struct live_packet, 0);
const struct table live_slow = TABLE(slow_columns, struct dns_slow, 0);
const struct table live_names = TABLE(name_columns, struct dns_name_view, 1);
