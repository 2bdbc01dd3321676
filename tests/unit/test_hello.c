// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: name and protocols of a hello are found, wherever it is cut the answer is "goes on"
 * and never a wrong name, a length that lies is refused, and only what is there is ever read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/hello.h"
#include "unit/hello_bytes.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef enum hello_status (*reader_fn)(struct hello *hello, const uint8_t *bytes, size_t len);

static void assert_name(const struct hello *h, const char *name)
{
	if (!name) {
		assert_null(h->name);
		return;
	}
	assert_non_null(h->name);
	assert_int_equal(h->name_len, strlen(name));
	assert_memory_equal(h->name, name, h->name_len);
}

/* Reads from a copy of exactly that size, so that a sanitizer sees a byte too far. */
static enum hello_status read_exactly(reader_fn reader, const uint8_t *bytes, size_t len,
				      const char *name)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct hello h;
	enum hello_status status;

	memcpy(copy, bytes, len);
	status = reader(&h, copy, len);
	if (h.name) {
		assert_true(h.name >= copy && h.name + h.name_len <= copy + len);
		assert_name(&h, name);
	}
	free(copy);
	return status;
}

static void test_client(void **state)
{
	struct bytes b = client_hello("www.example.org", "h2 http/1.1", 40);
	struct hello h;

	(void)state;
	assert_int_equal(hello_tls(&h, b.at, b.len), HELLO_WHOLE);
	assert_name(&h, "www.example.org");
	assert_int_equal(h.alpn_len, 12);
	assert_memory_equal(h.alpn, "\2h2\10http/1.1", 12);
}

static void test_client_goes_on_at_every_cut(void **state)
{
	struct bytes b = client_hello("www.example.org", "h2", 40);

	(void)state;
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(read_exactly(hello_tls, b.at, len, "www.example.org"), HELLO_PART);
}

static void test_name_is_there_before_the_end(void **state)
{
	struct bytes b = client_hello("www.example.org", "h2", 0);
	const uint8_t *name = memmem(b.at, b.len, "www.example.org", 15);
	size_t end = (size_t)(name - b.at) + 15;
	struct hello h;

	(void)state;
	assert_int_equal(hello_tls(&h, b.at, end - 1), HELLO_PART);
	assert_null(h.name);
	assert_int_equal(hello_tls(&h, b.at, end), HELLO_PART);
	assert_name(&h, "www.example.org");
	assert_null(h.alpn);
}

static void test_client_without(void **state)
{
	struct bytes b = client_hello(NULL, NULL, 0);
	struct hello h;

	(void)state;
	assert_int_equal(hello_tls(&h, b.at, b.len), HELLO_WHOLE);
	assert_null(h.name);
	assert_null(h.alpn);
	b.at[3] = 2 + 32 + 5 + 6 + 2; /* and without extensions, as before TLS 1.2 */
	b.len = 4 + b.at[3];
	assert_int_equal(hello_tls(&h, b.at, b.len), HELLO_WHOLE);
}

static void test_server(void **state)
{
	struct bytes b = server_hello("http/1.1");
	struct hello h;

	(void)state;
	assert_int_equal(hello_tls(&h, b.at, b.len), HELLO_WHOLE);
	assert_null(h.name);
	assert_int_equal(hello_verdict(&h).app, APP_HTTPS);
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(read_exactly(hello_tls, b.at, len, NULL), HELLO_PART);
}

static void test_lying_lengths(void **state)
{
	static const struct {
		const char *what;
		size_t at; /* of a length's low byte */
		uint8_t value;
	} rows[] = {
		{"type of message", 0, 11},
		{"message ends inside", 3, 60},
		{"session longer than the message", 4 + 34, 255},
		{"cipher suites", 4 + 34 + 5, 255},
		{"compression methods", 4 + 34 + 5 + 2 + 4 + 1 - 1, 250},
		{"extensions too long", 4 + 34 + 5 + 6 + 2 + 1, 255},
	};
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes b = client_hello("a.example", "h2", 0);

		b.at[rows[i].at] = rows[i].value;
		if (hello_tls(&h, b.at, b.len) != HELLO_BAD)
			fail_msg("accepted: %s", rows[i].what);
	}
}

