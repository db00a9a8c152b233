/*
 * run.c - step by step, and back.
 */
#include "baseline/agent/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/agents.h"
#include "baseline/agent/artifacts.h"
#include "baseline/agent/pack.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "runtime/openai/responder.h"

#define RESERVE_MS 8000 /* of the time, for what comes after the agent */
#define RUN_MIN_MS 1000
#define BOOTSTRAP_MS 20000
#define SILENCE_MS 60000 /* without a heartbeat of the service */
#define SAID_MAX_BYTES (8u << 20) /* of all steps: then the rest is dropped */
#define STEP_BYTES 256 /* what one costs beside its text */
#define USAGE_MS 3000
#define EXIT_TIMED_OUT 124

struct run {
	struct run_order *order;
	run_note_fn *fn;
	void *arg;
	struct run_result *result;
	struct sandy_box box;
	int64_t since_ms;
	struct steps steps;
	size_t said;
	size_t collected; /* bytes of its files */
	bool full; /* more was said than is passed on */
};

static void
tell(const struct run *r, enum run_note_kind kind, const char *text, int64_t ms)
{
	const struct run_note note = { .kind = kind, .text = text, .ms = ms };

	r->fn(&note, r->arg);
}

static int64_t
left_ms(const struct run *r)
{
	return r->order->due_ms - clock_now_ms();
}

static bool
is_cancelled(const struct run *r)
{
	return atomic_load(&r->order->cancel);
}

/* The run is over without an agent's end. */
static int
fail(struct run *r, const struct error *err)
{
	static const struct {
		enum error_kind kind;
		enum wire_code code;
		const char *fault;
	} codes[] = {
		{ ERROR_BUSY, CODE_SANDBOX_CAPACITY, NULL },
		{ ERROR_TIMEOUT, CODE_UPSTREAM_TIMEOUT_TOTAL, "platform" },
		{ ERROR_UNAVAILABLE, CODE_UPSTREAM_CONNECT_FAILED, "platform" },
		{ ERROR_NOT_FOUND, CODE_SANDBOX_LOST, "platform" },
		{ ERROR_CANCELLED, CODE_CLIENT_CLOSED, NULL },
	};

	r->result->code = CODE_UPSTREAM_BAD_RESPONSE;
	r->result->fault = "platform";
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].kind == err->kind) {
			r->result->code = codes[i].code;
			r->result->fault = codes[i].fault;
		}
	snprintf(r->result->text, sizeof(r->result->text), "%s", err->text);
	return -1;
}

/* ---- before ---- */

static int
make_sandbox(struct run *r, struct error *err)
{
	const struct sandy_wish wish = {
		.priority = 2,
		.flavor = "agent-ready",
		.timeout_minutes = (int)(left_ms(r) / 60000) + 2,
		.tries = r->order->insists ? 0 : 1,
	};
	const int64_t from_ms = clock_now_ms();

	if (sandy_create(&r->order->sandy, &wish, &r->order->cancel, &r->box, err) < 0)
		return fail(r, err);
	r->since_ms = clock_now_ms();
	r->result->has_sandbox = true;
	tell(r, RUN_SANDBOX, r->box.id, r->since_ms - from_ms);
	return 0;
}

/* One file over, whatever the pack holds: the services agree on text, and on commands. */
static int
bootstrap(struct run *r, struct error *err)
{
	const struct sandy *sandy = &r->order->sandy;
	_cleanup_sandy_result_ struct sandy_result done = { 0 };
	_cleanup_buf_ struct buf pack = { 0 };

	if (pack_make(&r->order->task, &pack, err) < 0 ||
	    sandy_write(sandy, r->box.id, PACK_FILE, buf_str(&pack), err) < 0 ||
	    sandy_exec(sandy, r->box.id, pack_unpack_line(), BOOTSTRAP_MS, &r->order->cancel, &done,
		err) < 0)
		return fail(r, err);
	if (done.exit_code != 0) {
		error_set(err, ERROR_UPSTREAM, "the sandbox could not be prepared: %.160s",
		    buf_str(&done.err));
		return fail(r, err);
	}
	tell(r, RUN_READY, buf_str(&done.out), 0);
	return 0;
}

/* ---- the agent ---- */

/* Whether the sandbox itself is gone, where something in it was not found or was killed. */
static bool
is_lost(const struct run *r)
{
	struct sandy_box box;
	struct error err = { 0 };

	return sandy_get(&r->order->sandy, r->box.id, &box, &err) < 0 &&
	    err.kind == ERROR_NOT_FOUND;
}

