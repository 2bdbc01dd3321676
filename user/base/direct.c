// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns the pages in which octets are put together that are not in memory as they will be in the
 * file. Before it: base/writer. After it: the kernel.
 *
 * Only the flag of the open file says which way a write goes, so it is set for a call and taken
 * back. Standard output is left as it is: its open file is others', too.
 */
#include "base/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SPARE = 256 * DIRECT_PAGE,
	RUNS = 2 * DIRECT_PARTS + 1, /* of memory a call: parts, and what is between them */
};

struct place { /* in parts */
	const struct iovec *part;
	size_t at;
};

struct runs {
	struct iovec of[RUNS];
	int n;
	size_t octets;
	size_t spare; /* of it, in use */
};

/* File systems tell since Linux 6.1; zeros, or nothing: they do not take it. */
static bool file_takes(int fd)
{
#ifdef STATX_DIOALIGN
	struct statx st = {0};
	unsigned wanted = STATX_TYPE | STATX_DIOALIGN;

	return statx(fd, "", AT_EMPTY_PATH, wanted, &st) == 0 && S_ISREG(st.stx_mode) &&
	       (st.stx_mask & wanted) == wanted && st.stx_dio_mem_align &&
	       st.stx_dio_mem_align <= DIRECT_PAGE && st.stx_dio_offset_align &&
	       st.stx_dio_offset_align <= DIRECT_PAGE;
#else
	(void)fd;
	return false;
#endif
}

void direct_use(struct direct *d, int fd)
{
	d->takes = fd != STDOUT_FILENO && file_takes(fd);
	if (d->takes && !d->spare)
		d->spare = aligned_alloc(DIRECT_PAGE, SPARE);
	d->takes &= d->spare != NULL;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

bool direct_is_ready(const struct direct *d)
{
	return d->takes && now_ns() >= d->rests;
}

void direct_free(struct direct *d)
{
	free(d->spare);
}

static void *place_memory(const struct place *p)
{
	return (char *)p->part->iov_base + p->at;
}

/* To the next octet that is not behind it: none of the parts that are left is empty. */
static void place_skip(struct place *p, size_t octets)
{
	p->at += octets;
	while (p->at && p->at >= p->part->iov_len) {
		p->at -= p->part->iov_len;
		p->part++;
	}
}

/* Octets from there on in one piece of memory, at most so many. */
static size_t place_run(const struct place *p, size_t most)
{
	size_t left = p->part->iov_len - p->at;

	return left < most ? left : most;
}

/* Through the page cache. 0 or -errno. */
static int append_cached(int fd, struct place *p, size_t octets, size_t *done)
{
	while (octets) {
		ssize_t n = write(fd, place_memory(p), place_run(p, octets));

		if (n == 0)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		place_skip(p, n);
		*done += n;
		octets -= n;
	}
	return 0;
}

static void runs_add(struct runs *r, void *memory, size_t octets)
{
	struct iovec *last = r->n ? &r->of[r->n - 1] : NULL;

	r->octets += octets;
	if (last && (char *)last->iov_base + last->iov_len == memory)
		last->iov_len += octets;
	else
		r->of[r->n++] = (struct iovec){memory, octets};
}

/* A page of what is not in memory as a page. */
static void runs_add_copied(struct runs *r, char *spare, struct place *p)
{
	char *page = spare + r->spare;

	for (size_t at = 0, n; at < DIRECT_PAGE; at += n) {
		n = place_run(p, DIRECT_PAGE - at);
		memcpy(page + at, place_memory(p), n);
		place_skip(p, n);
	}
	r->spare += DIRECT_PAGE;
	runs_add(r, page, DIRECT_PAGE);
}

/* As many pages as find room, at most those of so many octets. */
static void runs_gather(struct runs *r, char *spare, struct place *p, size_t octets)
{
	*r = (struct runs){0};
	while (r->octets < octets && r->spare < SPARE && r->n < RUNS) {
		size_t whole = place_run(p, octets - r->octets) / DIRECT_PAGE * DIRECT_PAGE;

		if (whole && (size_t)place_memory(p) % DIRECT_PAGE == 0) {
			runs_add(r, place_memory(p), whole);
			place_skip(p, whole);
		} else {
			runs_add_copied(r, spare, p);
		}
	}
}

static bool is_refusal(int error)
{
	return error == EINVAL || error == EFAULT || error == EOPNOTSUPP;
}

/* So many octets of whole pages, or fewer, as *done tells. 0 or -errno. */
static int append_direct(struct direct *d, int fd, struct place *p, size_t octets, size_t *done)
{
	int flags = fcntl(fd, F_GETFL), rc = 0;
	uint64_t start = now_ns(), end;
	struct place from = *p;
	struct runs runs = {0};
	size_t all = 0;
	ssize_t n;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) < 0)
		return -errno;
	do {
		runs_gather(&runs, d->spare, p, octets - all);
		n = writev(fd, runs.of, runs.n);
		all += n > 0 ? n : 0;
	} while (n == (ssize_t)runs.octets && all < octets);
	if (n < 0)
		rc = -errno;
	if (fcntl(fd, F_SETFL, flags) < 0)
		rc = -errno;
	end = now_ns();
	if (end - start > DIRECT_SLOW_MS * 1000000ull)
		d->rests = end + DIRECT_REST_MS * 1000000ull;
	*p = from;
	place_skip(p, all);
	*done += all;
	return rc;
}

int direct_append(struct direct *d, int fd, const struct iovec *parts, int n, size_t *done)
{
	off_t end = lseek(fd, 0, SEEK_END);
	struct place p = {parts, 0};
	size_t all = 0, before, pages;
	int rc;

	*done = 0;
	if (end < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		all += parts[i].iov_len;
	before = -(size_t)end % DIRECT_PAGE;
	before = before < all ? before : all;
	pages = (all - before) / DIRECT_PAGE * DIRECT_PAGE;
	rc = append_cached(fd, &p, before, done);
	if (!rc && pages)
		rc = append_direct(d, fd, &p, pages, done);
	if (is_refusal(-rc)) {
		d->takes = false;
		rc = 0;
	}
	return rc ? rc : append_cached(fd, &p, all - *done, done);
}
