// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Our programs and maps in the kernel: knobs set between open and load, arrays mapped, and the
 * clocks read together once. Before attach.c.
 */
#include "source/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "source/filter.h"
#include "source/filter_kernel.h"
#include "source/quiesce.h"
#include "xdplens.skel.h"
#include "xdplens/flow_hash.h"

enum {
	/* octets of a CPU's ring where all packets are written, whole or only their headers... */
	CAPTURE_RING = 64 << 20,
	CAPTURE_RING_HEADERS = 32 << 20,
	CAPTURE_RINGS = 256 << 20, /* ... and of all of them together... */
	CAPTURE_PART = 32,	   /* ... which is no more than this part of the memory */
	HEADERS_ONLY = 128,	   /* a snaplen up to here is not worth the copy of a large send */
	LISTED_SPARE = 1024,	   /* ranges that a short list may grow by */
	KERNEL_HEADS = 1 << 18,	   /* directions of flows whose first packets are counted */
	DESCRIPTORS = 64,	   /* programs, maps, files, a few interfaces */
	LINKS = 2 * 4 * OPTIONS_INTERFACES, /* as many interfaces as there can be */
};

static int kernel_print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *rest, *line;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, args) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_debug("%s", line);
	free(text);
	return 0;
}

/* Whoever writes no packets looks at their beginning. */
static uint32_t kernel_caplen(const struct options *o, uint32_t wanted)
{
	uint32_t most = o->write ? COPY_MAX : CAPTURE_MAX;

	return wanted < most ? wanted : most;
}

/* Who writes every packet needs room for the time in which we do not get a CPU. */
static uint32_t kernel_capture_ring(const struct kernel *k, const struct options *o)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / CAPTURE_PART;
	uint64_t all = memory < CAPTURE_RINGS ? memory : CAPTURE_RINGS;
	uint32_t most = o->snaplen > HEADERS_ONLY ? CAPTURE_RING : CAPTURE_RING_HEADERS;
	uint32_t size = o->sizes.ring_bytes;

	while (o->write && o->sample == 1 && size < most && size * 2ull * k->cpus <= all)
		size *= 2;
	return size;
}

static void kernel_size_rings(struct kernel *k, const struct options *o)
{
	uint32_t usual = o->sizes.ring_bytes, most = kernel_capture_ring(k, o);

	k->ring_size[RING_DNS] = options_only_capture(o) ? RING_CHUNK : usual;
	k->ring_size[RING_PACKETS] = most;
	if (options_capture_format(o) == CAPTURE_NONE)
		return;
	k->ring_size[RING_PACKETS] = k->ring_size[RING_DNS];
	k->ring_size[RING_CAPTURE] = most;
}

/* Slots: the queues of a CPU's banks together have as many octets as a ring. */
static uint32_t kernel_queue_size(const struct kernel *k)
{
	return k->ring_size[RING_DNS] / BANKS / sizeof(struct flow_slot);
}

