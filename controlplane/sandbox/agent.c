/*
 * agent.c - run a CLI agent and stream what it does.
 *
 * Is its program there; what files are there; run; what files are there now; complete.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/adapters.h"
#include "controlplane/sandbox/agent_events.h"
#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/exec.h"
#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/op.h"
#include "controlplane/sandbox/paths.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define CHECK_MS 10000
#define LIST_MS 10000
#define LIST_ENTRIES 2000
#define LIST_BYTES_MAX (LIST_ENTRIES * (4096LL + INSIDE_ENTRY_HEAD_BYTES))
#define LIST_DEPTH 8
#define HEARTBEAT_MS 5000
#define OUTPUT_MAX (64LL << 20) /* of each stream; what is more is not passed on */
#define DURATION_SECONDS 600

struct run {
	struct op op;
	enum { CHECK, BEFORE, RUN, AFTER } phase;
	struct agent_start start;
	char **env; /* the caller's, owned */
	size_t nenv;
	char prompt_path[PATH_TEXT_MAX];
	int64_t limit_ms, begun_ms;
	struct timer heartbeat;
	struct agent_lines lines[2];
	struct snapshot before, after;
	int exit_code;
	bool success, cancelled;
};

static struct run *
run_of(struct op *o)
{
	return (struct run *)o;
}

static void
run_free(struct op *o)
{
	struct run *r = run_of(o);

	timer_cancel(&r->heartbeat);
	agent_start_done(&r->start);
	env_free(r->env, r->nenv);
	buf_done(&r->lines[0].line);
	buf_done(&r->lines[1].line);
	snapshot_done(&r->before);
	snapshot_done(&r->after);
	free(r);
}

static double
elapsed(const struct run *r)
{
	return (double)(clock_now_ms() - r->begun_ms) / 1000;
}

static void
say(struct run *r, const struct buf *events)
{
	if (events->len > 0 && !http_stream_write(r->op.request, events->data, events->len) &&
	    r->op.call != NULL)
		inside_call_pause(r->op.call, true);
}

static void
run_drained(struct op *o)
{
	if (o->call != NULL)
		inside_call_pause(o->call, false);
}

static void
on_heartbeat(struct timer *t, void *arg)
{
	struct run *r = arg;
	_cleanup_buf_ struct buf out = { 0 };

	event_number(&out, "heartbeat", "elapsed", elapsed(r));
	timer_set(r->op.sandbox->service->loop, t, HEARTBEAT_MS, on_heartbeat, r);
	say(r, &out);
}

/* ---- phases ---- */

static void
list(struct run *r)
{
	_cleanup_buf_ struct buf payload = { 0 };
	struct buf request = { 0 };

	inside_add_text(&payload, INSIDE_ROOT);
	inside_add_number(&payload, LIST_ENTRIES);
	inside_add_number(&payload, LIST_DEPTH);
	inside_add_frame(&request, INSIDE_LIST, payload.data, payload.len);
	op_ask(&r->op, &request, LIST_MS, LIST_BYTES_MAX);
}

static void
check(struct run *r)
{
	const char *const argv[] = { "sh", "-c", "command -v -- \"$0\" >/dev/null",
		r->start.program, NULL };
	const struct exec_request exec = {
		.argv = argv, .cwd = INSIDE_ROOT, .timeout_ms = CHECK_MS
	};
	struct buf request = { 0 };

	exec_write(&request, r->op.sandbox, &exec, 0, NULL);
	op_ask(&r->op, &request, CHECK_MS + EXEC_GRACE_MS, 0);
}

static void
checked(struct run *r, const struct inside_end *end)
{
	_cleanup_free_ char *text = NULL;

	if (end->error != 0) {
		op_refuse_errno(&r->op, end->error, "look for", r->start.program);
		return;
	}
	if (end->exit_code != 0 || end->signal != 0) {
		text =
		    str_printf("The program %s is not in the sandbox's image.", r->start.program);
		op_refuse(&r->op, CODE_AGENT_NOT_INSTALLED, text);
		return;
	}
	r->phase = BEFORE;
	list(r);
}

