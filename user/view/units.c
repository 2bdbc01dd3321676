// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers for people. Used by the plain and the live view; calls nobody. */
#include "view/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};

static char *words(char *dst, const char *text)
{
	snprintf(dst, UNITS_LEN, "%s", text);
	return dst;
}

/* Three significant digits, then `space`, the prefix and `unit`. */
static char *scaled(char *dst, double x, const char *space, const char *unit)
{
	unsigned i = 0;
	int decimals;

	if (!isfinite(x) || x < 0)
		return words(dst, "-");
	/* 999.5 would be rounded up to a fourth digit. */
	while (x >= 999.5 && i < sizeof(prefixes) / sizeof(prefixes[0]) - 1) {
		x /= 1000;
		i++;
	}
	decimals = x >= 99.95 || (!i && (x == floor(x) || x >= 9.95)) ? 0 : x >= 9.995 ? 1 : 2;
	if (!i && decimals)
		decimals = 1;
	snprintf(dst, UNITS_LEN, "%.*f%s%s%s", decimals, x, space, prefixes[i], unit);
	return dst;
}

char *units_count(char dst[UNITS_LEN], double n)
{
	return scaled(dst, n, "", "");
}

char *units_bytes(char dst[UNITS_LEN], double octets)
{
	return scaled(dst, octets, " ", "B");
}

char *units_bits(char dst[UNITS_LEN], double per_s)
{
	return scaled(dst, per_s, " ", "bit/s");
}

char *units_octets(char dst[UNITS_LEN], double per_s)
{
	return scaled(dst, per_s, " ", "B/s");
}

char *units_packets(char dst[UNITS_LEN], double per_s)
{
	return scaled(dst, per_s, " ", "pkt/s");
}

char *units_ms(char dst[UNITS_LEN], double ms)
{
	if (!isfinite(ms) || ms < 0)
		return words(dst, "-");
	if (ms < 0.9995)
		snprintf(dst, UNITS_LEN, "%.0f us", ms * 1000);
	else if (ms < 999.5)
		snprintf(dst, UNITS_LEN, "%.*f ms", ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0, ms);
	else
		snprintf(dst, UNITS_LEN, "%.*f s", ms < 9995 ? 2 : ms < 99950 ? 1 : 0, ms / 1000);
	return dst;
}

char *units_share(char dst[UNITS_LEN], double part, double whole)
{
	if (!(whole > 0))
		return words(dst, "-");
	if (part > 0 && part / whole < 0.0005)
		return words(dst, "<0.1%");
	snprintf(dst, UNITS_LEN, "%.1f%%", 100 * part / whole);
	return dst;
}

char *units_coverage(char dst[UNITS_LEN], double percent)
{
	if (percent >= 100)
		return words(dst, "100%");
	snprintf(dst, UNITS_LEN, "%.1f%%", floor(percent * 10) / 10);
	return dst;
}

char *units_duration(char dst[UNITS_LEN], double seconds)
{
	uint64_t s;

	if (!isfinite(seconds) || seconds < 0)
		return words(dst, "-");
	s = seconds < 1e12 ? (uint64_t)(seconds + 0.05) : 0;
	if (seconds < 59.95)
		snprintf(dst, UNITS_LEN, "%.*f s", seconds < 9.995 ? 2 : 1, seconds);
	else if (s < 86400)
		snprintf(dst, UNITS_LEN, "%u:%02u:%02u", (unsigned)(s / 3600),
			 (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	else
		snprintf(dst, UNITS_LEN, "%llud %02u:%02u", (unsigned long long)(s / 86400),
			 (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60));
	return dst;
}

static char *formatted(char *dst, uint64_t ns, const char *format)
{
	time_t seconds = ns / 1000000000;
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(dst, UNITS_LEN, format, &tm))
		words(dst, "-");
	return dst;
}

char *units_clock(char dst[UNITS_LEN], uint64_t ns)
{
	return formatted(dst, ns, "%H:%M:%S");
}

char *units_date(char dst[UNITS_LEN], uint64_t ns)
{
	return formatted(dst, ns, "%Y-%m-%d %H:%M:%S");
}

char *units_grouped(char dst[UNITS_LEN], uint64_t n)
{
	char digits[UNITS_LEN];
	size_t len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), to = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			dst[to++] = ',';
		dst[to++] = digits[i];
	}
	dst[to] = 0;
	return dst;
}
