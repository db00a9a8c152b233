/*
 * chat_stream.c - look at each event once, by its keys, and parse only usage and errors.
 *
 * The walk below reads no values and validates nothing: it steps from key to key, knowing how deep
 * it is, which is enough to see choices, delta and finish_reason in one pass over a chunk.
 */
#include "runtime/openai/chat_stream.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"
#include "runtime/openai/dialect.h"

/* Depths at which keys of {choices:[{delta:{...}}]} stand. */
enum { DEPTH_ROOT = 1, DEPTH_CHOICE = 3, DEPTH_DELTA = 4 };

struct look { /* what one chunk holds */
	bool whole; /* brackets balance and the root is an object */
	bool usage, error, choices, finish, content;
	size_t content_bytes;
	const char *text,
	    *text_end; /* of the content, between its quotes; NULL if it is no string */
	struct chat_answer *answer; /* to fill; NULL */
};

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* From after an opening quote to the closing one; end if there is none. */
static const char *
string_end(const char *p, const char *end)
{
	while (p < end) {
		const char *quote = memchr(p, '"', (size_t)(end - p));
		const char *back = quote;

		if (quote == NULL)
			return end;
		while (back > p && back[-1] == '\\')
			back--;
		if ((quote - back) % 2 == 0)
			return quote;
		p = quote + 1;
	}
	return end;
}

static bool
key_is(const char *key, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(key, name, len) == 0;
}

/* Is the value at p something: a string, array or object that is not empty? */
static bool
not_empty(const char *p, const char *end)
{
	if (p >= end || (*p != '"' && *p != '[' && *p != '{'))
		return false;
	const char close = *p == '"' ? '"' : *p == '[' ? ']' : '}';
	const char *next = close == '"' ? p + 1 : skip_space(p + 1, end);
	return next < end && *next != close;
}

static void
see_delta(struct look *look, const char *key, size_t len, const char *value, const char *end)
{
	static const char *const progress[] = { "content", "reasoning_content", "reasoning",
		"tool_calls", "janus", "refusal", "audio", "function_call" };

	for (size_t i = 0; i < ARRAY_LEN(progress); i++)
		if (key_is(key, len, progress[i]) && not_empty(value, end)) {
			look->content = true;
			if (*value == '"') {
				look->text = value + 1;
				look->text_end = string_end(value + 1, end);
				look->content_bytes += (size_t)(look->text_end - look->text);
			}
			return;
		}
}

/* A short text as it stands between its quotes; kept only if nothing in it is escaped. */
static void
note_text(char *out, size_t cap, const char *from, size_t len)
{
	if (len < cap && memchr(from, '\\', len) == NULL && str_utf8_valid(from, len))
		snprintf(out, cap, "%.*s", (int)len, from);
}

static void
note_finish(struct chat_answer *a, const char *from, size_t len)
{
	const size_t at = strlen(a->finish_reasons);

	if (at + len + 2 < sizeof(a->finish_reasons)) {
		if (at > 0)
			strcpy(a->finish_reasons + at, ",");
		note_text(a->finish_reasons + strlen(a->finish_reasons), len + 1, from, len);
	}
}

static void
note_key(struct chat_answer *a, int depth, const char *key, size_t len, const char *value,
    const char *end)
{
	const size_t text = (size_t)(string_end(value + 1, end) - value - 1);

	if (depth == DEPTH_ROOT && a->id[0] == '\0' && key_is(key, len, "id"))
		note_text(a->id, sizeof(a->id), value + 1, text);
	else if (depth == DEPTH_ROOT && a->model[0] == '\0' && key_is(key, len, "model"))
		note_text(a->model, sizeof(a->model), value + 1, text);
	else if (depth == DEPTH_CHOICE && key_is(key, len, "finish_reason"))
		note_finish(a, value + 1, text);
}

static void
see_key(
    struct look *look, int depth, const char *key, size_t len, const char *value, const char *end)
{
	const char first = value < end ? *value : '\0';

	if (look->answer != NULL && first == '"')
		note_key(look->answer, depth, key, len, value, end);
	if (depth == DEPTH_ROOT) {
		if (key_is(key, len, "usage"))
			look->usage = first == '{';
		else if (key_is(key, len, "error"))
			look->error = first == '{' || first == '"' || first == '[';
		else if (key_is(key, len, "choices"))
			look->choices = not_empty(value, end);
	} else if (depth == DEPTH_CHOICE) {
		if (key_is(key, len, "finish_reason"))
			look->finish |= first == '"';
		else if (key_is(key, len, "text") && first == '"' && not_empty(value, end)) {
			look->content = true; /* of a plain completion */
			look->content_bytes += (size_t)(string_end(value + 1, end) - value - 1);
		}
	} else if (depth == DEPTH_DELTA) {
		see_delta(look, key, len, value, end);
	}
}

