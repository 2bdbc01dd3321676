/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Knobs: set by user space between open and load, constant to the verifier, so that what is off
 * costs nothing. The defaults switch everything on. Only what user space steers while programs run
 * is not constant: struct live_config.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "xdplens/event.h"

const volatile __u32 cfg_slots_mask = 4096 - 1; /* slots of the flow cache a CPU and bank, less 1 */
const volatile __u32 cfg_queue_mask = 4096 - 1; /* slots of a flow queue, less 1 */
const volatile __u32 cfg_dns_chunks = 2;	/* of a ring, a power of two */
const volatile __u32 cfg_packet_chunks = 2;
const volatile __u32 cfg_capture_chunks = 0; /* 0: the sample is for all, and no file's as it is */
const volatile __u32 cfg_capture_format = CAPTURE_PCAP; /* enum capture_format */
const volatile __u32 cfg_read = 0; /* 0: nobody reads queues and rings, what is old gives way */
const volatile __u64 cfg_seed = 0x5851f42d4c957f2dull; /* of the flow hash; random when live */
const volatile __u32 cfg_flows = 1;		       /* account packets to flows */
const volatile __u32 cfg_blind = 0;	/* only capture what comes in, the sample of all packets */
const volatile __u32 cfg_sample = 1000; /* copy 1 packet in N; 0: none */
const volatile __u32 cfg_sample_by = SAMPLE_PACKETS; /* enum sample_by: what N counts */
const volatile __u32 cfg_filter = 0;		     /* ask the capture filter, see filter.h */
const volatile __u32 cfg_sample_caplen = 96;
const volatile __u32 cfg_sample_large = 96; /* the same of packets that stand for several frames */
const volatile __u32 cfg_head_packets = 8;  /* first packets of a flow's direction to copy */
const volatile __u32 cfg_head_caplen = 3072;
const volatile __u32 cfg_dns = 1;
const volatile __u32 cfg_copies = 256; /* first packets to copy, a CPU and period */
const volatile __u32 cfg_looks = 512;  /* payloads to classify, a CPU and period */
const volatile __u32 cfg_listed = 0;   /* 1: look flows up in the blacklist; there is none */
const volatile __u32 cfg_owner = 1;    /* tell the control group of who sends (Linux 4.18) */
const volatile __u32 cfg_period = 1;   /* jiffies that these budgets are for */

struct live_config live_config SEC(".data.live");

#endif
