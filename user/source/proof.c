// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * An attached program may still see nothing: another one before it, or a path around the hook. The
 * interface's own counters tell, by /proc/net/dev, which is of our network namespace whatever is
 * mounted at /sys. After attach.c; live.c asks at every cut until each direction is proven.
 */
#include "source/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "xdplens/event.h"

enum { PROOF_PACKETS = 100 };

static bool proof_read(const char *name, uint64_t packets[2])
{
	FILE *f = fopen("/proc/net/dev", "re");
	char line[512], *colon;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		colon = strrchr(line, ':');
		if (!colon)
			continue;
		*colon = 0;
		found = strcmp(line + strspn(line, " "), name) == 0 &&
			sscanf(colon + 1, "%*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			       &packets[DIRECTION_IN], &packets[DIRECTION_OUT]) == 2;
	}
	if (f)
		fclose(f);
	return found;
}

void proof_begin(struct proof *p, const char *name)
{
	*p = (struct proof){0};
	p->begun = proof_read(name, p->start);
}

bool proof_fails(struct proof *p, const char *name, const uint64_t seen[2], char *text, size_t n)
{
	static const char *const what[] = {
		[DIRECTION_IN] = "received and our hook none: another program, or the hardware, "
				 "takes them before us; --check lists the programs",
		[DIRECTION_OUT] = "sent and our hook none: they go round TC egress (AF_XDP, XDP "
				  "redirection, an offload)",
	};
	uint64_t now[2];

	if (!p->begun || (p->done[0] && p->done[1]) || !proof_read(name, now))
		return false;
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		if (p->done[d] || (!seen[d] && now[d] - p->start[d] <= PROOF_PACKETS))
			continue;
		p->done[d] = true;
		if (seen[d])
			continue;
		snprintf(text, n, "%s: the interface counted %" PRIu64 " packets %s", name,
			 now[d] - p->start[d], what[d]);
		return true;
	}
	return false;
}
