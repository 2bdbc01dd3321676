/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The INI file: a section a detector. A line that cannot be used is named with file and line, and
 * the rest still counts; so are, once all detectors have asked, settings that nobody asked for.
 */
#ifndef DETECT_CONFIG_H
#define DETECT_CONFIG_H

#include <stdbool.h>

struct config;

/* Reads the file (NULL: an empty configuration). NULL: said why. */
struct config *config_new(const char *path);
void config_free(struct config *c); /* NULL is fine */

/* A number >= 0 of a section; `otherwise` where there is none, or none that is right (said). */
double config_number(struct config *c, const char *section, const char *key, double otherwise);

/* Valid as long as the configuration. */
const char *config_text(struct config *c, const char *section, const char *key,
			const char *otherwise);

/* Names the settings that nobody has asked for. */
void config_warn_unknown(const struct config *c);

/* The settings of a section that `was` knows to be asked for are so here too. */
void config_adopt(struct config *c, const struct config *was, const char *section);

/* Whether a section says the same in both. */
bool config_same(const struct config *a, const struct config *b, const char *section);

#endif