static void
on_step(const struct step *step, void *arg)
{
	struct run *r = arg;
	const struct run_note note = { .kind = RUN_STEP, .text = step->text, .step = *step };

	if (r->full)
		return;
	r->said += strlen(step->text) + STEP_BYTES;
	if (r->said <= SAID_MAX_BYTES) {
		r->fn(&note, r->arg);
		return;
	}
	r->full = true;
	tell(r, RUN_PROBLEM, "The agent says more than is passed on; the rest is left out.", 0);
}

static int
on_event(const struct sandy_event *e, void *arg)
{
	struct run *r = arg;

	steps_take(&r->steps, e, on_step, r);
	return is_cancelled(r) ? -1 : 0;
}

static void
judge(struct run *r, const struct sandy_outcome *outcome)
{
	struct run_result *out = r->result;

	out->timed_out = outcome->exit_code == EXIT_TIMED_OUT;
	out->failed = r->steps.failed || !outcome->success;
	if (r->steps.failed)
		snprintf(out->text, sizeof(out->text), "%s", r->steps.error);
	else if (outcome->error[0] != '\0')
		snprintf(out->text, sizeof(out->text), "%s", outcome->error);
	else if (!outcome->success)
		snprintf(
		    out->text, sizeof(out->text), "it ended with exit code %d", outcome->exit_code);
}

/* The run did not come to an end: what was refused, if the sandbox is still there. */
static int
refused(struct run *r, const struct error *err)
{
	fail(r, err);
	if (err->kind == ERROR_INVALID) {
		r->result->code = CODE_AGENT_NOT_INSTALLED;
	} else if (err->kind == ERROR_NOT_FOUND && !is_lost(r)) {
		r->result->code = CODE_UPSTREAM_BAD_RESPONSE;
		snprintf(r->result->text, sizeof(r->result->text),
		    "This sandbox service runs no agents.");
	}
	return -1;
}

static int
run_agent(struct run *r, struct error *err)
{
	const struct run_order *o = r->order;
	_cleanup_free_ char *url = agent_kind_url(o->agent, o->base_url);
	_cleanup_free_ char *model =
	    agent_kind_model(o->agent, o->model != NULL ? o->model : RESPONDER_MODEL);
	const struct agent_place place = {
		.base_url = url, .model = o->model, .key = o->key, .pack = PACK_DIR
	};
	char *env[AGENTS_ENV_MAX + 8];
	size_t n = agent_kind_env(o->agent, &place, env);
	const int64_t run_ms = left_ms(r) - RESERVE_MS;
	struct sandy_outcome outcome = { 0 };

	env[n++] = str_dup("JANUS_WORKSPACE=" PACK_WORKSPACE);
	env[n++] = str_dup("JANUS_AGENT_PACK=" PACK_DIR);
	env[n++] = str_dup("JANUS_ARTIFACTS_DIR=" PACK_ARTIFACTS);
	env[n++] = str_dup("PATH=" PACK_DIR "/bin:/usr/local/bin:/usr/bin:/bin");
	env[n++] = str_printf("JANUS_REQUEST_ID=%s", o->request_id);
	if (o->platform_url != NULL)
		env[n++] = str_printf("JANUS_PLATFORM_URL=%s", o->platform_url);
	env[n] = NULL;
	const struct sandy_agent agent = {
		.agent = o->agent->name,
		.model = model,
		.prompt = o->task.prompt[0] != '\0' ? o->task.prompt : "(no text)",
		.system_prompt = pack_system(),
		.api_base_url = o->model != NULL ? url : NULL,
		.env = (const char *const *)env,
		.max_duration_ms = run_ms > RUN_MIN_MS ? run_ms : RUN_MIN_MS,
		.silence_ms = SILENCE_MS,
	};
	const int rc = sandy_agent_run(
	    &o->sandy, r->box.id, &agent, on_event, r, &r->order->cancel, &outcome, err);
	for (size_t i = 0; i < n; i++)
		free(env[i]);
	if (rc < 0)
		return refused(r, err);
	judge(r, &outcome);
	return 0;
}

/* ---- after ---- */

