// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The columns of flows, talkers and applications. Pure functions of a row; the context is the live
 * view, for units and names. Those of DNS, alerts and packets are in live_records.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/label.h"
#include "view/live_columns.h"
#include "view/units.h"

int live_tint_name(const void *row)
{
	(void)row;
	return TINT_NAME;
}

int live_tint_dim(const void *row)
{
	(void)row;
	return TINT_DIM;
}

int live_tint_security(uint8_t security)
{
	return security == SECURITY_ENCRYPTED	  ? TINT_GOOD
	       : security == SECURITY_UNENCRYPTED ? TINT_WARN
						  : TINT_TEXT;
}

/* ---- flows ---- */

static int flow_tint(const void *row)
{
	return live_tint_security(((const struct flow_view *)row)->verdict.security);
}

CELL(flow_proto, struct flow_view)
{
	label_protocol(dst, r->proto);
}

CELL(flow_app, struct flow_view)
{
	snprintf(dst, TABLE_CELL, "%s", label_app[r->verdict.app % APP_COUNT]);
}

CELL(flow_source, struct flow_view)
{
	label_endpoint(dst, r->saddr, NULL, r->sport);
}

CELL(flow_target, struct flow_view)
{
	label_endpoint(dst, r->daddr, v->names ? r->name : NULL, r->dport);
}

CELL(flow_rate, struct flow_view)
{
	live_rate(v, dst, -1, r->bps);
}

CELL(flow_bytes, struct flow_view)
{
	units_bytes(dst, r->bytes + r->bytes_rev);
}

CELL(flow_packets, struct flow_view)
{
	units_count(dst, r->packets + r->packets_rev);
}

CELL(flow_age, struct flow_view)
{
	units_duration(dst, r->last > r->first ? (r->last - r->first) / 1e9 : 0);
}

CELL(flow_handshake, struct flow_view)
{
	units_ms(dst, r->handshake_ms);
}

CELL(flow_flags, struct flow_view)
{
	label_tcp_flags(dst, r->tcp_flags);
}

CELL(flow_security, struct flow_view)
{
	snprintf(dst, TABLE_CELL, "%s", label_security[r->verdict.security % SECURITY_COUNT]);
}

CELL(flow_interface, struct flow_view)
{
	label_printable(dst, sizeof(r->interface), r->interface);
}

CELL(flow_owner, struct flow_view)
{
	label_printable(dst, sizeof(r->owner), r->owner);
}

CELL(flow_from, struct flow_view)
{
	label_endpoint(dst, r->saddr, NULL, 0);
}

ORDER(by_flow_rate, struct flow_view, r->bps)
ORDER(by_flow_bytes, struct flow_view, r->bytes + r->bytes_rev)
ORDER(by_flow_packets, struct flow_view, r->packets + r->packets_rev)
ORDER(by_flow_age, struct flow_view, (double)r->last - (double)r->first)
ORDER(by_flow_handshake, struct flow_view, r->handshake_ms)

static const struct table_column flow_columns[] = {
	{"Proto", 6, .rank = 4, .text = flow_proto, .tint = live_tint_dim},
	{"App", 9, 1, .rank = 3, .text = flow_app, .tint = flow_tint},
	{"Source", 21, 4, .rank = 1, .tail = true, .text = flow_source},
	{"Destination", 21, 6, .tail = true, .text = flow_target, .tint = live_tint_name},
	{"Rate", 11, .right = true, .text = flow_rate, .compare = by_flow_rate},
	{"Bytes", 7, .rank = 2, .right = true, .text = flow_bytes, .compare = by_flow_bytes},
	{"Packets", 7, .rank = 5, .right = true, .text = flow_packets, .compare = by_flow_packets},
	{"Age", 9, .rank = 6, .right = true, .text = flow_age, .compare = by_flow_age},
	{"Setup", 7, .rank = 7, .right = true, .text = flow_handshake,
	 .compare = by_flow_handshake},
	{"Flags", 6, .rank = 8, .text = flow_flags, .tint = live_tint_dim},
	{"Security", 11, .rank = 9, .text = flow_security, .tint = flow_tint},
	{"Iface", 9, .rank = 10, .text = flow_interface, .tint = live_tint_dim},
	{"Owner", 20, 1, .rank = 11, .text = flow_owner, .tint = live_tint_dim},
};

static const struct table_column brief_flow_columns[] = {
	{"Opened by", 15, 1, .rank = 1, .text = flow_from},
	{"Flow to", 16, 3, .tail = true, .text = flow_target, .tint = live_tint_name},
	{"App", 9, .rank = 2, .text = flow_app, .tint = flow_tint},
	{"Rate", 11, .right = true, .text = flow_rate, .compare = by_flow_rate},
	{"Bytes", 7, .rank = 3, .right = true, .text = flow_bytes, .compare = by_flow_bytes},
};

/* ---- talkers ---- */

CELL(talker_host, struct talker)
{
	label_endpoint(dst, r->addr, v->names ? r->name : NULL, 0);
}

