// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the filter in the kernel takes what libpcap's interpreter takes. A thousand filters
 * from a grammar with a fixed seed go into xdp_ingress and tc_egress; each sees frames of
 * ../shared/corpus, where that exists, and frames made here; what is copied must be what
 * pcap_offline_filter takes. Of a large send (gso_segs) the kernel may say "ask", else it must say
 * what is right for every frame that it is cut into. All filters are taken by the verifier.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glob.h>
#include <net/ethernet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "source/decode.h"
#include "source/filter.h"
#include "source/filter_translate.h"
#include "source/kernel.h"
#include "source/segment.h"
#include "xdplens.skel.h"
#include "xdplens/parse.h"

enum {
	FILTERS = 1000,
	FRAMES_MAX = 4096,
	FRAME_MAX = 1514,
	A_FILTER = 24, /* frames that each filter sees */
	TEXT = 600,
	TEST_SKB_MIN = ETH_HLEN + 40,
	NOT_RUN = -1,
	SKIPPED = 77,
};

static struct {
	uint8_t *data;
	uint32_t len;
} frames[FRAMES_MAX];
static size_t n_frames;
static uint64_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

/* ---- filters ---- */

static const uint8_t *any_frame(uint32_t *len)
{
	size_t i = random_below(n_frames);

	*len = frames[i].len;
	return frames[i].data;
}

/* Values of frames that are there, so that filters take some. */
static unsigned frame_value(uint32_t at, uint32_t size, unsigned otherwise)
{
	uint32_t len, value = 0;
	const uint8_t *f = any_frame(&len);

	if (at + size > len)
		return otherwise;
	for (uint32_t i = 0; i < size; i++)
		value = value << 8 | f[at + i];
	return value;
}

