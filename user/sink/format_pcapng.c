// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pcapng (draft-ietf-opsawg-pcapng): packets with their interface and direction, alerts as
 * comments, and what was seen and lost. Before it: pcap.c; after it: the octets.
 *
 * A file is one section, which begins with all interfaces that are watched. One that comes later
 * begins a new section, which describes all of them anew: so a number means the same interface in
 * every section of a run, and packets that a full disk kept in memory fit into the next file.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/bare.h"
#include "base/buffer.h"
#include "base/frame.h"
#include "base/text.h"
#include "sink/format.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
};

enum { /* option codes: 3.5, and those of each block in 4 */
       OPT_END = 0,
       OPT_COMMENT = 1,
       SHB_OS = 3,
       SHB_USERAPPL = 4,
       IF_NAME = 2,
       IF_TSRESOL = 9,
       EPB_DROPCOUNT = 4,
       ISB_STARTTIME = 2,
       ISB_ENDTIME = 3,
       ISB_IFRECV = 4,
       ISB_OSDROP = 7,
       ISB_USRDELIV = 8,
};

enum {
	INTERFACES = SINK_INTERFACES,
	COMMENTS = 16,
	COMMENT = 512,					 /* octets of one, with its NUL */
	OPTION = 4,					 /* octets before an option's value */
	OPTION_NUMBER = 12,				 /* with a value of eight octets */
	BLOCK = 12,					 /* octets around a block's body */
	PACKET_FIXED = sizeof(struct pcapng_packet) - 8, /* of a packet's body */
	PACKET_OPTIONS = 24,				 /* flags, drop count, end */
	SECTION_MOST = 512,
	INTERFACE_MOST = BLOCK + 8 + OPTION + 16 + OPTION + 4 + OPTION,
	STATISTICS_MOST = BLOCK + 12 + 5 * OPTION_NUMBER + 2 * OPTION + 64,
	COMMENTS_MOST = (COMMENTS + 1) * (OPTION + COMMENT),
};
_Static_assert(RING_SPARE + COMMENTS_MOST + PACKET_OPTIONS <= REMARKED, "remarked");
_Static_assert(SECTION_MOST + INTERFACES * INTERFACE_MOST <= BUFFER_HEADER, "header");

struct interface {
	char name[16]; /* empty: not known */
	uint32_t link; /* its type, as files call it */
	uint64_t written;
	uint64_t lost; /* since then */
};

struct format {
	uint32_t snaplen;
	bool live;
	bool blocks; /* the kernel makes most of a packet's blocks */
	char os[128];
	struct { /* apart from the rest, since it is searched */
		uint32_t ifindex, linktype;
	} key[INTERFACES];
	struct interface interface[INTERFACES];
	size_t n, at;	/* `at`: of the packet that was placed last */
	size_t told;	/* of the interfaces, the first, whose numbers the host knows */
	uint64_t first; /* when the capture began */
	uint64_t last;	/* of the packets' times */
	char comment[COMMENTS][COMMENT];
	unsigned comments, more; /* alerts since the last packet; beyond COMMENTS */
	struct sink_interface watched[INTERFACES];
};

/* ---- blocks ---- */

struct block {
	char *start, *at;
};

static void octets_put(struct block *b, const void *from, size_t len)
{
	size_t pad = -len & 3;

	memcpy(b->at, from, len);
	memset(b->at + len, 0, pad);
	b->at += len + pad;
}

static void u32_put(struct block *b, uint32_t n)
{
	octets_put(b, &n, sizeof(n));
}

/* 4.3: the upper half first, in any byte order. */
static void time_put(struct block *b, uint64_t ns)
{
	u32_put(b, ns >> 32);
	u32_put(b, ns);
}

static struct block block_begin(char *to, uint32_t type)
{
	struct block b = {to, to};

	u32_put(&b, type);
	u32_put(&b, 0); /* its length, known at the end */
	return b;
}

