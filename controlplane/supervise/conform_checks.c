/*
 * conform_checks.c - the table of checks, the judges of what was answered, and the report.
 */
#include "controlplane/supervise/conform_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/conform_ask.h"
#include "controlplane/supervise/conform_stream.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_stream.h"

#define QUIET_MS 2000 /* the longest silence a client should see */
#define BODY_SHOWN 2048

static const char *const verdict_names[] = { "pass", "warn", "fail", "skip" };

const char *
conform_verdict_name(enum conform_verdict v)
{
	return verdict_names[v];
}

void
conform_run_clear(struct conform_run *run)
{
	for (size_t i = 0; i < CONFORM_ROUNDS; i++) {
		for (size_t k = 0; k < CONFORM_COPIES; k++) {
			free(run->answers[i][k].body);
			run->answers[i][k] = (struct conform_answer){ 0 };
		}
		run->nanswers[i] = 0;
	}
}

/* ---- judges ---- */

#define FIRST(run) (&(run)->answers[0][0])

static enum conform_verdict
say(char *seen, enum conform_verdict v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(seen, CONFORM_SEEN_MAX, fmt, ap);
	va_end(ap);
	return v;
}

/* Was there a whole answer with that status? */
static bool
answered(const struct conform_answer *a, int status, char *seen)
{
	if (a->r.error[0] != '\0')
		say(seen, CONFORM_FAIL, "%s", a->r.error);
	else if (a->r.status != status)
		say(seen, CONFORM_FAIL, "status %d", a->r.status);
	else if (a->r.cut)
		say(seen, CONFORM_FAIL, "an answer of more than 4 MiB");
	else
		return true;
	return false;
}

static bool
is_completion(const struct conform_answer *a, char *seen)
{
	char why[240];

	if (!answered(a, 200, seen))
		return false;
	if (chat_completion_valid(a->body, a->r.len, why))
		return true;
	say(seen, CONFORM_FAIL, "not a chat completion: %s", why);
	return false;
}

static enum conform_verdict
judge_health(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);
	_cleanup_json_ cJSON *json = NULL;

	if (!answered(a, 200, seen))
		return CONFORM_FAIL;
	if (json_parse(a->body, a->r.len, &json, NULL) < 0 ||
	    !str_eq(json_str(json, "status"), "ok"))
		return say(seen, CONFORM_WARN, "200, but not {\"status\":\"ok\"}");
	return say(seen, CONFORM_PASS, "200 in %lld ms", (long long)a->r.duration_ms);
}

static enum conform_verdict
judge_readiness(const struct conform_run *run, char *seen)
{
	if (run->start_ms < 0)
		return say(seen, CONFORM_SKIP, "its start is not ours to see");
	return say(seen, run->start_ms <= run->start_limit_ms ? CONFORM_PASS : CONFORM_FAIL,
	    "healthy %lld ms after its start", (long long)run->start_ms);
}

static enum conform_verdict
judge_completion(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);
	struct chat_usage usage = { 0 };
	_cleanup_json_ cJSON *json = NULL;

	if (!is_completion(a, seen))
		return CONFORM_FAIL;
	json_parse(a->body, a->r.len, &json, NULL);
	if (!str_eq(json_str(json_path(json, "choices.0.message"), "role"), "assistant"))
		return say(seen, CONFORM_WARN, "the message's role is not \"assistant\"");
	if (json_str(json_path(json, "choices.0"), "finish_reason") == NULL)
		return say(seen, CONFORM_WARN, "no finish_reason");
	if (!str_eq(a->r.content_type, "application/json"))
		return say(seen, CONFORM_WARN, "content-type '%s'", a->r.content_type);
	if (!chat_usage_parse(a->body, a->r.len, &usage))
		return say(seen, CONFORM_WARN, "no usage: its tokens will be estimated");
	return say(seen, CONFORM_PASS, "a completion of %lld tokens in %lld ms",
	    (long long)usage.completion_tokens, (long long)a->r.duration_ms);
}

