/*
 * chat_params.c - numbers and stop sequences of a request.
 */
#include "runtime/openai/chat_params.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"

static const struct {
	const char *key;
	enum chat_param param;
} numbers[] = {
	{ "max_tokens", CHAT_PARAM_MAX_TOKENS },
	{ "max_completion_tokens", CHAT_PARAM_MAX_TOKENS },
	{ "temperature", CHAT_PARAM_TEMPERATURE },
	{ "top_p", CHAT_PARAM_TOP_P },
	{ "seed", CHAT_PARAM_SEED },
	{ "n", CHAT_PARAM_CHOICES },
	{ "frequency_penalty", CHAT_PARAM_FREQUENCY_PENALTY },
	{ "presence_penalty", CHAT_PARAM_PRESENCE_PENALTY },
};

static void
see_number(struct chat_params *p, const char *text, const struct json_value *v)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const unsigned bit = 1U << numbers[i].param;

		if (!json_key_is(text, v, numbers[i].key))
			continue;
		if ((p->given & bit) != 0 && strcmp(numbers[i].key, "max_tokens") == 0)
			return;
		p->number[numbers[i].param] = json_number(text, v);
		p->given |= bit;
		return;
	}
}

static void
see_stop(struct chat_params *p, const char *text, const struct json_value *v)
{
	_cleanup_free_ char *decoded = json_unquote(text + v->at, v->len);
	const size_t len = str_utf8_len(decoded, strnlen(decoded, sizeof(p->stop[0]) - 1));

	if (p->nstops == CHAT_STOPS_MAX)
		return;
	snprintf(p->stop[p->nstops++], sizeof(p->stop[0]), "%.*s", (int)len, decoded);
}

void
chat_params_see(struct chat_params *p, const char *text, const struct json_value *v)
{
	if (v->depth == 1 && v->key_len != 0 && v->type == JSON_NUMBER)
		see_number(p, text, v);
	else if (v->type == JSON_STRING &&
	    ((v->depth == 1 && v->key_len != 0 && json_key_is(text, v, "stop")) ||
		(v->depth == 2 && v->key_len == 0 && json_key_is(text, v->parent, "stop"))))
		see_stop(p, text, v);
}
