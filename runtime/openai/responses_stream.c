/*
 * responses_stream.c - the events of /v1/responses: named, numbered, and the last one known by name.
 *
 * What an event is stands in its "event" field and in the "type" of its data; servers that leave
 * the field out are understood by the type.  A trailing [DONE], which some send, is not passed on.
 */
#include <string.h>

#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"
#include "runtime/openai/chat_stream.h"

struct glance { /* what one event holds */
	const char *text;
	char type[80];
	bool is_object, has_delta, has_error;
	size_t delta_len;
	int64_t sequence; /* -1: none */
	size_t response_at, response_len;
};

static int
see(const struct json_value *v, void *arg)
{
	struct glance *g = arg;

	if (v->depth == 0)
		g->is_object = v->type == JSON_OBJECT;
	if (v->depth != 1 || v->key_len == 0)
		return 0;
	if (v->type == JSON_STRING && json_key_is(g->text, v, "type")) {
		if (v->len - 2 < sizeof(g->type)) {
			memcpy(g->type, g->text + v->at + 1, v->len - 2);
			g->type[v->len - 2] = '\0';
		}
	} else if (v->type == JSON_STRING && json_key_is(g->text, v, "delta")) {
		g->has_delta = v->len > 2;
		g->delta_len = v->len - 2;
	} else if (v->type == JSON_NUMBER && json_key_is(g->text, v, "sequence_number")) {
		const double n = json_number(g->text, v);

		g->sequence = n >= 0 && n < 1e15 ? (int64_t)n : -1;
	} else if (v->type == JSON_OBJECT && json_key_is(g->text, v, "response")) {
		g->response_at = v->at;
		g->response_len = v->len;
	} else if (json_key_is(g->text, v, "error")) {
		g->has_error = v->type != JSON_NULL;
	}
	return 0;
}

/* Words, a finished piece, or a tool at work: not what only says that it goes on. */
static bool
is_progress(const struct glance *g, const char *name)
{
	return g->has_delta || str_ends(name, ".delta") || str_ends(name, ".done") ||
	    strstr(name, "_call.") != NULL;
}

enum chat_verdict
responses_event(struct chat_stream *s, const struct sse_event *ev, bool *content)
{
	struct glance g = { .text = ev->data, .sequence = -1 };

	*content = false;
	if (s->done_seen)
		return CHAT_DROP;
	if (!ev->has_data)
		return CHAT_PING;
	if (strncmp(ev->data, "[DONE]", 6) == 0)
		return CHAT_DROP;
	if (json_scan(ev->data, ev->data_len, see, &g, NULL) < 0 || !g.is_object) {
		s->odd++;
		return CHAT_PASS;
	}
	const char *name = ev->name != NULL && ev->name[0] != '\0' ? ev->name : g.type;
	const char *response = ev->data + g.response_at;

	if (g.sequence >= 0)
		s->sequence = g.sequence;
	if (str_eq(name, "error") || str_eq(g.type, "error") ||
	    (g.has_error && g.type[0] == '\0')) {
		chat_error_text(ev->data, ev->data_len, s->error_text, sizeof(s->error_text));
		return CHAT_ERROR;
	}
	*content = is_progress(&g, name);
	chat_stream_content(s, *content, g.delta_len);
	s->done_seen = str_eq(name, "response.completed") || str_eq(name, "response.incomplete") ||
	    str_eq(name, "response.failed");
	if (s->done_seen && g.response_len > 0)
		chat_usage_parse(response, g.response_len, &s->usage);
	if (!s->done_seen)
		return CHAT_PASS;
	if (!str_eq(name, "response.failed"))
		return CHAT_LAST;
	chat_error_text(response, g.response_len, s->error_text, sizeof(s->error_text));
	return CHAT_FAILED;
}
