/*
 * measure.c - take an attempt's frames apart: turns, times at the socket, and what was said in them.
 *
 * Frames are somebody else's bytes: whatever they hold, this ends and says what was wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/score/score.h"
#include "bench/score/turn.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define EVENT_MAX (24U << 20)
#define BODY_MAX (32U << 20)
#define BYTES_PER_TOKEN 4 /* where nothing is reported */
#define BYTES_PER_TOKEN_MOST 10 /* a report of fewer tokens than that cannot be */
#define IMAGE_BYTES 3000 /* what a picture counts as in an estimate of the prompt */

struct meter {
	struct measured *out;
	const struct scoring *scoring;
	int64_t platform_us; /* to take off the first turn */
	int64_t now_us; /* of the frame at hand; never goes back */
	bool first; /* no content yet in any turn */
	bool all_cost; /* each turn so far reported a cost */
	/* of the turn */
	bool open, stream, sse, done, broken, ended;
	int64_t from_us, quiet_us; /* its request; the last content or that */
	int64_t prompt_bytes;
	struct sse_parser parser;
	struct buf body; /* of an answer that is no stream */
	struct turn turn;
};

static void
note(struct meter *m, const char *what)
{
	const size_t at = strlen(m->out->odd);

	if (strstr(m->out->odd, what) == NULL)
		snprintf(
		    m->out->odd + at, sizeof(m->out->odd) - at, "%s%s", at > 0 ? "; " : "", what);
}

/* ---- times ---- */

static void
silence_ends(struct meter *m)
{
	const int64_t gap = m->now_us > m->quiet_us ? m->now_us - m->quiet_us : 0;
	const int64_t stall = gap - m->scoring->stall_from_ms * 1000;

	if (gap > m->out->max_gap_us)
		m->out->max_gap_us = gap;
	if (stall > 0)
		m->out->stall_us += stall;
	if (m->now_us > m->quiet_us)
		m->quiet_us = m->now_us;
}

static void
content_came(struct meter *m)
{
	silence_ends(m);
	m->out->content_events++;
	if (m->first)
		m->out->ttft_us =
		    m->out->duration_us + (m->now_us > m->from_us ? m->now_us - m->from_us : 0);
	m->first = false;
}

/* ---- what came ---- */

static bool
is_done(const struct sse_event *e)
{
	const char *p = e->data + strspn(e->data, " \t");

	return strncmp(p, "[DONE]", 6) == 0 && p[6 + strspn(p + 6, " \t\r\n")] == '\0';
}

static void
on_event(const struct sse_event *e, void *arg)
{
	struct meter *m = arg;

	if (!e->has_data) {
		m->out->pings += memchr(e->raw, ':', e->raw_len) != NULL;
		return;
	}
	if (m->done) {
		note(m, "something after [DONE]");
		return;
	}
	if (is_done(e)) {
		m->done = true;
		return;
	}
	if (turn_take(&m->turn, e->data, e->data_len))
		content_came(m);
}

static void
take_body(struct meter *m, const struct buf *bytes)
{
	struct error err;

	if (m->broken || !m->open || bytes->len == 0)
		return;
	if (m->sse) {
		if (sse_feed(&m->parser, bytes->data, bytes->len, on_event, m, &err) < 0) {
			note(m, "an event of more than 24 MiB");
			m->broken = true;
		}
	} else if (m->body.len + bytes->len > BODY_MAX) {
		note(m, "an answer of more than 32 MiB");
		m->broken = true;
	} else {
		buf_add(&m->body, bytes->data, bytes->len);
	}
}

/* The status and the type are all that is wanted of a head. */
static void
take_head(struct meter *m, const struct buf *bytes)
{
	const char *text = buf_str(bytes), *space = strchr(text, ' ');
	const int status = space != NULL ? atoi(space + 1) : 0;

	if (status >= 100 && status < 200)
		return; /* interim */
	m->out->status = status >= 200 && status < 600 ? status : 0;
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, "content-type:", 13) == 0)
			m->sse = strncasecmp(line + 13 + strspn(line + 13, " \t"),
				     "text/event-stream", 17) == 0;
	}
}

/* ---- turns ---- */

static int64_t
text_bytes(const cJSON *json, int depth)
{
	const cJSON *item;
	int64_t bytes = 0;

	if (cJSON_IsString(json))
		return str_starts(json->valuestring, "data:") ? IMAGE_BYTES
							      : (int64_t)strlen(json->valuestring);
	json_for_each(item, json) {
		bytes += depth < JSON_MAX_DEPTH ? text_bytes(item, depth + 1) : 0;
	}
	return bytes;
}

static void
turn_begins(struct meter *m, const struct buf *request)
{
	_cleanup_json_ cJSON *json = NULL;

	m->open = true;
	m->from_us = m->now_us + (m->out->turns == 0 ? m->platform_us : 0);
	m->quiet_us = m->from_us;
	m->out->status = 0;
	m->parser = (struct sse_parser){ .max_bytes = EVENT_MAX };
	m->stream = true;
	if (json_parse(buf_str(request), request->len, &json, NULL) == 0) {
		m->stream = json_bool(json, "stream", false);
		m->prompt_bytes = text_bytes(json_get(json, "messages"), 0) +
		    text_bytes(json_get(json, "tools"), 0);
	}
	if (m->out->turns == 0)
		m->out->asked_stream = m->stream;
	m->out->turns++;
}

