// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Packets of this host, by our programs in the kernel. Before it kernel.c (programs and maps),
 * attach.c (hooks), links.c (interfaces that come and go); after it the consumer.
 *
 * A cut: the bank that programs count into is flipped, quiesce.c waits until all have left the old
 * one, and then the old bank's queues, slots and counters are taken. So the ledger balances to the
 * packet while traffic goes on.
 */
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/counters.h"
#include "base/log.h"
#include "source/decode.h"
#include "source/helper.h"
#include "source/kernel.h"
#include "source/links.h"
#include "source/merge.h"
#include "source/proof.h"
#include "source/quiesce.h"
#include "source/segment.h"
#include "source/source.h"

enum {
	BATCH = MERGE_BATCH,
	MERGED = 1 << 16,  /* flows of a bank that are merged before they go on */
	BURST = 1 << 15,   /* flows of a queue a poll */
	RUN = 64,	   /* packets until a ring gets their room back */
	LOOKS = 16,	   /* packets of the sample a poll that are shown to all */
	PACKETS = 1 << 12, /* packets a poll: flows must be exact, so they have their turn soon */
	FILL = 16,	   /* part of a ring or queue that may fill between two polls... */
	REST_MS = 2,	   /* ... so long apart: a wake-up costs as much as hundreds of packets */
	DNS_BUSY = 3,	   /* eighths of a DNS ring that wait: thin out */
	DNS_QUIET = 32,	   /* less than this part of it waits: take more again */
	DNS_MASK_MAX = 0x3ff,
	DNS_CALM = 1000, /* polls without a rush until more is taken again */
	PROOF_CUTS = 4,
	KEEP_CUTS = 8,	/* a large flow is one for twice as many at most after its last packet */
	COST_CUTS = 10, /* the kernel's own measure is on for one cut in so many */
};

struct interface {
	struct attachment attachment;
	int ifindex;
	uint32_t bin; /* of the kernel's counters, its own while attached */
	char name[16];
	bool attached, up, wanted; /* wanted: named by the user, not found by "any" */
	bool refused; /* ifindex takes none of our programs: not tried again before it goes down */
	struct count before[DIRECTION_COUNT]; /* seen by attachments that have ended */
	struct count start[DIRECTION_COUNT];  /* what the kernel's bin held when this one began */
	struct proof proof;
};

struct cost { /* of our programs, by the kernel's statistics */
	bool on;
	unsigned cuts;
	struct run_stats begun;
	double ns_per_packet;
	bool known, refused;
};

struct source {
	const struct options *options;
	struct source_consumer consumer;
	struct kernel kernel;
	struct helper *helper;
	struct links *links;
	struct quiesce *quiesce;
	struct interface interfaces[OPTIONS_INTERFACES * 4];
	int n_interfaces,
		reused; /* reused: the last entry that was taken over from one that went */
	unsigned cuts;
	bool any, cutting;
	unsigned bank;
	struct merge *merge;
	struct flow_slot merged[BATCH];
	struct flow_delta deltas[BATCH];
	size_t n_deltas;
	unsigned deltas_bank;
	uint64_t bad_records, dns_calm;
	size_t taken, looks_left;
	uint64_t polled; /* when, CLOCK_MONOTONIC ns */
	double rest_ms;
	struct packet bare; /* of what is captured as it is */
	struct counters sum;
	struct cost cost;
	struct timespec cpu_start, wall_start;
};

/* ---- records ---- */

static void live_flush(struct source *s)
{
	if (s->n_deltas)
		s->consumer.flows(s->consumer.arg, s->deltas_bank, s->deltas, s->n_deltas);
	for (size_t i = 0; i < s->n_deltas; i++)
		if (s->deltas[i].large)
			kernel_keep(&s->kernel, s->deltas[i].key);
	s->n_deltas = 0;
}

