/*
 * test_host.c - what of the machine is near its end, as a table of machines.
 */
#include "runtime/diagnose/host.h"

#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define GIB (INT64_C(1) << 30)
#define AT(field) offsetof(struct host, field)

static const struct host well = {
	.fds = 50,
	.fds_max = 65536,
	.files = 1000,
	.files_max = 100000,
	.pids = 30,
	.pids_max = 4096,
	.tasks = 400,
	.tasks_max = 32768,
	.memory_bytes = 16 * GIB,
	.memory_free_bytes = 8 * GIB,
	.conntrack = 10,
	.conntrack_max = 65536,
	.ports = 28232,
	.watchers_max = 128,
	.can_watch = true,
	.clock_synchronised = 1,
};

static const struct { /* all is well, but for one number */
	const char *what;
	size_t at;
	int64_t value;
	enum check check;
	enum finding_level level;
	const char *saw; /* a part of it */
} machines[] = {
	{ "all is well", AT(fds), 50, CHECK_DESCRIPTORS, FINDING_FINE, "50 of 65536 open" },
	{ "few allowed", AT(fds_max), 1024, CHECK_DESCRIPTORS, FINDING_WARNING, "of 1024" },
	{ "[M03] many open", AT(fds), 60000, CHECK_DESCRIPTORS, FINDING_WARNING, "60000" },
	{ "[M03] all open", AT(fds), 65536, CHECK_DESCRIPTORS, FINDING_FAILED, "65536" },
	{ "of the machine", AT(files), 99999, CHECK_DESCRIPTORS, FINDING_FAILED,
	    "99999 of 100000 on this machine" },
	{ "any number", AT(pids_max), -1, CHECK_PROCESSES, FINDING_FINE, "30 of any number" },
	{ "its group is full", AT(pids), 4096, CHECK_PROCESSES, FINDING_FAILED, "4096 of 4096" },
	{ "the machine is", AT(tasks), 31000, CHECK_PROCESSES, FINDING_WARNING, "31000" },
	{ "not told", AT(tasks), -1, CHECK_PROCESSES, FINDING_FINE, "control group" },
	{ "[M10] memory is short", AT(memory_free_bytes), GIB / 2, CHECK_MEMORY, FINDING_WARNING,
	    "512 MiB of 16 GiB" },
	{ "few watchers", AT(watchers_max), 8, CHECK_INOTIFY, FINDING_WARNING, "8 instances" },
	{ "[M11] connections", AT(conntrack), 65000, CHECK_CONNECTIONS, FINDING_FAILED, "65000" },
	{ "[M11] few ports", AT(ports), 100, CHECK_CONNECTIONS, FINDING_WARNING, "100 local" },
	{ "no table of them", AT(conntrack), -1, CHECK_CONNECTIONS, FINDING_FINE, "28232 local" },
};

static const char *const level_words[] = { "fine", "warning", "failed" };

static const cJSON *
finding_of(const cJSON *doctor, enum check check)
{
	const cJSON *one;

	json_for_each(one, json_get(doctor, "checks"))
		if (str_eq(json_str(one, "name"), check_name(check)))
			return one;
	return NULL;
}

static void
expect(struct findings *f, enum check check, enum finding_level level, const char *saw)
{
	_cleanup_json_ cJSON *doctor = findings_take(f);
	const cJSON *one = finding_of(doctor, check);

	ck_assert_ptr_nonnull(one);
	ck_assert_str_eq(json_str(one, "level"), level_words[level]);
	ck_assert_int_eq(json_bool(one, "ok", false), level != FINDING_FAILED);
	ck_assert_int_eq(json_str(one, "fix") != NULL, level != FINDING_FINE);
	ck_assert(str_starts(json_str(one, "docs"), "/docs/runbook#"));
	if (strstr(json_str(one, "saw"), saw) == NULL)
		ck_abort_msg("'%s' is not in '%s'", saw, json_str(one, "saw"));
}

START_TEST(test_machines)
{
	struct host h = well;
	struct findings f = { 0 };

	memcpy((char *)&h + machines[_i].at, &machines[_i].value, sizeof(int64_t));
	host_judge(&h, &f);
	expect(&f, machines[_i].check, machines[_i].level, machines[_i].saw);
}
END_TEST

START_TEST(test_no_watcher)
{
	struct host h = well;
	struct findings f = { 0 };

	h.can_watch = false;
	host_judge(&h, &f);
	expect(&f, CHECK_INOTIFY, FINDING_FAILED, "cannot be started");
}
END_TEST

