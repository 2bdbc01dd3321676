// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The story of the program: options, pipeline, views; then poll, cut, draw until the user, a limit
 * or the source ends it; then drain, draw the last picture, and go.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/writer.h"
#include "guard.h"
#include "pipeline.h"
#include "source/doctor.h"
#include "source/netns.h"

enum {
	POLL_MS = 10,
	VIEWS = 2,
	LINGER_US = 100000,
	CUT_S = 1, /* at most: detectors think once a cut, however rarely we draw */
};

static volatile sig_atomic_t stopped, reload;

static void main_on_signal(int signal)
{
	if (signal == SIGHUP) {
		reload = 1;
	} else {
		stopped = 1;
		writer_hurry();
	}
}

static void main_catch_signals(void)
{
	struct sigaction action = {.sa_handler = main_on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

struct shown { /* a view and its instance */
	const struct view_ops *ops;
	struct view *view;
};

static bool main_on_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static const struct view_ops *main_report(const struct options *o)
{
	switch (o->report) {
	case REPORT_LIVE:
		return &view_live;
	case REPORT_PLAIN:
		return &view_plain;
	case REPORT_JSON:
		return &view_json;
	case REPORT_NONE:
		return NULL;
	case REPORT_DEFAULT:
		break;
	}
	return main_on_terminal() && !o->read ? &view_live : &view_plain;
}

static bool main_open_views(struct shown *views, const struct options *o, struct pipeline *p)
{
	views[0].ops = main_report(o);
	views[1].ops = o->web ? &view_web : NULL;
	for (int i = 0; i < VIEWS; i++) {
		if (!views[i].ops)
			continue;
		views[i].view = views[i].ops->open(o);
		if (!views[i].view)
			return false;
		pipeline_show(p, views[i].ops, views[i].view);
	}
	return true;
}

/* Where --netns does not matter: the dashboard must be reached as ever. */
static bool main_open_views_at(int home, struct shown *views, const struct options *o,
			       struct pipeline *p)
{
	int there = o->netns ? netns_here() : -1;

	return (!o->netns || netns_go(home) == 0) && main_open_views(views, o, p) &&
	       (!o->netns || netns_go(there) == 0);
}

static void main_close_views(struct shown *views)
{
	for (int i = 0; i < VIEWS; i++)
		if (views[i].view)
			views[i].ops->close(views[i].view);
}

static int main_draw(struct shown *views, const struct snapshot *s)
{
	int worst = 0;

	for (int i = 0; i < VIEWS; i++) {
		int error = views[i].view ? views[i].ops->snapshot(views[i].view, s) : 0;

		worst = error < worst ? error : worst;
	}
	return worst;
}

/* 1: the user wants to leave. */
static int main_poll_views(struct shown *views)
{
	int leave = 0;

	for (int i = 0; i < VIEWS; i++)
		if (views[i].view && views[i].ops->poll)
			leave |= views[i].ops->poll(views[i].view) != 0;
	return leave;
}

static double main_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void main_tell(struct notify *n, const struct pipeline *p, double now)
{
	char status[64];

	if (!notify_due(n, now))
		return;
	snprintf(status, sizeof(status), "watching, %llu packets seen",
		 (unsigned long long)pipeline_packets(p));
	notify_beat(n, now, status);
}

/* Until something ends it; 0, or -errno of the source. */
static int main_watch(struct pipeline *p, struct shown *views, const struct options *o,
		      struct notify *n)
{
	double start = main_clock(), next = start + o->interval_s, cut = start, drawn = 0;
	bool due = false;
	int status = 1;

	while (!stopped && status > 0) {
		double now;

		status = pipeline_poll(p, POLL_MS);
		now = main_clock();
		main_tell(n, p, now);
		if (reload) {
			reload = 0;
			pipeline_reload(p);
		}
		if (now >= next || now >= cut + CUT_S) {
			pipeline_request_cut(p);
			cut = now;
		}
		if (now >= next) {
			due = true;
			next = now - next > o->interval_s ? now + o->interval_s
							  : next + o->interval_s;
		}
		due |= o->read && o->web && now >= drawn;
		if (pipeline_was_cut(p) && due) {
			due = false;
			if (main_draw(views, pipeline_snapshot(p, false)) < 0)
				break;
			drawn = 2 * main_clock() - now; /* at most half of the time is spent so */
		}
		if (main_poll_views(views) || (o->duration_s > 0 && now - start >= o->duration_s) ||
		    (o->count && !o->read && pipeline_packets(p) >= o->count))
			break;
	}
	return status < 0 ? status : 0;
}

/* The dashboard of a file that was read stays, until the user or the duration ends it. */
static void main_linger(struct shown *views, const struct options *o, double start)
{
	if (stopped || !o->read || !o->web || main_report(o) == &view_live)
		return;
	log_info("%s is read; the dashboard stays until Ctrl-C", o->read);
	while (!stopped && !main_poll_views(views) &&
	       (o->duration_s <= 0 || main_clock() < start + o->duration_s))
		usleep(LINGER_US);
}

int main(int argc, char **argv)
{
	struct options options;
	struct shown views[VIEWS] = {0};
	struct pipeline *p;
	struct notify *notify;
	double start = main_clock();
	int status = options_parse(&options, argc, argv), home;

	if (status >= 0)
		return status;
	setlocale(LC_CTYPE, "");
	log_level_set(options.quiet, options.verbose);
	if (options.check)
		return doctor_run(&options);
	home = options.netns ? netns_here() : -1;
	main_catch_signals();
	notify = notify_new();
	p = pipeline_new(&options);
	if (!p) {
		notify_free(notify);
		return EXIT_FAILURE;
	}
	status = EXIT_FAILURE;
	if (main_open_views_at(home, views, &options, p) && guard_close(&options) == 0) {
		status = main_watch(p, views, &options, notify) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		notify_stopping(notify);
		pipeline_finish(p);
		main_draw(views, pipeline_snapshot(p, true));
	}
	pipeline_free(p);
	if (status == EXIT_SUCCESS)
		main_linger(views, &options, start);
	main_close_views(views);
	notify_free(notify);
	return status;
}