static void address_print(char *to, size_t n)
{
	unsigned a = frame_value(random_below(2) ? 26 : 30, 4, 0x0a000001);

	snprintf(to, n, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static void address6_print(char *to, size_t n)
{
	uint32_t len, at = random_below(2) ? 22 : 38;
	const uint8_t *f = any_frame(&len);

	if (len < at + 16)
		snprintf(to, n, "fd00::%x", random_below(9));
	else
		snprintf(to, n, "%x:%x:%x:%x:%x:%x:%x:%x", f[at] << 8 | f[at + 1],
			 f[at + 2] << 8 | f[at + 3], f[at + 4] << 8 | f[at + 5],
			 f[at + 6] << 8 | f[at + 7], f[at + 8] << 8 | f[at + 9],
			 f[at + 10] << 8 | f[at + 11], f[at + 12] << 8 | f[at + 13],
			 f[at + 14] << 8 | f[at + 15]);
}

static const char *pick(const char *const *words, size_t n)
{
	return words[random_below(n)];
}

#define PICK(...)                                \
	pick((const char *const[]){__VA_ARGS__}, \
	     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void bytes_print(char *to, size_t n)
{
	const char *base = PICK("ether", "ip", "tcp", "udp", "ip6", "icmp");
	unsigned size = 1u << random_below(3), at = random_below(strcmp(base, "ether") ? 24 : 70);
	const char *compare = PICK("=", "!=", ">", "<", ">=", "<=");

	switch (random_below(6)) {
	case 0:
		snprintf(to, n, "%s[%u:%u] & 0x%x %s 0x%x", base, at, size, random_below(65536),
			 PICK("=", "!="), random_below(256));
		break;
	case 1:
		snprintf(to, n, "%s[%u] %s %s %s %u", base, at, PICK("+", "-", "*", "|", "^"),
			 PICK("3", "len", "ip[8]", "ether[20]"), compare, random_below(512));
		break;
	case 2:
		snprintf(to, n, "%s[%u] %s %u %s %u", base, at, PICK("/", "%", "<<", ">>"),
			 1 + random_below(20), compare, random_below(100));
		break;
	case 3:
		snprintf(to, n, "ether[%s[%u] & 63:%u] %s %u", PICK("ether", "ip"),
			 random_below(20), size, compare, random_below(256));
		break;
	case 4:
		snprintf(to, n, "%u %s (ether[%u] & 7) %s %u", random_below(10000),
			 PICK("/", "%", "<<"), random_below(60), compare, random_below(100));
		break;
	default:
		snprintf(to, n, "%s[%u:%u] %s %u", base, at, size, compare,
			 frame_value(34 + at, size, at));
	}
}

static void primitive_print(char *to, size_t n)
{
	char address[64];
	const char *way = PICK("", "src ", "dst ", "src or dst ", "src and dst ");

	address_print(address, sizeof(address));
	switch (random_below(16)) {
	case 0:
		snprintf(to, n, "%shost %s", way, address);
		break;
	case 1:
		address6_print(address, sizeof(address));
		snprintf(to, n, "ip6 %shost %s", way, address);
		break;
	case 2:
		*strrchr(address, '.') = 0;
		snprintf(to, n, "%snet %s.0/24", way, address);
		break;
	case 3:
		snprintf(to, n, "%sport %u", way, frame_value(34 + 2 * random_below(2), 2, 53));
		break;
	case 4:
		snprintf(to, n, "%s %sportrange %u-%u", PICK("tcp", "udp"), way,
			 random_below(20000), 20000 + random_below(45000));
		break;
	case 5:
		snprintf(to, n, "%s",
			 PICK("tcp", "udp", "icmp", "icmp6", "ip", "ip6", "arp", "ip6 proto 58",
			      "ip proto 17", "ip broadcast or multicast", "ether multicast", "rarp",
			      "igmp", "sctp"));
		break;
	case 6:
		snprintf(to, n, "%s",
			 PICK("tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
			      "tcp[tcpflags] & tcp-fin != 0", "tcp[13] & 4 != 0",
			      "tcp[tcpflags] == tcp-ack or tcp[13] = 24",
			      "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
			      "ip[6:2] & 0x1fff != 0"));
		break;
	case 7:
		snprintf(to, n, "%s %u", PICK("greater", "less"), 40 + random_below(1500));
		break;
	case 8:
		snprintf(to, n, "len %s %u", PICK("<", ">", "=", "!="), random_below(600));
		break;
	case 9:
		snprintf(to, n, "ether %shost %02x:%02x:%02x:%02x:%02x:%02x",
			 PICK("src ", "dst ", ""), frame_value(0, 1, 0), frame_value(1, 1, 0),
			 frame_value(2, 1, 0), frame_value(3, 1, 0), frame_value(4, 1, 0),
			 frame_value(5, 1, 0));
		break;
	case 10:
		snprintf(to, n, "%s",
			 PICK("mpls", "pppoes", "ether proto 0x88cc", "ip[0] & 0xf != 5"));
		break;
	default:
		bytes_print(to, n);
	}
}

static void filter_print(char *to, size_t n)
{
	char part[TEXT / 4];
	size_t at = 0;
	int parts = 1 + random_below(3);

	if (random_below(12) == 0)
		at += snprintf(to, n, random_below(2) ? "vlan and " : "vlan %u and ",
			       random_below(4) * 100);
	for (int i = 0; i < parts; i++) {
		primitive_print(part, sizeof(part));
		at += snprintf(to + at, n - at, "%s%s(%s)", i ? PICK(" and ", " or ") : "",
			       random_below(4) ? "" : "not ", part);
	}
}

/* ---- frames ---- */

static void frame_add(const uint8_t *data, uint32_t len)
{
	if (n_frames == FRAMES_MAX || len < ETH_HLEN || len > FRAME_MAX)
		return;
	frames[n_frames].data = malloc(len);
	memcpy(frames[n_frames].data, data, len);
	frames[n_frames++].len = len;
}

static void frames_make(void)
{
	static const uint16_t types[] = {0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x0800};
	uint8_t f[128];

	for (int i = 0; i < 512; i++) {
		uint32_t len = ETH_HLEN + random_below(sizeof(f) - ETH_HLEN + 1);
		uint16_t type = types[i % 7];
		uint32_t at = ETH_HLEN;

		for (size_t k = 0; k < sizeof(f); k++)
			f[k] = random_below(3) ? random_below(4) : random_below(256);
		f[12] = type >> 8;
		f[13] = type & 0xff;
		if (type == 0x8100 || type == 0x88a8) {
			f[16] = 8;
			f[17] = 0;
			at += 4;
		}
		f[at] = type == 0x86dd ? 0x60 : 0x45 + random_below(2);
		f[at + 6] = type == 0x86dd ? 6 : 0;
		f[at + 7] = 0;
		f[at + 9] = i % 3 ? 6 : 17;
		frame_add(f, len);
	}
}

/* Some of each file, so that all are seen. */
static void frames_read(void)
{
	enum { A_FILE = 24 };
	struct capture_file {
		uint32_t magic;
		uint16_t version[2];
		uint32_t pad[3], link;
	} h;
	glob_t files;

	if (glob("../shared/corpus/*.pcap", 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "rb");
		uint32_t record[4];
		uint8_t data[FRAME_MAX];

		if (f && fread(&h, sizeof(h), 1, f) == 1 && h.magic == 0xa1b2c3d4 && h.link == 1)
			for (int n = 0;
			     n < A_FILE && fread(record, sizeof(record), 1, f) == 1 &&
			     record[2] <= sizeof(data) && fread(data, 1, record[2], f) == record[2];
			     n++)
				frame_add(data, record[2]);
		if (f)
			fclose(f);
	}
	globfree(&files);
}

/* ---- the kernel's verdict ---- */

/*
 * Two ways to it. By itself: the translated filter in a program of its own, whose return value is
 * the verdict, loaded in a moment. In place: the whole program, and what it copies.
 */
struct subject {
	const char *words;
	struct filter *filter;
	int xdp, tc; /* by itself */
	bool in_place;
};

static struct loader { /* of bpf/filter.h, as libbpf has linked it into a program */
	const char *section, *name;
	enum bpf_prog_type type;
	uint32_t flags;
	struct bpf_insn insns[1024];
	size_t n;
} loaders[2] = {
	{.section = "xdp.frags",
	 .name = "filter_load_xdp",
	 .type = BPF_PROG_TYPE_XDP,
	 .flags = 1U << 5}, /* BPF_F_XDP_HAS_FRAGS */
	{.section = "tc", .name = "filter_load_skb", .type = BPF_PROG_TYPE_SCHED_CLS},
};
static struct xdplens_bpf *opened;
static struct kernel kernel;

/* libbpf's call, between linking and loading: a copy of the loader. */
static int loader_copy(struct bpf_program *p, struct bpf_prog_load_opts *o, long cookie)
{
	const struct bpf_func_info *f = o->func_info;
	struct loader *l = &loaders[cookie];
	int type = btf__find_by_name_kind(bpf_object__btf(opened->obj), l->name, BTF_KIND_FUNC);

	o->prog_flags |= l->flags;
	for (uint32_t i = 0; i < o->func_info_cnt; i++) {
		size_t end =
			i + 1 < o->func_info_cnt ? f[i + 1].insn_off : bpf_program__insn_cnt(p);

		if ((int)f[i].type_id != type)
			continue;
		l->n = end - f[i].insn_off;
		assert_in_range(l->n, 1, sizeof(l->insns) / sizeof(l->insns[0]));
		memcpy(l->insns, bpf_program__insns(p) + f[i].insn_off, l->n * sizeof(*l->insns));
	}
	return 0;
}

static bool loaders_copy(void)
{
	int handlers[2];

	for (int i = 0; i < 2; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, o, .cookie = i,
			    .prog_prepare_load_fn = loader_copy);

		handlers[i] =
			libbpf_register_prog_handler(loaders[i].section, loaders[i].type, 0, &o);
	}
	libbpf_register_prog_handler("stays", BPF_PROG_TYPE_XDP, 0, NULL); /* see filter_kernel.c */
	opened = xdplens_bpf__open();
	if (opened)
		opened->rodata->cfg_filter = 1;
	if (!opened || xdplens_bpf__load(opened) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		libbpf_unregister_prog_handler(handlers[i]);
	return loaders[0].n && loaders[1].n;
}

static int program_load(const struct sock_filter *classic, size_t n, bool skb)
{
	const struct loader *loader = &loaders[skb];
	struct filter_hook hook = {
		.data = skb ? offsetof(struct __sk_buff, data) : offsetof(struct xdp_md, data),
		.data_end = skb ? offsetof(struct __sk_buff, data_end)
				: offsetof(struct xdp_md, data_end),
		.tag = skb ? (int)offsetof(struct __sk_buff, vlan_present) : -1,
	};
	/* the arguments: the length, and of an skb its mark as the layout */
	const struct bpf_insn head[] = {
		{BPF_LDX | BPF_MEM | BPF_W, 2, 1, hook.data_end, 0},
		{BPF_LDX | BPF_MEM | BPF_W, 3, 1, hook.data, 0},
		{BPF_ALU64 | BPF_SUB | BPF_X, 2, 3, 0, 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0},
		{BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0}, /* over the exit and the loader */
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	const size_t n_head = sizeof(head) / sizeof(head[0]);
	size_t all;
	struct filter_code code;
	struct bpf_insn *insns;
	int fd;

	hook.loader = -(long)loader->n;
	if (filter_translate(&code, &hook, classic, n) < 0)
		return -1;
	all = n_head + loader->n + code.n;
	insns = malloc(all * sizeof(*insns));
	memcpy(insns, head, sizeof(head));
	insns[4].imm = 1 + loader->n;
	memcpy(insns + n_head, loader->insns, loader->n * sizeof(*insns));
	memcpy(insns + all - code.n, code.insns, code.n * sizeof(*insns));
	if (skb) {
		insns[0] = (struct bpf_insn){BPF_LDX | BPF_MEM | BPF_W, 2, 1,
					     offsetof(struct __sk_buff, len), 0};
		insns[2] = insns[3];
		insns[3] = (struct bpf_insn){BPF_LDX | BPF_MEM | BPF_W, 3, 1,
					     offsetof(struct __sk_buff, mark), 0};
	}
	fd = bpf_prog_load(skb ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP, "filter", "GPL",
			   insns, all, NULL);
	free(insns);
	free(code.insns);
	return fd;
}

static bool subject_load(struct subject *s, const char *words, bool in_place)
{
	struct options o = {.filter = words,
			    .sample = 1,
			    .snaplen = 96,
			    .sizes = {.flow_slots = 4096, .ring_bytes = 1 << 20}};
	const struct sock_filter *classic;
	size_t n;

	*s = (struct subject){.words = words, .filter = filter_new(words), .in_place = in_place};
	if (!s->filter)
		return false;
	classic = filter_program(s->filter, DIRECTION_IN, &n);
	if (in_place)
		return kernel_load(&kernel, &o, &(struct listed){0}) == 0;
	s->xdp = program_load(classic, n, false);
	s->tc = program_load(classic, n, true);
	if (s->xdp < 0 || s->tc < 0)
		fail_msg("'%s': the kernel refuses it", words);
	return true;
}

static void subject_unload(struct subject *s)
{
	filter_free(s->filter);
	if (s->in_place) {
		kernel_unload(&kernel);
	} else {
		close(s->xdp);
		close(s->tc);
	}
}

static void copied_by(struct ring *ring, int *said)
{
	struct packet_record r;
	bool busy = false;
	size_t len;
	void *p;

	for (; (p = ring_front(ring, &len, &busy)); ring_pop(ring, p)) {
		memcpy(&r, p, sizeof(r));
		if (r.why & COPY_SAMPLE)
			*said = r.why & COPY_TAKEN ? FILTER_TAKES : FILTER_ASKS;
	}
	ring_release(ring);
}

static int copied(void)
{
	int said = FILTER_REJECTS;

	for (int kind = RING_DNS; kind <= RING_PACKETS; kind++) {
		for (uint32_t cpu = 0; cpu < kernel.cpus; cpu++)
			copied_by(&kernel.rings[kind][cpu], &said);
	}
	return said;
}

/* enum filter_verdict; NOT_RUN: of an IP frame that is too short newer kernels make no test skb. */
static int kernel_says(const struct subject *s, bool skb, const uint8_t *data, uint32_t len,
		       uint32_t gso_size, uint32_t layout)
{
	struct __sk_buff context = {.gso_segs = 2, .gso_size = gso_size, .mark = layout};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = data, .data_size_in = len);
	int fd = skb ? s->tc : s->xdp;

	if (s->in_place)
		fd = skb ? kernel_tc_fd(&kernel, DIRECTION_OUT) : kernel_xdp_fd(&kernel);
	if (gso_size) {
		o.ctx_in = &context;
		o.ctx_size_in = sizeof(context);
	}
	if (bpf_prog_test_run_opts(fd, &o) < 0) {
		assert_true(skb && len < TEST_SKB_MIN);
		return NOT_RUN;
	}
	return s->in_place ? copied() : (int)o.retval;
}

static bool libpcap_says(const struct subject *s, const uint8_t *data, uint32_t len)
{
	static const struct packet packet;

	return filter_takes(s->filter, &(struct event){.packet = &packet,
						       .data = data,
						       .caplen = len,
						       .wire_len = len,
						       .linktype = LINK_ETHERNET});
}

/* ---- large sends ---- */

struct cut {
	const struct subject *subject;
	int frames, taken;
};

static void cut_take(void *arg, const struct event *e)
{
	struct cut *c = arg;

	c->frames++;
	c->taken += filter_takes(c->subject->filter, e);
}

/* Unless it asks, all frames that the send is cut into have one verdict, and it is the kernel's. */
static int check_large(const struct subject *s, const uint8_t *data, uint32_t len)
{
	struct cut cut = {.subject = s};
	struct packet p;
	int says;
	uint32_t gso_size, payload, layout;
	struct event e;

	parse_frame(LINK_ETHERNET, data, len, len, &p);
	payload = len - p.payload_offset;
	if (p.outcome != OUTCOME_FLOW || (p.flags & (PACKET_TUNNEL | PACKET_FRAGMENT)) ||
	    p.payload_offset + 2u > len)
		return 0;
	gso_size = (payload + 1) / 2;
	e = (struct event){.packet = &p,
			   .data = data,
			   .caplen = len,
			   .wire_len = len + p.payload_offset,
			   .linktype = LINK_ETHERNET,
			   .segments = 2};
	if (!segment_event(&e, gso_size, cut_take, &cut))
		return 0;
	layout = (uint32_t)p.l4_offset << 16 | p.l3_offset | (p.l3 == L3_IPV6 ? 0x8000 : 0);
	says = kernel_says(s, true, data, len, gso_size, layout);
	if (says == FILTER_ASKS || says == NOT_RUN)
		return 0;
	if (cut.taken != (says == FILTER_TAKES ? cut.frames : 0))
		fail_msg("'%s': of a large send of %u octets the kernel says %d, libpcap takes %d "
			 "of %d frames",
			 s->words, len, says, cut.taken, cut.frames);
	return 1;
}

/* ---- the tests ---- */

static unsigned long verdicts[2], large;
static int wanted = FILTERS;

static void check_filter(const struct subject *s)
{
	for (int n = 0; n < A_FILTER; n++) {
		uint32_t len;
		const uint8_t *data = any_frame(&len);
		bool takes = libpcap_says(s, data, len);

		verdicts[takes]++;
		for (int skb = 0; skb < 2; skb++) {
			int says = kernel_says(s, skb, data, len, 0, 0);

			if (says != NOT_RUN && says != (takes ? FILTER_TAKES : FILTER_REJECTS))
				fail_msg("'%s': %s of a frame of %u octets: the kernel says %d, "
					 "libpcap %d",
					 s->words, skb ? "tc" : "xdp", len, says, takes);
		}
		large += check_large(s, data, len);
	}
}

/* Not all that the grammar makes is a filter: "tcp port 5 and arp[1] ..." rejects all, says
 * libpcap. */
static void filter_next(char *to, size_t n)
{
	struct filter *f = NULL;

	while (!f) {
		filter_print(to, n);
		f = filter_new(to);
	}
	filter_free(f);
}

static void test_by_itself(void **state)
{
	char words[TEXT];
	struct subject s;

	(void)state;
	for (int n = 0; n < wanted; n++) {
		filter_next(words, sizeof(words));
		assert_true(subject_load(&s, words, false));
		check_filter(&s);
		subject_unload(&s);
	}
	print_message("%lu verdicts, %lu of them to take; %lu large sends decided\n",
		      verdicts[0] + verdicts[1], verdicts[1], large);
	assert_true(verdicts[1] > verdicts[0] / 20);
	assert_true(large > 0);
}

static void test_in_place(void **state)
{
	static const char *const words[] = {
		"tcp port 443 or udp port 53",
		"not (ip6 or arp) and greater 100",
		"tcp[((tcp[12] & 0xf0) >> 2):2] > 100 or vlan",
	};
	struct subject s;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_true(subject_load(&s, words[i], true));
		assert_true(kernel.filters); /* else the kernel refused */
		for (int n = 0; n < 4; n++)
			check_filter(&s);
		subject_unload(&s);
	}
}

static void test_direction(void **state)
{
	static const char *const words[] = {"inbound", "outbound"};
	struct subject s;
	uint32_t len;
	const uint8_t *data = any_frame(&len);

	(void)state;
	while (len < TEST_SKB_MIN)
		data = any_frame(&len);
	for (int i = 0; i < 2; i++) {
		assert_true(subject_load(&s, words[i], true));
		assert_true(kernel.filters);
		assert_int_equal(kernel_says(&s, false, data, len, 0, 0),
				 i ? FILTER_REJECTS : FILTER_TAKES);
		assert_int_equal(kernel_says(&s, true, data, len, 0, 0),
				 i ? FILTER_TAKES : FILTER_REJECTS);
		subject_unload(&s);
	}
}

/* Where it cannot be in the kernel, all is copied and asked in user space. */
static void test_refused(void **state)
{
	struct subject s;
	uint32_t len;
	const uint8_t *data = any_frame(&len);

	(void)state;
	assert_true(subject_load(&s, "ip6 protochain 6", true));
	assert_false(kernel.filters);
	assert_int_equal(kernel_says(&s, false, data, len, 0, 0), FILTER_ASKS);
	subject_unload(&s);
}

int main(int argc, char **argv) /* usage: test_filter [FILTERS] */
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_itself),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_refused),
	};
	const struct bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
					   {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};

	if (bpf_prog_load(BPF_PROG_TYPE_XDP, "nothing", "GPL", nothing, 2, NULL) == -EPERM) {
		puts("BPF programs may not be loaded here (root or CAP_BPF, CAP_NET_ADMIN, "
		     "CAP_PERFMON)");
		return SKIPPED;
	}
	if (!loaders_copy())
		return 1;
	if (argc > 1)
		wanted = atoi(argv[1]);
	frames_make();
	frames_read();
	print_message("%zu frames\n", n_frames);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
