// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: each of FTP's four announcements makes its endpoint expected, and nothing else does;
 * cut and hostile lines announce nothing and are read within their bounds.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/ftp_data.h"

static void say(struct ftp_data *f, const char *line, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees one byte too far */
	struct packet p = {.transport = TRANSPORT_TCP, .payload_len = len, .outcome = OUTCOME_FLOW};
	struct event e = {.packet = &p, .data = exact, .caplen = len, .verdict = {.app = APP_FTP}};

	memcpy(exact, line, len);
	memcpy(p.key.saddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x09", 16);
	ftp_data_event(f, &e);
	free(exact);
}

static bool expected(const struct ftp_data *f, const char *addr, unsigned port)
{
	struct flow_key key = {.dport = htons(port), .sport = htons(40000)};

	key.daddr[10] = key.daddr[11] = 0xff;
	if (inet_pton(AF_INET, addr, key.daddr + 12) != 1)
		inet_pton(AF_INET6, addr, key.daddr);
	return ftp_data_expected(f, &key);
}

static const struct {
	const char *line, *addr;
	unsigned port;
} announcements[] = {
	{"PORT 10,0,0,5,4,210\r\n", "10.0.0.5", 1234},
	{"port 10,0,0,5,4,210\r\n", "10.0.0.9", 1234},
	{"227 Entering Passive Mode (192,0,2,7,200,1).\r\n", "192.0.2.7", 51201},
	{"227 =192,0,2,7,200,1\r\n", "192.0.2.7", 51201},
	{"229 Entering Extended Passive Mode (|||6446|)\r\n", "10.0.0.9", 6446},
	{"EPRT |2|2001:db8::5|5282|\r\n", "2001:db8::5", 5282},
	{"EPRT |1|10.1.2.3|5282|\r\n", "10.1.2.3", 5282},
	{"200 fine\r\nPORT 10,0,0,5,4,210\r\n", "10.0.0.5", 1234},
};

static void test_announcements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(announcements) / sizeof(announcements[0]); i++) {
		struct ftp_data *f = ftp_data_new(16);

		assert_false(expected(f, announcements[i].addr, announcements[i].port));
		say(f, announcements[i].line, strlen(announcements[i].line));
		assert_true(expected(f, announcements[i].addr, announcements[i].port));
		assert_false(expected(f, announcements[i].addr, announcements[i].port + 1));
		assert_false(expected(f, "203.0.113.1", announcements[i].port));
		ftp_data_free(f);
	}
}

static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(announcements) / sizeof(announcements[0]); i++) {
		struct ftp_data *f = ftp_data_new(4);

		for (size_t n = 0; n <= strlen(announcements[i].line); n++)
			say(f, announcements[i].line, n);
		ftp_data_free(f);
	}
}

static void test_refused(void **state)
{
	static const char *const lines[] = {
		"PORT 10,0,0,256,4,210\r\n",
		"PORT 10,0,0,5,4\r\n",
		"227 no numbers here\r\n",
		"EPRT |9|nonsense|99|\r\n",
		"EPRT |1|10.0.0.5|0|\r\n",
		"EPRT |1|10.0.0.5|65536|\r\n",
		"229 (|||\r\n",
		"PORT 10,0,0,5,0,0\r\n",
	};
	struct ftp_data *f = ftp_data_new(4);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		say(f, lines[i], strlen(lines[i]));
	assert_false(expected(f, "10.0.0.5", 99));
	assert_false(expected(f, "10.0.0.5", 1234));
	assert_false(expected(f, "10.0.0.5", 0));
	ftp_data_free(f);
}

static void test_oldest_is_forgotten(void **state)
{
	struct ftp_data *f = ftp_data_new(2);

	(void)state;
	say(f, "EPRT |1|10.0.0.1|1001|\n", 23);
	say(f, "EPRT |1|10.0.0.1|1002|\n", 23);
	say(f, "EPRT |1|10.0.0.1|1003|\n", 23);
	assert_false(expected(f, "10.0.0.1", 1001));
	assert_true(expected(f, "10.0.0.1", 1002));
	assert_true(expected(f, "10.0.0.1", 1003));
	ftp_data_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_announcements),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_oldest_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
