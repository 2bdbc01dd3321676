// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Giving up privilege after attaching. What is open stays open: rings, maps, links and files. What
 * has to be opened again decides which identity we can afford: each is tried in a child first.
 * Before confine.c; what still takes rights later is asked of source/helper.c.
 */
#include "base/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum { DESCRIPTORS = 1024 }; /* looked at: outputs were opened early */

struct identity {
	const char *name; /* NULL: who we are */
	uid_t uid;
	gid_t gid;
	bool override; /* CAP_DAC_OVERRIDE stays */
};

static int privilege_seal(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int privilege_keep(const unsigned *capabilities, int n)
{
	bool had[64] = {false}, bounding;

	capng_get_caps_process();
	for (int i = 0; i < n; i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED, capabilities[i]);
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL);
	for (int i = 0; i < n; i++)
		if (had[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capabilities[i]);
	if (capng_apply(bounding ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) < 0)
		return -EPERM;
	return privilege_seal();
}

/* 0 or -errno. */
static int privilege_become(const struct identity *who)
{
	static const unsigned override[] = {CAP_DAC_OVERRIDE};

	if (!who->name)
		return privilege_keep(override, who->override);
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_change_id(who->uid, who->gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0)
		return -EPERM;
	return privilege_seal();
}

/* Can it be opened again? What is new is made in its directory. */
static bool privilege_can_open(const struct privilege_file *f)
{
	char copy[PATH_MAX];
	struct stat st;
	bool there = stat(f->path, &st) == 0;

	if (!f->write)
		return access(f->path, R_OK) == 0;
	if (there && access(f->path, W_OK) < 0)
		return false;
	if (there && !S_ISREG(st.st_mode))
		return true;
	snprintf(copy, sizeof(copy), "%s", f->path);
	return access(dirname(copy), W_OK | X_OK) == 0;
}

/* What we write: rotation may come back to it under a name that only its sink knows. */
static bool privilege_is_output(int fd, struct stat *st)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == O_WRONLY && fstat(fd, st) == 0 &&
	       S_ISREG(st->st_mode) && st->st_nlink;
}

static bool privilege_can_open_outputs(void)
{
	char path[32];
	struct stat st;

	for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (privilege_is_output(fd, &st) && access(path, W_OK) < 0)
			return false;
	}
	return true;
}

/* The first file that this identity could not open again; n: it can all; -1: it cannot be had. */
static int privilege_try(const struct identity *who, const struct privilege_file *files, int n)
{
	int status, i;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		if (privilege_become(who) < 0)
			_exit(255);
		for (i = 0; i < n && privilege_can_open(&files[i]); i++)
			;
		if (i == n && !privilege_can_open_outputs())
			for (i = 0; i < n - 1 && !files[i].write; i++)
				;
		_exit(i);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > n)
		return -1;
	return WEXITSTATUS(status);
}

static void privilege_give_outputs(const struct identity *who)
{
	struct stat st;

	for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
		if (privilege_is_output(fd, &st) && st.st_uid == geteuid() &&
		    fchown(fd, who->uid, who->gid) < 0)
			log_warn("what is written does not become %s's: %s", who->name,
				 strerror(errno));
}

/* As the user said, or not at all. */
static int privilege_obey(const struct identity *who, const struct privilege_file *files, int n,
			  char *now)
{
	int error, missing;

	privilege_give_outputs(who);
	missing = privilege_try(who, files, n);
	if (missing >= 0 && missing < n)
		log_warn("-Z %s: cannot open %s again, neither for rotation nor after SIGHUP",
			 who->name, files[missing].path);
	error = privilege_become(who);
	if (error)
		log_error("-Z %s: the identity cannot be changed: %s; it takes root", who->name,
			  strerror(-error));
	else
		snprintf(now, PRIVILEGE_TEXT, "running as %s, without capabilities", who->name);
	return error;
}

static int privilege_choose(const struct identity *nobody, const struct privilege_file *files,
			    int n, char *now)
{
	const struct identity self = {0}, careful = {.override = true};
	int found = nobody->name ? privilege_try(nobody, files, n) : -1;
	int error;

	if (found == n) {
		error = privilege_become(nobody);
		snprintf(now, PRIVILEGE_TEXT, "running as nobody, without capabilities");
	} else if (geteuid() || privilege_try(&self, files, n) == n) {
		error = privilege_become(&self);
		snprintf(now, PRIVILEGE_TEXT, "running as %s, without capabilities%s%s",
			 geteuid() ? "the same user" : "root",
			 found >= 0 ? ": nobody could not open again " : "",
			 found >= 0 ? files[found].path : "");
	} else {
		error = privilege_become(&careful);
		snprintf(now, PRIVILEGE_TEXT,
			 "running as root, of all capabilities with "
			 "CAP_DAC_OVERRIDE: files go to another user's directory");
	}
	if (error)
		log_error("capabilities cannot be given up: %s", strerror(-error));
	return error;
}

int privilege_drop(const char *user, const struct privilege_file *files, int n,
		   char now[PRIVILEGE_TEXT])
{
	const struct passwd *who = getpwnam(user ? user : "nobody");
	struct identity to = {0};

	if (!who && user) {
		log_error("-Z %s: no such user", user);
		return -ENOENT;
	}
	if (who && (user || geteuid() == 0))
		to = (struct identity){user ? user : "nobody", who->pw_uid, who->pw_gid, false};
	return user ? privilege_obey(&to, files, n, now) : privilege_choose(&to, files, n, now);
}
