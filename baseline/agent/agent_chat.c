/*
 * agent_chat.c - a chat answered by an agent: its run on a worker, its words on the loop.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "baseline/agent/answer.h"
#include "baseline/agent/config.h"
#include "baseline/agent/core.h"
#include "baseline/agent/run.h"
#include "baseline/agent/task.h"
#include "baseline/agent/vision.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

#define HOLD_MS 1000 /* a failure before that has its true status */
#define PROGRESS_MS 5000 /* silence in which clients are told that work goes on */
#define LATE_MS 2000 /* after the limit: then nothing is waited for */
#define WAITING_MAX 8 /* runs without a thread, for each that has one */
#define SHOWN_INPUT 240 /* bytes of a tool's input and output in words */
#define SHOWN_OUTPUT 600
#define EVENT_TEXT 4096 /* and in events */

/* Shared with the worker: what the run needs is the run's; server and chat the loop's. */
struct agent_run {
	struct run_order order;
	struct run_result result;
	struct baseline_server *server;
	struct agent_chat *chat; /* NULL: nobody listens any more */
	char *model, *request_id; /* owned */
};
struct agent_chat {
	struct chat *chat;
	struct answer answer;
	struct agent_run *run;
	struct timer hold, progress, late;
	int64_t said_ms; /* when something was said last */
	unsigned artifacts;
	char sandbox_id[SANDY_ID_MAX];
};

/* ---- words ---- */

static void
begin(struct agent_chat *a)
{
	timer_cancel(&a->hold);
	answer_begin(&a->answer);
}

static void
noticed(struct agent_chat *a)
{
	a->said_ms = loop_now_ms(a->chat->server->loop);
}

static void __attribute__((format(printf, 2, 3))) reason(struct agent_chat *a, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	answer_reason(&a->answer, buf_str(&text));
	noticed(a);
}

static void
event(struct agent_chat *a, const char *name, const cJSON *payload)
{
	_cleanup_free_ char *text = json_print(payload);

	answer_event(&a->answer, name, text);
	noticed(a);
}

/* The first max bytes of text, whole characters only. */
static char *
cut(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return str_dup(text);
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--;
	return str_printf("%.*s…", (int)len, text);
}

/* What a tool was told, for people: the command or the code alone, where that is all. */
static char *
input_words(const char *input)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *text = NULL;

	if (json_parse(input, strlen(input), &json, NULL) == 0) {
		text = json_str(json, "command");
		if (text == NULL)
			text = json_str(json, "code");
	}
	return cut(text != NULL ? text : input, SHOWN_INPUT);
}

static void
tool_started(struct agent_chat *a, const struct step *step)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();
	_cleanup_free_ char *input = cut(step->text, EVENT_TEXT), *shown = input_words(step->text);

	json_add_str(payload, "id", step->id);
	json_add_str(payload, "name", step->name);
	json_add_str(payload, "input", input);
	event(a, "tool_start", payload);
	reason(a, "\n%s: %s%s", step->name, shown, str_ends(shown, "\n") ? "" : "\n");
}

static void
tool_ended(struct agent_chat *a, const struct step *step)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();
	_cleanup_free_ char *output = cut(step->text, EVENT_TEXT),
			    *shown = cut(step->text, SHOWN_OUTPUT);

	json_add_str(payload, "id", step->id);
	json_add_str(payload, "name", step->name);
	json_add_bool(payload, "ok", !step->failed);
	json_add_str(payload, "output", output);
	event(a, "tool_end", payload);
	reason(
	    a, "%s%s%s", step->failed ? "failed: " : "", shown, str_ends(shown, "\n") ? "" : "\n");
}

static void
take_step(struct agent_chat *a, const struct step *step)
{
	switch (step->kind) {
	case STEP_TEXT:
		answer_content(&a->answer, step->text);
		noticed(a);
		break;
	case STEP_THOUGHT: reason(a, "%s", step->text); break;
	case STEP_STATUS: reason(a, "(%s)\n", step->text); break;
	case STEP_TOOL_START: tool_started(a, step); break;
	case STEP_TOOL_END: tool_ended(a, step); break;
	}
}

static void
sandbox_began(struct agent_chat *a, const struct run_note *n)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();
	const char *agent = a->chat->server->config->agent->name;

	str_copy(a->sandbox_id, sizeof(a->sandbox_id), n->text);
	begin(a);
	json_add_str(payload, "sandbox_id", n->text);
	json_add_str(payload, "agent", agent);
	json_add_str(payload, "model", a->chat->model);
	json_add_int(payload, "wait_ms", n->ms);
	event(a, "sandbox_start", payload);
	reason(a, "A sandbox is there after %.1f s; %s begins, with %s.\n", (double)n->ms / 1000,
	    agent, a->chat->model != NULL ? a->chat->model : "no model");
}

