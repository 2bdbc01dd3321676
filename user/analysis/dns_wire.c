// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reading DNS messages: see dns_wire.h. Every length is checked before the octets behind it are
 * touched; a pointer must lead to before the name that it ends, so that names cannot loop.
 */
#include "analysis/dns_wire.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CLASS_LEN = 4, RECORD_LEN = 10, SRV_LEN = 6, HINT_IPV4 = 4, HINT_IPV6 = 6 };

static uint16_t get16(const uint8_t *b)
{
	return b[0] << 8 | b[1];
}

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)get16(b) << 16 | get16(b + 2);
}

/* ---- names ---- */

enum dns_wire_result dns_wire_name(const struct dns_message *m, size_t at, struct dns_name *name,
				   size_t *end)
{
	size_t bound = at; /* where the next pointer must lead before */
	size_t len = 0, label;

	name->len = 0;
	*end = 0;
	for (;;) {
		if (at >= m->len)
			return DNS_WIRE_SHORT_NAME;
		label = m->data[at];
		if (label >= 0xc0) {
			if (m->len - at < 2)
				return DNS_WIRE_SHORT_NAME;
			if (!*end)
				*end = at + 2;
			at = get16(m->data + at) & 0x3fff;
			if (at >= bound)
				return DNS_WIRE_BAD_POINTER;
			bound = at;
			continue;
		}
		if (label > 63)
			return DNS_WIRE_BAD_LABEL;
		if (m->len - at < 1 + label)
			return DNS_WIRE_SHORT_NAME;
		if (len + 1 + label + !!label > DNS_NAME_MAX)
			return DNS_WIRE_LONG_NAME;
		memcpy(name->wire + len, m->data + at, 1 + label);
		len += 1 + label;
		at += 1 + label;
		if (!label)
			break;
	}
	if (!*end)
		*end = at;
	name->len = len;
	return DNS_WIRE_OK;
}

/* Steps over a name without following it, however long it is. */
static enum dns_wire_result name_skip(const struct dns_message *m, size_t *at)
{
	size_t label;

	for (;;) {
		if (*at >= m->len)
			return DNS_WIRE_SHORT_NAME;
		label = m->data[*at];
		if (label >= 0xc0) {
			*at += 2;
			return *at > m->len ? DNS_WIRE_SHORT_NAME : DNS_WIRE_OK;
		}
		if (label > 63)
			return DNS_WIRE_BAD_LABEL;
		*at += 1 + label;
		if (!label)
			return *at > m->len ? DNS_WIRE_SHORT_NAME : DNS_WIRE_OK;
	}
}

/* One octet of a label as text; returns how long it became. */
static size_t text_octet(char *text, uint8_t octet)
{
	if (octet == '.' || octet == '\\') {
		text[0] = '\\';
		text[1] = octet;
		return 2;
	}
	if (octet > 0x20 && octet < 0x7f) {
		text[0] = octet;
		return 1;
	}
	text[0] = '\\';
	text[1] = '0' + octet / 100;
	text[2] = '0' + octet / 10 % 10;
	text[3] = '0' + octet % 10;
	return 4;
}

void dns_wire_text(char text[DNS_TEXT_MAX], const struct dns_name *name)
{
	size_t n = 0;

	for (size_t at = 0; at < name->len && name->wire[at]; at += 1 + name->wire[at]) {
		if (at)
			text[n++] = '.';
		for (size_t i = at + 1; i <= at + name->wire[at]; i++)
			n += text_octet(text + n, name->wire[i]);
	}
	if (!n && name->len)
		text[n++] = '.';
	text[n] = '\0';
}

/* ---- messages ---- */

static enum dns_wire_result read_questions(struct dns_message *m)
{
	enum dns_wire_result first = DNS_WIRE_OK, result;
	size_t at = DNS_HEADER_LEN, end;

	for (unsigned i = 0; i < m->questions; i++) {
		if (!i)
			first = dns_wire_name(m, at, &m->qname, &end);
		result = name_skip(m, &at);
		if (result == DNS_WIRE_OK && m->len - at < CLASS_LEN)
			result = DNS_WIRE_SHORT_QUESTION;
		if (result != DNS_WIRE_OK) {
			m->qname.len = i ? m->qname.len : 0;
			return first == DNS_WIRE_OK ? result : first;
		}
		if (!i) {
			m->qtype = get16(m->data + at);
			m->qclass = get16(m->data + at + 2);
		}
		at += CLASS_LEN;
	}
	m->records_at = at;
	return first;
}

