// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The sizes that can be chosen, with their bounds. Read once, before anything is allocated. */
#include "sizes.h"

#include "base/log.h"

static double size_read(struct config *c, const char *key, double otherwise, double least,
			double most)
{
	double n = config_number(c, "sizes", key, otherwise);

	if (n >= least && n <= most)
		return n;
	log_warn("[sizes] %s = %.0f: %.0f to %.0f is possible; it is %.0f now", key, n, least, most,
		 n < least ? least : most);
	return n < least ? least : most;
}

static uint32_t power_of_two(double n)
{
	uint32_t power = 1;

	while (power < n)
		power *= 2;
	return power;
}

void sizes_read(struct sizes *s, struct config *c)
{
	/* so many slots stay in the CPU's own cache: measured best */
	s->flow_slots = power_of_two(size_read(c, "flow_slots", 4096, 256, 1 << 20));
	s->ring_bytes = power_of_two(size_read(c, "ring_mb", 8, 1, 1024)) << 20;
	s->flows = size_read(c, "flows", 1 << 20, 64, 1 << 28);
	s->dns_pending = size_read(c, "dns_pending", 1 << 16, 64, 1 << 24);
	s->dns_names = size_read(c, "dns_names", 1 << 16, 64, 1 << 24);
}
