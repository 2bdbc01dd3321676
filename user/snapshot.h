/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one immutable picture of a moment that every view draws: plain, live, JSON, web, metrics.
 * Built on a timer by analysis/snapshot.c; after it nobody writes to it. Plain data, no pointers
 * into tables that move. Totals count from the start; rates are over the last interval.
 */
#ifndef XDPLENS_SNAPSHOT_H
#define XDPLENS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdplens/detector.h"

enum {
	SNAPSHOT_TALKERS = 50,
	SNAPSHOT_FLOWS = 200,
	SNAPSHOT_ALERTS = 100,
	SNAPSHOT_SERVERS = 32,
	SNAPSHOT_SLOW = 16,
	SNAPSHOT_TOP_NAMES = 16,
	SNAPSHOT_INTERFACES = 64,
	SNAPSHOT_NOTES = 8,
	DNS_RCODES = 24,
	DNS_QTYPES = 24,
	OWNER_TEXT = 64,
	NAME_LEN = 128, /* names shown are cut to this, escaped and printable */
};

struct app_total {
	uint64_t packets, bytes, flows;
	double pps, bps;
};

struct talker { /* a source address */
	uint8_t addr[16];
	char name[NAME_LEN];
	uint64_t packets, bytes; /* sent by it */
	double pps, bps;
};

struct flow_view {
	uint64_t first, last;	      /* ns since the epoch */
	uint8_t saddr[16], daddr[16]; /* source = who opened it; mapped */
	uint16_t sport, dport;	      /* host order */
	uint8_t proto;
	uint16_t vlan;
	struct verdict verdict;
	char name[NAME_LEN];
	char interface[16];
	char owner[OWNER_TEXT]; /* of our end: unit, container, pod; empty: not known */
	uint64_t packets, bytes, packets_rev, bytes_rev;
	uint8_t tcp_flags;
	double handshake_ms; /* negative: not seen */
	double bps;	     /* both ways, over the last interval */
};

struct quantiles { /* milliseconds */
	uint64_t count;
	double min, p50, p90, p95, p99, max, mean;
};

struct dns_server_view {
	uint8_t addr[16];
	uint64_t matched, unanswered, retransmissions;
	struct quantiles latency;
	uint64_t le[16]; /* cumulative latency counts at dns_bucket_ms[] */
};

/* Upper bounds of dns_server_view.le, milliseconds; the last counts everything. */
static const double dns_bucket_ms[16] = {0.1, 0.25, 0.5, 1,   2.5,  5,	  10,	25,
					 50,  100,  250, 500, 1000, 2500, 5000, 1e300};

struct dns_slow {
	uint64_t ts;
	uint8_t client[16], server[16];
	char qname[NAME_LEN];
	char qtype[12];
	double latency_ms;
};

struct dns_name_view {
	char name[NAME_LEN]; /* the last two labels of the question */
	uint64_t queries, nxdomain;
};

struct named_count {
	char name[16];
	uint64_t n;
};

struct dns_view {
	uint64_t queries, responses, matched, unanswered, retransmissions, orphans;
	uint64_t multicast_queries, multicast_responses; /* mDNS and LLMNR, not in the above */
	uint64_t malformed;
	uint64_t overrun;     /* queries given up early: too many waited */
	uint64_t tcp_resyncs; /* octets of a stream were missing, its next message was guessed */
	uint64_t tcp_evicted; /* streams given up for others */
	uint64_t thinned;     /* queries and answers whose other half was left out in a flood */
	struct named_count rcodes[DNS_RCODES], qtypes[DNS_QTYPES];
	size_t n_rcodes, n_qtypes;
	struct quantiles latency;
	struct dns_server_view servers[SNAPSHOT_SERVERS]; /* most used first */
	size_t n_servers;
	struct dns_slow slow[SNAPSHOT_SLOW]; /* slowest of the last minutes */
	size_t n_slow;
	struct dns_name_view names[SNAPSHOT_TOP_NAMES];
	size_t n_names;
};

struct alert_view {
	struct alert alert;
	char detector[32];
};

struct interface_view {
	char name[16];
	int ifindex;
	char owner[OWNER_TEXT]; /* who is at the other end: a container, a pod; empty: not known */
	char mode[24];		/* "native", "native+frags", "generic", "tc", "pcap", "file" */
	bool up;
	struct count direction[DIRECTION_COUNT];
	double pps[DIRECTION_COUNT], bps[DIRECTION_COUNT];
};

/* What was lost: records that a ring refused, by its kind, and those that no file took. */
enum { LOST_FILES = LOST_KINDS, LOST_COUNT };

struct ledger {
	uint64_t seen, flows, overflow, not_flow;
	uint64_t unparsed_total, unparsed[OUTCOME_COUNT]; /* index: enum outcome */
	int64_t balance;				  /* seen - everything else: 0 */
	uint64_t lost[LOST_COUNT];
	uint64_t looks_skipped, head_skipped, dns_skipped; /* as in struct counters */
};

struct snapshot {
	bool final;
	uint64_t time;	   /* ns since the epoch; the capture's own clock for files */
	double duration_s; /* since the start, or of the capture */
	double interval_s; /* that the rates are over */
	bool live;
	char source[256]; /* interfaces or file */
	char mode[64];
	uint64_t packets, bytes;
	struct count direction[DIRECTION_COUNT];
	struct count l3[L3_COUNT], transport[TRANSPORT_COUNT];
	uint64_t transport_flows[TRANSPORT_COUNT];
	struct count fragments, vlan;
	uint64_t sizes[SIZE_BINS];
	struct app_total app[APP_COUNT];
	struct count security[SECURITY_COUNT];
	uint64_t flows_total, flows_active, flows_blurred;
	uint64_t sources, destinations; /* distinct addresses in the tables now */
	double pps, bps, in_pps, out_pps, in_bps, out_bps;
	struct talker talkers[SNAPSHOT_TALKERS]; /* by bytes */
	size_t n_talkers;
	struct flow_view flows[SNAPSHOT_FLOWS]; /* top by bytes of the last interval, then in all */
	size_t n_flows;
	struct dns_view dns;
	struct alert_view alerts[SNAPSHOT_ALERTS]; /* open ones first, newest first */
	size_t n_alerts, n_alerts_open;
	uint64_t alerts_total;
	struct named_count alerts_by_detector[32];
	size_t n_detectors;
	struct interface_view interfaces[SNAPSHOT_INTERFACES];
	size_t n_interfaces;
	struct ledger ledger;
	bool cost_known;
	double cost_ns_per_packet;	 /* of our programs in the kernel */
	double cost_cpu_percent;	 /* kernel programs and this process together, of one CPU */
	char notes[SNAPSHOT_NOTES][160]; /* what a person should know: interface went down, ... */
	size_t n_notes;
};

#endif
