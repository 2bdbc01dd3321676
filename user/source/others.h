/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that are on an interface already, and whose they are. */
#ifndef XDPLENS_OTHERS_H
#define XDPLENS_OTHERS_H

#include <stddef.h>
#include <stdint.h>

enum { OTHERS_MAX = 16, OTHERS_TCX_INGRESS = 46, OTHERS_TCX_EGRESS = 47 };

struct other {
	char where[16]; /* "XDP native", "TCX ingress", "clsact egress" */
	uint32_t id;	/* of the program; 0: a filter that is none */
	char name[64];	/* of the filter or the program */
	char owner[48]; /* "NAME, pid N": who holds it open; empty: nobody, or not ours to see */
};

/* Lists at most OTHERS_MAX programs; how many, or -errno of the hook that could not be asked. */
int others_list(struct other others[OTHERS_MAX], int ifindex);
/* 0: the kernel has TCX, -EINVAL: it has not, else -errno of why it cannot be told. */
int others_probe_tcx(int ifindex);

#endif
