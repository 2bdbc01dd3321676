/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract between kernel and user space: the flow's key and slot, the record that crosses a
 * ring, every counter. Fixed width, explicit padding, sizes asserted.
 *
 * Byte order: __be* is the wire's, everything else the host's. Times: `ns` is CLOCK_MONOTONIC
 * nanoseconds; `jiffies` is the low 32 bits of the kernel's jiffies64. Lengths are octets on the
 * wire without FCS.
 */
#ifndef XDPLENS_EVENT_H
#define XDPLENS_EVENT_H

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

#include "xdplens/proto.h"

/* ---- flows ---- */

enum {
	FLOW_VLAN_MASK = 0x0fff, /* VLAN identifier of the outermost tag, 0 where there is none */
	FLOW_EGRESS = 0x8000,	 /* sent by this host; not set: received */
};

/* One direction of a flow as one interface saw it. IPv4 addresses are mapped: ::ffff:a.b.c.d. */
struct flow_key {
	__u8 saddr[16];
	__u8 daddr[16];
	__be16 sport; /* 0 for protocols without ports */
	__be16 dport;
	__u32 ifindex;
	__u16 link;  /* FLOW_EGRESS | VLAN identifier */
	__u8 proto;  /* IANA number */
	__u8 family; /* 4 or 6 */
};

/* How sure a verdict is; it may rise, never fall. */
enum sure { SURE_NOTHING, SURE_PORT, SURE_HINT, SURE_PAYLOAD };

enum {
	SLOT_SURE = 0x03,     /* mask of `grade`: enum sure */
	SLOT_SECURITY = 0x0c, /* mask of `grade`: enum security << 2 */
	SLOT_SECURITY_SHIFT = 2,
	SLOT_DNS = 0x10,     /* every packet with payload is copied to the DNS ring */
	SLOT_ACKED = 0x20,   /* the first packet after the handshake's SYN was copied */
	SLOT_LISTED = 0x40,  /* an end of it is blacklisted: see listed.h */
	SLOT_SETTLED = 0x80, /* nothing more to learn from payload */

	SLOT_PAYLOADS = 0x0f, /* mask of `state`: packets with payload, saturating */
	SLOT_VOTES = 0xf0,    /* mask of `state`: packets of others that wanted the slot */
	SLOT_VOTE = 0x10,
};

/* A slot of the flow cache, a cache line. `packets` == 0: free, but its verdict is remembered. */
struct flow_slot {
	struct flow_key key;
	__u32 packets;
	__u32 bytes;
	__u32 first; /* jiffies */
	__u32 last;  /* jiffies */
	__u8 app;    /* enum app */
	__u8 grade;
	__u8 tcp_flags; /* of all packets, or'ed */
	__u8 state;
};
_Static_assert(sizeof(struct flow_key) == 44, "key");
_Static_assert(sizeof(struct flow_slot) == 64, "a slot is a cache line");

/*
 * What payload has told of a flow, for when its slot is another's for a while: so that budgets go
 * to flows of which nothing is known.
 */
struct flow_memo {
	__u32 tag; /* of its hash: bits that did not choose the place */
	__u8 app;
	__u8 grade;
	__u8 state;
	__u8 pad;
};
enum { FLOW_MEMOS = 65536, /* of a CPU */ MEMO_SET = 4 /* a flow's is one of so many */ };

/* ---- records ---- */

/* Why a packet was copied: bits. */
enum copy_why {
	COPY_DNS = 1,	 /* DNS, every one */
	COPY_HEAD = 2,	 /* among the first with payload of its flow, or of a TCP handshake */
	COPY_SAMPLE = 4, /* 1 in N */
	COPY_TAKEN = 8,	 /* with COPY_SAMPLE: the kernel's filter took it; not set: ask */
};

/* What N of the sample counts: packets, flows, or the first packets of each flow's direction. */
enum sample_by { SAMPLE_PACKETS, SAMPLE_FLOWS, SAMPLE_HEADS };

/* ASKS: user space has to find out, of each frame that the packet stands for. */
enum filter_verdict { FILTER_REJECTS, FILTER_TAKES, FILTER_ASKS };

