/*
 * chat.c - POST /v1/chat/completions: relayed to the provider, or played by the offline responder.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/inference.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/offline.h"

#define BYTES_A_TOKEN 3 /* of a prompt, on the safe side */
#define ANSWER_TOKENS 4096 /* of an answer whose length nobody limits */
#define ANSWER_TOKENS_MAX (1 << 20)
#define ANSWERS_MAX 128
#define BYTES_ELSE 65536 /* held for an answer's bytes */

struct chat {
	struct call call; /* first */
	struct chat_request request;
	int64_t max_tokens, answers;
	struct provider_chat *relayed; /* one of the two */
	struct provider_additions additions; /* of relayed */
	struct offline *offline;
};

static struct chat *
chat_of(struct call *call)
{
	return (struct chat *)call;
}

/* ---- how much it may be ---- */

struct scan {
	const char *text;
	int64_t max_tokens, answers;
};

static int
on_value(const struct json_value *v, void *arg)
{
	struct scan *s = arg;
	char digits[24];
	int64_t n;

	if (v->depth != 1 || v->type != JSON_NUMBER || v->len >= sizeof(digits))
		return 0;
	memcpy(digits, s->text + v->at, v->len);
	digits[v->len] = '\0';
	if (str_parse_int(digits, 0, ANSWER_TOKENS_MAX, &n, NULL) < 0)
		return 0;
	if (json_key_is(s->text, v, "max_tokens") ||
	    json_key_is(s->text, v, "max_completion_tokens"))
		s->max_tokens = n > s->max_tokens ? n : s->max_tokens;
	else if (json_key_is(s->text, v, "n"))
		s->answers = n;
	return 0;
}

static bool
prepare(struct call *call)
{
	struct chat *c = chat_of(call);
	const struct buf *body = &call->req->body;
	struct scan scan = { .text = buf_str(body), .max_tokens = -1, .answers = 1 };
	struct chat_fault fault = { 0 };

	if (chat_request_scan(buf_str(body), body->len, &c->request, &fault) < 0) {
		call_refuse(call, fault.code, fault.param[0] != '\0' ? fault.param : NULL, "%s",
		    fault.text);
		return false;
	}
	if (c->request.model[0] == '\0') {
		call_refuse(call, CODE_MISSING_PARAMETER, "model", "'model' is missing.");
		return false;
	}
	json_scan(buf_str(body), body->len, on_value, &scan, NULL);
	if (scan.answers < 1 || scan.answers > ANSWERS_MAX) {
		call_refuse(
		    call, CODE_INVALID_VALUE, "n", "'n' is from 1 to %d here.", ANSWERS_MAX);
		return false;
	}
	call->bytes_out = (int64_t)body->len;
	call->wanted.of[QUOTA_BYTES] = (int64_t)body->len + BYTES_ELSE;
	return inference_allow(call, c->request.model) &&
	    inference_want(call, (int64_t)body->len / BYTES_A_TOKEN + 1,
		(scan.max_tokens >= 0 ? scan.max_tokens : ANSWER_TOKENS) * scan.answers);
}

/* ---- the answer ---- */

static void
relay_over(const struct chat_result *r, void *arg)
{
	struct call *call = arg;
	struct chat *c = arg;

	c->relayed = NULL;
	call->bytes_in = (int64_t)r->bytes_in;
	/* Of a chat that never began nothing is known, and nothing was used. */
	if (r->upstream_status == 200)
		inference_used(call, r->usage.prompt_tokens, r->usage.completion_tokens);
	call_end(call, r->code == CODE_NONE || r->committed ? 200 : wire_code_info(r->code)->status,
	    r->code);
}

static void
offline_over(int status, const struct chat_usage *usage, void *arg)
{
	struct call *call = arg;

	chat_of(call)->offline = NULL;
	inference_used(call, usage->prompt_tokens, usage->completion_tokens);
	call_end(call, status, status == 499 ? CODE_CLIENT_CLOSED : CODE_NONE);
}

/* What the answer costs, told with its tokens. */
static bool
cost_value(const struct chat_usage *usage, char value[32], void *arg)
{
	const int64_t cost = inference_cost(arg, usage->prompt_tokens, usage->completion_tokens);

	snprintf(value, 32, "%.6f", (double)cost / 1e6);
	return cost >= 0;
}

static void
start(struct call *call)
{
	struct platform *p = call->caller->platform;
	struct chat *c = chat_of(call);
	struct http_request *req = TAKE(call->req);

	if (!p->has_provider) {
		c->offline = offline_answer(req, c->request.stream, NULL, NULL, offline_over, c);
		return;
	}
	c->relayed = provider_chat(
	    &p->provider, req, &c->request, &chat_relay_defaults, NULL, relay_over, c);
	c->additions = (struct provider_additions){
		.usage_key = "cost_usd", .usage_value = cost_value, .arg = call
	};
	provider_chat_add(c->relayed, &c->additions);
}

static void
stop(struct call *call)
{
	struct chat *c = chat_of(call);

	if (c->relayed != NULL)
		provider_chat_abandon(c->relayed);
	if (c->offline != NULL)
		offline_abandon(c->offline);
}

const struct call_kind inference_chat = {
	.service = SERVICE_INFERENCE,
	.operation = "chat",
	.size = sizeof(struct chat),
	.prepare = prepare,
	.start = start,
	.stop = stop,
};
