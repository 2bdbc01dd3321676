/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Giving up what is no longer needed once everything is attached and open: identity, capabilities.
 */
#ifndef XDPLENS_PRIVILEGE_H
#define XDPLENS_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

enum { PRIVILEGE_TEXT = 400 };

struct privilege_file { /* that will be opened again: rotation, SIGHUP */
	const char *path;
	bool write;
};

/*
 * Leaves the process without capabilities and with none to be gained, as `user`; where that is
 * NULL, as nobody if all files remain usable, else as who it is, and then with CAP_DAC_OVERRIDE
 * only if the files need it. Files of ours that are written become `user`'s. Call it before there
 * are threads. 0, and in `now` what it is from now on; or -errno after having said why, then the
 * process must end, as it may have given up a part.
 */
int privilege_drop(const char *user, const struct privilege_file *files, int n,
		   char now[PRIVILEGE_TEXT]);

/* Keeps of its capabilities those n at most, and can gain none. 0 or -errno; says nothing. */
int privilege_keep(const unsigned *capabilities, int n);

#endif
