// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --flows, --dns, --alerts: a row a flow that ended, a DNS transaction, an alert that opened or
 * closed. Before it: flow table, DNS pairing, detectors; after it: row.c.
 *
 * In JSON, what is not known is null (no answer code, no handshake seen, no ports), an empty name
 * is
 * "", numbers are numbers. In CSV all of these are empty cells.
 */
#include "sink/row.h"

#define ALERT(name, put, field)                                        \
	static void alert_##name(struct row *row, const void *subject) \
	{                                                              \
		put(row, ((const struct alert *)subject)->field);      \
	}

#define DNS(name, put, field)                                               \
	static void dns_##name(struct row *row, const void *subject)        \
	{                                                                   \
		put(row, ((const struct dns_transaction *)subject)->field); \
	}

struct ended {
	const struct flow_view *flow;
	enum flow_end end;
};

#define FLOW(name, put, field)                                          \
	static void flow_##name(struct row *row, const void *subject)   \
	{                                                               \
		put(row, ((const struct ended *)subject)->flow->field); \
	}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct flow_view *flow_of(const void *subject)
{
	return ((const struct ended *)subject)->flow;
}

/* ---- flows ---- */

static void port_put(struct row *row, uint8_t proto, uint16_t port)
{
	if (row_has_ports(proto))
		row_integer(row, port);
	else
		row_none(row);
}

static void flow_sport(struct row *row, const void *subject)
{
	port_put(row, flow_of(subject)->proto, flow_of(subject)->sport);
}

static void flow_dport(struct row *row, const void *subject)
{
	port_put(row, flow_of(subject)->proto, flow_of(subject)->dport);
}

static void flow_app(struct row *row, const void *subject)
{
	row_word(row, row_app_name[flow_of(subject)->verdict.app % APP_COUNT]);
}

static void flow_security(struct row *row, const void *subject)
{
	row_word(row, row_security_name[flow_of(subject)->verdict.security % SECURITY_COUNT]);
}

static void flow_end(struct row *row, const void *subject)
{
	static const char *const name[] = {
		[FLOW_END_FIN] = "fin",		[FLOW_END_RST] = "rst",	  [FLOW_END_IDLE] = "idle",
		[FLOW_END_EVICTED] = "evicted", [FLOW_END_EXIT] = "exit",
	};

	row_word(row, name[((const struct ended *)subject)->end]);
}

FLOW(first, row_epoch, first)
FLOW(last, row_epoch, last)
FLOW(src, row_address, saddr)
FLOW(dst, row_address, daddr)
FLOW(proto, row_protocol, proto)
FLOW(name, row_text, name)
FLOW(packets, row_integer, packets)
FLOW(bytes, row_integer, bytes)
FLOW(packets_rev, row_integer, packets_rev)
FLOW(bytes_rev, row_integer, bytes_rev)
FLOW(tcp_flags, row_tcp_flags, tcp_flags)
FLOW(handshake_ms, row_ms, handshake_ms)
FLOW(vlan, row_integer, vlan)
FLOW(interface, row_text, interface)
FLOW(owner, row_text, owner)

static const struct column flow_columns[] = {
	{"first", flow_first},
	{"last", flow_last},
	{"src", flow_src},
	{"sport", flow_sport},
	{"dst", flow_dst},
	{"dport", flow_dport},
	{"proto", flow_proto},
	{"app", flow_app},
	{"security", flow_security},
	{"name", flow_name},
	{"packets", flow_packets},
	{"bytes", flow_bytes},
	{"packets_rev", flow_packets_rev},
	{"bytes_rev", flow_bytes_rev},
	{"tcp_flags", flow_tcp_flags},
	{"handshake_ms", flow_handshake_ms},
	{"vlan", flow_vlan},
	{"interface", flow_interface},
	{"end", flow_end},
	{"owner", flow_owner},
};

static struct sink *sink_flows_open(const char *path, const struct options *options)
{
	return row_sink_open(path, options, row_format_of(path), flow_columns, COUNT(flow_columns));
}

static int sink_flows_flow(struct sink *s, const struct flow_view *flow, enum flow_end end)
{
	return row_sink_put(s, &(struct ended){flow, end});
}

const struct sink_ops sink_flows = {
	.name = "flows",
	.open = sink_flows_open,
	.flow = sink_flows_flow,
	.tick = row_sink_tick,
	.reopen = row_sink_reopen,
	.dropped = row_sink_dropped,
	.close = row_sink_close,
};

