// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A detector of your own, whole: too many TCP resets in a second. Build and load it with
 *
 *	cc -shared -fPIC -O2 -I/usr/local/include -o resets.so example_plugin.c
 *	xdplens --plugin ./resets.so
 *
 * and set its limit in the configuration file: [resets] limit = 100
 */
#include <stdio.h>
#include <stdlib.h>

#include "xdplens/detector.h"

struct detector {
	struct detector_host *host;
	double limit; /* flows with a reset, a second */
	unsigned resets;
};

static struct detector *resets_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->limit = host->number(host, "limit", 100);
	return d;
}

static void resets_flow(struct detector *d, const struct flow_delta *delta)
{
	d->resets += delta->key->proto == 6 && delta->tcp_flags & TCP_RST;
}

static void resets_tick(struct detector *d, const struct tick *tick)
{
	struct alert a = {
		.severity = SEVERITY_LOW,
		.subject = "tcp",
		.kind = "resets",
		.unit = "flows/s",
		.observed = d->resets / tick->elapsed_s,
		.expected = d->limit,
	};

	if (a.observed > d->limit) {
		snprintf(a.reason, sizeof(a.reason),
			 "%.0f flows were reset in a second, where up to %.0f are usual",
			 a.observed, a.expected);
		d->host->raise(d->host, &a, 5);
	}
	d->resets = 0;
}

static void resets_close(struct detector *d)
{
	free(d);
}

const struct detector_ops xdplens_detector = {
	.abi = DETECTOR_ABI,
	.name = "resets",
	.about = "too many TCP connections reset",
	.open = resets_open,
	.flow = resets_flow,
	.tick = resets_tick,
	.close = resets_close,
};
