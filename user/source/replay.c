// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Packets from a capture file, or live through libpcap where BPF programs are refused, by the
 * host's engine. Before it libpcap (pcap and pcapng, gzip by zlib); after it the same consumer as
 * live. On a file, time is the capture's own and a cut is made every second of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "source/engine.h"
#include "xdplens/parse.h"

enum {
	REPLAY_BURST = 4096, /* packets a poll */
	REPLAY_SLOTS = 1 << 16,
	REPLAY_HEAD_PACKETS = 8,
	NS_PER_S = 1000000000,
};

struct source {
	const struct options *options;
	struct engine *engine;
	struct source_consumer consumer;
	pcap_t *pcap;
	struct bpf_program filter;
	bool filtered, live, cut_wanted;
	char name[256];
	uint8_t own_address[6];
	uint64_t now, last_cut, packets;
	gzFile gz;
	time_t progress;
	bool progress_shown;
};

/* ---- opening ---- */

static ssize_t replay_gz_read(void *cookie, char *to, size_t n)
{
	return gzread(cookie, to, n);
}

static int replay_gz_close(void *cookie)
{
	return gzclose(cookie) == Z_OK ? 0 : -1;
}

static pcap_t *replay_open_file(struct source *s, const char *path)
{
	static const cookie_io_functions_t io = {.read = replay_gz_read, .close = replay_gz_close};
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;
	FILE *file;

	s->gz = strcmp(path, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
	if (!s->gz) {
		log_error("cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	gzbuffer(s->gz, 1 << 18);
	file = fopencookie(s->gz, "rb", io);
	if (!file) {
		gzclose(s->gz);
		return NULL;
	}
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!pcap) {
		log_error("cannot read %s: %s", path, error);
		fclose(file);
	}
	return pcap;
}

static pcap_t *replay_open_live(const char *interface, const struct options *o)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(interface, error);
	int status;

	if (!pcap) {
		log_error("cannot watch %s: %s", interface, error);
		return NULL;
	}
	pcap_set_snaplen(pcap, o->write && o->snaplen > CAPTURE_MAX ? o->snaplen : CAPTURE_MAX);
	pcap_set_promisc(pcap, 0);
	pcap_set_timeout(pcap, 10);
	pcap_set_buffer_size(pcap, 64 << 20);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(pcap);
	if (status < 0) {
		log_error("cannot watch %s: %s%s", interface, pcap_geterr(pcap),
			  status == PCAP_ERROR_PERM_DENIED
				  ? " (CAP_NET_RAW is missing; reading a file with -r needs none)"
				  : "");
		pcap_close(pcap);
		return NULL;
	}
	pcap_setnonblock(pcap, 1, error);
	return pcap;
}

/* Live on Ethernet, what has our address as its source is sent by us. */
static void replay_read_address(struct source *s)
{
	char path[64];
	uint8_t *a = s->own_address;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/address", s->name);
	f = fopen(path, "re");
	if (f && fscanf(f, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &a[0], &a[1], &a[2], &a[3], &a[4],
			&a[5]) != 6)
		memset(a, 0, sizeof(s->own_address));
	if (f)
		fclose(f);
}

/* Frames of a link type that we do not know are counted, but nothing is read in them. */
static bool replay_knows_link(const struct source *s)
{
	static const uint8_t frame[64];
	struct packet p;

	return parse_frame(pcap_datalink(s->pcap), frame, sizeof(frame), sizeof(frame), &p) !=
		       UNPARSED_UNKNOWN_LINK &&
	       p.outcome != UNPARSED_UNKNOWN_LINK;
}

static bool replay_set_filter(struct source *s, const char *words)
{
	if (!words)
		return true;
	if (pcap_compile(s->pcap, &s->filter, words, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		log_error("filter '%s': %s", words, pcap_geterr(s->pcap));
		return false;
	}
	s->filtered = true;
	return true;
}

static void replay_close(struct source *s)
{
	if (!s)
		return;
	if (s->filtered)
		pcap_freecode(&s->filter);
	if (s->pcap)
		pcap_close(s->pcap);
	engine_free(s->engine);
	free(s);
}

static struct source *replay_open(const struct options *o, const struct source_consumer *consumer)
{
	struct source *s = calloc(1, sizeof(*s));
	const char *name;

	if (!s)
		return NULL;
	s->options = o;
	s->consumer = *consumer;
	s->live = !o->read;
	name = s->live ? o->interfaces[0] : o->read;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->pcap = s->live ? replay_open_live(name, o) : replay_open_file(s, name);
	if (s->live)
		replay_read_address(s);
	if (!s->pcap || !replay_set_filter(s, o->filter))
		goto fail;
	s->engine =
		engine_new(&(struct engine_config){.link = pcap_datalink(s->pcap),
						   .sample = o->sample,
						   .sample_by = o->sample_by,
						   .caplen = o->snaplen,
						   .slots = REPLAY_SLOTS,
						   .head_packets = REPLAY_HEAD_PACKETS,
						   .ifindex = s->live ? if_nametoindex(name) : 1,
						   .interface = s->live ? s->name : ""},
			   consumer);
	if (!s->engine) {
		log_error("out of memory");
		goto fail;
	}
	return s;
fail:
	replay_close(s);
	return NULL;
}

/* ---- reading ---- */

static void replay_cut(struct source *s)
{
	s->last_cut = s->now;
	s->cut_wanted = false;
	engine_cut(s->engine);
}

static void replay_progress(struct source *s)
{
	time_t t = time(NULL);

	if (s->live || s->options->quiet || t == s->progress || !isatty(STDERR_FILENO))
		return;
	if (s->progress) {
		fprintf(stderr, "\r%" PRIu64 " packets, %lld MB read ", s->packets,
			(long long)gzoffset(s->gz) / 1000000);
		s->progress_shown = true;
	}
	s->progress = t;
}

/* SLL's first two bytes and SLL2's eleventh: 4 is "sent by us" (LINKTYPE_LINUX_SLL). */
static bool replay_is_egress(const struct source *s, const uint8_t *data, uint32_t len)
{
	if (pcap_datalink(s->pcap) == LINK_SLL)
		return len > 1 && data[1] == 4;
	if (pcap_datalink(s->pcap) == LINK_SLL2)
		return len > 10 && data[10] == 4;
	return s->live && pcap_datalink(s->pcap) == LINK_ETHERNET && len > 11 &&
	       memcmp(data + 6, s->own_address, 6) == 0;
}

static void replay_packet(struct source *s, const struct pcap_pkthdr *h, const uint8_t *data)
{
	struct engine_frame frame = {
		.ts = h->ts.tv_sec * (uint64_t)NS_PER_S + h->ts.tv_usec,
		.data = data,
		.caplen = h->caplen,
		.wire_len = h->len > h->caplen ? h->len : h->caplen,
		.egress = replay_is_egress(s, data, h->caplen),
	};

	if (s->filtered && !pcap_offline_filter(&s->filter, h, data))
		return;
	if (!s->live && s->packets && frame.ts >= s->last_cut + NS_PER_S) {
		replay_cut(s);
		s->last_cut = frame.ts;
	}
	if (!s->packets)
		s->last_cut = frame.ts;
	if (frame.ts > s->now)
		s->now = frame.ts;
	s->packets++;
	engine_packet(s->engine, &frame);
}

static int replay_ended(struct source *s, int status)
{
	if (s->progress_shown)
		fputs("\r\033[K", stderr);
	if (status == PCAP_ERROR_BREAK && replay_knows_link(s))
		return 0;
	if (status == PCAP_ERROR_BREAK) {
		log_error("%s: link type %d (%s) is not known; %" PRIu64
			  " packets were counted, nothing was read in them",
			  s->name, pcap_datalink(s->pcap),
			  pcap_datalink_val_to_description_or_dlt(pcap_datalink(s->pcap)),
			  s->packets);
		return -EPROTONOSUPPORT;
	}
	log_error("%s: %s; %" PRIu64 " packets were read before that", s->name,
		  pcap_geterr(s->pcap), s->packets);
	return -EIO;
}

static int replay_poll(struct source *s, int timeout_ms)
{
	struct pcap_pkthdr *h;
	const uint8_t *data;
	uint64_t cut = s->last_cut;
	int status = 1;

	for (int i = 0; i < REPLAY_BURST && status > 0 && s->last_cut == cut; i++) {
		if (!s->live && s->options->count && s->packets >= s->options->count)
			return 0;
		status = pcap_next_ex(s->pcap, &h, &data);
		if (status == 1)
			replay_packet(s, h, data);
	}
	if (s->live) {
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		s->now = t.tv_sec * (uint64_t)NS_PER_S + t.tv_nsec;
		if (s->cut_wanted)
			replay_cut(s);
		if (status == 0)
			usleep(timeout_ms * 1000);
	}
	replay_progress(s);
	return status < 0 ? replay_ended(s, status) : 1;
}

static void replay_request_cut(struct source *s)
{
	s->cut_wanted = true;
}

static void replay_finish(struct source *s)
{
	replay_cut(s);
}

static void replay_relist(struct source *s, const struct listed *listed)
{
	engine_relist(s->engine, listed);
}

static uint64_t replay_now(struct source *s)
{
	return s->now;
}

static const char *replay_interface_name(struct source *s, uint32_t ifindex)
{
	(void)ifindex;
	return s->live ? s->name : "";
}

static void replay_describe(struct source *s, struct snapshot *snapshot)
{
	const struct cpu_state *state = engine_state(s->engine);
	struct interface_view *v = &snapshot->interfaces[0];
	uint32_t bin = s->live ? if_nametoindex(s->name) & (INTERFACE_BINS - 1) : 1;

	snapshot->live = s->live;
	snprintf(snapshot->source, sizeof(snapshot->source), "%s", s->name);
	snprintf(snapshot->mode, sizeof(snapshot->mode), "%s", s->live ? "pcap" : "file");
	snapshot->n_interfaces = 1;
	snprintf(v->name, sizeof(v->name), "%.15s", s->live ? s->name : "file");
	snprintf(v->mode, sizeof(v->mode), "%s", s->live ? "pcap" : "file");
	v->up = true;
	memcpy(v->direction, state->interface[bin].direction, sizeof(v->direction));
}

const struct source_ops source_replay = {
	.open = replay_open,
	.poll = replay_poll,
	.request_cut = replay_request_cut,
	.relist = replay_relist,
	.finish = replay_finish,
	.now = replay_now,
	.describe = replay_describe,
	.interface_name = replay_interface_name,
	.close = replay_close,
};
