// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: an answer goes to the query of its five-tuple, id and question, in any order and any
 * case; a query asked again is one transaction with two latencies; a repeated answer is no second
 * pair; what waits too long, or has no room, ends as unanswered, once; every query ends once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns_pair.h"
#include "dns_build.h"

#define MS 1000000ull
#define S 1000000000ull

enum { LOG = 64 };

struct log {
	unsigned n, by_status[3];
	struct dns_transaction t[LOG];
	char qname[LOG][DNS_TEXT_MAX];
};

static void ended(void *arg, const struct dns_transaction *t)
{
	struct log *l = arg;

	l->by_status[t->status]++;
	if (l->n < LOG) {
		l->t[l->n] = *t;
		snprintf(l->qname[l->n], DNS_TEXT_MAX, "%s", t->qname);
	}
	l->n++;
}

static struct dns_pair *pair_of(struct log *l, size_t max)
{
	memset(l, 0, sizeof(*l));
	return dns_pair_new(&(struct dns_pair_config){5 * S, max, ended, l});
}

static struct dns_ends ends_of(uint16_t client_port)
{
	return (struct dns_ends){.client = {[15] = 1},
				 .server = {[15] = 2},
				 .client_port = client_port,
				 .server_port = 53,
				 .transport = TRANSPORT_UDP,
				 .seen_at = 2};
}

static enum dns_pair_result ask(struct dns_pair *p, uint16_t port, unsigned id, const char *name,
				unsigned type, uint64_t ts)
{
	struct dns_ends e = ends_of(port);
	struct dns_message m;
	struct build b;

	build_query(&b, id, name, type);
	assert_int_equal(dns_wire_read(&m, b.b, b.n), DNS_WIRE_OK);
	dns_pair_expire(p, ts);
	return dns_pair_query(p, &e, &m, ts);
}

/* Without a name: an answer that left the question out. */
static enum dns_pair_result answer(struct dns_pair *p, uint16_t port, unsigned id, const char *name,
				   unsigned type, uint64_t ts)
{
	struct dns_ends e = ends_of(port);
	struct dns_message m;
	struct build b;
	double latency;

	if (name)
		build_answer(&b, id, name, type, 0);
	else
		put_header(&b, id, DNS_QR | 1, 0, 0, 0, 0);
	assert_int_equal(dns_wire_read(&m, b.b, b.n), DNS_WIRE_OK);
	dns_pair_expire(p, ts);
	return dns_pair_answer(p, &e, &m, ts, m.flags & 15, &latency);
}

static void assert_ms(double got, double expected)
{
	assert_true(fabs(got - expected) < 1e-9);
}

static void answer_completes_its_query(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	assert_int_equal(ask(p, 4000, 7, "www.Example.com", DNS_A, S), DNS_PAIR_NEW);
	assert_int_equal(dns_pair_waiting(p), 1);
	assert_int_equal(answer(p, 4000, 7, "www.example.COM", DNS_A, S + 1500 * 1000),
			 DNS_PAIR_MATCHED);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.t[0].status, DNS_ANSWERED);
	assert_ms(l.t[0].latency_ms, 1.5);
	assert_int_equal(l.t[0].ts, S);
	assert_int_equal(l.t[0].client_port, 4000);
	assert_int_equal(l.t[0].server_port, 53);
	assert_int_equal(l.t[0].answers, 1);
	assert_string_equal(l.qname[0], "www.Example.com"); /* as asked */
	dns_pair_finish(p);
	assert_int_equal(l.n, 1);
	dns_pair_free(p);
}

static void other_five_tuples_ids_and_transports_do_not_match(void **state)
{
	struct dns_ends tcp = ends_of(4000), far = ends_of(4000);
	struct dns_message m;
	struct build b;
	double latency;
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	assert_int_equal(answer(p, 4001, 7, "a.example", DNS_A, S), DNS_PAIR_ORPHAN);
	assert_int_equal(answer(p, 4000, 8, "a.example", DNS_A, S), DNS_PAIR_ORPHAN);
	build_answer(&b, 7, "a.example", DNS_A, 0);
	dns_wire_read(&m, b.b, b.n);
	tcp.transport = TRANSPORT_TCP;
	assert_int_equal(dns_pair_answer(p, &tcp, &m, S, 0, &latency), DNS_PAIR_ORPHAN);
	assert_true(latency < 0);
	far.server[15] = 9;
	assert_int_equal(dns_pair_answer(p, &far, &m, S, 0, &latency), DNS_PAIR_ORPHAN);
	assert_int_equal(l.by_status[DNS_ORPHAN], 4);
	assert_int_equal(l.t[0].rcode, 0);
	assert_int_equal(answer(p, 4000, 7, "a.example", DNS_A, S), DNS_PAIR_MATCHED);
	dns_pair_free(p);
}