/* Returns -1 after having refused. */
static int
write_run(struct run *r, struct buf *request)
{
	char *env[AGENT_ENV_MAX + 256];
	struct exec_request exec = {
		.argv = (const char *const *)r->start.words,
		.cwd = INSIDE_ROOT,
		.timeout_ms = r->limit_ms,
		.input = r->start.input,
		.input_len = r->start.input != NULL ? strlen(r->start.input) : 0,
		.env = env,
	};
	struct error err = { 0 };

	for (size_t i = 0; i < r->start.nenv; i++)
		env[exec.nenv++] = r->start.env[i];
	for (size_t i = 0; i < r->nenv; i++)
		env[exec.nenv++] = r->env[i];
	if (exec_write(request, r->op.sandbox, &exec, OUTPUT_MAX, &err) == 0)
		return 0;
	op_refuse(&r->op, CODE_PAYLOAD_TOO_LARGE, err.text);
	return -1;
}

static void
run(struct run *r)
{
	static const struct http_header headers[] = {
		{ "content-type", "text/event-stream; charset=utf-8" },
		{ "cache-control", "no-cache, no-transform" },
		{ "x-accel-buffering", "no" },
		{ NULL, NULL },
	};
	_cleanup_buf_ struct buf out = { 0 };
	struct buf request = { 0 };

	if (write_run(r, &request) < 0)
		return;
	r->phase = RUN;
	r->begun_ms = clock_now_ms();
	http_stream_begin(r->op.request, 200, headers);
	_cleanup_free_ char *text = str_printf("running %s", r->start.program);
	event_text(&out, "status", "message", text, strlen(text));
	timer_set(r->op.sandbox->service->loop, &r->heartbeat, HEARTBEAT_MS, on_heartbeat, r);
	op_ask(&r->op, &request, r->limit_ms + EXEC_GRACE_MS, 2 * OUTPUT_MAX);
	say(r, &out);
}

static void
end_lines(struct run *r)
{
	_cleanup_buf_ struct buf out = { 0 };

	agent_lines_end(&r->lines[0], &out);
	agent_lines_end(&r->lines[1], &out);
	say(r, &out);
}

static void
ran(struct run *r, const struct inside_end *end)
{
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_free_ char *text = NULL;

	end_lines(r);
	r->exit_code = exec_exit_code(end);
	r->success = end->error == 0 && r->exit_code == 0;
	if (end->error != 0) {
		text = str_printf(
		    "%s could not be started: %s", r->start.program, strerror(end->error));
		r->exit_code = 126;
	} else if (end->timed_out) {
		text = str_printf(
		    "%s timed out after %lld s", r->start.program, (long long)r->limit_ms / 1000);
	}
	if (text != NULL)
		event_text(&out, "error", "error", text, strlen(text));
	say(r, &out);
	r->phase = AFTER;
	list(r);
}

static void
complete(struct run *r, bool with_files)
{
	_cleanup_buf_ struct buf out = { 0 };

	if (with_files)
		event_files(&out, &r->before, &r->after);
	event_complete(&out, r->success, r->exit_code, elapsed(r), r->cancelled);
	say(r, &out);
	op_over(&r->op, 200, NULL);
}

/* ---- what the agent in there says ---- */

static int
run_frame(struct op *o, const struct inside_frame *f, struct error *err)
{
	struct run *r = run_of(o);
	_cleanup_buf_ struct buf out = { 0 };
	struct inside_entry entry;

	if (r->phase == RUN && f->type != INSIDE_DATA) {
		agent_lines_feed(&r->lines[f->type == INSIDE_STDERR], &out, f->payload, f->len);
		say(r, &out);
		return 0;
	}
	if ((r->phase == BEFORE || r->phase == AFTER) && f->type == INSIDE_DATA) {
		if (inside_entry_parse(f, &entry, err) < 0)
			return -1;
		snapshot_add(r->phase == BEFORE ? &r->before : &r->after, &entry);
		return 0;
	}
	return error_set(err, ERROR_UPSTREAM, "the sandbox's agent sent data where there is none");
}

