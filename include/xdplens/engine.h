/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way of a packet, one text for two homes: parse, count, account to a flow, copy where it
 * matters. The kernel's home is bpf/home.h, the host's user/source/engine.c; both define the
 * home_ functions declared here and in flow.h.
 */
#ifndef XDPLENS_ENGINE_H
#define XDPLENS_ENGINE_H

#include "xdplens/parse.h"

#include "xdplens/flow.h"

/* Parses what parse_plain declined. */
static __always_inline void home_parse(struct home *h, struct packet *p);
/* Copies `len` bytes of the frame; 0, or negative where it is shorter. */
static __always_inline long home_bytes(const struct home *h, __u32 offset, void *to, __u32 len);
/* Copies the packet to user space, at most `caplen` bytes. */
static __always_inline void home_copy(struct home *h, const struct packet *p,
				      const struct flow_slot *slot, __u32 why, __u32 caplen);
/*
 * The same for a file that takes packets as they are, where there is one. What is left of `why` to
 * copy for all others.
 */
static __always_inline __u32 home_capture(struct home *h, __u32 why, __u32 caplen);
static __always_inline __u32 home_dns_mask(const struct home *h);
/* enum filter_verdict: what the capture filter says of the packet. */
static __always_inline int home_filter(struct home *h, const struct packet *p);
/* Counts the packet for its direction of the flow; how many came before, at least from N on. */
static __always_inline __u32 home_before(struct home *h, const struct packet *p);
/* home_knob(h, name): a macro of the home's; the knobs are those of bpf/config.h. */

/* ---- totals: plain adds, one writer a CPU ---- */

static __always_inline void count_add(struct count *c, const struct home *h)
{
	c->packets += h->segments;
	c->bytes += h->wire_len;
}

/* floor(log2(len)) of a frame, 5 to 15. */
static __always_inline __u32 count_bin(__u32 len)
{
	__u32 bin = 5;

	bin += len >= 64;
	bin += len >= 128;
	bin += len >= 256;
	bin += len >= 512;
	bin += len >= 1024;
	bin += len >= 2048;
	if (len >= 4096)
		bin += 1 + (len >= 8192) + (len >= 16384) + (len >= 32768);
	return bin;
}

static __always_inline void count_interface(struct home *h)
{
	__u32 ifindex = h->ifindex, at = ifindex;
	struct interface_count *i = &h->state->interface[at & (INTERFACE_BINS - 1)];

	h->state->in_pcapng = 0;
	while (i->owner && i->owner != ifindex) {
		if (++at - ifindex == INTERFACE_PROBES)
			return;
		i = &h->state->interface[at & (INTERFACE_BINS - 1)];
	}
	h->state->in_pcapng = i->in_pcapng;
	count_add(&i->direction[!!(h->link & FLOW_EGRESS)], h);
}

static __always_inline void count_packet(struct home *h, const struct packet *p)
{
	struct counters *c = h->counters;
	__u32 size = h->segments > 1 ? h->wire_len / h->segments : h->wire_len;

	count_interface(h);
	count_add(&c->outcome[p->outcome & 15], h);
	count_add(&c->l3[p->l3 & 3], h);
	if (p->l3 == L3_IPV4 || p->l3 == L3_IPV6)
		count_add(&c->transport[p->transport & 15], h);
	if (p->flags & PACKET_FRAGMENT)
		count_add(&c->fragments, h);
	if (p->flags & PACKET_VLAN)
		count_add(&c->vlan, h);
	c->sizes[count_bin(size)] += h->segments;
}

/* ---- copies: DNS, the first packets of a flow, the sample ---- */

enum { COPY_FRAGMENT = 96 }; /* octets: the headers */

static __always_inline void copy_refill(struct home *h)
{
	struct cpu_state *s = h->state;

	if (h->now - s->budget_start < home_knob(h, period) && s->budget_start)
		return;
	s->budget_start = h->now;
	s->copies_left = home_knob(h, copies);
	s->looks_left = home_knob(h, looks);
}

