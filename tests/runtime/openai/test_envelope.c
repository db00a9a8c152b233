/*
 * test_envelope.c - every code makes a well-formed envelope, and chunks are what they say.
 */
#include "runtime/openai/envelope.h"

#include <check.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/openai/chunk.h"
#include "tests/run.h"

static cJSON *
parse(const struct buf *b)
{
	struct error err = { 0 };
	cJSON *json = NULL;

	ck_assert_msg(json_parse(b->data, b->len, &json, &err) == 0, "%s: %s", b->data, err.text);
	return json;
}

START_TEST(test_every_code)
{
	for (int i = CODE_NONE + 1; i < CODE_COUNT; i++) {
		const struct wire_code_info *info = wire_code_info((enum wire_code)i);
		_cleanup_buf_ struct buf out = { 0 };

		envelope_add(
		    &out, (enum wire_code)i, "say \"it\"\n", "messages[0]", "req_1", "[1]");
		_cleanup_json_ cJSON *json = parse(&out);
		const cJSON *error = json_get(json, "error");
		ck_assert_str_eq(json_str(error, "message"), "say \"it\"\n");
		ck_assert_str_eq(json_str(error, "code"), info->code);
		ck_assert_str_eq(json_str(error, "type"), info->type);
		ck_assert_str_eq(json_str(error, "param"), "messages[0]");
		ck_assert_str_eq(json_str(json_get(error, "janus"), "request_id"), "req_1");
		ck_assert_str_eq(json_str(json_get(error, "janus"), "fault"), info->fault);
		ck_assert_int_eq(wire_code_named(info->code), i);
		ck_assert(info->status >= 400 && info->status < 600);
	}
	ck_assert_int_eq(wire_code_named("no such code"), CODE_INTERNAL);
	ck_assert_int_eq(wire_code_named(NULL), CODE_INTERNAL);
}
END_TEST

