// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: from packets to view. Queries and answers over UDP, TCP and in fragments are paired
 * with their latency; counts, result codes, servers, slow queries and names of the view agree with
 * what was sent; multicast stands apart; addresses bear the name asked for; broken answers answer
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/dns.h"
#include "dns_build.h"

#define MS 1000000ull
#define S 1000000000ull

static struct dns_view view;
static unsigned told[3];
static char last_name[DNS_TEXT_MAX];

static void ended(void *arg, const struct dns_transaction *t)
{
	(void)arg;
	told[t->status]++;
	snprintf(last_name, sizeof(last_name), "%s", t->qname);
}

static struct dns *dns_of(void)
{
	memset(told, 0, sizeof(told));
	return dns_new(&(struct dns_config){.pending_max = 64, .names_max = 64, .ended = ended});
}

enum { CLIENT = 1, SERVER = 2 };

static void address(uint8_t addr[16], uint8_t host)
{
	static const uint8_t net[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 0};

	memcpy(addr, net, 16);
	addr[15] = host;
}

struct way {
	uint8_t from, to; /* hosts */
	uint16_t sport, dport;
	uint8_t transport;
};

static const struct way out = {CLIENT, SERVER, 4000, 53, TRANSPORT_UDP},
			in = {SERVER, CLIENT, 53, 4000, TRANSPORT_UDP},
			tcp_out = {CLIENT, SERVER, 4000, 53, TRANSPORT_TCP},
			tcp_in = {SERVER, CLIENT, 53, 4000, TRANSPORT_TCP};

static struct packet packet_of(const struct way *w, size_t len)
{
	struct packet p = {
		.key = {.sport = htons(w->sport), .dport = htons(w->dport), .family = 4},
		.l3 = L3_IPV4,
		.transport = w->transport,
		.payload_len = len,
	};

	address(p.key.saddr, w->from);
	address(p.key.daddr, w->to);
	return p;
}

static double send_at(struct dns *d, const struct way *w, uint64_t ts, const struct build *b,
		      uint32_t caplen)
{
	struct packet p = packet_of(w, b->n);

	return dns_event(d, &(struct event){.ts = ts,
					    .packet = &p,
					    .data = b->b,
					    .caplen = caplen,
					    .wire_len = b->n,
					    .why = COPY_DNS});
}

static double send_all(struct dns *d, const struct way *w, uint64_t ts, const struct build *b)
{
	return send_at(d, w, ts, b, b->n);
}

static void exchange(struct dns *d, uint64_t ts, uint64_t latency, unsigned id, const char *name,
		     unsigned rcode)
{
	struct build b;

	build_query(&b, id, name, DNS_A);
	assert_true(send_all(d, &out, ts, &b) < 0);
	build_answer(&b, id, name, DNS_A, rcode);
	assert_true(fabs(send_all(d, &in, ts + latency, &b) - latency / 1e6) < 1e-9);
}

