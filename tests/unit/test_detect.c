// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: one alert an identity however often it is raised; it closes when it is not refreshed,
 * and at the end; text from plugins is made printable; the snapshot has open ones first. A bad line
 * of the INI file is named with file and line and the rest counts. A reload keeps what was learned
 * where nothing changed, and everything where it fails. --on-alert gets the alert
 * as JSON and never as shell text, is bounded in number and time, and nothing waits for it; nor for
 * the host's log. A plugin is loaded, configured and unloaded; one that others
 * could have written, or that does not fit, is refused with the reason. An attack seen by several
 * detectors is one alert.
 */
#include "detect_stage.h"
#include "sizes.h"

#include <jansson.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/config.h"
#include "base/confine.h"
#include "base/log.h"
#include "detect/book.h"
#include "detect/command.h"
#include "detect/journal.h"

/* ---- the book ---- */

struct told {
	unsigned opened, closed;
	struct alert last;
};

static void book_told(void *arg, const struct alert *a)
{
	struct told *t = arg;

	if (a->end)
		t->closed++;
	else
		t->opened++;
	t->last = *a;
}

static struct alert alert_of(const char *subject, const char *kind)
{
	struct alert a = {.severity = SEVERITY_LOW, .observed = 5, .expected = 2};

	snprintf(a.subject, sizeof(a.subject), "%s", subject);
	snprintf(a.kind, sizeof(a.kind), "%s", kind);
	strcpy(a.unit, "things");
	strcpy(a.reason, "because");
	return a;
}

static void test_identity(void **state)
{
	struct told t = {0};
	struct book *b = book_new(book_told, &t);
	struct alert a = alert_of("10.0.0.1", "x"), other_kind = alert_of("10.0.0.1", "y");
	struct alert other_subject = alert_of("10.0.0.2", "x");

	(void)state;
	for (int i = 0; i < 10; i++)
		book_raise(b, 0, "one", &a, 5, 100 * STAGE_SECOND + i);
	assert_int_equal(t.opened, 1);
	book_raise(b, 0, "one", &other_kind, 5, 100 * STAGE_SECOND);
	book_raise(b, 0, "one", &other_subject, 5, 100 * STAGE_SECOND);
	book_raise(b, 1, "two", &a, 5, 100 * STAGE_SECOND);
	assert_int_equal(t.opened, 4);
	assert_int_equal(book_count(b, 0), 3);
	assert_int_equal(book_count(b, 1), 1);
	book_free(b);
	book_free(NULL);
}

static void test_refresh_and_close(void **state)
{
	struct told t = {0};
	struct book *b = book_new(book_told, &t);
	struct alert a = alert_of("10.0.0.1", "x");

	(void)state;
	book_raise(b, 0, "one", &a, 5, 100 * STAGE_SECOND);
	a.observed = 50;
	a.severity = SEVERITY_HIGH;
	book_raise(b, 0, "one", &a, 5, 104 * STAGE_SECOND);
	a.observed = 7;
	a.severity = SEVERITY_LOW;
	strcpy(a.reason, "newest");
	book_raise(b, 0, "one", &a, 5, 106 * STAGE_SECOND);
	book_expire(b, 110 * STAGE_SECOND);
	assert_int_equal(t.closed, 0);
	book_expire(b, 300 * STAGE_SECOND); /* nobody looked meanwhile */
	assert_int_equal(t.closed, 1);
	assert_true(t.last.start == 100 * STAGE_SECOND && t.last.end == 111 * STAGE_SECOND);
	assert_true(t.last.observed == 50); /* the highest */
	assert_int_equal(t.last.severity, SEVERITY_HIGH);
	assert_string_equal(t.last.reason, "newest");
	book_raise(b, 0, "one", &a, 5, 301 * STAGE_SECOND);
	assert_int_equal(t.opened, 2);
	book_close_all(b, 302 * STAGE_SECOND);
	assert_int_equal(t.closed, 2);
	book_free(b);
}