static void kernel_configure(struct kernel *k, const struct options *o)
{
	struct xdplens_bpf *s = k->skel;
	uint32_t banks = k->cpus * BANKS, queue = kernel_queue_size(k);

	k->xdp = o->mode != MODE_TC &&
		 libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, NULL) == 1;
	bpf_program__set_autoload(s->progs.xdp_ingress, k->xdp);
	s->rodata->cfg_slots_mask = k->slots - 1;
	s->rodata->cfg_queue_mask = queue - 1;
	s->rodata->cfg_dns_chunks = k->ring_size[RING_DNS] / RING_CHUNK;
	s->rodata->cfg_packet_chunks = k->ring_size[RING_PACKETS] / RING_CHUNK;
	s->rodata->cfg_capture_chunks = k->ring_size[RING_CAPTURE] / RING_CHUNK;
	s->rodata->cfg_capture_format = options_capture_format(o);
	s->rodata->cfg_read = 1;
	s->rodata->cfg_listed = k->listed_room > 0;
	s->rodata->cfg_owner =
		libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_skb_cgroup_id, NULL) == 1;
	if (options_only_capture(o)) {
		s->rodata->cfg_flows = 0;
		s->rodata->cfg_dns = 0;
		s->rodata->cfg_looks = 0;
		s->rodata->cfg_head_packets = 0;
		s->rodata->cfg_blind = !o->filter && o->sample_by == SAMPLE_PACKETS;
	}
	s->rodata->cfg_sample = o->sample;
	s->rodata->cfg_sample_by = o->sample_by;
	s->rodata->cfg_filter = o->filter && o->sample; /* the stub alone: ask user space */
	s->rodata->cfg_sample_caplen = kernel_caplen(o, o->snaplen);
	s->rodata->cfg_sample_large =
		kernel_caplen(o, o->snaplen > HEADERS_ONLY ? COPY_MAX : o->snaplen);
	k->seed = s->rodata->cfg_seed;
	if (getrandom(&k->seed, sizeof(k->seed), 0) < 0)
		log_debug("no random seed");
	s->rodata->cfg_seed = k->seed;
	bpf_map__set_max_entries(s->maps.flow_slots, banks * k->slots);
	bpf_map__set_max_entries(s->maps.flow_queues, banks * queue);
	bpf_map__set_max_entries(s->maps.flow_memos, k->cpus * FLOW_MEMOS / MEMO_SET);
	bpf_map__set_max_entries(s->maps.cpu_states, k->cpus);
	bpf_map__set_max_entries(s->maps.listed_ranges, k->listed_room ? 2 * k->listed_room : 1);
	if (o->sample && o->sample_by == SAMPLE_HEADS)
		bpf_map__set_max_entries(s->maps.heads, KERNEL_HEADS);
	bpf_map__set_max_entries(s->maps.dns_rings, k->cpus * s->rodata->cfg_dns_chunks);
	bpf_map__set_max_entries(s->maps.packet_rings, k->cpus * s->rodata->cfg_packet_chunks);
	if (k->ring_size[RING_CAPTURE])
		bpf_map__set_max_entries(s->maps.capture_rings,
					 k->cpus * s->rodata->cfg_capture_chunks);
	else
		bpf_map__set_autocreate(s->maps.capture_rings, false);
}

static void *kernel_map_array(struct bpf_map *map, size_t *size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t value = (bpf_map__value_size(map) + 7) & ~7ul;
	void *at;

	*size = (value * bpf_map__max_entries(map) + page - 1) & ~(page - 1);
	at = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return at == MAP_FAILED ? NULL : at;
}

static void kernel_find_queues(struct kernel *k)
{
	uint32_t size = kernel_queue_size(k);

	for (uint32_t n = 0; n < k->cpus * BANKS; n++)
		k->queues[n / BANKS][n % BANKS] = (struct queue){
			.ends = &k->cpu_states[n / BANKS].queue[n % BANKS],
			.slots = k->flow_queues + (size_t)n * size,
			.size = size,
		};
}

static int kernel_map_rings(struct kernel *k)
{
	struct bpf_map *maps[RING_COUNT] = {
		[RING_DNS] = k->skel->maps.dns_rings,
		[RING_PACKETS] = k->skel->maps.packet_rings,
		[RING_CAPTURE] = k->skel->maps.capture_rings,
	};
	size_t size;

	for (int kind = 0; kind < RING_COUNT; kind++) {
		uint32_t chunks = k->ring_size[kind] / RING_CHUNK;

		if (!chunks)
			continue;
		k->chunks[kind] = kernel_map_array(maps[kind], &size);
		if (!k->chunks[kind])
			return -errno;
		k->memory += size;
		for (uint32_t cpu = 0; cpu < k->cpus; cpu++) {
			k->rings[kind][cpu] = (struct ring){
				.ends = &k->cpu_states[cpu].rings[kind],
				.chunks = k->chunks[kind] + (size_t)cpu * chunks * RING_STEP,
				.n_chunks = chunks,
				.bare = kind == RING_CAPTURE ? k->skel->rodata->cfg_capture_format
							     : CAPTURE_NONE,
			};
			if (kind == RING_CAPTURE)
				ring_begin(&k->rings[kind][cpu], PCAP_HEADER);
		}
	}
	return 0;
}

static int kernel_map_arrays(struct kernel *k)
{
	size_t slots, queues, states, listed, kept;

	k->flow_slots = kernel_map_array(k->skel->maps.flow_slots, &slots);
	k->flow_queues = kernel_map_array(k->skel->maps.flow_queues, &queues);
	k->cpu_states = kernel_map_array(k->skel->maps.cpu_states, &states);
	k->kept = kernel_map_array(k->skel->maps.kept_flows, &kept);
	if (!k->flow_slots || !k->flow_queues || !k->cpu_states || !k->kept)
		return -errno;
	k->memory += slots + queues + states + kept;
	k->memory += k->cpus * FLOW_MEMOS * sizeof(struct flow_memo);
	kernel_find_queues(k);
	if (k->listed_room) {
		k->listed = kernel_map_array(k->skel->maps.listed_ranges, &listed);
		if (!k->listed)
			return -errno;
		k->memory += listed;
	}
	k->config = (struct live_config *)&k->skel->data_live->live_config;
	return 0;
}

