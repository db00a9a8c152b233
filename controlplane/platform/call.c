/*
 * call.c - from the request to the report.
 */
#include "controlplane/platform/call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/claim.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

const struct policy_rules *
call_rules(const struct call *call)
{
	return policy_of(&call->caller->platform->policy, call->caller->competitor);
}

/* ---- the end ---- */

static enum decision
decision_of(enum wire_code code)
{
	const int status = wire_code_info(code)->status;

	switch (code) {
	case CODE_NONE: return DECISION_ALLOWED;
	case CODE_EGRESS_DENIED:
	case CODE_INVALID_API_KEY: return DECISION_DENIED;
	case CODE_RATE_LIMIT:
	case CODE_CONCURRENCY:
	case CODE_BUDGET_EXCEEDED: return DECISION_LIMITED;
	default: return status >= 500 ? DECISION_FAILED : DECISION_INVALID;
	}
}

static struct quota_amounts
used_by(const struct call *call)
{
	struct quota_amounts used = { 0 };

	if (!call->is_running)
		return used;
	used.of[QUOTA_REQUESTS] = 1;
	used.of[QUOTA_TOKENS] = call->prompt_tokens + call->completion_tokens;
	used.of[QUOTA_COST] = call->cost_micro_usd > 0 ? call->cost_micro_usd : 0;
	used.of[QUOTA_BYTES] = call->bytes_in + call->bytes_out;
	used.of[QUOTA_SANDBOX] = call->sandbox_ms;
	return used;
}

static void
settle(struct call *call)
{
	struct platform *p = call->caller->platform;
	const struct quota_amounts used = used_by(call);

	if (!call->is_running)
		return;
	quota_settle(&account_of(&p->accounts, call->caller->competitor, clock_wall_ms())->day,
	    &call->wanted, &used);
	quota_settle(&call->caller->spent, &call->wanted, &used);
	if (call->claim != NULL) {
		quota_settle(&call->claim->meter, &call->wanted, &used);
		call->claim->users--;
	} else {
		call->caller->unclaimed++;
	}
	call->caller->unpriced += call->cost_micro_usd < 0;
	accounts_changed(&p->accounts);
}

static void
tell(const struct call *call, int status, enum wire_code code)
{
	struct report r = {
		.service = call->kind->service,
		.operation = call->kind->operation,
		.code = wire_code_info(code)->code,
		.decision = decision_of(code),
		.status = status,
		.calls = 1,
		.at_ms = call->accepted_at_ms,
		.duration_ms = (clock_now_us() - call->accepted_us) / 1000,
		.bytes_in = call->bytes_in,
		.bytes_out = call->bytes_out,
		.prompt_tokens = call->prompt_tokens,
		.completion_tokens = call->completion_tokens,
		.sandbox_ms = call->sandbox_ms,
		.cost_micro_usd = call->cost_micro_usd,
	};

	if (call->kind->is_quiet && code == CODE_NONE)
		return;
	snprintf(r.instance, sizeof(r.instance), "%s", call->caller->instance);
	snprintf(r.competitor, sizeof(r.competitor), "%s", call->caller->competitor);
	snprintf(r.target, sizeof(r.target), "%s", call->target);
	if (call->claim != NULL)
		snprintf(r.request_id, sizeof(r.request_id), "%s", call->claim->id);
	report_add(call->caller->platform, &r);
}

void
call_end(struct call *call, int status, enum wire_code code)
{
	claim_leave(call);
	settle(call);
	tell(call, status, code);
	if (call->kind->done != NULL)
		call->kind->done(call);
	*call->prev = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	free(call);
}

static void
reply(
    struct call *call, int status, const struct http_header *headers, const char *body, size_t len)
{
	if (call->kind->reply != NULL)
		call->kind->reply(call, status, headers, body, len);
	else
		http_reply(TAKE(call->req), status, headers, body, len);
}

void
call_answer(
    struct call *call, int status, const struct http_header *headers, const char *body, size_t len)
{
	call->bytes_in += (int64_t)len;
	reply(call, status, headers, body, len);
	call_end(call, status, CODE_NONE);
}