static void test_bounded(void **state)
{
	struct told t = {0};
	struct book *b = book_new(book_told, &t);
	char subject[32];

	(void)state;
	for (int who = 0; who < BOOK_DETECTORS; who++)
		for (int i = 0; i < 2 * BOOK_EACH; i++) {
			struct alert a;

			snprintf(subject, sizeof(subject), "%d", i);
			a = alert_of(subject, "x");
			book_raise(b, who, "one", &a, 5, STAGE_SECOND);
		}
	assert_int_equal(t.opened, BOOK_OPEN);
	assert_int_equal(book_dropped(b), 2 * BOOK_EACH * BOOK_DETECTORS - BOOK_OPEN);
	book_close_all(b, 2 * STAGE_SECOND);
	assert_int_equal(t.closed, BOOK_OPEN);
	book_free(b);
}

static void test_hostile_alert(void **state)
{
	struct told t = {0};
	struct book *b = book_new(book_told, &t);
	struct alert a;

	(void)state;
	memset(&a, 0xff, sizeof(a)); /* no text ends, no number is one */
	book_raise(b, 0, "one", &a, -1, STAGE_SECOND);
	assert_int_equal(t.opened, 1);
	assert_true(t.last.severity < SEVERITY_COUNT);
	assert_true(t.last.observed == 0 && t.last.expected == 0);
	assert_true(t.last.start == STAGE_SECOND);
	for (const char *p = t.last.reason; *p; p++)
		assert_true(*p == '?');
	assert_int_equal(strlen(t.last.reason), sizeof(a.reason) - 1);
	a = alert_of("\033[2Jx\n", "k\"'");
	book_raise(b, 0, "one", &a, 5, STAGE_SECOND);
	assert_string_equal(t.last.subject, "?[2Jx?");
	book_free(b);
}

static struct snapshot snapshot; /* large, so not on the stack */

static void test_snapshot_order(void **state)
{
	struct told t = {0};
	struct book *b = book_new(book_told, &t);
	char subject[8];

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct alert a;

		snprintf(subject, sizeof(subject), "%d", i);
		a = alert_of(subject, "x");
		book_raise(b, 3, "three", &a, i < 3 ? 1 : 100, (10 + i) * STAGE_SECOND);
	}
	book_expire(b, 20 * STAGE_SECOND);
	book_fill(b, &snapshot);
	assert_int_equal(snapshot.n_alerts, 6);
	assert_int_equal(snapshot.n_alerts_open, 3);
	assert_int_equal(snapshot.alerts_total, 6);
	for (int i = 0; i < 3; i++) {
		snprintf(subject, sizeof(subject), "%d", 5 - i);
		assert_string_equal(snapshot.alerts[i].alert.subject, subject);
		assert_true(snapshot.alerts[i].alert.end == 0);
		assert_true(snapshot.alerts[3 + i].alert.end != 0);
		assert_string_equal(snapshot.alerts[i].detector, "three");
	}
	book_free(b);
}

/* ---- the configuration ---- */

static void said(const char *what)
{
	char line[512];

	log_last(line, sizeof(line));
	if (!strstr(line, what))
		print_message("said: %s\n", line);
	assert_non_null(strstr(line, what));
}

static struct config *config_of(const char *text)
{
	static char path[64];
	struct config *c;

	stage_file(path, text);
	c = config_new(path);
	unlink(path);
	assert_non_null(c);
	return c;
}

static void test_config(void **state)
{
	struct config *c = config_of("; remark\n"
				     "[flood]\n"
				     "syn = 300 ; remark\n"
				     "  udp=1e4\n"
				     "what is this\n"
				     "icmp = many\n"
				     "[scan]\n"
				     "ports = 7\n"
				     "ports = 8\n"
				     "text = a b c\n");

	(void)state;
	assert_true(config_number(c, "flood", "syn", 1) == 300);
	assert_true(config_number(c, "flood", "udp", 1) == 10000);
	assert_true(config_number(c, "flood", "other", 42) == 42);
	assert_true(config_number(c, "scan", "ports", 1) == 8);
	assert_true(config_number(c, "scan", "syn", 1) == 1);
	assert_string_equal(config_text(c, "scan", "text", ""), "a b c");
	assert_true(config_number(c, "flood", "icmp", 500) == 500);
	said(":6: [flood] icmp = many: expected a number");
	config_warn_unknown(c); /* none is left: nothing more is said */
	said(":6: ");
	config_free(c);
}

