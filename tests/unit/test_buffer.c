// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a file holds whole records only, whenever one looks; what was written can be read
 * within a second; a full disk, a slow reader and a reader that leaves cost records that are
 * counted and said once, and never hold up a live capture; SIGHUP and rotation lose nothing, keep
 * the order and put a header before every file; closing ends, whoever does not read; a gzip file
 * holds whole members only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/log.h"

enum { RECORD = 100, SIZE = 4096, BLOCK = SIZE / RECORD, HELD = WRITER_BLOCKS * BLOCK };

static const uint64_t ms = 1000000;
static char dir[] = "/tmp/test_buffer.XXXXXX", path[64], other[64], packed[64];

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(packed, sizeof(packed), "%s/file.gz", dir);
	return 0;
}

static int each(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	unlink(packed);
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

/*
 * Checks that `name`, gzip or not, holds `header` and then whole records of rising numbers; returns
 * how many.
 */
static int records(const char *name, const char *header)
{
	gzFile f = gzopen(name, "r");
	char text[RECORD + 1] = "";
	int n = 0, last = -1, got;

	assert_non_null(f);
	assert_int_equal(gzread(f, text, strlen(header)), strlen(header));
	assert_memory_equal(text, header, strlen(header));
	while ((got = gzread(f, text, RECORD))) {
		assert_int_equal(got, RECORD);
		assert_int_equal(text[RECORD - 1], '\n');
		assert_true(atoi(text) > last);
		last = atoi(text);
		n++;
	}
	assert_int_equal(gzclose(f), Z_OK); /* cut off would be Z_BUF_ERROR */
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

/* Ticks until `name` holds so many. */
static void await(struct buffer *b, uint64_t *now, const char *name, int n)
{
	for (int i = 0; i < 5000 && records(name, "") != n; i++) {
		usleep(1000);
		assert_int_equal(buffer_tick(b, *now += 100 * ms), 0);
	}
	assert_int_equal(records(name, ""), n);
}

/* Ticks alone bring a record into the file; by a clock that was set back, too. */
static void test_reader_sees(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	uint64_t now = 1700000000ull * 1000 * ms;

	(void)state;
	for (int n = 1; n <= 20; n++) {
		assert_int_equal(put(b, n), 0);
		await(b, &now, path, n);
	}
	now -= 3600000 * ms;
	put(b, 21);
	await(b, &now, path, 21);
	buffer_close(b);
}

/* The process dies at once, with records in memory and one half formed. */
static void killed(const char *name)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct buffer *b = buffer_open(name, SIZE, true);

		for (int i = 0; i < 1000; i++)
			put(b, i);
		buffer_flush(b);
		for (int i = 1000; i < 1010; i++)
			put(b, i);
		memset(buffer_begin(b, RECORD), 'x', RECORD / 2);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(records(name, ""), 1000);
}

static void test_killed(void **state)
{
	(void)state;
	killed(path);
	killed(packed);
}

/* A limit that cuts a write in the middle, as a full disk does. */
static void limit_set(rlim_t octets)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = octets;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static off_t length(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

/* What a try wrote before it failed is in the file until it is cut back, at once. */
static void between_tries(void)
{
	off_t before;

	do {
		before = length(path);
		usleep(WRITER_RETRY_MS * 1000 / 10);
	} while (length(path) != before || before % RECORD);
}

static void test_no_room(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	uint64_t now = 1000 * ms;
	int n = 0, whole;

	(void)state;
	limit_set(10 * RECORD + RECORD / 2 + SIZE);
	while (n < 3000 && !put(b, n))
		n++;
	assert_int_equal(n, BLOCK + HELD);
	between_tries();
	whole = records(path, "");
	assert_non_null(strstr(said(), path));
	assert_non_null(strstr(said(), strerror(EFBIG)));
	log_error("none");
	for (int i = 0; i < 500; i++)
		assert_int_equal(put(b, 3000 + i), -EFBIG);
	assert_int_equal(buffer_lost(b), 501);
	for (int i = 0; i < 20; i++)
		assert_int_not_equal(buffer_tick(b, now += 300 * ms), 0);
	assert_string_equal(said(), "none"); /* once is enough */
	between_tries();
	assert_int_equal(records(path, ""), whole);

	limit_set(RLIM_INFINITY);
	assert_int_equal(buffer_flush(b), 0);
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
	for (int i = 0; i < HELD; i++)
		put(b, i);
	assert_int_equal(buffer_flush(b), -ENOSPC);
	assert_int_equal(buffer_tick(b, 1000 * ms), -ENOSPC);
	assert_int_equal(buffer_lost(b), 0);
	assert_int_equal(put(b, HELD), -ENOSPC);
	assert_int_equal(buffer_lost(b), 1);
	buffer_close(b);
	assert_non_null(strstr(said(), "1281 records were lost in all"));
}

static size_t lent_count(const char *records, size_t len)
{
	(void)records;
	return len / RECORD;
}

/* As put, records `n` to `n` + BLOCK - 1. */
static bool lend(struct buffer *b, int n, char memory[SIZE], struct writer_loan *loan)
{
	for (int i = 0; i < BLOCK; i++)
		sprintf(memory + i * RECORD, "%-*d\n", RECORD - 1, n + i);
	loan->records = memory;
	loan->count = lent_count;
	loan->until++;
	return buffer_lend(b, loan, BLOCK * RECORD);
}

/* Lent records come in their turn, also where they begin a file, and are returned when written. */
static void test_lent(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	_Atomic uint64_t returned = 0;
	struct writer_loan loan = {.returned = &returned};
	char memory[4][SIZE];

	(void)state;
	buffer_header(b, "head\n", 5);
	assert_true(lend(b, 0, memory[0], &loan));
	put(b, 100);
	assert_true(lend(b, 200, memory[1], &loan));
	assert_int_equal(buffer_flush(b), 0);
	assert_int_equal(returned, 2);
	assert_int_equal(records(path, "head\n"), 2 * BLOCK + 1);
	assert_int_equal(buffer_octets(b), 5 + (2 * BLOCK + 1) * RECORD);
	assert_int_equal(buffer_switch(b, other), 0);
	assert_true(lend(b, 300, memory[2], &loan));
	assert_true(lend(b, 400, memory[3], &loan));
	assert_int_equal(buffer_close(b), 0);
	assert_int_equal(returned, 4);
	assert_int_equal(records(other, "head\n"), 2 * BLOCK);
}

/* Nothing is taken, and so nothing lost, while it cannot be written; what was taken counts. */
static void test_lent_in_vain(void **state)
{
	struct buffer *b = buffer_open("/dev/full", SIZE, true);
	_Atomic uint64_t returned = 0;
	struct writer_loan loan = {.returned = &returned};
	char memory[SIZE];

	(void)state;
	assert_true(lend(b, 0, memory, &loan));
	assert_int_equal(buffer_flush(b), -ENOSPC);
	assert_false(buffer_lend(b, &loan, BLOCK * RECORD));
	assert_int_equal(buffer_lost(b), 0);
	assert_int_equal(returned, 0);
	assert_int_equal(buffer_close(b), BLOCK);
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
	assert_in_range(kept, HELD, 2999);
	assert_int_equal(buffer_lost(b), 3000 - kept);
	assert_non_null(strstr(said(), "its reader is too slow"));
	log_error("none");
	for (int i = 0; i < 5000 && octets < (uint64_t)kept * RECORD; i++) {
		octets += drain(reader);
		assert_int_equal(buffer_tick(b, now += 300 * ms), 0);
		usleep(1000);
	}
	assert_int_equal(octets, (uint64_t)kept * RECORD);
	for (int i = 0; i < 10; i++)
		buffer_tick(b, now += 300 * ms);
	assert_non_null(strstr(said(), "works again"));
	buffer_close(b);
	close(reader);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What a reader who does not read leaves in memory is lost, and said; nobody waits for him. */
static void test_stuck_reader(void **state)
{
	struct buffer *b;
	double start;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
	b = buffer_open(path, SIZE, false);
	for (int i = 0; i < 3000; i++)
		put(b, i);
	start = seconds();
	buffer_close(b);
	assert_true(seconds() - start < 2 * WRITER_WAIT_MS / 1000.0);
	assert_non_null(strstr(said(), "records were lost in all"));
	assert_in_range(3000 - strtol(strstr(said(), ": ") + 2, NULL, 10), 0, BLOCK);
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
	struct buffer *b;

	(void)state;
	assert_int_equal(symlink("/dev/full", path), 0);
	b = buffer_open(path, SIZE, true);
	buffer_header(b, "head\n", 5);
	put(b, 1);
	assert_int_equal(buffer_flush(b), -ENOSPC);
	assert_int_equal(buffer_switch(b, other), 0);
	put(b, 2);
	buffer_close(b);
	assert_int_equal(records(other, "head\n"), 2);
}

/*
 * Files are gone over to in order, however far the thread is behind: the same file again loses what
 * it held, and not a record of what comes.
 */
static void test_switch_under_load(void **state)
{
	struct buffer *b = buffer_open(path, SIZE, true);
	char name[80];
	int n = 0;

	(void)state;
	buffer_header(b, "head\n", 5);
	for (int turn = 0; turn < 60; turn++) {
		snprintf(name, sizeof(name), "%s/turn%d", dir, turn % 3);
		assert_int_equal(buffer_switch(b, name), 0);
		assert_int_equal(buffer_octets(b), 5);
		for (int i = 0; i < 30 + turn; i++)
			assert_int_equal(put(b, n++), 0);
	}
	buffer_close(b);
	assert_int_equal(records(path, "head\n"), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s/turn%d", dir, i);
		assert_int_equal(records(name, "head\n"), 30 + 57 + i);
		unlink(name);
	}
}

/* Until the thread, too, finds no room in the pipe. */
static void pipe_fill(struct buffer *b, int *n)
{
	struct pollfd full = {.fd = open(path, O_WRONLY | O_NONBLOCK), .events = POLLOUT};

	for (int i = 0; i < 10000 && poll(&full, 1, 0) > 0; i++) {
		if (put(b, (*n)++))
			usleep(1000);
	}
	assert_int_equal(poll(&full, 1, 0), 0);
	close(full.fd);
}

/* With nobody who reads, there comes a time when no other file can be gone over to. */
static void test_switch_when_stuck(void **state)
{
	struct buffer *b;
	int reader, i = 0;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	b = buffer_open(path, SIZE, false);
	pipe_fill(b, &i);
	while (put(b, i++) == 0)
		;
	assert_int_equal(buffer_switch(b, other), 0);
	assert_int_equal(buffer_switch(b, other), -EAGAIN);
	assert_non_null(strstr(said(), "going on in the old file"));
	while (buffer_flush(b))
		drain(reader);
	put(b, i);
	buffer_close(b);
	assert_int_equal(records(other, ""), 1);
	close(reader);
}

static void test_gzip(void **state)
{
	struct buffer *b = buffer_open(packed, SIZE, true);

	(void)state;
	buffer_header(b, "head\n", 5);
	assert_int_equal(buffer_flush(b), 0);
	assert_int_equal(records(packed, "head\n"), 0); /* a file without records is whole, too */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(put(b, i), 0);
	assert_int_equal(buffer_octets(b), 5 + 1000 * RECORD);
	buffer_close(b);
	assert_int_equal(records(packed, "head\n"), 1000);
	assert_in_range(length(packed), 1000, 1000 * RECORD / 4);
}

static void test_gzip_empty(void **state)
{
	struct buffer *b = buffer_open(packed, SIZE, true);

	(void)state;
	buffer_close(b);
	assert_in_range(length(packed), 18, 40);
	assert_int_equal(records(packed, ""), 0);
}

/* What a file begins with is known only after it was written to for the first time. */
static void test_gzip_late_header(void **state)
{
	struct buffer *b = buffer_open(packed, SIZE, true);

	(void)state;
	assert_int_equal(buffer_tick(b, 1000 * ms), 0);
	assert_int_equal(buffer_flush(b), 0);
	buffer_header(b, "head\n", 5);
	put(b, 0);
	assert_int_equal(buffer_close(b), 0);
	assert_int_equal(records(packed, "head\n"), 1);
}

static void test_gzip_no_room(void **state)
{
	struct buffer *b = buffer_open(packed, SIZE, true);
	off_t whole;
	int n;

	(void)state;
	for (n = 0; n < BLOCK; n++)
		put(b, n);
	assert_int_equal(buffer_flush(b), 0);
	whole = length(packed);
	limit_set(whole + 30); /* cuts the next member */
	for (; n < 3 * BLOCK; n++)
		put(b, n);
	assert_int_equal(buffer_flush(b), -EFBIG);
	assert_int_equal(length(packed), whole);
	assert_int_equal(records(packed, ""), BLOCK);
	limit_set(RLIM_INFINITY);
	buffer_close(b);
	assert_int_equal(records(packed, ""), 3 * BLOCK);
}

static void test_gzip_name(void **state)
{
	(void)state;
	assert_string_equal(buffer_gzip("a.pcap.gz"), ".gz");
	assert_null(buffer_gzip("a.pcap"));
	assert_null(buffer_gzip(".gz"));
	assert_null(buffer_gzip("agz"));
	assert_null(buffer_gzip("-"));
}

static void interrupted(int signal)
{
	(void)signal;
	writer_hurry();
}

/* Last: Ctrl-C ends the patience of everyone in this process. */
static void test_hurry(void **state)
{
	struct buffer *b;
	double start;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	b = buffer_open(path, SIZE, true);
	signal(SIGALRM, interrupted);
	alarm(1);
	for (int i = 0; i < 3000; i++)
		put(b, i);
	start = seconds();
	buffer_close(b);
	assert_true(seconds() - start < 2 * WRITER_WAIT_MS / 1000.0);
	assert_non_null(strstr(said(), "records were lost in all"));
	close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, each),
		cmocka_unit_test_setup(test_begin_commit, each),
		cmocka_unit_test_setup(test_cannot_open, each),
		cmocka_unit_test_setup(test_reader_sees, each),
		cmocka_unit_test_setup(test_killed, each),
		cmocka_unit_test_setup(test_no_room, each),
		cmocka_unit_test_setup(test_no_room_until_the_end, each),
		cmocka_unit_test_setup(test_full_disk, each),
		cmocka_unit_test_setup(test_device_full, each),
		cmocka_unit_test_setup(test_lent, each),
		cmocka_unit_test_setup(test_lent_in_vain, each),
		cmocka_unit_test_setup(test_reader_leaves, each),
		cmocka_unit_test_setup(test_slow_reader, each),
		cmocka_unit_test_setup(test_patient, each),
		cmocka_unit_test_setup(test_reopen, each),
		cmocka_unit_test_setup(test_switch, each),
		cmocka_unit_test_setup(test_switch_when_full, each),
		cmocka_unit_test_setup(test_switch_under_load, each),
		cmocka_unit_test_setup(test_switch_when_stuck, each),
		cmocka_unit_test_setup(test_stuck_reader, each),
		cmocka_unit_test_setup(test_gzip, each),
		cmocka_unit_test_setup(test_gzip_empty, each),
		cmocka_unit_test_setup(test_gzip_late_header, each),
		cmocka_unit_test_setup(test_gzip_no_room, each),
		cmocka_unit_test_setup(test_gzip_name, each),
		cmocka_unit_test_setup(test_hurry, each),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
