// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: whatever stands in a ring, what the decoder accepts lies inside the record, and every
 * value that others use as an index is in range.
 * Input: how the record's head is mended (so that more than luck gets past it), then the record.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "source/decode.h"

enum { MEND_CAPLEN = 4 };

static const struct clock a_clock = {
	.offset = 1000, .tick_ns = 4000000, .jiffies = 100, .ns = 5000};

static void check(int right)
{
	if (!right)
		abort();
}

static void check_verdict(struct verdict v)
{
	check(v.app < APP_COUNT && v.sure <= SURE_PAYLOAD && v.security < SECURITY_COUNT);
}

static void mend(uint8_t how, void *record, size_t len)
{
	struct packet_record *p = record;

	if ((how & MEND_CAPLEN) && len > sizeof(*p)) {
		p->caplen = 1 + p->caplen % (len - sizeof(*p));
		p->wire_len = p->caplen + p->wire_len % 2000;
	}
}

static void check_packet(const uint8_t *record, size_t len)
{
	struct packet packet;
	struct event e;

	if (decode_sample(record, len, &a_clock, &packet, &e) == 0)
		check(e.data >= record && e.caplen <= record + len - e.data);
	if (decode_packet(record, len, &a_clock, &packet, &e) != 0)
		return;
	check(e.data >= record && e.data <= record + len && e.caplen <= record + len - e.data);
	check(e.caplen && e.caplen <= e.wire_len && e.segments && e.packet == &packet);
	check(packet.l3 < L3_COUNT && packet.transport < TRANSPORT_COUNT);
	check(packet.outcome < OUTCOME_COUNT);
	check_verdict(e.verdict);
}

static void check_slot(const uint8_t *data, size_t size)
{
	struct flow_delta delta;
	struct flow_slot slot;

	if (size < sizeof(slot))
		return;
	memcpy(&slot, data, sizeof(slot));
	if (decode_slot(&slot, &a_clock, &delta) != 0)
		return;
	check(delta.packets && (delta.key->family == 4 || delta.key->family == 6));
	check_verdict(delta.verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *record;

	if (!size)
		return 0;
	record = malloc(size > 1 ? size - 1 : 1);
	check(record != NULL);
	memcpy(record, data + 1, size - 1);
	check_slot(record, size - 1);
	mend(data[0], record, size - 1);
	check_packet(record, size - 1);
	free(record);
	return 0;
}
