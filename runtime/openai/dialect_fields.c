/*
 * dialect_fields.c - tables of the known fields, and what a prompt or an input may be.
 */
#include "runtime/openai/dialect_fields.h"

#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/openai/chat_data.h"
#include "runtime/openai/chat_fields.h"
#include "runtime/openai/chat_options.h"
#include "runtime/openai/chat_shape.h"
#include "runtime/openai/codes.h"
#include "runtime/openai/dialect.h"

#define EMBEDDINGS_MAX 2048 /* inputs of one request */

#define OURS FIELD("competitor_id", STR | NUL), FIELD("chutes_access_token", STR | NUL)

static const struct field completions_fields[] = {
	OURS,
	FIELD("model", STR),
	FIELD("prompt", STR | ARR),
	RANGE("best_of", INT | NUL, 1, 20),
	FIELD("echo", BOOL | NUL),
	RANGE("frequency_penalty", NUM | NUL, -2, 2),
	FIELD("logit_bias", OBJ | NUL),
	RANGE("logprobs", INT | NUL, 0, COUNT_MAX),
	RANGE("max_tokens", INT | NUL, 0, COUNT_MAX),
	RANGE("n", INT | NUL, 1, 128),
	RANGE("presence_penalty", NUM | NUL, -2, 2),
	RANGE("seed", INT | NUL, -9223372036854775808.0, 9223372036854775807.0),
	FIELD("stop", STR | ARR | NUL),
	FIELD("stream", BOOL | NUL),
	FIELD("stream_options", OBJ | NUL),
	FIELD("suffix", STR | NUL),
	RANGE("temperature", NUM | NUL, 0, 2),
	RANGE("top_p", NUM | NUL, 0, 1),
	FIELD("user", STR | NUL),
};
static const struct field responses_fields[] = {
	OURS,
	FIELD("model", STR),
	FIELD("input", STR | ARR),
	FIELD("background", BOOL | NUL),
	FIELD("context_management", ARR | NUL),
	FIELD("conversation", STR | OBJ | NUL),
	FIELD("include", ARR | NUL),
	FIELD("instructions", STR | ARR | NUL),
	RANGE("max_output_tokens", INT | NUL, 1, COUNT_MAX),
	RANGE("max_tool_calls", INT | NUL, 1, COUNT_MAX),
	FIELD("metadata", OBJ | NUL),
	FIELD("moderation", OBJ | NUL),
	FIELD("parallel_tool_calls", BOOL | NUL),
	FIELD("previous_response_id", STR | NUL),
	FIELD("prompt", OBJ | NUL),
	FIELD("prompt_cache_key", STR | NUL),
	FIELD("prompt_cache_options", OBJ | NUL),
	FIELD("prompt_cache_retention", STR | NUL),
	FIELD("reasoning", OBJ | NUL),
	FIELD("safety_identifier", STR | NUL),
	FIELD("service_tier", STR | NUL),
	FIELD("store", BOOL | NUL),
	FIELD("stream", BOOL | NUL),
	FIELD("stream_options", OBJ | NUL),
	RANGE("temperature", NUM | NUL, 0, 2),
	FIELD("text", OBJ | NUL),
	FIELD("tool_choice", STR | OBJ | NUL),
	FIELD("tools", ARR | NUL),
	RANGE("top_logprobs", INT | NUL, 0, 20),
	RANGE("top_p", NUM | NUL, 0, 1),
	FIELD("truncation", STR | NUL),
	FIELD("user", STR | NUL),
};
static const struct field embeddings_fields[] = {
	OURS,
	FIELD("model", STR),
	FIELD("input", STR | ARR),
	RANGE("dimensions", INT | NUL, 1, COUNT_MAX),
	FIELD("encoding_format", STR | NUL),
	FIELD("user", STR | NUL),
};

