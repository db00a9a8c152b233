/*
 * chat_request.c - one scan over a chat request; the forwarded bytes as splices.
 */
#include "runtime/openai/chat_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json_scan.h"
#include "runtime/openai/chat_params.h"
#include "runtime/openai/chat_shape.h"
#include "runtime/openai/chat_usage.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/dialect_fields.h"

#define CUTS_MAX 2 /* competitor_id and chutes_access_token */

static const char usage_member[] = "\"include_usage\":true";
static const char usage_member_more[] = "\"include_usage\":true,";
static const char usage_options[] = "{\"include_usage\":true}";
static const char usage_first[] = "\"stream_options\":{\"include_usage\":true},";

struct scan {
	const char *text;
	const struct dialect *dialect;
	struct chat_request *out;
	struct chat_params *params; /* NULL: nobody asks */
	struct chat_shape shape;
	size_t root_at;
	bool has_model, has_required;

	/* top-level members, to cut some out with exactly one comma each */
	size_t prev_end; /* where the value before ends */
	size_t kept; /* members that stay, so far */
	struct chat_edit *open_cut; /* reaches to the next member, which is not known yet */

	struct chat_edit usage; /* text NULL: nothing to do */
	bool has_options;
};

static size_t
end_of(const struct json_value *v)
{
	return v->at + v->len;
}

/* A member to be removed takes the comma before it, or, where none stays before, the one after. */
static void
cut_member(struct scan *s, const struct json_value *v)
{
	struct chat_edit *cut = &s->out->edits[s->out->nedits];

	if (s->out->nedits == CUTS_MAX)
		return; /* a key comes twice: the scan will fail at the object's end */
	s->out->nedits++;
	if (s->kept > 0) {
		*cut = (struct chat_edit){ s->prev_end, end_of(v) - s->prev_end, "" };
	} else {
		*cut = (struct chat_edit){ v->member_at, end_of(v) - v->member_at, "" };
		s->open_cut = cut;
	}
}

static void
take_name(struct scan *s, const struct json_value *v, const char *field, char out[CHAT_NAME_MAX])
{
	if (v->type != JSON_STRING)
		return; /* null, or already refused for its type */
	_cleanup_free_ char *text = json_unquote(s->text + v->at, v->len);
	if (strlen(text) >= CHAT_NAME_MAX)
		chat_shape_refuse(&s->shape, CODE_INVALID_VALUE, field,
		    "'%s' is longer than %d bytes.", field, CHAT_NAME_MAX - 1);
	else
		strcpy(out, text);
}

static void
see_member(struct scan *s, const struct json_value *v)
{
	bool cut = false;

	if (s->open_cut != NULL) {
		s->open_cut->len = v->member_at - s->open_cut->at;
		s->open_cut = NULL;
	}
	if (json_key_is(s->text, v, "model")) {
		s->has_model = true;
		s->out->model_at = v->at;
		s->out->model_len = v->len;
		take_name(s, v, "model", s->out->model);
		if (v->type == JSON_STRING && v->len == 2)
			chat_shape_refuse(
			    &s->shape, CODE_INVALID_VALUE, "model", "'model' must not be empty.");
	} else if (json_key_is(s->text, v, s->dialect->required)) {
		s->has_required = true;
	} else if (json_key_is(s->text, v, "stream")) {
		s->out->stream = v->type == JSON_TRUE;
	} else if (json_key_is(s->text, v, "competitor_id")) {
		take_name(s, v, "competitor_id", s->out->competitor_id);
		cut = true;
	} else if (json_key_is(s->text, v, "chutes_access_token")) {
		cut = true;
	} else if (json_key_is(s->text, v, "stream_options")) {
		s->has_options = true;
		if (v->type == JSON_NULL)
			s->usage = (struct chat_edit){ v->at, v->len, usage_options };
		else if (s->usage.text == NULL && !s->out->include_usage)
			s->usage = (struct chat_edit){ v->at + 1, 0, usage_member };
	}
	if (cut)
		cut_member(s, v);
	else
		s->kept++;
	s->prev_end = end_of(v);
}

/* A member of stream_options: it decides how include_usage comes in. */
static void
see_option(struct scan *s, const struct json_value *v)
{
	if (!json_key_is(s->text, v->parent, "stream_options"))
		return;
	if (json_key_is(s->text, v, "include_usage")) {
		s->out->include_usage = v->type == JSON_TRUE;
		s->usage =
		    (struct chat_edit){ v->at, v->len, v->type == JSON_TRUE ? NULL : "true" };
	} else if (s->usage.text == NULL && !s->out->include_usage) {
		s->usage = (struct chat_edit){ v->parent->at + 1, 0, usage_member_more };
	}
}

