/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How columns are written down: a function a cell, an order a column, a table a list. */
#ifndef XDPLENS_VIEW_LIVE_COLUMNS_H
#define XDPLENS_VIEW_LIVE_COLUMNS_H

#include "view/live.h"

/* A cell's function, which sees its row as `r` and the view as `v`. */
#define CELL(function, type)                                                                   \
	static void function##_of(const type *r, const struct view *v, char dst[TABLE_CELL]);  \
	static void function(const void *row, const void *context, char dst[TABLE_CELL])       \
	{                                                                                      \
		function##_of(row, context, dst);                                              \
	}                                                                                      \
	static void function##_of(const type *r, __attribute__((unused)) const struct view *v, \
				  char dst[TABLE_CELL])

/* Ascending by an expression over `r`. */
#define ORDER(function, type, expression)                 \
	static int function(const void *a, const void *b) \
	{                                                 \
		const type *r = a;                        \
		double x = expression, y;                 \
                                                          \
		r = b;                                    \
		y = expression;                           \
		return x < y ? -1 : x > y;                \
	}

#define TABLE(columns, type, sort)                                                  \
	{                                                                           \
		columns, sizeof(columns) / sizeof((columns)[0]), sizeof(type), sort \
	}

int live_tint_name(const void *row);
int live_tint_dim(const void *row);
int live_tint_security(uint8_t security); /* enum security */

#endif
