// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * With whom a host speaks, and what: sums over those of its flows that are in the snapshot. Part of
 * the page that live_zoom.c makes of a host.
 */
#include <stdlib.h>
#include <string.h>

#include "view/label.h"
#include "view/live.h"
#include "view/page.h"
#include "view/units.h"

enum { SUMS_SHOWN = 8, NAME_WIDTH = 40 };

/* What a peer or an application comes to. */
struct sum {
	const struct flow_view *flow; /* the first of them */
	uint64_t flows, packets, bytes;
	double bps;
};

struct sums {
	struct sum sums[SNAPSHOT_FLOWS];
	size_t n;
};

static const uint8_t *peer_of(const struct flow_view *f, const uint8_t addr[16])
{
	return memcmp(f->saddr, addr, 16) ? f->saddr : f->daddr;
}

/* NULL addr: by application. */
static bool same_sum(const struct flow_view *a, const struct flow_view *b, const uint8_t *addr)
{
	return addr ? !memcmp(peer_of(a, addr), peer_of(b, addr), 16)
		    : a->verdict.app == b->verdict.app;
}

static void sums_add(struct sums *s, const struct flow_view *f, const uint8_t *addr)
{
	struct sum *sum = s->sums;

	while (sum < s->sums + s->n && !same_sum(sum->flow, f, addr))
		sum++;
	if (sum == s->sums + s->n)
		s->sums[s->n++] = (struct sum){.flow = f};
	sum->flows++;
	sum->packets += f->packets + f->packets_rev;
	sum->bytes += f->bytes + f->bytes_rev;
	sum->bps += f->bps;
}

static int by_bytes(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* The name is that of the side which the flow was opened to. */
static const char *peer_name(const struct view *v, const struct flow_view *f, const uint8_t *addr,
			     char dst[LABEL_ENDPOINT])
{
	const uint8_t *peer = peer_of(f, addr);
	bool opened = !memcmp(peer, f->daddr, 16);

	return label_endpoint(dst, peer, v->names && opened ? f->name : NULL, 0);
}

static void add_sums(struct page *page, const struct view *v, struct sums *s, const uint8_t *addr)
{
	char name[LABEL_ENDPOINT], rate[UNITS_LEN], bytes[UNITS_LEN], packets[UNITS_LEN];

	qsort(s->sums, s->n, sizeof(s->sums[0]), by_bytes);
	page_add(page, TINT_TEXT, "%s", "");
	page_add(page, TINT_TITLE, "%s (%zu)", addr ? "Peers" : "Applications", s->n);
	for (size_t i = 0; i < s->n && i < SUMS_SHOWN; i++) {
		const struct sum *sum = &s->sums[i];

		page_add(page, TINT_TEXT, " %12s %8s %6s packets %4llu flow%s  %.*s",
			 live_rate(v, rate, -1, sum->bps), units_bytes(bytes, sum->bytes),
			 units_count(packets, sum->packets), (unsigned long long)sum->flows,
			 sum->flows == 1 ? " " : "s", NAME_WIDTH,
			 addr ? peer_name(v, sum->flow, addr, name)
			      : label_app[sum->flow->verdict.app % APP_COUNT]);
	}
}

void live_add_sums(struct page *page, const struct view *v, const uint8_t addr[16])
{
	const struct snapshot *s = &v->shown;
	struct sums peers = {.n = 0}, apps = {.n = 0};

	for (size_t i = 0; i < s->n_flows; i++) {
		const struct flow_view *f = &s->flows[i];

		if (memcmp(f->saddr, addr, 16) && memcmp(f->daddr, addr, 16))
			continue;
		sums_add(&peers, f, addr);
		sums_add(&apps, f, NULL);
	}
	if (!peers.n)
		return;
	add_sums(page, v, &peers, addr);
	add_sums(page, v, &apps, NULL);
}
