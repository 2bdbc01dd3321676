// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A page of lines of text. Used by live_zoom.c, which fills it and shows it. */
#include "view/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HEX_ROW = 16, HEX_WIDTH = HEX_ROW * 3 + 1, INDENT = 3 };

void page_add(struct page *page, enum tint tint, const char *fmt, ...)
{
	va_list args;

	if (page->n == PAGE_LINES)
		return;
	va_start(args, fmt);
	vsnprintf(page->lines[page->n].text, PAGE_LINE, fmt, args);
	va_end(args);
	page->lines[page->n++].tint = tint;
}

void page_wrap(struct page *page, enum tint tint, const char *text)
{
	size_t width = page->width < PAGE_LINE ? page->width : PAGE_LINE - 1;
	size_t most = width > 2 * INDENT ? width - INDENT : INDENT;

	while (strlen(text) > most) {
		size_t at = most;

		while (at && text[at] != ' ')
			at--;
		if (!at)
			at = most;
		page_add(page, tint, "%*s%.*s", INDENT, "", (int)at, text);
		text += at + (text[at] == ' ');
	}
	page_add(page, tint, "%*s%s", INDENT, "", text);
}

static void hex_row(struct page *page, enum tint tint, const uint8_t *data, size_t n, size_t at)
{
	char hex[HEX_WIDTH + 1], letters[HEX_ROW + 1];
	size_t len = 0, i;

	for (i = 0; i < HEX_ROW && at + i < n; i++) {
		uint8_t byte = data[at + i];

		len += snprintf(hex + len, sizeof(hex) - len, i == HEX_ROW / 2 ? "  %02x" : " %02x",
				byte);
		letters[i] = byte >= ' ' && byte <= '~' ? (char)byte : '.';
	}
	letters[i] = 0;
	page_add(page, tint, "%*s%04zx %-*s  %s", INDENT, "", at, HEX_WIDTH, hex, letters);
}

void page_hex(struct page *page, enum tint tint, const uint8_t *data, size_t n)
{
	for (size_t at = 0; at < n; at += HEX_ROW)
		hex_row(page, tint, data, n, at);
}
