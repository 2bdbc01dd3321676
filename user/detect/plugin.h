/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Detectors from shared objects: only such as nobody but root or we could have written. */
#ifndef DETECT_PLUGIN_H
#define DETECT_PLUGIN_H

#include "xdplens/detector.h"

/*
 * Loads the object and sets *handle. NULL: said why (unreadable, not a plain file, written by
 * others, crashes, symbol missing, other ABI, bad name).
 */
const struct detector_ops *plugin_load(const char *path, void **handle);
void plugin_unload(void *handle); /* NULL is fine */

#endif
