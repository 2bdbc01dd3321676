// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * -w: sampled packets as a pcap file with nanoseconds, rotated and named as tcpdump does (-C, -G,
 * -W). Before it: decoding, which hands over const events. After it: base/buffer.
 *
 * A VLAN tag that the kernel took out of the bytes is put back, as libpcap does. A file has one
 * link type: that of its first packet; packets of another one are counted as dropped.
 */
#include <errno.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/frame.h"
#include "base/log.h"
#include "options.h"
#include "sink/sink.h"

enum {
	PCAP_HEADER = 24,
};

static const uint64_t second_ns = 1000000000;

/* In the byte order of the host, as the magic number says. */
struct pcap_record {
	uint32_t sec, nsec, caplen, len;
};

struct sink {
	struct buffer *buffer; /* NULL: with -r and -G, until the first packet gives the time */
	const struct options *options;
	const char *path;  /* as given: with -G for strftime */
	int linktype;	   /* negative: not known yet */
	uint64_t started;  /* when this period of -G began, ns; 0: with the first packet or tick */
	uint32_t periods;  /* that have ended */
	uint32_t number;   /* of the file, -C */
	uint64_t foreign;  /* packets of another link type */
	uint64_t unopened; /* packets for which no file could be opened */
	uint64_t limit;	   /* octets beyond which the next file begins, -C */
	bool done;	   /* -G with -W: as many files as asked for */
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

/* libpcap writes the header, since it knows how DLT_ numbers are called in files. */
static int header_put(struct sink *s)
{
	char header[PCAP_HEADER + 1];
	pcap_t *p = pcap_open_dead_with_tstamp_precision(s->linktype, s->options->snaplen,
							 PCAP_TSTAMP_PRECISION_NANO);
	FILE *f = fmemopen(header, sizeof(header), "w");
	pcap_dumper_t *dumper = p && f ? pcap_dump_fopen(p, f) : NULL;
	int rc = -ENOMEM;

	if (dumper) {
		pcap_dump_close(dumper);
		rc = buffer_header(s->buffer, header, PCAP_HEADER);
	} else if (f) {
		fclose(f);
	}
	if (p)
		pcap_close(p);
	return rc;
}

static int linktype_set(struct sink *s, int linktype)
{
	int rc;

	s->linktype = linktype;
	rc = header_put(s);
	if (rc)
		log_error("write %s: link type %d cannot be written", s->path, linktype);
	return rc;
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
	if (s->buffer)
		return buffer_switch(s->buffer, name);
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
	uint64_t now = time(NULL) * second_ns;

	if (!s) {
		log_error("open %s: %s", path, strerror(errno));
		return NULL;
	}
	s->options = options;
	s->path = path;
	s->linktype = -1;
	if (options->read && options->rotate_seconds)
		return s; /* named by the capture's time, which the first packet tells */
	if (file_start(s, now)) {
		free(s);
		return NULL;
	}
	return s;
}

/* False: the packet has no place in the file, for a reason that was said. */
static bool packet_fits(struct sink *s, const struct event *event)
{
	if (!s->buffer) {
		s->started = event->ts;
		if (s->unopened || file_start(s, event->ts)) {
			s->unopened++;
			return false;
		}
	}
	if (s->linktype < 0 && linktype_set(s, event->linktype))
		return false;
	if (s->linktype == (int)event->linktype)
		return true;
	if (!s->foreign++)
		log_warn("write %s: packets of link type %u are left out, the file's is %d",
			 s->path, event->linktype, s->linktype);
	return false;
}

static int sink_pcap_packet(struct sink *s, const struct event *event)
{
	struct pcap_record record = {.sec = event->ts / second_ns, .nsec = event->ts % second_ns};
	char *at;

	if (!(event->why & COPY_SAMPLE) || s->done || !packet_fits(s, event))
		return 0;
	period_check(s, event->ts); /* what fails there was said, and the old file goes on */
	size_check(s);
	if (s->done)
		return 0;
	at = buffer_begin(s->buffer, sizeof(record) + event->caplen + FRAME_TAG);
	if (!at)
		return -errno;
	record.caplen = frame_copy(at + sizeof(record), event, s->options->snaplen);
	record.len = event->wire_len > record.caplen ? event->wire_len : record.caplen;
	memcpy(at, &record, sizeof(record));
	buffer_commit(s->buffer, sizeof(record) + record.caplen);
	return 0;
}

static int sink_pcap_tick(struct sink *s, uint64_t now)
{
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
	return s->buffer ? buffer_reopen(s->buffer) : 0;
}

static uint64_t sink_pcap_dropped(const struct sink *s)
{
	return s->foreign + s->unopened + (s->buffer ? buffer_lost(s->buffer) : 0);
}

/* Without a packet the file is still a valid one. */
static uint64_t sink_pcap_close(struct sink *s)
{
	uint64_t lost;

	if (!s)
		return 0;
	if (s->buffer && s->linktype < 0)
		linktype_set(s, DLT_EN10MB);
	lost = s->foreign + s->unopened + buffer_close(s->buffer);
	free(s);
	return lost;
}

const struct sink_ops sink_pcap = {
	.name = "pcap",
	.open = sink_pcap_open,
	.packet = sink_pcap_packet,
	.tick = sink_pcap_tick,
	.reopen = sink_pcap_reopen,
	.dropped = sink_pcap_dropped,
	.close = sink_pcap_close,
};
