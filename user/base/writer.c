// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns an output file and the thread that writes it. Before it: base/buffer, which fills blocks.
 * After it: the kernel.
 *
 * The queue's first block is the one being written: it leaves the queue only when it is in the file
 * as a whole. So a write that fails has one place to go back to, the file's end before that block;
 * and where a next file waits in the queue already, the block goes there instead.
 */
#include "base/writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/direct.h"

enum {
	TURN_MS = 100, /* between looks whether to go on waiting */
	ALL_BLOCKS = WRITER_BLOCKS + 1,
	GZIP_WINDOW = 15 + 16, /* zlib.h: 16 more asks for gzip's framing */
	GZIP_MEMORY = 8,
};

struct writer {
	/* the thread's own, once it runs */
	int fd;
	bool stream;	 /* a pipe, socket or terminal: what is written is gone, and may wait */
	bool header_due; /* the file is empty */
	struct direct direct;
	size_t header_len;
	char header[WRITER_HEADER];
	bool gzip;
	z_stream deflate;
	char *packed;
	size_t packed_size;

	pthread_mutex_t lock; /* of what follows; never held while something is written */
	pthread_cond_t work, moved;
	struct writer_block *first, **last, *free;
	int n_free;
	unsigned tries; /* that have ended */
	bool ended;

	atomic_bool stop;
	atomic_int failing;
	atomic_uint_fast64_t lost;

	/* the caller's */
	pthread_t thread;
	bool running;
	int close_error; /* the thread's until it ended */
	struct writer_block blocks[ALL_BLOCKS];
	char *memory; /* of blocks, each so many octets after the one before */
	size_t step;
	_Atomic uint64_t nobody; /* to whom loans are returned that outlive their lender */
};

static volatile sig_atomic_t hurried;

void writer_hurry(void)
{
	hurried = 1;
}

/* ---- the file ---- */

static void file_use(struct writer *w, int fd)
{
	struct stat st = {0};

	fstat(fd, &st);
	w->fd = fd;
	w->stream = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd);
	w->header_due = !S_ISREG(st.st_mode) || !st.st_size;
	direct_use(&w->direct, fd);
}

static void file_close(struct writer *w)
{
	if (w->fd != STDOUT_FILENO && close(w->fd) < 0)
		w->close_error = errno;
}

/* EINVAL: it is no file that has a length. */
static int file_begin(struct writer *w, struct writer_block *block)
{
	if (block->cut && ftruncate(block->fd, 0) < 0 && errno != EINVAL)
		return -errno;
	file_close(w);
	file_use(w, block->fd);
	block->fd = -1;
	block->done = 0;
	return 0;
}

/* Takes the last `n` octets of the file away again; false: it cannot be done. */
static bool file_cut(const struct writer *w, size_t n)
{
	off_t end = lseek(w->fd, 0, SEEK_CUR);

	return end >= (off_t)n && !ftruncate(w->fd, end - n) &&
	       lseek(w->fd, end - n, SEEK_SET) >= 0;
}

/* False: nobody reads, and we are told to end. */
static bool stream_ready(const struct writer *w)
{
	struct pollfd ready = {.fd = w->fd, .events = POLLOUT};

	while (poll(&ready, 1, TURN_MS) == 0)
		if (atomic_load(&w->stop))
			return false;
	return true;
}

/* What a block comes to in the file. */
struct parts {
	struct iovec header, records;
};

/*
 * Octets, of what comes after the first `done`, or -errno. A pipe that is ready takes PIPE_BUF
 * octets without waiting.
 */
static ssize_t file_put(const struct writer *w, const struct parts *p, size_t done)
{
	const struct iovec *part = done < p->header.iov_len ? &p->header : &p->records;
	size_t at = part == &p->header ? done : done - p->header.iov_len;
	size_t len = part->iov_len - at;
	ssize_t n;

	if (w->stream && !stream_ready(w))
		return -EAGAIN;
	n = write(w->fd, (const char *)part->iov_base + at,
		  w->stream && len > PIPE_BUF ? PIPE_BUF : len);
	if (n > 0)
		return n;
	if (n == 0)
		return -EIO;
	return errno == EINTR || (w->stream && errno == EAGAIN) ? 0 : -errno;
}

