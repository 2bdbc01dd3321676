/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of a capture file as the kernel leaves them: see enum capture_format. At any address. */
#ifndef XDPLENS_BARE_H
#define XDPLENS_BARE_H

#include <stdint.h>
#include <string.h>

#include "xdplens/event.h"

/* What the record says of itself; in a ring, for the reader to check. */
static inline uint32_t bare_octets(enum capture_format format, const void *record)
{
	struct pcapng_packet block;
	struct pcap_record r;

	if (format == CAPTURE_PCAPNG) {
		memcpy(&block, record, sizeof(block));
		return block.octets;
	}
	memcpy(&r, record, sizeof(r));
	return sizeof(r) + r.caplen;
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
