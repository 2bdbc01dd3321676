// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The mouse: whatever draws something that can be clicked says where it is; the spots of a frame
 * are forgotten when the next is drawn. A click does what a key would do as well.
 */
#include <curses.h>

#include "view/live.h"

enum { WHEEL_ROWS = 3 };

void live_spot(struct view *v, struct pane pane, enum live_spot_kind kind, int value)
{
	if (v->n_spots < LIVE_SPOTS)
		v->spots[v->n_spots++] = (struct live_spot){pane, kind, value};
}

static void click_column(struct view *v, unsigned column)
{
	const struct live_list *l = &v->lists[v->tab];

	live_sort(v, column, l->sort == column && !l->reverse);
}

static void click_row(struct view *v, size_t row)
{
	struct table_scroll *s = &v->lists[v->tab].scroll;

	live_arrange(v);
	if (row >= v->n_order)
		return;
	if (row == s->selected)
		live_key(v, KEY_ENTER);
	else
		s->selected = row;
}

static void click(struct view *v, const struct live_spot *s, int y)
{
	switch (s->kind) {
	case SPOT_KEY:
		live_key(v, s->value);
		break;
	case SPOT_SORT:
		click_column(v, s->value);
		break;
	case SPOT_ROWS:
		click_row(v, s->value + (y - s->pane.y));
		break;
	}
}

static void mouse_did(struct view *v, const struct terminal_mouse *m)
{
	v->typing = false;
	if (m->did != MOUSE_CLICK) {
		for (int i = 0; i < WHEEL_ROWS; i++)
			live_key(v, m->did == MOUSE_WHEEL_UP ? KEY_UP : KEY_DOWN);
		return;
	}
	for (size_t i = v->n_spots; i--;) {
		if (pane_covers(&v->spots[i].pane, m->y, m->x)) {
			click(v, &v->spots[i], m->y);
			return;
		}
	}
	v->help = false;
}

void live_mouse(struct view *v)
{
	struct terminal_mouse m;

	while (terminal_mouse(&m))
		mouse_did(v, &m);
}
