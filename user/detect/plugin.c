// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loads --plugin files for detect.c. The file is opened once, looked at, and loaded through its
 * descriptor: nobody can put another in its place in between. A process of its own loads and opens
 * it first, so that what crashes there is refused instead of ending us.
 */
#include "detect/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum { PROBE_S = 10 }; /* to load and open it */

/* Why the file may not be loaded; NULL: it may. */
static const char *plugin_distrust(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a plain file";
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return "it belongs to neither root nor you";
	if (st.st_mode & S_IWOTH)
		return "everybody may write to it; chmod o-w it";
	if (st.st_mode & S_IWGRP && st.st_gid != 0 && st.st_gid != getegid())
		return "another group may write to it; chmod g-w it";
	return NULL;
}

static bool plugin_named(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len && len < 16 && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == len;
}

static const struct detector_ops *plugin_check(void *handle, const char *path)
{
	const struct detector_ops *ops = dlsym(handle, "xdplens_detector");

	if (!ops)
		log_error("plugin %s: it exports no xdplens_detector", path);
	else if (ops->abi != DETECTOR_ABI)
		log_error("plugin %s: built for ABI %u, this program has %u; rebuild it", path,
			  ops->abi, DETECTOR_ABI);
	else if (!plugin_named(ops->name))
		log_error("plugin %s: its name must be 1 to 15 of a-z and _", path);
	else if (!ops->open)
		log_error("plugin %s: it has no open()", path);
	else
		return ops;
	return NULL;
}

/* ---- the trial ---- */

static void probe_raise(struct detector_host *host, const struct alert *alert, double hold_s)
{
	(void)host, (void)alert, (void)hold_s;
}

static double probe_number(struct detector_host *host, const char *key, double otherwise)
{
	(void)host, (void)key;
	return otherwise;
}

static const char *probe_text(struct detector_host *host, const char *key, const char *otherwise)
{
	(void)host, (void)key;
	return otherwise;
}

/* In the process of its own; what does not fit is said by the parent. */
static _Noreturn void probe_run(const char *name)
{
	struct detector_host host = {probe_raise, probe_number, probe_text};
	const struct detector_ops *ops;
	struct detector *d;
	void *handle;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0); /* no core file */
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	alarm(PROBE_S);
	handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	ops = handle ? dlsym(handle, "xdplens_detector") : NULL;
	if (ops && ops->abi == DETECTOR_ABI && ops->open) {
		d = ops->open(&host);
		if (d && ops->close)
			ops->close(d);
	}
	_exit(EXIT_SUCCESS);
}

/* Whether it can be loaded and opened without harm; if not, said why. */
static bool plugin_probe(const char *name, const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		probe_run(name);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		log_error("plugin %s: cannot be tried: %s", path, strerror(errno));
		return false;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
		return true;
	if (WIFEXITED(status))
		log_error("plugin %s: not loaded: it ends the program with status %d", path,
			  WEXITSTATUS(status));
	else if (WTERMSIG(status) == SIGALRM)
		log_error("plugin %s: not loaded: it takes longer than %d s to open", path,
			  PROBE_S);
	else
		log_error("plugin %s: not loaded: it crashes: %s", path,
			  strsignal(WTERMSIG(status)));
	return false;
}

const struct detector_ops *plugin_load(const char *path, void **handle)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const struct detector_ops *ops = NULL;
	const char *why;
	char name[64];

	*handle = NULL;
	if (fd < 0) {
		log_error("plugin %s: %s", path, strerror(errno));
		return NULL;
	}
	why = plugin_distrust(fd);
	if (why) {
		log_error("plugin %s: not loaded: %s", path, why);
		goto out;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (!plugin_probe(name, path))
		goto out;
	*handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!*handle) {
		log_error("plugin %s: %s", path, dlerror());
		goto out;
	}
	ops = plugin_check(*handle, path);
	if (!ops) {
		plugin_unload(*handle);
		*handle = NULL;
	}
out:
	close(fd);
	return ops;
}

void plugin_unload(void *handle)
{
	if (handle)
		dlclose(handle);
}
