// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: what goes in comes out, to the packet and the octet, whatever the order, the load and
 * the evictions; totals by application and by security class always add up to what went in; who
 * opened a flow, when it began and how it ended are as documented; work a call is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/flow_table.h"
#include "xdplens/classify.h"

enum { TCP = 6, UDP = 17, ROWS = 4096 };
static const uint64_t ms = 1000000, second = 1000000000, t0 = 1700000000ull * 1000000000;
static const struct verdict unknown = {APP_OTHER, SURE_NOTHING, SECURITY_UNKNOWN};

/* ---- fixture ---- */

struct row {
	struct flow_view flow;
	enum flow_end end;
};

struct fixture {
	struct flow_table *t;
	struct snapshot s;
	struct count in;  /* all deltas */
	struct count out; /* all ended flows */
	size_t ended;	  /* of which the last ROWS are kept */
	struct row rows[ROWS];
	uint64_t ends[FLOW_END_EXIT + 1];
};

static void on_ended(void *arg, const struct flow_view *flow, enum flow_end end)
{
	struct fixture *f = arg;

	f->rows[f->ended++ % ROWS] = (struct row){*flow, end};
	f->ends[end]++;
	f->out.packets += flow->packets + flow->packets_rev;
	f->out.bytes += flow->bytes + flow->bytes_rev;
}

static const char *on_interface(void *arg, uint32_t ifindex)
{
	(void)arg;
	return ifindex == 2 ? "eth0" : NULL;
}

static const char *on_address(void *arg, const uint8_t addr[16])
{
	(void)arg;
	return addr[15] == 99 ? "resolved.example" : NULL;
}

static struct fixture *fixture_new(size_t flows_max)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct flow_table_config config = {
		.flows_max = flows_max,
		.ended = on_ended,
		.arg = f,
		.interface_name = on_interface,
		.addr_name = on_address,
	};

	assert_non_null(f);
	f->t = flow_table_new(&config);
	assert_non_null(f->t);
	return f;
}

static void fixture_free(struct fixture *f)
{
	flow_table_free(f->t);
	free(f);
}

/* 10.0.0.host : port, mapped */
static void address_set(uint8_t addr[16], uint32_t host)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint32_t v4 = htonl(0x0a000000 + host);

	memcpy(addr, mapped, 12);
	memcpy(addr + 12, &v4, 4);
}

static struct flow_key key_of(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport,
			      uint8_t proto)
{
	struct flow_key k = {
		.sport = htons(sport), .dport = htons(dport), .proto = proto, .family = 4};

	address_set(k.saddr, src);
	address_set(k.daddr, dst);
	return k;
}

static struct flow_key turned(const struct flow_key *k)
{
	struct flow_key r = *k;

	memcpy(r.saddr, k->daddr, 16);
	memcpy(r.daddr, k->saddr, 16);
	r.sport = k->dport;
	r.dport = k->sport;
	return r;
}

static struct flow_delta add(struct fixture *f, const struct flow_key *key, uint64_t first,
			     uint64_t last, uint64_t packets, uint64_t bytes, uint8_t flags,
			     struct verdict verdict)
{
	struct flow_delta d = {
		.key = key,
		.first = first,
		.last = last,
		.packets = packets,
		.bytes = bytes,
		.tcp_flags = flags,
		.verdict = verdict,
	};

	f->in.packets += packets;
	f->in.bytes += bytes;
	flow_table_add(f->t, &d);
	return d;
}

static void note(struct fixture *f, const struct flow_key *key, uint64_t ts, uint8_t flags,
		 const char *name)
{
	struct packet p = {.key = *key, .tcp_flags = flags, .outcome = OUTCOME_FLOW};
	struct event e = {.ts = ts, .packet = &p};

	flow_table_note(f->t, &e, name, unknown);
}

/* The totals of a snapshot add up to all that went in. */
static void assert_totals(struct fixture *f)
{
	struct count app = {0}, security = {0};
	uint64_t flows = 0, by_transport = 0;

	flow_table_fill(f->t, &f->s, 1);
	for (int i = 0; i < APP_COUNT; i++) {
		app.packets += f->s.app[i].packets;
		app.bytes += f->s.app[i].bytes;
		flows += f->s.app[i].flows;
	}
	for (int i = 0; i < SECURITY_COUNT; i++) {
		security.packets += f->s.security[i].packets;
		security.bytes += f->s.security[i].bytes;
	}
	assert_int_equal(app.packets, f->in.packets);
	assert_int_equal(app.bytes, f->in.bytes);
	assert_int_equal(security.packets, f->in.packets);
	assert_int_equal(security.bytes, f->in.bytes);
	for (int i = 0; i < TRANSPORT_COUNT; i++)
		by_transport += f->s.transport_flows[i];
	assert_int_equal(flows, f->s.flows_total);
	assert_int_equal(by_transport, f->s.flows_total);
	assert_int_equal(f->s.flows_active, f->s.flows_total - f->ended);
}

/* Everything ends; rows add up to what went in, and there are as many as flows were counted. */
static void finish(struct fixture *f, uint64_t now)
{
	flow_table_finish(f->t, now);
	assert_int_equal(f->out.packets, f->in.packets);
	assert_int_equal(f->out.bytes, f->in.bytes);
	assert_totals(f);
	assert_int_equal(f->s.flows_total, f->ended);
	assert_int_equal(f->s.flows_active, 0);
	assert_int_equal(f->s.n_flows, 0);
}

