/*
 * server.c - the routes, the beginning and the end.
 */
#include "baseline/agent/server.h"

#include <stdlib.h>
#include <string.h>

#include "baseline/agent/config.h"
#include "baseline/agent/core.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/codes.h"
#include "runtime/openai/envelope.h"

struct route {
	const char *method, *path;
	bool below; /* also whatever stands below the path */
	void (*answer)(struct baseline_server *, struct http_request *);
};

static const struct route routes[] = {
	{ "GET", "/health", false, answer_health },
	{ "GET", "/v1/models", false, answer_models },
	{ "GET", "/metrics", false, answer_metrics },
	{ "GET", "/artifacts/", true, answer_artifact_get },
	{ "POST", "/v1/chat/completions", false, answer_chat },
};

static const struct route *
find_route(const struct http_request *req, bool *path_known)
{
	const bool head = strcmp(req->method, "HEAD") == 0;

	*path_known = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].below ? !str_starts(req->path, routes[i].path)
				    : strcmp(routes[i].path, req->path) != 0)
			continue;
		*path_known = true;
		if (strcmp(routes[i].method, head ? "GET" : req->method) == 0)
			return &routes[i];
	}
	return NULL;
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	struct baseline_server *s = arg;
	bool path_known;

	if (find_route(req, &path_known) != NULL)
		return strcmp(req->method, "POST") == 0 ? s->config->body_max_bytes : 0;
	if (path_known)
		refuse(req, CODE_METHOD_NOT_ALLOWED, "That method is not served here.", NULL);
	else
		refuse(req, CODE_RESOURCE_NOT_FOUND,
		    "There is no such path; try POST /v1/chat/completions.", NULL);
	return -1;
}

static void
on_request(struct http_request *req, void *arg)
{
	bool path_known;

	find_route(req, &path_known)->answer(arg, req);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	(void)status;
	(void)arg;
	envelope_add(body, wire_code_named(code), "The request was refused.", NULL, req->id, NULL);
}

struct baseline_server *
baseline_server_new(struct loop *loop, const struct baseline_config *config, struct error *err)
{
	static const struct http_server_handlers handlers = { on_head, on_request, on_refused };
	struct baseline_server *s = mem_zalloc(sizeof(*s));
	const int fd = http_listen_tcp(config->host, config->port, false, err);

	s->loop = loop;
	s->config = config;
	s->started_ms = clock_now_ms();
	if (fd >= 0)
		s->http = http_server_new(loop, fd, &http_server_defaults, &handlers, s, err);
	if (s->http == NULL) {
		free(s);
		return NULL;
	}
	if (baseline_upstream_init(&s->upstream, loop, config, err) < 0) {
		http_server_free(s->http);
		free(s);
		return NULL;
	}
	if (baseline_sandboxes_init(&s->sandboxes, loop, config, err) < 0) {
		baseline_upstream_done(&s->upstream);
		http_server_free(s->http);
		free(s);
		return NULL;
	}
	s->workers = workers_new((unsigned)config->runs_max);
	return s;
}

void
baseline_server_drain(struct baseline_server *s)
{
	http_server_drain(s->http);
}

bool
baseline_server_busy(const struct baseline_server *s)
{
	return http_server_busy(s->http) > 0;
}

void
baseline_server_free(struct baseline_server *s)
{
	if (s == NULL)
		return;
	chats_free(s);
	workers_free(s->workers); /* runs that were cut end their sandboxes */
	loop_run_posted(s->loop);
	artifacts_done(&s->artifacts);
	baseline_sandboxes_done(&s->sandboxes);
	http_server_free(s->http);
	baseline_upstream_done(&s->upstream);
	free(s);
}
