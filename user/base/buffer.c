// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns the block that is being filled, and what is said about a file. Before it: the sinks, which
 * form records in the block. After it: base/writer's thread.
 *
 * Files are opened here, so that a sink hears at once of one that cannot be; the thread goes over
 * to them when it has written what was put before.
 */
#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static const uint64_t flush_ns = BUFFER_FLUSH_MS * 1000000ull;
static const uint64_t calm_ns = 2000000000; /* without a failure, before one is called over */

struct buffer {
	char *path;
	struct writer *writer;
	struct writer_block *block; /* NULL: none was free when one was needed */
	size_t size;
	char *header; /* that no block bears yet; NULL: none */
	size_t header_len;
	dev_t device; /* of the file that is filled */
	ino_t inode;
	bool stream; /* no file that can be opened again */
	bool patient;
	bool bare; /* nothing of this file was handed over, not even its header */
	bool said; /* a failure was said, its end not yet */
	uint64_t octets;
	uint64_t lost;	   /* not even put into a block */
	uint64_t lost_was; /* buffer_lost at the last tick */
	uint64_t flushed;  /* when, by time */
	uint64_t well_since;
};

static const char *buffer_name(const struct buffer *b)
{
	return strcmp(b->path, "-") ? b->path : "standard output";
}

const char *buffer_gzip(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && !strcmp(path + len - 3, ".gz") ? path + len - 3 : NULL;
}

static int file_open(const char *path, int flags)
{
	if (!strcmp(path, "-"))
		return STDOUT_FILENO;
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | flags, 0666);
}

/* `kept`: octets that stay in the file. */
static void file_note(struct buffer *b, const struct stat *st, uint64_t kept)
{
	b->device = st->st_dev;
	b->inode = st->st_ino;
	b->stream = !S_ISREG(st->st_mode);
	b->octets = kept ? kept : b->header_len;
	b->bare = !kept;
}

struct buffer *buffer_open(const char *path, size_t size, bool patient)
{
	struct buffer *b = calloc(1, sizeof(*b));
	struct stat st = {0};
	int fd = -1, err;

	if (!b)
		return NULL;
	b->size = size;
	b->patient = patient;
	b->path = strdup(path);
	if (!b->path)
		goto out;
	fd = file_open(path, O_TRUNC);
	if (fd < 0)
		goto out;
	fstat(fd, &st);
	file_note(b, &st, 0);
	b->writer = writer_new(fd, size, buffer_gzip(path));
	if (b->writer)
		return b;
out:
	err = errno;
	if (fd >= 0 && fd != STDOUT_FILENO)
		close(fd);
	free(b->path);
	free(b);
	errno = err;
	return NULL;
}

/* A file without a record is still a valid one. */
static bool header_waits(const struct buffer *b)
{
	return b->bare && (b->header_len || buffer_gzip(b->path));
}

/* Records before a new header are of a file that began with the old one. */
static void block_head(struct buffer *b)
{
	if (!b->header || b->block->records)
		return;
	free(b->block->header);
	b->block->header = b->header;
	b->block->header_len = b->header_len;
	b->header = NULL;
}

static bool block_take(struct buffer *b, enum writer_use use)
{
	if (!b->block)
		b->block = writer_block(b->writer, use, b->octets, b->patient);
	if (b->block)
		block_head(b);
	return b->block;
}

static void block_put(struct buffer *b)
{
	writer_put(b->writer, b->block);
	b->block = NULL;
	b->bare = false;
}

/*
 * What begins a file is not kept. While older blocks wait, records handed over sooner would be read
 * no sooner: unless `all` is wanted, they stay until the block is full.
 */
static void block_put_due(struct buffer *b, bool all)
{
	bool begins = header_waits(b) || (b->block && b->block->fd >= 0);

	if (begins && !block_take(b, WRITER_FILE))
		return;
	if (begins || (b->block && b->block->used && (all || writer_idle(b->writer))))
		block_put(b);
}

int buffer_header(struct buffer *b, const void *header, size_t len)
{
	char *copy;

	if (len > BUFFER_HEADER)
		return -EMSGSIZE;
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, header, len);
	free(b->header);
	b->header = copy;
	b->bare |= !b->header_len;
	if (b->bare)
		b->octets += len - b->header_len;
	b->header_len = len;
	return 0;
}

static void failure_say(struct buffer *b, int failing)
{
	b->well_since = 0;
	if (b->said || failing == EPIPE)
		return;
	b->said = true;
	if (failing)
		log_error("write %s: %s; what memory cannot hold is dropped until there is room",
			  buffer_name(b), strerror(failing));
	else
		log_warn("write %s: %s is too slow, records are dropped", buffer_name(b),
			 b->stream ? "its reader" : "the disk");
}

static char *record_lose(struct buffer *b, int err)
{
	b->lost++;
	errno = err;
	return NULL;
}

