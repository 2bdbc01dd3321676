// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: a message is one line that moves no cursor; levels are heeded; while held, messages
 * are kept up to a bound, said how many were not, and shown in order afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static char shown[65536];
static FILE *to;
static int saved;

static int catch (void **state)
{
	(void)state;
	log_level_set(false, 0);
	to = tmpfile();
	saved = dup(STDERR_FILENO);
	dup2(fileno(to), STDERR_FILENO);
	return to ? 0 : -1;
}

static const char *caught(void)
{
	rewind(to);
	shown[fread(shown, 1, sizeof(shown) - 1, to)] = '\0';
	return shown;
}

static int release(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	return fclose(to);
}

static void say_all(void)
{
	log_error("e%d", 1);
	log_warn("w");
	log_info("i");
	log_debug("d");
}

static void test_levels(void **state)
{
	(void)state;
	say_all();
	assert_string_equal(caught(), "xdplens: e1\nxdplens: w\nxdplens: i\n");
}

static void test_quiet(void **state)
{
	(void)state;
	log_level_set(true, 0);
	say_all();
	assert_string_equal(caught(), "xdplens: e1\n");
}

static void test_verbose(void **state)
{
	(void)state;
	log_level_set(false, 1);
	say_all();
	assert_string_equal(caught(), "xdplens: e1\nxdplens: w\nxdplens: i\nxdplens: d\n");
}

static void test_one_harmless_line(void **state)
{
	char longest[3 * LOG_LINE];

	(void)state;
	log_error("a\nb\rc\033[2Jd\x7f\xc2\x9b"
		  "1m\xc3\xa4");
	assert_string_equal(caught(), "xdplens: a?b?c?[2Jd???1m\xc3\xa4\n");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	log_error("%s", longest);
	assert_int_equal(strlen(strstr(caught(), "xx")), LOG_LINE);
}

static void test_hold(void **state)
{
	char text[LOG_LINE], expected[64];

	(void)state;
	log_hold(true);
	log_warn("first");
	log_debug("not shown at this level");
	log_last(text, sizeof(text));
	assert_string_equal(text, "first");
	log_last(text, 4);
	assert_string_equal(text, "fir");
	assert_string_equal(caught(), "");
	log_hold(false);
	assert_string_equal(caught(), "xdplens: first\n");
	log_hold(true);
	for (int i = 0; i < LOG_KEPT + 5; i++)
		log_warn("m%d", i);
	log_hold(false);
	assert_non_null(
		strstr(caught(), "xdplens: 5 earlier messages are not kept\nxdplens: m5\n"));
	assert_null(strstr(shown, "m4\n"));
	snprintf(expected, sizeof(expected), "m%d\n", LOG_KEPT + 4);
	assert_string_equal(shown + strlen(shown) - strlen(expected), expected);
	log_warn("now");
	assert_non_null(strstr(caught(), "xdplens: now\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels, catch, release),
		cmocka_unit_test_setup_teardown(test_quiet, catch, release),
		cmocka_unit_test_setup_teardown(test_verbose, catch, release),
		cmocka_unit_test_setup_teardown(test_one_harmless_line, catch, release),
		cmocka_unit_test_setup_teardown(test_hold, catch, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
