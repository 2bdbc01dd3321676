// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pcap with nanoseconds (draft-ietf-opsawg-pcap). Before it: pcap.c; after it: the octets.
 *
 * A file has one link type: that of the first packet.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "sink/format.h"

static const uint64_t second_ns = 1000000000;

struct format {
	uint32_t snaplen;
	int linktype; /* negative: not known yet */
	char header[PCAP_HEADER];
};

static struct format *format_pcap_open(const struct options *options, uint64_t now)
{
	struct format *f = calloc(1, sizeof(*f));

	(void)now;
	if (!f)
		return NULL;
	f->snaplen = options->snaplen;
	f->linktype = -1;
	return f;
}

static void format_pcap_close(struct format *f)
{
	free(f);
}

/* libpcap writes it, since it knows how DLT_ numbers are called in files. */
int format_pcap_header(int linktype, uint32_t snaplen, char to[PCAP_HEADER])
{
	char header[PCAP_HEADER + 1];
	pcap_t *p =
		pcap_open_dead_with_tstamp_precision(linktype, snaplen, PCAP_TSTAMP_PRECISION_NANO);
	FILE *file = fmemopen(header, sizeof(header), "w");
	pcap_dumper_t *dumper = p && file ? pcap_dump_fopen(p, file) : NULL;

	if (dumper)
		pcap_dump_close(dumper);
	else if (file)
		fclose(file);
	if (p)
		pcap_close(p);
	if (!dumper)
		return -EPROTONOSUPPORT;
	memcpy(to, header, PCAP_HEADER);
	return 0;
}

static enum place format_pcap_place(struct format *f, const struct event *event,
				    const struct sink_host *host)
{
	int linktype = event ? (int)event->linktype : DLT_EN10MB;

	(void)host;
	if (f->linktype >= 0)
		return f->linktype == linktype ? PLACE_HERE : PLACE_NONE;
	if (format_pcap_header(linktype, f->snaplen, f->header))
		return PLACE_NONE;
	f->linktype = linktype;
	return PLACE_NEW;
}

static size_t format_pcap_begin(const struct format *f, char *to)
{
	memcpy(to, f->header, sizeof(f->header));
	return sizeof(f->header);
}

static size_t format_pcap_room(const struct format *f, const struct event *event)
{
	(void)f;
	return sizeof(struct pcap_record) + event->caplen + FRAME_TAG;
}

static size_t format_pcap_packet(struct format *f, const struct event *event, char *to)
{
	struct pcap_record record = {.sec = event->ts / second_ns, .nsec = event->ts % second_ns};

	record.caplen = frame_copy(to + sizeof(record), event, f->snaplen);
	record.wire_len = event->wire_len > record.caplen ? event->wire_len : record.caplen;
	memcpy(to, &record, sizeof(record));
	return sizeof(record) + record.caplen;
}

static void format_pcap_lost(struct format *f)
{
	(void)f;
}

const struct format_ops format_pcap = {
	.refusal = "a pcap file has one, of those that files know; one named .pcapng has more",
	.open = format_pcap_open,
	.close = format_pcap_close,
	.place = format_pcap_place,
	.begin = format_pcap_begin,
	.room = format_pcap_room,
	.packet = format_pcap_packet,
	.lost = format_pcap_lost,
};
