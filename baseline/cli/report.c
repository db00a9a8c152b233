/*
 * report.c - one line an event.
 */
#include "baseline/cli/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"

static void
print(const cJSON *json)
{
	_cleanup_free_ char *text = json_print(json);

	puts(text);
	fflush(stdout);
}

static cJSON *
line(const char *type)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "type", type);
	return json;
}

void
report_start(const char *model)
{
	_cleanup_json_ cJSON *json = line("system");

	json_add_str(json, "subtype", "init");
	json_add_str(json, "model", model);
	json_add_str(json, "agent", "janus-agent " JANUS_VERSION);
	print(json);
}

void
report_piece(const char *text, const char *thought)
{
	_cleanup_json_ cJSON *json = line("stream_event");
	cJSON *event = json_add_obj(json, "event"), *delta;

	json_add_str(event, "type", "content_block_delta");
	delta = json_add_obj(event, "delta");
	if (text != NULL)
		json_add_str(delta, "text", text);
	if (thought != NULL)
		json_add_str(delta, "thinking", thought);
	print(json);
}

/* A message with one block. */
static cJSON *
add_block(cJSON *json, const char *role, const char *type)
{
	cJSON *message = json_add_obj(json, "message"), *block = cJSON_CreateObject();

	json_add_str(message, "role", role);
	cJSON_AddItemToArray(json_add_arr(message, "content"), block);
	json_add_str(block, "type", type);
	return block;
}

void
report_text(const char *text)
{
	_cleanup_json_ cJSON *json = line("assistant");

	json_add_str(add_block(json, "assistant", "text"), "text", text);
	print(json);
}

void
report_tool_start(const char *id, const char *name, const cJSON *input)
{
	_cleanup_json_ cJSON *json = line("assistant");
	cJSON *block = add_block(json, "assistant", "tool_use");

	json_add_str(block, "id", id);
	json_add_str(block, "name", name);
	cJSON_AddItemToObject(
	    block, "input", input != NULL ? cJSON_Duplicate(input, true) : cJSON_CreateObject());
	print(json);
}

void
report_tool_end(const char *id, const char *text, bool failed)
{
	_cleanup_json_ cJSON *json = line("user");
	cJSON *block = add_block(json, "user", "tool_result");

	json_add_str(block, "tool_use_id", id);
	json_add_str(block, "content", text);
	json_add_bool(block, "is_error", failed);
	print(json);
}

void
report_result(const char *text, bool failed, int64_t prompt_tokens, int64_t completion_tokens)
{
	_cleanup_json_ cJSON *json = line("result");
	cJSON *usage;

	json_add_str(json, "subtype", failed ? "error_during_execution" : "success");
	json_add_bool(json, "is_error", failed);
	json_add_str(json, "result", text);
	usage = json_add_obj(json, "usage");
	json_add_int(usage, "input_tokens", prompt_tokens);
	json_add_int(usage, "output_tokens", completion_tokens);
	print(json);
}
