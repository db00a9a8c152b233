/*
 * arena_body.c - splices into a request, and lots.
 */
#include "controlplane/gateway/arena_body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json_scan.h"
#include "runtime/openai/chat_request.h"

struct look {
	const char *text;
	bool has_model, is_object;
	size_t root_at, members;
	size_t stream_at, stream_len; /* len 0: there is none */
	bool stream;
	struct chat_fault *fault;
	bool refused;
};

static void __attribute__((format(printf, 4, 5)))
refuse(struct look *l, enum wire_code code, const char *param, const char *fmt, ...)
{
	va_list ap;

	if (l->refused)
		return;
	l->refused = true;
	l->fault->code = code;
	snprintf(l->fault->param, sizeof(l->fault->param), "%s", param);
	va_start(ap, fmt);
	vsnprintf(l->fault->text, sizeof(l->fault->text), fmt, ap);
	va_end(ap);
}

static bool
is_text(const struct look *l, const struct json_value *v, const char *text)
{
	if (v->type != JSON_STRING)
		return false;
	_cleanup_free_ char *is = json_unquote(l->text + v->at, v->len);
	return strcmp(is, text) == 0;
}

static void
see_member(struct look *l, const struct json_value *v)
{
	l->members++;
	if (json_key_is(l->text, v, "model")) {
		l->has_model = true;
		if (!is_text(l, v, "janus"))
			refuse(l, CODE_INVALID_VALUE, "model",
			    "Who answers in a battle is drawn by lot: leave 'model' out, or say "
			    "'janus'.");
	} else if (json_key_is(l->text, v, "competitor_id")) {
		refuse(l, CODE_UNSUPPORTED_PARAMETER, "competitor_id",
		    "Who answers in a battle is drawn by lot.");
	} else if (json_key_is(l->text, v, "competitors")) {
		refuse(l, CODE_UNSUPPORTED_PARAMETER, "competitors",
		    "Who answers in a battle is drawn by lot.");
	} else if (json_key_is(l->text, v, "n")) {
		if (v->type != JSON_NULL && !(v->len == 1 && l->text[v->at] == '1'))
			refuse(l, CODE_UNSUPPORTED_PARAMETER, "n",
			    "A side of a battle gives one answer.");
	} else if (json_key_is(l->text, v, "stream")) {
		l->stream_at = v->at;
		l->stream_len = v->len;
		l->stream = v->type == JSON_TRUE;
		if (v->type != JSON_TRUE && v->type != JSON_FALSE && v->type != JSON_NULL)
			refuse(l, CODE_INVALID_VALUE, "stream", "'stream' is true or false.");
	}
}

static int
see(const struct json_value *v, void *arg)
{
	struct look *l = arg;

	if (v->depth == 0) {
		l->root_at = v->at;
		l->is_object = v->type == JSON_OBJECT;
	} else if (v->depth == 1 && v->key_len != 0) {
		see_member(l, v);
	}
	return 0;
}

int
arena_body(struct buf *out, const char *body, size_t len, bool *stream, struct chat_fault *fault)
{
	struct look l = { .text = body, .fault = fault };
	struct error err = { 0 };

	if (json_scan(body, len, see, &l, &err) < 0 || !l.is_object || l.members == 0) {
		buf_add(out, body, len); /* who reads it next says what is wrong */
		*stream = false;
		return 0;
	}
	if (l.refused)
		return -1;
	*stream = l.stream;
	buf_add(out, body, l.root_at + 1);
	if (!l.has_model)
		buf_add_str(out, "\"model\":\"janus\",");
	if (l.stream_len == 0) {
		buf_add_str(out, "\"stream\":true,");
		buf_add(out, body + l.root_at + 1, len - l.root_at - 1);
	} else {
		const size_t after = l.stream_at + l.stream_len;

		buf_add(out, body + l.root_at + 1, l.stream_at - l.root_at - 1);
		buf_add_str(out, "true");
		buf_add(out, body + after, len - after);
	}
	return 0;
}

/* ---- lots ---- */

/* From 0 to below 1. */
static double
share(uint64_t random)
{
	return (double)(random >> 11) / 9007199254740992.0;
}

static double
weight(const uint64_t *battles, size_t i, uint64_t least)
{
	return 1.0 / (double)(1 + battles[i] - least);
}

/* not: one that is out already; n: none is. */
static size_t
draw_one(const uint64_t *battles, size_t n, size_t not, uint64_t least, double lot)
{
	size_t last = 0;
	double all = 0;

	for (size_t i = 0; i < n; i++)
		all += i != not ? weight(battles, i, least) : 0;
	lot *= all;
	for (size_t i = 0; i < n; i++) {
		if (i == not )
			continue;
		last = i;
		lot -= weight(battles, i, least);
		if (lot < 0)
			break;
	}
	return last;
}

void
arena_draw(const uint64_t *battles, size_t n, const uint64_t random[2], size_t out[2])
{
	uint64_t least = battles[0];

	for (size_t i = 1; i < n; i++)
		least = battles[i] < least ? battles[i] : least;
	const size_t one = draw_one(battles, n, n, least, share(random[0]));
	const size_t other = draw_one(battles, n, one, least, share(random[1]));
	const size_t a = random[0] & 1; /* who was drawn first may sit on either side */
	out[a] = one;
	out[1 - a] = other;
}