static const struct flow_view *only_row(struct fixture *f, uint64_t now, enum flow_end end)
{
	finish(f, now);
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->rows[0].end, end);
	return &f->rows[0].flow;
}

static uint64_t draw(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ull;
	return (*state ^ *state >> 29) * 0xbf58476d1ce4e5b9ull >> 20;
}

/* ---- one flow ---- */

static void test_both_directions(void **state)
{
	struct fixture *f = fixture_new(0);
	struct flow_key ab = key_of(1, 40000, 99, 443, TCP), ba = turned(&ab);
	const struct flow_view *v;
	struct flow_delta d;

	(void)state;
	ab.ifindex = ba.ifindex = 2;
	ab.link = 7;
	ba.link = 7 | FLOW_EGRESS;
	d = add(f, &ab, t0, t0 + 50 * ms, 3, 300, TCP_SYN, unknown);
	assert_true(d.opened && d.from_opener);
	d = add(f, &ba, t0 + 10 * ms, t0 + 60 * ms, 5, 5000, TCP_SYN | TCP_ACK, unknown);
	assert_false(d.opened || d.from_opener);
	d = add(f, &ab, t0 + 60 * ms, t0 + 80 * ms, 7, 700, TCP_PSH | TCP_ACK, unknown);
	assert_true(!d.opened && d.from_opener);
	v = only_row(f, t0 + second, FLOW_END_EXIT);
	assert_memory_equal(v->saddr, ab.saddr, 16);
	assert_memory_equal(v->daddr, ab.daddr, 16);
	assert_int_equal(v->sport, 40000);
	assert_int_equal(v->dport, 443);
	assert_int_equal(v->proto, TCP);
	assert_int_equal(v->vlan, 7);
	assert_int_equal(v->packets, 10);
	assert_int_equal(v->bytes, 1000);
	assert_int_equal(v->packets_rev, 5);
	assert_int_equal(v->bytes_rev, 5000);
	assert_int_equal(v->tcp_flags, TCP_SYN | TCP_ACK | TCP_PSH);
	assert_int_equal(v->first, t0);
	assert_int_equal(v->last, t0 + 80 * ms);
	assert_string_equal(v->interface, "eth0");
	assert_string_equal(v->name, "resolved.example");
	assert_true(v->handshake_ms < 0);
	fixture_free(f);
}

static void test_what_makes_a_flow(void **state)
{
	struct fixture *f = fixture_new(0);
	struct flow_key k = key_of(1, 1000, 2, 53, UDP), other = k;

	(void)state;
	add(f, &k, t0, t0, 1, 100, 0, unknown);
	other.link = 12; /* a VLAN does not */
	assert_false(add(f, &other, t0, t0, 1, 100, 0, unknown).opened);
	other.ifindex = 3; /* an interface does, and each part of the five-tuple */
	assert_true(add(f, &other, t0, t0, 1, 100, 0, unknown).opened);
	other = k;
	other.proto = TCP;
	assert_true(add(f, &other, t0, t0, 1, 100, 0, unknown).opened);
	for (size_t i = 0; i < 36; i++) { /* both addresses, both ports */
		other = k;
		((uint8_t *)&other)[i] ^= 0x80;
		assert_true(add(f, &other, t0, t0, 1, 100, 0, unknown).opened);
	}
	finish(f, t0);
	assert_int_equal(f->ended, 39);
	fixture_free(f);
}

static void test_same_ends(void **state)
{
	struct fixture *f = fixture_new(0);
	struct flow_key land = key_of(1, 80, 1, 80, TCP);

	(void)state;
	add(f, &land, t0, t0, 2, 100, TCP_SYN, unknown);
	assert_int_equal(only_row(f, t0, FLOW_END_EXIT)->packets, 2);
	fixture_free(f);
}

/* ---- who opened it ---- */

enum { NONE = -1 };

static const struct opener_case {
	const char *name;
	uint8_t proto;
	uint16_t port[2];
	int tick_ms[2]; /* of each end's delta; NONE: no delta */
	int copy_us[2]; /* of each end's first copied packet; NONE: none */
	uint8_t delta_flags[2], copy_flags[2];
	int opener;
} openers[] = {
	{"SYN of a delta, later by tick",
	 TCP,
	 {1, 2},
	 {90, 10},
	 {NONE, NONE},
	 {TCP_SYN, TCP_ACK},
	 {0},
	 0},
	{"SYN of a copy, later by copy",
	 TCP,
	 {1, 2},
	 {10, 10},
	 {9000, 1000},
	 {0},
	 {TCP_SYN, TCP_ACK},
	 0},
	{"SYN+ACK does not open",
	 TCP,
	 {5, 5},
	 {20, 0},
	 {NONE, NONE},
	 {TCP_SYN | TCP_ACK, TCP_ACK},
	 {0},
	 1},
	{"earliest copy in one tick", UDP, {53, 4000}, {0, 0}, {3, 4}, {0}, {0}, 0},
	{"earliest copy in one tick, turned", UDP, {4000, 53}, {0, 0}, {4, 3}, {0}, {0}, 1},
	{"earliest tick", UDP, {53, 4000}, {0, 4}, {NONE, NONE}, {0}, {0}, 0},
	{"same tick: higher port", UDP, {53, 4000}, {8, 8}, {NONE, NONE}, {0}, {0}, 1},
	{"same tick, same ports: first heard of", UDP, {9, 9}, {8, 8}, {NONE, NONE}, {0}, {0}, 0},
	{"one copy, ticks differ", UDP, {53, 4000}, {4, 8}, {9000, NONE}, {0}, {0}, 0},
	{"one copy, same tick: higher port", UDP, {53, 4000}, {4, 4}, {5000, NONE}, {0}, {0}, 1},
	{"copy of a later packet: ticks", UDP, {4000, 53}, {0, 40}, {90000, 41000}, {0}, {0}, 0},
	{"only the answer was seen", UDP, {53, 4000}, {5, NONE}, {NONE, NONE}, {0}, {0}, 0},
	{"copy long before the other's tick",
	 UDP,
	 {53, 4000},
	 {NONE, 50},
	 {2000, NONE},
	 {0},
	 {0},
	 0},
};