static void
collect_one(struct run *r, const char *name)
{
	const size_t left = ARTIFACTS_ANSWER_BYTES - r->collected;
	_cleanup_free_ char *path = str_printf(PACK_ARTIFACTS "/%s", name);
	_cleanup_buf_ struct buf bytes = { 0 };
	struct error err = { 0 };

	if (sandy_read(&r->order->sandy, r->box.id, path,
		left < ARTIFACT_MAX_BYTES ? left : ARTIFACT_MAX_BYTES, &bytes, &err) == 0) {
		const struct run_note note = { .kind = RUN_ARTIFACT,
			.text = name,
			.bytes = buf_str(&bytes),
			.len = bytes.len };

		r->collected += bytes.len;
		r->fn(&note, r->arg);
		return;
	}
	_cleanup_free_ char *text = str_printf("%s could not be had: %s", name, err.text);
	tell(r, RUN_PROBLEM, text, 0);
}

static int
collect(struct run *r, struct error *err)
{
	_cleanup_buf_ struct buf names = { 0 };
	unsigned n = 0;

	if (sandy_list(&r->order->sandy, r->box.id, PACK_ARTIFACTS, &names, err) < 0) {
		if (is_lost(r)) {
			error_set(err, ERROR_NOT_FOUND,
			    "the sandbox was lost while the agent worked in it");
			return fail(r, err);
		}
		return 0; /* the agent removed the directory: there is nothing */
	}
	for (char *name = names.data, *end; name != NULL && (end = strchr(name, '\n')) != NULL;
	     name = end + 1) {
		*end = '\0';
		if (left_ms(r) <= 0 || is_cancelled(r))
			break;
		if (n++ < ARTIFACTS_MAX) {
			collect_one(r, name);
			continue;
		}
		tell(r, RUN_PROBLEM, "There are more files than are collected.", 0);
		break;
	}
	return 0;
}

static void
end_sandbox(struct run *r)
{
	struct error err = { 0 };

	if (sandy_terminate(&r->order->sandy, r->box.id, &err) < 0)
		tell(r, RUN_PROBLEM, err.text, 0);
	r->result->sandbox_ms = clock_now_ms() - r->since_ms;
	tell(r, RUN_SANDBOX_END, r->box.id, r->result->sandbox_ms);
}

/* What all of it has cost, as the platform measured it for this chat. */
static void
settle(struct run *r)
{
	const struct run_order *o = r->order;
	_cleanup_free_ char *url = str_printf("%s/usage", o->platform_url);
	_cleanup_free_ char *id = str_printf("X-Request-Id: %s", o->request_id);
	const char *headers[] = { id, NULL };
	struct http_call call = { .url = url, .headers = headers, .total_ms = USAGE_MS };
	_cleanup_json_ cJSON *json = NULL;
	struct run_result *out = r->result;

	if (http_call(&call, NULL) == 0 && call.status == 200)
		json_parse(buf_str(&call.reply), call.reply.len, &json, NULL);
	buf_done(&call.reply);
	const cJSON *spent = json_get(json_get(json, "chat"), "spent");
	const double cost = json_num(spent, "cost_usd", -1);
	const int64_t tokens = json_int(spent, "tokens", 0);

	/* Where the price of a model is not known, nothing was added for it. */
	const bool priced =
	    json_int(json_get(json, "token"), "calls_of_unknown_price", 0) == 0 || cost > 0;

	if (priced && cost >= 0 && cost < 1e6)
		out->cost_micro_usd = (int64_t)(cost * 1e6 + 0.5);
	if (out->prompt_tokens + out->completion_tokens == 0) /* an agent that does not tell */
		out->prompt_tokens = tokens;
}

void
run_do(struct run_order *order, run_note_fn *fn, void *arg, struct run_result *out)
{
	struct run r = { .order = order, .fn = fn, .arg = arg, .result = out };
	struct error err = { 0 };

	*out = (struct run_result){ .cost_micro_usd = order->model != NULL ? -1 : 0 };
	if (make_sandbox(&r, &err) < 0)
		return;
	if (bootstrap(&r, &err) == 0 && run_agent(&r, &err) == 0 && !is_cancelled(&r))
		collect(&r, &err);
	end_sandbox(&r);
	out->prompt_tokens = r.steps.prompt_tokens;
	out->completion_tokens = r.steps.completion_tokens;
	if (r.steps.has_cost && r.steps.cost_usd < 1e6)
		out->cost_micro_usd = (int64_t)(r.steps.cost_usd * 1e6 + 0.5);
	if (order->platform_url != NULL && !is_cancelled(&r))
		settle(&r);
	steps_done(&r.steps);
}
