/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The first 16 KiB of a stream of bytes, put together from pieces that may come in any order and
 * more than once. Filled by flow_name.c from TCP segments and QUIC CRYPTO frames.
 */
#ifndef ANALYSIS_STREAM_H
#define ANALYSIS_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	STREAM_MAX = 16384,
	STREAM_PIECES = 32, /* with gaps between them; a piece that would be one more is ignored */
};

struct stream {
	uint8_t *bytes; /* STREAM_MAX of them, the caller's */
	unsigned n;
	struct piece {
		uint16_t from, to;
	} pieces[STREAM_PIECES]; /* ascending, neither overlapping nor touching */
};

/* Puts bytes in their place; what lies beyond STREAM_MAX is left out. */
void stream_add(struct stream *s, uint64_t offset, const uint8_t *data, size_t len);

/* Moves the stream's bytes up by `by` (negative: down); what leaves [0, STREAM_MAX) is forgotten.
 */
void stream_shift(struct stream *s, int64_t by);

/* How many bytes are there from the first on without a gap. */
size_t stream_length(const struct stream *s);

#endif
