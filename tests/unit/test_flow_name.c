// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a name is found however the first words were cut into segments or packets and in
 * whatever order they come; it is told once, escaped; what is pending is bounded, the oldest goes
 * first and is counted, and what waits for a beginning never displaces what has begun.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "analysis/flow_name.h"
#include "unit/hello_bytes.h"

enum { HEADERS = 54, PENDING = 16 };

/* One direction of a flow, and what was told of it. */
struct flow {
	struct flow_names *names;
	struct packet packet;
	uint64_t ts;
	struct verdict verdict; /* what the kernel thinks */
	uint32_t cut;		/* captured bytes of a payload, 0: all */
	struct flow_name_result told;
};

static struct flow flow_tcp(struct flow_names *names, uint16_t sport, uint16_t dport)
{
	struct flow f = {.names = names, .ts = 1000};

	f.packet.outcome = OUTCOME_FLOW;
	f.packet.transport = TRANSPORT_TCP;
	f.packet.payload_offset = HEADERS;
	f.packet.key.saddr[15] = 1;
	f.packet.key.daddr[15] = 2;
	f.packet.key.sport = htons(sport);
	f.packet.key.dport = htons(dport);
	f.packet.key.proto = 6;
	f.packet.key.family = 6;
	return f;
}

static struct flow flow_quic(struct flow_names *names)
{
	struct flow f = flow_tcp(names, 50000, 443);

	f.packet.transport = TRANSPORT_UDP;
	f.packet.key.proto = 17;
	return f;
}

static int flow_event(struct flow *f, const void *payload, size_t len)
{
	size_t here = f->cut && f->cut < len ? f->cut : len;
	uint8_t *data = calloc(1, HEADERS + here);
	struct event event = {
		.ts = f->ts,
		.packet = &f->packet,
		.data = data,
		.caplen = (uint32_t)(HEADERS + here),
		.wire_len = (uint32_t)(HEADERS + len),
		.why = COPY_HEAD,
		.verdict = f->verdict,
	};
	int told;

	memcpy(data + HEADERS, payload, here);
	f->packet.payload_len = (uint32_t)len;
	told = flow_names_event(f->names, &event, &f->told);
	free(data);
	return told;
}

/* Bytes [from, to) of a stream whose first one has sequence number `isn`. */
static int flow_segment(struct flow *f, const struct bytes *stream, uint32_t isn, size_t from,
			size_t to)
{
	f->packet.tcp_seq = isn + (uint32_t)from;
	return flow_event(f, stream->at + from, to - from);
}

static int flow_text(struct flow *f, const char *text)
{
	f->packet.tcp_seq = 1;
	return flow_event(f, text, strlen(text));
}

static int setup(void **state)
{
	*state = flow_names_new(PENDING);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	flow_names_free(*state);
	return 0;
}

static struct bytes tls_stream(const char *name, const char *alpn, size_t share)
{
	struct bytes hello = client_hello(name, alpn, share);

	return tls_records(&hello, sizeof(hello.at));
}

/* ---- TCP ---- */

static void test_tls_in_one_segment(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2 http/1.1", 32);
	struct flow f = flow_tcp(*state, 50000, 4433);

	assert_int_equal(flow_segment(&f, &s, 7, 0, s.len), 1);
	assert_string_equal(f.told.name, "www.example.org");
	assert_int_equal(f.told.verdict.app, APP_HTTPS);
	assert_int_equal(f.told.verdict.sure, SURE_PAYLOAD);
	assert_int_equal(f.told.verdict.security, SECURITY_ENCRYPTED);
}

static void test_tls_without_alpn(void **state)
{
	struct bytes s = tls_stream("www.example.org", NULL, 0), none = tls_stream(NULL, NULL, 0);
	struct flow f = flow_tcp(*state, 50000, 443);

	assert_int_equal(flow_segment(&f, &s, 7, 0, s.len), 1);
	assert_int_equal(f.told.verdict.app, APP_OTHER);
	assert_int_equal(f.told.verdict.sure, SURE_NOTHING);
	assert_int_equal(flow_segment(&f, &none, 7, 0, none.len), 0);
}

static void test_server_chose(void **state)
{
	struct bytes hello = server_hello("dot"), s = tls_records(&hello, 30);
	struct flow f = flow_tcp(*state, 443, 50000);

	assert_int_equal(flow_segment(&f, &s, 7, 0, s.len), 1);
	assert_string_equal(f.told.name, "");
	assert_int_equal(f.told.verdict.app, APP_DOT);
}

