/*
 * pull.c - have an image here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/image_ref.h"
#include "runtime/engine/registry_ask.h"
#include "runtime/net/http_client.h"

#define LINE_MAX_BYTES (64 * 1024)
#define STATUS_MAX_BYTES (1 << 20)
#define LAYERS_MAX 125 /* an overlay holds no more */

struct reading {
	struct lines lines;
	struct pull_state state;
	const struct pull_limits *limits;
	char disk[ENGINE_TEXT_MAX]; /* a path on the engine's; "": none of this host */
	struct error end; /* why we ended it */
	pull_progress_fn *on_progress;
	void *arg;
};

static int
too_big(struct error *err, int64_t bytes, size_t layers, int64_t max_bytes)
{
	char size[24], most[24];

	return error_set(err, ERROR_TOO_BIG,
	    "the image has %s in %zu layers, at most %s in %d are allowed",
	    str_format_size(bytes, size, sizeof(size)), layers,
	    str_format_size(max_bytes, most, sizeof(most)), LAYERS_MAX);
}

/* Room for more of it? What cannot be looked at has. */
static int
check_disk(const struct reading *r, struct error *err)
{
	struct disk disk;
	char words[80];

	if (r->limits->free_percent == 0 || r->disk[0] == '\0' ||
	    disk_look(r->disk, &disk, NULL) < 0 ||
	    disk_free_percent(&disk) >= r->limits->free_percent)
		return 0;
	return error_set(err, ERROR_IO, "the engine's disk has %s; a pull needs %d %%",
	    disk_words(&disk, words, sizeof(words)), r->limits->free_percent);
}

/* May it go on? */
static int
check_pull(struct reading *r, struct error *err)
{
	const struct pull_progress *p = &r->state.progress;
	const struct pull_limits *limits = r->limits;

	if (!pull_moves(&r->state, clock_now_ms(), limits->stall_ms))
		return error_set(err, ERROR_TIMEOUT, "no progress");
	if (limits->max_bytes != 0 && p->total_bytes > limits->max_bytes)
		return too_big(err, p->total_bytes, r->state.nlayers, limits->max_bytes);
	return check_disk(r, err);
}

static int
on_line(const char *line, size_t len, void *arg)
{
	struct reading *r = arg;

	if (pull_line(&r->state, line, len) && r->on_progress != NULL && !r->state.failed)
		r->on_progress(&r->state.progress, r->arg);
	return r->state.failed ? 0 : check_pull(r, &r->end);
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	return lines_feed(&r->lines, bytes, len, on_line, r);
}

static int
stood_still(struct error *err, const char *ref, int64_t stall_ms)
{
	return error_set(err, ERROR_TIMEOUT, "the pull of %.120s stood still for %lld s", ref,
	    (long long)stall_ms / 1000);
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
pull_one(struct docker *d, const struct image_ref *of, const char *tag, struct reading *r,
    const atomic_bool *cancel, struct error *err)
{
	static const char *const headers[] = { "X-Registry-Auth: e30=", NULL };
	struct http_call call = { .headers = headers,
		.stall_ms = r->limits->stall_ms,
		.cancel = cancel,
		.on_data = on_data,
		.arg = r,
		.max_body = STATUS_MAX_BYTES };
	char repository[520];
	_cleanup_free_ char *path = str_printf(
	    "/images/create?fromImage=%s&tag=%s", image_ref_repository(of, repository), tag);
	_cleanup_free_ char *ref =
	    str_printf("%s%c%s", repository, str_starts(tag, "sha256:") ? '@' : ':', tag);
	struct error why = { 0 };
	int status = docker_stream(d, "POST", path, &call, &why);

	if (r->end.kind == ERROR_NONE)
		lines_end(&r->lines, on_line, r);
	if (r->end.kind != ERROR_NONE)
		why = r->end;
	if (status < 0 && why.kind == ERROR_TIMEOUT)
		stood_still(&why, ref, r->limits->stall_ms);
	else if (status == 0)
		status = pull_outcome(r, &call, ref, &why);
	if (status < 0 && why.kind == ERROR_BUSY)
		why.retry_after_s = registry_wait_s(of, tag);
	if (status < 0 && err != NULL)
		*err = why;
	buf_done(&call.reply);
	lines_done(&r->lines);
	pull_state_done(&r->state);
	return status;
}

/* Where the engine keeps its images, if that is a directory of this host. */
static void
find_disk(struct docker *d, struct reading *r)
{
	struct engine_info info;

	if (r->limits->free_percent == 0)
		return;
	if (r->limits->disk != NULL)
		str_copy(r->disk, sizeof(r->disk), r->limits->disk);
	else if (d->engine.driver->info(&d->engine, &info, NULL) == 0)
		str_copy(r->disk, sizeof(r->disk), info.root);
}

/* Before a byte of it comes: what its registry says, if it says. */
static int
check_size(struct docker *d, const struct image_ref *ref, const char *digest, int64_t max_bytes,
    struct error *err)
{
	struct dialect now = { 0 };
	struct image_size size;

	if (max_bytes == 0 || docker_dialect(d, false, &now, NULL) < 0 ||
	    registry_size(ref, digest, now.arch, &size, NULL) < 0 ||
	    (size.bytes <= max_bytes && size.layers <= LAYERS_MAX))
		return 0;
	return too_big(err, size.bytes, size.layers, max_bytes);
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
docker_pull(struct engine *e, const char *text, const char *digest,
    const struct pull_limits *limits, pull_progress_fn *on_progress, void *arg,
    const atomic_bool *cancel, struct error *err)
{
	struct docker *d = docker_of(e);
	struct reading r = { .lines.max_bytes = LINE_MAX_BYTES,
		.limits = limits,
		.on_progress = on_progress,
		.arg = arg };
	struct error why = { 0 };
	struct image_ref ref;
	char pinned[700];

	if (image_ref_parse(text, &ref, err) < 0)
		return -1;
	if (digest == NULL || digest[0] == '\0') /* a local image: it is here or nowhere */
		return is_here(e, ref_text(&ref, NULL, pinned), err) ? 0 : -1;
	ref_text(&ref, digest, pinned);
	if (is_here(e, pinned, &why))
		return 0;
	if (why.kind != ERROR_NOT_FOUND)
		return error_set(err, why.kind, "%s", why.text);
	find_disk(d, &r);
	if (check_disk(&r, err) < 0 || check_size(d, &ref, digest, limits->max_bytes, err) < 0 ||
	    pull_one(d, &ref, digest, &r, cancel, err) < 0)
		return -1;
	if (is_here(e, pinned, &why))
		return 0;
	return error_set(err, why.kind == ERROR_NOT_FOUND ? ERROR_UPSTREAM : why.kind,
	    "the engine ended the pull of %.100s without an error, but: %.90s", pinned, why.text);
}

int
docker_pull_tag(struct docker *d, const struct image_ref *ref, int64_t stall_ms, struct error *err)
{
	const struct pull_limits limits = { .stall_ms = stall_ms };
	struct reading r = { .lines.max_bytes = LINE_MAX_BYTES, .limits = &limits };

	return pull_one(d, ref, ref->digest[0] != '\0' ? ref->digest : ref->tag, &r, NULL, err);
}
