// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the service manager hears READY=1 once, WATCHDOG=1 at half of its time and only when
 * the main loop asks for it, STATUS= and STOPPING=1, over a path or an abstract name; nothing waits
 * for a manager that does not read, and READY=1 is not lost by it; the environment is left clean,
 * and a wrong one does no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/notify.h"

static char heard[1024], name[64];
static int manager;

/* A manager that listens on `name`, "@" for an abstract one. */
static void listen_on(const char *format)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(name, sizeof(name), format, (int)getpid());
	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	else
		unlink(name);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager, (struct sockaddr *)&at,
			      offsetof(struct sockaddr_un, sun_path) + strlen(name)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void hear_no_more(void)
{
	close(manager);
	if (name[0] == '/')
		unlink(name);
}

/* The next message, "" if there is none. */
static const char *hear(void)
{
	ssize_t n = recv(manager, heard, sizeof(heard) - 1, 0);

	heard[n > 0 ? n : 0] = '\0';
	return heard;
}

static void test_nobody_listens(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_null(notify_new());
	setenv("NOTIFY_SOCKET", "", 1);
	assert_null(notify_new());
	assert_false(notify_due(NULL, 1));
	notify_beat(NULL, 1, "");
	notify_stopping(NULL);
	notify_free(NULL);
}

static void test_wrong_sockets(void **state)
{
	static const char *const wrong[] = {"relative", "@", "/", "vsock:2:1", "/nonexistent/s"};
	char longest[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		assert_null(notify_new());
		assert_null(getenv("NOTIFY_SOCKET"));
		log_last(heard, sizeof(heard));
		assert_non_null(strstr(heard, wrong[i]));
	}
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	assert_null(notify_new());
}

static void one_life(const char *format)
{
	struct notify *n;

	listen_on(format);
	setenv("WATCHDOG_USEC", "4000000", 1);
	unsetenv("WATCHDOG_PID");
	n = notify_new();
	assert_non_null(n);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_string_equal(hear(), "");
	assert_true(notify_due(n, 100));
	notify_beat(n, 100, "watching");
	assert_string_equal(hear(), "READY=1\nWATCHDOG=1\nSTATUS=watching\n");
	assert_false(notify_due(n, 100));
	assert_false(notify_due(n, 101.99));
	assert_true(notify_due(n, 102.01));
	notify_beat(n, 102.01, "two");
	assert_string_equal(hear(), "WATCHDOG=1\nSTATUS=two\n");
	notify_stopping(n);
	assert_string_equal(hear(), "STOPPING=1\n");
	notify_free(n);
	assert_string_equal(hear(), "");
	hear_no_more();
}

static void test_path(void **state)
{
	(void)state;
	one_life("/tmp/xdplens-notify-%d");
}

static void test_abstract(void **state)
{
	(void)state;
	one_life("@xdplens-notify-%d");
}

static void test_watchdog_of_another(void **state)
{
	struct notify *n;

	(void)state;
	listen_on("@xdplens-notify-%d");
	setenv("WATCHDOG_USEC", "4000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	n = notify_new();
	assert_non_null(n);
	assert_null(getenv("WATCHDOG_PID"));
	notify_beat(n, 1, "watching");
	assert_string_equal(hear(), "READY=1\nSTATUS=watching\n");
	assert_false(notify_due(n, 5.9));
	assert_true(notify_due(n, 6.1));
	notify_free(n);
	hear_no_more();
}

static void test_own_pid(void **state)
{
	char pid[16];
	struct notify *n;

	(void)state;
	listen_on("@xdplens-notify-%d");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	n = notify_new();
	assert_non_null(n);
	notify_beat(n, 1, "");
	assert_string_equal(hear(), "READY=1\nWATCHDOG=1\nSTATUS=\n");
	assert_true(notify_due(n, 1.51));
	notify_free(n);
	hear_no_more();
}

/* Its queue full of another's messages: no call waits, and READY=1 comes with the next beat. */
static void test_manager_does_not_read(void **state)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct notify *n;
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)state;
	listen_on("@xdplens-notify-%d");
	memcpy(to.sun_path + 1, name + 1, strlen(name) - 1);
	n = notify_new();
	assert_non_null(n);
	while (sendto(other, "x", 1, 0, (struct sockaddr *)&to,
		      offsetof(struct sockaddr_un, sun_path) + strlen(name)) == 1)
		;
	notify_beat(n, 1, "unheard");
	notify_stopping(n);
	while (*hear())
		assert_string_equal(heard, "x");
	notify_beat(n, 7, "heard");
	assert_string_equal(hear(), "READY=1\nSTATUS=heard\n");
	notify_free(n);
	close(other);
	hear_no_more();
}

/* A status too long is cut, and what the manager must not miss stands before it. */
static void test_long_status(void **state)
{
	char status[2000];
	struct notify *n;

	(void)state;
	memset(status, 's', sizeof(status) - 1);
	status[sizeof(status) - 1] = '\0';
	listen_on("@xdplens-notify-%d");
	n = notify_new();
	notify_beat(n, 1, status);
	assert_int_equal(strncmp(hear(), "READY=1\nSTATUS=sss", 18), 0);
	assert_int_equal(heard[strlen(heard) - 1], '\n');
	notify_free(n);
	hear_no_more();
}

static int clean(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nobody_listens, clean),
		cmocka_unit_test_setup(test_wrong_sockets, clean),
		cmocka_unit_test_setup(test_path, clean),
		cmocka_unit_test_setup(test_abstract, clean),
		cmocka_unit_test_setup(test_watchdog_of_another, clean),
		cmocka_unit_test_setup(test_own_pid, clean),
		cmocka_unit_test_setup(test_manager_does_not_read, clean),
		cmocka_unit_test_setup(test_long_status, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
