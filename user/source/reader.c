// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Queues, rings and slots in memory that the kernel shares, read without a system call. After the
 * programs in the kernel; before decode.c, which believes nothing, and the consumer.
 */
#include "source/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/counters.h"
#include "base/log.h"
#include "source/decode.h"
#include "source/merge.h"
#include "source/segment.h"

enum {
	BATCH = MERGE_BATCH,
	MERGED = 1 << 16,  /* flows of a bank that are merged before they go on */
	BURST = 1 << 15,   /* flows of a queue a call */
	RUN = 64,	   /* packets until a ring gets their room back */
	TURN = 16,	   /* batches of flows until the capture has its turn */
	LOOKS = 16,	   /* packets of the sample a call that are shown to all */
	PACKETS = 1 << 12, /* packets a call: flows must be exact, so they have their turn soon */
	LEND_LEAST = 64 << 10, /* octets that are worth it */
	STEP_NS = 1000000000,  /* by so much no record is younger than the clock */
	BARE_MOST = 256 << 10, /* octets at once to the capture */
	DRAIN_NS = 2000000000, /* to wait at the end for who takes no packets */
	SEEN_NS = 20000,       /* after which a CPU's store is seen by the others, generously */
};

/* Of rings: what is put in one order. */
struct kinds {
	int first, last;
};
static const struct kinds analysed = {RING_DNS, RING_PACKETS};
static const struct kinds captured = {RING_CAPTURE, RING_CAPTURE};