static void answers_may_come_in_any_order(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	ask(p, 4000, 7, "a.example", DNS_AAAA, S + 1 * MS); /* glibc's pair, and one id for both */
	ask(p, 4000, 7, "b.example", DNS_A, S + 2 * MS);
	answer(p, 4000, 7, "b.example", DNS_A, S + 10 * MS);
	answer(p, 4000, 7, "a.example", DNS_AAAA, S + 20 * MS);
	answer(p, 4000, 7, "a.example", DNS_A, S + 30 * MS);
	assert_int_equal(l.by_status[DNS_ANSWERED], 3);
	assert_ms(l.t[0].latency_ms, 8);
	assert_ms(l.t[1].latency_ms, 19);
	assert_ms(l.t[2].latency_ms, 30);
	dns_pair_free(p);
}

static void asked_again_is_one_transaction(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	assert_int_equal(ask(p, 4000, 7, "a.example", DNS_A, 2 * S), DNS_PAIR_RETRANSMIT);
	assert_int_equal(ask(p, 4000, 7, "a.example", DNS_A, 3 * S), DNS_PAIR_RETRANSMIT);
	answer(p, 4000, 7, "a.example", DNS_A, 3 * S + 4 * MS);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.t[0].retransmissions, 2);
	assert_ms(l.t[0].latency_ms, 2004);
	assert_ms(l.t[0].latency_last_ms, 4);
	dns_pair_free(p);
}

static void asked_again_after_the_answer_is_another(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	answer(p, 4000, 7, "a.example", DNS_A, S + MS);
	assert_int_equal(ask(p, 4000, 7, "a.example", DNS_A, 2 * S), DNS_PAIR_NEW);
	assert_int_equal(answer(p, 4000, 7, "a.example", DNS_A, 2 * S + 3 * MS), DNS_PAIR_MATCHED);
	assert_ms(l.t[1].latency_ms, 3);
	dns_pair_free(p);
}

static void a_repeated_answer_is_no_second_pair(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	ask(p, 4000, 7, "b.example", DNS_A, S);
	answer(p, 4000, 7, "a.example", DNS_A, S + MS);
	assert_int_equal(answer(p, 4000, 7, "a.example", DNS_A, S + 2 * MS), DNS_PAIR_DUPLICATE);
	assert_int_equal(l.n, 1);
	assert_int_equal(dns_pair_waiting(p), 1); /* b.example got no one else's answer */
	dns_pair_free(p);
}

static void an_answer_without_question_goes_by_id(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	assert_int_equal(answer(p, 4000, 7, NULL, 0, S + MS), DNS_PAIR_MATCHED);
	assert_string_equal(l.qname[0], "a.example");
	assert_int_equal(l.t[0].qtype, DNS_A);
	assert_int_equal(l.t[0].rcode, 1);
	assert_string_equal(l.t[0].rcode_name, "FORMERR");
	assert_int_equal(answer(p, 4000, 7, NULL, 0, S + MS), DNS_PAIR_DUPLICATE);
	dns_pair_free(p);
}

static void what_waits_too_long_is_unanswered_and_its_answer_an_orphan(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	dns_pair_expire(p, 6 * S - 1);
	assert_int_equal(l.n, 0);
	dns_pair_expire(p, 6 * S);
	assert_int_equal(l.by_status[DNS_UNANSWERED], 1);
	assert_int_equal(l.t[0].rcode, DNS_RCODE_NONE);
	assert_true(l.t[0].latency_ms < 0);
	assert_int_equal(answer(p, 4000, 7, "a.example", DNS_A, 6 * S), DNS_PAIR_ORPHAN);
	dns_pair_free(p);
}

static void patience_finds_late_answers(void **state)
{
	struct log l = {0};
	struct dns_pair *p = dns_pair_new(&(struct dns_pair_config){60 * S, 16, ended, &l});

	(void)state;
	ask(p, 4000, 7, "a.example", DNS_A, S);
	assert_int_equal(answer(p, 4000, 7, "a.example", DNS_A, 9 * S), DNS_PAIR_MATCHED);
	assert_ms(l.t[0].latency_ms, 8000);
	/* and yet the question asked again after 5 s is another one */
	ask(p, 4000, 8, "a.example", DNS_A, 10 * S);
	assert_int_equal(ask(p, 4000, 8, "a.example", DNS_A, 15 * S), DNS_PAIR_NEW);
	assert_int_equal(l.by_status[DNS_UNANSWERED], 1);
	answer(p, 4000, 8, "a.example", DNS_A, 15 * S + MS);
	assert_ms(l.t[2].latency_ms, 1);
	dns_pair_free(p);
}