enum dns_wire_result dns_wire_read(struct dns_message *m, const uint8_t *data, size_t len)
{
	memset(m, 0, offsetof(struct dns_message, qname.wire));
	m->data = data;
	m->len = len;
	if (len >= DNS_START_LEN) {
		m->id = get16(data);
		m->flags = get16(data + 2);
	}
	if (len < DNS_HEADER_LEN)
		return DNS_WIRE_SHORT_HEADER;
	m->questions = get16(data + 4);
	for (int s = 0; s < DNS_SECTIONS; s++)
		m->records[s] = get16(data + 6 + 2 * s);
	return read_questions(m);
}

struct dns_cursor dns_wire_records(const struct dns_message *m)
{
	return (struct dns_cursor){
		.message = m,
		.at = m->records_at ? m->records_at : m->len,
		.left = m->records[DNS_ANSWER],
	};
}

/* The least octets of data that a type can do with, by the first one where that decides. */
static uint16_t data_least(uint16_t type, uint8_t first)
{
	enum { NS = 2, SOA = 6, MX = 15, A6 = 38 };

	switch (type) {
	case DNS_A:
		return 4;
	case NS:
	case DNS_CNAME:
	case DNS_PTR:
		return 1;
	case SOA:
		return 1 + 1 + 20;
	case MX:
	case DNS_SVCB:
	case DNS_HTTPS:
		return 2 + 1;
	case DNS_AAAA:
		return 16;
	case DNS_SRV:
		return SRV_LEN + 1;
	case A6: /* the prefix's length, the octets that it does not cover (RFC 2874) */
		return 1 + (first < 128 ? (128 - first + 7) / 8 : 0);
	default:
		return 0;
	}
}

enum dns_wire_result dns_wire_next(struct dns_cursor *c, struct dns_record *r)
{
	const struct dns_message *m = c->message;
	enum dns_wire_result result;
	const uint8_t *frame;

	while (!c->left) {
		if (c->section == DNS_ADDITIONAL)
			return DNS_WIRE_END;
		c->left = m->records[++c->section];
	}
	r->section = c->section;
	r->name_at = c->at;
	result = name_skip(m, &c->at);
	if (result != DNS_WIRE_OK)
		return result;
	if (m->len - c->at < RECORD_LEN)
		return DNS_WIRE_SHORT_RECORD;
	frame = m->data + c->at;
	r->type = get16(frame);
	r->class = get16(frame + 2);
	r->ttl = get32(frame + 4);
	r->len = get16(frame + 8);
	r->data_at = c->at + RECORD_LEN;
	if (m->len - r->data_at < r->len)
		return DNS_WIRE_SHORT_RECORD;
	if (r->len && r->len < data_least(r->type, m->data[r->data_at]))
		return DNS_WIRE_BAD_RDATA;
	c->at = r->data_at + r->len;
	c->left--;
	return DNS_WIRE_OK;
}

bool dns_wire_sound(const struct dns_message *m)
{
	struct dns_cursor cursor = dns_wire_records(m);
	size_t at = DNS_HEADER_LEN, end;
	struct dns_record r;
	struct dns_name name;

	for (unsigned i = 0; i < m->questions; i++, at = end + CLASS_LEN)
		if (dns_wire_name(m, at, &name, &end) != DNS_WIRE_OK)
			return false;
	while (dns_wire_next(&cursor, &r) == DNS_WIRE_OK)
		if (dns_wire_name(m, r.name_at, &name, &end) != DNS_WIRE_OK)
			return false;
	return true;
}

/* ---- data of records ---- */

static void map_ipv4(uint8_t addr[16], const uint8_t *ipv4)
{
	memset(addr, 0, 10);
	addr[10] = addr[11] = 0xff;
	memcpy(addr + 12, ipv4, 4);
}

enum dns_wire_result dns_wire_address(const struct dns_message *m, const struct dns_record *r,
				      uint8_t addr[16])
{
	if (r->type == DNS_A && r->len == 4)
		map_ipv4(addr, m->data + r->data_at);
	else if (r->type == DNS_AAAA && r->len == 16)
		memcpy(addr, m->data + r->data_at, 16);
	else
		return DNS_WIRE_BAD_RDATA;
	return DNS_WIRE_OK;
}