START_TEST(test_every_kind)
{
#define X(name, text) \
	ck_assert(ERROR_##name == ERROR_NONE || wire_code_of(ERROR_##name) != CODE_NONE);
	ERROR_KINDS(X)
#undef X
}
END_TEST

START_TEST(test_fault_instead) /* an upstream's own 429 or 503 is neither the client's nor ours */
{
	ck_assert_str_eq(wire_code_fault(CODE_RATE_LIMIT, NULL), "client");
	ck_assert_str_eq(wire_code_fault(CODE_RATE_LIMIT, "miner"), "miner");
	ck_assert_str_eq(wire_code_fault(CODE_NO_READY_COMPETITOR, NULL), "platform");
	ck_assert_str_eq(wire_code_fault(CODE_NO_READY_COMPETITOR, "miner"), "miner");
	ck_assert_str_eq(wire_code_fault(CODE_UPSTREAM_DIED, "upstream"), "upstream");
	ck_assert_str_eq(wire_code_fault(CODE_UNPROCESSABLE, "miner"), "client");
	ck_assert_str_eq(wire_code_fault(CODE_INTERNAL, "miner"), "platform");
}
END_TEST

START_TEST(test_event)
{
	_cleanup_buf_ struct buf out = { 0 };

	envelope_add_event(&out, CODE_UPSTREAM_DIED, "gone", NULL);
	ck_assert_int_eq(strncmp(out.data, "data: {\"error\":{\"message\":\"gone\"", 31), 0);
	ck_assert_str_eq(out.data + out.len - 2, "\n\n");
	ck_assert_ptr_nonnull(strstr(out.data, "\"param\":null"));
	ck_assert_ptr_nonnull(strstr(out.data, "\"request_id\":null"));
}
END_TEST

static const struct chat_ids ids = { .id = "c\"1", .model = "m", .created = 7 };

/* The delta of the one event in out, which is dropped. */
static cJSON *
event(struct buf *out)
{
	ck_assert_int_eq(strncmp(out->data, "data: ", 6), 0);
	ck_assert_str_eq(out->data + out->len - 2, "\n\n");
	buf_drop(out, 6);
	out->len -= 2;
	cJSON *json = parse(out);
	ck_assert_str_eq(json_str(json, "id"), "c\"1");
	ck_assert_str_eq(json_str(json, "object"), "chat.completion.chunk");
	buf_clear(out);
	return json;
}

START_TEST(test_chunks)
{
	const struct chat_tool_call call = { "call_1", "f", "{\"a\":1}" };
	_cleanup_buf_ struct buf out = { 0 };
	cJSON *json;

	chunk_role(&out, &ids);
	json = event(&out);
	ck_assert_str_eq(
	    cJSON_GetStringValue(json_path(json, "choices.0.delta.role")), "assistant");
	cJSON_Delete(json);
	chunk_content(&out, &ids, "a\nb!", 3);
	json = event(&out);
	ck_assert_str_eq(cJSON_GetStringValue(json_path(json, "choices.0.delta.content")), "a\nb");
	cJSON_Delete(json);
	chunk_reasoning(&out, &ids, "x", 1);
	json = event(&out);
	ck_assert_str_eq(
	    cJSON_GetStringValue(json_path(json, "choices.0.delta.reasoning_content")), "x");
	cJSON_Delete(json);
	chunk_tool_call(&out, &ids, 2, &call);
	json = event(&out);
	ck_assert_str_eq(cJSON_GetStringValue(
			     json_path(json, "choices.0.delta.tool_calls.0.function.arguments")),
	    "{\"a\":1}");
	cJSON_Delete(json);
	chunk_janus(&out, &ids, "tool_start", "{\"name\":\"x\"}");
	json = event(&out);
	ck_assert_str_eq(
	    cJSON_GetStringValue(json_path(json, "choices.0.delta.janus.payload.name")), "x");
	cJSON_Delete(json);
	chunk_finish(&out, &ids, "stop");
	json = event(&out);
	ck_assert_str_eq(cJSON_GetStringValue(json_path(json, "choices.0.finish_reason")), "stop");
	cJSON_Delete(json);
	chunk_usage(&out, &ids,
	    &(struct chat_usage){ .prompt_tokens = 3,
		.completion_tokens = 4,
		.cost_micro_usd = -1,
		.sandbox_seconds = -1 });
	json = event(&out);
	ck_assert_int_eq(json_int(json_get(json, "usage"), "total_tokens", 0), 7);
	ck_assert_ptr_null(json_get(json, "choices")->child);
	cJSON_Delete(json);
	chunk_done(&out);
	ck_assert_str_eq(out.data, "data: [DONE]\n\n");
}
END_TEST

START_TEST(test_completion)
{
	const struct chat_tool_call calls[] = { { "1", "f", "{}" }, { "2", "g", "{}" } };
	_cleanup_buf_ struct buf out = { 0 }, plain = { 0 };

	struct completion whole = { .reasoning = "why",
		.calls = calls,
		.ncalls = 2,
		.finish_reason = "tool_calls",
		.usage = { .prompt_tokens = 1,
		    .completion_tokens = 2,
		    .cost_micro_usd = -1,
		    .sandbox_seconds = -1 } };
	completion_add(&out, &ids, &whole);
	_cleanup_json_ cJSON *json = parse(&out);
	ck_assert(cJSON_IsNull(json_path(json, "choices.0.message.content")));
	ck_assert_str_eq(
	    cJSON_GetStringValue(json_path(json, "choices.0.message.tool_calls.1.function.name")),
	    "g");
	whole.content = "x";
	whole.reasoning = NULL;
	whole.ncalls = 0;
	whole.finish_reason = "stop";
	completion_add(&plain, &ids, &whole);
	_cleanup_json_ cJSON *second = parse(&plain);
	ck_assert_str_eq(cJSON_GetStringValue(json_path(second, "choices.0.message.content")), "x");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("envelope");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_every_code);
	tcase_add_test(tc, test_every_kind);
	tcase_add_test(tc, test_event);
	tcase_add_test(tc, test_fault_instead);
	tcase_add_test(tc, test_chunks);
	tcase_add_test(tc, test_completion);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
