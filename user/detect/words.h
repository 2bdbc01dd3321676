/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses and quantities as an alert's sentence shows them. */
#ifndef DETECT_WORDS_H
#define DETECT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORDS_LEN = 48 };

struct words {
	char s[WORDS_LEN];
};

/* A mapped IPv4 address in dotted form, else IPv6 (RFC 5952). */
struct words words_addr(const uint8_t addr[16]);
struct words words_number(double n);	    /* 1,234,567 */
struct words words_bits(double per_second); /* 1.2 Gbit/s */

/* Loopback, private, link-local and unspecified addresses are not global. */
bool addr_global(const uint8_t addr[16]);
bool addr_multicast(const uint8_t addr[16]); /* multicast or 255.255.255.255 */
bool addr_is_ipv4(const uint8_t addr[16]);

/* Formats into an array; what does not fit is cut. */
#define WORDS_SET(array, ...) words_set(array, sizeof(array), __VA_ARGS__)
void words_set(char *dst, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