static void test_config_bad_lines(void **state)
{
	const struct {
		const char *text, *says;
	} bad[] = {
		{"[flood]\nwhat is this\nsyn = 300\n", ":2: 'what is this': expected"},
		{"[flood\n[flood]\nsyn = 300\n", ":1: '[flood': expected"},
		{"syn = 3\n[flood]\nsyn = 300\n", ":1: 'syn' stands before the first [section]"},
		{"[flood]\n= 3\nsyn = 300\n", ":2: '= 3': expected"},
		{"[flood]\nsyn = 7\nsyn = 300\n", ":3: [flood] syn was set in line 2"},
	};
	char text[1200];
	struct config *c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = config_of(bad[i].text);
		said(bad[i].says);
		assert_true(config_number(c, "flood", "syn", 1) == 300);
		config_free(c);
	}
	memset(text, 'x', sizeof(text));
	memcpy(text, "[flood]\na = ", 12);
	strcpy(text + 1000, "\nsyn = 300\n");
	c = config_of(text);
	said(":2: line longer than");
	assert_true(config_number(c, "flood", "syn", 1) == 300);
	config_free(c);
	c = config_of("[flood]\nsyn = -5\nudp = nan\nicmp = 1x\n");
	assert_true(config_number(c, "flood", "syn", 1) == 1);
	assert_true(config_number(c, "flood", "udp", 1) == 1);
	assert_true(config_number(c, "flood", "icmp", 1) == 1);
	config_free(c);
	assert_null(config_new("/nonexistent/file"));
	said("cannot read /nonexistent/file");
	assert_null(config_new("/"));
	said("cannot read /");
}

static void test_unknown_settings(void **state)
{
	struct stage *s = stage_new("[flood]\nsin = 3\n");

	(void)state;
	said(":2: [flood] sin: no such setting");
	stage_free(s);
	s = stage_new("[fload]\nsyn = 3\n");
	said(":2: [fload] syn: no such setting");
	stage_free(s);
	assert_null(detect_new(&(struct detect_config){.ini_path = "/nonexistent/file"}));
}

/* The file that is installed says what the program does without it, and nothing it does not know.
 */
static void test_example_file(void **state)
{
	static const char path[] = "user/detect/xdplens.ini";
	struct stage *s = stage_new(NULL);
	struct config *config = config_new(path);
	struct sizes sizes;
	struct detect *d;

	(void)state;
	log_error("nothing yet");
	sizes_read(&sizes, config);
	d = detect_new(&(struct detect_config){.ini_path = path, .config = config});
	assert_non_null(d);
	said("nothing yet");
	assert_int_equal(detect_reload(d), 0);
	said("nothing yet");
	detect_free(d);
	stage_free(s);
}

/* ---- switching off, reload ---- */

static void syn_flood(struct stage *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		stage_flow(s, &(struct stage_flow){.src = stage_ip(i),
						   .dst = "192.0.2.10",
						   .sport = 1024 + i,
						   .dport = 80,
						   .proto = 6,
						   .flags = TCP_SYN,
						   .opened = true});
	stage_tick(s);
}

static void test_switched_off(void **state)
{
	struct stage *s = stage_new("[flood]\nenabled = no\n");

	(void)state;
	syn_flood(s, 1000);
	stage_none(s);
	stage_free(s);
	s = stage_new("[flood]\nsyn = 0\n");
	syn_flood(s, 1000);
	stage_none(s);
	stage_free(s);
}