static void opener_check(const struct opener_case *c, int turn)
{
	struct fixture *f = fixture_new(0);
	struct flow_key k[2];
	const struct flow_view *v;
	int opener;

	/* Addresses are put either way round: their order must not matter. */
	k[0] = turn & 1 ? key_of(1, c->port[0], 2, c->port[1], c->proto)
			: key_of(2, c->port[0], 1, c->port[1], c->proto);
	k[1] = turned(&k[0]);
	for (int i = 0; i < 2; i++) {
		if (turn & 2 && c->copy_us[i] != NONE)
			note(f, &k[i], t0 + c->copy_us[i] * 1000ull, c->copy_flags[i], NULL);
	}
	for (int i = 0; i < 2; i++) {
		if (c->tick_ms[i] != NONE)
			add(f, &k[i], t0 + c->tick_ms[i] * ms, t0 + 100 * ms, 1 + i, 60,
			    c->delta_flags[i], unknown);
	}
	for (int i = 0; i < 2; i++) {
		if (!(turn & 2) && c->copy_us[i] != NONE)
			note(f, &k[i], t0 + c->copy_us[i] * 1000ull, c->copy_flags[i], NULL);
	}
	v = only_row(f, t0 + second, FLOW_END_EXIT);
	opener = memcmp(v->saddr, k[0].saddr, 16) ? 1 : 0;
	if (opener != c->opener || v->sport != c->port[opener])
		fail_msg("%s (turn %d): opener %d", c->name, turn, opener);
	fixture_free(f);
}

static void test_opener(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(openers) / sizeof(*openers); i++)
		for (int turn = 0; turn < 4; turn++)
			opener_check(&openers[i], turn);
}

/* The answer's delta comes first; who opened is learned later, and counts turn with it. */
static void test_opener_learned_late(void **state)
{
	struct fixture *f = fixture_new(0);
	struct flow_key ab = key_of(1, 40000, 2, 80, TCP), ba = turned(&ab);
	const struct flow_view *v;

	(void)state;
	assert_true(add(f, &ba, t0 + 4 * ms, t0 + 4 * ms, 2, 20, TCP_SYN | TCP_ACK, unknown)
			    .from_opener);
	assert_true(add(f, &ab, t0, t0, 1, 10, TCP_SYN, unknown).from_opener);
	assert_false(add(f, &ba, t0, t0, 4, 40, TCP_ACK, unknown).from_opener);
	v = only_row(f, t0, FLOW_END_EXIT);
	assert_int_equal(v->sport, 40000);
	assert_int_equal(v->packets, 1);
	assert_int_equal(v->packets_rev, 6);
	fixture_free(f);
}

/* ---- time ---- */

static void test_exact_times(void **state)
{
	struct fixture *f = fixture_new(0);
	struct flow_key k = key_of(1, 40000, 2, 53, UDP), r = turned(&k);
	const struct flow_view *v;

	(void)state;
	note(f, &k, t0 + 3 * ms + 123, 0, NULL);
	add(f, &k, t0, t0 + 8 * ms, 2, 200, 0, unknown);
	add(f, &r, t0 + 4 * ms, t0 + 4 * ms, 1, 200, 0, unknown);
	note(f, &k, t0 + 9 * ms + 7, 0, NULL);
	v = only_row(f, t0, FLOW_END_EXIT);
	assert_int_equal(v->first, t0 + 3 * ms + 123);
	assert_int_equal(v->last, t0 + 9 * ms + 7);
	fixture_free(f);

	f = fixture_new(0); /* a copy that was not of the first packet does not move the start */
	add(f, &k, t0, t0 + 80 * ms, 2, 200, 0, unknown);
	note(f, &k, t0 + 50 * ms, 0, NULL);
	assert_int_equal(only_row(f, t0, FLOW_END_EXIT)->first, t0);
	fixture_free(f);
}

