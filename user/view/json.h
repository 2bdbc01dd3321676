/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A snapshot as one JSON object (RFC 8259), for --report json and for the web view. */
#ifndef XDPLENS_VIEW_JSON_H
#define XDPLENS_VIEW_JSON_H

#include "snapshot.h"

/*
 * The object on one line without a newline, ASCII; *len is its length without the closing NUL. The
 * caller frees it. NULL and ENOMEM.
 */
char *json_snapshot(const struct snapshot *s, size_t *len);

#endif