static bool reverse_ipv4(const char *text, uint8_t addr[16])
{
	unsigned n[4];
	uint8_t octets[4];
	int end = 0;

	if (sscanf(text, "%3u.%3u.%3u.%3u%n", &n[3], &n[2], &n[1], &n[0], &end) != 4 ||
	    strcasecmp(text + end, ".in-addr.arpa") != 0)
		return false;
	for (int i = 0; i < 4; i++) {
		if (n[i] > 255)
			return false;
		octets[i] = n[i];
	}
	map_ipv4(addr, octets);
	return true;
}

static bool reverse_ipv6(const char *text, uint8_t addr[16])
{
	enum { NIBBLES = 32 };

	if (strlen(text) < 2 * NIBBLES || strcasecmp(text + 2 * NIBBLES, "ip6.arpa") != 0)
		return false;
	memset(addr, 0, 16);
	for (int i = 0; i < NIBBLES; i++) {
		unsigned char digit = tolower(text[2 * i]);

		if (!isxdigit(digit) || text[2 * i + 1] != '.')
			return false;
		digit = digit <= '9' ? digit - '0' : digit - 'a' + 10;
		addr[15 - i / 2] |= i & 1 ? digit << 4 : digit;
	}
	return true;
}

enum dns_wire_result dns_wire_reverse(const struct dns_name *name, uint8_t addr[16])
{
	char text[DNS_TEXT_MAX] = "";

	dns_wire_text(text, name);
	if (reverse_ipv4(text, addr) || reverse_ipv6(text, addr))
		return DNS_WIRE_OK;
	return DNS_WIRE_BAD_RDATA;
}

/* A name `skip` octets into the data; *end may not lie behind the data. */
static enum dns_wire_result data_name(const struct dns_message *m, const struct dns_record *r,
				      size_t skip, struct dns_name *name, size_t *end)
{
	enum dns_wire_result result;

	if (r->len <= skip)
		return DNS_WIRE_BAD_RDATA;
	result = dns_wire_name(m, r->data_at + skip, name, end);
	if (result == DNS_WIRE_OK && *end > r->data_at + r->len)
		return DNS_WIRE_BAD_RDATA;
	return result;
}

enum dns_wire_result dns_wire_target(const struct dns_message *m, const struct dns_record *r,
				     struct dns_name *name)
{
	enum dns_wire_result result;
	size_t end;

	if (r->type != DNS_CNAME && r->type != DNS_PTR)
		return DNS_WIRE_BAD_RDATA;
	result = data_name(m, r, 0, name, &end);
	if (result == DNS_WIRE_OK && end != r->data_at + r->len)
		return DNS_WIRE_BAD_RDATA;
	return result;
}

enum dns_wire_result dns_wire_service(const struct dns_message *m, const struct dns_record *r,
				      struct dns_service *s)
{
	const uint8_t *data = m->data + r->data_at;
	bool srv = r->type == DNS_SRV;
	enum dns_wire_result result;
	size_t end;

	memset(s, 0, sizeof(*s));
	if (!srv && r->type != DNS_SVCB && r->type != DNS_HTTPS)
		return DNS_WIRE_BAD_RDATA;
	result = data_name(m, r, srv ? SRV_LEN : 2, &s->target, &end);
	if (result != DNS_WIRE_OK)
		return result;
	s->priority = get16(data);
	if (!srv)
		return DNS_WIRE_OK;
	s->weight = get16(data + 2);
	s->port = get16(data + 4);
	return end == r->data_at + r->len ? DNS_WIRE_OK : DNS_WIRE_BAD_RDATA;
}

static enum dns_wire_result hints_of(const uint8_t *value, size_t len, size_t step,
				     uint8_t (*addr)[16], size_t max, size_t *n)
{
	if (!len || len % step)
		return DNS_WIRE_BAD_RDATA;
	for (; len && *n < max; len -= step, value += step, (*n)++) {
		if (step == 4)
			map_ipv4(addr[*n], value);
		else
			memcpy(addr[*n], value, 16);
	}
	return DNS_WIRE_OK;
}

