/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --alert-packets: a flight recorder. The last packets that were copied to user space stand in a
 * ring; when an alert opens, those and the ones that follow go to a pcap file of its own, named
 * after time, detector, kind and subject.
 *
 * Bounded: RECORDER_PACKETS in the ring, each cut to RECORDER_SNAPLEN; RECORDER_OPEN files at a
 * time, each for RECORDER_AFTER_S seconds after the alert and RECORDER_FILE octets; RECORDER_FILES
 * in the directory, of which the oldest goes, also if an earlier run wrote it. Alerts beyond that
 * have no file, which is said once.
 */
#ifndef DETECT_RECORDER_H
#define DETECT_RECORDER_H

#include <stdint.h>

#include "xdplens/detector.h"

enum {
	RECORDER_PACKETS = 4096,
	RECORDER_SNAPLEN = 1536,
	RECORDER_BEFORE_S = 10,
	RECORDER_AFTER_S = 10,
	RECORDER_OPEN = 8,
	RECORDER_FILE = 1000000,
	RECORDER_FILES = 64,
};

struct recorder;

/* NULL: said why; the directory must be there. */
struct recorder *recorder_new(const char *directory);
void recorder_free(struct recorder *r); /* NULL is fine; closes the files */

void recorder_packet(struct recorder *r, const struct event *e);
/* `now`: ns since the epoch, the capture's clock for files. Closing alerts are nothing to it. */
void recorder_alert(struct recorder *r, const struct alert *a, uint64_t now);

#endif
