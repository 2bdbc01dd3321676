/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the benchmarks' programs in the kernel (bench.bpf.c) share with those that run them. */
#ifndef XDPLENS_BENCH_H
#define XDPLENS_BENCH_H

enum {
	BENCH_CPUS = 64,
	BENCH_STEP = 0x9e3779b1, /* odd: counting by it visits all 2^32 flows */
	BENCH_FAILED = 99,	 /* a wrapper's answer where its tail call failed */
};

/* Which flow the next packet of one CPU belongs to; a cache line each. */
struct bench_flow {
	unsigned int next;
	unsigned int step;  /* from one packet's flow to the next one's */
	unsigned int flows; /* they are 0 to flows - 1; 0: all of 2^32, so that none comes twice */
	unsigned int pad[13];
};

enum { BENCH_BATCH = 64 }; /* frames that the kernel redirects together */

enum { BENCH_VARY_ADDRESS = 1, BENCH_VARY_PORT = 2 };

/*
 * Where `send` sends to, what of each frame's source says its flow, and how many frames it did;
 * nanoseconds from one frame to the next (0: as fast as it can), and when the next one is due.
 */
struct bench_sending {
	unsigned int ifindex, vary;
	unsigned long long sent, gap, due;
};

#endif
