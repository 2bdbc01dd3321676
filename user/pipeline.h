/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happens to what a source delivers: analysis, detection, sinks, and the snapshot that views
 * draw. Stands between source/ and view/; main.c drives it.
 */
#ifndef XDPLENS_PIPELINE_H
#define XDPLENS_PIPELINE_H

#include "options.h"
#include "source/source.h"
#include "view/view.h"

struct pipeline;

/* Opens the source, tables, detectors and files. NULL: said why. */
struct pipeline *pipeline_new(struct options *o);
void pipeline_free(struct pipeline *p);
/* Copied packets are shown to these views too. */
void pipeline_show(struct pipeline *p, const struct view_ops *ops, struct view *view);
/* As the source's. */
int pipeline_poll(struct pipeline *p, int timeout_ms);
void pipeline_request_cut(struct pipeline *p);
/* True once after a cut: pipeline_snapshot shows it. */
bool pipeline_was_cut(struct pipeline *p);
/* The picture of now, valid until the next call. The final one follows the end of all files. */
const struct snapshot *pipeline_snapshot(struct pipeline *p, bool final);
/* Nothing comes any more: ends every flow, query and alert, and closes the files. */
void pipeline_finish(struct pipeline *p);
void pipeline_reload(struct pipeline *p);	     /* SIGHUP */
uint64_t pipeline_packets(const struct pipeline *p); /* counted up to the last cut */

#endif
