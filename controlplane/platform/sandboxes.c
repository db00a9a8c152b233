/*
 * sandboxes.c - make, use and end.
 */
#include "controlplane/platform/sandboxes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/config.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/http_server.h"
#include "runtime/net/router.h"

#define KEY_MAX_BYTES 8192
#define OWNER_URL "http://127.0.0.1:8600"
#define CONNECT_MS 5000
#define CREATE_MS 90000
#define USE_MS 60000 /* beside what a command may take */
#define EXEC_DEFAULT_MS 30000
#define RUN_DEFAULT_MS 600000
#define LONGEST_MS 7200000
#define MINUTES_DEFAULT 10
#define MINUTES_MAX 120
#define PRIORITY_FIRST 2 /* more important ones are not a competitor's to ask for */
#define PRIORITY_LAST 3
#define CREATED_MAX_BYTES (64 << 10)
#define HOLD_BYTES (1 << 20)
#define END_MS 10000
#define END_AGAIN_MS 2000
#define ENDS_MAX 5 /* tries; then its own time ends it */
#define GRACE_MS 3000 /* over its time, before we end it ourselves */
#define LIST_MAX_BYTES (1 << 20)

struct sandboxes {
	struct loop *loop;
	const struct platform_config *config;
	struct provider at; /* its key is read when it is needed */
	struct ending *endings;
	struct lease *leases; /* of all pods */
	char *path; /* owned: the list of them, for the next broker */
};
struct ending { /* a sandbox that is to end, whoever had it */
	struct sandboxes *sandboxes;
	char id[72];
	int tries;
	struct provider_get *asked;
	struct timer again;
	struct ending *next, **prev;
};

/* What a request to the service and its answer need. */
struct relay {
	struct dial *dial;
	struct http_exchange *exchange;
	struct timer late;
	struct buf head, body; /* to it; the body where it is not the competitor's own */
	int status;
	bool is_begun; /* the competitor has a head */
};
struct lease { /* the call that makes one, until it ends */
	struct call call; /* first */
	struct relay relay;
	struct buf answer;
	char id[72];
	int64_t ttl_ms, since_ms, until_ms;
	struct timer end;
	bool is_lent;
	struct lease *next, **prev; /* once it is */
};
struct use {
	struct call call; /* first */
	struct relay relay;
	struct lease *lease;
	char operation[24], path[400];
	int64_t limit_ms;
	bool ends; /* the sandbox, if it goes well */
	bool refreshes;
};

static struct sandboxes *
sandboxes_of(const struct call *call)
{
	return call->caller->platform->sandboxes;
}

static bool
id_valid(const char *id)
{
	return id != NULL && *id != '\0' && strlen(id) < 64 &&
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
	    strlen(id);
}

/* ---- the key ---- */

/* The first line of the file, which the service may have made after we began. */
static void
read_key(struct sandboxes *s)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (s->config->sandbox_key != NULL) {
		str_replace(&s->at.key, s->config->sandbox_key);
		return;
	}
	if (file_read(s->config->sandbox_key_file, KEY_MAX_BYTES, &text, &len, NULL) < 0)
		return;
	text[strcspn(text, "\r\n")] = '\0';
	str_replace(&s->at.key, text);
	explicit_bzero(text, len);
}

/* ---- the list of those that are lent or about to end, for whoever comes after a crash ---- */

static void
keep_list(const struct sandboxes *s)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct error err = { 0 };

	for (const struct lease *l = s->leases; l != NULL; l = l->next)
		buf_printf(&text, "%s\n", l->id);
	for (const struct ending *e = s->endings; e != NULL; e = e->next)
		buf_printf(&text, "%s\n", e->id);
	if (file_write(s->path, buf_str(&text), text.len, 0600, &err) < 0)
		log_warn("sandboxes.list", F_STR("error", err.text));
}

/* ---- those that are to end ---- */

static void
ending_free(struct ending *e)
{
	provider_get_cancel(e->asked);
	timer_cancel(&e->again);
	*e->prev = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	free(e);
}

static void ending_try(struct ending *);

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	ending_try(arg);
}

