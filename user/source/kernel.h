/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Our programs and maps in the kernel: loaded, configured, mapped. Attaching is attach.h's. */
#ifndef XDPLENS_KERNEL_H
#define XDPLENS_KERNEL_H

#include "options.h"
#include "source/clock.h"
#include "source/queue.h"
#include "source/ring.h"
#include "source/source.h"
#include "xdplens/event.h"

enum { KERNEL_CPUS_MAX = 256 };

struct kernel {
	struct xdplens_bpf *skel;
	uint32_t cpus, slots;		/* slots: of the cache, a CPU and bank */
	uint32_t ring_size[RING_COUNT]; /* octets, of each CPU's; 0: there are none */
	struct flow_slot *flow_slots, *flow_queues;
	struct cpu_state *cpu_states;
	struct live_config *config;
	struct kept_marks *kept;
	struct listed_range *listed; /* two tables of listed_room each; NULL: none */
	uint32_t listed_room;
	bool listed_second; /* which of them is in use */
	unsigned char *chunks[RING_COUNT];
	struct ring rings[RING_COUNT][KERNEL_CPUS_MAX];
	struct queue queues[KERNEL_CPUS_MAX][BANKS];
	size_t memory; /* octets of all maps */
	struct clock clock;
	uint64_t seed;	   /* of the flow hash */
	unsigned kept_age; /* which marks are cleared next */
	bool filters;	   /* the programs do, user space need not */
	bool xdp;	   /* ours for XDP is loaded */
};

/*
 * Opens, configures and loads, with room for such lists and half as many ranges again. 0, or -errno
 * after having said what is missing.
 */
int kernel_load(struct kernel *k, const struct options *o, const struct listed *listed);
/*
 * Programs look flows up in these lists from now on; what runs meanwhile sees the old ones whole or
 * the new ones. Where they do not fit, in none, which is said.
 */
void kernel_relist(struct kernel *k, const struct listed *listed);
void kernel_unload(struct kernel *k);
/* Programs date packets by k->clock from now on. */
void kernel_date(struct kernel *k);

int kernel_xdp_fd(const struct kernel *k); /* -1: not loaded */
int kernel_tc_fd(const struct kernel *k, enum direction d);
/* A large flow: stays exact where others find no room. */
void kernel_keep(struct kernel *k, const struct flow_key *key);
/* Forgets, at every second call, those not kept since. */
void kernel_keep_on(struct kernel *k);

/* The slots of one CPU and bank. */
struct flow_slot *kernel_slots(const struct kernel *k, uint32_t cpu, unsigned bank);

#endif
