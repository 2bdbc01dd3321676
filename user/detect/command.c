// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs --on-alert for the book of alerts, never more of it at once than the host can bear. */
#include "detect/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { VARIABLES = 11, VARIABLE_LEN = 320 };

struct command {
	const char *text;
	pid_t running[COMMAND_AT_ONCE];	       /* 0: free */
	struct alert waiting[COMMAND_WAITING]; /* a ring */
	size_t first, n;
	uint64_t dropped;
};

struct command *command_new(const char *text)
{
	struct command *c = calloc(1, sizeof(*c));

	if (c)
		c->text = text;
	return c;
}

void command_free(struct command *c)
{
	free(c);
}

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

static pid_t command_start(const struct command *c, const struct alert *a)
{
	char text[VARIABLES][VARIABLE_LEN];
	size_t inherited = 0, n = 0;
	char **environment;
	pid_t pid = 0;
	int error = ENOMEM;

	environment_fill(text, a);
	while (environ[inherited])
		inherited++;
	environment = calloc(inherited + VARIABLES + 1, sizeof(*environment));
	if (environment) {
		for (int i = 0; i < VARIABLES; i++)
			environment[n++] = text[i];
		for (size_t i = 0; i < inherited; i++)
			if (strncmp(environ[i], "XDPLENS_", 8) != 0)
				environment[n++] = environ[i];
		error = command_spawn(&pid, c->text, environment);
		free(environment);
	}
	if (error) {
		log_warn("--on-alert: cannot run /bin/sh: %s", strerror(error));
		return 0;
	}
	return pid;
}

static void command_collect(struct command *c)
{
	for (int i = 0; i < COMMAND_AT_ONCE; i++)
		if (c->running[i] && waitpid(c->running[i], NULL, WNOHANG) != 0)
			c->running[i] = 0;
}

void command_poll(struct command *c)
{
	command_collect(c);
	for (int i = 0; i < COMMAND_AT_ONCE && c->n; i++) {
		if (c->running[i])
			continue;
		c->running[i] = command_start(c, &c->waiting[c->first]);
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
