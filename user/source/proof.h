/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Proof that our hooks see what an interface carries: its own counters beside ours. */
#ifndef XDPLENS_PROOF_H
#define XDPLENS_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proof {
	uint64_t start[2]; /* packets the interface had counted when we attached, by direction */
	bool done[2];	   /* proven, or said that it is not */
	bool begun;
};

/* Call right after attaching to interface `name`. */
void proof_begin(struct proof *p, const char *name);
/*
 * Compares with what our hooks have seen since, by direction. True, and a sentence in `text`, the
 * first time that the interface has counted over 100 packets of a direction and our hook none.
 */
bool proof_fails(struct proof *p, const char *name, const uint64_t seen[2], char *text, size_t n);

#endif
