/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A page of lines of text, which a window shows a part of. Pure. */
#ifndef XDPLENS_VIEW_PAGE_H
#define XDPLENS_VIEW_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "view/terminal.h"

enum { PAGE_LINES = 400, PAGE_LINE = 240 };

struct page {
	size_t n;     /* lines, never more than PAGE_LINES: what comes after is left out */
	size_t width; /* that page_wrap keeps to, in columns */
	struct page_line {
		enum tint tint;
		char text[PAGE_LINE];
	} lines[PAGE_LINES];
};

/* A line, cut to PAGE_LINE. */
__attribute__((format(printf, 3, 4))) void page_add(struct page *page, enum tint tint,
						    const char *fmt, ...);
/* A sentence, indented and broken at blanks where it can be. */
void page_wrap(struct page *page, enum tint tint, const char *text);
/* Octets, sixteen a line: offset, hexadecimal, letters. */
void page_hex(struct page *page, enum tint tint, const uint8_t *data, size_t n);

#endif
