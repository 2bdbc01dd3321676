/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds DNS messages for tests. */
#ifndef TESTS_DNS_BUILD_H
#define TESTS_DNS_BUILD_H

#include <stdint.h>
#include <string.h>

#include "analysis/dns_wire.h"

struct build {
	uint8_t b[4096];
	size_t n;
};

static inline void put8(struct build *m, unsigned v)
{
	m->b[m->n++] = v;
}

static inline void put16(struct build *m, unsigned v)
{
	put8(m, v >> 8);
	put8(m, v & 0xff);
}

static inline void put32(struct build *m, uint32_t v)
{
	put16(m, v >> 16);
	put16(m, v & 0xffff);
}

static inline void put_bytes(struct build *m, const void *data, size_t n)
{
	memcpy(m->b + m->n, data, n);
	m->n += n;
}

/* "a.b" as labels; "" is the root. */
static inline void put_name(struct build *m, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		put8(m, n);
		put_bytes(m, name, n);
		name += n + (name[n] == '.');
	}
	put8(m, 0);
}

static inline void put_header(struct build *m, unsigned id, unsigned flags, unsigned questions,
			      unsigned answers, unsigned authority, unsigned additional)
{
	m->n = 0;
	put16(m, id);
	put16(m, flags);
	put16(m, questions);
	put16(m, answers);
	put16(m, authority);
	put16(m, additional);
}

static inline void put_question(struct build *m, const char *name, unsigned type)
{
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
}

/* A record named by a pointer to the first question; its data follows. */
static inline void put_record(struct build *m, unsigned type, uint32_t ttl, unsigned len)
{
	put16(m, 0xc000 | DNS_HEADER_LEN);
	put16(m, type);
	put16(m, 1);
	put32(m, ttl);
	put16(m, len);
}

/* An OPT record (RFC 6891): 1232 octets, the upper bits of the result code, DO set. */
static inline void put_opt(struct build *m, unsigned upper_rcode)
{
	put8(m, 0);
	put16(m, DNS_OPT);
	put16(m, 1232);
	put32(m, upper_rcode << 24 | 0x8000);
	put16(m, 0);
}

static inline void build_query(struct build *m, unsigned id, const char *name, unsigned type)
{
	put_header(m, id, DNS_RD, 1, 0, 0, 0);
	put_question(m, name, type);
}

/* An answer with one A record, 192.0.2.1. */
static inline void build_answer(struct build *m, unsigned id, const char *name, unsigned type,
				unsigned rcode)
{
	put_header(m, id, DNS_QR | DNS_RD | DNS_RA | rcode, 1, 1, 0, 0);
	put_question(m, name, type);
	put_record(m, DNS_A, 60, 4);
	put32(m, 0xc0000201);
}

#endif
