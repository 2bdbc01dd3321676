// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The web view as the main thread sees it: each snapshot becomes one shared, immutable moment, each
 * copied packet a place in a ring. web_http.c hands them out on a thread of its own.
 */
#include "view/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "view/json.h"
#include "view/web_streams.h"

#if XDPLENS_WEB

static const uint64_t beat_ns = 10000000000;

uint64_t web_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* ---- moments ---- */

struct web_moment *web_moment_take(struct view *v)
{
	struct web_moment *m;

	pthread_mutex_lock(&v->lock);
	m = v->now;
	if (m)
		m->refs++;
	pthread_mutex_unlock(&v->lock);
	return m;
}

void web_moment_release(struct view *v, struct web_moment *m)
{
	bool last;

	if (!m)
		return;
	pthread_mutex_lock(&v->lock);
	last = --m->refs == 0;
	pthread_mutex_unlock(&v->lock);
	if (last) {
		free(m->stream);
		free(m);
	}
}

static void keep_greater(uint64_t *kept, uint64_t n)
{
	if (*kept < n)
		*kept = n;
}

static void monotone_update(struct web_monotone *m, const struct snapshot *s)
{
	for (int i = 0; i < APP_COUNT; i++) {
		keep_greater(&m->app[i].packets, s->app[i].packets);
		keep_greater(&m->app[i].bytes, s->app[i].bytes);
		keep_greater(&m->app[i].flows, s->app[i].flows);
	}
	for (int i = 0; i < SECURITY_COUNT; i++) {
		keep_greater((uint64_t *)&m->security[i].packets, s->security[i].packets);
		keep_greater((uint64_t *)&m->security[i].bytes, s->security[i].bytes);
	}
}

/* The events of a moment: the point of the history, where there is one, then the snapshot. */
static int moment_write(struct web_moment *m, const struct web_point *point)
{
	char *json = json_snapshot(&m->snapshot, &m->json_len);
	FILE *out = json ? open_memstream(&m->stream, &m->stream_len) : NULL;
	long at;

	if (!out) {
		free(json);
		return -ENOMEM;
	}
	if (point) {
		fputs("event: point\ndata: ", out);
		web_history_write_point(out, point);
		fputs("\n\n", out);
	}
	fputs("event: snapshot\ndata: ", out);
	at = ftell(out);
	fwrite(json, m->json_len, 1, out);
	fputs("\n\n", out);
	free(json);
	if (fclose(out))
		return -ENOMEM;
	m->json = m->stream + at;
	return 0;
}

/* Not at opening: by now privilege is given up, which each thread would have to do. */
static void web_serve(struct view *v)
{
	if (v->daemon || v->listening < 0)
		return;
	v->daemon = web_http_start(v, v->listening);
	if (!v->daemon) {
		log_error("--web %s: the server does not start: %s", v->options->web,
			  strerror(errno));
		close(v->listening);
	}
	v->listening = -1;
}

/* What is kept to look back at: as many as there are points. */
static void frame_keep(struct view *v, const struct web_moment *m)
{
	struct web_frame f;

	if (!web_frame_pack(&f, m->snapshot.time / 1e9, m->json, m->json_len))
		return;
	pthread_mutex_lock(&v->lock);
	web_frames_add(&v->frames, &f);
	pthread_mutex_unlock(&v->lock);
}

static int web_snapshot(struct view *v, const struct snapshot *s)
{
	struct web_moment *m = calloc(1, sizeof(*m)), *before = v->now;
	const struct web_point *point;

	web_serve(v);
	if (!m)
		return 0; /* the last one stands a while longer */
	monotone_update(&v->monotone, s);
	m->refs = 1;
	m->number = before ? before->number + 1 : 1;
	m->snapshot = *s;
	m->monotone = v->monotone;
	m->drawn = web_clock();
	pthread_mutex_lock(&v->lock);
	point = web_history_add(&v->history, s);
	pthread_mutex_unlock(&v->lock);
	if (moment_write(m, point)) {
		free(m->stream);
		free(m);
		return 0;
	}
	if (point)
		frame_keep(v, m);
	pthread_mutex_lock(&v->lock);
	v->now = m;
	pthread_mutex_unlock(&v->lock);
	web_moment_release(v, before);
	v->beaten = m->drawn;
	web_streams_wake(v->streams, false);
	return 0;
}

/* A packet is not worth waiting for a client that has its copy made this microsecond. */
static void web_event(struct view *v, const struct event *event)
{
	if (pthread_mutex_trylock(&v->lock))
		return;
	web_packets_add(&v->packets, event);
	pthread_mutex_unlock(&v->lock);
}

/* A heartbeat where snapshots are rare, so that clients that have gone are noticed. */
static int web_poll(struct view *v)
{
	uint64_t now = web_clock();

	web_serve(v);
	if (now - v->beaten >= beat_ns) {
		v->beaten = now;
		web_streams_wake(v->streams, true);
	}
	return 0;
}

/* ---- opening and closing ---- */

static bool web_may_serve(const struct view *v)
{
	if (v->token.wanted || web_listen_loopback(&v->bound))
		return true;
	log_error("--web %s: others could read along; give --web-token-file FILE, or listen on "
		  "127.0.0.1",
		  v->options->web);
	return false;
}

static void web_close(struct view *v)
{
	if (!v)
		return;
	if (v->streams)
		web_streams_end(v->streams);
	web_http_stop(v->daemon);
	if (v->listening >= 0)
		close(v->listening);
	web_streams_free(v->streams);
	web_moment_release(v, v->now);
	web_frames_clear(&v->frames);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

static bool web_start(struct view *v)
{
	char url[80];

	v->listening = web_listen(v->options->web, &v->bound);
	if (v->listening < 0 || !web_may_serve(v))
		return false;
	snprintf(v->cookie, sizeof(v->cookie), "xdplens_%u", web_listen_port(&v->bound));
	if (!web_listen_loopback(&v->bound))
		log_warn("--web %s: others reach it, and nothing is encrypted: put a proxy with "
			 "TLS or "
			 "a tunnel before it",
			 v->options->web);
	web_listen_url(&v->bound, url, sizeof(url));
	log_info("dashboard: %s%s", url, v->token.wanted ? " (asks for the token)" : "");
	return true;
}

static struct view *web_open(const struct options *options)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v)
		v->streams = web_streams_new(v);
	if (!v || !v->streams) {
		log_error("--web: out of memory");
		free(v);
		return NULL;
	}
	v->options = options;
	v->listening = -1;
	pthread_mutex_init(&v->lock, NULL);
	if ((options->web_token_file && web_token_load(&v->token, options->web_token_file)) ||
	    !web_start(v)) {
		web_close(v);
		return NULL;
	}
	return v;
}

const struct view_ops view_web = {
	.name = "web",
	.open = web_open,
	.snapshot = web_snapshot,
	.event = web_event,
	.poll = web_poll,
	.close = web_close,
};

#else

static struct view *web_open(const struct options *options)
{
	log_error("--web %s: this build has no dashboard; install libmicrohttpd's headers and "
		  "Chart.js (Debian: libmicrohttpd-dev, libjs-chart.js) and build again",
		  options->web);
	return NULL;
}

static int web_snapshot(struct view *v, const struct snapshot *s)
{
	(void)v;
	(void)s;
	return 0;
}

static void web_close(struct view *v)
{
	(void)v;
}

const struct view_ops view_web = {
	.name = "web",
	.open = web_open,
	.snapshot = web_snapshot,
	.close = web_close,
};

#endif
