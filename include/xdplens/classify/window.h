/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading the first bytes of a payload: at constant or masked places only, past the end are zeros.
 * Every reader of a protocol's bytes begins here.
 */
#ifndef XDPLENS_CLASSIFY_WINDOW_H
#define XDPLENS_CLASSIFY_WINDOW_H

#include "xdplens/classify/verdict.h"

static inline int in_range(__u32 value, __u32 low, __u32 high)
{
	return value - low <= high - low;
}

static inline __u32 be16(const struct payload *p, __u32 at)
{
	return (__u32)p->bytes[at] << 8 | p->bytes[at + 1];
}

static inline __u32 be32(const struct payload *p, __u32 at)
{
	return be16(p, at) << 16 | be16(p, at + 2);
}

static inline __u32 le32(const struct payload *p, __u32 at)
{
	return __builtin_bswap32(be32(p, at));
}

static inline int is_digit(__u32 byte)
{
	return in_range(byte, '0', '9');
}

/* A byte whose place the packet says; beyond the window it wraps, and is merely wrong. */
static inline __u32 byte_at(const struct payload *p, __u32 at)
{
	/* the compiler drops a mask that it can prove needless; 6.1's verifier cannot */
	if (!__builtin_constant_p(at))
		asm volatile("" : "+r"(at));
	return p->bytes[at & (PAYLOAD_WINDOW - 1)];
}

/* Both ports in host order, the source's above; either side may be the server. */
static inline __u32 ends_of(const struct packet *k)
{
	return (__u32)__builtin_bswap16(k->key.sport) << 16 | __builtin_bswap16(k->key.dport);
}

static inline int ends_have(__u32 e, __u16 port)
{
	return e >> 16 == port || (e & 0xffff) == port;
}

static inline int ends_between(__u32 e, __u16 low, __u16 high)
{
	return in_range(e >> 16, low, high) || in_range(e & 0xffff, low, high);
}

/*
 * Whether CLASSIFY_TEXT bytes from `from` on are printable ASCII, tab, CR or LF; past the payload's
 * end all is well. No branch in the loop: it is unrolled.
 */
static inline int text_run(const struct payload *p, __u32 from)
{
	__u32 high = be32(p, from) | be32(p, from + 4) | be32(p, from + 8) | be32(p, from + 12);
	__u32 bad = 0, i;

	if (high & 0x80808080)
		return 0;
		/* unrolled, it would need more stack than BPF has */
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (i = from; i < from + CLASSIFY_TEXT; i++) {
		__u32 b = p->bytes[i & (PAYLOAD_WINDOW - 1)] |
			  (p->len - 1 - i) >> 31 << 5; /* past the end: a space */
		__u32 control = (b - 0x20) >> 31;

		bad |= (b + 1) & 0x80;
		bad |= control & ~(0x2600u >> (b & 31)); /* tab, LF, CR */
	}
	return !bad;
}

/* Text at the beginning. */
CLASSIFY_PART int text_seen(const struct payload *p)
{
	return p && p->len >= CLASSIFY_TEXT_MIN && text_run(p, 0);
}

/* Text at either end of the window, or the same octet over and over: no cipher leaves that. */
CLASSIFY_PART int clear_seen(const struct payload *p)
{
	__u32 differ = 0, i;

	if (!p)
		return 0;
	if (text_seen(p))
		return 1;
	if (p->len < PAYLOAD_WINDOW)
		return 0;
	for (i = 4; i < PAYLOAD_WINDOW; i += 4)
		differ |= be32(p, i) ^ be32(p, 0);
	return !differ || text_run(p, PAYLOAD_WINDOW - CLASSIFY_TEXT);
}

#endif
