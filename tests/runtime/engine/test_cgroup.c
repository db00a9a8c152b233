/*
 * test_cgroup.c - both kinds of cgroups, and processes that are none of the container's.
 */
#include "runtime/engine/cgroup.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char root[64];

static void
setup(void)
{
	snprintf(root, sizeof(root), "/tmp/test_cgroup.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void
teardown(void)
{
	file_remove_tree(root, NULL);
}

static void
put(const char *path, const char *text)
{
	_cleanup_free_ char *whole = str_printf("%s%s", root, path), *dir = str_dup(whole);

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(file_mkdirs(dir, 0755, NULL), 0);
	ck_assert_int_eq(file_write(whole, text, strlen(text), 0644, NULL), 0);
}

START_TEST(test_v1)
{
	struct cgroup_usage u;

	put("/proc/7/cgroup",
	    "12:pids:/docker/c0ffee\n9:memory:/docker/c0ffee\n4:cpu,cpuacct:/docker/c0ffee\n"
	    "1:name=systemd:/docker/c0ffee\n0::/system.slice/docker.service\n");
	put("/sys/fs/cgroup/cpuacct/docker/c0ffee/cpuacct.usage", "2500000\n");
	put("/sys/fs/cgroup/memory/docker/c0ffee/memory.usage_in_bytes", "1000\n");
	put("/sys/fs/cgroup/memory/docker/c0ffee/memory.stat",
	    "cache 5\nxtotal_inactive_file 7\ntotal_inactive_file 300\n");
	ck_assert_int_eq(cgroup_read(root, 7, "c0ffee", &u, NULL), 0);
	ck_assert_uint_eq(u.cpu_us, 2500);
	ck_assert_uint_eq(u.memory_bytes, 700);
}
END_TEST

START_TEST(test_v2)
{
	struct cgroup_usage u;

	put("/proc/7/cgroup", "0::/system.slice/docker-c0ffee.scope\n");
	put("/sys/fs/cgroup/system.slice/docker-c0ffee.scope/cpu.stat",
	    "nr_periods 1\nusage_usec 77\nuser_usec 5\n");
	put("/sys/fs/cgroup/system.slice/docker-c0ffee.scope/memory.current", "4096\n");
	ck_assert_int_eq(cgroup_read(root, 7, "c0ffee", &u, NULL), 0);
	ck_assert_uint_eq(u.cpu_us, 77);
	ck_assert_uint_eq(u.memory_bytes, 4096);
}
END_TEST

START_TEST(test_refused)
{
	static const char *const tables[] = { "", "0::", "nonsense\n", "0::/other\n", "0::/c0ffee",
		"3:memory:/c0ffee\n4:cpuacct:/c0ffee\n" };
	struct cgroup_usage u;
	struct error err = { 0 };

	ck_assert_int_eq(cgroup_read(root, 7, "c0ffee", &u, &err), -1);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		put("/proc/7/cgroup", tables[i]);
		ck_assert_int_eq(cgroup_read(root, 7, "c0ffee", &u, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	}
	ck_assert_int_eq(cgroup_read(root, 0, "c0ffee", &u, &err), -1);
	put("/proc/7/cgroup", "0::/c0ffee\n");
	put("/sys/fs/cgroup/c0ffee/cpu.stat", "user_usec 5\n");
	ck_assert_int_eq(cgroup_read(root, 7, "c0ffee", &u, &err), -1);
	ck_assert_int_eq(cgroup_read(root, 7, "", &u, &err), -1);
}
END_TEST

START_TEST(test_oom_kills)
{
	put("/proc/7/cgroup",
	    "9:memory:/libpod_parent/libpod-c0ffee\n0::/libpod_parent/libpod-c0ffee\n");
	ck_assert_uint_eq(cgroup_oom_kills(root, 7, "c0ffee"), 0);
	put("/sys/fs/cgroup/memory/libpod_parent/libpod-c0ffee/memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	ck_assert_uint_eq(cgroup_oom_kills(root, 7, "c0ffee"), 3);
	ck_assert_uint_eq(cgroup_oom_kills(root, 7, "decaf"), 0);
	ck_assert_uint_eq(cgroup_oom_kills(root, 8, "c0ffee"), 0);
	put("/proc/9/cgroup", "0::/machine.slice/libpod-c0ffee.scope\n");
	put("/sys/fs/cgroup/machine.slice/libpod-c0ffee.scope/memory.events",
	    "low 0\nhigh 0\nmax 41\noom 2\noom_kill 1\noom_group_kill 0\n");
	ck_assert_uint_eq(cgroup_oom_kills(root, 9, "c0ffee"), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_v1);
	tcase_add_test(tc, test_v2);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_oom_kills);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
