/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The helper: a process of ours that keeps the few rights which the program needs after its start,
 * and does nothing but attach, detach and measure. So whoever reads packets needs none.
 */
#ifndef XDPLENS_HELPER_H
#define XDPLENS_HELPER_H

#include "source/attach.h"

struct helper;

/* Forks it, holding the programs of `k` only. NULL and errno. */
struct helper *helper_new(const struct kernel *k);
/* Ends it, with every filter of ours; links are the attachments'. NULL is fine. */
void helper_free(struct helper *h);

/* As attach_interface; the links are this process's, so that they end with it. */
int helper_attach(struct helper *h, struct attachment *a, int ifindex, const char *name,
		  enum mode mode);
void helper_detach(struct helper *h, struct attachment *a);

struct run_stats { /* of our programs, while the kernel measured them */
	uint64_t ns, runs;
};

/* Has the kernel measure from now on, or stop. 0, or -errno: it may not. */
int helper_measure(struct helper *h, bool on, struct run_stats *now);

#endif