static void test_every_byte_changed_stays_inside(void **state)
{
	struct bytes b = client_hello("a.example", "h2 dot", 8);
	struct hello h;

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		for (unsigned value = 0; value < 256; value++) {
			struct bytes c = b;
			uint8_t *copy = malloc(c.len);

			c.at[i] = (uint8_t)value;
			memcpy(copy, c.at, c.len);
			hello_tls(&h, copy, c.len);
			hello_verdict(&h);
			if (h.name)
				assert_true(h.name + h.name_len <= copy + c.len);
			if (h.alpn)
				assert_true(h.alpn + h.alpn_len <= copy + c.len);
			free(copy);
		}
	}
}

static void test_records(void **state)
{
	struct bytes b = client_hello("www.example.org", "h2", 40);
	uint8_t message[4096];

	(void)state;
	for (size_t size = 1; size <= b.len; size++) {
		struct bytes records = tls_records(&b, size);
		size_t n = hello_unwrap(message, sizeof(message), records.at, records.len);

		assert_int_equal(n, b.len);
		assert_memory_equal(message, b.at, b.len);
	}
}

static void test_records_bounds(void **state)
{
	struct bytes b = client_hello("www.example.org", "h2", 0), records = tls_records(&b, 50);
	uint8_t message[4096];

	(void)state;
	assert_int_equal(hello_unwrap(message, 10, records.at, records.len), 10);
	assert_int_equal(hello_unwrap(message, 60, records.at, records.len), 60);
	assert_int_equal(hello_unwrap(message, sizeof(message), records.at, 5), 0);
	assert_int_equal(hello_unwrap(message, sizeof(message), records.at, 55 + 5), 50);
	assert_int_equal(hello_unwrap(message, sizeof(message), records.at, 55 + 6), 51);
	records.at[55] = 23; /* no handshake any more */
	assert_int_equal(hello_unwrap(message, sizeof(message), records.at, records.len), 50);
}

static void test_verdict(void **state)
{
	static const struct {
		const char *alpn;
		uint8_t app;
	} rows[] = {
		{"h2", APP_HTTPS},	   {"http/1.1", APP_HTTPS}, {"dot", APP_DOT},
		{"imap", APP_IMAP},	   {"dot h2", APP_HTTPS},   {"h2 dot", APP_HTTPS},
		{"spdy/3.1 x", APP_HTTPS}, {"imap dot", APP_IMAP},  {"\x1a\x1a dot", APP_DOT},
		{"unknown", APP_OTHER},	   {"h", APP_OTHER},	    {"h22", APP_OTHER},
		{"H2", APP_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes b = client_hello("a.example", rows[i].alpn, 0);
		struct hello h;
		struct verdict v;

		assert_int_equal(hello_tls(&h, b.at, b.len), HELLO_WHOLE);
		v = hello_verdict(&h);
		assert_int_equal(v.app, rows[i].app);
		assert_int_equal(v.sure, rows[i].app ? SURE_PAYLOAD : SURE_NOTHING);
		assert_int_equal(v.security, rows[i].app ? SECURITY_ENCRYPTED : SECURITY_UNKNOWN);
	}
}

static void test_http(void **state)
{
	static const struct {
		const char *request, *host;
		enum hello_status status;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "example.com", HELLO_WHOLE},
		{"GET / HTTP/1.1\r\nA: b\r\nhOsT:\t example.com:80 \r\n", "example.com:80",
		 HELLO_WHOLE},
		{"POST /a b HTTP/1.0\nhost:x\n\n", "x", HELLO_WHOLE},
		{"CONNECT b.example:443 HTTP/1.1\r\n", "b.example:443", HELLO_WHOLE},
		{"CONNECT b:443 HTTP/1.1\r\nHost: other\r\n\r\n", "b:443", HELLO_WHOLE},
		{"CONNECT  HTTP/1.1\r\n", NULL, HELLO_WHOLE},
		{"CONNECT HTTP/1.1\r\n", NULL, HELLO_WHOLE},
		{"GET / HTTP/1.0\r\n\r\nHost: body\r\n", NULL, HELLO_WHOLE},
		{"GET / HTTP/1.1\r\nHost: \r\n\r\n", NULL, HELLO_WHOLE},
		{"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", NULL, HELLO_WHOLE},
		{"GET / HTTP/1.1\r\nHost: example.c", NULL, HELLO_PART},
		{"GET / HTT", NULL, HELLO_PART},
		{"PRI * HTTP/2.0\r\n\r\n", NULL, HELLO_BAD},
		{"OPTIONS sip:a SIP/2.0\r\nHost: a\r\n", NULL, HELLO_BAD},
		{"MAIL FROM:<a@b>\r\n", NULL, HELLO_BAD},
		{"GET\r\n", NULL, HELLO_BAD},
		{"\n", NULL, HELLO_BAD},
	};
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t *bytes = (const uint8_t *)rows[i].request;

		if (hello_http(&h, bytes, strlen(rows[i].request)) != rows[i].status)
			fail_msg("status of %s", rows[i].request);
		assert_name(&h, rows[i].host);
		for (size_t len = 0; len < strlen(rows[i].request); len++)
			read_exactly(hello_http, bytes, len, rows[i].host);
	}
}

