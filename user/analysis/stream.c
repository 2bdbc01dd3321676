// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes in pieces. Comes after the packet's bounds were checked, before hello.c reads the whole. */
#include "analysis/stream.h"

#include <string.h>

void stream_add(struct stream *s, uint64_t offset, const uint8_t *data, size_t len)
{
	struct piece new;
	unsigned first = 0, last;

	if (offset >= STREAM_MAX || len == 0)
		return;
	if (len > STREAM_MAX - offset)
		len = STREAM_MAX - offset;
	new = (struct piece){(uint16_t)offset, (uint16_t)(offset + len)};
	while (first < s->n && s->pieces[first].to < new.from)
		first++;
	for (last = first; last < s->n && s->pieces[last].from <= new.to; last++) {
		if (s->pieces[last].from < new.from)
			new.from = s->pieces[last].from;
		if (s->pieces[last].to > new.to)
			new.to = s->pieces[last].to;
	}
	/* pieces [first, last) become one */
	if (first == last && s->n == STREAM_PIECES)
		return;
	memmove(&s->pieces[first + 1], &s->pieces[last], (s->n - last) * sizeof(new));
	s->pieces[first] = new;
	s->n = s->n + 1 - (last - first);
	memcpy(s->bytes + offset, data, len);
}

void stream_shift(struct stream *s, int64_t by)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n; i++) {
		int64_t from = s->pieces[i].from + by, to = s->pieces[i].to + by;

		if (from < 0)
			from = 0;
		if (to > STREAM_MAX)
			to = STREAM_MAX;
		if (from < to)
			s->pieces[kept++] = (struct piece){(uint16_t)from, (uint16_t)to};
	}
	s->n = kept;
	if (kept > 0 && by != 0)
		memmove(s->bytes + s->pieces[0].from, s->bytes + s->pieces[0].from - by,
			s->pieces[kept - 1].to - s->pieces[0].from);
}

size_t stream_length(const struct stream *s)
{
	return s->n > 0 && s->pieces[0].from == 0 ? s->pieces[0].to : 0;
}
