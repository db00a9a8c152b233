/*
 * chat_shape.c - tables of the known fields, and what must be there besides.
 */
#include "runtime/openai/chat_shape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_data.h"
#include "runtime/openai/chat_fields.h"
#include "runtime/openai/chat_options.h"
#include "runtime/openai/chat_request.h"

static const struct field request_fields[] = {
	FIELD("model", STR),
	FIELD("messages", ARR),
	RANGE("temperature", NUM | NUL, 0, 2),
	RANGE("top_p", NUM | NUL, 0, 1),
	RANGE("max_tokens", INT | NUL, 1, COUNT_MAX),
	RANGE("max_completion_tokens", INT | NUL, 1, COUNT_MAX),
	FIELD("stream", BOOL | NUL),
	FIELD("stream_options", OBJ | NUL),
	FIELD("tools", ARR | NUL),
	FIELD("tool_choice", STR | OBJ | NUL),
	FIELD("response_format", OBJ | NUL),
	FIELD("user", STR | NUL),
	FIELD("metadata", OBJ | NUL),
	FIELD("competitor_id", STR | NUL),
	FIELD("debug", BOOL | NUL),
	FIELD("user_id", STR | NUL),
	FIELD("enable_memory", BOOL | NUL),
	FIELD("chutes_access_token", STR | NUL),
	FIELD("generation_flags", OBJ | NUL),
	FIELD("browser_session_id", STR | NUL),
	RANGE("n", INT | NUL, 1, 128),
	FIELD("stop", STR | ARR | NUL),
	RANGE("seed", INT | NUL, -9223372036854775808.0, 9223372036854775807.0),
	RANGE("presence_penalty", NUM | NUL, -2, 2),
	RANGE("frequency_penalty", NUM | NUL, -2, 2),
	FIELD("logit_bias", OBJ | NUL),
	FIELD("logprobs", BOOL | NUL),
	RANGE("top_logprobs", INT | NUL, 0, 20),
	FIELD("parallel_tool_calls", BOOL | NUL),
	FIELD("reasoning_effort", STR | NUL),
	FIELD("verbosity", STR | NUL),
	FIELD("service_tier", STR | NUL),
	FIELD("store", BOOL | NUL),
	FIELD("modalities", ARR | NUL),
	FIELD("audio", OBJ | NUL),
	FIELD("prediction", OBJ | STR | NUL),
	FIELD("web_search_options", OBJ | NUL),
	FIELD("functions", ARR | NUL),
	FIELD("function_call", STR | OBJ | NUL),
	FIELD("prompt_cache_key", STR | NUL),
	FIELD("safety_identifier", STR | NUL),
	FIELD("prompt_cache_retention", STR | NUL),
	FIELD("prompt_cache_options", OBJ | NUL),
	FIELD("moderation", OBJ | NUL),
};
static const struct field format_fields[] = {
	FIELD("type", STR),
	FIELD("json_schema", OBJ | NUL),
};
enum message_field {
	M_ROLE,
	M_CONTENT,
	M_NAME,
	M_CALLS,
	M_CALL_ID,
	M_REFUSAL,
	M_LEGACY_CALL,
	M_ARTIFACTS,
	M_REASONING,
	M_AUDIO
};
static const struct field message_fields[] = {
	[M_ROLE] = FIELD("role", STR),
	[M_CONTENT] = FIELD("content", STR | ARR | NUL),
	[M_NAME] = FIELD("name", STR | NUL),
	[M_CALLS] = FIELD("tool_calls", ARR | NUL),
	[M_CALL_ID] = FIELD("tool_call_id", STR | NUL),
	[M_REFUSAL] = FIELD("refusal", STR | NUL),
	[M_LEGACY_CALL] = FIELD("function_call", OBJ | NUL),
	[M_ARTIFACTS] = FIELD("artifacts", ARR | NUL),
	[M_REASONING] = FIELD("reasoning_content", STR | NUL),
	[M_AUDIO] = FIELD("audio", OBJ | NUL),
};
/* The members of a part are judged at its end, when its type is known. */
enum part_field { P_TYPE, P_TEXT, P_IMAGE, P_AUDIO, P_FILE };
static const struct field part_fields[] = {
	[P_TYPE] = FIELD("type", STR),
	[P_TEXT] = FIELD("text", ~0u),
	[P_IMAGE] = FIELD("image_url", ~0u),
	[P_AUDIO] = FIELD("input_audio", ~0u),
	[P_FILE] = FIELD("file", ~0u),
};
enum part_kind { PART_NO_TYPE, PART_OTHER, PART_TEXT, PART_IMAGE, PART_AUDIO, PART_FILE };
enum call_field { C_ID, C_TYPE, C_FUNCTION };
static const struct field call_fields[] = {
	/* of tools[] and of tool_calls[] */
	[C_ID] = FIELD("id", STR),
	[C_TYPE] = FIELD("type", STR),
	[C_FUNCTION] = FIELD("function", OBJ),
};
enum function_field { F_NAME, F_ARGUMENTS, F_PARAMETERS, F_DESCRIPTION, F_STRICT };
static const struct field function_fields[] = {
	[F_NAME] = FIELD("name", STR),
	[F_ARGUMENTS] = FIELD("arguments", STR),
	[F_PARAMETERS] = FIELD("parameters", OBJ | NUL),
	[F_DESCRIPTION] = FIELD("description", STR | NUL),
	[F_STRICT] = FIELD("strict", BOOL | NUL),
};
static const char *const roles[] = { "user", "assistant", "system", "tool", "developer",
	"function" };

