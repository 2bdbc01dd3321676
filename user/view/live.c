// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --report live: takes snapshots and copied packets in, redraws at most four times a second for
 * them and soon after a key, and leaves the plain summary behind when it ends.
 */
#include "view/live.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "view/plain.h"
#include "view/units.h"

#define NS_PER_MS 1000000ull

enum { REDRAW_MS = 250, REDRAW_KEY_MS = 40, MESSAGE_MS = 6000 };

uint64_t live_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void live_say(struct view *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(v->message, sizeof(v->message), fmt, args);
	va_end(args);
	v->message_until = live_now() + MESSAGE_MS * NS_PER_MS;
}

char *live_rate(const struct view *v, char dst[32], double pps, double bps)
{
	switch (v->unit) {
	case LIVE_BYTES:
		return units_octets(dst, bps / 8);
	case LIVE_PPS:
		return pps < 0 ? units_bits(dst, bps) : units_packets(dst, pps);
	default:
		return units_bits(dst, bps);
	}
}

void live_catch_up(struct view *v)
{
	v->shown = v->newest;
	v->graphed = v->history;
	memcpy(v->transports, v->newest_transports, sizeof(v->transports));
}

static struct view *live_open(const struct options *options)
{
	struct view *v = calloc(1, sizeof(*v));
	const char *reason;

	if (!v) {
		log_error("live report: out of memory");
		return NULL;
	}
	reason = terminal_open();
	if (reason) {
		log_error("live report: %s; use --report plain", reason);
		free(v);
		return NULL;
	}
	log_hold(true);
	v->options = options;
	v->names = v->mouse = true;
	v->touched = true;
	for (int i = 0; i < LIVE_TABS; i++) {
		const struct table *t = live_table_of(i);

		v->lists[i].sort = t ? t->sort : 0;
	}
	return v;
}

/* Messages that would have gone to stderr appear in the last line for a while. */
static void show_log(struct view *v)
{
	char newest[sizeof(v->last_log)];

	log_last(newest, sizeof(newest));
	if (!newest[0] || !strcmp(newest, v->last_log))
		return;
	memcpy(v->last_log, newest, sizeof(newest));
	live_say(v, "%s", newest);
}

static void redraw(struct view *v)
{
	uint64_t since = live_now() - v->drawn;

	if (!terminal_ready())
		return;
	if (!(v->stale && since >= REDRAW_MS * NS_PER_MS) &&
	    !(v->touched && since >= REDRAW_KEY_MS * NS_PER_MS))
		return;
	show_log(v);
	live_draw(v);
	v->drawn = live_now();
	v->stale = v->touched = false;
}

static int live_poll(struct view *v)
{
	int key;

	/* What was said before we began is told at the end; now the keys are more important. */
	if (!v->begun)
		log_last(v->last_log, sizeof(v->last_log));
	v->begun = true;
	while (!v->quit && (key = terminal_key()) >= 0) {
		live_key(v, key);
		v->touched = true;
	}
	if (v->quit || terminal_gone())
		return 1;
	redraw(v);
	return 0;
}

/*
 * A file has been read: it can be looked at until the user leaves or a signal asks to. Blocked
 * signals are seen as pending, so that none can slip in between two looks.
 */
static void browse(struct view *v)
{
	sigset_t stop, before, pending;
	bool asked = false;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &before);
	while (!asked && !live_poll(v)) {
		poll(NULL, 0, REDRAW_KEY_MS);
		sigpending(&pending);
		asked = sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static double rate_of(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 && now > before ? (now - before) / seconds : 0;
}

/* Before `newest` becomes `s`. */
static void note_transports(struct view *v, const struct snapshot *s)
{
	for (int i = 0; i < TRANSPORT_COUNT; i++) {
		const struct count *now = &s->transport[i], *was = &v->newest.transport[i];

		v->newest_transports[i] = (struct app_total){
			.packets = now->packets,
			.bytes = now->bytes,
			.flows = s->transport_flows[i],
			.pps = rate_of(now->packets, was->packets, s->interval_s),
			.bps = 8 * rate_of(now->bytes, was->bytes, s->interval_s),
		};
	}
}

static int live_show(struct view *v, const struct snapshot *s)
{
	const double rates[HISTORY_ALL] = {
		[HISTORY_IN_PPS] = s->in_pps,
		[HISTORY_OUT_PPS] = s->out_pps,
		[HISTORY_IN_BPS] = s->in_bps,
		[HISTORY_OUT_BPS] = s->out_bps,
	};

	history_add(&v->history, s->time, s->interval_s, rates);
	note_transports(v, s);
	v->newest = *s;
	if (!v->paused)
		live_catch_up(v);
	v->stale = true;
	if (s->final && !s->live && !v->quit)
		browse(v);
	return 0;
}

static void live_event(struct view *v, const struct event *event)
{
	struct live_packet *p = &v->packets[v->n_packets % LIVE_COPIES];

	if (v->paused)
		return;
	v->n_packets++;
	p->ts = event->ts;
	p->packet = *event->packet;
	p->verdict = event->verdict;
	p->wire_len = event->wire_len;
	p->caplen = event->caplen < LIVE_COPY ? event->caplen : LIVE_COPY;
	p->why = event->why;
	p->dns_latency_ms = event->dns_latency_ms;
	snprintf(p->interface, sizeof(p->interface), "%s",
		 event->interface ? event->interface : "");
	memcpy(p->data, event->data, p->caplen);
}

static void live_close(struct view *v)
{
	bool gone;

	if (!v)
		return;
	gone = terminal_gone();
	terminal_close();
	log_hold(false);
	if (!gone && v->newest.final) {
		plain_summary(stdout, &v->newest);
		fflush(stdout);
	}
	free(v);
}

const struct view_ops view_live = {
	.name = "live",
	.open = live_open,
	.snapshot = live_show,
	.event = live_event,
	.poll = live_poll,
	.close = live_close,
};
