/*
 * sandbox_create.c - make a sandbox, and lend it to the pod that asked until one of them ends.
 */
#include "controlplane/platform/sandboxes.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "controlplane/platform/sandbox_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/http_server.h"

#define OWNER_URL "http://127.0.0.1:8600"
#define CREATE_MS 90000
#define MINUTES_DEFAULT 10
#define MINUTES_MAX 120
#define PRIORITY_FIRST 2 /* more important ones are not a competitor's to ask for */
#define PRIORITY_LAST 3
#define GRACE_MS 3000 /* over its time, before we end it ourselves */

static struct lease *
lease_of(struct call *call)
{
	return (struct lease *)call;
}

char *
sandboxes_create_body(
    const char *body, size_t len, int64_t *ttl_ms, const char **param, struct error *err)
{
	static const char *const copied[] = { "flavor", "env", "preemptable" };
	static const char *const refused[] = { "enableDockerSocket", "enableVnc", "enableBrowser" };
	_cleanup_json_ cJSON *json = NULL, *out = cJSON_CreateObject();

	*param = NULL;
	if (len > 0 && json_parse(body, len, &json, err) < 0)
		return NULL;
	if (json != NULL && !cJSON_IsObject(json)) {
		error_set(err, ERROR_INVALID, "the body is a JSON object");
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (json_bool(json, refused[i], false)) {
			*param = refused[i];
			error_set(err, ERROR_TOO_BIG, "there is no %s", refused[i]);
			return NULL;
		}
	const int64_t minutes = json_int(json, "timeoutMinutes", MINUTES_DEFAULT);
	const int64_t priority = json_int(json, "priority", PRIORITY_FIRST);
	*param = minutes < 0 || minutes > MINUTES_MAX ? "timeoutMinutes" : "priority";
	if (minutes < 0 || minutes > MINUTES_MAX || priority < 0 || priority > PRIORITY_LAST) {
		error_set(err, ERROR_INVALID, "%s is out of its range", *param);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(copied); i++)
		if (json_get(json, copied[i]) != NULL)
			cJSON_AddItemToObject(
			    out, copied[i], cJSON_Duplicate(json_get(json, copied[i]), true));
	*ttl_ms = (minutes > 0 ? minutes : MINUTES_DEFAULT) * 60000;
	json_add_int(out, "timeoutMinutes", *ttl_ms / 60000);
	json_add_int(out, "priority", priority < PRIORITY_FIRST ? PRIORITY_FIRST : priority);
	return json_print(out);
}

static unsigned
leases_of(const struct caller *c)
{
	unsigned n = 0;

	for (const struct call *each = c->calls; each != NULL; each = each->next)
		n += each->kind == &sandbox_create;
	return n;
}

static bool
create_prepare(struct call *call)
{
	struct lease *l = lease_of(call);
	struct error err = { 0 };
	const char *param;
	_cleanup_free_ char *body = sandboxes_create_body(
	    buf_str(&call->req->body), call->req->body.len, &l->ttl_ms, &param, &err);

	if (call->caller->is_sandbox) {
		call_refuse(call, CODE_EGRESS_DENIED, NULL, "A sandbox makes no sandboxes.");
		return false;
	}
	if (body == NULL) {
		call_refuse(call,
		    param == NULL                   ? CODE_INVALID_JSON
			: err.kind == ERROR_TOO_BIG ? CODE_UNSUPPORTED_PARAMETER
						    : CODE_INVALID_VALUE,
		    param, "A sandbox: %s.", err.text);
		return false;
	}
	if (leases_of(call->caller) > SANDBOXES_MAX) {
		call_refuse(
		    call, CODE_CONCURRENCY, NULL, "At most %d sandboxes at once.", SANDBOXES_MAX);
		return false;
	}
	buf_add_str(&l->relay.body, body);
	call->wanted.of[QUOTA_SANDBOX] = l->ttl_ms;
	return true;
}

/* It is over, one way or another: its seconds are settled. */
void
lease_end(struct lease *l)
{
	struct sandboxes *s = sandboxes_of(&l->call);

	l->call.sandbox_ms = loop_now_ms(s->loop) - l->since_ms;
	call_end(&l->call, 200, CODE_NONE);
}

static void
on_time_over(struct timer *t, void *arg)
{
	struct lease *l = arg;

	(void)t;
	sandboxes_end(sandboxes_of(&l->call), l->id);
	lease_end(l);
}

static void
lend(struct lease *l)
{
	struct sandboxes *s = sandboxes_of(&l->call);

	l->is_lent = true;
	l->since_ms = loop_now_ms(s->loop);
	l->until_ms = l->since_ms + l->ttl_ms;
	snprintf(l->call.target, sizeof(l->call.target), "%s", l->id);
	l->next = s->leases;
	l->prev = &s->leases;
	if (l->next != NULL)
		l->next->prev = &l->next;
	s->leases = l;
	sandboxes_keep_list(s);
	caller_own(l->call.caller, l->id);
	timer_set(s->loop, &l->end, l->ttl_ms + GRACE_MS, on_time_over, l);
}

/* More time for it: that must be held too. */
void
lease_refreshed(struct lease *l)
{
	struct loop *loop = sandboxes_of(&l->call)->loop;

	l->until_ms = loop_now_ms(loop) + l->ttl_ms;
	timer_set(loop, &l->end, l->ttl_ms + GRACE_MS, on_time_over, l);
}

struct lease *
lease_find(const struct caller *c, const char *id)
{
	for (struct call *each = c->calls; each != NULL; each = each->next)
		if (each->kind == &sandbox_create && lease_of(each)->is_lent &&
		    strcmp(lease_of(each)->id, id) == 0)
			return lease_of(each);
	return NULL;
}

/* The service's answer: the sandbox is this pod's, and found where the pod can reach it. */
static void
created(struct lease *l)
{
	struct call *call = &l->call;
	_cleanup_json_ cJSON *json = NULL;

	if (l->relay.status != 200 && l->relay.status != 201) {
		const bool is_ours = l->relay.status == 401 || l->relay.status == 403;

		if (!is_ours && l->relay.status == 503)
			call_fail(call, CODE_SANDBOX_CAPACITY, "No sandbox is free; try later.");
		else if (!is_ours && l->relay.status >= 400 && l->relay.status < 500)
			call_refuse(call, CODE_INVALID_VALUE, NULL,
			    "The sandbox service takes no such request.");
		else
			call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
			    "The sandbox service answered with status %d.", l->relay.status);
		return;
	}
	if (json_parse(buf_str(&l->answer), l->answer.len, &json, NULL) < 0 ||
	    !sandbox_id_valid(json_str(json, "sandboxId"))) {
		call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
		    "The sandbox service answered with no sandbox.");
		return;
	}
	str_copy(l->id, sizeof(l->id), json_str(json, "sandboxId"));
	_cleanup_free_ char *url = str_printf(OWNER_URL "/sandbox/%s", l->id);
	cJSON_DeleteItemFromObjectCaseSensitive(json, "url");
	json_add_str(json, "url", url);
	_cleanup_free_ char *text = json_print(json);
	call->bytes_in += (int64_t)strlen(text);
	lend(l); /* before it is told: who has the answer may ask for the list */
	http_reply(TAKE(call->req), 200, platform_json, text, strlen(text));
}

