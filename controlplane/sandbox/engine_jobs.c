/*
 * engine_jobs.c - what blocks is done by a worker, with copies of what it needs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/host.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/spec.h"

#define LABEL_NAME "sandbox" /* what its containers are called */
#define SHM_BYTES (64 << 20)
#define LOG_BYTES (1 << 20)

struct job {
	struct service *service;
	struct sandbox *sandbox; /* the loop's: not touched by the worker */
	char id[ID_MAX], node[40], token[56];
	const char *image;
	unsigned uid;
	struct policy policy;
	bool explain;
	struct error err;
	struct pod_state state;
	/* of a look */
	struct pod_state *pods;
	size_t npods;
	int64_t begun_ms;
};

static struct job *
job_new(struct service *v, struct sandbox *s)
{
	const struct sandbox_config *c = v->config;
	struct job *j = mem_zalloc(sizeof(*j));

	j->service = v;
	j->sandbox = s;
	snprintf(j->node, sizeof(j->node), "%s", v->node);
	j->image = c->image;
	j->policy = (struct policy){
		.memory_bytes = c->memory_bytes,
		.nano_cpus = c->milli_cpus * 1000000,
		.tmpfs_bytes = c->disk_bytes,
		.shm_bytes = SHM_BYTES,
		.log_bytes = LOG_BYTES,
		.image_bytes = policy_defaults.image_bytes,
		.pids = (int)c->pids,
		.nofile = (int)c->nofile,
	};
	j->begun_ms = loop_now_ms(v->loop);
	if (s != NULL) {
		snprintf(j->id, sizeof(j->id), "%s", s->id);
		j->uid = s->uid;
		memcpy(j->token, s->token, sizeof(j->token));
		s->facts.busy = true;
	}
	return j;
}

/* Once there are no workers the process ends: what is left is removed by the next one. */
static void
job_run(struct job *j, work_fn *work, post_fn *done)
{
	if (j->service->workers != NULL)
		worker_run(j->service->workers, j->service->loop, work, done, j);
	else
		free(j);
}

static const struct error *
error_of(const struct job *j)
{
	return j->err.kind != ERROR_NONE ? &j->err : NULL;
}

/* ---- start ---- */

static void
start_work(void *arg)
{
	struct job *j = arg;
	struct engine *e = j->service->engine;
	struct image_info image = { 0 };
	struct pod_spec spec = { 0 };
	struct manifest manifest = { 0 };
	const struct pod_identity who = { j->id, LABEL_NAME, "", j->node, j->uid, j->token };

	if (e->driver->image(e, j->image, &image, &j->err) < 0) {
		if (j->err.kind == ERROR_NOT_FOUND)
			error_set(&j->err, ERROR_UNAVAILABLE,
			    "the image %s is not there: images/build.sh sandbox makes it, or of a "
			    "package systemctl start janus-image@sandbox",
			    j->image);
		return;
	}
	if (manifest_parse(NULL, &manifest, &j->err) == 0) {
		pod_spec_build(&j->policy, &manifest, &image, &who, &spec);
		e->driver->pod_start(e, &spec, &j->err);
		pod_spec_done(&spec);
		manifest_done(&manifest);
	}
	image_info_done(&image);
}

static void
start_done(void *arg)
{
	struct job *j = arg;

	sandbox_started(j->sandbox, error_of(j));
	free(j);
}

void
engine_start_pod(struct sandbox *s)
{
	job_run(job_new(s->service, s), start_work, start_done);
}

/* ---- remove ---- */

static void
remove_work(void *arg)
{
	struct job *j = arg;
	struct engine *e = j->service->engine;

	if (j->explain)
		e->driver->pod_state(e, j->id, &j->state, NULL);
	e->driver->pod_stop(e, j->id, 0, &j->err);
}