/* What every stream must be. */
static enum conform_verdict
judge_framing(const struct conform_answer *a, const struct conform_stream *s, char *seen)
{
	if (!answered(a, 200, seen))
		return CONFORM_FAIL;
	if (!str_eq(a->r.content_type, "text/event-stream"))
		return say(seen, CONFORM_FAIL, "content-type '%s'", a->r.content_type);
	if (s->errors > 0)
		return say(seen, CONFORM_FAIL, "an error event: %s", s->error);
	if (s->bad[0] != '\0')
		return say(seen, CONFORM_FAIL, "%s", s->bad);
	if (s->finishes == 0 || s->dones == 0)
		return say(seen, CONFORM_FAIL, "no %s after %zu events",
		    s->finishes == 0 ? "finish_reason" : "[DONE]", s->events);
	if (s->dones > 1 || s->after_done > 0)
		return say(seen, CONFORM_WARN, "more after [DONE]");
	if (s->finishes > 1)
		return say(seen, CONFORM_WARN, "%zu chunks with a finish_reason", s->finishes);
	if (s->ids > 0)
		return say(seen, CONFORM_WARN, "%zu chunks with another id", s->ids);
	if (!s->role)
		return say(seen, CONFORM_WARN, "the first delta has no role \"assistant\"");
	return say(
	    seen, CONFORM_PASS, "%zu events in %lld ms", s->events, (long long)a->r.duration_ms);
}

static enum conform_verdict
judge_stream(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);
	_cleanup_(conform_stream_done) struct conform_stream s;

	conform_stream_read(a->body, a->r.len, &s);
	const enum conform_verdict v = judge_framing(a, &s, seen);
	if (v == CONFORM_PASS && s.usages > 0)
		return say(seen, CONFORM_WARN, "usage, though nobody asked for it");
	if (v == CONFORM_PASS && s.text.len == 0)
		return say(seen, CONFORM_WARN, "no content in %zu events", s.events);
	return v;
}

static enum conform_verdict
judge_stream_usage(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);
	_cleanup_(conform_stream_done) struct conform_stream s;

	conform_stream_read(a->body, a->r.len, &s);
	const enum conform_verdict v = judge_framing(a, &s, seen);
	if (v <= CONFORM_WARN && s.usages != 1)
		return say(seen, CONFORM_WARN, "%zu chunks with usage", s.usages);
	return v;
}

static enum conform_verdict
judge_heartbeat(const struct conform_run *run, char *seen)
{
	return say(seen, run->longest_gap_ms <= QUIET_MS ? CONFORM_PASS : CONFORM_WARN,
	    "the longest silence of its streams: %lld ms", (long long)run->longest_gap_ms);
}

static enum conform_verdict
judge_two(const struct conform_run *run, char *seen)
{
	for (size_t i = 0; i < CONFORM_COPIES; i++)
		if (!is_completion(&run->answers[0][i], seen))
			return CONFORM_FAIL;
	for (size_t i = 0; i < CONFORM_COPIES; i++)
		if (strstr(run->answers[0][i].body, run->marker[1 - i]) != NULL)
			return say(seen, CONFORM_FAIL, "the answer to one holds the other's word");
	return say(seen, CONFORM_PASS, "both answered, in %lld and %lld ms",
	    (long long)run->answers[0][0].r.duration_ms,
	    (long long)run->answers[0][1].r.duration_ms);
}

static enum conform_verdict
judge_cancel(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);

	if (!a->r.hung_up && !answered(a, 200, seen))
		return CONFORM_FAIL;
	if (!answered(&run->answers[1][0], 200, seen)) {
		char health[CONFORM_SEEN_MAX];

		snprintf(health, sizeof(health), "%s", seen);
		return say(seen, CONFORM_FAIL, "after it /health: %.200s", health);
	}
	if (run->left_open > 0)
		return say(seen, CONFORM_WARN,
		    "it still held the connection 5 s after the client had gone");
	return say(seen, CONFORM_PASS, run->left_open == 0 ? "it hung up too" : "healthy after it");
}

static enum conform_verdict
judge_completion_of(const struct conform_run *run, char *seen)
{
	return is_completion(FIRST(run), seen) ? say(seen, CONFORM_PASS, "answered") : CONFORM_FAIL;
}

