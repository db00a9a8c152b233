/*
 * steps.c - the events of agents: Claude Code's (also janus-agent's and Droid's), Codex's,
 * OpenCode's, and plain text.
 */
#include "baseline/agent/steps.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"

#define TOKENS_MAX (1LL << 40)
#define MESSAGE_MAX (1 << 20)

struct taking { /* one event */
	struct steps *s;
	step_fn *fn;
	void *arg;
};

static void
say(const struct taking *t, enum step_kind kind, const char *text)
{
	const struct step step = { .kind = kind, .text = text, .id = "", .name = "" };

	if (text != NULL && *text != '\0')
		t->fn(&step, t->arg);
}

static void
say_text(const struct taking *t, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	t->s->spoke = true;
	if (t->s->message.len < MESSAGE_MAX)
		buf_add_str(&t->s->message, text);
	say(t, STEP_TEXT, text);
}

/* The next text is another message's: a blank line stands between. */
static void
next_message(const struct taking *t)
{
	t->s->streamed = false;
	if (t->s->message.len > 0 && !str_ends(buf_str(&t->s->message), "\n\n"))
		say(t, STEP_TEXT, str_ends(buf_str(&t->s->message), "\n") ? "\n" : "\n\n");
	buf_clear(&t->s->message);
}

static void
fail(struct steps *s, const char *text)
{
	s->failed = true;
	snprintf(s->error, sizeof(s->error), "%s", text != NULL ? text : "it does not say why");
}

static void
count(struct steps *s, int64_t prompt, int64_t completion)
{
	if (prompt > 0 && prompt < TOKENS_MAX)
		s->prompt_tokens += prompt;
	if (completion > 0 && completion < TOKENS_MAX)
		s->completion_tokens += completion;
}

/* ---- tools ---- */

static void
tool_start(const struct taking *t, const char *id, const char *name, const cJSON *input)
{
	const char *words = cJSON_GetStringValue(input);
	_cleanup_free_ char *text = words == NULL && input != NULL ? json_print(input) : NULL;
	struct step step = { .kind = STEP_TOOL_START };
	size_t i = 0;

	step.id = id != NULL ? id : "";
	step.name = name != NULL ? name : "tool";
	step.text = words != NULL ? words : text != NULL ? text : "";
	while (i < STEPS_TOOLS_MAX - 1 && t->s->tools[i].id[0] != '\0')
		i++;
	snprintf(t->s->tools[i].id, sizeof(t->s->tools[i].id), "%s", step.id);
	snprintf(t->s->tools[i].name, sizeof(t->s->tools[i].name), "%s", step.name);
	t->fn(&step, t->arg);
}

static void
tool_end(const struct taking *t, const char *id, const char *text, bool failed)
{
	char name[STEPS_NAME_MAX] = "tool";
	const struct step step = {
		.kind = STEP_TOOL_END,
		.id = id != NULL ? id : "",
		.name = name,
		.text = text != NULL ? text : "",
		.failed = failed,
	};

	for (size_t i = 0; i < STEPS_TOOLS_MAX && id != NULL && *id != '\0'; i++)
		if (strncmp(t->s->tools[i].id, id, STEPS_NAME_MAX - 1) == 0) {
			memcpy(name, t->s->tools[i].name, sizeof(name));
			t->s->tools[i].id[0] = '\0';
			break;
		}
	t->fn(&step, t->arg);
}

/* ---- Claude Code, janus-agent, Droid ---- */

/* Content of a tool's result: a string, or blocks with text. */
static void
add_content(struct buf *out, const cJSON *content)
{
	const cJSON *block;

	if (cJSON_IsString(content))
		buf_add_str(out, content->valuestring);
	json_for_each(block, content)
		if (json_str(block, "text") != NULL)
			buf_add_str(out, json_str(block, "text"));
}

static void
claude_block(const struct taking *t, const cJSON *block, bool streamed)
{
	const char *type = json_str(block, "type");

	if (str_eq(type, "text")) {
		if (!streamed)
			say_text(t, json_str(block, "text"));
	} else if (str_eq(type, "thinking")) {
		if (!streamed)
			say(t, STEP_THOUGHT, json_str(block, "thinking"));
	} else if (str_eq(type, "tool_use")) {
		tool_start(
		    t, json_str(block, "id"), json_str(block, "name"), json_get(block, "input"));
	} else if (str_eq(type, "tool_result")) {
		_cleanup_buf_ struct buf text = { 0 };

		add_content(&text, json_get(block, "content"));
		tool_end(t, json_str(block, "tool_use_id"), buf_str(&text),
		    json_bool(block, "is_error", false));
	}
}

static void
claude_message(const struct taking *t, const cJSON *data, bool is_assistant)
{
	const cJSON *block, *content = json_get(json_get(data, "message"), "content");
	const bool streamed = t->s->streamed;

	if (is_assistant && !streamed)
		next_message(t);
	if (is_assistant && cJSON_IsString(content) && !streamed)
		say_text(t, content->valuestring);
	json_for_each(block, content)
		claude_block(t, block, streamed);
	if (is_assistant)
		t->s->streamed = false;
}

static void
claude_piece(const struct taking *t, const cJSON *event)
{
	const cJSON *delta = json_get(event, "delta");
	const char *text = json_str(delta, "text"), *thought = json_str(delta, "thinking");

	if (text == NULL && thought == NULL)
		return;
	if (!t->s->streamed)
		next_message(t);
	t->s->streamed = true;
	say_text(t, text);
	say(t, STEP_THOUGHT, thought);
}

