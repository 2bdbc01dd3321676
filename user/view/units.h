/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers for people: three significant digits, decimal prefixes (1 kB = 1000 octets). Pure. Each
 * function writes into `dst` and returns it, so that it can stand in a printf.
 */
#ifndef XDPLENS_VIEW_UNITS_H
#define XDPLENS_VIEW_UNITS_H

#include <stdint.h>

enum { UNITS_LEN = 32 };

char *units_count(char dst[UNITS_LEN], double n);	/* "950", "12.3k", "4.56M": 5 columns */
char *units_bytes(char dst[UNITS_LEN], double octets);	/* "950 B", "1.20 MB": 7 columns */
char *units_bits(char dst[UNITS_LEN], double per_s);	/* "3.40 Mbit/s": 11 columns */
char *units_octets(char dst[UNITS_LEN], double per_s);	/* "425 kB/s": 9 columns */
char *units_packets(char dst[UNITS_LEN], double per_s); /* "12.3 kpkt/s": 11 columns */
/* Milliseconds as "420 us", "12.3 ms", "1.50 s"; "-" where negative or not finite. 7 columns. */
char *units_ms(char dst[UNITS_LEN], double ms);
/* A part of a whole as "12.3%"; "-" of nothing. 6 columns. */
char *units_share(char dst[UNITS_LEN], double part, double whole);
char *units_coverage(char dst[UNITS_LEN], double percent); /* "100%", "99.9%": never rounded up */
char *units_duration(char dst[UNITS_LEN], double seconds); /* "4.2 s", "1:02:03", "3d 04:05" */
char *units_clock(char dst[UNITS_LEN], uint64_t ns);	   /* of the epoch: local "12:34:56" */
char *units_date(char dst[UNITS_LEN], uint64_t ns);	   /* local "2026-01-02 12:34:56" */
char *units_grouped(char dst[UNITS_LEN], uint64_t n);	   /* every digit: "1,234,567" */

#endif
