// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a packet costs in the kernel: our programs by BPF_PROG_TEST_RUN, each packet of the flow
 * that the regime says (bench.bpf.c writes it), less an empty program that went the same way.
 * Programs take turns within a round and medians over the rounds count, so that what else the
 * machine does falls on all alike. A thread reads the rings, as the program's own reader would.
 *
 * usage: bench_bpf BENCH.bpf.o XDPLENS.bpf.o [PACKET[,REGIME] [RANGES]]
 *
 * RANGES: of blacklisted addresses, the packets' not among them; the programs are then those built
 * in.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bench_packet.h"
#include "bench_row.h"
#include "source/queue.h"
#include "source/ring.h"
#include "xdplens/listed.h"

#include "xdplens.skel.h"

enum {
	ROUNDS = 7,
	CROWDS = 2,
	PROGRAMS = 5,
	RING_CHUNKS = 16, /* as the program has with the sizes that it has by itself... */
	RING_BATCH = 256,
	RUN_NS = 15000000,     /* how long a measured run shall be */
	TRIAL = 20000,	       /* packets, to find how many fill it */
	QUEUE_SLOTS = 1 << 16, /* ... likewise */
	READER_PAUSE_US = 200, /* between looks at the rings */
};

struct program {
	const char *name, *symbol;
	bool tc, empty; /* empty: what those of its hook after it are held against */
	int fd;
	double ns[CROWDS][ROUNDS]; /* a packet, on one CPU and on two at once */
};

static const struct program program_table[PROGRAMS] = {
	{.name = "empty xdp", .symbol = "pass", .empty = true},
	{.name = "xdp_ingress", .symbol = "xdp_ingress"},
	{.name = "empty tc", .symbol = "empty_tc", .tc = true, .empty = true},
	{.name = "tc_ingress", .symbol = "tc_ingress", .tc = true},
	{.name = "tc_egress", .symbol = "tc_egress", .tc = true},
};

struct regime {
	const char *name;
	unsigned flows, step;
	unsigned warm; /* packets until caches are as they stay */
};

static const struct regime regimes[] = {
	{"hot", 1, 0, 20000},
	{"10k", 10000, 6151, 100000},
	{"1M", 1000000, 618033, 2000000}, /* steps share no divisor with the number of flows */
	{"new", 0, BENCH_STEP, 200000},
};

struct bench {
	struct bpf_object *wrap;
	struct xdplens_bpf *ours;
	struct bench_flow *flows;
	struct program programs[PROGRAMS];
	uint8_t frame[BENCH_PACKET_MAX];
	size_t frame_len;
	struct ring rings[BENCH_CPUS * RING_COUNT];
	struct queue queues[BENCH_CPUS];
	struct cpu_state *states;
	int cpus;
	uint32_t listed; /* ranges of blacklisted addresses; 0: no list */
	atomic_bool stop;
	pthread_t reader;
	uint64_t records, lost[CROWDS];
};

static void die(const char *what)
{
	fprintf(stderr, "bench_bpf: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		die("sched_setaffinity");
}

/* ---- objects ---- */

static int bench_cpus(void)
{
	int n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < BENCH_CPUS ? n : BENCH_CPUS;
}

static int program_fd(struct bpf_object *o, const char *name)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, name);

	if (!p)
		die(name);
	return bpf_program__fd(p);
}

static struct bpf_object *object_load(const char *path)
{
	struct bpf_object *o = bpf_object__open_file(path, NULL);

	if (!o || bpf_object__load(o) < 0)
		die(path);
	return o;
}

/* Every third IPv4 address beyond 2.0.0.0, as many as wanted. */
static void listed_fill(struct xdplens_bpf *ours, uint32_t n)
{
	struct listed_range *ranges = calloc(n, sizeof(*ranges));
	uint32_t *at = calloc(n, sizeof(*at)), all = n;

	if (!ranges || !at)
		die("blacklist");
	for (uint32_t i = 0; i < n; i++) {
		at[i] = i;
		ranges[i].first = ranges[i].last = (0xffffull << 32) + (2 << 24) + 3 * i;
	}
	if (bpf_map_update_batch(bpf_map__fd(ours->maps.listed_ranges), at, ranges, &all, NULL) < 0)
		die("blacklist");
	ours->data_live->live_config.listed = n;
	free(ranges);
	free(at);
}

