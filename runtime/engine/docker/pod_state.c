/*
 * pod_state.c - what became of a pod, and which pods there are.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/cgroup.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/oom_log.h"

#define KERNEL_LOG "/dev/kmsg"
#define FIRST_WORDS_MAX 256
#define FIRST_WORDS_TRIES 5
#define FIRST_WORDS_MS 20

/* An engine's time ("0001-01-01..." for never) to wall milliseconds, 0 where it is none. */
static int64_t
read_time(const cJSON *state, const char *key)
{
	const char *text = json_str(state, key);
	const int64_t ms = text != NULL && !str_starts(text, "0001-") ? clock_parse(text) : 0;

	return ms > 0 ? ms : 0;
}

void
pod_state_parse(const cJSON *inspected, struct pod_state *out)
{
	const cJSON *state = json_get(inspected, "State");
	const char *error = json_str(state, "Error");
	struct buf plain = { 0 };

	out->phase = container_phase(json_str(state, "Status"));
	out->started_at_ms = read_time(state, "StartedAt");
	out->oom_killed = json_bool(state, "OOMKilled", false);
	out->pid = (int)json_int(state, "Pid", 0);
	out->exit_code = 0;
	out->signal = 0;
	out->finished_at_ms = 0;
	out->error[0] = '\0';
	if (error != NULL && error[0] != '\0') {
		str_add_escaped(&plain, error, strnlen(error, 1024));
		snprintf(out->error, sizeof(out->error), "%s", buf_str(&plain));
		buf_done(&plain);
	}
	if (out->phase != POD_EXITED && out->phase != POD_CREATED)
		return;
	out->exit_code = (int)json_int(state, "ExitCode", 0);
	out->finished_at_ms = read_time(state, "FinishedAt");
	/* What ends at once can be seen to end before the engine notes that it began. */
	if (out->finished_at_ms > 0 && out->finished_at_ms < out->started_at_ms)
		out->finished_at_ms = out->started_at_ms;
	/* Under an init, a child's signal is told as a shell would. */
	if (out->exit_code > 128 && out->exit_code <= 128 + 64)
		out->signal = out->exit_code - 128;
}

static bool
saw_oom(struct docker *d, const char *instance)
{
	bool saw;

	pthread_mutex_lock(&d->lock);
	saw = map_get(&d->oom, instance) != NULL;
	pthread_mutex_unlock(&d->lock);
	return saw;
}

static void
note_oom(struct docker *d, const char *instance)
{
	pthread_mutex_lock(&d->lock);
	map_put(&d->oom, instance, d);
	pthread_mutex_unlock(&d->lock);
}

static int
add_first_words(const struct log_line *line, void *arg)
{
	struct buf *words = arg;

	buf_add(words, line->text, line->len);
	return words->len < FIRST_WORDS_MAX ? 0 : -1;
}

/* What an init wrote that could not start the command: in pieces that the engine may have taken for
 * lines (and then counts wrongly from the end), and of what ended just now not yet all there. */
static int
read_exec_code(struct docker *d, const char *instance)
{
	_cleanup_buf_ struct buf words = { 0 };
	int code = 0;

	for (int tries = 0; tries < FIRST_WORDS_TRIES && code == 0; tries++) {
		if (tries > 0)
			poll(NULL, 0, FIRST_WORDS_MS);
		buf_clear(&words);
		if (docker_logs(
			&d->engine, instance, 0, false, add_first_words, &words, NULL, NULL) < 0)
			return -1;
		code = init_exec_code(buf_str(&words), words.len);
	}
	return code;
}

