// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the kernel's build of the engine and the host's say the same of every packet. The
 * same frames go through xdp_ingress by BPF_PROG_TEST_RUN and through source/engine.c; counters,
 * flows, verdicts, blacklist marks and the decisions what to copy must be equal. Frames: a table of
 * our own, each cut and damaged in many ways; and every Ethernet capture of ../shared/corpus where
 * that exists.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glob.h>
#define PCAP_DONT_INCLUDE_PCAP_BPF_H /* the kernel's and libpcap's struct bpf_insn differ */
#include <pcap/pcap.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/decode.h"
#include "source/engine.h"
#include "source/kernel.h"
#include "source/ring.h"
#include "xdplens.skel.h"
#include "xdplens/parse.h"

enum {
	RANGES = 6143,
	SLOTS = 4096,
	FRAME_MIN = 14,
	FRAME_MAX = 3000,
	FLOWS_MAX = 1 << 18,
	SKIPPED = 77
};

struct total { /* of one direction of a flow */
	struct flow_key key;
	uint64_t packets, bytes;
	uint8_t tcp_flags, app, sure, security;
	bool listed;
};

struct side {
	struct total *flows;
	size_t n;
	struct counters counters;
	uint64_t copies[3]; /* by ring kind: DNS, packets */
};

static struct side kernel_side, host_side;
static struct xdplens_bpf *skel;
static struct cpu_state *states;
static struct flow_slot *slots;
static struct flow_memo *memos;
static struct ring rings[RING_COUNT];
static struct queue queue;
static struct engine *engine;
static int cpu;
static struct listed_range ranges[RANGES];
static uint64_t marked[2]; /* flows of both sides that are not, and that are, blacklisted */

static void add_flow(struct side *s, const struct flow_key *key, const struct flow_delta *d)
{
	struct total *t = &s->flows[s->n++];

	assert_true(s->n < FLOWS_MAX);
	memset(t, 0, sizeof(*t));
	t->key = *key;
	t->packets = d->packets;
	t->bytes = d->bytes;
	t->tcp_flags = d->tcp_flags;
	t->app = d->verdict.app;
	t->sure = d->verdict.sure;
	t->security = d->verdict.security;
	t->listed = d->listed;
	marked[d->listed]++;
}

static int compare_totals(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct total));
}

/* ---- the host's side ---- */

static void host_packet(void *arg, const struct event *e)
{
	(void)arg;
	host_side.copies[e->why & COPY_DNS ? RING_DNS : RING_PACKETS]++;
}

static void host_flows(void *arg, unsigned bank, struct flow_delta *deltas, size_t n)
{
	(void)arg, (void)bank;
	for (size_t i = 0; i < n; i++)
		add_flow(&host_side, deltas[i].key, &deltas[i]);
}

static void host_cut(void *arg, unsigned bank, const struct counters *c)
{
	(void)arg, (void)bank;
	host_side.counters = *c;
}

/* ---- the kernel's side ---- */

static void kernel_add(const struct flow_slot *slot)
{
	static const struct clock any_clock = {.tick_ns = 1};
	struct flow_delta d;

	assert_int_equal(decode_slot(slot, &any_clock, &d), 0);
	add_flow(&kernel_side, &slot->key, &d);
}

static void drain(void)
{
	for (int kind = 0; kind < RING_COUNT; kind++) {
		bool busy = false;
		size_t len;
		void *record;

		for (; (record = ring_front(&rings[kind], &len, &busy));
		     ring_pop(&rings[kind], record))
			kernel_side.copies[kind]++;
		assert_false(busy);
		ring_release(&rings[kind]);
	}
	assert_true(queue_told(&queue) <= queue_left(&queue));
	assert_true(queue_left(&queue) - queue_told(&queue) < QUEUE_TOLD);
	for (; queue_left(&queue); queue_release(&queue, 1))
		kernel_add(queue_at(&queue, 0));
}