static char *record_refuse(struct buffer *b)
{
	int failing = writer_failing(b->writer);

	failure_say(b, failing);
	return record_lose(b, failing ? failing : EAGAIN);
}

char *buffer_begin(struct buffer *b, size_t most)
{
	if (most > b->size)
		return record_lose(b, EMSGSIZE);
	if (b->block && b->block->used + most > b->size)
		block_put(b);
	if (!block_take(b, WRITER_RECORDS) || writer_failing(b->writer) == EPIPE)
		return record_refuse(b);
	return b->block->data + b->block->used;
}

void buffer_commit(struct buffer *b, size_t len)
{
	b->block->used += len;
	b->block->records++;
	b->octets += len;
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

bool buffer_records(struct buffer *b, const void *records, size_t len, size_t n)
{
	if (b->block && b->block->used + len > b->size)
		block_put(b);
	if (writer_failing(b->writer) || !block_take(b, WRITER_RECORDS))
		return false;
	memcpy(b->block->data + b->block->used, records, len);
	b->block->used += len;
	b->block->records += n;
	b->octets += len;
	return true;
}

bool buffer_lend(struct buffer *b, const struct writer_loan *loan, size_t len)
{
	if (b->block && b->block->used)
		block_put(b);
	if (writer_failing(b->writer) || !block_take(b, WRITER_RECORDS))
		return false;
	b->block->loan = *loan;
	b->block->used = len;
	b->octets += len;
	block_put(b);
	return true;
}

void buffer_lose(struct buffer *b, size_t n)
{
	failure_say(b, writer_failing(b->writer));
	b->lost += n;
}

static void recovery_say(struct buffer *b, uint64_t now)
{
	uint64_t lost = buffer_lost(b);

	if (lost != b->lost_was)
		b->well_since = 0;
	b->lost_was = lost;
	if (!b->said)
		return;
	if (!b->well_since)
		b->well_since = now;
	if (now - b->well_since < calm_ns)
		return;
	b->said = false;
	log_warn("write %s: works again; %llu records were lost so far", buffer_name(b),
		 (unsigned long long)lost);
}

int buffer_tick(struct buffer *b, uint64_t now)
{
	int failing;

	if (now < b->flushed || now - b->flushed >= flush_ns) {
		b->flushed = now;
		block_put_due(b, false);
	}
	failing = writer_failing(b->writer);
	if (failing)
		failure_say(b, failing);
	else
		recovery_say(b, now);
	return -failing;
}

int buffer_flush(struct buffer *b)
{
	block_put_due(b, true);
	return writer_wait(b->writer, b->patient);
}

/* The block that begins the file; what was formed before it is on its way by then. */
static int file_change(struct buffer *b, int fd, bool cut)
{
	block_put_due(b, true);
	if (!block_take(b, WRITER_FILE))
		return -EAGAIN;
	b->block->fd = fd;
	b->block->cut = cut;
	return 0;
}

static int file_refuse(const char *path, int fd, int err)
{
	log_error("open %s: %s; going on in the old file", path, strerror(err));
	if (fd >= 0)
		close(fd);
	return -err;
}

int buffer_reopen(struct buffer *b)
{
	struct stat st = {0};
	int fd, rc;

	if (b->stream)
		return 0;
	fd = file_open(b->path, 0);
	if (fd < 0)
		return file_refuse(b->path, fd, errno);
	fstat(fd, &st);
	if (st.st_dev == b->device && st.st_ino == b->inode) {
		close(fd);
		return 0;
	}
	rc = file_change(b, fd, false);
	if (rc)
		return file_refuse(b->path, fd, -rc);
	file_note(b, &st, st.st_size);
	return 0;
}

int buffer_switch(struct buffer *b, const char *path)
{
	char *copy = strdup(path);
	struct stat st = {0};
	int fd, rc;

	if (!copy)
		return -ENOMEM;
	fd = file_open(path, 0);
	rc = fd < 0 ? -errno : file_change(b, fd, true);
	if (rc) {
		free(copy);
		return file_refuse(path, fd, -rc);
	}
	fstat(fd, &st);
	file_note(b, &st, 0);
	free(b->path);
	b->path = copy;
	return 0;
}

uint64_t buffer_octets(const struct buffer *b)
{
	return b->octets;
}

uint64_t buffer_lost(const struct buffer *b)
{
	return b->lost + writer_lost(b->writer);
}

uint64_t buffer_close(struct buffer *b)
{
	uint64_t lost;
	int failing, rc;

	if (!b)
		return 0;
	failing = -buffer_flush(b);
	if (failing)
		failure_say(b, failing == EAGAIN ? 0 : failing);
	rc = writer_free(b->writer, &lost);
	lost += b->lost;
	if (lost && failing != EPIPE)
		log_warn("write %s: %llu records were lost in all", buffer_name(b),
			 (unsigned long long)lost);
	if (rc)
		log_error("close %s: %s", buffer_name(b), strerror(-rc));
	free(b->header);
	free(b->path);
	free(b);
	return lost;
}