static void
on_ended(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct ending *e = arg;

	(void)body;
	(void)len;
	e->asked = NULL;
	if (status == 200 || status == 404) {
		struct sandboxes *s = e->sandboxes;

		log_info("sandbox.ended", F_STR("sandbox_id", e->id));
		ending_free(e);
		keep_list(s);
		return;
	}
	log_warn("sandbox.not_ended", F_STR("sandbox_id", e->id), F_INT("status", status),
	    F_STR("error", err != NULL ? err->text : NULL));
	if (++e->tries >= ENDS_MAX)
		ending_free(e);
	else
		timer_set(e->sandboxes->loop, &e->again, END_AGAIN_MS, on_again, e);
}

static void
ending_try(struct ending *e)
{
	_cleanup_free_ char *path = str_printf("/api/sandboxes/%s/terminate", e->id);

	read_key(e->sandboxes);
	e->asked = provider_post(
	    &e->sandboxes->at, path, e->id, "{}", 2, CREATED_MAX_BYTES, END_MS, on_ended, e);
}

static void
end_sandbox(struct sandboxes *s, const char *id)
{
	struct ending *e = mem_zalloc(sizeof(*e));

	e->sandboxes = s;
	str_copy(e->id, sizeof(e->id), id);
	e->next = s->endings;
	e->prev = &s->endings;
	if (e->next != NULL)
		e->next->prev = &e->next;
	s->endings = e;
	ending_try(e);
}

/* ---- what a crash has left ---- */

static void
end_orphans(struct sandboxes *s)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(s->path, LIST_MAX_BYTES, &text, &len, NULL) < 0)
		return;
	for (char *line = text, *stop; (stop = strchr(line, '\n')) != NULL; line = stop + 1) {
		*stop = '\0';
		if (!id_valid(line))
			continue;
		log_warn("sandbox.orphan", F_STR("sandbox_id", line));
		end_sandbox(s, line);
	}
}

/* ---- asking the service ---- */

static void
relay_stop(struct relay *r)
{
	timer_cancel(&r->late);
	dial_cancel(r->dial);
	r->dial = NULL;
	if (r->exchange != NULL)
		http_exchange_close(TAKE(r->exchange));
}

static void
relay_done(struct relay *r)
{
	relay_stop(r);
	buf_done(&r->head);
	buf_done(&r->body);
}

static void
relay_head(struct call *call, struct relay *r, const char *method, const char *path, size_t body)
{
	struct sandboxes *s = sandboxes_of(call);
	const bool v6 = strchr(s->at.url.host, ':') != NULL;
	const char *accept = call->req != NULL ? http_header_get(call->req, "accept") : NULL;

	read_key(s);
	buf_printf(&r->head,
	    "%s %s%s HTTP/1.1\r\nhost: %s%s%s:%d\r\nauthorization: Bearer %s\r\n"
	    "connection: close\r\nx-request-id: %s\r\ncontent-type: application/json\r\n"
	    "accept: %s\r\ncontent-length: %zu\r\n\r\n",
	    method, strcmp(s->at.url.path, "/") == 0 ? "" : s->at.url.path, path, v6 ? "[" : "",
	    s->at.url.host, v6 ? "]" : "", s->at.url.port, s->at.key, call->id,
	    str_eq(accept, "application/octet-stream") ? accept : "*/*", body);
}

static void
fail(struct call *call, bool late)
{
	call_fail(call, late ? CODE_UPSTREAM_TIMEOUT_TOTAL : CODE_UPSTREAM_CONNECT_FAILED,
	    late ? "The sandbox service did not answer in time."
		 : "The sandbox service cannot be reached.");
}

/* ---- making one ---- */

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
static void
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
	end_sandbox(sandboxes_of(&l->call), l->id);
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
	keep_list(s);
	caller_own(l->call.caller, l->id);
	timer_set(s->loop, &l->end, l->ttl_ms + GRACE_MS, on_time_over, l);
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
	    !id_valid(json_str(json, "sandboxId"))) {
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
	http_reply(TAKE(call->req), 200, platform_json, text, strlen(text));
	lend(l);
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
	if (l->answer.len + len <= CREATED_MAX_BYTES)
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
		fail(&l->call, err->kind == ERROR_TIMEOUT);
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
	fail(arg, true);
}

