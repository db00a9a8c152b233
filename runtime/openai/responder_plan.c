/*
 * responder_plan.c - commands, sums, tools, pictures, or an echo.
 */
#include "runtime/openai/responder_plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/openai/arithmetic.h"
#include "runtime/openai/media.h"
#include "runtime/openai/responder_commands.h"

#define BYTES_PER_TOKEN 4
#define TOKENS_PER_MESSAGE 4
#define NOTICE                                                                               \
	"This is the offline responder: no model is connected, the answer is made by fixed " \
	"rules. "

int64_t
plan_tokens(size_t bytes)
{
	return (int64_t)((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
}

struct act *
plan_add(struct plan *p, enum act_kind kind)
{
	if (p->nacts == p->cap) {
		p->cap = p->cap != 0 ? p->cap * 2 : 8;
		p->acts = mem_realloc(p->acts, p->cap * sizeof(*p->acts));
	}
	p->acts[p->nacts] = (struct act){ .kind = kind };
	return &p->acts[p->nacts++];
}

void
plan_say(struct making *m, char *text)
{
	struct act *act = plan_add(m->plan, ACT_SAY);

	act->text = text;
	act->ms = m->pace_ms;
	m->spoke = true;
}

void
plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->nacts; i++) {
		free(p->acts[i].name);
		free(p->acts[i].text);
	}
	free(p->acts);
	*p = (struct plan){ 0 };
}

/* ---- tools ---- */

static bool
word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool
names(const char *prompt, const char *word)
{
	const size_t len = strlen(word);

	if (len == 0)
		return false;
	for (const char *at = prompt; (at = strstr(at, word)) != NULL; at++)
		if ((at == prompt || !word_char(at[-1])) && !word_char(at[len]))
			return true;
	return false;
}

static void
add_pair(cJSON *into, const char *key, size_t key_len, const char *value, size_t len)
{
	_cleanup_free_ char *name = str_ndup(key, key_len), *text = str_ndup(value, len);
	_cleanup_json_ cJSON *json = NULL;

	cJSON_DeleteItemFromObjectCaseSensitive(into, name);
	if (json_parse(text, len, &json, NULL) == 0)
		cJSON_AddItemToObject(into, name, TAKE(json));
	else
		json_add_str(into, name, text);
}

/* Arguments from the prompt: a fenced JSON object, or key=value pairs, or none. */
static char *
guess_arguments(const char *prompt)
{
	const char *fence = strstr(prompt, "```");
	_cleanup_json_ cJSON *json = NULL;

	if (fence != NULL) {
		const char *body = fence + 3 + strcspn(fence + 3, "\n");
		const char *end = strstr(body, "```");

		if (end != NULL && json_parse(body, (size_t)(end - body), &json, NULL) == 0 &&
		    cJSON_IsObject(json))
			return json_print(json);
		cJSON_Delete(TAKE(json));
	}
	json = cJSON_CreateObject();
	for (const char *eq = prompt; (eq = strchr(eq, '=')) != NULL; eq++) {
		const char *key = eq, *value = eq + 1;
		size_t len = strcspn(value, " \t\r\n,;");

		while (key > prompt && word_char(key[-1]))
			key--;
		if (*value == '"' && strchr(value + 1, '"') != NULL)
			len = (size_t)(strchr(value + 1, '"') - value) + 1;
		if (key < eq && len > 0)
			add_pair(json, key, (size_t)(eq - key), value, len);
	}
	return json_print(json);
}

static void
call_tool(struct plan *p, const char *name, const char *prompt)
{
	struct act *act = plan_add(p, ACT_CALL);

	act->name = str_dup(name);
	act->text = guess_arguments(prompt);
	p->finish = "tool_calls";
}

/* Does the prompt, or tool_choice, ask for a tool that is offered? */
static bool
plan_tools(struct plan *p, const cJSON *request, const char *prompt)
{
	const cJSON *choice = json_get(request, "tool_choice");
	const char *word = cJSON_GetStringValue(choice);
	const char *forced = json_str(json_get(choice, "function"), "name");
	const bool any = word != NULL && strcmp(word, "required") == 0;
	const cJSON *tool;
	bool called = false;

	if (word != NULL && strcmp(word, "none") == 0)
		return false;
	json_for_each(tool, json_get(request, "tools")) {
		const char *name = json_str(json_get(tool, "function"), "name");

		if (name == NULL)
			continue;
		if (forced != NULL ? strcmp(forced, name) == 0 : names(prompt, name)) {
			call_tool(p, name, prompt);
			called = true;
		}
	}
	if (!called && any) {
		tool = cJSON_GetArrayItem(json_get(request, "tools"), 0);
		const char *name = json_str(json_get(tool, "function"), "name");

		if (name != NULL)
			call_tool(p, name, prompt);
		called = name != NULL;
	}
	return called;
}

/* ---- what was said ---- */

static void
add_content(struct buf *out, const cJSON *message)
{
	const cJSON *content = json_get(message, "content"), *part;

	if (cJSON_IsString(content))
		buf_add_str(out, content->valuestring);
	json_for_each(part, content) {
		const char *text = json_str(part, "text");

		if (text == NULL)
			continue;
		if (out->len > 0)
			buf_add_char(out, '\n');
		buf_add_str(out, text);
	}
}

