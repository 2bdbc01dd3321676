/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of a capture file as the kernel leaves them: see enum capture_format. At any address. */
#ifndef XDPLENS_BARE_H
#define XDPLENS_BARE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "xdplens/event.h"

/* Around the packet's octets: no record has fewer. */
static inline uint32_t bare_least(enum capture_format format)
{
	return format == CAPTURE_PCAPNG
		       ? sizeof(struct pcapng_packet) + sizeof(struct pcapng_packet_end)
		       : sizeof(struct pcap_record);
}

/* What the record says of itself, but no less than bare_least. */
static inline uint32_t bare_octets(enum capture_format format, const void *record)
{
	uint32_t least = bare_least(format);
	struct pcapng_packet block;
	struct pcap_record r;

	if (format == CAPTURE_PCAPNG) {
		memcpy(&block, record, sizeof(block));
		return block.octets > least ? block.octets : least;
	}
	memcpy(&r, record, sizeof(r));
	return r.caplen < UINT32_MAX - least ? least + r.caplen : UINT32_MAX;
}

/* How many records there are. */
static inline size_t bare_count(enum capture_format format, const char *records, size_t octets)
{
	size_t n = 0;

	for (size_t at = 0; at + bare_least(format) <= octets; n++)
		at += bare_octets(format, records + at);
	return n;
}

/* ns since the epoch */
static inline uint64_t bare_time(enum capture_format format, const void *record)
{
	struct pcapng_packet block;
	struct pcap_record r;

	if (format == CAPTURE_PCAPNG) {
		memcpy(&block, record, sizeof(block));
		return (uint64_t)block.time_high << 32 | block.time_low;
	}
	memcpy(&r, record, sizeof(r));
	return r.sec * 1000000000ull + r.nsec;
}

#endif
