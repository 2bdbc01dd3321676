/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The live view's state and its parts: live.c owns it, live_keys.c and live_mouse.c change what is
 * looked at, live_draw.c and the others draw it. Nothing outside of view/live*.c includes this.
 */
#ifndef XDPLENS_VIEW_LIVE_H
#define XDPLENS_VIEW_LIVE_H

#include "options.h"
#include "view/apps.h"
#include "view/history.h"
#include "view/table.h"
#include "view/terminal.h"
#include "view/view.h"

enum live_tab {
	LIVE_OVERVIEW,
	LIVE_FLOWS,
	LIVE_TALKERS,
	LIVE_APPS,
	LIVE_DNS,
	LIVE_ALERTS,
	LIVE_PACKETS,
	LIVE_TABS
};

enum live_unit { LIVE_BITS, LIVE_BYTES, LIVE_PPS, LIVE_UNITS };

/* A place on the screen that does something when it is clicked. */
enum live_spot_kind {
	SPOT_KEY,  /* what the key `value` does */
	SPOT_SORT, /* sorts by column `value`; again: the other way round */
	SPOT_ROWS, /* selects a row; the first is row `value` of the list. Again: zooms into it */
};

struct live_spot {
	struct pane pane;
	enum live_spot_kind kind;
	int value;
};

enum {
	LIVE_SPOTS = 64,
	LIVE_COPIES = 256, /* packets kept; the oldest makes room */
	LIVE_COPY = 128,   /* octets of each */
};

/* A copied packet, as much of it as is kept. */
struct live_packet {
	uint64_t ts;
	struct packet packet;
	struct verdict verdict;
	uint32_t wire_len, caplen;
	uint8_t why;
	double dns_latency_ms;
	char interface[16];
	uint8_t data[LIVE_COPY];
};

enum live_zoom { ZOOM_NONE, ZOOM_HOST, ZOOM_FLOW, ZOOM_PACKET, ZOOM_ALERT };

struct view {
	const struct options *options;
	struct snapshot shown;		 /* what is drawn; stands still while paused */
	struct snapshot newest;		 /* what comes after a pause */
	struct history history, graphed; /* as `newest` and `shown` */
	struct live_packet packets[LIVE_COPIES];
	size_t n_packets; /* ever noted */
	uint64_t drawn;	  /* ns of the monotonic clock */
	bool stale;	  /* a snapshot came since */
	bool touched;	  /* a key was pressed since */

	enum live_tab tab;
	struct live_list {
		struct table_scroll scroll;
		unsigned sort;
		bool reverse;
		char filter[48];
	} lists[LIVE_TABS];
	bool typing; /* into the filter */
	bool begun, paused, names, help, quit;
	enum live_unit unit;
	size_t page; /* rows of a list that were on the screen */
	bool mouse;
	struct live_spot spots[LIVE_SPOTS]; /* of the frame that is shown */
	size_t n_spots;

	enum live_zoom zoom;
	struct {
		uint8_t addr[16];	   /* ZOOM_HOST */
		struct flow_view flow;	   /* ZOOM_FLOW: identity, and as it was last seen */
		struct live_packet packet; /* ZOOM_PACKET */
		struct alert_view alert;   /* ZOOM_ALERT */
	} on;
	struct table_scroll zoom_scroll;

	char message[200]; /* in the last line until `message_until` */
	uint64_t message_until;
	char last_log[200];
	uint16_t order[TABLE_ROWS]; /* rows of the open list, or n_order first lines of a zoom */
	size_t n_order;
	struct app_row apps[APP_COUNT];
	struct app_total newest_transports[TRANSPORT_COUNT]; /* of `newest` */
	struct app_total transports[TRANSPORT_COUNT];	     /* of `shown` */
	struct live_packet newest_packets[LIVE_COPIES];
};

/* ---- live.c ---- */

uint64_t live_now(void); /* monotonic, ns */
__attribute__((format(printf, 2, 3))) void live_say(struct view *v, const char *fmt, ...);
/* What is shown becomes what is newest. */
void live_catch_up(struct view *v);
/* A rate in the chosen unit: one of the two values. pps negative: not known, in bits then. */
char *live_rate(const struct view *v, char dst[32], double pps, double bps);

/* ---- live_keys.c ---- */

void live_key(struct view *v, int key);
struct live_help {
	const char *keys, *what;
};
extern const struct live_help live_help[];

/* Sorts the open list by a column. */
void live_sort(struct view *v, unsigned column, bool reverse);

/* ---- live_mouse.c ---- */

/* From now until the next frame this place can be clicked. */
void live_spot(struct view *v, struct pane pane, enum live_spot_kind kind, int value);
/* What the mouse did. */
void live_mouse(struct view *v);

/* ---- live_lists.c ---- */

/* The table of a tab, NULL: it has none. */
const struct table *live_table_of(enum live_tab tab);

/* The list of a tab, with the filter and the order that the user chose. */
struct live_rows {
	const struct table *table; /* NULL: the tab has none */
	const void *rows;
	size_t n;
};
struct live_rows live_rows_of(struct view *v, enum live_tab tab);
/* The open tab's list, with v->order and v->n_order as they are now. */
struct live_rows live_arrange(struct view *v);
/* The row that is selected on the open tab, or NULL. */
const void *live_selected(struct view *v);
/* The open tab's list, with titles, selection and, in its last row, how much there is. */
void live_draw_list(struct view *v, struct pane p);
/* The first rows of a list in the table's own order, under their titles. */
void live_draw_top(const struct view *v, struct pane p, const struct live_rows *list);

/* ---- live_columns.c, live_records.c ---- */

extern const struct table live_flows, live_talkers, live_apps, live_servers, live_alerts,
	live_packets;
/* The same in few columns, for panels. */
extern const struct table live_brief_flows, live_brief_talkers, live_brief_apps, live_transports,
	live_slow, live_names;

/* ---- drawing ---- */

void live_draw(struct view *v);				/* live_draw.c */
void live_draw_overview(struct view *v, struct pane p); /* live_overview.c */
/* The transports that there are, as rows; returns how many. */
size_t live_transport_rows(const struct view *v, struct app_row rows[TRANSPORT_COUNT]);
void live_draw_apps(struct view *v, struct pane p);
void live_draw_dns(struct view *v, struct pane p); /* live_dns.c */
void live_draw_dns_panel(struct view *v, struct pane p);
void live_draw_zoom(struct view *v, struct pane p); /* live_zoom.c */
struct page;
/* A host's peers and applications. */
void live_add_sums(struct page *page, const struct view *v,
		   const uint8_t addr[16]); /* live_host.c */

#endif
