/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Telling the service manager how we do: the datagrams of sd_notify(3), without its library. To be
 * made before privilege is given up; later sends need send(2) on one socket and no path.
 */
#ifndef XDPLENS_NOTIFY_H
#define XDPLENS_NOTIFY_H

#include <stdbool.h>

struct notify;

/*
 * Reads NOTIFY_SOCKET (a path, or an abstract name behind "@"), WATCHDOG_USEC and WATCHDOG_PID, and
 * takes them out of the environment, so that no child speaks for us. NULL: nobody listens (said, if
 * the socket is there and refuses); the other functions take NULL.
 */
struct notify *notify_new(void);
void notify_free(struct notify *n);

/*
 * True when a beat should be sent: at once, then after half of the watchdog's time (5 s without
 * one). `now`: seconds of a clock that never steps.
 */
bool notify_due(const struct notify *n, double now);

/* STATUS= one line, WATCHDOG=1 where it is asked for, and READY=1 until it has been taken. */
void notify_beat(struct notify *n, double now, const char *status);
void notify_stopping(struct notify *n);

#endif
