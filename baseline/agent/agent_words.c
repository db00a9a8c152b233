/*
 * agent_words.c - tools, sandboxes, files: said, and announced.
 */
#include "baseline/agent/agent_words.h"

#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "baseline/agent/config.h"
#include "baseline/agent/core.h"
#include "baseline/agent/run.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define SHOWN_INPUT 240 /* bytes of a tool's input and output in words */
#define SHOWN_OUTPUT 600
#define EVENT_TEXT 4096 /* and in events */

void
agent_words_begin(struct agent_chat *a)
{
	timer_cancel(&a->hold);
	answer_begin(&a->answer);
}

static void
noticed(struct agent_chat *a)
{
	a->said_ms = loop_now_ms(a->chat->server->loop);
}

void
agent_words_reason(struct agent_chat *a, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	answer_reason(&a->answer, buf_str(&text));
	noticed(a);
}

void
agent_words_event(struct agent_chat *a, const char *name, const cJSON *payload)
{
	_cleanup_free_ char *text = json_print(payload);

	answer_event(&a->answer, name, text);
	noticed(a);
}

/* The first max bytes of text, whole characters only. */
static char *
cut(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return str_dup(text);
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--;
	return str_printf("%.*s…", (int)len, text);
}

/* What a tool was told, for people: the command or the code alone, where that is all. */
static char *
input_words(const char *input)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *text = NULL;

	if (json_parse(input, strlen(input), &json, NULL) == 0) {
		text = json_str(json, "command");
		if (text == NULL)
			text = json_str(json, "code");
	}
	return cut(text != NULL ? text : input, SHOWN_INPUT);
}

static void
tool_started(struct agent_chat *a, const struct step *step)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();
	_cleanup_free_ char *input = cut(step->text, EVENT_TEXT), *shown = input_words(step->text);

	json_add_str(payload, "id", step->id);
	json_add_str(payload, "name", step->name);
	json_add_str(payload, "input", input);
	agent_words_event(a, "tool_start", payload);
	agent_words_reason(a, "\n%s: %s%s", step->name, shown, str_ends(shown, "\n") ? "" : "\n");
}

static void
tool_ended(struct agent_chat *a, const struct step *step)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();
	_cleanup_free_ char *output = cut(step->text, EVENT_TEXT),
			    *shown = cut(step->text, SHOWN_OUTPUT);

	json_add_str(payload, "id", step->id);
	json_add_str(payload, "name", step->name);
	json_add_bool(payload, "ok", !step->failed);
	json_add_str(payload, "output", output);
	agent_words_event(a, "tool_end", payload);
	agent_words_reason(
	    a, "%s%s%s", step->failed ? "failed: " : "", shown, str_ends(shown, "\n") ? "" : "\n");
}

static void
take_step(struct agent_chat *a, const struct step *step)
{
	switch (step->kind) {
	case STEP_TEXT:
		answer_content(&a->answer, step->text);
		noticed(a);
		break;
	case STEP_THOUGHT: agent_words_reason(a, "%s", step->text); break;
	case STEP_STATUS: agent_words_reason(a, "(%s)\n", step->text); break;
	case STEP_TOOL_START: tool_started(a, step); break;
	case STEP_TOOL_END: tool_ended(a, step); break;
	}
}

static void
sandbox_began(struct agent_chat *a, const struct run_note *n)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();
	const char *agent = a->chat->server->config->agent->name;

	str_copy(a->sandbox_id, sizeof(a->sandbox_id), n->text);
	agent_words_begin(a);
	json_add_str(payload, "sandbox_id", n->text);
	json_add_str(payload, "agent", agent);
	json_add_str(payload, "model", a->chat->model);
	json_add_int(payload, "wait_ms", n->ms);
	agent_words_event(a, "sandbox_start", payload);
	agent_words_reason(a, "A sandbox is there after %.1f s; %s begins, with %s.\n",
	    (double)n->ms / 1000, agent, a->chat->model != NULL ? a->chat->model : "no model");
}

static void
sandbox_ended(struct agent_chat *a, const struct run_note *n)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();

	json_add_str(payload, "sandbox_id", n->text);
	cJSON_AddNumberToObject(payload, "seconds", (double)n->ms / 1000);
	agent_words_event(a, "sandbox_end", payload);
}

static void
take_artifact(struct agent_chat *a, const struct run_note *n)
{
	char *bytes = mem_zalloc(n->len + 1);
	_cleanup_buf_ struct buf descriptor = { 0 };

	memcpy(bytes, n->bytes, n->len);
	artifact_describe(
	    artifacts_keep(&a->chat->server->artifacts, n->text, bytes, n->len, clock_wall_ms()),
	    &descriptor);
	a->artifacts++;
	answer_artifact(&a->answer, buf_str(&descriptor));
	agent_words_reason(a, "File: %s, %zu bytes.\n", n->text, n->len);
}

void
agent_words_tell(struct agent_chat *a, const struct run_note *n)
{
	switch (n->kind) {
	case RUN_SANDBOX: sandbox_began(a, n); break;
	case RUN_READY: break;
	case RUN_STEP: take_step(a, &n->step); break;
	case RUN_ARTIFACT: take_artifact(a, n); break;
	case RUN_PROBLEM: agent_words_reason(a, "(%s)\n", n->text); break;
	case RUN_SANDBOX_END: sandbox_ended(a, n); break;
	}
}
