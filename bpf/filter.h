/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the capture filter goes. filter_xdp and filter_skb are stubs: user/source/filter_kernel.c
 * makes them call the filter, translated from the classic BPF that libpcap compiles. filter_load_*
 * are what it calls to read a frame that is not just bytes in reach. All are weak, so that clang
 * does not look into them and leaves every argument in its place. After parsing, before emit.h.
 */
#ifndef FILTER_H
#define FILTER_H

#include "maps.h"

enum {
	FILTER_IPV6 = 0x8000, /* in `layout` */
	FILTER_OFFSET_MAX = 0xffffff,
	TAG_AT = 12, /* where a VLAN tag stands */
	TAG_LEN = 4,
};

/* A load's value, or in the upper half 1 + the verdict that it comes to. */
#define FILTER_VERDICT(v) ((__u64)((v) + 1) << 32)

/* 1, 2 or 4 octets by one call of the helper, each with a size that the verifier sees. */
#define FILTER_READ(helper)                                                                       \
	do {                                                                                      \
		__u8 b[4] = {};                                                                   \
                                                                                                  \
		if (size == 1)                                                                    \
			return helper(ctx, offset, b, 1) < 0 ? rejects : b[0];                    \
		if (size == 2)                                                                    \
			return helper(ctx, offset, b, 2) < 0 ? rejects : (__u64)b[0] << 8 | b[1]; \
		return helper(ctx, offset, b, 4) < 0                                              \
			       ? rejects                                                          \
			       : (__u64)b[0] << 24 | (__u64)b[1] << 16 | b[2] << 8 | b[3];        \
	} while (0)

__weak __u64 filter_load_xdp(struct xdp_md *ctx, __u64 offset, __u32 size, __u32 layout)
{
	const __u64 rejects = FILTER_VERDICT(FILTER_REJECTS);

	(void)layout;
	if (!ctx || offset > FILTER_OFFSET_MAX)
		return rejects;
	FILTER_READ(bpf_xdp_load_bytes);
}

/*
 * Is it the same in each of the frames that a large send is cut into? Lengths, the identification
 * and the checksum of IP are not, nor what follows the transport's ports.
 */
static __always_inline int filter_same_in_all(__u64 offset, __u32 size, __u32 layout, __u32 tag)
{
	__u32 l3 = (layout & (FILTER_IPV6 - 1)) + tag, l4 = (layout >> 16) + tag;

	if (offset + size > l4 + 4)
		return 0;
	if (offset < l3 + 6 && offset + size > l3 + 2)
		return 0;
	return offset + size <= l3 + 10 || offset >= l3 + 12 || layout & FILTER_IPV6;
}

/* An octet of a frame whose VLAN tag is `tag` and not among its bytes. */
static __always_inline __u64 filter_tagged_octet(struct __sk_buff *ctx, __u32 at, __u32 tag)
{
	__u8 octet = 0;

	if (at >= TAG_AT && at < TAG_AT + TAG_LEN)
		return tag >> 8 * (TAG_AT + TAG_LEN - 1 - at) & 0xff;
	bpf_skb_load_bytes(ctx, at < TAG_AT ? at : at - TAG_LEN, &octet, 1);
	return octet;
}

/* A VLAN tag that the kernel keeps beside the bytes is seen in its place, after the addresses. */
__weak __u64 filter_load_skb(struct __sk_buff *ctx, __u64 offset, __u32 size, __u32 layout)
{
	const __u64 rejects = FILTER_VERDICT(FILTER_REJECTS);
	__u32 tag_len;

	if (!ctx)
		return rejects;
	tag_len = ctx->vlan_present ? TAG_LEN : 0;
	if (offset > FILTER_OFFSET_MAX || offset + size > ctx->len + tag_len)
		return rejects;
	if (layout && !filter_same_in_all(offset, size, layout, tag_len))
		return FILTER_VERDICT(FILTER_ASKS);
	if (tag_len && offset >= TAG_AT + TAG_LEN) {
		offset -= TAG_LEN;
	} else if (tag_len && offset + size > TAG_AT) {
		__u32 tag = (__u32)__builtin_bswap16(ctx->vlan_proto) << 16 | ctx->vlan_tci;
		__u64 value = filter_tagged_octet(ctx, offset, tag);

		if (size > 1)
			value = value << 8 | filter_tagged_octet(ctx, offset + 1, tag);
		if (size > 2) {
			value = value << 8 | filter_tagged_octet(ctx, offset + 2, tag);
			value = value << 8 | filter_tagged_octet(ctx, offset + 3, tag);
		}
		return value;
	}
	FILTER_READ(bpf_skb_load_bytes);
}

/*
 * The stubs; in a program with a filter nothing but their calls is left. What they load, they load
 * so that the loader is linked into every program.
 *
 * len: of the frame on the wire. layout: not 0 where the packet stands for several frames; the
 * offset of its IP header, FILTER_IPV6, and shifted by 16 that of its transport header. Returns
 * enum filter_verdict.
 */
__weak int filter_xdp(struct xdp_md *ctx, __u32 len, __u32 layout)
{
	filter_load_xdp(ctx, len, 1, layout);
	return FILTER_ASKS;
}

__weak int filter_skb(struct __sk_buff *ctx, __u32 len, __u32 layout)
{
	filter_load_skb(ctx, len, 1, layout);
	return FILTER_ASKS;
}

/* What the filter says of a packet; where there is none it is not asked. */
static __always_inline int home_filter(struct home *h, const struct packet *p)
{
	__u32 layout = 0;

	if (!cfg_filter)
		return FILTER_TAKES;
	if (!h->skb)
		return filter_xdp(h->ctx, h->wire_len, 0);
	if (h->segments > 1 && p->outcome == OUTCOME_FLOW) {
		layout = p->l3_offset | (p->l3 == L3_IPV6 ? FILTER_IPV6 : 0);
		if (!(p->flags & PACKET_TUNNEL)) /* there, the first octets are all that is sure */
			layout |= (__u32)p->l4_offset << 16;
	}
	return filter_skb(h->ctx, h->wire_len, layout);
}

#endif