/* Deltas keep pointing to their slots, so these stay as they are until live_flush. */
static void live_take_slot(struct source *s, const struct flow_slot *slot)
{
	if (decode_slot(slot, &s->kernel.clock, &s->deltas[s->n_deltas]) < 0)
		s->bad_records++;
	else if (++s->n_deltas == BATCH)
		live_flush(s);
}

struct frames { /* of one packet, the first of them */
	const struct source_consumer *to;
	uint32_t left;
};

static void live_take_frame(void *arg, const struct event *frame)
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
static bool live_capture(struct source *s, const void *data, size_t len)
{
	const struct packet_record *r = data;
	struct event event;

	if (!s->consumer.sample || len < sizeof(*r) || r->segments > 1 ||
	    r->why & ~(COPY_SAMPLE | COPY_TAKEN))
		return false;
	if (s->looks_left) {
		s->looks_left--;
		return false;
	}
	if (decode_sample(data, len, &s->kernel.clock, &s->bare, &event) < 0)
		s->bad_records++;
	else
		s->consumer.sample(s->consumer.arg, &event);
	return true;
}

static void live_take_packet(struct source *s, const void *data, size_t len)
{
	struct packet packet;
	struct event event;

	if (live_capture(s, data, len))
		return;
	if (decode_packet(data, len, &s->kernel.clock, &packet, &event) < 0) {
		s->bad_records++;
		return;
	}
	/* what is captured is what is on the wire */
	if (event.segments > 1 && event.why & COPY_SAMPLE) {
		const struct packet_record *r = data;
		struct event frames = event;
		struct frames wanted = {&s->consumer, r->frames ? r->frames : event.segments};

		frames.why = event.why & (COPY_SAMPLE | COPY_TAKEN);
		if (segment_event(&frames, r->gso_size, live_take_frame, &wanted))
			event.why &= ~COPY_SAMPLE;
	}
	if (event.why)
		s->consumer.packet(s->consumer.arg, &event);
}

static void live_take_merged(struct source *s, unsigned bank, size_t n)
{
	s->deltas_bank = bank;
	for (size_t i = 0; i < n; i++)
		live_take_slot(s, &s->merged[i]);
	live_flush(s);
}

/* Reads the first `n` flows that wait in a queue. */
static void live_read_queue(struct source *s, uint32_t cpu, unsigned bank, uint32_t n)
{
	struct queue *q = &s->kernel.queues[cpu][bank];
	const struct flow_slot *in[BATCH];
	uint32_t part;

	for (; n; n -= part) {
		part = n < BATCH ? n : BATCH;
		for (uint32_t i = 0; i < part; i++)
			in[i] = queue_at(q, i);
		live_take_merged(s, bank, merge_add(s->merge, bank, in, part, s->merged));
		queue_release(q, part);
	}
}

/* Reads at most `most` flows of each queue, and none that came after the call. */
static size_t live_read_flows(struct source *s, uint32_t most)
{
	size_t all = 0;

	for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
		for (unsigned bank = 0; bank < BANKS; bank++) {
			uint32_t n = queue_told(&s->kernel.queues[cpu][bank]);

			n = n < most ? n : most;
			live_read_queue(s, cpu, bank, n);
			all += n;
		}
	}
	return all;
}

/*
 * The ring whose next packet is the oldest; NULL: none, or one is not finished that may be older.
 * *until: until when, but for the packets of this ring, none comes between.
 */
static struct ring *live_oldest(struct source *s, uint64_t *until)
{
	uint64_t first = *until + 1;
	struct ring *oldest = NULL;
	bool busy = false;

	for (int kind = RING_DNS; kind <= RING_PACKETS; kind++) {
		for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
			struct ring *r = s->kernel.rings[kind][cpu];
			size_t len;
			struct packet_record *p = ring_front(r, &len, &busy);

			if (!p || p->ns > *until)
				continue;
			if (p->ns < first) {
				*until = oldest ? first : *until;
				first = p->ns;
				oldest = r;
			} else {
				*until = p->ns;
			}
		}
	}
	return busy ? NULL : oldest;
}