/* Cut at every byte, both orders, each segment twice, sequence numbers that wrap. */
static void test_tls_in_two_segments(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 20);
	struct flow f = flow_tcp(*state, 50000, 4433);
	const uint32_t isn = UINT32_MAX - 60;

	for (size_t cut = 1; cut < s.len; cut++) {
		int told = 0, named = 0, https = 0;

		f.packet.key.sport++;
		for (int i = 0; i < 3; i++) { /* what the first part says, and then the rest */
			told += flow_segment(&f, &s, isn, i < 2 ? 0 : cut, i < 2 ? cut : s.len);
			named += strcmp(f.told.name, "www.example.org") == 0;
			https += f.told.verdict.app == APP_HTTPS;
		}
		if (told < 1 || told > 2 || named != 1 || https != 1)
			fail_msg("cut at %zu: told %d times", cut, told);

		f.packet.key.sport++;
		assert_int_equal(flow_segment(&f, &s, isn, cut, s.len), 0);
		assert_int_equal(flow_segment(&f, &s, isn, cut, s.len), 0);
		if (flow_segment(&f, &s, isn, 0, cut) != 1)
			fail_msg("cut at %zu, second first", cut);
		assert_string_equal(f.told.name, "www.example.org");
		assert_int_equal(f.told.verdict.app, APP_HTTPS);
	}
	assert_int_equal(flow_names_dropped(*state), 0);
}

static void test_tls_in_three_segments_any_order(void **state)
{
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					 {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct bytes s = tls_stream("www.example.org", "h2", 1500);
	const size_t at[4] = {0, 700, 1400, s.len};
	struct flow f = flow_tcp(*state, 50000, 443);

	for (int i = 0; i < 6; i++) {
		int told = 0;

		f.packet.key.sport++;
		for (int j = 0; j < 3; j++) {
			int k = orders[i][j];

			assert_int_equal(told, 0); /* the name stands at the end */
			told += flow_segment(&f, &s, 99, at[k], at[k + 1]);
		}
		assert_int_equal(told, 1);
		assert_string_equal(f.told.name, "www.example.org");
		assert_int_equal(f.told.verdict.app, APP_HTTPS);
	}
}

static void test_overlapping_segments(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 300);
	struct flow f = flow_tcp(*state, 50000, 443);

	assert_int_equal(flow_segment(&f, &s, 5, 0, 100), 0);
	assert_int_equal(flow_segment(&f, &s, 5, 150, 250), 0);
	assert_int_equal(flow_segment(&f, &s, 5, 90, 200), 0);
	assert_int_equal(flow_segment(&f, &s, 5, 0, s.len), 1);
	assert_string_equal(f.told.name, "www.example.org");
}

static void test_name_before_the_cut(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 0);
	struct flow f = flow_tcp(*state, 50000, 443);

	f.cut = (uint32_t)(s.len - 10); /* inside ALPN: the snapshot ended there */
	assert_int_equal(flow_segment(&f, &s, 5, 0, s.len), 1);
	assert_string_equal(f.told.name, "www.example.org");
	assert_int_equal(f.told.verdict.sure, SURE_NOTHING);
	f.cut = 0; /* and the whole of it later: only what is new */
	assert_int_equal(flow_segment(&f, &s, 5, 0, s.len), 1);
	assert_string_equal(f.told.name, "");
	assert_int_equal(f.told.verdict.app, APP_HTTPS);
}

static void test_tls_after_plain_text(void **state)
{
	struct bytes s = tls_stream("mail.example.org", NULL, 0);
	struct flow f = flow_tcp(*state, 50000, 25);

	assert_int_equal(flow_text(&f, "ehlo here\r\n"), 0);
	assert_int_equal(flow_segment(&f, &s, 12 + 10, 0, s.len), 1);
	assert_string_equal(f.told.name, "mail.example.org");
}

static void test_port_used_again(void **state)
{
	struct bytes one = tls_stream("one.example", "h2", 0);
	struct bytes two = tls_stream("two.example", "h2", 0);
	struct flow f = flow_tcp(*state, 50000, 443);

	assert_int_equal(flow_segment(&f, &one, 1000, 0, 20), 0); /* never completed */
	assert_int_equal(flow_segment(&f, &two, 99000000, 0, two.len), 1);
	assert_string_equal(f.told.name, "two.example");
}

