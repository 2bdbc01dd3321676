// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: an alert has a pcap file, named after it, with the packets of the ten seconds before
 * and after, as they were, cut to the recorder's length, a VLAN tag put back. What is kept is
 * bounded: octets of a file, files at a time, files in the directory, where the oldest goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "detect/recorder.h"

#define SECOND 1000000000ull

static const uint64_t start = 1700000000 * SECOND;
static char directory[] = "/tmp/test_recorder_XXXXXX";

static void put(struct recorder *r, uint64_t ts, uint8_t mark, uint32_t caplen, uint16_t vlan)
{
	struct packet packet = {.key.link = vlan};
	uint8_t data[4096];
	struct event e = {.ts = ts,
			  .packet = &packet,
			  .data = data,
			  .caplen = caplen,
			  .wire_len = caplen + (vlan ? 4 : 0),
			  .linktype = DLT_EN10MB,
			  .tag_stripped = vlan != 0};

	memset(data, mark, sizeof(data));
	recorder_packet(r, &e);
}

static void alert(struct recorder *r, uint64_t ts, const char *subject)
{
	struct alert a = {.start = ts, .detector = "one", .kind = "x"};

	snprintf(a.subject, sizeof(a.subject), "%s", subject);
	recorder_alert(r, &a, ts);
	a.end = ts + 1; /* is nothing to it */
	recorder_alert(r, &a, ts + 1);
}

/* Files in the directory; the first by name is in `first`. */
static int files(char first[256])
{
	struct dirent **all;
	int n = scandir(directory, &all, NULL, alphasort), found = 0;

	first[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (all[i]->d_name[0] != '.' && !found++)
			snprintf(first, 256, "%s", all[i]->d_name);
		free(all[i]);
	}
	free(all);
	return found;
}

static void empty(void)
{
	char name[256], path[512];

	while (files(name)) {
		snprintf(path, sizeof(path), "%s/%s", directory, name);
		assert_int_equal(unlink(path), 0);
	}
}

static pcap_t *file_open(const char *name)
{
	char path[512], error[PCAP_ERRBUF_SIZE];
	pcap_t *p;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	assert_non_null(p);
	return p;
}

static void test_before_and_after(void **state)
{
	struct recorder *r = recorder_new(directory);
	struct pcap_pkthdr *h;
	const uint8_t *data;
	char name[256];
	pcap_t *p;

	(void)state;
	assert_non_null(r);
	for (int i = 0; i < 40; i++) { /* a second apart, the alert in the 20th */
		put(r, start + i * SECOND + 7, i, i == 15 ? 4000 : 100, i == 16 ? 5 : 0);
		if (i == 20)
			alert(r, start + i * SECOND + 7, "10.0.0.1 -> ../x");
	}
	recorder_free(r);
	assert_int_equal(files(name), 1);
	assert_string_equal(name, "alert-20231114T221340.000000-one-x-10.0.0.1_-__.._x.pcap");
	p = file_open(name);
	for (int i = 10; i <= 30; i++) {
		assert_int_equal(pcap_next_ex(p, &h, &data), 1);
		assert_true(h->ts.tv_sec == 1700000000 + i && h->ts.tv_usec == 7);
		assert_int_equal(data[0], i);
		assert_int_equal(h->caplen, i == 15 ? RECORDER_SNAPLEN : i == 16 ? 104 : 100);
		assert_int_equal(h->len, i == 15 ? 4000 : i == 16 ? 104 : 100);
		if (i == 16)
			assert_memory_equal(data + 11, "\x10\x81\0\0\x05\x10", 6);
	}
	assert_int_equal(pcap_next_ex(p, &h, &data), PCAP_ERROR_BREAK);
	pcap_close(p);
	empty();
}

static void test_bounded(void **state)
{
	struct recorder *r = recorder_new(directory);
	char name[256], path[512], subject[32];
	struct stat st;

	(void)state;
	for (int i = 0; i < 3 * RECORDER_OPEN; i++) { /* at once */
		snprintf(subject, sizeof(subject), "%d", i);
		alert(r, start, subject);
	}
	assert_int_equal(files(name), RECORDER_OPEN);
	for (int i = 0; i < 5000; i++)
		put(r, start + i, 0, 1000, 0);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, RECORDER_FILE / 2, RECORDER_FILE + 24);
	for (int i = 0; i < 2 * RECORDER_FILES; i++) /* one after another */
		alert(r, start + (20 + 11 * i) * SECOND, "later");
	assert_int_equal(files(name), RECORDER_FILES);
	assert_null(strstr(name, "T221320")); /* the oldest have gone */
	recorder_free(r);
	recorder_free(NULL);
	empty();
}

static void test_refused(void **state)
{
	char said[256];

	(void)state;
	assert_null(recorder_new("/nonexistent/directory"));
	log_last(said, sizeof(said));
	assert_non_null(strstr(said, "--alert-packets /nonexistent/directory: No such file"));
	assert_null(recorder_new("/dev/null"));
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_and_after),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
