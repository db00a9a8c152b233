/*
 * sandbox_use.c - pass a pod's request on to its own sandbox, and the answer back as it comes.
 */
#include "controlplane/platform/sandboxes.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/sandbox_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/http_server.h"

#define USE_MS 60000 /* beside what a command may take */
#define EXEC_DEFAULT_MS 30000
#define RUN_DEFAULT_MS 600000
#define LONGEST_MS 7200000
#define HOLD_BYTES (1 << 20)

struct use {
	struct call call; /* first */
	struct relay relay;
	struct lease *lease;
	char operation[24], path[400];
	int64_t limit_ms;
	bool ends; /* the sandbox, if it goes well */
	bool refreshes;
};

static struct use *
use_of(struct call *call)
{
	return (struct use *)call;
}

void
uses_forget(const struct lease *l)
{
	for (struct call *each = l->call.caller->calls; each != NULL; each = each->next)
		if (each->kind == &sandbox_use && use_of(each)->lease == l)
			use_of(each)->lease = NULL;
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
	u->lease = lease_find(call->caller, name);
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
		lease_refreshed(l);
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
		sandbox_fail(call, err->kind == ERROR_TIMEOUT);
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
		sandbox_fail(&u->call, true);
		return;
	}
	http_stream_abort(TAKE(u->call.req));
	sandbox_relay_stop(&u->relay);
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
	sandbox_relay_head(call, &u->relay, call->req->method, u->path, call->req->body.len);
	timer_set(s->loop, &u->relay.late, u->limit_ms, on_use_late, u);
	u->relay.dial = dial_url(s->at.dialer, &s->at.url, SANDBOX_CONNECT_MS, on_use_dialled, u);
}

static void
use_stop(struct call *call)
{
	sandbox_relay_stop(&use_of(call)->relay);
}

static void
use_done(struct call *call)
{
	sandbox_relay_done(&use_of(call)->relay);
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
