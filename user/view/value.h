/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON values out of ours: what is not known is null, a number is never a string, no text can break
 * the document. Each returns a new reference.
 */
#ifndef XDPLENS_VIEW_VALUE_H
#define XDPLENS_VIEW_VALUE_H

#include <jansson.h>

#include "snapshot.h"

/* Steals the value; nothing happens where memory ran out. */
void value_put(json_t *object, const char *key, json_t *value);
json_t *value_count(uint64_t n);
json_t *value_number(double x);	       /* not finite: null */
json_t *value_milliseconds(double ms); /* negative or not finite: null */
json_t *value_epoch(uint64_t ns);      /* in seconds */
/* Names come escaped, but file names are whatever they are: what is not UTF-8 becomes '?'. */
json_t *value_text(const char *s);
json_t *value_address(const uint8_t addr[16]);
json_t *value_total(const struct count *c); /* {packets, bytes} */
json_t *value_named_counts(const struct named_count *c, size_t n);

json_t *json_dns(const struct dns_view *d); /* json_dns.c */

#endif
