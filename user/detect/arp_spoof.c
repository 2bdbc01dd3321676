// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ARP: an address whose hardware address changes while the old one is still there, or that two
 * claim in turn (takeover); a sender that asks for many addresses (sweep); packets that contradict
 * themselves (malformed).
 *
 * A request is believed when its frame comes from the address it names, and a taker's when it comes
 * twice: a damaged packet is no attack. A change after silence is a new lease, and the virtual
 * addresses of VRRP, HSRP and CARP move by design: neither is told. Taking over within seconds what
 * another holds is how ARP spoofing begins.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/distinct.h"
#include "detect/host.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum {
	ADDRESSES = 8192,
	ASKERS = 1024,
	ARP_LEN = 28,
	DLT_ETHERNET = 1,
	DAMAGED_WINDOW_S = 600,
	ARP_HOLD_S = 7,
	REQUEST = 1,
	REPLY = 2,
};

struct arp {
	unsigned operation;
	bool forwarded; /* the frame's source is another than the sender */
	const uint8_t *sender_mac, *sender_ip, *target_ip;
};

struct holder {		     /* of an IPv4 address; the key is the mapped address */
	uint8_t mac[6];	     /* that claimed it last */
	uint8_t rightful[6]; /* that had it before the changes */
	uint8_t taker[6];    /* that claimed it last of the others */
	uint64_t seen;	     /* ns; 0: never */
	uint32_t changes;    /* since `since` */
	uint64_t since;
	bool fresh;
};

struct asker {
	uint64_t since;
	uint32_t asked, fresh;
	struct distinct targets;
	uint64_t found;
};

struct detector {
	struct detector_host *host;
	struct subjects *holders, *askers;
	uint64_t lease_ns;
	double sweep, damaged_limit;
	uint64_t damaged_since;
	uint32_t damaged; /* packets that contradict themselves */
	bool damaged_fresh;
};

/* RFC 826, Ethernet and IPv4; false where it is anything else, or cut. */
static bool arp_parse(struct arp *a, const struct event *e)
{
	static const uint8_t head[6] = {0, 1, 8, 0, 6, 4};
	const uint8_t *p = e->data + e->packet->l3_offset;

	if (e->packet->outcome != NOT_FLOW_ARP ||
	    e->packet->l3_offset + (uint32_t)ARP_LEN > e->caplen ||
	    memcmp(p, head, sizeof(head)) != 0)
		return false;
	a->forwarded = e->linktype == DLT_ETHERNET && memcmp(e->data + 6, p + 8, 6) != 0;
	a->operation = p[6] << 8 | p[7];
	a->sender_mac = p + 8;
	a->sender_ip = p + 14;
	a->target_ip = p + 24;
	return a->operation == REQUEST || a->operation == REPLY;
}

static bool mac_virtual(const uint8_t mac[6])
{
	static const uint8_t vrrp[5] = {0, 0, 0x5e, 0, 1}, hsrp[5] = {0, 0, 0x0c, 7, 0xac},
			     hsrp2[4] = {0, 0, 0x0c, 0x9f};

	return memcmp(mac, vrrp, 5) == 0 || memcmp(mac, hsrp, 5) == 0 || memcmp(mac, hsrp2, 4) == 0;
}

static void address_map(uint8_t addr[16], const uint8_t ip[4])
{
	memset(addr, 0, 16);
	addr[10] = addr[11] = 0xff;
	memcpy(addr + 12, ip, 4);
}

static void holder_see(struct detector *d, const struct arp *a, uint64_t ts)
{
	static const uint8_t nobody[6];
	uint8_t addr[16];
	struct holder *h;

	if ((a->operation == REQUEST && a->forwarded) || a->sender_ip[0] == 0 ||
	    memcmp(a->sender_mac, nobody, 6) == 0 || a->sender_mac[0] & 1 ||
	    mac_virtual(a->sender_mac))
		return;
	address_map(addr, a->sender_ip);
	h = subjects_take(d->holders, addr);
	if (ts >= h->since + d->lease_ns)
		h->changes = 0;
	if (h->seen && ts < h->seen + d->lease_ns && memcmp(h->mac, a->sender_mac, 6) != 0) {
		if (!h->changes) {
			h->since = ts;
			memcpy(h->rightful, h->mac, 6);
		}
		h->changes++;
	}
	/* whoever took it goes on saying so; the rightful one may */
	if (h->changes && memcmp(h->rightful, a->sender_mac, 6) != 0) {
		h->fresh |= a->operation == REPLY || memcmp(h->taker, a->sender_mac, 6) == 0;
		memcpy(h->taker, a->sender_mac, 6);
	}
	memcpy(h->mac, a->sender_mac, 6);
	h->seen = ts;
}

static void asker_see(struct detector *d, const struct arp *a, uint64_t ts)
{
	uint8_t addr[16];
	struct asker *s;

	if (a->operation != REQUEST || memcmp(a->sender_ip, a->target_ip, 4) == 0)
		return;
	address_map(addr, a->sender_ip);
	s = subjects_take(d->askers, addr);
	if (ts >= s->since + 10000000000ull) {
		uint64_t found = s->found;

		memset(s, 0, sizeof(*s));
		s->since = ts;
		s->found = found;
	}
	s->asked++;
	s->fresh++;
	distinct_add(&s->targets, subjects_hash(d->askers, a->target_ip, 4));
}

