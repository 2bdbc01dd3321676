/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A control group's path as the short name of who runs in it. */
#ifndef XDPLENS_CGROUP_NAME_H
#define XDPLENS_CGROUP_NAME_H

#include <stddef.h>

enum { OWNER_LEN = 64 };

/*
 * "/system.slice/docker-4f0c...scope" is docker:4f0c..., twelve digits as docker ps shows them;
 * a pod is pod:UID, with a container of it pod:UID/ID; else the innermost systemd unit, else the
 * last part. The root is "". Escaped.
 */
void cgroup_name(char dst[OWNER_LEN], const char *path);

#endif
