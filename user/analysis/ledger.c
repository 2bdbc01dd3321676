// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The ledger: see ledger.h. */
#include "analysis/ledger.h"

void ledger_add_counters(struct ledger *l, const struct counters *c)
{
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		uint64_t packets = c->outcome[i].packets;

		l->seen += packets;
		if (i >= OUTCOME_UNPARSED) {
			l->unparsed[i] += packets;
			l->unparsed_total += packets;
		} else if (i != OUTCOME_FLOW) {
			l->not_flow += packets;
		}
	}
	for (int i = 0; i < TRANSPORT_COUNT; i++)
		l->overflow += c->overflow[i].packets;
	for (int i = 0; i < LOST_KINDS; i++)
		l->lost[i] += c->lost[i];
	l->looks_skipped += c->looks_skipped;
	l->head_skipped += c->head_skipped;
	l->dns_skipped += c->dns_skipped;
}

void ledger_add_flow(struct ledger *l, uint64_t packets)
{
	l->flows += packets;
}

int64_t ledger_close(struct ledger *l)
{
	l->balance = (int64_t)(l->seen - l->flows - l->overflow - l->not_flow - l->unparsed_total);
	return l->balance;
}
