/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A thread that writes blocks of whole records to a file, so that a slow disk or reader never holds
 * up whoever forms them. Comes after base/buffer, in whose thread all of this is called; after it
 * only the kernel.
 *
 * Blocks are written in the order in which they were put; one that begins a file says so. The
 * thread starts with the first block: what the process gave up before then (user/guard.c) the
 * thread has not either. It takes no signals, forks nothing and says nothing; writer_failing and
 * writer_lost tell.
 */
#ifndef XDPLENS_WRITER_H
#define XDPLENS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WRITER_BLOCKS = 32,    /* of memory; one more may begin a file */
	WRITER_HEADER = 16384, /* longest header */
	WRITER_RETRY_MS = 250, /* after a failure */
	WRITER_WAIT_MS = 2000, /* for what does not move */
};

struct writer;

/* Records in memory of somebody else's, which is his again when `until` stands in *returned. */
struct writer_loan {
	const char *records;
	size_t (*count)(const char *records, size_t len); /* how many these are */
	_Atomic uint64_t *returned;
	uint64_t until;
};

struct writer_block {
	struct writer_block *next;
	int fd;		/* of the file that begins with it; -1: the same goes on */
	bool cut;	/* what that file held goes first */
	size_t records; /* in `data` */
	size_t used;	/* octets of `data`, of the size that writer_new was told, or of a loan */
	size_t done;	/* the thread's: octets that are written for good */
	char *data;
	struct writer_loan loan; /* .records in place of `data`; NULL: none */
	char *header;	   /* of malloc: what empty files begin with from here on; NULL: the same */
	size_t header_len; /* at most WRITER_HEADER */
};

/*
 * Writes to `fd`, and closes it unless it is standard output. Memory: WRITER_BLOCKS + 1 times
 * `size` and a page, touched only as far as blocks wait; with gzip, a member of RFC 1952 a block,
 * once more that and 300 KiB. NULL and errno.
 */
struct writer *writer_new(int fd, size_t size, bool gzip);

enum writer_use { WRITER_RECORDS, WRITER_FILE }; /* for the latter there is a reserve */

/*
 * An empty block, or NULL. Waiting for one ends with a failure or writer_hurry. `at`: where it will
 * stand in the file; in memory it is as far from a page's start, which makes its copy cheaper.
 */
struct writer_block *writer_block(struct writer *w, enum writer_use use, uint64_t at, bool wait);
void writer_put(struct writer *w, struct writer_block *block);

bool writer_idle(struct writer *w); /* all is written */

/*
 * Waits until all is written, or cannot be, or for WRITER_WAIT_MS; a patient one for as long as it
 * takes, until writer_hurry. 0 or -errno; -EAGAIN: not yet.
 */
int writer_wait(struct writer *w, bool patient);

int writer_failing(const struct writer *w);   /* errno of the last write; 0: well */
uint64_t writer_lost(const struct writer *w); /* records put, for which there is no reader */

/*
 * Ends the thread after a last try. What it could not write goes to `lost`. 0, or -errno of the
 * last close(2). A thread that hangs in the kernel is left behind with its memory.
 */
int writer_free(struct writer *w, uint64_t *lost);

/* The user wants to leave: nobody waits any more without limit. For a signal handler. */
void writer_hurry(void);

#endif
