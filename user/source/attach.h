/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Our programs on an interface: the best hooks that it takes, held by links where there are. */
#ifndef XDPLENS_ATTACH_H
#define XDPLENS_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "source/kernel.h"

struct attachment {
	int ifindex;
	char name[16];
	char mode[24];	     /* of ingress: "native", "generic", "tc" */
	char why[200];	     /* why it is not the best mode; empty where it is */
	int links[2];	     /* by direction; -1: none */
	uint32_t filters[2]; /* by direction: the program of a clsact filter of ours; 0: none */
};

/*
 * Attaches to both directions of interface `ifindex`: ingress native XDP, else TC; generic XDP only
 * where it is asked for, as it sees packets after GRO and linearizes them. 0, or -errno with
 * a->why.
 */
int attach_interface(struct attachment *a, const struct kernel *k, int ifindex, const char *name,
		     enum mode mode);
/* On veths that nobody named, XDP would slow down whoever is behind them: there auto means TC. */
enum mode attach_mode(enum mode wanted, bool unnamed_veth);
/* What the user should know of its mode, as far as we may ask the driver; empty: nothing. */
const char *attach_advice(const struct attachment *a);
void attach_detach(struct attachment *a);

#endif
