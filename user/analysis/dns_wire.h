/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS messages as they stand on the wire (RFC 1035, EDNS RFC 6891, SVCB RFC 9460): read in place,
 * nothing allocated, nothing trusted. Before it: UDP payloads and dns_tcp.c; after it: pairing,
 * statistics, names of addresses. A message that is not one is refused by a named reason.
 */
#ifndef ANALYSIS_DNS_WIRE_H
#define ANALYSIS_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What reading came to. X(ID, name) */
#define DNS_WIRE_RESULTS(X)                                                               \
	X(OK, ok)                                                                         \
	X(END, end)			  /* no record is left */                         \
	X(SHORT_HEADER, short_header)	  /* fewer than 12 octets */                      \
	X(SHORT_NAME, short_name)	  /* the message ends inside a name */            \
	X(BAD_LABEL, bad_label)		  /* label type 01 or 10 */                       \
	X(LONG_NAME, long_name)		  /* more than 255 octets */                      \
	X(BAD_POINTER, bad_pointer)	  /* compression that does not point backwards */ \
	X(SHORT_QUESTION, short_question) /* the message ends before type and class */    \
	X(SHORT_RECORD, short_record)	  /* the message ends inside a record */          \
	X(BAD_RDATA, bad_rdata)		  /* data that its type does not allow */

enum dns_wire_result {
#define X(id, name) DNS_WIRE_##id,
	DNS_WIRE_RESULTS(X)
#undef X
		DNS_WIRE_COUNT
};

enum {
	DNS_START_LEN = 4, /* id and flags */
	DNS_HEADER_LEN = 12,
	DNS_NAME_MAX = 255,  /* octets, root label included */
	DNS_TEXT_MAX = 1024, /* a name as text, escaped, with its final 0 */
};

enum dns_flag {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080
};

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
};

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

enum { DNS_NXDOMAIN = 3, DNS_RCODE_NONE = 255 };

/* Labels with their lengths, no compression; len 0: there is none. */
struct dns_name {
	uint8_t len; /* root label included */
	uint8_t wire[DNS_NAME_MAX];
};

struct dns_message {
	const uint8_t *data;
	size_t len;
	uint16_t id;
	uint16_t flags; /* as on the wire: enum dns_flag, opcode, rcode */
	uint16_t questions, records[DNS_SECTIONS];
	uint16_t qtype, qclass; /* of the first question */
	size_t records_at;	/* offset of the first record, 0 if it was not reached */
	struct dns_name qname;	/* of the first question, as spelled */
};

/* A record's place and frame; its data is read by the functions below. */
struct dns_record {
	enum dns_section section;
	uint16_t type, class;
	uint32_t ttl;
	size_t name_at, data_at;
	uint16_t len; /* of the data */
};

struct dns_cursor {
	const struct dns_message *message;
	size_t at;
	enum dns_section section;
	uint16_t left; /* in this section */
};

struct dns_edns {
	bool present;
	uint8_t version;
	uint16_t rcode; /* all 12 bits of the answer code */
	uint16_t udp_size;
	bool dnssec_ok;
};

struct dns_service {
	uint16_t priority, weight, port; /* weight and port: of SRV only */
	struct dns_name target;
};

/*
 * Reads header and questions. A name that cannot be told but stepped over (LONG_NAME, BAD_POINTER)
 * leaves the rest readable: records_at is set. Whatever fails, what was read before it stands in
 * the message: id and flags where there are four octets at all, and qname.len is 0 unless the first
 * question was read.
 */
enum dns_wire_result dns_wire_read(struct dns_message *m, const uint8_t *data, size_t len);

/* A cursor before the first record of a message whose questions were read. */
struct dns_cursor dns_wire_records(const struct dns_message *m);

/* The next record of any section; END after the last. Of any type: unknown ones are stepped over.
 */
enum dns_wire_result dns_wire_next(struct dns_cursor *c, struct dns_record *r);

/*
 * Whether every name of questions and records can be told, of a message whose questions were read:
 * one that is only stepped over is no name (RFC 1035 section 2.3.4).
 */
bool dns_wire_sound(const struct dns_message *m);

/* A name at an offset, compression followed (RFC 1035 section 4.1.4); *end: offset after it. */
enum dns_wire_result dns_wire_name(const struct dns_message *m, size_t at, struct dns_name *name,
				   size_t *end);

/* The address of an A or AAAA record, IPv4 mapped; BAD_RDATA for other types and lengths. */
enum dns_wire_result dns_wire_address(const struct dns_message *m, const struct dns_record *r,
				      uint8_t addr[16]);

/* The name that a CNAME or PTR record holds. */
enum dns_wire_result dns_wire_target(const struct dns_message *m, const struct dns_record *r,
				     struct dns_name *name);

/*
 * The address, IPv4 mapped, that a name under in-addr.arpa (RFC 1035 section 3.5) or ip6.arpa (RFC
 * 3596 section 2.5) stands for; BAD_RDATA for other names.
 */
enum dns_wire_result dns_wire_reverse(const struct dns_name *name, uint8_t addr[16]);

/* A SRV (RFC 2782), SVCB or HTTPS (RFC 9460) record. */
enum dns_wire_result dns_wire_service(const struct dns_message *m, const struct dns_record *r,
				      struct dns_service *s);

/* Address hints of a SVCB or HTTPS record, IPv4 mapped, at most `max`; *n: how many. */
enum dns_wire_result dns_wire_hints(const struct dns_message *m, const struct dns_record *r,
				    uint8_t (*addr)[16], size_t max, size_t *n);

/* What an OPT record says of its message (RFC 6891 section 6.1.3). */
struct dns_edns dns_wire_edns(const struct dns_message *m, const struct dns_record *opt);

/* The name as text, printable ASCII (RFC 4343 section 2.1), without final dot but for the root's.
 */
void dns_wire_text(char text[DNS_TEXT_MAX], const struct dns_name *name);

static inline unsigned dns_wire_opcode(const struct dns_message *m)
{
	return m->flags >> 11 & 15;
}

/* IANA's name of a result code, RCODE<n> where it has none. */
const char *dns_wire_rcode_name(unsigned rcode, char room[12]);
/* IANA's name of a type, TYPE<n> where we know none (RFC 3597). */
const char *dns_wire_type_name(unsigned type, char room[12]);
/* The name of a result, for counters and logs. */
const char *dns_wire_result_name(enum dns_wire_result result);

#endif
