/*
 * container.c - single containers: list, create under a free name, start, remove.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

#define NAME_TRIES 4
#define REMOVAL_POLL_MS 50
#define REMOVAL_WAIT_MS 10000

enum pod_phase
container_phase(const char *status)
{
	static const struct {
		const char *status;
		enum pod_phase phase;
	} phases[] = {
		{ "created", POD_CREATED },
		{ "configured", POD_CREATED },
		{ "initialized", POD_CREATED },
		{ "running", POD_RUNNING },
		{ "restarting", POD_RUNNING },
		{ "stopping", POD_RUNNING },
		{ "paused", POD_PAUSED },
	};

	for (size_t i = 0; i < ARRAY_LEN(phases); i++)
		if (str_eq(status, phases[i].status))
			return phases[i].phase;
	return POD_EXITED; /* exited, dead, removing, stopped */
}

/* A label into a fixed field; false if it is absent, empty or too long to be ours. */
static bool
label_copy(const cJSON *labels, const char *name, char *out, size_t cap)
{
	const char *value = json_str(labels, name);

	if (value == NULL || value[0] == '\0' || strlen(value) >= cap)
		return false;
	memcpy(out, value, strlen(value) + 1);
	return true;
}

/* Anything else in a list means that the list cannot be believed: what it lacks may run. */
static bool
is_container(const cJSON *item)
{
	const cJSON *labels = json_get(item, "Labels");
	const char *id = json_str(item, "Id");

	return cJSON_IsObject(item) && id != NULL && id[0] != '\0' &&
	    (labels == NULL || cJSON_IsNull(labels) || cJSON_IsObject(labels));
}

static bool
container_parse(const cJSON *item, const char *node, const char *instance, struct container *out)
{
	const cJSON *labels = json_get(item, "Labels");
	const char *id = json_str(item, "Id"), *role = json_str(labels, LABEL_ROLE);
	struct container c = { 0 };

	if (id == NULL || id[0] == '\0' || strlen(id) >= sizeof(c.id) ||
	    strspn(id, "0123456789abcdef") != strlen(id) ||
	    !str_eq(json_str(labels, LABEL_MANAGED), "1") ||
	    !str_eq(json_str(labels, LABEL_NODE), node) ||
	    !label_copy(labels, LABEL_INSTANCE, c.instance, sizeof(c.instance)) ||
	    (instance != NULL && strcmp(c.instance, instance) != 0))
		return false;
	memcpy(c.id, id, strlen(id) + 1);
	label_copy(labels, LABEL_COMPETITOR, c.competitor, sizeof(c.competitor));
	label_copy(labels, LABEL_VERSION, c.version, sizeof(c.version));
	label_copy(labels, LABEL_SPEC_HASH, c.hash, sizeof(c.hash));
	c.is_link = str_eq(role, ROLE_LINK);
	c.phase = container_phase(json_str(item, "State"));
	*out = c;
	return true;
}

int
containers_parse(const cJSON *json, const char *node, const char *instance, struct container **out,
    size_t *n, struct error *err)
{
	struct container *list;
	const cJSON *item;
	size_t len = 0;

	if (!cJSON_IsArray(json))
		return error_set(err, ERROR_UPSTREAM, "engine: its list of containers is no list");
	json_for_each(item, json)
		if (!is_container(item))
			return error_set(err, ERROR_UPSTREAM,
			    "engine: its list of containers has something else in it");
	list = mem_zalloc((size_t)(cJSON_GetArraySize(json) + 1) * sizeof(*list));
	json_for_each(item, json)
		if (container_parse(item, node, instance, &list[len]))
			len++;
	*out = list;
	*n = len;
	return 0;
}

int
containers_list(
    struct docker *d, const char *instance, struct container **out, size_t *n, struct error *err)
{
	_cleanup_free_ char *node = str_printf(LABEL_NODE "=%s", d->node);
	_cleanup_free_ char *one =
	    str_printf(LABEL_INSTANCE "=%s", instance != NULL ? instance : "");
	const char *const labels[] = { LABEL_MANAGED "=1", node, one };
	_cleanup_free_ char *path =
	    path_filters("/containers/json?all=1", labels, instance != NULL ? 3 : 2);
	_cleanup_json_ cJSON *json = NULL;

	if (docker_get(d, path, LOOK_MS, &json, err) < 0)
		return -1;
	return containers_parse(json, d->node, instance, out, n, err);
}

