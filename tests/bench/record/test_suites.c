/*
 * test_suites.c - the public suites: sound, solved by their references, and worth nothing to those who
 * do not answer.  [G11] found, leaked and stuffed answers, instructions to a judge.
 *
 * Attempts are made here from what the opponents would send; code is not run: the reference's has the
 * outputs that it is expected to have (bench/suites/make.py --run ran it), all other code fails.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/opponents/opponent.h"
#include "bench/opponents/say.h"
#include "bench/score/score.h"
#include "bench/tools.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define TURNS_MAX 12
#define FETCHED_MAX 16 /* files of an answer, as the harness does */
#define CHEAT_MOST 0.02
#define REFERENCE_LEAST 0.98

enum { TRAIN, DEV, SUITES };
static struct suite suites[SUITES];
static struct scoring scoring;
static struct error err;

static void
setup(void)
{
	static const char *const dirs[] = { "bench/suites/public/train",
		"bench/suites/public/dev" };
	const char *text = scoring_builtin(NULL);

	for (int i = 0; i < SUITES; i++)
		ck_assert_msg(
		    suite_load(dirs[i], scorer_check, &suites[i], &err) == 0, "%s", err.text);
	ck_assert_int_eq(scoring_parse(text, strlen(text), &scoring, &err), 0);
}

static void
teardown(void)
{
	for (int i = 0; i < SUITES; i++)
		suite_done(&suites[i]);
}

/* ---- attempts ---- */

static void
add_frame(struct attempt *a, int turn, enum frame_kind kind, const char *bytes, size_t len)
{
	struct frame *f;

	a->frames = realloc(a->frames, (a->nframes + 1) * sizeof(*a->frames));
	f = &a->frames[a->nframes];
	*f = (struct frame){ .turn = turn, .kind = kind, .t_us = (int64_t)a->nframes * 1000 };
	buf_add(&f->bytes, bytes, len);
	a->nframes++;
}

static void
add_files(struct attempt *a, const struct opponent_answer *answer)
{
	a->files = realloc(a->files, (a->nfiles + answer->nfiles + 1) * sizeof(*a->files));
	for (size_t i = 0; i < answer->nfiles && a->nfiles < FETCHED_MAX; i++) {
		const struct opponent_file *from = answer->files[i];
		struct attempt_file *f = &a->files[a->nfiles++];

		*f = (struct attempt_file){ .size = (int64_t)from->len,
			.said_size = (int64_t)from->len };
		str_copy(f->sha256, sizeof(f->sha256), from->sha256);
		str_copy(f->said_sha256, sizeof(f->said_sha256), from->sha256);
		str_copy(f->name, sizeof(f->name), from->name);
		str_copy(f->mime_type, sizeof(f->mime_type), from->mime_type);
		buf_add(&f->bytes, from->bytes, from->len);
	}
}

static cJSON *
request_of(const struct item *item)
{
	cJSON *request = cJSON_CreateObject();

	cJSON_AddItemToObject(request, "messages", cJSON_Duplicate(item->messages, true));
	if (item->tools != NULL)
		cJSON_AddItemToObject(request, "tools", cJSON_Duplicate(item->tools, true));
	json_add_bool(request, "stream", true);
	json_add_bool(json_add_obj(request, "stream_options"), "include_usage", true);
	return request;
}

/* The answer's calls, and what tools said to them, behind the messages. */
static void
go_on(cJSON *request, const cJSON *calls)
{
	cJSON *messages = cJSON_GetObjectItemCaseSensitive(request, "messages"), *m;
	const cJSON *call;

	m = json_add_obj(messages, NULL);
	json_add_str(m, "role", "assistant");
	cJSON_AddItemToObject(m, "tool_calls", cJSON_Duplicate(calls, true));
	json_for_each(call, calls) {
		m = json_add_obj(messages, NULL);
		json_add_str(m, "role", "tool");
		json_add_str(m, "content", "{}");
	}
}

static void
add_turn(struct attempt *a, int turn, const struct opponent_answer *answer, const cJSON *request)
{
	static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
	_cleanup_free_ char *asked = json_print(request);
	_cleanup_buf_ struct buf said = { 0 };

	opponent_say(&said, answer, request);
	add_frame(a, turn, FRAME_REQUEST, asked, strlen(asked));
	add_frame(a, turn, FRAME_HEAD, head, strlen(head));
	add_frame(a, turn, FRAME_BODY, said.data, said.len);
	add_frame(a, turn, FRAME_END, "complete", strlen("complete"));
}