static void the_view_adds_up(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		exchange(d, S + i * MS, (i + 1) * MS / 10, i, "www.Example.com",
			 i < 5 ? DNS_NXDOMAIN : 0);
	build_query(&b, 100, "never.answered.example", DNS_AAAA);
	send_all(d, &out, 2 * S, &b);
	send_all(d, &out, 3 * S, &b);
	build_answer(&b, 101, "never.asked.example", DNS_A, 5);
	send_all(d, &in, 3 * S, &b);
	dns_tick(d, 8 * S);
	dns_view_fill(d, &view);
	assert_int_equal(view.queries, 22);
	assert_int_equal(view.responses, 21);
	assert_int_equal(view.matched, 20);
	assert_int_equal(view.unanswered, 1);
	assert_int_equal(view.retransmissions, 1);
	assert_int_equal(view.orphans, 1);
	assert_int_equal(view.malformed, 0);
	assert_int_equal(told[DNS_ANSWERED] + told[DNS_UNANSWERED] + told[DNS_ORPHAN], 22);

	assert_int_equal(view.n_rcodes, 3);
	assert_string_equal(view.rcodes[0].name, "NOERROR");
	assert_int_equal(view.rcodes[0].n, 15);
	assert_string_equal(view.rcodes[1].name, "NXDOMAIN");
	assert_string_equal(view.rcodes[2].name, "REFUSED");
	assert_int_equal(view.n_qtypes, 2);
	assert_string_equal(view.qtypes[1].name, "AAAA");
	assert_int_equal(view.qtypes[1].n, 2);

	assert_int_equal(view.latency.count, 20);
	assert_true(fabs(view.latency.p50 - 1.0) < 0.01 && view.latency.max == 2.0);
	assert_int_equal(view.n_servers, 1);
	assert_int_equal(view.servers[0].addr[15], SERVER);
	assert_int_equal(view.servers[0].matched, 20);
	assert_int_equal(view.servers[0].unanswered, 1);
	assert_int_equal(view.servers[0].retransmissions, 1);
	assert_int_equal(view.servers[0].le[0], 1);  /* 0.1 ms */
	assert_int_equal(view.servers[0].le[3], 10); /* 1 ms */
	assert_int_equal(view.servers[0].le[15], 20);

	assert_int_equal(view.n_slow, SNAPSHOT_SLOW);
	assert_true(view.slow[0].latency_ms == 2.0 && view.slow[15].latency_ms == 0.5);
	assert_int_equal(view.n_names, 2);
	assert_string_equal(view.names[0].name, "example.com");
	assert_int_equal(view.names[0].queries, 20);
	assert_int_equal(view.names[0].nxdomain, 5);
	assert_string_equal(view.names[1].name, "answered.example");
	dns_free(d);
}

static void multicast_stands_apart(void **state)
{
	static const struct way mdns = {CLIENT, 251, 5353, 5353, TRANSPORT_UDP},
				llmnr = {CLIENT, 252, 50000, 5355, TRANSPORT_UDP};
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 0, "printer.local", DNS_A);
	send_all(d, &mdns, S, &b);
	send_all(d, &llmnr, S, &b);
	build_answer(&b, 0, "printer.local", DNS_A, 0);
	send_all(d, &mdns, S, &b);
	dns_finish(d, 10 * S);
	dns_view_fill(d, &view);
	assert_int_equal(view.multicast_queries, 2);
	assert_int_equal(view.multicast_responses, 1);
	assert_int_equal(view.queries + view.responses + view.unanswered + view.orphans, 0);
	dns_free(d);
}

static void addresses_bear_the_name_asked_for(void **state)
{
	static const uint8_t seven[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 7},
			     one[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 1, "www.example", DNS_A);
	send_all(d, &out, S, &b);
	put_header(&b, 1, DNS_QR, 1, 2, 0, 1);
	put_question(&b, "www.example", DNS_A);
	put_record(&b, DNS_CNAME, 60, 13);
	put_name(&b, "cdn.example");
	put_name(&b, "cdn.example");
	put16(&b, DNS_A);
	put16(&b, 1);
	put32(&b, 60);
	put16(&b, 4);
	put32(&b, 0xc0000207);
	put_record(&b, DNS_A, 60, 4); /* additional: not what was asked for */
	put32(&b, 0xc0000263);
	send_all(d, &in, S + MS, &b);
	assert_string_equal(dns_name_of(d, seven, 2 * S), "www.example");
	assert_null(dns_name_of(d, seven, 600 * S));
	build_answer(&b, 9, "evil.example", DNS_A, 0); /* nobody asked */
	send_all(d, &in, 2 * S, &b);
	assert_null(dns_name_of(d, one, 2 * S));
	dns_free(d);
}

