/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The data connections that FTP control connections announce: no payload could show them. */
#ifndef XDPLENS_FTP_DATA_H
#define XDPLENS_FTP_DATA_H

#include <stdbool.h>

#include "xdplens/detector.h"

struct ftp_data;

/* Remembers the last `max` announced endpoints; a power of two. NULL and errno. */
struct ftp_data *ftp_data_new(size_t max);
void ftp_data_free(struct ftp_data *f);
/* Reads a copied packet of a control connection: PORT and 227 (RFC 959), EPRT and 229 (RFC 2428).
 */
void ftp_data_event(struct ftp_data *f, const struct event *e);
/* Was one of the key's ends announced? */
bool ftp_data_expected(const struct ftp_data *f, const struct flow_key *key);

#endif