struct reader {
	struct kernel *kernel;
	const struct source_consumer *consumer;
	struct merge *merge;
	struct flow_slot merged[BATCH];
	struct flow_delta deltas[BATCH];
	size_t n_deltas;
	unsigned deltas_bank;
	unsigned batches;
	size_t looks_left;
	bool doubted;
	uint64_t now;	    /* CLOCK_MONOTONIC, ns */
	uint64_t looked;    /* when, at what rings hold */
	size_t captured;    /* packets, in a call */
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
		for (int kind = 0; kind < RING_COUNT; kind++)
			if (k->ring_size[kind])
				most = fmax(most, (double)ring_pending(&k->rings[kind][cpu]) /
							  k->ring_size[kind]);
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

static void reader_read_capture(struct reader *r);

/* Many flows, as at a cut, take milliseconds: what is captured has its turn in between. */
static void reader_flush(struct reader *r)
{
	if (!r->n_deltas)
		return;
	r->consumer->flows(r->consumer->arg, r->deltas_bank, r->deltas, r->n_deltas);
	for (size_t i = 0; i < r->n_deltas; i++)
		if (r->deltas[i].large)
			kernel_keep(r->kernel, r->deltas[i].key);
	r->n_deltas = 0;
	if (++r->batches % TURN == 0)
		reader_read_capture(r);
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

/* Frames on the wire that a record stands for. */
static size_t reader_frames(const struct ring *ring, const void *data)
{
	struct packet_record record;

	if (ring_is_bare(ring, data))
		return 1;
	memcpy(&record, data, sizeof(record));
	return record.frames ? record.frames : record.segments;
}

struct frames { /* of one packet, the first of them */
	void (*to)(void *arg, const struct event *event);
	void *arg;
	uint32_t left;
};

static void reader_take_frame(void *arg, const struct event *frame)
{
	struct frames *f = arg;

	if (!f->left)
		return;
	f->left--;
	f->to(f->arg, frame);
}

/*
 * A packet that is copied for nothing but the capture goes there as it is; only some of them are
 * shown to all others, too, since they learn little more from the rest. With a RING_CAPTURE the
 * kernel has chosen these.
 */
static bool reader_capture(struct reader *r, const struct ring *ring, const void *data, size_t len)
{
	bool apart = r->kernel->ring_size[RING_CAPTURE]; /* what the file takes */
	struct packet_record record;
	struct event event;

	memcpy(&record, data, sizeof(record));
	if (!r->consumer->sample || record.segments > 1 ||
	    record.why & ~(COPY_SAMPLE | COPY_TAKEN) || apart != !!ring->bare)
		return false;
	if (!apart && r->looks_left) {
		r->looks_left--;
		return false;
	}
	if (decode_sample(data, len, &r->kernel->clock, &r->bare, &event) < 0)
		reader_doubt(r);
	else
		r->consumer->sample(r->consumer->arg, &event);
	return true;
}

static void reader_take_packet(struct reader *r, const struct ring *ring, const void *data,
			       size_t len)
{
	const struct source_consumer *c = r->consumer;
	struct frames frames = {ring->bare ? c->sample : c->packet, c->arg, 0};
	struct packet packet;
	struct event event;

	if (reader_capture(r, ring, data, len))
		return;
	if (decode_packet(data, len, &r->kernel->clock, &packet, &event) < 0) {
		reader_doubt(r);
		return;
	}
	/* what is captured is what is on the wire */
	if (event.segments > 1 && event.why & COPY_SAMPLE) {
		struct packet_record record;
		struct event sample = event;

		memcpy(&record, data, sizeof(record));
		frames.left = reader_frames(ring, data);
		sample.why = event.why & (COPY_SAMPLE | COPY_TAKEN);
		if (segment_event(&sample, record.gso_size, reader_take_frame, &frames))
			event.why &= ~COPY_SAMPLE;
	}
	if (event.why)
		frames.to(c->arg, &event);
}

/*
 * CLOCK_MONOTONIC, ns. Where the clock of the day was set in between, a bare record's is off by as
 * much: it is not waited for then.
 */
static uint64_t reader_time(const struct reader *r, const struct ring *ring, const void *record)
{
	uint64_t ns;

	if (!ring_is_bare(ring, record)) {
		memcpy(&ns, record, sizeof(ns));
		return ns;
	}
	ns = bare_time(ring->bare, record) - r->kernel->config->epoch;
	return ns > r->now + STEP_NS ? 0 : ns;
}

/*
 * Of the rings of these kinds the one whose next packet is the oldest; NULL: none, or one is not
 * finished that may be older. *until: until when, but for the packets of this ring, none comes
 * between.
 */
static struct ring *reader_oldest(struct reader *r, struct kinds kinds, uint64_t *until)
{
	uint64_t first = *until + 1;
	struct ring *oldest = NULL;
	bool busy = false;

	for (int kind = kinds.first; kind <= kinds.last; kind++) {
		for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++) {
			struct ring *ring = &r->kernel->rings[kind][cpu];
			size_t len;
			void *p = ring_front(ring, &len, &busy);
			uint64_t ns = p ? reader_time(r, ring, p) : UINT64_MAX;

			if (ns > *until)
				continue;
			if (ns < first) {
				*until = oldest ? first : *until;
				first = ns;
				oldest = ring;
			} else {
				*until = ns;
			}
		}
	}
	return busy ? NULL : oldest;
}

/* Passes `n` records once more that were looked at before. */
static void reader_pass(struct ring *ring, uint64_t at, size_t n)
{
	bool busy = false;
	size_t len;
	void *p;

	ring->at = at;
	for (; n && (p = ring_front(ring, &len, &busy)); n--)
		ring_pop(ring, p);
}

/*
 * Reads bare records up to a time that follow each other in memory; 0: the next is none, or nobody
 * takes it now.
 */
static size_t reader_read_bare(struct reader *r, struct ring *ring, uint64_t until)
{
	char *first = NULL, *end = NULL, *p;
	uint64_t at = ring->at;
	bool busy = false;
	size_t n, len, taken;

	for (n = 0; n < PACKETS && (p = ring_front(ring, &len, &busy)); n++) {
		uint32_t octets = ring_octets(ring, p);

		if (!ring_is_bare(ring, p) || reader_time(r, ring, p) > until ||
		    (n && (p != end || (size_t)(end - first) + octets > BARE_MOST)))
			break;
		ring_pop(ring, p);
		if (octets > len || octets > RING_SPARE) {
			reader_doubt(r);
			break;
		}
		first = n ? first : p;
		end = p + octets;
	}
	taken = n ? r->consumer->records(r->consumer->arg, first, end - first, n) : 0;
	if (taken < n)
		reader_pass(ring, at, taken);
	return taken;
}

/* Reads a ring's packets up to a time, at most `most`. */
static size_t reader_read_run(struct reader *r, struct ring *ring, uint64_t until, size_t most)
{
	bool busy = false;
	size_t n, len;
	void *p;

	n = ring->bare ? reader_read_bare(r, ring, until) : 0;
	for (; n < most && (p = ring_front(ring, &len, &busy)); n++) {
		if (reader_time(r, ring, p) > until || ring_is_bare(ring, p))
			break;
		reader_take_packet(r, ring, p, len);
		ring_pop(ring, p);
	}
	ring_release(ring);
	return n;
}

/* Reads packets up to a time in its order, across CPUs: no answer comes before its query. */
static size_t reader_read_until(struct reader *r, struct kinds kinds, uint64_t last)
{
	uint64_t until = last;
	struct ring *ring;
	size_t n = 0, run = 1;

	r->looks_left = LOOKS;
	while (run && n < PACKETS && (ring = reader_oldest(r, kinds, &until))) {
		run = reader_read_run(r, ring, until, RUN);
		until = last;
		n += run;
	}
	return n;
}

/* ---- packets that nobody needs to look at, in the memory where they are ---- */

/* The ring that alone has packets, and enough of them. */
static struct ring *reader_alone(struct reader *r)
{
	struct ring *alone = NULL;
	bool busy = false;
	size_t len;

