// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the options ask for later decides what must stay possible: files that rotate or are opened
 * again by SIGHUP, feeds that are read again. Everything else is given up here, once: identity and
 * capabilities (base/privilege.c), then files and system calls (base/confine.c). main.c calls it
 * between opening and watching; the two processes that keep rights, source/helper.c and
 * detect/command.c's runner, are there by then.
 */
#include "guard.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/privilege.h"

enum {
	GUARD_FEEDS = 64,
	GUARD_FILES = GUARD_FEEDS + 7 + OPTIONS_LIST,
	GUARD_PATHS = GUARD_FILES + 5
};

#ifdef __SANITIZE_ADDRESS__
static const bool guard_sanitized = true; /* LeakSanitizer traces its own process */
#else
static const bool guard_sanitized = false;
#endif

struct guard {
	struct privilege_file files[GUARD_FILES];
	int n_files;
	struct confine_path paths[GUARD_PATHS];
	int n_paths;
	char names[GUARD_FILES][PATH_MAX]; /* of the files' directories */
};

static void guard_allow(struct guard *g, const char *path, bool write)
{
	g->paths[g->n_paths++] = (struct confine_path){path, write};
}

/* A file that may be replaced: so it is its directory that counts. "-" is open already. */
static void guard_add(struct guard *g, const char *path, bool write)
{
	char *name = g->names[g->n_files], *percent;

	if (!path || strcmp(path, "-") == 0)
		return;
	snprintf(name, PATH_MAX, "%s", path);
	percent = strchr(name, '%'); /* -G: strftime may name the directory, too */
	if (percent && strchr(percent, '/'))
		percent[1] = 0;
	guard_allow(g, dirname(name), write);
	g->files[g->n_files++] = (struct privilege_file){path, write};
}

static void guard_add_directory(struct guard *g, const char *path)
{
	if (!path)
		return;
	guard_allow(g, path, true);
	g->files[g->n_files++] = (struct privilege_file){path, true};
}

/* Blacklists that the configuration names, as detect/blacklist.c takes them apart. */
static void guard_add_feeds(struct guard *g, char *feeds)
{
	char *rest, *name = feeds ? strtok_r(feeds, ", \t", &rest) : NULL;

	for (int i = 0; name && i < GUARD_FEEDS; i++, name = strtok_r(NULL, ", \t", &rest))
		guard_add(g, name, false);
}

static void guard_plan(struct guard *g, const struct options *o)
{
	guard_add(g, o->write, true);
	guard_add(g, o->csv, true);
	guard_add(g, o->flows, true);
	guard_add(g, o->dns, true);
	guard_add(g, o->alerts, true);
	guard_add_directory(g, o->alert_packets);
	guard_add(g, o->config, false);
	for (int i = 0; i < o->n_blacklists; i++)
		guard_add(g, o->blacklists[i], false);
	guard_add_feeds(g, o->feeds);
	guard_allow(g, "/proc", false);		 /* counters of interfaces, names of owners */
	guard_allow(g, "/sys/fs/cgroup", false); /* names of owners */
	guard_allow(g, "/usr/share/zoneinfo", false);
	if (o->report == REPORT_LIVE || o->report == REPORT_DEFAULT) {
		guard_allow(g, ".", true); /* the screen is written there, on a key */
		guard_allow(g, "/tmp", true);
	}
}

static int guard_confine(const struct guard *g)
{
	int error = confine_files(g->paths, g->n_paths);

	if (error == -ENOSYS || error == -EOPNOTSUPP)
		log_debug("no Landlock in this kernel: files are not confined");
	else if (error)
		log_warn("files are not confined: %s", strerror(-error));
	error = confine_calls(CONFINE_WATCHER);
	if (error)
		log_warn("system calls are not confined: %s", strerror(-error));
	return 0;
}

int guard_close(const struct options *o)
{
	char now[PRIVILEGE_TEXT];
	struct guard *g;
	int error;

	if (guard_sanitized)
		return 0;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	tzset();
	guard_plan(g, o);
	error = privilege_drop(o->user, g->files, g->n_files, now);
	if (!error) {
		(o->read ? log_debug : log_info)("%s", now);
		error = guard_confine(g);
	}
	free(g);
	return error;
}