/* Which top-level member is being read. */
enum section {
	SECTION_OTHER,
	SECTION_MESSAGES,
	SECTION_TOOLS,
	SECTION_FORMAT,
	SECTION_FLAGS,
};
static const char *const section_names[] = {
	[SECTION_MESSAGES] = "messages",
	[SECTION_TOOLS] = "tools",
	[SECTION_FORMAT] = "response_format",
	[SECTION_FLAGS] = "generation_flags",
};

void
chat_shape_refuse(struct chat_shape *s, int code, const char *param, const char *fmt, ...)
{
	va_list ap;

	if (s->refused)
		return;
	s->refused = true;
	s->fault->code = (enum wire_code)code;
	str_copy(s->fault->param, sizeof(s->fault->param), param);
	va_start(ap, fmt);
	vsnprintf(s->fault->text, sizeof(s->fault->text), fmt, ap);
	va_end(ap);
}

static void
missing(struct chat_shape *s, const char *where, const char *name)
{
	char param[96];

	snprintf(param, sizeof(param), "%s.%s", where, name);
	chat_shape_refuse(s, CODE_MISSING_PARAMETER, param, "'%s' is missing.", param);
}

/* Is the value a string literal that decodes to text? */
static bool
literal_is(const char *json, const struct json_value *v, const char *text)
{
	const size_t len = strlen(text);

	if (v->type != JSON_STRING)
		return false;
	if (memchr(json + v->at, '\\', v->len) == NULL)
		return v->len == len + 2 && memcmp(json + v->at + 1, text, len) == 0;
	_cleanup_free_ char *decoded = json_unquote(json + v->at, v->len);
	return strcmp(decoded, text) == 0;
}

#define CHECK_FIELD(s, v, fields, where) field_check(s, v, fields, ARRAY_LEN(fields), where)

static bool
want_object(struct chat_shape *s, const struct json_value *v, const char *where)
{
	if (v->type == JSON_OBJECT)
		return true;
	chat_shape_refuse(s, CODE_INVALID_VALUE, where, "'%s' must be an object.", where);
	return false;
}

/* The container at a depth that v is inside of (or v itself). */
static const struct json_value *
at_depth(const struct json_value *v, int depth)
{
	while (v->depth > depth)
		v = v->parent;
	return v;
}

/* ---- functions: of tools[] and of messages[].tool_calls[] ---- */

static void
see_call_member(struct chat_shape *s, const struct json_value *v, const char *where)
{
	const struct field *f = CHECK_FIELD(s, v, call_fields, where);

	if (f == &call_fields[C_TYPE]) {
		s->function.type = true;
		s->function.is_function = literal_is(s->text, v, "function");
	} else if (f == &call_fields[C_FUNCTION]) {
		s->function.function = true;
	}
}

static void
see_function_member(struct chat_shape *s, const struct json_value *v, const char *where)
{
	char inside[80];

	if (!json_key_is(s->text, v->parent, "function"))
		return;
	snprintf(inside, sizeof(inside), "%s.function", where);
	const struct field *f = CHECK_FIELD(s, v, function_fields, inside);
	s->function.name |= f == &function_fields[F_NAME];
	s->function.arguments |= f == &function_fields[F_ARGUMENTS];
}

/* At the end of one tool or call; a call may leave its type out, as older clients do. */
static void
end_call(struct chat_shape *s, const struct json_value *v, const char *where, bool is_call)
{
	const struct chat_shape_function f = s->function;

	s->function = (struct chat_shape_function){ 0 };
	if (!want_object(s, v, where))
		return;
	if (!f.type && !is_call)
		missing(s, where, "type");
	if (f.type && !f.is_function)
		return;
	if (!f.function)
		missing(s, where, "function");
	else if (!f.name)
		missing(s, where, "function.name");
	else if (is_call && !f.arguments)
		missing(s, where, "function.arguments");
}