/* What an address calls itself, where nobody asked for it by name. */
static void addresses_name_themselves(void **state)
{
	static const struct way mdns = {CLIENT, 251, 5353, 5353, TRANSPORT_UDP};
	static const char six[] = "8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
				  "IP6.arpa";
	static const uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 8};
	uint8_t one[16], nine[16];
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	address(one, 1);
	address(nine, 9);
	build_query(&b, 1, "9.2.0.192.in-addr.arpa", DNS_PTR);
	send_all(d, &out, S, &b);
	put_header(&b, 1, DNS_QR, 1, 1, 0, 0);
	put_question(&b, "9.2.0.192.in-addr.arpa", DNS_PTR);
	put_record(&b, DNS_PTR, 60, 11);
	put_name(&b, "nine.test");
	send_all(d, &in, S, &b);
	assert_string_equal(dns_name_of(d, nine, 2 * S), "nine.test");

	build_query(&b, 2, six, DNS_PTR);
	send_all(d, &out, S, &b);
	put_header(&b, 2, DNS_QR, 1, 1, 0, 0);
	put_question(&b, six, DNS_PTR);
	put_record(&b, DNS_PTR, 60, 10);
	put_name(&b, "six.test");
	send_all(d, &in, S, &b);
	assert_string_equal(dns_name_of(d, v6, 2 * S), "six.test");

	put_header(&b, 0, DNS_QR, 0, 1, 0, 0);
	put_name(&b, "printer.local");
	put16(&b, DNS_A);
	put16(&b, 0x8001);
	put32(&b, 120);
	put16(&b, 4);
	put32(&b, 0xc0000201);
	send_all(d, &mdns, S, &b);
	assert_string_equal(dns_name_of(d, one, 2 * S), "printer.local");

	exchange(d, 3 * S, MS, 3, "www.example", 0);
	assert_string_equal(dns_name_of(d, one, 4 * S), "www.example");
	send_all(d, &mdns, 4 * S, &b);
	assert_string_equal(dns_name_of(d, one, 4 * S), "www.example");
	dns_free(d);
}

/* What a flood has left out on one side is neither unanswered nor an orphan. */
static void thinned_is_not_unanswered(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 3, "kept.example", DNS_A);
	send_all(d, &out, 10 * S, &b);
	build_query(&b, 4, "left.example", DNS_A);
	send_all(d, &out, 10 * S, &b);
	dns_thin(d, 1, 10 * S); /* the answer to 3 is left out, that to 4 never came */
	build_answer(&b, 5, "began.before.example", DNS_A, 0);
	dns_thin(d, 0, 11 * S);
	send_all(d, &in, 11 * S, &b); /* its query was left out */
	dns_tick(d, 16 * S);
	dns_view_fill(d, &view);
	assert_int_equal(view.thinned, 2);
	assert_int_equal(view.unanswered, 1);
	assert_string_equal(last_name, "left.example");
	assert_int_equal(view.orphans, 0);

	/* long after, all is told again */
	build_query(&b, 3, "later.example", DNS_A);
	dns_tick(d, 40 * S);
	send_all(d, &out, 60 * S, &b);
	dns_tick(d, 66 * S);
	dns_view_fill(d, &view);
	assert_int_equal(view.thinned, 2);
	assert_int_equal(view.unanswered, 2);
	dns_free(d);
}

static void broken_answers_answer_nothing(void **state)
{
	struct build b;

	(void)state;
	build_answer(&b, 1, "a.example", DNS_A, 0);
	for (size_t len = 0; len < b.n; len++) {
		struct build query, cut = b;
		struct dns *d = dns_of();

		build_query(&query, 1, "a.example", DNS_A);
		send_all(d, &out, S, &query);
		cut.n = len;
		assert_true(send_all(d, &in, S + MS, &cut) < 0);
		assert_true(send_all(d, &in, S + 2 * MS, &b) > 1.9); /* the true one comes later */
		dns_view_fill(d, &view);
		assert_int_equal(view.malformed, len > 0);
		assert_int_equal(view.matched, 1);
		dns_free(d);
	}
}

