/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Classic BPF, as libpcap makes it, as eBPF. */
#ifndef XDPLENS_FILTER_TRANSLATE_H
#define XDPLENS_FILTER_TRANSLATE_H

#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "xdplens/event.h"

/* What the program is to replace, see bpf/filter.h. */
struct filter_hook {
	int data, data_end, tag; /* offsets in the context; tag: -1 where there is none */
	long loader; /* where filter_load_xdp or filter_load_skb begins, counted from the code */
};

struct filter_code {
	struct bpf_insn *insns; /* the caller's to free */
	size_t n;
};

/*
 * Translates `n` instructions into a function of the context, the length of the frame and its
 * layout that returns enum filter_verdict. 0; -EINVAL: no valid program; -E2BIG: jumps too far;
 * -ELOOP: back; -ENOMEM.
 */
int filter_translate(struct filter_code *code, const struct filter_hook *hook,
		     const struct sock_filter *program, size_t n);

#endif