	for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++) {
		struct ring *ring = &r->kernel->rings[RING_CAPTURE][cpu];

		if (ring_waiting(ring) >= LEND_LEAST && !alone)
			alone = ring;
		else if (ring_front(ring, &len, &busy) || busy)
			return NULL;
	}
	return alone;
}

/*
 * What was there at the last look, since what comes from now on to other rings is younger; as much
 * of it as the capture takes. The rest waits in the ring. False: it has to be read.
 */
static bool reader_lend(struct reader *r)
{
	struct ring *ring = reader_alone(r);
	struct writer_loan loan;
	size_t octets;

	if (!ring || !ring_all_bare(ring) || !r->consumer->lends(r->consumer->arg))
		return false;
	loan.returned = &ring->returned;
	while (r->now - r->looked > SEEN_NS &&
	       (loan.records = ring_span(ring, &octets, &loan.until)) &&
	       r->consumer->lend(r->consumer->arg, &loan, octets))
		ring_lend(ring, loan.until);
	return true;
}

/* Passes what nobody takes, until so many octets wait. */
static void reader_lose(struct reader *r, struct ring *ring, uint64_t most)
{
	bool busy = false;
	size_t len, n = 0;
	void *p;

	for (; ring_waiting(ring) > most && (p = ring_front(ring, &len, &busy)); ring_pop(ring, p))
		n += reader_frames(ring, p);
	if (n)
		r->consumer->lose(r->consumer->arg, n);
	ring_release(ring);
}

/* What the file does not take waits, but not until what comes finds no room. */
static void reader_make_room(struct reader *r, struct ring *ring)
{
	uint64_t size = r->kernel->ring_size[RING_CAPTURE];

	if (ring_waiting(ring) > size / 16 * 15)
		reader_lose(r, ring, size / 8 * 7);
}

/* A ring says that a record is on its way before its clock is read: SEEN_NS later all know. */
static void reader_read_capture(struct reader *r)
{
	if (!r->kernel->ring_size[RING_CAPTURE])
		return;
	r->now = clock_monotonic();
	if (!r->consumer->lend || !reader_lend(r))
		r->captured += reader_read_until(r, captured, r->now - SEEN_NS);
	for (uint32_t cpu = 0; cpu < r->kernel->cpus; cpu++) {
		reader_make_room(r, &r->kernel->rings[RING_CAPTURE][cpu]);
		ring_release(&r->kernel->rings[RING_CAPTURE][cpu]);
		ring_look(&r->kernel->rings[RING_CAPTURE][cpu]);
	}
	r->looked = clock_monotonic();
}

bool reader_read(struct reader *r)
{
	size_t n;

	r->captured = 0;
	n = reader_read_flows(r);
	r->now = clock_monotonic();
	n += reader_read_until(r, analysed, r->now - SEEN_NS);
	reader_read_capture(r);
	return n + r->captured >= PACKETS;
}

static bool reader_packets_wait(const struct reader *r)
{
	for (int kind = 0; kind < RING_COUNT; kind++)
		for (uint32_t cpu = 0; r->kernel->ring_size[kind] && cpu < r->kernel->cpus; cpu++)
			if (ring_waiting(&r->kernel->rings[kind][cpu]))
				return true;
	return false;
}

static size_t reader_read_left(struct reader *r)
{
	size_t n = reader_read_until(r, analysed, UINT64_MAX - 1);

	if (r->kernel->ring_size[RING_CAPTURE])
		n += reader_read_until(r, captured, UINT64_MAX - 1);
	return n;
}

void reader_drain(struct reader *r)
{
	uint64_t start = clock_monotonic();

	r->now = start;
	while (reader_read_left(r))
		;
	while (reader_packets_wait(r) && r->now - start < DRAIN_NS) {
		if (!reader_read_left(r))
			usleep(DRAIN_NS / 1000 / 100);
		r->now = clock_monotonic();
	}
	for (uint32_t cpu = 0; r->kernel->ring_size[RING_CAPTURE] && cpu < r->kernel->cpus; cpu++)
		reader_lose(r, &r->kernel->rings[RING_CAPTURE][cpu], 0);
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
