/*
 * jobs.c - what happens to pods on workers, and what comes of it on the control loop.
 *
 * A job copies what it needs; the instance is marked busy meanwhile and is neither decided about
 * nor freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/evidence.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"

#define STOP_GRACE_MS 10000
#define STOP_RETRY_MS 1000

struct pod_job {
	struct live *live;
	struct engine *engine;
	struct policy policy;
	struct pull_limits pull;
	char instance[40], competitor[SLUG_MAX], version[40], node[40];
	char image_id[DIGEST_MAX], reference[REFERENCE_MAX], digest[DIGEST_MAX], link_path[108];
	unsigned uid;
	char token[TOKEN_MAX];
	int64_t grace_ms;
	bool pause;
	/* results */
	struct error err;
	char hash[72];
	char url[512]; /* where its pod is reached, if not by its link */
	struct pod_state state;
	char *logs[EVIDENCE_LOG_LINES];
	size_t nlogs;
	bool looked;
	struct buf listening;
	int64_t pulled_bytes;
};

static struct pod_job *
job_new(struct live *l)
{
	struct pod_job *j = mem_zalloc(sizeof(*j));
	const struct supervisor *sup = l->sup;
	const struct competitor *c = registry_competitor(sup->c.registry, l->in->competitor_id);
	const struct version *v = registry_version(sup->c.registry, l->in->version_id);

	j->live = l;
	j->engine = sup->c.engine;
	live_limits(l, &j->policy);
	snprintf(j->instance, sizeof(j->instance), "%s", l->in->id);
	snprintf(j->competitor, sizeof(j->competitor), "%s", c != NULL ? c->slug : "removed");
	snprintf(j->version, sizeof(j->version), "%s", l->in->version_id);
	snprintf(j->node, sizeof(j->node), "%s", sup->c.node);
	if (v != NULL) {
		snprintf(j->image_id, sizeof(j->image_id), "%s", v->image_id);
		snprintf(j->reference, sizeof(j->reference), "%s", v->reference);
		snprintf(j->digest, sizeof(j->digest), "%s", v->digest);
	}
	link_path_of(sup, l->in->id, j->link_path);
	j->pull = sup->c.pull;
	j->uid = l->in->uid;
	snprintf(j->token, sizeof(j->token), "%s", l->token);
	return j;
}

static void
job_free(struct pod_job *j)
{
	for (size_t i = 0; i < j->nlogs; i++)
		free(j->logs[i]);
	buf_done(&j->listening);
	explicit_bzero(j->token, sizeof(j->token));
	free(j);
}

static void
job_run(struct pod_job *j, struct workers *workers, work_fn *work, post_fn *done)
{
	j->live->busy = true;
	j->live->changed = ++j->live->sup->sequence;
	worker_run(workers, j->live->sup->c.loop, work, done, j);
}

/* The job is over: the instance may be decided about again. */
static struct live *
job_over(const struct pod_job *j)
{
	struct live *l = j->live;

	l->busy = false;
	l->changed = ++l->sup->sequence;
	l->job_error = j->err.kind;
	return l;
}

/* ---- start ---- */

/* What an engine elsewhere must fetch by itself. */
static void
pin(struct pod_spec *spec, const struct pod_job *j)
{
	struct image_ref ref;
	char repository[520];

	if (j->digest[0] == '\0' || image_ref_parse(j->reference, &ref, NULL) < 0)
		return;
	snprintf(spec->image_ref, sizeof(spec->image_ref), "%s@%s",
	    image_ref_repository(&ref, repository), j->digest);
}

static void
start_work(void *arg)
{
	struct pod_job *j = arg;
	const struct engine_driver *driver = j->engine->driver;
	struct image_info image = { 0 };
	struct pod_spec spec = { 0 };
	const struct pod_identity who = { j->instance, j->competitor, j->version, j->node, j->uid,
		j->token };

	/* A leftover of a crash between create and start has another token: never reuse it. */
	if (driver->pod_stop(j->engine, j->instance, 0, &j->err) < 0)
		return;
	if (driver->image(j->engine, j->image_id, &image, &j->err) < 0)
		return;
	pod_spec_build(&j->policy, &j->live->manifest, &image, &who, &spec);
	snprintf(j->hash, sizeof(j->hash), "%s", spec.hash);
	pin(&spec, j);
	if (driver->pod_start(j->engine, &spec, &j->err) == 0 &&
	    (!spec.second || driver->pod_state(j->engine, j->instance, &j->state, &j->err) == 0)) {
		snprintf(j->url, sizeof(j->url), "%s", j->state.url);
		j->err.kind = ERROR_NONE;
	}
	pod_spec_done(&spec);
	image_info_done(&image);
}

