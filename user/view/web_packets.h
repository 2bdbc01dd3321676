/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The newest packets that were copied to user space, as much of each as a person wants to see. */
#ifndef XDPLENS_VIEW_WEB_PACKETS_H
#define XDPLENS_VIEW_WEB_PACKETS_H

#include <stdio.h>

#include "snapshot.h"

enum {
	WEB_PACKETS = 256,     /* kept; the oldest makes room */
	WEB_PACKET_DATA = 128, /* octets of each */
};

struct web_packet {
	uint64_t ts;
	struct packet packet; /* offsets into data */
	struct verdict verdict;
	uint32_t wire_len, caplen, linktype;
	uint8_t why;
	double dns_latency_ms;
	char interface[16];
	uint8_t data[WEB_PACKET_DATA]; /* as on the wire: a stripped VLAN tag is put back */
};

struct web_packets {
	struct web_packet ring[WEB_PACKETS];
	size_t added; /* ever */
};

void web_packets_add(struct web_packets *p, const struct event *event);
/* {"total": n, "packets": [{...}, ...]}, newest first. 0, or -errno. */
int web_packets_write_json(const struct web_packets *p, FILE *out);
/* A pcap file with nanoseconds, oldest first, of the newest packet's link type. 0, or -errno. */
int web_packets_write_pcap(const struct web_packets *p, FILE *out);

#endif