static void test_handshake(void **state)
{
	struct flow_key k = key_of(1, 40000, 2, 80, TCP), r = turned(&k);
	struct fixture *f = fixture_new(0);

	(void)state;
	note(f, &k, t0, TCP_SYN, NULL);
	note(f, &k, t0 + 1000 * ms, TCP_SYN, NULL); /* again */
	note(f, &r, t0 + 1020 * ms, TCP_SYN | TCP_ACK, NULL);
	note(f, &k, t0 + 1021 * ms + 500000, TCP_ACK, NULL);
	note(f, &k, t0 + 1022 * ms, TCP_ACK | TCP_PSH, NULL);
	add(f, &k, t0, t0 + 1030 * ms, 4, 300, TCP_SYN | TCP_ACK, unknown);
	assert_true(fabs(only_row(f, t0, FLOW_END_EXIT)->handshake_ms - 1021.5) < 1e-9);
	fixture_free(f);

	f = fixture_new(0); /* refused: none */
	note(f, &k, t0, TCP_SYN, NULL);
	note(f, &r, t0 + ms, TCP_RST | TCP_ACK, NULL);
	add(f, &k, t0, t0, 1, 60, TCP_SYN, unknown);
	add(f, &r, t0, t0, 1, 60, TCP_RST | TCP_ACK, unknown);
	assert_true(only_row(f, t0, FLOW_END_RST)->handshake_ms < 0);
	fixture_free(f);
}

/* ---- the end ---- */

static void test_ends(void **state)
{
	static const struct {
		uint8_t flags[2];
		enum flow_end end;
	} cases[] = {
		{{TCP_SYN | TCP_ACK | TCP_FIN, TCP_SYN | TCP_ACK | TCP_FIN}, FLOW_END_FIN},
		{{TCP_FIN | TCP_ACK, TCP_RST}, FLOW_END_RST},
		{{TCP_FIN | TCP_RST, TCP_FIN | TCP_ACK}, FLOW_END_FIN},
		{{TCP_FIN | TCP_ACK, TCP_ACK}, FLOW_END_EXIT},
		{{TCP_ACK, TCP_ACK}, FLOW_END_EXIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct flow_key k = key_of(1, 40000, 2, 80, TCP), r = turned(&k);
		struct fixture *f = fixture_new(0);

		add(f, &k, t0, t0, 1, 60, cases[i].flags[0], unknown);
		add(f, &r, t0, t0, 1, 60, cases[i].flags[1], unknown);
		only_row(f, t0 + second, cases[i].end);
		fixture_free(f);
	}
}

static void test_port_reuse(void **state)
{
	struct flow_key k = key_of(1, 40000, 2, 80, TCP), r = turned(&k);
	struct fixture *f = fixture_new(0);
	uint8_t whole = TCP_SYN | TCP_ACK | TCP_FIN;

	(void)state;
	add(f, &k, t0, t0 + 100 * ms, 5, 500, whole, unknown);
	/* An open connection's second SYN, or a late delta of a closed one, starts nothing. */
	assert_false(add(f, &k, t0 + 200 * ms, t0 + 200 * ms, 1, 60, TCP_SYN, unknown).opened);
	assert_false(add(f, &r, t0 + 10 * ms, t0 + 100 * ms, 6, 600, whole, unknown).opened);
	assert_false(add(f, &k, t0, t0 + 100 * ms, 1, 60, TCP_SYN, unknown).opened);
	assert_false(add(f, &k, t0 + 300 * ms, t0 + 300 * ms, 1, 60, TCP_ACK, unknown).opened);
	assert_int_equal(f->ended, 0);
	/* A SYN after the close does, whichever side is heard of first. */
	assert_true(add(f, &r, t0 + 420 * ms, t0 + 900 * ms, 2, 200, TCP_SYN | TCP_ACK, unknown)
			    .opened);
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->rows[0].end, FLOW_END_FIN);
	assert_int_equal(f->rows[0].flow.packets, 8);
	assert_int_equal(f->rows[0].flow.packets_rev, 6);
	assert_false(add(f, &k, t0 + 410 * ms, t0 + 900 * ms, 3, 300, TCP_SYN | TCP_ACK, unknown)
			     .opened);
	/* News of the old connection is counted but does not close the new one. */
	add(f, &k, t0 + 300 * ms, t0 + 310 * ms, 1, 60, TCP_FIN | TCP_ACK, unknown);
	add(f, &r, t0 + 300 * ms, t0 + 310 * ms, 1, 60, TCP_FIN | TCP_ACK, unknown);
	finish(f, t0 + second);
	assert_int_equal(f->ended, 2);
	assert_int_equal(f->rows[1].end, FLOW_END_EXIT);
	assert_int_equal(f->rows[1].flow.sport, 40000);
	fixture_free(f);
}

/* Silence is judged by the deltas' times, whether or not anybody swept in between. */
static void test_silence_splits(void **state)
{
	struct flow_key k = key_of(1, 40000, 2, 53, UDP);

	(void)state;
	for (int sweep = 0; sweep < 2; sweep++) {
		struct fixture *f = fixture_new(0);

		add(f, &k, t0, t0, 1, 100, 0, unknown);
		assert_false(
			add(f, &k, t0 + 60 * second, t0 + 60 * second, 1, 100, 0, unknown).opened);
		for (int i = 0; sweep && i <= 10; i++)
			flow_table_expire(f->t, t0 + (121 + i) * second);
		assert_int_equal(f->ended, sweep);
		assert_true(add(f, &k, t0 + 140 * second, t0 + 140 * second, 1, 100, 0, unknown)
				    .opened);
		finish(f, t0 + 140 * second);
		assert_int_equal(f->rows[0].end, FLOW_END_IDLE);
		assert_int_equal(f->rows[0].flow.packets, 2);
		assert_int_equal(f->rows[1].end, FLOW_END_EXIT);
		fixture_free(f);
	}
}

