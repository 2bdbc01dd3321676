// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The registry of detectors and what stands between them and the program: who is called with what,
 * thinning, the second, the book of alerts, configuration and reload. After analysis; before the
 * alert sink, --on-alert, --syslog and the snapshot.
 */
#include "detect/detect.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "detect/book.h"
#include "detect/command.h"
#include "detect/host.h"
#include "detect/journal.h"
#include "detect/plugin.h"

enum {
	EXPLAINED = 256, /* addresses explained at a time; the oldest goes */
	NS_PER_S = 1000000000,
	COMMAND_S = 30, /* a command */
	FINISH_S = 5,	/* for commands, at the end */
	COUNTER_WORDS = offsetof(struct counters, sketch) / sizeof(uint64_t),
};

/* A second that came early because the one before it came late. */
static const double enough_s = 0.6;

/* In the order in which they think: whoever explains more comes first. */
static const struct detector_ops *const built_in[] = {
	&detector_flood,	   &detector_scan,	&detector_brute_force,
	&detector_dns_abuse,	   &detector_arp_spoof, &detector_blacklist,
	&detector_suspicious_port, &detector_cleartext, &detector_packet_size,
	&detector_high_traffic,
};
enum { BUILT_IN = sizeof(built_in) / sizeof(built_in[0]) };

struct host { /* one a detector */
	struct detector_host api;
	struct detect *detect;
	const struct detector_ops *ops;
	struct detector *detector; /* NULL: switched off */
	void *handle;		   /* of a plugin */
	unsigned number;
};

struct explained {
	uint8_t addr[16];
	unsigned by;
	uint64_t until;
};

struct detect {
	struct detect_config want;
	struct config *config;
	struct book *book;
	struct command *command;
	struct journal *journal;
	struct host host[DETECT_MAX];
	unsigned n;
	struct {
		void (*call)(struct detector *d, const struct flow_delta *delta);
		struct detector *detector;
	} flow[DETECT_MAX]; /* those that want deltas */
	unsigned n_flow;
	struct explained explained[EXPLAINED];
	unsigned n_explained; /* ever */
	uint64_t now;
	uint64_t deltas; /* since the last tick */
	uint64_t listed; /* of these, with an end that may be blacklisted */
	uint64_t random;
	uint64_t first, last; /* of the deltas since the detectors thought */
	struct tick sum;      /* of ticks that nobody has thought about */
	struct counters counters;
	uint64_t dropped; /* alerts and commands, as last said */
};

/* ---- what a detector may ask ---- */

static struct host *host_of(struct detector_host *api)
{
	return (struct host *)api;
}

static void host_raise(struct detector_host *api, const struct alert *alert, double hold_s)
{
	struct host *h = host_of(api);

	book_raise(h->detect->book, h->number, h->ops->name, alert, hold_s, h->detect->now);
}

static double host_number(struct detector_host *api, const char *key, double otherwise)
{
	struct host *h = host_of(api);

	return config_number(h->detect->config, h->ops->name, key, otherwise);
}

static const char *host_text(struct detector_host *api, const char *key, const char *otherwise)
{
	struct host *h = host_of(api);

	return config_text(h->detect->config, h->ops->name, key, otherwise);
}

double host_limit(struct detector_host *host, const char *key, double otherwise)
{
	double limit = host->number(host, key, otherwise);

	return limit > 0 ? limit : INFINITY;
}

int host_blacklists(struct detector_host *host, const char *const **files)
{
	const struct detect_config *want = &host_of(host)->detect->want;

	*files = want->blacklists;
	return want->n_blacklists;
}

void host_explain(struct detector_host *host, const uint8_t addr[16])
{
	struct host *h = host_of(host);
	struct detect *d = h->detect;
	struct explained *e = NULL;

	for (unsigned i = 0; i < EXPLAINED && !e; i++)
		if (d->explained[i].by == h->number && memcmp(d->explained[i].addr, addr, 16) == 0)
			e = &d->explained[i];
	if (!e)
		e = &d->explained[d->n_explained++ % EXPLAINED];
	memcpy(e->addr, addr, 16);
	e->by = h->number;
	e->until = d->now + 5ull * NS_PER_S;
}

