// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --csv: a row a sampled packet. Before it: decoding, which hands over const events; after it:
 * row.c.
 *
 * The first ten columns are those of the tool that this one took over from, and stay as they are.
 * A cell is empty where a packet has no such thing: no addresses in ARP, no ports in ICMP or in a
 * later fragment, no direction in a file whose link layer does not tell it.
 */
#include <endian.h>

#include "sink/row.h"

#define COLUMN(name) static void put_##name(struct row *row, const void *subject)

static const struct flow_key *key_of(const void *subject)
{
	return &((const struct event *)subject)->packet->key;
}

COLUMN(timestamp)
{
	row_iso8601(row, ((const struct event *)subject)->ts);
}

/* Where there is no IP header, the network layer's name stands here. */
COLUMN(transport)
{
	const struct packet *packet = ((const struct event *)subject)->packet;

	if (packet->key.family)
		row_protocol(row, packet->key.proto);
	else
		row_word(row, packet->l3 == L3_ARP ? "arp" : "other");
}

COLUMN(application)
{
	row_word(row, row_app_name[((const struct event *)subject)->verdict.app % APP_COUNT]);
}

COLUMN(security)
{
	const struct event *event = subject;

	row_word(row, row_security_name[event->verdict.security % SECURITY_COUNT]);
}

static void address_put(struct row *row, const struct flow_key *key, const uint8_t *address)
{
	if (key->family)
		row_address(row, address);
	else
		row_none(row);
}

static void port_put(struct row *row, const void *subject, uint16_t port)
{
	const struct packet *packet = ((const struct event *)subject)->packet;

	if (packet->outcome == OUTCOME_FLOW && row_has_ports(packet->key.proto))
		row_integer(row, be16toh(port));
	else
		row_none(row);
}

COLUMN(src_ip)
{
	address_put(row, key_of(subject), key_of(subject)->saddr);
}

COLUMN(src_port)
{
	port_put(row, subject, key_of(subject)->sport);
}

COLUMN(dst_ip)
{
	address_put(row, key_of(subject), key_of(subject)->daddr);
}

COLUMN(dst_port)
{
	port_put(row, subject, key_of(subject)->dport);
}

COLUMN(size)
{
	row_integer(row, ((const struct event *)subject)->wire_len);
}

COLUMN(latency)
{
	row_ms(row, ((const struct event *)subject)->dns_latency_ms);
}

COLUMN(interface)
{
	row_text(row, ((const struct event *)subject)->interface);
}

COLUMN(direction)
{
	const struct event *event = subject;
	bool live = event->interface && event->interface[0];

	if (key_of(subject)->link & FLOW_EGRESS)
		row_word(row, "out");
	else
		row_word(row, live ? "in" : NULL);
}

COLUMN(vlan)
{
	row_integer(row, key_of(subject)->link & FLOW_VLAN_MASK);
}

COLUMN(tcp_flags)
{
	row_tcp_flags(row, ((const struct event *)subject)->packet->tcp_flags);
}

/* The order is a promise: scripts depend on it. */
static const struct column columns[] = {
	{"timestamp", put_timestamp},
	{"transport_protocol", put_transport},
	{"application_protocol", put_application},
	{"security_type", put_security},
	{"src_ip", put_src_ip},
	{"src_port", put_src_port},
	{"dst_ip", put_dst_ip},
	{"dst_port", put_dst_port},
	{"packet_size", put_size},
	{"dns_latency_ms", put_latency},
	{"interface", put_interface},
	{"direction", put_direction},
	{"vlan", put_vlan},
	{"tcp_flags", put_tcp_flags},
};

static struct sink *sink_csv_open(const char *path, const struct options *options)
{
	return row_sink_open(path, options, ROW_CSV, columns, sizeof(columns) / sizeof(columns[0]));
}

static int sink_csv_packet(struct sink *s, const struct event *event)
{
	return event->why & COPY_SAMPLE ? row_sink_put(s, event) : 0;
}

const struct sink_ops sink_csv = {
	.name = "csv",
	.open = sink_csv_open,
	.packet = sink_csv_packet,
	.tick = row_sink_tick,
	.reopen = row_sink_reopen,
	.dropped = row_sink_dropped,
	.close = row_sink_close,
};
