// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: libpcap reads back every sampled packet, to the nanosecond and the octet, cut to the
 * snaplen, with its length on the wire and its VLAN tag; files rotate and are named as by tcpdump;
 * a file that ran out of room ends with a whole packet.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "base/log.h"
#include "options.h"
#include "sink/sink.h"

enum { FRAME = 1000 };

static const uint64_t second_ns = 1000000000, start = 1700000000123456789;
static char dir[] = "/tmp/test_sink_pcap.XXXXXX";
static uint8_t frame[FRAME];
static struct packet packet;

static const char *in_dir(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct options options_of(void)
{
	return (struct options){.snaplen = 262144, .sample = 1};
}

static struct event event_of(uint64_t ts, uint32_t len)
{
	return (struct event){.ts = ts,
			      .packet = &packet,
			      .data = frame,
			      .caplen = len,
			      .wire_len = len,
			      .linktype = DLT_EN10MB,
			      .why = COPY_SAMPLE};
}

static struct sink *open_sink(const char *name, const struct options *o)
{
	static char path[512]; /* a sink keeps the path that it was given */

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return sink_pcap.open(path, o);
}

static pcap_t *read_back(const char *name)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(in_dir(name),
							    PCAP_TSTAMP_PRECISION_NANO, error);

	if (!p)
		fail_msg("%s: %s", name, error);
	return p;
}

/* Packets in a file; it must end with a whole one. */
static int packets_in(const char *name)
{
	pcap_t *p = read_back(name);
	struct pcap_pkthdr *h;
	const u_char *data;
	int n = 0, rc;

	while ((rc = pcap_next_ex(p, &h, &data)) == 1)
		n++;
	assert_int_equal(rc, PCAP_ERROR_BREAK);
	pcap_close(p);
	return n;
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Checks which files there are, as one string, and removes them. */
static void files_are(const char *expected)
{
	struct dirent **list;
	char names[1024] = "";
	int n = scandir(dir, &list, not_dot, alphasort);

	for (int i = 0; i < n; i++) {
		strcat(names, i ? " " : "");
		strcat(names, list[i]->d_name);
		unlink(in_dir(list[i]->d_name));
		free(list[i]);
	}
	free(list);
	assert_string_equal(names, expected);
}

static int setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	setenv("TZ", "UTC", 1);
	for (int i = 0; i < FRAME; i++)
		frame[i] = i * 7;
	log_hold(true);
	return mkdtemp(dir) ? 0 : -1;
}

static int each(void **state)
{
	(void)state;
	memset(&packet, 0, sizeof(packet));
	log_error("none");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void test_read_back(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcap", &o);
	struct pcap_pkthdr *h;
	const u_char *data;
	pcap_t *p;

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct event e = event_of(start + i * 1000000007ull, 14 + i);

		e.wire_len = e.caplen + i % 3 * 100;
		assert_int_equal(sink_pcap.packet(s, &e), 0);
		e.why = COPY_DNS | COPY_HEAD; /* not in the sample */
		assert_int_equal(sink_pcap.packet(s, &e), 0);
	}
	assert_int_equal(sink_pcap.dropped(s), 0);
	sink_pcap.close(s);
	p = read_back("a.pcap");
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	assert_int_equal(pcap_snapshot(p), 262144);
	for (int i = 0; i < 500; i++) {
		uint64_t ts = start + i * 1000000007ull;

		assert_int_equal(pcap_next_ex(p, &h, &data), 1);
		assert_int_equal(h->ts.tv_sec, ts / second_ns);
		assert_int_equal(h->ts.tv_usec, ts % second_ns);
		assert_int_equal(h->caplen, 14 + i);
		assert_int_equal(h->len, 14 + i + i % 3 * 100);
		assert_memory_equal(data, frame, h->caplen);
	}
	assert_int_equal(pcap_next_ex(p, &h, &data), PCAP_ERROR_BREAK);
	pcap_close(p);
	files_are("a.pcap");
}