/* Reads a ring's packets up to a time, at most `most`. */
static size_t live_read_run(struct source *s, struct ring *r, uint64_t until, size_t most)
{
	struct packet_record *p;
	bool busy = false;
	size_t n, len;

	for (n = 0; n < most && (p = ring_front(r, &len, &busy)) && p->ns <= until; n++) {
		live_take_packet(s, p, len);
		ring_pop(r);
	}
	ring_release(r);
	return n;
}

/*
 * Reads packets in the order of their time, across CPUs: no answer comes before its query. Room in
 * a ring is taken before the clock is read, so what is older than now is there, if only as
 * unfinished.
 */
static size_t live_read_packets(struct source *s)
{
	uint64_t now = clock_monotonic(), until = now;
	struct ring *r;
	size_t n = 0;

	s->looks_left = LOOKS;
	while (n < PACKETS && (r = live_oldest(s, &until))) {
		n += live_read_run(s, r, until, RUN);
		until = now;
	}
	return n;
}

/* ---- DNS in a flood: thinned by transaction ---- */

static void live_steer_dns(struct source *s)
{
	struct live_config *config = s->kernel.config;
	uint32_t mask = config->dns_mask;
	size_t waiting = 0;

	for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
		size_t n = ring_pending(s->kernel.rings[RING_DNS][cpu]);

		waiting = n > waiting ? n : waiting;
	}
	if (waiting > s->kernel.ring_size[RING_DNS] / 8 * DNS_BUSY && mask < DNS_MASK_MAX)
		mask = mask << 1 | 1;
	else if (mask && waiting < s->kernel.ring_size[RING_DNS] / DNS_QUIET &&
		 ++s->dns_calm > DNS_CALM)
		mask >>= 1;
	if (mask == config->dns_mask)
		return;
	s->dns_calm = 0;
	config->dns_mask = mask;
	s->consumer.dns_thinned(s->consumer.arg, mask, clock_now(&s->kernel.clock));
}

/* ---- cuts ---- */

static void live_take_slots(struct source *s, struct flow_slot *slots)
{
	for (uint32_t i = 0; i < s->kernel.slots; i++) {
		if (!slots[i].packets)
			continue;
		live_take_slot(s, &slots[i]);
		slots[i].packets = 0;
	}
	live_flush(s);
}

/* No program counts into `bank` any more. */
static void live_take_bank(struct source *s, unsigned bank)
{
	size_t n;

	memset(&s->sum, 0, sizeof(s->sum));
	s->deltas_bank = bank;
	for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++)
		live_read_queue(s, cpu, bank, queue_left(&s->kernel.queues[cpu][bank]));
	while ((n = merge_drain(s->merge, bank, s->merged)))
		live_take_merged(s, bank, n);
	for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
		struct counters *c = &s->kernel.cpu_states[cpu].bank[bank];

		live_take_slots(s, kernel_slots(&s->kernel, cpu, bank));
		counters_add(&s->sum, c);
		memset(c, 0, sizeof(*c));
	}
	s->consumer.cut(s->consumer.arg, bank, &s->sum);
}

static void live_request_cut(struct source *s)
{
	int64_t step;

	if (s->cutting)
		return;
	step = clock_follow(&s->kernel.clock);
	if (step)
		s->consumer.clock_set(s->consumer.arg, step);
	s->cutting = true;
	s->bank ^= 1;
	__atomic_store_n(&s->kernel.config->bank, s->bank, __ATOMIC_SEQ_CST);
	quiesce_begin(s->quiesce);
}

/* ---- what a person should know ---- */

static void live_note(struct source *s, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	s->consumer.note(s->consumer.arg, text);
}

/* ---- what it costs ---- */

