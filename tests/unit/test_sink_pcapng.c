// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a file named .pcapng is pcapng by the specification, read back here block by block:
 * lengths are padded and equal at both ends, an interface is described before its packets and keeps
 * its number, each file is complete on its own; direction, drops, alerts and statistics are those
 * of the run; and the encoder keeps within the room that it asked for.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "base/buffer.h"
#include "base/log.h"
#include "sink/format.h"

enum { FRAME = 1000, MOST = 32 << 20, PACKETS = 1 << 15, LINK_FILE_RAW = 101 };

static const uint64_t start = 1700000000123456789, second_ns = 1000000000;
static char dir[] = "/tmp/test_sink_pcapng.XXXXXX";
static uint8_t frame[FRAME];
static struct packet packet;
static char file[MOST];

/* What a file told. */
static struct {
	int sections, interfaces, packets, statistics;
	struct {
		char name[16];
		uint16_t linktype;
		uint32_t snaplen;
		uint64_t received, os_dropped, delivered;
	} interface[SINK_INTERFACES];
	struct {
		uint32_t interface, caplen, len, flags;
		uint64_t ts, drops;
		const char *data;
	} packet[PACKETS];
	char os[128], application[64], comments[8192], last_comments[8192];
} told;

/* ---- reading back ---- */

