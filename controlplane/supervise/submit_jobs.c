/*
 * submit_jobs.c - the steps of a submission that block: ask the registry, pull, look at the image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"

#define PULL_STALL_MS 120000
#define PROGRESS_MS 200
#define RETRY_MS 1000

struct submit_job {
	struct trial *trial;
	enum submission_action action;
	struct engine *engine;
	struct policy policy;
	char reference[REFERENCE_MAX], digest[DIGEST_MAX];
	bool is_local;
	char *manifest;
	/* results */
	char image_id[DIGEST_MAX];
	char *label; /* the image's own manifest */
	struct error err;
	int64_t reported_ms;
	int64_t bytes; /* pulled so far */
};

static void
resolve_work(struct submit_job *j)
{
	j->engine->driver->resolve(j->engine, j->reference, j->digest, &j->is_local, &j->err);
}

/* Progress crosses to the control loop a few times a second. */
struct progress {
	struct trial *trial;
	struct pull_progress pull;
};

static void
show_progress(void *arg)
{
	struct progress *p = arg;
	struct submission *s = p->trial->sub;
	char done[24], total[24];

	s->bytes = p->pull.bytes;
	s->total_bytes = p->pull.total_bytes;
	if (s->state == SUBMISSION_PULLING) {
		snprintf(s->detail, sizeof(s->detail), "pulling %s of %s",
		    str_format_size(s->bytes, done, sizeof(done)),
		    s->total_bytes > 0 ? str_format_size(s->total_bytes, total, sizeof(total))
				       : "unknown");
		p->trial->sup->c.on_submission(s, p->trial->sup->c.arg);
	}
	free(p);
}

static void
on_progress(const struct pull_progress *pull, void *arg)
{
	struct submit_job *j = arg;
	const int64_t now_ms = clock_now_ms();
	struct progress *p;

	j->bytes = pull->bytes;
	if (now_ms - j->reported_ms < PROGRESS_MS)
		return;
	j->reported_ms = now_ms;
	p = mem_zalloc(sizeof(*p));
	p->trial = j->trial;
	p->pull = *pull;
	loop_post(j->trial->sup->c.loop, show_progress, p);
}

static void
pull_work(struct submit_job *j)
{
	j->engine->driver->pull(j->engine, j->reference, j->digest, PULL_STALL_MS, on_progress, j,
	    &j->trial->cancel, &j->err);
}

/* What is run is the image of that digest, by its id, whatever the tag says by now. */
static void
scan_work(struct submit_job *j)
{
	const struct engine_driver *driver = j->engine->driver;
	struct engine_info
	    host; /* asked anew: a resumed step may come before the first look at it */
	struct image_info image = { 0 };
	struct manifest m = { 0 };
	const char *text;
	struct error why = { 0 };
	struct image_ref ref;
	char repository[REFERENCE_MAX];

	if (image_ref_parse(j->reference, &ref, &j->err) < 0)
		return;
	_cleanup_free_ char *pinned = j->is_local
	    ? str_dup(j->digest)
	    : str_printf("%s@%s", image_ref_repository(&ref, repository), j->digest);
	if (driver->info(j->engine, &host, &j->err) < 0 ||
	    driver->image(j->engine, pinned, &image, &j->err) < 0) {
		/* Below, these two tell of the image; here it is the engine that failed. */
		if (j->err.kind == ERROR_CONFLICT || j->err.kind == ERROR_UPSTREAM)
			j->err.kind = ERROR_INTERNAL;
		return;
	}
	snprintf(j->image_id, sizeof(j->image_id), "%s", image.id);
	if (strcmp(image.arch, host.arch) != 0) {
		error_set(
		    &j->err, ERROR_CONFLICT, "architecture %s, host %s", image.arch, host.arch);
	} else if (image_check(&image, &j->policy, host.arch, &j->err) == 0) {
		j->err.kind = ERROR_NONE;
		/* The submitter's manifest stands before the image's own. */
		text = j->manifest != NULL && j->manifest[0] != '\0' ? j->manifest : image.manifest;
		if (manifest_parse(text, &m, &why) < 0 || manifest_check(&m, &j->policy, &why) < 0)
			error_set(&j->err, ERROR_UPSTREAM, "manifest: %s", why.text);
		else
			j->label = str_dup(text);
		manifest_done(&m);
	}
	image_info_done(&image);
}

static void
work(void *arg)
{
	struct submit_job *j = arg;

	switch (j->action) {
	case SUBMIT_RESOLVE: resolve_work(j); break;
	case SUBMIT_PULL: pull_work(j); break;
	default: scan_work(j); break;
	}
}

static void
tell_pull(const struct submit_job *j)
{
	const struct supervisor *sup = j->trial->sup;
	const struct supervisor_work work = {
		.is_pull = true,
		.ok = j->err.kind == ERROR_NONE,
		.competitor = j->trial->sub->slug,
		.id = j->trial->sub->id,
		.image = j->reference,
		.digest = j->digest,
		.reason = error_kind_name(j->err.kind),
		.duration_ms = clock_now_ms() - j->trial->step_began_ms,
		.bytes = j->bytes,
	};

	if (sup->c.on_work != NULL)
		sup->c.on_work(&work, sup->c.arg);
}

static void
done(void *arg)
{
	struct submit_job *j = arg;
	struct trial *t = j->trial;
	struct submission *s = t->sub;

	if (j->action == SUBMIT_PULL)
		tell_pull(j);
	t->busy = false;
	t->error = j->err;
	t->done = j->err.kind == ERROR_NONE;
	t->failed = !t->done;
	if (!submission_is_final(s->state)) {
		if (t->failed) {
			if (!t->sup->engine.ok) /* it counts when the engine could ask */
				s->attempts = 1;
			t->retry_ms = clock_now_ms() +
			    RETRY_MS * (1 << (s->attempts < 6 ? s->attempts : 6)) / 2;
			log_warn("submission.step_failed", F_STR("submission_id", s->id),
			    F_STR("state", submission_state_name(s->state)),
			    F_STR("error", j->err.text), F_INT("attempt", s->attempts));
		} else if (j->action == SUBMIT_RESOLVE) {
			snprintf(s->digest, sizeof(s->digest), "%s", j->digest);
			s->is_local = j->is_local;
		} else if (j->action == SUBMIT_SCAN) {
			snprintf(s->image_id, sizeof(s->image_id), "%s", j->image_id);
			str_replace(&s->manifest, j->label != NULL ? j->label : "");
		}
	}
	free(j->manifest);
	free(j->label);
	free(j);
	trial_evaluate(t);
}

void
trial_job(struct trial *t, enum submission_action action)
{
	struct submit_job *j = mem_zalloc(sizeof(*j));

	j->trial = t;
	j->action = action;
	j->engine = t->sup->c.engine;
	trial_limits(t, &j->policy);
	snprintf(j->reference, sizeof(j->reference), "%s", t->sub->reference);
	snprintf(j->digest, sizeof(j->digest), "%s", t->sub->digest);
	j->is_local = t->sub->is_local;
	j->manifest = str_dup(t->sub->manifest);
	t->busy = true;
	t->step_began_ms = clock_now_ms();
	worker_run(action == SUBMIT_PULL ? t->sup->c.pullers : t->sup->c.workers, t->sup->c.loop,
	    work, done, j);
}
