// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * -w: sampled packets as pcapng or pcap by the file's name, rotated and named as tcpdump does (-C,
 * -G, -W). Before it: decoding, which hands over const events. After it: format.h, which knows how
 * packets look, and base/buffer.
 *
 * A VLAN tag that the kernel took out of the bytes is put back, as libpcap does.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bare.h"
#include "base/buffer.h"
#include "base/log.h"
#include "sink/format.h"

static const uint64_t second_ns = 1000000000;

struct sink {
	struct buffer *buffer; /* NULL: with -r and -G, until the first packet gives the time */
	const struct options *options;
	const char *path; /* as given: with -G for strftime */
	const struct format_ops *ops;
	enum capture_format bare; /* of records that the kernel makes */
	struct format *format;
	const struct sink_host *host; /* NULL: there is none */
	uint64_t now;
	uint64_t started;  /* when this period of -G began, ns; 0: with the first packet or tick */
	uint32_t periods;  /* that have ended */
	uint32_t number;   /* of the file, -C */
	uint64_t foreign;  /* packets that the format has no place for */
	uint64_t unopened; /* packets for which no file could be opened */
	uint64_t unended;  /* files without what they should end with */
	uint64_t limit;	   /* octets beyond which the next file begins, -C */
	bool done;	   /* -G with -W: as many files as asked for */
	bool begun;	   /* it is known what files begin with */
	bool header_due;   /* that has changed, and this file does not say so yet */
	size_t header_len;
	char header[BUFFER_HEADER];
};

/* tcpdump(1): with -C, -W gives names enough leading zeros for the highest number. */
static int number_digits(const struct options *o)
{
	int digits = 0;

	if (!o->rotate_bytes || !o->rotate_count)
		return 0;
	for (uint32_t highest = o->rotate_count - 1; highest; highest /= 10)
		digits++;
	return digits;
}

/*
 * tcpdump(1): strftime(3) with -G; then the number, unless it is 0 and needs no zeros. What says
 * that the file is compressed stays last.
 */
static int name_make(const struct sink *s, uint64_t now, char name[PATH_MAX])
{
	time_t seconds = now / second_ns;
	int digits = number_digits(s->options);
	size_t len = strlen(s->path);
	struct tm tm;

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (s->options->rotate_seconds && localtime_r(&seconds, &tm))
		len = strftime(name, PATH_MAX, s->path, &tm);
	else
		memcpy(name, s->path, len + 1);
	if (!len || len + 12 > PATH_MAX)
		return -ENAMETOOLONG;
	if (digits || s->number) {
		const char *gzip = buffer_gzip(name) ? ".gz" : "";

		sprintf(name + len - strlen(gzip), "%0*u%s", digits, s->number, gzip);
	}
	return 0;
}

static void header_make(struct sink *s)
{
	s->header_len = s->ops->begin(s->format, s->header);
	s->header_due = s->begun;
	if (!s->begun)
		buffer_header(s->buffer, s->header, s->header_len);
	s->begun = true;
}

/* Finds the place of a packet, NULL: of none. False: there is none. */
static bool place_find(struct sink *s, const struct event *event)
{
	enum place place = s->ops->place(s->format, event, s->host);

	if (place == PLACE_NEW)
		header_make(s);
	return place != PLACE_NONE;
}

/* Without a packet a file is still a valid one. */
static void file_end(struct sink *s)
{
	char *at;

	if (!s->begun)
		place_find(s, NULL);
	if (!s->ops->end)
		return;
	at = buffer_begin(s->buffer, s->ops->end_room(s->format));
	if (at)
		buffer_commit(s->buffer,
			      s->ops->end(s->format, s->now, buffer_lost(s->buffer), s->host, at));
	else
		s->unended++;
}

/* Opens the first file, or goes on in the next one. */
static int file_start(struct sink *s, uint64_t now)
{
	char name[PATH_MAX];
	int rc = name_make(s, now, name);

	s->limit = s->options->rotate_bytes;
	if (rc) {
		log_error("open %s: %s", s->path, strerror(-rc));
		return rc;
	}
	if (s->buffer) {
		file_end(s);
		return buffer_switch(s->buffer, name);
	}
	s->buffer = buffer_open(name, BUFFER_BLOCK, s->options->read != NULL);
	if (s->buffer)
		return 0;
	rc = -errno;
	log_error("open %s: %s", name, strerror(errno));
	return rc;
}

