/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One line a message on stderr, "xdplens: " in front. While a full-screen view is on, messages are
 * kept and shown after it. Main thread only.
 */
#ifndef XDPLENS_LOG_H
#define XDPLENS_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_FORMAT __attribute__((format(printf, 1, 2)))

enum {
	LOG_LINE = 512, /* a message is cut to this, its end included */
	LOG_KEPT = 32,	/* messages kept while held: the newest */
};

/* Errors always; warnings and information unless quiet; debugging when verbose > 0. */
void log_level_set(bool quiet, int verbose);

/* Control characters in a message are shown as '?': a message is one line and moves no cursor. */
LOG_FORMAT void log_error(const char *fmt, ...);
LOG_FORMAT void log_warn(const char *fmt, ...);
LOG_FORMAT void log_info(const char *fmt, ...);
LOG_FORMAT void log_debug(const char *fmt, ...);

/* true: keep messages from now on; false: write those kept, and later ones at once. */
void log_hold(bool hold);

/* Copies the newest message (without "xdplens: "; empty: none yet), cut to `n` octets. */
void log_last(char *dst, size_t n);

#endif
