// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Landlock by its system calls, which the C library lacks, and seccomp by libseccomp. After
 * privilege.c, which sets no_new_privs; both need it.
 *
 * Why ENOSYS and not a kill: what a library of another version calls must not end a watch that has
 * run for weeks; it is refused all the same, and libraries know what to do without a call.
 */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <net/if.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- files ---- */

/* include/uapi/linux/landlock.h of 6.12; what a header of today's oldest system lacks. */
enum {
	LANDLOCK_ABI_TRUNCATE = 3,
	LANDLOCK_ABI_NET = 4,
	LANDLOCK_ABI_SCOPE = 6,
	LANDLOCK_FS_FIRST = (1 << 13) - 1, /* all of version 1 */
	LANDLOCK_FS_CUT = 1 << 14,	   /* LANDLOCK_ACCESS_FS_TRUNCATE */
	LANDLOCK_NET_TCP = 3,		   /* bind, connect */
	LANDLOCK_SCOPES = 3,		   /* abstract sockets, signals */
};

struct landlock_rules { /* struct landlock_ruleset_attr, all of it */
	uint64_t fs, net, scope;
};

static int confine_allow(int rules, const struct confine_path *p, uint64_t known)
{
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	const uint64_t write = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
			       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_FS_CUT;
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = (p->write ? read | write : read) & known,
		.parent_fd = open(p->path, O_PATH | O_CLOEXEC),
	};
	int error = 0;

	if (beneath.parent_fd < 0)
		return errno == ENOENT || errno == EACCES ? 0
							  : -errno; /* not to be opened anyway */
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		error = -errno;
	close(beneath.parent_fd);
	return error;
}

int confine_files_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int confine_files(const struct confine_path *paths, int n)
{
	int abi = confine_files_version();
	struct landlock_rules wanted = {.fs = LANDLOCK_FS_FIRST};
	size_t size = abi >= LANDLOCK_ABI_SCOPE ? sizeof(wanted)
		      : abi >= LANDLOCK_ABI_NET ? offsetof(struct landlock_rules, scope)
						: offsetof(struct landlock_rules, net);
	int rules, error = 0;

	if (abi < 0)
		return -errno;
	if (abi >= LANDLOCK_ABI_TRUNCATE)
		wanted.fs |= LANDLOCK_FS_CUT;
	wanted.net = LANDLOCK_NET_TCP;
	wanted.scope = LANDLOCK_SCOPES;
	rules = syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
	if (rules < 0)
		return -errno;
	for (int i = 0; i < n && !error; i++)
		error = confine_allow(rules, &paths[i], wanted.fs);
	if (!error && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		error = -errno;
	close(rules);
	return error;
}

/* ---- system calls ---- */

/* What every process of ours does: memory, time, its descriptors, its end. */
static const char *const calls_common[] = {
	"brk",
	"clock_gettime",
	"clock_nanosleep",
	"close",
	"exit",
	"exit_group",
	"futex",
	"getpid",
	"gettid",
	"gettimeofday",
	"getrandom",
	"madvise",
	"mremap",
	"munmap",
	"nanosleep",
	"poll",
	"ppoll",
	"read",
	"recvmsg",
	"restart_syscall",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sendmsg",
	"write",
	"sched_yield",
	"sigaltstack",
	"rt_sigaction",
	"tgkill", /* abort() says so */
};

static const char *const calls_watcher[] = {
	/* files */
	"access",
	"creat",
	"dup",
	"dup2",
	"dup3",
	"faccessat",
	"faccessat2",
	"fallocate",
	"fcntl",
	"fdatasync",
	"fstat",
	"fstatfs",
	"fsync",
	"ftruncate",
	"getcwd",
	"getdents64",
	"lseek",
	"lstat",
	"newfstatat",
	"open",
	"openat",
	"pipe",
	"pipe2",
	"pread64",
	"preadv",
	"pwrite64",
	"pwritev",
	"readlink",
	"readlinkat",
	"readv",
	"rename",
	"renameat",
	"renameat2",
	"stat",
	"statfs",
	"statx",
	"umask",
	"unlink",
	"unlinkat",
	"writev",
	"fadvise64",
	"fchmod",
	/* sockets that are open, and those that clients of the dashboard open */
	"accept",
	"accept4",
	"getpeername",
	"getsockname",
	"getsockopt",
	"recvfrom",
	"sendto",
	"setsockopt",
	"shutdown",
	"sendfile",
	/* waiting */
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"eventfd2",
	"pause",
	"pselect6",
	"select",
	"wait4",
	"waitid",
	/* threads: quiescence, the dashboard, compression */
	"membarrier",
	"rseq",
	"set_robust_list",
	"sched_getaffinity",
	"clock_getres",
	"getrusage",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getppid",
	"sysinfo",
	"time",
	"times",
	"uname",
	"sched_getparam",
	"sched_getscheduler",
};

static const char *const calls_helper[] = {
	"bpf",	     "bind",	 "fcntl",  "fstat",	 "getsockname", "getsockopt",
	"prlimit64", "recvfrom", "sendto", "setsockopt", "uname",
};

static const unsigned long ioctls[] = {
	TCGETS,	   TCSETS, TCSETSW,  TCSETSF, TIOCGWINSZ,
	TIOCGPGRP, TCFLSH, FIONREAD, FIONBIO, SIOCGIFNAME,
};

static int confine_add(scmp_filter_ctx filter, const char *const *names, size_t n)
{
	int error = 0;

	for (size_t i = 0; i < n && !error; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		/* not every machine has every call */
		if (number != __NR_SCMP_ERROR && number >= 0)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return error;
}

/* Calls that are harmless with some arguments only. */
static int confine_add_watcher(scmp_filter_ctx f)
{
	int error = confine_add(f, calls_watcher, COUNT(calls_watcher));

	for (size_t i = 0; i < COUNT(ioctls) && !error; i++)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
					 SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, ioctls[i]));
	/* threads, no processes; clone3, which hides its flags, is refused, and this done instead
	 */
	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
					 SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	/* limits, to read */
	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
					 SCMP_A2(SCMP_CMP_EQ, 0, 0));
	/* for if_indextoname(3) */
	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					 SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	return error;
}

static int confine_add_helper(scmp_filter_ctx f)
{
	int error = confine_add(f, calls_helper, COUNT(calls_helper));

	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					 SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0));
	return error;
}

/* Memory, but none that could be run. */
static int confine_add_memory(scmp_filter_ctx f)
{
	int error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return error;
}

int confine_calls(enum confine_role role)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int error;

	if (!f)
		return -ENOMEM;
	/* the kernel's guard against speculation (SSBD) costs more than we defend with it */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_SSB, 1);
	seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	error = confine_add(f, calls_common, COUNT(calls_common));
	if (!error)
		error = confine_add_memory(f);
	if (!error)
		error = role == CONFINE_HELPER ? confine_add_helper(f) : confine_add_watcher(f);
	if (!error)
		error = seccomp_load(f);
	seccomp_release(f);
	return error;
}
