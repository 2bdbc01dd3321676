// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: well-formed messages are read to the last field; every message cut at any length, and
 * every hostile name, is refused by its reason and never read past its end; names come out as
 * printable ASCII.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dns_build.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- whole messages ---- */

static void build_rich(struct build *m)
{
	put_header(m, 0xbeef, DNS_QR | DNS_RD | DNS_RA | DNS_AA, 1, 6, 1, 2);
	put_question(m, "wWw.example.com", DNS_A);
	put_record(m, DNS_CNAME, 300, 6);
	put8(m, 3);
	put_bytes(m, "cdn", 3);
	put16(m, 0xc000 | (DNS_HEADER_LEN + 4)); /* cdn.example.com */
	put_record(m, DNS_A, 60, 4);
	put32(m, 0xc0000207);
	put_record(m, DNS_AAAA, 61, 16);
	for (int i = 0; i < 16; i++)
		put8(m, i);
	put_record(m, DNS_SRV, 62, 6 + 13);
	put16(m, 10);
	put16(m, 20);
	put16(m, 5060);
	put_name(m, "sip.example");
	put_record(m, DNS_HTTPS, 63, 3 + 7 + 12 + 4 + 16);
	put16(m, 1);
	put_name(m, "");
	put16(m, 1); /* alpn h2 */
	put16(m, 3);
	put_bytes(m, "\2h2", 3);
	put16(m, 4); /* ipv4hint */
	put16(m, 8);
	put32(m, 0xc0000208);
	put32(m, 0xc0000209);
	put16(m, 6); /* ipv6hint */
	put16(m, 16);
	for (int i = 0; i < 16; i++)
		put8(m, 0x20 + i);
	put_record(m, DNS_PTR, 64, 2);
	put16(m, 0xc000 | DNS_HEADER_LEN);
	put_record(m, 65400, 65, 5); /* a type that nobody knows */
	put_bytes(m, "\xff\xff\xff\xff\xff", 5);
	put_opt(m, 1);
	put_record(m, 1234, 66, 0);
}

/* The record at a place of the rich message, which it reads. */
static struct dns_record rich_record(struct dns_message *m, struct build *b, int place)
{
	struct dns_record r = {0};
	struct dns_cursor c;

	build_rich(b);
	assert_int_equal(dns_wire_read(m, b->b, b->n), DNS_WIRE_OK);
	c = dns_wire_records(m);
	for (int i = 0; i <= place; i++)
		assert_int_equal(dns_wire_next(&c, &r), DNS_WIRE_OK);
	return r;
}

static void assert_name(const struct dns_name *name, const char *expected)
{
	char text[DNS_TEXT_MAX];

	dns_wire_text(text, name);
	assert_string_equal(text, expected);
}

static void header_and_question_are_read(void **state)
{
	struct dns_message m;
	struct build b;

	(void)state;
	build_rich(&b);
	assert_int_equal(dns_wire_read(&m, b.b, b.n), DNS_WIRE_OK);
	assert_int_equal(m.id, 0xbeef);
	assert_int_equal(m.flags, DNS_QR | DNS_RD | DNS_RA | DNS_AA);
	assert_int_equal(dns_wire_opcode(&m), 0);
	assert_int_equal(m.qtype, DNS_A);
	assert_int_equal(m.qclass, 1);
	assert_name(&m.qname, "wWw.example.com");
}

static void addresses_and_names_are_read(void **state)
{
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 7};
	struct dns_message m;
	struct dns_record r;
	struct dns_name name;
	struct build b;
	uint8_t addr[16];

	(void)state;
	r = rich_record(&m, &b, 0);
	assert_int_equal(r.section, DNS_ANSWER);
	assert_int_equal(r.ttl, 300);
	assert_int_equal(dns_wire_target(&m, &r, &name), DNS_WIRE_OK);
	assert_name(&name, "cdn.example.com");
	assert_int_equal(dns_wire_address(&m, &r, addr), DNS_WIRE_BAD_RDATA);

	r = rich_record(&m, &b, 1);
	assert_int_equal(dns_wire_address(&m, &r, addr), DNS_WIRE_OK);
	assert_memory_equal(addr, mapped, 16);
	assert_int_equal(dns_wire_target(&m, &r, &name), DNS_WIRE_BAD_RDATA);

	r = rich_record(&m, &b, 2);
	assert_int_equal(dns_wire_address(&m, &r, addr), DNS_WIRE_OK);
	assert_int_equal(addr[15], 15);

	r = rich_record(&m, &b, 5);
	assert_int_equal(dns_wire_target(&m, &r, &name), DNS_WIRE_OK);
	assert_name(&name, "wWw.example.com");
}

