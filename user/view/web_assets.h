/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files of the page, as they stand in the program. */
#ifndef XDPLENS_VIEW_WEB_ASSETS_H
#define XDPLENS_VIEW_WEB_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

struct web_asset {
	const char *path, *type;
	const char *data, *end;
	bool open; /* served to those without a token, too */
};

/* Ends with a row whose path is NULL. */
extern const struct web_asset web_assets[];
/* Who has no token is shown this in place of the page. */
extern const struct web_asset web_asset_login;

#endif
