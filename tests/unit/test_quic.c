// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: Initial packets of every version are opened with the keys that the RFCs print, the
 * CRYPTO data comes out with its offsets, coalesced packets are all read; what was changed in a
 * single bit, cut, or is no client's Initial gives nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/quic.h"
#include "unit/hello_bytes.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct got {
	uint8_t bytes[4096];
	size_t frames, end;
};

static void got_crypto(void *arg, uint64_t offset, const uint8_t *data, size_t len)
{
	struct got *got = arg;

	assert_true(offset < sizeof(got->bytes) && len <= sizeof(got->bytes) - offset);
	memcpy(got->bytes + offset, data, len);
	if (got->end < offset + len)
		got->end = offset + len;
	got->frames++;
}

/* From a copy of exactly that size. */
static unsigned read_exactly(struct quic *q, struct quic_keys *keys, const uint8_t *bytes,
			     size_t len, struct got *got)
{
	uint8_t *copy = malloc(len ? len : 1);
	unsigned n;

	memcpy(copy, bytes, len);
	memset(got, 0, sizeof(*got));
	n = quic_read(q, keys, copy, len, got_crypto, got);
	free(copy);
	return n;
}

static int setup(void **state)
{
	*state = quic_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	quic_free(*state);
	return 0;
}

/* RFC 9001 appendix A.2: the packet, as it is protected there, byte for byte where it is printed.
 */
static void test_rfc9001_appendix_a(void **state)
{
	static const uint8_t header[] = {0xc0, 0x00, 0x00, 0x00, 0x01, 0x08, 0x83, 0x94,
					 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08, 0x00, 0x00,
					 0x44, 0x9e, 0x7b, 0x9a, 0xec, 0x34};
	static const uint8_t sample[] = {0xd1, 0xb1, 0xc9, 0x8d, 0xd7, 0x68, 0x9f, 0xb8,
					 0xec, 0x11, 0xd2, 0x42, 0xb1, 0x23, 0xdc, 0x9b};
	static const uint8_t tag[] = {0xe2, 0x21, 0xaf, 0x44, 0x86, 0x00, 0x18, 0xab,
				      0x08, 0x56, 0x97, 0x2e, 0x19, 0x4c, 0xd9, 0x34};
	static const char crypto_frame[] =
		"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b6948"
		"4c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a0008"
		"0006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2"
		"c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d001000"
		"0e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff"
		"05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";
	struct bytes frames = {.len = 0}, packet = {.len = 0};
	struct quic_keys keys = {0};
	struct got got;

	for (const char *c = crypto_frame; *c; c += 2) {
		char byte[3] = {c[0], c[1], 0};

		bytes_number(&frames, strtoul(byte, NULL, 16), 1);
	}
	assert_int_equal(frames.len, 245);
	frames.len = 1162; /* PADDING */
	quic_seal(&packet, &quic_vectors[0], 2, 4, &frames);
	assert_int_equal(packet.len, 1200);
	assert_memory_equal(packet.at, header, sizeof(header));
	assert_memory_equal(packet.at + sizeof(header), sample, sizeof(sample));
	assert_memory_equal(packet.at + 1200 - sizeof(tag), tag, sizeof(tag));

	assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 1);
	assert_int_equal(got.end, 241);
	assert_memory_equal(got.bytes, frames.at + 4, 241);
	assert_memory_equal(keys.key, quic_vectors[0].key, 16);
	assert_memory_equal(keys.iv, quic_vectors[0].iv, 12);
	assert_memory_equal(keys.hp, quic_vectors[0].hp, 16);
}

static void test_versions(void **state)
{
	static const struct {
		uint32_t version;
		int vector; /* -1: unknown, not opened */
	} rows[] = {
		{0x00000001, 0},  {0x6b3343cf, 1},  {0xff00001d, 2}, {0xff000020, 2},
		{0xff00001b, 3},  {0xff000017, 3},  {0xff00001c, 3}, {0xff000021, 0},
		{0xff000022, 0},  {0x1a2a3a4a, 0},  {0xfafafafa, 2}, {0xff000016, -1},
		{0xff000023, -1}, {0x00000002, -1}, {0, -1},
	};
	struct bytes hello = client_hello("v.example", "h3", 0), frames = {.len = 0};
	struct got got;

	quic_crypto(&frames, 0, hello.at, hello.len);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quic_vector v = quic_vectors[rows[i].vector < 0 ? 0 : rows[i].vector];
		struct bytes packet = {.len = 0};
		struct quic_keys keys = {0};

		v.version = rows[i].version;
		quic_seal(&packet, &v, 0, 1, &frames);
		if (read_exactly(*state, &keys, packet.at, packet.len, &got) !=
		    (rows[i].vector >= 0))
			fail_msg("version %08x", rows[i].version);
		if (rows[i].vector < 0)
			continue;
		assert_int_equal(got.end, hello.len);
		assert_memory_equal(got.bytes, hello.at, hello.len);
	}
}