static int
see_value(const struct json_value *v, void *arg)
{
	struct scan *s = arg;

	if (s->dialect->at == DIALECT_CHAT)
		chat_shape_value(&s->shape, v);
	else
		dialect_shape_value(&s->shape, s->dialect, v);
	if (s->params != NULL)
		chat_params_see(s->params, s->text, v);
	s->out->text_bytes += chat_usage_text(s->text, v);
	if (v->depth == 0) {
		s->root_at = v->at;
		if (v->type != JSON_OBJECT)
			chat_shape_refuse(
			    &s->shape, CODE_INVALID_VALUE, "", "The body must be a JSON object.");
	} else if (v->key_len != 0) {
		if (v->depth == 1)
			see_member(s, v);
		else if (v->depth == 2)
			see_option(s, v);
	}
	return 0;
}

static void
check_whole(struct scan *s)
{
	if (!s->has_model)
		chat_shape_refuse(
		    &s->shape, CODE_MISSING_PARAMETER, "model", "'model' is missing.");
	if (!s->has_required)
		chat_shape_refuse(&s->shape, CODE_MISSING_PARAMETER, s->dialect->required,
		    "'%s' is missing.", s->dialect->required);
	else if (s->out->stream && !s->dialect->streams)
		chat_shape_refuse(&s->shape, CODE_UNSUPPORTED_PARAMETER, "stream",
		    "%s cannot be streamed.", s->dialect->path);
	else if (s->shape.messages == 0)
		chat_shape_refuse(&s->shape, CODE_INVALID_VALUE, "messages",
		    "'messages' must hold at least one message.");
}

/* Edits stand in the order of their bytes; an insertion comes before what is replaced there. */
static void
add_edit(struct chat_request *r, struct chat_edit edit)
{
	size_t at = r->nedits++;

	for (; at > 0 && r->edits[at - 1].at >= edit.at; at--)
		r->edits[at] = r->edits[at - 1];
	r->edits[at] = edit;
}

static void
place_usage(struct scan *s)
{
	if (!s->out->stream || s->out->include_usage || !s->dialect->asks_usage)
		return;
	if (!s->has_options)
		s->usage = (struct chat_edit){ s->root_at + 1, 0, usage_first };
	add_edit(s->out, s->usage);
}

void
chat_request_set_model(struct chat_request *r, const char *literal)
{
	add_edit(r, (struct chat_edit){ r->model_at, r->model_len, literal });
}

int
chat_request_scan(const char *body, size_t len, struct chat_request *out, struct chat_fault *fault)
{
	return dialect_request_scan(&dialects[DIALECT_CHAT], body, len, out, NULL, fault);
}

int
dialect_request_scan(const struct dialect *dialect, const char *body, size_t len,
    struct chat_request *out, struct chat_params *params, struct chat_fault *fault)
{
	struct chat_request found = { 0 };
	struct chat_fault why = { 0 };
	struct scan s = { .text = body,
		.dialect = dialect,
		.out = &found,
		.params = params,
		.shape = { .text = body, .fault = &why } };
	struct error err = { 0 };

	if (json_scan(body, len, see_value, &s, &err) < 0) {
		fault->code = CODE_INVALID_JSON;
		fault->param[0] = '\0';
		fault->quotes = false;
		snprintf(fault->text, sizeof(fault->text), "The body is not valid JSON: %.200s.",
		    err.text);
		return -1;
	}
	check_whole(&s);
	if (s.shape.refused) {
		*fault = why;
		return -1;
	}
	found.messages = s.shape.messages;
	place_usage(&s);
	*out = found;
	return 0;
}

size_t
chat_request_parts(const struct chat_request *r, const char *body, size_t len,
    struct iovec parts[CHAT_PARTS_MAX + 2], size_t *total)
{
	size_t n = 0, at = 0;

	*total = 0;
	for (size_t i = 0; i <= r->nedits; i++) {
		const size_t until = i < r->nedits ? r->edits[i].at : len;

		if (until > at)
			parts[n++] = (struct iovec){ (void *)(body + at), until - at };
		if (i == r->nedits)
			break;
		if (r->edits[i].text[0] != '\0')
			parts[n++] =
			    (struct iovec){ (void *)r->edits[i].text, strlen(r->edits[i].text) };
		at = r->edits[i].at + r->edits[i].len;
	}
	for (size_t i = 0; i < n; i++)
		*total += parts[i].iov_len;
	return n;
}
