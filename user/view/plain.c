// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --report plain: a line an interval, in the manner of vmstat, and a summary at the end. The
 * numbers of a line hold no blanks, so that `awk '{print $3}'` works.
 */
#include "view/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "options.h"
#include "view/label.h"
#include "view/units.h"
#include "view/view.h"

enum { HEADER_EVERY = 20 };

struct view {
	bool only_final;
	bool terminal;
	unsigned lines;
};

void plain_header(FILE *to)
{
	fprintf(to, "%-8s %6s %7s %6s %7s %5s %7s %5s %5s %4s %5s %4s\n", "time", "in-pps",
		"out-pps", "in-bps", "out-bps", "flows", "dns-p95", "unans", "alert", "lost",
		"cover", "skip");
}

void plain_line(FILE *to, const struct snapshot *s)
{
	char clock[UNITS_LEN], in[UNITS_LEN], out[UNITS_LEN], in_bits[UNITS_LEN];
	char out_bits[UNITS_LEN], active[UNITS_LEN], p95[UNITS_LEN] = "-", lost[UNITS_LEN];
	char unanswered[UNITS_LEN], cover[UNITS_LEN], skipped[UNITS_LEN];

	if (s->dns.latency.count)
		snprintf(p95, sizeof(p95), "%.*fms", s->dns.latency.p95 < 10 ? 2 : 0,
			 s->dns.latency.p95);
	units_coverage(cover, label_coverage(&s->ledger));
	fprintf(to, "%-8s %6s %7s %6s %7s %5s %7s %5s %5zu %4s %5s %4s\n",
		units_clock(clock, s->time), units_count(in, s->in_pps),
		units_count(out, s->out_pps), units_count(in_bits, s->in_bps),
		units_count(out_bits, s->out_bps), units_count(active, s->flows_active), p95,
		units_count(unanswered, s->dns.unanswered), s->n_alerts_open,
		units_count(lost, label_lost(&s->ledger)), cover,
		units_count(skipped, label_skipped(&s->ledger)));
}

static struct view *plain_open(const struct options *options)
{
	struct view *v = calloc(1, sizeof(*v));

	if (!v) {
		log_error("plain report: out of memory");
		return NULL;
	}
	v->only_final = options->read;
	v->terminal = isatty(STDOUT_FILENO);
	return v;
}

static int plain_show(struct view *v, const struct snapshot *s)
{
	if (v->only_final && !s->final)
		return 0;
	if (s->final) {
		if (v->lines)
			fputc('\n', stdout);
		plain_summary(stdout, s);
	} else {
		if (!v->lines || (v->terminal && v->lines % HEADER_EVERY == 0))
			plain_header(stdout);
		plain_line(stdout, s);
		v->lines++;
	}
	errno = EIO;
	return fflush(stdout) || ferror(stdout) ? -errno : 0;
}

static void plain_close(struct view *v)
{
	free(v);
}

const struct view_ops view_plain = {
	.name = "plain",
	.open = plain_open,
	.snapshot = plain_show,
	.close = plain_close,
};
