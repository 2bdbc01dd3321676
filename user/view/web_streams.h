/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The clients of /api/events. Each is given the newest moment when it has taken the last one: who
 * reads slowly misses some, who does not read is cut off, nobody makes anything pile up.
 */
#ifndef XDPLENS_VIEW_WEB_STREAMS_H
#define XDPLENS_VIEW_WEB_STREAMS_H

#include <stdbool.h>

struct view;
struct web_streams;
struct MHD_Connection;
struct MHD_Response;

struct web_streams *web_streams_new(struct view *v);
void web_streams_free(struct web_streams *s); /* after the daemon has stopped; NULL is fine */
/* There is a new moment; or, with `beat`, a comment goes to those who have them all. */
void web_streams_wake(struct web_streams *s, bool beat);
/* No stream goes on; to be called before the daemon is stopped. */
void web_streams_end(struct web_streams *s);
/* A stream for a connection. NULL: there are WEB_STREAMS already, or memory ran out. */
struct MHD_Response *web_streams_open(struct web_streams *s, struct MHD_Connection *connection);

#endif
