/*
 * test_judge.c - what counts against a competitor, and what does not.
 */
#include "controlplane/gateway/judge.h"

#include <check.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct ending {
	enum wire_code code;
	int status;
	enum breaker_result says;
} endings[] = {
	{ CODE_NONE, 200, BREAKER_GOOD },
	{ CODE_UPSTREAM_CONNECT_FAILED, 0, BREAKER_BAD },
	{ CODE_UPSTREAM_TIMEOUT_CONNECT, 0, BREAKER_BAD },
	{ CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, 0, BREAKER_BAD },
	{ CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, 200, BREAKER_BAD },
	{ CODE_UPSTREAM_TIMEOUT_GAP, 200, BREAKER_BAD },
	{ CODE_UPSTREAM_TIMEOUT_TOTAL, 200, BREAKER_BAD },
	{ CODE_UPSTREAM_DIED, 200, BREAKER_BAD },
	{ CODE_UPSTREAM_ERROR_FRAME, 200, BREAKER_BAD },
	{ CODE_UPSTREAM_BAD_RESPONSE, 0, BREAKER_BAD },
	{ CODE_UPSTREAM_BAD_RESPONSE, 500, BREAKER_BAD },
	{ CODE_UPSTREAM_BAD_RESPONSE, 302, BREAKER_BAD },
	{ CODE_NO_READY_COMPETITOR, 503, BREAKER_BAD },
	{ CODE_RATE_LIMIT, 429, BREAKER_BAD },
	{ CODE_BAD_REQUEST, 400, BREAKER_NEUTRAL },
	{ CODE_UPSTREAM_BAD_RESPONSE, 404, BREAKER_NEUTRAL },
	{ CODE_PAYLOAD_TOO_LARGE, 413, BREAKER_NEUTRAL },
	{ CODE_UNPROCESSABLE, 422, BREAKER_NEUTRAL },
	{ CODE_CLIENT_CLOSED, 0, BREAKER_NEUTRAL },
	{ CODE_INTERNAL, 0, BREAKER_NEUTRAL },
	{ CODE_CLIENT_CLOSED, 200, BREAKER_NEUTRAL },
	{ CODE_CLIENT_CLOSED, 500, BREAKER_NEUTRAL },
	{ CODE_INVALID_API_KEY, 200, BREAKER_NEUTRAL },
	{ CODE_DRAINING, 0, BREAKER_NEUTRAL },
};

START_TEST(test_endings)
{
	const struct ending *e = &endings[_i];

	ck_assert_msg(judge_attempt(e->code, e->status) == e->says, "%s, %d",
	    wire_code_info(e->code)->code, e->status);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("judge");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_endings, 0, (int)ARRAY_LEN(endings));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
