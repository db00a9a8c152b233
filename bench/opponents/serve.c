/*
 * serve.c - the routes of an opponent; its answers are there at once, and sent as fast as they are taken.
 */
#include "bench/opponents/serve.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/opponents/opponent.h"
#include "bench/opponents/say.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/envelope.h"

#define BODY_MAX (16 << 20)

struct opponent_server {
	const struct opponent *opponent;
	struct http_server *http;
	int port;
};

static const struct http_header json_headers[] = {
	{ "content-type", "application/json" },
	{ NULL, NULL },
};

static const struct http_header stream_headers[] = {
	{ "content-type", "text/event-stream; charset=utf-8" },
	{ "cache-control", "no-cache, no-transform" },
	{ NULL, NULL },
};

static void
refuse(struct http_request *req, enum wire_code code, const char *text)
{
	_cleanup_buf_ struct buf body = { 0 };

	envelope_add(&body, code, text, NULL, req->id, NULL);
	http_reply(req, wire_code_info(code)->status, json_headers, body.data, body.len);
}

static void
reply_json(struct http_request *req, const cJSON *json)
{
	_cleanup_free_ char *text = json_print(json);

	http_reply(req, 200, json_headers, text, strlen(text));
}

static void
answer_health(const struct opponent_server *s, struct http_request *req)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_str(json, "status", "ok");
	json_add_str(json, "mode", opponent_mode_name(s->opponent->mode));
	reply_json(req, json);
}

static void
answer_models(const struct opponent_server *s, struct http_request *req)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *model = cJSON_CreateObject();

	json_add_str(json, "object", "list");
	cJSON_AddItemToArray(json_add_arr(json, "data"), model);
	json_add_str(model, "id", opponent_mode_name(s->opponent->mode));
	json_add_str(model, "object", "model");
	json_add_int(model, "created", 0);
	json_add_str(model, "owned_by", "janus");
	reply_json(req, json);
}

static void
answer_artifact(const struct opponent_server *s, struct http_request *req)
{
	const char *at = req->path + strlen(OPPONENT_ARTIFACTS);
	_cleanup_free_ char *sha256 = str_ndup(at, strcspn(at, "/"));
	const struct opponent_file *f = opponent_file(s->opponent, sha256);

	if (f == NULL) {
		refuse(req, CODE_RESOURCE_NOT_FOUND, "There is no such artifact.");
		return;
	}
	const struct http_header headers[] = { { "content-type", f->mime_type }, { NULL, NULL } };
	http_reply(req, 200, headers, f->bytes, f->len);
}

/* ---- chats ---- */

static void
answer_chat(const struct opponent_server *server, struct http_request *req)
{
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };
	struct opponent_answer answer;
	_cleanup_buf_ struct buf out = { 0 };

	if (json_parse(req->body.data, req->body.len, &json, &err) < 0) {
		refuse(req, CODE_INVALID_JSON, err.text);
		return;
	}
	if (!cJSON_IsArray(json_get(json, "messages"))) {
		refuse(req, CODE_MISSING_PARAMETER, "'messages' is needed.");
		return;
	}
	opponent_answer(server->opponent, json, &answer);
	opponent_say(&out, &answer, json);
	opponent_answer_done(&answer);
	if (!json_bool(json, "stream", false)) {
		http_reply(req, 200, json_headers, out.data, out.len);
		return;
	}
	http_stream_begin(req, 200, stream_headers);
	http_stream_write(req, out.data, out.len);
	http_stream_end(req);
}

/* ---- routes ---- */

static const struct route {
	const char *method, *path;
	bool below; /* also whatever stands below the path */
	void (*answer)(const struct opponent_server *, struct http_request *);
} routes[] = {
	{ "GET", "/health", false, answer_health },
	{ "GET", "/v1/models", false, answer_models },
	{ "GET", OPPONENT_ARTIFACTS, true, answer_artifact },
	{ "POST", "/v1/chat/completions", false, answer_chat },
};

static const struct route *
find_route(const struct http_request *req)
{
	const char *method = strcmp(req->method, "HEAD") == 0 ? "GET" : req->method;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct route *r = &routes[i];

		if (strcmp(r->method, method) == 0 &&
		    (r->below ? str_starts(req->path, r->path) : str_eq(req->path, r->path)))
			return r;
	}
	return NULL;
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	(void)arg;
	if (find_route(req) != NULL)
		return BODY_MAX;
	refuse(
	    req, CODE_RESOURCE_NOT_FOUND, "There is no such path; try POST /v1/chat/completions.");
	return -1;
}

static void
on_request(struct http_request *req, void *arg)
{
	find_route(req)->answer(arg, req);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	(void)status;
	(void)arg;
	envelope_add(body, wire_code_named(code), "The request was refused.", NULL, req->id, NULL);
}

static int
port_of(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return -1;
	return ntohs(at.sin_port);
}

struct opponent_server *
opponent_serve(struct loop *loop, const struct opponent *o, int port, struct error *err)
{
	static const struct http_server_handlers handlers = { on_head, on_request, on_refused };
	struct opponent_server *s = mem_zalloc(sizeof(*s));
	const int fd = http_listen_tcp("127.0.0.1", port, false, err);

	s->opponent = o;
	if (fd >= 0) {
		s->port = port_of(fd);
		s->http = http_server_new(loop, fd, &http_server_defaults, &handlers, s, err);
	}
	if (s->http == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

int
opponent_serve_port(const struct opponent_server *s)
{
	return s->port;
}

void
opponent_serve_end(struct opponent_server *s)
{
	if (s == NULL)
		return;
	http_server_free(s->http);
	free(s);
}
