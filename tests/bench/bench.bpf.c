// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The benchmarks' programs in the kernel. wrap_*: make the packet the next flow's, then tail-call
 * the program under test, or an empty one that went the same way. send: the same, then out by an
 * interface. drop, pass: the receiving end without us.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xdp_target SEC(".maps"), tc_target SEC(".maps");

struct bench_flow bench_flows[BENCH_CPUS] SEC(".data.flows");
struct bench_sending bench_sending SEC(".data.send");

enum { REACH = 56, TC_OK = 0 };

static __always_inline __u32 flow_next(void)
{
	struct bench_flow *f = &bench_flows[bpf_get_smp_processor_id() & (BENCH_CPUS - 1)];
	__u32 flow = f->next;

	f->next = flow + f->step;
	if (f->flows && f->next >= f->flows)
		f->next -= f->flows;
	return flow;
}

/* Source address and port say which flow it is. */
static __always_inline int flow_write(void *data, void *data_end)
{
	__u32 flow;
	__u8 *ip = data + 14;

	if (data + REACH > data_end)
		return -1;
	flow = flow_next();
	if (*(__be16 *)(data + 12) == bpf_htons(0x0800)) {
		*(__be32 *)(ip + 12) = bpf_htonl(flow + (10u << 24));
		*(__be16 *)(ip + 20) = bpf_htons(1024 + (flow & 0x7fff));
	} else {
		*(__be32 *)(ip + 20) = bpf_htonl(flow);
		*(__be16 *)(ip + 40) = bpf_htons(1024 + (flow & 0x7fff));
	}
	return 0;
}

SEC("xdp.frags")
int wrap_xdp(struct xdp_md *ctx)
{
	if (flow_write((void *)(long)ctx->data, (void *)(long)ctx->data_end) == 0)
		bpf_tail_call(ctx, &xdp_target, 0);
	return BENCH_FAILED;
}

SEC("tc")
int wrap_tc(struct __sk_buff *ctx)
{
	if (flow_write((void *)(long)ctx->data, (void *)(long)ctx->data_end) == 0)
		bpf_tail_call(ctx, &tc_target, 0);
	return BENCH_FAILED;
}

SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("tc")
int empty_tc(struct __sk_buff *ctx)
{
	(void)ctx;
	return TC_OK;
}

SEC("xdp.frags")
int drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

/* RFC 1624, equation 3: a checksum after `from` has become `to`. */
static __always_inline __be16 checksum_change(__be16 checksum, __be32 from, __be32 to)
{
	__u32 sum = (__u16)~checksum;

	sum += (__u16)~from + (~from >> 16) + (__u16)to + (to >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Whether the next frame is due. After a pause no more than a batch is made up for. */
static __always_inline int is_due(struct bench_sending *s)
{
	__u64 now, oldest;

	if (!s->gap)
		return 1;
	now = bpf_ktime_get_ns();
	if (now < s->due)
		return 0;
	oldest = now - BENCH_BATCH * s->gap;
	s->due = (s->due > oldest ? s->due : oldest) + s->gap;
	return 1;
}

SEC("xdp")
int send(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	__u8 *ip = data + 14;

	if (data + REACH > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (!is_due(&bench_sending))
		return XDP_DROP;
	if (bench_sending.vary) {
		__u32 flow = flow_next();

		if (bench_sending.vary & BENCH_VARY_ADDRESS) {
			__be32 *source = (__be32 *)(ip + 12), to = bpf_htonl(flow + (10u << 24));
			__be16 *checksum = (__be16 *)(ip + 10);

			*checksum = checksum_change(*checksum, *source, to);
			*source = to;
		}
		if (bench_sending.vary & BENCH_VARY_PORT)
			*(__be16 *)(ip + 20) = bpf_htons(1024 + (flow & 0x7fff));
	}
	bench_sending.sent++;
	return bpf_redirect(bench_sending.ifindex, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