/* ---- DNS ---- */

static void dns_transport(struct row *row, const void *subject)
{
	const struct dns_transaction *t = subject;

	row_word(row, row_transport_name[t->transport % TRANSPORT_COUNT]);
}

/* An orphan has an answer too: its code is known. */
static void dns_rcode(struct row *row, const void *subject)
{
	const struct dns_transaction *t = subject;

	if (t->rcode == 255)
		row_none(row);
	else
		row_text(row, t->rcode_name);
}

static void dns_status(struct row *row, const void *subject)
{
	static const char *const name[] = {
		[DNS_ANSWERED] = "answered",
		[DNS_UNANSWERED] = "unanswered",
		[DNS_ORPHAN] = "orphan",
	};

	row_word(row, name[((const struct dns_transaction *)subject)->status]);
}

DNS(ts, row_epoch, ts)
DNS(client, row_address, client)
DNS(client_port, row_integer, client_port)
DNS(server, row_address, server)
DNS(server_port, row_integer, server_port)
DNS(id, row_integer, id)
DNS(qname, row_text, qname)
DNS(qtype, row_text, qtype_name)
DNS(latency_ms, row_ms, latency_ms)
DNS(retransmissions, row_integer, retransmissions)

static const struct column dns_columns[] = {
	{"ts", dns_ts},
	{"client", dns_client},
	{"client_port", dns_client_port},
	{"server", dns_server},
	{"server_port", dns_server_port},
	{"transport", dns_transport},
	{"id", dns_id},
	{"qname", dns_qname},
	{"qtype", dns_qtype},
	{"rcode", dns_rcode},
	{"latency_ms", dns_latency_ms},
	{"retransmissions", dns_retransmissions},
	{"status", dns_status},
};

static struct sink *sink_dns_open(const char *path, const struct options *options)
{
	return row_sink_open(path, options, row_format_of(path), dns_columns, COUNT(dns_columns));
}

static int sink_dns_dns(struct sink *s, const struct dns_transaction *transaction)
{
	return row_sink_put(s, transaction);
}

const struct sink_ops sink_dns = {
	.name = "dns",
	.open = sink_dns_open,
	.dns = sink_dns_dns,
	.tick = row_sink_tick,
	.reopen = row_sink_reopen,
	.dropped = row_sink_dropped,
	.close = row_sink_close,
};

/* ---- alerts ---- */

static void alert_end(struct row *row, const void *subject)
{
	const struct alert *alert = subject;

	if (alert->end)
		row_epoch(row, alert->end);
	else
		row_none(row);
}

static void alert_severity(struct row *row, const void *subject)
{
	static const char *const name[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "info",
		[SEVERITY_LOW] = "low",
		[SEVERITY_MEDIUM] = "medium",
		[SEVERITY_HIGH] = "high",
	};

	row_word(row, name[((const struct alert *)subject)->severity % SEVERITY_COUNT]);
}

ALERT(ts, row_epoch, start)
ALERT(detector, row_text, detector)
ALERT(subject, row_text, subject)
ALERT(observed, row_number, observed)
ALERT(expected, row_number, expected)
ALERT(unit, row_text, unit)
ALERT(reason, row_text, reason)
ALERT(kind, row_text, kind)

static const struct column alert_columns[] = {
	{"ts", alert_ts},
	{"end", alert_end},
	{"detector", alert_detector},
	{"severity", alert_severity},
	{"subject", alert_subject},
	{"observed", alert_observed},
	{"expected", alert_expected},
	{"unit", alert_unit},
	{"reason", alert_reason},
	{"kind", alert_kind},
};

static struct sink *sink_alerts_open(const char *path, const struct options *options)
{
	return row_sink_open(path, options, row_format_of(path), alert_columns,
			     COUNT(alert_columns));
}

static int sink_alerts_alert(struct sink *s, const struct alert *alert)
{
	return row_sink_put(s, alert);
}

const struct sink_ops sink_alerts = {
	.name = "alerts",
	.open = sink_alerts_open,
	.alert = sink_alerts_alert,
	.tick = row_sink_tick,
	.reopen = row_sink_reopen,
	.dropped = row_sink_dropped,
	.close = row_sink_close,
};