/* The kernel's measure costs two clock readings a packet, so it is on for a moment only. */
static void live_measure_cost(struct source *s)
{
	struct cost *c = &s->cost;
	struct run_stats now;

	if (c->on) {
		c->on = false;
		if (helper_measure(s->helper, false, &now) == 0 && now.runs > c->begun.runs) {
			c->ns_per_packet =
				(double)(now.ns - c->begun.ns) / (now.runs - c->begun.runs);
			c->known = true;
		}
	} else if (c->cuts++ % COST_CUTS == 0) {
		int error = helper_measure(s->helper, true, &c->begun);

		c->on = !error;
		if (error && !c->refused)
			live_note(s, "the cost is not known: measuring it takes CAP_SYS_ADMIN (%s)",
				  strerror(-error));
		c->refused = error;
	}
}

/* ---- interfaces ---- */

static bool live_owned(const struct source *s, uint32_t bin)
{
	for (int n = 0; n < s->n_interfaces; n++)
		if (s->interfaces[n].attached && s->interfaces[n].bin == bin)
			return true;
	return false;
}

/* The first bin that none of the attached owns is this one's from now on; false: there is none. */
static bool live_take_bin(struct source *s, struct interface *i)
{
	for (uint32_t probe = 0; probe < INTERFACE_PROBES; probe++) {
		uint32_t bin = (i->ifindex + probe) & (INTERFACE_BINS - 1);

		if (live_owned(s, bin))
			continue;
		for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++)
			s->kernel.cpu_states[cpu].interface[bin].owner = i->ifindex;
		i->bin = bin;
		return true;
	}
	return false;
}

static void live_read_bin(const struct source *s, uint32_t bin, struct count sum[DIRECTION_COUNT])
{
	memset(sum, 0, DIRECTION_COUNT * sizeof(*sum));
	for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
		const struct count *c = s->kernel.cpu_states[cpu].interface[bin].direction;

		for (int d = 0; d < DIRECTION_COUNT; d++) {
			sum[d].packets += c[d].packets;
			sum[d].bytes += c[d].bytes;
		}
	}
}

/* Seen by this attachment. */
static void live_seen(const struct source *s, const struct interface *i,
		      struct count seen[DIRECTION_COUNT])
{
	live_read_bin(s, i->bin, seen);
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		seen[d].packets -= i->start[d].packets;
		seen[d].bytes -= i->start[d].bytes;
	}
}

static void live_prove(struct source *s)
{
	char text[256];

	if (++s->cuts % PROOF_CUTS)
		return;
	for (int n = 0; n < s->n_interfaces; n++) {
		struct interface *i = &s->interfaces[n];
		struct count seen[DIRECTION_COUNT];
		uint64_t packets[DIRECTION_COUNT];

		if (!i->attached)
			continue;
		live_seen(s, i, seen);
		for (int d = 0; d < DIRECTION_COUNT; d++)
			packets[d] = seen[d].packets;
		if (proof_fails(&i->proof, i->name, packets, text, sizeof(text)))
			live_note(s, "%s", text);
	}
}

static int live_attach(struct source *s, struct interface *i, enum mode mode)
{
	int error;

	i->refused = !live_take_bin(s, i);
	if (i->refused) {
		log_error("cannot watch %s: %d watched interfaces have numbers that are congruent "
			  "modulo %d",
			  i->name, INTERFACE_PROBES, INTERFACE_BINS);
		return -ENOSPC;
	}
	live_read_bin(s, i->bin, i->start);
	error = helper_attach(s->helper, &i->attachment, i->ifindex, i->name, mode);
	i->attached = !error;
	i->refused = error;
	if (error == -ENODEV) {
		log_info("%s went before it could be watched", i->name);
		return error;
	}
	if (error) {
		log_error("cannot watch %s: %s", i->name, i->attachment.why);
		return error;
	}
	proof_begin(&i->proof, i->name);
	if (i->attachment.why[0])
		log_info("%s: %s; using %s", i->name, i->attachment.why, i->attachment.mode);
	else
		log_info("%s: watching, mode %s", i->name, i->attachment.mode);
	if (mode == MODE_AUTO && attach_advice(&i->attachment)[0])
		log_info("%s: %s", i->name, attach_advice(&i->attachment));
	return 0;
}