static void
look_at(const char *data, size_t len, struct look *look)
{
	const char *p = skip_space(data, data + len), *end = data + len;
	int depth = 0;

	if (p == end || *p != '{')
		return;
	for (; p < end; p++) {
		if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (--depth == 0)
				break;
		} else if (*p == '"') {
			const char *close = string_end(p + 1, end);
			const char *colon = close < end ? skip_space(close + 1, end) : end;

			if (close == end)
				return;
			if (colon < end && *colon == ':')
				see_key(look, depth, p + 1, (size_t)(close - p - 1),
				    skip_space(colon + 1, end), end);
			p = close;
		}
	}
	look->whole = p < end && skip_space(p + 1, end) == end;
}

/*
 * Most chunks of a stream differ in the text of their content and in nothing else.  One that begins
 * and ends like the last, with one whole string between, would lead look_at along the same keys.
 */
static bool
fits_mould(const struct chat_mould *m, const char *data, size_t len, struct look *look)
{
	if (m->tail_len == 0 || len <= m->head_len + m->tail_len ||
	    memcmp(data, m->head, m->head_len) != 0 ||
	    memcmp(data + len - m->tail_len, m->tail, m->tail_len) != 0)
		return false;
	const char *text = data + m->head_len, *text_end = data + len - m->tail_len;
	if (string_end(text, data + len) != text_end)
		return false;
	*look = (struct look){ .whole = true,
		.choices = true,
		.content = true,
		.content_bytes = (size_t)(text_end - text) };
	return true;
}

/* Only of a chunk with one text and nothing else that matters. */
static void
take_mould(struct chat_mould *m, const char *data, size_t len, const struct look *look)
{
	if (!look->whole || !look->choices || look->usage || look->error || look->finish ||
	    look->text == NULL || look->content_bytes != (size_t)(look->text_end - look->text))
		return;
	const size_t head = (size_t)(look->text - data),
		     tail = len - (size_t)(look->text_end - data);
	if (head > sizeof(m->head) || tail > sizeof(m->tail))
		return;
	memcpy(m->head, data, head);
	memcpy(m->tail, look->text_end, tail);
	m->head_len = head;
	m->tail_len = tail;
}

static bool
is_done(const struct sse_event *ev)
{
	const char *p = skip_space(ev->data, ev->data + ev->data_len);
	const char *end = ev->data + ev->data_len;

	return end - p >= 6 && memcmp(p, "[DONE]", 6) == 0 && skip_space(p + 6, end) == end;
}

/* A competitor's words, made fit for one line of a log or an error. */
static void
copy_clean(char *out, size_t cap, const char *text)
{
	const size_t n = str_utf8_len(text, strnlen(text, cap - 1));

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
	out[n] = '\0';
}

void
chat_error_text(const char *data, size_t len, char *out, size_t cap)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *text = NULL;

	if (json_parse(data, len, &json, NULL) == 0) {
		const cJSON *error = json_get(json, "error");

		text = cJSON_IsString(error) ? error->valuestring : json_str(error, "message");
		if (text == NULL)
			text = json_str(json, "message");
	}
	copy_clean(out, cap, text != NULL && *text != '\0' ? text : "an error without a message");
}

void
chat_stream_content(struct chat_stream *s, bool has, size_t bytes)
{
	if (has) {
		s->content_seen = true;
		s->chunks++;
		s->content_bytes += bytes;
	}
}

const struct chat_usage *
chat_stream_usage(struct chat_stream *s)
{
	if (!s->usage.reported) {
		s->usage.completion_tokens = chat_usage_tokens(s->content_bytes);
		s->usage.total_tokens = s->usage.prompt_tokens + s->usage.completion_tokens;
		s->usage.cost_micro_usd = -1;
		s->usage.sandbox_seconds = -1;
	}
	return &s->usage;
}

enum chat_verdict
chat_stream_event(struct chat_stream *s, const struct sse_event *ev, bool *content)
{
	struct look look = { .answer = s->answer };

	*content = false;
	if (s->dialect != NULL && s->dialect->named)
		return responses_event(s, ev, content);
	if (s->done_seen)
		return CHAT_DROP;
	if (!ev->has_data)
		return CHAT_PING;
	if (is_done(ev)) {
		s->done_seen = true;
		return CHAT_DONE;
	}
	if (!fits_mould(&s->mould, ev->data, ev->data_len, &look)) {
		look_at(ev->data, ev->data_len, &look);
		take_mould(&s->mould, ev->data, ev->data_len, &look);
	}
	if (!look.whole) {
		s->odd++;
		return CHAT_PASS;
	}
	if (look.error || (ev->name != NULL && strcmp(ev->name, "error") == 0)) {
		chat_error_text(ev->data, ev->data_len, s->error_text, sizeof(s->error_text));
		return CHAT_ERROR;
	}
	const bool counts = look.usage && chat_usage_parse(ev->data, ev->data_len, &s->usage);
	s->finish_seen |= look.finish;
	chat_stream_content(s, look.content, look.content_bytes);
	*content = look.content;
	if (!look.usage || look.choices)
		return CHAT_PASS;
	return s->want_usage && (counts || !s->usage.reported) ? CHAT_USAGE : CHAT_DROP;
}