static void test_http(void **state)
{
	struct flow f = flow_tcp(*state, 50000, 80);

	assert_int_equal(flow_text(&f, "GET / HTTP/1.1\r\nHOST: a.example:8080\r\n\r\n"), 1);
	assert_string_equal(f.told.name, "a.example:8080");
	assert_int_equal(f.told.verdict.sure, SURE_NOTHING);
	assert_int_equal(flow_text(&f, "CONNECT b.example:443 HTTP/1.1\r\n\r\n"), 1);
	assert_string_equal(f.told.name, "b.example:443");
	assert_int_equal(flow_text(&f, "HTTP/1.1 200 OK\r\nHost: c.example\r\n\r\n"), 0);
}

static void test_http_in_two_segments(void **state)
{
	static const char request[] = "POST / HTTP/1.1\r\nAccept: */*\r\nHost: a.example\r\n\r\n";
	struct bytes s = {.len = 0};
	struct flow f = flow_tcp(*state, 50000, 8080);

	bytes_add(&s, request, sizeof(request) - 1);
	for (size_t cut = 2; cut < s.len - 4; cut++) { /* "OST /" could be a method, too */
		f.packet.key.sport++;
		assert_int_equal(flow_segment(&f, &s, 1, 0, cut), 0);
		assert_int_equal(flow_segment(&f, &s, 1, cut, s.len), 1);
		assert_string_equal(f.told.name, "a.example");
		f.packet.key.sport++;
		assert_int_equal(flow_segment(&f, &s, 1, cut, s.len), 0);
		assert_int_equal(flow_segment(&f, &s, 1, 0, cut), 1);
		assert_string_equal(f.told.name, "a.example");
	}
}

static void test_ssh_server(void **state)
{
	struct flow client = flow_tcp(*state, 50000, 22), server = flow_tcp(*state, 22, 50000);

	assert_int_equal(flow_text(&client, "SSH-2.0-PuTTY\r\n"), 0);
	assert_int_equal(flow_text(&server, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), 1);
	assert_string_equal(server.told.name, "OpenSSH_9.2p1 Debian-2");
}

static void test_names_are_escaped_and_cut(void **state)
{
	struct bytes s = tls_stream("a\033[2J\\\xc3\xa4", NULL, 0);
	struct flow f = flow_tcp(*state, 50000, 80);
	char request[600];

	assert_int_equal(flow_segment(&f, &s, 1, 0, s.len), 1);
	assert_string_equal(f.told.name, "a\\x1b[2J\\\\\\xc3\\xa4");
	snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: %0300d\r\n\r\n", 0);
	assert_int_equal(flow_text(&f, request), 1);
	assert_int_equal(strlen(f.told.name), NAME_LEN - 1);
}

static void test_nothing_to_read(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 0);
	struct flow f = flow_tcp(*state, 50000, 443);
	struct event event = {.packet = &f.packet, .data = s.at, .caplen = HEADERS};
	struct flow_name_result r;

	f.packet.payload_len = 100;
	assert_int_equal(flow_names_event(*state, &event, &r), 0); /* headers only */
	event.caplen = HEADERS - 20;
	assert_int_equal(flow_names_event(*state, &event, &r), 0);
	f.packet.transport = TRANSPORT_SCTP;
	assert_int_equal(flow_segment(&f, &s, 1, 0, s.len), 0);
	f.packet.transport = TRANSPORT_TCP;
	f.packet.outcome = NOT_FLOW_LATER_FRAGMENT;
	assert_int_equal(flow_segment(&f, &s, 1, 0, s.len), 0);
	f.packet.outcome = OUTCOME_FLOW;
	assert_int_equal(flow_segment(&f, &s, 1, 0, s.len), 1);
}

/* Link padding behind the payload is none of it. */
static void test_padding_is_no_payload(void **state)
{
	struct flow f = flow_tcp(*state, 50000, 80);
	char frame[200] = {0};
	struct event event = {
		.packet = &f.packet, .data = (uint8_t *)frame, .caplen = sizeof(frame)};
	struct flow_name_result r;

	strcpy(frame + HEADERS, "GET / HTTP/1.1\r\nHost: a\r\n");
	f.packet.payload_len = 24;
	assert_int_equal(flow_names_event(*state, &event, &r), 0);
	f.packet.payload_len = 25;
	assert_int_equal(flow_names_event(*state, &event, &r), 1);
}