/* A new entry; where there is no room, that of an interface found by "any" which has gone. */
static struct interface *live_place(struct source *s)
{
	const int room = sizeof(s->interfaces) / sizeof(s->interfaces[0]);

	if (s->n_interfaces < room)
		return &s->interfaces[s->n_interfaces++];
	for (int n = 0; n < room; n++) {
		struct interface *i;

		s->reused = (s->reused + 1) % room;
		i = &s->interfaces[s->reused];
		if (!i->attached && !i->wanted)
			return i;
	}
	return NULL;
}

static struct interface *live_add(struct source *s, const char *name, int ifindex, bool wanted)
{
	struct interface *i = live_place(s);

	if (!i) {
		live_note(s, "%s is not watched: too many interfaces", name);
		return NULL;
	}
	*i = (struct interface){.ifindex = ifindex, .wanted = wanted, .attachment.links = {-1, -1}};
	snprintf(i->name, sizeof(i->name), "%s", name);
	return i;
}

static void live_lost(struct source *s, struct interface *i)
{
	struct count seen[DIRECTION_COUNT];

	helper_detach(s->helper, &i->attachment);
	live_seen(s, i, seen);
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		i->before[d].packets += seen[d].packets;
		i->before[d].bytes += seen[d].bytes;
	}
	i->attached = false;
	i->up = false;
	live_note(s, "%s has gone%s", i->name, i->wanted ? "; waiting for it to come back" : "");
}

static void live_known_changed(struct source *s, struct interface *i, const struct link_change *c)
{
	if (c->gone) {
		live_lost(s, i);
		return;
	}
	if (strcmp(c->name, i->name) != 0) {
		live_note(s, "%s is called %s now", i->name, c->name);
		snprintf(i->name, sizeof(i->name), "%s", c->name);
	}
	if (c->up != i->up)
		live_note(s, "%s is %s", i->name, c->up ? "up again" : "down");
	i->up = c->up;
}

static void live_came(struct source *s, struct interface *i, const struct link_change *c)
{
	if (i->refused && i->ifindex == c->ifindex)
		return;
	i->ifindex = c->ifindex;
	if (live_attach(s, i, attach_mode(s->options->mode, c->veth && !i->wanted)) < 0)
		return;
	i->up = true;
	live_note(s, "%s has come: watching it, mode %s", i->name, i->attachment.mode);
}

static void live_link_changed(void *arg, const struct link_change *c)
{
	struct source *s = arg;
	struct interface *by_name = NULL;

	for (int n = 0; n < s->n_interfaces; n++) {
		struct interface *i = &s->interfaces[n];

		if (i->attached && i->ifindex == c->ifindex) {
			live_known_changed(s, i, c);
			return;
		}
		if (!i->attached && strcmp(i->name, c->name) == 0)
			by_name = i;
	}
	if (by_name && by_name->ifindex == c->ifindex && !c->up)
		by_name->refused = false;
	if (c->gone || c->loopback || !c->up)
		return;
	if (!by_name && s->any)
		by_name = live_add(s, c->name, c->ifindex, false);
	if (by_name)
		live_came(s, by_name, c);
}

/* What goes is announced; where announcements were lost, it is looked for before what came. */
static void live_follow_links(struct source *s)
{
	char name[IF_NAMESIZE];

	if (!links_poll(s->links, live_link_changed, s))
		return;
	for (int n = 0; n < s->n_interfaces; n++)
		if (s->interfaces[n].attached && !if_indextoname(s->interfaces[n].ifindex, name))
			live_lost(s, &s->interfaces[n]);
}

