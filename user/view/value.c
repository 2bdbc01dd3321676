// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* JSON values out of ours. Used by json.c and json_dns.c. */
#include "view/value.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

void value_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

json_t *value_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *value_number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

json_t *value_milliseconds(double ms)
{
	return ms >= 0 ? value_number(ms) : json_null();
}

json_t *value_epoch(uint64_t ns)
{
	return json_real(ns / 1e9);
}

json_t *value_text(const char *s)
{
	json_t *value = json_string(s);
	char ascii[512];
	size_t n = 0;

	if (value)
		return value;
	for (; n < sizeof(ascii) - 1 && s[n]; n++)
		ascii[n] = s[n] >= ' ' && s[n] <= '~' ? s[n] : '?';
	return json_stringn(ascii, n);
}

json_t *value_address(const uint8_t addr[16])
{
	char dst[46];

	text_addr(dst, addr);
	return json_string(dst);
}

json_t *value_total(const struct count *c)
{
	json_t *object = json_object();

	value_put(object, "packets", value_count(c->packets));
	value_put(object, "bytes", value_count(c->bytes));
	return object;
}

json_t *value_named_counts(const struct named_count *c, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++) {
		char name[sizeof(c->name) + 1];

		snprintf(name, sizeof(name), "%.*s", (int)sizeof(c->name), c[i].name);
		value_put(object, name, value_count(c[i].n));
	}
	return object;
}
