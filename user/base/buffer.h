/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An append buffer over a file, of whole records. Comes after the sinks that form the records in
 * its blocks; after it base/writer, whose thread writes them. One thread calls all of this, and
 * needs no lock for a record, only for a block.
 *
 * A block is handed over when full and, by buffer_tick, a quarter of a second after the last one,
 * always between records. A name that ends in .gz makes a gzip file, a member of it a block.
 * Memory: WRITER_BLOCKS + 1 blocks, see base/writer.h.
 *
 * A disk that is full (or fails) is said once; the file is cut back to its last whole block, what
 * fits in memory waits, the rest is dropped and counted, and writing resumes when there is room.
 * Behind a slow disk or reader a patient buffer waits for memory, until writer_hurry; an impatient
 * one never does: its records are dropped and counted likewise.
 */
#ifndef XDPLENS_BUFFER_H
#define XDPLENS_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

enum {
	BUFFER_BLOCK =
		320 * 1024, /* octets of a block: a large write, and the longest packet fits */
	BUFFER_HEADER = WRITER_HEADER, /* longest header */
	BUFFER_FLUSH_MS = 250,	       /* between flushes by time */
};

struct buffer;

/*
 * Opens `path` for writing from its start ("-": standard output, never closed) with blocks of
 * `size` octets. NULL and errno; says nothing.
 */
struct buffer *buffer_open(const char *path, size_t size, bool patient);

/*
 * What every file begins with; call it before the first record. Later, the files from the next one
 * on. -EMSGSIZE beyond BUFFER_HEADER, -ENOMEM.
 */
int buffer_header(struct buffer *b, const void *header, size_t len);

/*
 * Room for a record of at most `most` octets, to be filled in and committed with its length. NULL
 * and errno when there is none: the record counts as lost. The reason was said, but for EPIPE.
 */
char *buffer_begin(struct buffer *b, size_t most);
void buffer_commit(struct buffer *b, size_t len);

/* Appends a record. 0 or -errno as above. */
int buffer_record(struct buffer *b, const void *record, size_t len);

/*
 * Appends `n` records, `len` octets in all, no more than a block has; or hands over records in
 * memory of somebody else's, of any length but for a gzip file. False: it takes none now, and none
 * is lost until `buffer_lose` is told of those that could not wait.
 */
bool buffer_records(struct buffer *b, const void *records, size_t len, size_t n);
bool buffer_lend(struct buffer *b, const struct writer_loan *loan, size_t len);
void buffer_lose(struct buffer *b, size_t n);

/* Hands over what there is if it is time; now: ns since the epoch. 0 or -errno of the last write.
 */
int buffer_tick(struct buffer *b, uint64_t now);

/* Hands over what there is and waits for it, see writer_wait. 0 or -errno. */
int buffer_flush(struct buffer *b);

/*
 * SIGHUP: goes on in a file of the same name, which is the same file unless somebody renamed or
 * removed it. -errno: said, and the old file stays in use.
 */
int buffer_reopen(struct buffer *b);

/*
 * Rotation: goes on at the start of the file `path`; what it held is there until all is written
 * that came before. -errno: said, and the old file stays in use.
 */
int buffer_switch(struct buffer *b, const char *path);

/* In this file before compression, with those that are still in memory. */
uint64_t buffer_octets(const struct buffer *b);
uint64_t buffer_lost(const struct buffer *b); /* records that were not written */

/*
 * Writes what there is and closes. What cannot be written within WRITER_WAIT_MS, or as patiently as
 * above, is lost, and said. Records that were not written, in all. NULL is fine.
 */
uint64_t buffer_close(struct buffer *b);

/* Where .gz begins in a name that ends so; NULL: it does not. */
const char *buffer_gzip(const char *path);

#endif