static int live_open_named(struct source *s, const char *name)
{
	struct interface *i;
	int ifindex = if_nametoindex(name);

	if (!ifindex) {
		log_error("there is no interface '%s'; `ip -br link` lists those there are", name);
		return -ENODEV;
	}
	for (int n = 0; n < s->n_interfaces; n++)
		if (s->interfaces[n].ifindex == ifindex)
			return 0;
	i = live_add(s, name, ifindex, true);
	if (!i)
		return -ENOSPC;
	i->up = true;
	return live_attach(s, i, s->options->mode);
}

static int live_open_interfaces(struct source *s)
{
	const struct options *o = s->options;
	char name[16];
	int error = 0;

	if (!o->n_interfaces) {
		if (links_default(name))
			return live_open_named(s, name);
		log_error("there is no default route to take an interface from; name one with -i");
		return -ENODEV;
	}
	for (int n = 0; n < o->n_interfaces && !error; n++) {
		/* those that are up follow with the first call of links_poll */
		if (strcmp(o->interfaces[n], "any") == 0)
			s->any = true;
		else
			error = live_open_named(s, o->interfaces[n]);
	}
	return error;
}

/* ---- the source ---- */

static void live_close(struct source *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->n_interfaces; i++)
		if (s->interfaces[i].attached)
			helper_detach(s->helper, &s->interfaces[i].attachment);
	helper_free(s->helper);
	quiesce_free(s->quiesce);
	links_free(s->links);
	merge_free(s->merge);
	kernel_unload(&s->kernel);
	free(s);
}

static struct source *live_open(const struct options *o, const struct source_consumer *consumer)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = o;
	s->consumer = *consumer;
	clock_gettime(CLOCK_MONOTONIC, &s->wall_start);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &s->cpu_start);
	if (kernel_load(&s->kernel, o, &consumer->listed) < 0)
		goto fail;
	log_info("kernel memory: %zu KB: %u CPUs, %u flow slots each in two banks, rings",
		 s->kernel.memory / 1024, s->kernel.cpus, s->kernel.slots);
	s->helper = helper_new(&s->kernel);
	s->quiesce = quiesce_new();
	s->links = links_new();
	s->merge = merge_new(MERGED, s->kernel.seed);
	if (!s->helper || !s->quiesce || !s->links || !s->merge) {
		log_error("cannot start: %s", strerror(errno));
		goto fail;
	}
	if (live_open_interfaces(s) < 0)
		goto fail;
	live_follow_links(s);
	return s;
fail:
	live_close(s);
	return NULL;
}

/* Of the ring or queue that is fullest, the part that waits to be read. */
static double live_fill(const struct source *s)
{
	const struct kernel *k = &s->kernel;
	double most = 0;

	for (uint32_t cpu = 0; cpu < k->cpus; cpu++) {
		for (int kind = RING_DNS; kind <= RING_PACKETS; kind++)
			most = fmax(most, (double)ring_pending(k->rings[kind][cpu]) /
						  k->ring_size[kind]);
		for (unsigned bank = 0; bank < BANKS; bank++)
			most = fmax(most, queue_fill(&k->queues[cpu][bank]));
	}
	return most;
}

/*
 * Waits until a ring or queue is a FILL-th full, if they fill as fast as before; where more was
 * there than one poll takes, not at all.
 */
static void live_rest(struct source *s, int timeout_ms)
{
	uint64_t now;
	double fill;

	if (s->taken < PACKETS)
		usleep(1000 * fmin(fmax(s->rest_ms, REST_MS), timeout_ms));
	now = clock_monotonic();
	fill = live_fill(s);
	s->rest_ms = fill > 0 ? (now - s->polled) / 1e6 / (fill * FILL) : timeout_ms;
	s->polled = now;
}

