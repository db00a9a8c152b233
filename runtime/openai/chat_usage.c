/*
 * chat_usage.c - find the members of usage by name, and take them if they make sense together.
 */
#include "runtime/openai/chat_usage.h"

#include <math.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"

#define TOKENS_MAX 100000000 /* more than that in one answer is not a count */
#define COST_MAX_USD 1000000.0
#define SANDBOX_MAX_SECONDS 1e7
#define BYTES_PER_TOKEN 4

static const struct {
	const char *name, *in; /* in: the member of usage that holds it; NULL: usage does */
} members[] = {
	[USAGE_PROMPT] = { "prompt_tokens", NULL },
	[USAGE_COMPLETION] = { "completion_tokens", NULL },
	[USAGE_INPUT] = { "input_tokens", NULL },
	[USAGE_OUTPUT] = { "output_tokens", NULL },
	[USAGE_TOTAL] = { "total_tokens", NULL },
	[USAGE_REASONING] = { "reasoning_tokens", "completion_tokens_details" },
	[USAGE_CACHED] = { "cached_tokens", "prompt_tokens_details" },
	[USAGE_COST] = { "cost_usd", NULL },
	[USAGE_SECONDS] = { "sandbox_seconds", NULL },
};

void
chat_usage_see(struct usage_seen *seen, const char *text, const struct json_value *v)
{
	if (v->key_len == 0 || v->depth < 2 || v->depth > 3)
		return;
	const struct json_value *in = v->depth == 3 ? v->parent : NULL;
	if (!json_key_is(text, v->depth == 3 ? v->parent->parent : v->parent, "usage"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if ((members[i].in == NULL) == (in == NULL) &&
		    json_key_is(text, v, members[i].name) &&
		    (in == NULL || json_key_is(text, in, members[i].in))) {
			seen->of[i].is = v->type == JSON_NUMBER ? USAGE_NUMBER
			    : v->type == JSON_NULL              ? USAGE_NULL
								: USAGE_OTHER;
			if (v->type == JSON_NUMBER)
				seen->of[i].n = json_number(text, v);
			return;
		}
}

static bool
take_tokens(const struct usage_number *seen, int64_t *out)
{
	*out = 0;
	if (seen->is == USAGE_ABSENT || seen->is == USAGE_NULL)
		return true;
	if (seen->is != USAGE_NUMBER || !(seen->n >= 0 && seen->n <= TOKENS_MAX) ||
	    seen->n != floor(seen->n))
		return false;
	*out = (int64_t)seen->n;
	return true;
}

bool
chat_usage_take(const struct usage_seen *seen, struct chat_usage *out)
{
	const bool renamed = seen->of[USAGE_INPUT].is != USAGE_ABSENT;
	const struct usage_number *in = &seen->of[renamed ? USAGE_INPUT : USAGE_PROMPT];
	const struct usage_number *made = &seen->of[renamed ? USAGE_OUTPUT : USAGE_COMPLETION];
	const struct usage_number *cost = &seen->of[USAGE_COST];
	const struct usage_number *seconds = &seen->of[USAGE_SECONDS];
	struct chat_usage u = { .reported = true, .cost_micro_usd = -1, .sandbox_seconds = -1 };

	if (in->is == USAGE_ABSENT && made->is == USAGE_ABSENT)
		return false;
	if (!take_tokens(in, &u.prompt_tokens) || !take_tokens(made, &u.completion_tokens) ||
	    !take_tokens(&seen->of[USAGE_TOTAL], &u.total_tokens))
		return false;
	if (u.total_tokens == 0)
		u.total_tokens = u.prompt_tokens + u.completion_tokens;
	/* Of these, what makes no sense is left out, and the rest counts. */
	take_tokens(&seen->of[USAGE_REASONING], &u.reasoning_tokens);
	take_tokens(&seen->of[USAGE_CACHED], &u.cached_tokens);
	if (cost->is == USAGE_NUMBER && cost->n >= 0 && cost->n <= COST_MAX_USD)
		u.cost_micro_usd = llround(cost->n * 1e6);
	if (seconds->is == USAGE_NUMBER && seconds->n >= 0 && seconds->n <= SANDBOX_MAX_SECONDS)
		u.sandbox_seconds = seconds->n;
	*out = u;
	return true;
}

struct reading {
	const char *text;
	struct usage_seen seen;
};

static int
see_value(const struct json_value *v, void *arg)
{
	struct reading *r = arg;

	chat_usage_see(&r->seen, r->text, v);
	return 0;
}

bool
chat_usage_parse(const char *json, size_t len, struct chat_usage *out)
{
	struct reading r = { .text = json };

	return json_scan(json, len, see_value, &r, NULL) == 0 && chat_usage_take(&r.seen, out);
}

int64_t
chat_usage_tokens(size_t bytes)
{
	return (int64_t)((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
}

/* A text is the value of one of these, or stands in an array that is. */
size_t
chat_usage_text(const char *json, const struct json_value *v)
{
#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct {
		const char *name;
		size_t len;
	} names[] = { NAME("content"), NAME("text"), NAME("reasoning_content"), NAME("refusal"),
		NAME("arguments"), NAME("prompt"), NAME("input"), NAME("instructions"),
		NAME("output") };
#undef NAME
	const struct json_value *const named = v->key_len > 0 ? v : v->parent;

	if (v->type != JSON_STRING || named == NULL || named->key_len == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_key_is_n(json, named, names[i].name, names[i].len))
			return v->len - 2;
	return 0;
}
