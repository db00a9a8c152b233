/*
 * test_call.c - the life of a call between its two sides.
 */
#include "controlplane/api/call.h"

#include <check.h>
#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

static bool seen;

/* It answers, its answer is delivered at once, and it still looks at what it was asked. */
static void
answers_first(struct api_call *c)
{
	reply_empty(c, 204);
	loop_run_posted(c->owner);
	seen = json_bool(c->json, "asked", false);
}

START_TEST(test_answered) /* a handler may look at a call that it has answered */
{
	struct error err = { 0 };
	struct loop *owner = loop_new(&err);
	struct api *api = api_new(&(struct api_deps){ 0 });
	struct api_call *c = mem_zalloc(sizeof(*c));

	ck_assert_ptr_nonnull(owner);
	*c = (struct api_call){ .api = api,
		.owner = owner,
		.path = str_dup("/api/v1/status"),
		.query = str_dup(""),
		.body_fd = -1,
		.json = cJSON_CreateObject(),
		.sides = 2 };
	json_add_bool(c->json, "asked", true);
	call_handle(c, answers_first);
	ck_assert(seen);
	api_free(api);
	loop_free(owner);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("call");
	TCase *tc = tcase_create("call");

	tcase_add_test(tc, test_answered);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
