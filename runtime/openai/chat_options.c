/*
 * chat_options.c - a table of the smaller fields.
 */
#include "runtime/openai/chat_options.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/openai/chat_fields.h"
#include "runtime/openai/chat_shape.h"

static const struct field audio_fields[] = {
	FIELD("voice", STR | OBJ),
	FIELD("format", STR),
};
static const struct field prediction_fields[] = {
	FIELD("type", STR),
	FIELD("content", STR | ARR),
};
static const struct field search_fields[] = {
	FIELD("search_context_size", STR | NUL),
	FIELD("user_location", OBJ | NUL),
};
static const struct field choice_fields[] = {
	FIELD("type", STR),
	FIELD("name", STR),
	FIELD("function", OBJ),
	FIELD("custom", OBJ),
	FIELD("allowed_tools", OBJ),
};
static const struct field call_fields[] = {
	FIELD("name", STR),
};
static const struct field stream_fields[] = {
	FIELD("include_usage", BOOL | NUL),
	FIELD("include_obfuscation", BOOL | NUL),
};
static const struct field cache_fields[] = {
	FIELD("mode", STR | NUL),
	FIELD("ttl", STR | NUL),
};
static const struct field reasoning_fields[] = {
	FIELD("effort", STR | NUL),
	FIELD("summary", STR | NUL),
	FIELD("generate_summary", STR | NUL),
};
static const struct field text_fields[] = {
	FIELD("format", OBJ | NUL),
	FIELD("verbosity", STR | NUL),
};

/* Either each value must be of the types, or named ones must be as their table says. */
static const struct option {
	struct field each;
	const struct field *fields;
	size_t nfields;
} options[] = {
#define WITHIN(name, table)                             \
	{                                               \
		FIELD(name, 0), table, ARRAY_LEN(table) \
	}
	{ .each = FIELD("modalities", STR) },
	{ .each = FIELD("stop", STR) },
	{ .each = FIELD("include", STR) },
	{ .each = FIELD("metadata", STR) },
	{ .each = RANGE("logit_bias", NUM, -100, 100) },
	{ .each = FIELD("functions", OBJ) },
	{ .each = FIELD("tools", OBJ) },
	{ .each = FIELD("context_management", OBJ) },
	WITHIN("audio", audio_fields),
	WITHIN("prediction", prediction_fields),
	WITHIN("web_search_options", search_fields),
	WITHIN("tool_choice", choice_fields),
	WITHIN("function_call", call_fields),
	WITHIN("stream_options", stream_fields),
	WITHIN("prompt_cache_options", cache_fields),
	WITHIN("reasoning", reasoning_fields),
	WITHIN("text", text_fields),
};

void
chat_option_value(struct chat_shape *s, const struct json_value *v)
{
	if (v->depth != 2)
		return;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct option *o = &options[i];

		if (!json_key_is(s->text, v->parent, o->each.name))
			continue;
		if (o->fields == NULL)
			field_check_each(s, v, &o->each);
		else if (v->key_len != 0)
			field_check(s, v, o->fields, o->nfields, o->each.name);
		return;
	}
}