static void
create_start(struct call *call)
{
	struct lease *l = lease_of(call);
	struct sandboxes *s = sandboxes_of(call);

	relay_head(call, &l->relay, "POST", "/api/sandboxes", l->relay.body.len);
	timer_set(s->loop, &l->relay.late, CREATE_MS, on_create_late, l);
	l->relay.dial = dial_url(s->at.dialer, &s->at.url, CONNECT_MS, on_create_dialled, l);
}

/* The client or the pod left.  A sandbox that is lent outlives the request, and not the pod. */
static void
create_stop(struct call *call)
{
	struct lease *l = lease_of(call);

	relay_stop(&l->relay);
	if (!l->is_lent)
		return;
	end_sandbox(sandboxes_of(call), l->id); /* in the list until that has gone well */
	call->sandbox_ms = loop_now_ms(sandboxes_of(call)->loop) - l->since_ms;
}

static void
create_done(struct call *call)
{
	struct lease *l = lease_of(call);

	relay_done(&l->relay);
	buf_done(&l->answer);
	timer_cancel(&l->end);
	for (struct call *each = call->caller->calls; each != NULL; each = each->next)
		if (each->kind == &sandbox_use && ((struct use *)each)->lease == l)
			((struct use *)each)->lease = NULL;
	if (!l->is_lent)
		return;
	struct caller *sandbox = map_get(&call->caller->platform->callers, l->id);
	if (sandbox != NULL && sandbox->owner == call->caller)
		caller_disown(sandbox);
	*l->prev = l->next;
	if (l->next != NULL)
		l->next->prev = l->prev;
	keep_list(sandboxes_of(call));
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

/* ---- using one ---- */

static struct use *
use_of(struct call *call)
{
	return (struct use *)call;
}

static struct lease *
find_lease(const struct caller *c, const char *id)
{
	for (struct call *each = c->calls; each != NULL; each = each->next)
		if (each->kind == &sandbox_create && lease_of(each)->is_lent &&
		    strcmp(lease_of(each)->id, id) == 0)
			return lease_of(each);
	return NULL;
}

/* How long the service may take: as long as the competitor asked it to, and a while. */
static int64_t
limit_of(const struct call *call, const char *operation)
{
	const struct buf *body = &call->req->body;
	_cleanup_json_ cJSON *json = NULL;
	int64_t ms = 0;

	if (body->len == 0 || json_parse(buf_str(body), body->len, &json, NULL) < 0)
		return USE_MS;
	if (strcmp(operation, "exec") == 0)
		ms = json_int(json, "timeoutMs", EXEC_DEFAULT_MS);
	else if (strcmp(operation, "agent/run") == 0)
		ms = json_num(json, "maxDuration", RUN_DEFAULT_MS / 1000.0) < LONGEST_MS / 1000.0
		    ? json_int(json, "maxDuration", RUN_DEFAULT_MS / 1000) * 1000
		    : LONGEST_MS;
	return (ms < 0 ? 0 : ms > LONGEST_MS ? LONGEST_MS : ms) + USE_MS;
}

static bool
use_prepare(struct call *call)
{
	struct use *u = use_of(call);
	const struct http_request *req = call->req;
	const bool is_artifact = strncmp(req->path, "/sandbox/", 9) == 0;
	const char *id = req->path + strlen(is_artifact ? "/sandbox/" : "/api/sandboxes/");
	const size_t len = strcspn(id, "/");
	char name[72];

	str_copy(name, sizeof(name), "");
	if (len < sizeof(name))
		snprintf(name, sizeof(name), "%.*s", (int)len, id);
	u->lease = find_lease(call->caller, name);
	snprintf(u->operation, sizeof(u->operation), "%s",
	    is_artifact          ? "artifact"
		: id[len] == '/' ? id + len + 1
				 : "status");
	snprintf(call->target, sizeof(call->target), "%s %s", u->operation, name);
	if (u->lease == NULL) {
		call_refuse(call, CODE_RESOURCE_NOT_FOUND, NULL,
		    "There is no such sandbox of this competitor: its time may be over.");
		return false;
	}
	const int n = snprintf(u->path, sizeof(u->path), "%s%s%s", req->path,
	    *req->query != '\0' ? "?" : "", req->query);
	if (n >= (int)sizeof(u->path) || strpbrk(u->path, "\r\n \t") != NULL) {
		call_refuse(call, CODE_INVALID_VALUE, NULL, "The path is too long.");
		return false;
	}
	u->ends = strcmp(u->operation, "terminate") == 0;
	u->refreshes = strcmp(u->operation, "refresh") == 0;
	u->limit_ms = limit_of(call, u->operation);
	call->bytes_out = (int64_t)req->body.len;
	call->wanted.of[QUOTA_BYTES] = call->bytes_out + HOLD_BYTES;
	return true;
}

static int
on_use_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct use *u = arg;
	struct call *call = &u->call;
	const bool is_artifact = strcmp(u->operation, "artifact") == 0;
	const struct http_header headers[] = {
		{ "content-type",
		    head->content_type[0] != '\0' ? head->content_type
						  : "application/octet-stream" },
		{ "cache-control", "no-store" },
		{ "x-content-type-options", "nosniff" },
		{ is_artifact ? "content-disposition" : NULL, "attachment" },
		{ "content-security-policy", "sandbox" },
		{ NULL, NULL },
	};

	(void)x;
	u->relay.status = head->status;
	if (head->status == 401 || head->status == 403 || head->encoded) {
		/* The key was ours, and so are the words about it. */
		u->relay.exchange = NULL;
		call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
		    "The sandbox service answered with status %d.", head->status);
		return -1;
	}
	u->relay.is_begun = true;
	http_stream_begin(call->req, head->status, headers);
	return 0;
}