static void
run_ended(struct op *o, const struct inside_end *end)
{
	struct run *r = run_of(o);

	switch (r->phase) {
	case CHECK: checked(r, end); break;
	case BEFORE: run(r); break;
	case RUN: ran(r, end); break;
	case AFTER: complete(r, true); break;
	}
}

static void
run_failed(struct op *o, const struct error *err)
{
	struct run *r = run_of(o);
	_cleanup_buf_ struct buf out = { 0 };

	if (r->phase < RUN) {
		op_refuse_error(o, err);
		return;
	}
	end_lines(r);
	event_text(&out, "error", "error", err->text, strlen(err->text));
	say(r, &out);
	r->success = false;
	r->exit_code = r->exit_code != 0 ? r->exit_code : 137;
	complete(r, false);
}

static const struct op_kind run_kind = {
	.frame = run_frame,
	.ended = run_ended,
	.failed = run_failed,
	.drained = run_drained,
	.free = run_free,
};

/* ---- the request ---- */

static int
take(const cJSON *json, const struct sandbox_config *c, struct run *r, struct error *err)
{
	struct agent_request asked = {
		.agent = json_str(json, "agent"),
		.model = json_str(json, "model"),
		.prompt = json_str(json, "prompt"),
		.system_prompt = json_str(json, "systemPrompt"),
		.api_base_url = json_str(json, "apiBaseUrl"),
	};
	const char *path = json_str(json, "systemPromptPath");
	const cJSON *env = json_get(json, "envVars");
	const int64_t seconds = json_int(
	    json, "maxDuration", json_get(json, "maxDuration") == NULL ? DURATION_SECONDS : -1);

	if (asked.agent == NULL || asked.prompt == NULL || asked.prompt[0] == '\0')
		return error_set(err, ERROR_INVALID, "agent and prompt are needed");
	if (path != NULL) {
		if (path_plain(path, r->prompt_path, err) < 0)
			return error_add(err, "systemPromptPath");
		asked.system_prompt_path = r->prompt_path;
	}
	if (seconds < 1)
		return error_set(err, ERROR_INVALID, "maxDuration is a number of seconds");
	r->limit_ms = seconds < c->exec_max_ms / 1000 ? seconds * 1000 : c->exec_max_ms;
	if (env_take(env != NULL ? env : json_get(json, "env"), &r->env, &r->nenv, err) < 0)
		return -1;
	return agent_start_build(&asked, &r->start, err);
}

void
agent_run(struct sandbox *s, struct http_request *req)
{
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };
	struct run *r;

	if (json_parse(buf_str(&req->body), req->body.len, &json, &err) < 0) {
		refuse(req, CODE_INVALID_JSON, err.text);
		return;
	}
	r = mem_zalloc(sizeof(*r));
	r->lines[1].is_stderr = true;
	if (take(json, s->service->config, r, &err) < 0) {
		refuse(req, CODE_INVALID_VALUE, err.text);
		run_free(&r->op);
		return;
	}
	if (op_begin(&r->op, &run_kind, s, req))
		check(r);
}

/* ---- cancel: whatever runs ends with "complete" and says that it was cancelled ---- */

static void
cancel(struct run *r)
{
	r->cancelled = true;
	if (r->phase < RUN) {
		op_refuse(&r->op, CODE_INVALID_STATE, "The run was cancelled before it began.");
		return;
	}
	if (r->phase == AFTER)
		return;
	inside_call_close(TAKE(r->op.call));
	end_lines(r);
	r->success = false;
	r->exit_code = 130;
	r->phase = AFTER;
	list(r);
}

void
agent_cancel(struct sandbox *s, struct http_request *req)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct op *next;
	int n = 0;

	for (struct op *o = s->ops; o != NULL; o = next) {
		next = o->next;
		if (o->kind != &run_kind)
			continue;
		cancel(run_of(o));
		n++;
	}
	buf_printf(&body, "{\"ok\":true,\"cancelled\":%d}", n);
	reply_json(req, 200, body.data, body.len);
}
