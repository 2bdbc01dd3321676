// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Escaping. Comes after the decoders, which hand over raw bytes, and before every sink and view,
 * which may write what they are given to a terminal, a file or a page.
 */
#include "base/text.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A piece (one escape, one character) that fits leaves room for `tail` bytes and the NUL. */
static bool text_add(char *dst, size_t n, size_t *at, const char *piece, size_t len, size_t tail)
{
	if (n - *at < len + tail + 1)
		return false;
	memcpy(dst + *at, piece, len);
	*at += len;
	return true;
}

size_t text_escape(char *dst, size_t n, const void *src, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *bytes = src;
	size_t at = 0;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < len; i++) {
		char piece[4] = {'\\', 'x', hex[bytes[i] >> 4], hex[bytes[i] & 15]};
		size_t size = 4;

		if (bytes[i] == '\\') {
			piece[1] = '\\';
			size = 2;
		} else if (bytes[i] >= 0x20 && bytes[i] <= 0x7e) {
			piece[0] = (char)bytes[i];
			size = 1;
		}
		if (!text_add(dst, n, &at, piece, size, 0))
			break;
	}
	dst[at] = '\0';
	return at;
}

const char *text_addr(char dst[46], const uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(addr, mapped, sizeof(mapped)) == 0)
		return inet_ntop(AF_INET, addr + 12, dst, 46);
	return inet_ntop(AF_INET6, addr, dst, 46);
}

/* Reads one code point of UTF-8 (RFC 3629); 0 where the bytes are none. NUL ends src. */
static size_t text_utf8(const uint8_t *src, uint32_t *point)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = src[0] < 0x80	     ? 1
		     : (src[0] >> 5) == 0x06 ? 2
		     : (src[0] >> 4) == 0x0e ? 3
		     : (src[0] >> 3) == 0x1e ? 4
					     : 0;

	if (len < 2) {
		*point = src[0];
		return len;
	}
	*point = src[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((src[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (src[i] & 0x3f);
	}
	bool surrogate = *point >= 0xd800 && *point <= 0xdfff;

	return *point < least[len] || *point > 0x10ffff || surrogate ? 0 : len;
}

size_t text_line(char *dst, size_t n, const char *src)
{
	const uint8_t *bytes = (const uint8_t *)src;
	size_t at = 0;

	if (n == 0)
		return 0;
	while (*bytes) {
		char piece[5];
		uint32_t point;
		size_t len = text_utf8(bytes, &point), size = len;

		if (len == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0)) {
			len = len ? len : 1;
			size = (size_t)snprintf(piece, sizeof(piece), "\\x%02x",
						len == 1 ? bytes[0] : point);
		} else {
			memcpy(piece, bytes, len);
		}
		if (!text_add(dst, n, &at, piece, size, 0))
			break;
		bytes += len;
	}
	dst[at] = '\0';
	return at;
}

/* Writes one code point as it stands inside a JSON string; returns its length. */
static size_t text_json_point(char piece[16], uint32_t point)
{
	if (point == '"' || point == '\\')
		return (size_t)sprintf(piece, "\\%c", (char)point);
	if (point >= 0x20 && point <= 0x7e)
		return (size_t)sprintf(piece, "%c", (char)point);
	if (point <= 0xffff)
		return (size_t)sprintf(piece, "\\u%04x", (unsigned int)point);
	point -= 0x10000;
	return (size_t)sprintf(piece, "\\u%04x\\u%04x", (unsigned int)(0xd800 | point >> 10),
			       (unsigned int)(0xdc00 | (point & 0x3ff)));
}

size_t text_json(char *dst, size_t n, const char *src)
{
	const uint8_t *bytes = (const uint8_t *)src;
	size_t at = 0;

	if (n < 3) {
		if (n > 0)
			dst[0] = '\0';
		return 0;
	}
	dst[at++] = '"';
	while (*bytes) {
		char piece[16];
		uint32_t point;
		size_t len = text_utf8(bytes, &point);

		if (len == 0) {
			point = 0xfffd;
			len = 1;
		}
		if (!text_add(dst, n, &at, piece, text_json_point(piece, point), 1))
			break;
		bytes += len;
	}
	dst[at++] = '"';
	dst[at] = '\0';
	return at;
}

size_t text_csv(char *dst, size_t n, const char *src)
{
	bool formula = src[0] && strchr("=+-@\t\r", src[0]);
	bool quoted = strpbrk(src, ",\"\r\n") != NULL;
	size_t at = 0;

	if (n < 4) {
		if (n > 0)
			dst[0] = '\0';
		return 0;
	}
	if (quoted)
		dst[at++] = '"';
	if (formula)
		dst[at++] = '\'';
	for (; *src; src++) {
		size_t len = *src == '"' ? 2 : 1;
		const char piece[2] = {*src, '"'};

		if (!text_add(dst, n, &at, piece, len, quoted))
			break;
	}
	if (quoted)
		dst[at++] = '"';
	dst[at] = '\0';
	return at;
}