/* Where the few values that matter stand in a completion. */
struct completion {
	const char *text;
	const struct dialect *dialect;
	enum json_type root;
	bool error, is_array, any, item;
	size_t text_bytes; /* while usage is asked for */
	struct usage_seen *usage; /* to fill; NULL */
	struct chat_answer *answer; /* to fill; NULL */
};

static void
note_value(struct completion *c, const struct json_value *v)
{
	struct chat_answer *a = c->answer;

	if (v->depth == 1 && json_key_is(c->text, v, "id"))
		note_text(a->id, sizeof(a->id), c->text + v->at + 1, v->len - 2);
	else if (v->depth == 1 && json_key_is(c->text, v, "model"))
		note_text(a->model, sizeof(a->model), c->text + v->at + 1, v->len - 2);
	else if (v->depth == 3 && json_key_is(c->text, v, "finish_reason"))
		note_finish(a, c->text + v->at + 1, v->len - 2);
}

static int
see_completion(const struct json_value *v, void *arg)
{
	struct completion *c = arg;

	if (c->answer != NULL && v->type == JSON_STRING && v->key_len > 0 && v->depth <= 3)
		note_value(c, v);
	if (c->usage != NULL) {
		chat_usage_see(c->usage, c->text, v);
		c->text_bytes += chat_usage_text(c->text, v);
	}
	if (v->depth == 0) {
		c->root = v->type;
	} else if (v->depth == 1 && v->key_len > 0) {
		if (json_key_is(c->text, v, "error")) {
			c->error = v->type != JSON_NULL;
		} else if (json_key_is(c->text, v, c->dialect->list)) {
			c->is_array = v->type == JSON_ARRAY;
		}
	} else if (v->depth == 2 && v->index == 0 && v->parent->type == JSON_ARRAY) {
		c->any |= json_key_is(c->text, v->parent, c->dialect->list);
	} else if (v->depth == 3 && v->key_len > 0 && v->parent->index == 0 &&
	    v->parent->type == JSON_OBJECT && v->parent->parent->type == JSON_ARRAY &&
	    c->dialect->item != NULL) {
		/* A message is an object, a text a string, an embedding an array, or one in base64. */
		c->item |= json_key_is(c->text, v, c->dialect->item) &&
		    json_key_is(c->text, v->parent->parent, c->dialect->list) &&
		    (c->dialect->at == DIALECT_CHAT ? v->type == JSON_OBJECT
			    : v->type == JSON_STRING
			    ? true
			    : c->dialect->at == DIALECT_EMBEDDINGS && v->type == JSON_ARRAY);
	}
	return 0;
}

bool
chat_answer_read(const struct dialect *dialect, const char *json, size_t len,
    struct chat_usage *out, struct chat_answer *answer, char *error_text)
{
	struct usage_seen usage = { 0 };
	struct completion c = { .text = json,
		.dialect = dialect,
		.usage = out != NULL ? &usage : NULL,
		.answer = answer };
	struct error err = { 0 };

	if (json_scan(json, len, see_completion, &c, &err) < 0) {
		snprintf(error_text, 240, "not JSON: %.200s", err.text);
		return false;
	}
	error_text[0] = '\0';
	if (c.root != JSON_OBJECT)
		snprintf(error_text, 240, "not a JSON object");
	else if (c.error)
		snprintf(error_text, 240, "an error object");
	else if (!c.is_array)
		snprintf(error_text, 240, "it has no array '%s'", dialect->list);
	else if (!c.any && !dialect->may_be_empty)
		snprintf(error_text, 240, "its '%s' is empty", dialect->list);
	else if (!c.item && dialect->item != NULL)
		snprintf(error_text, 240, "the first of its '%s' has no %s", dialect->list,
		    dialect->item);
	if (error_text[0] != '\0')
		return false;
	if (out != NULL && !chat_usage_take(&usage, out))
		*out = (struct chat_usage){ .completion_tokens = chat_usage_tokens(c.text_bytes),
			.cost_micro_usd = -1,
			.sandbox_seconds = -1 };
	return true;
}

bool
chat_completion_valid(const char *json, size_t len, char *error_text)
{
	return chat_answer_read(&dialects[DIALECT_CHAT], json, len, NULL, NULL, error_text);
}
