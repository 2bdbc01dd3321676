// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --netns: programs, links and sockets belong to the network namespace in which they were made, so
 * the main thread goes there before the source opens them, and stays. What other programs must
 * reach as before, the dashboard and the command of --on-alert, is made outside.
 */
#include "source/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static const char netns_names[] = "/run/netns";

/* "blue, red": what could be named instead. */
static void netns_list(char *text, size_t n)
{
	DIR *dir = opendir(netns_names);
	const struct dirent *e;
	size_t at = 0;

	text[0] = 0;
	while (dir && (e = readdir(dir)) && at < n)
		if (e->d_name[0] != '.')
			at += snprintf(text + at, n - at, "%s%s", at ? ", " : "", e->d_name);
	if (dir)
		closedir(dir);
}

static void netns_explain(const char *name, int error)
{
	char there[256];

	netns_list(there, sizeof(there));
	if (error == ENOENT && !name[strspn(name, "0123456789")])
		log_error("--netns %s: there is no process of this number, nor a namespace of this "
			  "name",
			  name);
	else if (error == ENOENT && there[0])
		log_error(
			"--netns %s: there is no such namespace; named are: %s; a process's number "
			"does, too",
			name, there);
	else if (error == ENOENT)
		log_error(
			"--netns %s: there is no such namespace, none has a name; the number of a "
			"process in it does (of a container: docker inspect -f '{{.State.Pid}}' "
			"NAME)",
			name);
	else
		log_error("--netns %s: %s%s", name, strerror(error),
			  error == EACCES ? "; another user's process takes root" : "");
}

int netns_find(const char *name)
{
	static const char *const forms[] = {"/run/netns/%s", "/var/run/netns/%s",
					    "/proc/%s/ns/net"};
	bool path = strchr(name, '/'), number = name[0] && !name[strspn(name, "0123456789")];
	char file[PATH_MAX];
	int fd = path ? open(name, O_RDONLY | O_CLOEXEC) : -1, error = errno;

	for (int i = 0; i < 2 + number && fd < 0 && !path; i++) {
		snprintf(file, sizeof(file), forms[i], name);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		error = errno;
	}
	if (fd < 0)
		netns_explain(name, error);
	return fd;
}

int netns_here(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

int netns_go(int fd)
{
	int error;

	if (fd < 0)
		return -1;
	error = setns(fd, CLONE_NEWNET) < 0 ? errno : 0;
	close(fd);
	if (error == EINVAL)
		log_error("--netns: this is no network namespace");
	else if (error)
		log_error("--netns: %s%s", strerror(error),
			  error == EPERM ? "; going there takes CAP_SYS_ADMIN" : "");
	return error ? -1 : 0;
}
