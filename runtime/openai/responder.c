/*
 * responder.c - play a plan: as a stream of chunks, or as one completion.
 */
#include "runtime/openai/responder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/openai/chunk.h"
#include "runtime/openai/envelope.h"
#include "runtime/openai/responder_plan.h"

#define CHUNK_BYTES 24 /* a few words */
#define CALLS_MAX 16

enum stage { STAGE_HEAD, STAGE_ACTS, STAGE_OVER };

struct responder {
	struct chat_ids ids;
	char *id; /* owned */
	bool stream, want_usage;
	struct plan plan;
	enum stage stage;
	size_t act; /* the current one */
	size_t said; /* bytes of its text that are out */
	bool paced; /* its pause before the next chunk was taken */
	struct buf content, reasoning; /* of a whole completion */
	struct chat_tool_call calls[CALLS_MAX];
	char call_ids[CALLS_MAX][32];
	size_t ncalls;
	size_t bytes; /* of content and arguments: what usage counts */
};

struct responder *
responder_new(const cJSON *request, const char *id, int64_t created, bool stream)
{
	struct responder *r = mem_zalloc(sizeof(*r));

	r->id = str_dup(id);
	r->ids = (struct chat_ids){ .id = r->id, .model = RESPONDER_MODEL, .created = created };
	r->stream = stream;
	r->want_usage = json_bool(json_get(request, "stream_options"), "include_usage", false);
	plan_make(&r->plan, request);
	/* A failing status comes first of all, and a pause that stands before it. */
	for (size_t i = 0; i < r->plan.nacts; i++)
		if (r->plan.acts[i].kind == ACT_STATUS)
			r->stage = STAGE_ACTS;
	return r;
}

void
responder_preface(struct responder *r, const char *text)
{
	struct act *first = &r->plan.acts[0]; /* its reasoning: every plan begins with that */
	char *whole = str_printf("%s %s", text, first->text);

	free(first->text);
	first->text = whole;
}

void
responder_free(struct responder *r)
{
	if (r == NULL)
		return;
	plan_done(&r->plan);
	buf_done(&r->content);
	buf_done(&r->reasoning);
	free(r->id);
	free(r);
}

const char *
responder_commands(void)
{
	return plan_commands();
}

/* A few words of text: up to a space where there is one, never inside a character. */
static size_t
next_words(const char *text)
{
	const size_t len = strlen(text);
	size_t end = CHUNK_BYTES;

	if (len <= CHUNK_BYTES)
		return len;
	while (end > CHUNK_BYTES / 2 && text[end - 1] != ' ')
		end--;
	if (text[end - 1] == ' ')
		return end;
	for (end = CHUNK_BYTES; ((unsigned char)text[end] & 0xc0) == 0x80;)
		end++;
	return end;
}

static enum responder_step
next_act(struct responder *r, enum responder_step step)
{
	r->act++;
	r->said = 0;
	r->paced = false;
	return step;
}

static enum responder_step
play_text(struct responder *r, const struct act *act, struct buf *out, int64_t *delay_ms)
{
	const char *text = act->text + r->said;

	if (*text == '\0')
		return next_act(r, RESPONDER_BYTES);
	if (act->ms > 0 && r->said > 0 && !r->paced) {
		r->paced = true;
		*delay_ms = act->ms;
		return RESPONDER_WAIT;
	}
	r->paced = false;
	const size_t n = r->stream && act->kind == ACT_SAY ? next_words(text) : strlen(text);
	if (act->kind == ACT_SAY) {
		r->bytes += n;
		if (r->stream)
			chunk_content(out, &r->ids, text, n);
		else
			buf_add(&r->content, text, n);
	} else if (r->stream) {
		chunk_reasoning(out, &r->ids, text, n);
	} else {
		buf_add(&r->reasoning, text, n);
	}
	r->said += n;
	return RESPONDER_BYTES;
}

static enum responder_step
play_call(struct responder *r, const struct act *act, struct buf *out)
{
	if (r->ncalls == CALLS_MAX)
		return next_act(r, RESPONDER_BYTES);
	struct chat_tool_call *call = &r->calls[r->ncalls];
	char *id = r->call_ids[r->ncalls];

	snprintf(id, sizeof(r->call_ids[0]), "call_%zu", r->ncalls + 1);
	*call = (struct chat_tool_call){ .id = id, .name = act->name, .arguments = act->text };
	if (r->stream)
		chunk_tool_call(out, &r->ids, (int)r->ncalls, call);
	r->ncalls++;
	r->bytes += strlen(act->name) + strlen(act->text);
	return next_act(r, RESPONDER_BYTES);
}

