// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names of flows. Comes after decoding, before the flow table. A flow is here only as long as its
 * first words are incomplete: most take a place and give it back within one packet.
 *
 * A segment that overtook the stream's first one cannot be told from the middle of a stream that
 * began before we looked. It is held: its bytes wait for the beginning, but such flows may take no
 * more than a quarter of the places, and go first.
 */
#include "analysis/flow_name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/hello.h"
#include "analysis/mix.h"
#include "analysis/quic.h"
#include "analysis/stream.h"
#include "base/text.h"

enum { TOLD_NAME = 1, TOLD_VERDICT = 2 };
enum { LEAST_PENDING = 4 };

/* Every place is in one list, by age. Free ones are taken newest first: their memory is warm. */
enum names_list { LIST_FREE, LIST_HELD, LIST_BEGUN, LISTS };

struct pending {
	struct flow_key key;
	uint32_t chain; /* next in its bucket; numbers of places are 1 and up, 0 is none */
	uint32_t older, newer;
	uint32_t seq; /* TCP: of the stream's first byte */
	uint64_t since;
	uint8_t list; /* enum names_list */
	uint8_t kind; /* enum hello_kind; HELLO_NONE while held */
	uint8_t told;
	struct quic_keys keys;
	struct stream stream;
};

struct flow_names {
	size_t max;
	struct pending *pending; /* [max + 1]; 0 is not used */
	uint8_t *bytes;
	uint32_t *buckets;
	size_t mask;
	struct {
		uint32_t oldest, newest;
		size_t n;
	} lists[LISTS];
	uint64_t dropped;
	struct mix_seed seed;
	struct quic *quic;
	uint8_t message[STREAM_MAX]; /* a handshake out of its records */
};

/* ---- places ---- */

static void list_append(struct flow_names *n, struct pending *e, enum names_list list)
{
	uint32_t place = (uint32_t)(e - n->pending);

	e->list = list;
	e->newer = 0;
	e->older = n->lists[list].newest;
	if (e->older)
		n->pending[e->older].newer = place;
	else
		n->lists[list].oldest = place;
	n->lists[list].newest = place;
	n->lists[list].n++;
}

static void list_remove(struct flow_names *n, struct pending *e)
{
	if (e->older)
		n->pending[e->older].newer = e->newer;
	else
		n->lists[e->list].oldest = e->newer;
	if (e->newer)
		n->pending[e->newer].older = e->older;
	else
		n->lists[e->list].newest = e->older;
	n->lists[e->list].n--;
}

static uint32_t *names_bucket(struct flow_names *n, const struct flow_key *key)
{
	return &n->buckets[mix_text(&n->seed, (const char *)key, sizeof(*key)) & n->mask];
}

static struct pending *names_find(struct flow_names *n, const struct flow_key *key)
{
	uint32_t place = *names_bucket(n, key);

	while (place && memcmp(&n->pending[place].key, key, sizeof(*key)) != 0)
		place = n->pending[place].chain;
	return place ? &n->pending[place] : NULL;
}

static void names_release(struct flow_names *n, struct pending *e)
{
	uint32_t *link = names_bucket(n, &e->key);

	while (&n->pending[*link] != e)
		link = &n->pending[*link].chain;
	*link = e->chain;
	list_remove(n, e);
	list_append(n, e, LIST_FREE);
}

static void names_make_room(struct flow_names *n, enum names_list list)
{
	bool held_full = n->lists[LIST_HELD].n >= n->max / 4;

	if (n->lists[LIST_FREE].n > 0 && !(list == LIST_HELD && held_full))
		return;
	if (n->lists[LIST_HELD].n > 0) {
		names_release(n, &n->pending[n->lists[LIST_HELD].oldest]);
		return;
	}
	names_release(n, &n->pending[n->lists[LIST_BEGUN].oldest]);
	n->dropped++;
}

