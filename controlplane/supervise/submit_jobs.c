/*
 * submit_jobs.c - the steps of a submission that block: ask the registry, look at the image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"

struct submit_job {
	struct trial *trial;
	enum submission_action action;
	struct engine *engine;
	struct policy policy;
	char reference[REFERENCE_MAX], digest[DIGEST_MAX], archive[DIGEST_MAX];
	bool is_local;
	char *manifest;
	/* results */
	char image_id[DIGEST_MAX];
	char *label; /* the image's own manifest */
	char tag_digest[DIGEST_MAX];
	struct error err;
};

static void
resolve_work(struct submit_job *j)
{
	j->engine->driver->resolve(j->engine, j->reference, j->digest, &j->is_local, &j->err);
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
		const bool is_given = j->manifest != NULL && j->manifest[0] != '\0';

		text = is_given ? j->manifest : image.manifest;
		if (manifest_parse(text, &m, &why) < 0 || manifest_check(&m, &j->policy, &why) < 0)
			error_set(&j->err, ERROR_UPSTREAM, "%s: %s",
			    is_given ? "manifest" : "label rodeo.janus.manifest", why.text);
		else
			j->label = str_dup(text);
		manifest_done(&m);
	}
	image_info_done(&image);
}

/* Does its tag still mean what it meant when it was resolved?  If nobody says, it does. */
static void
look_at_tag(struct submit_job *j)
{
	char digest[DIGEST_MAX] = "";
	struct image_ref ref;
	bool local = false;

	if (!j->is_local && image_ref_parse(j->reference, &ref, NULL) == 0 &&
	    ref.digest[0] == '\0' &&
	    j->engine->driver->resolve(j->engine, j->reference, digest, &local, NULL) == 0 &&
	    !local && strcmp(digest, j->digest) != 0)
		str_copy(j->tag_digest, sizeof(j->tag_digest), digest);
}

static void
work(void *arg)
{
	struct submit_job *j = arg;

	if (j->action == SUBMIT_RESOLVE) {
		resolve_work(j);
		return;
	}
	if (j->action == SUBMIT_IMPORT) {
		import_archive(j->engine, j->trial->sup->c.state_dir, j->archive, j->reference,
		    j->policy.image_bytes, &j->trial->cancel, j->digest, &j->err);
		return;
	}
	scan_work(j);
	if (j->err.kind == ERROR_NONE)
		look_at_tag(j);
}

static void
plan_retry(struct trial *t)
{
	struct submission *s = t->sub;
	unsigned random;
	int64_t wait_ms;

	if (!t->sup->engine.ok) /* it counts when the engine could ask */
		s->attempts = 1;
	hash_random(&random, sizeof(random));
	wait_ms = step_retry_ms(t->sup->c.retry_ms, s->attempts, &t->error, random);
	t->retry_ms = clock_now_ms() + wait_ms;
	s->retry_at_ms = clock_wall_ms() + wait_ms;
	log_warn("submission.step_failed", F_STR("submission_id", s->id),
	    F_STR("state", submission_state_name(s->state)), F_STR("error", t->error.text),
	    F_INT("attempt", s->attempts), F_INT("wait_ms", wait_ms));
}

void
trial_step_done(struct trial *t, const struct error *err)
{
	t->busy = false;
	t->error = *err;
	t->done = err->kind == ERROR_NONE;
	t->failed = !t->done;
	if (t->failed && !submission_is_final(t->sub->state))
		plan_retry(t);
	trial_evaluate(t);
}

static void
done(void *arg)
{
	struct submit_job *j = arg;
	struct trial *t = j->trial;
	struct submission *s = t->sub;

	if (j->err.kind == ERROR_NONE && !submission_is_final(s->state)) {
		if (j->action == SUBMIT_RESOLVE || j->action == SUBMIT_IMPORT) {
			str_copy(s->digest, sizeof(s->digest), j->digest);
			s->is_local = j->action == SUBMIT_IMPORT || j->is_local;
		} else {
			str_copy(s->image_id, sizeof(s->image_id), j->image_id);
			str_replace(&s->manifest, j->label != NULL ? j->label : "");
			str_copy(t->tag_digest, sizeof(t->tag_digest), j->tag_digest);
		}
	}
	trial_step_done(t, &j->err);
	free(j->manifest);
	free(j->label);
	free(j);
}

void
trial_job(struct trial *t, enum submission_action action)
{
	struct submit_job *j;

	if (action == SUBMIT_PULL) {
		pull_join(t);
		return;
	}
	j = mem_zalloc(sizeof(*j));
	j->trial = t;
	j->action = action;
	j->engine = t->sup->c.engine;
	trial_limits(t, &j->policy);
	str_copy(j->reference, sizeof(j->reference), t->sub->reference);
	str_copy(j->digest, sizeof(j->digest), t->sub->digest);
	str_copy(j->archive, sizeof(j->archive), t->sub->archive);
	j->is_local = t->sub->is_local;
	j->manifest = str_dup(t->sub->manifest);
	t->busy = true;
	worker_run(action == SUBMIT_IMPORT ? t->sup->c.pullers : t->sup->c.workers, t->sup->c.loop,
	    work, done, j);
}