static void option_put(struct block *b, uint16_t code, const void *value, uint16_t len)
{
	const uint16_t head[2] = {code, len};

	octets_put(b, head, sizeof(head));
	octets_put(b, value, len);
}

static void option_text(struct block *b, uint16_t code, const char *text)
{
	if (*text)
		option_put(b, code, text, strlen(text));
}

static void option_number(struct block *b, uint16_t code, uint64_t n)
{
	if (n != SINK_UNKNOWN)
		option_put(b, code, &n, sizeof(n));
}

static void option_time(struct block *b, uint16_t code, uint64_t ns)
{
	const uint32_t halves[2] = {ns >> 32, ns};

	option_put(b, code, halves, sizeof(halves));
}

/* Returns where the next block begins. */
static char *block_end(struct block *b)
{
	uint32_t len = b->at - b->start + 2 * sizeof(uint32_t);

	option_put(b, OPT_END, "", 0);
	u32_put(b, len);
	memcpy(b->start + sizeof(uint32_t), &len, sizeof(len));
	return b->at;
}

/* ---- alerts ---- */

static void format_pcapng_alert(struct format *f, const struct alert *a)
{
	char line[COMMENT];

	if (a->end)
		return;
	if (f->comments == COMMENTS) {
		f->more++;
		return;
	}
	snprintf(line, sizeof(line), "alert %s %s, %s: %s", a->detector ? a->detector : "", a->kind,
		 a->subject, a->reason);
	text_line(f->comment[f->comments++], COMMENT, line);
}

static size_t comments_room(const struct format *f)
{
	return f->comments ? COMMENTS_MOST : 0;
}

static void comments_put(const struct format *f, struct block *b)
{
	char line[64];

	for (unsigned i = 0; i < f->comments; i++)
		option_text(b, OPT_COMMENT, f->comment[i]);
	if (f->more) {
		snprintf(line, sizeof(line), "and %u more alerts", f->more);
		option_text(b, OPT_COMMENT, line);
	}
}

static void format_pcapng_remarked(struct format *f)
{
	f->comments = f->more = 0;
}

static bool format_pcapng_remarks(const struct format *f)
{
	return f->comments;
}

/* ---- interfaces ---- */

static bool interface_find(struct format *f, uint32_t ifindex, uint32_t linktype)
{
	if (f->at < f->n && f->key[f->at].ifindex == ifindex && f->key[f->at].linktype == linktype)
		return true;
	for (f->at = 0; f->at < f->n; f->at++)
		if (f->key[f->at].ifindex == ifindex && f->key[f->at].linktype == linktype)
			return true;
	return false;
}

/* What a link type is called in files ends the header of a pcap file. */
static bool interface_add(struct format *f, uint32_t ifindex, uint32_t linktype, const char *name)
{
	struct interface *i = &f->interface[f->n];
	char header[PCAP_HEADER];

	if (interface_find(f, ifindex, linktype))
		return true;
	if (f->n == INTERFACES || format_pcap_header(linktype, f->snaplen, header))
		return false;
	memcpy(&i->link, header + sizeof(header) - sizeof(i->link), sizeof(i->link));
	snprintf(i->name, sizeof(i->name), "%s", name ? name : "");
	f->at = f->n++;
	f->key[f->at].ifindex = ifindex;
	f->key[f->at].linktype = linktype;
	return true;
}

static size_t interfaces_watched(struct format *f, const struct sink_host *host)
{
	return host ? host->interfaces(host->arg, f->watched, INTERFACES) : 0;
}

/* All that are watched, so that a section seldom has to be followed by another. */
static bool interfaces_learn(struct format *f, const struct event *event,
			     const struct sink_host *host)
{
	size_t n = interfaces_watched(f, host);

	for (size_t i = 0; i < n; i++)
		interface_add(f, f->watched[i].ifindex, DLT_EN10MB, f->watched[i].name);
	if (event)
		return interface_add(f, event->packet->key.ifindex, event->linktype,
				     event->interface);
	return f->n || interface_add(f, 0, DLT_EN10MB, "");
}

