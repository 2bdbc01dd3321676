// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed, in a pseudo-terminal of its own: the live view shows the snapshot's figures, answers
 * keys and the mouse, survives every tab at every size, and gives the terminal back after q, exit
 * and a crash. No control character of a name reaches the terminal.
 */
#include <locale.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"
#include "view/view.h"
#include "view_fixture.h"

enum ending { END_KEY, END_EXIT, END_CRASH };
enum { STATUS_EXIT = 5, STATUS_REFUSED = 6, CHILD_SECONDS = 20 };

static struct snapshot snapshot;

struct session {
	pid_t child;
	int fd;
	struct termios before;
	char seen[1 << 18]; /* what the view wrote */
	size_t len;
};

/* ---- the child: a program around the view ---- */

static void note_packet(struct view *view)
{
	static const uint8_t data[300] = "some octets";
	struct packet packet = {.key.proto = 17, .key.family = 4};
	struct event event = {.packet = &packet,
			      .data = data,
			      .caplen = sizeof(data),
			      .wire_len = sizeof(data),
			      .dns_latency_ms = -1};

	fixture_addr(packet.key.saddr, 1);
	fixture_addr(packet.key.daddr, 2);
	view_live.event(view, &event);
}

static void run_view(enum ending ending)
{
	const struct options options = {.interval_s = 1};
	struct view *view;

	alarm(CHILD_SECONDS);
	setenv("TERM", "xterm-256color", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
	view = view_live.open(&options);
	if (!view)
		_exit(STATUS_REFUSED);
	fixture_snapshot(&snapshot, true, false);
	view_live.snapshot(view, &snapshot);
	for (int i = 0; i < 5; i++)
		note_packet(view);
	while (!view_live.poll(view))
		usleep(2000);
	if (ending == END_EXIT)
		exit(STATUS_EXIT);
	if (ending == END_CRASH)
		abort();
	snapshot.final = true;
	view_live.snapshot(view, &snapshot);
	view_live.close(view);
	_exit(0);
}

/* ---- the parent: who sits in front of it ---- */

static void session_read(struct session *s, int ms)
{
	struct timeval wait = {.tv_usec = ms * 1000};
	fd_set set;

	for (;;) {
		ssize_t n;

		FD_ZERO(&set);
		FD_SET(s->fd, &set);
		if (select(s->fd + 1, &set, NULL, NULL, &wait) <= 0)
			return;
		if (s->len > sizeof(s->seen) / 2)
			s->len = 0;
		n = read(s->fd, s->seen + s->len, sizeof(s->seen) - s->len - 1);
		if (n <= 0)
			return;
		s->len += n;
		s->seen[s->len] = 0;
	}
}

/* Reads until the text came, for at most some seconds. */
static void session_wants(struct session *s, const char *text)
{
	for (int i = 0; i < 100; i++) {
		if (s->len && strstr(s->seen, text))
			return;
		session_read(s, 50);
	}
	fail_msg("\"%s\" did not appear", text);
}

static void session_keys(struct session *s, const char *keys)
{
	assert_int_equal(write(s->fd, keys, strlen(keys)), strlen(keys));
}

static void session_size(struct session *s, int columns, int rows)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	assert_int_equal(ioctl(s->fd, TIOCSWINSZ, &size), 0);
}

struct step {
	const char *keys, *text; /* what is typed, and what must come of it */
};

static void session_steps(struct session *s, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->len = 0;
		s->seen[0] = 0;
		/* Cells that stay the same are not drawn again: a new size draws them all. */
		session_keys(s, steps[i].keys);
		session_read(s, 150);
		session_size(s, 80 + i % 2, 24);
		session_wants(s, steps[i].text);
	}
}

static struct session *session_start(enum ending ending)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct session *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	fflush(NULL);
	s->child = forkpty(&s->fd, NULL, NULL, &size);
	assert_true(s->child >= 0);
	if (!s->child) {
		const struct rlimit none = {0};

		setrlimit(RLIMIT_CORE, &none);
		run_view(ending);
	}
	/* Before the view comes up: the terminal as the shell had it. */
	assert_int_equal(tcgetattr(s->fd, &s->before), 0);
	session_wants(s, "Quit");
	return s;
}

/* The terminal must be as it was: cooked, with echo, on its first screen, with a cursor. */
static int session_end(struct session *s)
{
	struct termios now;
	int status = 0;
	pid_t ended = 0;

	for (int i = 0; i < 200 && !ended; i++) {
		session_read(s, 20);
		usleep(10000); /* reading a closed terminal does not wait */
		ended = waitpid(s->child, &status, WNOHANG);
	}
	session_read(s, 20);
	assert_int_equal(ended, s->child);
	assert_non_null(strstr(s->seen, "\x1b[?1049l"));
	if (tcgetattr(s->fd, &now) == 0)
		assert_int_equal(now.c_lflag & (ICANON | ECHO), ICANON | ECHO);
	close(s->fd);
	free(s);
	return status;
}

static void test_quit_by_key(void **state)
{
	struct session *s = session_start(END_KEY);
	int status;

	(void)state;
	session_keys(s, "q");
	session_wants(s, "ledger: seen 1300"); /* the summary stays */
	status = session_end(s);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_exit(void **state)
{
	struct session *s = session_start(END_EXIT);
	int status;

	(void)state;
	session_keys(s, "q");
	status = session_end(s);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_EXIT);
}

