// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: whatever a stream begins with, no reader touches a byte outside it, and what it finds
 * lies inside; more bytes never make a whole message incomplete.
 */
#include "analysis/hello.c"

#include <stdlib.h>

static void check_inside(const uint8_t *part, size_t part_len, const uint8_t *data, size_t size)
{
	if (part && (part < data || part_len > size || part > data + (size - part_len)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static enum hello_status (*const readers[])(struct hello *, const uint8_t *,
						    size_t) = {hello_tls, hello_http, hello_ssh};
	uint8_t message[16384];
	struct hello h;
	size_t n = hello_unwrap(message, sizeof(message), data, size);

	hello_tls(&h, message, n);
	check_inside(h.name, h.name_len, message, n);
	hello_verdict(&h);
	hello_kind(data, size);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		enum hello_status half = readers[i](&h, data, size / 2);

		check_inside(h.name, h.name_len, data, size / 2);
		if (half == HELLO_WHOLE && readers[i](&h, data, size) != HELLO_WHOLE)
			abort();
		readers[i](&h, data, size);
		check_inside(h.name, h.name_len, data, size);
		check_inside(h.alpn, h.alpn_len, data, size);
		hello_verdict(&h);
	}
	return 0;
}
