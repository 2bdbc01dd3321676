/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Giving up what is no longer needed once everything is attached and open. */
#ifndef XDPLENS_PRIVILEGE_H
#define XDPLENS_PRIVILEGE_H

/*
 * Becomes `user`, with no capability left and none to be gained. 0, or -errno after having said
 * why; then the process must end, as it may have given up a part.
 */
int privilege_drop(const char *user);

#endif