static void
sandbox_ended(struct agent_chat *a, const struct run_note *n)
{
	_cleanup_json_ cJSON *payload = cJSON_CreateObject();

	json_add_str(payload, "sandbox_id", n->text);
	cJSON_AddNumberToObject(payload, "seconds", (double)n->ms / 1000);
	event(a, "sandbox_end", payload);
}

static void
take_artifact(struct agent_chat *a, const struct run_note *n)
{
	char *bytes = mem_zalloc(n->len + 1);
	_cleanup_buf_ struct buf descriptor = { 0 };

	memcpy(bytes, n->bytes, n->len);
	artifact_describe(
	    artifacts_keep(&a->chat->server->artifacts, n->text, bytes, n->len, clock_wall_ms()),
	    &descriptor);
	a->artifacts++;
	answer_artifact(&a->answer, buf_str(&descriptor));
	reason(a, "File: %s, %zu bytes.\n", n->text, n->len);
}

/* ---- from the worker to the loop ---- */

struct posted {
	struct agent_run *run;
	struct run_note note;
	char *text, *bytes, *id, *name; /* owned */
};

static void
deliver(void *arg)
{
	struct posted *p = arg;
	struct agent_chat *a = p->run->chat;

	if (a != NULL) {
		switch (p->note.kind) {
		case RUN_SANDBOX: sandbox_began(a, &p->note); break;
		case RUN_READY: break;
		case RUN_STEP: take_step(a, &p->note.step); break;
		case RUN_ARTIFACT: take_artifact(a, &p->note); break;
		case RUN_PROBLEM: reason(a, "(%s)\n", p->note.text); break;
		case RUN_SANDBOX_END: sandbox_ended(a, &p->note); break;
		}
	}
	free(p->text);
	free(p->bytes);
	free(p->id);
	free(p->name);
	free(p);
}

static void
on_note(const struct run_note *note, void *arg)
{
	struct agent_run *run = arg;
	struct posted *p = mem_zalloc(sizeof(*p));

	p->run = run;
	p->note = *note;
	p->note.text = p->note.step.text = p->text = str_dup(note->text);
	p->note.step.id = p->id = str_dup(note->step.id);
	p->note.step.name = p->name = str_dup(note->step.name);
	if (note->bytes != NULL) {
		p->bytes = mem_zalloc(note->len + 1);
		memcpy(p->bytes, note->bytes, note->len);
		p->note.bytes = p->bytes;
	}
	loop_post(run->server->loop, deliver, p);
}

static void
work(void *arg)
{
	struct agent_run *run = arg;

	run_do(&run->order, on_note, run, &run->result);
}

static void
run_free(struct agent_run *run)
{
	task_done(&run->order.task);
	free(run->model);
	free(run->request_id);
	free(run);
}

/* ---- the end ---- */

static struct chat_usage
usage_of(const struct run_result *r)
{
	return (struct chat_usage){
		.reported = true,
		.prompt_tokens = r->prompt_tokens,
		.completion_tokens = r->completion_tokens,
		.total_tokens = r->prompt_tokens + r->completion_tokens,
		.cost_micro_usd = r->cost_micro_usd,
		.sandbox_seconds = (double)r->sandbox_ms / 1000,
	};
}

static void
agent_free(struct agent_chat *a)
{
	timer_cancel(&a->hold);
	timer_cancel(&a->progress);
	timer_cancel(&a->late);
	if (a->run != NULL) {
		atomic_store(&a->run->order.cancel, true);
		a->run->chat = NULL;
	}
	answer_done(&a->answer);
	free(a);
}

/* The chat is over; its run, if it still is, ends by itself. */
static void
over(struct agent_chat *a, const struct chat_outcome *o)
{
	struct chat *chat = a->chat;

	agent_free(a);
	chat->agent = NULL;
	chat_over(chat, o);
}

static int64_t
ttft_us(const struct agent_chat *a)
{
	return a->answer.first_us > 0 ? a->answer.first_us - a->chat->accepted_us : -1;
}

static void
fail(struct agent_chat *a, enum wire_code code, const char *fault, const char *text,
    const struct chat_usage *usage)
{
	struct chat_outcome o = { .status = wire_code_info(code)->status,
		.code = wire_code_info(code)->code,
		.text = text,
		.usage = *usage,
		.ttft_us = ttft_us(a) };

	answer_fail(&a->answer, code, fault, text);
	over(a, &o);
}