static void
reply_error(struct call *call, enum wire_code code, const char *fault, const char *param,
    const char *text, int64_t retry_ms)
{
	const struct wire_code_info *info = wire_code_info(code);
	_cleanup_buf_ struct buf body = { 0 };
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRId64, (retry_ms + 999) / 1000);
	const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ retry_ms > 0 ? "retry-after" : NULL, seconds },
		{ NULL, NULL },
	};
	envelope_add_as(&body, code, fault, text, param, call->id, NULL);
	reply(call, info->status, headers, body.data, body.len);
	call_end(call, info->status, code);
}

void
call_refuse(struct call *call, enum wire_code code, const char *param, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_error(call, code, NULL, param, text, 0);
}

void
call_fail(struct call *call, enum wire_code code, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_error(call, code, "upstream", NULL, text, 0);
}

/* ---- the beginning ---- */

static void
on_gone(struct http_request *req, void *arg)
{
	struct call *call = arg;

	(void)req;
	call->req = NULL;
	if (call->is_running)
		call->kind->stop(call);
	call_end(call, wire_code_info(CODE_CLIENT_CLOSED)->status, CODE_CLIENT_CLOSED);
}

static void
on_drain(struct http_request *req, void *arg)
{
	struct call *call = arg;

	(void)req;
	if (call->kind->drain != NULL)
		call->kind->drain(call);
}

/* Is there so much left of a budget?  If not, it says so. */
static bool
fits(struct call *call, const struct quota_meter *m, const struct quota_amounts *limits,
    const char *whose, int64_t retry_ms)
{
	enum quota_kind kind;
	char text[320];

	if (quota_fits(m, limits, &call->wanted, &kind))
		return true;
	const double scale = (double)quota_kind_scale(kind);
	snprintf(text, sizeof(text),
	    "The budget of %s for %s is %.10g; %.10g are left, and this call may take %.10g.",
	    whose, quota_kind_word(kind), (double)limits->of[kind] / scale,
	    (double)quota_left(m, limits, kind) / scale, (double)call->wanted.of[kind] / scale);
	reply_error(call, CODE_BUDGET_EXCEEDED, NULL, NULL, text, retry_ms);
	return false;
}

void
call_claimed(struct call *call, struct claim *claim)
{
	struct platform *p = call->caller->platform;
	const struct policy_rules *rules = call_rules(call);
	const int64_t wall_ms = clock_wall_ms();
	struct account *a = account_of(&p->accounts, call->caller->competitor, wall_ms);
	int64_t wait_ms;

	call->claim = claim;
	if (!quota_rate_take(&a->rates[call->kind->service], rules->rates[call->kind->service],
		loop_now_ms(p->loop), &wait_ms)) {
		char text[160];

		snprintf(text, sizeof(text), "At most %" PRId64 " calls a minute for %s.",
		    rules->rates[call->kind->service], service_word(call->kind->service));
		reply_error(call, CODE_RATE_LIMIT, NULL, NULL, text, wait_ms);
		return;
	}
	if (claim != NULL && !fits(call, &claim->meter, &rules->request, "this chat", 0))
		return;
	if (!fits(call, &a->day, &rules->day, "this competitor's day", DAY_MS - wall_ms % DAY_MS))
		return;
	quota_hold(&a->day, &call->wanted);
	quota_hold(&call->caller->spent, &call->wanted);
	if (claim != NULL) {
		quota_hold(&claim->meter, &call->wanted);
		claim->users++;
	}
	accounts_changed(&p->accounts);
	call->is_running = true;
	call->kind->start(call);
}