/* Something it may be unable to do: then it must say so with a status, and an error object. */
static enum conform_verdict
judge_or_refusal(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);
	_cleanup_json_ cJSON *json = NULL;

	if (a->r.error[0] != '\0')
		return say(seen, CONFORM_FAIL, "%s", a->r.error);
	if (a->r.status == 200)
		return is_completion(a, seen) ? say(seen, CONFORM_PASS, "answered") : CONFORM_FAIL;
	if (a->r.status < 400 || a->r.status >= 500)
		return say(seen, CONFORM_WARN, "status %d", a->r.status);
	if (json_parse(a->body, a->r.len, &json, NULL) < 0 ||
	    json_str(json_get(json, "error"), "message") == NULL)
		return say(seen, CONFORM_WARN, "status %d without an error object", a->r.status);
	return say(seen, CONFORM_PASS, "refused with status %d", a->r.status);
}

static enum conform_verdict
judge_tools(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);
	_cleanup_json_ cJSON *json = NULL, *arguments = NULL;
	const cJSON *call, *f;
	const char *text;

	if (a->r.error[0] == '\0' && a->r.status != 200)
		return judge_or_refusal(run, seen);
	if (!is_completion(a, seen))
		return CONFORM_FAIL;
	json_parse(a->body, a->r.len, &json, NULL);
	call = json_path(json, "choices.0.message.tool_calls.0");
	f = json_get(call, "function");
	text = json_str(f, "arguments");
	if (call == NULL)
		return say(seen, CONFORM_WARN, "answered without calling the tool");
	if (json_str(call, "id") == NULL || !str_eq(json_str(f, "name"), "get_weather"))
		return say(seen, CONFORM_FAIL, "a call without id, or of a tool that is not there");
	if (text == NULL || json_parse(text, strlen(text), &arguments, NULL) < 0)
		return say(seen, CONFORM_FAIL, "the call's arguments are not JSON in a string");
	return say(seen, CONFORM_PASS, "called get_weather");
}

/* What is wrong must be refused; Janus does that before a competitor sees it, so it only warns. */
static enum conform_verdict
judge_refused(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);

	if (a->r.error[0] != '\0')
		return say(seen, CONFORM_WARN, "%s", a->r.error);
	if (a->r.status == 200)
		return say(seen, CONFORM_WARN, "status 200");
	return judge_or_refusal(run, seen);
}

/* Hanging up on what is too much is impolite, but no more: health is asked again all the time. */
static enum conform_verdict
judge_large(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run);

	if (a->r.error[0] != '\0')
		return say(seen, CONFORM_WARN, "%s", a->r.error);
	return judge_or_refusal(run, seen);
}

static enum conform_verdict
judge_bytes(const struct conform_artifact *want, const char *bytes, size_t len, char *seen)
{
	char sha256[HASH_HEX_MAX];

	if (want->size_bytes >= 0 && (size_t)want->size_bytes != len)
		return say(seen, CONFORM_FAIL, "announced with %lld bytes, came with %zu",
		    want->size_bytes, len);
	if (want->sha256[0] != '\0' &&
	    strcasecmp(want->sha256, hash_sha256_hex(bytes, len, sha256)) != 0)
		return say(seen, CONFORM_FAIL, "its bytes have another sha256 than announced");
	return say(seen, CONFORM_PASS, "%zu bytes as announced", len);
}

static enum conform_verdict
judge_artifact(const struct conform_run *run, char *seen)
{
	const struct conform_answer *a = FIRST(run), *file = &run->answers[1][0];
	_cleanup_(conform_stream_done) struct conform_stream s;

	conform_stream_read(a->body, a->r.len, &s);
	if (s.nartifacts == 0)
		return say(seen, CONFORM_SKIP, "it announced none");
	if (str_starts(s.artifacts[0].url, "data:"))
		return say(seen, CONFORM_PASS, "announced with its bytes");
	if (run->nanswers[1] == 0)
		return say(seen, CONFORM_FAIL, "its URL is not on this competitor: %.120s",
		    s.artifacts[0].url);
	if (file->r.cut && file->r.status == 200)
		return say(seen, CONFORM_SKIP, "larger than 4 MiB: not compared");
	return answered(file, 200, seen)
	    ? judge_bytes(&s.artifacts[0], file->body, file->r.len, seen)
	    : CONFORM_FAIL;
}