static uint32_t u32(const char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

static uint64_t u64(const char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

static uint32_t padded(uint32_t len)
{
	return (len + 3) & ~3u;
}

static void option_read(uint32_t type, uint16_t code, const char *value, uint16_t len)
{
	switch (type << 8 | code) {
	case 0x0a0d0d0au << 8 | 3:
		snprintf(told.os, sizeof(told.os), "%.*s", len, value);
		break;
	case 0x0a0d0d0au << 8 | 4:
		snprintf(told.application, sizeof(told.application), "%.*s", len, value);
		break;
	case 1 << 8 | 2:
		snprintf(told.interface[told.interfaces].name, 16, "%.*s", len, value);
		break;
	case 1 << 8 | 9:
		assert_int_equal(len, 1);
		assert_int_equal(*value, 9);
		break;
	case 6 << 8 | 1:
		snprintf(told.comments + strlen(told.comments), 600, "%.*s\n", len, value);
		break;
	case 5 << 8 | 1:
		snprintf(told.last_comments + strlen(told.last_comments), 600, "%.*s\n", len,
			 value);
		break;
	case 6 << 8 | 2:
		assert_int_equal(len, 4);
		told.packet[told.packets].flags = u32(value);
		break;
	case 6 << 8 | 4:
		assert_int_equal(len, 8);
		told.packet[told.packets].drops = u64(value);
		break;
	default:
		break;
	}
}

static void statistic_read(uint32_t interface, uint16_t code, const char *value, uint16_t len)
{
	uint64_t *where[] = {[4] = &told.interface[interface].received,
			     [7] = &told.interface[interface].os_dropped,
			     [8] = &told.interface[interface].delivered};

	if (code < 4 || code > 8 || !where[code])
		return;
	assert_int_equal(len, 8);
	*where[code] = u64(value);
}

/* Options fill the body to its end, the last one is opt_endofopt. */
static void options_read(uint32_t type, const char *at, const char *end, uint32_t interface)
{
	uint16_t code = 1, len;

	while (code) {
		assert_true(end - at >= 4);
		memcpy(&code, at, 2);
		memcpy(&len, at + 2, 2);
		at += 4;
		assert_true(end - at >= padded(len));
		for (int i = len; i & 3; i++)
			assert_int_equal(at[i], 0);
		if (type == 5 && code > 1)
			statistic_read(interface, code, at, len);
		else if (code)
			option_read(type, code, at, len);
		at += padded(len);
	}
	assert_ptr_equal(at, end);
}

static void section_read(const char *body, const char *end)
{
	assert_int_equal(u32(body), 0x1a2b3c4d);
	assert_int_equal(u32(body + 4), 1);
	assert_true(u64(body + 8) == UINT64_MAX);
	options_read(0x0a0d0d0a, body + 16, end, 0);
	told.sections++;
	told.interfaces = 0;
}

static void interface_read(const char *body, const char *end)
{
	assert_in_range(told.interfaces, 0, SINK_INTERFACES - 1);
	memcpy(&told.interface[told.interfaces].linktype, body, 2);
	told.interface[told.interfaces].snaplen = u32(body + 4);
	options_read(1, body + 8, end, 0);
	told.interfaces++;
}

static void packet_read(const char *body, const char *end)
{
	uint32_t caplen = u32(body + 12);

	assert_true(u32(body) < (uint32_t)told.interfaces);
	assert_true(caplen <= told.interface[u32(body)].snaplen);
	told.packet[told.packets].interface = u32(body);
	told.packet[told.packets].ts = (uint64_t)u32(body + 4) << 32 | u32(body + 8);
	told.packet[told.packets].caplen = caplen;
	told.packet[told.packets].len = u32(body + 16);
	told.packet[told.packets].data = body + 20;
	options_read(6, body + 20 + padded(caplen), end, 0);
	told.packets++;
}

static void statistics_read(const char *body, const char *end)
{
	assert_true(u32(body) < (uint32_t)told.interfaces);
	options_read(5, body + 12, end, u32(body));
	told.statistics++;
}

/* Reads whole blocks, which are all that there may be. */
static void blocks_read(const char *at, size_t len)
{
	const char *end = at + len;

	memset(&told, 0, sizeof(told));
	while (at < end) {
		uint32_t type, total;

		assert_true(end - at >= 12);
		type = u32(at);
		total = u32(at + 4);
		assert_int_equal(total % 4, 0);
		assert_true(total >= 12 && total <= end - at);
		assert_int_equal(u32(at + total - 4), total);
		assert_true(type == 0x0a0d0d0a || told.sections);
		if (type == 0x0a0d0d0a)
			section_read(at + 8, at + total - 4);
		else if (type == 1)
			interface_read(at + 8, at + total - 4);
		else if (type == 6)
			packet_read(at + 8, at + total - 4);
		else if (type == 5)
			statistics_read(at + 8, at + total - 4);
		else
			fail_msg("block of type %u", type);
		at += total;
	}
}

static const char *in_dir(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void read_back(const char *name)
{
	FILE *f = fopen(in_dir(name), "r");
	size_t len;

	assert_non_null(f);
	len = fread(file, 1, sizeof(file), f);
	fclose(f);
	unlink(in_dir(name));
	blocks_read(file, len);
}

/* ---- writing ---- */

/* With --csv, which makes all packets come one by one. */
static struct options options_of(void)
{
	return (struct options){.snaplen = 262144, .sample = 1, .csv = "a.csv"};
}

static struct event event_of(uint32_t ifindex, const char *name)
{
	packet.key.ifindex = ifindex;
	packet.key.link = 0;
	return (struct event){.ts = start,
			      .packet = &packet,
			      .data = frame,
			      .caplen = FRAME,
			      .wire_len = FRAME,
			      .linktype = DLT_EN10MB,
			      .interface = name,
			      .why = COPY_SAMPLE};
}

static struct sink *open_sink(const char *name, const struct options *o)
{
	static char path[512]; /* a sink keeps the path that it was given */

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return sink_pcap.open(path, o);
}

/* Two interfaces, 3 and 7. */
static size_t two_interfaces(void *arg, struct sink_interface *list, size_t most)
{
	(void)arg;
	assert_true(most >= 2);
	list[0] = (struct sink_interface){3, "eth0", 1000, 17};
	list[1] = (struct sink_interface){7, "a-name-of-15-ch", 5, SINK_UNKNOWN};
	return 2;
}

static uint32_t number_of[1 << 16]; /* by ifindex */

static void number_note(void *arg, uint32_t ifindex, uint32_t number)
{
	(void)arg;
	assert_in_range(ifindex, 0, sizeof(number_of) / sizeof(number_of[0]) - 1);
	number_of[ifindex] = number;
}

static const struct sink_host two = {NULL, two_interfaces, number_note};

static int setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < FRAME; i++)
		frame[i] = i * 7;
	log_hold(true);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void test_packets(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcapng", &o);

	(void)state;
	sink_pcap.meet(s, &two);
	for (int i = 0; i < 500; i++) {
		struct event e = event_of(i % 2 ? 3 : 7, NULL);

		packet.key.link = i % 3 ? FLOW_EGRESS : 0;
		e.ts = start + i * 1000000007ull;
		e.caplen = i;
		e.wire_len = i + i % 5;
		assert_int_equal(sink_pcap.packet(s, &e), 0);
	}
	assert_int_equal(sink_pcap.dropped(s), 0);
	sink_pcap.close(s);
	read_back("a.pcapng");
	assert_int_equal(told.sections, 1);
	assert_int_equal(told.interfaces, 2);
	assert_string_equal(told.interface[0].name, "eth0");
	assert_string_equal(told.interface[1].name, "a-name-of-15-ch");
	assert_true(told.os[0]);
	assert_string_equal(told.application, "xdplens " XDPLENS_VERSION);
	assert_int_equal(told.packets, 500);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(told.packet[i].interface, i % 2 ? 0 : 1);
		assert_int_equal(told.packet[i].flags, i % 3 ? 2 : 1);
		assert_true(told.packet[i].ts == start + i * 1000000007ull);
		assert_int_equal(told.packet[i].caplen, i);
		assert_int_equal(told.packet[i].len, i + i % 5);
		assert_memory_equal(told.packet[i].data, frame, i);
	}
	assert_int_equal(told.statistics, 2);
	assert_int_equal(told.interface[0].received, 1000);
	assert_int_equal(told.interface[0].os_dropped, 17);
	assert_int_equal(told.interface[0].delivered, 250);
	assert_int_equal(told.interface[1].received, 5);
	assert_int_equal(told.interface[1].os_dropped, 0);
	assert_int_equal(told.interface[1].delivered, 250);
}

/* Whether a name makes the format, and what a file holds where no packet came. */
static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool pcapng;
	} rows[] = {
		{"a.pcapng", true},   {"a.pcapng.gz", true}, {"a.pcap", false},
		{"a.pcap.gz", false}, {"pcapng", false},     {".pcapng", true},
		{"x.pcapngz", false},
	};
	struct options o = options_of();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t magic = 0;
		FILE *f;

		sink_pcap.close(open_sink(rows[i].name, &o));
		if (rows[i].pcapng && !strstr(rows[i].name, ".gz")) {
			read_back(rows[i].name);
			assert_int_equal(told.interfaces, 1);
			assert_int_equal(told.statistics, 1);
			continue;
		}
		f = fopen(in_dir(rows[i].name), "r");
		assert_int_equal(fread(&magic, sizeof(magic), 1, f), 1);
		fclose(f);
		unlink(in_dir(rows[i].name));
		if (!strstr(rows[i].name, ".gz"))
			assert_int_equal(magic, 0xa1b23c4d);
	}
}

