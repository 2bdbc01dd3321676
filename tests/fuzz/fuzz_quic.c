// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: no datagram and no frames inside a packet make the reader touch a byte outside them
 * or hand on data that is not theirs. The first byte chooses: frames as if they had been opened
 * (which fuzzing alone would never get to), or a whole datagram.
 */
#include "analysis/quic.c"

struct bounds {
	const uint8_t *from, *to;
};

static void check_crypto(void *arg, uint64_t offset, const uint8_t *data, size_t len)
{
	const struct bounds *b = arg;

	if (offset >> 62 || data < b->from || data > b->to || len > (size_t)(b->to - data))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bounds b = {data, data + size};
	struct quic_keys keys = {.version = 1};
	struct quic *q;

	if (size == 0)
		return 0;
	if (data[0] & 1) {
		quic_frames(data + 1, size - 1, check_crypto, &b);
		return 0;
	}
	q = quic_new();
	if (!q)
		abort();
	b = (struct bounds){q->plain, q->plain + sizeof(q->plain)};
	quic_read(q, &keys, data + 1, size - 1, check_crypto, &b);
	quic_free(q);
	return 0;
}
