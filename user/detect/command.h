/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --on-alert: runs a command when an alert opens and when it closes. What the alert says stands in
 * the environment only (XDPLENS_STATE open or closed, _DETECTOR, _SEVERITY, _SUBJECT, _KIND,
 * _OBSERVED, _EXPECTED, _UNIT, _REASON, _START and _END in epoch seconds), so no byte of it is ever
 * read as shell text unless the command itself does so.
 *
 * Bounded: COMMAND_AT_ONCE run at a time, COMMAND_WAITING wait; more are dropped and counted.
 */
#ifndef DETECT_COMMAND_H
#define DETECT_COMMAND_H

#include <stdint.h>

#include "xdplens/detector.h"

enum { COMMAND_AT_ONCE = 8, COMMAND_WAITING = 256 };

struct command;

/*
 * Starts the process that runs the command, with the rights of the caller now, or as `user` (NULL:
 * none). Call it before those rights are given up. NULL and errno.
 */
struct command *command_new(const char *text, const char *user);
void command_free(struct command *c); /* NULL is fine; what runs goes on */

void command_run(struct command *c, const struct alert *a);

/* Collects those that ended and starts those that wait. */
void command_poll(struct command *c);

/* Polls until none is left, for at most `seconds`. */
void command_finish(struct command *c, double seconds);

uint64_t command_dropped(const struct command *c);

#endif