static void kernel_finish(void)
{
	struct flow_slot *mine = slots + (size_t)cpu * BANKS * SLOTS;

	drain();
	for (int i = 0; i < SLOTS; i++)
		if (mine[i].packets)
			kernel_add(&mine[i]);
	kernel_side.counters = states[cpu].bank[0];
	memset(mine, 0, sizeof(*mine) * SLOTS);
	memset(memos + (size_t)cpu * FLOW_MEMOS, 0, sizeof(*memos) * FLOW_MEMOS);
	memset(&states[cpu], 0, sizeof(states[cpu]));
	for (int kind = 0; kind < RING_COUNT; kind++)
		rings[kind].at = rings[kind].end = 0;
}

static void begin(void)
{
	static const struct source_consumer consumer = {
		.packet = host_packet,
		.flows = host_flows,
		.cut = host_cut,
		.listed = {ranges, RANGES},
	};

	kernel_side.n = host_side.n = 0;
	memset(kernel_side.copies, 0, sizeof(kernel_side.copies));
	memset(host_side.copies, 0, sizeof(host_side.copies));
	engine = engine_new(&(struct engine_config){.link = LINK_ETHERNET,
						    .caplen = CAPTURE_MAX,
						    .slots = SLOTS,
						    .head_packets = 8,
						    .ifindex = 1,
						    .interface = "lo"},
			    &consumer);
	assert_non_null(engine);
}

static void feed(const uint8_t *data, uint32_t len)
{
	static uint64_t n;
	struct engine_frame frame = {
		.ts = ++n * 1000, .data = data, .caplen = len, .wire_len = len};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = data, .data_size_in = len);
	uint8_t *exact;

	if (len < FRAME_MIN || len > FRAME_MAX)
		return;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(skel->progs.xdp_ingress), &o), 0);
	assert_int_equal(o.retval, 2); /* XDP_PASS, always */
	exact = malloc(len);	       /* so that a sanitizer sees one byte too far */
	memcpy(exact, data, len);
	frame.data = exact;
	engine_packet(engine, &frame);
	free(exact);
	if (n % 1000 == 0)
		drain();
}

static void same(const char *what)
{
	kernel_finish();
	engine_cut(engine);
	engine_free(engine);
	qsort(kernel_side.flows, kernel_side.n, sizeof(struct total), compare_totals);
	qsort(host_side.flows, host_side.n, sizeof(struct total), compare_totals);
	if (kernel_side.n != host_side.n)
		fail_msg("%s: %zu flow records in the kernel, %zu on the host", what, kernel_side.n,
			 host_side.n);
	for (size_t i = 0; i < kernel_side.n; i++) {
		const struct total *k = &kernel_side.flows[i], *h = &host_side.flows[i];

		if (memcmp(k, h, sizeof(*k)) != 0)
			fail_msg("%s: flow %zu: kernel proto %u %llu packets app %u sure %u listed "
				 "%d, host "
				 "proto %u %llu packets app %u sure %u listed %d",
				 what, i, k->key.proto, (unsigned long long)k->packets, k->app,
				 k->sure, k->listed, h->key.proto, (unsigned long long)h->packets,
				 h->app, h->sure, h->listed);
	}
	assert_memory_equal(&kernel_side.counters, &host_side.counters, sizeof(struct counters));
	assert_memory_equal(kernel_side.copies, host_side.copies, sizeof(host_side.copies));
}

/* ---- frames ---- */

#define MACS "\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
#define IP4(proto, len) "\x45\0\0" len "\x12\x34\0\0\x40" proto "\0\0\x0a\0\0\x01\x0a\0\0\x02"
#define IP6(next, len)                                                     \
	"\x60\0\0\0\0" len next "\x40\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02"
#define TCP_HEADER "\x9c\x40\0\x50\0\0\0\x01\0\0\0\x01\x50\x18\x20\0\0\0\0\0"
#define QUERY                                         \
	"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07" \
	"example\x03"                                 \
	"com\0\0\x01\0\x01"

