// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a file holds whole records only, whenever one looks; what was written can be read
 * within a second; a full disk, a slow reader and a reader that leaves cost records that are
 * counted and said once; SIGHUP and rotation lose nothing and put a header before every file.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/log.h"

enum { RECORD = 100, SIZE = 4096 };

static const uint64_t ms = 1000000;
static char dir[] = "/tmp/test_buffer.XXXXXX", path[64], other[64];

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int each(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	log_hold(true); /* messages are read with log_last, not shown */
	log_error("none");
	return 0;
}

static int teardown(void **state)
{
	each(state);
	rmdir(dir);
	return 0;
}

/* Record n: its number in text, padded, a newline at its end. */
static int put(struct buffer *b, int n)
{
	char record[RECORD + 1];

	snprintf(record, sizeof(record), "%-*d\n", RECORD - 1, n);
	return buffer_record(b, record, RECORD);
}

/* Checks that `name` holds `header` and then whole records of rising numbers; returns how many. */
static int records(const char *name, const char *header)
{
	FILE *f = fopen(name, "r");
	char text[RECORD + 1] = "";
	int n = 0, last = -1;
	size_t got;

	assert_non_null(f);
	assert_int_equal(fread(text, 1, strlen(header), f), strlen(header));
	assert_memory_equal(text, header, strlen(header));
	while ((got = fread(text, 1, RECORD, f))) {
		assert_int_equal(got, RECORD);
		assert_int_equal(text[RECORD - 1], '\n');
		assert_true(atoi(text) > last);
		last = atoi(text);
		n++;
	}
	fclose(f);
	return n;
}

static const char *said(void)
{
	static char text[LOG_LINE];

	log_last(text, sizeof(text));
	return text;
}

static void test_plain(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);

	(void)state;
	assert_non_null(b);
	assert_int_equal(buffer_header(b, "head\n", 5), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(put(b, i), 0);
	assert_int_equal(buffer_octets(b), 5 + 1000 * RECORD);
	buffer_close(b);
	assert_int_equal(records(path, "head\n"), 1000);
	assert_string_equal(said(), "none");
	buffer_close(NULL);
}

static void test_begin_commit(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	char *at;

	(void)state;
	for (int i = 0; i < 500; i++) {
		at = buffer_begin(b, SIZE);
		assert_non_null(at);
		snprintf(at, SIZE, "%-*d\n", RECORD - 1, i);
		buffer_commit(b, RECORD);
	}
	assert_null(buffer_begin(b, SIZE + 1));
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(buffer_lost(b), 1);
	buffer_close(b);
	assert_int_equal(records(path, ""), 500);
}

static void test_cannot_open(void **state)
{
	(void)state;
	assert_null(buffer_open("/nonexistent/file", SIZE, true));
	assert_int_equal(errno, ENOENT);
	assert_null(buffer_open(dir, SIZE, true));
	assert_int_equal(errno, EISDIR);
}

/* Ticks come ten times a second: whatever was written is in the file 350 ms later at most. */
static void test_reader_sees_within_a_second(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	uint64_t now = 1700000000ull * 1000 * ms, since = 0;
	int seen = 0, written = 0;

	(void)state;
	for (int i = 0; i < 50; i++, now += 100 * ms) {
		if (seen == written) {
			put(b, ++written);
			since = now;
		}
		assert_int_equal(buffer_tick(b, now), 0);
		seen = records(path, "");
		assert_true(seen == written || now - since < 1000 * ms);
	}
	assert_true(seen > 10);
	put(b, ++written);
	buffer_tick(b, now - 3600000 * ms); /* a clock that was set back */
	assert_int_equal(records(path, ""), written);
	buffer_close(b);
}

/* The process dies at once, with records in memory and one half formed. */
static void test_killed(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		struct buffer *b = buffer_open(path, SIZE, true);

		for (int i = 0; i < 1010; i++)
			put(b, i);
		memset(buffer_begin(b, RECORD), 'x', RECORD / 2);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_in_range(records(path, ""), 960, 1010);
}