static void services_and_hints_are_read(void **state)
{
	struct dns_service service;
	struct dns_message m;
	struct dns_record r;
	struct build b;
	uint8_t addr[4][16];
	size_t n;

	(void)state;
	r = rich_record(&m, &b, 3);
	assert_int_equal(dns_wire_service(&m, &r, &service), DNS_WIRE_OK);
	assert_int_equal(service.priority, 10);
	assert_int_equal(service.weight, 20);
	assert_int_equal(service.port, 5060);
	assert_name(&service.target, "sip.example");

	r = rich_record(&m, &b, 4);
	assert_int_equal(dns_wire_service(&m, &r, &service), DNS_WIRE_OK);
	assert_int_equal(service.priority, 1);
	assert_name(&service.target, ".");
	assert_int_equal(dns_wire_hints(&m, &r, addr, 4, &n), DNS_WIRE_OK);
	assert_int_equal(n, 3);
	assert_int_equal(addr[0][15], 8);
	assert_int_equal(addr[1][15], 9);
	assert_int_equal(addr[2][0], 0x20);
	assert_int_equal(dns_wire_hints(&m, &r, addr, 1, &n), DNS_WIRE_OK);
	assert_int_equal(n, 1);
}

static void unknown_types_and_edns_are_read(void **state)
{
	struct dns_message m;
	struct dns_record r;
	struct build b;

	(void)state;
	r = rich_record(&m, &b, 6);
	assert_int_equal(r.section, DNS_AUTHORITY);
	assert_int_equal(r.type, 65400);
	assert_int_equal(r.len, 5);

	r = rich_record(&m, &b, 7);
	assert_int_equal(r.section, DNS_ADDITIONAL);
	assert_int_equal(dns_wire_edns(&m, &r).rcode, 16);
	assert_int_equal(dns_wire_edns(&m, &r).udp_size, 1232);
	assert_true(dns_wire_edns(&m, &r).dnssec_ok);
	assert_int_equal(dns_wire_edns(&m, &r).version, 0);
	assert_int_equal(rich_record(&m, &b, 8).type, 1234);
}

/* Reads all there is; the copy on the heap ends where the message does, for the sanitizer. */
static enum dns_wire_result read_all(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1), addr[4][16];
	enum dns_wire_result result;
	struct dns_service service;
	struct dns_message m;
	struct dns_cursor c;
	struct dns_record r;
	struct dns_name name;
	size_t n;

	memcpy(exact, data, len);
	result = dns_wire_read(&m, exact, len);
	c = dns_wire_records(&m);
	while (result == DNS_WIRE_OK && (result = dns_wire_next(&c, &r)) == DNS_WIRE_OK) {
		dns_wire_address(&m, &r, addr[0]);
		dns_wire_target(&m, &r, &name);
		dns_wire_service(&m, &r, &service);
		dns_wire_hints(&m, &r, addr, 4, &n);
	}
	free(exact);
	return result;
}

static void every_cut_is_noticed(void **state)
{
	struct build b;

	(void)state;
	build_rich(&b);
	assert_int_equal(read_all(b.b, b.n), DNS_WIRE_END);
	for (size_t len = 0; len < b.n; len++) {
		enum dns_wire_result result = read_all(b.b, len);

		assert_true(result == DNS_WIRE_SHORT_HEADER || result == DNS_WIRE_SHORT_NAME ||
			    result == DNS_WIRE_SHORT_QUESTION || result == DNS_WIRE_SHORT_RECORD);
		assert_int_equal(result == DNS_WIRE_SHORT_HEADER, len < DNS_HEADER_LEN);
	}
}

static void every_flipped_octet_is_survived(void **state)
{
	struct build b, bad;

	(void)state;
	build_rich(&b);
	for (size_t i = 0; i < b.n; i++) {
		bad = b;
		for (unsigned v = 0; v < 256; v += 5) {
			bad.b[i] = v;
			read_all(bad.b, bad.n);
		}
	}
}

static void header_alone_is_a_message(void **state)
{
	struct dns_message m;
	struct build b;

	(void)state;
	put_header(&b, 7, DNS_QR | 1, 0, 0, 0, 0);
	assert_int_equal(dns_wire_read(&m, b.b, b.n), DNS_WIRE_OK);
	assert_int_equal(m.qname.len, 0);
	assert_int_equal(read_all(b.b, b.n), DNS_WIRE_END);
	assert_int_equal(dns_wire_read(&m, b.b, 4), DNS_WIRE_SHORT_HEADER);
	assert_int_equal(m.id, 7);
	assert_int_equal(m.flags, DNS_QR | 1);
}