/* ---- the table; in the order they are asked ---- */

const struct conform_check conform_checks[] = {
	{ "health", "GET /health answers 200 and {\"status\":\"ok\"} within 2 s", 1, false,
	    ask_health, judge_health },
	{ "readiness", "healthy within the start timeout, 30 s unless the manifest says less", 0,
	    false, ask_nothing, judge_readiness },
	{ "completion", "a chat without stream is answered with a chat completion", 1, false,
	    ask_completion, judge_completion },
	{ "stream",
	    "a stream of chat.completion.chunk events with one id, one finish_reason, one [DONE] "
	    "and no usage",
	    1, false, ask_stream, judge_stream },
	{ "stream-usage", "one chunk with usage when stream_options.include_usage asks for it", 1,
	    false, ask_stream_usage, judge_stream_usage },
	{ "concurrency", "two chats at once are both answered, each with its own answer", 2, false,
	    ask_two, judge_two },
	{ "cancel", "a client that leaves ends the work for it, and harms nothing else", 1, true,
	    ask_cancel, judge_cancel },
	{ "unknown-fields", "fields it does not know do no harm", 1, false, ask_unknown,
	    judge_completion_of },
	{ "parts", "content as a list of text parts is understood", 1, false, ask_parts,
	    judge_completion_of },
	{ "images", "an image is answered, or refused with a status and an error object", 1, false,
	    ask_image, judge_or_refusal },
	{ "tools", "an offered tool is called with its name and JSON arguments", 1, false,
	    ask_tools, judge_tools },
	{ "tool-results", "a conversation with a tool's result goes on", 1, false, ask_tool_result,
	    judge_or_refusal },
	{ "bad-json", "a body that is not JSON is refused with 400 and an error object", 1, false,
	    ask_bad_json, judge_refused },
	{ "bad-request", "a chat without messages is refused with 4xx and an error object", 1,
	    false, ask_no_messages, judge_refused },
	{ "large-body", "a message of 1 MiB is answered, or refused with a status", 1, false,
	    ask_large, judge_large },
	{ "artifacts", "an announced artifact can be fetched, with the announced size and sha256",
	    1, false, ask_artifact, judge_artifact },
	{ "heartbeat", "a stream is never silent for more than 2 s", 0, false, ask_nothing,
	    judge_heartbeat },
};
const size_t conform_checks_len = ARRAY_LEN(conform_checks);

/* ---- the report ---- */

static void
add_wire(cJSON *finding, const struct conform_answer *a)
{
	cJSON *wire = json_add_obj(finding, "wire");
	_cleanup_free_ char *body =
	    str_ndup(a->body != NULL ? a->body : "", a->r.len < BODY_SHOWN ? a->r.len : BODY_SHOWN);

	json_add_int(wire, "status", a->r.status);
	json_add_str(wire, "content_type", a->r.content_type[0] != '\0' ? a->r.content_type : NULL);
	json_add_str(wire, "error", a->r.error[0] != '\0' ? a->r.error : NULL);
	json_add_str(wire, "body", body);
}

void
conform_add(cJSON *report, const struct conform_check *check, enum conform_verdict v,
    const char *seen, const struct conform_run *run)
{
	cJSON *finding = json_add_obj(report, NULL);
	_cleanup_free_ char *docs = str_printf("/docs/conformance#%s", check->name);

	json_add_str(finding, "check", check->name);
	json_add_str(finding, "verdict", conform_verdict_name(v));
	json_add_str(finding, "expected", check->expected);
	json_add_str(finding, "seen", seen);
	json_add_str(finding, "docs", docs);
	if ((v == CONFORM_WARN || v == CONFORM_FAIL) && run->nanswers[0] > 0)
		add_wire(finding, FIRST(run));
}