/* What is read from a file has no direction, no name and no drops that we knew of. */
static void test_read_from_file(void **state)
{
	struct options o = options_of();
	struct event e = event_of(1, "");
	struct sink *s;

	(void)state;
	o.read = "file";
	s = open_sink("a.pcapng", &o);
	e.linktype = DLT_RAW; /* 12 here, 101 in files */
	sink_pcap.packet(s, &e);
	e.linktype = DLT_EN10MB;
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.dropped(s), 0);
	e.linktype = 60000; /* files have no number for it */
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.dropped(s), 1);
	sink_pcap.close(s);
	read_back("a.pcapng");
	assert_int_equal(told.packets, 2);
	assert_int_equal(told.packet[0].flags, 0);
	assert_int_equal(told.interfaces, 2);
	assert_int_equal(told.interface[0].linktype, LINK_FILE_RAW);
	assert_int_equal(told.interface[1].linktype, DLT_EN10MB);
	assert_string_equal(told.interface[0].name, "");
	assert_int_equal(told.interface[0].delivered, 1);
}

static void test_newcomers(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcapng", &o);

	(void)state;
	sink_pcap.meet(s, &two);
	for (uint32_t i = 0; i < SINK_INTERFACES + 9; i++) {
		char name[16];
		struct event e = event_of(1000 - i, name);

		snprintf(name, sizeof(name), "if%u", i);
		sink_pcap.packet(s, &e);
	}
	assert_int_equal(sink_pcap.dropped(s), 11);
	sink_pcap.close(s);
	read_back("a.pcapng");
	assert_int_equal(told.packets, SINK_INTERFACES - 2);
	assert_int_equal(told.sections, SINK_INTERFACES - 2);
	assert_int_equal(told.statistics, SINK_INTERFACES);
	for (int i = 0; i < told.packets; i++)
		assert_int_equal(told.packet[i].interface, i + 2);
	assert_string_equal(told.interface[255].name, "if253");
}

