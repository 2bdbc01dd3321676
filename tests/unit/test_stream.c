// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: pieces in any order give the bytes that a plain array with a mark a byte would hold,
 * also when all of them are moved; neither offsets nor lengths reach outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/stream.h"

struct model {
	uint8_t bytes[STREAM_MAX];
	bool there[STREAM_MAX];
};

static void model_add(struct model *m, uint64_t offset, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && offset + i < STREAM_MAX; i++) {
		m->bytes[offset + i] = data[i];
		m->there[offset + i] = true;
	}
}

static void model_shift(struct model *m, int64_t by)
{
	static struct model moved;

	memset(&moved, 0, sizeof(moved));
	for (int64_t i = 0; i < STREAM_MAX; i++) {
		if (m->there[i] && i + by >= 0 && i + by < STREAM_MAX) {
			moved.there[i + by] = true;
			moved.bytes[i + by] = m->bytes[i];
		}
	}
	*m = moved;
}

static void assert_same(const struct model *m, const struct stream *s)
{
	size_t at = 0, length = 0;

	while (length < STREAM_MAX && m->there[length])
		length++;
	assert_int_equal(stream_length(s), length);
	for (unsigned i = 0; i < s->n; i++) {
		const struct piece *p = &s->pieces[i];

		assert_true(p->from < p->to && p->to <= STREAM_MAX && (i == 0 || p->from > at));
		for (; at < p->from; at++)
			assert_false(m->there[at]);
		for (; at < p->to; at++) {
			assert_true(m->there[at]);
			assert_int_equal(m->bytes[at], s->bytes[at]);
		}
	}
	for (; at < STREAM_MAX; at++)
		assert_false(m->there[at]);
}

static void test_against_a_model(void **state)
{
	static struct model m;
	uint8_t *bytes = malloc(STREAM_MAX), data[3000];
	struct stream s = {.bytes = bytes};

	(void)state;
	srandom(1);
	for (int round = 0; round < 400; round++) {
		if (round % 20 == 0) { /* few enough that no piece is refused */
			memset(&m, 0, sizeof(m));
			s.n = 0;
		}
		uint64_t offset = (uint64_t)random() % (STREAM_MAX + 100);
		size_t len = (size_t)random() % sizeof(data);
		int64_t by = random() % 2000 - 1000;

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)random();
		stream_add(&s, offset, data, len);
		model_add(&m, offset, data, len);
		if (round % 4 == 0) {
			stream_shift(&s, by);
			model_shift(&m, by);
		}
		assert_same(&m, &s);
	}
	free(bytes);
}

static void test_far_offsets(void **state)
{
	static const uint8_t data[100];
	uint8_t *bytes = malloc(STREAM_MAX);
	struct stream s = {.bytes = bytes};

	(void)state;
	stream_add(&s, UINT64_MAX, data, sizeof(data));
	stream_add(&s, STREAM_MAX, data, sizeof(data));
	stream_add(&s, 5, data, 0);
	assert_int_equal(s.n, 0);
	stream_add(&s, STREAM_MAX - 1, data, sizeof(data));
	assert_int_equal(s.pieces[0].to, STREAM_MAX);
	stream_shift(&s, INT32_MIN);
	assert_int_equal(s.n, 0);
	free(bytes);
}

static void test_too_many_pieces(void **state)
{
	static const uint8_t data[STREAM_MAX];
	uint8_t *bytes = malloc(STREAM_MAX);
	struct stream s = {.bytes = bytes};

	(void)state;
	for (unsigned i = 0; i < 2 * STREAM_PIECES; i++)
		stream_add(&s, 10 + 2 * i, data, 1);
	assert_int_equal(s.n, STREAM_PIECES);
	stream_add(&s, 11, data, 1); /* closing a gap is always possible */
	assert_int_equal(s.n, STREAM_PIECES - 1);
	stream_add(&s, 0, data, STREAM_MAX);
	assert_int_equal(s.n, 1);
	assert_int_equal(stream_length(&s), STREAM_MAX);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_a_model),
		cmocka_unit_test(test_far_offsets),
		cmocka_unit_test(test_too_many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