static struct pending *names_take(struct flow_names *n, const struct event *event,
				  enum hello_kind kind)
{
	enum names_list list = kind == HELLO_NONE ? LIST_HELD : LIST_BEGUN;
	const struct flow_key *key = &event->packet->key;
	uint32_t *bucket = names_bucket(n, key);
	struct pending *e;

	names_make_room(n, list);
	e = &n->pending[n->lists[LIST_FREE].newest];
	list_remove(n, e);
	list_append(n, e, list);
	e->key = *key;
	e->chain = *bucket;
	*bucket = (uint32_t)(e - n->pending);
	e->seq = event->packet->tcp_seq;
	e->since = event->ts;
	e->kind = kind;
	e->told = 0;
	e->keys.version = 0;
	e->stream.n = 0;
	return e;
}

struct flow_names *flow_names_new(size_t pending_max)
{
	struct flow_names *n;

	if (pending_max < LEAST_PENDING || pending_max > UINT32_MAX / STREAM_MAX) {
		errno = EINVAL;
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->max = pending_max;
	n->mask = 1;
	while (n->mask < 2 * pending_max)
		n->mask *= 2;
	n->pending = calloc(pending_max + 1, sizeof(*n->pending));
	n->bytes = malloc(pending_max * STREAM_MAX);
	n->buckets = calloc(n->mask--, sizeof(*n->buckets));
	n->quic = quic_new();
	if (!n->pending || !n->bytes || !n->buckets || !n->quic || mix_seed_draw(&n->seed))
		goto out;
	for (size_t i = pending_max; i > 0; i--) {
		n->pending[i].stream.bytes = n->bytes + (i - 1) * STREAM_MAX;
		list_append(n, &n->pending[i], LIST_FREE);
	}
	return n;
out:
	flow_names_free(n);
	return NULL;
}

void flow_names_free(struct flow_names *n)
{
	if (!n)
		return;
	quic_free(n->quic);
	free(n->buckets);
	free(n->bytes);
	free(n->pending);
	free(n);
}

/* ---- reading what was put together ---- */

static enum hello_status names_read(struct flow_names *n, const struct pending *e,
				    struct hello *hello)
{
	size_t len = stream_length(&e->stream);

