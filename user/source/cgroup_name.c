// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Container managers name control groups in two manners: under systemd "docker-ID.scope" and
 * "kubepods-burstable-podUID.slice" (with "_" for "-"), without it ".../docker/ID" and
 * ".../kubepods/podUID/ID". Before owner.c; knows no kernel.
 */
#include "source/cgroup_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { ID_LEN = 64, ID_SHOWN = 12, UID_LEN = 36, PART_LEN = 256 };

static const struct {
	const char *prefix, *shown;
} managers[] = {
	{"docker-", "docker"},	 {"cri-containerd-", "containerd"}, {"crio-", "crio"},
	{"libpod-", "podman"},	 {"nerdctl-", "nerdctl"},	    {"lxc.payload.", "lxc"},
	{"machine-", "machine"},
};

struct found {
	char pod[UID_LEN + 1];
	char container[ID_LEN + 1]; /* shown */
	char unit[PART_LEN], last[PART_LEN];
};

static bool name_ends(const char *part, const char *with)
{
	size_t n = strlen(part), w = strlen(with);

	return n > w && strcmp(part + n - w, with) == 0;
}

static bool name_is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == ID_LEN && (!text[ID_LEN] || text[ID_LEN] == '.');
}

/* "podUID" at its start or after a dash, in either spelling. */
static void name_find_pod(struct found *f, const char *part)
{
	const char *pod = strncmp(part, "pod", 3) == 0 ? part : strstr(part, "-pod");
	size_t n;

	if (!pod)
		return;
	pod += pod == part ? 3 : 4;
	n = strspn(pod, "0123456789abcdef-_");
	if (n < UID_LEN - 4 || n > UID_LEN) /* static pods have a hash without dashes */
		return;
	snprintf(f->pod, sizeof(f->pod), "%.*s", (int)n, pod);
	for (char *c = f->pod; *c; c++)
		*c = *c == '_' ? '-' : *c;
}

static void name_find_container(struct found *f, const char *part)
{
	for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		size_t n = strlen(managers[i].prefix);
		const char *id = part + n;

		if (strncmp(part, managers[i].prefix, n) != 0)
			continue;
		if (name_is_id(id))
			snprintf(f->container, sizeof(f->container), "%s:%.*s", managers[i].shown,
				 ID_SHOWN, id);
		else if (name_ends(managers[i].prefix, "."))
			snprintf(f->container, sizeof(f->container), "%s:%.40s", managers[i].shown,
				 id);
	}
	if (name_is_id(part))
		snprintf(f->container, sizeof(f->container), "%.20s:%.*s",
			 strcmp(f->last, "docker") == 0 ? "docker" : "container", ID_SHOWN, part);
}

static void name_take_part(struct found *f, const char *part)
{
	name_find_pod(f, part);
	name_find_container(f, part);
	if (name_ends(part, ".service") || name_ends(part, ".scope"))
		snprintf(f->unit, sizeof(f->unit), "%s", part);
	snprintf(f->last, sizeof(f->last), "%s", part);
}

void cgroup_name(char dst[OWNER_LEN], const char *path)
{
	struct found f = {0};
	char part[PART_LEN], name[PART_LEN];

	while (*path) {
		size_t n = strcspn(path, "/");

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (n)
			name_take_part(&f, part);
		path += n + (path[n] == '/');
	}
	if (f.pod[0] && f.container[0])
		snprintf(name, sizeof(name), "pod:%s/%s", f.pod, strchr(f.container, ':') + 1);
	else if (f.pod[0])
		snprintf(name, sizeof(name), "pod:%s", f.pod);
	else
		snprintf(name, sizeof(name), "%s",
			 f.container[0] ? f.container
			 : f.unit[0]	? f.unit
					: f.last);
	text_escape(dst, OWNER_LEN, name, strlen(name));
}
