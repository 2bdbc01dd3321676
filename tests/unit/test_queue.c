// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The queue of flows: what was told is read while the writer goes on, what was not only once it has
 * left; order, wrapping of places and of counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/queue.h"

enum { SIZE = 64 };

struct both { /* ends of a queue */
	struct flow_queue ends;
	struct flow_slot slots[SIZE];
	struct queue queue;
	uint32_t written, read;
};

static void both_init(struct both *b, uint32_t at)
{
	*b = (struct both){
		.ends = {.head = at, .told = at, .tail = at},
		.queue = {.ends = &b->ends, .slots = b->slots, .size = SIZE},
	};
}

/* As programs in the kernel do. */
static void both_write(struct both *b)
{
	assert_true(b->ends.head - b->ends.tail < SIZE);
	b->slots[b->ends.head % SIZE].packets = ++b->written;
	if (++b->ends.head % QUEUE_TOLD == 0)
		b->ends.told = b->ends.head;
}

static void both_read(struct both *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(queue_at(&b->queue, i)->packets, ++b->read);
	queue_release(&b->queue, n);
}

static void test_told(void **state)
{
	struct both b;

	(void)state;
	both_init(&b, 0);
	for (int i = 0; i < QUEUE_TOLD - 1; i++)
		both_write(&b);
	assert_int_equal(queue_told(&b.queue), 0);
	assert_int_equal(queue_left(&b.queue), QUEUE_TOLD - 1);
	both_write(&b);
	both_write(&b);
	assert_int_equal(queue_told(&b.queue), QUEUE_TOLD);
	both_read(&b, QUEUE_TOLD);
	assert_int_equal(queue_told(&b.queue), 0);
	assert_int_equal(queue_left(&b.queue), 1);
}

/* A cut reads beyond what was told: nothing is told twice. */
static void test_cut(void **state)
{
	struct both b;

	(void)state;
	both_init(&b, 0);
	for (int i = 0; i < QUEUE_TOLD + 3; i++)
		both_write(&b);
	both_read(&b, queue_left(&b.queue));
	assert_int_equal(queue_told(&b.queue), 0);
	for (int i = 0; i < QUEUE_TOLD - 3; i++)
		both_write(&b);
	assert_int_equal(queue_told(&b.queue), QUEUE_TOLD - 3);
	both_read(&b, QUEUE_TOLD - 3);
	assert_int_equal(queue_left(&b.queue), 0);
}

static void test_wrap(void **state)
{
	struct both b;

	(void)state;
	both_init(&b, UINT32_MAX - 5 * SIZE + 1); /* places and counts wrap on the way */
	for (int round = 0; round < 1000; round++) {
		while (b.ends.head - b.ends.tail < (uint32_t)SIZE)
			both_write(&b);
		assert_int_equal(queue_left(&b.queue), SIZE);
		assert_true(queue_told(&b.queue) + QUEUE_TOLD > SIZE);
		both_read(&b, 1 + round * 7 % queue_told(&b.queue));
	}
	both_read(&b, queue_left(&b.queue));
	assert_int_equal(b.read, b.written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