static void test_snaplen(void **state)
{
	struct options o = options_of();
	struct pcap_pkthdr *h;
	const u_char *data;
	struct event e = event_of(start, FRAME);
	struct sink *s;
	pcap_t *p;

	(void)state;
	o.snaplen = 96;
	s = open_sink("a.pcap", &o);
	sink_pcap.packet(s, &e);
	e.tag_stripped = true;
	sink_pcap.packet(s, &e);
	sink_pcap.close(s);
	p = read_back("a.pcap");
	assert_int_equal(pcap_snapshot(p), 96);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pcap_next_ex(p, &h, &data), 1);
		assert_int_equal(h->caplen, 96);
		assert_int_equal(h->len, FRAME);
	}
	pcap_close(p);
	files_are("a.pcap");
}

static void test_vlan_put_back(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcap", &o);
	struct event e = event_of(start, 60);
	struct pcap_pkthdr *h;
	const u_char *data;
	pcap_t *p;

	(void)state;
	packet.key.link = FLOW_EGRESS | 0x0abc;
	e.tag_stripped = true;
	e.wire_len = 64;
	sink_pcap.packet(s, &e);
	sink_pcap.close(s);
	p = read_back("a.pcap");
	assert_int_equal(pcap_next_ex(p, &h, &data), 1);
	assert_int_equal(h->caplen, 64);
	assert_int_equal(h->len, 64);
	assert_memory_equal(data, frame, 12);
	assert_memory_equal(data + 12, "\x81\x00\x0a\xbc", 4);
	assert_memory_equal(data + 16, frame + 12, 48);
	pcap_close(p);
	files_are("a.pcap");
}

/* Every length of a frame with every small snaplen: nothing is read or written beyond. */
static void test_lengths(void **state)
{
	struct options o = options_of();

	(void)state;
	for (uint32_t snaplen = 1; snaplen < 24; snaplen++) {
		struct sink *s;

		o.snaplen = snaplen;
		s = open_sink("a.pcap", &o);
		for (uint32_t len = 0; len < 24; len++) {
			struct event e = event_of(start, len);
			uint8_t *exact = malloc(len ? len : 1);

			memcpy(exact, frame, len);
			e.data = exact;
			sink_pcap.packet(s, &e);
			e.tag_stripped = true;
			sink_pcap.packet(s, &e);
			free(exact);
		}
		sink_pcap.close(s);
		assert_int_equal(packets_in("a.pcap"), 48);
	}
	files_are("a.pcap");
}

static void test_link_type(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcap", &o);
	struct event e = event_of(start, 60);
	pcap_t *p;

	(void)state;
	e.linktype = 60000; /* files have no number for it */
	sink_pcap.packet(s, &e);
	sink_pcap.packet(s, &e);
	e.linktype = DLT_RAW; /* 12 here, 101 in files */
	sink_pcap.packet(s, &e);
	e.linktype = DLT_EN10MB;
	sink_pcap.packet(s, &e);
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.dropped(s), 4);
	sink_pcap.close(s);
	p = read_back("a.pcap");
	assert_int_equal(pcap_datalink(p), DLT_RAW);
	pcap_close(p);
	assert_int_equal(packets_in("a.pcap"), 1);
	files_are("a.pcap");
}

static void test_no_packet(void **state)
{
	struct options o = options_of();

	(void)state;
	sink_pcap.close(open_sink("a.pcap", &o));
	assert_int_equal(packets_in("a.pcap"), 0);
	files_are("a.pcap");
	assert_null(open_sink("no/such/dir", &o));
	sink_pcap.close(NULL);
}

static void write_packets(struct sink *s, int n)
{
	for (int i = 0; i < n; i++) {
		struct event e = event_of(start + i * second_ns, FRAME);

		sink_pcap.packet(s, &e);
	}
}

