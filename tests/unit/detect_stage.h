/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A stage for detectors: all of them as in the program, a clock that the test owns, and a record of
 * every alert that opened and closed.
 */
#ifndef DETECT_STAGE_H
#define DETECT_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect/detect.h"

enum { STAGE_ALERTS = 512 };

#define STAGE_SECOND 1000000000ull

struct stage {
	struct detect *detect;
	uint64_t now;
	struct counters counters;
	uint64_t packets, bytes;
	double new_sources;
	struct alert opened[STAGE_ALERTS], closed[STAGE_ALERTS];
	unsigned n_opened, n_closed;
	char ini[64];
};

struct stage_flow {
	const char *src, *dst;
	uint16_t sport, dport;
	uint8_t proto;
	uint64_t packets, bytes;
	uint8_t flags;
	bool opened, answer; /* answer: not from whoever opened the flow */
	struct verdict verdict;
};

static inline void stage_told(void *arg, const char *detector, const struct alert *a)
{
	struct stage *s = arg;

	assert_string_equal(detector, a->detector);
	assert_true(a->reason[0] && a->subject[0] && a->kind[0] && a->unit[0]);
	if (a->end) {
		assert_true(s->n_closed < STAGE_ALERTS);
		s->closed[s->n_closed++] = *a;
	} else {
		assert_true(s->n_opened < STAGE_ALERTS);
		s->opened[s->n_opened++] = *a;
	}
}

/* Writes text into a new file and its name into `path`. */
static inline void stage_file(char path[64], const char *text)
{
	FILE *f;

	strcpy(path, "/tmp/test_detect_XXXXXX");
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline struct stage *stage_new_with(struct detect_config c, const char *ini)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->now = 1700000000 * STAGE_SECOND;
	if (ini) {
		stage_file(s->ini, ini);
		c.ini_path = s->ini;
	}
	c.alert = stage_told;
	c.arg = s;
	s->detect = detect_new(&c);
	assert_non_null(s->detect);
	return s;
}

static inline struct stage *stage_new(const char *ini)
{
	return stage_new_with((struct detect_config){0}, ini);
}

static inline void stage_free(struct stage *s)
{
	detect_free(s->detect);
	if (s->ini[0])
		unlink(s->ini);
	free(s);
}

static inline void stage_addr(uint8_t addr[16], const char *text)
{
	memset(addr, 0, 16);
	if (strchr(text, ':')) {
		assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
		return;
	}
	addr[10] = addr[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, addr + 12), 1);
}

static inline void stage_flow(struct stage *s, const struct stage_flow *f)
{
	struct flow_key key __attribute__((aligned(8))) = {
		.proto = f->proto,
		.family = strchr(f->src, ':') ? 6 : 4,
		.sport = htons(f->sport),
		.dport = htons(f->dport),
	};
	struct flow_delta d = {
		.key = &key,
		.first = s->now,
		.last = s->now + STAGE_SECOND / 2,
		.packets = f->packets ? f->packets : 1,
		.bytes = f->bytes ? f->bytes : 60,
		.tcp_flags = f->flags,
		.verdict = f->verdict,
		.opened = f->opened,
		.from_opener = !f->answer,
	};

	stage_addr(key.saddr, f->src);
	stage_addr(key.daddr, f->dst);
	s->packets += d.packets;
	s->bytes += d.bytes;
	detect_flow(s->detect, &d);
}

/* Both directions of a TCP connection that came, spoke and went within the second. */
static inline void stage_connection(struct stage *s, const char *client, uint16_t port,
				    const char *server, uint16_t service, uint64_t packets,
				    uint64_t bytes)
{
	struct stage_flow f = {.src = client,
			       .dst = server,
			       .sport = port,
			       .dport = service,
			       .proto = 6,
			       .packets = packets,
			       .bytes = bytes,
			       .opened = true,
			       .flags = TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN};

	stage_flow(s, &f);
	f = (struct stage_flow){.src = server,
				.dst = client,
				.sport = service,
				.dport = port,
				.proto = 6,
				.packets = packets,
				.bytes = bytes,
				.answer = true,
				.flags = TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN};
	stage_flow(s, &f);
}

/* Ends a second. */
static inline void stage_tick(struct stage *s)
{
	struct tick t = {.elapsed_s = 1,
			 .packets = s->packets,
			 .bytes = s->bytes,
			 .new_sources = s->new_sources,
			 .counters = &s->counters};

	for (int i = 0; i < TRANSPORT_COUNT; i++)
		t.overflow_packets += s->counters.overflow[i].packets;
	s->now += STAGE_SECOND;
	t.now = s->now;
	detect_tick(s->detect, &t);
	memset(&s->counters, 0, sizeof(s->counters));
	s->packets = s->bytes = 0;
	s->new_sources = 0;
}

static inline void stage_quiet(struct stage *s, unsigned seconds)
{
	while (seconds--)
		stage_tick(s);
}

/* An address as text, 10.a.b.c; a ring, so that several can be used at a time. */
static inline const char *stage_ip(unsigned n)
{
	static char ring[8][16];
	static unsigned turn;
	char *text = ring[turn++ % 8];

	snprintf(text, sizeof(ring[0]), "10.%u.%u.%u", n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff);
	return text;
}

static inline void stage_show(const struct stage *s)
{
	for (unsigned i = 0; i < s->n_opened; i++)
		print_message("alert: %s %s %s: %s\n", s->opened[i].detector, s->opened[i].kind,
			      s->opened[i].subject, s->opened[i].reason);
}

/* Exactly one alert was ever opened: this one. */
static inline const struct alert *stage_only(const struct stage *s, const char *detector,
					     const char *kind, const char *subject)
{
	if (s->n_opened != 1)
		stage_show(s);
	assert_int_equal(s->n_opened, 1);
	assert_string_equal(s->opened[0].detector, detector);
	assert_string_equal(s->opened[0].kind, kind);
	assert_string_equal(s->opened[0].subject, subject);
	return &s->opened[0];
}

static inline void stage_none(const struct stage *s)
{
	stage_show(s);
	assert_int_equal(s->n_opened, 0);
}

/* The attack is over: ten quiet seconds close the one alert, and nothing opens again. */
static inline void stage_over(struct stage *s)
{
	stage_quiet(s, 10);
	if (s->n_opened != 1 || s->n_closed != 1)
		stage_show(s);
	assert_int_equal(s->n_opened, 1);
	assert_int_equal(s->n_closed, 1);
	assert_true(s->closed[0].end > s->closed[0].start);
	assert_string_equal(s->closed[0].kind, s->opened[0].kind);
	assert_string_equal(s->closed[0].subject, s->opened[0].subject);
}

#endif
