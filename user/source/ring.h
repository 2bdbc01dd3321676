/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reading end of a ring of packets: see struct ring_ends. */
#ifndef XDPLENS_RING_H
#define XDPLENS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bare.h"

struct ring {
	struct ring_ends *ends;
	unsigned char *chunks;
	uint32_t n_chunks;	  /* a power of two */
	enum capture_format bare; /* most of its records are: a RING_CAPTURE */
	uint64_t at;		  /* of the next record to hand out */
	uint64_t end;	 /* of what is known to be there: the writer's own line is dear to read */
	uint32_t full;	 /* records passed that are not bare */
	uint64_t looked; /* up to where ring_look saw it written */
	uint64_t lent;	 /* up to here, */
	_Atomic uint64_t returned; /* and back up to here */
};

static inline unsigned char *ring_place(const struct ring *r)
{
	uint64_t chunk = r->at / RING_CHUNK & (r->n_chunks - 1);

	return r->chunks + chunk * RING_STEP + r->at % RING_CHUNK;
}

/*
 * The next record, or NULL: none is there. Then *busy is set if one is on its way. `len`: how many
 * octets may be read; no record says more of itself that is true.
 */
static inline void *ring_front(struct ring *r, size_t *len, bool *busy)
{
	if (r->at >= r->end) {
		uint64_t head = __atomic_load_n(&r->ends->head, __ATOMIC_ACQUIRE);

		r->end = head / 2;
		if (r->at >= r->end) {
			*busy |= head & 1;
			return NULL;
		}
	}
	*len = RING_STEP - r->at % RING_CHUNK;
	return ring_place(r);
}

/* Its caplen, with RECORD_FULL where that is set. */
static inline uint32_t record_mark(const void *record)
{
	uint32_t mark;

	memcpy(&mark, (const char *)record + offsetof(struct packet_record, caplen), sizeof(mark));
	return mark;
}

static inline uint32_t record_caplen(const void *record)
{
	return record_mark(record) & ~RECORD_FULL;
}

static inline bool ring_is_bare(const struct ring *r, const void *record)
{
	return r->bare && !(record_mark(record) & RECORD_FULL);
}

static inline uint32_t ring_octets(const struct ring *r, const void *record)
{
	return ring_is_bare(r, record) ? bare_octets(r->bare, record)
				       : sizeof(struct packet_record) + record_caplen(record);
}

/* Passes the record that ring_front gave. */
static inline void ring_pop(struct ring *r, const void *record)
{
	r->full += !ring_is_bare(r, record);
	r->at = ring_after(r->at, ring_octets(r, record));
}

void ring_begin(struct ring *r, uint64_t at); /* where the first record will be */

/* What is there now ring_span may find later. */
void ring_look(struct ring *r);
bool ring_all_bare(const struct ring *r); /* all that was there then, and not passed yet */
/*
 * From the next record on those that were there at ring_look, as far as they follow each other in
 * memory. NULL: none. *until: for ring_lend.
 */
void *ring_span(const struct ring *r, size_t *octets, uint64_t *until);
/* Passes a span: its room is given back when somebody writes `until` into r->returned. */
void ring_lend(struct ring *r, uint64_t until);

/* Gives back the room of what was passed and is not lent: not with every record, it is the writer's
 * line. */
void ring_release(struct ring *r);
uint64_t ring_waiting(const struct ring *r); /* octets written and not passed */
/* Octets written and not yet given back. */
uint64_t ring_pending(const struct ring *r);

#endif