static void test_expire(void **state)
{
	struct fixture *f = fixture_new(0);
	uint64_t now = t0;
	size_t before = 0;

	(void)state;
	for (uint32_t i = 0; i < 30000; i++) {
		struct flow_key k = key_of(i, 40000, 1 << 20, 80, i % 3 ? UDP : TCP);
		uint8_t flags = i % 3 ? 0 : TCP_RST;

		add(f, &k, now, now, 1, 100, flags, unknown);
	}
	flow_table_expire(f->t, now);
	assert_int_equal(f->ended, 0);
	for (int i = 0; i < 12; i++) {
		before = f->ended;
		flow_table_expire(f->t, now += second);
		assert_true(f->ended - before <= 4096 + 64);
	}
	assert_int_equal(f->ended, 10000);
	assert_int_equal(f->ends[FLOW_END_RST], 10000);
	for (int i = 12; i <= 60; i++)
		flow_table_expire(f->t, now = t0 + i * second);
	assert_int_equal(f->ended, 10000);
	/* Nobody called for long: what is due is done over the next calls. */
	now = t0 + 1000 * second;
	for (int i = 0; i < 5; i++) {
		before = f->ended;
		flow_table_expire(f->t, now);
		assert_true(f->ended - before <= 4096 + 64);
	}
	assert_int_equal(f->ends[FLOW_END_IDLE], 20000);
	flow_table_expire(f->t, 5); /* a clock that goes back is survived */
	flow_table_expire(f->t, UINT64_MAX);
	finish(f, now);
	fixture_free(f);
}

/* An hour on, two hours back: what was silent for so long still is, and lasts as long as it did.
 */
static void test_clock_set(void **state)
{
	static const int64_t steps[] = {3600, -7200};
	struct flow_key k = key_of(1, 40000, 2, 53, UDP), closed = key_of(1, 40001, 2, 80, TCP);
	uint64_t now = t0 + 41 * second;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct fixture *f = fixture_new(0);
		uint64_t then = now + steps[i] * second;

		add(f, &k, t0, t0 + second, 2, 100, 0, unknown);
		flow_table_expire(f->t, now);
		flow_table_clock_set(f->t, steps[i] * (int64_t)second);
		for (int s = 0; s < 10; s++)
			flow_table_expire(f->t, then + s * second);
		assert_int_equal(f->ended, 0);
		assert_false(add(f, &k, then, then, 1, 100, 0, unknown).opened);
		add(f, &closed, then, then, 1, 60, TCP_RST, unknown);
		for (int s = 0; s < 20; s++)
			flow_table_expire(f->t, then + s * second);
		assert_int_equal(f->ends[FLOW_END_RST], 1);
		finish(f, then);
		assert_int_equal(f->rows[1].flow.packets, 3);
		assert_int_equal(f->rows[1].flow.first, then - 41 * second);
		assert_int_equal(f->rows[1].flow.last, then);
		fixture_free(f);
	}
}

/* ---- totals ---- */

static void assert_count(const struct count *c, uint64_t packets)
{
	assert_int_equal(c->packets, packets);
	assert_int_equal(c->bytes, packets * 100);
}

static void test_verdict_rises(void **state)
{
	struct verdict port = {APP_SSH, SURE_PORT, SECURITY_ENCRYPTED};
	struct verdict http = {APP_HTTP, SURE_PAYLOAD, SECURITY_UNENCRYPTED};
	struct flow_key k = key_of(1, 40000, 2, 22, TCP), r = turned(&k);
	struct fixture *f = fixture_new(0);

	(void)state;
	add(f, &k, t0, t0, 1, 100, 0, unknown);
	assert_totals(f);
	assert_count(&f->s.security[SECURITY_UNKNOWN], 1);
	assert_int_equal(f->s.app[APP_OTHER].flows, 1);
	add(f, &k, t0, t0, 2, 200, 0, port); /* a guess: all is counted as it says */
	assert_totals(f);
	assert_count(&f->s.security[SECURITY_ENCRYPTED], 3);
	assert_int_equal(f->s.app[APP_SSH].packets, 3);
	assert_int_equal(f->s.app[APP_OTHER].flows, 0);
	add(f, &r, t0, t0, 4, 400, 0, unknown);
	add(f, &r, t0, t0, 8, 800, 0, http); /* the truth: the guess is taken back */
	add(f, &k, t0, t0, 16, 1600, 0, port);
	add(f, &k, t0, t0, 32, 3200, 0, unknown);
	assert_totals(f);
	assert_count(&f->s.security[SECURITY_UNENCRYPTED], 63);
	assert_count(&f->s.security[SECURITY_ENCRYPTED], 0);
	assert_int_equal(f->s.app[APP_HTTP].packets, 63);
	assert_int_equal(f->s.app[APP_HTTP].flows, 1);
	assert_int_equal(f->s.app[APP_SSH].flows, 0);
	assert_int_equal(only_row(f, t0, FLOW_END_EXIT)->verdict.app, APP_HTTP);
	fixture_free(f);
}

