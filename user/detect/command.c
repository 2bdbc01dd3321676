// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs --on-alert for the book of alerts, never more of it at once than the host can bear. A
 * process of its own does, the runner, forked before the program gives up its rights: so the
 * program, which reads hostile packets, can run nothing, and the command is held by none of its
 * limits. The runner runs this one command and nothing else.
 */
#include "detect/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privilege.h"

enum { VARIABLES = 11, VARIABLE_LEN = 320, RUNNER_SOCKET = 3 };

struct order { /* to the runner */
	int place;
	char text[VARIABLES][VARIABLE_LEN];
};

struct report { /* from it: the command in this place has ended, or never began */
	int place, error;
};

struct command {
	int fd;
	pid_t runner;
	bool running[COMMAND_AT_ONCE];
	struct alert waiting[COMMAND_WAITING]; /* a ring */
	size_t first, n;
	uint64_t dropped;
};

static void environment_fill(char text[VARIABLES][VARIABLE_LEN], const struct alert *a)
{
	static const char *const severity[] = {"info", "low", "medium", "high"};
	int i = 0;

	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_STATE=%s", a->end ? "closed" : "open");
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_DETECTOR=%s", a->detector);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_SEVERITY=%s", severity[a->severity]);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_SUBJECT=%s", a->subject);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_KIND=%s", a->kind);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_OBSERVED=%.10g", a->observed);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_EXPECTED=%.10g", a->expected);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_UNIT=%s", a->unit);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_REASON=%s", a->reason);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_START=%.6f", a->start / 1e9);
	snprintf(text[i++], VARIABLE_LEN, "XDPLENS_END=%.6f", a->end / 1e9);
}

/* Own process group, default signals, no input; standard output stays ours for records only. */
static int command_spawn(pid_t *pid, const char *text, char **environment)
{
	char *const argv[] = {"sh", "-c", (char *)text, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&how);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
					       POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	error = posix_spawn(pid, "/bin/sh", &files, &how, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return error;
}

/* ---- the runner ---- */

struct runner {
	const char *text;
	pid_t running[COMMAND_AT_ONCE]; /* 0: free */
};

static int runner_start(struct runner *r, struct order *o)
{
	size_t inherited = 0, n = 0;
	char **environment;
	int error;

	while (environ[inherited])
		inherited++;
	environment = calloc(inherited + VARIABLES + 1, sizeof(*environment));
	if (!environment)
		return ENOMEM;
	for (int i = 0; i < VARIABLES; i++) {
		o->text[i][VARIABLE_LEN - 1] = 0;
		if (strncmp(o->text[i], "XDPLENS_", 8) == 0)
			environment[n++] = o->text[i];
	}
	for (size_t i = 0; i < inherited; i++)
		if (strncmp(environ[i], "XDPLENS_", 8) != 0)
			environment[n++] = environ[i];
	error = command_spawn(&r->running[o->place], r->text, environment);
	free(environment);
	return error;
}

static void runner_report(int place, int error)
{
	struct report report = {place, error};

	send(RUNNER_SOCKET, &report, sizeof(report), MSG_NOSIGNAL);
}

/* False: nobody gives orders any more. */
static bool runner_obey(struct runner *r)
{
	struct order o;
	ssize_t n = recv(RUNNER_SOCKET, &o, sizeof(o), 0);
	int error;

	if (n != sizeof(o) || o.place < 0 || o.place >= COMMAND_AT_ONCE || r->running[o.place])
		return n < 0 && errno == EINTR;
	error = runner_start(r, &o);
	if (error) {
		r->running[o.place] = 0;
		runner_report(o.place, error);
	}
	return true;
}

static void runner_collect(struct runner *r, int signals)
{
	struct signalfd_siginfo none;

	if (read(signals, &none, sizeof(none)) < 0)
		return;
	for (int i = 0; i < COMMAND_AT_ONCE; i++) {
		if (!r->running[i] || waitpid(r->running[i], NULL, WNOHANG) == 0)
			continue;
		r->running[i] = 0;
		runner_report(i, 0);
	}
}

/* Of what was open only standard error stays: it must hold neither a file nor a pipe. */
static _Noreturn void runner_live(const char *text, const char *user, int socket)
{
	struct runner r = {.text = text};
	char now[PRIVILEGE_TEXT];
	struct pollfd ready[2];
	sigset_t all;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "xdplens-alert");
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup3(socket, RUNNER_SOCKET, O_CLOEXEC);
	syscall(SYS_close_range, RUNNER_SOCKET + 1, ~0u, 0);
	if (user && privilege_drop(user, NULL, 0, now) < 0)
		_exit(1);
	ready[0] = (struct pollfd){.fd = RUNNER_SOCKET, .events = POLLIN};
	ready[1] = (struct pollfd){.fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK),
				   .events = POLLIN};
	for (;;) {
		poll(ready, 2, -1);
		if (ready[1].revents)
			runner_collect(&r, ready[1].fd);
		if (ready[0].revents && !runner_obey(&r))
			_exit(0);
	}
}

/* ---- who orders ---- */

struct command *command_new(const char *text, const char *user)
{
	struct command *c = calloc(1, sizeof(*c));
	int ends[2];

	if (!c || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		free(c);
		return NULL;
	}
	c->runner = fork();
	if (c->runner == 0)
		runner_live(text, user, ends[1]);
	close(ends[1]);
	c->fd = ends[0];
	if (c->runner < 0) {
		close(c->fd);
		free(c);
		return NULL;
	}
	return c;
}

void command_free(struct command *c)
{
	if (!c)
		return;
	close(c->fd);
	waitpid(c->runner, NULL, 0);
	free(c);
}

static bool command_start(struct command *c, int place, const struct alert *a)
{
	struct order o = {.place = place};

	environment_fill(o.text, a);
	if (send(c->fd, &o, sizeof(o), MSG_NOSIGNAL) == sizeof(o))
		return true;
	log_warn("--on-alert: the process that runs it has gone: %s", strerror(errno));
	return false;
}

static void command_collect(struct command *c)
{
	struct report r;

	while (recv(c->fd, &r, sizeof(r), MSG_DONTWAIT) == sizeof(r)) {
		if (r.place < 0 || r.place >= COMMAND_AT_ONCE)
			continue;
		c->running[r.place] = false;
		if (r.error)
			log_warn("--on-alert: cannot run /bin/sh: %s", strerror(r.error));
	}
}

void command_poll(struct command *c)
{
	command_collect(c);
	for (int i = 0; i < COMMAND_AT_ONCE && c->n; i++) {
		if (c->running[i])
			continue;
		c->running[i] = command_start(c, i, &c->waiting[c->first]);
		c->first = (c->first + 1) % COMMAND_WAITING;
		c->n--;
	}
}

void command_run(struct command *c, const struct alert *a)
{
	if (c->n == COMMAND_WAITING) {
		c->dropped++;
		return;
	}
	c->waiting[(c->first + c->n++) % COMMAND_WAITING] = *a;
	command_poll(c);
}

static bool command_busy(const struct command *c)
{
	for (int i = 0; i < COMMAND_AT_ONCE; i++)
		if (c->running[i])
			return true;
	return c->n > 0;
}

void command_finish(struct command *c, double seconds)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (double waited = 0; waited < seconds; waited += 0.005) {
		command_poll(c);
		if (!command_busy(c))
			return;
		nanosleep(&pause, NULL);
	}
	log_warn("--on-alert: commands still run or wait (%zu); they are left alone", c->n);
}

uint64_t command_dropped(const struct command *c)
{
	return c->dropped;
}
