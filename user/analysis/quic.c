// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * QUIC Initial packets. Comes before hello.c, after a UDP datagram was found to hold a long header.
 * What does not authenticate is dropped without a word: a server's Initial, a cut one, an attack.
 *
 * A packet number is taken as it stands, not rebuilt from the largest seen (RFC 9000 appendix A.3):
 * a client's first flight never gets to where the two differ.
 */
#include "analysis/quic.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	CID_MAX = 20,
	SAMPLE_LEN = 16, /* of header protection */
	TAG_LEN = 16,
	SECRET_LEN = 32,
	SALT_LEN = 20,
	PACKET_MAX = 4096, /* as much of a frame as is ever copied, and all that a datagram needs */
	FRAME_PADDING = 0,
	FRAME_PING = 1,
	FRAME_ACK = 2,
	FRAME_ACK_ECN = 3,
	FRAME_CRYPTO = 6,
};

struct quic {
	EVP_MAC_CTX *hmac;
	EVP_CIPHER *gcm, *ecb;
	EVP_CIPHER_CTX *open, *mask;
	uint8_t plain[PACKET_MAX];
};

/* RFC 9001 section 5.2, RFC 9369 section 3.3.1, and the drafts of RFC 9001 that changed it */
static const uint8_t salt_v1[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
				  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
static const uint8_t salt_v2[] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
				  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
static const uint8_t salt_29[] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
				  0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
static const uint8_t salt_23[] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
				  0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};

/* What differs between versions. */
struct quic_version {
	uint32_t first, last; /* version numbers */
	const uint8_t *salt;
	uint8_t initial;	   /* bits 5 and 4 of the first byte in an Initial packet */
	const char *key, *iv, *hp; /* labels, "tls13 " put before them */
};

/*
 * A version reserved to force negotiation (RFC 9000 section 15) says nothing of its salt; clients
 * take that of the version they would rather speak.
 */
enum { VERSION_RESERVED = 0x0a0a0a0a, VERSION_RESERVED_MASK = 0x0f0f0f0f };

static const struct quic_version versions[] = {
	{0x00000001, 0x00000001, salt_v1, 0, "quic key", "quic iv", "quic hp"},
	{0x6b3343cf, 0x6b3343cf, salt_v2, 1, "quicv2 key", "quicv2 iv", "quicv2 hp"},
	{0xff000021, 0xff000022, salt_v1, 0, "quic key", "quic iv", "quic hp"},
	{0xff00001d, 0xff000020, salt_29, 0, "quic key", "quic iv", "quic hp"},
	{0xff000017, 0xff00001c, salt_23, 0, "quic key", "quic iv", "quic hp"},
	{VERSION_RESERVED, VERSION_RESERVED, salt_v1, 0, "quic key", "quic iv", "quic hp"},
	{VERSION_RESERVED, VERSION_RESERVED, salt_29, 0, "quic key", "quic iv", "quic hp"},
};

/* An Initial packet's parts, within its datagram. */
struct quic_initial {
	const struct quic_version *version;
	uint32_t number; /* of the version */
	const uint8_t *packet, *dcid;
	size_t dcid_len;
	size_t pn_offset, end; /* from `packet` */
	bool is_initial;
};

/* A place in bytes; `bad` once something was not there. */
struct reader {
	const uint8_t *bytes;
	size_t at, len;
	bool bad;
};

/* ---- making the ciphers ---- */

static EVP_MAC_CTX *quic_hmac_new(void)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (ctx && EVP_MAC_CTX_set_params(ctx, params))
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

struct quic *quic_new(void)
{
	struct quic *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->hmac = quic_hmac_new();
	q->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	q->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	q->open = EVP_CIPHER_CTX_new();
	q->mask = EVP_CIPHER_CTX_new();
	if (q->hmac && q->gcm && q->ecb && q->open && q->mask)
		return q;
	quic_free(q);
	errno = ENOMEM;
	return NULL;
}

void quic_free(struct quic *q)
{
	if (!q)
		return;
	EVP_CIPHER_CTX_free(q->mask);
	EVP_CIPHER_CTX_free(q->open);
	EVP_CIPHER_free(q->ecb);
	EVP_CIPHER_free(q->gcm);
	EVP_MAC_CTX_free(q->hmac);
	free(q);
}

/* ---- keys ---- */

static bool quic_hmac(struct quic *q, const uint8_t *key, size_t key_len, const uint8_t *data,
		      size_t len, uint8_t out[SECRET_LEN])
{
	size_t out_len;

	return EVP_MAC_init(q->hmac, key, key_len, NULL) && EVP_MAC_update(q->hmac, data, len) &&
	       EVP_MAC_final(q->hmac, out, &out_len, SECRET_LEN);
}