static const struct {
	const char *bytes;
	size_t len;
} frames[] = {
#define FRAME(s)                 \
	{                        \
		s, sizeof(s) - 1 \
	}
	FRAME(MACS "\x08\0" IP4("\x06", "\x38") TCP_HEADER "GET / HTTP/1.1\r\n"),
	FRAME(MACS "\x08\0" IP4("\x11", "\x3d") "\x9c\x40\0\x35\0\x29\0\0" QUERY),
	FRAME(MACS "\x86\xdd" IP6("\x06", "\x24") TCP_HEADER "SSH-2.0-x\r\n12345"),
	FRAME(MACS "\x86\xdd" IP6("\x11", "\x29") "\x9c\x40\0\x35\0\x29\0\0" QUERY),
	FRAME(MACS "\x81\0\0\x64\x08\0" IP4("\x11", "\x1c") "\x04\xd2\x16\x2e\0\x08\0\0"),
	FRAME(MACS
	      "\x88\xa8\0\x64\x81\0\0\x65\x86\xdd" IP6("\x3a", "\x08") "\x80\0\0\0\0\x01\0\x01"),
	FRAME(MACS "\x86\xdd" IP6("\0", "\x18") "\x11\0\x01\x04\0\0\0\0\x04\xd2\x16\x2e\0\x10\0\0"
						"payload!"),
	FRAME(MACS
	      "\x86\xdd" IP6("\x2c", "\x10") "\x11\0\0\x01\0\0\0\x07\x04\xd2\x16\x2e\0\x08\0\0"),
	FRAME(MACS
	      "\x08\0\x46\0\0\x20\0\0\x20\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\x01\x01\x01\x01"
	      "\x04\xd2\x16\x2e\0\x08\0\0"),
	FRAME(MACS
	      "\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01\x0a\0\0\x01\0\0\0\0\0\0\x0a\0\0"
	      "\x02"),
	FRAME(MACS "\x88\x47\0\x01\x01\x40" IP4("\x01", "\x1c") "\x08\0\0\0\0\x01\0\x01"),
	FRAME(MACS "\x08\0" IP4("\x2f", "\x30") "\0\0\x08\0" IP4("\x11", "\x14") "trailer!"),
	FRAME(MACS "\x08\0" IP4("\x84", "\x20") "\x04\xd2\x16\x2e\0\0\0\0\0\0\0\0"),
	FRAME(MACS "\x08\0" IP4("\x06", "\x35") TCP_HEADER
	      "\x16\x03\x01\0\x08\x01\0\0\x04\x03\x03\0\0"),
};

static void test_cuts(void **state)
{
	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		for (size_t len = FRAME_MIN; len <= frames[i].len; len++)
			feed((const uint8_t *)frames[i].bytes, len);
	same("cut frames");
}

static void test_damage(void **state)
{
	uint32_t random = 12345;
	uint8_t frame[256];

	(void)state;
	begin();
	for (int n = 0; n < 60000; n++) {
		size_t i = n % (sizeof(frames) / sizeof(frames[0]));

		memcpy(frame, frames[i].bytes, frames[i].len);
		for (int k = 0; k < 1 + n % 3; k++) {
			random = random * 1664525 + 1013904223;
			frame[(random >> 8) % frames[i].len] = random >> 24;
		}
		feed(frame, frames[i].len);
	}
	same("damaged frames");
	assert_true(marked[0] > 1000 && marked[1] > 1000); /* or nothing was shown */
}

static void test_corpus(void **state)
{
	char error[PCAP_ERRBUF_SIZE];
	glob_t files;

	(void)state;
	if (glob("../shared/corpus/*.pcap*", 0, NULL, &files) != 0) {
		print_message("no corpus at ../shared/corpus\n");
		skip();
	}
	for (size_t i = 0; i < files.gl_pathc; i++) {
		pcap_t *pcap = pcap_open_offline(files.gl_pathv[i], error);
		struct pcap_pkthdr *h;
		const uint8_t *data;

		if (!pcap)
			continue;
		begin();
		while (pcap_datalink(pcap) == LINK_ETHERNET && pcap_next_ex(pcap, &h, &data) == 1)
			feed(data, h->caplen);
		same(files.gl_pathv[i]);
		pcap_close(pcap);
	}
	globfree(&files);
}

