/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a built-in detector may ask beyond the public interface: which addresses another detector
 * has already explained, the lists on the command line. Implemented by detect.c.
 */
#ifndef DETECT_HOST_H
#define DETECT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "xdplens/detector.h"
#include "xdplens/listed.h"

/* "What this address does is told by an alert of mine"; holds for five seconds. */
void host_explain(struct detector_host *host, const uint8_t addr[16]);

/* Whether another detector has said so; addr NULL: of any address. */
bool host_explained(struct detector_host *host, const uint8_t addr[16]);

/* The files of --blacklist; returns their number. */
int host_blacklists(struct detector_host *host, const char *const **files);

/* The addresses that the blacklist detector knows, as long as it is open. */
const struct listed_range *blacklist_ranges(const struct detector *blacklist, size_t *n);

/* A limit of the configuration; 0 there means never. */
double host_limit(struct detector_host *host, const char *key, double otherwise);

extern const struct detector_ops detector_flood, detector_scan, detector_brute_force,
	detector_dns_abuse, detector_arp_spoof, detector_blacklist, detector_suspicious_port,
	detector_cleartext, detector_packet_size, detector_high_traffic;

#endif
