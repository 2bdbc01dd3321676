// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Waits until every program that runs now has ended: an RCU grace period, which membarrier(2) gives
 * to anyone. It takes tens of milliseconds, in which the rings must be read on: so a thread waits.
 */
#include "source/quiesce.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct quiesce {
	pthread_t thread;
	sem_t wanted;
	bool running;
	atomic_bool done, stop;
};

void quiesce_now(void)
{
	/* refused only under nohz_full; no program runs for as long as that */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		usleep(200000);
}

static void *quiesce_run(void *arg)
{
	struct quiesce *q = arg;

	for (;;) {
		while (sem_wait(&q->wanted) < 0)
			;
		if (q->stop)
			return NULL;
		quiesce_now();
		q->done = true;
	}
}

struct quiesce *quiesce_new(void)
{
	struct quiesce *q = calloc(1, sizeof(*q));

	if (q)
		sem_init(&q->wanted, 0, 0);
	return q;
}

void quiesce_free(struct quiesce *q)
{
	if (!q)
		return;
	if (q->running) {
		q->stop = true;
		sem_post(&q->wanted);
		pthread_join(q->thread, NULL);
	}
	sem_destroy(&q->wanted);
	free(q);
}

/* Not before it is needed: by then privilege is given up, which each thread would have to do. */
static bool quiesce_start(struct quiesce *q)
{
	sigset_t all, before;

	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	q->running = pthread_create(&q->thread, NULL, quiesce_run, q) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return q->running;
}

void quiesce_begin(struct quiesce *q)
{
	q->done = false;
	if (q->running || quiesce_start(q)) {
		sem_post(&q->wanted);
	} else {
		quiesce_now();
		q->done = true;
	}
}

bool quiesce_done(struct quiesce *q)
{
	return atomic_exchange(&q->done, false);
}
