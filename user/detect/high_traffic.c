// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sources that send more than they ever did, and all traffic together likewise. Each is compared
 * with its own past; the fixed limits count only for a source of which too little is known yet.
 * Quiet about whoever a flood or scan already explains, so it thinks last.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/baseline.h"
#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum { SOURCES = 4096, TRAFFIC_HOLD_S = 5 };

struct usual {
	struct baseline pps, bps;
};

struct source {
	uint64_t packets, bytes; /* since the last tick */
	struct usual usual;
};

struct detector {
	struct detector_host *host;
	struct subjects *sources;
	struct usual total;
	struct baseline_rule rule;
	double limit_pps, limit_bps; /* without a baseline */
	double floor_pps, floor_bps; /* below it nothing is high */
	bool told;		     /* a source, in this tick */
};

struct rate {
	double pps, bps;
};

static void traffic_flow(struct detector *d, const struct flow_delta *f)
{
	struct source *s = subjects_take(d->sources, f->key->saddr);

	s->packets += f->packets;
	s->bytes += f->bytes;
}

static void traffic_raise(struct detector *d, const char *subject, bool bits, double observed,
			  double expected, bool learned)
{
	struct alert a = {.severity = SEVERITY_MEDIUM, .observed = observed, .expected = expected};
	struct words seen = bits ? words_bits(observed) : words_number(observed);
	struct words most = bits ? words_bits(expected) : words_number(expected);

	WORDS_SET(a.subject, "%s", subject);
	WORDS_SET(a.kind, "rate");
	WORDS_SET(a.unit, bits ? "bit/s" : "packets/s");
	WORDS_SET(a.reason, "%s sends %s%s, %s times the %s%s that %s", subject, seen.s,
		  bits ? "" : " packets/s", words_number(observed / fmax(expected, 1)).s, most.s,
		  bits ? "" : " packets/s",
		  learned ? "its past lets expect" : "are the limit while its past is not known");
	d->host->raise(d->host, &a, TRAFFIC_HOLD_S);
}

/* The limit that counts for a value, and whether it is one that was learned. */
static double usual_limit(const struct baseline *b, const struct baseline_rule *r, double fixed,
			  double floor, bool *learned)
{
	*learned = baseline_warm(b, r);
	return *learned ? fmax(baseline_limit(b, r), floor) : fixed;
}

static void usual_judge(struct detector *d, struct usual *u, const char *subject, struct rate r,
			bool quiet)
{
	bool learned_pps, learned_bps;
	bool total = u == &d->total; /* whose size nobody can know beforehand */
	double pps = usual_limit(&u->pps, &d->rule, total ? INFINITY : d->limit_pps, d->floor_pps,
				 &learned_pps);
	double bps = usual_limit(&u->bps, &d->rule, total ? INFINITY : d->limit_bps, d->floor_bps,
				 &learned_bps);
	bool over_pps = r.pps > pps, over_bps = r.bps > bps;

	if (quiet)
		return; /* an attack teaches nothing */
	baseline_judge(&u->pps, &d->rule, r.pps);
	baseline_judge(&u->bps, &d->rule, r.bps);
	if (!over_pps && !over_bps)
		return;
	d->told = true;
	if (over_bps)
		traffic_raise(d, subject, true, r.bps, bps, learned_bps);
	else
		traffic_raise(d, subject, false, r.pps, pps, learned_pps);
}

static void traffic_tick(struct detector *d, const struct tick *t)
{
	struct rate all = {t->packets / t->elapsed_s, 8 * t->bytes / t->elapsed_s};
	const void *addr;
	struct source *s;

	d->told = false;
	for (size_t at = 0; (s = subjects_next(d->sources, &at, &addr));) {
		struct rate r = {s->packets / t->elapsed_s, 8 * s->bytes / t->elapsed_s};

		if (!s->packets)
			continue;
		usual_judge(d, &s->usual, words_addr(addr).s, r, host_explained(d->host, addr));
		s->packets = s->bytes = 0;
	}
	if (t->packets)
		usual_judge(d, &d->total, "all traffic", all,
			    d->told || t->overflow_packets || host_explained(d->host, NULL));
}

static void traffic_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->sources);
	free(d);
}

static struct detector *traffic_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->sources = subjects_new(SOURCES, 16, sizeof(struct source));
	if (!d->sources) {
		traffic_close(d);
		return NULL;
	}
	d->limit_pps = host_limit(host, "limit_pps", 100000);
	d->limit_bps = host_limit(host, "limit_mbps", 1000) * 1e6;
	d->floor_pps = host->number(host, "floor_pps", 5000);
	d->floor_bps = host->number(host, "floor_mbps", 50) * 1e6;
	d->rule = (struct baseline_rule){
		.weight = 0.02,
		.warmup = fmin(host->number(host, "warmup_s", 60), 1e6),
		.deviations = host->number(host, "deviations", 6),
		.ratio = host->number(host, "ratio", 4),
		.accept = fmin(host->number(host, "accept_s", 1800), 1e6),
	};
	return d;
}

const struct detector_ops detector_high_traffic = {
	.abi = DETECTOR_ABI,
	.name = "high_traffic",
	.about = "sources that send far more than usual",
	.open = traffic_open,
	.flow = traffic_flow,
	.tick = traffic_tick,
	.close = traffic_close,
};
