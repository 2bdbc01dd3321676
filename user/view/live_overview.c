// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The first tab: rates of the last minute, what the traffic is made of, DNS, who talks, and what is
 * wrong. Panels share the room there is; where it is narrow they stand below each other, and those
 * that find no room are left to their own tabs.
 */
#include <stdio.h>
#include <string.h>

#include "view/graph.h"
#include "view/label.h"
#include "view/live.h"
#include "view/units.h"

enum {
	NARROW = 64,
	WIDE = 120,
	ROOMY = 30, /* rows in which transports have a table of their own */
	APPS_WIDTH = 55,
	GRAPH_WIDEST = 512,
	LEAST_LIST = 3
};

/* ---- the graph ---- */

static void draw_half(struct pane p, const double *values, double top, bool down)
{
	struct graph g = {
		.values = values,
		.n = HISTORY_SECONDS,
		.top = top,
		.width = p.w < GRAPH_WIDEST ? p.w : GRAPH_WIDEST,
		.height = p.h,
		.style = terminal_utf8() ? GRAPH_BRAILLE : GRAPH_ASCII,
		.down = down,
	};
	char text[GRAPH_WIDEST * GRAPH_CELL + 1];

	for (int row = 0; row < p.h; row++) {
		graph_row(&g, row, text, sizeof(text));
		pane_glyphs(&p, row, 0, down ? TINT_OUT : TINT_IN, text, g.width);
	}
}

static void draw_rates(const struct view *v, const struct pane *p, double top)
{
	const struct snapshot *s = &v->shown;
	char text[UNITS_LEN], more[UNITS_LEN];
	int column =
		pane_text(p, 0, 0, TINT_IN, " in %s", live_rate(v, text, s->in_pps, s->in_bps));

	if (v->unit != LIVE_PPS)
		column = pane_text(p, 0, column, TINT_DIM, " %s", units_packets(more, s->in_pps));
	column = pane_text(p, 0, column, TINT_OUT, "  out %s",
			   live_rate(v, text, s->out_pps, s->out_bps));
	if (v->unit != LIVE_PPS)
		column = pane_text(p, 0, column, TINT_DIM, " %s", units_packets(more, s->out_pps));
	live_rate(v, text, top, top);
	if (column + (int)strlen(text) + 14 < p->w)
		pane_text(p, 0, p->w - (int)strlen(text) - 12, TINT_DIM, "60 s, top %s", text);
}

/* In stands on the middle, out hangs from it, both to the same scale. */
static void draw_graph(const struct view *v, struct pane p)
{
	enum history_series in = v->unit == LIVE_PPS ? HISTORY_IN_PPS : HISTORY_IN_BPS;
	enum history_series out = v->unit == LIVE_PPS ? HISTORY_OUT_PPS : HISTORY_OUT_BPS;
	double ins[HISTORY_SECONDS], outs[HISTORY_SECONDS], a, b, top;
	struct pane rates = pane_rows(&p, 1), upper;

	history_seconds(&v->graphed, in, ins);
	history_seconds(&v->graphed, out, outs);
	a = graph_max(ins, HISTORY_SECONDS);
	b = graph_max(outs, HISTORY_SECONDS);
	top = graph_round_up(a > b ? a : b);
	draw_rates(v, &rates, top);
	if (!p.h)
		return;
	upper = pane_rows(&p, (p.h + 1) / 2);
	draw_half(upper, ins, top, false);
	draw_half(p, outs, top, true);
}

/* ---- what it is made of ---- */

static void draw_security(const struct view *v, const struct pane *p)
{
	static const enum tint tints[] = {TINT_GOOD, TINT_WARN, TINT_DIM};
	static const enum security order[] = {SECURITY_ENCRYPTED, SECURITY_UNENCRYPTED,
					      SECURITY_UNKNOWN};
	static const char *const full[] = {"encrypted", "unencrypted", "unknown"};
	static const char *const brief[] = {"enc", "plain", "?"};
	bool narrow = p->w < NARROW;
	double parts[3];
	char share[UNITS_LEN];
	int column = 1;

	for (int i = 0; i < 3; i++) {
		parts[i] = v->shown.security[order[i]].bytes;
		column = pane_text(p, 0, column, tints[i], "%s %s  ", narrow ? brief[i] : full[i],
				   units_share(share, parts[i], v->shown.bytes));
	}
	if (column < p->w - 6)
		pane_bar(p, 0, column, p->w - 1 - column, parts, tints, 3);
}

/* Each whole or not at all: half a number is a wrong one. */
static void draw_transport_line(const struct view *v, const struct pane *p)
{
	const struct snapshot *s = &v->shown;
	char share[UNITS_LEN], packets[UNITS_LEN], bytes[UNITS_LEN];
	int column = 1;

	for (int i = 1; i <= TRANSPORT_COUNT; i++) {
		int transport = i % TRANSPORT_COUNT; /* "other" last */
		const struct count *c = &s->transport[transport];
		const char *name = label_transport[transport];
		int width;

		if (!c->packets)
			continue;
		units_share(share, c->packets, s->packets);
		units_count(packets, c->packets);
		units_bytes(bytes, c->bytes);
		width = strlen(name) + strlen(share) + strlen(packets) + strlen(bytes) + 7;
		if (column + width > p->w)
			return;
		column = pane_text(p, 0, column, TINT_NAME, "%s ", name);
		column = pane_text(p, 0, column, TINT_TEXT, "%s ", share);
		column = pane_text(p, 0, column, TINT_DIM, "%s pkt %s  ", packets, bytes);
	}
}