static void
on_use_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct use *u = arg;
	struct call *call = &u->call;

	call->bytes_in += (int64_t)len;
	if (call->bytes_in + call->bytes_out > call->wanted.of[QUOTA_BYTES] &&
	    !call_hold_more(call, QUOTA_BYTES, HOLD_BYTES)) {
		http_stream_abort(TAKE(call->req));
		http_exchange_close(TAKE(u->relay.exchange));
		call_end(call, wire_code_info(CODE_BUDGET_EXCEEDED)->status, CODE_BUDGET_EXCEEDED);
		return;
	}
	if (!http_stream_write(call->req, bytes, len))
		http_exchange_pause(x, true);
}

static void
use_drain(struct call *call)
{
	if (use_of(call)->relay.exchange != NULL)
		http_exchange_pause(use_of(call)->relay.exchange, false);
}

/* More time for it: that must be held too. */
static void
refreshed(struct lease *l)
{
	struct loop *loop = sandboxes_of(&l->call)->loop;

	l->until_ms = loop_now_ms(loop) + l->ttl_ms;
	timer_set(loop, &l->end, l->ttl_ms + GRACE_MS, on_time_over, l);
}

static enum wire_code
code_of(int status)
{
	switch (status) {
	case 404: return CODE_RESOURCE_NOT_FOUND;
	case 502: return CODE_SANDBOX_LOST;
	case 503: return CODE_SANDBOX_CAPACITY;
	case 504: return CODE_SANDBOX_TIMEOUT;
	default:
		return status < 400 ? CODE_NONE
		    : status < 500  ? CODE_BAD_REQUEST
				    : CODE_UPSTREAM_BAD_RESPONSE;
	}
}

static void
on_use_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct use *u = arg;
	struct call *call = &u->call;
	struct lease *l = u->lease;

	(void)x;
	(void)err;
	u->relay.exchange = NULL;
	if (end != EXCHANGE_COMPLETE && end != EXCHANGE_CLOSED) {
		if (!u->relay.is_begun) {
			call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
			    "The sandbox service's answer was not complete.");
			return;
		}
		http_stream_abort(TAKE(call->req));
		call_end(call, wire_code_info(CODE_UPSTREAM_DIED)->status, CODE_UPSTREAM_DIED);
		return;
	}
	http_stream_end(TAKE(call->req));
	const int status = u->relay.status;
	const bool ends = u->ends, status_asked = strcmp(u->operation, "status") == 0;
	if (l != NULL && u->refreshes && status == 200)
		refreshed(l);
	call_end(call, status, code_of(status));
	/* A file may be missing too; of the sandbox itself 404 says that it is gone. */
	if (l != NULL && ((ends && status < 500) || (status == 404 && status_asked)))
		lease_end(l);
}

