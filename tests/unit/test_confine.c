// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: what is confined can still do its work (files in its directories, threads, memory)
 * and nothing else: no other file, no process, no program, no connection, no memory that could be
 * run; refusals are errors, not the end. Each row is tried in a child of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/confine.h"
#include "base/privilege.h"

static char directory[] = "/tmp/test_confine_XXXXXX";
static char inside[64];

static int result(long status)
{
	return status < 0 ? errno : 0;
}

static int open_inside(void)
{
	return result(open(inside, O_CREAT | O_WRONLY | O_TRUNC, 0600));
}

static int open_outside(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int make_outside(void)
{
	return result(open("/tmp/test_confine_outside", O_CREAT | O_WRONLY, 0600));
}

static void *nothing(void *arg)
{
	return arg;
}

static int thread(void)
{
	pthread_t t;
	int error = pthread_create(&t, NULL, nothing, NULL);

	return error ? error : pthread_join(t, NULL);
}

static int process(void)
{
	return result(fork());
}

static int program(void)
{
	char *const none[] = {NULL};

	return result(execve("/bin/true", none, none));
}

static int trace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, 0, 0));
}

static int internet(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int memory(void)
{
	void *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(at == MAP_FAILED ? -1 : 0);
}

static int code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(at == MAP_FAILED ? -1 : 0);
}

static int dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1));
}

enum { NEEDS_LANDLOCK = 1 };

static const struct {
	const char *name;
	int (*try)(void);
	enum confine_role role;
	int wanted, needs;
} rows[] = {
	{"a file where it may", open_inside, CONFINE_WATCHER, 0, 0},
	{"a file elsewhere", open_outside, CONFINE_WATCHER, EACCES, NEEDS_LANDLOCK},
	{"a new file elsewhere", make_outside, CONFINE_WATCHER, EACCES, NEEDS_LANDLOCK},
	{"a thread", thread, CONFINE_WATCHER, 0, 0},
	{"a process", process, CONFINE_WATCHER, ENOSYS, 0},
	{"a program", program, CONFINE_WATCHER, ENOSYS, 0},
	{"a trace", trace, CONFINE_WATCHER, ENOSYS, 0},
	{"a connection", internet, CONFINE_WATCHER, ENOSYS, 0},
	{"bpf(2)", bpf, CONFINE_WATCHER, ENOSYS, 0},
	{"memory", memory, CONFINE_WATCHER, 0, 0},
	{"memory to run", code, CONFINE_WATCHER, ENOSYS, 0},
	{"dumpable again", dumpable, CONFINE_WATCHER, ENOSYS, 0},
	{"the helper: a file", open_inside, CONFINE_HELPER, ENOSYS, 0},
	{"the helper: a process", process, CONFINE_HELPER, ENOSYS, 0},
	{"the helper: a program", program, CONFINE_HELPER, ENOSYS, 0},
	{"the helper: a connection", internet, CONFINE_HELPER, ENOSYS, 0},
};

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static int in_child(int (*try)(void), enum confine_role role)
{
	const struct confine_path paths[] = {{directory, true}};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (privilege_keep(NULL, 0) < 0)
			_exit(254);
		if (has_landlock() && confine_files(paths, 1) < 0)
			_exit(253);
		if (confine_calls(role) < 0)
			_exit(252);
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status)); /* not killed */
	return WEXITSTATUS(status);
}

static void test_rows(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its runtime makes system calls of its own */
#endif
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got;

		if (rows[i].needs == NEEDS_LANDLOCK && !has_landlock())
			continue;
		got = in_child(rows[i].try, rows[i].role);
		if (got != rows[i].wanted)
			fail_msg("%s: %d, should be %d", rows[i].name, got, rows[i].wanted);
	}
}

/* The value of a line of /proc/self/status, in hexadecimal. */
static int no_rights(void)
{
	unsigned long effective = 1, permitted = 1, seal = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "CapEff: %lx", &effective);
		sscanf(line, "CapPrm: %lx", &permitted);
		sscanf(line, "NoNewPrivs: %lx", &seal);
	}
	return effective || permitted || seal != 1;
}

static void test_keep(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(privilege_keep(NULL, 0) < 0 || no_rights());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_drop(void **state)
{
	const struct privilege_file ours[] = {{inside, true}};
	const struct {
		const char *user;
		int n;
		uid_t wanted;
	} drops[] = {
		{NULL, 0, 65534},     /* nothing to be opened again */
		{NULL, 1, 0},	      /* root's directory */
		{"nobody", 1, 65534}, /* as the user said */
	};

	(void)state;
	if (geteuid())
		skip();
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
		char now[PRIVILEGE_TEXT];
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(privilege_drop(drops[i].user, ours, drops[i].n, now) < 0 ||
			      no_rights() || getuid() != drops[i].wanted ||
			      geteuid() != drops[i].wanted);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(inside, sizeof(inside), "%s/file", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(inside);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