CELL(talker_address, struct talker)
{
	text_addr(dst, r->addr);
}

CELL(talker_rate, struct talker)
{
	live_rate(v, dst, r->pps, r->bps);
}

CELL(talker_bytes, struct talker)
{
	units_bytes(dst, r->bytes);
}

CELL(talker_packets, struct talker)
{
	units_count(dst, r->packets);
}

CELL(talker_share, struct talker)
{
	units_share(dst, r->bytes, v->shown.bytes);
}

ORDER(by_talker_rate, struct talker, r->bps)
ORDER(by_talker_bytes, struct talker, r->bytes)
ORDER(by_talker_packets, struct talker, r->packets)

static const struct table_column talker_columns[] = {
	{"Sent by", 24, 3, .text = talker_host, .tint = live_tint_name},
	{"Address", 15, 1, .text = talker_address, .tint = live_tint_dim},
	{"Rate", 11, .right = true, .text = talker_rate, .compare = by_talker_rate},
	{"Bytes", 8, .right = true, .text = talker_bytes, .compare = by_talker_bytes},
	{"Share", 6, .right = true, .text = talker_share, .compare = by_talker_bytes},
	{"Packets", 7, .rank = 1, .right = true, .text = talker_packets,
	 .compare = by_talker_packets},
};

static const struct table_column brief_talker_columns[] = {
	{"Sent by", 12, 1, .text = talker_host, .tint = live_tint_name},
	{"Rate", 11, .right = true, .text = talker_rate, .compare = by_talker_rate},
	{"Bytes", 7, .rank = 1, .right = true, .text = talker_bytes, .compare = by_talker_bytes},
};

/* ---- applications ---- */

CELL(app_name, struct app_row)
{
	snprintf(dst, TABLE_CELL, "%s", r->name);
}

CELL(app_share, struct app_row)
{
	units_share(dst, r->total.bytes, v->shown.bytes);
}

CELL(app_packets, struct app_row)
{
	units_count(dst, r->total.packets);
}

CELL(app_bytes, struct app_row)
{
	units_bytes(dst, r->total.bytes);
}

CELL(app_flows, struct app_row)
{
	units_count(dst, r->total.flows);
}

CELL(app_rate, struct app_row)
{
	live_rate(v, dst, r->total.pps, r->total.bps);
}

ORDER(by_app_bytes, struct app_row, r->total.bytes)
ORDER(by_app_packets, struct app_row, r->total.packets)
ORDER(by_app_flows, struct app_row, r->total.flows)
ORDER(by_app_rate, struct app_row, r->total.bps)

static const struct table_column app_columns[] = {
	{"Application", 16, 1, .text = app_name, .tint = live_tint_name},
	{"Share", 6, .right = true, .text = app_share, .compare = by_app_bytes},
	{"Bytes", 8, .right = true, .text = app_bytes, .compare = by_app_bytes},
	{"Packets", 8, .right = true, .text = app_packets, .compare = by_app_packets},
	{"Flows", 8, .right = true, .text = app_flows, .compare = by_app_flows},
	{"Rate", 12, .right = true, .text = app_rate, .compare = by_app_rate},
};

static const struct table_column brief_app_columns[] = {
	{"Application", 15, 1, .text = app_name, .tint = live_tint_name},
	{"Share", 6, .right = true, .text = app_share, .compare = by_app_bytes},
	{"Bytes", 7, .right = true, .text = app_bytes, .compare = by_app_bytes},
	{"Pkts", 5, .rank = 2, .right = true, .text = app_packets, .compare = by_app_packets},
	{"Flows", 5, .rank = 3, .right = true, .text = app_flows, .compare = by_app_flows},
	{"Rate", 11, .rank = 1, .right = true, .text = app_rate, .compare = by_app_rate},
};

static const struct table_column transport_columns[] = {
	{"Transport", 15, 1, .text = app_name, .tint = live_tint_name},
	{"Share", 6, .right = true, .text = app_share, .compare = by_app_bytes},
	{"Bytes", 7, .right = true, .text = app_bytes, .compare = by_app_bytes},
	{"Pkts", 5, .rank = 2, .right = true, .text = app_packets, .compare = by_app_packets},
	{"Flows", 5, .rank = 3, .right = true, .text = app_flows, .compare = by_app_flows},
	{"Rate", 11, .rank = 1, .right = true, .text = app_rate, .compare = by_app_rate},
};

/* ---- the lists ---- */

const struct table live_flows = TABLE(flow_columns, struct flow_view, 4);
const struct table live_talkers = TABLE(talker_columns, struct talker, 2);
const struct table live_apps = TABLE(app_columns, struct app_row, 2);
const struct table live_brief_flows = TABLE(brief_flow_columns, struct flow_view, 3);
const struct table live_brief_talkers = TABLE(brief_talker_columns, struct talker, 1);
const struct table live_transports = TABLE(transport_columns, struct app_row, 2);
const struct table live_brief_apps = TABLE(brief_app_columns, struct app_row, TABLE_COLUMNS);
