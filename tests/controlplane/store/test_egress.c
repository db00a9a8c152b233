/*
 * test_egress.c - rows of calls: written behind everybody's back, found again by what they are.
 */
#include "controlplane/store/egress.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

struct found {
	int n;
	struct egress_row first, last;
};

static void
on_row(const struct egress_row *row, void *arg)
{
	struct found *f = arg;

	if (f->n++ == 0)
		f->first = *row;
	f->last = *row;
}

static struct found
find(struct store *s, struct egress_query wanted)
{
	struct found f = { 0 };
	struct error err = { 0 };

	if (wanted.limit == 0)
		wanted.limit = 1000;
	ck_assert_msg(store_egress(s, &wanted, on_row, &f, &err) == 0, "%s", err.text);
	return f;
}

START_TEST(test_rows) /* [I12] text of all kinds comes back as it went in */
{
	static const char odd[] = "'\";--%\xc3\xa9";
	struct egress_row row = { .status = 403,
		.calls = 2,
		.cost_micro_usd = -1,
		.at_ms = 5,
		.duration_ms = 1,
		.bytes_in = 2,
		.bytes_out = 3,
		.prompt_tokens = 4,
		.completion_tokens = 5,
		.sandbox_ms = 6 };
	char dir[] = "/tmp/janus-egress-XXXXXX";
	struct loop *loop = loop_new(NULL);
	struct error err = { 0 };

	log_set_levels("error");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct store *s = store_open(dir, loop, &err);
	ck_assert_msg(s != NULL, "%s", err.text);
	for (int i = 0; i < 100; i++) {
		snprintf(row.id, sizeof(row.id), "egr_%03d", i);
		snprintf(row.competitor, sizeof(row.competitor), "c%d", i % 3);
		snprintf(row.instance_id, sizeof(row.instance_id), "ins_%d", i % 2);
		snprintf(
		    row.request_id, sizeof(row.request_id), "%s", i % 10 == 0 ? "chat-0001" : "");
		snprintf(row.service, sizeof(row.service), "%s", i % 4 == 0 ? "web" : "search");
		snprintf(
		    row.decision, sizeof(row.decision), "%s", i % 5 == 0 ? "denied" : "allowed");
		snprintf(row.target, sizeof(row.target), "%s", odd);
		store_add_egress(s, &row);
	}
	store_close(s); /* writes what is queued */
	s = store_open(dir, loop, &err);
	ck_assert_int_eq(find(s, (struct egress_query){ 0 }).n, 100);
	ck_assert_int_eq(find(s, (struct egress_query){ .competitor = "c0" }).n, 34);
	ck_assert_int_eq(find(s, (struct egress_query){ .decision = "denied" }).n, 20);
	ck_assert_int_eq(find(s, (struct egress_query){ .service = "web" }).n, 25);
	ck_assert_int_eq(find(s, (struct egress_query){ .request_id = "chat-0001" }).n, 10);
	ck_assert_int_eq(
	    find(s, (struct egress_query){ .competitor = "c0", .decision = "denied", .limit = 3 })
		.n,
	    3);
	struct found f = find(s, (struct egress_query){ .after = "egr_050", .limit = 2 });
	ck_assert_int_eq(f.n, 2);
	ck_assert_str_eq(f.first.id, "egr_049"); /* newest first */
	ck_assert_str_eq(f.first.target, odd);
	ck_assert_int_eq(f.first.cost_micro_usd, -1);
	ck_assert_int_eq(f.first.sandbox_ms, 6);
	/* Of one chat: at its instance alone, in order. */
	f = find(s, (struct egress_query){ .request_id = "chat-0001", .instance_id = "ins_0" });
	ck_assert_int_eq(f.n, 10);
	ck_assert_str_eq(f.first.id, "egr_000");
	ck_assert_int_eq(
	    find(s, (struct egress_query){ .request_id = "chat-0001", .instance_id = "ins_1" }).n,
	    0);
	ck_assert_int_eq(
	    find(s, (struct egress_query){ .request_id = "", .instance_id = "ins_1" }).n,
	    0); /* what was nobody's is no chat's */
	store_close(s);
	loop_free(loop);
	file_remove_tree(dir, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("egress");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_rows);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
