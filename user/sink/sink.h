/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interface of a sink: something that writes records to a file. All calls come from the main
 * thread, and with live packets none waits for a disk or a reader: base/writer's threads do. A sink
 * that cannot write says so once on stderr, goes on counting what it drops, and tries again. Only
 * -EPIPE is said nowhere: the reader of a pipe had enough. SIGPIPE must be ignored.
 */
#ifndef XDPLENS_SINK_H
#define XDPLENS_SINK_H

#include "base/writer.h"
#include "snapshot.h"
#include "xdplens/detector.h"

struct options;
struct sink;

enum { SINK_INTERFACES = 256 };

static const uint64_t SINK_UNKNOWN = UINT64_MAX;

/* An interface that is watched; SINK_UNKNOWN where a number is not known. */
struct sink_interface {
	uint32_t ifindex;
	char name[16];
	uint64_t seen; /* packets, since the start */
	uint64_t lost; /* of these, before a sink saw them */
};

/* Whom a sink may ask. */
struct sink_host {
	void *arg;
	/* Fills in at most `most`. How many there are; none when a file is read. */
	size_t (*interfaces)(void *arg, struct sink_interface *list, size_t most);
	/* From now on the interface has this number in records that the kernel makes. */
	void (*number)(void *arg, uint32_t ifindex, uint32_t number);
};

enum flow_end { FLOW_END_FIN, FLOW_END_RST, FLOW_END_IDLE, FLOW_END_EVICTED, FLOW_END_EXIT };

struct sink_ops {
	const char *name;
	/* Opens `path` ("-": standard output). NULL: said why on stderr. */
	struct sink *(*open)(const char *path, const struct options *options);
	/* Any of these may be NULL. `host` is valid until the sink is closed. */
	void (*meet)(struct sink *s, const struct sink_host *host);
	/* 0 or -errno (already said). */
	int (*packet)(struct sink *s, const struct event *event);
	/*
	 * Packets as the file will have them, of options_capture_format. So many of them, the
	 * first, it takes now.
	 */
	size_t (*records)(struct sink *s, const void *records, size_t octets, size_t n);
	/* The same into one file, and without a copy; loan->count is the sink's. */
	bool (*lend)(struct sink *s, const struct writer_loan *loan, size_t octets);
	bool (*lends)(const struct sink *s); /* false: now it has to see them */
	/* Of those that it did not take, so many could not wait. */
	void (*lose)(struct sink *s, size_t n);
	int (*flow)(struct sink *s, const struct flow_view *flow, enum flow_end end);
	int (*dns)(struct sink *s, const struct dns_transaction *transaction);
	int (*alert)(struct sink *s,
		     const struct alert *alert); /* when it opens and when it closes */
	/*
	 * Flush by time, rotate; now: ns since the epoch. Wanted four times a second or more. 1: as
	 * many files as were asked for are written, the run may end (-G with -W).
	 */
	int (*tick)(struct sink *s, uint64_t now);
	int (*reopen)(struct sink *s);		   /* SIGHUP */
	uint64_t (*dropped)(const struct sink *s); /* records that could not be written */
	uint64_t (*close)(struct sink *s);	   /* flushes; those in all. NULL is fine */
};

/* -w, --csv, and --flows, --dns, --alerts: these three CSV or JSON Lines by the file's name. */
extern const struct sink_ops sink_pcap, sink_csv, sink_flows, sink_dns, sink_alerts;

#endif