static void ini_write(const struct stage *s, const char *text)
{
	FILE *f = fopen(s->ini, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void send_rate(struct stage *s, uint64_t pps)
{
	stage_flow(s, &(struct stage_flow){.src = "10.0.0.1",
					   .dst = "10.0.0.2",
					   .sport = 5000,
					   .dport = 443,
					   .proto = 6,
					   .flags = TCP_ACK,
					   .packets = pps,
					   .bytes = pps * 500});
	stage_tick(s);
}

static void test_reload(void **state)
{
	struct stage *s = stage_new("[flood]\nsyn = 2000\n");

	(void)state;
	for (int i = 0; i < 90; i++)
		send_rate(s, 1000);
	syn_flood(s, 1000);
	stage_none(s);
	ini_write(s, "[flood]\nsyn = 500\n");
	assert_int_equal(detect_reload(s->detect), 0);
	syn_flood(s, 1000);
	stage_only(s, "flood", "syn_flood", "192.0.2.10");
	stage_quiet(s, 10);
	send_rate(s, 60000); /* its past is still known */
	assert_int_equal(s->n_opened, 2);
	assert_string_equal(s->opened[1].detector, "high_traffic");
	unlink(s->ini);
	assert_int_equal(detect_reload(s->detect), -1);
	stage_quiet(s, 10);
	syn_flood(s, 1000);
	assert_int_equal(s->n_opened, 3);
	stage_free(s);
}

/* ---- one attack, one alert ---- */

/* As hping3 --flood does: one source, one port, as fast as it can, with answers. */
static void test_one_attack_one_alert(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned second = 0; second < 5; second++) {
		for (unsigned i = 0; i < 60000; i++) {
			uint16_t port = 1024 + (second * 60000 + i) % 60000;

			stage_flow(s, &(struct stage_flow){.src = "10.0.0.1",
							   .dst = "10.0.0.2",
							   .sport = port,
							   .dport = 22,
							   .proto = 6,
							   .packets = 3,
							   .flags = TCP_SYN,
							   .opened = true});
			stage_flow(s, &(struct stage_flow){.src = "10.0.0.2",
							   .dst = "10.0.0.1",
							   .sport = 22,
							   .dport = port,
							   .proto = 6,
							   .packets = 3,
							   .answer = true,
							   .flags = TCP_RST | TCP_ACK});
		}
		stage_tick(s);
	}
	stage_only(s, "flood", "syn_flood", "10.0.0.2");
	stage_over(s);
	stage_free(s);
}

/* Ticks of any length are one second's thinking. */
static void test_short_ticks(void **state)
{
	struct stage *s = stage_new(NULL);
	struct tick t = {.elapsed_s = 0.1, .counters = &s->counters};

	(void)state;
	stage_tick(s);
	for (int i = 0; i < 100; i++) { /* 100 a second: no flood, though ten in a tenth are many */
		for (int k = 0; k < 10; k++)
			stage_flow(s, &(struct stage_flow){.src = stage_ip(i * 10 + k),
							   .dst = "192.0.2.10",
							   .sport = 1024,
							   .dport = 80,
							   .proto = 6,
							   .flags = TCP_SYN,
							   .opened = true});
		s->now += STAGE_SECOND / 10;
		t.now = s->now;
		detect_tick(s->detect, &t);
	}
	stage_none(s);
	stage_free(s);
}

static void test_finish_closes(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) /* a short file: no tick before its end */
		stage_flow(s, &(struct stage_flow){.src = stage_ip(i),
						   .dst = "192.0.2.10",
						   .sport = 1024 + i,
						   .dport = 80,
						   .proto = 6,
						   .flags = TCP_SYN,
						   .opened = true});
	detect_finish(s->detect, s->now + STAGE_SECOND / 10);
	stage_only(s, "flood", "syn_flood", "192.0.2.10");
	assert_int_equal(s->n_closed, 1);
	detect_fill(s->detect, &snapshot);
	assert_int_equal(snapshot.alerts_total, 1);
	assert_int_equal(snapshot.n_alerts_open, 0);
	assert_int_equal(snapshot.n_detectors, 10);
	assert_string_equal(snapshot.alerts_by_detector[0].name, "flood");
	assert_int_equal(snapshot.alerts_by_detector[0].n, 1);
	stage_free(s);
}

