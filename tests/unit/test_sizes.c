// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: without a file sizes are the documented defaults, which are also those of the sample
 * configuration; powers of two are rounded up; what is out of range becomes the nearest in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sizes.h"

static struct sizes sizes_of(const char *text)
{
	char path[] = "/tmp/xdplens-sizes-XXXXXX";
	int fd = mkstemp(path);
	struct config *c;
	struct sizes s;

	assert_true(fd >= 0 && dprintf(fd, "%s", text) >= 0);
	close(fd);
	c = config_new(path);
	unlink(path);
	assert_non_null(c);
	sizes_read(&s, c);
	config_free(c);
	return s;
}

static void assert_default(struct config *c)
{
	struct sizes s;

	assert_non_null(c);
	sizes_read(&s, c);
	assert_int_equal(s.flow_slots, 4096);
	assert_int_equal(s.ring_bytes, 8 << 20);
	assert_int_equal(s.flows, 1 << 20);
	assert_int_equal(s.dns_pending, 65536);
	assert_int_equal(s.dns_names, 65536);
	config_free(c);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_default(config_new(NULL));
	assert_default(config_new("user/detect/xdplens.ini"));
}

static void test_powers_of_two(void **state)
{
	struct sizes s = sizes_of("[sizes]\nflow_slots = 1000\nring_mb = 3\nflows = 1000\n");

	(void)state;
	assert_int_equal(s.flow_slots, 1024);
	assert_int_equal(s.ring_bytes, 4 << 20);
	assert_int_equal(s.flows, 1000);
}

static void test_bounds(void **state)
{
	struct sizes low = sizes_of("[sizes]\nflow_slots = 0\nring_mb = 0\nflows = 0\n"),
		     high = sizes_of("[sizes]\nflow_slots = 1e300\nring_mb = 99999999999\n"
				     "flows = 1e18\ndns_pending = 1e18\ndns_names = 1e18\n");

	(void)state;
	assert_int_equal(low.flow_slots, 256);
	assert_int_equal(low.ring_bytes, 1 << 20);
	assert_int_equal(low.flows, 64);
	assert_int_equal(high.flow_slots, 1 << 20);
	assert_int_equal(high.ring_bytes, 1 << 30);
	assert_int_equal(high.flows, 1 << 28);
	assert_int_equal(high.dns_pending, 1 << 24);
	assert_int_equal(high.dns_names, 1 << 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_powers_of_two),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
