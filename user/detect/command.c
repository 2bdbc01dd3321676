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
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

#include "base/log.h"
#include "base/privilege.h"

enum { ORDER_LEN = 2048, RUNNER_SOCKET = 3, LATE_MS = 100 };

struct order { /* to the runner */
	int place;
	char json[ORDER_LEN]; /* a line */
};

struct report { /* from it: the command in this place has ended, or never began, or was killed */
	int place, error;
	bool late;
};

struct command {
	wordexp_t words;
	double most_s;
	int fd;
	pid_t runner;
	bool running[COMMAND_AT_ONCE];
	struct alert waiting[COMMAND_WAITING]; /* a ring */
	size_t first, n;
	uint64_t dropped;
	bool refused; /* said that it cannot be run */
};

/* The host's clock, also where detectors live by a file's. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool alert_json(char text[ORDER_LEN], const struct alert *a)
{
	static const char *const severity[SEVERITY_COUNT] = {"info", "low", "medium", "high"};
	json_t *o =
		json_pack("{s:s, s:f, s:o, s:s, s:s, s:s, s:s, s:f, s:f, s:s, s:s}", "state",
			  a->end ? "closed" : "open", "ts", a->start / 1e9, "end",
			  a->end ? json_real(a->end / 1e9) : json_null(), "detector", a->detector,
			  "kind", a->kind, "severity", severity[a->severity % SEVERITY_COUNT],
			  "subject", a->subject, "observed", a->observed, "expected", a->expected,
			  "unit", a->unit, "reason", a->reason);
	size_t len = o ? json_dumpb(o, text, ORDER_LEN - 1, JSON_COMPACT) : 0;

	json_decref(o);
	if (!len || len > ORDER_LEN - 2)
		return false;
	memcpy(text + len, "\n", 2);
	return true;
}

/* ---- the runner ---- */

struct runner {
	char *const *words;
	double most_s;
	pid_t running[COMMAND_AT_ONCE]; /* 0: free */
	double until[COMMAND_AT_ONCE];
	bool late[COMMAND_AT_ONCE];
};

/* A file in memory that holds the text; -1 and errno. A pipe could make its writer wait. */
static int runner_file(const char *text)
{
	int fd = memfd_create("alert", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Own process group, default signals; standard output stays ours for records only. */
static int runner_spawn(const struct runner *r, pid_t *pid, int input)
{
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
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	error = posix_spawnp(pid, r->words[0], &files, &how, r->words, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return error;
}

static int runner_start(struct runner *r, struct order *o)
{
	int input, error;

	o->json[ORDER_LEN - 1] = '\0';
	input = runner_file(o->json);
	if (input < 0)
		return errno;
	error = runner_spawn(r, &r->running[o->place], input);
	close(input);
	r->until[o->place] = seconds() + r->most_s;
	r->late[o->place] = false;
	return error;
}

static void runner_report(int place, int error, bool late)
{
	struct report report = {place, error, late};

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
		runner_report(o.place, error, false);
	}
	return true;
}

/* What has ended is told; what takes too long is killed with all that it began. */
static void runner_collect(struct runner *r, int signals)
{
	struct signalfd_siginfo none;
	ssize_t ended = read(signals, &none, sizeof(none));

	for (int i = 0; i < COMMAND_AT_ONCE; i++) {
		if (!r->running[i])
			continue;
		if (seconds() >= r->until[i]) {
			r->late[i] = true;
			kill(-r->running[i], SIGKILL);
		}
		if ((ended < 0 && !r->late[i]) || waitpid(r->running[i], NULL, WNOHANG) == 0)
			continue;
		r->running[i] = 0;
		runner_report(i, 0, r->late[i]);
	}
}

/* Nobody gives orders any more: nothing of ours goes on. */
static _Noreturn void runner_end(const struct runner *r)
{
	for (int i = 0; i < COMMAND_AT_ONCE; i++)
		if (r->running[i])
			kill(-r->running[i], SIGKILL);
	_exit(0);
}

static bool runner_busy(const struct runner *r)
{
	for (int i = 0; i < COMMAND_AT_ONCE; i++)
		if (r->running[i])
			return true;
	return false;
}

/* Of what was open only standard error stays: it must hold neither a file nor a pipe. */
static _Noreturn void runner_live(const struct command *c, const char *user, int socket)
{
	struct runner r = {.words = c->words.we_wordv, .most_s = c->most_s};
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
		poll(ready, 2, runner_busy(&r) ? LATE_MS : -1);
		runner_collect(&r, ready[1].fd);
		if (ready[0].revents && !runner_obey(&r))
			runner_end(&r);
	}
}

/* ---- who orders ---- */

/* The words of the command, as a shell would take them apart; if not, said why. */
static bool command_words(struct command *c, const char *text)
{
	int error = wordexp(text, &c->words, WRDE_NOCMD | WRDE_UNDEF);

	if (!error && c->words.we_wordc)
		return true;
	if (!error || error == WRDE_NOSPACE)
		log_error("--on-alert '%s': %s", text, error ? "not enough memory" : "no command");
	else
		log_error(
			"--on-alert '%s': no shell reads it: quote what is special, name variables "
			"that exist, or put the rest into a script",
			text);
	if (!error)
		wordfree(&c->words);
	return false;
}

struct command *command_new(const char *text, const char *user, double most_s)
{
	struct command *c = calloc(1, sizeof(*c));
	int ends[2];

	if (!c || !command_words(c, text)) {
		free(c);
		return NULL;
	}
	c->most_s = most_s;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		log_error("--on-alert: %s", strerror(errno));
		goto fail;
	}
	c->runner = fork();
	if (c->runner == 0)
		runner_live(c, user, ends[1]);
	close(ends[1]);
	c->fd = ends[0];
	if (c->runner >= 0)
		return c;
	log_error("--on-alert: %s", strerror(errno));
	close(c->fd);
fail:
	wordfree(&c->words);
	free(c);
	return NULL;
}

void command_free(struct command *c)
{
	if (!c)
		return;
	close(c->fd);
	waitpid(c->runner, NULL, 0);
	wordfree(&c->words);
	free(c);
}

static bool command_start(struct command *c, int place, const struct alert *a)
{
	struct order o = {.place = place};

	if (!alert_json(o.json, a))
		return false;
	if (send(c->fd, &o, sizeof(o), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(o))
		return true;
	c->dropped++;
	if (!c->refused)
		log_warn("--on-alert: the process that runs it has gone: %s", strerror(errno));
	c->refused = true;
	return false;
}

static void command_collect(struct command *c)
{
	struct report r;

	while (recv(c->fd, &r, sizeof(r), MSG_DONTWAIT) == sizeof(r)) {
		if (r.place < 0 || r.place >= COMMAND_AT_ONCE)
			continue;
		c->running[r.place] = false;
		if (r.late)
			log_warn("--on-alert: %s took longer than %g s and was killed",
				 c->words.we_wordv[0], c->most_s);
		c->dropped += r.error != 0;
		if (r.error && !c->refused)
			log_warn("--on-alert: cannot run %s: %s", c->words.we_wordv[0],
				 strerror(r.error));
		c->refused |= r.error != 0;
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

void command_finish(struct command *c, double most)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	double until = seconds() + most;

	for (command_poll(c); command_busy(c); command_poll(c)) {
		if (seconds() >= until) {
			log_warn("--on-alert: commands still run or wait (%zu): they are ended",
				 c->n);
			return;
		}
		nanosleep(&pause, NULL);
	}
}

uint64_t command_dropped(const struct command *c)
{
	return c->dropped;
}