static __always_inline int copy_is_dns(const struct packet *p, const struct flow_slot *slot)
{
	const __be16 port = __builtin_bswap16(53);

	if (slot)
		return p->payload_len && (slot->grade & SLOT_DNS);
	return p->payload_len && (p->key.sport == port || p->key.dport == port) &&
	       (p->transport == TRANSPORT_UDP || p->transport == TRANSPORT_TCP);
}

/* Is it one of the packets that name a flow: its first with payload, its handshake, ARP? */
static __always_inline int copy_is_head(const struct home *h, const struct packet *p,
					struct flow_slot *slot)
{
	(void)h; /* where knobs are constants */
	if (p->outcome == NOT_FLOW_ARP)
		return 1;
	if (!slot || !home_knob(h, head_packets))
		return 0;
	if (p->payload_len) /* FTP announces its data connections at any time */
		return slot->app == APP_FTP ||
		       (slot->state & SLOT_PAYLOADS) <= home_knob(h, head_packets);
	if (p->tcp_flags & TCP_SYN)
		return 1;
	if ((slot->tcp_flags & TCP_SYN) && !(slot->grade & SLOT_ACKED)) {
		slot->grade |= SLOT_ACKED;
		return 1;
	}
	return 0;
}

/*
 * In a flood, user space has DNS thinned: by transaction, so that no query loses its answer. Both
 * share the id over UDP, the ports over TCP.
 */
static __always_inline int copy_dns_wanted(struct home *h, const struct packet *p)
{
	__u32 mask = home_dns_mask(h);
	__u16 id = p->key.sport ^ p->key.dport;

	if (mask && p->transport == TRANSPORT_UDP)
		home_bytes(h, p->payload_offset, &id, sizeof(id));
	if (mask & __builtin_bswap16(id)) {
		h->counters->dns_skipped++;
		return 0;
	}
	h->counters->dns_copied++;
	return 1;
}

static __always_inline int copy_head_wanted(struct home *h)
{
	if (h->state->copies_left) {
		h->state->copies_left--;
		return 1;
	}
	h->counters->head_skipped++;
	return 0;
}

static __always_inline __u64 sample_end(__u64 high, __u64 low, __be16 port, __u64 seed)
{
	return flow_mix(flow_mix(high ^ seed) + low + ((__u64)port << 16));
}

/* Is the flow among 1 in N? Of its five-tuple alone, the same for both directions. */
static __always_inline int sample_has_flow(struct home *h, const struct packet *p)
{
	const struct flow_words *k = (const void *)&p->key;
	__u64 seed = home_seed(h);
	__u64 ends = sample_end(k->w[0], k->w[1], p->key.sport, seed) +
		     sample_end(k->w[2], k->w[3], p->key.dport, seed);

	return (flow_mix(ends + p->key.proto) >> 32) * home_knob(h, sample) >> 32 == 0;
}

/* Of a packet that stands for several frames, those up to the Nth are. */
static __always_inline int sample_is_head(struct home *h, const struct packet *p)
{
	__u32 before = home_before(h, p), most = home_knob(h, sample);

	if (before >= most)
		return 0;
	h->frames = most - before < h->segments ? most - before : 0;
	return 1;
}

static __always_inline int sample_is_nth(struct home *h)
{
	struct cpu_state *s = h->state;

	if (s->sample_left) {
		s->sample_left--;
		return 0;
	}
	s->sample_left = home_knob(h, sample) - 1;
	return 1;
}

static __always_inline int copy_chosen(struct home *h, const struct packet *p)
{
	if (home_knob(h, sample_by) != SAMPLE_PACKETS && p->outcome != OUTCOME_FLOW)
		return 0;
	if (home_knob(h, sample_by) == SAMPLE_FLOWS)
		return sample_has_flow(h, p);
	if (home_knob(h, sample_by) == SAMPLE_HEADS)
		return sample_is_head(h, p);
	return sample_is_nth(h);
}

