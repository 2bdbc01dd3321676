// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Server-sent events. The reader runs on libmicrohttpd's thread and suspends a connection that has
 * nothing to read; the main thread resumes it with each moment. One mutex keeps the two apart, so
 * that a connection is never resumed before it is suspended, nor suspended once all has ended.
 */
#include "view/web.h"

#if XDPLENS_WEB

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "view/web_streams.h"

struct stream {
	struct web_streams *all;
	struct stream *next;
	struct MHD_Connection *connection;
	bool suspended;
	uint64_t seen, heard;	   /* number of the last moment, of the last beat */
	struct web_moment *moment; /* being sent; NULL with text: a heartbeat */
	const char *text;	   /* NULL: nothing is being sent */
	size_t len, sent;
	uint64_t started; /* ns, sending this */
};

struct web_streams {
	struct view *view;
	pthread_mutex_t lock;
	struct stream *first;
	int n;
	uint64_t beat;
	bool ended;
};

static const char beat_text[] = ":\n\n";

struct web_streams *web_streams_new(struct view *v)
{
	struct web_streams *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->view = v;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void web_streams_free(struct web_streams *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void streams_resume(struct web_streams *s)
{
	for (struct stream *t = s->first; t; t = t->next) {
		if (t->suspended)
			MHD_resume_connection(t->connection);
		t->suspended = false;
	}
}

void web_streams_wake(struct web_streams *s, bool beat)
{
	pthread_mutex_lock(&s->lock);
	s->beat += beat;
	streams_resume(s);
	pthread_mutex_unlock(&s->lock);
}

void web_streams_end(struct web_streams *s)
{
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	streams_resume(s);
	pthread_mutex_unlock(&s->lock);
}

/* ---- on libmicrohttpd's thread ---- */

/* Finds something to send; false: there is nothing. */
static bool stream_begin(struct stream *t)
{
	struct web_moment *m = web_moment_take(t->all->view);

	t->sent = 0;
	t->started = web_clock();
	if (m && m->number != t->seen) {
		t->seen = m->number;
		t->moment = m;
		t->text = m->stream;
		t->len = m->stream_len;
		return true;
	}
	web_moment_release(t->all->view, m);
	if (t->heard == t->all->beat)
		return false;
	t->heard = t->all->beat;
	t->text = beat_text;
	t->len = sizeof(beat_text) - 1;
	return true;
}

static void stream_done(struct stream *t)
{
	web_moment_release(t->all->view, t->moment);
	t->moment = NULL;
	t->text = NULL;
}

static ssize_t stream_copy(struct stream *t, char *dst, size_t room)
{
	size_t n = t->len - t->sent < room ? t->len - t->sent : room;

	if (web_clock() - t->started > WEB_TIMEOUT_S * 1000000000ull)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memcpy(dst, t->text + t->sent, n);
	t->sent += n;
	if (t->sent == t->len)
		stream_done(t);
	return n;
}

static ssize_t stream_read(void *arg, uint64_t at, char *dst, size_t room)
{
	struct stream *t = arg;
	struct web_streams *s = t->all;
	ssize_t n = 0;

	(void)at;
	pthread_mutex_lock(&s->lock);
	if (s->ended)
		n = MHD_CONTENT_READER_END_OF_STREAM;
	else if (t->text || stream_begin(t))
		n = stream_copy(t, dst, room);
	if (!n) {
		t->suspended = true;
		MHD_suspend_connection(t->connection);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void stream_free(void *arg)
{
	struct stream *t = arg, **at;
	struct web_streams *s = t->all;

	pthread_mutex_lock(&s->lock);
	for (at = &s->first; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	s->n--;
	pthread_mutex_unlock(&s->lock);
	stream_done(t);
	free(t);
}

struct MHD_Response *web_streams_open(struct web_streams *s, struct MHD_Connection *connection)
{
	struct stream *t = calloc(1, sizeof(*t));
	struct MHD_Response *response = NULL;

	if (!t)
		return NULL;
	t->all = s;
	t->connection = connection;
	pthread_mutex_lock(&s->lock);
	t->heard = s->beat;
	if (s->n < WEB_STREAMS && !s->ended)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, stream_read,
							     t, stream_free);
	if (response) {
		t->next = s->first;
		s->first = t;
		s->n++;
	}
	pthread_mutex_unlock(&s->lock);
	if (!response)
		free(t);
	return response;
}

#endif
