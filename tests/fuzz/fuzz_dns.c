// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: whatever octets come as DNS, over UDP, TCP or in fragments, nothing is read beyond
 * them, all text is printable ASCII, every query ends once and the view adds up.
 * Input: packets, each led by three octets: how it comes, sequence number, length.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns.h"
#include "analysis/dns_wire.h"

enum {
	HEAD = 3,
	IPV4_LEN = 20,
	UDP_LEN = 8,
	ANSWER = 1,
	TCP = 2,
	FRAGMENT = 4,
	LATER = 8,
	CUT = 16
};

#define S 1000000000ull

static struct dns_view view;
static uint64_t ends[3], now = S;
static uint16_t client; /* port */

static void check(int right)
{
	if (!right)
		abort();
}

static void check_text(const char *text)
{
	check(strlen(text) < DNS_TEXT_MAX);
	for (; *text; text++)
		check(*text > ' ' && *text < 0x7f);
}

static void ended(void *arg, const struct dns_transaction *t)
{
	(void)arg;
	ends[t->status]++;
	check_text(t->qname);
	check_text(t->qtype_name);
	check_text(t->rcode_name);
	check((t->status == DNS_ANSWERED) == (t->latency_ms >= 0));
}

static void send_packet(struct dns *d, const uint8_t *head, const uint8_t *payload, size_t len)
{
	size_t frame_len = IPV4_LEN + UDP_LEN + len;
	uint8_t *frame = calloc(1, frame_len);
	uint16_t server = 0x3500;
	struct packet p = {
		.key = {.sport = head[0] & ANSWER ? server : client,
			.dport = head[0] & ANSWER ? client : server},
		.l3 = L3_IPV4,
		.transport = head[0] & TCP ? TRANSPORT_TCP : TRANSPORT_UDP,
		.payload_offset = IPV4_LEN + UDP_LEN,
		.payload_len = len + (head[0] & CUT ? 100 : 0),
		.tcp_seq = head[1] * 8,
		.flags = head[0] & FRAGMENT ? PACKET_FRAGMENT : 0,
		.outcome = head[0] & LATER ? NOT_FLOW_LATER_FRAGMENT : OUTCOME_FLOW,
	};

	p.key.saddr[0] = head[0] & ANSWER;
	p.key.daddr[0] = !(head[0] & ANSWER);
	frame[0] = 0x45;
	frame[3] = IPV4_LEN + 16;
	frame[5] = head[1] >> 4;
	frame[6] = head[0] & LATER ? 0 : 0x20;
	frame[7] = head[0] & LATER ? 2 : 0;
	memcpy(frame + IPV4_LEN + UDP_LEN, payload, len);
	dns_event(d, &(struct event){.ts = now += S * 3 / 10,
				     .packet = &p,
				     .data = frame,
				     .caplen = frame_len,
				     .wire_len = frame_len});
	free(frame);
}

static void read_services(const uint8_t *data, size_t len)
{
	struct dns_service service;
	struct dns_message m;
	struct dns_cursor c;
	struct dns_record r;
	struct dns_name name;
	uint8_t addr[4][16];
	char text[DNS_TEXT_MAX];
	size_t n;

	if (dns_wire_read(&m, data, len) != DNS_WIRE_OK)
		return;
	c = dns_wire_records(&m);
	while (dns_wire_next(&c, &r) == DNS_WIRE_OK) {
		if (dns_wire_target(&m, &r, &name) == DNS_WIRE_OK) {
			dns_wire_text(text, &name);
			check_text(text);
		}
		dns_wire_service(&m, &r, &service);
		dns_wire_hints(&m, &r, addr, 4, &n);
		check(n <= 4);
	}
}

/* One instance for all inputs, since it is large; time and ports keep them apart. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns *d;

	if (!d)
		d = dns_new(
			&(struct dns_config){.pending_max = 16, .names_max = 16, .ended = ended});
	check(d != NULL);
	client++;
	while (size >= HEAD) {
		size_t len = data[2] < size - HEAD ? data[2] : size - HEAD;

		read_services(data + HEAD, len);
		send_packet(d, data, data + HEAD, len);
		data += HEAD + len;
		size -= HEAD + len;
	}
	now += 10 * S;
	dns_finish(d, now);
	if (client % 64)
		return 0;
	dns_view_fill(d, &view);
	check(view.matched == ends[DNS_ANSWERED] && view.orphans == ends[DNS_ORPHAN]);
	check(view.unanswered == ends[DNS_UNANSWERED]);
	check(view.queries == view.matched + view.unanswered + view.retransmissions);
	check(view.matched + view.orphans <= view.responses);
	return 0;
}
