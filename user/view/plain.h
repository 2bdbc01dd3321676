/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A snapshot as text for people and for grep. ASCII, no control character but the newline. */
#ifndef XDPLENS_VIEW_PLAIN_H
#define XDPLENS_VIEW_PLAIN_H

#include <stdio.h>

#include "snapshot.h"

/* What the columns of plain_line are. */
void plain_header(FILE *to);

/* One line: the last interval. */
void plain_line(FILE *to, const struct snapshot *s);

/* The whole picture, some forty lines. */
void plain_summary(FILE *to, const struct snapshot *s);

#endif