/* As the program itself does, on as many CPUs as the bench uses. */
static struct xdplens_bpf *ours_load(uint32_t listed)
{
	struct xdplens_bpf *ours = xdplens_bpf__open();

	if (!ours)
		die("xdplens.bpf.o");
	ours->rodata->cfg_read = 1;
	ours->rodata->cfg_queue_mask = QUEUE_SLOTS - 1;
	ours->rodata->cfg_dns_chunks = RING_CHUNKS;
	ours->rodata->cfg_packet_chunks = RING_CHUNKS;
	ours->rodata->cfg_listed = listed > 0;
	bpf_map__set_max_entries(ours->maps.cpu_states, bench_cpus());
	bpf_map__set_max_entries(ours->maps.flow_slots,
				 bench_cpus() * BANKS * (ours->rodata->cfg_slots_mask + 1));
	bpf_map__set_max_entries(ours->maps.flow_queues, bench_cpus() * BANKS * QUEUE_SLOTS);
	bpf_map__set_max_entries(ours->maps.dns_rings, bench_cpus() * RING_CHUNKS);
	bpf_map__set_max_entries(ours->maps.packet_rings, bench_cpus() * RING_CHUNKS);
	bpf_map__set_max_entries(ours->maps.listed_ranges, listed ? listed : 1);
	if (xdplens_bpf__load(ours) < 0)
		die("xdplens.bpf.o");
	if (listed)
		listed_fill(ours, listed);
	return ours;
}

static void *array_map(struct bpf_map *map)
{
	size_t size = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		die(bpf_map__name(map));
	return at;
}

static void queues_open(struct bench *b)
{
	const struct flow_slot *slots = array_map(b->ours->maps.flow_queues);

	b->states = array_map(b->ours->maps.cpu_states);
	for (int cpu = 0; cpu < b->cpus; cpu++)
		b->queues[cpu] = (struct queue){
			.ends = &b->states[cpu].queue[0], /* nobody flips the bank */
			.slots = slots + (size_t)cpu * BANKS * QUEUE_SLOTS,
			.size = QUEUE_SLOTS,
		};
}

static void rings_open(struct bench *b)
{
	unsigned char *chunks[RING_COUNT] = {
		[RING_DNS] = array_map(b->ours->maps.dns_rings),
		[RING_PACKETS] = array_map(b->ours->maps.packet_rings),
	};

	for (int i = 0; i < b->cpus * RING_COUNT; i++)
		b->rings[i] = (struct ring){
			.ends = &b->states[i / RING_COUNT].rings[i % RING_COUNT],
			.chunks = chunks[i % RING_COUNT] +
				  (size_t)(i / RING_COUNT) * RING_CHUNKS * RING_STEP,
			.n_chunks = RING_CHUNKS,
		};
}

static void bench_open(struct bench *b, const char *wrap, uint32_t listed)
{
	struct bpf_map *map;

	b->cpus = bench_cpus();
	b->wrap = object_load(wrap);
	b->ours = ours_load(listed);
	b->listed = listed;
	map = bpf_object__find_map_by_name(b->wrap, ".data.flows");
	b->flows = mmap(NULL, sizeof(*b->flows) * BENCH_CPUS, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map), 0);
	if (b->flows == MAP_FAILED)
		die(".data.flows");
	for (int i = 0; i < PROGRAMS; i++) {
		struct program *p = &b->programs[i];

		*p = program_table[i];
		p->fd = program_fd(p->empty ? b->wrap : b->ours->obj, p->symbol);
	}
	queues_open(b);
	rings_open(b);
}