static void
start_done(void *arg)
{
	struct pod_job *j = arg;
	struct live *l = job_over(j);

	if (j->err.kind == ERROR_NONE) {
		l->start_done = true;
		l->started_ms = clock_now_ms();
		l->phase = POD_RUNNING;
		l->link_running = l->phase_known = true;
		snprintf(l->in->spec_hash, sizeof(l->in->spec_hash), "%s", j->hash);
		live_reach(l, j->url);
		if (j->url[0] == '\0') /* elsewhere there is no link to listen by */
			broker_add_pod(l->sup->broker, l->in->id, j->competitor,
			    l->in->token_sha256, j->link_path);
		watch_health(l);
	} else {
		l->start_failed = true;
		snprintf(l->in->detail, sizeof(l->in->detail), "%s", j->err.text);
		log_warn("instance.start_failed", F_STR("instance_id", j->instance),
		    F_STR("error", j->err.text));
		if (j->err.kind == ERROR_UNAVAILABLE || j->err.kind == ERROR_TIMEOUT)
			engine_lost(l->sup, &j->err);
	}
	job_free(j);
	/* The pod may have died between its start and now: look at once. */
	reconcile_now(l->sup);
	live_evaluate(l);
}

void
job_start_pod(struct live *l)
{
	job_run(job_new(l), l->sup->c.workers, start_work, start_done);
}

/* ---- stop, with evidence ---- */

static int
keep_line(const struct log_line *line, void *arg)
{
	struct pod_job *j = arg;

	if (j->nlogs == EVIDENCE_LOG_LINES) {
		free(j->logs[0]);
		memmove(j->logs, j->logs + 1, (EVIDENCE_LOG_LINES - 1) * sizeof(j->logs[0]));
		j->nlogs--;
	}
	j->logs[j->nlogs++] = str_ndup(line->text, line->len < 2000 ? line->len : 2000);
	return 0;
}

static void
gather(struct pod_job *j)
{
	const struct engine_driver *driver = j->engine->driver;
	struct buf table = { 0 };

	if (driver->pod_state(j->engine, j->instance, &j->state, NULL) < 0)
		return;
	j->looked = true;
	if (j->state.phase == POD_ABSENT)
		return;
	driver->logs(j->engine, j->instance, EVIDENCE_LOG_LINES, false, keep_line, j, NULL, NULL);
	if (j->state.phase == POD_RUNNING &&
	    link_call(j->link_path, LINK_OP_TABLE, NULL, &table, NULL) == 0)
		listening_from_table(buf_str(&table), &j->listening);
	buf_done(&table);
}

static void
stop_work(void *arg)
{
	struct pod_job *j = arg;

	gather(j);
	j->engine->driver->pod_stop(j->engine, j->instance, j->grace_ms, &j->err);
}

static void
explain(struct live *l, const struct pod_job *j)
{
	const struct evidence_in e = {
		.reason = l->in->reason,
		.state = j->looked ? &j->state : NULL,
		.memory_bytes = memory_within(&j->policy, &l->manifest),
		.logs = (const char *const *)j->logs,
		.nlogs = j->nlogs,
		.listening = j->state.phase == POD_RUNNING ? buf_str(&j->listening) : NULL,
		.health = &l->health,
		.health_body = l->health_body,
		.start_error = l->start_failed ? l->in->detail : "",
		.port = l->manifest.port,
		.start_timeout_ms = l->manifest.start_timeout_ms,
	};
	char sentence[DETAIL_MAX];

	evidence_sentence(&e, sentence, sizeof(sentence));
	snprintf(l->in->detail, sizeof(l->in->detail), "%s", sentence);
	if (j->looked && j->state.oom_killed && j->state.phase == POD_EXITED)
		snprintf(l->in->reason, sizeof(l->in->reason), "out_of_memory");
	free(l->in->evidence);
	l->in->evidence = evidence_json(&e);
	log_warn("instance.died", F_STR("instance_id", l->in->id), F_STR("reason", l->in->reason),
	    F_STR("detail", sentence), F_INT("exit", j->state.exit_code));
}