static const struct {
	const char *what;
	int synchronised;
	int64_t jump_ms, engine_ms;
	enum finding_level level;
	const char *saw;
} clocks[] = {
	{ "right", 1, 0, 0, FINDING_FINE, "the same" },
	{ "slewed", 1, 1500, 0, FINDING_FINE, "kept by NTP" },
	{ "nobody keeps it", 0, 0, 0, FINDING_WARNING, "not kept by NTP" },
	{ "nobody says", -1, 0, CLOCK_NO_ENGINE, FINDING_FINE, "not known" },
	{ "[I10] set forward", 1, 3600000, 0, FINDING_WARNING, "1h ahead of where it would be" },
	{ "[I10] set back", 1, -90000, 0, FINDING_WARNING, "1m30s behind of where" },
	{ "the engine's differs", 1, 0, 5000, FINDING_WARNING, "engine's clock is 5s ahead" },
	{ "very much", 1, 0, -86400000, FINDING_FAILED, "1d behind" },
};

START_TEST(test_clocks)
{
	const struct host h = { .clock_synchronised = clocks[_i].synchronised };
	const struct clock_pair since = { 1000000000, 5000 };
	const struct clock_pair now = { 1000600000 + clocks[_i].jump_ms, 605000 };
	struct findings f = { 0 };

	host_judge_clock(&h, &since, &now, clocks[_i].engine_ms, &f);
	expect(&f, CHECK_CLOCK, clocks[_i].level, clocks[_i].saw);
}
END_TEST

static void
put(const char *root, const char *path, const char *text)
{
	_cleanup_free_ char *whole = str_printf("%s%s", root, path), *dir = str_dup(whole);

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(file_mkdirs(dir, 0755, NULL), 0);
	ck_assert_int_eq(file_write(whole, text, strlen(text), 0644, NULL), 0);
}

START_TEST(test_look)
{
	char root[] = "/tmp/test_host.XXXXXX";
	struct host h;

	ck_assert_ptr_nonnull(mkdtemp(root));
	put(root, "/proc/sys/fs/file-nr", "1024\t0\t9223372036854775807\n");
	put(root, "/proc/self/cgroup", "12:pids:/old\n0::/system.slice/janusd.service\n");
	put(root, "/sys/fs/cgroup/system.slice/janusd.service/pids.current", "17\n");
	put(root, "/sys/fs/cgroup/system.slice/janusd.service/pids.max", "max\n");
	put(root, "/proc/loadavg", "0.10 0.20 0.30 2/345 6789\n");
	put(root, "/proc/sys/kernel/threads-max", "5000\n");
	put(root, "/proc/sys/kernel/pid_max", "4000\n");
	put(root, "/proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   500 kB\n");
	put(root, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
	host_look(root, &h);
	ck_assert_int_eq(h.files, 1024);
	ck_assert_int_eq(h.files_max, INT64_MAX);
	ck_assert_int_eq(h.pids, 17);
	ck_assert_int_eq(h.pids_max, -1);
	ck_assert_int_eq(h.tasks, 345);
	ck_assert_int_eq(h.tasks_max, 4000);
	ck_assert_int_eq(h.memory_free_bytes, 500 * 1024);
	ck_assert_int_eq(h.conntrack, -1);
	ck_assert_int_eq(h.ports, 28232);
	ck_assert_int_eq(file_remove_tree(root, NULL), 0);
	host_look("", &h); /* the machine that this runs on */
	ck_assert_int_gt(h.fds, 2);
	ck_assert_int_gt(h.tasks, 0);
	ck_assert_int_gt(h.memory_bytes, h.memory_free_bytes);
}
END_TEST

START_TEST(test_disk)
{
	struct findings f = { 0 };

	host_judge_disk(CHECK_DISK, "/nowhere/at/all", &f);
	expect(&f, CHECK_DISK, FINDING_FAILED, "/nowhere/at/all");
	host_judge_disk(CHECK_DISK, "/proc", &f); /* says no size: no matter */
	expect(&f, CHECK_DISK, FINDING_FINE, "/proc");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("host");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_machines, 0, ARRAY_LEN(machines));
	tcase_add_test(all, test_no_watcher);
	tcase_add_loop_test(all, test_clocks, 0, ARRAY_LEN(clocks));
	tcase_add_test(all, test_look);
	tcase_add_test(all, test_disk);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
