// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Settings of detectors, read by libinih. Asked by detect.c on behalf of each detector. */
#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { CONFIG_MAX = 512, CONFIG_NAME = 64, CONFIG_VALUE = 192 };

struct setting {
	char section[CONFIG_NAME], key[CONFIG_NAME], value[CONFIG_VALUE];
	int line;
	bool asked;
};

struct config {
	const char *path;
	FILE *file;
	int line; /* being read */
	struct setting setting[CONFIG_MAX];
	int n;
};

/* Blank, a comment, a section, or name and value. */
static bool line_usable(const char *text)
{
	if (!*text || *text == ';' || *text == '#')
		return true;
	if (*text == '[')
		return strchr(text, ']') != NULL;
	return text[strcspn(text, "=:")] != '\0' && *text != '=' && *text != ':';
}

/* A line for libinih, without what stands before its first word; bad ones become empty. */
static char *config_line(char *to, int n, void *stream)
{
	struct config *c = stream;
	char *text = to;
	int next;

	if (!fgets(to, n, c->file))
		return NULL;
	c->line++;
	if (!strchr(to, '\n') && !feof(c->file)) {
		log_error("%s:%d: line longer than %d octets", c->path, c->line, n - 1);
		while ((next = getc(c->file)) != EOF && next != '\n')
			;
		*to = '\0';
	}
	if (c->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	text += strspn(text, " \t\r\n");
	if (!line_usable(text)) {
		text[strcspn(text, "\r\n")] = '\0';
		log_error("%s:%d: '%s': expected [section] or name = value", c->path, c->line,
			  text);
		text = to + strlen(to);
	}
	memmove(to, text, strlen(text) + 1);
	return to;
}

static int config_setting(void *arg, const char *section, const char *key, const char *value)
{
	struct config *c = arg;
	struct setting *s = &c->setting[c->n];

	if (!*section) {
		log_error("%s:%d: '%s' stands before the first [section]", c->path, c->line, key);
		return 1;
	}
	if (c->n == CONFIG_MAX) {
		log_error("%s:%d: more than %d settings", c->path, c->line, CONFIG_MAX);
		return 0;
	}
	for (int i = 0; i < c->n; i++) {
		const struct setting *was = &c->setting[i];

		if (strcmp(was->section, section) == 0 && strcmp(was->key, key) == 0)
			log_warn("%s:%d: [%s] %s was set in line %d; this one counts", c->path,
				 c->line, section, key, was->line);
	}
	snprintf(s->section, sizeof(s->section), "%s", section);
	snprintf(s->key, sizeof(s->key), "%s", key);
	snprintf(s->value, sizeof(s->value), "%s", value);
	s->line = c->line;
	c->n++;
	return 1;
}

struct config *config_new(const char *path)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c) {
		log_error("configuration: %s", strerror(errno));
		return NULL;
	}
	c->path = path;
	if (!path)
		return c;
	c->file = fopen(path, "re");
	if (c->file && (getc(c->file) != EOF || !ferror(c->file))) {
		rewind(c->file);
		ini_parse_stream(config_line, c, config_setting, c);
		fclose(c->file);
		return c;
	}
	log_error("cannot read %s: %s", path, strerror(errno));
	if (c->file)
		fclose(c->file);
	free(c);
	return NULL;
}

void config_free(struct config *c)
{
	free(c);
}

/* The last that names it, so that a later line counts. */
static struct setting *config_find(struct config *c, const char *section, const char *key)
{
	struct setting *found = NULL;

	for (int i = 0; i < c->n; i++) {
		struct setting *s = &c->setting[i];

		if (strcmp(s->section, section) == 0 && strcmp(s->key, key) == 0) {
			s->asked = true;
			found = s;
		}
	}
	return found;
}

double config_number(struct config *c, const char *section, const char *key, double otherwise)
{
	struct setting *s = config_find(c, section, key);
	char *end;
	double n;

	if (!s)
		return otherwise;
	n = strtod(s->value, &end);
	while (isspace((unsigned char)*end))
		end++;
	if (end == s->value || *end || !isfinite(n) || n < 0) {
		log_error("%s:%d: [%s] %s = %s: expected a number, 0 or more; it stays %g", c->path,
			  s->line, section, key, s->value, otherwise);
		return otherwise;
	}
	return n;
}

const char *config_text(struct config *c, const char *section, const char *key,
			const char *otherwise)
{
	struct setting *s = config_find(c, section, key);

	return s ? s->value : otherwise;
}

void config_warn_unknown(const struct config *c)
{
	for (int i = 0; i < c->n; i++)
		if (!c->setting[i].asked)
			log_warn("%s:%d: [%s] %s: no such setting", c->path, c->setting[i].line,
				 c->setting[i].section, c->setting[i].key);
}

void config_adopt(struct config *c, const struct config *was, const char *section)
{
	for (int i = 0; i < was->n; i++)
		if (was->setting[i].asked && strcmp(was->setting[i].section, section) == 0)
			config_find(c, section, was->setting[i].key);
}

static bool config_has_all(const struct config *a, const struct config *b, const char *section)
{
	for (int i = 0; i < a->n; i++) {
		const struct setting *s = &a->setting[i];
		bool found = strcmp(s->section, section) != 0;

		for (int k = 0; k < b->n && !found; k++)
			found = strcmp(b->setting[k].section, section) == 0 &&
				strcmp(b->setting[k].key, s->key) == 0 &&
				strcmp(b->setting[k].value, s->value) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool config_same(const struct config *a, const struct config *b, const char *section)
{
	return config_has_all(a, b, section) && config_has_all(b, a, section);
}