static void
stop_done(void *arg)
{
	struct pod_job *j = arg;
	struct live *l = job_over(j);

	if (j->err.kind == ERROR_NONE) {
		struct store_batch *b = store_batch_new();

		l->stop_done = true;
		l->phase = POD_ABSENT;
		broker_remove_pod(l->sup->broker, l->in->id);
		if (l->link != NULL) {
			link_close(l->link);
			l->link = NULL;
		}
		if (l->in->state == INSTANCE_BACKOFF)
			explain(l, j);
		store_put_instance(b, l->in);
		store_commit(l->sup->c.store, b, NULL, NULL);
	} else {
		l->not_before_ms = clock_now_ms() + STOP_RETRY_MS;
		log_warn("instance.stop_failed", F_STR("instance_id", j->instance),
		    F_STR("error", j->err.text));
		if (j->err.kind == ERROR_UNAVAILABLE || j->err.kind == ERROR_TIMEOUT)
			engine_lost(l->sup, &j->err);
	}
	job_free(j);
	trial_instance_changed(l->sup, l->in);
	live_evaluate(l);
}

void
job_stop_pod(struct live *l)
{
	struct pod_job *j = job_new(l);

	unwatch_health(l);
	/* A failed one has nothing to finish. */
	j->grace_ms = l->in->state == INSTANCE_DRAINING ? STOP_GRACE_MS : 1000;
	job_run(j, l->sup->c.workers, stop_work, stop_done);
}

/* ---- pull an image that was removed from the host ---- */

static void
on_pull_progress(const struct pull_progress *pull, void *arg)
{
	((struct pod_job *)arg)->pulled_bytes = pull->bytes;
}

static void
pull_work(void *arg)
{
	struct pod_job *j = arg;

	j->engine->driver->pull(j->engine, j->reference, j->digest, &j->pull, on_pull_progress, j,
	    &j->live->cancel, &j->err);
}

static void
pull_done(void *arg)
{
	struct pod_job *j = arg;
	struct live *l = job_over(j);

	l->pull_failed = j->err.kind != ERROR_NONE;
	const struct supervisor_work work = {
		.is_pull = true,
		.ok = !l->pull_failed,
		.competitor = j->competitor,
		.id = j->instance,
		.image = j->reference,
		.digest = j->digest,
		.reason = error_kind_name(j->err.kind),
		.duration_ms = clock_now_ms() - l->pull_began_ms,
		.bytes = j->pulled_bytes,
	};
	if (l->sup->c.on_work != NULL)
		l->sup->c.on_work(&work, l->sup->c.arg);
	if (l->pull_failed)
		snprintf(l->in->detail, sizeof(l->in->detail), "%s", j->err.text);
	job_free(j);
	live_evaluate(l);
}

void
job_pull_image(struct live *l)
{
	atomic_store(&l->cancel, false);
	l->pull_began_ms = clock_now_ms();
	job_run(job_new(l), l->sup->c.pullers, pull_work, pull_done);
}

/* ---- pause, and go on ---- */

static void
pause_work(void *arg)
{
	struct pod_job *j = arg;

	if (j->engine->driver->pod_pause(j->engine, j->instance, j->pause, &j->err) == 0)
		j->err.kind = ERROR_NONE;
}

static void
pause_done(void *arg)
{
	struct pod_job *j = arg;
	struct live *l = job_over(j);

	if (j->err.kind == ERROR_NONE) {
		l->paused = j->pause;
		l->phase = j->pause ? POD_PAUSED : POD_RUNNING;
	} else {
		l->pause_failed = true;
		log_warn("instance.pause_failed", F_STR("instance_id", j->instance),
		    F_STR("error", j->err.text));
	}
	job_free(j);
	live_evaluate(l);
}

void
job_pause_pod(struct live *l, bool pause)
{
	struct pod_job *j = job_new(l);

	j->pause = pause;
	job_run(j, l->sup->c.workers, pause_work, pause_done);
}
