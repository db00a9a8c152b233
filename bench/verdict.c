/*
 * verdict.c - the table of outcomes.
 */
#include "bench/verdict.h"

#include <stdio.h>
#include <string.h>

#include "bench/record/attempt.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define FIRST_WAIT_MS 1000
#define WAIT_TIMES 4
#define WAIT_MAX_MS 60000
#define ERROR_EVENT_MAX (1 << 20)

/* ---- what the answer says went wrong ---- */

static void
take_error(const char *json, size_t len, struct answer_error *out)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *error;

	if (out->found || json_parse(json, len, &tree, NULL) < 0)
		return;
	error = json_get(tree, "error");
	if (!cJSON_IsObject(error))
		return;
	out->found = true;
	str_copy(out->fault, sizeof(out->fault), json_str(json_get(error, "janus"), "fault"));
	str_copy(out->code, sizeof(out->code), json_str(error, "code"));
	str_copy(out->message, sizeof(out->message), json_str(error, "message"));
	out->upstream_status =
	    (int)json_int(cJSON_GetArrayItem(json_get(json_get(error, "janus"), "details"), 0),
		"upstream_status", 0);
}

static void
on_event(const struct sse_event *e, void *arg)
{
	if (e->data_len < ERROR_EVENT_MAX && memmem(e->data, e->data_len, "\"error\"", 7) != NULL)
		take_error(e->data, e->data_len, arg);
}

void
answer_error_find(
    const struct attempt *a, int turn, const struct wire_seen *seen, struct answer_error *out)
{
	struct sse_parser events = { .max_bytes = WIRE_ANSWER_MAX * 2 };
	_cleanup_buf_ struct buf whole = { 0 };

	*out = (struct answer_error){ 0 };
	for (size_t i = 0; i < a->nframes; i++) {
		const struct frame *f = &a->frames[i];

		if (f->turn != turn || f->kind != FRAME_BODY)
			continue;
		if (seen->is_stream)
			sse_feed(&events, f->bytes.data, f->bytes.len, on_event, out, NULL);
		else if (whole.len + f->bytes.len < ERROR_EVENT_MAX)
			buf_add(&whole, f->bytes.data, f->bytes.len);
	}
	sse_done(&events);
	if (!seen->is_stream && whole.len > 0)
		take_error(whole.data, whole.len, out);
}

/* ---- what follows ---- */

static int64_t
wait_before(int try, int retry_after_s)
{
	int64_t ms = FIRST_WAIT_MS;

	for (int i = 1; i < try; i++)
		ms *= WAIT_TIMES;
	if (retry_after_s > 0)
		ms = (int64_t)retry_after_s * 1000;
	return ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
}

static void
say(struct verdict *v, int what, const char *fault, const char *code, const char *text)
{
	*v = (struct verdict){ .what = what };
	str_copy(v->fault, sizeof(v->fault), fault);
	str_copy(v->code, sizeof(v->code), code);
	str_copy(v->text, sizeof(v->text), text);
}

static void
not_its_fault(const struct turn_seen *s, const char *fault, const char *code, const char *text,
    struct verdict *v)
{
	say(v, VERDICT_ERROR, fault, code, text);
	v->of_target = true;
	v->again = s->try < TRIES_MAX;
	v->wait_ms = v->again ? wait_before(s->try, s->wire.retry_after_s) : 0;
}

/* What no second try and no other item will make better. */
static void
hopeless(const char *code, const char *text, struct verdict *v)
{
	say(v, VERDICT_ERROR, "client", code, text);
	v->abort = true;
}

static bool
is_key_trouble(const char *code)
{
	return str_eq(code, "invalid_api_key") || str_eq(code, "expired_api_key") ||
	    str_eq(code, "missing_scope");
}

/* It may have a place for another try, but not for ever. */
static bool
is_busy(const struct turn_seen *s)
{
	return (s->wire.status == 429 || s->wire.status == 503) && s->try < TRIES_MAX;
}

