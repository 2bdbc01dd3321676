// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a password in clear over FTP, POP3, IMAP, SMTP or HTTP Basic, and Telnet, are one low
 * alert of client and server each. The same protocols without a password, after STARTTLS, and other
 * words in the same place raise none. A payload cut at any length is survived.
 */
#include "detect_stage.h"

enum { HEAD = 54 };

/* A client's payload on an exact allocation, so that a read beyond it is seen. */
static void say(struct stage *s, uint8_t app, uint16_t port, const char *text, size_t len)
{
	uint8_t *frame = calloc(1, HEAD + len);
	struct packet p = {.payload_offset = HEAD,
			   .payload_len = strlen(text),
			   .transport = TRANSPORT_TCP,
			   .outcome = OUTCOME_FLOW};
	struct event e = {.ts = s->now,
			  .packet = &p,
			  .data = frame,
			  .caplen = HEAD + len,
			  .wire_len = HEAD + strlen(text),
			  .segments = 1,
			  .why = COPY_HEAD,
			  .verdict = {.app = app, .sure = SURE_PAYLOAD}};

	assert_non_null(frame);
	p.key.proto = 6;
	p.key.sport = htons(40000);
	p.key.dport = htons(port);
	stage_addr(p.key.saddr, "10.0.0.1");
	stage_addr(p.key.daddr, "10.0.0.2");
	memcpy(frame + HEAD, text, len);
	detect_event(s->detect, &e);
	free(frame);
}

struct line {
	uint8_t app;
	uint16_t port;
	const char *text, *kind; /* kind NULL: raises nothing */
};

static const struct line lines[] = {
	{APP_FTP, 21, "PASS secret\r\n", "ftp"},
	{APP_POP3, 110, "pass secret\r\n", "pop3"},
	{APP_POP3, 110, "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n", "pop3"},
	{APP_IMAP, 143, "a001 LOGIN bob secret\r\n", "imap"},
	{APP_SMTP, 25, "AUTH LOGIN\r\n", "smtp"},
	{APP_SMTP, 25, "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n", "smtp"},
	{APP_HTTP, 80, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic Ym9iOnM=\r\n\r\n",
	 "http_basic"},
	{APP_HTTP, 80, "GET / HTTP/1.1\r\nauthorization: basic Ym9iOnM=\r\n\r\n", "http_basic"},
	{APP_FTP, 21, "USER bob\r\n", NULL},
	{APP_FTP, 21, "PASV\r\nxx\r\n", NULL},
	{APP_FTP, 21, "AUTH TLS\r\n", NULL},
	{APP_POP3, 110, "STLS\r\nxxxx", NULL},
	{APP_IMAP, 143, "a001 STARTTLS\r\n", NULL},
	{APP_SMTP, 25, "EHLO example.org\r\n", NULL},
	{APP_HTTP, 80, "GET /Authorization: Basic HTTP/1.1\r\nHost: a\r\n\r\n", NULL},
	{APP_HTTP, 80, "GET / HTTP/1.1\r\nAuthorization: Bearer abcdef\r\n\r\n", NULL},
	{APP_TLS, 993, "PASS secret\r\n", NULL},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct stage *s = stage_new(NULL);
		const struct line *l = &lines[i];

		for (int second = 0; second < 3; second++) {
			say(s, l->app, l->port, l->text, strlen(l->text));
			stage_tick(s);
		}
		if (l->kind) {
			stage_only(s, "cleartext", l->kind, "10.0.0.1 -> 10.0.0.2");
			assert_int_equal(s->opened[0].severity, SEVERITY_LOW);
			stage_over(s);
		} else {
			stage_none(s);
		}
		stage_free(s);
	}
}

static void test_cut(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (size_t len = 0; len < strlen(lines[i].text); len++)
			say(s, lines[i].app, lines[i].port, lines[i].text, len);
	stage_free(s);
}

static void test_telnet(void **state)
{
	struct stage *s = stage_new("[suspicious_port]\nenabled = no\n");

	(void)state;
	stage_flow(s, &(struct stage_flow){.src = "10.0.0.1",
					   .dst = "10.0.0.3",
					   .sport = 40000,
					   .dport = 23,
					   .proto = 6,
					   .flags = TCP_ACK | TCP_PSH,
					   .verdict = {APP_TELNET, SURE_PORT, SECURITY_UNKNOWN}});
	stage_tick(s);
	stage_none(s);
	for (int i = 0; i < 3; i++) {
		stage_flow(s, &(struct stage_flow){
				      .src = "10.0.0.2",
				      .dst = "10.0.0.1",
				      .sport = 23,
				      .dport = 40000,
				      .proto = 6,
				      .flags = TCP_ACK | TCP_PSH,
				      .answer = true,
				      .verdict = {APP_TELNET, SURE_PAYLOAD, SECURITY_UNENCRYPTED}});
		stage_tick(s);
	}
	stage_only(s, "cleartext", "telnet", "10.0.0.1 -> 10.0.0.2");
	stage_over(s);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_telnet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