static enum place format_pcapng_place(struct format *f, const struct event *event,
				      const struct sink_host *host)
{
	if (event && interface_find(f, event->packet->key.ifindex, event->linktype))
		return PLACE_HERE;
	return interfaces_learn(f, event, host) ? PLACE_NEW : PLACE_NONE;
}

/* ---- a file's begin ---- */

/* 4.1 */
static char *section_put(const struct format *f, char *to)
{
	struct block b = block_begin(to, BLOCK_SECTION);
	const uint16_t version[2] = {1, 0};
	const uint64_t unknown_length = UINT64_MAX;

	u32_put(&b, BYTE_ORDER_MAGIC);
	octets_put(&b, version, sizeof(version));
	octets_put(&b, &unknown_length, sizeof(unknown_length));
	option_text(&b, SHB_OS, f->os);
	option_text(&b, SHB_USERAPPL, "xdplens " XDPLENS_VERSION);
	return block_end(&b);
}

/* 4.2 */
static char *interface_put(const struct format *f, size_t i, char *to)
{
	struct block b = block_begin(to, BLOCK_INTERFACE);
	const uint16_t type[2] = {f->interface[i].link};

	octets_put(&b, type, sizeof(type));
	u32_put(&b, f->snaplen);
	option_text(&b, IF_NAME, f->interface[i].name);
	option_put(&b, IF_TSRESOL, "\x09", 1);
	return block_end(&b);
}

static size_t format_pcapng_begin(const struct format *f, char *to)
{
	char *at = section_put(f, to);

	for (size_t i = 0; i < f->n; i++)
		at = interface_put(f, i, at);
	return at - to;
}

/* ---- packets ---- */

static size_t format_pcapng_room(const struct format *f, const struct event *event)
{
	return BLOCK + PACKET_FIXED + event->caplen + FRAME_TAG + 3 + PACKET_OPTIONS +
	       comments_room(f);
}

/* 4.3; a file does not tell the direction of its packets. */
static size_t format_pcapng_packet(struct format *f, const struct event *event, char *to)
{
	struct interface *i = &f->interface[f->at];
	struct block b = block_begin(to, PCAPNG_PACKET);
	uint32_t out = event->packet->key.link & FLOW_EGRESS;
	const uint32_t flags = out ? PCAPNG_OUTBOUND : PCAPNG_INBOUND;
	char *data = b.at + PACKET_FIXED;
	uint32_t caplen = frame_copy(data, event, f->snaplen);

	u32_put(&b, f->at);
	time_put(&b, event->ts);
	u32_put(&b, caplen);
	u32_put(&b, event->wire_len > caplen ? event->wire_len : caplen);
	memset(data + caplen, 0, -caplen & 3);
	b.at = data + caplen + (-caplen & 3);
	comments_put(f, &b);
	format_pcapng_remarked(f);
	if (f->live)
		option_put(&b, PCAPNG_FLAGS, &flags, sizeof(flags));
	if (i->lost)
		option_number(&b, EPB_DROPCOUNT, i->lost);
	i->lost = 0;
	i->written++;
	f->last = event->ts > f->last ? event->ts : f->last;
	return block_end(&b) - to;
}

/* What the kernel's blocks are is not looked at: what a file lost of them is told at its end. */
static void format_pcapng_lost(struct format *f)
{
	f->interface[f->at].lost += !f->blocks;
}

/* A block is repeated up to where its options begin. */
static size_t format_pcapng_remark(const struct format *f, const void *record, char *to)
{
	struct pcapng_packet_end end;
	struct block b = {to, to};
	size_t len = bare_octets(CAPTURE_PCAPNG, record) - sizeof(end);

	memcpy(&end, (const char *)record + len, sizeof(end));
	octets_put(&b, record, len);
	comments_put(f, &b);
	option_put(&b, PCAPNG_FLAGS, &end.flags, sizeof(end.flags));
	return block_end(&b) - to;
}

