/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whole snapshots of the last hour, packed, so that every view of the page can look back: each
 * second of the last minute, one in ten seconds before that. Bounded by number and by octets; the
 * oldest makes room. Not locked: web.c does that.
 */
#ifndef XDPLENS_VIEW_WEB_FRAMES_H
#define XDPLENS_VIEW_WEB_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

enum {
	WEB_FRAMES = 512,
	WEB_FRAMES_OCTETS = 16 << 20, /* of all that are kept, packed */
	WEB_FRAMES_FINE_S = 60,	      /* as old as this, all are kept */
	WEB_FRAMES_COARSE_S = 10,     /* older: not closer to each other than this */
};

struct web_frame {
	double time; /* epoch seconds */
	size_t len, packed;
	unsigned char *data; /* zlib (RFC 1950) */
};

struct web_frames {
	struct web_frame frames[WEB_FRAMES]; /* oldest first */
	size_t n, octets;
};

/* Packs a snapshot's JSON. False: memory ran out. */
bool web_frame_pack(struct web_frame *f, double time, const char *json, size_t len);
/* The JSON, which the caller frees; NULL: memory ran out. */
char *web_frame_unpack(const struct web_frame *f);
/* A copy of the newest frame not younger than `at`, else of the oldest; false: there is none. */
bool web_frames_find(const struct web_frames *all, double at, struct web_frame *copy);
/* Takes a frame over; it must be the newest. */
void web_frames_add(struct web_frames *all, const struct web_frame *f);
void web_frames_clear(struct web_frames *all);

#endif
