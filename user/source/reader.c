// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Queues, rings and slots in memory that the kernel shares, read without a system call. After the
 * programs in the kernel; before decode.c, which believes nothing, and the consumer.
 */
#include "source/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/counters.h"
#include "base/log.h"
#include "source/decode.h"
#include "source/merge.h"
#include "source/segment.h"

enum {
	BATCH = MERGE_BATCH,
	MERGED = 1 << 15,  /* flows of a bank that are merged before they go on */
	BURST = 1 << 15,   /* flows of a queue a call */
	RUN = 64,	   /* packets until a ring gets their room back */
	LOOKS = 16,	   /* packets of the sample a call that are shown to all */
	PACKETS = 1 << 12, /* packets a call: flows must be exact, so they have their turn soon */
};

struct reader {
	struct kernel *kernel;
	const struct source_consumer *consumer;
	struct merge *merge;
	struct flow_slot merged[BATCH];
	struct flow_delta deltas[BATCH];
	size_t n_deltas;
	unsigned deltas_bank;
	size_t looks_left;
	bool doubted;
	struct packet bare; /* of what is captured as it is */
	struct counters sum;
};

struct reader *reader_new(struct kernel *kernel, const struct source_consumer *consumer)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->kernel = kernel;
	r->consumer = consumer;
	r->merge = merge_new(MERGED, kernel->seed);
	if (r->merge)
		return r;
	free(r);
	return NULL;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	merge_free(r->merge);
	free(r);
}

double reader_fill(const struct reader *r)
{
	const struct kernel *k = r->kernel;
	double most = 0;

	for (uint32_t cpu = 0; cpu < k->cpus; cpu++) {
		for (int kind = RING_DNS; kind <= RING_PACKETS; kind++)
			most = fmax(most,
				    (double)ring_pending(k->rings[kind][cpu]) / k->ring_size[kind]);
		for (unsigned bank = 0; bank < BANKS; bank++)
			most = fmax(most, queue_fill(&k->queues[cpu][bank]));
	}
	return most;
}

/* What our own programs wrote can only be wrong by a mistake of ours. */
static void reader_doubt(struct reader *r)
{
	if (!r->doubted)
		log_error("a record of the kernel's makes no sense and is left out: please report "
			  "this");
	r->doubted = true;
}

/* ---- flows ---- */

static void reader_flush(struct reader *r)
{
	if (r->n_deltas)
		r->consumer->flows(r->consumer->arg, r->deltas_bank, r->deltas, r->n_deltas);
	for (size_t i = 0; i < r->n_deltas; i++)
		if (r->deltas[i].large)
			kernel_keep(r->kernel, r->deltas[i].key);
	r->n_deltas = 0;
}

/* Deltas keep pointing to their slots, so these stay as they are until reader_flush. */
static void reader_take_slot(struct reader *r, const struct flow_slot *slot)
{
	if (decode_slot(slot, &r->kernel->clock, &r->deltas[r->n_deltas]) < 0)
		reader_doubt(r);
	else if (++r->n_deltas == BATCH)
		reader_flush(r);
}

static void reader_take_merged(struct reader *r, unsigned bank, size_t n)
{
	r->deltas_bank = bank;
	for (size_t i = 0; i < n; i++)
		reader_take_slot(r, &r->merged[i]);
	reader_flush(r);
}

/* Reads the first `n` flows that wait in a queue. */
static void reader_read_queue(struct reader *r, uint32_t cpu, unsigned bank, uint32_t n)
{
	struct queue *q = &r->kernel->queues[cpu][bank];
	const struct flow_slot *in[BATCH];
	uint32_t part;

	for (; n; n -= part) {
		part = n < BATCH ? n : BATCH;
		for (uint32_t i = 0; i < part; i++)
			in[i] = queue_at(q, i);
		reader_take_merged(r, bank, merge_add(r->merge, bank, in, part, r->merged));
		queue_release(q, part);
	}
}

/* None that came after the call. */
static size_t reader_read_flows(struct reader *r)
{
	size_t all = 0;

	for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++) {
		for (unsigned bank = 0; bank < BANKS; bank++) {
			uint32_t n = queue_told(&r->kernel->queues[cpu][bank]);

			n = n < BURST ? n : BURST;
			reader_read_queue(r, cpu, bank, n);
			all += n;
		}
	}
	return all;
}

/* ---- packets ---- */

struct frames { /* of one packet, the first of them */
	const struct source_consumer *to;
	uint32_t left;
};

static void reader_take_frame(void *arg, const struct event *frame)
{
	struct frames *f = arg;

	if (!f->left)
		return;
	f->left--;
	f->to->packet(f->to->arg, frame);
}

/*
 * A packet that is copied for nothing but the capture goes there as it is; only some of them are
 * shown to all others, too, since they learn little more from the rest.
 */
