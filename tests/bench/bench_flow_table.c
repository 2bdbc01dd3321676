// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How fast the flow table merges, fills a snapshot, sweeps and meets a flood; one core, a line a
 * regime. What is claimed: 10 million merges a second with 65,536 flows, 2 % of a core for
 * snapshots of 100,000 flows at one a second, 2 ms for a call of flow_table_expire().
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analysis/flow_table.h"

enum { CHUNK = 4096, FLOOD = 4000000 };
static const uint64_t t0 = 1700000000ull * 1000000000, second = 1000000000;

struct bench {
	struct flow_table *t;
	struct flow_key keys[CHUNK];
	struct flow_delta deltas[CHUNK];
	struct snapshot snapshot;
	uint64_t random;
};

/* Of this core, whatever else the machine does. */
static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint32_t draw(struct bench *b)
{
	b->random += 0x9e3779b97f4a7c15ull;
	return (b->random ^ b->random >> 29) * 0xbf58476d1ce4e5b9ull >> 32;
}

static void delta_set(struct bench *b, size_t i, uint32_t flow, int reverse, uint64_t now)
{
	struct flow_key *k = &b->keys[i];
	uint8_t *client = reverse ? k->daddr : k->saddr, *server = reverse ? k->saddr : k->daddr;

	*k = (struct flow_key){.proto = 17, .family = 4, .ifindex = 2};
	*(reverse ? &k->dport : &k->sport) = flow >> 16 | 1 << 15;
	*(reverse ? &k->sport : &k->dport) = 443;
	for (int at = 0; at < 4; at++)
		client[12 + at] = flow >> 8 * at;
	server[15] = 1;
	b->deltas[i] = (struct flow_delta){
		.key = k,
		.first = now,
		.last = now,
		.packets = 1,
		.bytes = 100,
		.verdict = {APP_QUIC, SURE_PAYLOAD, SECURITY_ENCRYPTED},
	};
}

/* Seconds that the table itself takes for `n` deltas of random ones of `flows` (0: each its own).
 */
static double merge(struct bench *b, uint64_t n, uint32_t flows, int batch, uint64_t now)
{
	double spent = 0;

	for (uint64_t done = 0; done < n; done += CHUNK) {
		for (size_t i = 0; i < CHUNK; i++) {
			uint32_t flow = flows ? draw(b) % flows : done + i;

			delta_set(b, i, flow, flows ? draw(b) & 1 : 0, now);
		}
		spent -= clock_s();
		if (batch)
			flow_table_add_batch(b->t, b->deltas, CHUNK);
		for (size_t i = 0; !batch && i < CHUNK; i++)
			flow_table_add(b->t, &b->deltas[i]);
		spent += clock_s();
	}
	return spent;
}

static void ended(void *arg, const struct flow_view *flow, enum flow_end end)
{
	(void)arg;
	(void)flow;
	(void)end;
}

static void bench_new(struct bench *b)
{
	struct flow_table_config config = {.ended = ended};

	b->t = flow_table_new(&config);
	if (!b->t) {
		perror("flow table");
		exit(1);
	}
}

static void bench_flows(struct bench *b, uint32_t flows)
{
	enum { MERGES = 4 << 20 };
	double one, batch, fill, ends, worst = 0;

	bench_new(b);
	merge(b, 8ull * flows, flows, 1, t0);
	one = merge(b, MERGES, flows, 0, t0 + second);
	batch = merge(b, MERGES, flows, 1, t0 + second);
	fill = -clock_s();
	flow_table_fill(b->t, &b->snapshot, 1);
	fill += clock_s();
	for (int i = 0; i < 8; i++) {
		double spent = -clock_s();

		flow_table_expire(b->t, t0 + (2 + i) * second);
		spent += clock_s();
		worst = spent > worst ? spent : worst;
	}
	ends = -clock_s();
	flow_table_expire(b->t, t0 + 200 * second);
	ends += clock_s();
	printf("%8llu flows  %6.1f M merges/s singly  %6.1f in batches  snapshot %6.2f ms  "
	       "sweep call %5.2f ms, with ends %5.2f ms\n",
	       (unsigned long long)b->snapshot.flows_active, MERGES / one / 1e6,
	       MERGES / batch / 1e6, fill * 1e3, worst * 1e3, ends * 1e3);
	flow_table_free(b->t);
}

static void bench_flood(struct bench *b)
{
	double spent;

	bench_new(b);
	merge(b, 1 << 20, 0, 1, t0);
	b->random++;
	spent = 0;
	for (int i = 0; i < 4; i++) /* none of them seen before: the table is full and evicts */
		spent += merge(b, FLOOD / 4, 0xffffffff, 1, t0 + i * second);
	printf("   flood       %6.1f M new flows/s into a full table of %.0f MiB\n",
	       FLOOD / spent / 1e6, flow_table_memory(b->t) / 1048576.0);
	flow_table_free(b->t);
}

int main(void)
{
	static struct bench b;

	bench_flows(&b, 1000);
	bench_flows(&b, 65536);
	bench_flows(&b, 100000);
	bench_flows(&b, 1000000);
	bench_flood(&b);
	return 0;
}
