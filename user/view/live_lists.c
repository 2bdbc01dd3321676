// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lists on the screen: which rows belong to which tab, drawn with titles, colours, a selection and
 * a page. The columns come from live_columns.c, order and filter from table.c.
 */
#include <string.h>

#include "view/live.h"

/* ---- which rows ---- */

static struct live_rows packet_rows(struct view *v)
{
	size_t n = v->n_packets < LIVE_COPIES ? v->n_packets : LIVE_COPIES;

	for (size_t i = 0; i < n; i++)
		v->newest_packets[i] = v->packets[(v->n_packets - 1 - i) % LIVE_COPIES];
	return (struct live_rows){live_table_of(LIVE_PACKETS), v->newest_packets, n};
}

const struct table *live_table_of(enum live_tab tab)
{
	static const struct table *const tables[LIVE_TABS] = {
		[LIVE_FLOWS] = &live_flows,   [LIVE_TALKERS] = &live_talkers,
		[LIVE_APPS] = &live_apps,     [LIVE_DNS] = &live_servers,
		[LIVE_ALERTS] = &live_alerts, [LIVE_PACKETS] = &live_packets,
	};

	return tables[tab];
}

struct live_rows live_rows_of(struct view *v, enum live_tab tab)
{
	const struct table *table = live_table_of(tab);
	const struct snapshot *s = &v->shown;

	switch (tab) {
	case LIVE_FLOWS:
		return (struct live_rows){table, s->flows, s->n_flows};
	case LIVE_TALKERS:
		return (struct live_rows){table, s->talkers, s->n_talkers};
	case LIVE_APPS:
		return (struct live_rows){table, v->apps, app_rows(s, APP_COUNT, 0, v->apps)};
	case LIVE_DNS:
		return (struct live_rows){table, s->dns.servers, s->dns.n_servers};
	case LIVE_ALERTS:
		return (struct live_rows){table, s->alerts, s->n_alerts};
	case LIVE_PACKETS:
		return packet_rows(v);
	default:
		return (struct live_rows){0};
	}
}

struct live_rows live_arrange(struct view *v)
{
	struct live_rows list = live_rows_of(v, v->tab);
	const struct live_list *l = &v->lists[v->tab];
	struct table_order by = {l->sort, l->reverse, l->filter, v};

	v->n_order = 0;
	if (list.table)
		v->n_order = table_arrange(list.table, list.rows, list.n, &by, v->order);
	return list;
}

const void *live_selected(struct view *v)
{
	struct live_rows list = live_arrange(v);
	size_t at = v->lists[v->tab].scroll.selected;

	if (at >= v->n_order)
		return NULL;
	return (const char *)list.rows + list.table->row_size * v->order[at];
}

/* ---- drawing ---- */

/* An arrow, or where there is none a letter, says which way: greatest (or Z) first, or last. */
static void draw_arrow(const struct pane *p, int column, bool down)
{
	static const char *const arrows[] = {"\u25b2", "\u25bc"};

	if (terminal_utf8())
		pane_glyphs(p, 0, column, TINT_KEY, arrows[down], 1);
	else
		pane_text(p, 0, column, TINT_KEY, down ? "v" : "^");
}

static void draw_titles(const struct pane *p, const struct table *t, const unsigned *widths,
			unsigned sort, bool reverse)
{
	char text[TABLE_CELL];
	int column = 0;

	for (unsigned i = 0; i < t->n_columns; i++) {
		if (!widths[i])
			continue;
		table_title(&t->columns[i], widths[i], text);
		pane_text(p, 0, column, i == sort ? TINT_KEY : TINT_TITLE, "%s", text);
		column += widths[i];
		if (i == sort)
			draw_arrow(p, column, t->columns[i].right != reverse);
		column++;
	}
}

static void draw_row(const struct view *v, const struct pane *p, int row, const struct table *t,
		     const unsigned *widths, const void *subject, bool selected)
{
	char text[TABLE_CELL];
	int column = 0;

	if (selected)
		pane_blank(p, row, TINT_SELECTED);
	for (unsigned i = 0; i < t->n_columns; i++) {
		const struct table_column *c = &t->columns[i];
		enum tint tint = c->tint ? c->tint(subject) : TINT_TEXT;

		if (!widths[i])
			continue;
		table_cell(c, subject, v, widths[i], text);
		pane_text(p, row, column, selected ? TINT_SELECTED : tint, "%s", text);
		column += widths[i] + 1;
	}
}

static const void *row_of(const struct live_rows *list, uint16_t i)
{
	return (const char *)list->rows + list->table->row_size * i;
}

static void spot_titles(struct view *v, const struct pane *p, const struct table *t,
			const unsigned *widths)
{
	struct pane left = *p;

	for (unsigned i = 0; i < t->n_columns; i++)
		if (widths[i])
			live_spot(v, pane_columns(&left, widths[i] + 1), SPOT_SORT, i);
}

static void draw_foot(struct view *v, const struct pane *p, size_t n)
{
	struct live_list *l = &v->lists[v->tab];
	size_t first = v->n_order ? l->scroll.top + 1 : 0;
	size_t last = l->scroll.top + v->page < v->n_order ? l->scroll.top + v->page : v->n_order;
	int column = pane_text(p, 0, 0, TINT_DIM, "%zu-%zu of %zu", first, last, v->n_order);

	if (v->n_order < n)
		column = pane_text(p, 0, column, TINT_DIM, ", %zu filtered out", n - v->n_order);
	if (l->filter[0] || v->typing)
		pane_text(p, 0, column, TINT_KEY, "  filter: %s%s", l->filter,
			  v->typing ? "_" : "");
}

void live_draw_list(struct view *v, struct pane p)
{
	struct live_rows list = live_arrange(v);
	struct live_list *l = &v->lists[v->tab];
	unsigned widths[TABLE_COLUMNS];
	struct pane titles = pane_rows(&p, 1), rows = pane_rows(&p, p.h - 1);

	if (!list.table)
		return;
	v->page = rows.h;
	table_scroll_by(&l->scroll, 0, v->n_order, v->page);
	table_fit(list.table, titles.w, widths);
	draw_titles(&titles, list.table, widths, l->sort, l->reverse);
	spot_titles(v, &titles, list.table, widths);
	live_spot(v, rows, SPOT_ROWS, l->scroll.top);
	for (int i = 0; i < rows.h && l->scroll.top + i < v->n_order; i++) {
		size_t at = l->scroll.top + i;

		draw_row(v, &rows, i, list.table, widths, row_of(&list, v->order[at]),
			 at == l->scroll.selected);
	}
	if (!v->n_order)
		pane_text(&rows, 0, 0, TINT_DIM, list.n ? "nothing matches" : "nothing yet");
	draw_foot(v, &p, list.n);
}

void live_draw_top(const struct view *v, struct pane p, const struct live_rows *list)
{
	struct table_order by = {.sort = list->table->sort, .context = v};
	uint16_t order[TABLE_ROWS];
	size_t n = table_arrange(list->table, list->rows, list->n, &by, order);
	unsigned widths[TABLE_COLUMNS];
	struct pane titles = pane_rows(&p, 1);

	table_fit(list->table, titles.w - 1, widths);
	draw_titles(&titles, list->table, widths, TABLE_COLUMNS, false);
	for (int i = 0; i < p.h && (size_t)i < n; i++)
		draw_row(v, &p, i, list->table, widths, row_of(list, order[i]), false);
}
