// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The headline figures of the last hour. Filled by web.c, written by web_api.c. */
#include "view/web_history.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "view/label.h"

static const char *const names[WEB_HISTORY_FIELDS] = {
#define X(field, value) #field,
	WEB_HISTORY(X)
#undef X
};

static const double least_s = 0.9;

/* ---- resolvers ---- */

/* The same resolver at the last point; NULL: it was not among them. */
static const struct dns_server_view *resolver_before(const struct web_history *h,
						     const uint8_t addr[16])
{
	for (size_t i = 0; i < h->n_before; i++)
		if (!memcmp(h->before[i].addr, addr, 16))
			return &h->before[i];
	return NULL;
}

/* As Prometheus' histogram_quantile: within a bucket, answers are taken as spread evenly. */
static double buckets_quantile(const uint64_t le[16], double q)
{
	double wanted = q * le[15], low = 0, below = 0;
	int i = 0;

	for (; i < 15 && le[i] < wanted; i++) {
		low = dns_bucket_ms[i];
		below = le[i];
	}
	if (i == 15)
		return low;
	return low + (dns_bucket_ms[i] - low) * (wanted - below) / (le[i] - below);
}

/* What a resolver answered since the last point; false: nothing, or it is not known. */
static bool resolver_make(struct web_resolver *r, const struct dns_server_view *now,
			  const struct dns_server_view *before)
{
	uint64_t le[16];
	double sum = now->latency.mean * now->latency.count;

	for (int i = 0; i < 16; i++) {
		uint64_t was = before ? before->le[i] : 0;

		if (now->le[i] < was)
			return false;
		le[i] = now->le[i] - was;
	}
	if (!le[15])
		return false;
	if (before)
		sum -= before->latency.mean * before->latency.count;
	memcpy(r->addr, now->addr, 16);
	r->answers = le[15] < UINT32_MAX ? le[15] : UINT32_MAX;
	r->mean_ms = sum > 0 ? sum / le[15] : 0;
	r->p95_ms = buckets_quantile(le, 0.95);
	return true;
}

static void resolvers_add(struct web_history *h, struct web_point *point, const struct dns_view *d)
{
	point->n_resolvers = 0;
	for (size_t i = 0; i < d->n_servers && point->n_resolvers < WEB_HISTORY_RESOLVERS; i++) {
		const struct dns_server_view *before = resolver_before(h, d->servers[i].addr);

		if (!before && h->n_before == SNAPSHOT_SERVERS)
			continue; /* one that comes back into a full list: since when, who knows */
		if (resolver_make(&point->resolvers[point->n_resolvers], &d->servers[i], before))
			point->n_resolvers++;
	}
	memcpy(h->before, d->servers, d->n_servers * sizeof(d->servers[0]));
	h->n_before = d->n_servers;
}

static void resolvers_write(FILE *out, const struct web_point *point)
{
	char addr[46];

	fputs(",{", out);
	for (size_t i = 0; i < point->n_resolvers; i++) {
		const struct web_resolver *r = &point->resolvers[i];

		fprintf(out, "%s\"%s\":[%u,%.6g,%.6g]", i ? "," : "", text_addr(addr, r->addr),
			r->answers, r->mean_ms, r->p95_ms);
	}
	fputc('}', out);
}

/* ---- points ---- */

const struct web_point *web_history_add(struct web_history *h, const struct snapshot *s)
{
	const struct web_point *last =
		&h->points[(h->added + WEB_HISTORY_POINTS - 1) % WEB_HISTORY_POINTS];
	struct web_point *point = &h->points[h->added % WEB_HISTORY_POINTS];

	if (h->added && s->time / 1e9 - last->value[WEB_HISTORY_time] < least_s)
		return NULL;
#define X(field, value_) point->value[WEB_HISTORY_##field] = value_;
	WEB_HISTORY(X)
#undef X
	resolvers_add(h, point, &s->dns);
	h->added++;
	return point;
}

void web_history_write_point(FILE *out, const struct web_point *point)
{
	for (int i = 0; i < WEB_HISTORY_FIELDS; i++) {
		double x = point->value[i];

		fputc(i ? ',' : '[', out);
		if (isfinite(x) && x >= 0)
			fprintf(out, "%.15g", x);
		else
			fputs("null", out);
	}
	resolvers_write(out, point);
	fputc(']', out);
}

void web_history_write(const struct web_history *h, double since, FILE *out)
{
	size_t first = h->added > WEB_HISTORY_POINTS ? h->added - WEB_HISTORY_POINTS : 0;
	const char *between = "";

	for (int i = 0; i < WEB_HISTORY_FIELDS; i++)
		fprintf(out, "%s\"%s\"", i ? "," : "{\"fields\":[", names[i]);
	fputs(",\"resolvers\"],\"points\":[", out);
	for (size_t i = first; i < h->added; i++) {
		const struct web_point *point = &h->points[i % WEB_HISTORY_POINTS];

		if (point->value[WEB_HISTORY_time] <= since)
			continue;
		fputs(between, out);
		web_history_write_point(out, point);
		between = ",";
	}
	fputs("]}\n", out);
}
