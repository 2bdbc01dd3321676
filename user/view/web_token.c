// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The secret that lets a client in. Loaded by web.c, asked by web_http.c. */
#include "view/web_token.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* A cookie that leaks must not tell the token: it is the digest of something else. */
static bool digest_make(uint8_t digest[32], const char *purpose, const char *word)
{
	char text[WEB_TOKEN_MOST + 32];
	int len = snprintf(text, sizeof(text), "%s:%s", purpose, word);
	bool made = EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_cleanse(text, sizeof(text));
	return made;
}

static bool token_make(struct web_token *t, const char *word)
{
	uint8_t cookie[32];

	if (!digest_make(t->digest, "token", word) || !digest_make(cookie, "cookie", word))
		return false;
	for (int i = 0; i < 32; i++)
		sprintf(t->cookie + 2 * i, "%02x", cookie[i]);
	t->wanted = true;
	return true;
}

static bool token_fit(const char *word)
{
	size_t len = strlen(word);

	if (len < WEB_TOKEN_LEAST || len > WEB_TOKEN_MOST)
		return false;
	for (; *word; word++)
		if (*word <= ' ' || *word > '~')
			return false;
	return true;
}

int web_token_load(struct web_token *t, const char *path)
{
	char line[WEB_TOKEN_MOST + 3] = "";
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file) {
		error = -errno;
		log_error("--web-token-file %s: %s", path, strerror(errno));
		return error;
	}
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	line[strcspn(line, "\r\n")] = 0;
	if (!token_fit(line)) {
		log_error(
			"--web-token-file %s: its first line must be %d to %d printable characters "
			"without blanks, as `openssl rand -hex 16` makes them",
			path, WEB_TOKEN_LEAST, WEB_TOKEN_MOST);
		error = -EINVAL;
	} else if (!token_make(t, line)) {
		log_error("--web-token-file %s: libcrypto refuses SHA-256", path);
		error = -EIO;
	}
	OPENSSL_cleanse(line, sizeof(line));
	return error;
}

bool web_token_matches(const struct web_token *t, const char *word)
{
	uint8_t digest[32];

	return word && strlen(word) <= WEB_TOKEN_MOST && digest_make(digest, "token", word) &&
	       CRYPTO_memcmp(digest, t->digest, sizeof(digest)) == 0;
}

bool web_token_cookie_matches(const struct web_token *t, const char *cookie)
{
	return cookie && strlen(cookie) == WEB_TOKEN_COOKIE - 1 &&
	       CRYPTO_memcmp(cookie, t->cookie, WEB_TOKEN_COOKIE - 1) == 0;
}