/* What the engine does not tell is asked of the kernel, and of what the container wrote first. */
static void
find_untold(struct docker *d, const struct engine_ways *ways, struct pod_state *s)
{
	const bool ended = s->phase == POD_EXITED && s->exit_code != 0;
	int code;

	if (!ways->tells_oom && !s->oom_killed &&
	    (ended ? oom_log_names(KERNEL_LOG, s->container)
		   : cgroup_oom_kills("", s->pid, s->container) > 0)) {
		note_oom(d, s->instance);
		s->oom_killed = true;
	}
	if (ways->tells_no_exec || !ended || s->exit_code != 1)
		return;
	code = read_exec_code(d, s->instance);
	if (code > 0)
		s->exit_code = code;
}

/* One container's part of its pod. A container that vanished meanwhile is absent, no error. */
static int
add_container(struct docker *d, const struct container *c, struct pod_state *out, struct error *err)
{
	_cleanup_free_ char *path = str_printf("/containers/%s/json", c->id);
	_cleanup_json_ cJSON *json = NULL;
	struct error why = { 0 };
	struct dialect now = { 0 };

	memcpy(out->instance, c->instance, sizeof(out->instance));
	memcpy(out->competitor, c->competitor, sizeof(out->competitor));
	memcpy(out->version, c->version, sizeof(out->version));
	memcpy(out->hash, c->hash, sizeof(out->hash));
	if (c->is_link) {
		out->link_running = out->link_running || c->phase == POD_RUNNING;
		return 0;
	}
	/* Two of one pod can be left by a call that timed out and happened: the live one counts. */
	if (out->phase != POD_ABSENT && c->phase != POD_RUNNING)
		return 0;
	if (docker_get(d, path, LOOK_MS, &json, &why) < 0)
		return why.kind == ERROR_NOT_FOUND ? 0 : error_set(err, why.kind, "%s", why.text);
	/* Without a state it tells nothing; least of all that the competitor ended. */
	if (json_str(json_get(json, "State"), "Status") == NULL)
		return error_set(err, ERROR_UPSTREAM, "engine: a container without a state");
	pod_state_parse(json, out);
	snprintf(out->container, sizeof(out->container), "%s", c->id);
	out->oom_killed = out->oom_killed || saw_oom(d, c->instance);
	if (docker_dialect(d, false, &now, NULL) == 0)
		find_untold(d, now.ways, out);
	return 0;
}

int
docker_pod_state(struct engine *e, const char *instance, struct pod_state *out, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ struct container *list = NULL;
	struct pod_state state = { .phase = POD_ABSENT };
	size_t n = 0;

	if (instance_check(instance, err) < 0 || containers_list(d, instance, &list, &n, err) < 0)
		return -1;
	snprintf(state.instance, sizeof(state.instance), "%s", instance);
	for (size_t i = 0; i < n; i++)
		if (add_container(d, &list[i], &state, err) < 0)
			return -1;
	*out = state;
	return 0;
}

int
docker_pod_inspect(struct engine *e, const char *instance, struct buf *out, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_json_ cJSON *json = NULL;
	struct container c = { 0 };

	if (container_of_pod(d, instance, &c, err) < 0)
		return -1;
	path = str_printf("/containers/%s/json", c.id);
	if (docker_get(d, path, LOOK_MS, &json, err) < 0)
		return -1;
	text = json_print(json);
	buf_printf(out, "[%s]", text);
	return 0;
}

int
docker_pod_list(struct engine *e, struct pod_state **out, size_t *n, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ struct container *list = NULL;
	_cleanup_free_ struct pod_state *pods = NULL;
	size_t ncontainers = 0, npods = 0;

	if (containers_list(d, NULL, &list, &ncontainers, err) < 0)
		return -1;
	pods = mem_zalloc((ncontainers + 1) * sizeof(*pods));
	for (size_t i = 0; i < ncontainers; i++) {
		size_t at = 0;

		while (at < npods && strcmp(pods[at].instance, list[i].instance) != 0)
			at++;
		if (at == npods)
			npods++;
		if (add_container(d, &list[i], &pods[at], err) < 0)
			return -1;
	}
	*out = TAKE(pods);
	*n = npods;
	return 0;
}
