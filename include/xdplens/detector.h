/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interface of a detection hook. A detector is one file that ends in a const
 * `struct detector_ops`; the built-in ones stand in a table in user/detect/detect.c, others are
 * loaded with --plugin (they export `const struct detector_ops xdplens_detector`).
 *
 * All calls come from one thread. Everything passed in is const and valid only during the call.
 * Time is an argument: nanoseconds since the epoch, the capture's own clock when reading a file.
 */
#ifndef XDPLENS_DETECTOR_H
#define XDPLENS_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdplens/packet.h"

enum { DETECTOR_ABI = 2 };

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_COUNT };

/* A packet that was copied to user space. Not every packet is: see enum copy_why. */
struct event {
	uint64_t ts;		     /* ns since the epoch */
	const struct packet *packet; /* parsed again from the bytes; nothing is taken on trust */
	const uint8_t *data;	     /* the frame from its first byte */
	uint32_t caplen;
	uint32_t wire_len;
	uint32_t linktype; /* DLT_* of the bytes, Ethernet when live */
	uint16_t segments; /* frames on the wire that this copy stands for */
	uint8_t why;	   /* enum copy_why */
	bool tag_stripped; /* the VLAN tag of packet->key.link is not among the bytes */
	struct verdict verdict;
	uint64_t cgroup; /* control group of the socket that sent it; 0: not known */
	uint16_t owner;	 /* number of its name; 0: none */
	const char *interface;
	double dns_latency_ms; /* of the query that this packet answered; negative: none */
	bool dns_malformed;    /* a DNS message ended in it that cannot be read */
};

/* What was added to one direction of a flow. */
struct flow_delta {
	const struct flow_key *key;
	uint64_t first, last; /* ns since the epoch, to a clock tick */
	uint64_t packets, bytes;
	uint8_t tcp_flags;
	struct verdict verdict;
	bool opened;	  /* the flow was not known before: it starts here */
	bool from_opener; /* key->saddr is who opened the flow */
	bool large;	  /* its flow has carried many packets */
	bool listed;	  /* an end of it may be on the user's blacklists */
};

/* A DNS transaction that ended. Text is escaped, printable ASCII. */
struct dns_transaction {
	uint64_t ts; /* of the first query, or of the answer where no query was seen */
	uint8_t client[16], server[16];	   /* mapped as in struct flow_key */
	uint16_t client_port, server_port; /* host order */
	uint8_t transport;		   /* enum transport: UDP or TCP */
	uint16_t id, qtype;
	uint8_t rcode; /* of the answer; 255 where there is none */
	const char *qname;
	const char *qtype_name, *rcode_name;
	double latency_ms;	/* first query to answer; negative: none */
	double latency_last_ms; /* last query to answer */
	unsigned retransmissions;
	enum dns_status { DNS_ANSWERED, DNS_UNANSWERED, DNS_ORPHAN } status;
	uint32_t answer_bytes, answers;
};

/* Rates and totals at a tick. */
struct tick {
	uint64_t now;			 /* ns since the epoch */
	double elapsed_s;		 /* since the last tick */
	uint64_t packets, bytes;	 /* in this tick */
	uint64_t overflow_packets;	 /* of these, in no flow because the tables were full */
	double new_sources;		 /* distinct flows among the overflow, estimated */
	const struct counters *counters; /* of this tick alone */
};

struct alert {
	uint64_t start, end;  /* ns; end 0: still open */
	const char *detector; /* filled in by the caller */
	enum severity severity;
	char subject[96]; /* what it is about; with `kind` it is the alert's identity */
	char kind[32];	  /* which of the detector's findings */
	double observed, expected;
	char unit[24];
	char reason[256]; /* one sentence for a person */
};

struct detector; /* an instance, the detector's own */

/* What a detector may call. */
struct detector_host {
	/*
	 * Opens the alert (subject, kind) or refreshes the open one; an alert that is not refreshed
	 * for `hold_s` seconds is closed. The text is copied.
	 */
	void (*raise)(struct detector_host *host, const struct alert *alert, double hold_s);
	/* A number from the detector's section of the configuration, else `otherwise`. */
	double (*number)(struct detector_host *host, const char *key, double otherwise);
	const char *(*text)(struct detector_host *host, const char *key, const char *otherwise);
};

struct detector_ops {
	uint32_t abi;	   /* DETECTOR_ABI */
	const char *name;  /* [a-z_]+: section of the INI file, `detector` in alerts */
	const char *about; /* one line */
	struct detector *(*open)(struct detector_host *host); /* NULL and errno: refused */
	void (*event)(struct detector *d, const struct event *event);
	void (*flow)(struct detector *d, const struct flow_delta *delta);
	void (*dns)(struct detector *d, const struct dns_transaction *transaction);
	void (*tick)(struct detector *d, const struct tick *tick);
	void (*close)(struct detector *d); /* NULL is fine */
};					   /* any call but open and close may be NULL */

#endif
