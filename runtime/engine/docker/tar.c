/*
 * tar.c - a tar goes to the engine, which says line by line what becomes of it.
 */
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"

#define LINE_MAX_BYTES (1 << 20)

struct reading {
	struct lines lines;
	struct pull_state state; /* its errors look the same */
	const struct docker_tar *tar;
};

static void
tell(const struct docker_tar *t, const char *line, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_buf_ struct buf plain = { 0 };
	const char *text;

	if (json_parse(line, len, &json, NULL) < 0)
		return;
	text = json_str(json, "stream");
	if (text == NULL || text[strspn(text, " \r\n")] == '\0')
		return;
	str_add_escaped(&plain, text, strcspn(text, "\n"));
	t->on_text(buf_str(&plain), t->arg);
}

static int
on_line(const char *line, size_t len, void *arg)
{
	struct reading *r = arg;

	pull_line(&r->state, line, len);
	if (r->tar->on_text != NULL)
		tell(r->tar, line, len);
	return 0;
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	return lines_feed(&r->lines, bytes, len, on_line, r);
}

/* A bad archive, and a step of a build that failed, is an error line inside a 200. */
static int
outcome(const struct reading *r, const struct http_call *call, struct error *err)
{
	char text[ENGINE_TEXT_MAX];

	if (call->status >= 300)
		return error_set(err, call->status >= 500 ? ERROR_UPSTREAM : ERROR_INVALID,
		    "the engine does not %s it: %s", r->tar->verb,
		    docker_message(buf_str(&call->reply), call->reply.len, text));
	if (r->state.failed)
		return error_set(err, ERROR_INVALID, "the engine does not %s it: %s", r->tar->verb,
		    r->state.error);
	return 0;
}

int
docker_tar(struct engine *e, const char *path, const struct docker_tar *t,
    const atomic_bool *cancel, struct error *err)
{
	static const char *const headers[] = { "Content-Type: application/x-tar", NULL };
	struct reading r = { .lines.max_bytes = LINE_MAX_BYTES, .tar = t };
	struct http_call call = { .headers = headers,
		.body_fd = t->fd,
		.stall_ms = t->stall_ms,
		.cancel = cancel,
		.on_data = on_data,
		.arg = &r };
	int rc = docker_stream(docker_of(e), "POST", path, &call, err);

	lines_end(&r.lines, on_line, &r);
	if (rc == 0)
		rc = outcome(&r, &call, err);
	buf_done(&call.reply);
	lines_done(&r.lines);
	pull_state_done(&r.state);
	return rc;
}