static void the_same_packet_on_another_interface_is_not_another(void **state)
{
	struct dns_ends bridge = ends_of(4000);
	struct dns_message m;
	struct build b;
	double latency;
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	bridge.seen_at = 5;
	build_query(&b, 7, "a.example", DNS_A);
	dns_wire_read(&m, b.b, b.n);
	ask(p, 4000, 7, "a.example", DNS_A, S);
	assert_int_equal(dns_pair_query(p, &bridge, &m, S + 1), DNS_PAIR_SEEN_BEFORE);
	answer(p, 4000, 7, "a.example", DNS_A, S + MS);
	build_answer(&b, 7, "a.example", DNS_A, 0);
	dns_wire_read(&m, b.b, b.n);
	assert_int_equal(dns_pair_answer(p, &bridge, &m, S + MS + 1, 0, &latency),
			 DNS_PAIR_SEEN_BEFORE);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.t[0].retransmissions, 0);
	dns_pair_free(p);
}

static void a_full_table_ends_the_oldest(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 8);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		ask(p, 4000 + i, 7, "a.example", DNS_A, S + i);
	assert_int_equal(dns_pair_waiting(p), 8);
	assert_int_equal(dns_pair_overrun(p), 12);
	assert_int_equal(l.by_status[DNS_UNANSWERED], 12);
	assert_int_equal(l.t[0].client_port, 4000);
	assert_int_equal(answer(p, 4019, 7, "a.example", DNS_A, S + 100), DNS_PAIR_MATCHED);
	ask(p, 5000, 7, "a.example", DNS_A, S + 101); /* takes the answered one's place */
	assert_int_equal(dns_pair_overrun(p), 12);
	dns_pair_free(p);
}

static void one_id_with_endless_names_stays_cheap(void **state)
{
	struct log l;
	struct dns_pair *p = pair_of(&l, 4096);

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", i);
		ask(p, 4000, 7, name, DNS_A, S + i);
	}
	assert_true(dns_pair_waiting(p) <= 8);
	dns_pair_finish(p);
	assert_int_equal(l.by_status[DNS_UNANSWERED], 4000);
	dns_pair_free(p);
}

/* Whatever comes: each new query ends exactly once. */
static void every_query_ends_once(void **state)
{
	static const char *const names[] = {"a.example", "b.example", "A.example", NULL};
	unsigned queries = 0;
	struct log l;
	struct dns_pair *p = pair_of(&l, 32);

	(void)state;
	srand(3);
	for (unsigned i = 0; i < 50000; i++) {
		uint64_t ts = S + i * 20 * MS + rand() % (7 * S);
		uint16_t port = 4000 + rand() % 8;
		unsigned id = rand() % 4, name = rand() % 4;

		if (rand() % 2)
			queries += ask(p, port, id, names[name % 3], DNS_A, ts) == DNS_PAIR_NEW;
		else
			answer(p, port, id, names[name], DNS_A, ts);
		assert_true(dns_pair_waiting(p) <= 32);
	}
	dns_pair_finish(p);
	assert_int_equal(queries, l.by_status[DNS_ANSWERED] + l.by_status[DNS_UNANSWERED]);
	assert_int_equal(dns_pair_waiting(p), 0);
	dns_pair_free(p);
	dns_pair_free(NULL);
}

static void a_clock_that_is_set_changes_no_latency(void **state)
{
	static const int64_t steps[] = {-3600 * (int64_t)S, 3600 * (int64_t)S};
	struct log l;
	struct dns_pair *p = pair_of(&l, 16);

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint64_t asked = 10000 * S, now = asked + steps[i];

		ask(p, 4000, i, "set.example", DNS_A, asked);
		ask(p, 4001, i, "lost.example", DNS_A, asked);
		dns_pair_clock_set(p, steps[i]);
		assert_int_equal(answer(p, 4000, i, "set.example", DNS_A, now + 2000000),
				 DNS_PAIR_MATCHED);
		assert_int_equal(l.n, 2 * i + 1);
		assert_ms(l.t[2 * i].latency_ms, 2);
		assert_int_equal(l.t[2 * i].ts, now);
		dns_pair_expire(p, now + 4 * S);
		assert_int_equal(l.n, 2 * i + 1);
		dns_pair_expire(p, now + 6 * S);
		assert_int_equal(l.n, 2 * i + 2);
		assert_int_equal(l.t[2 * i + 1].status, DNS_UNANSWERED);
	}
	dns_pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_completes_its_query),
		cmocka_unit_test(other_five_tuples_ids_and_transports_do_not_match),
		cmocka_unit_test(answers_may_come_in_any_order),
		cmocka_unit_test(asked_again_is_one_transaction),
		cmocka_unit_test(asked_again_after_the_answer_is_another),
		cmocka_unit_test(a_repeated_answer_is_no_second_pair),
		cmocka_unit_test(an_answer_without_question_goes_by_id),
		cmocka_unit_test(what_waits_too_long_is_unanswered_and_its_answer_an_orphan),
		cmocka_unit_test(patience_finds_late_answers),
		cmocka_unit_test(the_same_packet_on_another_interface_is_not_another),
		cmocka_unit_test(a_full_table_ends_the_oldest),
		cmocka_unit_test(one_id_with_endless_names_stays_cheap),
		cmocka_unit_test(every_query_ends_once),
		cmocka_unit_test(a_clock_that_is_set_changes_no_latency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
