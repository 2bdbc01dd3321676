/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The secret that lets a client in. Only digests are kept and compared, in constant time. */
#ifndef XDPLENS_VIEW_WEB_TOKEN_H
#define XDPLENS_VIEW_WEB_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

enum { WEB_TOKEN_LEAST = 16, WEB_TOKEN_MOST = 256, WEB_TOKEN_COOKIE = 65 };

struct web_token {
	bool wanted;
	uint8_t digest[32];
	char cookie[WEB_TOKEN_COOKIE]; /* what a browser shows instead, in hexadecimal */
};

/* Takes the first line of a file, 16 to 256 printable octets. 0, or -errno after saying why. */
int web_token_load(struct web_token *t, const char *path);
/* Both: NULL does not match. */
bool web_token_matches(const struct web_token *t, const char *word);
bool web_token_cookie_matches(const struct web_token *t, const char *cookie);

#endif
