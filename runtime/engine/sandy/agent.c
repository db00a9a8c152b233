/*
 * agent.c - run a CLI agent and follow what it says to its end.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"
#include "runtime/net/http_client.h"
#include "runtime/net/sse.h"

#define EVENT_MAX_BYTES (4u << 20) /* a file's content may be in one */
#define DURATION_MS 600000
#define DURATION_GRACE_MS 60000
#define SILENCE_MS 120000

struct run {
	struct sse_parser parser;
	sandy_event_fn *fn;
	void *arg;
	struct sandy_outcome outcome;
	bool complete, ended; /* ended: by fn */
	struct error error;
};

static void
take(struct run *r, const char *data, size_t len)
{
	int rc;

	if (r->complete || r->ended)
		return;
	rc = sandy_event_take(data, len, r->fn, r->arg, &r->outcome);
	r->complete = rc > 0;
	r->ended = rc < 0;
}

static void
on_event(const struct sse_event *e, void *arg)
{
	struct run *r = arg;

	if (e->has_data)
		take(r, e->data, e->data_len);
	else if (e->raw_len > 0 && e->raw[0] == '{') /* a line of JSON without "data:" */
		take(r, e->raw, strcspn(e->raw, "\r\n"));
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct run *r = arg;

	if (sse_feed(&r->parser, bytes, len, on_event, r, &r->error) < 0)
		return -1;
	return r->complete || r->ended ? -1 : 0; /* nothing after its end is waited for */
}

/* Some services read the one, some the other. */
static void
add_env(cJSON *json, const char *key, const char *const *env)
{
	cJSON *object = json_add_obj(json, key);

	for (; *env != NULL; env++) {
		const char *value = strchr(*env, '=');
		_cleanup_free_ char *name =
		    value != NULL ? str_ndup(*env, (size_t)(value - *env)) : NULL;

		if (name != NULL)
			json_add_str(object, name, value + 1);
	}
}

static char *
agent_json(const struct sandy_agent *a)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_str(json, "agent", a->agent);
	json_add_str(json, "model", a->model);
	json_add_str(json, "prompt", a->prompt);
	json_add_int(json, "maxDuration",
	    (a->max_duration_ms > 0 ? a->max_duration_ms : DURATION_MS) / 1000);
	json_add_bool(json, "rawPrompt", true);
	if (a->system_prompt != NULL)
		json_add_str(json, "systemPrompt", a->system_prompt);
	if (a->api_base_url != NULL)
		json_add_str(json, "apiBaseUrl", a->api_base_url);
	if (a->env != NULL) {
		add_env(json, "envVars", a->env);
		add_env(json, "env", a->env);
	}
	return json_print(json);
}

static int
outcome_of(struct run *r, const struct http_call *call, int rc, struct error *err)
{
	if (r->complete)
		return 0;
	if (r->ended)
		return error_set(err, ERROR_CANCELLED, "Sandy: the agent was left alone");
	if (r->error.kind != ERROR_NONE)
		return error_set(err, ERROR_UPSTREAM, "Sandy: an agent's event: %s", r->error.text);
	if (rc < 0)
		return error_add(err, "Sandy: run an agent");
	if (call->status < 200 || call->status >= 300)
		return sandy_refusal(
		    err, call->status, buf_str(&call->reply), call->reply.len, "run an agent");
	if (r->outcome.error[0] != '\0')
		return error_set(
		    err, ERROR_UPSTREAM, "Sandy: the agent failed: %.180s", r->outcome.error);
	return error_set(err, ERROR_UPSTREAM, "Sandy: the agent's stream ended without its end");
}

int
sandy_agent_run(const struct sandy *s, const char *id, const struct sandy_agent *a,
    sandy_event_fn *fn, void *arg, const atomic_bool *cancel, struct sandy_outcome *out,
    struct error *err)
{
	_cleanup_free_ char *path = sandy_path(id, "/agent/run", err), *json = NULL;
	struct run r = { .parser.max_bytes = EVENT_MAX_BYTES, .fn = fn, .arg = arg };
	struct http_call call = {
		.on_data = on_data,
		.arg = &r,
		.cancel = cancel,
		.stall_ms = a->silence_ms > 0 ? a->silence_ms : SILENCE_MS,
		.total_ms =
		    (a->max_duration_ms > 0 ? a->max_duration_ms : DURATION_MS) + DURATION_GRACE_MS,
	};
	int rc;

	if (path == NULL)
		return -1;
	json = agent_json(a);
	rc = sandy_call(s, "POST", path, json, &call, err);
	if (rc == 0 && !r.complete && !r.ended && sse_pending(&r.parser) > 0)
		sse_feed(
		    &r.parser, "\n\n", 2, on_event, &r, &r.error); /* cut after its last line */
	rc = outcome_of(&r, &call, rc, err);
	if (rc == 0)
		*out = r.outcome;
	sse_done(&r.parser);
	buf_done(&call.reply);
	return rc;
}
