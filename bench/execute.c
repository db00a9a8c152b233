/*
 * execute.c - a sandbox, its files, its commands.
 */
#include "bench/execute.h"

#include <stdlib.h>
#include <string.h>

#include "bench/score/score.h"
#include "bench/session.h"
#include "bench/verdict.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"

#define CASE_MS 10000 /* where the case does not say */
#define OUTPUT_MAX (256 << 10) /* of what is kept of each stream */
#define SANDBOX_MINUTES 10
#define EXIT_TIMED_OUT 124 /* what a sandbox service says of a command it ended */
#define EXIT_KILLED 137

struct runner {
	const struct session *session;
	struct sandy sandy;
	struct sandy_box box;
	bool has_box;
};

static int
open_box(struct runner *r, struct error *err)
{
	const struct sandy_wish wish = { .priority = 1, .timeout_minutes = SANDBOX_MINUTES };

	if (r->has_box)
		return 0;
	if (sandy_create(&r->sandy, &wish, &r->session->stop, &r->box, err) < 0)
		return -1;
	r->has_box = true;
	return 0;
}

static void
close_box(struct runner *r)
{
	if (r->has_box)
		sandy_terminate(&r->sandy, r->box.id, NULL);
	r->has_box = false;
}

static int
write_files(struct runner *r, const cJSON *files, const char *dir, struct error *err)
{
	const cJSON *f;

	json_for_each(f, files) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, f->string);

		if (!cJSON_IsString(f))
			continue;
		if (sandy_write(&r->sandy, r->box.id, path, f->valuestring, err) < 0)
			return -1;
	}
	return 0;
}

/* Whole characters of what was written, as much as is kept. */
static void
add_output(cJSON *json, const char *key, const struct buf *text)
{
	const size_t len = text->len < OUTPUT_MAX ? text->len : OUTPUT_MAX;
	_cleanup_free_ char *kept = str_ndup(buf_str(text), str_utf8_len(buf_str(text), len));

	json_add_str(json, key, kept);
}

static void
add_execution(cJSON *list, const cJSON *need, const struct sandy_result *r, int64_t ms)
{
	cJSON *e = cJSON_CreateObject();

	cJSON_AddItemToObject(e, "case", cJSON_Duplicate(json_get(need, "case"), true));
	json_add_int(e, "exit", r->exit_code);
	add_output(e, "stdout", &r->out);
	add_output(e, "stderr", &r->err);
	json_add_int(e, "ms", ms);
	json_add_bool(e, "timed_out", r->exit_code == EXIT_TIMED_OUT);
	cJSON_AddItemToArray(list, e);
}

static int
run_once(
    struct runner *r, const cJSON *need, int index, struct sandy_result *out, struct error *err)
{
	_cleanup_free_ char *dir = str_printf("/workspace/case%d", index);
	_cleanup_free_ char *in = str_printf("/workspace/in%d", index);
	const char *stdin_text = json_str(need, "stdin");
	_cleanup_buf_ struct buf line = { 0 };
	struct sandy_result made = { 0 };

	buf_printf(&line, "mkdir -p %s", dir);
	if (open_box(r, err) < 0 ||
	    sandy_exec(
		&r->sandy, r->box.id, buf_str(&line), CASE_MS, &r->session->stop, &made, err) < 0)
		return -1;
	sandy_result_done(&made);
	if (write_files(r, json_get(need, "files"), dir, err) < 0 ||
	    sandy_write(&r->sandy, r->box.id, in, stdin_text == NULL ? "" : stdin_text, err) < 0)
		return -1;
	buf_clear(&line);
	buf_printf(&line, "cd %s && exec <%s && ", dir, in);
	buf_add_str(&line, json_str(need, "command"));
	return sandy_exec(&r->sandy, r->box.id, buf_str(&line),
	    json_int(need, "timeout_ms", CASE_MS), &r->session->stop, out, err);
}

/* A sandbox that vanished may have been ended by what ran in it: twice is no accident. */
static int
run_case(struct runner *r, const cJSON *need, int index, cJSON *list, struct error *err)
{
	_cleanup_sandy_result_ struct sandy_result result = { 0 };

	for (int tried = 1;; tried++) {
		const int64_t from_ms = clock_now_ms();

		if (run_once(r, need, index, &result, err) == 0) {
			add_execution(list, need, &result, clock_now_ms() - from_ms);
			return 0;
		}
		close_box(r);
		if (err->kind != ERROR_NOT_FOUND && err->kind != ERROR_TIMEOUT)
			return -1;
		if (tried == 1 && err->kind == ERROR_NOT_FOUND)
			continue;
		result.exit_code = err->kind == ERROR_TIMEOUT ? EXIT_TIMED_OUT : EXIT_KILLED;
		buf_add_str(&result.err, err->text);
		add_execution(list, need, &result, clock_now_ms() - from_ms);
		return 0;
	}
}

void
execute(const struct session *s, const struct item *item, const char *answer, int try,
    struct attempt *a, struct verdict *v)
{
	_cleanup_json_ cJSON *needs = score_needs_run(item, answer);
	struct runner r = { .session = s,
		.sandy = { .base_url = s->sandbox_url, .key = s->sandbox_key } };
	_cleanup_json_ cJSON *list = NULL;
	struct error err = { 0 };
	const cJSON *need;
	int index = 0, rc = 0;

	if (needs == NULL)
		return;
	if (s->sandbox_url == NULL) {
		verdict_of_platform("platform", "no_sandbox",
		    "there is no sandbox service to run its code: give --sandbox-url", TRIES_MAX,
		    v);
		return;
	}
	list = cJSON_CreateArray();
	json_for_each(need, needs) {
		rc = run_case(&r, need, index++, list, &err);
		if (rc < 0)
			break;
	}
	close_box(&r);
	if (rc < 0 && err.kind == ERROR_CANCELLED)
		*v = (struct verdict){ .what = VERDICT_SKIPPED };
	else if (rc < 0)
		verdict_of_platform("platform", "sandbox_failed", err.text, try, v);
	else
		a->executions = TAKE(list);
}