void kernel_date(struct kernel *k)
{
	__atomic_store_n(&k->config->epoch, k->clock.offset, __ATOMIC_RELAXED);
}

static int kernel_read_clocks(struct kernel *k)
{
	LIBBPF_OPTS(bpf_test_run_opts, o);
	struct clocks clocks;
	int error = bpf_prog_test_run_opts(bpf_program__fd(k->skel->progs.read_clocks), &o);

	if (error < 0)
		return error;
	memcpy(&clocks, (const void *)&k->skel->data_clocks->clocks, sizeof(clocks));
	clock_set(&k->clock, &clocks);
	kernel_date(k);
	return 0;
}

/* "CAP_BPF and CAP_PERFMON": what we lack of what loading and attaching take. */
static void kernel_missing(char *text, size_t n)
{
	static const struct {
		unsigned number;
		const char *name;
	} wanted[] = {{CAP_BPF, "CAP_BPF"},
		      {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		      {CAP_PERFMON, "CAP_PERFMON"}};
	size_t at = 0;

	text[0] = 0;
	capng_get_caps_process();
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!capng_have_capability(CAPNG_EFFECTIVE, wanted[i].number) && at < n)
			at += snprintf(text + at, n - at, "%s%s", at ? ", " : "", wanted[i].name);
}

static void kernel_explain(int error)
{
	char missing[80];

	kernel_missing(missing, sizeof(missing));
	if ((error == -EPERM || error == -EACCES) && missing[0])
		log_error("cannot load the kernel programs: missing: %s; as root it works, and "
			  "reading a file with -r needs none",
			  missing);
	else if (error == -ENOMEM)
		log_error("cannot load the kernel programs: not enough memory for the maps");
	else if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, NULL) == 0)
		log_error("cannot load the kernel programs: this kernel is older than Linux 5.14; "
			  "--mode pcap does without them");
	else
		log_error("cannot load the kernel programs: %s; -v shows why, --mode pcap does "
			  "without them",
			  strerror(-error));
}

static uint32_t kernel_cpus(void)
{
	int cpus = libbpf_num_possible_cpus();

	return cpus < 1 ? 1 : cpus > KERNEL_CPUS_MAX ? KERNEL_CPUS_MAX : cpus;
}

/* libbpf takes a descriptor that it cannot have for a feature that the kernel lacks. */
static int kernel_may_open(void)
{
	struct rlimit limit;
	rlim_t least = DESCRIPTORS, wanted = least + LINKS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= least)
		return 0;
	log_error("too few file descriptors are allowed: %llu, where %llu are needed at least; "
		  "`ulimit -n %llu`",
		  (unsigned long long)limit.rlim_cur, (unsigned long long)least,
		  (unsigned long long)wanted);
	return -EMFILE;
}

static int kernel_load_programs(struct kernel *k, const struct options *o, struct filter_kernel *f)
{
	k->skel = xdplens_bpf__open();
	if (!k->skel)
		return -errno;
	kernel_configure(k, o);
	if (f)
		filter_kernel_prepare(f, k->skel);
	return xdplens_bpf__load(k->skel);
}

/* Then it is done in user space, on copies: the stubs leave every packet to it. */
static bool kernel_refused(struct filter_kernel *f, int error)
{
	if (!error || error == -EPERM || error == -ENOMEM)
		return false;
	log_info("the kernel does not take the filter (%s): packets are chosen after the copy",
		 f ? filter_kernel_why(f, error) : strerror(-error));
	return true;
}

static int kernel_load_filtered(struct kernel *k, const struct options *o)
{
	struct filter *filter = filter_new(o->filter);
	struct filter_kernel *f;
	int error;

	if (!filter)
		return -EINVAL;
	f = filter_kernel_new(filter);
	error = f ? kernel_load_programs(k, o, f) : -errno;
	k->filters = !error;
	if (kernel_refused(f, error)) {
		xdplens_bpf__destroy(k->skel);
		filter_kernel_free(f);
		f = NULL;
		error = kernel_load_programs(k, o, NULL);
	}
	filter_kernel_free(f);
	filter_free(filter);
	return error;
}

