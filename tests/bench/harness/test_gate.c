/*
 * test_gate.c - bench/gate.c and bench/live.c: what must hold, and what is shown meanwhile.
 */
#include "bench/gate.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/live.h"
#include "bench/run.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "tests/run.h"

static const struct {
	const char *text;
	int rc;
	bool holds; /* of composite 60, quality 55.5, and no modality */
} gates[] = {
	{ "score>=60", 0, true },
	{ "score>60", 0, false },
	{ "composite>=60.1", 0, false },
	{ "quality>=55.5", 0, true },
	{ "quality>0", 0, true },
	{ "modality>=0", 0, false },
	{ "score>=", -1, false },
	{ "score=60", -1, false },
	{ "score<60", -1, false },
	{ ">=60", -1, false },
	{ "speed>=101", -1, false },
	{ "speed>=-1", -1, false },
	{ "speed>=nan", -1, false },
	{ "taste>=1", -1, false },
	{ "score>=60x", -1, false },
	{ "", -1, false },
};

START_TEST(holding)
{
	static const char text[] = "{\"scores\":{\"composite\":{\"value\":60},\"quality\":{"
				   "\"value\":55.5},\"modality\":null}}";
	_cleanup_json_ cJSON *manifest = NULL;
	struct error err = { 0 };
	struct gate g;
	double seen;

	ck_assert_int_eq(json_parse(text, sizeof(text) - 1, &manifest, NULL), 0);
	ck_assert_msg(gate_parse(gates[_i].text, &g, &err) == gates[_i].rc, "%s", gates[_i].text);
	if (gates[_i].rc == 0)
		ck_assert_msg(gate_holds(&g, manifest, &seen) == gates[_i].holds, "%s: %f",
		    gates[_i].text, seen);
	else
		ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(progress)
{
	const struct run_progress p = { .done = 45,
		.total = 90,
		.item = "dev-\033[2Jchat",
		.score = 61.44,
		.eta_ms = 45000,
		.excluded = 1 };
	const struct run_progress first = { .total = 90, .item = "", .eta_ms = -1 };
	_cleanup_buf_ struct buf line = { 0 }, narrow = { 0 }, begin = { 0 };

	live_format(&line, 200, &p);
	ck_assert_str_eq(buf_str(&line),
	    "[##########..........] 45/90  dev-\\x1b[2Jchat  1.0/s  ETA 45s  score 61.4  left out "
	    "1");
	live_format(&narrow, 30, &p);
	ck_assert_uint_le(narrow.len, 32); /* the ellipsis has three bytes */
	live_format(&begin, 200, &first);
	ck_assert_str_eq(buf_str(&begin), "[....................] 0/90    score 0.0");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");

	tcase_add_loop_test(t, holding, 0, ARRAY_LEN(gates));
	tcase_add_test(t, progress);
	suite_add_tcase(s, t);

	return run_suite(s);
}
