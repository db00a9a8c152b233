/*
 * agent_chat.c - a chat answered by an agent: its run on a worker, its words on the loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agent_words.h"
#include "baseline/agent/agents.h"
#include "baseline/agent/config.h"
#include "baseline/agent/core.h"
#include "baseline/agent/run.h"
#include "baseline/agent/task.h"
#include "baseline/agent/verdict.h"
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

/* Shared with the worker: what the run needs is the run's; server and chat the loop's. */
struct agent_run {
	struct run_order order;
	struct run_result result;
	struct baseline_server *server;
	struct agent_chat *chat; /* NULL: nobody listens any more */
	char *model, *request_id; /* owned */
};

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

	if (p->run->chat != NULL)
		agent_words_tell(p->run->chat, &p->note);
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
agent_ended(struct agent_chat *a, const struct run_result *r)
{
	const struct chat_usage usage = usage_of(r);
	struct verdict v;

	verdict_of(
	    r, a->answer.has_content, a->artifacts > 0, a->chat->server->config->timeout_ms, &v);
	if (v.code != CODE_NONE) {
		fail(a, v.code, v.fault, v.text, &usage);
		return;
	}
	if (v.text[0] != '\0' && a->answer.has_content)
		answer_content(&a->answer, "\n\n");
	answer_content(&a->answer, v.text);
	end(a, v.finish_reason, &usage);
}

static void
run_ended(struct agent_chat *a, const struct run_result *r)
{
	struct chat *chat = a->chat;

	/* Nothing was said yet, and nobody insists on an agent. */
	if (r->code != CODE_NONE && !r->has_sandbox && !a->answer.begun && !chat->triage.asked) {
		struct http_request *req = answer_hand_over(&a->answer);
		_cleanup_free_ char *why =
		    str_printf("%s But no sandbox could be had, so this is answered directly: %s.",
			chat->triage.why, r->text);

		agent_free(a);
		chat_go_fast(chat, req, why);
		return;
	}
	agent_ended(a, r);
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
	agent_words_begin(arg);
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
		agent_words_event(a, "progress", payload);
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
		.insists = c->triage.asked,
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
	agent_words_reason(a, "%s\n", c->triage.why);
	if (waits)
		agent_words_reason(
		    a, "%d agents are at work; this one waits for its turn.\n", s->runs);
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
