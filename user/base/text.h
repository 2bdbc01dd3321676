/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one place where text is escaped. Whatever came from the wire passes through text_escape()
 * before anybody keeps it, and through text_json() or text_csv() before it is written.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Every writer here: `n` is the size of dst in bytes, NUL included; dst is always terminated (n 0:
 * untouched); what does not fit is cut, never inside an escape; returns the length without NUL.
 */

/* Writes src as printable ASCII: bytes outside 0x20..0x7e become \xHH, a backslash two. */
size_t text_escape(char *dst, size_t n, const void *src, size_t len);

/* Writes an address in network order: IPv4 dotted if mapped (::ffff:0:0/96), else by RFC 5952. */
const char *text_addr(char dst[46], const uint8_t addr[16]);

/*
 * Writes src as UTF-8 for one line: its characters stay, also those of escapes made before; control
 * characters, and bytes that are not UTF-8, become \xHH.
 */
size_t text_line(char *dst, size_t n, const char *src);

/*
 * Writes a JSON string (RFC 8259) with its quotes, in ASCII; UTF-8 becomes \uHHHH, bytes that are
 * not UTF-8 \ufffd. 6 * strlen(src) + 3 bytes are always enough.
 */
size_t text_json(char *dst, size_t n, const char *src);

/*
 * Writes a CSV cell (RFC 4180), for text only, not for numbers: one that a spreadsheet would take
 * for a formula (begins with = + - @ TAB CR) gets a leading '. 2 * strlen(src) + 4 bytes are always
 * enough.
 */
size_t text_csv(char *dst, size_t n, const char *src);

#endif
