/*
 * test_verdict.c - bench/verdict.c: whose fault it was, and whether to ask again.
 */
#include "bench/verdict.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/attempt.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

enum {
	GO_ON = VERDICT_GO_ON,
	FAILED = VERDICT_FAILED,
	ERROR_ = VERDICT_ERROR,
	SKIPPED = VERDICT_SKIPPED
};

struct row {
	const char *name;
	enum wire_end end;
	int status;
	const char *fault, *code; /* of an error in the answer; code NULL: none */
	const char *record; /* fault in the platform's record; "": it has none; NULL: no record */
	bool is_janus, worked;
	int try;
	int64_t queue_ms;
	/* then */
	int what;
	const char *says; /* code */
	bool again, abort;
	int upstream_status; /* behind Janus: the competitor's own; 0: none came */
};

static const struct row rows[] = {
	{ "an answer", WIRE_COMPLETE, 200, "", NULL, NULL, false, false, 1, 0, GO_ON, "", false,
	    false, 0 },
	{ "an answer of Janus", WIRE_COMPLETE, 200, "", NULL, "", true, true, 1, 0, GO_ON, "",
	    false, false, 0 },
	/* what a target says of itself counts for nothing [G12] */
	{ "a target that blames the platform", WIRE_COMPLETE, 503, "platform", "draining", NULL,
	    false, true, 3, 0, FAILED, "bad_status", false, false, 0 },
	{ "a target behind Janus that blames the platform in its stream", WIRE_COMPLETE, 200,
	    "platform", "draining", "miner", true, true, 1, 0, FAILED, "recorded", false, false,
	    0 },
	{ "the same, and the record knows of no fault", WIRE_COMPLETE, 200, "platform", "draining",
	    "", true, true, 1, 0, FAILED, "draining", false, false, 0 },
	{ "an error in the stream", WIRE_COMPLETE, 200, "", "overloaded", NULL, false, true, 1, 0,
	    FAILED, "overloaded", false, false, 0 },
	/* Janus says whose it was */
	{ "the competitor's", WIRE_COMPLETE, 502, "miner", "upstream_died", NULL, true, true, 1, 0,
	    FAILED, "upstream_died", false, false, 0 },
	{ "the platform's", WIRE_COMPLETE, 503, "platform", "draining", NULL, true, true, 1, 0,
	    ERROR_, "draining", true, false, 0 },
	{ "the platform's, a third time", WIRE_COMPLETE, 503, "platform", "draining", NULL, true,
	    true, 3, 0, ERROR_, "draining", false, false, 0 },
	{ "a rate limit", WIRE_COMPLETE, 429, "client", "rate_limit_exceeded", NULL, true, true, 2,
	    0, ERROR_, "rate_limit_exceeded", true, false, 0 },
	/* the competitor refused it itself: nobody is excused by that [G12] */
	{ "its own 429", WIRE_COMPLETE, 429, "miner", "rate_limit_exceeded", "miner", true, true, 2,
	    0, ERROR_, "busy", true, false, 429 },
	{ "its own 429 for the third time", WIRE_COMPLETE, 429, "miner", "rate_limit_exceeded",
	    "miner", true, true, 3, 0, FAILED, "recorded", false, false, 429 },
	{ "its own 503, without a record", WIRE_COMPLETE, 503, "miner", "no_ready_competitor", NULL,
	    true, true, 3, 0, FAILED, "no_ready_competitor", false, false, 503 },
	{ "its own 422, of which an app would be told that its request is wrong", WIRE_COMPLETE,
	    422, "client", "unprocessable", "client", true, true, 1, 0, FAILED, "recorded", false,
	    false, 422 },
	{ "the same of a target that is no Janus", WIRE_COMPLETE, 422, "client", "unprocessable",
	    NULL, false, true, 1, 0, FAILED, "bad_status", false, false, 422 },
	{ "a 422 of Janus", WIRE_COMPLETE, 422, "client", "unprocessable", NULL, true, true, 1, 0,
	    ERROR_, "unprocessable", true, false, 0 },
	{ "no key", WIRE_COMPLETE, 401, "client", "invalid_api_key", NULL, true, false, 1, 0,
	    ERROR_, "invalid_api_key", false, true, 0 },
	{ "retired in the middle [J05]", WIRE_COMPLETE, 404, "client", "model_not_found", NULL,
	    true, true, 1, 0, ERROR_, "model_not_found", false, true, 0 },
	/* a status of a target that is no Janus */
	{ "500", WIRE_COMPLETE, 500, "", NULL, NULL, false, true, 1, 0, FAILED, "bad_status", false,
	    false, 0 },
	{ "429", WIRE_COMPLETE, 429, "", NULL, NULL, false, true, 1, 0, ERROR_, "busy", true, false,
	    0 },
	{ "429 for the third time", WIRE_COMPLETE, 429, "", NULL, NULL, false, true, 3, 0, FAILED,
	    "bad_status", false, false, 0 },
	{ "401 at once", WIRE_COMPLETE, 401, "", NULL, NULL, false, false, 1, 0, ERROR_, "denied",
	    false, true, 0 },
	{ "401 later", WIRE_COMPLETE, 401, "", NULL, NULL, false, true, 1, 0, FAILED, "bad_status",
	    false, false, 0 },
	/* the connection */
	{ "cut", WIRE_CUT, 200, "", NULL, NULL, false, true, 1, 0, FAILED, "cut", false, false, 0 },
	{ "cut, of Janus", WIRE_CUT, 200, "", NULL, NULL, true, true, 1, 0, ERROR_, "gateway_lost",
	    true, false, 0 },
	{ "not HTTP", WIRE_MALFORMED, 0, "", NULL, NULL, false, true, 1, 0, FAILED, "bad_response",
	    false, false, 0 },
	{ "down at once", WIRE_UNREACHABLE, 0, "", NULL, NULL, false, false, 1, 0, ERROR_,
	    "target_down", true, true, 0 },
	{ "down later", WIRE_UNREACHABLE, 0, "", NULL, NULL, false, true, 1, 0, ERROR_,
	    "target_down", true, false, 0 },
	{ "too late", WIRE_TIMEOUT, 200, "", NULL, NULL, true, true, 1, 100, FAILED, "timeout",
	    false, false, 0 },
	{ "waited in the platform's queue", WIRE_TIMEOUT, 200, "", NULL, NULL, true, true, 1, 6000,
	    ERROR_, "queued_too_long", true, false, 0 },
	{ "says it waited in a queue", WIRE_TIMEOUT, 200, "", NULL, NULL, false, true, 1, 6000,
	    FAILED, "timeout", false, false, 0 },
	{ "too large", WIRE_TOO_LARGE, 200, "", NULL, NULL, true, true, 1, 0, FAILED,
	    "answer_too_large", false, false, 0 },
	{ "stopped", WIRE_STOPPED, 0, "", NULL, NULL, false, true, 1, 0, SKIPPED, "cancelled",
	    false, false, 0 },
};

