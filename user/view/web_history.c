// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The headline figures of the last hour. Filled by web.c, written by web_api.c. */
#include "view/web_history.h"

#include <math.h>

#include "view/label.h"

static const char *const names[WEB_HISTORY_FIELDS] = {
#define X(field, value) #field,
	WEB_HISTORY(X)
#undef X
};

static const double least_s = 0.9;

const double *web_history_add(struct web_history *h, const struct snapshot *s)
{
	const double *last = h->points[(h->added + WEB_HISTORY_POINTS - 1) % WEB_HISTORY_POINTS];
	double *point = h->points[h->added % WEB_HISTORY_POINTS];

	if (h->added && s->time / 1e9 - last[WEB_HISTORY_time] < least_s)
		return NULL;
#define X(field, value) point[WEB_HISTORY_##field] = value;
	WEB_HISTORY(X)
#undef X
	h->added++;
	return point;
}

void web_history_write_point(FILE *out, const double point[WEB_HISTORY_FIELDS])
{
	for (int i = 0; i < WEB_HISTORY_FIELDS; i++) {
		fputc(i ? ',' : '[', out);
		if (isfinite(point[i]) && point[i] >= 0)
			fprintf(out, "%.15g", point[i]);
		else
			fputs("null", out);
	}
	fputc(']', out);
}

void web_history_write(const struct web_history *h, double since, FILE *out)
{
	size_t first = h->added > WEB_HISTORY_POINTS ? h->added - WEB_HISTORY_POINTS : 0;
	const char *between = "";

	for (int i = 0; i < WEB_HISTORY_FIELDS; i++)
		fprintf(out, "%s\"%s\"", i ? "," : "{\"fields\":[", names[i]);
	fputs("],\"points\":[", out);
	for (size_t i = first; i < h->added; i++) {
		const double *point = h->points[i % WEB_HISTORY_POINTS];

		if (point[WEB_HISTORY_time] <= since)
			continue;
		fputs(between, out);
		web_history_write_point(out, point);
		between = ",";
	}
	fputs("]}\n", out);
}
