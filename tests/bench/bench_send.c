// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Both ends of a wire without us. Sends frames of so many flows out of an interface as fast as this
 * CPU can, or at a rate (live-frame test runs of `send`, which redirects them), and prints how many
 * and for how long; or holds `drop` or `pass` at an interface until it is told to end.
 *
 * usage: bench_send [-l OCTETS] [-r PACKETS/S] BENCH.bpf.o send IFACE FLOWS|new SECONDS [FRAME
 * none|address|port|both] bench_send BENCH.bpf.o drop|pass IFACE
 *
 * FRAME: a file with an IPv4 frame's bytes instead of a datagram of ours, and what of its source
 * says which flow it belongs to. OCTETS: the length of a datagram of ours, without the FCS.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bench_packet.h"

enum { FRAMES = 1 << 20 }; /* a call: each begins with milliseconds of preparation */

struct pace {
	unsigned long octets, rate; /* 0: the shortest, as fast as it can */
};

static void die(const char *what)
{
	fprintf(stderr, "bench_send: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void *data_map(struct bpf_object *o, const char *name, size_t size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o, name);
	void *at = map ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0)
		       : MAP_FAILED;

	if (at == MAP_FAILED)
		die(name);
	return at;
}

static void steer(struct bpf_object *o, const char *flows)
{
	struct bench_flow *f = data_map(o, ".data.flows", sizeof(*f) * BENCH_CPUS);
	unsigned n = strcmp(flows, "new") ? strtoul(flows, NULL, 10) : 0;

	for (int i = 0; i < BENCH_CPUS; i++) {
		f[i].flows = n;
		f[i].step = !n ? BENCH_STEP : n > 1;
	}
}

static size_t frame_read(const char *path, uint8_t frame[BENCH_PACKET_MAX])
{
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(frame, 1, BENCH_PACKET_MAX, f) : 0;

	if (!f)
		die(path);
	fclose(f);
	if (len < 60) /* as a wire would */
		memset(frame + len, 0, 60 - len);
	return len < 60 ? 60 : len;
}

static size_t frame_write(unsigned long octets, uint8_t frame[BENCH_PACKET_MAX])
{
	enum { HEADERS = 14 + 20 + 8 };
	struct bench_packet p = *bench_packet_find("udp4");

	if (octets && (octets < HEADERS + p.payload_len || octets > BENCH_PACKET_MAX)) {
		errno = ERANGE;
		die("-l");
	}
	if (octets)
		p.payload_len = octets - HEADERS;
	return bench_packet_write(&p, frame);
}

static unsigned vary_parse(const char *word)
{
	static const char *const words[] = {"none", "address", "port", "both"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	errno = EINVAL;
	die(word);
	return 0;
}

static int send_frames(struct bpf_object *o, int program, char **argv, unsigned ifindex,
		       struct pace pace)
{
	const char *flows = argv[4];
	double duration = atof(argv[5]);

	struct bench_sending *s = data_map(o, ".data.send", sizeof(*s));
	uint8_t frame[BENCH_PACKET_MAX];
	size_t len = argv[6] ? frame_read(argv[6], frame) : frame_write(pace.octets, frame);
	struct xdp_md context = {.data_end = len, .ingress_ifindex = ifindex};
	double start, took;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	steer(o, flows);
	s->ifindex = ifindex;
	s->gap = pace.rate ? 1000000000 / pace.rate : 0;
	s->vary = argv[6] ? vary_parse(argv[7]) : BENCH_VARY_ADDRESS | BENCH_VARY_PORT;
	start = now();
	while ((took = now() - start) < duration) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
			    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = FRAMES,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BENCH_BATCH);

		if (bpf_prog_test_run_opts(program, &opts) < 0 && errno != EINTR)
			die("BPF_PROG_TEST_RUN with live frames (Linux 5.18)");
	}
	printf("%llu %.6f\n", s->sent, took);
	return 0;
}

static int hold(int program, unsigned ifindex)
{
	sigset_t end;
	int signal, link = bpf_link_create(program, ifindex, BPF_XDP, NULL);

	if (link < 0)
		die("attach");
	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	sigwait(&end, &signal);
	close(link);
	return 0;
}

static int usage(void)
{
	fputs("usage: bench_send [-l OCTETS] [-r PACKETS/S] BENCH.bpf.o send IFACE FLOWS|new "
	      "SECONDS "
	      "[FRAME none|address|port|both]\n"
	      "       bench_send BENCH.bpf.o drop|pass IFACE\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct pace pace = {0};
	struct bpf_object *o;
	struct bpf_program *p;
	unsigned ifindex;
	int option;

	while ((option = getopt(argc, argv, "+l:r:")) != -1) {
		if (option != 'l' && option != 'r')
			return usage();
		*(option == 'l' ? &pace.octets : &pace.rate) = strtoul(optarg, NULL, 10);
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (argc != 4 && argc != 6 && argc != 8)
		return usage();
	ifindex = if_nametoindex(argv[3]);
	if (!ifindex)
		die(argv[3]);
	o = bpf_object__open_file(argv[1], NULL);
	if (!o || bpf_object__load(o) < 0)
		die(argv[1]);
	p = bpf_object__find_program_by_name(o, argv[2]);
	if (!p)
		die(argv[2]);
	if (argc == 4)
		return hold(bpf_program__fd(p), ifindex);
	return send_frames(o, bpf_program__fd(p), argv, ifindex, pace);
}