enum dns_wire_result dns_wire_hints(const struct dns_message *m, const struct dns_record *r,
				    uint8_t (*addr)[16], size_t max, size_t *n)
{
	size_t at, stop = r->data_at + r->len;
	enum dns_wire_result result;
	struct dns_name target;

	*n = 0;
	if (r->type != DNS_SVCB && r->type != DNS_HTTPS)
		return DNS_WIRE_BAD_RDATA;
	result = data_name(m, r, 2, &target, &at);
	while (result == DNS_WIRE_OK && at < stop) {
		uint16_t key, len;

		if (stop - at < 4)
			return DNS_WIRE_BAD_RDATA;
		key = get16(m->data + at);
		len = get16(m->data + at + 2);
		at += 4;
		if (stop - at < len)
			return DNS_WIRE_BAD_RDATA;
		if (key == HINT_IPV4 || key == HINT_IPV6)
			result = hints_of(m->data + at, len, key == HINT_IPV4 ? 4 : 16, addr, max,
					  n);
		at += len;
	}
	return result;
}

struct dns_edns dns_wire_edns(const struct dns_message *m, const struct dns_record *opt)
{
	return (struct dns_edns){
		.present = true,
		.version = opt->ttl >> 16,
		.rcode = (opt->ttl >> 24) << 4 | (m->flags & 15),
		.udp_size = opt->class,
		.dnssec_ok = opt->ttl & 0x8000,
	};
}

/* ---- names of numbers ---- */

struct number_name {
	uint16_t number;
	char name[12];
};

static const struct number_name rcodes[] = {
	{0, "NOERROR"},	 {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},  {4, "NOTIMP"},
	{5, "REFUSED"},	 {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},   {9, "NOTAUTH"},
	{10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"},
	{19, "BADMODE"}, {20, "BADNAME"},   {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"},
};

static const struct number_name types[] = {
	{1, "A"},	    {2, "NS"},	    {5, "CNAME"},   {6, "SOA"},	      {10, "NULL"},
	{11, "WKS"},	    {12, "PTR"},    {13, "HINFO"},  {14, "MINFO"},    {15, "MX"},
	{16, "TXT"},	    {17, "RP"},	    {18, "AFSDB"},  {24, "SIG"},      {25, "KEY"},
	{28, "AAAA"},	    {29, "LOC"},    {30, "NXT"},    {33, "SRV"},      {35, "NAPTR"},
	{36, "KX"},	    {37, "CERT"},   {38, "A6"},	    {39, "DNAME"},    {41, "OPT"},
	{42, "APL"},	    {43, "DS"},	    {44, "SSHFP"},  {45, "IPSECKEY"}, {46, "RRSIG"},
	{47, "NSEC"},	    {48, "DNSKEY"}, {49, "DHCID"},  {50, "NSEC3"},    {51, "NSEC3PARAM"},
	{52, "TLSA"},	    {53, "SMIMEA"}, {55, "HIP"},    {59, "CDS"},      {60, "CDNSKEY"},
	{61, "OPENPGPKEY"}, {62, "CSYNC"},  {63, "ZONEMD"}, {64, "SVCB"},     {65, "HTTPS"},
	{99, "SPF"},	    {108, "EUI48"}, {109, "EUI64"}, {249, "TKEY"},    {250, "TSIG"},
	{251, "IXFR"},	    {252, "AXFR"},  {253, "MAILB"}, {254, "MAILA"},   {255, "ANY"},
	{256, "URI"},	    {257, "CAA"},   {32768, "TA"},  {32769, "DLV"},
};

static const char *number_name(const struct number_name *table, size_t n, unsigned number,
			       const char *prefix, char room[12])
{
	for (size_t i = 0; i < n; i++)
		if (table[i].number == number)
			return table[i].name;
	snprintf(room, 12, "%s%u", prefix, number & 0xffff);
	return room;
}

const char *dns_wire_rcode_name(unsigned rcode, char room[12])
{
	return number_name(rcodes, sizeof(rcodes) / sizeof(rcodes[0]), rcode, "RCODE", room);
}

const char *dns_wire_type_name(unsigned type, char room[12])
{
	return number_name(types, sizeof(types) / sizeof(types[0]), type, "TYPE", room);
}

const char *dns_wire_result_name(enum dns_wire_result result)
{
	static const char *const name[] = {
#define X(id, name) #name,
		DNS_WIRE_RESULTS(X)
#undef X
	};

	return name[result];
}