/* Records that found no room, of all CPUs. */
static uint64_t records_lost(struct bench *b)
{
	uint64_t lost = 0;

	for (int cpu = 0; cpu < b->cpus; cpu++)
		for (int i = 0; i < BANKS * LOST_KINDS; i++)
			lost += b->states[cpu].bank[i / LOST_KINDS].lost[i % LOST_KINDS];
	return lost;
}

/* ---- the reader ---- */

static size_t ring_take(struct bench *b, struct ring *ring)
{
	bool busy = false;
	size_t n, len;
	void *record;

	for (n = 0; n < RING_BATCH && (record = ring_front(ring, &len, &busy)); n++) {
		b->records += record_caplen(record) != 0;
		ring_pop(ring, record);
	}
	if (n)
		ring_release(ring);
	return n;
}

static size_t queue_take(struct bench *b, struct queue *q)
{
	uint32_t n = queue_told(q);

	n = n < RING_BATCH ? n : RING_BATCH;
	for (uint32_t i = 0; i < n; i++)
		b->records += queue_at(q, i)->packets != 0;
	if (n)
		queue_release(q, n);
	return n;
}

static void *reader_main(void *arg)
{
	struct bench *b = arg;

	pin(b->cpus - 1);
	while (!b->stop) {
		size_t n = 0;

		for (int i = 0; i < b->cpus * RING_COUNT; i++)
			n += ring_take(b, &b->rings[i]);
		for (int cpu = 0; cpu < b->cpus; cpu++)
			n += queue_take(b, &b->queues[cpu]);
		if (!n)
			usleep(READER_PAUSE_US);
	}
	return NULL;
}

/* ---- runs ---- */

struct run {
	struct bench *b;
	int fd, cpu;
	unsigned repeat;
	pthread_barrier_t *together; /* NULL: alone */
	double ns;
};

static void *run_main(void *arg)
{
	struct run *r = arg;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = r->b->frame, .data_size_in = r->b->frame_len,
		    .repeat = r->repeat);

	pin(r->cpu);
	if (r->together)
		pthread_barrier_wait(r->together);
	r->ns = cpu_ns();
	if (bpf_prog_test_run_opts(r->fd, &o) < 0)
		die("BPF_PROG_TEST_RUN");
	r->ns = cpu_ns() - r->ns;
	if (o.retval == BENCH_FAILED)
		die("the wrapper could not call the program");
	return NULL;
}

/* One call on each of the first `cpus` CPUs at once; CPU nanoseconds a packet, their mean. */
static double run_on(struct bench *b, struct program *p, unsigned repeat, int cpus)
{
	int target = bpf_object__find_map_fd_by_name(b->wrap, p->tc ? "tc_target" : "xdp_target");
	int wrapper = program_fd(b->wrap, p->tc ? "wrap_tc" : "wrap_xdp");
	struct run runs[BENCH_CPUS];
	pthread_t threads[BENCH_CPUS];
	pthread_barrier_t together;
	double ns = 0;

	if (bpf_map_update_elem(target, &(uint32_t){0}, &p->fd, BPF_ANY) < 0)
		die("prog array");
	pthread_barrier_init(&together, NULL, cpus);
	for (int i = 0; i < cpus; i++) {
		runs[i] = (struct run){b, wrapper, i, repeat, cpus > 1 ? &together : NULL, 0};
		if (cpus == 1)
			run_main(&runs[i]);
		else if (pthread_create(&threads[i], NULL, run_main, &runs[i]))
			die("pthread_create");
	}
	for (int i = 0; i < cpus; i++) {
		if (cpus > 1)
			pthread_join(threads[i], NULL);
		ns += runs[i].ns;
	}
	pthread_barrier_destroy(&together);
	return ns / cpus / repeat;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void regime_set(struct bench *b, const struct regime *r)
{
	for (unsigned i = 0; i < BENCH_CPUS; i++) {
		b->flows[i].next = r->flows ? r->flows / BENCH_CPUS * i : i << 24;
		b->flows[i].flows = r->flows;
		b->flows[i].step = r->step;
	}
}

/* All programs in one regime, on one CPU and, where `crowds` is 2, on two. */
static void regime_run(struct bench *b, const struct regime *r, int crowds)
{
	uint64_t lost = records_lost(b), now;
	unsigned repeat[PROGRAMS];

	regime_set(b, r);
	for (int i = 0; i < PROGRAMS; i++) {
		struct program *p = &b->programs[i];
		double trial;

		if (!p->empty)
			run_on(b, p, r->warm, crowds);
		trial = run_on(b, p, TRIAL, 1);
		repeat[i] = trial > 1 ? RUN_NS / trial : RUN_NS;
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int crowd = 0; crowd < crowds; crowd++) {
			for (int i = 0; i < PROGRAMS; i++)
				b->programs[i].ns[crowd][round] =
					run_on(b, &b->programs[i], repeat[i], crowd + 1);
			now = records_lost(b);
			b->lost[crowd] += now - lost;
			lost = now;
		}
	}
}

