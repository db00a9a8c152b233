/*
 * events.c - the engine's news of our pods. Hints only: a list decides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"

#define LINE_MAX_BYTES (64 * 1024)

struct reading {
	struct docker *docker;
	struct lines lines;
	engine_event_fn *fn;
	void *arg;
};

/* What some engines call otherwise; only a container has an instance's label in its events. */
static const struct {
	const char *said, *meant;
} others[] = {
	{ "died", "die" },
	{ "remove", "destroy" },
};

int
event_parse(const char *line, size_t len, struct engine_event *out)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *attributes;
	struct engine_event event = { .exit_code = -1 };

	if (json_parse(line, len, &json, NULL) < 0)
		return -1;
	attributes = json_path(json, "Actor.Attributes");
	const char *instance = json_str(attributes, LABEL_INSTANCE);
	const char *action = json_str(json, "Action"), *code = json_str(attributes, "exitCode");
	if (action == NULL)
		action = json_str(json, "status");
	if (action == NULL || instance == NULL || instance_check(instance, NULL) < 0)
		return -1;
	if (code == NULL)
		code = json_str(attributes, "containerExitCode");
	snprintf(event.instance, sizeof(event.instance), "%s", instance);
	/* "exec_create: sh -c ..." carries a command line: only the word before it. */
	snprintf(event.action, sizeof(event.action), "%.*s", (int)strcspn(action, ":"), action);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(event.action, others[i].said) == 0)
			str_copy(event.action, sizeof(event.action), others[i].meant);
	event.is_link = str_eq(json_str(attributes, LABEL_ROLE), ROLE_LINK);
	/* An image's label may pose as exitCode: what a pod ended with is asked, not taken from here. */
	if (code != NULL && strcmp(event.action, "die") == 0)
		event.exit_code = atoi(code);
	*out = event;
	return 0;
}

/* Remember what some engines tell nowhere else. */
static void
note_oom(struct docker *d, const struct engine_event *event)
{
	pthread_mutex_lock(&d->lock);
	if (strcmp(event->action, "oom") == 0)
		map_put(&d->oom, event->instance, d);
	else if (strcmp(event->action, "destroy") == 0)
		map_remove(&d->oom, event->instance);
	pthread_mutex_unlock(&d->lock);
}

static int
on_line(const char *line, size_t len, void *arg)
{
	struct reading *r = arg;
	struct engine_event event;

	if (event_parse(line, len, &event) < 0)
		return 0;
	if (!event.is_link)
		note_oom(r->docker, &event);
	r->fn(&event, r->arg);
	return 0;
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	return lines_feed(&r->lines, bytes, len, on_line, r);
}

int
docker_events(
    struct engine *e, engine_event_fn *fn, void *arg, const atomic_bool *cancel, struct error *err)
{
	struct docker *d = docker_of(e);
	struct reading r = { .docker = d, .lines.max_bytes = LINE_MAX_BYTES, .fn = fn, .arg = arg };
	struct http_call call = { .on_data = on_data, .arg = &r, .cancel = cancel };
	_cleanup_free_ char *node = str_printf(LABEL_NODE "=%s", d->node);
	const char *const labels[] = { LABEL_MANAGED "=1", node };
	_cleanup_free_ char *path = path_filters("/events", labels, ARRAY_LEN(labels));
	struct error why = { 0 };
	int status = docker_stream(d, "GET", path, &call, &why);

	if (status < 0 && why.kind == ERROR_CANCELLED && cancel != NULL && atomic_load(cancel)) {
		status = 0;
	} else if (status == 0 && call.status != 200) {
		struct docker_reply reply = { call.status, call.reply };

		status = docker_refusal(err, &reply, "events");
	} else {
		status = error_set(err, ERROR_UNAVAILABLE, "%s",
		    status == 0 ? "the engine ended its stream of events" : why.text);
	}
	buf_done(&call.reply);
	lines_done(&r.lines);
	return status;
}