/* ---- hostile questions ---- */

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct hostile {
	const char *name;
	const uint8_t *question;
	size_t len;
	enum dns_wire_result expected;
} hostile[] = {
	{"pointer to itself", BYTES("\xc0\x0c\0\1\0\1"), DNS_WIRE_BAD_POINTER},
	{"pointer forwards", BYTES("\xc0\x0e\0\1\0\1"), DNS_WIRE_BAD_POINTER},
	{"pointer behind the message", BYTES("\xff\xff\0\1\0\1"), DNS_WIRE_BAD_POINTER},
	{"label, then pointer to its start", BYTES("\1a\xc0\x0c\0\1\0\1"), DNS_WIRE_BAD_POINTER},
	{"half a pointer", BYTES("\xc0"), DNS_WIRE_SHORT_NAME},
	{"label type 01",
	 BYTES("\x41"
	       "a\0\0\1\0\1"),
	 DNS_WIRE_BAD_LABEL},
	{"label type 10",
	 BYTES("\x81"
	       "a\0\0\1\0\1"),
	 DNS_WIRE_BAD_LABEL},
	{"label behind the end",
	 BYTES("\x3f"
	       "abc"),
	 DNS_WIRE_SHORT_NAME},
	{"no root", BYTES("\3abc"), DNS_WIRE_SHORT_NAME},
	{"no type", BYTES("\3abc\0"), DNS_WIRE_SHORT_QUESTION},
	{"half a class", BYTES("\3abc\0\0\1\0"), DNS_WIRE_SHORT_QUESTION},
	{"pointer into the header", BYTES("\xc0\x02\0\1\0\1"), DNS_WIRE_OK},
};

static void hostile_questions_are_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		const struct hostile *h = &hostile[i];
		struct dns_message m;
		struct build b;

		put_header(&b, 1, 0, 1, 0, 0, 0);
		put_bytes(&b, h->question, h->len);
		if (dns_wire_read(&m, b.b, b.n) != h->expected)
			fail_msg("%s: not %s", h->name, dns_wire_result_name(h->expected));
		if (h->expected != DNS_WIRE_OK)
			assert_int_equal(m.qname.len, 0);
	}
}

static void longest_name_fits_and_one_more_does_not(void **state)
{
	char text[DNS_TEXT_MAX];
	struct dns_message m;
	struct build b;

	(void)state;
	for (int more = 0; more < 2; more++) {
		put_header(&b, 1, 0, 1, 0, 0, 0);
		for (int i = 0; i < 3; i++) {
			put8(&b, 63);
			for (int k = 0; k < 63; k++)
				put8(&b, 0);
		}
		put8(&b, 61 + more);
		for (int k = 0; k < 61 + more; k++)
			put8(&b, 0xff);
		put8(&b, 0);
		put16(&b, 1);
		put16(&b, 1);
		assert_int_equal(dns_wire_read(&m, b.b, b.n),
				 more ? DNS_WIRE_LONG_NAME : DNS_WIRE_OK);
		assert_int_not_equal(m.records_at, 0); /* the rest can be read all the same */
	}
	assert_int_equal(m.qname.len, 0);
	m.qname.len = 255;
	memset(m.qname.wire, 0, 255);
	for (int at = 0; at < 254; at += 64)
		m.qname.wire[at] = at < 192 ? 63 : 61;
	dns_wire_text(text, &m.qname); /* four characters an octet, and still inside */
	assert_int_equal(strlen(text), 4 * 250 + 3);
}

static void names_come_out_printable(void **state)
{
	static const struct {
		const uint8_t *wire;
		size_t len;
		const char *text;
	} row[] = {
		{BYTES("\0"), "."},
		{BYTES("\3www\7example\0"), "www.example"},
		{BYTES("\3a.b\1\\\0"), "a\\.b.\\\\"},
		{BYTES("\4\x1b[2J\0"), "\\027[2J"},
		{BYTES("\3\r\n\t\0"), "\\013\\010\\009"},
		{BYTES("\2 \x7f\0"), "\\032\\127"},
		{BYTES("\2\xc3\xa9\0"), "\\195\\169"},
	};
	char text[DNS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct dns_name name = {.len = row[i].len};

		memcpy(name.wire, row[i].wire, row[i].len);
		dns_wire_text(text, &name);
		assert_string_equal(text, row[i].text);
	}
}

/* ---- records ---- */

