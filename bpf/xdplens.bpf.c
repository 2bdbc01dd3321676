// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Entry points only: what meets a packet at a hook, and in what order. Whatever happens, the packet
 * goes on untouched: XDP_PASS, TCX_NEXT.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "emit.h"

static __always_inline void enter(struct home *h, long data, long data_end)
{
	__u32 cpu = bpf_get_smp_processor_id();

	h->cpu = cpu;
	h->state = bpf_map_lookup_elem(&cpu_states, &cpu);
	if (!h->state)
		return;
	h->bank = *(volatile __u32 *)&live_config.bank & 1;
	h->counters = &h->state->bank[h->bank];
	h->now = bpf_jiffies64();
	h->plain = 1;
	watch(h, (void *)data, (void *)data_end);
}

SEC("xdp.frags")
int xdp_ingress(struct xdp_md *ctx)
{
	__u32 len = bpf_xdp_get_buff_len(ctx);
	struct home h = {
		.ctx = ctx,
		.len = len,
		.wire_len = len,
		.segments = 1,
		.ifindex = ctx->ingress_ifindex,
	};

	enter(&h, ctx->data, ctx->data_end);
	return XDP_PASS;
}

static __always_inline int enter_skb(struct __sk_buff *ctx, __u16 link)
{
	struct home h = {
		.ctx = ctx,
		.skb = 1,
		.len = ctx->len,
		.segments = ctx->gso_segs,
		.gso_size = ctx->gso_size,
		.ifindex = ctx->ifindex,
		.link = link,
		.tag_stripped = ctx->vlan_present,
	};

	if (h.tag_stripped)
		h.link |= ctx->vlan_tci & FLOW_VLAN_MASK;
	enter(&h, ctx->data, ctx->data_end);
	return TCX_NEXT;
}

SEC("tc")
int tc_ingress(struct __sk_buff *ctx)
{
	return enter_skb(ctx, 0);
}

SEC("tc")
int tc_egress(struct __sk_buff *ctx)
{
	return enter_skb(ctx, FLOW_EGRESS);
}

/* What the clocks say at one moment: user space runs it once, to read jiffies as time. */
struct clocks clocks SEC(".data.clocks");

SEC("syscall")
int read_clocks(void *ctx)
{
	(void)ctx;
	clocks.jiffies = bpf_jiffies64();
	clocks.ns = bpf_ktime_get_ns();
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
