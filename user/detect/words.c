// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses and quantities in words, for the sentences of alerts. */
#include "detect/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool addr_is_ipv4(const uint8_t addr[16])
{
	return memcmp(addr, mapped, sizeof(mapped)) == 0;
}

struct words words_addr(const uint8_t addr[16])
{
	struct words t;

	text_addr(t.s, addr);
	return t;
}

struct words words_number(double n)
{
	struct words t;
	char digits[32];
	int len, at = 0;

	if (n >= 1e15) {
		words_set(t.s, sizeof(t.s), "%.3g", n);
		return t;
	}
	len = snprintf(digits, sizeof(digits),
		       n < 10 && fabs(n - round(n)) >= 0.05 ? "%.1f" : "%.0f", n);
	for (int i = 0; i < len; i++) {
		if (i && len > 3 && n >= 1000 && (len - i) % 3 == 0)
			t.s[at++] = ',';
		t.s[at++] = digits[i];
	}
	t.s[at] = '\0';
	return t;
}

struct words words_bits(double per_second)
{
	static const char *const unit[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
	struct words t;
	unsigned i = 0;

	for (; per_second >= 1000 && i < 4; i++)
		per_second /= 1000;
	words_set(t.s, sizeof(t.s), "%.3g %s", per_second, unit[i]);
	return t;
}

static bool addr_global_ipv4(const uint8_t a[4])
{
	return !(a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
		 (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
		 (a[0] == 169 && a[1] == 254) || (a[0] == 100 && (a[1] & 0xc0) == 64));
}

bool addr_global(const uint8_t addr[16])
{
	if (addr_is_ipv4(addr))
		return addr_global_ipv4(addr + 12);
	return (addr[0] & 0xe0) == 0x20;
}

bool addr_multicast(const uint8_t addr[16])
{
	if (!addr_is_ipv4(addr))
		return addr[0] == 0xff;
	return (addr[12] & 0xf0) == 0xe0 || memcmp(addr + 12, "\xff\xff\xff\xff", 4) == 0;
}

void words_set(char *dst, size_t n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(dst, n, fmt, args);
	va_end(args);
}
