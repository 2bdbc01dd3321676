/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A bounded table of what a detector keeps for each subject (address, pair, domain, ...). Keys come
 * from the wire: hashing is keyed. When the eight cells of a key's set are taken, the one that was
 * not taken for longest goes: what is active stays.
 */
#ifndef DETECT_SUBJECTS_H
#define DETECT_SUBJECTS_H

#include <stddef.h>
#include <stdint.h>

struct subjects;

/* Key and value sizes in octets, rounded up to 8; keys are compared as bytes. NULL and errno. */
struct subjects *subjects_new(size_t max, size_t key_size, size_t value_size);
void subjects_free(struct subjects *s); /* NULL is fine */

/* The key's value, all 0 where it is new. Valid until the next take. */
void *subjects_take(struct subjects *s, const void *key);

/* The same, NULL where there is none. Does not count as use. */
void *subjects_find(const struct subjects *s, const void *key);

/* The next value from cell *at on, and its key; NULL: no more. Start with *at = 0. */
void *subjects_next(const struct subjects *s, size_t *at, const void **key);

/* Forgets it; valid in a walk. */
void subjects_drop(struct subjects *s, void *value);

/* A keyed hash of octets, for struct distinct. */
uint64_t subjects_hash(const struct subjects *s, const void *data, size_t len);

#endif