START_TEST(turns)
{
	const struct row *r = &rows[_i];
	struct turn_seen s = {
		.wire = { .end = r->end, .status = r->status, .queue_ms = r->queue_ms },
		.is_janus = r->is_janus,
		.worked_before = r->worked,
		.try = r->try,
		.timeout_ms = 10000
	};
	struct verdict v;

	s.error.found = r->code != NULL;
	str_copy(s.error.fault, sizeof(s.error.fault), r->fault);
	str_copy(s.error.code, sizeof(s.error.code), r->code);
	s.error.upstream_status = r->upstream_status;
	s.record.found = r->record != NULL;
	str_copy(s.record.fault, sizeof(s.record.fault), r->record);
	str_copy(s.record.code, sizeof(s.record.code), "recorded");
	verdict_of_turn(&s, &v);
	ck_assert_msg((int)v.what == r->what, "%s: %d", r->name, (int)v.what);
	ck_assert_msg(strcmp(v.code, r->says) == 0, "%s: %s", r->name, v.code);
	ck_assert_msg(v.again == r->again && v.abort == r->abort, "%s", r->name);
	if (v.what == VERDICT_FAILED)
		ck_assert_str_eq(v.fault, "miner");
}
END_TEST

START_TEST(waits)
{
	struct turn_seen s = {
		.wire = { .end = WIRE_UNREACHABLE }, .worked_before = true, .try = 1
	};
	struct verdict v;

	verdict_of_turn(&s, &v);
	ck_assert_int_eq(v.wait_ms, 1000);
	s.try = 2;
	verdict_of_turn(&s, &v);
	ck_assert_int_eq(v.wait_ms, 4000);
	s.wire.retry_after_s = 7;
	verdict_of_turn(&s, &v);
	ck_assert_int_eq(v.wait_ms, 7000);
	s.wire.retry_after_s = 3600; /* nobody waits that long for one item */
	verdict_of_turn(&s, &v);
	ck_assert_int_eq(v.wait_ms, 60000);
	ck_assert(v.of_target);
	verdict_of_platform("platform", "no_sandbox", "x", TRIES_MAX, &v);
	ck_assert(v.what == VERDICT_ERROR && !v.again && !v.of_target);
}
END_TEST

/* ---- the error in an answer ---- */