/* A flow that turns encrypted: what went before stays in the clear, what comes after is not. */
static void test_starttls(void **state)
{
	struct verdict clear = {APP_SMTP, SURE_PAYLOAD, SECURITY_UNENCRYPTED};
	struct verdict secret = {APP_SMTP, SURE_PAYLOAD, SECURITY_ENCRYPTED};
	struct flow_key k = key_of(1, 40000, 2, 25, TCP), r = turned(&k);
	struct fixture *f = fixture_new(0);

	(void)state;
	add(f, &r, t0, t0, 1, 100, 0, unknown);
	add(f, &k, t0, t0, 2, 200, 0, clear);
	add(f, &r, t0, t0, 32, 3200, 0, unknown);
	add(f, &k, t0, t0, 4, 400, 0, secret);
	add(f, &r, t0, t0, 8, 800, 0, clear); /* late news of the other direction */
	add(f, &r, t0, t0, 16, 1600, 0, unknown);
	assert_totals(f);
	assert_count(&f->s.security[SECURITY_UNENCRYPTED], 43);
	assert_count(&f->s.security[SECURITY_ENCRYPTED], 20);
	assert_int_equal(f->s.app[APP_SMTP].packets, 63);
	finish(f, t0);
	fixture_free(f);
}

static void test_verdict_of_a_copy(void **state)
{
	struct verdict dns = {APP_DNS, SURE_PAYLOAD, SECURITY_UNENCRYPTED};
	struct verdict nonsense = {APP_COUNT, SURE_PAYLOAD, SECURITY_COUNT};
	struct flow_key k = key_of(1, 40000, 2, 5300, UDP);
	struct packet p = {.key = k, .outcome = OUTCOME_FLOW};
	struct event e = {.ts = t0, .packet = &p};
	struct fixture *f = fixture_new(0);

	(void)state;
	flow_table_note(f->t, &e, NULL, nonsense);
	add(f, &k, t0, t0, 1, 100, 0, nonsense);
	assert_totals(f);
	assert_count(&f->s.security[SECURITY_UNKNOWN], 1);
	flow_table_note(f->t, &e, NULL, dns);
	assert_totals(f);
	assert_count(&f->s.security[SECURITY_UNENCRYPTED], 1);
	assert_int_equal(f->s.app[APP_DNS].flows, 1);
	finish(f, t0);
	fixture_free(f);
}

/* ---- copies and names ---- */

/* Copies of a flow whose packets are counted elsewhere make no row and no flow. */
static void test_copies_alone(void **state)
{
	struct flow_key k = key_of(1, 40000, 2, 80, TCP);
	struct packet fragment = {.key = k, .outcome = NOT_FLOW_LATER_FRAGMENT};
	struct event e = {.ts = t0, .packet = &fragment};
	struct fixture *f = fixture_new(0);

	(void)state;
	note(f, &k, t0, TCP_SYN, "www.example");
	flow_table_note(f->t, &e, "fragment.example", unknown);
	assert_totals(f);
	assert_int_equal(f->s.flows_active, 0);
	assert_int_equal(f->s.n_flows, 0);
	finish(f, t0);
	assert_int_equal(f->ended, 0);
	fixture_free(f);
}

static void test_names(void **state)
{
	struct fixture *f = fixture_new(64);
	char name[400], first[NAME_LEN];
	size_t named = 0;

	(void)state;
	/* More flows and names than there is room for, time and again: none gets another's name. */
	for (uint32_t i = 0; i < 20000; i++) {
		struct flow_key k = key_of(i, 40000, 2, 443, TCP);

		snprintf(name, sizeof(name), "host-%u.example", i / 2);
		note(f, &k, t0 + i * ms, TCP_ACK, name);
		add(f, &k, t0 + i * ms, t0 + i * ms, i, i, TCP_ACK, unknown);
	}
	finish(f, t0);
	for (size_t i = 0; i < ROWS; i++) {
		const struct flow_view *v = &f->rows[i].flow;
		uint32_t host;

		memcpy(&host, v->saddr + 12, 4);
		host = ntohl(host) - 0x0a000000;
		snprintf(name, sizeof(name), "host-%u.example", host / 2);
		assert_int_equal(v->packets, host);
		if (*v->name)
			assert_string_equal(v->name, name);
		named += *v->name != 0;
	}
	assert_in_range(named, ROWS * 3 / 4, ROWS); /* a full bucket of names leaves some without */
	fixture_free(f);

	f = fixture_new(0); /* longer than a name may be: cut */
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(first, name, sizeof(first) - 1);
	first[sizeof(first) - 1] = '\0';
	struct flow_key k = key_of(1, 40000, 99, 443, TCP);
	note(f, &k, t0, TCP_ACK, "");
	note(f, &k, t0, TCP_ACK, name);
	note(f, &k, t0, TCP_ACK, "later.example"); /* the first name stays */
	add(f, &k, t0, t0, 1, 1, TCP_ACK, unknown);
	assert_string_equal(only_row(f, t0, FLOW_END_EXIT)->name, first);
	fixture_free(f);
}

/* ---- many flows ---- */

static int by_recent(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	if (x[0] != y[0])
		return x[0] < y[0] ? 1 : -1;
	return (x[1] < y[1]) - (x[1] > y[1]);
}