/*
 * What rings hold, at any address: `caplen` octets of the frame follow. In RING_CAPTURE most are
 * bare: as they will be in the capture file, of enum capture_format.
 */
struct packet_record {
	__u64 ns;
	__u32 caplen;
	__u32 wire_len;
	__u32 ifindex;
	__u16 link;	/* as in struct flow_key, also of a VLAN tag that the bytes lack */
	__u16 segments; /* frames on the wire that this skb stands for, >= 1 */
	__u8 app;
	__u8 grade; /* SLOT_SURE, SLOT_SECURITY as known after this packet */
	__u8 why;
	__u8 tag_stripped; /* 1: VLAN tag was in the metadata, not in the bytes */
	__u16 gso_size;	   /* payload octets of each of these frames, 0 where it is one */
	__u16 frames;	   /* so many of them, the first, are in the sample; 0: all */
	__u64 cgroup;	   /* control group of the sending socket, 0: not known */
	__u8 data[];
};
_Static_assert(sizeof(struct packet_record) == 40, "packet record");

enum {
	CAPTURE_MAX = 4096, /* most bytes of a packet that a user asked for nothing more of */
	COPY_MAX = 65528,   /* most bytes of one packet in a record: a large send is whole */
};

enum capture_format { CAPTURE_NONE, CAPTURE_PCAP, CAPTURE_PCAPNG };

/* draft-ietf-opsawg-pcap, section 5; in the byte order of the host. */
struct pcap_record {
	__u32 sec, nsec; /* since the epoch */
	__u32 caplen, wire_len;
};
enum { PCAP_HEADER = 24 }; /* octets of what a file begins with: section 4 */

/* draft-ietf-opsawg-pcapng, 4.3: what stands before a packet's octets, which fill whole words, */
struct pcapng_packet {
	__u32 type;		   /* PCAPNG_PACKET */
	__u32 octets;		   /* of the whole block */
	__u32 interface;	   /* its number in the file, of 16 bits */
	__u32 time_high, time_low; /* ns since the epoch */
	__u32 caplen, wire_len;
};
/* and after them, with one option: 3.5. */
struct pcapng_packet_end {
	__u16 option, option_len; /* PCAPNG_FLAGS, 4 */
	__u32 flags;
	__u32 options_end; /* 0 */
	__u32 octets;
};
enum {
	PCAPNG_PACKET = 6,
	PCAPNG_FLAGS = 2,
	PCAPNG_INBOUND = 1, /* in `flags` */
	PCAPNG_OUTBOUND = 2,
	PCAPNG_WORDS = 0xfffc, /* mask: the last word of COPY_MAX octets or less begins there */
};

#define RECORD_FULL 0x80000000u /* in `caplen`, in RING_CAPTURE: this one is not bare */
_Static_assert(__builtin_offsetof(struct packet_record, caplen) ==
			       __builtin_offsetof(struct pcap_record, caplen) &&
		       __builtin_offsetof(struct packet_record, caplen) ==
			       __builtin_offsetof(struct pcapng_packet, interface),
	       "there all tell whether they are bare");

/* ---- counters ---- */

/* Why a packet is in no flow though nothing is wrong with it. X(ID, name) */
#define XDPLENS_NOT_FLOW(X) X(ARP, arp) X(NON_IP, non_ip) X(LATER_FRAGMENT, later_fragment)

/* Why a packet could not be parsed. X(ID, name) */
#define XDPLENS_UNPARSED(X)                                                                  \
	X(SHORT_LINK, short_link)	    /* link header cut */                            \
	X(DEEP_TAGS, deep_tags)		    /* more VLAN tags or MPLS labels than we walk */ \
	X(SHORT_IPV4, short_ipv4)	    /* IPv4 header cut */                            \
	X(BAD_IPV4, bad_ipv4)		    /* version or header length impossible */        \
	X(SHORT_IPV6, short_ipv6)	    /* IPv6 header cut */                            \
	X(BAD_IPV6, bad_ipv6)		    /* version impossible */                         \
	X(SHORT_EXTENSION, short_extension) /* IPv6 extension header cut */                  \
	X(DEEP_EXTENSIONS, deep_extensions) /* more extension headers than we walk */        \
	X(SHORT_TRANSPORT, short_transport) /* transport header cut */                       \
	X(BAD_TCP, bad_tcp)		    /* data offset below 5 words */                  \
	X(UNKNOWN_LINK, unknown_link)	    /* link type that we do not know (files only) */

