/*
 * inference.c - what chats, embeddings and the list of models have in common.
 */
#include "controlplane/platform/inference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

bool
inference_allow(struct call *call, const char *model)
{
	snprintf(call->target, sizeof(call->target), "%s", model);
	if (policy_allows_model(call_rules(call), model))
		return true;
	call_refuse(call, CODE_EGRESS_DENIED, "model",
	    "This competitor may not ask the model '%.100s'; GET /v1/models lists those it may.",
	    model);
	return false;
}

bool
inference_want(struct call *call, int64_t prompt_tokens, int64_t completion_tokens)
{
	const struct platform *p = call->caller->platform;
	const struct policy_rules *rules = call_rules(call);
	const int64_t cost =
	    prices_cost(&p->prices, call->target, prompt_tokens, completion_tokens);

	call->wanted.of[QUOTA_TOKENS] = prompt_tokens + completion_tokens;
	call->wanted.of[QUOTA_COST] = cost > 0 ? cost : 0;
	if (cost >= 0 ||
	    (rules->day.of[QUOTA_COST] == QUOTA_UNLIMITED &&
		rules->request.of[QUOTA_COST] == QUOTA_UNLIMITED))
		return true;
	call_refuse(call, CODE_EGRESS_DENIED, "model",
	    "The model '%.100s' has no known price (table %.40s), and this competitor's budget is "
	    "in "
	    "money.",
	    call->target, p->prices.version);
	return false;
}

int64_t
inference_cost(const struct call *call, int64_t prompt_tokens, int64_t completion_tokens)
{
	return prices_cost(
	    &call->caller->platform->prices, call->target, prompt_tokens, completion_tokens);
}

void
inference_used(struct call *call, int64_t prompt_tokens, int64_t completion_tokens)
{
	call->prompt_tokens = prompt_tokens > 0 ? prompt_tokens : 0;
	call->completion_tokens = completion_tokens > 0 ? completion_tokens : 0;
	call->cost_micro_usd = inference_cost(call, call->prompt_tokens, call->completion_tokens);
}

void
inference_failed(struct call *call, int status, const char *body, const struct error *err)
{
	switch (status) {
	case 0:
		call_fail(call,
		    err->kind == ERROR_TIMEOUT ? CODE_UPSTREAM_TIMEOUT_TOTAL
					       : CODE_UPSTREAM_CONNECT_FAILED,
		    "The model provider gave no answer: %s.", err->text);
		return;
	case 400:
	case 422:
		call_fail(call, CODE_BAD_REQUEST,
		    "The model provider refused the request with status %d: %.200s", status, body);
		return;
	case 404:
		call_fail(call, CODE_MODEL_NOT_FOUND, "The model provider has no model '%.100s'.",
		    call->target);
		return;
	case 429:
		call_fail(call, CODE_RATE_LIMIT, "The model provider's own rate limit is reached.");
		return;
	case 200:
		call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
		    "The model provider's answer is not of the form that was asked for.");
		return;
	default: /* its words about our key are not for a competitor */
		call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
		    "The model provider answered with status %d.", status);
	}
}