/*
 * HKDF-Expand-Label (RFC 8446 section 7.1) without context. No output here is longer than a hash,
 * so that HKDF-Expand is a single HMAC.
 */
static bool quic_expand(struct quic *q, const uint8_t secret[SECRET_LEN], const char *label,
			uint8_t *out, size_t n)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[64] = {0, (uint8_t)n, (uint8_t)(sizeof(prefix) - 1 + strlen(label))};
	uint8_t hash[SECRET_LEN];
	size_t at = 3;

	memcpy(info + at, prefix, sizeof(prefix) - 1);
	at += sizeof(prefix) - 1;
	memcpy(info + at, label, strlen(label));
	at += strlen(label);
	info[at++] = 0; /* no context */
	info[at++] = 1; /* the first block */
	if (!quic_hmac(q, secret, SECRET_LEN, info, at, hash))
		return false;
	memcpy(out, hash, n);
	return true;
}

/* RFC 9001 section 5.2: from the Destination Connection ID of the client's first packet. */
static bool quic_keys_derive(struct quic *q, struct quic_keys *keys, const struct quic_initial *p,
			     const struct quic_version *v)
{
	uint8_t initial[SECRET_LEN], client[SECRET_LEN];

	keys->version = p->number;
	return quic_hmac(q, v->salt, SALT_LEN, p->dcid, p->dcid_len, initial) &&
	       quic_expand(q, initial, "client in", client, sizeof(client)) &&
	       quic_expand(q, client, v->key, keys->key, sizeof(keys->key)) &&
	       quic_expand(q, client, v->iv, keys->iv, sizeof(keys->iv)) &&
	       quic_expand(q, client, v->hp, keys->hp, sizeof(keys->hp));
}

/* ---- reading ---- */

static const uint8_t *reader_take(struct reader *r, uint64_t n)
{
	const uint8_t *bytes = r->bytes + r->at;

	if (r->bad || n > r->len - r->at) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return bytes;
}