static struct alert alert_of(const char *reason)
{
	struct alert a = {.detector = "scan", .kind = "port_scan", .subject = "192.0.2.1"};

	snprintf(a.reason, sizeof(a.reason), "%s", reason);
	return a;
}

static void test_alerts(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcapng", &o);
	struct event e = event_of(3, NULL);
	struct alert a = alert_of("caf\xc3\xa9 \xff\x1b[2J\n\\x41 \xc2\x9b");

	(void)state;
	sink_pcap.meet(s, &two);
	sink_pcap.packet(s, &e);
	sink_pcap.alert(s, &a);
	a.end = start;
	sink_pcap.alert(s, &a);
	sink_pcap.packet(s, &e);
	sink_pcap.packet(s, &e);
	for (int i = 0; i < 20; i++) {
		a = alert_of("late");
		sink_pcap.alert(s, &a);
	}
	sink_pcap.close(s);
	read_back("a.pcapng");
	assert_string_equal(told.comments, "alert scan port_scan, 192.0.2.1: "
					   "caf\xc3\xa9 \\xff\\x1b[2J\\x0a\\x41 \\x9b\n");
	assert_int_equal(strlen(told.last_comments),
			 16 * strlen("alert scan port_scan, 192.0.2.1: late\n") +
				 strlen("and 4 more alerts\n"));
	assert_non_null(strstr(told.last_comments, "late\nand 4 more alerts\n"));
}

/* Each file of a rotation describes its interfaces, under the numbers that they have had. */
static void test_rotation(void **state)
{
	struct options o = options_of();
	struct sink *s;
	int packets = 0;

	(void)state;
	o.rotate_bytes = 5000;
	s = open_sink("c.pcapng", &o);
	sink_pcap.meet(s, &two);
	for (int i = 0; i < 20; i++) {
		struct event e = event_of(i < 7 ? 7 : 9, i < 7 ? NULL : "new0");

		e.ts = start + i * second_ns;
		sink_pcap.packet(s, &e);
	}
	sink_pcap.close(s);
	for (int n = 0; n < 4; n++) {
		char name[32];

		snprintf(name, sizeof(name), n ? "c.pcapng%d" : "c.pcapng", n);
		read_back(name);
		assert_int_equal(told.sections, n == 1 ? 2 : 1);
		assert_int_equal(told.interfaces, n ? 3 : 2);
		for (int i = 0; i < told.packets; i++)
			assert_int_equal(told.packet[i].interface, packets + i < 7 ? 1 : 2);
		packets += told.packets;
		assert_int_equal(told.interface[1].delivered, packets < 7 ? packets : 7);
		assert_int_equal(told.interface[2].delivered, packets < 7 ? 0 : packets - 7);
	}
	assert_int_equal(packets, 20);
}

/* A full disk: what was lost is told by the next packet, and an interface that came then is known.
 */
static void test_no_room(void **state)
{
	struct options o = options_of();
	struct sink *s = open_sink("a.pcapng", &o);
	struct event e = event_of(3, NULL);
	struct rlimit limit, old;
	uint64_t dropped, drops = 0, sent = 0;

	(void)state;
	sink_pcap.meet(s, &two);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 1000000;
	setrlimit(RLIMIT_FSIZE, &limit);
	while (!sink_pcap.dropped(s) && sent++ < 1000000)
		sink_pcap.packet(s, &e);
	for (int i = 0; i < 100; i++, sent++)
		sink_pcap.packet(s, &e);
	dropped = sink_pcap.dropped(s);
	assert_int_equal(dropped, 101);
	e = event_of(8, "late0");
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.dropped(s), dropped + 1);
	setrlimit(RLIMIT_FSIZE, &old);
	while (sink_pcap.packet(s, &e)) /* until its thread has made room */
		dropped++;
	e = event_of(3, NULL);
	sink_pcap.packet(s, &e);
	assert_int_equal(sink_pcap.dropped(s), dropped + 1);
	sink_pcap.close(s);
	read_back("a.pcapng");
	assert_int_equal(told.packets, sent + 2 - 101);
	for (int i = 0; i < told.packets; i++)
		drops += told.packet[i].drops;
	assert_int_equal(drops, dropped + 1);
	assert_string_equal(told.interface[2].name, "late0");
}