static int live_poll(struct source *s, int timeout_ms)
{
	live_rest(s, timeout_ms);
	s->taken = live_read_flows(s, BURST);
	s->taken += live_read_packets(s);
	live_steer_dns(s);
	live_follow_links(s);
	if (s->cutting && quiesce_done(s->quiesce)) {
		s->cutting = false;
		live_take_bank(s, s->bank ^ 1);
		live_measure_cost(s);
		live_prove(s);
		if (s->cuts % KEEP_CUTS == 0)
			kernel_keep_on(&s->kernel);
	}
	return 1;
}

static void live_finish(struct source *s)
{
	/* a cut under way waits for the same */
	for (int i = 0; i < s->n_interfaces; i++)
		if (s->interfaces[i].attached)
			helper_detach(s->helper, &s->interfaces[i].attachment);
	quiesce_now();
	while (live_read_packets(s))
		;
	live_take_bank(s, s->bank ^ 1);
	live_take_bank(s, s->bank);
	s->cutting = false;
}

static void live_relist(struct source *s, const struct listed *listed)
{
	kernel_relist(&s->kernel, listed);
}

static uint64_t live_now(struct source *s)
{
	return clock_now(&s->kernel.clock);
}

static const char *live_interface_name(struct source *s, uint32_t ifindex)
{
	for (int i = s->n_interfaces - 1; i >= 0; i--)
		if ((uint32_t)s->interfaces[i].ifindex == ifindex)
			return s->interfaces[i].name;
	return "";
}

static void live_describe_interface(const struct source *s, const struct interface *i,
				    struct interface_view *v)
{
	struct count seen[DIRECTION_COUNT] = {0};

	snprintf(v->name, sizeof(v->name), "%s", i->name);
	v->ifindex = i->ifindex;
	snprintf(v->mode, sizeof(v->mode), "%s", i->attachment.mode);
	v->up = i->attached && i->up;
	if (i->attached)
		live_seen(s, i, seen);
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		v->direction[d].packets = i->before[d].packets + seen[d].packets;
		v->direction[d].bytes = i->before[d].bytes + seen[d].bytes;
	}
}

static double live_seconds(clockid_t id, const struct timespec *since)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (t.tv_sec - since->tv_sec) + (t.tv_nsec - since->tv_nsec) / 1e9;
}

static void live_describe(struct source *s, struct snapshot *v)
{
	double wall = live_seconds(CLOCK_MONOTONIC, &s->wall_start);
	double cpu = live_seconds(CLOCK_PROCESS_CPUTIME_ID, &s->cpu_start);
	size_t at = 0;

	v->live = true;
	v->duration_s = wall; /* whatever becomes of the clock of the day */
	v->n_interfaces = 0;
	for (int n = 0; n < s->n_interfaces && v->n_interfaces < SNAPSHOT_INTERFACES; n++) {
		const struct interface *i = &s->interfaces[n];

		if (s->n_interfaces > SNAPSHOT_INTERFACES && !i->attached && !i->wanted)
			continue;
		if (at < sizeof(v->source))
			at += snprintf(v->source + at, sizeof(v->source) - at, "%s%s",
				       v->n_interfaces ? "," : "", i->name);
		live_describe_interface(s, i, &v->interfaces[v->n_interfaces++]);
	}
	snprintf(v->mode, sizeof(v->mode), "%s",
		 s->n_interfaces ? s->interfaces[0].attachment.mode : "none");
	v->cost_known = s->cost.known;
	v->cost_ns_per_packet = s->cost.ns_per_packet;
	v->cost_cpu_percent = wall > 0 ? 100 * cpu / wall : 0;
}

const struct source_ops source_live = {
	.open = live_open,
	.poll = live_poll,
	.request_cut = live_request_cut,
	.relist = live_relist,
	.finish = live_finish,
	.now = live_now,
	.describe = live_describe,
	.interface_name = live_interface_name,
	.close = live_close,
};
