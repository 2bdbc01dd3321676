/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How packets look in a capture file: a const table of encoders each for pcap and pcapng. Before
 * it: pcap.c, which owns the files, their names and their rotation; after it: the octets.
 *
 * An encoder writes into room that it named before, and never fails.
 */
#ifndef XDPLENS_SINK_FORMAT_H
#define XDPLENS_SINK_FORMAT_H

#include "options.h"
#include "sink/sink.h"

struct format; /* what an encoder knows of the capture, in all its files */

enum place {
	PLACE_NONE, /* no file of this format takes it */
	PLACE_HERE,
	PLACE_NEW, /* what a file begins with has changed: `begin` comes before it */
};

struct format_ops {
	const char *refusal; /* why there may be no place for a packet */
	/* `now`: ns since the epoch. NULL and errno. */
	struct format *(*open)(const struct options *options, uint64_t now);
	void (*close)(struct format *f); /* NULL is fine */
	/* Where a packet belongs; NULL: a file without one. `host` may be NULL. */
	enum place (*place)(struct format *f, const struct event *event,
			    const struct sink_host *host);
	/* What a file begins with: at most BUFFER_HEADER octets. Their number. */
	size_t (*begin)(const struct format *f, char *to);
	size_t (*room)(const struct format *f, const struct event *event); /* for `packet` */
	size_t (*packet)(struct format *f, const struct event *event, char *to);
	/* The packet that `place` saw last found no room. */
	void (*lost)(struct format *f);
	/*
	 * Any of these may be NULL. What a file ends with; `now`: ns since the epoch; `lost`:
	 * records for which the file had no room, in the whole run.
	 */
	size_t (*end_room)(const struct format *f);
	size_t (*end)(struct format *f, uint64_t now, uint64_t lost, const struct sink_host *host,
		      char *to);
	void (*alert)(struct format *f, const struct alert *alert);
	/* An alert waits to be said with a packet: */
	bool (*remarks)(const struct format *f);
	/* the record that the kernel made, once more with it, at most REMARKED octets; */
	size_t (*remark)(const struct format *f, const void *record, char *to);
	void (*remarked)(struct format *f); /* it was said. */
	/* Tells the host of numbers that the file has told. */
	void (*tell)(struct format *f, const struct sink_host *host);
};

enum { REMARKED = 96 << 10 };

/* Writes a pcap file's header; its last four octets are what files call a link type. 0 or -errno.
 */
int format_pcap_header(int linktype, uint32_t snaplen, char to[PCAP_HEADER]);

extern const struct format_ops format_pcap, format_pcapng;

#endif