/* What running it would give: the reference's code is right, all other fails. */
static cJSON *
executions(const struct item *item, const char *answer)
{
	_cleanup_json_ cJSON *runs = score_needs_run(item, answer);
	const bool right = str_eq(answer, json_str(item->reference, "text"));
	const cJSON *c;
	cJSON *out, *one;
	int n = 0;

	if (runs == NULL)
		return NULL;
	out = cJSON_CreateArray();
	json_for_each(c, json_get(item->scorer, "cases")) {
		one = json_add_obj(out, NULL);
		json_add_int(one, "case", n++);
		json_add_int(one, "exit", right ? 0 : 1);
		json_add_str(one, "stdout", right ? json_str(c, "expect_stdout") : "");
		json_add_str(one, "stderr", "");
		json_add_int(one, "ms", 1);
		json_add_bool(one, "timed_out", false);
	}
	return out;
}

static void
play(const struct opponent *o, const struct item *item, struct attempt *a)
{
	_cleanup_json_ cJSON *request = request_of(item);

	*a = (struct attempt){ .id = "itm_1", .attempt = 1, .metered_micro_usd = -1 };
	str_copy(a->item, sizeof(a->item), item->id);
	for (int turn = 0; turn < TURNS_MAX; turn++) {
		struct opponent_answer answer;
		const bool more = (opponent_answer(o, request, &answer), answer.calls != NULL);

		add_turn(a, turn, &answer, request);
		add_files(a, &answer);
		if (more)
			go_on(request, answer.calls);
		else
			a->executions = executions(item, answer.text);
		opponent_answer_done(&answer);
		if (!more)
			return;
	}
	ck_abort_msg("%s: it never ends", item->id);
}

/* ---- a run ---- */

static void
run(enum opponent_mode mode, const struct suite *knows, size_t nknows, const struct suite *suite,
    struct composite *out)
{
	struct result *results = mem_zalloc(suite->len * sizeof(*results));
	struct scored *scored = mem_zalloc(suite->len * sizeof(*scored));
	struct opponent o;

	opponent_init(&o, mode, knows, nknows);
	for (size_t i = 0; i < suite->len; i++) {
		struct attempt a;
		struct measured m;

		play(&o, &suite->items[i], &a);
		measure(&a, &scoring, &m);
		score_attempt(&suite->items[i], &a, &m, &scoring, &results[i]);
		if (mode == OPPONENT_REFERENCE && !results[i].passed)
			printf("%s: %s\n", suite->items[i].id, results[i].why);
		if (mode != OPPONENT_REFERENCE && results[i].passed)
			printf("%s passes %s\n", opponent_mode_name(mode), suite->items[i].id);
		scored[i] = (struct scored){ .item = &suite->items[i], .result = &results[i] };
		measured_done(&m);
		attempt_done(&a);
	}
	composite_of(scored, suite->len, &scoring, 42, out);
	for (size_t i = 0; i < suite->len; i++)
		result_done(&results[i]);
	opponent_done(&o);
	free(results);
	free(scored);
}

/* ---- what must hold ---- */

START_TEST(test_counts)
{
	static const size_t least[] = { 120, 90 };
	const struct suite *const both[] = { &suites[TRAIN], &suites[DEV] };

	ck_assert_msg(suite_distinct(both, SUITES, &err) == 0, "%s", err.text);
	for (int s = 0; s < SUITES; s++) {
		size_t tasks[ITEM_TASK_COUNT] = { 0 }, modalities[ITEM_MODALITY_COUNT] = { 0 };

		ck_assert_uint_ge(suites[s].len, least[s]);
		for (size_t i = 0; i < suites[s].len; i++) {
			tasks[suites[s].items[i].task]++;
			modalities[suites[s].items[i].modality]++;
		}
		for (int t = 0; t < ITEM_TASK_COUNT; t++)
			ck_assert_msg(tasks[t] >= 9, "%s: %zu of %s", suites[s].name, tasks[t],
			    item_task_name(t));
		for (int m = 0; m < ITEM_MODALITY_COUNT; m++)
			ck_assert_msg(modalities[m] >= 4, "%s: %zu of %s", suites[s].name,
			    modalities[m], item_modality_name(m));
	}
	ck_assert_str_eq(suites[TRAIN].name, "public/train");
	ck_assert_str_eq(suites[DEV].name, "public/dev");
}
END_TEST

