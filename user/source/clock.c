// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel's clocks as time since the epoch. Programs stamp latencies with CLOCK_MONOTONIC and
 * flows with jiffies, which cost next to nothing; here both become wall-clock nanoseconds.
 */
#include "source/clock.h"

#include <stdlib.h>
#include <time.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static uint64_t clock_read(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * (uint64_t)NS_PER_S + t.tv_nsec;
}

static int64_t clock_offset(void)
{
	uint64_t before = clock_read(CLOCK_MONOTONIC);
	uint64_t wall = clock_read(CLOCK_REALTIME);
	uint64_t after = clock_read(CLOCK_MONOTONIC);

	return wall - (before + (after - before) / 2);
}

/*
 * jiffies start 300 seconds before they wrap 32 bits (include/linux/jiffies.h, INITIAL_JIFFIES), so
 * that one reading tells the rate: it is the one of the kernel's choices whose count fits the time
 * since boot best.
 */
static uint64_t clock_rate(const struct clocks *together)
{
	static const unsigned choices[] = {100, 250, 300, 1000};
	double best = 1e300;
	uint64_t rate = 250;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		uint32_t initial = 0u - 300u * choices[i];
		double seconds = (double)(together->jiffies - initial) / choices[i];
		double wrong = seconds - together->ns / 1e9;

		if (wrong * wrong < best) {
			best = wrong * wrong;
			rate = choices[i];
		}
	}
	return rate;
}

void clock_set(struct clock *c, const struct clocks *together)
{
	c->offset = clock_offset();
	c->tick_ns = NS_PER_S / clock_rate(together);
	c->jiffies = together->jiffies;
	c->ns = together->ns;
}

int64_t clock_follow(struct clock *c)
{
	int64_t step = clock_offset() - c->offset;

	if (llabs(step) <= NS_PER_MS)
		return 0;
	c->offset += step;
	return step;
}

uint64_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t clock_now(const struct clock *c)
{
	return clock_read(CLOCK_MONOTONIC) + c->offset;
}

uint64_t clock_epoch(const struct clock *c, uint64_t monotonic)
{
	return monotonic + c->offset;
}

uint64_t clock_jiffies(const struct clock *c, uint32_t jiffies)
{
	int32_t ticks = jiffies - (uint32_t)c->jiffies;

	return c->ns + c->offset + (int64_t)ticks * (int64_t)c->tick_ns;
}
