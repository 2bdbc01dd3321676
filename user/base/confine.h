/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walls around a process that needs no more: the files that it may open (Landlock, Linux 5.13) and
 * the system calls that it may make (seccomp). For this process and for good; call both before
 * there are threads.
 */
#ifndef XDPLENS_CONFINE_H
#define XDPLENS_CONFINE_H

#include <stdbool.h>

struct confine_path { /* a directory: what is in it, at any depth */
	const char *path;
	bool write; /* make, write and cut files too, not only read them */
};

/*
 * Of all files, only these can be opened; those that are open stay so. No TCP connection can be
 * made or port taken (6.7). 0, or -errno: -ENOSYS or -EOPNOTSUPP where the kernel has no Landlock.
 */
int confine_files(const struct confine_path *paths, int n);

int confine_files_version(void); /* of the kernel's Landlock; not positive: none */

enum confine_role { CONFINE_WATCHER, CONFINE_HELPER };

/*
 * Of all system calls, only those of this role; any other fails with ENOSYS, as on a kernel that
 * does not have it, so that libraries do without; and where audit is on, the kernel tells. 0 or
 * -errno.
 */
int confine_calls(enum confine_role role);

#endif