static const char *
prompt_of(const struct item *item)
{
	const cJSON *m = json_get(item->json, "messages");
	const cJSON *content =
	    json_get(cJSON_GetArrayItem(m, cJSON_GetArraySize(m) - 1), "content");

	if (cJSON_IsString(content))
		return content->valuestring;
	return json_str(cJSON_GetArrayItem(content, 0), "text");
}

/* Of train nothing can be carried over: neither a question nor an answer. */
START_TEST(test_nothing_is_shared)
{
	for (size_t i = 0; i < suites[TRAIN].len; i++)
		for (size_t k = 0; k < suites[DEV].len; k++) {
			const struct item *a = &suites[TRAIN].items[i], *b = &suites[DEV].items[k];
			const char *x = json_str(a->reference, "text"),
				   *y = json_str(b->reference, "text");
			const bool calls = json_get(a->reference, "calls") != NULL ||
			    json_get(a->reference, "files") != NULL;

			ck_assert_msg(calls || !str_eq(x, y), "%s and %s: %s", a->id, b->id, x);
			ck_assert_msg(
			    a->modality == ITEM_IMAGE_IN || strcmp(prompt_of(a), prompt_of(b)) != 0,
			    "%s and %s ask the same", a->id, b->id);
		}
}
END_TEST

START_TEST(test_reference_solves)
{
	struct composite c;

	run(OPPONENT_REFERENCE, suites, SUITES, &suites[_i], &c);
	ck_assert_uint_eq(c.failed, 0);
	ck_assert_uint_eq(c.passed, suites[_i].len);
	ck_assert_double_ge(c.dimension[SCORE_QUALITY].value, REFERENCE_LEAST);
	ck_assert_double_ge(c.dimension[SCORE_MODALITY].value, REFERENCE_LEAST);
}
END_TEST

/* All calls of a reference, as the conversation has them. */
static cJSON *
calls_of(const struct item *item)
{
	cJSON *out = cJSON_CreateArray();
	const cJSON *turn, *call;

	json_for_each(turn, json_get(item->reference, "calls"))
		json_for_each(call, turn) {
			cJSON *one = json_add_obj(out, NULL);
			_cleanup_free_ char *arguments = json_print(json_get(call, "arguments"));

			json_add_str(one, "name", json_str(call, "name"));
			json_add_str(one, "arguments", arguments);
		}
	return out;
}

/* The simulator has an answer to every call that solves an item; where it is an error, it helps. */
START_TEST(test_tools_answer)
{
	size_t answered = 0;

	for (int s = 0; s < SUITES; s++)
		for (size_t i = 0; i < suites[s].len; i++) {
			const struct item *item = &suites[s].items[i];
			_cleanup_json_ cJSON *calls = calls_of(item);
			const int n = cJSON_GetArraySize(calls);

			ck_assert_msg(
			    tools_check(item->simulator, &err) == 0, "%s: %s", item->id, err.text);
			for (int k = 0; k < n; k++) {
				_cleanup_free_ char *said =
				    tools_answer(item->simulator, calls, (size_t)k);

				ck_assert_msg(strstr(said, "\"error\"") == NULL ||
					strstr(said, "did_you_mean") != NULL,
				    "%s, call %d: %s", item->id, k, said);
				answered++;
			}
			ck_assert(n < tools_max_turns(item->simulator));
		}
	ck_assert_uint_gt(answered, 60);
}
END_TEST

/* Each who does not answer, on each suite, knowing one, the other, or both. */
START_TEST(test_cheats_earn_nothing)
{
	const enum opponent_mode mode = (enum opponent_mode)(_i / SUITES);
	const struct suite *asked = &suites[_i % SUITES];
	struct composite c;

	for (int from = 0; from < SUITES; from++)
		for (size_t n = 1; from + n <= SUITES; n++) {
			run(mode, &suites[from], n, asked, &c);
			ck_assert_msg(c.composite.value <= CHEAT_MOST, "%s gets %.3f of 1 in %s",
			    opponent_mode_name(mode), c.composite.value, asked->name);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("suites");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_counts);
	tcase_add_test(t, test_nothing_is_shared);
	tcase_add_loop_test(t, test_reference_solves, 0, SUITES);
	tcase_add_test(t, test_tools_answer);
	tcase_add_loop_test(t, test_cheats_earn_nothing, 0, OPPONENT_REFERENCE * SUITES);
	suite_add_tcase(s, t);
	return run_suite(s);
}
