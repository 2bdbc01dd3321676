// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads prefixes and finds addresses among them, for detect/blacklist.c. */
#include "detect/prefix_set.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "detect/words.h"

enum {
	PREFIX_MOST = LISTED_MOST, /* more are refused */
	STRIDE = 64,		   /* intervals a coarse entry */
	IPV4_BINS = 1 << 16,
	BAD_SHOWN = 5, /* bad lines named in a file */
};

typedef unsigned __int128 address;

static const address ipv4_first = (address)0xffff << 32; /* ::ffff:0.0.0.0 */

struct prefix {
	address first, last;
	uint32_t line;
	uint16_t file;
	uint8_t len; /* of 128 */
};

struct prefix_set {
	const char *const *files;
	struct prefix *prefix;
	size_t n, room;
	address *start; /* of intervals, ascending; each ends where the next begins */
	int32_t *owner; /* of intervals: index of a prefix, -1: none */
	size_t n_intervals;
	address *coarse; /* every STRIDE-th start */
	uint32_t *ipv4;	 /* by the first 16 bits: the interval that holds the first such address */
	struct listed_range *range;
	size_t n_ranges;
};

/* ---- reading ---- */

static address address_load(const uint8_t addr[16])
{
	uint64_t high, low;

	memcpy(&high, addr, 8);
	memcpy(&low, addr + 8, 8);
	return (address)be64toh(high) << 64 | be64toh(low);
}

static void address_store(uint8_t addr[16], address a)
{
	uint64_t high = htobe64((uint64_t)(a >> 64)), low = htobe64((uint64_t)a);

	memcpy(addr, &high, 8);
	memcpy(addr + 8, &low, 8);
}

static address host_bits(unsigned len)
{
	return len ? ((address)1 << (128 - len)) - 1 : ~(address)0;
}

/* The length after the slash; -1: none that is right. */
static int length_parse(const char *text, int most)
{
	int len = 0;

	if (!*text || strlen(text) > 3)
		return -1;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -1;
		len = len * 10 + *text - '0';
	}
	return len <= most ? len : -1;
}

/* NULL, or what is wrong with the word. */
static const char *prefix_parse(struct prefix *p, char *word)
{
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	char *slash = strchr(word, '/');
	bool v4 = !strchr(word, ':');
	int most = v4 ? 32 : 128, len = most;

	if (slash) {
		*slash = '\0';
		len = length_parse(slash + 1, most);
	}
	if (inet_pton(v4 ? AF_INET : AF_INET6, word, v4 ? addr + 12 : addr) != 1)
		return "not an address or prefix";
	if (len < 0)
		return "prefix length impossible";
	if (len == 0)
		return "it would list every address";
	p->len = v4 ? 96 + len : len;
	p->first = address_load(addr) & ~host_bits(p->len);
	p->last = p->first | host_bits(p->len);
	return NULL;
}

static struct prefix *prefix_add(struct prefix_set *s)
{
	struct prefix *grown;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		if (s->room > PREFIX_MOST)
			return NULL;
		grown = realloc(s->prefix, s->room * sizeof(*grown));
		if (!grown)
			return NULL;
		s->prefix = grown;
	}
	return &s->prefix[s->n++];
}

/* The line's first word, NULL where it is blank or a remark. */
static char *line_word(char *line)
{
	char *word = line + strspn(line, " \t\r\n");

	word[strcspn(word, " \t\r\n;,#")] = '\0';
	return *word ? word : NULL;
}

/* Reads a line; 1: bad, 0, or -1: no room. */
static int prefix_line(struct prefix_set *s, char *line, size_t file, uint32_t number,
		       unsigned *bad)
{
	char *word = line_word(line), shown[PREFIX_TEXT];
	struct prefix p = {.line = number, .file = file}, *kept;
	const char *wrong;

	if (!word)
		return 0;
	snprintf(shown, sizeof(shown), "%s", word);
	wrong = prefix_parse(&p, word);
	if (wrong) {
		if (++*bad <= BAD_SHOWN)
			log_error("%s:%u: '%s': %s", s->files[file], number, shown, wrong);
		return 1;
	}
	kept = prefix_add(s);
	if (!kept)
		return -1;
	*kept = p;
	return 0;
}

static int prefix_file(struct prefix_set *s, size_t file)
{
	const char *path = s->files[file];
	FILE *f = fopen(path, "re");
	size_t room = 0, before = s->n;
	char *line = NULL;
	uint32_t number = 0;
	unsigned bad = 0;
	int status = 0;

	if (!f) {
		log_error("blacklist %s: %s", path, strerror(errno));
		return -1;
	}
	while (status >= 0 && getline(&line, &room, f) >= 0)
		status = prefix_line(s, line, file, ++number, &bad);
	if (status < 0)
		log_error("blacklist %s: too many prefixes or not enough memory", path);
	else if (ferror(f))
		log_error("blacklist %s: %s", path, strerror(errno));
	else if (bad && s->n == before)
		log_error("blacklist %s: no line of it is an address or prefix", path);
	else if (bad > BAD_SHOWN)
		log_error("%s: %u bad lines in all are left out", path, bad);
	if (ferror(f) || (bad && s->n == before))
		status = -1;
	free(line);
	fclose(f);
	return status < 0 ? -1 : 0;
}

/* ---- intervals ---- */

/* The last of n ascending starts that is not above `a`; the first is 0. Without branches. */
static size_t start_find(const address *start, size_t n, address a)
{
	const address *base = start;

	while (n > 1) {
		size_t half = n / 2;

		base += base[half] <= a ? half : 0;
		n -= half;
	}
	return base - start;
}

