/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sinks that write a row a record, as CSV (RFC 4180, with a line of names) or as JSON Lines. A
 * table of columns drives both. Before it: csv.c and rows.c, which own the tables; after it:
 * base/buffer.
 */
#ifndef XDPLENS_SINK_ROW_H
#define XDPLENS_SINK_ROW_H

#include "sink/sink.h"

enum row_format { ROW_CSV, ROW_JSON };

struct row; /* the one that is being written */

struct column {
	const char *name;				   /* [a-z_]+ */
	void (*put)(struct row *row, const void *subject); /* calls one row_ function, once */
};

/* Opens a file. `columns` must outlive it. NULL: said why. */
struct sink *row_sink_open(const char *path, const struct options *options, enum row_format format,
			   const struct column *columns, size_t n);

/* ROW_CSV where the name ends in ".csv", or ".csv.gz", else ROW_JSON. */
enum row_format row_format_of(const char *path);

/* Writes the row of a subject. 0 or -errno, said. */
int row_sink_put(struct sink *s, const void *subject);

/* These stand in struct sink_ops. */
int row_sink_tick(struct sink *s, uint64_t now);
int row_sink_reopen(struct sink *s);
uint64_t row_sink_dropped(const struct sink *s);
uint64_t row_sink_close(struct sink *s);

/* ---- cells ---- */

void row_none(struct row *row); /* null, or an empty cell */
void row_integer(struct row *row, uint64_t n);
void row_ms(struct row *row, double ms);	  /* six decimals; negative or not finite: none */
void row_number(struct row *row, double x);	  /* up to six decimals; 1e18 and beyond: none */
void row_epoch(struct row *row, uint64_t ns);	  /* seconds, nine decimals */
void row_iso8601(struct row *row, uint64_t ns);	  /* UTC, six decimals */
void row_word(struct row *row, const char *word); /* ours: needs no escape; NULL: none */
void row_text(struct row *row, const char *text); /* anybody's; NULL: empty */
void row_address(struct row *row, const uint8_t a[16]); /* mapped, as in struct flow_key */
void row_protocol(struct row *row, uint8_t number);	/* name of an IANA protocol number */
void row_tcp_flags(struct row *row, uint8_t flags);	/* letters FSRPAUEW of those set */

/* True for protocols whose flows have ports. */
bool row_has_ports(uint8_t proto);

extern const char *const row_app_name[APP_COUNT];
extern const char *const row_security_name[SECURITY_COUNT];
extern const char *const row_transport_name[TRANSPORT_COUNT];

#endif
