/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --on-alert: runs a command when an alert opens and when it closes. No shell reads it: its words
 * are taken apart once, at the start (quotes, $VARIABLES, ~ and patterns as in sh), and what the
 * alert says is one JSON object on its standard input, so no byte of it is ever taken for anything
 * but data: the columns of --alerts, and "state": "open" or "closed".
 *
 * Bounded: COMMAND_AT_ONCE run at a time, each for so many seconds of the host's clock, then its
 * process group is killed; COMMAND_WAITING wait; more are dropped and counted. Nothing waits for a
 * command but command_finish.
 */
#ifndef DETECT_COMMAND_H
#define DETECT_COMMAND_H

#include <stdint.h>

#include "xdplens/detector.h"

enum { COMMAND_AT_ONCE = 8, COMMAND_WAITING = 256 };

struct command;

/*
 * Starts the process that runs the command, each for at most `most_s`, with the rights of the
 * caller now, or as `user` (NULL: none). Call it before those rights are given up. NULL: said why.
 */
struct command *command_new(const char *text, const char *user, double most_s);
void command_free(struct command *c); /* NULL is fine; ends what runs */

void command_run(struct command *c, const struct alert *a);

/* Collects those that ended and starts those that wait. */
void command_poll(struct command *c);

/* Polls until none is left, for at most so many seconds. */
void command_finish(struct command *c, double most);

uint64_t command_dropped(const struct command *c);

#endif