	switch (e->kind) {
	case HELLO_TLS:
		len = hello_unwrap(n->message, sizeof(n->message), e->stream.bytes, len);
		return hello_tls(hello, n->message, len);
	case HELLO_QUIC:
		return hello_tls(hello, e->stream.bytes, len);
	case HELLO_HTTP:
		return hello_http(hello, e->stream.bytes, len);
	default:
		return hello_ssh(hello, e->stream.bytes, len);
	}
}

/* Both ends of SSH say their version; the flow is named after the server's, the lower port. */
static bool names_is_ssh_client(const struct pending *e)
{
	return e->kind == HELLO_SSH && ntohs(e->key.sport) > ntohs(e->key.dport);
}

/* Tells what is new in the stream so far, and gives the place back when no more will come. */
static int names_tell(struct flow_names *n, struct pending *e, struct flow_name_result *r)
{
	struct hello hello;
	enum hello_status status = names_read(n, e, &hello);
	struct verdict verdict = hello_verdict(&hello);
	int told = e->told;

	if (e->kind == HELLO_QUIC) /* whatever it carries; that it could be opened is the proof */
		verdict = (struct verdict){APP_QUIC, SURE_PAYLOAD, SECURITY_ENCRYPTED};
	if (hello.name && !(told & TOLD_NAME) && !names_is_ssh_client(e)) {
		text_escape(r->name, sizeof(r->name), hello.name, hello.name_len);
		e->told |= TOLD_NAME;
	}
	if (verdict.sure && !(told & TOLD_VERDICT)) {
		r->verdict = verdict;
		e->told |= TOLD_VERDICT;
	}
	told ^= e->told;
	if (status != HELLO_PART)
		names_release(n, e);
	return told != 0;
}

/* ---- TCP ---- */

/* The stream begins at this sequence number; what came before is none of it. */
static void names_begin(struct flow_names *n, struct pending *e, uint32_t seq, enum hello_kind kind)
{
	stream_shift(&e->stream, (int32_t)(e->seq - seq));
	e->seq = seq;
	e->kind = kind;
	e->told = 0;
	list_remove(n, e);
	list_append(n, e, LIST_BEGUN);
}

static int names_tcp(struct flow_names *n, const struct event *event, const uint8_t *payload,
		     size_t len, struct flow_name_result *r)
{
	enum hello_kind kind = hello_kind(payload, len);
	uint32_t seq = event->packet->tcp_seq;
	struct pending *e = names_find(n, &event->packet->key);

	if (!e) {
		if (kind == HELLO_NONE && event->verdict.sure >= SURE_PAYLOAD)
			return 0; /* known, and it has no name */
		e = names_take(n, event, kind);
	} else if (kind != HELLO_NONE && (e->kind == HELLO_NONE || seq - e->seq >= STREAM_MAX)) {
		names_begin(n, e, seq, kind);
	}
	if (e->kind == HELLO_NONE && e->seq - seq < STREAM_MAX) {
		stream_shift(&e->stream, e->seq - seq);
		e->seq = seq;
	}
	stream_add(&e->stream, seq - e->seq, payload, len);
	if (e->kind == HELLO_NONE) {
		kind = hello_kind(e->stream.bytes, stream_length(&e->stream));
		if (kind == HELLO_NONE)
			return 0;
		names_begin(n, e, e->seq, kind);
	}
	return names_tell(n, e, r);
}

/* ---- QUIC ---- */

struct quic_flow {
	struct flow_names *names;
	const struct event *event;
	struct pending *pending; /* NULL until there are bytes to keep */
	struct quic_keys keys;
};

static void names_crypto(void *arg, uint64_t offset, const uint8_t *data, size_t len)
{
	struct quic_flow *flow = arg;
	struct pending *e = flow->pending;

	if (!e)
		e = flow->pending = names_take(flow->names, flow->event, HELLO_QUIC);
	if (memcmp(&e->keys, &flow->keys, sizeof(e->keys)) != 0) {
		e->stream.n = 0; /* after a Retry the client begins again */
		e->keys = flow->keys;
	}
	stream_add(&e->stream, offset, data, len);
}

static int names_quic(struct flow_names *n, const struct event *event, const uint8_t *payload,
		      size_t len, struct flow_name_result *r)
{
	struct quic_flow flow = {
		.names = n,
		.event = event,
		.pending = names_find(n, &event->packet->key),
	};

	if (flow.pending)
		flow.keys = flow.pending->keys;
	if (!quic_read(n->quic, &flow.keys, payload, len, names_crypto, &flow) || !flow.pending)
		return 0;
	return names_tell(n, flow.pending, r);
}

/* ---- all together ---- */

int flow_names_event(struct flow_names *n, const struct event *event, struct flow_name_result *r)
{
	const struct packet *p = event->packet;
	size_t len = event->caplen > p->payload_offset ? event->caplen - p->payload_offset : 0;

	memset(r, 0, sizeof(*r));
	if (len > p->payload_len)
		len = p->payload_len;
	if (p->outcome != OUTCOME_FLOW || len == 0)
		return 0;
	switch (p->transport) {
	case TRANSPORT_TCP:
		return names_tcp(n, event, event->data + p->payload_offset, len, r);
	case TRANSPORT_UDP:
		return names_quic(n, event, event->data + p->payload_offset, len, r);
	}
	return 0;
}

void flow_names_expire(struct flow_names *n, uint64_t now, uint64_t max_age_ns)
{
	for (enum names_list list = LIST_HELD; list <= LIST_BEGUN; list++) {
		while (n->lists[list].oldest) {
			struct pending *e = &n->pending[n->lists[list].oldest];

			if (now < e->since || now - e->since <= max_age_ns)
				break;
			names_release(n, e);
		}
	}
}

uint64_t flow_names_dropped(const struct flow_names *n)
{
	return n->dropped;
}
