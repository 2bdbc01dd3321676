/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --syslog: a message to the host's log (journald, rsyslog, ...) when an alert opens and when it
 * closes. Never waits: syslog(3) would, for a reader that does not read. What it does not take is
 * dropped and counted.
 */
#ifndef DETECT_JOURNAL_H
#define DETECT_JOURNAL_H

#include <stdint.h>

#include "xdplens/detector.h"

struct journal;

/* `path`: of the socket, "/dev/log" on every host. NULL: said why; nobody listens there. */
struct journal *journal_new(const char *path);
void journal_free(struct journal *j); /* NULL is fine */

void journal_write(struct journal *j, const struct alert *a);

uint64_t journal_dropped(const struct journal *j);

#endif
