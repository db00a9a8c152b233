/*
 * test_work.c - starts, pulls, and processor time that only ever grows.
 */
#include "controlplane/observe/work.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
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

static const struct {
	const char *name, *suite, *state, *result;
	int64_t told_ms;
	bool is_work;
	int64_t duration_ms, tail_ms;
	double quality; /* -1: none */
	const char *why;
} items[] = {
#define BEGAN "{\"started_at\":\"2026-11-23T04:00:00.000Z\""
#define TOLD_MS INT64_C(1795406402500) /* 2.5 s later */
	{ "whole", "public/dev", "passed",
	    BEGAN
	    ",\"measured\":{\"duration_ms\":1500},\"scores\":{\"quality\":87.5},\"why\":\"so\"}",
	    TOLD_MS, true, 2500, 1000, 87.5, "so" },
	{ "of a private suite", "private/dev", "failed",
	    BEGAN ",\"measured\":{\"duration_ms\":1500},\"scores\":{\"quality\":0},\"why\":\"so\"}",
	    TOLD_MS, true, 2500, 1000, 0, "" },
	{ "not measured", "public/dev", "error",
	    BEGAN ",\"scores\":{\"quality\":null},\"why\":null}", TOLD_MS, true, 2500, 0, -1, "" },
	{ "after the platform had started it", "public/dev", "passed",
	    BEGAN ",\"measured\":{\"duration_ms\":500},\"platform_ms\":1250}", TOLD_MS, true, 2500,
	    750, -1, "" },
	{ "longer than it took", "public/dev", "passed",
	    BEGAN ",\"measured\":{\"duration_ms\":9e9}}", TOLD_MS, true, 2500, 0, -1, "" },
	{ "a clock set back", "public/dev", "passed", BEGAN "}", TOLD_MS - 3000, false, 0, 0, 0,
	    "" },
	{ "without a beginning", "public/dev", "passed", "{}", TOLD_MS, false, 0, 0, 0, "" },
	{ "an odd beginning", "public/dev", "passed", "{\"started_at\":\"soon\"}", TOLD_MS, false,
	    0, 0, 0, "" },
	{ "no object", "public/dev", "passed", "[]", TOLD_MS, false, 0, 0, 0, "" },
};

START_TEST(test_items)
{
	struct run run = { .id = "run_1", .slug = "owl" };
	char result[300];
	struct run_item item = { .item = "chat-08", .result = result, .at_ms = items[_i].told_ms };
	struct work_record w;

	str_copy(run.suite, sizeof(run.suite), items[_i].suite);
	str_copy(item.state, sizeof(item.state), items[_i].state);
	str_copy(result, sizeof(result), items[_i].result);
	ck_assert_msg(work_of_item(&w, &run, &item) == items[_i].is_work, "%s", items[_i].name);
	if (!items[_i].is_work)
		return;
	ck_assert_msg(w.duration_ms == items[_i].duration_ms && w.tail_ms == items[_i].tail_ms,
	    "%s: %lld %lld", items[_i].name, (long long)w.duration_ms, (long long)w.tail_ms);
	ck_assert_msg(items[_i].quality < 0 ? isnan(w.quality) : w.quality == items[_i].quality,
	    "%s: %g", items[_i].name, w.quality);
	ck_assert_int_eq(w.ok, strcmp(items[_i].state, "error") != 0);
	ck_assert_str_eq(w.why, items[_i].why);
	ck_assert_str_eq(w.item, "chat-08");
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
	tcase_add_loop_test(tc, test_items, 0, ARRAY_LEN(items));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
