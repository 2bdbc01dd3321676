// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libFuzzer: whatever an FTP control connection says, nothing is read beyond the packet, and what
 * was announced is expected at either end.
 * Input: octets of the capture before the payload, then the payload.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/ftp_data.h"

static void check(int right)
{
	if (!right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p = {.transport = TRANSPORT_TCP, .outcome = OUTCOME_FLOW};
	struct event e = {.packet = &p, .verdict = {.app = APP_FTP}};
	struct ftp_data *f = ftp_data_new(4);
	uint8_t *frame = malloc(size ? size : 1);

	check(f && frame);
	memset(p.key.saddr, 7, sizeof(p.key.saddr));
	if (size > 0) {
		memcpy(frame, data, size);
		e.data = frame;
		e.caplen = size;
		p.payload_offset = data[0];
		p.payload_len = size > data[0] ? size - data[0] + data[0] % 3 : 1;
		ftp_data_event(f, &e);
	}
	for (unsigned port = 1; port < 65536; port += 4096) {
		struct flow_key from = {.sport = htons(port)}, to = {.dport = htons(port)};

		memcpy(from.saddr, p.key.saddr, sizeof(from.saddr));
		memcpy(to.daddr, p.key.saddr, sizeof(to.daddr));
		check(ftp_data_expected(f, &from) == ftp_data_expected(f, &to));
	}
	free(frame);
	ftp_data_free(f);
	return 0;
}