static void test_crash(void **state)
{
	struct session *s = session_start(END_CRASH);
	int status;

	(void)state;
	session_keys(s, "q");
	status = session_end(s);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_overview(void **state)
{
	static const char *const parts[] = {
		"xdplens",	"eth7",	     "native",	 "3.40 Mbit/s",	 "120 kbit/s",
		"93.3%",	"https",     "10.0.0.1", "host.example", "www.example",
		"slow.example", "port_scan", "99.2%",	 "85 ns"};
	struct session *s = session_start(END_KEY);

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		session_wants(s, parts[i]);
	session_keys(s, "q");
	assert_int_equal(session_end(s), 0);
}

static void test_keys(void **state)
{
	static const struct step rows[] = {
		{"2", "10.0.0.1:40000"},     {"\r", "handshake"},   {"\x1b", "1-2 of 2"},
		{"/www", "1 filtered out"},  {"\r", "filter: www"}, {"\x1b", "1-2 of 2"},
		{"s", "sorted by"},	     {"n", "10.0.0.2:443"}, {"u", "rates in bytes"},
		{"3\r", "Flows (2)"},	     {"\x1b", "Address"},   {"4", "1-3 of 3"},
		{"5", "10.0.0.53"},	     {"6", "it asked for"}, {"\r", "port_scan"},
		{"7", "1-5 of 5"},	     {"\r", "some octets"}, {"p", "PAUSED"},
		{"h", "filter as you type"},
	};
	struct session *s = session_start(END_KEY);

	(void)state;
	session_steps(s, rows, sizeof(rows) / sizeof(rows[0]));
	session_keys(s, "xq");
	assert_int_equal(session_end(s), 0);
}

static void test_sizes(void **state)
{
	static const int sizes[][2] = {{80, 24}, {40, 10}, {1, 1},     {200, 60}, {3, 50},
				       {300, 2}, {17, 4},  {500, 120}, {63, 8},	  {120, 12}};
	static const char *const tabs[] = {"1", "2", "2\r", "3",   "3\r", "4",
					   "5", "6", "7",   "7\r", "h",	  "x2/zz\r"};
	struct session *s = session_start(END_KEY);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		session_size(s, sizes[i][0], sizes[i][1]);
		for (size_t t = 0; t < sizeof(tabs) / sizeof(tabs[0]); t++) {
			session_keys(s, tabs[t]);
			session_read(s, 45);
		}
		session_keys(s, "\x1b");
		session_read(s, 45);
	}
	session_size(s, 80, 24);
	session_keys(s, "q");
	assert_int_equal(session_end(s), 0);
}

#define CLICK(x, y) "\x1b[<0;" #x ";" #y "M\x1b[<0;" #x ";" #y "m"
/* A release alone, the right button, a wheel that turns sideways: nothing, but no waiting either.
 */
#define STRANGE "\x1b[<0;5;5m\x1b[<2;5;5M\x1b[<66;5;5M"

/* Tabs, titles, rows and the keys of the last line are clicked where they stand; the wheel scrolls.
 */
static void test_mouse(void **state)
{
	static const struct step rows[] = {
		{CLICK(2, 24), "filter as you type"},	    /* help */
		{CLICK(40, 10), "93.3%"},		    /* away with it */
		{CLICK(15, 2), "10.0.0.1:40000"},	    /* the tab of flows */
		{CLICK(66, 3), "sorted by Rate, reversed"}, /* again: it was sorted by it */
		{CLICK(5, 5), "1-2 of 2"},		    /* the second row */
		{CLICK(5, 5), "Flow tcp 10.0.0.1"}, /* what is selected is looked at closer */
		{"\x1b", "1-2 of 2"},
		{"7\x1b[<65;5;5M", "1-5 of 5"}, /* three down */
		{STRANGE, "1-5 of 5"},
		{"\r", "Packet, its first 128"},
		{"\x1b"
		 "m",
		 "the mouse selects text"},
	};
	struct session *s = session_start(END_KEY);

	(void)state;
	session_steps(s, rows, sizeof(rows) / sizeof(rows[0]));
	assert_non_null(strstr(s->seen, "1000l"));
	session_keys(s, "q");
	assert_int_equal(session_end(s), 0);
}

/* Of the hostile name's octets only the printable ones come through. */
static void test_hostile_names(void **state)
{
	struct session *s = session_start(END_KEY);

	(void)state;
	session_keys(s, "3");
	session_wants(s, "?[2J?</script>");
	for (size_t i = 0; i < s->len; i++)
		assert_int_not_equal(s->seen[i], '\x07');
	assert_null(memmem(s->seen, s->len, "\xc2\x9b", 2));
	session_keys(s, "q");
	assert_int_equal(session_end(s), 0);
}

static void test_not_a_terminal(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (!child) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(1);
		_exit(view_live.open(&(struct options){0}) ? 0 : STATUS_REFUSED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), STATUS_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quit_by_key),    cmocka_unit_test(test_exit),
		cmocka_unit_test(test_crash),	       cmocka_unit_test(test_overview),
		cmocka_unit_test(test_keys),	       cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_mouse),	       cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_not_a_terminal),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