bool host_explained(struct detector_host *host, const uint8_t addr[16])
{
	struct host *h = host_of(host);
	const struct detect *d = h->detect;

	for (unsigned i = 0; i < EXPLAINED; i++) {
		const struct explained *e = &d->explained[i];

		if (e->until > d->now && e->by != h->number &&
		    (!addr || memcmp(e->addr, addr, 16) == 0))
			return true;
	}
	return false;
}

/* ---- opening and closing ---- */

static void detect_told(void *arg, const struct alert *a)
{
	struct detect *d = arg;

	if (d->want.alert)
		d->want.alert(d->want.arg, a->detector, a);
	if (d->command)
		command_run(d->command, a);
	if (d->journal)
		journal_write(d->journal, a);
}

static bool host_wanted(struct host *h)
{
	const char *enabled = host_text(&h->api, "enabled", "yes");

	if (strcmp(enabled, "yes") != 0 && strcmp(enabled, "no") != 0)
		log_error("[%s] enabled = %s: expected yes or no; it stays yes", h->ops->name,
			  enabled);
	return strcmp(enabled, "no") != 0;
}

/* 0 with *detector NULL where it is switched off; -1: said why. */
static int host_open(struct host *h, struct detector **detector)
{
	*detector = NULL;
	if (!host_wanted(h))
		return 0;
	errno = 0;
	*detector = h->ops->open(&h->api);
	if (*detector)
		return 0;
	if (h->ops != &detector_blacklist) /* which has said why */
		log_error("detector %s: %s", h->ops->name,
			  errno ? strerror(errno) : "it refused to open");
	return -1;
}

static void host_close(struct host *h, struct detector *detector)
{
	if (detector && h->ops->close)
		h->ops->close(detector);
}

static bool detect_has(const struct detect *d, const char *name)
{
	for (unsigned i = 0; i < d->n; i++)
		if (strcmp(d->host[i].ops->name, name) == 0)
			return true;
	return false;
}

static int detect_add(struct detect *d, const struct detector_ops *ops, void *handle)
{
	struct host *h = &d->host[d->n];

	*h = (struct host){
		.api = {.raise = host_raise, .number = host_number, .text = host_text},
		.detect = d,
		.ops = ops,
		.handle = handle,
		.number = d->n,
	};
	d->n++;
	return host_open(h, &h->detector);
}

static int detect_add_plugin(struct detect *d, const char *path)
{
	void *handle;
	const struct detector_ops *ops = plugin_load(path, &handle);

	if (!ops)
		return -1;
	if (detect_has(d, ops->name) || d->n == DETECT_MAX) {
		log_error(d->n == DETECT_MAX ? "plugin %s: %s: too many detectors"
					     : "plugin %s: there is a detector %s already",
			  path, ops->name);
		plugin_unload(handle);
		return -1;
	}
	return detect_add(d, ops, handle);
}

static void detect_connect(struct detect *d)
{
	d->n_flow = 0;
	for (unsigned i = 0; i < d->n; i++) {
		if (!d->host[i].detector || !d->host[i].ops->flow)
			continue;
		d->flow[d->n_flow].call = d->host[i].ops->flow;
		d->flow[d->n_flow++].detector = d->host[i].detector;
	}
}

struct detect *detect_new(const struct detect_config *c)
{
	struct detect *d = calloc(1, sizeof(*d));