/* The sample is taken of what the filter takes. Bits of enum copy_why. */
static __always_inline __u32 copy_sampled(struct home *h, const struct packet *p)
{
	int verdict;

	if (!home_knob(h, sample))
		return 0;
	verdict = home_filter(h, p);
	if (verdict == FILTER_REJECTS || !copy_chosen(h, p))
		return 0;
	return verdict == FILTER_TAKES ? COPY_SAMPLE | COPY_TAKEN : COPY_SAMPLE;
}

/* DNS is timed by a datagram's last fragment; which later ones are DNS's, user space knows. */
static __always_inline int copy_is_fragment(const struct packet *p)
{
	return p->outcome == NOT_FLOW_LATER_FRAGMENT && p->transport == TRANSPORT_UDP;
}

static __always_inline void copy_packet(struct home *h, const struct packet *p,
					struct flow_slot *slot)
{
	__u32 most = h->segments > 1 ? home_knob(h, sample_large) : home_knob(h, sample_caplen);
	__u32 why = 0, caplen = 0, sampled;

	if (home_knob(h, dns) && copy_is_dns(p, slot) && copy_dns_wanted(h, p)) {
		why = COPY_DNS;
		caplen = COPY_MAX;
	} else if (home_knob(h, dns) && copy_is_fragment(p) && copy_head_wanted(h)) {
		why = COPY_DNS;
		caplen = COPY_FRAGMENT;
	} else if (copy_is_head(h, p, slot) && copy_head_wanted(h)) {
		why = COPY_HEAD;
		caplen = home_knob(h, head_caplen);
	}
	sampled = copy_sampled(h, p);
	if (sampled)
		sampled = home_capture(h, sampled, most);
	if (sampled && caplen < most)
		caplen = most;
	why |= sampled;
	if (why)
		home_copy(h, p, slot, why, caplen);
}

/* ---- the whole way ---- */

/* What a segmented skb weighs on the wire: every segment repeats the headers. */
static __always_inline void weigh(struct home *h, const struct packet *p)
{
	__u32 tag = h->tag_stripped ? 4 : 0;
	__u32 headers = p->payload_offset;

	h->wire_len = h->len + tag;
	if (!h->gso_size || !headers || h->len <= headers)
		return;
	/* what a hypervisor hands over comes without a count of its segments */
	if (!h->segments)
		h->segments = (h->len - headers + h->gso_size - 1) / h->gso_size;
	if (h->segments > 1)
		h->wire_len += (h->segments - 1) * (headers + tag);
}

/* Where nobody is told what packets are, none is looked at. */
static __always_inline void watch_blindly(struct home *h)
{
	count_interface(h);
	count_add(&h->counters->outcome[OUTCOME_FLOW], h);
	if (sample_is_nth(h))
		home_capture(h, COPY_SAMPLE | COPY_TAKEN, home_knob(h, sample_caplen));
}

static __always_inline void watch(struct home *h, const void *data, const void *data_end)
{
	struct flow_slot *slot = 0;
	struct packet p;

	if (home_knob(h, blind) && !h->skb) {
		watch_blindly(h);
		return;
	}
	copy_refill(h);
	if (!h->plain || !parse_plain(data, data_end, h->skb ? h->len : h->wire_len, &p))
		home_parse(h, &p);
	if (h->skb)
		weigh(h, &p);
	if (!h->segments)
		h->segments = 1;
	p.key.ifindex = h->ifindex;
	if (h->tag_stripped) {
		p.key.link = h->link;
		p.flags |= PACKET_VLAN;
	} else {
		p.key.link |= h->link;
	}
	count_packet(h, &p);
	if (p.outcome == OUTCOME_FLOW && home_knob(h, flows))
		slot = flow_account(h, &p);
	copy_packet(h, &p, slot);
}

#endif
