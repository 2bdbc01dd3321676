/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who takes part in something most, of any number, in four cells: space saving (Metwally, Agrawal,
 * El Abbadi 2005). A count is at most too high by the least of them; whoever has more than a
 * quarter is among the four.
 */
#ifndef DETECT_HEAVY_H
#define DETECT_HEAVY_H

#include <stdint.h>
#include <string.h>

enum { HEAVY_CELLS = 4 };

struct heavy { /* all 0: empty */
	struct {
		uint8_t addr[16];
		uint64_t count, error;
	} cell[HEAVY_CELLS];
};

static inline void heavy_add(struct heavy *h, const uint8_t addr[16], uint64_t count)
{
	unsigned least = 0;

	for (unsigned i = 0; i < HEAVY_CELLS; i++) {
		if (h->cell[i].count && memcmp(h->cell[i].addr, addr, 16) == 0) {
			h->cell[i].count += count;
			return;
		}
		if (h->cell[i].count < h->cell[least].count)
			least = i;
	}
	memcpy(h->cell[least].addr, addr, 16);
	h->cell[least].error = h->cell[least].count;
	h->cell[least].count += count;
}

/* What the cell's address surely has. */
static inline uint64_t heavy_sure(const struct heavy *h, unsigned cell)
{
	return h->cell[cell].count - h->cell[cell].error;
}

/* The cell that surely has most. */
static inline unsigned heavy_top(const struct heavy *h)
{
	unsigned top = 0;

	for (unsigned i = 1; i < HEAVY_CELLS; i++)
		if (heavy_sure(h, i) > heavy_sure(h, top))
			top = i;
	return top;
}

#endif
