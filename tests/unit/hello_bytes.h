/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes for the tests of names: TLS hellos, and QUIC Initial packets sealed with the keys that the
 * RFCs and drafts print for the connection ID 8394c8f03e515708, so that a wrong derivation shows.
 */
#ifndef HELLO_BYTES_H
#define HELLO_BYTES_H

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	uint8_t at[4096];
	size_t len;
};

static inline void bytes_add(struct bytes *b, const void *data, size_t len)
{
	memcpy(b->at + b->len, data, len);
	b->len += len;
}

static inline void bytes_number(struct bytes *b, uint64_t value, size_t n)
{
	while (n-- > 0)
		b->at[b->len++] = (uint8_t)(value >> 8 * n);
}

/* Leaves room for a length of n bytes; bytes_close() fills it. */
static inline size_t bytes_open(struct bytes *b, size_t n)
{
	b->len += n;
	return b->len;
}

static inline void bytes_close(struct bytes *b, size_t start, size_t n)
{
	size_t len = b->len - start;

	for (size_t i = 0; i < n; i++)
		b->at[start - 1 - i] = (uint8_t)(len >> 8 * i);
}

/* ALPN, one name after another with a space between them. */
static inline void bytes_alpn(struct bytes *b, const char *alpn)
{
	size_t extension, list;

	bytes_number(b, 16, 2);
	extension = bytes_open(b, 2);
	list = bytes_open(b, 2);
	while (*alpn) {
		size_t len = strcspn(alpn, " ");

		bytes_number(b, len, 1);
		bytes_add(b, alpn, len);
		alpn += len + (alpn[len] == ' ');
	}
	bytes_close(b, list, 2);
	bytes_close(b, extension, 2);
}

static inline void bytes_sni(struct bytes *b, const char *name)
{
	size_t extension, list;

	bytes_number(b, 0, 2);
	extension = bytes_open(b, 2);
	list = bytes_open(b, 2);
	bytes_number(b, 0, 1);
	bytes_number(b, strlen(name), 2);
	bytes_add(b, name, strlen(name));
	bytes_close(b, list, 2);
	bytes_close(b, extension, 2);
}

/* A handshake message. NULL: without; `share`: bytes of a key share before the name. */
static inline struct bytes client_hello(const char *name, const char *alpn, size_t share)
{
	struct bytes b = {.len = 0};
	size_t message, extensions, i;

	bytes_number(&b, 1, 1);
	message = bytes_open(&b, 3);
	bytes_number(&b, 0x0303, 2);
	for (i = 0; i < 32; i++)
		bytes_number(&b, 0xa0 + i, 1);
	bytes_number(&b, 4, 1);
	bytes_add(&b, "sess", 4);
	bytes_number(&b, 4, 2);
	bytes_number(&b, 0x13011302, 4);
	bytes_number(&b, 0x0100, 2); /* one compression method */
	extensions = bytes_open(&b, 2);
	bytes_number(&b, 0x0a0a0000, 4); /* GREASE, empty */
	if (share) {
		bytes_number(&b, 51, 2);
		bytes_number(&b, share, 2);
		for (i = 0; i < share; i++)
			bytes_number(&b, i, 1);
	}
	if (name)
		bytes_sni(&b, name);
	if (alpn)
		bytes_alpn(&b, alpn);
	bytes_number(&b, 43, 2);
	bytes_number(&b, 0x0003020304, 5);
	bytes_close(&b, extensions, 2);
	bytes_close(&b, message, 3);
	return b;
}

static inline struct bytes server_hello(const char *alpn)
{
	struct bytes b = {.len = 0};
	size_t message, extensions;

	bytes_number(&b, 2, 1);
	message = bytes_open(&b, 3);
	bytes_number(&b, 0x0303, 2);
	b.len += 32;
	bytes_number(&b, 0, 1);
	bytes_number(&b, 0xc02f, 2);
	bytes_number(&b, 0, 1);
	extensions = bytes_open(&b, 2);
	bytes_number(&b, 0x00000000, 4); /* server_name, empty: the name was used */
	bytes_alpn(&b, alpn);
	bytes_close(&b, extensions, 2);
	bytes_close(&b, message, 3);
	return b;
}

/* A message in records of at most `size` bytes. */
static inline struct bytes tls_records(const struct bytes *message, size_t size)
{
	struct bytes b = {.len = 0};

	for (size_t at = 0, n; at < message->len; at += n) {
		n = message->len - at < size ? message->len - at : size;
		bytes_number(&b, 0x160301, 3);
		bytes_number(&b, n, 2);
		bytes_add(&b, message->at + at, n);
	}
	return b;
}

/* ---- QUIC ---- */

struct quic_vector {
	uint32_t version;
	uint8_t type; /* of an Initial packet */
	uint8_t key[16], iv[12], hp[16];
};