/* The top flows are those that sorting everything would give. */
static void test_top(void **state)
{
	enum { FLOWS = 3000 };
	static uint64_t model[FLOWS][2]; /* bytes of this interval, bytes in all */
	struct fixture *f = fixture_new(0);
	uint64_t random = 5;

	(void)state;
	for (int interval = 0; interval < 4; interval++) {
		for (int i = 0; i < FLOWS; i++)
			model[i][0] = 0;
		/* In the last interval fewer flows than are shown have traffic. */
		for (int i = 0; i < (interval < 3 ? 20000 : 100); i++) {
			uint32_t n = draw(&random) % FLOWS;
			struct flow_key k = key_of(n, 40000, 1 << 20, 80, UDP), r = turned(&k);
			uint64_t bytes = draw(&random) % 1000000;

			add(f, i % 2 ? &k : &r, t0, t0, 1, bytes, 0, unknown);
			model[n][0] += bytes;
			model[n][1] += bytes;
		}
		uint64_t sorted[FLOWS][2];

		memcpy(sorted, model, sizeof(model));
		qsort(sorted, FLOWS, sizeof(*sorted), by_recent);
		flow_table_fill(f->t, &f->s, 2);
		assert_int_equal(f->s.n_flows, SNAPSHOT_FLOWS);
		for (int i = 0; i < SNAPSHOT_FLOWS; i++) {
			const struct flow_view *v = &f->s.flows[i];

			assert_true(v->bps == sorted[i][0] / 2.0 * 8);
			assert_int_equal(v->bytes + v->bytes_rev, sorted[i][1]);
		}
	}
	finish(f, t0);
	fixture_free(f);
}

/* A naive model: every flow in an array, no hashing, no buckets. Order of deltas is random. */
struct model {
	struct flow_key k[2];
	struct count n[2];
	uint64_t first, last;
	uint8_t flags;
	bool known;
};

/* Any delta of any of `flows` flows. */
static struct flow_delta delta_of_model(struct model *models, uint32_t flows, uint64_t *random,
					struct model **of, int *way)
{
	uint32_t n = draw(random) % flows;
	struct model *m = *of = &models[n];
	struct flow_delta d;

	*way = draw(random) & 1;
	m->k[0] = key_of(n % 40, 1000 + n / 40, 100 + n % 7, 80, n % 3 ? TCP : UDP);
	m->k[1] = turned(&m->k[0]);
	d = (struct flow_delta){.key = &m->k[*way]};
	d.first = t0 + draw(random) % 30 * second;
	d.last = d.first + draw(random) % second;
	d.packets = draw(random) % 1000;
	d.bytes = draw(random) << 10;
	d.tcp_flags = n % 3 ? draw(random) & (TCP_ACK | TCP_PSH | TCP_SYN) : 0;
	d.verdict.app = draw(random) % (APP_COUNT + 1);
	d.verdict.sure = draw(random) % 4;
	d.verdict.security = draw(random) % (SECURITY_COUNT + 1);
	return d;
}

static void model_add(struct model *m, int way, const struct flow_delta *d)
{
	if (!m->known || d->first < m->first)
		m->first = d->first;
	m->known = true;
	m->last = d->last > m->last ? d->last : m->last;
	m->n[way].packets += d->packets;
	m->n[way].bytes += d->bytes;
	m->flags |= d->tcp_flags;
}

static void assert_as_model(struct model *models, const struct flow_view *v)
{
	uint16_t port = v->dport == 80 ? v->sport : v->dport;
	const uint8_t *client = v->dport == 80 ? v->saddr : v->daddr;
	struct model *m = &models[(port - 1000) * 40 + client[15]];
	int way = v->dport != 80;

	assert_memory_equal(client, m->k[0].saddr, 16);
	assert_int_equal(v->proto, m->k[0].proto);
	assert_int_equal(v->packets, m->n[way].packets);
	assert_int_equal(v->bytes, m->n[way].bytes);
	assert_int_equal(v->packets_rev, m->n[!way].packets);
	assert_int_equal(v->bytes_rev, m->n[!way].bytes);
	assert_int_equal(v->first, m->first);
	assert_int_equal(v->last, m->last);
	assert_int_equal(v->tcp_flags, m->flags);
	assert_true(m->known);
	m->known = false; /* once each */
}

static void differential(uint64_t seed, bool batch)
{
	enum { FLOWS = 1000, DELTAS = 60000 };
	static struct model models[FLOWS], *m;
	static struct flow_delta deltas[DELTAS];
	struct fixture *f = fixture_new(4096);
	size_t flows = 0;
	int way;

	memset(models, 0, sizeof(models));
	for (int i = 0; i < DELTAS; i++) {
		deltas[i] = delta_of_model(models, FLOWS, &seed, &m, &way);
		flows += !m->known;
		model_add(m, way, &deltas[i]);
		f->in.packets += deltas[i].packets;
		f->in.bytes += deltas[i].bytes;
		if (!batch)
			flow_table_add(f->t, &deltas[i]);
	}
	if (batch)
		flow_table_add_batch(f->t, deltas, DELTAS);
	assert_totals(f);
	assert_int_equal(f->s.flows_active, flows);
	finish(f, t0 + 31 * second);
	assert_int_equal(f->ended, flows);
	for (size_t i = 0; i < flows; i++)
		assert_as_model(models, &f->rows[i].flow);
	fixture_free(f);
}

static void test_differential(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		differential(seed, seed % 2);
}

