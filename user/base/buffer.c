// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns an output file. Before it: the sinks, which form records in its memory. After it: the
 * kernel.
 *
 * Memory holds whole records only, so that a flush that cannot finish has one place to go back to:
 * where the file ended before it.
 */
#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static const uint64_t flush_ns = BUFFER_FLUSH_MS * 1000000ull;
static const uint64_t calm_ns = 2000000000; /* without a failure, before one is called over */

struct buffer {
	char *path;
	int fd;
	bool stream; /* a pipe, socket or terminal: what is written is gone, and writing may wait */
	bool patient;
	bool header_waits; /* the header stands at the start of `memory`, not yet written */
	bool said;	   /* a failure was said, its end not yet */
	int failing;	   /* errno of the last flush; 0: all well */
	uint64_t written;  /* octets in this file */
	uint64_t pending;  /* records in memory */
	uint64_t lost;
	uint64_t flushed; /* when, by time */
	uint64_t well_since;
	size_t header_len;
	size_t size, used; /* of memory, which has BUFFER_HEADER octets more */
	char header[BUFFER_HEADER];
	char memory[];
};

static const char *buffer_name(const struct buffer *b)
{
	return strcmp(b->path, "-") ? b->path : "standard output";
}

static int file_open(const char *path, int flags)
{
	if (!strcmp(path, "-"))
		return STDOUT_FILENO;
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | flags, 0666);
}

static void file_close(struct buffer *b)
{
	if (b->fd != STDOUT_FILENO && close(b->fd) < 0)
		log_error("close %s: %s", buffer_name(b), strerror(errno));
}

/* Records that a full disk left in memory go to the new file, after its header. */
static void header_put(struct buffer *b)
{
	if (b->written || b->header_waits || !b->header_len)
		return;
	memmove(b->memory + b->header_len, b->memory, b->used);
	memcpy(b->memory, b->header, b->header_len);
	b->used += b->header_len;
	b->header_waits = true;
}

static void file_use(struct buffer *b, int fd, bool append)
{
	struct stat st = {0};

	fstat(fd, &st);
	b->fd = fd;
	b->stream = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd);
	b->written = append && S_ISREG(st.st_mode) ? st.st_size : 0;
	header_put(b);
}

struct buffer *buffer_open(const char *path, size_t size, bool patient)
{
	struct buffer *b = malloc(sizeof(*b) + size + BUFFER_HEADER);
	int fd = -1, err;

	if (!b)
		return NULL;
	memset(b, 0, sizeof(*b));
	b->size = size;
	b->patient = patient;
	b->path = strdup(path);
	if (!b->path)
		goto out;
	fd = file_open(path, O_TRUNC);
	if (fd < 0)
		goto out;
	file_use(b, fd, false);
	return b;
out:
	err = errno;
	free(b->path);
	free(b);
	errno = err;
	return NULL;
}

int buffer_header(struct buffer *b, const void *header, size_t len)
{
	if (len > sizeof(b->header))
		return -EMSGSIZE;
	memcpy(b->header, header, len);
	b->header_len = len;
	header_put(b);
	return 0;
}

/* The first `n` octets of memory are written. */
static void memory_shift(struct buffer *b, size_t n)
{
	if (!n)
		return;
	b->header_waits = false;
	b->written += n;
	b->used -= n;
	memmove(b->memory, b->memory + n, b->used);
	if (!b->used)
		b->pending = 0;
}

/* Takes the last `n` octets of the file away again; false: it cannot be done. */
static bool file_cut(struct buffer *b, size_t n)
{
	off_t end = lseek(b->fd, 0, SEEK_CUR);

	return end >= (off_t)n && !ftruncate(b->fd, end - n) &&
	       lseek(b->fd, end - n, SEEK_SET) >= 0;
}

static int file_write(struct buffer *b)
{
	size_t done = 0;
	int rc = 0;

	while (done < b->used && !rc) {
		ssize_t n = write(b->fd, b->memory + done, b->used - done);

		if (n > 0)
			done += n;
		else if (n == 0 || errno != EINTR)
			rc = n ? -errno : -EIO;
	}
	if (rc && done && file_cut(b, done))
		done = 0;
	memory_shift(b, done);
	return rc;
}