/* An error of Janus itself: whose fault it was is known. */
static void
by_fault(const struct turn_seen *s, const char *fault, const char *code, struct verdict *v)
{
	const char *text = s->error.message;

	if (str_eq(fault, "miner") && is_busy(s))
		not_its_fault(s, "upstream", "busy", text, v);
	else if (str_eq(fault, "miner"))
		say(v, VERDICT_FAILED, fault, code, text);
	else if (is_key_trouble(code) || str_eq(code, "model_not_found") ||
	    str_eq(code, "budget_exceeded"))
		hopeless(code, text, v);
	else
		not_its_fault(s, fault, code, text, v);
}

static void
by_status(const struct turn_seen *s, struct verdict *v)
{
	char text[240];
	const int status = s->wire.status;

	snprintf(text, sizeof(text), "it answered with status %d%s%s", status,
	    s->error.message[0] == '\0' ? "" : ": ", s->error.message);
	if ((status == 401 || status == 403) && !s->worked_before)
		hopeless("denied", text, v);
	else if (status == 404 && !s->worked_before)
		hopeless("model_not_found", text, v);
	else if (is_busy(s))
		not_its_fault(s, "upstream", "busy", text, v);
	else
		say(v, VERDICT_FAILED, "miner", "bad_status", text);
}

static void
complete(const struct turn_seen *s, struct verdict *v)
{
	const char *fault = NULL, *code = s->error.code;
	const bool is_bad = s->wire.status < 200 || s->wire.status > 299;

	if (s->record.found && s->record.fault[0] != '\0') {
		fault = s->record.fault;
		code = s->record.code;
	} else if (s->record.found) {
		fault = is_bad || s->error.found ? "miner" : NULL;
	} else if (s->is_janus && s->error.found && s->error.fault[0] != '\0') {
		fault = s->error.fault;
	}
	/* To an app it may be the request that is wrong; an item is the same for all who are asked. */
	if (fault != NULL && s->is_janus && is_bad && s->error.upstream_status != 0)
		fault = "miner";
	if (fault != NULL)
		by_fault(s, fault, code, v);
	else if (is_bad)
		by_status(s, v);
	else if (s->error.found)
		say(v, VERDICT_FAILED, "miner", code[0] == '\0' ? "error_in_stream" : code,
		    s->error.message);
	else
		*v = (struct verdict){ .what = VERDICT_GO_ON };
}

/* Its time is over: its own, unless most of it went by before it was asked. */
static void
late(const struct turn_seen *s, struct verdict *v)
{
	const int64_t queue_ms =
	    s->record.queue_ms > s->wire.queue_ms ? s->record.queue_ms : s->wire.queue_ms;

	if (s->is_janus && queue_ms > s->timeout_ms / 2)
		not_its_fault(s, "platform", "queued_too_long",
		    "most of the item's time was spent waiting for a free slot", v);
	else
		say(v, VERDICT_FAILED, "miner", "timeout", "the item's time was over");
}

static void
broken(const struct turn_seen *s, const char *code, struct verdict *v)
{
	if (s->record.found && str_eq(s->record.fault, "miner"))
		say(v, VERDICT_FAILED, "miner", s->record.code, s->wire.why);
	else if (s->is_janus)
		not_its_fault(s, "platform", "gateway_lost", s->wire.why, v);
	else
		say(v, VERDICT_FAILED, "miner", code, s->wire.why);
}

void
verdict_of_turn(const struct turn_seen *s, struct verdict *v)
{
	switch (s->wire.end) {
	case WIRE_COMPLETE: complete(s, v); break;
	case WIRE_CUT: broken(s, "cut", v); break;
	case WIRE_MALFORMED: broken(s, "bad_response", v); break;
	case WIRE_UNREACHABLE:
		not_its_fault(s, "platform", "target_down", s->wire.why, v);
		v->abort = !s->worked_before;
		break;
	case WIRE_TIMEOUT: late(s, v); break;
	case WIRE_TOO_LARGE:
		say(v, VERDICT_FAILED, "miner", "answer_too_large",
		    "its answer is larger than any may be");
		break;
	case WIRE_STOPPED: say(v, VERDICT_SKIPPED, "", "cancelled", "the run was cancelled"); break;
	}
}

void
verdict_of_platform(
    const char *fault, const char *code, const char *text, int try, struct verdict *v)
{
	const struct turn_seen s = { .try = try };

	not_its_fault(&s, fault, code, text, v);
	v->of_target = false;
}