static void
end(struct agent_chat *a, const char *finish_reason, const struct chat_usage *usage)
{
	const struct chat_outcome o = { .status = 200, .usage = *usage, .ttft_us = ttft_us(a) };

	answer_end(&a->answer, finish_reason, usage);
	over(a, &o);
}

static void
add_words(struct agent_chat *a, const char *text)
{
	if (a->answer.has_content)
		answer_content(&a->answer, "\n\n");
	answer_content(&a->answer, text);
}

/* The agent came to an end of some kind: its answer, or what there is of one, or an error. */
static void
agent_ended(struct agent_chat *a, const struct run_result *r)
{
	const struct chat_usage usage = usage_of(r);
	const bool something = a->answer.has_content || a->artifacts > 0;
	char text[400];

	if (r->timed_out && something) {
		snprintf(text, sizeof(text),
		    "(The agent was ended at its limit of %" PRId64
		    " s; this is what it had by then.)",
		    a->chat->server->config->timeout_ms / 1000);
		add_words(a, text);
		end(a, "length", &usage);
	} else if (r->timed_out) {
		fail(a, CODE_UPSTREAM_TIMEOUT_TOTAL, NULL,
		    "The agent was ended at its limit of time, and had no answer by then.", &usage);
	} else if (r->failed && !something) {
		snprintf(text, sizeof(text), "The agent failed: %s", r->text);
		fail(a, CODE_UPSTREAM_BAD_RESPONSE, NULL, text, &usage);
	} else if (r->failed) {
		snprintf(text, sizeof(text), "(The agent ended early: %s)", r->text);
		add_words(a, text);
		end(a, "stop", &usage);
	} else if (!something) {
		fail(a, CODE_UPSTREAM_BAD_RESPONSE, NULL, "The agent ended without an answer.",
		    &usage);
	} else {
		if (!a->answer.has_content)
			add_words(a, "(The agent wrote no answer, only files.)");
		end(a, "stop", &usage);
	}
}

static void
run_ended(struct agent_chat *a, const struct run_result *r)
{
	const struct chat_usage usage = usage_of(r);
	struct chat *chat = a->chat;

	if (r->code == CODE_NONE) {
		agent_ended(a, r);
		return;
	}
	/* Nothing was said yet, and nobody insists on an agent. */
	if (!r->has_sandbox && !a->answer.begun && !chat->triage.asked) {
		struct http_request *req = answer_hand_over(&a->answer);
		_cleanup_free_ char *why =
		    str_printf("%s But no sandbox could be had, so this is answered directly: %s.",
			chat->triage.why, r->text);

		agent_free(a);
		chat_go_fast(chat, req, why);
		return;
	}
	fail(a, r->code, r->fault, r->text, &usage);
}

static void
run_over(void *arg)
{
	struct agent_run *run = arg;
	struct baseline_server *s = run->server;
	const struct run_result *r = &run->result;

	s->runs--;
	s->sandbox_ms += r->sandbox_ms;
	if (r->has_sandbox)
		s->sandboxes_made++;
	else
		s->sandboxes_failed++;
	log_info("agent.done", F_STR("request_id", run->request_id),
	    F_STR("agent", run->order.agent->name), F_STR("model", run->model),
	    F_STR("code", r->code != CODE_NONE ? wire_code_info(r->code)->code : NULL),
	    F_STR("error", r->text[0] != '\0' ? r->text : NULL), F_BOOL("timed_out", r->timed_out),
	    F_INT("prompt_tokens", r->prompt_tokens),
	    F_INT("completion_tokens", r->completion_tokens),
	    F_NUM("sandbox_seconds", (double)r->sandbox_ms / 1000));
	if (run->chat != NULL) {
		run->chat->run = NULL;
		run_ended(run->chat, r);
	}
	run_free(run);
}

/* ---- time, and the client ---- */

static void
on_hold(struct timer *t, void *arg)
{
	(void)t;
	begin(arg);
}

static void
on_progress(struct timer *t, void *arg)
{
	struct agent_chat *a = arg;
	struct loop *loop = a->chat->server->loop;
	const int64_t left_ms = a->said_ms + PROGRESS_MS - loop_now_ms(loop);
	const int64_t elapsed_ms = (clock_now_us() - a->chat->accepted_us) / 1000;
	_cleanup_json_ cJSON *payload = NULL;

	if (left_ms <= 0) {
		payload = cJSON_CreateObject();
		json_add_str(payload, "stage", a->sandbox_id[0] != '\0' ? "agent" : "sandbox");
		json_add_int(payload, "elapsed_seconds", elapsed_ms / 1000);
		event(a, "progress", payload);
	}
	timer_set(loop, t, left_ms > 0 ? left_ms : PROGRESS_MS, on_progress, a);
}