/* A pipe that is ready takes PIPE_BUF octets without waiting. */
static int stream_write(struct buffer *b)
{
	struct pollfd ready = {.fd = b->fd, .events = POLLOUT};
	int wait = b->patient ? -1 : b->failing ? 0 : BUFFER_WAIT_MS;
	size_t done = 0;
	int rc = 0;

	while (done < b->used && !rc) {
		size_t len = b->used - done < PIPE_BUF ? b->used - done : PIPE_BUF;
		int polled = poll(&ready, 1, wait);
		ssize_t n = polled > 0 ? write(b->fd, b->memory + done, len) : -1;

		if (n >= 0)
			done += n;
		else if (polled == 0)
			rc = -EAGAIN;
		else if (errno != EINTR && !(errno == EAGAIN && b->patient))
			rc = -errno;
	}
	memory_shift(b, done);
	return rc;
}

static void failure_say(struct buffer *b)
{
	if (b->said || b->failing == EPIPE)
		return;
	b->said = true;
	if (b->failing == EAGAIN)
		log_warn("write %s: its reader is too slow, records are dropped", buffer_name(b));
	else
		log_error("write %s: %s; what memory cannot hold is dropped until there is room",
			  buffer_name(b), strerror(b->failing));
}

int buffer_flush(struct buffer *b)
{
	int rc;

	if (b->failing == EPIPE)
		return -EPIPE;
	rc = b->stream ? stream_write(b) : file_write(b);
	b->failing = -rc;
	if (rc)
		b->well_since = 0;
	if (rc && rc != -EAGAIN) /* a slow reader is no matter before a record is dropped */
		failure_say(b);
	return rc;
}

static char *record_lose(struct buffer *b, int err)
{
	b->lost++;
	if (b->failing)
		failure_say(b);
	errno = err;
	return NULL;
}

char *buffer_begin(struct buffer *b, size_t most)
{
	if (most > b->size)
		return record_lose(b, EMSGSIZE);
	if (b->used + most > b->size && !b->failing)
		buffer_flush(b);
	if (b->used + most > b->size || b->failing == EPIPE)
		return record_lose(b, b->failing);
	return b->memory + b->used;
}

void buffer_commit(struct buffer *b, size_t len)
{
	b->used += len;
	b->pending++;
}

int buffer_record(struct buffer *b, const void *record, size_t len)
{
	char *at = buffer_begin(b, len);

	if (!at)
		return -errno;
	memcpy(at, record, len);
	buffer_commit(b, len);
	return 0;
}

static void recovery_say(struct buffer *b, uint64_t now)
{
	if (!b->said || b->failing)
		return;
	if (!b->well_since)
		b->well_since = now;
	if (now - b->well_since < calm_ns)
		return;
	b->said = false;
	log_warn("write %s: works again; %llu records were lost so far", buffer_name(b),
		 (unsigned long long)b->lost);
}

int buffer_tick(struct buffer *b, uint64_t now)
{
	int rc;

	if (now >= b->flushed && now - b->flushed < flush_ns && b->failing != EAGAIN)
		return b->failing == EPIPE ? -EPIPE : 0;
	b->flushed = now;
	rc = buffer_flush(b);
	recovery_say(b, now);
	return rc;
}

static int file_change(struct buffer *b, const char *path, int flags)
{
	int fd;

	buffer_flush(b);
	fd = file_open(path, flags);
	if (fd < 0) {
		int err = errno;

		log_error("open %s: %s; going on in the old file", path, strerror(err));
		return -err;
	}
	file_close(b);
	file_use(b, fd, !(flags & O_TRUNC));
	return 0;
}

int buffer_reopen(struct buffer *b)
{
	if (b->stream || b->fd == STDOUT_FILENO)
		return buffer_flush(b);
	return file_change(b, b->path, 0);
}

int buffer_switch(struct buffer *b, const char *path)
{
	char *copy = strdup(path);
	int rc;

	if (!copy)
		return -ENOMEM;
	rc = file_change(b, path, O_TRUNC);
	if (rc) {
		free(copy);
		return rc;
	}
	free(b->path);
	b->path = copy;
	return 0;
}

uint64_t buffer_octets(const struct buffer *b)
{
	return b->written + b->used;
}

uint64_t buffer_lost(const struct buffer *b)
{
	return b->lost;
}

void buffer_close(struct buffer *b)
{
	if (!b)
		return;
	if (b->failing != EPIPE)
		b->failing = 0; /* a last try, with all the time that a first one gets */
	buffer_flush(b);
	b->lost += b->pending;
	if (b->lost && b->failing != EPIPE)
		log_warn("write %s: %llu records were lost in all", buffer_name(b),
			 (unsigned long long)b->lost);
	file_close(b);
	free(b->path);
	free(b);
}
