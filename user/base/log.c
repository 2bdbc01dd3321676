// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns stderr. Everyone calls it, it calls nobody. The one module with state of its own: a message
 * must be possible where no object is at hand.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

static struct {
	enum level most; /* what is shown */
	bool hold;
	unsigned kept; /* since hold; the newest LOG_KEPT of them are in `line` */
	char line[LOG_KEPT][LOG_LINE];
	char last[LOG_LINE];
} state = {.most = LEVEL_INFO};

void log_level_set(bool quiet, int verbose)
{
	state.most = quiet ? LEVEL_ERROR : verbose > 0 ? LEVEL_DEBUG : LEVEL_INFO;
}

/* In UTF-8 the control characters beyond ASCII (C1) are 0xc2 0x80 to 0xc2 0x9f. */
static void disarm(char *line)
{
	for (unsigned char *p = (unsigned char *)line; *p; p++) {
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
}

/* One write, so that lines of several processes do not mix. */
static void print(const char *line)
{
	char text[LOG_LINE + 16];
	int n = snprintf(text, sizeof(text), "xdplens: %s\n", line);

	if (write(STDERR_FILENO, text, n) < 0)
		return; /* nowhere left to say it */
}

static void message(enum level level, const char *fmt, va_list args)
{
	if (level > state.most)
		return;
	vsnprintf(state.last, sizeof(state.last), fmt, args);
	disarm(state.last);
	if (state.hold)
		memcpy(state.line[state.kept++ % LOG_KEPT], state.last, LOG_LINE);
	else
		print(state.last);
}

#define LOG_FUNCTION(name, level)          \
	void name(const char *fmt, ...)    \
	{                                  \
		va_list args;              \
                                           \
		va_start(args, fmt);       \
		message(level, fmt, args); \
		va_end(args);              \
	}

LOG_FUNCTION(log_error, LEVEL_ERROR)
LOG_FUNCTION(log_warn, LEVEL_WARN)
LOG_FUNCTION(log_info, LEVEL_INFO)
LOG_FUNCTION(log_debug, LEVEL_DEBUG)

void log_hold(bool hold)
{
	unsigned first = state.kept > LOG_KEPT ? state.kept - LOG_KEPT : 0;
	char line[64];

	state.hold = hold;
	if (hold)
		return;
	if (first) {
		snprintf(line, sizeof(line), "%u earlier messages are not kept", first);
		print(line);
	}
	for (unsigned i = first; i < state.kept; i++)
		print(state.line[i % LOG_KEPT]);
	state.kept = 0;
}

void log_last(char *dst, size_t n)
{
	if (n)
		snprintf(dst, n, "%s", state.last);
}
