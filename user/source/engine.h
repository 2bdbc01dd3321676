/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host's home of the engine: the same parsing, classification and flow cache, on memory. */
#ifndef XDPLENS_SOURCE_ENGINE_H
#define XDPLENS_SOURCE_ENGINE_H

#include "source/source.h"

struct engine;

struct engine_config {
	uint32_t link;	 /* DLT_* of the frames */
	uint32_t sample; /* copy 1 packet in N; 0: none */
	enum sample_by sample_by;
	uint32_t caplen; /* most bytes of a copy */
	uint32_t slots;	 /* of the flow cache, a power of two */
	uint32_t head_packets;
	uint32_t ifindex; /* that frames are said to come from */
	const char *interface;
};

/* One frame. ts: ns since the epoch; egress: sent by this host. */
struct engine_frame {
	uint64_t ts;
	const uint8_t *data;
	uint32_t caplen, wire_len;
	bool egress;
};

struct engine *engine_new(const struct engine_config *config, const struct source_consumer *c);
void engine_free(struct engine *e);
/* The consumer's lists are these from now on; the ranges are kept. */
void engine_relist(struct engine *e, const struct listed *listed);
/* The whole way of a packet; delivers what it copies and evicts. */
void engine_packet(struct engine *e, const struct engine_frame *frame);
/* Delivers every flow in the cache and the counters, and begins anew. */
void engine_cut(struct engine *e);
/* Counters since the last cut, and of the one interface. */
const struct cpu_state *engine_state(const struct engine *e);

#endif
