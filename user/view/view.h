/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interface of a view: something that draws snapshots. All calls come from the main thread.
 */
#ifndef XDPLENS_VIEW_H
#define XDPLENS_VIEW_H

#include "snapshot.h"

struct options;
struct view;

struct view_ops {
	const char *name;
	struct view *(*open)(const struct options *options); /* NULL: said why on stderr */
	/* A new snapshot. 0, or -errno when the output is gone. */
	int (*snapshot)(struct view *v, const struct snapshot *s);
	/* A packet that was copied (may be NULL); must only note it. */
	void (*event)(struct view *v, const struct event *event);
	/*
	 * Called every few milliseconds; handles keys or clients. Returns 1 when the user asked to
	 * quit, else 0 or -errno.
	 */
	int (*poll)(struct view *v);
	void (*close)(struct view *v); /* NULL is fine */
};

extern const struct view_ops view_plain, view_json, view_live, view_web;

#endif