/* ---- QUIC ---- */

static void quic_part(struct bytes *packet, const struct quic_vector *v, uint32_t pn,
		      const struct bytes *hello, size_t from, size_t to)
{
	struct bytes frames = {.len = 0};

	packet->len = 0;
	quic_crypto(&frames, from, hello->at + from, to - from);
	frames.len += 40;
	quic_seal(packet, v, pn, 2, &frames);
}

static void test_quic(void **state)
{
	struct bytes hello = client_hello("q.example", "h3", 0), packet;
	struct flow f = flow_quic(*state);

	quic_part(&packet, &quic_vectors[0], 0, &hello, 0, hello.len);
	assert_int_equal(flow_event(&f, packet.at, packet.len), 1);
	assert_string_equal(f.told.name, "q.example");
	assert_int_equal(f.told.verdict.app, APP_QUIC);
	assert_int_equal(f.told.verdict.sure, SURE_PAYLOAD);
	assert_int_equal(f.told.verdict.security, SECURITY_ENCRYPTED);
}

static void test_quic_in_two_packets(void **state)
{
	struct bytes hello = client_hello("q.example", "h3", 1200), first, second;
	struct flow f = flow_quic(*state);

	quic_part(&first, &quic_vectors[1], 0, &hello, 0, 1100);
	quic_part(&second, &quic_vectors[1], 1, &hello, 1100, hello.len);
	flow_event(&f, first.at, first.len);
	assert_string_equal(f.told.name, "");
	assert_int_equal(flow_event(&f, second.at, second.len), 1);
	assert_string_equal(f.told.name, "q.example");

	f.packet.key.sport++;
	flow_event(&f, second.at, second.len);
	assert_string_equal(f.told.name, "");
	assert_int_equal(flow_event(&f, first.at, first.len), 1);
	assert_string_equal(f.told.name, "q.example");
}

/* Some clients shuffle the hello over many small frames. */
static void test_quic_in_shuffled_frames(void **state)
{
	struct bytes hello = client_hello("q.example", "h3", 100), frames = {.len = 0};
	struct bytes packet = {.len = 0};
	struct flow f = flow_quic(*state);
	size_t pieces = (hello.len + 9) / 10;

	for (size_t i = 0; i < pieces; i++) {
		size_t from = i * 7 % pieces * 10;

		quic_crypto(&frames, from, hello.at + from,
			    hello.len - from < 10 ? hello.len - from : 10);
		frames.len += i % 3;
	}
	assert_true(pieces % 7 != 0);
	quic_seal(&packet, &quic_vectors[0], 0, 2, &frames);
	assert_int_equal(flow_event(&f, packet.at, packet.len), 1);
	assert_string_equal(f.told.name, "q.example");
}

/* After a Retry, or in another version, the client begins again with other keys. */
static void test_quic_begins_again(void **state)
{
	struct bytes one = client_hello("one.example", "h3", 0), packet;
	struct bytes two = client_hello("two.example", "h3", 0);
	struct flow f = flow_quic(*state);

	quic_part(&packet, &quic_vectors[0], 0, &one, 60, one.len);
	flow_event(&f, packet.at, packet.len);
	assert_string_equal(f.told.name, "");
	quic_part(&packet, &quic_vectors[1], 0, &two, 0, 60);
	flow_event(&f, packet.at, packet.len);
	assert_string_equal(f.told.name, ""); /* not pieced together from both */
	quic_part(&packet, &quic_vectors[1], 0, &two, 60, two.len);
	assert_int_equal(flow_event(&f, packet.at, packet.len), 1);
	assert_string_equal(f.told.name, "two.example");
}

