/*
 * pod.c - start, stop and pause a pod: it lives and dies whole.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/link.h"

#define SOCKET_WAIT_MS 2000
#define PODMAN_NPROC 4096

int
instance_check(const char *instance, struct error *err)
{
	const size_t len = instance != NULL ? strlen(instance) : 0;

	if (len == 0 || len >= 40 ||
	    strspn(instance,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != len)
		return error_set(err, ERROR_INVALID, "'%.40s' is not an instance id",
		    instance != NULL ? instance : "");
	return 0;
}

static char *
pod_dir(const struct docker *d, const char *instance)
{
	return str_printf("%s/pods/%s", d->runtime_dir, instance);
}

/* The directory of the link's socket, empty: ours alone to enter. */
static int
make_dir(const struct docker *d, const char *dir, struct error *err)
{
	_cleanup_free_ char *parent = str_printf("%s/pods", d->runtime_dir);

	if (file_mkdirs(parent, 0700, err) < 0 || file_remove_tree(dir, err) < 0)
		return error_add(err, "pod directory");
	if (mkdir(dir, 0700) < 0 || chmod(dir, 0700) < 0)
		return error_errno(err, "pod directory %s", dir);
	return 0;
}

/* Its name appears only once the link listens. */
static int
wait_socket(int notify, const char *dir, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/" LINK_SOCKET_NAME, dir);
	const int64_t until_ms = clock_now_ms() + SOCKET_WAIT_MS;

	while (access(path, F_OK) < 0) {
		const int64_t left_ms = until_ms - clock_now_ms();
		struct pollfd p = { .fd = notify, .events = POLLIN };
		char events[4096];

		if (left_ms <= 0)
			return error_set(err, ERROR_TIMEOUT,
			    "the pod's link did not open its socket within %d ms", SOCKET_WAIT_MS);
		/* In slices: a watch can be had in vain on some shared directories. */
		if (poll(&p, notify >= 0 ? 1 : 0, left_ms < 20 ? (int)left_ms : 20) > 0 &&
		    read(notify, events, sizeof(events)) < 0 && errno != EAGAIN)
			return error_errno(err, "watch %s", dir);
	}
	return 0;
}

/* A user's own engine maps that user to root, and nobody else there may enter the directory. */
static int
link_user(struct docker *d, struct pod_place *p, struct error *err)
{
	_cleanup_json_ cJSON *info = NULL;
	const cJSON *option;

	p->uid = (unsigned)getuid();
	p->gid = (unsigned)getgid();
	if (p->uid == 0)
		return 0;
	if (docker_get(d, "/info", LOOK_MS, &info, err) < 0)
		return -1;
	json_for_each(option, json_get(info, "SecurityOptions"))
		if (cJSON_IsString(option) && str_starts(option->valuestring, "name=rootless"))
			p->uid = p->gid = 0;
	return 0;
}

/* Podman takes no profile in the call, only a file that it can read. */
static char *
seccomp_option(const struct docker *d, bool podman, struct error *err)
{
	_cleanup_free_ char *path = NULL;

	if (!podman || d->seccomp == NULL || d->seccomp[0] == '\0')
		return str_dup(d->seccomp != NULL ? d->seccomp : "");
	path = str_printf("%s/seccomp.json", d->runtime_dir);
	if (file_write(path, d->seccomp, strlen(d->seccomp), 0600, err) < 0) {
		error_add(err, "seccomp profile");
		return NULL;
	}
	return TAKE(path);
}

/* Create, and see that it is what was asked for, before anything of it runs. */
static int
create_checked(struct docker *d, const struct pod_spec *s, const char *role, const cJSON *body,
    bool podman, char id[CONTAINER_ID_MAX], struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ cJSON *inspected = NULL;

	if (container_create(d, s, role, body, id, err) < 0)
		return -1;
	path = str_printf("/containers/%s/json", id);
	if (docker_get(d, path, LOOK_MS, &inspected, err) < 0)
		return -1;
	return readback_check(body, inspected, podman, err);
}

static int
start_link(struct docker *d, const struct pod_spec *s, struct pod_place *p,
    char id[CONTAINER_ID_MAX], struct error *err)
{
	_cleanup_json_ cJSON *body = link_json(s, p);
	_cleanup_close_ int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (notify >= 0)
		inotify_add_watch(notify, p->dir, IN_CREATE | IN_MOVED_TO);
	if (create_checked(d, s, ROLE_LINK, body, p->podman, id, err) < 0 ||
	    container_start(d, id, err) < 0) {
		/* Our image, not the competitor's: neither is at fault for what it is or lacks. */
		if (err != NULL && (err->kind == ERROR_INVALID || err->kind == ERROR_NOT_FOUND))
			err->kind = ERROR_INTERNAL;
		return error_add(err, "pod's link");
	}
	return wait_socket(notify, p->dir, err);
}