/* -G. A period is not moved by the time at which its end is noticed. */
static int period_check(struct sink *s, uint64_t now)
{
	uint64_t period = s->options->rotate_seconds * second_ns;

	if (!s->started)
		s->started = now;
	if (!period || now < s->started || now - s->started < period)
		return 0;
	s->started = now - (now - s->started) % period;
	s->number = 0;
	s->periods++;
	if (!s->options->rotate_bytes && s->options->rotate_count &&
	    s->periods >= s->options->rotate_count) {
		s->done = true;
		return 0;
	}
	return file_start(s, s->started);
}

/* -C. Where the next file cannot be opened, this one grows by as much again before the next try. */
static void size_check(struct sink *s)
{
	uint64_t most = s->options->rotate_bytes;
	uint32_t files = s->options->rotate_count, number = s->number;

	if (!most || buffer_octets(s->buffer) <= s->limit)
		return;
	s->number = files && number + 1 >= files ? 0 : number + 1;
	if (file_start(s, s->started)) {
		s->number = number;
		s->limit = buffer_octets(s->buffer) + most;
	}
}

static struct sink *sink_pcap_open(const char *path, const struct options *options)
{
	struct sink *s = calloc(1, sizeof(*s));
	struct timespec t;

	if (!s)
		goto fail;
	clock_gettime(CLOCK_REALTIME, &t);
	s->now = t.tv_sec * second_ns + t.tv_nsec;
	s->options = options;
	s->path = path;
	s->bare = options_file_format(path);
	s->ops = s->bare == CAPTURE_PCAPNG ? &format_pcapng : &format_pcap;
	s->format = s->ops->open(options, s->now);
	if (!s->format)
		goto fail;
	/* else it is named by the capture's time, which the first packet tells */
	if ((options->read && options->rotate_seconds) || !file_start(s, s->now))
		return s;
	s->ops->close(s->format);
	free(s);
	return NULL;
fail:
	log_error("open %s: %s", path, strerror(errno));
	free(s);
	return NULL;
}

static void sink_pcap_meet(struct sink *s, const struct sink_host *host)
{
	s->host = host;
}

/* For `n` packets from `ts` on. False: there is no file, for a reason that was said. */
static bool file_ready(struct sink *s, uint64_t ts, size_t n)
{
	if (s->buffer)
		return true;
	s->started = ts;
	if (!s->unopened && !file_start(s, ts))
		return true;
	s->unopened += n;
	return false;
}

/* With the new section that it needs, a packet is one record: both are written, or none. */
static int packet_write(struct sink *s, const struct event *event)
{
	size_t head = s->header_due ? s->header_len : 0;
	char *at = buffer_begin(s->buffer, head + s->ops->room(s->format, event));

	if (!at) {
		s->ops->lost(s->format);
		return -errno;
	}
	memcpy(at, s->header, head);
	buffer_commit(s->buffer, head + s->ops->packet(s->format, event, at + head));
	if (head)
		buffer_header(s->buffer, s->header, head);
	s->header_due = false;
	if (s->ops->tell && s->host)
		s->ops->tell(s->format, s->host);
	return 0;
}

static int sink_pcap_packet(struct sink *s, const struct event *event)
{
	if (!(event->why & COPY_SAMPLE) || s->done || !file_ready(s, event->ts, 1))
		return 0;
	s->now = event->ts > s->now || s->options->read ? event->ts : s->now;
	period_check(s, event->ts); /* what fails there was said, and the old file goes on */
	size_check(s);
	if (s->done)
		return 0;
	if (place_find(s, event))
		return packet_write(s, event);
	if (!s->foreign++)
		log_warn("write %s: packets of link type %u are left out: %s", s->path,
			 event->linktype, s->ops->refusal);
	return 0;
}

static bool sink_pcap_lends(const struct sink *s)
{
	return !s->ops->remarks || !s->ops->remarks(s->format);
}

struct run { /* of records that go into the same file */
	const char *at;
	size_t octets, n;
};

/* As far as the first of them begins no other file, at least one. */
static struct run run_find(const struct sink *s, const struct run *left)
{
	const struct options *o = s->options;
	uint64_t room = s->limit - buffer_octets(s->buffer); /* may be passed by one record */
	struct run run = {.at = left->at};