static void
on_use_dialled(struct transport *t, const struct error *err, void *arg)
{
	static const struct http_exchange_events events = { on_use_head, on_use_body, on_use_end };
	struct use *u = arg;
	struct call *call = &u->call;

	u->relay.dial = NULL;
	if (t == NULL) {
		fail(call, err->kind == ERROR_TIMEOUT);
		return;
	}
	const struct iovec parts[] = {
		{ u->relay.head.data, u->relay.head.len },
		{ call->req->body.data, call->req->body.len },
	};
	u->relay.exchange = http_exchange_open(sandboxes_of(call)->loop, t, call->req->method,
	    parts, call->req->body.len > 0 ? 2 : 1, &events, u);
}

static void
on_use_late(struct timer *t, void *arg)
{
	struct use *u = arg;

	(void)t;
	if (!u->relay.is_begun) {
		fail(&u->call, true);
		return;
	}
	http_stream_abort(TAKE(u->call.req));
	relay_stop(&u->relay);
	call_end(&u->call, wire_code_info(CODE_UPSTREAM_TIMEOUT_TOTAL)->status,
	    CODE_UPSTREAM_TIMEOUT_TOTAL);
}

static void
use_start(struct call *call)
{
	struct use *u = use_of(call);
	struct sandboxes *s = sandboxes_of(call);

	/* It may have ended while janusd was asked whose chat this is. */
	if (u->lease == NULL && u->operation[0] != '\0') {
		call_refuse(call, CODE_RESOURCE_NOT_FOUND, NULL, "That sandbox has ended.");
		return;
	}
	if (u->refreshes && u->lease != NULL) {
		const int64_t more = u->lease->ttl_ms - (u->lease->until_ms - loop_now_ms(s->loop));

		if (more > 0 && !call_hold_more(&u->lease->call, QUOTA_SANDBOX, more)) {
			call_refuse(call, CODE_BUDGET_EXCEEDED, NULL,
			    "The budget of sandbox seconds does not hold so much more.");
			return;
		}
	}
	relay_head(call, &u->relay, call->req->method, u->path, call->req->body.len);
	timer_set(s->loop, &u->relay.late, u->limit_ms, on_use_late, u);
	u->relay.dial = dial_url(s->at.dialer, &s->at.url, CONNECT_MS, on_use_dialled, u);
}

static void
use_stop(struct call *call)
{
	relay_stop(&use_of(call)->relay);
}

static void
use_done(struct call *call)
{
	relay_done(&use_of(call)->relay);
}

const struct call_kind sandbox_use = {
	.service = SERVICE_SANDBOX,
	.operation = "use",
	.size = sizeof(struct use),
	.prepare = use_prepare,
	.start = use_start,
	.stop = use_stop,
	.done = use_done,
	.drain = use_drain,
};

static bool
resources_prepare(struct call *call)
{
	struct use *u = use_of(call);

	snprintf(u->path, sizeof(u->path), "/api/resources");
	snprintf(call->target, sizeof(call->target), "resources");
	u->limit_ms = USE_MS;
	call->wanted.of[QUOTA_BYTES] = HOLD_BYTES;
	return true;
}

const struct call_kind sandbox_resources = {
	.service = SERVICE_SANDBOX,
	.operation = "resources",
	.size = sizeof(struct use),
	.is_quiet = true,
	.prepare = resources_prepare,
	.start = use_start,
	.stop = use_stop,
	.done = use_done,
	.drain = use_drain,
};

/* ---- beginning and end ---- */

struct caller *
sandboxes_owner(const struct sandboxes *s, const char *id)
{
	for (const struct lease *l = s != NULL ? s->leases : NULL; l != NULL; l = l->next)
		if (strcmp(l->id, id) == 0)
			return l->call.caller;
	return NULL;
}

struct sandboxes *
sandboxes_new(struct loop *loop, const struct platform_config *config, struct error *err)
{
	struct sandboxes *s = mem_zalloc(sizeof(*s));

	s->loop = loop;
	s->config = config;
	if (provider_init(&s->at, loop, config->sandbox_url, "", err) < 0) {
		free(s);
		error_add(err, "SANDY_BASE_URL");
		return NULL;
	}
	s->path = str_printf("%s/sandboxes", config->state_dir);
	end_orphans(s);
	return s;
}

void
sandboxes_free(struct sandboxes *s)
{
	if (s == NULL)
		return;
	while (s->endings != NULL)
		ending_free(s->endings);
	provider_done(&s->at);
	free(s->path);
	free(s);
}