/* ---- --on-alert ---- */

static void said_in(const char *path, const char *state)
{
	bool found = false;
	FILE *f = fopen(path, "r");
	json_t *o;

	assert_non_null(f);
	while ((o = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
		if (strcmp(json_string_value(json_object_get(o, "state")), state) == 0) {
			found = true;
			assert_string_equal(json_string_value(json_object_get(o, "detector")),
					    "flood");
			assert_string_equal(json_string_value(json_object_get(o, "kind")),
					    "syn_flood");
			assert_string_equal(json_string_value(json_object_get(o, "severity")),
					    "high");
			assert_string_equal(json_string_value(json_object_get(o, "subject")),
					    "192.0.2.10");
			assert_true(json_real_value(json_object_get(o, "expected")) == 200);
			assert_true(json_is_null(json_object_get(o, "end")) ==
				    !strcmp(state, "open"));
		}
		json_decref(o);
	}
	fclose(f);
	assert_true(found);
}

static void test_command(void **state)
{
	char directory[] = "/tmp/test_command_XXXXXX", command[256], path[64];
	struct detect_config c = {.on_alert = command};
	struct stage *s;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/out", directory);
	snprintf(command, sizeof(command), "sh -c 'cat >> \"$0\"' %s", path);
	s = stage_new_with(c, NULL);
	syn_flood(s, 1000);
	detect_finish(s->detect, s->now);
	said_in(path, "open");
	said_in(path, "closed");
	stage_free(s);
	unlink(path);
	rmdir(directory);
}

/* What an attacker can put into an alert reaches the command as data. */
static void test_command_injection(void **state)
{
	char directory[] = "/tmp/test_command_XXXXXX", path[64];
	struct detect_config c = {.on_alert = "cat"};
	struct stage *s;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/hurt", directory);
	s = stage_new_with(c, NULL);
	for (int i = 0; i < 60; i++) {
		char name[256];
		struct dns_transaction t = {.ts = s->now,
					    .qtype = 16,
					    .qname = name,
					    .status = DNS_ANSWERED,
					    .latency_ms = 1};

		snprintf(name, sizeof(name),
			 "abcdefgh%08xijklmnopqrst0123456789.`touch %s`;$(touch %s).x",
			 i * 2654435761u, path, path);
		detect_dns(s->detect, &t);
	}
	stage_tick(s);
	assert_int_equal(s->n_opened, 1);
	assert_non_null(strchr(s->opened[0].subject, '$'));
	detect_finish(s->detect, s->now);
	assert_int_equal(access(path, F_OK), -1);
	stage_free(s);
	rmdir(directory);
}

static double host_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void test_command_bounded(void **state)
{
	struct command *c = command_new("sleep 1000", NULL, 0.3);
	struct alert a = alert_of("10.0.0.1", "x");
	double start = host_seconds();

	(void)state;
	a.detector = "one";
	assert_non_null(c);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* what outlives the runner becomes ours */
	for (int i = 0; i < 1000; i++)
		command_run(c, &a);
	assert_true(host_seconds() - start < 5); /* it waits for none of them */
	assert_true(command_dropped(c) >= 1000 - 2 * COMMAND_WAITING);
	command_finish(c, 2);
	said("commands still run or wait");
	command_free(c);
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_true(host_seconds() - start < 20); /* all were killed */
	c = command_new("sleep 1000", NULL, 0.3);
	command_run(c, &a);
	command_finish(c, 20);
	said("took longer than 0.3 s");
	command_free(c);
	c = command_new("/nonexistent/command", NULL, 1);
	command_run(c, &a);
	command_finish(c, 20);
	said("cannot run /nonexistent/command: No such file");
	assert_int_equal(command_dropped(c), 1);
	command_free(c);
	assert_null(command_new("true; false", NULL, 1));
	said("no shell reads it");
	assert_null(command_new("true $(false)", NULL, 1));
	assert_null(command_new("  ", NULL, 1));
	said("no command");
}

/* ---- --syslog ---- */

/* Where no socket can be connected any more. */
static void journal_write_confined(struct journal *j, const struct alert *a)
{
	uint64_t dropped = journal_dropped(j);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		confine_files(NULL, 0);
		if (confine_calls(CONFINE_WATCHER) < 0)
			_exit(2);
		journal_write(j, a);
		_exit(journal_dropped(j) != dropped);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_journal(void **state)
{
	struct sockaddr_un address = {AF_UNIX, "/tmp/test_journal_XXXXXX"};
	int fd = mkstemp(address.sun_path), reader;
	struct alert a = alert_of("10.0.0.1", "x");
	struct journal *j;
	char line[1024];
	ssize_t len;

	(void)state;
	close(fd);
	assert_null(journal_new(address.sun_path)); /* nobody listens */
	said("no log is kept here");
	unlink(address.sun_path);
	reader = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(reader, (void *)&address, sizeof(address)), 0);
	j = journal_new(address.sun_path);
	assert_non_null(j);
	a.detector = "one";
	a.severity = SEVERITY_HIGH;
	journal_write(j, &a);
	len = recv(reader, line, sizeof(line) - 1, 0);
	assert_true(len > 0);
	line[len] = '\0';
	assert_int_equal(strncmp(line, "<26>xdplens[", 12), 0); /* daemon, critical */
	assert_non_null(strstr(line, "alert open: high, one, x: 10.0.0.1: because"));
	for (int i = 0; i < 10000; i++) /* nobody reads: it does not wait */
		journal_write(j, &a);
	assert_true(journal_dropped(j) > 0);
	close(reader);
	unlink(address.sun_path);
	reader = socket(AF_UNIX, SOCK_DGRAM, 0); /* the log begins anew */
	assert_int_equal(bind(reader, (void *)&address, sizeof(address)), 0);
	journal_write_confined(j, &a);
	assert_true(recv(reader, line, sizeof(line), MSG_DONTWAIT) > 0);
	journal_free(j);
	journal_free(NULL);
	close(reader);
	unlink(address.sun_path);
}

/* ---- plugins ---- */

static char plugin_directory[] = "/tmp/test_plugin_XXXXXX";

/* Builds the source with a compiler's option; its path, or NULL where there is no compiler. */
static const char *plugin_build(const char *source, const char *name)
{
	static char path[128];
	char command[512];

	snprintf(path, sizeof(path), "%s/%s.so", plugin_directory, name);
	snprintf(command, sizeof(command),
		 "cc -shared -fPIC -Wall -Werror -Iinclude -o %s %s 2>&1 && chmod 755 %s", path,
		 source, path);
	return system(command) == 0 ? path : NULL;
}

static const char *plugin_write(const char *name, const char *text)
{
	static char source[128];
	FILE *f;

	snprintf(source, sizeof(source), "%s/%s.c", plugin_directory, name);
	f = fopen(source, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return plugin_build(source, name);
}

static struct detect *plugin_try(const char *path)
{
	return detect_new(&(struct detect_config){.plugins = &path, .n_plugins = 1});
}

static void test_plugin(void **state)
{
	const char *path = plugin_build("tests/plugin/example_plugin.c", "example");
	struct detect_config c = {.plugins = &path, .n_plugins = 1};
	struct stage *s;

	(void)state;
	assert_non_null(path);
	s = stage_new_with(c, "[resets]\nlimit = 10\n");
	for (int second = 0; second < 4; second++) {
		for (int i = 0; i < 20; i++)
			stage_flow(s, &(struct stage_flow){.src = "10.0.0.2",
							   .dst = "10.0.0.1",
							   .sport = 80,
							   .dport = 4000 + i,
							   .proto = 6,
							   .answer = true,
							   .flags = TCP_RST | TCP_ACK});
		stage_tick(s);
	}
	stage_only(s, "resets", "resets", "tcp");
	assert_true(s->opened[0].expected == 10);
	stage_over(s);
	detect_fill(s->detect, &snapshot);
	assert_string_equal(snapshot.alerts_by_detector[10].name, "resets");
	assert_int_equal(snapshot.alerts_by_detector[10].n, 1);
	stage_free(s);
}

static void test_plugin_does_not_fit(void **state)
{
	static const char head[] = "#include \"xdplens/detector.h\"\n"
				   "static struct detector *f(struct detector_host *h)\n"
				   "{ return (void *)h; }\n"
				   "struct detector *g(struct detector_host *h) { return f(h); }\n"
				   "const struct detector_ops ";
	const struct {
		const char *name, *rest, *says;
	} bad[] = {
		{"other", "other = {DETECTOR_ABI, \"other\", \"\", f};",
		 "exports no xdplens_detector"},
		{"abi", "xdplens_detector = {DETECTOR_ABI + 1, \"abi\", \"\", f};",
		 "built for ABI 3"},
		{"name", "xdplens_detector = {DETECTOR_ABI, \"../x\", \"\", f};",
		 "its name must be"},
		{"open", "xdplens_detector = {DETECTOR_ABI, \"open\", \"\", 0};", "has no open()"},
		{"load",
		 "xdplens_detector = {DETECTOR_ABI, \"load\", \"\", f};"
		 "__attribute__((constructor)) void crash(void) { __builtin_trap(); }",
		 "load.so: not loaded: it crashes: Illegal instruction"},
		{"begin",
		 "xdplens_detector; struct detector *c(struct detector_host *h)"
		 "{ return *(struct detector *volatile *)((char *)0 + !h); }"
		 "const struct detector_ops xdplens_detector = {DETECTOR_ABI, \"begin\", \"\", c};",
		 "begin.so: not loaded: it crashes: Segmentation fault"},
		{"quit",
		 "xdplens_detector; void exit(int status);"
		 "const struct detector_ops xdplens_detector = {DETECTOR_ABI, \"quit\", \"\", f};"
		 "__attribute__((constructor)) void quit(void) { exit(3); }",
		 "quit.so: not loaded: it ends the program with status 3"},
		{"twice", "xdplens_detector = {DETECTOR_ABI, \"flood\", \"\", f};",
		 "there is a detector flood already"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path;

		snprintf(text, sizeof(text), "%s%s\n", head, bad[i].rest);
		path = plugin_write(bad[i].name, text);
		assert_non_null(path);
		assert_null(plugin_try(path));
		said(bad[i].says);
	}
}

static void test_plugin_distrusted(void **state)
{
	const char *path = plugin_build("tests/plugin/example_plugin.c", "example");
	struct detect *d;

	(void)state;
	assert_non_null(path);
	assert_int_equal(chmod(path, 0757), 0);
	assert_null(plugin_try(path));
	said("everybody may write to it");
	assert_int_equal(chmod(path, 0755), 0);
	d = plugin_try(path);
	assert_non_null(d);
	detect_free(d);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_null(plugin_try(path));
		said("belongs to neither root nor you");
	}
	assert_null(plugin_try("/nonexistent/plugin.so"));
	said("plugin /nonexistent/plugin.so: No such file");
	assert_null(plugin_try("/tmp"));
	said("not a plain file");
	assert_null(plugin_try("tests/plugin/example_plugin.c"));
	said("plugin tests/plugin/example_plugin.c: ");
}

static int plugins_begin(void **state)
{
	(void)state;
	return mkdtemp(plugin_directory) ? 0 : -1;
}

static int plugins_end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", plugin_directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_refresh_and_close),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_hostile_alert),
		cmocka_unit_test(test_snapshot_order),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_config_bad_lines),
		cmocka_unit_test(test_unknown_settings),
		cmocka_unit_test(test_example_file),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_one_attack_one_alert),
		cmocka_unit_test(test_short_ticks),
		cmocka_unit_test(test_finish_closes),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_command_injection),
		cmocka_unit_test(test_command_bounded),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_plugin),
		cmocka_unit_test(test_plugin_does_not_fit),
		cmocka_unit_test(test_plugin_distrusted),
	};

	return cmocka_run_group_tests(tests, plugins_begin, plugins_end);
}
