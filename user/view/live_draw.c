// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The frame around every tab: title line, tabs, the tab itself, the ledger, and the last line for
 * keys or messages. Where there is little room the less needed lines go first.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "view/label.h"
#include "view/live.h"
#include "view/units.h"

enum { LEAST_ROWS = 3, LEAST_COLUMNS = 16, ROOMY = 100, DETAILED = 140 };

static void draw_top_line(struct view *v, const struct pane *p)
{
	const struct snapshot *s = &v->shown;
	char clock[UNITS_LEN], up[UNITS_LEN];
	int column = 0, right;

	pane_blank(p, 0, TINT_BAR);
	column = pane_text(p, 0, column, TINT_TAB, " xdplens ");
	column = pane_text(p, 0, column, TINT_BAR, " %.60s", s->source);
	if (s->mode[0])
		column = pane_text(p, 0, column, TINT_BAR, "  %s", s->mode);
	if (s->time)
		column = pane_text(p, 0, column, TINT_BAR, "  %s %s", s->live ? "up" : "over",
				   units_duration(up, s->duration_s));
	else
		column = pane_text(p, 0, column, TINT_BAR, "  the first interval is under way");
	right = p->w - 9;
	if (s->time && right > column)
		pane_text(p, 0, right, TINT_BAR, "%s", units_clock(clock, s->time));
	right -= 8;
	if (v->paused)
		pane_text(p, 0, right > 0 ? right : 0, TINT_BAD, "PAUSED");
}

/* A spot in a line, from one column to another. */
static void spot_in(struct view *v, const struct pane *line, int from, int to, int key)
{
	struct pane p = *line;

	pane_columns(&p, from);
	live_spot(v, pane_columns(&p, to - from), SPOT_KEY, key);
}

static void draw_tabs(struct view *v, const struct pane *p)
{
	static const struct {
		const char *full, *brief;
	} names[LIVE_TABS] = {{"Overview", "Over"},	{"Flows", "Flow"}, {"Talkers", "Talk"},
			      {"Applications", "Apps"}, {"DNS", "DNS"},	   {"Alerts", "Alrt"},
			      {"Packets", "Pkts"}};
	bool full = p->w >= 78;
	int column = 0;

	for (int i = 0; i < LIVE_TABS; i++) {
		enum tint tint = i == (int)v->tab ? TINT_TAB : TINT_TEXT;
		int from = column;

		if (i == LIVE_ALERTS && v->shown.n_alerts_open && i != (int)v->tab)
			tint = TINT_BAD;
		column = pane_text(p, 0, column, tint, full ? " %d %s" : "%d%s", i + 1,
				   full ? names[i].full : names[i].brief);
		if (i == LIVE_ALERTS && v->shown.n_alerts_open)
			column = pane_text(p, 0, column, tint, " %zu", v->shown.n_alerts_open);
		column = full ? pane_text(p, 0, column, tint, " ") : column + 1;
		spot_in(v, p, from, column, '1' + i);
	}
}

/*
 * A label and its value, whole or not at all: half a number is a wrong one. The gap before them is
 * wide where there is room. Returns the column after it.
 */
__attribute__((format(printf, 5, 6))) static int
draw_fact(const struct pane *p, int column, const char *label, enum tint tint, const char *fmt, ...)
{
	int gap = p->w < ROOMY ? 1 : 2;
	char value[96];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (column + gap + (int)(strlen(label) + 1 + strlen(value)) > p->w)
		return column;
	column = pane_text(p, 0, column + gap, TINT_DIM, "%s ", label);
	return pane_text(p, 0, column, tint, "%s", value);
}

/* By its kind where there is room for that, else in all. */
static int draw_missing(const struct pane *p, int column, const char *label, enum tint tint,
			uint64_t all, const char *const *kinds, const uint64_t *n, int n_kinds)
{
	char text[UNITS_LEN], each[LOST_COUNT * 2 * UNITS_LEN] = "";
	size_t at = 0;

	tint = all ? tint : TINT_GOOD;
	if (p->w < DETAILED)
		return draw_fact(p, column, label, tint, "%s", units_count(text, all));
	for (int i = 0; i < n_kinds && at < sizeof(each); i++)
		at += snprintf(each + at, sizeof(each) - at, "%s%s %s", i ? " " : "", kinds[i],
			       units_count(text, n[i]));
	return draw_fact(p, column, label, tint, "%s", each);
}

