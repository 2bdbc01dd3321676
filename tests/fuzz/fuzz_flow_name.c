// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: whatever segments and datagrams come, in whatever order, nothing is read beyond them,
 * names are printable, verdicts in range, and no flow is lost from the table's lists.
 * Input: packets, each led by four octets: flow and transport, place in the stream (two), length.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/flow_name.h"

enum { HEAD = 4, PLACES = 8, UDP = 0x80, KNOWN = 0x40, LATE = 0x20, FLOWS = 0x1f };

#define S 1000000000ull

static void check(int right)
{
	if (!right)
		abort();
}

static void check_result(const struct flow_name_result *r)
{
	size_t len = strnlen(r->name, sizeof(r->name));

	check(len < sizeof(r->name));
	for (size_t i = 0; i < len; i++)
		check(r->name[i] >= ' ' && r->name[i] < 0x7f);
	check(r->verdict.app < APP_COUNT && r->verdict.sure <= SURE_PAYLOAD);
	check(r->verdict.security < SECURITY_COUNT);
}

static void send_packet(struct flow_names *n, const uint8_t *head, const uint8_t *payload,
			size_t len, uint64_t now)
{
	uint8_t *frame = malloc(len ? len : 1);
	struct packet p = {
		.key = {.sport = head[0] & FLOWS, .dport = 0x5000, .family = 4},
		.transport = head[0] & UDP ? TRANSPORT_UDP : TRANSPORT_TCP,
		.outcome = OUTCOME_FLOW,
		.tcp_seq = 0xffff0000u + (head[1] << 8) + head[2],
		.payload_len = len,
	};
	struct event e = {.ts = now, .packet = &p, .data = frame, .caplen = len, .wire_len = len};
	struct flow_name_result r;
	int told;

	check(frame != NULL);
	memcpy(frame, payload, len);
	if (head[0] & KNOWN)
		e.verdict.sure = SURE_PAYLOAD;
	told = flow_names_event(n, &e, &r);
	check_result(&r);
	check(!told || r.name[0] || r.verdict.sure);
	free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_names *n = flow_names_new(PLACES);
	uint64_t now = S;

	check(n != NULL);
	while (size >= HEAD) {
		size_t len = (size_t)data[3] * 8;

		if (len > size - HEAD)
			len = size - HEAD;
		now += data[0] & LATE ? S : 1000;
		send_packet(n, data, data + HEAD, len, now);
		flow_names_expire(n, now, 3 * S);
		data += HEAD + len;
		size -= HEAD + len;
	}
	flow_names_expire(n, now + 10 * S, S);
	flow_names_free(n);
	return 0;
}
