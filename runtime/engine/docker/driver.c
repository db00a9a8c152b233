/*
 * driver.c - the Docker Engine API as an engine_driver.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

static void
add_missing(struct engine_info *out, const char *what)
{
	const size_t at = strlen(out->missing);

	snprintf(out->missing + at, sizeof(out->missing) - at, "%s%s", at > 0 ? ", " : "", what);
}

static bool
has_option(const cJSON *info, const char *start)
{
	const cJSON *option;

	json_for_each(option, json_get(info, "SecurityOptions"))
		if (cJSON_IsString(option) && str_starts(option->valuestring, start))
			return true;
	return false;
}

/* What an engine said of itself a moment ago, where asking is dear, if it still answers. */
static bool
known_info(struct docker *d, struct engine_info *out)
{
	_cleanup_reply_ struct docker_reply r = { 0 };
	struct engine_info info;
	bool fresh;

	pthread_mutex_lock(&d->lock);
	fresh = d->agreed && d->info_at_ms != 0 &&
	    clock_now_ms() - d->info_at_ms < d->dialect.ways->info_keep_ms;
	info = d->info;
	pthread_mutex_unlock(&d->lock);
	if (!fresh || docker_call(d, "GET", "/_ping", NULL, PING_MS, &r, NULL) < 0 ||
	    r.status != 200)
		return false;
	*out = info;
	return true;
}

/* "2026-01-31T10:20:30.123456789+01:00" in wall milliseconds; -1 where it is none. */
static int64_t
engine_time(const char *text)
{
	const char *sign = text != NULL && strlen(text) > 19 ? strpbrk(text + 19, "+-") : NULL;
	_cleanup_free_ char *utc = NULL;
	int hours = 0, minutes = 0;
	int64_t ms;

	if (sign == NULL)
		return text != NULL ? clock_parse(text) : -1;
	utc = str_printf("%.*sZ", (int)(sign - text), text);
	ms = clock_parse(utc);
	if (ms < 0 || sscanf(sign + 1, "%2d:%2d", &hours, &minutes) != 2)
		return -1;
	return ms + (*sign == '-' ? 1 : -1) * ((int64_t)hours * 3600000 + minutes * 60000);
}

/* It said so somewhen between asking and hearing: what is no further off is taken for the same. */
static void
compare_clocks(struct engine_info *info, const char *text, int64_t asked_wall_ms, int64_t took_ms)
{
	const int64_t said_ms = engine_time(text);

	info->tells_time = said_ms >= 0;
	if (info->tells_time && said_ms < asked_wall_ms)
		info->ahead_ms = said_ms - asked_wall_ms;
	else if (info->tells_time && said_ms > asked_wall_ms + took_ms)
		info->ahead_ms = said_ms - asked_wall_ms - took_ms;
}

static int
ask_info(struct docker *d, struct engine_info *out, struct error *err)
{
	static const struct {
		const char *field, *words;
	} limits[] = {
		{ "MemoryLimit", "memory limit" },
		{ "SwapLimit", "swap limit" },
		{ "PidsLimit", "process limit" },
		{ "CpuCfsQuota", "CPU limit" },
	};
	struct engine_info info = { 0 };
	struct dialect now = { 0 };
	_cleanup_json_ cJSON *json = NULL;

	if (docker_dialect(d, true, &now, err) < 0)
		return -1;
	const int64_t asked_wall_ms = clock_wall_ms(), asked_ms = clock_now_ms();
	if (docker_get(d, "/info", now.ways->info_ms, &json, err) < 0)
		return -1;
	compare_clocks(
	    &info, json_str(json, "SystemTime"), asked_wall_ms, clock_now_ms() - asked_ms);
	snprintf(info.name, sizeof(info.name), "%s", now.ways->name);
	memcpy(info.version, now.version, sizeof(info.version));
	memcpy(info.api, now.api, sizeof(info.api));
	memcpy(info.api_least, now.api_least, sizeof(info.api_least));
	memcpy(info.api_most, now.api_most, sizeof(info.api_most));
	memcpy(info.arch, now.arch, sizeof(info.arch));
	const char *cgroup = json_str(json, "CgroupVersion");
	snprintf(info.cgroup, sizeof(info.cgroup), "%s", cgroup != NULL ? cgroup : "");
	str_copy(info.root, sizeof(info.root), json_str(json, "DockerRootDir"));
	info.rootless = has_option(json, "name=rootless");
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (!json_bool(json, limits[i].field, false))
			add_missing(&info, limits[i].words);
	if (!has_option(json, "name=seccomp"))
		add_missing(&info, "seccomp");
	pthread_mutex_lock(&d->lock);
	d->info = info;
	d->info_at_ms = clock_now_ms();
	pthread_mutex_unlock(&d->lock);
	*out = info;
	return 0;
}

static int
docker_info(struct engine *e, struct engine_info *out, struct error *err)
{
	struct docker *d = docker_of(e);
	bool dear;
	int status = 0;

	pthread_mutex_lock(&d->lock);
	dear = d->agreed && d->dialect.ways->info_keep_ms > 0;
	pthread_mutex_unlock(&d->lock);
	if (!dear)
		return ask_info(d, out, err);
	pthread_mutex_lock(&d->asking); /* one asks, the others have its answer */
	if (!known_info(d, out))
		status = ask_info(d, out, err);
	pthread_mutex_unlock(&d->asking);
	return status;
}

static void
docker_free(struct engine *e)
{
	struct docker *d;

	if (e == NULL)
		return;
	d = docker_of(e);
	map_done(&d->oom);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->asking);
	free(d->socket);
	free(d->node);
	free(d->runtime_dir);
	free(d->link_image);
	free(d->seccomp);
	free(d);
}

static const struct engine_driver driver = {
	.name = "docker",
	.info = docker_info,
	.resolve = docker_resolve,
	.pull = docker_pull,
	.load = docker_load,
	.save = docker_save,
	.untag = docker_untag,
	.image = docker_image,
	.pod_start = docker_pod_start,
	.pod_stop = docker_pod_stop,
	.pod_state = docker_pod_state,
	.pod_list = docker_pod_list,
	.pod_inspect = docker_pod_inspect,
	.pod_pause = docker_pod_pause,
	.logs = docker_logs,
	.events = docker_events,
	.pod_use = docker_pod_use,
	.free = docker_free,
};

struct docker *
docker_of(struct engine *e)
{
	return CONTAINER_OF(e, struct docker, engine);
}

struct engine *
docker_engine_new(const struct engine_config *c)
{
	struct docker *d = mem_zalloc(sizeof(*d));

	d->engine.driver = &driver;
	d->socket = c->socket != NULL && c->socket[0] != '\0'
	    ? str_dup(str_starts(c->socket, "unix://") ? c->socket + 7 : c->socket)
	    : NULL;
	d->node = str_dup(c->node);
	d->runtime_dir = str_dup(c->runtime_dir);
	d->link_image = str_dup(c->link_image);
	d->seccomp = str_dup(c->seccomp);
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->asking, NULL);
	return &d->engine;
}