static void damaged_see(struct detector *d, uint64_t ts)
{
	if (ts >= d->damaged_since + DAMAGED_WINDOW_S * 1000000000ull) {
		d->damaged_since = ts;
		d->damaged = 0;
	}
	d->damaged++;
	d->damaged_fresh = true;
}

static void arp_event(struct detector *d, const struct event *e)
{
	struct arp a;

	if (e->packet->outcome != NOT_FLOW_ARP)
		return;
	if (!arp_parse(&a, e)) {
		damaged_see(d, e->ts);
		return;
	}
	if (a.operation == REQUEST && a.forwarded)
		damaged_see(d, e->ts);
	holder_see(d, &a, e->ts);
	asker_see(d, &a, e->ts);
}

/* ---- judging ---- */

static struct words words_mac(const uint8_t m[6])
{
	struct words t;

	WORDS_SET(t.s, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return t;
}

static void holder_tell(struct detector *d, const uint8_t addr[16], const struct holder *h)
{
	struct alert a = {.severity = h->changes > 1 ? SEVERITY_HIGH : SEVERITY_MEDIUM,
			  .observed = h->changes,
			  .expected = 0};

	WORDS_SET(a.subject, "%s", words_addr(addr).s);
	WORDS_SET(a.kind, "takeover");
	WORDS_SET(a.unit, "changes");
	WORDS_SET(a.reason,
		  "%s belonged to %s and is claimed by %s: %u changes within %.0f s, where none is "
		  "usual",
		  words_addr(addr).s, words_mac(h->rightful).s, words_mac(h->taker).s, h->changes,
		  d->lease_ns / 1e9);
	d->host->raise(d->host, &a, ARP_HOLD_S);
}

static void asker_tell(struct detector *d, const uint8_t addr[16], const struct asker *s,
		       double targets, uint64_t now)
{
	struct alert a = {.severity = SEVERITY_LOW, .observed = targets, .expected = d->sweep};

	WORDS_SET(a.subject, "%s", words_addr(addr).s);
	WORDS_SET(a.kind, "sweep");
	WORDS_SET(a.unit, "addresses");
	WORDS_SET(a.reason,
		  "%s asked by ARP for about %s addresses in %s s, where up to %s are usual",
		  words_addr(addr).s, words_number(targets).s,
		  words_number(fmax(1, ceil((now - s->since) / 1e9))).s, words_number(d->sweep).s);
	d->host->raise(d->host, &a, ARP_HOLD_S);
}

static void damaged_tell(struct detector *d)
{
	struct alert a = {
		.severity = SEVERITY_LOW, .observed = d->damaged, .expected = d->damaged_limit};

	WORDS_SET(a.subject, "arp");
	WORDS_SET(a.kind, "malformed");
	WORDS_SET(a.unit, "packets");
	WORDS_SET(
		a.reason,
		"%u ARP packets within %d s contradict themselves (sender, type or length), where "
		"up to %s are usual",
		d->damaged, DAMAGED_WINDOW_S, words_number(d->damaged_limit).s);
	d->host->raise(d->host, &a, DAMAGED_WINDOW_S); /* they come now and then */
}

static void arp_tick(struct detector *d, const struct tick *t)
{
	const void *addr;
	struct holder *h;
	struct asker *s;

	if (d->damaged_fresh && d->damaged >= d->damaged_limit)
		damaged_tell(d);
	d->damaged_fresh = false;
	for (size_t at = 0; (h = subjects_next(d->holders, &at, &addr));) {
		if (h->fresh)
			holder_tell(d, addr, h);
		h->fresh = false;
	}
	for (size_t at = 0; (s = subjects_next(d->askers, &at, &addr));) {
		bool lasting = s->found && t->now < s->found + ARP_HOLD_S * 1000000000ull;
		double targets;

		if (!s->fresh)
			continue;
		s->fresh = 0;
		targets = distinct_estimate(&s->targets);
		if (targets < d->sweep - 0.5 && !lasting)
			continue;
		s->found = t->now;
		asker_tell(d, addr, s, targets, t->now);
	}
}

static void arp_close(struct detector *d)
{
	if (!d)
		return;
	subjects_free(d->holders);
	subjects_free(d->askers);
	free(d);
}

static struct detector *arp_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->holders = subjects_new(ADDRESSES, 16, sizeof(struct holder));
	d->askers = subjects_new(ASKERS, 16, sizeof(struct asker));
	if (!d->holders || !d->askers) {
		arp_close(d);
		return NULL;
	}
	d->lease_ns = fmin(host->number(host, "still_there_s", 120), 1e6) * 1e9;
	d->sweep = host_limit(host, "sweep", 50);
	d->damaged_limit = host_limit(host, "malformed", 10);
	return d;
}

const struct detector_ops detector_arp_spoof = {
	.abi = DETECTOR_ABI,
	.name = "arp_spoof",
	.about = "addresses taken over by ARP, ARP sweeps",
	.open = arp_open,
	.event = arp_event,
	.tick = arp_tick,
	.close = arp_close,
};
