/*
 * client.c - one engine's calls: where it is, which version to speak, and its answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"

#define VERSION_SLOW_MS 15000
#define REPLY_MAX_BYTES (32u << 20) /* a list names every label of every image of ours */

void
docker_reply_done(struct docker_reply *r)
{
	buf_done(&r->body);
}

/* The socket, found once; the caller's copy. */
static char *
socket_path(struct docker *d, struct error *err)
{
	char *path;

	pthread_mutex_lock(&d->lock);
	path = str_dup(d->socket);
	pthread_mutex_unlock(&d->lock);
	if (path != NULL)
		return path;
	path = engine_find_socket(err); /* blocks: not under the lock */
	if (path == NULL)
		return NULL;
	pthread_mutex_lock(&d->lock);
	str_replace(&d->socket, path);
	pthread_mutex_unlock(&d->lock);
	return path;
}

static int
call_engine(struct docker *d, struct http_call *call, const char *url, struct error *err)
{
	_cleanup_free_ char *path = socket_path(d, err);
	int status;

	if (path == NULL)
		return -1;
	call->url = url;
	call->unix_socket = path;
	if (call->connect_ms == 0)
		call->connect_ms = PING_MS;
	if (call->max_body == 0)
		call->max_body = REPLY_MAX_BYTES;
	status = http_call(call, err);
	call->unix_socket = call->url = NULL;
	if (status < 0 && err != NULL && err->kind == ERROR_INVALID)
		err->kind =
		    ERROR_UPSTREAM; /* it spoke no HTTP: never the fault of what was asked */
	if (status < 0 && err != NULL && err->kind != ERROR_CANCELLED)
		error_add(err, "engine");
	return status;
}

static int
ask_version(struct docker *d, int total_ms, struct dialect *out, struct error *err)
{
	struct http_call call = { .method = "GET", .total_ms = total_ms };
	_cleanup_json_ cJSON *json = NULL;
	int status = call_engine(d, &call, "http://engine/version", err);

	if (status == 0 &&
	    (call.status != 200 ||
		json_parse(buf_str(&call.reply), call.reply.len, &json, NULL) < 0))
		status = error_set(err, ERROR_UPSTREAM,
		    "what answers is not a container engine (status %d)", call.status);
	buf_done(&call.reply);
	return status < 0 ? -1 : dialect_parse(json, out, err);
}

static bool
answers_ping(struct docker *d)
{
	struct http_call call = { .method = "GET", .total_ms = PING_MS };
	const int status = call_engine(d, &call, "http://engine/_ping", NULL);

	buf_done(&call.reply);
	return status == 0 && call.status == 200;
}

/* An engine not known yet may be one that needs long for this; it is told by its prompt ping. */
static int
agree(struct docker *d, struct dialect *out, struct error *err)
{
	struct error why = { 0 };
	int known_ms;

	pthread_mutex_lock(&d->lock);
	known_ms = d->agreed ? d->dialect.ways->info_ms : 0;
	pthread_mutex_unlock(&d->lock);
	if (ask_version(d, known_ms > 0 ? known_ms : PING_MS, out, &why) == 0)
		return 0;
	if (known_ms == 0 && why.kind == ERROR_TIMEOUT && answers_ping(d))
		return ask_version(d, VERSION_SLOW_MS, out, err);
	return error_set(err, why.kind, "%s", why.text);
}

int
docker_dialect(struct docker *d, bool fresh, struct dialect *out, struct error *err)
{
	struct dialect now = { 0 };

	pthread_mutex_lock(&d->lock);
	if (d->agreed && !fresh) {
		*out = d->dialect;
		pthread_mutex_unlock(&d->lock);
		return 0;
	}
	pthread_mutex_unlock(&d->lock);
	if (agree(d, &now, err) < 0)
		return -1;
	pthread_mutex_lock(&d->lock);
	d->dialect = now;
	d->agreed = true;
	pthread_mutex_unlock(&d->lock);
	*out = now;
	return 0;
}

/* An engine that was replaced under us refuses the version agreed with the old one. */
static bool
disagrees(struct docker *d, int status, const struct buf *body)
{
	const bool stale = status == 400 && strstr(buf_str(body), "client version") != NULL;

	if (stale) {
		pthread_mutex_lock(&d->lock);
		d->agreed = false;
		pthread_mutex_unlock(&d->lock);
	}
	return stale;
}

int
docker_stream(struct docker *d, const char *method, const char *path, struct http_call *call,
    struct error *err)
{
	for (int tries = 0;; tries++) {
		struct dialect now = { 0 };
		_cleanup_free_ char *url = NULL;

		if (docker_dialect(d, false, &now, err) < 0)
			return -1;
		url = str_printf("http://engine/v%s%s", now.api, path);
		call->method = method;
		buf_clear(&call->reply);
		if (call_engine(d, call, url, err) < 0)
			return -1;
		if (!disagrees(d, call->status, &call->reply) || tries > 0)
			return 0;
	}
}

int
docker_call(struct docker *d, const char *method, const char *path, const char *json,
    int64_t total_ms, struct docker_reply *out, struct error *err)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	struct http_call call = { .total_ms = total_ms };
	int status;

	if (json != NULL) {
		call.headers = headers;
		call.body = json;
		call.body_len = strlen(json);
	}
	status = docker_stream(d, method, path, &call, err);
	buf_done(&out->body);
	out->body = call.reply;
	out->status = call.status;
	return status;
}

int
docker_get(struct docker *d, const char *path, int64_t total_ms, cJSON **out, struct error *err)
{
	_cleanup_reply_ struct docker_reply r = { 0 };

	if (docker_call(d, "GET", path, NULL, total_ms, &r, err) < 0)
		return -1;
	if (r.status != 200)
		return docker_refusal(err, &r, "asked what there is");
	if (json_parse(buf_str(&r.body), r.body.len, out, err) < 0) {
		if (err != NULL)
			err->kind = ERROR_UPSTREAM;
		return error_add(err, "engine: its answer");
	}
	return 0;
}