static int
on_create_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct lease *l = arg;

	(void)x;
	l->relay.status = head->status;
	return 0;
}

static void
on_create_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct lease *l = arg;

	(void)x;
	if (l->answer.len + len <= SANDBOX_CREATED_MAX_BYTES)
		buf_add(&l->answer, bytes, len);
}

static void
on_create_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct lease *l = arg;

	(void)x;
	(void)err;
	l->relay.exchange = NULL;
	timer_cancel(&l->relay.late);
	if (end == EXCHANGE_COMPLETE || end == EXCHANGE_CLOSED)
		created(l);
	else /* if it was made all the same, its own time ends it */
		call_fail(&l->call, CODE_UPSTREAM_BAD_RESPONSE,
		    "The sandbox service's answer was not complete.");
}

static void
on_create_dialled(struct transport *t, const struct error *err, void *arg)
{
	static const struct http_exchange_events events = { on_create_head, on_create_body,
		on_create_end };
	struct lease *l = arg;

	l->relay.dial = NULL;
	if (t == NULL) {
		sandbox_fail(&l->call, err->kind == ERROR_TIMEOUT);
		return;
	}
	const struct iovec parts[] = {
		{ l->relay.head.data, l->relay.head.len },
		{ l->relay.body.data, l->relay.body.len },
	};
	l->relay.exchange =
	    http_exchange_open(sandboxes_of(&l->call)->loop, t, "POST", parts, 2, &events, l);
}

static void
on_create_late(struct timer *t, void *arg)
{
	(void)t;
	sandbox_fail(arg, true);
}

static void
create_start(struct call *call)
{
	struct lease *l = lease_of(call);
	struct sandboxes *s = sandboxes_of(call);

	sandbox_relay_head(call, &l->relay, "POST", "/api/sandboxes", l->relay.body.len);
	timer_set(s->loop, &l->relay.late, CREATE_MS, on_create_late, l);
	l->relay.dial =
	    dial_url(s->at.dialer, &s->at.url, SANDBOX_CONNECT_MS, on_create_dialled, l);
}

/* The client or the pod left.  A sandbox that is lent outlives the request, and not the pod. */
static void
create_stop(struct call *call)
{
	struct lease *l = lease_of(call);

	sandbox_relay_stop(&l->relay);
	if (!l->is_lent)
		return;
	sandboxes_end(sandboxes_of(call), l->id); /* in the list until that has gone well */
	call->sandbox_ms = loop_now_ms(sandboxes_of(call)->loop) - l->since_ms;
}

static void
create_done(struct call *call)
{
	struct lease *l = lease_of(call);

	sandbox_relay_done(&l->relay);
	buf_done(&l->answer);
	timer_cancel(&l->end);
	uses_forget(l);
	if (!l->is_lent)
		return;
	struct caller *sandbox = map_get(&call->caller->platform->callers, l->id);
	if (sandbox != NULL && sandbox->owner == call->caller)
		caller_disown(sandbox);
	*l->prev = l->next;
	if (l->next != NULL)
		l->next->prev = l->prev;
	sandboxes_keep_list(sandboxes_of(call));
}

const struct call_kind sandbox_create = {
	.service = SERVICE_SANDBOX,
	.operation = "sandbox",
	.size = sizeof(struct lease),
	.prepare = create_prepare,
	.start = create_start,
	.stop = create_stop,
	.done = create_done,
};
