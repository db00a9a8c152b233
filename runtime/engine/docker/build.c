/*
 * build.c - an image from a Containerfile, as the engine builds it.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"
#include "runtime/net/url.h"

#define LINE_MAX_BYTES (1 << 20)
#define STALL_MS (10 * 60 * 1000)
#define MEMORY_BYTES (INT64_C(4) << 30)
#define CPU_PERIOD 100000

struct reading {
	struct lines lines;
	struct pull_state state; /* its errors look the same */
	void (*on_text)(const char *text, void *arg);
	void *arg;
};

static int
on_line(const char *line, size_t len, void *arg)
{
	struct reading *r = arg;
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_buf_ struct buf plain = { 0 };
	const char *text;

	pull_line(&r->state, line, len);
	if (json_parse(line, len, &json, NULL) < 0 || r->on_text == NULL)
		return 0;
	text = json_str(json, "stream");
	if (text == NULL || text[strspn(text, " \r\n")] == '\0')
		return 0;
	str_add_escaped(&plain, text, strcspn(text, "\n"));
	r->on_text(buf_str(&plain), r->arg);
	return 0;
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	return lines_feed(&r->lines, bytes, len, on_line, r);
}

static int
outcome(const struct reading *r, const struct http_call *call, struct error *err)
{
	char text[ENGINE_TEXT_MAX];

	if (call->status >= 300)
		return error_set(err, call->status >= 500 ? ERROR_UPSTREAM : ERROR_INVALID,
		    "the engine does not build it: %s",
		    docker_message(buf_str(&call->reply), call->reply.len, text));
	if (r->state.failed)
		return error_set(err, ERROR_INVALID, "the build failed: %s", r->state.error);
	return 0;
}

int
docker_build(struct engine *e, int context_fd, const char *containerfile, const char *tag,
    void (*on_text)(const char *text, void *arg), void *arg, const atomic_bool *cancel,
    struct error *err)
{
	static const char *const headers[] = { "Content-Type: application/x-tar", NULL };
	struct reading r = { .lines.max_bytes = LINE_MAX_BYTES, .on_text = on_text, .arg = arg };
	struct http_call call = { .headers = headers,
		.body_fd = context_fd,
		.stall_ms = STALL_MS,
		.cancel = cancel,
		.on_data = on_data,
		.arg = &r };
	_cleanup_buf_ struct buf path = { 0 };

	buf_add_str(&path, "/build?rm=1&forcerm=1&networkmode=none&t=");
	url_encode(&path, tag);
	buf_add_str(&path, "&dockerfile=");
	url_encode(&path, containerfile);
	buf_printf(&path, "&memory=%lld&memswap=%lld&cpuperiod=%d&cpuquota=%d",
	    (long long)MEMORY_BYTES, (long long)MEMORY_BYTES, CPU_PERIOD, 2 * CPU_PERIOD);
	int rc = docker_stream(docker_of(e), "POST", buf_str(&path), &call, err);
	lines_end(&r.lines, on_line, &r);
	if (rc == 0)
		rc = outcome(&r, &call, err);
	buf_done(&call.reply);
	lines_done(&r.lines);
	pull_state_done(&r.state);
	return rc;
}