/* Not all of the packet was captured: what is there was fine. */
static void a_cut_capture_is_not_a_broken_message(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 1, "a.example", DNS_A);
	send_all(d, &out, S, &b);
	build_answer(&b, 1, "a.example", DNS_A, 0);
	assert_true(send_at(d, &in, S + MS, &b, b.n - 6) > 0);
	dns_view_fill(d, &view);
	assert_int_equal(view.malformed, 0);
	dns_free(d);
}

static void broken_queries_wait_all_the_same(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 1, "a.example", DNS_A);
	b.n = 9; /* id and flags are there */
	send_all(d, &out, S, &b);
	build_answer(&b, 1, "a.example", DNS_A, 0);
	assert_true(send_all(d, &in, S + MS, &b) > 0);
	assert_string_equal(last_name, "a.example");
	dns_view_fill(d, &view);
	assert_int_equal(view.malformed, 1);
	dns_free(d);
}

static void full_result_codes_are_told(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 1, "a.example", DNS_A);
	send_all(d, &out, S, &b);
	put_header(&b, 1, DNS_QR, 1, 0, 0, 1);
	put_question(&b, "a.example", DNS_A);
	put_opt(&b, 1); /* 16 + 0 */
	assert_true(send_all(d, &in, S + MS, &b) > 0);
	dns_view_fill(d, &view);
	assert_string_equal(view.rcodes[0].name, "BADVERS");
	dns_free(d);
}

/* ---- TCP ---- */

static double tcp_send(struct dns *d, const struct way *w, uint64_t ts, uint32_t seq,
		       const uint8_t *data, size_t len)
{
	struct packet p = packet_of(w, len);

	p.tcp_seq = seq;
	p.tcp_flags = TCP_ACK;
	return dns_event(
		d, &(struct event){
			   .ts = ts, .packet = &p, .data = data, .caplen = len, .wire_len = len});
}

static void tcp_is_paired_when_the_message_is_whole(void **state)
{
	struct dns *d = dns_of();
	struct build q = {0}, a = {0}, m;

	(void)state;
	for (unsigned id = 1; id <= 2; id++) { /* two queries in one segment */
		build_query(&m, id, "a.example", DNS_A);
		put16(&q, m.n);
		put_bytes(&q, m.b, m.n);
		build_answer(&m, id, "a.example", DNS_A, 0);
		put16(&a, m.n);
		put_bytes(&a, m.b, m.n);
	}
	assert_true(tcp_send(d, &tcp_out, S, 77, q.b, q.n) < 0);
	assert_true(tcp_send(d, &tcp_in, S + 1 * MS, 5, a.b, 20) < 0);
	assert_true(tcp_send(d, &tcp_in, S + 3 * MS, 25, a.b + 20, a.n - 20) == 3.0);
	dns_view_fill(d, &view);
	assert_int_equal(view.matched, 2);
	assert_int_equal(view.retransmissions, 0);
	dns_free(d);
}

/* ---- fragments ---- */

enum { IPV4_LEN = 20, UDP_LEN = 8, FIRST = 64 }; /* octets of the datagram in the first fragment */

static double fragment_send(struct dns *d, const struct way *w, uint64_t ts, unsigned id,
			    const struct build *message, bool first)
{
	size_t whole = UDP_LEN + message->n, from = first ? 0 : FIRST;
	size_t len = first ? FIRST : whole - FIRST;
	struct packet p = packet_of(w, first ? FIRST - UDP_LEN : 0);
	uint8_t frame[2048] = {0x45, 0, 0, IPV4_LEN + len, 0, id};

	frame[2] = (IPV4_LEN + len) >> 8;
	frame[6] = first ? 0x20 : 0;
	frame[7] = from / 8;
	p.flags = PACKET_FRAGMENT;
	p.outcome = first ? OUTCOME_FLOW : NOT_FLOW_LATER_FRAGMENT;
	p.payload_offset = IPV4_LEN + UDP_LEN;
	if (first)
		memcpy(frame + IPV4_LEN + UDP_LEN, message->b, FIRST - UDP_LEN);
	else
		p.key.sport = p.key.dport = 0;
	return dns_event(d, &(struct event){.ts = ts,
					    .packet = &p,
					    .data = frame,
					    .caplen = IPV4_LEN + len,
					    .wire_len = IPV4_LEN + len});
}

