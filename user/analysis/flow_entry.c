// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One flow: see flow_entry.h. */
#include "analysis/flow_entry.h"

#include <netinet/in.h>

void flow_entry_init(struct flow_entry *e, const struct flow_id *id, unsigned side, uint16_t link)
{
	*e = (struct flow_entry){
		.id = *id,
		.vlan = link & FLOW_VLAN_MASK,
		.marks = side ? FLOW_FIRST_SIDE : 0,
		.tick = {FLOW_NEVER, FLOW_NEVER},
		.precise = {FLOW_NEVER, FLOW_NEVER},
		.syn = FLOW_NEVER,
		.ack = FLOW_NEVER,
	};
}

static unsigned flow_entry_syn_side(const struct flow_entry *e)
{
	return !!(e->marks & FLOW_SYN_SIDE);
}

/* The copy was of the side's first packet, as far as ticks can tell. */
static bool flow_entry_exact(const struct flow_entry *e, unsigned side)
{
	uint64_t precise = e->precise[side], tick = e->tick[side];

	return precise != FLOW_NEVER && (precise < tick || precise - tick < FLOW_TICK_NS);
}

static uint64_t flow_entry_start(const struct flow_entry *e, unsigned side)
{
	return flow_entry_exact(e, side) ? e->precise[side] : e->tick[side];
}

static unsigned flow_entry_decide(const struct flow_entry *e)
{
	uint64_t start[2] = {flow_entry_start(e, 0), flow_entry_start(e, 1)};
	unsigned exact = flow_entry_exact(e, 0) + flow_entry_exact(e, 1);

	if (e->marks & FLOW_SYN)
		return flow_entry_syn_side(e);
	/* Two copies compare exactly, two ticks by ticks, and a copy with a tick beyond a tick. */
	if (exact != 1 && start[0] != start[1])
		return start[1] < start[0];
	if (exact == 1 && e->tick[0] != e->tick[1] && e->tick[0] != FLOW_NEVER &&
	    e->tick[1] != FLOW_NEVER)
		return e->tick[1] < e->tick[0];
	if (exact == 1 &&
	    (start[0] > start[1] ? start[0] - start[1] : start[1] - start[0]) >= FLOW_TICK_NS)
		return start[1] < start[0];
	if (e->id.port[0] != e->id.port[1])
		return ntohs(e->id.port[1]) > ntohs(e->id.port[0]);
	return !!(e->marks & FLOW_FIRST_SIDE);
}

/* Something that the decision rests on has changed. */
static void flow_entry_redecide(struct flow_entry *e)
{
	e->marks = flow_entry_decide(e) ? e->marks | FLOW_OPENER : e->marks & ~FLOW_OPENER;
}

static void flow_entry_syn(struct flow_entry *e, unsigned side)
{
	if (e->marks & FLOW_SYN)
		return;
	e->marks |= FLOW_SYN | (side ? FLOW_SYN_SIDE : 0);
	flow_entry_redecide(e);
}

/* Flags of a whole delta are or'ed: without ACK among them it was SYNs and nothing else. */
static void flow_entry_flags(struct flow_entry *e, unsigned side, const struct flow_delta *delta)
{
	e->tcp_flags |= delta->tcp_flags;
	if ((delta->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		flow_entry_syn(e, side);
	if (delta->last + FLOW_TICK_NS < e->born)
		return; /* late news of the connection that had these ports before */
	if (delta->tcp_flags & TCP_FIN)
		e->marks |= FLOW_FIN << side;
	if (delta->tcp_flags & TCP_RST)
		e->marks |= FLOW_RST;
}

void flow_entry_add(struct flow_entry *e, unsigned side, const struct flow_delta *delta)
{
	e->packets[side] += delta->packets;
	e->bytes[side] += delta->bytes;
	if (e->tick[side] > delta->first) {
		e->tick[side] = delta->first;
		flow_entry_redecide(e);
	}
	if (e->last < delta->last)
		e->last = delta->last;
	if (delta->tcp_flags && e->id.proto == IPPROTO_TCP)
		flow_entry_flags(e, side, delta);
}

void flow_entry_note(struct flow_entry *e, unsigned side, const struct event *event)
{
	uint8_t flags = event->packet->tcp_flags;
	bool mine;

	if (e->precise[side] > event->ts) {
		e->precise[side] = event->ts;
		flow_entry_redecide(e);
	}
	if (e->last < event->ts)
		e->last = event->ts;
	if (e->id.proto != IPPROTO_TCP)
		return;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		flow_entry_syn(e, side);
	if (!(e->marks & FLOW_SYN))
		return;
	mine = side == flow_entry_syn_side(e);
	if (mine && flags & TCP_SYN && e->syn > event->ts)
		e->syn = event->ts;
	if (mine && !(flags & (TCP_SYN | TCP_RST)) && flags & TCP_ACK && e->ack > event->ts)
		e->ack = event->ts;
	if (!mine && flags & TCP_SYN && flags & TCP_ACK)
		e->marks |= FLOW_SYN_ACK;
}

static void entry_shift(uint64_t *time, int64_t ns)
{
	if (*time && *time != FLOW_NEVER)
		*time += ns;
}

void flow_entry_clock_set(struct flow_entry *e, int64_t ns)
{
	for (int side = 0; side < 2; side++) {
		entry_shift(&e->tick[side], ns);
		entry_shift(&e->precise[side], ns);
	}
	entry_shift(&e->last, ns);
	entry_shift(&e->syn, ns);
	entry_shift(&e->ack, ns);
	entry_shift(&e->born, ns);
}

uint64_t flow_entry_first(const struct flow_entry *e)
{
	uint64_t a = flow_entry_start(e, 0), b = flow_entry_start(e, 1);

	return a < b ? a : b;
}

double flow_entry_handshake_ms(const struct flow_entry *e)
{
	if (!(e->marks & FLOW_SYN_ACK) || e->ack == FLOW_NEVER || e->ack < e->syn)
		return -1;
	return (e->ack - e->syn) / 1e6;
}