static void test_frames(void **state)
{
	struct bytes frames = {.len = 0}, packet = {.len = 0};
	struct quic_keys keys = {0};
	struct got got;

	frames.len = 3;				/* PADDING */
	bytes_number(&frames, 1, 1);		/* PING */
	quic_crypto(&frames, 300, "second", 6); /* out of order */
	bytes_number(&frames, 0x0205400101, 5); /* ACK: largest 5, delay 1, one more range */
	bytes_number(&frames, 0x010001, 3);	/* that range, gap, range */
	quic_crypto(&frames, 294, "first ", 6);
	bytes_number(&frames, 0x0305000000, 5); /* ACK with ECN counts */
	bytes_number(&frames, 0x010203, 3);
	quic_crypto(&frames, 306, "", 0);
	quic_crypto(&frames, 306, "!", 1);
	bytes_number(&frames, 0x1c, 1); /* CONNECTION_CLOSE ends it */
	quic_crypto(&frames, 0, "x", 1);
	for (size_t pn_len = 1; pn_len <= 4; pn_len++) {
		packet.len = 0;
		quic_seal(&packet, &quic_vectors[0], 0x65, pn_len, &frames);
		assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 1);
		assert_int_equal(got.frames, 4);
		assert_memory_equal(got.bytes + 294, "first second!", 13);
		assert_int_equal(got.bytes[0], 0);
	}
}

static void test_frame_longer_than_packet(void **state)
{
	struct bytes frames = {.len = 0}, packet = {.len = 0};
	struct quic_keys keys = {0};
	struct got got;

	quic_crypto(&frames, 0, "all there", 9);
	bytes_number(&frames, 0x0640004010, 5); /* 16 bytes that are not */
	bytes_add(&frames, "only", 4);
	quic_seal(&packet, &quic_vectors[0], 0, 1, &frames);
	assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 1);
	assert_int_equal(got.frames, 1);
}

static void test_coalesced(void **state)
{
	struct bytes one = {.len = 0}, two = {.len = 0}, datagram = {.len = 0};
	struct quic_keys keys = {0};
	struct got got;

	quic_crypto(&one, 0, "one", 3);
	quic_crypto(&two, 3, "two", 3);
	one.len += 30;
	two.len += 30;
	quic_seal(&datagram, &quic_vectors[0], 0, 2, &one);
	bytes_number(&datagram, 0xd000000001, 5); /* 0-RTT, stepped over */
	bytes_number(&datagram, 0x0000, 2);
	bytes_number(&datagram, 4, 1);
	bytes_add(&datagram, "0RTT", 4);
	quic_seal(&datagram, &quic_vectors[0], 1, 2, &two);
	datagram.len += 20; /* zeros behind the last packet */
	assert_int_equal(read_exactly(*state, &keys, datagram.at, datagram.len, &got), 2);
	assert_memory_equal(got.bytes, "onetwo", 6);
}

/* The client goes on with the server's connection ID and the first one's keys. */
static void test_later_connection_id(void **state)
{
	struct bytes frames = {.len = 0}, packet = {.len = 0};
	struct quic_vector v = quic_vectors[0];
	struct quic_keys keys = {0}, known;
	struct got got;

	quic_crypto(&frames, 0, "some bytes, so that a sample is there", 37);
	quic_seal(&packet, &v, 0, 1, &frames);
	assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 1);
	known = keys;
	memset(keys.key, 0, sizeof(keys.key)); /* of another connection: its own ID's are found */
	assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 1);
	assert_memory_equal(&keys, &known, sizeof(keys));

	memcpy(keys.key, quic_vectors[2].key, 16); /* not what follows from the connection ID */
	memcpy(v.key, quic_vectors[2].key, 16);
	packet.len = 0;
	quic_seal(&packet, &v, 1, 1, &frames);
	assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 1);
	keys.version = 0;
	assert_int_equal(read_exactly(*state, &keys, packet.at, packet.len, &got), 0);
	assert_int_equal(keys.version, 0);
}

static void test_every_bit_and_every_cut(void **state)
{
	struct bytes frames = {.len = 0}, packet = {.len = 0};
	struct quic_keys keys;
	struct got got;

	quic_crypto(&frames, 0, "some bytes, so that a sample is there", 37);
	quic_seal(&packet, &quic_vectors[0], 0, 2, &frames);
	for (size_t bit = 0; bit < 8 * packet.len; bit++) {
		struct bytes wrong = packet;

		memset(&keys, 0, sizeof(keys));
		wrong.at[bit / 8] ^= 1 << bit % 8;
		if (read_exactly(*state, &keys, wrong.at, wrong.len, &got))
			fail_msg("bit %zu of byte %zu changed, still opened", bit % 8, bit / 8);
	}
	for (size_t len = 0; len < packet.len; len++) {
		memset(&keys, 0, sizeof(keys));
		assert_int_equal(read_exactly(*state, &keys, packet.at, len, &got), 0);
	}
}

static void test_headers_that_lie(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"\xc0\0\0\0\1\x15", 6},				  /* ID of 21 bytes */
		{"\xc0\0\0\0\1\0\xff", 7},				  /* source ID not there */
		{"\xc0\0\0\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 15}, /* token of 2^62 */
		{"\xc0\0\0\0\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16},
		{"\xc0\0\0\0\1\0\0\0\0", 9}, /* nothing inside */
		{"\xc0\0\0\0\1\0\0\0\x10"
		 "0123456789abcdef",
		 25}, /* too short for a sample */
		{"\xf0\0\0\0\1\0\0retry", 12},
		{"\x40short header", 13},
	};
	struct got got;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quic_keys keys = {0};

		assert_int_equal(read_exactly(*state, &keys, (const uint8_t *)rows[i].bytes,
					      rows[i].len, &got),
				 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc9001_appendix_a),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_frame_longer_than_packet),
		cmocka_unit_test(test_coalesced),
		cmocka_unit_test(test_later_connection_id),
		cmocka_unit_test(test_every_bit_and_every_cut),
		cmocka_unit_test(test_headers_that_lie),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
