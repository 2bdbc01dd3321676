// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The newest copied packets, as JSON and as pcap. Filled by web.c, written by web_api.c. */
#include "view/web_packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "base/frame.h"
#include "view/label.h"
#include "view/value.h"

static const uint64_t second_ns = 1000000000;

/* What lies behind a VLAN tag that was put back lies farther off. */
static void offsets_shift(struct packet *p)
{
	uint16_t *offsets[] = {&p->l3_offset, &p->l4_offset, &p->payload_offset};

	for (int i = 0; i < 3; i++)
		if (*offsets[i])
			*offsets[i] += FRAME_TAG;
}

void web_packets_add(struct web_packets *p, const struct event *e)
{
	struct web_packet *w = &p->ring[p->added++ % WEB_PACKETS];

	*w = (struct web_packet){
		.ts = e->ts,
		.packet = *e->packet,
		.verdict = e->verdict,
		.wire_len = e->wire_len,
		.linktype = e->linktype,
		.why = e->why,
		.dns_latency_ms = e->dns_latency_ms,
	};
	w->caplen = frame_copy(w->data, e, WEB_PACKET_DATA);
	if (e->interface)
		snprintf(w->interface, sizeof(w->interface), "%s", e->interface);
	if (frame_lacks_tag(e))
		offsets_shift(&w->packet);
}

/* ---- JSON ---- */

struct bit {
	unsigned mask;
	const char *name;
};

static json_t *bits(unsigned value, const struct bit *bit, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (value & bit[i].mask)
			json_array_append_new(array, json_string(bit[i].name));
	return array;
}

static json_t *why(const struct web_packet *w)
{
	static const struct bit names[] = {
		{COPY_DNS, "dns"}, {COPY_HEAD, "first of its flow"}, {COPY_SAMPLE, "sample"}};

	return bits(w->why, names, sizeof(names) / sizeof(names[0]));
}

static json_t *marks(const struct web_packet *w)
{
	static const struct bit names[] = {{PACKET_FRAGMENT, "fragment"},
					   {PACKET_VLAN, "vlan"},
					   {PACKET_TUNNEL, "tunnel"},
					   {PACKET_CUT, "cut"}};

	return bits(w->packet.flags, names, sizeof(names) / sizeof(names[0]));
}

static json_t *hex(const struct web_packet *w)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * WEB_PACKET_DATA];

	for (uint32_t i = 0; i < w->caplen; i++) {
		text[2 * i] = digits[w->data[i] >> 4];
		text[2 * i + 1] = digits[w->data[i] & 15];
	}
	return json_stringn(text, 2 * w->caplen);
}

static void put_transport(json_t *object, const struct packet *p)
{
	char flags[LABEL_LEN];

	value_put(object, "tcp_flags", json_string(label_tcp_flags(flags, p->tcp_flags)));
	value_put(object, "tcp_seq", value_count(p->tcp_seq));
	value_put(object, "tcp_ack", value_count(p->tcp_ack));
	value_put(object, "icmp_type", value_count(p->icmp_type));
	value_put(object, "icmp_code", value_count(p->icmp_code));
	value_put(object, "payload_len", value_count(p->payload_len));
	value_put(object, "l3_offset", value_count(p->l3_offset));
	value_put(object, "l4_offset", value_count(p->l4_offset));
	value_put(object, "payload_offset", value_count(p->payload_offset));
}

static void put_network(json_t *object, const struct packet *p)
{
	char protocol[LABEL_LEN];
	bool ip = p->l3 == L3_IPV4 || p->l3 == L3_IPV6;

	value_put(object, "direction", json_string(p->key.link & FLOW_EGRESS ? "out" : "in"));
	value_put(object, "vlan", value_count(p->key.link & FLOW_VLAN_MASK));
	value_put(object, "l3", json_string(label_l3[p->l3 % L3_COUNT]));
	value_put(object, "ttl", value_count(p->ttl));
	value_put(object, "src", ip ? value_address(p->key.saddr) : json_null());
	value_put(object, "dst", ip ? value_address(p->key.daddr) : json_null());
	value_put(object, "sport", value_count(ntohs(p->key.sport)));
	value_put(object, "dport", value_count(ntohs(p->key.dport)));
	value_put(object, "proto", json_string(ip ? label_protocol(protocol, p->key.proto) : ""));
	value_put(object, "outcome", json_string(label_outcome[p->outcome % OUTCOME_COUNT]));
}

static json_t *packet_json(const struct web_packet *w, size_t number)
{
	json_t *object = json_object();

	value_put(object, "number", value_count(number));
	value_put(object, "ts", value_epoch(w->ts));
	value_put(object, "interface", value_text(w->interface));
	value_put(object, "wire_len", value_count(w->wire_len));
	value_put(object, "caplen", value_count(w->caplen));
	value_put(object, "why", why(w));
	value_put(object, "marks", marks(w));
	put_network(object, &w->packet);
	put_transport(object, &w->packet);
	value_put(object, "app", json_string(label_app[w->verdict.app % APP_COUNT]));
	value_put(object, "security",
		  json_string(label_security[w->verdict.security % SECURITY_COUNT]));
	value_put(object, "dns_latency_ms", value_milliseconds(w->dns_latency_ms));
	value_put(object, "hex", hex(w));
	return object;
}

int web_packets_write_json(const struct web_packets *p, FILE *out)
{
	size_t kept = p->added < WEB_PACKETS ? p->added : WEB_PACKETS;
	json_t *object = json_object(), *array = json_array();
	int status;

	for (size_t i = 1; i <= kept; i++)
		json_array_append_new(array, packet_json(&p->ring[(p->added - i) % WEB_PACKETS],
							 p->added - i + 1));
	value_put(object, "total", value_count(p->added));
	value_put(object, "packets", array);
	status =
		json_dumpf(object, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17));
	json_decref(object);
	return status < 0 ? -ENOMEM : 0;
}

/* ---- pcap ---- */

static void dump_packets(const struct web_packets *p, pcap_dumper_t *dumper, uint32_t linktype)
{
	size_t first = p->added > WEB_PACKETS ? p->added - WEB_PACKETS : 0;

	for (size_t i = first; i < p->added; i++) {
		const struct web_packet *w = &p->ring[i % WEB_PACKETS];
		struct pcap_pkthdr header = {
			/* nanoseconds, as the handle says */
			.ts = {.tv_sec = w->ts / second_ns, .tv_usec = w->ts % second_ns},
			.caplen = w->caplen,
			.len = w->wire_len > w->caplen ? w->wire_len : w->caplen,
		};

		if (w->linktype == linktype)
			pcap_dump((u_char *)dumper, &header, w->data);
	}
}

int web_packets_write_pcap(const struct web_packets *p, FILE *out)
{
	uint32_t linktype = p->added ? p->ring[(p->added - 1) % WEB_PACKETS].linktype : DLT_EN10MB;
	pcap_t *handle = pcap_open_dead_with_tstamp_precision(linktype, WEB_PACKET_DATA,
							      PCAP_TSTAMP_PRECISION_NANO);
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len); /* the dumper closes what it is given */
	pcap_dumper_t *dumper = handle && file ? pcap_dump_fopen(handle, file) : NULL;

	if (dumper) {
		dump_packets(p, dumper, linktype);
		pcap_dump_close(dumper);
		fwrite(text, len, 1, out);
	} else if (file) {
		fclose(file);
	}
	free(text);
	if (handle)
		pcap_close(handle);
	return dumper ? 0 : -ENOMEM;
}
