// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: what is appended past the page cache is in the file octet by octet, wherever in
 * memory it stands and however long it is, between what others append the usual way; most of it is
 * not in the page cache; where a file takes no more, so many octets of it are there as is said; a
 * file that cannot be written so is known, and one that turns out to is written the usual way.
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
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/direct.h"

enum { MEMORY = 8 << 20, PART = 600 << 10, ROUNDS = 20 };

static const char *const places[] = {"/tmp", "/var/tmp", "."};
static char path[64], other[64];
static struct direct direct;
static char *memory, *written, *seen;
static size_t n_written;
static int file = -1;

static int open_in(const char *place, char name[64])
{
	int fd;

	snprintf(name, 64, "%s/test_direct.XXXXXX", place);
	fd = mkostemp(name, O_APPEND);
	direct_use(&direct, fd);
	return fd;
}

static int find_place(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !direct.takes; i++) {
		if (file >= 0) {
			close(file);
			unlink(path);
		}
		file = open_in(places[i], path);
	}
	return direct.takes ? 0 : -1;
}

static int setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	srandom(1);
	memory = aligned_alloc(DIRECT_PAGE, MEMORY);
	written = malloc(ROUNDS * 2ull * MEMORY);
	seen = malloc(ROUNDS * 2ull * MEMORY);
	assert_true(memory && written && seen);
	for (size_t i = 0; i < MEMORY; i++)
		memory[i] = random();
	return 0;
}

static int each(void **state)
{
	(void)state;
	n_written = 0;
	assert_int_equal(ftruncate(file, 0), 0);
	direct_use(&direct, file);
	assert_true(direct.takes);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(file);
	unlink(path);
	direct_free(&direct);
	free(memory);
	free(written);
	free(seen);
	return 0;
}

static void note(const char *octets, size_t n)
{
	memcpy(written + n_written, octets, n);
	n_written += n;
}

static void assert_written(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(lseek(fd, 0, SEEK_END), n_written);
	assert_int_equal(pread(fd, seen, n_written, 0), n_written);
	assert_memory_equal(seen, written, n_written);
	close(fd);
}

/* Where the next octets of the file would stand in memory as they do in its pages, or anywhere. */
static struct iovec part(bool alike, size_t before)
{
	size_t len = 1 + random() % (random() % 4 ? PART : 2 * DIRECT_PAGE), at;

	at = random() % (MEMORY - len - DIRECT_PAGE);
	if (alike)
		at = at / DIRECT_PAGE * DIRECT_PAGE + (n_written + before) % DIRECT_PAGE;
	return (struct iovec){memory + at, len};
}

static void append(bool alike, int n)
{
	struct iovec parts[DIRECT_PARTS] = {0};
	size_t all = 0, done;

	for (int i = 0; i < n; i++) {
		parts[i] = part(alike, all);
		all += parts[i].iov_len;
	}
	assert_int_equal(direct_append(&direct, file, parts, n, &done), 0);
	assert_int_equal(done, all);
	for (int i = 0; i < n; i++)
		note(parts[i].iov_base, parts[i].iov_len);
}

static void append_others(size_t n)
{
	assert_int_equal(write(file, memory, n), n);
	note(memory, n);
}

static void append_all(bool alike)
{
	for (int i = 0; i < ROUNDS; i++) {
		append(alike, 1 + random() % DIRECT_PARTS);
		if (random() % 2)
			append_others(random() % 3 * 1000);
	}
	assert_true(direct.takes);
	assert_int_equal(fcntl(file, F_GETFL) & (O_DIRECT | O_APPEND), O_APPEND);
	assert_written();
}

static void test_alike(void **state)
{
	(void)state;
	append_all(true);
}

static void test_anywhere(void **state)
{
	(void)state;
	append_all(false);
}

/* Pages of the file that are in the page cache. */
static size_t pages_cached(void)
{
	size_t pages = n_written / DIRECT_PAGE, n = 0;
	unsigned char *in = calloc(1, pages + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *at = mmap(NULL, n_written, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(in && at != MAP_FAILED);
	assert_int_equal(mincore(at, n_written, in), 0);
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	munmap(at, n_written);
	close(fd);
	free(in);
	return n;
}

static void test_cache(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		append(true, DIRECT_PARTS);
	assert_in_range(pages_cached(), 0, 20); /* an end and a begin each */
}

static void test_no_room(void **state)
{
	struct iovec parts[] = {{memory + 5, MEMORY - 5}};
	struct rlimit limit, before;
	struct stat st;
	size_t done;

	(void)state;
	append(true, 1);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = n_written + MEMORY / 2 + 1234;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(direct_append(&direct, file, parts, 1, &done), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	fstat(file, &st);
	assert_int_equal(st.st_size, n_written + done);
	note(parts[0].iov_base, done);
	assert_written();
}

static void test_refused(void **state)
{
	struct iovec part = {memory, 4 * DIRECT_PAGE};
	int memory_only, pipes[2];
	size_t done;

	(void)state;
	memory_only = open_in("/dev/shm", other);
	assert_true(memory_only < 0 || !direct.takes);
	if (memory_only >= 0) {
		unlink(other);
		direct.takes = true; /* as of a file system that says so and refuses */
		assert_int_equal(direct_append(&direct, memory_only, &part, 1, &done), 0);
		assert_int_equal(done, part.iov_len);
		assert_int_equal(lseek(memory_only, 0, SEEK_END), part.iov_len);
		close(memory_only);
	}
	assert_int_equal(pipe(pipes), 0);
	direct_use(&direct, pipes[1]);
	assert_false(direct.takes);
	direct_use(&direct, STDOUT_FILENO);
	assert_false(direct.takes);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_alike, each),
		cmocka_unit_test_setup(test_anywhere, each),
		cmocka_unit_test_setup(test_cache, each),
		cmocka_unit_test_setup(test_no_room, each),
		cmocka_unit_test(test_refused),
	};

	if (find_place() < 0) {
		puts("no file here can be written past the page cache");
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
