/*
 * find.c - look for an engine where engines usually listen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/net/http_client.h"

#define PING_MS 2000

struct search {
	struct buf tried;
	char *found; /* the caller's */
};

static bool
answers(const char *path, char *why, size_t cap)
{
	struct http_call call = { .method = "GET",
		.url = "http://engine/_ping",
		.unix_socket = path,
		.connect_ms = PING_MS,
		.total_ms = PING_MS,
		.max_body = 4096 };
	struct error err = { 0 };
	bool ok = false;

	if (access(path, F_OK) < 0)
		snprintf(why, cap, "not there");
	else if (access(path, R_OK | W_OK) < 0)
		snprintf(why, cap, "no permission");
	else if (http_call(&call, &err) < 0)
		snprintf(why, cap,
		    err.kind == ERROR_TIMEOUT ? "no answer in %d s" : "does not answer",
		    PING_MS / 1000);
	else if (call.status != 200)
		snprintf(why, cap, "answers %d to a ping", call.status);
	else
		ok = true;
	buf_done(&call.reply);
	return ok;
}

static void
try_socket(struct search *s, const char *path)
{
	char why[64] = "";

	if (s->found != NULL || path == NULL || path[0] == '\0')
		return;
	if (answers(path, why, sizeof(why)))
		s->found = str_dup(path);
	else
		buf_printf(&s->tried, "%s%s (%s)", s->tried.len > 0 ? ", " : "", path, why);
}

static void
try_user_sockets(struct search *s)
{
	static const char *const names[] = { "podman/podman.sock", "docker.sock" };
	const char *dir = getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *own = str_printf("/run/user/%u", (unsigned)getuid());

	if (dir == NULL || dir[0] != '/')
		dir = own;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, names[i]);

		try_socket(s, path);
	}
}

char *
engine_find_socket(struct error *err)
{
	struct search s = { 0 };
	const char *host = getenv("DOCKER_HOST");

	if (host != NULL && str_starts(host, "unix://")) {
		try_socket(&s, host + strlen("unix://"));
	} else if (host != NULL && host[0] != '\0') {
		buf_printf(&s.tried, "DOCKER_HOST (not a unix:// socket)");
	} else {
		try_socket(&s, "/var/run/docker.sock");
		try_socket(&s, "/run/podman/podman.sock");
		try_user_sockets(&s);
	}
	if (s.found == NULL)
		error_set(
		    err, ERROR_UNAVAILABLE, "no container engine found: %s", buf_str(&s.tried));
	buf_done(&s.tried);
	return s.found;
}