	if (!d) {
		config_free(c->config);
		return NULL;
	}
	d->want = *c;
	d->random = 1;
	d->config = c->config ? c->config : config_new(c->ini_path);
	if (!d->config)
		goto fail;
	d->book = book_new(detect_told, d);
	if (!d->book) {
		log_error("not enough memory for alerts");
		goto fail;
	}
	d->command = c->on_alert ? command_new(c->on_alert, c->user, COMMAND_S) : NULL;
	d->journal = c->journal ? journal_new(c->journal) : NULL;
	if ((c->on_alert && !d->command) || (c->journal && !d->journal))
		goto fail;
	for (int i = 0; i < BUILT_IN; i++)
		if (detect_add(d, built_in[i], NULL))
			goto fail;
	for (int i = 0; i < c->n_plugins; i++)
		if (detect_add_plugin(d, c->plugins[i]))
			goto fail;
	config_warn_unknown(d->config);
	detect_connect(d);
	return d;
fail:
	detect_free(d);
	return NULL;
}

void detect_free(struct detect *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < d->n; i++) {
		host_close(&d->host[i], d->host[i].detector);
		plugin_unload(d->host[i].handle);
	}
	command_free(d->command);
	journal_free(d->journal);
	book_free(d->book);
	config_free(d->config);
	free(d);
}

/* ---- reload ---- */

static bool reload_wanted(const struct host *h, const struct config *was, const struct config *now)
{
	return h->ops == &detector_blacklist || !config_same(was, now, h->ops->name);
}

int detect_reload(struct detect *d)
{
	struct config *now = config_new(d->want.ini_path), *was = d->config;
	struct detector *fresh[DETECT_MAX] = {0};
	bool changed[DETECT_MAX] = {0};
	unsigned opened = 0;

	if (!now)
		return -1;
	d->config = now;
	for (; opened < d->n; opened++) {
		struct host *h = &d->host[opened];

		changed[opened] = reload_wanted(h, was, now);
		if (changed[opened] && host_open(h, &fresh[opened]))
			break;
	}
	if (opened < d->n) {
		log_error("reload: settings stay as they were");
		while (opened-- > 0)
			host_close(&d->host[opened], fresh[opened]);
		d->config = was;
		config_free(now);
		return -1;
	}
	for (unsigned i = 0; i < d->n; i++) {
		if (!changed[i]) {
			config_adopt(now, was, d->host[i].ops->name);
			continue;
		}
		host_close(&d->host[i], d->host[i].detector);
		d->host[i].detector = fresh[i];
	}
	config_adopt(now, was, "sizes"); /* they stay what they were at the start */
	config_free(was);
	config_warn_unknown(now);
	detect_connect(d);
	return 0;
}

const struct listed_range *detect_listed(const struct detect *d, size_t *n)
{
	*n = 0;
	for (unsigned i = 0; i < d->n; i++)
		if (d->host[i].ops == &detector_blacklist && d->host[i].detector)
			return blacklist_ranges(d->host[i].detector, n);
	return NULL;
}

/* ---- what comes in ---- */

void detect_event(struct detect *d, const struct event *e)
{
	if (e->ts > d->now)
		d->now = e->ts;
	for (unsigned i = 0; i < d->n; i++)
		if (d->host[i].detector && d->host[i].ops->event)
			d->host[i].ops->event(d->host[i].detector, e);
}

/* One delta of how many is looked at, when so many came since the last tick. */
static unsigned thinning(uint64_t deltas)
{
	if (deltas < DETECT_EXACT)
		return 1;
	return deltas < 8 * DETECT_EXACT ? 8 : 64;
}

static void flow_tell(struct detect *d, const struct flow_delta *f)
{
	if (f->first < d->first || !d->first)
		d->first = f->first;
	if (f->last > d->last)
		d->last = f->last;
	for (unsigned i = 0; i < d->n_flow; i++)
		d->flow[i].call(d->flow[i].detector, f);
}

