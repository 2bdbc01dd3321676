/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An append buffer over a file, of whole records. Comes after the sinks that form the records;
 * after it only the kernel.
 *
 * Flushed when full and, by buffer_tick, a quarter of a second after the last flush, always between
 * records. A disk that is full (or fails) is said once; the file is cut back to its last whole
 * record, what fits in memory waits, the rest is dropped and counted, and writing resumes when
 * there is room. A pipe whose reader is slow holds a patient writer up; an impatient one for at
 * most BUFFER_WAIT_MS, then records are dropped and counted likewise.
 */
#ifndef XDPLENS_BUFFER_H
#define XDPLENS_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BUFFER_HEADER = 1024,  /* longest header */
	BUFFER_FLUSH_MS = 250, /* between flushes by time */
	BUFFER_WAIT_MS = 100,  /* an impatient writer waits for a reader */
};

struct buffer;

/*
 * Opens `path` for writing from its start ("-": standard output, never closed) with `size` octets
 * of memory. NULL and errno; says nothing.
 */
struct buffer *buffer_open(const char *path, size_t size, bool patient);

/* What every file begins with; call it before the first record. -EMSGSIZE beyond BUFFER_HEADER. */
int buffer_header(struct buffer *b, const void *header, size_t len);

/*
 * Room for a record of at most `most` octets, to be filled in and committed with its length. NULL
 * and errno when there is none: the record counts as lost. The reason was said, but for EPIPE.
 */
char *buffer_begin(struct buffer *b, size_t most);
void buffer_commit(struct buffer *b, size_t len);

/* Appends a record. 0 or -errno as above. */
int buffer_record(struct buffer *b, const void *record, size_t len);

/* Flushes if it is time; now: ns since the epoch. 0 or -errno. */
int buffer_tick(struct buffer *b, uint64_t now);
int buffer_flush(struct buffer *b);

/*
 * SIGHUP: goes on in a file of the same name, which is the same file unless somebody renamed or
 * removed it. -errno: said, and the old file stays in use.
 */
int buffer_reopen(struct buffer *b);

/* Rotation: goes on at the start of the file `path`. -errno: said, and the old file stays in use.
 */
int buffer_switch(struct buffer *b, const char *path);

uint64_t buffer_octets(const struct buffer *b); /* in this file, with those still in memory */
uint64_t buffer_lost(const struct buffer *b);	/* records that were not written */

/* Flushes and closes; what cannot be written now is lost, and said. NULL is fine. */
void buffer_close(struct buffer *b);

#endif