/* name[index] to at; returns its end.  Many values have a place, few a fault. */
static char *
put_place(char *at, const char *name, size_t index)
{
	char digits[STR_INT_MAX];

	at = stpcpy(stpcpy(at, name), "[");
	return stpcpy(stpcpy(at, str_int((int64_t)index, digits)), "]");
}

static void
see_tools(struct chat_shape *s, const struct json_value *v)
{
	char where[40];

	put_place(where, "tools", at_depth(v, 2)->index);
	if (v->depth == 2)
		end_call(s, v, where, false);
	else if (v->depth == 3 && v->key_len != 0)
		see_call_member(s, v, where);
	else if (v->depth == 4 && v->key_len != 0)
		see_function_member(s, v, where);
}

/* ---- messages ---- */

static enum part_kind
kind_of(const struct chat_shape *s, const struct json_value *v)
{
	static const char *const kinds[] = { [PART_TEXT] = "text",
		[PART_IMAGE] = "image_url",
		[PART_AUDIO] = "input_audio",
		[PART_FILE] = "file" };

	for (int i = PART_TEXT; i <= PART_FILE; i++)
		if (literal_is(s->text, v, kinds[i]))
			return (enum part_kind)i;
	return PART_OTHER;
}

static void
want_part_member(
    struct chat_shape *s, const char *where, const char *name, unsigned seen, unsigned wanted)
{
	char param[96];

	if (seen == 0) {
		missing(s, where, name);
	} else if ((seen & wanted) == 0) {
		snprintf(param, sizeof(param), "%s.%s", where, name);
		chat_shape_refuse(s, CODE_INVALID_VALUE, param, "'%s' must be %s.", param,
		    wanted == STR ? "a string" : "an object");
	}
}

/* A data: URL of a part, given in a member of it. */
static void
want_sound(struct chat_shape *s, const char *where, const char *name, const char *wrong)
{
	char param[96];

	snprintf(param, sizeof(param), "%s.%s", where, name);
	chat_data_refuse(s, param, wrong);
}

static void
end_part(struct chat_shape *s, const struct json_value *v, const char *where)
{
	const struct chat_shape_part p = s->part;

	s->part = (struct chat_shape_part){ 0 };
	if (!want_object(s, v, where))
		return;
	switch ((enum part_kind)p.kind) {
	case PART_NO_TYPE: missing(s, where, "type"); break;
	case PART_OTHER: break;
	case PART_TEXT: want_part_member(s, where, "text", p.text, STR); break;
	case PART_IMAGE:
		want_part_member(s, where, "image_url", p.image, OBJ);
		want_part_member(s, where, "image_url.url", p.url, STR);
		want_sound(s, where, "image_url.url", p.url_wrong);
		break;
	case PART_AUDIO: want_part_member(s, where, "input_audio", p.audio, OBJ); break;
	case PART_FILE:
		want_part_member(s, where, "file", p.file, OBJ);
		want_sound(s, where, "file.file_data", p.data_wrong);
		break;
	}
}

static void
see_inside_part(struct chat_shape *s, const struct json_value *v)
{
	if (json_key_is(s->text, v, "url") && json_key_is(s->text, v->parent, "image_url")) {
		s->part.url = field_type_bit(v);
		s->part.url_wrong = chat_data_wrong(s->text, v);
	} else if (json_key_is(s->text, v, "file_data") &&
	    json_key_is(s->text, v->parent, "file")) {
		s->part.data_wrong = chat_data_wrong(s->text, v);
	}
}

static void
see_part(struct chat_shape *s, const struct json_value *v, size_t message)
{
	const unsigned bit = field_type_bit(v);
	char where[80];

	put_place(put_place(where, "messages", message), ".content", at_depth(v, 4)->index);
	if (v->depth == 4) {
		end_part(s, v, where);
	} else if (v->depth == 5 && v->key_len != 0) {
		const struct field *f = CHECK_FIELD(s, v, part_fields, where);

		if (f == &part_fields[P_TYPE])
			s->part.kind = (int)kind_of(s, v);
		else if (f == &part_fields[P_TEXT])
			s->part.text = bit;
		else if (f == &part_fields[P_IMAGE])
			s->part.image = bit;
		else if (f == &part_fields[P_AUDIO])
			s->part.audio = bit;
		else if (f == &part_fields[P_FILE])
			s->part.file = bit;
	} else if (v->depth == 6 && v->key_len != 0) {
		see_inside_part(s, v);
	}
}

