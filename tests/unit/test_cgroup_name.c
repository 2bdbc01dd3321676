// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: control groups of systemd, Docker, containerd, CRI-O, Podman, LXC and Kubernetes, in
 * both of their spellings, become the short names by which their users know them; whatever the path
 * is, the name is bounded, printable and never read beyond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/cgroup_name.h"

#define ID "4f0c2d8e9b7a61530fedcba98765432100112233445566778899aabbccddeeff"
#define UID "0b6f3a52-7a0e-4f0b-9d7c-1f6f1c9d2e11"
#define UID_ "0b6f3a52_7a0e_4f0b_9d7c_1f6f1c9d2e11"

static const struct {
	const char *path, *name;
} rows[] = {
	{"/", ""},
	{"", ""},
	{"/system.slice/nginx.service", "nginx.service"},
	{"/system.slice/nginx.service/worker", "nginx.service"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-2211.scope",
	 "app-gnome-firefox-2211.scope"},
	{"/user.slice/user-0.slice/session-3.scope", "session-3.scope"},
	{"/init.scope", "init.scope"},
	{"/system.slice/docker-" ID ".scope", "docker:4f0c2d8e9b7a"},
	{"/docker/" ID, "docker:4f0c2d8e9b7a"},
	{"/system.slice/docker-" ID ".scope/init", "docker:4f0c2d8e9b7a"},
	{"/machine.slice/libpod-" ID ".scope/container", "podman:4f0c2d8e9b7a"},
	{"/system.slice/nerdctl-" ID ".scope", "nerdctl:4f0c2d8e9b7a"},
	{"/lxc.payload.web1/system.slice", "lxc:web1"},
	{"/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn@web.service"},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/cri-containerd-" ID ".scope",
	 "pod:" UID "/4f0c2d8e9b7a"},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope",
	 "pod:" UID "/4f0c2d8e9b7a"},
	{"/kubepods/besteffort/pod" UID "/" ID, "pod:" UID "/4f0c2d8e9b7a"},
	{"/kubepods/besteffort/pod" UID, "pod:" UID},
	{"/podman", "podman"},
	{"/a/b/mine", "mine"},
	{"//a//", "a"},
	{"/docker-short.scope", "docker-short.scope"},
	{"/evil\x1b[2J", "evil\\x1b[2J"},
};

static void test_rows(void **state)
{
	char name[OWNER_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cgroup_name(name, rows[i].path);
		assert_string_equal(name, rows[i].name);
	}
}

/* Every path cut at every length, in memory that ends with it. */
static void test_cut(void **state)
{
	char name[OWNER_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 0; n <= strlen(rows[i].path); n++) {
			char *path = strndup(rows[i].path, n);

			memset(name, 'x', sizeof(name));
			cgroup_name(name, path);
			assert_non_null(memchr(name, 0, sizeof(name)));
			free(path);
		}
	}
}

static void test_long(void **state)
{
	char name[OWNER_LEN], path[5000];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	cgroup_name(name, path);
	assert_true(strlen(name) < OWNER_LEN);
	memcpy(path, "/lxc.payload.", 13);
	cgroup_name(name, path);
	assert_true(strlen(name) < OWNER_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
