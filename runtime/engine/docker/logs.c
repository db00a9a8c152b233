/*
 * logs.c - what a competitor wrote.
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"

#define SILENCE_MS 2000 /* of a log that is followed, until we look whether its pod still runs */

struct reading {
	struct docker *d;
	const char *instance;
	struct log_frames frames;
	log_line_fn *fn;
	void *arg;
	bool ended; /* by fn */
};

static int
on_line(const struct log_line *line, void *arg)
{
	struct reading *r = arg;

	if (r->fn(line, r->arg) == 0)
		return 0;
	r->ended = true;
	return -1;
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	return log_frames_feed(&r->frames, bytes, len, on_line, r);
}

/* An engine can miss the end of what ended as it began to follow it, and wait for more for ever. */
static int
on_silence(void *arg)
{
	struct reading *r = arg;
	struct container c = { 0 };
	struct error why = { 0 };

	if (container_of_pod(r->d, r->instance, &c, &why) < 0)
		return why.kind == ERROR_NOT_FOUND ? -1 : 0;
	return c.phase == POD_EXITED ? -1 : 0;
}

int
docker_logs(struct engine *e, const char *instance, int tail, bool follow, log_line_fn *fn,
    void *arg, const atomic_bool *cancel, struct error *err)
{
	struct docker *d = docker_of(e);
	struct reading r = { .d = d, .instance = instance, .fn = fn, .arg = arg };
	struct http_call call = { .on_data = on_data, .arg = &r, .cancel = cancel };
	struct container c = { 0 };
	struct error why = { 0 };
	char lines[16] = "all";
	_cleanup_free_ char *path = NULL;
	int status;

	if (container_of_pod(d, instance, &c, err) < 0)
		return -1;
	if (follow) {
		call.stall_ms = SILENCE_MS;
		call.on_stall = on_silence;
	} else {
		call.total_ms = CHANGE_MS;
	}
	if (tail > 0)
		snprintf(lines, sizeof(lines), "%d", tail);
	path = str_printf("/containers/%s/logs?stdout=1&stderr=1&timestamps=1&tail=%s&follow=%d",
	    c.id, lines, follow);
	status = docker_stream(d, "GET", path, &call, &why);
	if (status == 0 && call.status != 200) {
		struct docker_reply reply = { call.status, call.reply };

		status = docker_refusal(&why, &reply, "logs");
	} else if (status < 0 && r.frames.bad) {
		error_set(&why, ERROR_UPSTREAM, "engine: its log stream has a frame that is none");
	} else if (status < 0 && why.kind == ERROR_CANCELLED) {
		status = 0; /* by fn, by cancel or as its pod had ended: as it was wanted */
	}
	buf_done(&call.reply);
	log_frames_done(&r.frames);
	return status == 0 ? 0 : error_set(err, why.kind, "%s", why.text);
}