static const struct {
	const char *name;
	bool is_stream;
	const char *body, *fault, *code; /* code NULL: none is found */
	int upstream_status;
} bodies[] = {
	{ "an envelope", false,
	    "{\"error\":{\"message\":\"m\",\"code\":\"draining\",\"janus\":{\"fault\":\"platform\"}"
	    "}}",
	    "platform", "draining", 0 },
	{ "a competitor's refusal", false,
	    "{\"error\":{\"message\":\"m\",\"code\":\"unprocessable\",\"janus\":{\"fault\":"
	    "\"client\","
	    "\"details\":[{\"upstream_status\":422,\"upstream_message\":\"no\"}]}}}",
	    "client", "unprocessable", 422 },
	{ "somebody else's", false, "{\"error\":{\"message\":\"m\",\"code\":null}}", "", "", 0 },
	{ "a page", false, "<html>error</html>", "", NULL, 0 },
	{ "text that names it", false,
	    "{\"choices\":[{\"message\":{\"content\":\"\\\"error\\\"\"}}]}", "", NULL, 0 },
	{ "an event", true,
	    "data: {\"choices\":[]}\n\ndata: "
	    "{\"error\":{\"message\":\"m\",\"code\":\"upstream_died\","
	    "\"janus\":{\"fault\":\"miner\"}}}\n\ndata: [DONE]\n\n",
	    "miner", "upstream_died", 0 },
	{ "content that is such an event", true,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"content\":\"{\\\"error\\\":{\\\"code\\\":\\\"x\\\"}}\"}}]}"
	    "\n\n",
	    "", NULL, 0 },
	{ "error null", true, "data: {\"error\":null,\"choices\":[]}\n\n", "", NULL, 0 },
	{ "the first counts", true,
	    "data: {\"error\":{\"code\":\"a\"}}\n\ndata: {\"error\":{\"code\":\"b\"}}\n\n", "", "a",
	    0 },
};

START_TEST(errors_found)
{
	struct frame frames[8] = { 0 };
	struct attempt a = { .frames = frames };
	const struct wire_seen seen = { .is_stream = bodies[_i].is_stream };
	struct answer_error found;
	const char *body = bodies[_i].body;
	const size_t len = strlen(body), part = len / 7 + 1;

	/* in pieces, and one of another turn before it */
	frames[0] = (struct frame){ .turn = 0, .kind = FRAME_BODY };
	buf_add_str(&frames[0].bytes, "data: {\"error\":{\"code\":\"other\"}}\n\n");
	for (a.nframes = 1; (a.nframes - 1) * part < len; a.nframes++) {
		const size_t at = (a.nframes - 1) * part;

		frames[a.nframes] = (struct frame){ .turn = 1, .kind = FRAME_BODY };
		buf_add(&frames[a.nframes].bytes, body + at, at + part < len ? part : len - at);
	}
	answer_error_find(&a, 1, &seen, &found);
	ck_assert_msg(found.found == (bodies[_i].code != NULL), "%s", bodies[_i].name);
	ck_assert_str_eq(found.fault, bodies[_i].fault);
	ck_assert_int_eq(found.upstream_status, bodies[_i].upstream_status);
	ck_assert_str_eq(found.code, bodies[_i].code == NULL ? "" : bodies[_i].code);
	for (size_t i = 0; i < ARRAY_LEN(frames); i++)
		buf_done(&frames[i].bytes);
}
END_TEST

START_TEST(records)
{
	static const char text[] =
	    "{\"id\":\"req_1\",\"fault\":\"miner\",\"code\":\"upstream_died\",\"queue_ms\":12,"
	    "\"measured\":{\"cost_usd\":0.0012345,\"calls_of_unknown_price\":0}}";
	static const char unknown[] = "{\"id\":\"req_1\",\"fault\":null,\"measured\":{\"cost_usd\":"
				      "0.1,\"calls_of_unknown_price\":1}}";
	struct target_record r;

	target_record_parse(text, sizeof(text) - 1, &r);
	ck_assert(r.found);
	ck_assert_str_eq(r.fault, "miner");
	ck_assert_str_eq(r.code, "upstream_died");
	ck_assert_int_eq(r.queue_ms, 12);
	ck_assert_int_eq(r.cost_micro_usd, 1235);
	target_record_parse(unknown, sizeof(unknown) - 1, &r);
	ck_assert(r.found && r.fault[0] == '\0' && r.cost_micro_usd == -1);
	target_record_parse("[]", 2, &r);
	ck_assert(!r.found && r.cost_micro_usd == -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verdict");
	TCase *t = tcase_create("verdict");

	tcase_add_loop_test(t, turns, 0, ARRAY_LEN(rows));
	tcase_add_test(t, waits);
	tcase_add_loop_test(t, errors_found, 0, ARRAY_LEN(bodies));
	tcase_add_test(t, records);
	suite_add_tcase(s, t);

	return run_suite(s);
}
