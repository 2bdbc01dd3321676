/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One flow, both directions: its key, its counts, who opened it, where its TCP connection stands.
 * Private to the flow table, which keeps many of them; knows nothing of tables.
 *
 * The two ends are kept as sides 0 and 1 in an order that does not depend on who sent first, so
 * that who opened the flow may be learned at any time and moves no number.
 */
#ifndef ANALYSIS_FLOW_ENTRY_H
#define ANALYSIS_FLOW_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "analysis/mix.h"
#include "xdplens/detector.h"

#define FLOW_NEVER UINT64_MAX	  /* a time that has not come */
enum { FLOW_TICK_NS = 10000000 }; /* longest clock tick of the kernel's that times deltas */

/* Two-way key; sides in the order of their addresses, then ports, as numbers in memory. */
struct flow_id {
	uint64_t addr[2][2]; /* [side] */
	__be16 port[2];
	uint32_t ifindex;
	uint32_t proto;
	uint32_t zero;
};

enum flow_mark {
	FLOW_COUNTED = 0x01, /* a delta has come, not copies alone */
	FLOW_SYN = 0x02,     /* a SYN without ACK was seen, from side FLOW_SYN_SIDE */
	FLOW_SYN_SIDE = 0x04,
	FLOW_SYN_ACK = 0x08, /* a copied packet answered it */
	FLOW_FIN = 0x10,     /* << side: that side has closed */
	FLOW_RST = 0x40,
	FLOW_FIRST_SIDE = 0x80, /* of what made the entry */
	FLOW_OPENER = 0x100,	/* the side that opened the flow, as far as is known */
};

struct flow_entry { /* three cache lines: who; every merge; the rest */
	struct flow_id id;
	uint32_t verdict; /* packed, see verdict_pack() */
	uint32_t name;	  /* reference into the name pool */
	uint16_t vlan;	  /* of what made the entry */
	uint16_t marks;	  /* enum flow_mark */
	uint8_t tcp_flags;
	uint8_t pad;
	uint16_t owner; /* of the socket at our end, by number; 0: not known */

	uint64_t packets[2], bytes[2]; /* by the side that sent them */
	uint64_t tick[2];	       /* first delta's time; FLOW_NEVER: none */
	uint64_t last;
	uint64_t seen_bytes; /* both ways, when the last snapshot was filled */

	uint64_t precise[2];	/* first copied packet's time; FLOW_NEVER: none */
	uint64_t syn, ack;	/* handshake: first SYN, first ACK of its sender */
	uint64_t born;		/* time of the SYN that took over from a finished flow, else 0 */
	struct count unsettled; /* counted under a security class that may still prove wrong */
	uint64_t next_free;	/* number of the next free entry plus one */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct flow_entry) == 192, "three cache lines");

/* Fills the key and returns the side of the sender. */
static inline unsigned flow_id_from(struct flow_id *id, const struct flow_key *key)
{
	uint64_t s[2], d[2];
	unsigned side;

	memcpy(s, key->saddr, sizeof(s));
	memcpy(d, key->daddr, sizeof(d));
	if (s[1] != d[1])
		side = s[1] > d[1];
	else if (s[0] != d[0])
		side = s[0] > d[0];
	else
		side = key->sport > key->dport;
	memcpy(id->addr[side], s, sizeof(s));
	memcpy(id->addr[!side], d, sizeof(d));
	id->port[side] = key->sport;
	id->port[!side] = key->dport;
	id->ifindex = key->ifindex;
	id->proto = key->proto;
	id->zero = 0;
	return side;
}

static inline bool flow_id_same(const struct flow_id *a, const struct flow_id *b)
{
	uint64_t x[6], y[6];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]) |
		 (x[5] ^ y[5]));
}

static inline uint64_t flow_id_hash(const struct flow_id *id, const struct mix_seed *seed)
{
	uint64_t w[6], h;

	memcpy(w, id, sizeof(w));
	h = mix_fold(w[0] ^ seed->word[0], w[1] ^ seed->word[1]);
	h ^= mix_fold(w[2] ^ seed->word[2], w[3] ^ seed->word[3]);
	return mix_fold(h ^ w[4], w[5] ^ seed->word[0]);
}

/* A flow with this key, nothing counted yet; `side` sent what made it known. */
void flow_entry_init(struct flow_entry *e, const struct flow_id *id, unsigned side, uint16_t link);

/* Adds a delta that `side` sent; the verdict is the table's affair. */
void flow_entry_add(struct flow_entry *e, unsigned side, const struct flow_delta *delta);

/* Learns times and the TCP handshake from a copied packet that `side` sent. */
void flow_entry_note(struct flow_entry *e, unsigned side, const struct event *event);

/* Makes all its times `ns` later. */
void flow_entry_clock_set(struct flow_entry *e, int64_t ns);

/*
 * The side that opened the flow: the sender of a SYN without ACK; else who was first by copied
 * packets, else by ticks; where neither tells, the side with the higher port, then who was heard of
 * first.
 */
static inline unsigned flow_entry_opener(const struct flow_entry *e)
{
	return !!(e->marks & FLOW_OPENER);
}

/* Both sides have closed, or one has reset. */
static inline bool flow_entry_finished(const struct flow_entry *e)
{
	return e->marks & FLOW_RST || !(~e->marks & (FLOW_FIN | FLOW_FIN << 1));
}

uint64_t flow_entry_first(const struct flow_entry *e);	    /* ns since the epoch */
double flow_entry_handshake_ms(const struct flow_entry *e); /* negative: not seen */

#endif