static const struct {
	const struct field *fields;
	size_t len;
} tables[DIALECT_COUNT] = {
	[DIALECT_COMPLETIONS] = { completions_fields, ARRAY_LEN(completions_fields) },
	[DIALECT_RESPONSES] = { responses_fields, ARRAY_LEN(responses_fields) },
	[DIALECT_EMBEDDINGS] = { embeddings_fields, ARRAY_LEN(embeddings_fields) },
};

/* One of the array: items of a conversation, or texts, tokens or lists of tokens, but no mix. */
static void
see_each(struct chat_shape *s, const struct dialect *d, const struct json_value *v)
{
	const unsigned bit = field_type_bit(v);
	struct field each = { .name = d->required,
		.types = d->at == DIALECT_RESPONSES ? OBJ
		    : s->each == NUM                ? INT
		    : s->each != 0                  ? s->each
		    : bit == NUM                    ? INT
						    : STR | INT | ARR };

	each.min = each.types == INT ? 0 : -HUGE_VAL;
	each.max = each.types == INT ? COUNT_MAX : HUGE_VAL;
	field_check_each(s, v, &each);
	s->each = bit;
	s->messages++;
}

static void
see_token(struct chat_shape *s, const struct dialect *d, const struct json_value *v)
{
	const struct field token = RANGE("token", INT, 0, COUNT_MAX);
	char param[64];

	snprintf(param, sizeof(param), "%s[%zu]", d->required, v->parent->index);
	field_check_as(s, v, &token, param);
}

static void
see_required(struct chat_shape *s, const struct dialect *d, const struct json_value *v)
{
	const bool many = v->type == JSON_ARRAY;

	if (!many)
		s->messages = 1;
	if (many && s->messages == 0)
		chat_shape_refuse(
		    s, CODE_INVALID_VALUE, d->required, "'%s' must not be empty.", d->required);
	if (d->at != DIALECT_EMBEDDINGS)
		return;
	if (v->type == JSON_STRING && v->len == 2)
		chat_shape_refuse(
		    s, CODE_INVALID_VALUE, d->required, "'%s' must not be empty.", d->required);
	else if (s->each == STR && s->messages > EMBEDDINGS_MAX)
		chat_shape_refuse(s, CODE_INVALID_VALUE, d->required,
		    "'%s' must hold at most %d texts.", d->required, EMBEDDINGS_MAX);
}

/* input[i].content[k].image_url, and the same of file_data. */
static void
see_part(struct chat_shape *s, const struct json_value *v)
{
	const struct json_value *part = v->parent, *list = part->parent, *item = list->parent;
	char param[96];

	if (v->key_len == 0 || list->type != JSON_ARRAY || item->parent->type != JSON_ARRAY ||
	    !json_key_is(s->text, list, "content") || !json_key_is(s->text, item->parent, "input"))
		return;
	const char *name = json_key_is(s->text, v, "image_url") ? "image_url"
	    : json_key_is(s->text, v, "file_data")              ? "file_data"
								: NULL;
	if (name == NULL)
		return;
	snprintf(
	    param, sizeof(param), "input[%zu].content[%zu].%s", item->index, part->index, name);
	chat_data_refuse(s, param, chat_data_wrong(s->text, v));
}

void
dialect_shape_value(struct chat_shape *s, const struct dialect *d, const struct json_value *v)
{
	const struct json_value *top = v;

	if (v->depth == 5 && d->at == DIALECT_RESPONSES)
		see_part(s, v);
	if (v->depth == 0 || v->depth > 3)
		return;
	while (top->depth > 1)
		top = top->parent;
	if (top->key_len == 0)
		return;
	const bool required = json_key_is(s->text, top, d->required);
	if (v->depth == 1) {
		field_check(s, v, tables[d->at].fields, tables[d->at].len, "");
		if (required)
			see_required(s, d, v);
	} else if (!required) {
		chat_option_value(s, v);
	} else if (v->depth == 2 && top->type == JSON_ARRAY) {
		see_each(s, d, v);
	} else if (v->depth == 3 && v->parent->type == JSON_ARRAY && d->at != DIALECT_RESPONSES) {
		see_token(s, d, v);
	}
}
