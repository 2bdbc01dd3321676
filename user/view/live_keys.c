// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What each key does: two tables, of keys and of their explanations, and a short function each. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "view/json.h"
#include "view/label.h"
#include "view/live.h"

/* ---- where one looks ---- */

static void show_tab(struct view *v, int tab)
{
	v->tab = (tab + LIVE_TABS) % LIVE_TABS;
	v->zoom = ZOOM_NONE;
	v->typing = false;
	v->n_order = 0;
}

static void next_tab(struct view *v)
{
	show_tab(v, v->tab + 1);
}

static void previous_tab(struct view *v)
{
	show_tab(v, v->tab - 1);
}

static void go_back(struct view *v)
{
	if (v->zoom)
		v->zoom = ZOOM_NONE;
	else
		v->lists[v->tab].filter[0] = 0;
}

static void zoom_to(struct view *v, enum live_zoom zoom)
{
	v->zoom = zoom;
	v->zoom_scroll = (struct table_scroll){0};
}

static void zoom_to_host(struct view *v, const uint8_t addr[16])
{
	memcpy(v->on.addr, addr, sizeof(v->on.addr));
	zoom_to(v, ZOOM_HOST);
}

/* An alert about a host leads to the host, every other one to its own text. */
static void zoom_to_alert(struct view *v, const struct alert_view *alert)
{
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, alert->alert.subject, addr + 12) == 1 ||
	    inet_pton(AF_INET6, alert->alert.subject, addr) == 1) {
		zoom_to_host(v, addr);
		return;
	}
	v->on.alert = *alert;
	zoom_to(v, ZOOM_ALERT);
}

static void zoom_to_app(struct view *v, const struct app_row *app)
{
	show_tab(v, LIVE_FLOWS);
	snprintf(v->lists[LIVE_FLOWS].filter, sizeof(v->lists[0].filter), "%.*s",
		 (int)strcspn(app->name, " "), app->name);
}

static void zoom_in(struct view *v)
{
	const void *row = v->zoom ? NULL : live_selected(v);

	if (!row)
		return;
	switch (v->tab) {
	case LIVE_FLOWS:
		v->on.flow = *(const struct flow_view *)row;
		zoom_to(v, ZOOM_FLOW);
		break;
	case LIVE_TALKERS:
		zoom_to_host(v, ((const struct talker *)row)->addr);
		break;
	case LIVE_APPS:
		zoom_to_app(v, row);
		break;
	case LIVE_DNS:
		zoom_to_host(v, ((const struct dns_server_view *)row)->addr);
		break;
	case LIVE_ALERTS:
		zoom_to_alert(v, row);
		break;
	case LIVE_PACKETS:
		v->on.packet = *(const struct live_packet *)row;
		zoom_to(v, ZOOM_PACKET);
		break;
	default:
		break;
	}
}

static void move_by(struct view *v, long rows)
{
	/* A zoom is a page of text: what moves is its first line. */
	if (v->zoom) {
		table_scroll_by(&v->zoom_scroll, rows, v->n_order, 1);
		return;
	}
	live_arrange(v);
	table_scroll_by(&v->lists[v->tab].scroll, rows, v->n_order, v->page);
}

static void move_up(struct view *v)
{
	move_by(v, -1);
}

static void move_down(struct view *v)
{
	move_by(v, 1);
}

static void page_up(struct view *v)
{
	move_by(v, -(long)v->page);
}

static void page_down(struct view *v)
{
	move_by(v, (long)v->page);
}

static void move_home(struct view *v)
{
	move_by(v, -TABLE_ROWS);
}

static void move_end(struct view *v)
{
	move_by(v, TABLE_ROWS);
}

/* ---- how it is shown ---- */

void live_sort(struct view *v, unsigned column, bool reverse)
{
	const struct table *t = live_table_of(v->tab);
	struct live_list *l = &v->lists[v->tab];

	if (!t || v->zoom)
		return;
	l->sort = column % t->n_columns;
	l->reverse = reverse;
	live_say(v, "sorted by %s%s", t->columns[l->sort].title, reverse ? ", reversed" : "");
}

/* To the next column, or the one before, that the window has room for: the others cannot be seen.
 */
static void sort_by(struct view *v, unsigned step)
{
	const struct table *t = live_table_of(v->tab);
	unsigned column = v->lists[v->tab].sort, widths[TABLE_COLUMNS];

	if (!t)
		return;
	table_fit(t, terminal_screen().w, widths);
	do
		column = (column + step) % t->n_columns;
	while (!widths[column] && column != v->lists[v->tab].sort);
	live_sort(v, column, v->lists[v->tab].reverse);
}

static void sort_next(struct view *v)
{
	sort_by(v, 1);
}

static void sort_previous(struct view *v)
{
	const struct table *t = live_table_of(v->tab);

	sort_by(v, t ? t->n_columns - 1 : 0);
}

static void reverse_order(struct view *v)
{
	live_sort(v, v->lists[v->tab].sort, !v->lists[v->tab].reverse);
}

static void start_filter(struct view *v)
{
	if (v->zoom || v->tab == LIVE_OVERVIEW)
		show_tab(v, v->tab == LIVE_OVERVIEW ? LIVE_FLOWS : v->tab);
	v->typing = true;
}

static void toggle_pause(struct view *v)
{
	v->paused = !v->paused;
	if (!v->paused)
		live_catch_up(v);
}

static void next_unit(struct view *v)
{
	static const char *const names[LIVE_UNITS] = {
		[LIVE_BITS] = "bits", [LIVE_BYTES] = "bytes", [LIVE_PPS] = "packets"};

	v->unit = (v->unit + 1) % LIVE_UNITS;
	live_say(v, "rates in %s", names[v->unit]);
}

