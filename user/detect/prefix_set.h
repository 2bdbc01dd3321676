/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A set of IPv4 and IPv6 addresses and prefixes from files, for blacklists. Overlapping prefixes
 * are cut into disjoint intervals once, so that a lookup is a binary search in two steps, whatever
 * the number of prefix lengths.
 *
 * A file has one address or prefix a line; what follows a blank, ';', ',' or '#' is remark. Bad
 * lines are named and left out.
 */
#ifndef DETECT_PREFIX_SET_H
#define DETECT_PREFIX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdplens/listed.h"

enum { PREFIX_TEXT = 52 };

struct prefix_set;

struct prefix_match {
	char prefix[PREFIX_TEXT];
	const char *file;
	uint32_t line;
};

/*
 * NULL: said why: a file cannot be read, or has nothing but bad lines. The names are kept. No file
 * at all is an empty set.
 */
struct prefix_set *prefix_set_load(const char *const *files, size_t n);
void prefix_set_free(struct prefix_set *s); /* NULL is fine */

/* Prefixes that were read, doubles included. */
size_t prefix_set_count(const struct prefix_set *s);

/* The number of the longest prefix that holds the (mapped) address, -1: none. */
int32_t prefix_set_find(const struct prefix_set *s, const uint8_t addr[16]);

/*
 * The addresses as ranges of keys (xdplens/listed.h), disjoint and ascending; NULL for a set of no
 * file. Valid as long as the set.
 */
const struct listed_range *prefix_set_ranges(const struct prefix_set *s, size_t *n);

void prefix_set_describe(const struct prefix_set *s, int32_t number, struct prefix_match *match);

#endif
