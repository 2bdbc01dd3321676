/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How large tables and rings are: section [sizes] of the INI file. */
#ifndef XDPLENS_SIZES_H
#define XDPLENS_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

struct sizes {
	uint32_t flow_slots; /* of the kernel's flow cache, a CPU and bank; a power of two */
	uint32_t ring_bytes; /* of each of a CPU's rings; a power of two */
	size_t flows;	     /* in the flow table */
	size_t dns_pending;  /* queries that wait for their answer */
	size_t dns_names;    /* addresses whose names are known */
};

/* Takes them from the configuration; what is out of range is said, and becomes the nearest. */
void sizes_read(struct sizes *s, struct config *c);

#endif
