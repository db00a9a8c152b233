/*
 * pull.c - have an image here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/image_ref.h"
#include "runtime/net/http_client.h"

#define LINE_MAX_BYTES (64 * 1024)
#define STATUS_MAX_BYTES (1 << 20)

struct reading {
	struct lines lines;
	struct pull_state state;
	pull_progress_fn *on_progress;
	void *arg;
};

static int
on_line(const char *line, size_t len, void *arg)
{
	struct reading *r = arg;

	if (pull_line(&r->state, line, len) && r->on_progress != NULL && !r->state.failed)
		r->on_progress(&r->state.progress, r->arg);
	return 0;
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	return lines_feed(&r->lines, bytes, len, on_line, r);
}

static int
pull_outcome(
    const struct reading *r, const struct http_call *call, const char *ref, struct error *err)
{
	char text[ENGINE_TEXT_MAX];

	if (call->status >= 300)
		return registry_refusal(err, call->status,
		    docker_message(buf_str(&call->reply), call->reply.len, text), ref);
	if (r->state.failed)
		return registry_refusal(err, 0, r->state.error, ref);
	return 0;
}

/* tag: a tag or a digest. It is never left out: the engine would pull every tag. */
static int
pull_one(struct docker *d, const char *repository, const char *tag, struct reading *r,
    int64_t stall_ms, const atomic_bool *cancel, struct error *err)
{
	static const char *const headers[] = { "X-Registry-Auth: e30=", NULL };
	struct http_call call = { .headers = headers,
		.stall_ms = stall_ms,
		.cancel = cancel,
		.on_data = on_data,
		.arg = r,
		.max_body = STATUS_MAX_BYTES };
	_cleanup_free_ char *path =
	    str_printf("/images/create?fromImage=%s&tag=%s", repository, tag);
	_cleanup_free_ char *ref =
	    str_printf("%s%c%s", repository, str_starts(tag, "sha256:") ? '@' : ':', tag);
	int status = docker_stream(d, "POST", path, &call, err);

	lines_end(&r->lines, on_line, r);
	if (status < 0 && err != NULL && err->kind == ERROR_TIMEOUT)
		status = error_set(err, ERROR_TIMEOUT, "the pull of %.120s stood still for %lld s",
		    ref, (long long)stall_ms / 1000);
	else if (status == 0)
		status = pull_outcome(r, &call, ref, err);
	buf_done(&call.reply);
	lines_done(&r->lines);
	pull_state_done(&r->state);
	return status;
}

static bool
is_here(struct engine *e, const char *ref, struct error *err)
{
	struct image_info info = { 0 };

	if (docker_image(e, ref, &info, err) < 0)
		return false;
	image_info_done(&info);
	return true;
}

int
docker_pull(struct engine *e, const char *text, const char *digest, int64_t stall_ms,
    pull_progress_fn *on_progress, void *arg, const atomic_bool *cancel, struct error *err)
{
	struct reading r = {
		.lines.max_bytes = LINE_MAX_BYTES, .on_progress = on_progress, .arg = arg
	};
	struct error why = { 0 };
	struct image_ref ref;
	char pinned[700], repository[520];

	if (image_ref_parse(text, &ref, err) < 0)
		return -1;
	if (digest == NULL || digest[0] == '\0') /* a local image: it is here or nowhere */
		return is_here(e, ref_text(&ref, NULL, pinned), err) ? 0 : -1;
	ref_text(&ref, digest, pinned);
	if (is_here(e, pinned, &why))
		return 0;
	if (why.kind != ERROR_NOT_FOUND)
		return error_set(err, why.kind, "%s", why.text);
	if (pull_one(docker_of(e), image_ref_repository(&ref, repository), digest, &r, stall_ms,
		cancel, err) < 0)
		return -1;
	if (is_here(e, pinned, &why))
		return 0;
	return error_set(err, why.kind == ERROR_NOT_FOUND ? ERROR_UPSTREAM : why.kind,
	    "the engine ended the pull of %.100s without an error, but: %.90s", pinned, why.text);
}

int
docker_pull_tag(struct docker *d, const struct image_ref *ref, int64_t stall_ms, struct error *err)
{
	struct reading r = { .lines.max_bytes = LINE_MAX_BYTES };
	char repository[520];

	return pull_one(d, image_ref_repository(ref, repository),
	    ref->digest[0] != '\0' ? ref->digest : ref->tag, &r, stall_ms, NULL, err);
}
