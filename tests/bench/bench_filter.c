// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a capture filter costs in the kernel: our programs by BPF_PROG_TEST_RUN on one hot flow that
 * the filter rejects, so that nothing is copied, beside the same without a filter and without a
 * sample. All are loaded at once, take turns within a round, and medians over the rounds count.
 *
 * usage: bench_filter
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "bench_packet.h"
#include "bench_row.h"
#include "source/kernel.h"

enum { ROUNDS = 15, REPEAT = 100000, PACKET_TCP4 = 0 };

static struct subject {
	const char *name, *filter;
	struct kernel kernel;
	double ns[2][ROUNDS]; /* xdp_ingress, tc_egress */
} subjects[] = {
	{.name = "no sample"},
	{.name = "tcp port 443", .filter = "tcp port 443"},
	{.name = "4 hosts or 4 ports",
	 .filter = "host 192.0.2.1 or host 192.0.2.2 or host 192.0.2.3 or host 192.0.2.4 or port "
		   "443 or port 53 or port 22 or port 25"},
	{.name = "GET by its bytes", .filter = "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420"},
};

enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

static double run(int fd, const uint8_t *frame, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = len, .repeat = REPEAT);
	struct timespec a, b;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	if (bpf_prog_test_run_opts(fd, &o) < 0) {
		perror("bench_filter: BPF_PROG_TEST_RUN");
		exit(1);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	return ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / REPEAT;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Over the rounds; less `base`, of the same round, where there is one. */
static double median(const double *x, const double *base)
{
	double all[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		all[i] = x[i] - (base ? base[i] : 0);
	qsort(all, ROUNDS, sizeof(all[0]), ascending);
	return all[ROUNDS / 2];
}

int main(void)
{
	static const char *const programs[2] = {"xdp_ingress", "tc_egress"};
	uint8_t frame[BENCH_PACKET_MAX];
	size_t len = bench_packet_write(&bench_packets[PACKET_TCP4], frame);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (int i = 0; i < SUBJECTS; i++) {
		struct options o = {.filter = subjects[i].filter,
				    .sample = subjects[i].filter != NULL,
				    .snaplen = 96,
				    .sizes = {.flow_slots = 4096, .ring_bytes = 1 << 20}};

		if (kernel_load(&subjects[i].kernel, &o, &(struct listed){0}) < 0)
			return 1;
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < SUBJECTS; i++) {
			struct subject *s = &subjects[i];

			s->ns[0][round] = run(kernel_xdp_fd(&s->kernel), frame, len);
			s->ns[1][round] = run(kernel_tc_fd(&s->kernel, DIRECTION_OUT), frame, len);
		}
	}
	for (int p = 0; p < 2; p++) {
		for (int i = 0; i < SUBJECTS; i++) {
			const struct subject *s = &subjects[i];

			bench_row("filter, hot flow", s->name, programs[p], "ns",
				  median(s->ns[p], NULL));
			if (i)
				bench_row("filter, hot flow", s->name, programs[p],
					  "ns for the filter", median(s->ns[p], subjects[0].ns[p]));
		}
	}
	for (int i = 0; i < SUBJECTS; i++)
		kernel_unload(&subjects[i].kernel);
	return 0;
}
