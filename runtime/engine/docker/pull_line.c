/*
 * pull_line.c - what the lines of a pull say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

#define LAYERS_MAX 1024 /* no image has so many; a stream could */

static struct pull_layer *
layer(struct pull_state *s, const char *id)
{
	for (size_t i = 0; i < s->nlayers; i++)
		if (strcmp(s->layers[i].id, id) == 0)
			return &s->layers[i];
	if (s->nlayers == LAYERS_MAX || strlen(id) >= sizeof(s->layers[0].id))
		return NULL;
	s->layers = mem_realloc(s->layers, (s->nlayers + 1) * sizeof(*s->layers));
	struct pull_layer *l = &s->layers[s->nlayers++];
	*l = (struct pull_layer){ 0 };
	snprintf(l->id, sizeof(l->id), "%s", id);
	return l;
}

static void
sum(struct pull_state *s)
{
	s->progress.bytes = s->progress.total_bytes = 0;
	for (size_t i = 0; i < s->nlayers; i++) {
		s->progress.bytes += s->layers[i].done ? s->layers[i].total : s->layers[i].now;
		s->progress.total_bytes += s->layers[i].total;
	}
}

/* Further than it was before?  Words that are not known are no step. */
static bool
layer_steps(struct pull_layer *l, const char *status)
{
	static const char *const steps[] = { "Pulling fs layer", "Waiting", "Downloading",
		"Verifying Checksum", "Download complete", "Extracting", "Pull complete" };

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(status, steps[i]) == 0 && i + 1 > l->step) {
			l->step = i + 1;
			return true;
		}
	return false;
}

static void
count_progress(struct pull_state *s, struct pull_layer *l, const char *status, const cJSON *detail)
{
	const int64_t now = json_int(detail, "current", 0);
	int64_t *before = NULL;

	s->stepped = layer_steps(l, status) || s->stepped;
	if (strcmp(status, "Downloading") == 0)
		before = &l->now;
	else if (strcmp(status, "Extracting") == 0)
		before = &l->unpacked;
	else
		return;
	if (now > *before)
		s->came += now - *before;
	if (before == &l->unpacked) /* layer_status keeps the other */
		l->unpacked = now;
}

/* Downloading counts; extracting would count the same bytes again. */
static void
layer_status(struct pull_layer *l, const char *status, const cJSON *detail)
{
	const int64_t total = json_int(detail, "total", 0);

	if (strcmp(status, "Downloading") == 0) {
		const int64_t now = json_int(detail, "current", 0);

		l->done = false; /* a retry starts over */
		if (total > 0)
			l->total = total;
		l->now = now < 0 ? 0 : l->total > 0 && now > l->total ? l->total : now;
	} else if (strcmp(status, "Download complete") == 0 ||
	    strcmp(status, "Pull complete") == 0 || strcmp(status, "Extracting") == 0 ||
	    strcmp(status, "Verifying Checksum") == 0 || strcmp(status, "Already exists") == 0) {
		if (l->total == 0 && strcmp(status, "Extracting") == 0 && total > 0)
			l->total = total;
		l->done = true;
	}
}

static bool
read_error(struct pull_state *s, const cJSON *json)
{
	const char *text = json_str(json_get(json, "errorDetail"), "message");

	if (text == NULL)
		text = json_str(json, "error");
	if (text == NULL && json_get(json, "errorDetail") == NULL &&
	    json_get(json, "error") == NULL)
		return false;
	if (!s->failed) { /* the first cause, not what followed from it */
		if (text == NULL)
			text = "it gave no reason";
		engine_words(text, strnlen(text, 4 * ENGINE_TEXT_MAX), s->error);
	}
	s->failed = true;
	return true;
}

bool
pull_line(struct pull_state *s, const char *line, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;
	struct buf plain = { 0 };
	struct pull_layer *l;

	if (json_parse(line, len, &json, NULL) < 0 || !cJSON_IsObject(json))
		return false;
	if (read_error(s, json))
		return true;
	const char *status = json_str(json, "status"), *id = json_str(json, "id");
	if (status == NULL)
		return false;
	if (str_starts(status, "Status: ") || str_starts(status, "Download complete"))
		s->succeeded = true;
	if (id != NULL && json_get(json, "progressDetail") != NULL && (l = layer(s, id)) != NULL) {
		count_progress(s, l, status, json_get(json, "progressDetail"));
		layer_status(l, status, json_get(json, "progressDetail"));
	}
	sum(s);
	str_add_escaped(&plain, status, strnlen(status, 100));
	snprintf(s->progress.status, sizeof(s->progress.status), "%s", buf_str(&plain));
	buf_done(&plain);
	return true;
}

bool
pull_moves(struct pull_state *s, int64_t now_ms, int64_t stall_ms)
{
	if (stall_ms != 0 && s->moved_ms != 0 && !s->stepped && s->came < stall_ms)
		return now_ms - s->moved_ms < stall_ms;
	s->moved_ms = now_ms;
	s->came = 0;
	s->stepped = false;
	return true;
}

void
pull_state_done(struct pull_state *s)
{
	free(s->layers);
	s->layers = NULL;
	s->nlayers = 0;
}