/* The run should have been over by now. */
static void
on_late(struct timer *t, void *arg)
{
	struct agent_chat *a = arg;
	struct run_result r = { .timed_out = true,
		.cost_micro_usd = -1,
		.sandbox_ms = (clock_now_us() - a->chat->accepted_us) / 1000 };

	(void)t;
	if (a->sandbox_id[0] == '\0')
		r.sandbox_ms = 0;
	agent_ended(a, &r);
}

static void
on_gone(void *arg)
{
	struct agent_chat *a = arg;

	over(a,
	    &(struct chat_outcome){ .status = 499,
		.code = "client_disconnected",
		.text = "the client closed the connection",
		.ttft_us = ttft_us(a) });
}

/* ---- the beginning ---- */

/* Why this cannot be done here, whoever asks for it. */
static bool
is_refused(struct chat *c, struct http_request *req)
{
	const struct baseline_server *s = c->server;
	const struct baseline_config *config = s->config;
	enum wire_code code = CODE_NONE;
	const char *param = NULL, *text = NULL;

	if (config->sandy_url == NULL) {
		code = CODE_UNSUPPORTED_PARAMETER;
		param = "metadata.path";
		text = "There is no agent here: no sandbox service is configured.";
	} else if (c->model == NULL && !config->agent->offline) {
		code = CODE_NO_PROVIDER;
		text = "The agent needs a model, and none is connected.";
	} else if (s->runs >= config->runs_max * (1 + WAITING_MAX)) {
		code = CODE_CONCURRENCY;
		text = "Too many agents are at work; try again later.";
	}
	if (code == CODE_NONE)
		return false;
	refuse(req, code, text, param);
	chat_over(c,
	    &(struct chat_outcome){ .status = wire_code_info(code)->status,
		.code = wire_code_info(code)->code,
		.text = text,
		.ttft_us = -1 });
	return true;
}

static struct agent_run *
run_new(struct chat *c, const struct task *task)
{
	const struct baseline_config *config = c->server->config;
	struct agent_run *run = mem_zalloc(sizeof(*run));

	run->server = c->server;
	run->model = str_dup(c->model);
	run->request_id = str_dup(c->id);
	run->order = (struct run_order){
		.sandy = { .base_url = config->sandy_url,
		    .key = config->sandy_key,
		    .request_id = run->request_id },
		.agent = config->agent,
		.model = run->model,
		.base_url = config->base_url,
		.key = config->in_pod ? NULL : config->api_key,
		.platform_url = config->platform_url,
		.request_id = run->request_id,
		.task = *task,
		.due_ms = c->accepted_us / 1000 + config->timeout_ms,
	};
	return run;
}

void
agent_chat_begin(
    struct chat *c, struct http_request *req, const cJSON *json, bool stream, bool want_usage)
{
	struct baseline_server *s = c->server;
	const bool waits = s->runs >= s->config->runs_max;
	struct error err = { 0 };
	struct task task;

	if (is_refused(c, req))
		return;
	if (task_make(&task, json, c->model != NULL, &err) < 0) {
		refuse(req, CODE_INVALID_VALUE, err.text, "messages");
		chat_over(c,
		    &(struct chat_outcome){
			.status = 400, .code = "invalid_value", .text = err.text, .ttft_us = -1 });
		return;
	}
	struct agent_chat *a = mem_zalloc(sizeof(*a));
	c->agent = a;
	a->chat = c;
	answer_init(&a->answer, req, stream, want_usage,
	    c->model != NULL ? c->model : s->config->agent->name, on_gone, a);
	reason(a, "%s\n", c->triage.why);
	if (waits)
		reason(a, "%d agents are at work; this one waits for its turn.\n", s->runs);
	a->run = run_new(c, &task);
	a->run->chat = a;
	timer_set(s->loop, &a->hold, HOLD_MS, on_hold, a);
	timer_set(s->loop, &a->progress, PROGRESS_MS, on_progress, a);
	timer_set(s->loop, &a->late, s->config->timeout_ms + LATE_MS, on_late, a);
	s->runs++;
	worker_run(s->workers, s->loop, work, run_over, a->run);
}

void
agent_chat_abandon(struct agent_chat *a)
{
	agent_free(a);
}
