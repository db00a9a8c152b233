/*
 * chat_splice.c - one scan for the place, one copy around it.
 */
#include "runtime/openai/chat_splice.h"

#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"

struct place {
	const char *text;
	const char *key; /* that may not be there yet */
	bool found, has_key;
	size_t at; /* behind the object's opening bracket */
	bool is_empty;
	size_t reasoning_at, reasoning_len; /* a string that is there already; len 0: none */
};

static bool
key_is(const struct place *p, const struct json_value *v, const char *name)
{
	return v->key_len > 0 && json_key_is(p->text, v, name) != 0;
}

static void
take_object(struct place *p, const struct json_value *v)
{
	p->found = true;
	p->at = v->at + 1;
	p->is_empty = p->text[p->at + strspn(p->text + p->at, " \t\r\n")] == '}';
}

static int
look_for_usage(const struct json_value *v, void *arg)
{
	struct place *p = arg;

	if (v->depth == 2 && key_is(p, v->parent, "usage") && key_is(p, v, p->key))
		p->has_key = true;
	if (v->depth == 1 && v->type == JSON_OBJECT && key_is(p, v, "usage"))
		take_object(p, v);
	return 0;
}

/* choices[0].message */
static bool
is_message(const struct place *p, const struct json_value *v)
{
	return v->depth == 3 && key_is(p, v, "message") && v->parent->index == 0 &&
	    v->parent->parent->depth == 1 && key_is(p, v->parent->parent, "choices");
}

static int
look_for_message(const struct json_value *v, void *arg)
{
	struct place *p = arg;

	if (v->depth == 4 && is_message(p, v->parent) && key_is(p, v, "reasoning_content")) {
		p->has_key = true;
		p->reasoning_at = v->at;
		p->reasoning_len = v->type == JSON_STRING ? v->len : 0;
	}
	if (is_message(p, v) && v->type == JSON_OBJECT)
		take_object(p, v);
	return 0;
}

bool
chat_splice_usage(const char *json, size_t len, const char *key, const char *value, struct buf *out)
{
	struct place p = { .text = json, .key = key };

	if (json_scan(json, len, look_for_usage, &p, NULL) < 0 || !p.found || p.has_key)
		return false;
	buf_add(out, json, p.at);
	json_add_quoted(out, key, strlen(key));
	buf_printf(out, ":%s%s", value, p.is_empty ? "" : ",");
	buf_add(out, json + p.at, len - p.at);
	return true;
}

bool
chat_splice_reasoning(const char *json, size_t len, const char *text, struct buf *out)
{
	struct place p = { .text = json };
	_cleanup_buf_ struct buf quoted = { 0 };

	if (json_scan(json, len, look_for_message, &p, NULL) < 0 || !p.found ||
	    (p.has_key && p.reasoning_len == 0))
		return false;
	json_add_quoted(&quoted, text, strlen(text));
	if (p.has_key) { /* its words go on in ours */
		buf_add(out, json, p.reasoning_at);
		buf_add(out, quoted.data, quoted.len - 1);
		buf_add(out, json + p.reasoning_at + 1, len - p.reasoning_at - 1);
		return true;
	}
	buf_add(out, json, p.at);
	buf_printf(out, "\"reasoning_content\":%s%s", buf_str(&quoted), p.is_empty ? "" : ",");
	buf_add(out, json + p.at, len - p.at);
	return true;
}
