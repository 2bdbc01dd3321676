// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: a capture file, and frames of any link type, through the host's engine. Nothing is
 * read beyond a frame, events lie inside it, and the ledger adds up: every packet of an outcome
 * "flow" is in a delta or in the overflow. Input: bit 0 of the first octet: the rest is a file
 * (pcap or pcapng); else link type and sample, then frames, each led by two octets of its length
 * and one of what was not captured.
 */
#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/engine.h"
#include "xdplens/parse.h"

enum { FRAME_HEAD = 3, SLOTS = 8, SNAPLEN = 4096 };

static const uint32_t links[] = {
	LINK_ETHERNET,	LINK_NULL,   LINK_PPP,	LINK_RAW, LINK_PPP_SERIAL,
	LINK_PPP_ETHER, LINK_C_HDLC, LINK_LOOP, LINK_SLL, LINK_PPP_WITH_DIRECTION,
	LINK_IPV4,	LINK_IPV6,   LINK_SLL2, 105,
};

struct totals {
	const struct engine_frame *frame;
	uint64_t packets, in_flows, bytes_in_flows;
};

static void check(int right)
{
	if (!right)
		abort();
}

static void check_verdict(struct verdict v)
{
	check(v.app < APP_COUNT && v.sure <= SURE_PAYLOAD && v.security < SECURITY_COUNT);
}

static void on_packet(void *arg, const struct event *e)
{
	const struct totals *t = arg;

	check(e->data == t->frame->data && e->caplen <= t->frame->caplen);
	check(e->why && e->packet->outcome < OUTCOME_COUNT);
	check_verdict(e->verdict);
}

static void on_flows(void *arg, unsigned bank, struct flow_delta *deltas, size_t n)
{
	struct totals *t = arg;

	check(bank == 0);
	for (size_t i = 0; i < n; i++) {
		check(deltas[i].packets && deltas[i].first <= deltas[i].last);
		check(deltas[i].key->family == 4 || deltas[i].key->family == 6);
		check_verdict(deltas[i].verdict);
		t->in_flows += deltas[i].packets;
		t->bytes_in_flows += deltas[i].bytes;
	}
}

static void on_cut(void *arg, unsigned bank, const struct counters *c)
{
	struct totals *t = arg;
	uint64_t overflow = 0, overflow_bytes = 0, seen = 0;

	(void)bank;
	for (int i = 0; i < TRANSPORT_COUNT; i++) {
		overflow += c->overflow[i].packets;
		overflow_bytes += c->overflow[i].bytes;
	}
	for (int i = 0; i < OUTCOME_COUNT; i++)
		seen += c->outcome[i].packets;
	check(seen == t->packets);
	check(c->outcome[OUTCOME_FLOW].packets == t->in_flows + overflow);
	check(c->outcome[OUTCOME_FLOW].bytes == t->bytes_in_flows + overflow_bytes);
	t->packets = t->in_flows = t->bytes_in_flows = 0;
}

static struct engine *open_engine(struct totals *t, uint32_t link, uint32_t sample)
{
	struct source_consumer c = {
		.arg = t, .packet = on_packet, .flows = on_flows, .cut = on_cut};
	struct engine *e = engine_new(&(struct engine_config){.link = link,
							      .sample = sample,
							      .caplen = SNAPLEN,
							      .slots = SLOTS,
							      .head_packets = 8,
							      .ifindex = 1,
							      .interface = "file"},
				      &c);

	check(e != NULL);
	return e;
}

static void feed(struct engine *e, struct totals *t, const uint8_t *data,
		 const struct engine_frame *frame)
{
	uint8_t *exact = malloc(frame->caplen ? frame->caplen : 1);
	struct engine_frame f = *frame;

	check(exact != NULL);
	memcpy(exact, data, f.caplen);
	f.data = exact;
	t->frame = &f;
	t->packets++;
	engine_packet(e, &f);
	if (t->packets % 64 == 0)
		engine_cut(e);
	t->frame = NULL;
	free(exact);
}

static void feed_file(const uint8_t *data, size_t size)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *file = fmemopen((void *)data, size, "rb");
	struct totals t = {0};
	struct pcap_pkthdr *h;
	struct engine *e;
	const uint8_t *at;
	pcap_t *pcap;

	check(file != NULL);
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!pcap) {
		fclose(file);
		return;
	}
	e = open_engine(&t, pcap_datalink(pcap), 1);
	while (pcap_next_ex(pcap, &h, &at) == 1)
		feed(e, &t, at,
		     &(struct engine_frame){.ts = (uint64_t)h->ts.tv_sec * 1000000000 +
						  h->ts.tv_usec,
					    .caplen = h->caplen,
					    .wire_len = h->len > h->caplen ? h->len : h->caplen});
	engine_cut(e);
	engine_free(e);
	pcap_close(pcap);
}

static void feed_frames(uint8_t how, const uint8_t *data, size_t size)
{
	struct totals t = {0};
	struct engine *e = open_engine(&t, links[(how >> 2) % (sizeof(links) / sizeof(*links))],
				       how & 2 ? 3 : 0);
	uint64_t ts = 1700000000000000000ull;

	while (size >= FRAME_HEAD) {
		uint32_t len = data[0] << 8 | data[1], more = data[2];

		if (len > size - FRAME_HEAD)
			len = size - FRAME_HEAD;
		ts += more * 1000000ull;
		feed(e, &t, data + FRAME_HEAD,
		     &(struct engine_frame){
			     .ts = ts, .caplen = len, .wire_len = len + more, .egress = more & 1});
		data += FRAME_HEAD + len;
		size -= FRAME_HEAD + len;
	}
	engine_cut(e);
	engine_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1)
		feed_file(data + 1, size - 1);
	else
		feed_frames(data[0], data + 1, size - 1);
	return 0;
}