static void
see_tool_call(struct chat_shape *s, const struct json_value *v, size_t message)
{
	char where[80];

	put_place(put_place(where, "messages", message), ".tool_calls", at_depth(v, 4)->index);
	if (v->depth == 4)
		end_call(s, v, where, true);
	else if (v->depth == 5 && v->key_len != 0)
		see_call_member(s, v, where);
	else if (v->depth == 6 && v->key_len != 0)
		see_function_member(s, v, where);
}

static void
see_role(struct chat_shape *s, const struct json_value *v, const char *where)
{
	char param[48];

	s->message.role = true;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (literal_is(s->text, v, roles[i])) {
			s->message.needs_content = strcmp(roles[i], "assistant") != 0;
			s->message.is_tool = strcmp(roles[i], "tool") == 0;
			return;
		}
	snprintf(param, sizeof(param), "%s.role", where);
	chat_shape_refuse(s, CODE_INVALID_VALUE, param,
	    "'%s' must be developer, system, user, assistant or tool.", param);
}

static void
see_message_member(struct chat_shape *s, const struct json_value *v, const char *where)
{
	const struct field *f = CHECK_FIELD(s, v, message_fields, where);

	if (f == &message_fields[M_ROLE])
		see_role(s, v, where);
	else if (f == &message_fields[M_CONTENT])
		s->message.content = true;
	else if (f == &message_fields[M_CALL_ID])
		s->message.call_id = v->type == JSON_STRING;
}

static void
end_message(struct chat_shape *s, const struct json_value *v, const char *where)
{
	const struct chat_shape_message m = s->message;

	s->message = (struct chat_shape_message){ 0 };
	s->messages++;
	if (!want_object(s, v, where))
		return;
	if (!m.role)
		missing(s, where, "role");
	else if (m.needs_content && !m.content)
		missing(s, where, "content");
	else if (m.is_tool && !m.call_id)
		missing(s, where, "tool_call_id");
}

static void
see_messages(struct chat_shape *s, const struct json_value *v)
{
	const size_t message = at_depth(v, 2)->index;
	char where[40];

	if (v->depth <= 3) {
		put_place(where, "messages", message);
		if (v->depth == 2)
			end_message(s, v, where);
		else if (v->key_len != 0)
			see_message_member(s, v, where);
		return;
	}
	const struct json_value *member = at_depth(v, 3);
	if (member->type != JSON_ARRAY)
		return;
	if (json_key_is(s->text, member, "content"))
		see_part(s, v, message);
	else if (json_key_is(s->text, member, "tool_calls"))
		see_tool_call(s, v, message);
}

/* ---- the rest ---- */

static void
see_format(struct chat_shape *s, const struct json_value *v)
{
	if (v->depth == 2 && v->key_len != 0 &&
	    CHECK_FIELD(s, v, format_fields, "response_format") == &format_fields[0])
		s->format_type = true;
}

static void
see_flag(struct chat_shape *s, const struct json_value *v)
{
	if (v->depth == 2 && (field_type_bit(v) & (BOOL | NUL)) == 0)
		chat_shape_refuse(s, CODE_INVALID_VALUE, "generation_flags",
		    "Each of 'generation_flags' must be true or false.");
}

static void
see_top(struct chat_shape *s, const struct json_value *v)
{
	const struct field *f = CHECK_FIELD(s, v, request_fields, "");

	if (f != NULL && v->type == JSON_OBJECT && strcmp(f->name, "response_format") == 0 &&
	    !s->format_type)
		missing(s, "response_format", "type");
}

static enum section
section_of(struct chat_shape *s, const struct json_value *v)
{
	const struct json_value *top = at_depth(v, 1);

	if (s->section_at != top->at) {
		s->section_at = top->at;
		s->section = SECTION_OTHER;
		for (int i = SECTION_MESSAGES; i <= SECTION_FLAGS; i++)
			if (json_key_is(s->text, top, section_names[i]))
				s->section = i;
	}
	return (enum section)s->section;
}

void
chat_shape_value(struct chat_shape *s, const struct json_value *v)
{
	if (v->depth == 0 || v->depth > 6 || at_depth(v, 1)->key_len == 0)
		return;
	if (v->depth == 1) {
		see_top(s, v);
		return;
	}
	const bool in_array = at_depth(v, 1)->type == JSON_ARRAY;
	switch (section_of(s, v)) {
	case SECTION_MESSAGES:
		if (in_array)
			see_messages(s, v);
		break;
	case SECTION_TOOLS:
		if (in_array)
			see_tools(s, v);
		break;
	case SECTION_FORMAT: see_format(s, v); break;
	case SECTION_FLAGS: see_flag(s, v); break;
	case SECTION_OTHER: chat_option_value(s, v); break;
	}
}
