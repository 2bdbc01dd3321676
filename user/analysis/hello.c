// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * First words. Comes after the stream was put together (flow_name.c, quic.c). Nothing here trusts a
 * length: every field of TLS is taken from a cursor that knows both where the bytes end and where
 * the enclosing vector does; every line of text ends inside what is there.
 */
#include "analysis/hello.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
	RECORD_HEADER = 5,
	RECORD_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	EXTENSION_NAME = 0,
	EXTENSION_ALPN = 16,
	METHOD_MAX = 16,
	SSH_LINE_MAX = 255,
};

/* A vector of the message, of which perhaps only the first bytes are there. */
struct cursor {
	const uint8_t *at;
	size_t here;		  /* bytes present */
	size_t left;		  /* bytes that the lengths promise, >= here */
	enum hello_status status; /* BAD or PART once something could not be taken */
};

/* The next n bytes, or NULL and the reason in c->status. */
static const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	const uint8_t *bytes = c->at;

	if (c->status != HELLO_WHOLE)
		return NULL;
	if (n > c->here) {
		c->status = n > c->left ? HELLO_BAD : HELLO_PART;
		return NULL;
	}
	c->at += n;
	c->here -= n;
	c->left -= n;
	return bytes;
}

/* A big-endian number of n bytes; 0 where it could not be taken. */
static size_t cursor_number(struct cursor *c, size_t n)
{
	const uint8_t *bytes = cursor_take(c, n);
	size_t value = 0;

	for (size_t i = 0; bytes && i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

/*
 * Enters a vector whose length stands before it in n bytes and steps `c` over it. The vector may be
 * cut: then the cut shows when its end is read, and in `c` at once after it.
 */
static struct cursor cursor_vector(struct cursor *c, size_t n)
{
	size_t len = cursor_number(c, n);
	struct cursor v = {.at = c->at, .left = len, .here = len, .status = c->status};

	if (v.status != HELLO_WHOLE)
		return v;
	if (len > c->left) {
		c->status = v.status = HELLO_BAD;
		return v;
	}
	if (len > c->here) {
		v.here = c->here;
		c->status = HELLO_PART;
		return v;
	}
	cursor_take(c, len);
	return v;
}

/* A handshake record that holds a hello, as far as there are bytes to tell. */
static bool hello_is_tls(const uint8_t *stream, size_t len)
{
	return len >= 3 && stream[0] == RECORD_HANDSHAKE && stream[1] == 3 && stream[2] <= 4 &&
	       (len <= RECORD_HEADER || stream[RECORD_HEADER] == CLIENT_HELLO ||
		stream[RECORD_HEADER] == SERVER_HELLO);
}

/* A method, a space and a target. */
static bool hello_is_http(const uint8_t *stream, size_t len)
{
	size_t at = 0;

	while (at < len && at < METHOD_MAX &&
	       ((stream[at] >= 'A' && stream[at] <= 'Z') || stream[at] == '-'))
		at++;
	return at >= 3 && at + 1 < len && stream[at] == ' ' && stream[at + 1] > ' ';
}

enum hello_kind hello_kind(const uint8_t *stream, size_t len)
{
	if (hello_is_tls(stream, len))
		return HELLO_TLS;
	if (len >= 4 && memcmp(stream, "SSH-", 4) == 0)
		return HELLO_SSH;
	return hello_is_http(stream, len) ? HELLO_HTTP : HELLO_NONE;
}

/* ---- TLS ---- */

size_t hello_unwrap(uint8_t *dst, size_t n, const uint8_t *stream, size_t len)
{
	size_t out = 0;

	while (len > RECORD_HEADER && stream[0] == RECORD_HANDSHAKE && out < n) {
		size_t body = (size_t)stream[3] << 8 | stream[4];
		size_t take = len - RECORD_HEADER;

		if (take > body)
			take = body;

		size_t fits = take < n - out ? take : n - out;

		memcpy(dst + out, stream + RECORD_HEADER, fits);
		out += fits;
		stream += RECORD_HEADER + take;
		len -= RECORD_HEADER + take;
	}
	return out;
}

static enum hello_status hello_name(struct hello *hello, struct cursor body)
{
	struct cursor list = cursor_vector(&body, 2);

	while (list.left > 0 && list.status == HELLO_WHOLE) {
		size_t type = cursor_number(&list, 1);
		struct cursor name = cursor_vector(&list, 2);

		if (list.status != HELLO_WHOLE || type != 0 || name.left == 0 || hello->name)
			continue;
		hello->name = name.at;
		hello->name_len = name.left;
	}
	return list.status;
}

static enum hello_status hello_alpn(struct hello *hello, struct cursor body)
{
	struct cursor list = cursor_vector(&body, 2);

	if (body.status == HELLO_WHOLE && !hello->alpn) {
		hello->alpn = list.at;
		hello->alpn_len = list.left;
	}
	return body.status;
}

static enum hello_status hello_extensions(struct hello *hello, struct cursor list)
{
	while (list.left > 0 && list.status == HELLO_WHOLE) {
		size_t type = cursor_number(&list, 2);
		struct cursor body = cursor_vector(&list, 2);
		enum hello_status status = body.status;

		if (type == EXTENSION_NAME && status == HELLO_WHOLE && body.left > 0)
			status = hello_name(hello, body);
		else if (type == EXTENSION_ALPN && status == HELLO_WHOLE)
			status = hello_alpn(hello, body);
		if (status == HELLO_BAD)
			return HELLO_BAD;
	}
	return list.status;
}

enum hello_status hello_tls(struct hello *hello, const uint8_t *message, size_t len)
{
	struct cursor all = {message, len, SIZE_MAX, HELLO_WHOLE}, body, extensions;
	size_t type = cursor_number(&all, 1);

	memset(hello, 0, sizeof(*hello));
	if (all.status == HELLO_WHOLE && type != CLIENT_HELLO && type != SERVER_HELLO)
		return HELLO_BAD;
	body = cursor_vector(&all, 3);
	cursor_take(&body, 2 + 32); /* version, random */
	cursor_vector(&body, 1);    /* session */
	if (type == CLIENT_HELLO) {
		cursor_vector(&body, 2); /* cipher suites */
		cursor_vector(&body, 1); /* compression methods */
	} else {
		cursor_take(&body, 2 + 1); /* one of each */
	}
	if (body.status != HELLO_WHOLE || body.left == 0)
		return body.status; /* extensions are optional before TLS 1.3 */
	extensions = cursor_vector(&body, 2);
	return hello_extensions(hello, extensions);
}

struct verdict hello_verdict(const struct hello *hello)
{
	/* IANA's registry of ALPN protocol IDs; the more usual first */
	static const struct {
		const char *id;
		uint8_t app;
	} known[] = {
		{"h2", APP_HTTPS},
		{"http/1.1", APP_HTTPS},
		{"http/1.0", APP_HTTPS},
		{"http/0.9", APP_HTTPS},
		{"spdy/1", APP_HTTPS},
		{"spdy/2", APP_HTTPS},
		{"spdy/3", APP_HTTPS},
		{"spdy/3.1", APP_HTTPS},
		{"dot", APP_DOT},
		{"imap", APP_IMAP},
		{"pop3", APP_POP3},
		{"ftp", APP_FTP},
		{"postgresql", APP_POSTGRESQL},
	};
	struct verdict verdict = {0};
	size_t left = hello->alpn ? hello->alpn_len : 0;

	for (const uint8_t *id = hello->alpn; left > 0 && left > *id; id += 1 + *id) {
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (strlen(known[i].id) != *id || memcmp(known[i].id, id + 1, *id) != 0)
				continue;
			if (verdict.sure && known[i].app != APP_HTTPS)
				continue;
			verdict = (struct verdict){known[i].app, SURE_PAYLOAD, SECURITY_ENCRYPTED};
		}
		left -= 1 + *id;
	}
	return verdict;
}

/* ---- text ---- */

struct line {
	const uint8_t *bytes;
	size_t len;
};

/* Takes the next line, without its end, from the stream; false where its end is not there. */
static bool line_take(struct line *line, struct line *stream)
{
	const uint8_t *end = memchr(stream->bytes, '\n', stream->len);

	if (!end)
		return false;
	line->bytes = stream->bytes;
	line->len = (size_t)(end - stream->bytes);
	stream->bytes += line->len + 1;
	stream->len -= line->len + 1;
	if (line->len > 0 && end[-1] == '\r')
		line->len--;
	return true;
}

static bool line_begins(const struct line *line, const char *text)
{
	size_t len = strlen(text);

	return line->len >= len && strncasecmp((const char *)line->bytes, text, len) == 0;
}

static void hello_set_name(struct hello *hello, const uint8_t *from, const uint8_t *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	if (from == to)
		return;
	hello->name = from;
	hello->name_len = (size_t)(to - from);
}

enum hello_status hello_http(struct hello *hello, const uint8_t *stream, size_t len)
{
	static const char version[] = " HTTP/1.", connect[] = "CONNECT ", host[] = "Host:";
	struct line rest = {stream, len}, line;
	const uint8_t *target_end;

	memset(hello, 0, sizeof(*hello));
	if (!line_take(&line, &rest))
		return HELLO_PART;
	if (line.len < sizeof(version)) /* its NUL stands for the minor version */
		return HELLO_BAD;
	target_end = line.bytes + line.len - sizeof(version);
	if (memcmp(target_end, version, sizeof(version) - 1) != 0)
		return HELLO_BAD;
	if (line_begins(&line, connect)) {
		const uint8_t *target = line.bytes + sizeof(connect) - 1;

		hello_set_name(hello, target, target < target_end ? target_end : target);
		return HELLO_WHOLE;
	}
	while (line_take(&line, &rest)) {
		if (line.len == 0)
			return HELLO_WHOLE;
		if (!line_begins(&line, host))
			continue;
		hello_set_name(hello, line.bytes + sizeof(host) - 1, line.bytes + line.len);
		return HELLO_WHOLE;
	}
	return HELLO_PART;
}

enum hello_status hello_ssh(struct hello *hello, const uint8_t *stream, size_t len)
{
	struct line rest = {stream, len < SSH_LINE_MAX ? len : SSH_LINE_MAX}, line;
	const uint8_t *dash;

	memset(hello, 0, sizeof(*hello));
	if (!line_take(&line, &rest))
		return len < SSH_LINE_MAX ? HELLO_PART : HELLO_BAD;
	if (!line_begins(&line, "SSH-"))
		return HELLO_BAD;
	dash = memchr(line.bytes + 4, '-', line.len - 4);
	if (!dash)
		return HELLO_BAD;
	hello_set_name(hello, dash + 1, line.bytes + line.len);
	return HELLO_WHOLE;
}