static int
start_competitor(struct docker *d, const struct pod_spec *s, struct pod_place *p, struct error *err)
{
	_cleanup_json_ cJSON *body = competitor_json(s, p);
	struct error why = { 0 };
	char id[CONTAINER_ID_MAX];

	if (create_checked(d, s, ROLE_COMPETITOR, body, p->podman, id, &why) == 0)
		return container_start(d, id, err);
	/* Podman's init is a package of its own; without it zombies stay, and TERM may go unheard. */
	if (p->podman && !p->no_init && strstr(why.text, "container-init") != NULL) {
		p->no_init = true;
		return start_competitor(d, s, p, err);
	}
	return error_set(err, why.kind, "%s", why.text);
}

static int
start_pod(struct docker *d, const struct pod_spec *s, struct error *err)
{
	_cleanup_free_ char *dir = pod_dir(d, s->instance), *seccomp = NULL;
	struct dialect now = { 0 };
	struct rlimit nproc = { 0 };
	char link_id[CONTAINER_ID_MAX] = "";
	struct pod_place place = { .link_image = d->link_image, .dir = dir, .link_id = link_id };

	if (docker_dialect(d, false, &now, err) < 0 || link_user(d, &place, err) < 0 ||
	    make_dir(d, dir, err) < 0 ||
	    (seccomp = seccomp_option(d, now.ways->podman, err)) == NULL)
		return -1;
	place.seccomp = seccomp;
	place.podman = now.ways->podman;
	place.nproc = PODMAN_NPROC;
	if (getrlimit(RLIMIT_NPROC, &nproc) == 0 && nproc.rlim_max < PODMAN_NPROC)
		place.nproc = (int64_t)nproc.rlim_max;
	if (start_link(d, s, &place, link_id, err) < 0)
		return -1;
	return start_competitor(d, s, &place, err);
}

int
docker_pod_start(struct engine *e, const struct pod_spec *s, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ struct container *there = NULL;
	struct error why = { 0 };
	size_t n = 0;

	if (instance_check(s->instance, err) < 0)
		return -1;
	if (!str_eq(s->node, d->node)) /* we would never see it again */
		return error_set(err, ERROR_INVALID, "the pod is of node %s, this engine serves %s",
		    s->node, d->node);
	if (containers_list(d, s->instance, &there, &n, err) < 0)
		return -1;
	if (n > 0)
		return error_set(err, ERROR_CONFLICT, "instance %s has a pod already", s->instance);
	if (start_pod(d, s, &why) == 0)
		return 0;
	docker_pod_stop(e, s->instance, 0, NULL); /* what is left then, the next listing shows */
	return error_set(err, why.kind, "%s", why.text);
}

static void
stop_gently(struct docker *d, const char *id, int64_t grace_ms)
{
	const int64_t seconds = (grace_ms + 999) / 1000;
	_cleanup_free_ char *path =
	    str_printf("/containers/%s/stop?t=%lld", id, (long long)seconds);
	_cleanup_reply_ struct docker_reply r = { 0 };

	/* Whatever comes of it, removal by force follows. */
	docker_call(d, "POST", path, NULL, CHANGE_MS + seconds * 1000, &r, NULL);
}

static int
remove_role(struct docker *d, const struct container *list, size_t n, bool links, int64_t grace_ms,
    struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].is_link != links)
			continue;
		if (!links && grace_ms > 0 &&
		    (list[i].phase == POD_RUNNING || list[i].phase == POD_PAUSED))
			stop_gently(d, list[i].id, grace_ms);
		if (container_remove(d, list[i].id, err) < 0)
			status = -1;
	}
	return status;
}

int
docker_pod_stop(struct engine *e, const char *instance, int64_t grace_ms, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ struct container *list = NULL;
	_cleanup_free_ char *dir = NULL;
	size_t n = 0;

	if (instance_check(instance, err) < 0 || containers_list(d, instance, &list, &n, err) < 0)
		return -1;
	/* The link has nothing to finish: it goes by force, and only after the competitor. */
	if (remove_role(d, list, n, false, grace_ms, err) < 0 ||
	    remove_role(d, list, n, true, 0, err) < 0)
		return -1;
	pthread_mutex_lock(&d->lock);
	map_remove(&d->oom, instance);
	pthread_mutex_unlock(&d->lock);
	dir = pod_dir(d, instance);
	return file_remove_tree(dir, err);
}

int
docker_pod_pause(struct engine *e, const char *instance, bool pause, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ char *path = NULL;
	_cleanup_reply_ struct docker_reply r = { 0 };
	struct container c = { 0 };

	if (container_of_pod(d, instance, &c, err) < 0)
		return -1;
	if (c.phase == (pause ? POD_PAUSED : POD_RUNNING))
		return 0;
	path = str_printf("/containers/%s/%s", c.id, pause ? "pause" : "unpause");
	if (docker_call(d, "POST", path, NULL, CHANGE_MS, &r, err) < 0)
		return -1;
	if (r.status == 204)
		return 0;
	return docker_refusal(err, &r, pause ? "pause" : "unpause");
}