static void data_that_its_type_forbids_is_refused(void **state)
{
	static const struct {
		const char *name;
		unsigned type;
		const uint8_t *data;
		size_t len;
	} row[] = {
		{"A of 3 octets", DNS_A, BYTES("\1\2\3")},
		{"AAAA of 4 octets", DNS_AAAA, BYTES("\1\2\3\4")},
		{"SRV without a name", DNS_SRV, BYTES("\0\1\0\1\0\1")},
		{"SVCB without a name", DNS_SVCB, BYTES("\0\1")},
		{"A6 without its address", 38, BYTES("\0\1\2")},
		{"SOA of 4 octets", 6, BYTES("\0\0\0\1")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct build b;

		put_header(&b, 1, DNS_QR, 1, 1, 0, 0);
		put_question(&b, "a", row[i].type);
		put_record(&b, row[i].type, 1, row[i].len);
		put_bytes(&b, row[i].data, row[i].len);
		if (read_all(b.b, b.n) != DNS_WIRE_BAD_RDATA)
			fail_msg("%s was taken", row[i].name);
	}
}

static void names_and_hints_stay_in_their_data(void **state)
{
	static const struct {
		unsigned type;
		const uint8_t *data;
		size_t len, stated;
	} row[] = {
		{DNS_CNAME, BYTES("\3abc\0"), 3},	     /* the name ends behind the data */
		{DNS_CNAME, BYTES("\3abc\0xx"), 7},	     /* more follows it */
		{DNS_SRV, BYTES("\0\1\0\1\0\1\1a\0x"), 10},  /* likewise */
		{DNS_HTTPS, BYTES("\0\1\0\0\4\0"), 6},	     /* half a parameter */
		{DNS_HTTPS, BYTES("\0\1\0\0\4\0\4\1"), 8},   /* a hint that is too short */
		{DNS_HTTPS, BYTES("\0\1\0\0\4\0\2\1\1"), 9}, /* half an address */
		{DNS_HTTPS, BYTES("\0\1\0\0\4\0\0"), 7},     /* no address */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct dns_service service;
		struct dns_message m;
		struct dns_cursor c;
		struct dns_record r;
		struct dns_name name;
		uint8_t addr[2][16];
		struct build b;
		size_t n;

		put_header(&b, 1, DNS_QR, 1, 1, 0, 0);
		put_question(&b, "a", row[i].type);
		put_record(&b, row[i].type, 1, row[i].stated);
		put_bytes(&b, row[i].data, row[i].len);
		dns_wire_read(&m, b.b, b.n);
		c = dns_wire_records(&m);
		assert_int_equal(dns_wire_next(&c, &r), DNS_WIRE_OK);
		if (row[i].type == DNS_CNAME)
			assert_int_equal(dns_wire_target(&m, &r, &name), DNS_WIRE_BAD_RDATA);
		else if (row[i].type == DNS_SRV)
			assert_int_equal(dns_wire_service(&m, &r, &service), DNS_WIRE_BAD_RDATA);
		else
			assert_int_equal(dns_wire_hints(&m, &r, addr, 2, &n), DNS_WIRE_BAD_RDATA);
	}
}

static void counts_that_lie_are_noticed(void **state)
{
	struct build b;

	(void)state;
	build_answer(&b, 1, "a.example", DNS_A, 0);
	b.b[7] = 2; /* two answers */
	assert_int_equal(read_all(b.b, b.n), DNS_WIRE_SHORT_NAME);
	build_answer(&b, 1, "a.example", DNS_A, 0);
	b.b[4] = b.b[5] = 0xff; /* 65535 questions */
	assert_int_not_equal(read_all(b.b, b.n), DNS_WIRE_END);
}

static void numbers_have_names(void **state)
{
	char room[12];

	(void)state;
	assert_string_equal(dns_wire_rcode_name(0, room), "NOERROR");
	assert_string_equal(dns_wire_rcode_name(3, room), "NXDOMAIN");
	assert_string_equal(dns_wire_rcode_name(16, room), "BADVERS");
	assert_string_equal(dns_wire_rcode_name(4095, room), "RCODE4095");
	assert_string_equal(dns_wire_type_name(28, room), "AAAA");
	assert_string_equal(dns_wire_type_name(65, room), "HTTPS");
	assert_string_equal(dns_wire_type_name(65535, room), "TYPE65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_question_are_read),
		cmocka_unit_test(addresses_and_names_are_read),
		cmocka_unit_test(services_and_hints_are_read),
		cmocka_unit_test(unknown_types_and_edns_are_read),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(every_flipped_octet_is_survived),
		cmocka_unit_test(header_alone_is_a_message),
		cmocka_unit_test(hostile_questions_are_refused_by_name),
		cmocka_unit_test(longest_name_fits_and_one_more_does_not),
		cmocka_unit_test(names_come_out_printable),
		cmocka_unit_test(data_that_its_type_forbids_is_refused),
		cmocka_unit_test(names_and_hints_stay_in_their_data),
		cmocka_unit_test(counts_that_lie_are_noticed),
		cmocka_unit_test(numbers_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
