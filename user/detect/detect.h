/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All detectors, built-in and loaded, and the book of their alerts. Flows, DNS transactions, copied
 * packets and ticks come in from the pipeline; alerts go to a call, to a command, to the host's log
 * and into snapshots.
 *
 * An attack is one alert: (detector, subject, kind) is open at most once, and a detector that knows
 * more keeps those quiet that only see its effects. What is not refreshed closes by itself.
 *
 * Bounded: of more than DETECT_EXACT deltas a second the small ones are thinned, and those that
 * remain stand for several (packets and bytes scaled), so that a flood costs what a busy second
 * does. Of deltas with an end that may be blacklisted as many again are all looked at.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include <stdint.h>

#include "snapshot.h"
#include "xdplens/detector.h"
#include "xdplens/listed.h"

enum {
	DETECT_MAX = 32,	/* detectors, plugins included */
	DETECT_EXACT = 1 << 15, /* deltas between ticks that are all looked at */
};

struct config;
struct detect;

struct detect_config {
	const char *ini_path;	       /* NULL: defaults */
	struct config *config;	       /* what it says, detect's from now on; NULL: read it */
	const char *const *blacklists; /* files of prefixes, kept by the caller */
	int n_blacklists;
	const char *const *plugins; /* shared objects that export xdplens_detector */
	int n_plugins;
	const char *on_alert; /* command, see command.h; NULL: none */
	const char *user;     /* who runs it; NULL: who we are */
	const char *journal;  /* socket of the host's log, see journal.h; NULL: none */
	/* An alert opened (end == 0) or closed. May be NULL. */
	void (*alert)(void *arg, const char *detector, const struct alert *a);
	void *arg;
};

/* NULL after having said why: file unreadable, plugin refused, no memory. */
struct detect *detect_new(const struct detect_config *c);
void detect_free(struct detect *d); /* NULL is fine; closes no alert */

void detect_event(struct detect *d, const struct event *e);
void detect_flow(struct detect *d, const struct flow_delta *f);
void detect_dns(struct detect *d, const struct dns_transaction *t);

/*
 * What is over closes; detectors think once a second: shorter ticks are added up. The deltas of a
 * tick come before it.
 */
void detect_tick(struct detect *d, const struct tick *t);

/* Thinks once more, closes every alert and lets commands finish, for at most five seconds. */
void detect_finish(struct detect *d, uint64_t now);

/*
 * Reads blacklists and INI file again. Detectors whose settings are the same keep what they have
 * learned. -1: said why, and everything is as it was.
 */
int detect_reload(struct detect *d);

/*
 * The blacklisted addresses, for sources to mark flows by, until the next reload. NULL: there are
 * no lists.
 */
const struct listed_range *detect_listed(const struct detect *d, size_t *n);

/* Fills alerts, n_alerts, n_alerts_open, alerts_total, alerts_by_detector. */
void detect_fill(const struct detect *d, struct snapshot *s);

#endif
