/*
 * test_work.c - starts, pulls, and processor time that only ever grows.
 */
#include "controlplane/observe/work.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

static void
check_line(struct works *w, const char *line)
{
	_cleanup_buf_ struct buf out = { 0 };

	works_metrics(w, &out);
	ck_assert_msg(strstr(buf_str(&out), line) != NULL, "no '%s' in:\n%s", line, out.data);
}

START_TEST(test_counts)
{
	struct works w;
	struct work_record start = {
		.kind = WORK_START, .competitor = "owl", .ok = true, .duration_ms = 3000
	};
	struct work_record pull = {
		.kind = WORK_PULL, .ok = true, .duration_ms = 700, .bytes = 12345
	};

	works_init(&w);
	check_line(&w, "janus_image_pull_bytes_total{result=\"ok\"} 0\n");
	works_add(&w, &start);
	start.ok = false;
	works_add(&w, &start);
	works_add(&w, &start);
	works_add(&w, &pull);
	check_line(&w, "janus_instance_starts_total{competitor=\"owl\",result=\"failed\"} 2\n");
	check_line(&w, "janus_instance_starts_total{competitor=\"owl\",result=\"ok\"} 1\n");
	check_line(&w, "janus_instance_start_seconds_sum{competitor=\"owl\"} 3.000000\n");
	check_line(&w, "janus_image_pull_seconds_count{result=\"ok\"} 1\n");
	check_line(&w, "janus_image_pull_bytes_total{result=\"ok\"} 12345\n");
	works_done(&w);
}
END_TEST

START_TEST(test_used)
{
	struct works w;

	works_init(&w);
	works_look(&w);
	works_used(&w, "owl", "ins_1", 1000000, 100);
	works_used(&w, "owl", "ins_2", 2000000, 200);
	check_line(&w, "janus_instance_cpu_seconds_total{competitor=\"owl\"} 3\n");
	check_line(&w, "janus_instance_memory_bytes{competitor=\"owl\"} 300\n");
	works_look(&w); /* the second is gone: its time stays, its memory does not */
	works_used(&w, "owl", "ins_1", 1500000, 150);
	check_line(&w, "janus_instance_cpu_seconds_total{competitor=\"owl\"} 3.5\n");
	check_line(&w, "janus_instance_memory_bytes{competitor=\"owl\"} 150\n");
	works_look(&w); /* it was restarted and counts from zero */
	works_used(&w, "owl", "ins_1", 250000, 10);
	check_line(&w, "janus_instance_cpu_seconds_total{competitor=\"owl\"} 3.75\n");
	works_look(&w);
	check_line(&w, "janus_instance_memory_bytes{competitor=\"owl\"} 0\n");
	ck_assert_uint_eq(w.instances.len, 1);
	works_look(&w);
	ck_assert_uint_eq(w.instances.len, 0);
	works_done(&w);
}
END_TEST

START_TEST(test_standing)
{
	static const struct work_standing all[] = { { "owl", INSTANCE_READY },
		{ "owl", INSTANCE_READY }, { "fox", INSTANCE_STARTING } };
	struct works w;

	works_init(&w);
	works_stand(&w, all, ARRAY_LEN(all));
	check_line(&w, "janus_instances{competitor=\"owl\",state=\"ready\"} 2\n");
	check_line(&w, "janus_instances{competitor=\"owl\",state=\"starting\"} 0\n");
	check_line(&w, "janus_instances{competitor=\"fox\",state=\"starting\"} 1\n");
	works_stand(&w, all, 1);
	check_line(&w, "janus_instances{competitor=\"owl\",state=\"ready\"} 1\n");
	check_line(&w, "janus_instances{competitor=\"fox\",state=\"starting\"} 0\n");
	works_done(&w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("work");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_counts);
	tcase_add_test(tc, test_used);
	tcase_add_test(tc, test_standing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