static void draw_ledger(struct view *v, const struct pane *p)
{
	static const char *const skips[] = {"payloads", "first packets", "dns"};
	const struct snapshot *s = &v->shown;
	const struct ledger *l = &s->ledger;
	const uint64_t skipped[] = {l->looks_skipped, l->head_skipped, l->dns_skipped};
	char text[UNITS_LEN];
	int column = 0;

	column = draw_fact(p, column, "seen", TINT_TEXT, "%s", units_count(text, l->seen));
	column = draw_fact(p, column, "covered", label_coverage(l) < 99 ? TINT_WARN : TINT_GOOD,
			   "%s", units_coverage(text, label_coverage(l)));
	column = draw_fact(p, column, "balance", l->balance ? TINT_BAD : TINT_GOOD, "%lld",
			   (long long)l->balance);
	column = draw_missing(p, column, "lost", TINT_BAD, label_lost(l), label_loss, l->lost,
			      LOST_COUNT);
	column = draw_missing(p, column, "skipped", TINT_WARN, label_skipped(l), skips, skipped, 3);
	if (s->cost_known)
		draw_fact(p, column, "cost", TINT_TEXT, "%.0f ns %.1f%%", s->cost_ns_per_packet,
			  s->cost_cpu_percent);
}

static int draw_hint(struct view *v, const struct pane *p, int column, int key, const char *what)
{
	static const struct {
		int key;
		const char *name;
	} names[] = {{27, "Esc"}, {'\r', "Enter"}};
	char name[8] = {(char)key};
	int end;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].key == key)
			snprintf(name, sizeof(name), "%s", names[i].name);
	end = pane_text(p, 0, column, TINT_TAB, "%s", name);
	end = pane_text(p, 0, end, TINT_BAR, " %s ", what);
	spot_in(v, p, column, end, key);
	return end;
}

static void draw_last_line(struct view *v, const struct pane *p)
{
	static const char *const units[LIVE_UNITS] = {
		[LIVE_BITS] = "Bits", [LIVE_BYTES] = "Bytes", [LIVE_PPS] = "Packets"};
	bool list = !v->zoom && live_table_of(v->tab);
	int column = 0;

	pane_blank(p, 0, TINT_BAR);
	if (live_now() < v->message_until) {
		pane_text(p, 0, 0, TINT_BAR, " %s", v->message);
		return;
	}
	column = draw_hint(v, p, column, 'h', "Help");
	column = draw_hint(v, p, column, 'q', "Quit");
	if (v->zoom)
		column = draw_hint(v, p, column, 27, "Back");
	column = draw_hint(v, p, column, 'p', v->paused ? "Go on" : "Pause");
	column = draw_hint(v, p, column, 'u', units[v->unit]);
	column = draw_hint(v, p, column, 'n', v->names ? "Names" : "Addresses");
	column = draw_hint(v, p, column, '/', "Filter");
	if (list) {
		column = draw_hint(v, p, column, 's', "Sort");
		column = draw_hint(v, p, column, 'r', "Reverse");
		draw_hint(v, p, column, '\r', "Zoom");
	}
}

static void draw_help(struct pane p)
{
	pane_title(&p, "Keys");
	for (int i = 0; live_help[i].keys; i++) {
		pane_text(&p, i, 2, TINT_KEY, "%-18s", live_help[i].keys);
		pane_text(&p, i, p.w < 60 ? 12 : 21, TINT_TEXT, "%s", live_help[i].what);
	}
	pane_text(&p, p.h - 1, 2, TINT_DIM, "any key: back");
}

static void draw_body(struct view *v, struct pane p)
{
	if (v->help)
		draw_help(p);
	else if (v->zoom)
		live_draw_zoom(v, p);
	else if (v->tab == LIVE_OVERVIEW)
		live_draw_overview(v, p);
	else if (v->tab == LIVE_APPS)
		live_draw_apps(v, p);
	else if (v->tab == LIVE_DNS)
		live_draw_dns(v, p);
	else
		live_draw_list(v, p);
}

void live_draw(struct view *v)
{
	struct pane all = terminal_screen(), line, last;

	terminal_begin();
	v->n_spots = 0;
	if (all.h < LEAST_ROWS || all.w < LEAST_COLUMNS) {
		char rate[UNITS_LEN];

		pane_text(&all, 0, 0, TINT_TEXT, "%s",
			  live_rate(v, rate, v->shown.pps, v->shown.bps));
		terminal_end();
		return;
	}
	line = pane_rows(&all, 1);
	draw_top_line(v, &line);
	last = all;
	last.y += all.h - 1;
	last.h = 1;
	all.h--;
	draw_last_line(v, &last);
	if (all.h >= 4) {
		line = pane_rows(&all, 1);
		draw_tabs(v, &line);
	}
	if (all.h >= 8) {
		line = all;
		line.y += all.h - 1;
		line.h = 1;
		all.h--;
		draw_ledger(v, &line);
	}
	draw_body(v, all);
	terminal_end();
}
