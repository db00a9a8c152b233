/*
 * test_triage.c - which path a request takes, and what is said of it.
 */
#include "baseline/agent/triage.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static void
decide(const char *body, struct triage *out)
{
	_cleanup_json_ cJSON *json = NULL;
	struct triage_facts facts;

	ck_assert_msg(json_parse(body, strlen(body), &json, NULL) == 0, "%s", body);
	triage_look(json, &facts);
	triage_decide(&facts, out);
}

/* Of a request with that text alone. */
static const struct {
	const char *text, *rule;
	enum triage_path path;
} texts[] = {
	{ "Hello", "plain", TRIAGE_FAST },
	{ "", "plain", TRIAGE_FAST },
	{ "What is the capital of France?", "plain", TRIAGE_FAST },
	{ "Write a poem about the sea", "plain", TRIAGE_FAST },
	{ "Create a CSV file with ten rows", "work", TRIAGE_AGENT },
	{ "PLOT the data as a chart", "work", TRIAGE_AGENT },
	{ "please run the tests", "work", TRIAGE_AGENT },
	{ "Search the web for owls", "work", TRIAGE_AGENT },
	{ "test", "plain", TRIAGE_FAST },
	{ "plot", "plain", TRIAGE_FAST },
	{ "Explain how to create a file in Python", "plain", TRIAGE_FAST },
	{ "Why does this script make a directory?", "plain", TRIAGE_FAST },
	{ "```python\nprint(1)\n```", "code", TRIAGE_AGENT },
	{ "Run this:\n```sh\necho hi\n```\n", "code", TRIAGE_AGENT },
	{ "Explain this:\n```python\nprint(1)\n```", "plain", TRIAGE_FAST },
	{ "Explain and run this:\n```python\nprint(1)\n```", "code", TRIAGE_AGENT },
	{ "What is this?\n```rust\nfn main() { run file }\n```", "plain", TRIAGE_FAST },
	{ "a `python` word in text", "plain", TRIAGE_FAST },
	{ "/fail 500", "plain", TRIAGE_FAST },
	{ "/long 200", "plain", TRIAGE_FAST },
};

START_TEST(test_texts)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct triage t;

	buf_add_str(&body, "{\"messages\":[{\"role\":\"user\",\"content\":");
	json_add_quoted(&body, texts[_i].text, strlen(texts[_i].text));
	buf_add_str(&body, "}]}");
	decide(buf_str(&body), &t);
	ck_assert_msg(strcmp(t.rule, texts[_i].rule) == 0 && t.path == texts[_i].path,
	    "%s: %s (%s)", texts[_i].text, t.rule, t.why);
	ck_assert(str_starts(t.why, t.path == TRIAGE_AGENT ? "Agent path: " : "Fast path: "));
	ck_assert(str_ends(t.why, "."));
	ck_assert(!t.asked);
}
END_TEST

#define WORK "\"messages\":[{\"role\":\"user\",\"content\":\"create a csv file\"}]"
#define TALK "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"

static const struct {
	const char *body, *rule;
	bool asked;
} bodies[] = {
	{ "{" WORK ",\"metadata\":{\"path\":\"fast\"}}", "asked_fast", true },
	{ "{" TALK ",\"metadata\":{\"path\":\"agent\"}}", "asked_agent", true },
	{ "{" TALK ",\"metadata\":{\"path\":\"slow\"}}", "plain", false },
	{ "{" TALK ",\"metadata\":{\"path\":7}}", "plain", false },
	{ "{" TALK ",\"metadata\":null}", "plain", false },
	{ "{" WORK ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}", "tools",
	    false },
	{ "{" WORK ",\"tools\":[]}", "work", false },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"create a "
	  "file\"},{\"role\":\"assistant\","
	  "\"content\":null,\"tool_calls\":[]},{\"role\":\"tool\",\"tool_call_id\":\"1\","
	  "\"content\":\"x\"}]}",
	    "tools", false },
	{ "{" WORK ",\"n\":2}", "shaped", false },
	{ "{" WORK ",\"response_format\":{\"type\":\"json_object\"}}", "shaped", false },
	{ "{" WORK ",\"response_format\":{\"type\":\"text\"}}", "work", false },
	{ "{" TALK ",\"generation_flags\":{\"deep_research\":true}}", "flag", false },
	{ "{" TALK ",\"generation_flags\":{\"deep_research\":false}}", "plain", false },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hm\"},"
	  "{\"type\":\"file\",\"file\":{\"filename\":\"a\",\"file_data\":\"\"}}]}]}",
	    "files", false },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
	  "{\"url\":\"data:image/png;base64,AAAA\"}}]}]}",
	    "plain", false },
	/* Only what the user said last counts. */
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"create a csv file\"},{\"role\":"
	  "\"assistant\",\"content\":\"done\"},{\"role\":\"user\",\"content\":\"thanks\"}]}",
	    "plain", false },
	{ "{\"messages\":[{\"role\":\"system\",\"content\":\"create a csv file\"}]}", "plain",
	    false },
	{ "{}", "plain", false },
};

START_TEST(test_bodies)
{
	struct triage t, again;

	decide(bodies[_i].body, &t);
	ck_assert_msg(strcmp(t.rule, bodies[_i].rule) == 0, "%s: %s", bodies[_i].body, t.rule);
	ck_assert_int_eq(t.asked, bodies[_i].asked);
	decide(bodies[_i].body, &again);
	ck_assert_str_eq(t.why, again.why);
}
END_TEST

START_TEST(test_long)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct triage t;

	buf_add_str(&body, "{\"messages\":[{\"role\":\"user\",\"content\":\"Please implement it. ");
	for (int i = 0; i < 250; i++)
		buf_add_str(&body, "and so on ");
	buf_add_str(&body, "\"}]}");
	decide(buf_str(&body), &t);
	ck_assert_str_eq(t.rule, "long");
	ck_assert_ptr_nonnull(strstr(t.why, "\"implement\""));
	/* A mebibyte of words without any verb of work is only long. */
	buf_clear(&body);
	buf_add_str(&body, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
	while (body.len < 1 << 20)
		buf_add_str(&body, "and so on ");
	buf_add_str(&body, "\"}]}");
	decide(buf_str(&body), &t);
	ck_assert_str_eq(t.rule, "plain");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("triage");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_texts, 0, (int)ARRAY_LEN(texts));
	tcase_add_loop_test(tc, test_bodies, 0, (int)ARRAY_LEN(bodies));
	tcase_add_test(tc, test_long);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
