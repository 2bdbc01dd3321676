// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: traffic with a listed address, either way, is one high alert that names list and line
 * and closes ten seconds after the last packet; nobody else raises any. Reload takes a new list,
 * and keeps the old one where the new cannot be used. An unreadable list is refused at start.
 */
#include "base/log.h"
#include "detect_stage.h"

static void talk(struct stage *s, const char *src, const char *dst)
{
	stage_flow(s, &(struct stage_flow){.src = src,
					   .dst = dst,
					   .sport = 40000,
					   .dport = 443,
					   .proto = 6,
					   .flags = TCP_SYN | TCP_ACK,
					   .opened = true});
}

static struct stage *listed(char path[64], const char **files, const char *text)
{
	stage_file(path, text);
	files[0] = path;
	return stage_new_with((struct detect_config){.blacklists = files, .n_blacklists = 1}, NULL);
}

static void test_contact(void **state)
{
	const char *const pairs[][3] = {
		{"10.0.0.1", "203.0.113.77", "203.0.113.77"},
		{"203.0.113.77", "10.0.0.1", "203.0.113.77"},
		{"2001:db8:bad::1", "fd00::1", "2001:db8:bad::1"},
	};
	char path[64];
	const char *files[1];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct stage *s =
			listed(path, files, "# feed\n203.0.113.0/24\n2001:db8:bad::/48\n");

		for (int k = 0; k < 3; k++) {
			talk(s, pairs[i][0], pairs[i][1]);
			talk(s, "10.0.0.1", "203.0.112.255");
			talk(s, "10.0.0.1", "203.0.114.0");
			talk(s, "2001:db8:bae::1", "fd00::1");
			stage_tick(s);
		}
		stage_only(s, "blacklist", "listed", pairs[i][2]);
		assert_int_equal(s->opened[0].severity, SEVERITY_HIGH);
		assert_non_null(strstr(s->opened[0].reason, i < 2 ? "line 2" : "line 3"));
		stage_over(s);
		stage_free(s);
		unlink(path);
	}
}

static void test_no_list(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	talk(s, "203.0.113.77", "10.0.0.1");
	stage_tick(s);
	stage_none(s);
	stage_free(s);
}

static void list_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_reload(void **state)
{
	char path[64];
	const char *files[1];
	struct stage *s = listed(path, files, "203.0.113.77\n");

	(void)state;
	list_write(path, "nonsense\n");
	assert_int_equal(detect_reload(s->detect), -1);
	unlink(path);
	assert_int_equal(detect_reload(s->detect), -1);
	talk(s, "203.0.113.77", "10.0.0.1");
	stage_tick(s);
	stage_only(s, "blacklist", "listed", "203.0.113.77");
	stage_quiet(s, 10);
	list_write(path, "203.0.113.78\n");
	assert_int_equal(detect_reload(s->detect), 0);
	talk(s, "203.0.113.77", "10.0.0.1");
	stage_tick(s);
	assert_int_equal(s->n_opened, 1);
	talk(s, "203.0.113.78", "10.0.0.1");
	stage_tick(s);
	assert_int_equal(s->n_opened, 2);
	assert_string_equal(s->opened[1].subject, "203.0.113.78");
	stage_free(s);
	unlink(path);
}

static void test_unreadable(void **state)
{
	const char *const files[] = {"/nonexistent/list"};
	char said[256];

	(void)state;
	assert_null(detect_new(&(struct detect_config){.blacklists = files, .n_blacklists = 1}));
	log_last(said, sizeof(said));
	assert_non_null(strstr(said, "blacklist"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contact),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