/* The same as the kernel has formed them, all at once. */
static void write_records(struct sink *s, int n)
{
	size_t octets = (sizeof(struct pcap_record) + FRAME) * n;
	char *records = malloc(octets), *at = records;

	for (int i = 0; i < n; i++) {
		struct pcap_record r = {start / second_ns + i, start % second_ns, FRAME, FRAME};

		at = mempcpy(at, &r, sizeof(r));
		at = mempcpy(at, frame, FRAME);
	}
	assert_int_equal(sink_pcap.records(s, records, octets, n), n);
	free(records);
}

static void (*const writes[])(struct sink *s, int n) = {write_packets, write_records};

/* Writes `n` frames of 1,000 octets, one a second of the capture's time. */
static void write_many(const char *name, const struct options *o, int n, int way)
{
	struct sink *s = open_sink(name, o);

	assert_non_null(s);
	writes[way](s, n);
	sink_pcap.close(s);
}

/* The expected names are what tcpdump 4.99 makes of these options. */
static void test_rotation(void **state)
{
	static const struct {
		const char *name;
		uint64_t octets;
		uint32_t seconds, files;
		const char *expected;
	} rows[] = {
		/* a file is followed by the next once it is larger than 5,000: five packets */
		{"c", 5000, 0, 0, "c c1 c2 c3"},
		{"c", 5000, 0, 10, "c0 c1 c2 c3"},
		{"c", 5000, 0, 11, "c00 c01 c02 c03"},
		{"c", 5000, 0, 3, "c0 c1 c2"},
		{"c", 5000, 0, 1, "c"},
		{"c.gz", 5000, 0, 0, "c.gz c1.gz c2.gz c3.gz"},
		{"c.pcap.gz", 5000, 0, 11, "c.pcap00.gz c.pcap01.gz c.pcap02.gz c.pcap03.gz"},
		{"g%M%S", 0, 7, 0, "g1320 g1327 g1334"},
		{"g%M%S", 0, 7, 2, "g1320 g1327"},
		{"g", 0, 7, 0, "g"},
		{"g%M%S", 3000, 7, 0, "g1320 g13201 g13202 g1327 g13271 g13272 g1334 g13341"},
		{"g%M%S.gz", 0, 7, 0, "g1320.gz g1327.gz g1334.gz"},
		{"g%M%S", 3000, 7, 2, "g13200 g13201 g13270 g13271 g13340 g13341"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o = options_of();

		o.read = "file"; /* the capture's clock names the first file too */
		o.rotate_bytes = rows[i / 2].octets;
		o.rotate_seconds = rows[i / 2].seconds;
		o.rotate_count = rows[i / 2].files;
		write_many(rows[i / 2].name, &o, 20, i % 2);
		files_are(rows[i / 2].expected);
	}
}

static void test_rotation_loses_nothing(void **state)
{
	struct options o = options_of();

	(void)state;
	for (int way = 0; way < 2; way++) {
		o.rotate_bytes = 5000;
		o.rotate_count = 0;
		write_many("c", &o, 18, way);
		assert_int_equal(packets_in("c"), 5);
		assert_int_equal(packets_in("c1"), 5);
		assert_int_equal(packets_in("c2"), 5);
		assert_int_equal(packets_in("c3"), 3);
		files_are("c c1 c2 c3");
		o.rotate_count = 2; /* a ring: the newest are kept */
		write_many("c", &o, 18, way);
		assert_int_equal(packets_in("c0"), 5);
		assert_int_equal(packets_in("c1"), 3);
		files_are("c0 c1");
	}
}

/* -G with -W: the tick says when the run may end; idle periods end as well. */
static void test_enough_files(void **state)
{
	struct options o = options_of();
	struct event e = event_of(start, FRAME);
	struct sink *s;

	(void)state;
	o.read = "file";
	o.rotate_seconds = 10;
	o.rotate_count = 2;
	s = open_sink("g%S", &o);
	assert_int_equal(sink_pcap.tick(s, start), 0);
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.tick(s, start + 9 * second_ns), 0);
	assert_int_equal(sink_pcap.tick(s, start + 13 * second_ns), 0);
	assert_int_equal(sink_pcap.tick(s, start + 19 * second_ns), 0);
	assert_int_equal(sink_pcap.tick(s, start + 20 * second_ns), 1);
	e.ts = start + 21 * second_ns;
	assert_int_equal(sink_pcap.packet(s, &e), 0);
	sink_pcap.close(s);
	assert_int_equal(packets_in("g20"), 1);
	assert_int_equal(packets_in("g30"), 0);
	files_are("g20 g30");
}