static int prefix_order(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->len > y->len) - (x->len < y->len); /* the wider first */
}

static void interval_add(struct prefix_set *s, address start, int32_t owner)
{
	size_t n = s->n_intervals;

	if (n && s->start[n - 1] == start)
		s->n_intervals = --n; /* nothing was between */
	if (n && s->owner[n - 1] == owner)
		return;
	s->start[n] = start;
	s->owner[n] = owner;
	s->n_intervals++;
}

/* Ends the prefixes on the stack that lie wholly before `until`; returns the new depth. */
static int stack_end(struct prefix_set *s, const int32_t *stack, int depth, address until)
{
	while (depth && s->prefix[stack[depth - 1]].last < until) {
		address after = s->prefix[stack[--depth]].last + 1;

		interval_add(s, after, depth ? stack[depth - 1] : -1);
	}
	return depth;
}

static uint64_t address_key(address a)
{
	return listed_key((uint64_t)(a >> 64), (uint64_t)a);
}

/* Intervals with an owner, as keys; what is next to each other becomes one. */
static int set_ranges(struct prefix_set *s)
{
	s->range = calloc(s->n_intervals + 1, sizeof(*s->range));
	if (!s->range)
		return -1;
	for (size_t i = 0; i < s->n_intervals; i++) {
		bool last = i + 1 == s->n_intervals;
		struct listed_range *before = s->n_ranges ? &s->range[s->n_ranges - 1] : NULL;
		struct listed_range r = {address_key(s->start[i]),
					 address_key(last ? ~(address)0 : s->start[i + 1] - 1)};

		if (s->owner[i] < 0)
			continue;
		if (before && r.first <= before->last + 1)
			before->last = r.last;
		else
			s->range[s->n_ranges++] = r;
	}
	return 0;
}

/* Prefixes nest or are apart: a walk in order with a stack of those that are open. */
static int set_build(struct prefix_set *s)
{
	int32_t stack[129];
	int depth = 0;
	size_t n_coarse;

	s->start = malloc((2 * s->n + 2) * sizeof(*s->start));
	s->owner = malloc((2 * s->n + 2) * sizeof(*s->owner));
	if (!s->start || !s->owner)
		return -1;
	if (s->n)
		qsort(s->prefix, s->n, sizeof(*s->prefix), prefix_order);
	interval_add(s, 0, -1);
	for (size_t i = 0; i < s->n; i++) {
		const struct prefix *p = &s->prefix[i];

		depth = stack_end(s, stack, depth, p->first);
		if (depth && s->prefix[stack[depth - 1]].first == p->first &&
		    s->prefix[stack[depth - 1]].len == p->len)
			continue; /* the same again */
		stack[depth++] = i;
		interval_add(s, p->first, i);
	}
	stack_end(s, stack, depth, ~(address)0);
	n_coarse = (s->n_intervals + STRIDE - 1) / STRIDE;
	s->coarse = malloc(n_coarse * sizeof(*s->coarse));
	s->ipv4 = malloc((IPV4_BINS + 1) * sizeof(*s->ipv4));
	if (!s->coarse || !s->ipv4)
		return -1;
	for (size_t i = 0; i < n_coarse; i++)
		s->coarse[i] = s->start[i * STRIDE];
	for (size_t i = 0; i <= IPV4_BINS; i++)
		s->ipv4[i] = start_find(s->start, s->n_intervals, ipv4_first + ((address)i << 16));
	return 0;
}

struct prefix_set *prefix_set_load(const char *const *files, size_t n)
{
	struct prefix_set *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->files = files;
	for (size_t i = 0; i < n; i++)
		if (prefix_file(s, i))
			goto fail;
	if (!set_build(s) && (!n || !set_ranges(s)))
		return s;
	log_error("blacklist: not enough memory");
fail:
	prefix_set_free(s);
	return NULL;
}

void prefix_set_free(struct prefix_set *s)
{
	if (!s)
		return;
	free(s->prefix);
	free(s->start);
	free(s->owner);
	free(s->coarse);
	free(s->ipv4);
	free(s->range);
	free(s);
}

size_t prefix_set_count(const struct prefix_set *s)
{
	return s->n;
}

const struct listed_range *prefix_set_ranges(const struct prefix_set *s, size_t *n)
{
	*n = s->n_ranges;
	return s->range;
}

/* ---- looking up ---- */

int32_t prefix_set_find(const struct prefix_set *s, const uint8_t addr[16])
{
	address a = address_load(addr);
	size_t from, n;

	if (!s->n)
		return -1;
	if (a >= ipv4_first && a - ipv4_first <= UINT32_MAX) {
		const uint32_t *bin = &s->ipv4[(uint32_t)a >> 16];

		from = bin[0];
		n = bin[1] - bin[0] + 1;
	} else {
		from = start_find(s->coarse, (s->n_intervals + STRIDE - 1) / STRIDE, a) * STRIDE;
		n = s->n_intervals - from < STRIDE ? s->n_intervals - from : STRIDE;
	}
	return s->owner[from + start_find(s->start + from, n, a)];
}

void prefix_set_describe(const struct prefix_set *s, int32_t number, struct prefix_match *match)
{
	const struct prefix *p = &s->prefix[number];
	unsigned len = p->len;
	uint8_t first[16];

	address_store(first, p->first);
	if (len >= 96 && addr_is_ipv4(first))
		len -= 96;
	snprintf(match->prefix, sizeof(match->prefix), "%s/%u", words_addr(first).s, len);
	match->file = s->files[p->file];
	match->line = p->line;
}