static void build_large_answer(struct build *b)
{
	put_header(b, 1, DNS_QR, 1, 1, 0, 0);
	put_question(b, "large.example", 16);
	put_record(b, 16, 60, 200);
	for (int i = 0; i < 200; i++)
		put8(b, i);
}

static void fragments_answer_when_the_last_came(void **state)
{
	struct build q, a;

	(void)state;
	build_query(&q, 1, "large.example", 16);
	build_large_answer(&a);
	for (int first = 0; first < 2; first++) { /* in either order */
		struct dns *d = dns_of();

		send_all(d, &out, S, &q);
		assert_true(fragment_send(d, &in, S + 1 * MS, 9, &a, first) < 0);
		assert_true(fragment_send(d, &in, S + 2 * MS, 8, &a, !first) < 0); /* another's */
		assert_true(fragment_send(d, &in, S + 4 * MS, 9, &a, !first) == 4.0);
		dns_view_fill(d, &view);
		assert_int_equal(view.malformed, 0);
		dns_free(d);
	}
}

static void a_first_fragment_alone_answers_in_the_end(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_query(&b, 1, "large.example", 16);
	send_all(d, &out, S, &b);
	build_large_answer(&b);
	fragment_send(d, &in, S + 7 * MS, 9, &b, true);
	dns_view_fill(d, &view);
	assert_int_equal(view.matched, 0);
	dns_tick(d, S + 7 * MS + S + 1);
	dns_view_fill(d, &view);
	assert_int_equal(view.matched, 1);
	assert_true(view.latency.max == 7.0);
	dns_free(d);
}

static void an_answer_proves_a_fragmented_query(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	put_header(&b, 1, 0, 1, 0, 0, 1);
	put_question(&b, "padded.example", DNS_A);
	put8(&b, 0);
	put16(&b, DNS_OPT);
	put16(&b, 1232);
	put32(&b, 0);
	put16(&b, 150);
	for (int i = 0; i < 150; i++)
		put8(&b, 0);
	fragment_send(d, &out, S, 9, &b, true); /* the rest was not copied */
	build_answer(&b, 1, "padded.example", DNS_A, 0);
	assert_true(send_all(d, &in, S + 3 * MS, &b) == 3.0);
	dns_free(d);
}

static void a_flood_of_fragments_stays_in_bounds(void **state)
{
	struct dns *d = dns_of();
	struct build b;

	(void)state;
	build_large_answer(&b);
	for (unsigned i = 0; i < 5000; i++)
		fragment_send(d, &in, S + i, i, &b, i & 1);
	dns_finish(d, 2 * S);
	dns_view_fill(d, &view);
	assert_true(view.responses <= 2500 && view.responses > 0);
	dns_free(d);
	dns_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_view_adds_up),
		cmocka_unit_test(multicast_stands_apart),
		cmocka_unit_test(addresses_bear_the_name_asked_for),
		cmocka_unit_test(addresses_name_themselves),
		cmocka_unit_test(thinned_is_not_unanswered),
		cmocka_unit_test(broken_answers_answer_nothing),
		cmocka_unit_test(a_cut_capture_is_not_a_broken_message),
		cmocka_unit_test(broken_queries_wait_all_the_same),
		cmocka_unit_test(full_result_codes_are_told),
		cmocka_unit_test(tcp_is_paired_when_the_message_is_whole),
		cmocka_unit_test(fragments_answer_when_the_last_came),
		cmocka_unit_test(a_first_fragment_alone_answers_in_the_end),
		cmocka_unit_test(an_answer_proves_a_fragmented_query),
		cmocka_unit_test(a_flood_of_fragments_stays_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