static void test_ssh(void **state)
{
	static const struct {
		const char *line, *software;
		enum hello_status status;
	} rows[] = {
		{"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "OpenSSH_9.2p1 Debian-2", HELLO_WHOLE},
		{"SSH-1.99-Cisco-1.25\n", "Cisco-1.25", HELLO_WHOLE},
		{"SSH-2.0-dropbear", NULL, HELLO_PART},
		{"SSH-2.0\r\n", NULL, HELLO_BAD},
		{"SSH\r\n", NULL, HELLO_BAD},
	};
	char line[300];
	struct hello h;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t *bytes = (const uint8_t *)rows[i].line;

		assert_int_equal(hello_ssh(&h, bytes, strlen(rows[i].line)), rows[i].status);
		assert_name(&h, rows[i].software);
		for (size_t len = 0; len < strlen(rows[i].line); len++)
			read_exactly(hello_ssh, bytes, len, rows[i].software);
	}
	memset(line, 'x', sizeof(line)); /* longer than the RFC's 255 */
	memcpy(line, "SSH-2.0-", 8);
	line[280] = '\n';
	assert_int_equal(hello_ssh(&h, (uint8_t *)line, sizeof(line)), HELLO_BAD);
}

static void test_kind(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum hello_kind kind;
	} rows[] = {
		{"\x16\3\1\1\0\1", 6, HELLO_TLS},
		{"\x16\3\3\0\x40\2", 6, HELLO_TLS},
		{"\x16\3\1", 3, HELLO_TLS},
		{"\x16\3\1\1\0\x0b", 6, HELLO_NONE},
		{"\x16\3", 2, HELLO_NONE},
		{"\x17\3\3\1\0\1", 6, HELLO_NONE},
		{"\x16\xfe\xff\1\0\1", 6, HELLO_NONE},
		{"SSH-2.0-x", 9, HELLO_SSH},
		{"SSH", 3, HELLO_NONE},
		{"GET /", 5, HELLO_HTTP},
		{"M-SEARCH *", 10, HELLO_HTTP},
		{"GET ", 4, HELLO_NONE},
		{"GET  /", 6, HELLO_NONE},
		{"get /", 5, HELLO_NONE},
		{"AB /", 4, HELLO_NONE},
		{"ABCDEFGHIJKLMNOPQ /", 19, HELLO_NONE},
		{"HTTP/1.1 200 OK", 15, HELLO_NONE},
		{"", 0, HELLO_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (hello_kind((const uint8_t *)rows[i].bytes, rows[i].len) != rows[i].kind)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_client_goes_on_at_every_cut),
		cmocka_unit_test(test_name_is_there_before_the_end),
		cmocka_unit_test(test_client_without),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_every_byte_changed_stays_inside),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_records_bounds),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