/* A packet's block as the kernel makes it; where the next one begins. */
static char *block_put(char *to, int i)
{
	const struct pcapng_packet_end end = {PCAPNG_FLAGS, 4, 1 + i % 2, 0, 0};
	uint64_t ts = start + i * second_ns;
	struct pcapng_packet block = {PCAPNG_PACKET, 0, number_of[i % 2 ? 3 : 7], ts >> 32, ts, i,
				      i + 1};

	block.octets = sizeof(block) + padded(i) + sizeof(end);
	to = mempcpy(to, &block, sizeof(block));
	memset(to + (i & ~3), 0, 4);
	memcpy(to, frame, i);
	to = mempcpy(to + padded(i), &end, sizeof(end));
	memcpy(to - sizeof(block.octets), &block.octets, sizeof(block.octets));
	return to;
}

static void blocks_check(int n, int packets)
{
	for (int i = 0; i < packets; i++, n++) {
		assert_int_equal(told.packet[i].interface, number_of[n % 2 ? 3 : 7]);
		assert_int_equal(told.packet[i].flags, 1 + n % 2);
		assert_true(told.packet[i].ts == start + n * second_ns);
		assert_int_equal(told.packet[i].caplen, n);
		assert_int_equal(told.packet[i].len, n + 1);
		assert_memory_equal(told.packet[i].data, frame, n);
	}
}

/*
 * Blocks of the kernel's, lent and copied, stand in the file as they are, once it has told their
 * interfaces' numbers; an alert is said with the next one; what was lost is told at the end.
 */
static void test_blocks(void **state)
{
	static char blocks[500 * (FRAME + 100)];
	struct options o = {.snaplen = 262144, .sample = 1, .write = "a.pcapng"};
	struct sink *s = open_sink("a.pcapng", &o);
	struct event e = event_of(7, NULL);
	struct alert a = alert_of("too much");
	_Atomic uint64_t returned = 0;
	struct writer_loan loan = {.records = blocks, .returned = &returned, .until = 1};
	char *lent = blocks, *at = blocks;

	(void)state;
	sink_pcap.meet(s, &two);
	number_of[3] = number_of[7] = UINT32_MAX;
	e.caplen = 0;
	e.wire_len = 1;
	assert_int_equal(sink_pcap.packet(s, &e), 0);
	assert_int_equal(number_of[3], 0);
	assert_int_equal(number_of[7], 1);
	for (int i = 1; i < 100; i++)
		lent = block_put(lent, i);
	assert_true(sink_pcap.lends(s));
	assert_true(sink_pcap.lend(s, &loan, lent - blocks));
	for (int i = 100; i < 500; i++)
		at = block_put(i == 100 ? lent : at, i);
	sink_pcap.alert(s, &a);
	assert_false(sink_pcap.lends(s));
	assert_int_equal(sink_pcap.records(s, lent, at - lent, 400), 400);
	assert_true(sink_pcap.lends(s));
	sink_pcap.lose(s, 5);
	assert_int_equal(sink_pcap.dropped(s), 5);
	sink_pcap.close(s);
	assert_int_equal(returned, 1);
	read_back("a.pcapng");
	assert_int_equal(told.packets, 500);
	told.packet[0].ts = start;
	told.packet[0].flags = 1;
	blocks_check(0, 500);
	assert_non_null(strstr(told.comments, "too much"));
	assert_null(strstr(strstr(told.comments, "too much") + 1, "too much"));
	assert_string_equal(told.last_comments, "");
	assert_int_equal(told.interface[0].os_dropped, 17 + 5);
	assert_int_equal(told.interface[0].delivered, 0); /* nobody looked */
}

static size_t nothing_known(void *arg, struct sink_interface *list, size_t most)
{
	size_t n = two_interfaces(arg, list, most);

	list[0].lost = SINK_UNKNOWN;
	return n;
}

/* Whose packets were lost is not known: a comment says how many, within the room for the end. */
static void test_blocks_lost(void **state)
{
	static char room[BUFFER_HEADER + 4096];
	static const struct sink_host several = {NULL, nothing_known, number_note};
	struct options o = {.snaplen = 262144, .sample = 1, .write = "a.pcapng"};
	struct format *f = format_pcapng.open(&o, start);
	size_t begin, end;

	(void)state;
	assert_int_equal(format_pcapng.place(f, NULL, &several), PLACE_NEW);
	begin = format_pcapng.begin(f, room);
	end = format_pcapng.end(f, start, UINT64_MAX, &several, room + begin);
	assert_true(end <= format_pcapng.end_room(f));
	blocks_read(room, begin + end);
	assert_string_equal(told.last_comments,
			    "18446744073709551615 packets of all interfaces were lost\n");
	format_pcapng.close(f);
}