static void test_udp_that_is_not_quic(void **state)
{
	struct bytes hello = client_hello("q.example", "h3", 0), packet;
	struct flow f = flow_quic(*state);

	quic_part(&packet, &quic_vectors[0], 0, &hello, 0, hello.len);
	packet.at[packet.len - 1] ^= 1;
	assert_int_equal(flow_event(&f, packet.at, packet.len), 0);
	assert_int_equal(flow_text(&f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

/* ---- bounds ---- */

static void test_full_table_drops_the_oldest(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 300);
	struct flow f = flow_tcp(*state, 50000, 443);

	for (int i = 0; i < PENDING + 3; i++) {
		f.packet.key.sport = htons((uint16_t)(1000 + i));
		assert_int_equal(flow_segment(&f, &s, 1, 0, 200), 0);
	}
	assert_int_equal(flow_names_dropped(*state), 3);
	for (int i = PENDING + 2; i >= 0; i--) {
		f.packet.key.sport = htons((uint16_t)(1000 + i));
		assert_int_equal(flow_segment(&f, &s, 1, 200, s.len), i >= 3);
	}
}

static void test_held_segments_never_displace(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 300);
	struct flow f = flow_tcp(*state, 50000, 443);

	for (int i = 0; i < PENDING - 1; i++) {
		f.packet.key.sport = htons((uint16_t)(1000 + i));
		flow_segment(&f, &s, 1, 0, 200);
	}
	for (int i = 0; i < 10 * PENDING; i++) { /* middles of streams */
		f.packet.key.sport = htons((uint16_t)(20000 + i));
		assert_int_equal(flow_segment(&f, &s, 1, 100, 200), 0);
	}
	assert_int_equal(flow_names_dropped(*state), 0);
	for (int i = 0; i < PENDING - 1; i++) {
		f.packet.key.sport = htons((uint16_t)(1000 + i));
		assert_int_equal(flow_segment(&f, &s, 1, 200, s.len), 1);
	}
}

/* A stream known for what it is, and that has no name, takes no place. */
static void test_known_streams_are_not_held(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 300);
	struct flow f = flow_tcp(*state, 50000, 443);

	f.verdict.sure = SURE_PAYLOAD;
	assert_int_equal(flow_segment(&f, &s, 1, 200, s.len), 0);
	assert_int_equal(flow_segment(&f, &s, 1, 0, 200), 0);
	assert_int_equal(flow_segment(&f, &s, 1, 200, s.len), 1);
}

static void test_longer_than_a_stream(void **state)
{
	struct bytes s = tls_stream(NULL, NULL, 3000);
	struct flow f = flow_tcp(*state, 50000, 443);

	s.at[6] = 0xff; /* the message claims 16 MiB */
	for (uint32_t at = 0; at < 40000; at += 1000) {
		f.packet.tcp_seq = 1 + at;
		assert_int_equal(flow_event(&f, at ? s.at + 300 : s.at, 1000), 0);
	}
}

static void test_expire(void **state)
{
	struct bytes s = tls_stream("www.example.org", "h2", 300);
	struct flow f = flow_tcp(*state, 50000, 443), held = flow_tcp(*state, 50001, 443);

	flow_segment(&f, &s, 1, 0, 200);
	flow_segment(&held, &s, 1, 200, s.len);
	flow_names_expire(*state, 1000 + 50, 50); /* not older yet */
	assert_int_equal(flow_segment(&held, &s, 1, 0, 200), 1);
	flow_names_expire(*state, 0, 50); /* a clock that went back */
	assert_int_equal(flow_segment(&f, &s, 1, 200, s.len), 1);

	flow_segment(&f, &s, 1, 0, 200);
	flow_segment(&held, &s, 1, 200, s.len);
	flow_names_expire(*state, 1000 + 51, 50);
	assert_int_equal(flow_segment(&held, &s, 1, 0, 200), 0);
	assert_int_equal(flow_segment(&f, &s, 1, 200, s.len), 0);
	assert_int_equal(flow_names_dropped(*state), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_tls_in_one_segment),
		T(test_tls_without_alpn),
		T(test_server_chose),
		T(test_tls_in_two_segments),
		T(test_tls_in_three_segments_any_order),
		T(test_overlapping_segments),
		T(test_name_before_the_cut),
		T(test_tls_after_plain_text),
		T(test_port_used_again),
		T(test_http),
		T(test_http_in_two_segments),
		T(test_ssh_server),
		T(test_names_are_escaped_and_cut),
		T(test_nothing_to_read),
		T(test_padding_is_no_payload),
		T(test_quic),
		T(test_quic_in_two_packets),
		T(test_quic_in_shuffled_frames),
		T(test_quic_begins_again),
		T(test_udp_that_is_not_quic),
		T(test_full_table_drops_the_oldest),
		T(test_held_segments_never_displace),
		T(test_known_streams_are_not_held),
		T(test_longer_than_a_stream),
		T(test_expire),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
