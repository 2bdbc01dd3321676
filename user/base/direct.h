/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Octets go to the end of a file past the page cache (O_DIRECT): the disk fetches them from the
 * memory where they are, and what the host has cached stays. Comes after base/writer, in whose
 * thread all of this is called; after it only the kernel.
 *
 * A file takes whole pages so, which in memory begin as pages do. What stands elsewhere in a page
 * than it will in the file is copied first, and what comes before the first whole page and after
 * the last goes through the page cache, so that the file always ends where the octets do.
 *
 * Whoever waits for a disk cannot go on, which the page cache is there for: so a disk that is slow
 * is left alone for a while.
 */
#ifndef XDPLENS_DIRECT_H
#define XDPLENS_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
	DIRECT_PAGE = 4096,
	DIRECT_PARTS = 16,	  /* most in a call */
	DIRECT_LEAST = 256 << 10, /* octets that are worth waiting for the disk */
	DIRECT_SLOW_MS = 20,	  /* a call that takes longer... */
	DIRECT_REST_MS = 1000,	  /* ... is the last for so long */
};

struct direct {
	bool takes;	/* the file does; it may turn out that it does not */
	char *spare;	/* pages for what is copied; NULL: not needed so far */
	uint64_t rests; /* until then, CLOCK_MONOTONIC ns */
};

/* From now on it is this file, opened with O_APPEND. */
void direct_use(struct direct *d, int fd);

bool direct_is_ready(const struct direct *d);

/*
 * Appends parts, none of them empty, to the file, and waits until the disk has most of them. 0 or
 * -errno; *done: octets that are at the file's end.
 */
int direct_append(struct direct *d, int fd, const struct iovec *parts, int n, size_t *done);

void direct_free(struct direct *d);

#endif
