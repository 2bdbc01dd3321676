/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interface of a source: where packets come from. Live (the kernel's programs) and replay (a
 * capture file, or libpcap live, through the host's build of the same engine) deliver the same
 * things to the same consumer. All calls come from the main thread.
 */
#ifndef XDPLENS_SOURCE_H
#define XDPLENS_SOURCE_H

#include "base/writer.h"
#include "options.h"
#include "snapshot.h"
#include "xdplens/listed.h"

/* The user's blacklists: flows with an end in them are marked. `ranges` NULL: there are none. */
struct listed {
	const struct listed_range *ranges;
	size_t n;
};

/* What a source delivers. */
struct source_consumer {
	void *arg;
	void (*packet)(void *arg, const struct event *event);
	/*
	 * A packet for the capture alone. Of event->packet only the interface, the direction and
	 * the VLAN tag are known. NULL: all packets go through the above.
	 */
	void (*sample)(void *arg, const struct event *event);
	/*
	 * Packets for the capture alone, as its file will have them: most come so where
	 * options_capture_format is one, a large send or one with a VLAN tag as above, and so all
	 * of an interface that has no number in a pcapng file yet. So many of them, the first, are
	 * taken now.
	 */
	size_t (*records)(void *arg, const void *records, size_t octets, size_t n);
	/*
	 * The same, which stay where they are until the loan says so; false: not now. NULL: they
	 * have to be copied; so while `lends` says no.
	 */
	bool (*lends)(void *arg);
	bool (*lend)(void *arg, const struct writer_loan *loan, size_t octets);
	/* Of those that were not taken, so many could not wait. */
	void (*lose)(void *arg, size_t n);
	/* `bank`: the cut that these packets belong to. */
	void (*flows)(void *arg, unsigned bank, struct flow_delta *deltas, size_t n);
	/*
	 * A consistent cut: all packets counted in `c` were in deltas of this bank, in the
	 * overflow, or in no flow.
	 */
	void (*cut)(void *arg, unsigned bank, const struct counters *c);
	/* The clock of the day was set: all that comes is stamped by it, `ns` later than before. */
	void (*clock_set)(void *arg, int64_t ns);
	/* From now on DNS is left out by bits of its id: see dns_pair_thin. */
	void (*dns_thinned)(void *arg, uint16_t mask, uint64_t now);
	void (*note)(void *arg, const char *text); /* something a person should know */
	struct listed listed;			   /* valid until relist is called */
};

struct source;

struct source_ops {
	/* NULL: said why on stderr. `consumer` is copied. */
	struct source *(*open)(const struct options *o, const struct source_consumer *consumer);
	/*
	 * Waits up to timeout_ms and delivers what there is. 1: go on; 0: the source has ended;
	 * negative: -errno, said why.
	 */
	int (*poll)(struct source *s, int timeout_ms);
	/* Asks for a cut; it is delivered by a later poll. */
	void (*request_cut)(struct source *s);
	/* Other lists from now on. */
	void (*relist)(struct source *s, const struct listed *listed);
	/* No packet comes after this; delivers all that is left, and the last cut. */
	void (*finish)(struct source *s);
	uint64_t (*now)(struct source *s); /* ns since the epoch; the capture's clock for files */
	/* source, mode, interfaces, cost; live: duration_s, by a clock that is never set. */
	void (*describe)(struct source *s, struct snapshot *snapshot);
	const char *(*interface_name)(struct source *s, uint32_t ifindex);
	/* Live: the interface has this number in the capture file's records from now on. */
	void (*number)(struct source *s, uint32_t ifindex, uint32_t number);
	void (*close)(struct source *s); /* NULL is fine */
};

extern const struct source_ops source_live, source_replay;

#endif