bool
call_hold_more(struct call *call, enum quota_kind kind, int64_t amount)
{
	struct platform *p = call->caller->platform;
	const struct policy_rules *rules = call_rules(call);
	struct account *a = account_of(&p->accounts, call->caller->competitor, clock_wall_ms());
	struct quota_amounts more = { 0 };
	enum quota_kind which;

	more.of[kind] = amount;
	if ((call->claim != NULL &&
		!quota_fits(&call->claim->meter, &rules->request, &more, &which)) ||
	    !quota_fits(&a->day, &rules->day, &more, &which))
		return false;
	quota_hold(&a->day, &more);
	quota_hold(&call->caller->spent, &more);
	if (call->claim != NULL)
		quota_hold(&call->claim->meter, &more);
	call->wanted.of[kind] += amount;
	accounts_changed(&p->accounts);
	return true;
}

static void
enlist(struct caller *c, struct call *call, const struct call_kind *kind)
{
	call->kind = kind;
	call->caller = c;
	call->wanted.of[QUOTA_REQUESTS] = 1;
	call->next = c->calls;
	call->prev = &c->calls;
	if (call->next != NULL)
		call->next->prev = &call->next;
	c->calls = call;
}

void
call_begin_raw(struct caller *c, struct call *call, const struct call_kind *kind, const char *id,
    const char *claimed)
{
	enlist(c, call, kind);
	call->accepted_us = clock_now_us();
	call->accepted_at_ms = clock_wall_ms();
	snprintf(call->id, sizeof(call->id), "%s", id);
	if (kind->prepare != NULL && !kind->prepare(call))
		return;
	if (claimed != NULL && id_request_valid(claimed))
		claim_check(call, claimed);
	else
		call_claimed(call, NULL);
}

void
call_begin(struct caller *c, struct http_request *req, const struct call_kind *kind)
{
	static const struct http_request_events events = { .on_gone = on_gone,
		.on_drain = on_drain };
	struct call *call = mem_zalloc(kind->size);

	enlist(c, call, kind);
	call->req = req;
	call->accepted_us = req->accepted_us;
	call->accepted_at_ms = clock_wall_ms() - (clock_now_us() - req->accepted_us) / 1000;
	memcpy(call->id, req->id, sizeof(call->id));
	http_request_watch(req, &events, call);
	const char *claimed = http_header_get(req, "x-request-id");
	if (kind->prepare != NULL && !kind->prepare(call))
		return;
	/* Not what the server made of it, but what was sent. */
	if (claimed != NULL && http_header_count(req, "x-request-id") == 1 &&
	    id_request_valid(claimed))
		claim_check(call, claimed);
	else
		call_claimed(call, NULL);
}

void
call_note_refused(struct caller *c, const struct http_request *req, int status, enum wire_code code)
{
	struct report r = {
		.service = SERVICE_WEB,
		.operation = "request",
		.code = wire_code_info(code)->code,
		.decision = decision_of(code),
		.status = status,
		.calls = 1,
		.at_ms = clock_wall_ms(),
	};

	snprintf(r.instance, sizeof(r.instance), "%s", c->instance);
	snprintf(r.competitor, sizeof(r.competitor), "%s", c->competitor);
	snprintf(r.target, sizeof(r.target), "%.12s %s", req->method != NULL ? req->method : "",
	    req->path != NULL ? req->path : "");
	report_add(c->platform, &r);
}

void
call_refuse_request(
    struct caller *c, struct http_request *req, enum wire_code code, const char *text)
{
	const struct wire_code_info *info = wire_code_info(code);
	const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ info->status == 401 ? "www-authenticate" : NULL, "Bearer" },
		{ NULL, NULL },
	};
	_cleanup_buf_ struct buf body = { 0 };

	call_note_refused(c, req, info->status, code);
	envelope_add(&body, code, text, NULL, req->id, NULL);
	http_reply(req, info->status, headers, body.data, body.len);
}

void
calls_abandon(struct caller *c)
{
	while (c->calls != NULL) {
		struct call *call = c->calls;

		if (call->is_running)
			call->kind->stop(call);
		if (call->req != NULL)
			http_stream_abort(TAKE(call->req));
		call_end(call, wire_code_info(CODE_CLIENT_CLOSED)->status, CODE_CLIENT_CLOSED);
	}
}
