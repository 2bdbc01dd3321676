/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The capture filter put into the programs before the kernel gets them. */
#ifndef XDPLENS_FILTER_KERNEL_H
#define XDPLENS_FILTER_KERNEL_H

#include "source/filter.h"

struct xdplens_bpf;
struct filter_kernel;

/*
 * Before the object is opened: every one opened from here on until filter_kernel_free has the
 * filter in its programs. NULL and errno: it cannot be.
 */
struct filter_kernel *filter_kernel_new(const struct filter *filter);
/* After the object is opened, before it is loaded. */
void filter_kernel_prepare(struct filter_kernel *f, struct xdplens_bpf *skel);
/* After loading it failed: why, in the words of whoever refused. */
const char *filter_kernel_why(struct filter_kernel *f, int error);
/* After the object is loaded, or could not be. NULL is fine. */
void filter_kernel_free(struct filter_kernel *f);

#endif