/* Its last words, which mostly repeat what was streamed. */
static void
claude_result(const struct taking *t, const cJSON *data)
{
	const cJSON *usage = json_get(data, "usage");
	const char *text = json_str(data, "result");
	struct steps *s = t->s;

	s->has_result = true;
	if (text == NULL)
		text = json_str(data, "text");
	if (json_bool(data, "is_error", false))
		fail(s, text != NULL ? text : json_str(data, "subtype"));
	else if (text != NULL && strcmp(text, buf_str(&s->message)) != 0) {
		next_message(t);
		say_text(t, text);
	}
	count(s,
	    json_int(usage, "input_tokens", 0) + json_int(usage, "cache_read_input_tokens", 0) +
		json_int(usage, "cache_creation_input_tokens", 0),
	    json_int(usage, "output_tokens", 0));
	const double cost = json_num(data, "total_cost_usd", -1);
	if (cost >= 0) {
		s->has_cost = true;
		s->cost_usd = cost; /* of all its turns */
	}
}

/* ---- Codex ---- */

static void
codex_item(const struct taking *t, const cJSON *item, bool ended)
{
	const char *type = json_str(item, "type"), *id = json_str(item, "id");

	if (type == NULL)
		type = json_str(item, "item_type");
	if (str_eq(type, "agent_message") || str_eq(type, "assistant_message")) {
		if (!ended)
			return;
		next_message(t);
		say_text(t, json_str(item, "text"));
	} else if (str_eq(type, "reasoning")) {
		if (ended)
			say(t, STEP_THOUGHT, json_str(item, "text"));
	} else if (str_eq(type, "command_execution")) {
		if (!ended)
			tool_start(t, id, "shell", json_get(item, "command"));
		else
			tool_end(t, id, json_str(item, "aggregated_output"),
			    json_int(item, "exit_code", 0) != 0);
	} else if (str_eq(type, "error")) {
		fail(t->s, json_str(item, "message"));
	} else if (type != NULL && !ended) {
		tool_start(t, id, type, NULL);
	} else if (type != NULL) {
		tool_end(t, id, "", str_eq(json_str(item, "status"), "failed"));
	}
}

/* ---- OpenCode ---- */

static void
opencode_tool(const struct taking *t, const cJSON *part)
{
	const cJSON *state = json_get(part, "state");
	const char *id = json_str(part, "callID"), *output = json_str(state, "output");

	/* It speaks of a tool when that has ended. */
	tool_start(t, id, json_str(part, "tool"), json_get(state, "input"));
	tool_end(t, id, output != NULL ? output : json_str(state, "error"),
	    str_eq(json_str(state, "status"), "error"));
}

static void
opencode_tokens(const struct taking *t, const cJSON *part)
{
	const cJSON *tokens = json_get(part, "tokens");
	const double cost = json_num(part, "cost", 0);

	count(t->s, json_int(tokens, "input", 0) + json_int(json_get(tokens, "cache"), "read", 0),
	    json_int(tokens, "output", 0) + json_int(tokens, "reasoning", 0));
	if (cost > 0) { /* it says 0 where it knows no price */
		t->s->has_cost = true;
		t->s->cost_usd += cost;
	}
}

/* ---- all of them ---- */

/* A structured event of some agent's: the word in "type" tells whose. */
static void
take_data(const struct taking *t, const cJSON *data)
{
	const char *type = json_str(data, "type");
	const cJSON *part = json_get(data, "part"), *usage = json_get(data, "usage");

	if (str_eq(type, "assistant"))
		claude_message(t, data, true);
	else if (str_eq(type, "user"))
		claude_message(t, data, false);
	else if (str_eq(type, "stream_event"))
		claude_piece(t, json_get(data, "event"));
	else if (str_eq(type, "result"))
		claude_result(t, data);
	else if (str_eq(type, "item.started"))
		codex_item(t, json_get(data, "item"), false);
	else if (str_eq(type, "item.completed"))
		codex_item(t, json_get(data, "item"), true);
	else if (str_eq(type, "turn.completed"))
		count(
		    t->s, json_int(usage, "input_tokens", 0), json_int(usage, "output_tokens", 0));
	else if (str_eq(type, "turn.failed"))
		fail(t->s, json_str(json_get(data, "error"), "message"));
	else if (str_eq(type, "text") && part != NULL) {
		next_message(t);
		say_text(t, json_str(part, "text"));
	} else if (str_eq(type, "reasoning") && part != NULL)
		say(t, STEP_THOUGHT, json_str(part, "text"));
	else if (str_eq(type, "tool_use") && part != NULL)
		opencode_tool(t, part);
	else if (str_eq(type, "step_finish") && part != NULL)
		opencode_tokens(t, part);
	else if (str_eq(type, "error")) {
		const cJSON *error = json_get(data, "error");
		const char *text = json_str(json_get(error, "data"), "message");

		if (text == NULL)
			text = json_str(error, "message");
		if (text == NULL)
			text = json_str(data, "message");
		fail(t->s, text != NULL ? text : json_str(data, "error"));
	}
}

void
steps_take(struct steps *s, const struct sandy_event *e, step_fn *fn, void *arg)
{
	const struct taking t = { .s = s, .fn = fn, .arg = arg };

	if (str_eq(e->type, "agent-output"))
		take_data(&t, json_get(e->json, "data"));
	else if (str_eq(e->type, "stream_event") || str_eq(e->type, "result"))
		take_data(&t, e->json);
	else if (str_eq(e->type, "output") || e->type[0] == '\0')
		say_text(&t, e->text);
	else if (str_eq(e->type, "stderr"))
		say(&t, STEP_THOUGHT, e->text);
	else if (str_eq(e->type, "status"))
		say(&t, STEP_STATUS, e->text);
}

void
steps_done(struct steps *s)
{
	buf_done(&s->message);
}