/* ---- setting up ---- */

static void *map_array(struct bpf_map *map)
{
	size_t page = getpagesize();
	size_t size = ((bpf_map__value_size(map) + 7) & ~7ul) * bpf_map__max_entries(map);
	void *at = mmap(NULL, (size + page - 1) & ~(page - 1), PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

/* A quarter of the IPv4 addresses in 2,048 ranges, a quarter of the IPv6 networks in 4,095. */
static void list_make(void)
{
	const uint64_t ipv4 = 0xffffull << 32;
	size_t n = 0;

	for (uint64_t i = 0; i < 2048; i++)
		ranges[n++] = (struct listed_range){ipv4 + (i << 21) + (1 << 20),
						    ipv4 + (i << 21) + (3 << 19) - 1};
	for (uint64_t i = 1; n < RANGES; i++)
		ranges[n++] = (struct listed_range){(i << 52) + (1ull << 51),
						    (i << 52) + (3ull << 50) - 1};
}

static int list_load(void)
{
	const struct listed_range nothing = {0, UINT64_MAX};

	list_make();
	for (uint32_t i = 0; i <= RANGES; i++) { /* it begins behind what is not its own */
		const struct listed_range *r = i ? &ranges[i - 1] : &nothing;

		if (bpf_map_update_elem(bpf_map__fd(skel->maps.listed_ranges), &i, r, BPF_ANY) < 0)
			return -errno;
	}
	skel->data_live->live_config.listed = 1ull << 32 | RANGES;
	return 0;
}

static int load(void)
{
	int error;

	skel = xdplens_bpf__open();
	if (!skel)
		return -errno;
	skel->rodata->cfg_seed = 0;
	skel->rodata->cfg_read = 1;
	skel->rodata->cfg_sample = 0;
	skel->rodata->cfg_looks = UINT32_MAX;
	skel->rodata->cfg_copies = UINT32_MAX;
	skel->rodata->cfg_listed = 1;
	bpf_map__set_max_entries(skel->maps.listed_ranges, RANGES + 1);
	error = xdplens_bpf__load(skel);
	return error ? error : list_load();
}

static int pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	cpu = 0;
	return sched_setaffinity(0, sizeof(set), &set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_corpus),
	};
	int error = load();

	if (error == -EPERM) { /* -EACCES is the verifier's */
		puts("BPF programs may not be loaded here (root or CAP_BPF, CAP_NET_ADMIN, "
		     "CAP_PERFMON)");
		return SKIPPED;
	}
	if (error || pin() < 0) {
		printf("loading: %s\n", strerror(-error));
		return 1;
	}
	states = map_array(skel->maps.cpu_states);
	slots = map_array(skel->maps.flow_slots);
	memos = map_array(skel->maps.flow_memos);
	if (!states || !memos)
		return 1;
	queue.slots = map_array(skel->maps.flow_queues);
	queue.ends = &states[cpu].queue[0];
	queue.size = skel->rodata->cfg_queue_mask + 1;
	rings[RING_DNS].chunks = map_array(skel->maps.dns_rings);
	rings[RING_DNS].n_chunks = skel->rodata->cfg_dns_chunks;
	rings[RING_PACKETS].chunks = map_array(skel->maps.packet_rings);
	rings[RING_PACKETS].n_chunks = skel->rodata->cfg_packet_chunks;
	for (int kind = 0; kind < RING_COUNT; kind++)
		rings[kind].ends = &states[cpu].rings[kind];
	kernel_side.flows = calloc(FLOWS_MAX, sizeof(struct total));
	host_side.flows = calloc(FLOWS_MAX, sizeof(struct total));
	if (!slots || !queue.slots || !rings[0].chunks || !rings[1].chunks || !host_side.flows)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