/* What parsing a packet came to. */
enum outcome {
	OUTCOME_FLOW,
#define X(id, name) NOT_FLOW_##id,
	XDPLENS_NOT_FLOW(X)
#undef X
#define X(id, name) UNPARSED_##id,
		XDPLENS_UNPARSED(X)
#undef X
			OUTCOME_COUNT,
	OUTCOME_UNPARSED = UNPARSED_SHORT_LINK, /* the first of them */
};

struct count {
	__u64 packets;
	__u64 bytes;
};

/* CAPTURE: the sample, where a file takes it as it is. Others find it among PACKETS. */
enum ring_kind { RING_DNS, RING_PACKETS, RING_CAPTURE, RING_COUNT };
/* Records that a full ring, or a full queue, refused. */
enum lost { LOST_DNS = RING_DNS, LOST_PACKETS = RING_PACKETS, LOST_FLOWS, LOST_KINDS };
enum direction { DIRECTION_IN, DIRECTION_OUT, DIRECTION_COUNT };

enum {
	SIZE_BINS = 16,	    /* packet sizes by power of two: bin = floor(log2(bytes)), at most 15 */
	NETWORK_BINS = 256, /* overflow by source network: IPv4 /8, IPv6 /16 folded */
	SKETCH_BINS = 4096, /* HyperLogLog registers (Flajolet et al. 2007), error 1.6 % */
};

/*
 * What one CPU counted in one bank since user space last took it. Plain adds: one writer.
 * Ledger: sum(outcome) = packets seen = in slots and records + overflow + not a flow + unparsed.
 */
struct counters {
	struct count l3[L3_COUNT];
	struct count transport[TRANSPORT_COUNT];
	struct count outcome[OUTCOME_COUNT];
	struct count fragments;
	struct count vlan;
	struct count overflow[TRANSPORT_COUNT];	     /* in flows that found no slot */
	struct count overflow_network[NETWORK_BINS]; /* the same packets, by source */
	__u64 sizes[SIZE_BINS];
	__u64 lost[LOST_KINDS];
	__u64 looks_skipped; /* payloads not classified: budget spent */
	__u64 head_skipped;  /* first packets not copied: budget spent */
	__u64 dns_skipped;   /* DNS packets left out by transaction sampling */
	__u64 dns_copied;
	__u64 evictions;
	__u64 pad[6];
	__u8 sketch[SKETCH_BINS]; /* of overflow flows */
};
_Static_assert(sizeof(struct counters) % 64 == 0, "whole cache lines");

/*
 * Hashes of large flows, a bit each in both of a word's pair: new ones are marked in both, and one
 * of the two is cleared at a time, so that what goes on stays marked and what ended is forgotten.
 */
enum { KEPT_WORDS = 4096, KEPT_AGES = 2 };
struct kept_marks {
	__u64 marks[KEPT_AGES];
};

/* What user space steers while programs run. */
struct live_config {
	__u32 bank;	/* that programs count into */
	__u32 dns_mask; /* copy only DNS transactions whose id has none of these bits */
	__u64 listed;	/* blacklist: where its ranges begin << 32 | how many they are */
	__u64 epoch;	/* ns: since the epoch less CLOCK_MONOTONIC */
	__u32 pad[10];
};

struct clocks {
	__u64 jiffies;
	__u64 ns; /* CLOCK_MONOTONIC */
};

/*
 * An interface's packets, from the start. Its bin is the first of INTERFACE_PROBES, beginning at
 * ifindex mod INTERFACE_BINS, that is its own or nobody's. User space gives bins away before it
 * attaches, so that no two attached interfaces share one; a bin that was given stays so.
 */
