/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory for large tables: reserved at start, given by the kernel as it is touched, in huge pages
 * where it can, because random access to a large table is mostly TLB misses otherwise.
 */
#ifndef XDPLENS_HUGE_H
#define XDPLENS_HUGE_H

#include <stddef.h>

/* Zeroed, aligned to huge pages. NULL and errno. */
void *huge_map(size_t bytes);
void huge_unmap(void *p, size_t bytes); /* NULL is fine */

/* What is reserved for so many bytes. */
size_t huge_round(size_t bytes);

#endif
