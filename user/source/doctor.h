/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The attach doctor, --check: what this host lets us do, and what to do about the rest. */
#ifndef XDPLENS_DOCTOR_H
#define XDPLENS_DOCTOR_H

#include "options.h"

/* Prints a table to stdout. The exit status: 0, the program could watch; 1, it could not. */
int doctor_run(const struct options *o);

#endif
