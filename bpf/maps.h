/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map. Arrays are mapped by user space, which reads them without a system call. Flows and
 * copies of packets leave by queues and rings of our own in them, one a CPU: with one writer and
 * one reader they cost a third of what BPF_MAP_TYPE_RINGBUF does.
 */
#ifndef MAPS_H
#define MAPS_H

#include "xdplens/listed.h"
#include "xdplens/parse.h"

#include "config.h"

enum { OBJECT_CPUS = 32, OBJECT_SLOTS = 4096, OBJECT_QUEUE = 4096, OBJECT_RINGS = OBJECT_CPUS * 2 };

/* Key: ((cpu * BANKS) + bank) * slots + hash. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OBJECT_CPUS *BANKS *OBJECT_SLOTS);
	__type(key, __u32);
	__type(value, struct flow_slot);
} flow_slots SEC(".maps");

/* Key: ((cpu * BANKS) + bank) * room + place. See struct flow_queue. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OBJECT_CPUS *BANKS *OBJECT_QUEUE);
	__type(key, __u32);
	__type(value, struct flow_slot);
} flow_queues SEC(".maps");

/* Key: cpu * FLOW_MEMOS / MEMO_SET + place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OBJECT_CPUS *FLOW_MEMOS / MEMO_SET);
	__type(key, __u32);
	__type(value, struct flow_memo[MEMO_SET]);
} flow_memos SEC(".maps");

/* Key: the hash's upper 12 bits; the next 6 are the bit. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, KEPT_WORDS);
	__type(key, __u32);
	__type(value, struct kept_marks);
} kept_flows SEC(".maps");

/* Key: CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OBJECT_CPUS);
	__type(key, __u32);
	__type(value, struct cpu_state);
} cpu_states SEC(".maps");

/* Blacklists, two tables in turn: see struct live_config. Its room is user space's to say. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct listed_range);
} listed_ranges SEC(".maps");

/* What one packet needs of room and the stack cannot hold. */
struct scratch {
	struct headers headers;
	struct payload payload;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Packets of a flow's direction so far, where the first of each are sampled. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key);
	__type(value, __u32);
} heads SEC(".maps");

/* Key: cpu * chunks + place. See struct ring_ends. */
#define RING(name, chunks)                         \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, chunks);       \
		__uint(key_size, sizeof(__u32));   \
		__uint(value_size, RING_STEP);     \
	} name SEC(".maps")

RING(dns_rings, OBJECT_RINGS);
RING(packet_rings, OBJECT_RINGS);
RING(capture_rings, 1);

#endif