static int kernel_try(struct kernel *k, const struct options *o, uint32_t listed_room)
{
	int error;

	memset(k, 0, sizeof(*k));
	k->cpus = kernel_cpus();
	k->slots = o->sizes.flow_slots;
	kernel_size_rings(k, o);
	k->listed_room = listed_room;
	if (o->filter && o->sample)
		error = kernel_load_filtered(k, o);
	else
		error = kernel_load_programs(k, o, NULL);
	if (!error)
		error = kernel_map_arrays(k);
	if (!error)
		error = kernel_map_rings(k);
	if (!error)
		error = kernel_read_clocks(k);
	if (error)
		kernel_unload(k);
	return error;
}

int kernel_load(struct kernel *k, const struct options *o, const struct listed *listed)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	uint32_t room = listed->ranges ? listed->n + listed->n / 2 + LISTED_SPARE : 0;
	int error;

	libbpf_set_print(kernel_print);
	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* kernels before 5.11 */
	error = kernel_may_open();
	if (error)
		return error;
	error = kernel_try(k, o, room);
	if (error && error != -EPERM && room) {
		error = kernel_try(k, o, 0);
		if (!error)
			log_warn("the kernel has no room for the blacklists: their addresses are "
				 "looked up in user space, where a flood thins what it sees");
	}
	if (error)
		kernel_explain(error);
	else if (k->listed)
		kernel_relist(k, listed);
	return error;
}

void kernel_relist(struct kernel *k, const struct listed *listed)
{
	uint32_t from = k->listed_second ? 0 : k->listed_room;
	uint64_t table = (uint64_t)from << 32 | listed->n;

	if (!k->listed || listed->n > k->listed_room) {
		if (listed->n)
			log_warn("the kernel has no room for %zu ranges of blacklisted addresses: "
				 "they "
				 "are looked up in user space until the next start",
				 listed->n);
		table = 0;
	} else if (listed->ranges) {
		memcpy(k->listed + from, listed->ranges, listed->n * sizeof(*k->listed));
	}
	__atomic_store_n(&k->config->listed, table, __ATOMIC_SEQ_CST);
	k->listed_second = !k->listed_second;
	quiesce_now(); /* the other table is free for the next time */
}

static void kernel_unmap(void *at, struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = ((bpf_map__value_size(map) + 7) & ~7ul) * bpf_map__max_entries(map);

	if (at)
		munmap(at, (size + page - 1) & ~(page - 1));
}

void kernel_unload(struct kernel *k)
{
	if (!k->skel)
		return;
	kernel_unmap(k->chunks[RING_DNS], k->skel->maps.dns_rings);
	kernel_unmap(k->chunks[RING_PACKETS], k->skel->maps.packet_rings);
	kernel_unmap(k->flow_slots, k->skel->maps.flow_slots);
	kernel_unmap(k->flow_queues, k->skel->maps.flow_queues);
	kernel_unmap(k->cpu_states, k->skel->maps.cpu_states);
	kernel_unmap(k->kept, k->skel->maps.kept_flows);
	kernel_unmap(k->listed, k->skel->maps.listed_ranges);
	xdplens_bpf__destroy(k->skel);
	k->skel = NULL;
}

void kernel_keep(struct kernel *k, const struct flow_key *key)
{
	uint32_t hash = flow_hash64(key, k->seed);
	struct kept_marks *kept = &k->kept[kept_word(hash)];

	for (int age = 0; age < KEPT_AGES; age++)
		kept->marks[age] |= 1ull << kept_bit(hash);
}

void kernel_keep_on(struct kernel *k)
{
	k->kept_age ^= 1;
	for (int i = 0; i < KEPT_WORDS; i++)
		k->kept[i].marks[k->kept_age] = 0;
}

int kernel_xdp_fd(const struct kernel *k)
{
	return k->xdp ? bpf_program__fd(k->skel->progs.xdp_ingress) : -1;
}

int kernel_tc_fd(const struct kernel *k, enum direction d)
{
	return bpf_program__fd(d == DIRECTION_IN ? k->skel->progs.tc_ingress
						 : k->skel->progs.tc_egress);
}

struct flow_slot *kernel_slots(const struct kernel *k, uint32_t cpu, unsigned bank)
{
	return k->flow_slots + (size_t)(cpu * BANKS + bank) * k->slots;
}