static int file_write(const struct writer *w, struct writer_block *block, const struct parts *p)
{
	size_t before = block->done, len = p->header.iov_len + p->records.iov_len;
	ssize_t n = 0;

	while (block->done < len && n >= 0) {
		n = file_put(w, p, block->done);
		block->done += n > 0 ? n : 0;
	}
	if (n >= 0)
		return 0;
	if (!w->stream && file_cut(w, block->done - before))
		block->done = before;
	return n;
}

/* ---- a block ---- */

static void header_take(struct writer *w, struct writer_block *block)
{
	if (!block->header)
		return;
	memcpy(w->header, block->header, block->header_len);
	w->header_len = block->header_len;
	free(block->header);
	block->header = NULL;
}

static void block_pack_part(z_stream *z, const struct iovec *part, int flush)
{
	z->next_in = part->iov_base;
	z->avail_in = part->iov_len;
	deflate(z, flush);
}

/* The same for the same octets, so that a try which got half through can be gone on with. */
static void block_pack(struct writer *w, struct parts *p)
{
	z_stream *z = &w->deflate;

	deflateReset(z);
	z->next_out = (Bytef *)w->packed;
	z->avail_out = w->packed_size;
	block_pack_part(z, &p->header, Z_NO_FLUSH);
	block_pack_part(z, &p->records, Z_FINISH);
	p->header.iov_len = 0;
	p->records = (struct iovec){w->packed, w->packed_size - z->avail_out};
}

static struct iovec block_octets(const struct writer_block *block)
{
	const char *at = block->loan.records ? block->loan.records : block->data;

	return (struct iovec){(char *)at, block->used};
}

static int block_write(struct writer *w, struct writer_block *block)
{
	struct parts p = {.records = block_octets(block)};
	int rc = block->fd >= 0 ? file_begin(w, block) : 0;
	bool begins;

	if (rc)
		return rc;
	header_take(w, block);
	begins = w->header_due;
	if (begins)
		p.header = (struct iovec){w->header, w->header_len};
	if (w->gzip && (begins || block->used))
		block_pack(w, &p);
	rc = file_write(w, block, &p);
	if (!rc && begins && w->header_len)
		w->header_due = false;
	return rc;
}

/* Records of the same file, of which none is written. */
static bool block_is_plain(const struct writer_block *block)
{
	return block->fd < 0 && !block->header && block->used && !block->done;
}

/* Of the octets that it was given. */
static size_t block_records(const struct writer_block *block)
{
	const struct writer_loan *loan = &block->loan;

	return loan->records ? loan->count(loan->records, block->used) : block->records;
}

/* ---- the queue ---- */

static struct timespec clock_after(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static bool clock_passed(const struct timespec *end)
{
	struct timespec now = clock_after(0);

	return now.tv_sec > end->tv_sec ||
	       (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec);
}

static void queue_sleep(struct writer *w, pthread_cond_t *until, int ms)
{
	struct timespec end = clock_after(ms);

	pthread_cond_clockwait(until, &w->lock, CLOCK_MONOTONIC, &end);
}

static void block_free(struct writer *w, struct writer_block *block)
{
	if (block->loan.records)
		atomic_store_explicit(block->loan.returned, block->loan.until,
				      memory_order_release);
	block->next = w->free;
	w->free = block;
	w->n_free++;
}

static struct writer_block *queue_first(struct writer *w)
{
	struct writer_block *block;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !atomic_load(&w->stop))
		pthread_cond_wait(&w->work, &w->lock);
	block = w->first;
	pthread_mutex_unlock(&w->lock);
	return block;
}

