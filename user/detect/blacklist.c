// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Contacts with addresses that somebody's list names. One alert a listed address, open while there
 * is traffic with it. The lists are those of --blacklist and of `files` in the INI section.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "detect/host.h"
#include "detect/prefix_set.h"
#include "detect/subjects.h"
#include "detect/words.h"

enum { LISTED = 4096, FILES_MOST = 64, LISTED_HOLD_S = 5 };

struct contact {
	int32_t prefix;
	uint64_t sent, received; /* packets since the last tick, by the listed address */
	uint64_t total;
	uint8_t other[16]; /* whom it talked with last */
	__be16 port;	   /* of whoever was called */
	uint8_t proto;
};

struct detector {
	struct detector_host *host;
	char *text; /* the INI's list, cut into names */
	const char *file[FILES_MOST];
	struct prefix_set *set;
	struct subjects *contacts; /* by listed address */
};

static void contact_add(struct detector *d, const struct flow_delta *f, bool source)
{
	const uint8_t *addr = source ? f->key->saddr : f->key->daddr;
	int32_t prefix = prefix_set_find(d->set, addr);
	struct contact *c;

	if (prefix < 0)
		return;
	c = subjects_take(d->contacts, addr);
	c->prefix = prefix;
	*(source ? &c->sent : &c->received) += f->packets;
	c->total += f->packets;
	memcpy(c->other, source ? f->key->daddr : f->key->saddr, 16);
	c->port = f->from_opener ? f->key->dport : f->key->sport;
	c->proto = f->key->proto;
}

static void blacklist_flow(struct detector *d, const struct flow_delta *f)
{
	if (!prefix_set_count(d->set))
		return;
	contact_add(d, f, true);
	contact_add(d, f, false);
}

static void contact_tell(struct detector *d, const uint8_t addr[16], const struct contact *c)
{
	struct alert a = {.severity = SEVERITY_HIGH, .observed = c->total, .expected = 0};
	struct prefix_match match;
	const char *file;

	prefix_set_describe(d->set, c->prefix, &match);
	file = strrchr(match.file, '/') ? strrchr(match.file, '/') + 1 : match.file;
	WORDS_SET(a.subject, "%s", words_addr(addr).s);
	WORDS_SET(a.kind, "listed");
	WORDS_SET(a.unit, "packets");
	WORDS_SET(
		a.reason,
		"%s is blacklisted (%s, %.64s line %u) and exchanged %s packets with %s, port %u, "
		"where none are expected",
		words_addr(addr).s, match.prefix, file, match.line, words_number(c->total).s,
		words_addr(c->other).s, ntohs(c->port));
	d->host->raise(d->host, &a, LISTED_HOLD_S);
}

static void blacklist_tick(struct detector *d, const struct tick *t)
{
	const void *addr;
	struct contact *c;

	(void)t;
	for (size_t at = 0; (c = subjects_next(d->contacts, &at, &addr));) {
		if (c->sent + c->received)
			contact_tell(d, addr, c);
		c->sent = c->received = 0;
	}
}

const struct listed_range *blacklist_ranges(const struct detector *blacklist, size_t *n)
{
	return prefix_set_ranges(blacklist->set, n);
}

static void blacklist_close(struct detector *d)
{
	if (!d)
		return;
	prefix_set_free(d->set);
	subjects_free(d->contacts);
	free(d->text);
	free(d);
}

/* The names of both places; -1: too many. */
static int blacklist_files(struct detector *d)
{
	const char *const *given;
	int n = host_blacklists(d->host, &given), all = 0;
	char *rest = d->text, *name;

	for (int i = 0; i < n && all < FILES_MOST; i++)
		d->file[all++] = given[i];
	while ((name = strtok_r(rest, ", \t", &rest))) {
		if (all == FILES_MOST)
			return -1;
		d->file[all++] = name;
	}
	return all;
}

static struct detector *blacklist_open(struct detector_host *host)
{
	struct detector *d = calloc(1, sizeof(*d));
	int n;

	if (!d)
		return NULL;
	d->host = host;
	d->text = strdup(host->text(host, "files", ""));
	d->contacts = subjects_new(LISTED, 16, sizeof(struct contact));
	if (!d->text || !d->contacts) {
		log_error("blacklist: not enough memory");
		goto fail;
	}
	n = blacklist_files(d);
	if (n < 0) {
		log_error("blacklist: more than %d files", FILES_MOST);
		goto fail;
	}
	d->set = prefix_set_load(d->file, n);
	if (!d->set)
		goto fail;
	if (n)
		log_info("blacklist: %zu prefixes from %d files", prefix_set_count(d->set), n);
	return d;
fail:
	blacklist_close(d);
	return NULL;
}

const struct detector_ops detector_blacklist = {
	.abi = DETECTOR_ABI,
	.name = "blacklist",
	.about = "traffic with addresses of your lists",
	.open = blacklist_open,
	.flow = blacklist_flow,
	.tick = blacklist_tick,
	.close = blacklist_close,
};