static const char *
tool_name(const cJSON *messages, const char *id)
{
	const cJSON *message, *call;

	json_for_each(message, messages)
		json_for_each(call, json_get(message, "tool_calls"))
			if (id != NULL && str_eq(json_str(call, "id"), id))
				return json_str(json_get(call, "function"), "name");
	return NULL;
}

/* The answers of the tools that stand at the end of the messages. */
static void
say_tool_results(struct making *m, const cJSON *messages)
{
	int first = cJSON_GetArraySize(messages);
	struct buf text = { 0 };

	while (
	    first > 0 && str_eq(json_str(cJSON_GetArrayItem(messages, first - 1), "role"), "tool"))
		first--;
	for (int i = first; i < cJSON_GetArraySize(messages); i++) {
		const cJSON *message = cJSON_GetArrayItem(messages, i);
		const char *name = tool_name(messages, json_str(message, "tool_call_id"));

		buf_printf(&text, "%sThe tool %s answered: ", i > first ? "\n" : "",
		    name != NULL ? name : "you called");
		add_content(&text, message);
	}
	plan_say(m, buf_take(&text));
}

static int64_t
count_prompt(const cJSON *messages)
{
	const cJSON *message;
	int64_t tokens = 0;

	json_for_each(message, messages) {
		_cleanup_buf_ struct buf text = { 0 };

		add_content(&text, message);
		tokens += plan_tokens(text.len) + TOKENS_PER_MESSAGE;
	}
	return tokens;
}

/* ---- limits that the request sets ---- */

static size_t
find_stop(const char *text, const cJSON *stop)
{
	const cJSON *item;
	size_t at = strlen(text);

	if (cJSON_IsString(stop) && *stop->valuestring != '\0') {
		const char *hit = strstr(text, stop->valuestring);

		return hit != NULL ? (size_t)(hit - text) : at;
	}
	json_for_each(item, stop) {
		const size_t here = cJSON_IsString(item) ? find_stop(text, item) : at;

		at = here < at ? here : at;
	}
	return at;
}

static void
end_here(struct plan *p, size_t act, const char *finish)
{
	p->finish = finish;
	while (p->nacts > act + 1) {
		struct act *last = &p->acts[--p->nacts];

		free(last->name);
		free(last->text);
	}
}

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* stop and max_tokens end the content; reasoning is ours and not counted. */
static void
apply_limits(struct plan *p, const cJSON *request)
{
	const int64_t legacy = json_int(request, "max_tokens", INT64_MAX / 8);
	const int64_t tokens = json_int(request, "max_completion_tokens", legacy);
	size_t left = (size_t)tokens * BYTES_PER_TOKEN;

	for (size_t i = 0; i < p->nacts; i++) {
		if (p->acts[i].kind != ACT_SAY)
			continue;
		char *text = p->acts[i].text;
		const size_t whole = strlen(text);
		size_t keep = find_stop(text, json_get(request, "stop"));
		const char *finish = keep < whole ? "stop" : NULL;

		if (keep > left) {
			for (keep = left; keep > 0 && is_continuation(text[keep]);)
				keep--;
			finish = "length";
		}
		text[keep] = '\0';
		left -= keep;
		if (finish != NULL) {
			end_here(p, i, finish);
			return;
		}
	}
}

/* response_format json_object: the same words, as one object. */
static void
wrap_json(struct plan *p, const cJSON *request)
{
	const char *type = json_str(json_get(request, "response_format"), "type");

	if (!str_eq(type, "json_object") && !str_eq(type, "json_schema"))
		return;
	for (size_t i = 0; i < p->nacts; i++) {
		struct buf out = { 0 };
		struct act *act = &p->acts[i];

		if (act->kind != ACT_SAY)
			continue;
		buf_add_str(&out, "{\"answer\":");
		json_add_quoted(&out, act->text, strlen(act->text));
		buf_add_char(&out, '}');
		free(act->text);
		act->text = buf_take(&out);
	}
}

void
plan_make(struct plan *p, const cJSON *request)
{
	const cJSON *messages = json_get(request, "messages");
	const cJSON *last = NULL, *message;
	_cleanup_buf_ struct buf prompt = { 0 }, rest = { 0 }, answer = { 0 };
	struct making m = { .plan = p };

	*p = (struct plan){ .finish = "stop", .prompt_tokens = count_prompt(messages) };
	json_for_each(message, messages)
		if (str_eq(json_str(message, "role"), "user"))
			last = message;
	add_content(&prompt, last);
	commands_strip(buf_str(&prompt), &rest);
	m.rest = buf_str(&rest);
	plan_add(p, ACT_REASON)->text = str_dup(NOTICE);

	message = cJSON_GetArrayItem(messages, cJSON_GetArraySize(messages) - 1);
	if (str_eq(json_str(message, "role"), "tool")) {
		say_tool_results(&m, messages);
	} else {
		commands_obey(&m, buf_str(&prompt));
		if (!m.spoke && !plan_tools(p, request, m.rest)) {
			media_describe(last, &answer);
			if (answer.len > 0 && *m.rest != '\0')
				buf_add_char(&answer, '\n');
			if (!arithmetic_answer(m.rest, &answer))
				buf_add_str(&answer, m.rest);
			plan_say(&m, buf_take(&answer));
		}
	}
	wrap_json(p, request);
	apply_limits(p, request);
}