static void toggle_names(struct view *v)
{
	v->names = !v->names;
	live_say(v, v->names ? "names" : "addresses");
}

static void toggle_mouse(struct view *v)
{
	v->mouse = !v->mouse;
	terminal_mouse_on(v->mouse);
	live_say(v, v->mouse ? "the mouse clicks and scrolls" : "the mouse selects text");
}

static void toggle_help(struct view *v)
{
	v->help = !v->help;
}

static void quit(struct view *v)
{
	v->quit = true;
}

static int put_screen(struct view *v, FILE *file)
{
	(void)v;
	return terminal_dump(file);
}

static int put_json(struct view *v, FILE *file)
{
	size_t len;
	char *line = json_snapshot(&v->shown, &len);
	int error = 0;

	if (!line)
		return -errno;
	if (fwrite(line, len, 1, file) != 1 || fputc('\n', file) == EOF)
		error = -errno;
	free(line);
	return error;
}

/*
 * Where we stand, else in /tmp: who watches as nobody (guard.c) may write to few directories. Never
 * over a file that is there. Returns a descriptor and its path, or -errno.
 */
static int open_file(const char *ending, char path[64])
{
	static const char *const directories[] = {"", "/tmp/"};
	char clock[40];
	struct tm tm;
	time_t now = time(NULL);
	int fd = -1;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%Y%m%d-%H%M%S", &tm);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && fd < 0; i++) {
		snprintf(path, 64, "%sxdplens-%s.%s", directories[i], clock, ending);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0 && errno != EACCES && errno != EROFS)
			break;
	}
	return fd < 0 ? -errno : fd;
}

static void write_file(struct view *v, const char *ending, int (*put)(struct view *, FILE *))
{
	char path[64];
	int fd = open_file(ending, path), error;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	error = file ? put(v, file) : fd < 0 ? fd : -errno;
	if (file && fclose(file) && !error)
		error = -errno;
	else if (!file && fd >= 0)
		close(fd);
	if (error)
		live_say(v, "cannot write %s: %s", path, strerror(-error));
	else
		live_say(v, "written to %s", path);
}

static void write_screen(struct view *v)
{
	write_file(v, "txt", put_screen);
}

static void write_json(struct view *v)
{
	write_file(v, "json", put_json);
}

/* ---- the tables ---- */

static const struct {
	int key;
	void (*act)(struct view *v);
} keys[] = {
	{'\t', next_tab},
	{KEY_RIGHT, next_tab},
	{KEY_BTAB, previous_tab},
	{KEY_LEFT, previous_tab},
	{KEY_UP, move_up},
	{'k', move_up},
	{KEY_DOWN, move_down},
	{'j', move_down},
	{KEY_PPAGE, page_up},
	{KEY_NPAGE, page_down},
	{KEY_HOME, move_home},
	{'g', move_home},
	{KEY_END, move_end},
	{'G', move_end},
	{'s', sort_next},
	{'S', sort_previous},
	{'r', reverse_order},
	{'/', start_filter},
	{'p', toggle_pause},
	{' ', toggle_pause},
	{'u', next_unit},
	{'n', toggle_names},
	{'\r', zoom_in},
	{'\n', zoom_in},
	{KEY_ENTER, zoom_in},
	{27, go_back},
	{KEY_BACKSPACE, go_back},
	{127, go_back},
	{'\b', go_back},
	{'w', write_screen},
	{'W', write_json},
	{'m', toggle_mouse},
	{'h', toggle_help},
	{'?', toggle_help},
	{KEY_F(1), toggle_help},
	{'q', quit},
	{'Q', quit},
	{KEY_F(10), quit},
};

const struct live_help live_help[] = {
	{"1 ... 7, Tab", "the views, by their numbers or in turn"},
	{"Up Down PgUp PgDn", "select and scroll (also j k, Home End)"},
	{"Enter", "look closer at a flow, host, application, alert or packet"},
	{"Esc", "back; in a list: drop the filter"},
	{"s S", "sort by the next column, by the previous one"},
	{"r", "reverse the order"},
	{"/", "filter as you type; Enter keeps it, Esc drops it"},
	{"p Space", "pause the picture; counting goes on"},
	{"u", "rates in bits, bytes or packets"},
	{"n", "names or addresses"},
	{"w W", "write to a file: this screen as text, this moment as JSON"},
	{"m", "let the mouse select text; else it clicks and scrolls"},
	{"h ?", "this help"},
	{"q", "leave; a summary stays in the terminal"},
	{NULL, NULL},
};

/* Ends with Enter or Esc; any other key that is no letter ends it and does what it always does. */
static bool type_filter(struct view *v, int key)
{
	char *filter = v->lists[v->tab].filter;
	size_t len = strlen(filter);

	if (key >= ' ' && key <= '~') {
		if (len + 1 < sizeof(v->lists[0].filter)) {
			filter[len] = (char)key;
			filter[len + 1] = 0;
		}
		v->lists[v->tab].scroll = (struct table_scroll){0};
		return true;
	}
	if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		if (len)
			filter[len - 1] = 0;
		return true;
	}
	v->typing = false;
	if (key == 27)
		filter[0] = 0;
	return key == 27 || key == '\r' || key == '\n' || key == KEY_ENTER;
}

void live_key(struct view *v, int key)
{
	if (key == KEY_MOUSE) {
		live_mouse(v);
		return;
	}
	if (key == KEY_RESIZE || (v->typing && type_filter(v, key)))
		return;
	if (v->help) {
		v->help = false;
		return;
	}
	if (key >= '1' && key < '1' + LIVE_TABS) {
		show_tab(v, key - '1');
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].key == key)
			keys[i].act(v);
}