/* A limit that cuts a write in the middle, as a full disk does. */
static void limit_set(rlim_t octets)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = octets;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void test_no_room(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	uint64_t now = 1000 * ms;
	int n = 0, whole;

	(void)state;
	limit_set(10 * RECORD + RECORD / 2 + SIZE);
	while (n < 1000 && !put(b, n))
		n++;
	assert_in_range(n, 40, 999);
	whole = records(path, "");
	assert_non_null(strstr(said(), path));
	assert_non_null(strstr(said(), strerror(EFBIG)));
	log_error("none");
	for (int i = 0; i < 500; i++)
		assert_int_equal(put(b, 1000 + i), -EFBIG);
	assert_int_equal(buffer_lost(b), 501);
	for (int i = 0; i < 20; i++)
		assert_int_not_equal(buffer_tick(b, now += 300 * ms), 0);
	assert_string_equal(said(), "none"); /* once is enough */
	assert_int_equal(records(path, ""), whole);

	limit_set(RLIM_INFINITY);
	assert_int_equal(buffer_tick(b, now += 300 * ms), 0);
	assert_int_equal(records(path, ""), n); /* what memory held */
	assert_int_equal(put(b, 5000), 0);
	assert_string_equal(said(), "none");
	for (int i = 0; i < 10; i++)
		buffer_tick(b, now += 300 * ms);
	assert_non_null(strstr(said(), "works again; 501 records"));
	log_error("none");
	buffer_tick(b, now += 3000 * ms);
	assert_string_equal(said(), "none");
	assert_int_equal(buffer_lost(b), 501);
	buffer_close(b);
	assert_int_equal(records(path, ""), n + 1);
	assert_non_null(strstr(said(), "501 records were lost in all"));
}

static void test_no_room_until_the_end(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);

	(void)state;
	buffer_header(b, "head\n", 5);
	limit_set(3);
	for (int i = 0; i < 10; i++)
		put(b, i);
	buffer_tick(b, 1000 * ms);
	buffer_close(b);
	limit_set(RLIM_INFINITY);
	assert_int_equal(records(path, ""), 0);
	assert_non_null(strstr(said(), "10 records were lost in all"));
}