static uint32_t reader_number(struct reader *r, size_t n)
{
	const uint8_t *bytes = reader_take(r, n);
	uint32_t value = 0;

	for (size_t i = 0; bytes && i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* A variable-length integer (RFC 9000 section 16). */
static uint64_t reader_varint(struct reader *r)
{
	const uint8_t *first = reader_take(r, 1);
	uint64_t value = first ? *first & 0x3f : 0;

	for (size_t more = first ? (1u << (*first >> 6)) - 1 : 0; more > 0; more--)
		value = value << 8 | reader_number(r, 1);
	return value;
}

/* The next version after `from` (NULL: the first) that has this number. */
static const struct quic_version *version_find(const struct quic_version *from, uint32_t number)
{
	const struct quic_version *v = from ? from + 1 : versions;

	if ((number & VERSION_RESERVED_MASK) == VERSION_RESERVED)
		number = VERSION_RESERVED;
	for (; v < versions + sizeof(versions) / sizeof(versions[0]); v++) {
		if (number >= v->first && number <= v->last)
			return v;
	}
	return NULL;
}

/*
 * Reads a long header (RFC 9000 section 17.2). False where the datagram ends or what follows cannot
 * be stepped over: a short header, a Retry, an unknown version.
 */
static bool quic_header(struct quic_initial *p, const uint8_t *bytes, size_t len)
{
	struct reader r = {.bytes = bytes, .len = len};
	uint32_t first = reader_number(&r, 1), type = first >> 4 & 3;

	p->packet = bytes;
	p->number = reader_number(&r, 4);
	p->version = version_find(NULL, p->number);
	if (!(first & 0x80) || r.bad || !p->version)
		return false;
	p->dcid_len = reader_number(&r, 1);
	p->dcid = reader_take(&r, p->dcid_len);
	reader_take(&r, reader_number(&r, 1)); /* source connection ID */
	p->is_initial = type == p->version->initial;
	if (type == ((p->version->initial + 3) & 3)) /* Retry precedes Initial, in both versions */
		return false;
	if (p->is_initial)
		reader_take(&r, reader_varint(&r)); /* token */

	uint64_t rest = reader_varint(&r);

	if (r.bad || p->dcid_len > CID_MAX || rest > len - r.at)
		return false;
	p->pn_offset = r.at;
	p->end = r.at + rest;
	return true;
}

/* ---- opening ---- */

/*
 * Takes header protection off (RFC 9001 section 5.4) and opens the payload into q->plain. Returns
 * its length, or -1 where these are not its keys.
 */
static int quic_open(struct quic *q, const struct quic_keys *keys, const struct quic_initial *p)
{
	uint8_t mask[2 * SAMPLE_LEN], header[PACKET_MAX], nonce[sizeof(keys->iv)];
	size_t pn_len, cipher_len, at = p->pn_offset;
	int n, out = 0;

	if (p->end > PACKET_MAX || p->end - at < 4 + SAMPLE_LEN)
		return -1;
	if (!EVP_EncryptInit_ex2(q->mask, q->ecb, keys->hp, NULL, NULL) ||
	    !EVP_EncryptUpdate(q->mask, mask, &n, p->packet + at + 4, SAMPLE_LEN))
		return -1;
	memcpy(header, p->packet, at + 4);
	header[0] ^= mask[0] & 0x0f;
	pn_len = (header[0] & 3) + 1;
	memcpy(nonce, keys->iv, sizeof(nonce));
	for (size_t i = 0; i < pn_len; i++) {
		header[at + i] ^= mask[1 + i];
		nonce[sizeof(nonce) - pn_len + i] ^= header[at + i];
	}
	at += pn_len;
	cipher_len = p->end - at - TAG_LEN;
	if (!EVP_DecryptInit_ex2(q->open, q->gcm, keys->key, nonce, NULL) ||
	    !EVP_CIPHER_CTX_ctrl(q->open, EVP_CTRL_AEAD_SET_TAG, TAG_LEN,
				 (void *)(p->packet + p->end - TAG_LEN)) ||
	    !EVP_DecryptUpdate(q->open, NULL, &n, header, (int)at) ||
	    !EVP_DecryptUpdate(q->open, q->plain, &out, p->packet + at, (int)cipher_len) ||
	    EVP_DecryptFinal_ex(q->open, q->plain + out, &n) <= 0)
		return -1;
	return out;
}

/* With the flow's keys, else, if it may derive, with those of this packet's own connection ID. */
static int quic_open_any(struct quic *q, struct quic_keys *keys, const struct quic_initial *p,
			 bool may_derive)
{
	const struct quic_version *v = may_derive ? p->version : NULL;
	struct quic_keys fresh;
	int len = keys->version == p->number ? quic_open(q, keys, p) : -1;

	for (; len < 0 && v; v = version_find(v, p->number)) {
		if (!quic_keys_derive(q, &fresh, p, v))
			return -1;
		len = quic_open(q, &fresh, p);
		if (len >= 0)
			*keys = fresh;
	}
	return len;
}

static void quic_skip_ack(struct reader *r, bool ecn)
{
	uint64_t ranges;

	reader_varint(r); /* largest */
	reader_varint(r); /* delay */
	ranges = reader_varint(r);
	reader_varint(r); /* first range */
	for (; ranges > 0 && !r->bad; ranges--) {
		reader_varint(r); /* gap */
		reader_varint(r);
	}
	for (int i = 0; ecn && i < 3; i++)
		reader_varint(r);
}

/* The frames that an Initial packet may hold (RFC 9000 section 12.4); any other ends it. */
static void quic_frames(const uint8_t *plain, size_t len, quic_crypto_fn crypto, void *arg)
{
	struct reader r = {.bytes = plain, .len = len};

	while (r.at < r.len && !r.bad) {
		uint64_t type = reader_varint(&r), offset, n;
		const uint8_t *data;

		switch (type) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_ACK:
		case FRAME_ACK_ECN:
			quic_skip_ack(&r, type == FRAME_ACK_ECN);
			break;
		case FRAME_CRYPTO:
			offset = reader_varint(&r);
			n = reader_varint(&r);
			data = reader_take(&r, n);
			if (data)
				crypto(arg, offset, data, n);
			break;
		default:
			return;
		}
	}
}

/*
 * All packets of a datagram bear one connection ID (RFC 9000 section 12.2), so keys are derived
 * once at most, however many packets a hostile datagram holds.
 */
unsigned quic_read(struct quic *q, struct quic_keys *keys, const uint8_t *datagram, size_t len,
		   quic_crypto_fn crypto, void *arg)
{
	struct quic_initial p;
	unsigned opened = 0;

	for (size_t at = 0; quic_header(&p, datagram + at, len - at); at += p.end) {
		int n;

		if (!p.is_initial)
			continue;
		n = quic_open_any(q, keys, &p, opened == 0);
		if (n < 0)
			break;
		quic_frames(q->plain, (size_t)n, crypto, arg);
		opened++;
	}
	return opened;
}
