// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The packets around an alert, for the pipeline, which hands over what was copied and what the book
 * tells. libpcap writes the files; link types do not mix in one.
 */
#include "detect/recorder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"

enum { RECORD_HEADER = 16, NAME_LEN_MOST = 200 };

static const uint64_t second_ns = 1000000000;

struct recorded { /* a packet of the ring */
	uint64_t ts;
	uint32_t len, caplen; /* on the wire; of data */
	uint32_t linktype;
	uint8_t data[RECORDER_SNAPLEN];
};

struct recording {
	pcap_t *pcap;
	pcap_dumper_t *dumper; /* NULL: free */
	uint32_t linktype;
	uint64_t from, until; /* ns: packets of these times */
	uint64_t octets;
};

struct recorder {
	int directory;
	const char *path;
	struct recorded *ring;
	uint64_t n; /* ever */
	struct recording recording[RECORDER_OPEN];
	bool refused; /* said that an alert has no file */
};

struct recorder *recorder_new(const char *directory)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->path = directory;
	r->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->ring = calloc(RECORDER_PACKETS, sizeof(*r->ring));
	if (r->directory >= 0 && r->ring &&
	    faccessat(r->directory, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return r;
	log_error("--alert-packets %s: %s", directory, strerror(errno));
	recorder_free(r);
	return NULL;
}

static void recording_end(struct recording *f)
{
	if (f->dumper) {
		if (pcap_dump_flush(f->dumper) < 0)
			log_warn("--alert-packets: a file is not whole: %s", strerror(errno));
		pcap_dump_close(f->dumper);
	}
	if (f->pcap)
		pcap_close(f->pcap);
	memset(f, 0, sizeof(*f));
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	for (int i = 0; i < RECORDER_OPEN; i++)
		recording_end(&r->recording[i]);
	if (r->directory >= 0)
		close(r->directory);
	free(r->ring);
	free(r);
}

/* ---- packets ---- */

static void packet_keep(struct recorded *k, const struct event *e)
{
	k->caplen = frame_copy(k->data, e, RECORDER_SNAPLEN);
	k->ts = e->ts;
	k->len = e->wire_len > k->caplen ? e->wire_len : k->caplen;
	k->linktype = e->linktype;
}

static void recording_put(struct recording *f, const struct recorded *k)
{
	struct pcap_pkthdr h = {
		.ts = {k->ts / second_ns, k->ts % second_ns}, .caplen = k->caplen, .len = k->len};

	if (!f->dumper || k->linktype != f->linktype || k->ts < f->from)
		return;
	f->octets += RECORD_HEADER + k->caplen;
	if (k->ts > f->until || f->octets > RECORDER_FILE) {
		recording_end(f);
		return;
	}
	pcap_dump((u_char *)f->dumper, &h, k->data);
}

void recorder_packet(struct recorder *r, const struct event *e)
{
	struct recorded *k = &r->ring[r->n++ % RECORDER_PACKETS];

	packet_keep(k, e);
	for (int i = 0; i < RECORDER_OPEN; i++)
		recording_put(&r->recording[i], k);
}

/* ---- files ---- */

static int name_ours(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return strncmp(d->d_name, "alert-", 6) == 0 && len > 5 &&
	       strcmp(d->d_name + len - 5, ".pcap") == 0;
}

/* Names begin with the time: the first are the oldest. */
static void files_make_room(const struct recorder *r)
{
	struct dirent **all;
	int n = scandirat(r->directory, ".", &all, name_ours, alphasort);

	for (int i = 0; i < n; i++) {
		if (i <= n - RECORDER_FILES)
			unlinkat(r->directory, all[i]->d_name, 0);
		free(all[i]);
	}
	if (n >= 0)
		free(all);
}

/* "alert-20260131T235959.123456-flood-syn_flood-10.0.0.1.pcap"; what a name should not have is "_".
 */
static void name_make(char name[NAME_LEN_MOST], const struct alert *a)
{
	time_t seconds = a->start / second_ns;
	struct tm tm = {0};
	int len;

	gmtime_r(&seconds, &tm);
	len = snprintf(name, NAME_LEN_MOST, "alert-%04d%02d%02dT%02d%02d%02d.%06u-%.15s-%s-%s",
		       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		       tm.tm_sec, (unsigned)(a->start % second_ns / 1000), a->detector, a->kind,
		       a->subject);
	for (int i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-.:", name[i]))
			name[i] = '_';
	snprintf(name + len, NAME_LEN_MOST - len, ".pcap");
}

static bool recording_begin(const struct recorder *r, struct recording *f, const char *name)
{
	int fd = openat(r->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0640);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	f->pcap = pcap_open_dead_with_tstamp_precision(f->linktype, RECORDER_SNAPLEN,
						       PCAP_TSTAMP_PRECISION_NANO);
	f->dumper = f->pcap && file ? pcap_dump_fopen(f->pcap, file) : NULL;
	if (f->dumper)
		return true;
	log_warn("--alert-packets %s/%s: %s", r->path, name, strerror(errno));
	if (file)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	recording_end(f);
	return false;
}

/* A free one; those whose time is over end, though no packet came since. */
static struct recording *recording_free(struct recorder *r, uint64_t now)
{
	struct recording *found = NULL;

	for (int i = 0; i < RECORDER_OPEN; i++) {
		if (r->recording[i].dumper && now > r->recording[i].until)
			recording_end(&r->recording[i]);
		if (!r->recording[i].dumper)
			found = &r->recording[i];
	}
	return found;
}

void recorder_alert(struct recorder *r, const struct alert *a, uint64_t now)
{
	const uint64_t before = RECORDER_BEFORE_S * second_ns;
	struct recording *f = a->end ? NULL : recording_free(r, now);
	uint64_t first = r->n > RECORDER_PACKETS ? r->n - RECORDER_PACKETS : 0;
	char name[NAME_LEN_MOST];

	if (a->end)
		return;
	if (!f) {
		if (!r->refused)
			log_warn("--alert-packets: more than %d alerts within %d s: the rest has "
				 "no file",
				 RECORDER_OPEN, RECORDER_AFTER_S);
		r->refused = true;
		return;
	}
	*f = (struct recording){
		.linktype = r->n ? r->ring[(r->n - 1) % RECORDER_PACKETS].linktype : DLT_EN10MB,
		.from = a->start > before ? a->start - before : 0,
		.until = now + RECORDER_AFTER_S * second_ns,
	};
	files_make_room(r);
	name_make(name, a);
	if (!recording_begin(r, f, name))
		return;
	for (uint64_t i = first; i < r->n; i++)
		recording_put(f, &r->ring[i % RECORDER_PACKETS]);
}
