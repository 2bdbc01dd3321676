/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The web view's state and its parts: web.c owns it and is called by the main thread; web_http.c
 * answers on libmicrohttpd's thread and calls the others. Nothing outside of view/web*.c includes
 * this.
 *
 * What both threads touch stands under one mutex, held for no longer than a copy takes: clients,
 * however many and slow, never hold up the main thread.
 */
#ifndef XDPLENS_VIEW_WEB_H
#define XDPLENS_VIEW_WEB_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>

#include "options.h"
#include "view/view.h"
#include "view/web_frames.h"
#include "view/web_history.h"
#include "view/web_packets.h"
#include "view/web_token.h"

/* 1: the dashboard is built in; 0: view_web.open says what was missing. */
#ifndef XDPLENS_WEB
#define XDPLENS_WEB 1
#endif

struct MHD_Daemon;

enum {
	WEB_CONNECTIONS = 128,
	WEB_STREAMS = 64,   /* of these, that follow /api/events; the next is told 503 */
	WEB_TIMEOUT_S = 15, /* without progress, or for one event: cut off */
};

/* Packets, bytes and flows that only grow, though verdicts move from one class to another. */
struct web_monotone {
	struct app_total app[APP_COUNT];
	struct count security[SECURITY_COUNT];
};

/* A snapshot in every form that clients ask for: made once, read by all, gone with the last. */
struct web_moment {
	unsigned refs; /* under view.lock */
	uint64_t number;
	struct snapshot snapshot;
	struct web_monotone monotone;
	uint64_t drawn; /* ns of the monotonic clock */
	char *stream;	/* as server-sent events */
	size_t stream_len;
	const char *json; /* the object within the stream */
	size_t json_len;
};

struct web_streams;

struct view {
	const struct options *options;
	int listening; /* until the daemon has it; -1 */
	struct MHD_Daemon *daemon;
	struct web_streams *streams;
	struct sockaddr_storage bound;
	struct web_token token;
	char cookie[32]; /* its name: cookies know no ports */
	struct web_monotone monotone;
	uint64_t beaten; /* ns of the monotonic clock, of the last heartbeat */

	pthread_mutex_t lock;
	struct web_moment *now; /* NULL: none yet */
	struct web_history history;
	struct web_frames frames;
	struct web_packets packets;
};

/* ---- web.c ---- */

uint64_t web_clock(void); /* monotonic, ns */
/* The newest moment, held until released; NULL: there is none yet. */
struct web_moment *web_moment_take(struct view *v);
void web_moment_release(struct view *v, struct web_moment *m); /* NULL is fine */

/* ---- web_listen.c ---- */

/* A listening socket at [ADDR:]PORT; `bound` is where. Negative: said why not. */
int web_listen(const char *where, struct sockaddr_storage *bound);
bool web_listen_loopback(const struct sockaddr_storage *bound);
uint16_t web_listen_port(const struct sockaddr_storage *bound);
/* http://ADDRESS:PORT/ */
void web_listen_url(const struct sockaddr_storage *bound, char *dst, size_t n);
/*
 * Whether the Host of a request (RFC 9110 section 7.2) can be meant for us: localhost, a loopback
 * address or the bound one, any address where all are bound. A name that somebody else may point at
 * us is not: that is DNS rebinding.
 */
bool web_listen_knows(const struct sockaddr_storage *bound, const char *host);

/* ---- web_http.c ---- */

/* Answers on a socket, which it owns from now on, on a thread of its own. NULL and errno. */
struct MHD_Daemon *web_http_start(struct view *v, int listening);
void web_http_stop(struct MHD_Daemon *daemon); /* NULL is fine */

/* ---- web_api.c, web_metrics.c: answers, written to `out`; each returns the HTTP status ---- */

struct web_query {
	double since; /* epoch seconds; 0: everything */
	double at;    /* likewise; 0: now */
};

typedef unsigned (*web_answer)(struct view *v, const struct web_query *q, FILE *out);

unsigned web_api_frame(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_history(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_flows(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_dns(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_alerts(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_packets(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_pcap(struct view *v, const struct web_query *q, FILE *out);
unsigned web_api_health(struct view *v, const struct web_query *q, FILE *out);
unsigned web_metrics(struct view *v, const struct web_query *q, FILE *out);

#endif