/* Anything at all, in a table far too small, with ends, reuse, sweeps and time going both ways. */
static void test_random_load_is_exact(void **state)
{
	struct fixture *f = fixture_new(256);
	uint64_t random = 11, now = t0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint32_t n = draw(&random) % 1500;
		struct flow_key k = key_of(n % 50, n, 100, 80, n % 2 ? TCP : UDP), r = turned(&k);
		struct verdict v = {draw(&random) % APP_COUNT, draw(&random) % 4,
				    draw(&random) % SECURITY_COUNT};
		uint64_t first = now - draw(&random) % (5 * second);

		now += draw(&random) % (20 * ms);
		if (i % 7 == 0)
			note(f, i % 2 ? &k : &r, now, draw(&random), i % 3 ? "a.example" : NULL);
		add(f, i % 2 ? &k : &r, first, now, draw(&random) % 50, draw(&random) % 9000,
		    n % 2 ? draw(&random) : 0, v);
		if (i % 1000 == 0)
			flow_table_expire(f->t, now);
		if (i % 50000 == 0)
			assert_totals(f);
	}
	assert_true(f->ends[FLOW_END_EVICTED] > 1000);
	assert_true(f->ends[FLOW_END_FIN] > 10 && f->ends[FLOW_END_RST] > 1000);
	finish(f, now);
	fixture_free(f);
}

/* A flood of new sources: bounded, exact, and the flows that matter are never cut in two. */
static void test_flood(void **state)
{
	enum { ELEPHANTS = 100, FLOOD = 1000000 };
	struct fixture *f = fixture_new(4096);
	size_t memory = flow_table_memory(f->t), seen = 0;
	uint64_t now = t0;

	(void)state;
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct flow_key k = key_of(1000 + i, i, 1, 80, TCP);

		now += 10000; /* 100,000 new sources a second, a tick a second for the elephants */
		add(f, &k, now, now, 1, 60, TCP_SYN, unknown);
		for (uint32_t e = 0; i % 100000 == 0 && e < ELEPHANTS; e++) {
			k = key_of(e, 50000, 1, 443, TCP);
			add(f, &k, now, now, 1000, 1500000, TCP_ACK, unknown);
		}
	}
	assert_int_equal(flow_table_memory(f->t), memory);
	assert_totals(f);
	assert_true(f->s.flows_active <= 4096);
	assert_int_equal(f->ends[FLOW_END_EVICTED], f->ended);
	finish(f, now);
	for (size_t i = 0; i < ROWS; i++) {
		if (f->rows[i].flow.sport != 50000)
			continue;
		seen += f->rows[i].flow.dport == 443;
		if (f->rows[i].flow.dport == 443)
			assert_int_equal(f->rows[i].flow.packets, FLOOD / 100000 * 1000);
	}
	assert_int_equal(seen, ELEPHANTS);
	assert_int_equal(f->ended, FLOOD + ELEPHANTS);
	fixture_free(f);
}

/* What was large but is silent makes room for what is small but lives. */
static void test_silent_go_first(void **state)
{
	enum { SILENT = 4096, NEW = 100 };
	struct fixture *f = fixture_new(SILENT);

	(void)state;
	for (uint32_t i = 0; i < SILENT + NEW; i++) {
		struct flow_key k = key_of(i, 40000, 1 << 20, 80, UDP);
		uint64_t now = i < SILENT ? t0 : t0 + 30 * second;

		add(f, &k, now, now, i < SILENT ? 1000 : 2, 60, 0, unknown);
	}
	for (size_t i = 0; i < f->ended; i++)
		assert_int_equal(f->rows[i].flow.packets, 1000);
	assert_true(f->ends[FLOW_END_EVICTED] >= NEW);
	finish(f, t0 + 30 * second);
	fixture_free(f);
}

static void test_limits(void **state)
{
	struct flow_table_config config = {.flows_max = (size_t)1 << 40};
	struct flow_table *t;
	struct snapshot *s = calloc(1, sizeof(*s));
	struct flow_key k = key_of(1, 1, 2, 2, UDP);
	struct flow_delta d = {.key = &k, .first = 0, .last = UINT64_MAX, .packets = 1};

	(void)state;
	assert_null(flow_table_new(&config));
	config.flows_max = 1; /* fewer than the least: still works, calls may be NULL */
	t = flow_table_new(&config);
	assert_non_null(t);
	for (uint32_t i = 0; i < 1000; i++) {
		k = key_of(i, 1, 2, 2, UDP);
		flow_table_add(t, &d);
	}
	flow_table_fill(t, s, 0);
	assert_int_equal(s->flows_total, 1000);
	assert_true(s->flows_active <= 64);
	assert_true(s->flows[0].bps == 0);
	flow_table_finish(t, 0);
	flow_table_free(t);
	flow_table_free(NULL);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_directions),
		cmocka_unit_test(test_what_makes_a_flow),
		cmocka_unit_test(test_same_ends),
		cmocka_unit_test(test_opener),
		cmocka_unit_test(test_opener_learned_late),
		cmocka_unit_test(test_exact_times),
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_port_reuse),
		cmocka_unit_test(test_silence_splits),
		cmocka_unit_test(test_expire),
		cmocka_unit_test(test_clock_set),
		cmocka_unit_test(test_verdict_rises),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_verdict_of_a_copy),
		cmocka_unit_test(test_copies_alone),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_differential),
		cmocka_unit_test(test_random_load_is_exact),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_silent_go_first),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