	if (!o->rotate_bytes && !o->rotate_seconds)
		return *left;
	while (run.n < left->n) {
		run.octets += bare_octets(s->bare, run.at + run.octets);
		run.n++;
		if (o->rotate_bytes && run.octets > room)
			break;
		if (run.n < left->n && o->rotate_seconds &&
		    bare_time(s->bare, run.at + run.octets) - s->started >=
			    o->rotate_seconds * second_ns)
			break;
	}
	return run;
}

/* The first of the records once more, with what there is to say. */
static bool record_remark(struct sink *s, struct run *left)
{
	size_t octets = bare_octets(s->bare, left->at);
	char *remarked = malloc(REMARKED);
	bool written = remarked && buffer_records(s->buffer, remarked,
						  s->ops->remark(s->format, left->at, remarked), 1);

	free(remarked);
	if (!written)
		return false;
	s->ops->remarked(s->format);
	left->at += octets;
	left->octets -= octets;
	left->n--;
	return true;
}

static size_t sink_pcap_records(struct sink *s, const void *records, size_t octets, size_t n)
{
	struct run left = {records, octets, n};

	if (!file_ready(s, bare_time(s->bare, records), n))
		return n;
	if (!s->begun)
		place_find(s, NULL);
	while (left.n && !s->done) {
		uint64_t time = bare_time(s->bare, left.at);
		struct run run;

		s->now = time > s->now ? time : s->now;
		period_check(s, time);
		size_check(s);
		if (s->done)
			break;
		if (!sink_pcap_lends(s)) {
			if (!record_remark(s, &left))
				break;
			continue;
		}
		run = run_find(s, &left);
		if (!buffer_records(s->buffer, run.at, run.octets, run.n))
			break;
		left.at += run.octets;
		left.octets -= run.octets;
		left.n -= run.n;
	}
	return s->done ? n : n - left.n;
}

static size_t pcap_count(const char *records, size_t octets)
{
	return bare_count(CAPTURE_PCAP, records, octets);
}

static size_t pcapng_count(const char *records, size_t octets)
{
	return bare_count(CAPTURE_PCAPNG, records, octets);
}

static bool sink_pcap_lend(struct sink *s, const struct writer_loan *loan, size_t octets)
{
	struct writer_loan counted = *loan;

	if (!s->begun)
		place_find(s, NULL);
	counted.count = s->bare == CAPTURE_PCAPNG ? pcapng_count : pcap_count;
	return buffer_lend(s->buffer, &counted, octets);
}

static void sink_pcap_lose(struct sink *s, size_t n)
{
	buffer_lose(s->buffer, n);
}

static int sink_pcap_alert(struct sink *s, const struct alert *alert)
{
	if (s->ops->alert)
		s->ops->alert(s->format, alert);
	return 0;
}

static int sink_pcap_tick(struct sink *s, uint64_t now)
{
	s->now = now;
	if (!s->buffer)
		return 0;
	if (!s->done)
		period_check(s, now);
	if (s->done)
		return 1;
	return buffer_tick(s->buffer, now);
}

static int sink_pcap_reopen(struct sink *s)
{
	if (!s->buffer)
		return 0;
	file_end(s);
	return buffer_reopen(s->buffer);
}

static uint64_t sink_pcap_dropped(const struct sink *s)
{
	uint64_t lost = s->buffer ? buffer_lost(s->buffer) : 0;

	return s->foreign + s->unopened + lost - s->unended;
}

static uint64_t sink_pcap_close(struct sink *s)
{
	uint64_t lost;

	if (!s)
		return 0;
	if (s->buffer)
		file_end(s);
	lost = s->foreign + s->unopened + buffer_close(s->buffer) - s->unended;
	s->ops->close(s->format);
	free(s);
	return lost;
}

const struct sink_ops sink_pcap = {
	.name = "pcap",
	.open = sink_pcap_open,
	.meet = sink_pcap_meet,
	.packet = sink_pcap_packet,
	.records = sink_pcap_records,
	.lends = sink_pcap_lends,
	.lend = sink_pcap_lend,
	.lose = sink_pcap_lose,
	.alert = sink_pcap_alert,
	.tick = sink_pcap_tick,
	.reopen = sink_pcap_reopen,
	.dropped = sink_pcap_dropped,
	.close = sink_pcap_close,
};