int
container_of_pod(struct docker *d, const char *instance, struct container *out, struct error *err)
{
	_cleanup_free_ struct container *list = NULL;
	const struct container *found = NULL;
	size_t n = 0;

	if (instance_check(instance, err) < 0 || containers_list(d, instance, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!list[i].is_link && (found == NULL || list[i].phase == POD_RUNNING))
			found = &list[i];
	if (found == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no pod of instance %s", instance);
	*out = *found;
	return 0;
}

static void
make_name(const struct pod_spec *s, const char *role, char out[CONTAINER_NAME_MAX])
{
	char random[7];

	snprintf(out, CONTAINER_NAME_MAX, "janus-%s-%s%s",
	    str_slug_valid(s->competitor) ? s->competitor : "pod", id_random_base62(random, 6),
	    strcmp(role, ROLE_LINK) == 0 ? "-link" : "");
}

/* Who has the name? What an earlier try of this very pod left is removed; others are not touched. */
static void
free_name(struct docker *d, const struct pod_spec *s, const char *name)
{
	_cleanup_free_ char *path = str_printf("/containers/%s/json", name);
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *labels;

	if (docker_get(d, path, LOOK_MS, &json, NULL) < 0)
		return;
	labels = json_path(json, "Config.Labels");
	if (str_eq(json_str(labels, LABEL_MANAGED), "1") &&
	    str_eq(json_str(labels, LABEL_NODE), d->node) &&
	    str_eq(json_str(labels, LABEL_INSTANCE), s->instance) && json_str(json, "Id") != NULL)
		container_remove(d, json_str(json, "Id"), NULL);
}

static bool
name_is_taken(const struct docker_reply *r)
{
	return r->status == 409 ||
	    (r->status == 500 && strstr(buf_str(&r->body), "already in use") != NULL);
}

/* A 400 is the image's fault where it names what only the image says; else it is our own. */
static int
create_refusal(struct error *err, const struct docker_reply *r)
{
	static const char *const image_faults[] = { "No command", "no command", "no CMD",
		"working directory", "invalid mount" };

	docker_refusal(err, r, "create");
	if (err == NULL || err->kind != ERROR_INVALID)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(image_faults); i++)
		if (strstr(err->text, image_faults[i]) != NULL)
			return -1;
	err->kind = ERROR_INTERNAL;
	return -1;
}

int
container_create(struct docker *d, const struct pod_spec *s, const char *role, const cJSON *body,
    char id[CONTAINER_ID_MAX], struct error *err)
{
	_cleanup_free_ char *text = json_print(body);
	_cleanup_reply_ struct docker_reply r = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	char name[CONTAINER_NAME_MAX];

	make_name(s, role, name);
	for (int tries = 1;; tries++) {
		_cleanup_free_ char *path = str_printf("/containers/create?name=%s", name);

		if (docker_call(d, "POST", path, text, CHANGE_MS, &r, err) < 0)
			return -1;
		if (!name_is_taken(&r) || tries == NAME_TRIES)
			break;
		if (tries == 1)
			free_name(d, s, name);
		else
			make_name(s, role, name);
	}
	if (r.status == 404)
		return error_set(err, ERROR_NOT_FOUND, "no such image on this host: %.120s",
		    json_str(body, "Image"));
	if (r.status != 201)
		return create_refusal(err, &r);
	if (json_parse(buf_str(&r.body), r.body.len, &json, NULL) < 0 ||
	    json_str(json, "Id") == NULL || strlen(json_str(json, "Id")) >= CONTAINER_ID_MAX)
		return error_set(err, ERROR_UPSTREAM, "engine: created a container without an id");
	snprintf(id, CONTAINER_ID_MAX, "%s", json_str(json, "Id"));
	return 0;
}

int
container_start(struct docker *d, const char *id, struct error *err)
{
	_cleanup_free_ char *path = str_printf("/containers/%s/start", id);
	_cleanup_reply_ struct docker_reply r = { 0 };

	if (docker_call(d, "POST", path, NULL, CHANGE_MS, &r, err) < 0)
		return -1;
	if (r.status == 204 || r.status == 304)
		return 0;
	return docker_start_refusal(err, &r);
}

static void
pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Somebody else is removing it: wait until they are done. */
static int
wait_gone(struct docker *d, const char *id, struct error *err)
{
	const int64_t until_ms = clock_now_ms() + REMOVAL_WAIT_MS;
	_cleanup_free_ char *path = str_printf("/containers/%s/json", id);

	do {
		_cleanup_reply_ struct docker_reply r = { 0 };

		if (docker_call(d, "GET", path, NULL, LOOK_MS, &r, err) < 0)
			return -1;
		if (r.status == 404)
			return 0;
		pause_ms(REMOVAL_POLL_MS);
	} while (clock_now_ms() < until_ms);
	return error_set(err, ERROR_TIMEOUT,
	    "engine: a container is still being removed after %d s", REMOVAL_WAIT_MS / 1000);
}

int
container_remove(struct docker *d, const char *id, struct error *err)
{
	_cleanup_free_ char *path = str_printf("/containers/%s?force=1&v=1", id);
	_cleanup_reply_ struct docker_reply r = { 0 };

	if (docker_call(d, "DELETE", path, NULL, CHANGE_MS, &r, err) < 0)
		return -1;
	if (r.status == 204 || r.status == 200 || r.status == 404)
		return 0;
	if (r.status == 409 && strstr(buf_str(&r.body), "already in progress") != NULL)
		return wait_gone(d, id, err);
	return docker_refusal(err, &r, "remove");
}
