/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program gives up between its start and its first packet. */
#ifndef XDPLENS_GUARD_H
#define XDPLENS_GUARD_H

#include "options.h"

/*
 * Call it when everything is open and before there are threads: from then on the process has no
 * capability, opens only what the options name, and makes only the system calls that watching
 * takes. 0, or -errno after having said why.
 */
int guard_close(const struct options *o);

#endif
