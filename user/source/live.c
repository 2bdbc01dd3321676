// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Packets of this host, by our programs in the kernel. Before it kernel.c (programs and maps),
 * attach.c (hooks), links.c (interfaces that come and go); after it reader.c, which delivers.
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

#include "base/log.h"
#include "source/helper.h"
#include "source/kernel.h"
#include "source/links.h"
#include "source/proof.h"
#include "source/quiesce.h"
#include "source/reader.h"
#include "source/source.h"

enum {
	FILL = 16,	/* part of a ring or queue that may fill between two polls... */
	REST_MS = 2,	/* ... so long apart: a wake-up costs as much as hundreds of packets */
	DNS_BUSY = 3,	/* eighths of a DNS ring that wait: thin out */
	DNS_QUIET = 32, /* less than this part of it waits: take more again */
	DNS_MASK_MAX = 0x3ff,
	DNS_CALM = 1000, /* polls without a rush until more is taken again */
	PROOF_CUTS = 4,
	KEEP_CUTS = 8,	/* a large flow is one for twice as many at most after its last packet */
	COST_CUTS = 10, /* the kernel's own measure is on once in so many cuts... */
	COST_PACKETS = 1 << 14, /* ... for so many packets, until the next cut at the latest */
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
	uint64_t packets; /* seen when it was switched on */
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
	struct reader *reader;
	uint64_t dns_calm;
	bool more;	 /* waits than one poll takes */
	uint64_t polled; /* when, CLOCK_MONOTONIC ns */
	double rest_ms;
	struct cost cost;
	struct timespec cpu_start, wall_start;
};

/* ---- DNS in a flood: thinned by transaction ---- */

static void live_steer_dns(struct source *s)
{
	struct live_config *config = s->kernel.config;
	uint32_t mask = config->dns_mask;
	size_t waiting = 0;

	for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
		size_t n = ring_pending(&s->kernel.rings[RING_DNS][cpu]);

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

static void live_request_cut(struct source *s)
{
	int64_t step;

	if (s->cutting)
		return;
	step = clock_follow(&s->kernel.clock);
	if (step) {
		kernel_date(&s->kernel);
		s->consumer.clock_set(s->consumer.arg, step);
	}
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

static uint64_t live_packets(const struct source *s)
{
	uint64_t packets = 0;

	for (int n = 0; n < s->n_interfaces; n++) {
		struct count sum[DIRECTION_COUNT];

		if (!s->interfaces[n].attached)
			continue;
		live_read_bin(s, s->interfaces[n].bin, sum);
		for (int d = 0; d < DIRECTION_COUNT; d++)
			packets += sum[d].packets;
	}
	return packets;
}

static void live_begin_cost(struct source *s)
{
	struct cost *c = &s->cost;
	int error = helper_measure(s->helper, true, &c->begun);

	c->on = !error;
	c->packets = live_packets(s);
	if (error && !c->refused)
		live_note(s, "the cost is not known: measuring it takes CAP_SYS_ADMIN (%s)",
			  strerror(-error));
	c->refused = error;
}

static void live_end_cost(struct source *s)
{
	struct cost *c = &s->cost;
	struct run_stats now;

	c->on = false;
	if (helper_measure(s->helper, false, &now) < 0 || now.runs <= c->begun.runs)
		return;
	c->ns_per_packet = (double)(now.ns - c->begun.ns) / (now.runs - c->begun.runs);
	c->known = true;
}

/*
 * The kernel's measure costs two clock readings a packet, of everybody's programs: so it is on for
 * a moment only, and not at all where nobody is told.
 */
static void live_measure_cost(struct source *s, bool cut)
{
	struct cost *c = &s->cost;

	if (c->on && (cut || live_packets(s) - c->packets >= COST_PACKETS))
		live_end_cost(s);
	else if (cut && !options_only_capture(s->options) && c->cuts++ % COST_CUTS == 0)
		live_begin_cost(s);
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
		for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++) {
			struct interface_count *c = &s->kernel.cpu_states[cpu].interface[bin];

			if (c->owner != (uint32_t)i->ifindex)
				c->in_pcapng = 0;
			c->owner = i->ifindex;
		}
		i->bin = bin;
		return true;
	}
	return false;
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
	reader_free(s->reader);
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
	s->reader = reader_new(&s->kernel, &s->consumer);
	if (!s->helper || !s->quiesce || !s->links || !s->reader) {
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

/*
 * Waits until a ring or queue is a FILL-th full, if they fill as fast as before; where more was
 * there than one poll takes, not at all.
 */
static void live_rest(struct source *s, int timeout_ms)
{
	uint64_t now;
	double fill;

	if (!s->more)
		usleep(1000 * fmin(fmax(s->rest_ms, REST_MS), timeout_ms));
	now = clock_monotonic();
	fill = reader_fill(s->reader);
	s->rest_ms = fill > 0 ? (now - s->polled) / 1e6 / (fill * FILL) : timeout_ms;
	s->polled = now;
}

static int live_poll(struct source *s, int timeout_ms)
{
	live_rest(s, timeout_ms);
	s->more = reader_read(s->reader);
	live_steer_dns(s);
	live_follow_links(s);
	live_measure_cost(s, false);
	if (s->cutting && quiesce_done(s->quiesce)) {
		s->cutting = false;
		reader_take_bank(s->reader, s->bank ^ 1);
		live_measure_cost(s, true);
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
	reader_drain(s->reader);
	reader_take_bank(s->reader, s->bank ^ 1);
	reader_take_bank(s->reader, s->bank);
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

static void live_number(struct source *s, uint32_t ifindex, uint32_t number)
{
	for (int n = 0; n < s->n_interfaces; n++) {
		const struct interface *i = &s->interfaces[n];

		if (!i->attached || (uint32_t)i->ifindex != ifindex)
			continue;
		for (uint32_t cpu = 0; cpu < s->kernel.cpus; cpu++)
			s->kernel.cpu_states[cpu].interface[i->bin].in_pcapng = number + 1;
	}
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
	.number = live_number,
	.close = live_close,
};