static void
count_tokens(struct meter *m)
{
	const struct turn *t = &m->turn;
	int64_t prompt = t->usage.prompt_tokens, made = t->usage.completion_tokens;
	bool estimated = !t->usage.reported;

	if (t->usage.reported &&
	    (prompt * BYTES_PER_TOKEN_MOST < m->prompt_bytes ||
		made * BYTES_PER_TOKEN_MOST < t->bytes)) {
		note(m, "usage that cannot be");
		estimated = true;
	}
	if (estimated) {
		prompt = (m->prompt_bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
		made = (t->bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
	}
	m->out->prompt_tokens += prompt;
	m->out->completion_tokens += made;
	m->out->tokens_estimated |= estimated;
	m->all_cost &= !estimated && t->usage.cost_micro_usd >= 0;
	if (m->all_cost)
		m->out->reported_micro_usd += t->usage.cost_micro_usd;
}

static void
keep_said(struct meter *m)
{
	struct turn *t = &m->turn;

	free(m->out->text);
	free(m->out->reasoning);
	m->out->text = buf_take(&t->text);
	m->out->reasoning = buf_take(&t->reasoning);
	for (size_t i = 0; i < t->ncalls; i++) {
		cJSON *call = json_add_obj(m->out->calls, NULL);

		json_add_int(call, "turn", m->out->turns - 1);
		json_add_str(call, "name", buf_str(&t->calls[i].name));
		json_add_str(call, "arguments", buf_str(&t->calls[i].arguments));
		json_add_str(call, "id", buf_str(&t->calls[i].id));
	}
	if (t->model[0] != '\0')
		str_copy(m->out->model, sizeof(m->out->model), t->model);
	str_copy(m->out->finish_reason, sizeof(m->out->finish_reason), t->finish);
	m->out->content_bytes += t->bytes;
}

/* Did the turn come to its proper end?  What was missing is noted. */
static bool
is_proper(struct meter *m)
{
	const struct turn *t = &m->turn;
	char words[40];

	if (m->out->status < 200 || m->out->status > 299) {
		snprintf(words, sizeof(words), "status %d", m->out->status);
		note(m, m->out->status == 0 ? "no status" : words);
		return false;
	}
	if (m->stream && !m->sse)
		note(m, "no stream though one was asked for");
	if (m->sse && !m->done)
		note(m, "no [DONE]");
	if (!t->finished)
		note(m, "no finish_reason");
	return m->ended && !m->broken && !t->failed && (t->finished || (m->sse && m->done));
}

static void
turn_ends(struct meter *m)
{
	if (!m->open)
		return;
	if (m->body.len > 0 && turn_take(&m->turn, buf_str(&m->body), m->body.len))
		content_came(m);
	silence_ends(m);
	m->out->complete &= is_proper(m);
	if (m->turn.odd[0] != '\0')
		note(m, m->turn.odd);
	if (m->now_us > m->from_us)
		m->out->duration_us += m->now_us - m->from_us;
	count_tokens(m);
	keep_said(m);
	turn_done(&m->turn);
	sse_done(&m->parser);
	buf_done(&m->body);
	m->open = m->stream = m->sse = m->done = m->broken = m->ended = false;
	m->prompt_bytes = 0;
}

static void
take_frame(struct meter *m, const struct frame *f)
{
	if (f->t_us > m->now_us)
		m->now_us = f->t_us;
	switch (f->kind) {
	case FRAME_REQUEST:
		turn_ends(m);
		turn_begins(m, &f->bytes);
		break;
	case FRAME_HEAD:
		if (m->open)
			take_head(m, &f->bytes);
		break;
	case FRAME_BODY: take_body(m, &f->bytes); break;
	case FRAME_END:
		m->ended = strcmp(buf_str(&f->bytes), "complete") == 0;
		if (!m->ended && m->open)
			note(m, "it broke off");
		turn_ends(m);
		break;
	case FRAME_KIND_COUNT: break;
	}
}

void
measure(const struct attempt *a, const struct scoring *scoring, struct measured *out)
{
	struct meter m = { .out = out,
		.scoring = scoring,
		.platform_us = a->platform_us > 0 ? a->platform_us : 0,
		.first = true,
		.all_cost = true };

	*out = (struct measured){ .complete = true,
		.asked_stream = true,
		.ttft_us = -1,
		.text = str_dup(""),
		.reasoning = str_dup(""),
		.calls = cJSON_CreateArray() };
	for (size_t i = 0; i < a->nframes; i++)
		take_frame(&m, &a->frames[i]);
	turn_ends(&m);
	out->complete &= out->turns > 0;
	if (!m.all_cost || out->turns == 0)
		out->reported_micro_usd = -1;
}

void
measured_done(struct measured *m)
{
	free(m->text);
	free(m->reasoning);
	cJSON_Delete(m->calls);
	*m = (struct measured){ 0 };
}