size_t live_transport_rows(const struct view *v, struct app_row rows[TRANSPORT_COUNT])
{
	size_t n = 0;

	for (int i = 0; i < TRANSPORT_COUNT; i++) {
		if (!v->transports[i].packets)
			continue;
		rows[n].total = v->transports[i];
		snprintf(rows[n++].name, sizeof(rows[0].name), "%s", label_transport[i]);
	}
	return n;
}

static void draw_transports(const struct view *v, struct pane p)
{
	struct app_row rows[TRANSPORT_COUNT];
	size_t n = live_transport_rows(v, rows);

	live_draw_top(v, p, &(struct live_rows){&live_transports, rows, n});
}

static void draw_apps(struct view *v, struct pane p)
{
	struct live_rows list = {&live_brief_apps, v->apps, 0};

	list.n = app_rows(&v->shown, p.h > 2 ? p.h - 1 : 1, 0, v->apps);
	live_draw_top(v, p, &list);
}

/* The tab: applications, and under them transports. */
void live_draw_apps(struct view *v, struct pane p)
{
	struct app_row rows[TRANSPORT_COUNT];
	int below = (int)live_transport_rows(v, rows) + 1;

	if (p.h < 2 * below) {
		live_draw_list(v, p);
		return;
	}
	live_draw_list(v, pane_rows(&p, p.h - below));
	draw_transports(v, p);
}

/* ---- who ---- */

static void draw_talkers(const struct view *v, struct pane p)
{
	const struct snapshot *s = &v->shown;

	live_draw_top(v, p, &(struct live_rows){&live_brief_talkers, s->talkers, s->n_talkers});
}

static void draw_flows(const struct view *v, struct pane p)
{
	const struct snapshot *s = &v->shown;

	live_draw_top(v, p, &(struct live_rows){&live_brief_flows, s->flows, s->n_flows});
}

/* ---- what is wrong ---- */

static int draw_alerts(const struct view *v, struct pane p, int most)
{
	int row = 0;

	for (size_t i = 0; i < v->shown.n_alerts && row < most; i++) {
		const struct alert *a = &v->shown.alerts[i].alert;
		int column;

		if (a->end)
			continue;
		column = pane_text(&p, row, 0, a->severity >= SEVERITY_HIGH ? TINT_BAD : TINT_WARN,
				   " %s: %s: ", v->shown.alerts[i].detector, a->subject);
		pane_text(&p, row++, column, TINT_TEXT, "%s", a->reason);
	}
	if (row < most && v->shown.n_notes)
		pane_text(&p, row++, 0, TINT_DIM, " %s", v->shown.notes[v->shown.n_notes - 1]);
	return row;
}

/* ---- together ---- */

static void draw_narrow(struct view *v, struct pane p)
{
	struct pane apps = pane_rows(&p, p.h / 2 < LEAST_LIST ? p.h : p.h / 2);

	draw_apps(v, apps);
	if (p.h >= LEAST_LIST)
		draw_flows(v, p);
}

static void draw_columns(struct view *v, struct pane p, bool roomy)
{
	struct pane upper = pane_rows(&p, p.h < 2 * LEAST_LIST + 1 ? p.h : (p.h + 1) / 2);
	struct pane left = pane_columns(&upper, p.w >= WIDE ? p.w / 2 : APPS_WIDTH);
	struct app_row rows[TRANSPORT_COUNT];

	if (roomy)
		draw_transports(v, pane_rows(&left, (int)live_transport_rows(v, rows) + 1));
	draw_apps(v, left);
	live_spot(v, left, SPOT_KEY, '1' + LIVE_APPS);
	live_spot(v, upper, SPOT_KEY, '1' + LIVE_DNS);
	live_draw_dns_panel(v, upper);
	left = pane_columns(&p, p.w * 2 / 5);
	draw_talkers(v, left);
	draw_flows(v, p);
	live_spot(v, left, SPOT_KEY, '1' + LIVE_TALKERS);
	live_spot(v, p, SPOT_KEY, '1' + LIVE_FLOWS);
}

void live_draw_overview(struct view *v, struct pane p)
{
	struct pane line;
	int graph = p.h >= 8 ? p.h * 3 / 10 : 1;
	bool roomy = p.h >= ROOMY && p.w >= NARROW;
	struct pane alerts = pane_rows(&p, draw_alerts(v, p, p.h / 12));

	live_spot(v, alerts, SPOT_KEY, '1' + LIVE_ALERTS);
	draw_graph(v, pane_rows(&p, graph < 3 ? 1 : graph > 13 ? 13 : graph));
	line = pane_rows(&p, 1);
	draw_security(v, &line);
	line = pane_rows(&p, p.h > LEAST_LIST && !roomy ? 1 : 0);
	draw_transport_line(v, &line);
	if (p.w < NARROW)
		draw_narrow(v, p);
	else
		draw_columns(v, p, roomy);
}