/* Blocks go on in the next file where -C says so, each of which tells the interfaces. */
static void test_blocks_rotate(void **state)
{
	static char blocks[100 * (FRAME + 100)];
	struct options o = {
		.snaplen = 262144, .sample = 1, .write = "b.pcapng", .rotate_bytes = 5000};
	struct sink *s = open_sink("b.pcapng", &o);
	struct event e = event_of(3, NULL);
	char *at = blocks;
	int packets = 0;

	(void)state;
	sink_pcap.meet(s, &two);
	e.caplen = 0;
	e.wire_len = 1;
	sink_pcap.packet(s, &e);
	for (int i = 1; i < 100; i++)
		at = block_put(at, i);
	assert_int_equal(sink_pcap.records(s, blocks, at - blocks, 99), 99);
	sink_pcap.close(s);
	for (int n = 0; packets < 100; n++) {
		char name[32];

		snprintf(name, sizeof(name), n ? "b.pcapng%d" : "b.pcapng", n);
		read_back(name);
		assert_int_equal(told.sections, 1);
		assert_int_equal(told.interfaces, 2);
		assert_in_range(told.packets, 1, 99);
		if (n)
			blocks_check(packets, told.packets);
		packets += told.packets;
	}
	assert_int_equal(packets, 100);
}

/* Every length with every small snaplen, with comments and without, into no more room than asked.
 */
static void test_room(void **state)
{
	static char room[BUFFER_HEADER + 65536];
	struct alert a = alert_of("r");

	(void)state;
	memset(a.reason, 'r', sizeof(a.reason) - 1);
	for (uint32_t snaplen = 1; snaplen < 40; snaplen++) {
		struct options o = {.snaplen = snaplen};
		struct format *f = format_pcapng.open(&o, start);
		struct event e = event_of(3, NULL);
		int begin;

		assert_int_equal(format_pcapng.place(f, &e, &two), PLACE_NEW);
		begin = format_pcapng.begin(f, room);
		for (uint32_t len = 0; len < 80; len++) {
			size_t asked, took;

			e.caplen = len / 2;
			e.tag_stripped = len & 1;
			for (uint32_t i = 0; i < len % 20; i++)
				format_pcapng.alert(f, &a);
			format_pcapng.lost(f);
			asked = format_pcapng.room(f, &e);
			memset(room + begin, 0x5a, asked + 64);
			took = format_pcapng.packet(f, &e, room + begin);
			assert_true(took <= asked);
			for (size_t i = took; i < asked + 64; i++)
				assert_int_equal(room[begin + i], 0x5a);
			blocks_read(room, begin + took);
			assert_int_equal(told.packets, 1);
		}
		for (int i = 0; i < 20; i++)
			format_pcapng.alert(f, &a);
		assert_true(format_pcapng.end_room(f) >=
			    format_pcapng.end(f, start, UINT64_MAX, &two, room + begin));
		format_pcapng.close(f);
	}
}

/* The longest names, as many as there can be, fit into the header. */
static void test_header_room(void **state)
{
	static char room[BUFFER_HEADER];
	struct options o = options_of();
	struct format *f = format_pcapng.open(&o, start);

	(void)state;
	for (uint32_t i = 1; i <= SINK_INTERFACES; i++) {
		struct event e = event_of(i, "fifteen-letters");

		assert_int_equal(format_pcapng.place(f, &e, NULL), PLACE_NEW);
	}
	assert_in_range(format_pcapng.begin(f, room), 1000, BUFFER_HEADER);
	blocks_read(room, format_pcapng.begin(f, room));
	assert_int_equal(told.interfaces, SINK_INTERFACES);
	format_pcapng.close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),	       cmocka_unit_test(test_names),
		cmocka_unit_test(test_read_from_file), cmocka_unit_test(test_newcomers),
		cmocka_unit_test(test_alerts),	       cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_no_room),	       cmocka_unit_test(test_room),
		cmocka_unit_test(test_header_room),    cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_blocks_rotate),  cmocka_unit_test(test_blocks_lost),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