enum compare { ALONE, DIFFERENCE, RATIO };

/* Over the rounds, so that what two runs side by side both suffered cancels out. */
static double median(const double *x, const double *base, enum compare how)
{
	double all[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		all[i] = how == ALONE ? x[i] : how == DIFFERENCE ? x[i] - base[i] : x[i] / base[i];
	qsort(all, ROUNDS, sizeof(all[0]), ascending);
	return all[ROUNDS / 2];
}

static void bench_case(struct bench *b, const struct bench_packet *packet, const struct regime *r)
{
	int crowds = b->cpus > 1 && packet->two_cpus ? 2 : 1;
	const double *empty = NULL;
	char what[64];

	if (b->listed)
		snprintf(what, sizeof(what), "%s %s, %u listed", packet->name, r->name, b->listed);
	else
		snprintf(what, sizeof(what), "%s %s", packet->name, r->name);
	regime_run(b, r, crowds);
	for (int i = 0; i < PROGRAMS; i++) {
		const struct program *p = &b->programs[i];

		if (crowds > 1)
			bench_row("two CPUs at once", what, p->name, "times one",
				  median(p->ns[1], p->ns[0], RATIO));
		if (p->empty) {
			empty = p->ns[0];
			continue;
		}
		bench_row("kernel", what, p->name, "ns", median(p->ns[0], NULL, ALONE));
		bench_row("kernel", what, p->name, "ns over empty",
			  median(p->ns[0], empty, DIFFERENCE));
		bench_row("kernel", what, p->name, "times empty", median(p->ns[0], empty, RATIO));
	}
}

/* Is the case among those asked for, "PACKET[,REGIME]"? NULL: all are. */
static bool wanted(const char *only, const char *packet, const char *regime)
{
	size_t n = strlen(packet);

	return !only || (strncmp(only, packet, n) == 0 &&
			 (!only[n] || (only[n] == ',' && strcmp(only + n + 1, regime) == 0)));
}

static void bench_close(struct bench *b)
{
	munmap(b->flows, sizeof(*b->flows) * BENCH_CPUS);
	xdplens_bpf__destroy(b->ours);
	bpf_object__close(b->wrap);
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc < 2) {
		fputs("usage: bench_bpf BENCH.bpf.o [PACKET[,REGIME] [RANGES]]\n", stderr);
		return 2;
	}
	bench_open(&b, argv[1], argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
	if (pthread_create(&b.reader, NULL, reader_main, &b))
		die("pthread_create");
	for (int i = 0; i < BENCH_PACKETS; i++) {
		const struct bench_packet *p = &bench_packets[i];

		b.frame_len = bench_packet_write(p, b.frame);
		for (size_t k = 0; k < sizeof(regimes) / sizeof(regimes[0]); k++)
			if (wanted(argv[2], p->name, regimes[k].name))
				bench_case(&b, p, &regimes[k]);
		fflush(stdout);
	}
	b.stop = true;
	pthread_join(b.reader, NULL);
	bench_row("kernel", "records", "read", "in all", b.records);
	bench_row("kernel", "records", "lost", "in all", b.lost[0]);
	bench_row("two CPUs at once", "records", "lost", "in all", b.lost[1]);
	bench_close(&b);
	return 0;
}