static void test_full_disk(void **state)
{
	char mounted[96];
	struct buffer *b;
	uint64_t now = 1000 * ms;
	int n = 0, fd;

	(void)state;
	snprintf(mounted, sizeof(mounted), "%s/disk", dir);
	mkdir(mounted, 0700);
	if (mount("tmpfs", mounted, "tmpfs", 0, "size=64k")) {
		rmdir(mounted);
		print_message("skipped: a small disk needs the right to mount\n");
		skip();
	}
	snprintf(mounted, sizeof(mounted), "%s/disk/filler", dir);
	fd = open(mounted, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(write(fd, dir, 1), 1); /* one page */
	snprintf(mounted, sizeof(mounted), "%s/disk/file", dir);
	b = buffer_open(mounted, 10000, true);
	while (n < 10000 && !put(b, n))
		n++;
	assert_in_range(records(mounted, ""), 500, 61440 / RECORD);
	assert_non_null(strstr(said(), strerror(ENOSPC)));
	for (int i = 0; i < 100; i++)
		assert_int_equal(put(b, n + 1 + i), -ENOSPC);
	assert_int_equal(ftruncate(fd, 0), 0); /* room for a page */
	close(fd);
	for (int i = 0; i < 10; i++)
		buffer_tick(b, now += 300 * ms);
	buffer_close(b);
	assert_in_range(records(mounted, ""), 500, n);
	snprintf(mounted, sizeof(mounted), "%s/disk", dir);
	assert_int_equal(umount(mounted), 0);
	rmdir(mounted);
}

static void test_device_full(void **state)
{
	struct buffer *b = buffer_open("/dev/full", SIZE, true);

	(void)state;
	for (int i = 0; i < 100; i++)
		put(b, i);
	assert_int_equal(buffer_tick(b, 1000 * ms), -ENOSPC);
	assert_in_range(buffer_lost(b), 100 - SIZE / RECORD, 100);
	buffer_close(b);
	assert_non_null(strstr(said(), "100 records were lost in all"));
}

static void test_reader_leaves(void **state)
{
	struct buffer *b;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	b = buffer_open(path, SIZE, true);
	assert_int_equal(put(b, 1), 0);
	assert_int_equal(buffer_flush(b), 0);
	close(reader);
	put(b, 2);
	assert_int_equal(buffer_flush(b), -EPIPE);
	assert_int_equal(put(b, 3), -EPIPE);
	assert_int_equal(buffer_tick(b, 1000 * ms), -EPIPE);
	buffer_close(b);
	assert_string_equal(said(), "none");
}

/* Reads all that waits in a pipe; the number of octets. */
static size_t drain(int fd)
{
	char text[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		all += n;
	return all;
}

/* A live capture does not wait for whoever reads its rows, and does not tear a row for it. */
static void test_slow_reader(void **state)
{
	struct buffer *b;
	uint64_t now = 1000 * ms, octets = 0;
	int reader, kept = 0;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	b = buffer_open(path, SIZE, false);
	for (int i = 0; i < 3000; i++)
		kept += put(b, i) == 0;
	assert_in_range(kept, 65536 / RECORD, 2999);
	assert_int_equal(buffer_lost(b), 3000 - kept);
	assert_non_null(strstr(said(), "too slow"));
	log_error("none");
	for (int i = 0; i < 20; i++) {
		octets += drain(reader);
		assert_int_equal(buffer_tick(b, now += 300 * ms), 0);
	}
	octets += drain(reader);
	assert_int_equal(octets, (uint64_t)kept * RECORD);
	assert_non_null(strstr(said(), "works again"));
	buffer_close(b);
	close(reader);
}

/* Reading a file has all the time: a slow reader loses nothing. */
static void test_patient(void **state)
{
	int status, n = 0;
	char record[RECORD];
	pid_t pid;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	pid = fork();
	if (!pid) {
		FILE *f = fopen(path, "r");

		usleep(300000);
		while (fread(record, RECORD, 1, f) == 1)
			n += atoi(record) == n;
		_exit(n == 3000 ? 0 : 1);
	}
	struct buffer *b = buffer_open(path, SIZE, true);

	for (int i = 0; i < 3000; i++)
		assert_int_equal(put(b, i), 0);
	buffer_close(b);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void test_reopen(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);

	(void)state;
	buffer_header(b, "head\n", 5);
	for (int i = 0; i < 10; i++)
		put(b, i);
	assert_int_equal(buffer_reopen(b), 0); /* nobody renamed it: nothing is lost or repeated */
	for (int i = 10; i < 20; i++)
		put(b, i);
	assert_int_equal(buffer_flush(b), 0);
	assert_int_equal(records(path, "head\n"), 20);
	assert_int_equal(rename(path, other), 0);
	put(b, 20);
	assert_int_equal(buffer_reopen(b), 0);
	assert_int_equal(buffer_octets(b), 5);
	put(b, 21);
	buffer_close(b);
	assert_int_equal(records(other, "head\n"), 21);
	assert_int_equal(records(path, "head\n"), 1);
}

static void test_switch(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);

	(void)state;
	buffer_header(b, "head\n", 5);
	put(b, 1);
	assert_int_equal(buffer_switch(b, "/nonexistent/file"), -ENOENT);
	assert_non_null(strstr(said(), "/nonexistent/file"));
	put(b, 2);
	assert_int_equal(buffer_switch(b, other), 0);
	put(b, 3);
	assert_int_equal(buffer_switch(b, path), 0); /* overwrites, as rotation wants */
	put(b, 4);
	put(b, 5);
	put(b, 6);
	buffer_close(b);
	assert_int_equal(records(other, "head\n"), 1);
	assert_int_equal(records(path, "head\n"), 3);
}

/* What a full disk left in memory goes into the next file, behind one header. */
static void test_switch_when_full(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);

	(void)state;
	buffer_header(b, "head\n", 5);
	limit_set(50);
	put(b, 1);
	assert_int_equal(buffer_switch(b, other), 0);
	limit_set(RLIM_INFINITY);
	put(b, 2);
	buffer_close(b);
	assert_int_equal(records(other, "head\n"), 2);
	assert_int_equal(records(path, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, each),
		cmocka_unit_test_setup(test_begin_commit, each),
		cmocka_unit_test_setup(test_cannot_open, each),
		cmocka_unit_test_setup(test_reader_sees_within_a_second, each),
		cmocka_unit_test_setup(test_killed, each),
		cmocka_unit_test_setup(test_no_room, each),
		cmocka_unit_test_setup(test_no_room_until_the_end, each),
		cmocka_unit_test_setup(test_full_disk, each),
		cmocka_unit_test_setup(test_device_full, each),
		cmocka_unit_test_setup(test_reader_leaves, each),
		cmocka_unit_test_setup(test_slow_reader, each),
		cmocka_unit_test_setup(test_patient, each),
		cmocka_unit_test_setup(test_reopen, each),
		cmocka_unit_test_setup(test_switch, each),
		cmocka_unit_test_setup(test_switch_when_full, each),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
