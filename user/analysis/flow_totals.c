// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Totals by application and security class: see flow_totals.h. */
#include "analysis/flow_totals.h"

#include "xdplens/classify.h"
#include "xdplens/parse.h"

/* Proof, not a guess: what was counted so stays. */
static bool verdict_settled(struct verdict v)
{
	return v.sure == SURE_PAYLOAD && v.security != SECURITY_UNKNOWN;
}

static void app_move(struct app_total *from, struct app_total *to, const struct flow_entry *e)
{
	uint64_t packets = e->packets[0] + e->packets[1], bytes = e->bytes[0] + e->bytes[1];
	uint64_t flows = !!(e->marks & FLOW_COUNTED);

	from->packets -= packets;
	from->bytes -= bytes;
	from->flows -= flows;
	to->packets += packets;
	to->bytes += bytes;
	to->flows += flows;
}

static void count_move(struct count *from, struct count *to, struct count n)
{
	from->packets -= n.packets;
	from->bytes -= n.bytes;
	to->packets += n.packets;
	to->bytes += n.bytes;
}

void flow_totals_learn(struct flow_totals *t, struct flow_entry *e, struct verdict later)
{
	struct verdict was = verdict_unpack(e->verdict), now;
	uint32_t merged;

	if ((later.sure == SURE_NOTHING && later.security == SECURITY_UNKNOWN) ||
	    later.app >= APP_COUNT || later.security >= SECURITY_COUNT)
		return;
	merged = verdict_merge(e->verdict, verdict_pack(later));
	if (merged == e->verdict)
		return;
	e->verdict = merged;
	now = verdict_unpack(merged);
	app_move(&t->app[was.app], &t->app[now.app], e);
	count_move(&t->security[was.security], &t->security[now.security], e->unsettled);
	if (verdict_settled(now))
		e->unsettled = (struct count){0};
}

void flow_totals_count(struct flow_totals *t, struct flow_entry *e, const struct flow_delta *d)
{
	struct verdict flow = verdict_unpack(e->verdict);
	struct app_total *app = &t->app[flow.app];
	bool own = verdict_settled(d->verdict) && d->verdict.security < SECURITY_COUNT;
	struct count *security = &t->security[own ? d->verdict.security : flow.security];

	app->packets += d->packets;
	app->bytes += d->bytes;
	security->packets += d->packets;
	security->bytes += d->bytes;
	if (!own && !verdict_settled(flow)) {
		e->unsettled.packets += d->packets;
		e->unsettled.bytes += d->bytes;
	}
}

void flow_totals_open(struct flow_totals *t, const struct flow_entry *e)
{
	t->app[verdict_unpack(e->verdict).app].flows++;
	t->transport_flows[transport_of(e->id.proto)]++;
}

static double rate(uint64_t now, uint64_t before, double interval_s)
{
	return interval_s > 0 && now > before ? (now - before) / interval_s : 0;
}

void flow_totals_fill(struct flow_totals *t, struct snapshot *s, double interval_s)
{
	for (int i = 0; i < APP_COUNT; i++) {
		struct count *before = &t->app_before[i];

		s->app[i] = t->app[i];
		s->app[i].pps = rate(t->app[i].packets, before->packets, interval_s);
		s->app[i].bps = rate(t->app[i].bytes, before->bytes, interval_s) * 8;
		*before = (struct count){t->app[i].packets, t->app[i].bytes};
	}
	memcpy(s->security, t->security, sizeof(s->security));
	memcpy(s->transport_flows, t->transport_flows, sizeof(s->transport_flows));
}