/* The next file cannot be opened: said once in a while, and the old one goes on. */
static void test_rotation_fails(void **state)
{
	struct options o = options_of();
	char said[LOG_LINE];

	(void)state;
	o.rotate_bytes = 5000;
	for (int way = 0; way < 2; way++) {
		mkdir(in_dir("c1"), 0700);
		write_many("c", &o, 7, way);
		log_last(said, sizeof(said));
		assert_non_null(strstr(said, "c1"));
		assert_int_equal(packets_in("c"), 7);
		rmdir(in_dir("c1"));
		files_are("c");
	}
}

static void test_name_too_long(void **state)
{
	struct options o = options_of();
	static char name[PATH_MAX + 10];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_null(sink_pcap.open(name, &o));
	o.rotate_seconds = 1;
	assert_null(sink_pcap.open(name, &o));
}

static void test_sighup(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a", &o);
	struct event e = event_of(start, 60);
	char to[256];

	(void)state;
	sink_pcap.packet(s, &e);
	snprintf(to, sizeof(to), "%s/b", dir);
	sink_pcap.tick(s, start);
	assert_int_equal(rename(in_dir("a"), to), 0);
	assert_int_equal(sink_pcap.reopen(s), 0);
	sink_pcap.packet(s, &e);
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.reopen(s), 0);
	sink_pcap.close(s);
	assert_int_equal(packets_in("b"), 1);
	assert_int_equal(packets_in("a"), 2);
	files_are("a b");
}

/* Ticks until the file's last write went so. */
static void tick_until(struct sink *s, int result)
{
	uint64_t now = start;
	int i = 0;

	while (sink_pcap.tick(s, now += second_ns) != result && i++ < 5000)
		usleep(1000);
	assert_true(i < 5000);
}

static void test_no_room(void **state)
{
	struct rlimit limit, old;
	struct options o = options_of();
	struct sink *s = open_sink("a", &o);
	struct event e = event_of(start, FRAME);
	int n, kept;

	(void)state;
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 1000000;
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 20000; i++)
		sink_pcap.packet(s, &e);
	tick_until(s, -EFBIG);
	kept = 20000 - sink_pcap.dropped(s);
	assert_true(kept < 19000);
	n = packets_in("a");
	assert_in_range(n, 200, 1000000 / FRAME);
	setrlimit(RLIMIT_FSIZE, &old);
	tick_until(s, 0);
	sink_pcap.packet(s, &e);
	sink_pcap.close(s);
	assert_int_equal(packets_in("a"), kept + 1);
	files_are("a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_read_back, each),
		cmocka_unit_test_setup(test_snaplen, each),
		cmocka_unit_test_setup(test_vlan_put_back, each),
		cmocka_unit_test_setup(test_lengths, each),
		cmocka_unit_test_setup(test_link_type, each),
		cmocka_unit_test_setup(test_no_packet, each),
		cmocka_unit_test_setup(test_rotation, each),
		cmocka_unit_test_setup(test_rotation_loses_nothing, each),
		cmocka_unit_test_setup(test_enough_files, each),
		cmocka_unit_test_setup(test_rotation_fails, each),
		cmocka_unit_test_setup(test_name_too_long, each),
		cmocka_unit_test_setup(test_sighup, each),
		cmocka_unit_test_setup(test_no_room, each),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