static bool reader_capture(struct reader *r, const void *data, size_t len)
{
	const struct packet_record *record = data;
	struct event event;

	if (!r->consumer->sample || len < sizeof(*record) || record->segments > 1 ||
	    record->why & ~(COPY_SAMPLE | COPY_TAKEN))
		return false;
	if (r->looks_left) {
		r->looks_left--;
		return false;
	}
	if (decode_sample(data, len, &r->kernel->clock, &r->bare, &event) < 0)
		reader_doubt(r);
	else
		r->consumer->sample(r->consumer->arg, &event);
	return true;
}

static void reader_take_packet(struct reader *r, const void *data, size_t len)
{
	struct packet packet;
	struct event event;

	if (reader_capture(r, data, len))
		return;
	if (decode_packet(data, len, &r->kernel->clock, &packet, &event) < 0) {
		reader_doubt(r);
		return;
	}
	/* what is captured is what is on the wire */
	if (event.segments > 1 && event.why & COPY_SAMPLE) {
		const struct packet_record *record = data;
		struct event frames = event;
		struct frames wanted = {r->consumer,
					record->frames ? record->frames : event.segments};

		frames.why = event.why & (COPY_SAMPLE | COPY_TAKEN);
		if (segment_event(&frames, record->gso_size, reader_take_frame, &wanted))
			event.why &= ~COPY_SAMPLE;
	}
	if (event.why)
		r->consumer->packet(r->consumer->arg, &event);
}

/*
 * The ring whose next packet is the oldest; NULL: none, or one is not finished that may be older.
 * *until: until when, but for the packets of this ring, none comes between.
 */
static struct ring *reader_oldest(struct reader *r, uint64_t *until)
{
	uint64_t first = *until + 1;
	struct ring *oldest = NULL;
	bool busy = false;

	for (int kind = RING_DNS; kind <= RING_PACKETS; kind++) {
		for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++) {
			struct ring *ring = r->kernel->rings[kind][cpu];
			size_t len;
			struct packet_record *p = ring_front(ring, &len, &busy);

			if (!p || p->ns > *until)
				continue;
			if (p->ns < first) {
				*until = oldest ? first : *until;
				first = p->ns;
				oldest = ring;
			} else {
				*until = p->ns;
			}
		}
	}
	return busy ? NULL : oldest;
}

/* Reads a ring's packets up to a time, at most `most`. */
static size_t reader_read_run(struct reader *r, struct ring *ring, uint64_t until, size_t most)
{
	struct packet_record *p;
	bool busy = false;
	size_t n, len;

	for (n = 0; n < most && (p = ring_front(ring, &len, &busy)) && p->ns <= until; n++) {
		reader_take_packet(r, p, len);
		ring_pop(ring);
	}
	ring_release(ring);
	return n;
}

/*
 * Reads packets in the order of their time, across CPUs: no answer comes before its query. Room in
 * a ring is taken before the clock is read, so what is older than now is there, if only as
 * unfinished.
 */
static size_t reader_read_packets(struct reader *r)
{
	uint64_t now = clock_monotonic(), until = now;
	struct ring *ring;
	size_t n = 0;

	r->looks_left = LOOKS;
	while (n < PACKETS && (ring = reader_oldest(r, &until))) {
		n += reader_read_run(r, ring, until, RUN);
		until = now;
	}
	return n;
}

bool reader_read(struct reader *r)
{
	size_t flows = reader_read_flows(r);

	return flows + reader_read_packets(r) >= PACKETS;
}

void reader_drain(struct reader *r)
{
	while (reader_read_packets(r))
		;
}

/* ---- a cut ---- */

static void reader_take_slots(struct reader *r, struct flow_slot *slots)
{
	for (uint32_t i = 0; i < r->kernel->slots; i++) {
		if (!slots[i].packets)
			continue;
		reader_take_slot(r, &slots[i]);
		slots[i].packets = 0;
	}
	reader_flush(r);
}

void reader_take_bank(struct reader *r, unsigned bank)
{
	size_t n;

	memset(&r->sum, 0, sizeof(r->sum));
	r->deltas_bank = bank;
	for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++)
		reader_read_queue(r, cpu, bank, queue_left(&r->kernel->queues[cpu][bank]));
	while ((n = merge_drain(r->merge, bank, r->merged)))
		reader_take_merged(r, bank, n);
	for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++) {
		struct counters *c = &r->kernel->cpu_states[cpu].bank[bank];

		reader_take_slots(r, kernel_slots(r->kernel, cpu, bank));
		counters_add(&r->sum, c);
		memset(c, 0, sizeof(*c));
	}
	r->consumer->cut(r->consumer->arg, bank, &r->sum);
}
