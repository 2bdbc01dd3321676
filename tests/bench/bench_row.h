/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A figure as benchmarks print it: one line, fields between tabs. tests/bench/run reads it. */
#ifndef XDPLENS_BENCH_ROW_H
#define XDPLENS_BENCH_ROW_H

#include <stdio.h>

static inline void bench_row(const char *group, const char *what, const char *subject,
			     const char *metric, double value)
{
	printf("%s\t%s\t%s\t%s\t%.6g\n", group, what, subject, metric, value);
}

#endif