static const uint8_t vector_dcid[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static const struct quic_vector quic_vectors[] = {
	/* RFC 9001 appendix A.1 */
	{0x00000001,
	 0,
	 {0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77, 0x30, 0xef, 0xcb, 0xe3, 0xb1, 0xa2,
	  0x2d},
	 {0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb, 0x25, 0x5c},
	 {0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10, 0x28, 0x3a, 0x1e, 0x99, 0x33, 0xad, 0xed,
	  0xd2}},
	/* RFC 9369 appendix A.1 */
	{0x6b3343cf,
	 1,
	 {0x8b, 0x1a, 0x0b, 0xc1, 0x21, 0x28, 0x42, 0x90, 0xa2, 0x9e, 0x09, 0x71, 0xb5, 0xcd, 0x04,
	  0x5d},
	 {0x91, 0xf7, 0x3e, 0x23, 0x51, 0xd8, 0xfa, 0x91, 0x66, 0x0e, 0x90, 0x9f},
	 {0x45, 0xb9, 0x5e, 0x15, 0x23, 0x5d, 0x6f, 0x45, 0xa6, 0xb1, 0x9c, 0xbc, 0xb0, 0x29, 0x4b,
	  0xa9}},
	/* draft-ietf-quic-tls-29 appendix A.1 */
	{0xff00001d,
	 0,
	 {0x17, 0x52, 0x57, 0xa3, 0x1e, 0xb0, 0x9d, 0xea, 0x93, 0x66, 0xd8, 0xbb, 0x79, 0xad, 0x80,
	  0xba},
	 {0x6b, 0x26, 0x11, 0x4b, 0x9c, 0xba, 0x2b, 0x63, 0xa9, 0xe8, 0xdd, 0x4f},
	 {0x9d, 0xdd, 0x12, 0xc9, 0x94, 0xc0, 0x69, 0x8b, 0x89, 0x37, 0x4a, 0x9c, 0x07, 0x7a, 0x30,
	  0x77}},
	/* draft-ietf-quic-tls-27 appendix A.1 */
	{0xff00001b,
	 0,
	 {0xaf, 0x7f, 0xd7, 0xef, 0xeb, 0xd2, 0x18, 0x78, 0xff, 0x66, 0x81, 0x12, 0x48, 0x98, 0x36,
	  0x94},
	 {0x86, 0x81, 0x35, 0x94, 0x10, 0xa7, 0x0b, 0xb9, 0xc9, 0x2f, 0x04, 0x20},
	 {0xa9, 0x80, 0xb8, 0xb4, 0xfb, 0x7d, 0x9f, 0xbc, 0x13, 0xe8, 0x14, 0xc2, 0x31, 0x64, 0x25,
	  0x3d}},
};

/* A CRYPTO frame (RFC 9000 section 19.6) with lengths in two bytes. */
static inline void quic_crypto(struct bytes *frames, size_t offset, const void *data, size_t len)
{
	bytes_number(frames, 6, 1);
	bytes_number(frames, 0x4000 | offset, 2);
	bytes_number(frames, 0x4000 | len, 2);
	bytes_add(frames, data, len);
}

/* Appends an Initial packet (RFC 9001 section 5) with a packet number of pn_len bytes. */
static inline void quic_seal(struct bytes *out, const struct quic_vector *v, uint32_t pn,
			     size_t pn_len, const struct bytes *frames)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *header = out->at + out->len, nonce[12], mask[32], *body;
	size_t header_len;
	int n;

	bytes_number(out, 0xc0 | v->type << 4 | (pn_len - 1), 1);
	bytes_number(out, v->version, 4);
	bytes_number(out, sizeof(vector_dcid), 1);
	bytes_add(out, vector_dcid, sizeof(vector_dcid));
	bytes_number(out, 0, 1); /* source connection ID */
	bytes_number(out, 0, 1); /* token */
	bytes_number(out, 0x4000 | (pn_len + frames->len + 16), 2);
	bytes_number(out, pn, pn_len);
	body = out->at + out->len;
	header_len = (size_t)(body - header);
	memcpy(nonce, v->iv, 12);
	for (size_t i = 0; i < 4; i++)
		nonce[11 - i] ^= (uint8_t)(pn >> 8 * i);
	EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, v->key, nonce);
	EVP_EncryptUpdate(ctx, NULL, &n, header, (int)header_len);
	EVP_EncryptUpdate(ctx, body, &n, frames->at, (int)frames->len);
	EVP_EncryptFinal_ex(ctx, body + n, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, body + frames->len);
	out->len += frames->len + 16;
	EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, v->hp, NULL);
	EVP_EncryptUpdate(ctx, mask, &n, body - pn_len + 4, 16);
	header[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < pn_len; i++)
		body[(ptrdiff_t)i - (ptrdiff_t)pn_len] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(ctx);
}

#endif