static void
remove_done(void *arg)
{
	struct job *j = arg;
	char why[ENGINE_TEXT_MAX];

	if (j->explain && j->state.phase == POD_EXITED)
		log_warn("sandbox.died", F_STR("sandbox_id", j->id),
		    F_STR("reason", pod_explain(&j->state, j->policy.memory_bytes, why)));
	sandbox_removed(j->sandbox, error_of(j));
	free(j);
}

void
engine_remove_pod(struct sandbox *s)
{
	struct job *j = job_new(s->service, s);

	j->explain = s->reason == REASON_LOST || s->reason == REASON_FAILED;
	job_run(j, remove_work, remove_done);
}

/* ---- look ---- */

static void
look_work(void *arg)
{
	struct job *j = arg;
	struct engine *e = j->service->engine;

	e->driver->pod_list(e, &j->pods, &j->npods, &j->err);
}

/* Is its pod there?  That a competitor has ended is for its caller to see; without the link nobody
 * reaches it. */
static bool
runs(const struct job *j, const struct sandbox *s)
{
	if (s->host != NULL && (!s->host->has_pod || s->host->since_ms >= j->begun_ms))
		return true;
	for (size_t i = 0; i < j->npods; i++)
		if (strcmp(j->pods[i].instance, s->id) == 0)
			return (s->host != NULL || j->pods[i].phase == POD_RUNNING) &&
			    j->pods[i].link_running;
	return false;
}

/* One that has ended since; ending it changes the list, so one at a time. */
static struct sandbox *
find_gone(const struct job *j)
{
	size_t at = 0;
	const char *id;
	void *value;

	while (map_next(&j->service->sandboxes, &at, &id, &value)) {
		struct sandbox *s = value;

		if ((s->facts.state == SANDBOX_WARM || s->facts.state == SANDBOX_RUNNING) &&
		    s->facts.since_ms < j->begun_ms && !runs(j, s))
			return s;
	}
	return NULL;
}

/* What a call left that timed out and happened all the same. */
static void
stray_done(void *arg)
{
	struct job *j = arg;

	log_warn("sandbox.stray", F_STR("sandbox_id", j->id),
	    F_STR("error", j->err.kind != ERROR_NONE ? j->err.text : NULL));
	free(j);
}

static void
look_done(void *arg)
{
	struct job *j = arg;
	struct service *v = j->service;
	struct error lost = { 0 };
	struct sandbox *s;

	v->looking = false;
	if (j->err.kind != ERROR_NONE) {
		log_warn("engine.look_failed", F_STR("error", j->err.text));
		v->last_failure = j->err;
	} else {
		if (v->starts_failed == 0)
			v->last_failure = (struct error){ 0 };
		error_set(&lost, ERROR_UNAVAILABLE, "the sandbox's pod has ended");
		while ((s = find_gone(j)) != NULL)
			sandbox_end(s, REASON_LOST, &lost);
		for (size_t i = 0; i < j->npods; i++) {
			struct job *stray;

			if (map_get(&v->sandboxes, j->pods[i].instance) != NULL || v->stopping)
				continue;
			stray = job_new(v, NULL);
			snprintf(stray->id, sizeof(stray->id), "%s", j->pods[i].instance);
			job_run(stray, remove_work, stray_done);
		}
	}
	free(j->pods);
	free(j);
}

void
engine_look(struct service *v)
{
	if (v->looking)
		return;
	v->looking = true;
	job_run(job_new(v, NULL), look_work, look_done);
}

/* ---- at start ---- */

int
engine_remove_strays(struct service *v, unsigned *removed, struct error *err)
{
	_cleanup_free_ struct pod_state *pods = NULL;
	_cleanup_free_ char *dirs = str_printf("%s/pods", v->pods_dir);
	struct engine *e = v->engine;
	size_t n = 0;

	*removed = 0;
	if (e->driver->pod_list(e, &pods, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (e->driver->pod_stop(e, pods[i].instance, 0, err) < 0)
			return error_add(err, "%s of an earlier run", pods[i].instance);
		++*removed;
	}
	/* Killed between a pod's end and its directory's, an earlier one left that. */
	return file_remove_tree(dirs, err);
}