void detect_flow(struct detect *d, const struct flow_delta *f)
{
	unsigned one_in = thinning(d->deltas++);
	struct flow_delta scaled;

	if (f->listed && d->listed++ < DETECT_EXACT)
		one_in = 1;
	if (one_in == 1 || f->packets >= one_in) {
		flow_tell(d, f);
		return;
	}
	d->random = d->random * 6364136223846793005ull + 1442695040888963407ull;
	if (d->random >> 58 & (one_in - 1))
		return;
	scaled = *f;
	scaled.packets *= one_in;
	scaled.bytes *= one_in;
	flow_tell(d, &scaled);
}

void detect_dns(struct detect *d, const struct dns_transaction *t)
{
	for (unsigned i = 0; i < d->n; i++)
		if (d->host[i].detector && d->host[i].ops->dns)
			d->host[i].ops->dns(d->host[i].detector, t);
}

/* ---- the second ---- */

static void sum_counters(struct counters *sum, const struct counters *c)
{
	const uint64_t *from = (const uint64_t *)c;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < COUNTER_WORDS; i++)
		to[i] += from[i];
	for (size_t i = 0; i < SKETCH_BINS; i++)
		if (c->sketch[i] > sum->sketch[i])
			sum->sketch[i] = c->sketch[i];
}

static void sum_tick(struct detect *d, const struct tick *t)
{
	d->sum.elapsed_s += t->elapsed_s > 0 ? t->elapsed_s : 1;
	d->sum.packets += t->packets;
	d->sum.bytes += t->bytes;
	d->sum.overflow_packets += t->overflow_packets;
	d->sum.new_sources = fmax(d->sum.new_sources, t->new_sources);
	if (t->counters)
		sum_counters(&d->counters, t->counters);
}

/*
 * The seconds that the traffic took: a file may have a pause before the tick, and the last tick is
 * short. Never below `least`, so that a few packets at once are no rate.
 */
static double sum_elapsed(const struct detect *d, double least)
{
	double span = d->last > d->first ? (d->last - d->first) / 1e9 : 0;

	return fmax(least, d->first ? fmin(d->sum.elapsed_s, span) : d->sum.elapsed_s);
}

static void detect_think(struct detect *d, double least)
{
	d->sum.now = d->now;
	d->sum.elapsed_s = sum_elapsed(d, least);
	d->sum.counters = &d->counters;
	for (unsigned i = 0; i < d->n; i++)
		if (d->host[i].detector && d->host[i].ops->tick)
			d->host[i].ops->tick(d->host[i].detector, &d->sum);
	d->first = d->last = d->deltas = d->listed = 0;
	memset(&d->sum, 0, sizeof(d->sum));
	memset(&d->counters, 0, sizeof(d->counters));
}

static void detect_say_dropped(struct detect *d)
{
	uint64_t dropped = book_dropped(d->book) + (d->command ? command_dropped(d->command) : 0) +
			   (d->journal ? journal_dropped(d->journal) : 0);

	if (dropped > d->dropped && !d->dropped)
		log_warn("more alerts at once than are kept, told or logged: the rest is dropped");
	d->dropped = dropped;
}

void detect_tick(struct detect *d, const struct tick *t)
{
	if (t->now > d->now)
		d->now = t->now;
	sum_tick(d, t);
	if (d->sum.elapsed_s >= enough_s)
		detect_think(d, fmin(1, d->sum.elapsed_s));
	book_expire(d->book, d->now);
	if (d->command)
		command_poll(d->command);
	detect_say_dropped(d);
}

void detect_finish(struct detect *d, uint64_t now)
{
	if (now > d->now)
		d->now = now;
	detect_think(d, 1);
	book_close_all(d->book, d->now);
	if (d->command)
		command_finish(d->command, FINISH_S);
}

void detect_fill(const struct detect *d, struct snapshot *s)
{
	book_fill(d->book, s);
	s->n_detectors = d->n;
	for (unsigned i = 0; i < d->n; i++) {
		struct named_count *c = &s->alerts_by_detector[i];

		snprintf(c->name, sizeof(c->name), "%s", d->host[i].ops->name);
		c->n = book_count(d->book, i);
	}
}
