// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: any window, ports and earlier verdict. A verdict stays within its enums, never falls,
 * and looking twice at the same payload changes nothing.
 * Input: transport and flags, known (app, sure and security), ports, wire length, then the payload.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xdplens/classify.h"

enum { HEAD = 9 };

static void check(int right)
{
	if (!right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct payload *payload = calloc(1, sizeof(*payload));
	struct packet packet = {0};
	struct verdict known, now;
	uint32_t verdict;

	if (!payload || size < HEAD)
		goto out;
	packet.transport = data[0] % TRANSPORT_COUNT;
	packet.flags = data[0] & 0x80 ? PACKET_BEGAN : 0;
	known.app = data[1] % APP_COUNT;
	known.sure = data[2] % (SURE_PAYLOAD + 1);
	known.security = data[2] / 4 % SECURITY_COUNT;
	memcpy(&packet.key.sport, data + 3, 2);
	memcpy(&packet.key.dport, data + 5, 2);
	payload->len = size - HEAD < PAYLOAD_WINDOW ? size - HEAD : PAYLOAD_WINDOW;
	payload->wire_len = payload->len + (data[7] << 8 | data[8]);
	memcpy(payload->bytes, data + HEAD, payload->len);

	verdict = classify(payload, &packet, verdict_pack(known));
	now = verdict_unpack(verdict);
	check(now.app < APP_COUNT && now.sure <= SURE_PAYLOAD && now.security < SECURITY_COUNT);
	check(now.sure >= known.sure);
	check(verdict >> 24 == 0);
	check(classify(payload, &packet, verdict) == verdict);
	check(verdict_merge(verdict, verdict) == verdict);
out:
	free(payload);
	return 0;
}
