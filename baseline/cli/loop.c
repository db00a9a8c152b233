/*
 * loop.c - turns of a model and its tools; blocks of code.
 */
#include "baseline/cli/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/cli/blocks.h"
#include "baseline/cli/report.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define REPORTED_BYTES 8192 /* of a tool's output */
#define SCRIPT "/tmp/janus-block-%d%s"

static const char own_system[] =
    "You are an agent in a sandbox: a small Linux machine with a shell, Python, Node and git. Your "
    "workspace is the current directory. Do what the user asks by using your tools, look at what "
    "they give, and say briefly what you did. Files for the user go into the directory artifacts. "
    "Never invent a result.";

static void
add_message(cJSON *messages, const char *role, const char *content)
{
	cJSON *message = cJSON_CreateObject();

	json_add_str(message, "role", role);
	json_add_str(message, "content", content);
	cJSON_AddItemToArray(messages, message);
}

static void
report_end(const char *id, const struct buf *text, bool ok)
{
	_cleanup_free_ char *cut =
	    str_ndup(buf_str(text), text->len < REPORTED_BYTES ? text->len : REPORTED_BYTES);

	report_tool_end(id, cut, !ok);
}

/* ---- with a model ---- */

static void
on_piece(const char *text, const char *thought, void *arg)
{
	(void)arg;
	report_piece(text, thought);
}

static void
add_calls(cJSON *messages, const struct model_answer *a)
{
	cJSON *message = cJSON_CreateObject(), *calls;

	json_add_str(message, "role", "assistant");
	json_add_str(message, "content", a->text.len > 0 ? buf_str(&a->text) : NULL);
	calls = json_add_arr(message, "tool_calls");
	for (size_t i = 0; i < a->ncalls; i++) {
		cJSON *call = cJSON_CreateObject(), *function;

		json_add_str(call, "id", a->calls[i].id);
		json_add_str(call, "type", "function");
		function = json_add_obj(call, "function");
		json_add_str(function, "name", a->calls[i].name);
		json_add_str(function, "arguments", buf_str(&a->calls[i].arguments));
		cJSON_AddItemToArray(calls, call);
	}
	cJSON_AddItemToArray(messages, message);
}

static void
do_call(const struct agent *g, const struct model_call *call, cJSON *messages)
{
	_cleanup_json_ cJSON *arguments = NULL;
	_cleanup_buf_ struct buf out = { 0 };
	bool ok = false;

	json_parse(buf_str(&call->arguments), call->arguments.len, &arguments, NULL);
	report_tool_start(call->id, call->name, arguments);
	if (call->arguments.len > 0 && !cJSON_IsObject(arguments))
		buf_add_str(&out, "the arguments are no JSON object");
	else
		ok = tools_run(&g->tools, call->name, arguments, &out);
	report_end(call->id, &out, ok);
	add_message(messages, "tool", buf_str(&out));
	json_add_str(cJSON_GetArrayItem(messages, cJSON_GetArraySize(messages) - 1), "tool_call_id",
	    call->id);
}

/* Calls need ids for their answers, whatever the model forgot. */
static void
name_calls(struct model_answer *a, int turn)
{
	for (size_t i = 0; i < a->ncalls; i++)
		if (a->calls[i].id[0] == '\0')
			snprintf(
			    a->calls[i].id, sizeof(a->calls[i].id), "call_%d_%zu", turn, i + 1);
}

bool
agent_work(const struct agent *g, const cJSON *conversation)
{
	_cleanup_json_ cJSON *messages = cJSON_CreateArray(), *schema = tools_schema(&g->tools);
	struct model_answer a = { 0 };
	struct error err = { 0 };
	int64_t prompt = 0, completion = 0;
	const cJSON *message;
	int turn = 0;
	bool over = false;

	add_message(messages, "system", g->system != NULL ? g->system : own_system);
	json_for_each(message, conversation)
		cJSON_AddItemToArray(messages, cJSON_Duplicate(message, true));
	report_start(g->model.name);
	while (!over && turn++ < g->turns_max &&
	    model_ask(&g->model, messages, schema, on_piece, NULL, &a, &err) == 0) {
		prompt += a.prompt_tokens;
		completion += a.completion_tokens;
		over = a.ncalls == 0;
		if (over)
			break;
		name_calls(&a, turn);
		add_calls(messages, &a);
		for (size_t i = 0; i < a.ncalls; i++)
			do_call(g, &a.calls[i], messages);
	}
	if (!over && err.kind == ERROR_NONE)
		error_set(&err, ERROR_TOO_BIG, "it was not done after %d turns", g->turns_max);
	report_result(over ? buf_str(&a.text) : err.text, !over, prompt, completion);
	model_answer_done(&a);
	return over;
}

/* ---- without ---- */

static bool
run_block(const struct agent *g, const struct block *block, int n, struct buf *answer)
{
	_cleanup_free_ char *path = str_printf(SCRIPT, n, block_suffix(block->language));
	_cleanup_free_ char *code = str_ndup(block->code, block->len);
	_cleanup_json_ cJSON *input = cJSON_CreateObject();
	_cleanup_buf_ struct buf out = { 0 };
	const char *const argv[] = { block_program(block->language), path, NULL };
	struct error err = { 0 };
	char id[16];
	bool ok = false;

	snprintf(id, sizeof(id), "block_%d", n);
	json_add_str(input, "program", argv[0]);
	json_add_str(input, "code", code);
	report_tool_start(id, "shell", input);
	if (file_write(path, block->code, block->len, 0644, &err) < 0)
		buf_add_str(&out, err.text);
	else
		ok = tools_command(&g->tools, argv, 0, &out);
	report_end(id, &out, ok);
	buf_printf(answer, "%s`%s` block %d %s:\n\n```\n%s%s```\n", n > 1 ? "\n" : "", argv[0], n,
	    ok ? "wrote" : "failed", buf_str(&out),
	    out.len == 0 || str_ends(buf_str(&out), "\n") ? "" : "\n");
	return ok;
}

bool
agent_obey(const struct agent *g, const char *prompt)
{
	_cleanup_buf_ struct buf answer = { 0 };
	struct block block;
	int n = 0;

	report_start("none");
	report_piece(NULL,
	    "No model is connected: the fenced code of the prompt is run, and nothing is made "
	    "up. ");
	while (block_next(&prompt, &block))
		if (!run_block(g, &block, ++n, &answer))
			break;
	if (n == 0)
		buf_add_str(&answer,
		    "No model is connected, and the prompt holds no fenced `sh`, `python` or "
		    "`node` code to "
		    "run.");
	report_text(buf_str(&answer));
	report_result(buf_str(&answer), false, 0, 0);
	return true;
}