struct interface_count {
	struct count direction[DIRECTION_COUNT];
	__u32 owner;	 /* ifindex; 0: nobody's */
	__u16 in_pcapng; /* 1 more than the interface's number in the file; 0: it has none yet */
	__u16 pad16;
	__u32 pad[6];
};
_Static_assert(sizeof(struct interface_count) == 64, "an interface's bin is a cache line");

/*
 * Flows that left the slots of one CPU and bank, evicted or full, on their way to user space: slots
 * of a map of their own, with one writer and one reader. All count from the start and wrap.
 */
struct flow_queue {
	__u32 head; /* written so far; true for others once programs have left the bank */
	__u32 room; /* that may be written before `tail` is looked at again */
	__u32 told; /* of `head`, what others may read while programs run */
	__u32 pad[13];
	__u32 tail; /* read so far: user space's, on a cache line of its own */
	__u32 tail_pad[15];
};

enum {
	QUEUE_TOLD = 16, /* slots between two stores of `told`, since an ordered one is dear */
};

/*
 * A ring of one CPU: chunks of a map of their own, with one writer and one reader. Positions count
 * octets from the start and never go back. A record begins anywhere in a chunk and may end in the
 * spare room after it, where no position is; then the next one begins in the next chunk, as far
 * from a page's start as this one ended. So records that follow each other in a file are in memory
 * as they are in the file's pages, which makes their copy cheaper, or saves it.
 */
struct ring_ends {
	__u64 head;   /* twice the position that is written up to; 1 more: a record is on its way */
	__u64 limit;  /* position that may be written up to before `tail` is looked at again */
	__u64 second; /* the last one that a bare record was written in: its begin, ns since the
			 epoch */
	__u32 sec;    /* the same */
	__u32 full;   /* records that are not bare, from the start */
	__u64 pad[4];
	__u64 tail; /* read up to: user space's, on a cache line of its own */
	__u64 tail_pad[7];
};

enum {
	RING_PAGE = 4096,
	RING_CHUNK = 1 << 19,
	/* with its spare room, and after it the place in the chunk where its last record ended */
	/* the longest record, and so the room after a chunk */
	RING_SPARE = sizeof(struct pcapng_packet) + COPY_MAX + sizeof(struct pcapng_packet_end),
	RING_ENDED = RING_CHUNK + (RING_SPARE + sizeof(__u64) - 1) / sizeof(__u64) * sizeof(__u64),
	RING_STEP = (RING_ENDED + sizeof(__u64) + RING_PAGE - 1) / RING_PAGE * RING_PAGE,
};

/* Where the record after one of `octets` at `at` begins. */
static inline __attribute__((always_inline)) __u64 ring_after(__u64 at, __u32 octets)
{
	__u64 end = at + octets, chunk = at & ~(__u64)(RING_CHUNK - 1);

	return end - chunk < RING_CHUNK ? end : chunk + RING_CHUNK + end % RING_PAGE;
}

/* Is the record at `at` the last in its chunk, where the next one begins at `next`? */
static inline __attribute__((always_inline)) int ring_is_last(__u64 at, __u64 next)
{
	return at / RING_CHUNK != next / RING_CHUNK;
}

enum { BANKS = 2, INTERFACE_BINS = 512, INTERFACE_PROBES = 8 };

/*
 * All that one CPU keeps apart from flows. Programs count into the bank that `bank` of the
 * configuration names; user space flips it, waits until every CPU has left the old one, and takes
 * what stands there: a consistent cut.
 */
struct cpu_state {
	struct counters bank[BANKS];
	struct flow_queue queue[BANKS];
	struct ring_ends rings[RING_COUNT];
	struct interface_count interface[INTERFACE_BINS];
	__u32 sample_left;  /* packets until the next sample */
	__u32 budget_start; /* jiffies when the present budgets began */
	__u32 copies_left;  /* first packets that may still be copied */
	__u32 looks_left;   /* payloads that may still be classified */
	__u32 shown;	    /* jiffies when last a captured packet was copied for others, too */
	__u32 in_pcapng;    /* of the packet's interface: see struct interface_count */
	__u32 argument[7];  /* bpf/emit.h's, of a call that the stack has no room for */
	__u32 pad[3];
};

#endif