static void queue_pop(struct writer *w, int n)
{
	pthread_mutex_lock(&w->lock);
	for (struct writer_block *block; n && (block = w->first); n--) {
		w->first = block->next;
		if (!w->first)
			w->last = &w->first;
		block_free(w, block);
	}
	w->tries++;
	pthread_cond_signal(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

/* The next file in the queue begins with the first block now; false: there is none. */
static bool queue_skip_file(struct writer *w)
{
	struct writer_block *to = w->first, *from = to->next;

	while (from && from->fd < 0)
		from = from->next;
	if (!from)
		return false;
	to->fd = from->fd;
	to->cut = from->cut;
	from->fd = -1;
	return true;
}

static void queue_fail(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->tries++;
	pthread_cond_signal(&w->moved);
	if (!queue_skip_file(w) && !atomic_load(&w->stop))
		queue_sleep(w, &w->work, WRITER_RETRY_MS);
	pthread_mutex_unlock(&w->lock);
}

/*
 * The first blocks, as far as they may go past the page cache together; 0: the first goes the usual
 * way, alone. Waiting for a disk that is behind would cost records, which the page cache can hold.
 */
static int queue_gather(struct writer *w, struct iovec parts[DIRECT_PARTS])
{
	struct writer_block *block;
	size_t octets = 0;
	int n = 0;

	pthread_mutex_lock(&w->lock);
	block = w->n_free < ALL_BLOCKS / 2 ? NULL : w->first;
	for (; block && n < DIRECT_PARTS && block_is_plain(block); block = block->next) {
		parts[n++] = block_octets(block);
		octets += block->used;
	}
	pthread_mutex_unlock(&w->lock);
	return octets < DIRECT_LEAST ? 0 : n;
}

/* 0 or -errno: then the file ends before them, or they say how far they are in it. */
static int blocks_write(struct writer *w, struct writer_block *block, const struct iovec *parts,
			int n)
{
	size_t done;
	int rc = direct_append(&w->direct, w->fd, parts, n, &done);

	if (!rc || file_cut(w, done))
		return rc;
	pthread_mutex_lock(&w->lock);
	for (; n; block = block->next, n--) {
		block->done = done < block->used ? done : block->used;
		done -= block->done;
	}
	pthread_mutex_unlock(&w->lock);
	return rc;
}

/* Writes what comes first; *n: how many blocks that is. 0 or -errno. */
static int writer_write(struct writer *w, struct writer_block *first, int *n)
{
	struct iovec parts[DIRECT_PARTS];

	*n = 0;
	if (!w->gzip && !w->header_due && !atomic_load(&w->failing) && direct_is_ready(&w->direct))
		*n = queue_gather(w, parts);
	if (*n)
		return blocks_write(w, first, parts, *n);
	*n = 1;
	return block_write(w, first);
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct writer_block *first;
	bool last = false;
	int rc = 0, n;

	prctl(PR_SET_NAME, "xdplens-writer");
	while ((!last || !rc || rc == -EPIPE) && (first = queue_first(w))) {
		last = atomic_load(&w->stop);
		rc = writer_write(w, first, &n);
		atomic_store(&w->failing, -rc);
		if (rc == -EPIPE)
			atomic_fetch_add(&w->lost, block_records(first));
		if (!rc || rc == -EPIPE)
			queue_pop(w, n);
		else
			queue_fail(w);
	}
	file_close(w);
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_cond_signal(&w->moved);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- for the caller ---- */

static int gzip_init(struct writer *w, size_t size)
{
	/* what the thread cannot keep up with is lost, so speed comes first */
	if (deflateInit2(&w->deflate, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	w->gzip = true;
	w->packed_size = deflateBound(&w->deflate, size + WRITER_HEADER);
	w->packed = malloc(w->packed_size);
	return w->packed ? 0 : -ENOMEM;
}

static void writer_release(struct writer *w)
{
	if (w->gzip)
		deflateEnd(&w->deflate);
	direct_free(&w->direct);
	free(w->packed);
	free(w->memory);
	free(w);
}

struct writer *writer_new(int fd, size_t size, bool gzip)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->step = (size / DIRECT_PAGE + 2) * DIRECT_PAGE;
	w->memory = aligned_alloc(DIRECT_PAGE, ALL_BLOCKS * w->step);
	if (!w->memory || (gzip && gzip_init(w, size))) {
		writer_release(w);
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->moved, NULL);
	w->last = &w->first;
	for (int i = 0; i < ALL_BLOCKS; i++)
		block_free(w, &w->blocks[i]);
	file_use(w, fd);
	return w;
}

/* Where both share a CPU, whoever fills blocks must not keep the thread from its turn. */
static void queue_yield(struct writer *w)
{
	bool few;

	pthread_mutex_lock(&w->lock);
	few = w->n_free < ALL_BLOCKS / 2;
	pthread_mutex_unlock(&w->lock);
	if (few)
		sched_yield();
}

struct writer_block *writer_block(struct writer *w, enum writer_use use, uint64_t at, bool wait)
{
	int reserve = use == WRITER_FILE ? 0 : 1;
	struct writer_block *block = NULL;

	queue_yield(w);
	pthread_mutex_lock(&w->lock);
	while (wait && w->n_free <= reserve && !atomic_load(&w->failing) && !hurried)
		queue_sleep(w, &w->moved, TURN_MS);
	if (w->n_free > reserve) {
		block = w->free;
		w->free = block->next;
		w->n_free--;
		*block = (struct writer_block){
			.fd = -1,
			.data = w->memory + (block - w->blocks) * w->step + at % DIRECT_PAGE,
		};
	}
	pthread_mutex_unlock(&w->lock);
	return block;
}

/* Signals are the caller's. */
static int writer_start(struct writer *w)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, writer_run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

void writer_put(struct writer *w, struct writer_block *block)
{
	int error;

	block->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->last = block;
	w->last = &block->next;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	if (w->running)
		return;
	error = writer_start(w);
	w->running = !error;
	if (error)
		atomic_store(&w->failing, error);
}

bool writer_idle(struct writer *w)
{
	bool idle;

	pthread_mutex_lock(&w->lock);
	idle = !w->first;
	pthread_mutex_unlock(&w->lock);
	return idle;
}

int writer_wait(struct writer *w, bool patient)
{
	struct timespec end = clock_after(WRITER_WAIT_MS);
	unsigned tries;
	int error;

	pthread_mutex_lock(&w->lock);
	tries = w->tries;
	pthread_cond_signal(&w->work); /* a failure is tried again at once */
	while (w->first && w->running && !(atomic_load(&w->failing) && w->tries - tries > 1) &&
	       ((patient && !hurried) || !clock_passed(&end)))
		queue_sleep(w, &w->moved, TURN_MS);
	error = atomic_load(&w->failing);
	if (w->first && !error)
		error = EAGAIN;
	pthread_mutex_unlock(&w->lock);
	return -error;
}

int writer_failing(const struct writer *w)
{
	return atomic_load_explicit(&w->failing, memory_order_relaxed);
}

uint64_t writer_lost(const struct writer *w)
{
	return atomic_load(&w->lost);
}

/* Waits for the thread's end; false: it hangs. Counts what is left. */
static bool writer_stop(struct writer *w, uint64_t *lost)
{
	struct timespec end = clock_after(WRITER_WAIT_MS);
	bool ended;

	pthread_mutex_lock(&w->lock);
	atomic_store(&w->stop, true);
	pthread_cond_signal(&w->work);
	while (w->running && !w->ended && !clock_passed(&end))
		queue_sleep(w, &w->moved, TURN_MS);
	ended = w->ended || !w->running;
	*lost = atomic_load(&w->lost);
	for (struct writer_block *block = w->first; block; block = block->next) {
		*lost += block_records(block);
		block->loan.returned = &w->nobody;
	}
	pthread_mutex_unlock(&w->lock);
	return ended;
}

int writer_free(struct writer *w, uint64_t *lost)
{
	int error;

	if (!writer_stop(w, lost)) {
		pthread_detach(w->thread);
		return 0;
	}
	if (w->running)
		pthread_join(w->thread, NULL);
	else
		file_close(w);
	for (struct writer_block *block = w->first; block; block = block->next) {
		if (block->fd >= 0)
			close(block->fd);
		free(block->header);
	}
	error = w->close_error;
	writer_release(w);
	return -error;
}
