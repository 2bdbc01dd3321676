/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The alerts: open ones by identity, and the last that closed. Detectors raise, time closes; both
 * are told once.
 *
 * Bounded: of BOOK_EACH open alerts a detector and BOOK_OPEN in all; what more is raised is dropped
 * and counted.
 */
#ifndef DETECT_BOOK_H
#define DETECT_BOOK_H

#include <stdint.h>

#include "snapshot.h"

enum {
	BOOK_OPEN = 512,
	BOOK_EACH = 64,
	BOOK_CLOSED = SNAPSHOT_ALERTS,
	BOOK_DETECTORS = 32,
};

struct book;

/* `told`: an alert opened (end 0) or closed; it may not call the book. NULL and errno. */
struct book *book_new(void (*told)(void *arg, const struct alert *a), void *arg);
void book_free(struct book *b); /* NULL is fine; closes nothing */

/*
 * Opens the alert of detector number `who` or refreshes it: the text is the newest, severity and
 * observed the highest so far. Bytes that are not printable ASCII become '?'. A time or number that
 * makes no sense is put right. `name` is kept: it must outlive the book.
 */
void book_raise(struct book *b, unsigned who, const char *name, const struct alert *a,
		double hold_s, uint64_t now);

/* Closes what was not refreshed for its hold_s. */
void book_expire(struct book *b, uint64_t now);
void book_close_all(struct book *b, uint64_t now);

uint64_t book_dropped(const struct book *b);
uint64_t book_count(const struct book *b, unsigned who); /* ever opened by a detector */

/* Fills alerts, n_alerts, n_alerts_open and alerts_total. */
void book_fill(const struct book *b, struct snapshot *s);

#endif