static void format_pcapng_tell(struct format *f, const struct sink_host *host)
{
	for (; f->told < f->n; f->told++)
		if (f->key[f->told].linktype == DLT_EN10MB)
			host->number(host->arg, f->key[f->told].ifindex, f->told);
}

/* ---- a file's end ---- */

static size_t format_pcapng_end_room(const struct format *f)
{
	return f->n * STATISTICS_MOST + comments_room(f);
}

static const struct sink_interface *watched_find(const struct format *f, size_t n, uint32_t ifindex)
{
	for (size_t i = 0; i < n; i++)
		if (f->watched[i].ifindex == ifindex)
			return &f->watched[i];
	return NULL;
}

/* What a file lost of the kernel's blocks belongs to an interface that is known where it is one. */
static void lost_put(const struct format *f, struct block *b, uint64_t lost,
		     const struct sink_interface *watched)
{
	char line[64];

	if (watched && watched->lost != SINK_UNKNOWN) {
		option_number(b, ISB_OSDROP, watched->lost + (f->blocks ? lost : 0));
	} else if (f->blocks && lost) {
		snprintf(line, sizeof(line), "%" PRIu64 " packets of all interfaces were lost",
			 lost);
		option_text(b, OPT_COMMENT, line);
	}
}

/* 4.6; numbers count from the beginning of the run, in all its files. */
static char *statistics_put(const struct format *f, size_t i, uint64_t now, uint64_t lost,
			    const struct sink_interface *watched, char *to)
{
	struct block b = block_begin(to, BLOCK_STATISTICS);

	u32_put(&b, i);
	time_put(&b, now);
	if (!i)
		comments_put(f, &b);
	if (f->live) {
		option_time(&b, ISB_STARTTIME, f->first);
		option_time(&b, ISB_ENDTIME, now);
	}
	if (watched)
		option_number(&b, ISB_IFRECV, watched->seen);
	lost_put(f, &b, lost, watched);
	if (!f->blocks)
		option_number(&b, ISB_USRDELIV, f->interface[i].written);
	return block_end(&b);
}

static size_t format_pcapng_end(struct format *f, uint64_t now, uint64_t lost,
				const struct sink_host *host, char *to)
{
	size_t n = interfaces_watched(f, host);
	char *at = to;

	for (size_t i = 0; i < f->n; i++)
		at = statistics_put(f, i, f->live ? now : f->last, i ? 0 : lost,
				    watched_find(f, n, f->key[i].ifindex), at);
	format_pcapng_remarked(f);
	return at - to;
}

/* ---- the capture ---- */

static struct format *format_pcapng_open(const struct options *options, uint64_t now)
{
	struct format *f = calloc(1, sizeof(*f));
	struct utsname os;

	if (!f)
		return NULL;
	f->snaplen = options->snaplen;
	f->live = !options->read;
	f->blocks = options_capture_format(options) == CAPTURE_PCAPNG;
	f->first = now;
	if (!uname(&os))
		snprintf(f->os, sizeof(f->os), "%.60s %.60s", os.sysname, os.release);
	return f;
}

static void format_pcapng_close(struct format *f)
{
	free(f);
}

const struct format_ops format_pcapng = {
	.refusal = "files have no number for it, or no room for another interface",
	.open = format_pcapng_open,
	.close = format_pcapng_close,
	.place = format_pcapng_place,
	.begin = format_pcapng_begin,
	.room = format_pcapng_room,
	.packet = format_pcapng_packet,
	.lost = format_pcapng_lost,
	.end_room = format_pcapng_end_room,
	.end = format_pcapng_end,
	.alert = format_pcapng_alert,
	.remarks = format_pcapng_remarks,
	.remark = format_pcapng_remark,
	.remarked = format_pcapng_remarked,
	.tell = format_pcapng_tell,
};