static enum wire_code
code_of(int status)
{
	for (int i = CODE_NONE + 1; i < CODE_COUNT; i++)
		if (wire_code_info((enum wire_code)i)->status == status)
			return (enum wire_code)i;
	return status < 500 ? CODE_BAD_REQUEST : CODE_INTERNAL;
}

static enum responder_step
play_status(struct responder *r, int code, struct buf *out, int *status)
{
	char text[80];

	snprintf(text, sizeof(text), "The prompt asked the offline responder for status %d.", code);
	envelope_add(out, code_of(code), text, NULL, NULL, NULL);
	*status = code;
	r->stage = STAGE_OVER;
	return RESPONDER_STATUS;
}

static enum responder_step
play_frame(struct responder *r, struct buf *out, int *status)
{
	static const char text[] = "The prompt asked the offline responder for an error frame.";

	if (!r->stream)
		return play_status(r, 500, out, status);
	envelope_add_event(out, CODE_INTERNAL, text, NULL);
	chunk_done(out);
	r->stage = STAGE_OVER;
	return RESPONDER_BYTES;
}

static enum responder_step
play_garbage(struct responder *r, struct buf *out)
{
	buf_add_str(out,
	    r->stream ? "data: {\"this\": is not JSON\n\nnor is this an event\n\n"
		      : "{\"this\": is not JSON");
	r->stage = STAGE_OVER;
	return RESPONDER_BYTES;
}

static enum responder_step
play_act(struct responder *r, struct buf *out, int64_t *delay_ms, int *status)
{
	const struct act *act = &r->plan.acts[r->act];

	switch (act->kind) {
	case ACT_REASON:
	case ACT_SAY: return play_text(r, act, out, delay_ms);
	case ACT_CALL: return play_call(r, act, out);
	case ACT_JANUS:
		if (r->stream)
			chunk_janus(out, &r->ids, act->name, act->text);
		return next_act(r, RESPONDER_BYTES);
	case ACT_WAIT: *delay_ms = act->ms; return next_act(r, RESPONDER_WAIT);
	case ACT_STATUS: return play_status(r, act->status, out, status);
	case ACT_FRAME: return play_frame(r, out, status);
	case ACT_GARBAGE: return play_garbage(r, out);
	case ACT_CUT: return RESPONDER_CUT;
	case ACT_HANG: return RESPONDER_HANG;
	case ACT_EXIT: return RESPONDER_EXIT;
	}
	return RESPONDER_END;
}

static void
play_finish(struct responder *r, struct buf *out)
{
	struct chat_usage usage = { 0 }; /* it costs nothing, and needs no sandbox */

	responder_usage(r, &usage.prompt_tokens, &usage.completion_tokens);
	if (!r->stream) {
		completion_add(out, &r->ids,
		    &(struct completion){
			.content =
			    r->content.len > 0 || r->ncalls == 0 ? buf_str(&r->content) : NULL,
			.reasoning = buf_str(&r->reasoning),
			.calls = r->calls,
			.ncalls = r->ncalls,
			.finish_reason = r->plan.finish,
			.usage = usage,
		    });
		return;
	}
	chunk_finish(out, &r->ids, r->plan.finish);
	if (r->want_usage)
		chunk_usage(out, &r->ids, &usage);
	chunk_done(out);
}

/* Does the plan fail with a status somewhere?  Then nothing is said before it. */
static bool
is_silent(const struct responder *r, enum act_kind kind)
{
	if (kind == ACT_WAIT || kind == ACT_STATUS)
		return false;
	for (size_t i = r->act; i < r->plan.nacts; i++)
		if (r->plan.acts[i].kind == ACT_STATUS)
			return true;
	return false;
}

enum responder_step
responder_next(struct responder *r, struct buf *out, int64_t *delay_ms, int *status)
{
	enum responder_step step;

	*delay_ms = 0;
	if (r->stage == STAGE_HEAD) {
		r->stage = STAGE_ACTS;
		if (r->stream) {
			chunk_role(out, &r->ids);
			return RESPONDER_BYTES;
		}
	}
	while (r->stage == STAGE_ACTS && r->act < r->plan.nacts) {
		const size_t before = out->len;

		if (is_silent(r, r->plan.acts[r->act].kind)) {
			next_act(r, RESPONDER_BYTES);
			continue;
		}
		step = play_act(r, out, delay_ms, status);
		if (step != RESPONDER_BYTES || out->len > before)
			return step;
	}
	if (r->stage == STAGE_ACTS) {
		r->stage = STAGE_OVER;
		play_finish(r, out);
		return RESPONDER_BYTES;
	}
	return RESPONDER_END;
}

void
responder_usage(const struct responder *r, int64_t *prompt_tokens, int64_t *completion_tokens)
{
	*prompt_tokens = r->plan.prompt_tokens;
	*completion_tokens = plan_tokens(r->bytes);
}
