/*
 * submit.c - walk a submission from received to ready or rejected: store each step, then do it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "controlplane/supervise/probe.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define STORE_RETRY_MS 1000

static void trial_enter(struct trial *, const struct submission_decision *);

static struct instance *
instance_of(const struct trial *t)
{
	return t->sub->instance_id[0] != '\0'
	    ? registry_instance(t->sup->c.registry, t->sub->instance_id)
	    : NULL;
}

bool
trial_holds(const struct supervisor *sup, const struct instance *in)
{
	for (const struct trial *t = sup->trials; t != NULL; t = t->next)
		if (!t->over && !submission_is_final(t->sub->state) &&
		    strcmp(t->sub->instance_id, in->id) == 0)
			return true;
	return false;
}

void
trial_limits(const struct trial *t, struct policy *out)
{
	competitor_limits(t->sup, registry_slug(t->sup->c.registry, t->sub->slug), out);
}

static struct submission_seen
look(const struct trial *t)
{
	const struct instance *in = instance_of(t);
	struct submission_seen seen = {
		.now_ms = clock_now_ms(),
		.is_url = t->sub->is_url,
		.is_local = t->sub->is_local,
		.is_archive = t->sub->archive[0] != '\0',
		.check_only = t->sub->check_only,
		.resolved = t->sub->digest[0] != '\0',
		.busy = t->busy,
		.engine_ok = t->sup->engine.ok,
		.done = t->done,
		.failed = t->failed,
		.error = t->error,
		.attempts = t->sub->attempts,
		.fail_reason = t->fail_reason,
		.retry_ms = t->retry_ms,
	};

	/* A pod that died under the question, or with its engine, must be seen before the answer counts. */
	if (t->failed && t->sub->state == SUBMISSION_CONFORMING && !t->sub->is_url &&
	    t->sup->list_done <= t->judge_after)
		seen.busy = true;
	if (in != NULL) {
		seen.has_instance = true;
		seen.instance = in->state;
		seen.instance_reason = in->reason;
		seen.instance_detail = in->detail;
		seen.instance_failed = in->live->failed_once &&
		    (in->state == INSTANCE_BACKOFF || in->state == INSTANCE_FAILED);
		seen.evidence_in = in->live->stop_done;
	}
	return seen;
}

/* ---- entering a state ---- */

/* What the trial saw, for the one who has to mend it. */
static void
keep_evidence(struct trial *t)
{
	const struct instance *in = instance_of(t);
	_cleanup_json_ cJSON *json = NULL;

	if (in != NULL && in->evidence != NULL)
		json_parse(in->evidence, strlen(in->evidence), &json, NULL);
	if (json == NULL)
		json = cJSON_CreateObject();
	if (t->report != NULL) {
		cJSON *report = NULL;

		json_parse(t->report, strlen(t->report), &report, NULL);
		cJSON_AddItemToObject(json, "conformance", report);
	}
	if (t->tag_digest[0] != '\0')
		json_add_str(json, "tag_moved", t->tag_digest);
	free(t->sub->evidence);
	t->sub->evidence = json_print(json);
}

/* The version becomes the competitor's, in the same transaction as the submission's last state. */
static void
accept(struct trial *t, struct store_batch *b)
{
	struct registry *reg = t->sup->c.registry;
	struct competitor *c = registry_competitor(reg, t->sub->competitor_id);
	struct version *v = registry_version(reg, t->sub->version_id);

	if (c == NULL || v == NULL)
		return;
	v->accepted_at_ms = v->updated_at_ms = clock_wall_ms();
	if (c->version_id[0] != '\0' && c->promotion == PROMOTION_BY_HAND)
		return;
	store_add_event(b,
	    &(struct store_event){ .who = OURSELVES,
		.action = "competitor.promote",
		.object_id = c->id,
		.reason = t->sub->id,
		.before = c->version_id,
		.after = v->id });
	if (c->version_id[0] == '\0')
		c->wanted = true;
	snprintf(c->version_id, sizeof(c->version_id), "%s", v->id);
	c->candidate_id[0] = '\0';
	c->candidate_percent = 0;
	c->updated_at_ms = clock_wall_ms();
}

static void act(struct trial *, enum submission_action);
static void committed(const struct error *, void *);

/* The submission and all that was made for it, each after what it refers to. */
static void
store_all(struct trial *t, struct store_batch *b)
{
	const struct registry *reg = t->sup->c.registry;
	const struct competitor *c = registry_competitor(reg, t->sub->competitor_id);
	const struct version *v = registry_version(reg, t->sub->version_id);
	const struct instance *in = instance_of(t);

	if (c != NULL && v != NULL) {
		store_put_competitor(b, c);
		store_put_version(b, v);
		if (in != NULL)
			store_put_instance(b, in);
	}
	store_put_submission(b, t->sub);
	t->committing = true;
	store_commit(t->sup->c.store, b, committed, t);
}

void
trial_enter_cancelled(struct trial *t)
{
	const struct submission_decision d = {
		.state = SUBMISSION_CANCELLED, .action = SUBMIT_DROP, .reason = "cancelled"
	};

	pull_leave(t);
	atomic_store(&t->cancel, true);
	trial_enter(t, &d);
}

static void
on_store_retry(struct timer *timer, void *arg)
{
	(void)timer;
	store_all(arg, store_batch_new());
}

/* Made only to be checked, and that is over. */
bool
trial_left_over(const struct supervisor *sup, const struct competitor *c)
{
	return !c->wanted && c->version_id[0] == '\0' && c->removed_at_ms == 0 &&
	    str_starts(c->slug, CHECK_PREFIX) && registry_active(sup->c.registry, c->slug) == NULL;
}

static void
end(struct trial *t)
{
	struct competitor *c = registry_competitor(t->sup->c.registry, t->sub->competitor_id);

	t->over = true;
	import_over(t);
	publish_routes(t->sup);
	if (c != NULL)
		ensure_instance(t->sup, c);
	if (c != NULL && trial_left_over(t->sup, c))
		supervisor_remove(t->sup, c, &(struct store_actor)OURSELVES, NULL, NULL);
	live_evaluate_all(t->sup);
}

static void
committed(const struct error *err, void *arg)
{
	struct trial *t = arg;
	const enum submission_action action = t->pending;

	if (err != NULL)
		trial_tell_cancelled(t, err);
	if (t->sup->stopping) {
		trial_answer_cancels(t);
		return;
	}
	if (err != NULL) {
		timer_set(t->sup->c.loop, &t->timer, STORE_RETRY_MS, on_store_retry, t);
		return;
	}
	t->committing = false;
	t->pending = SUBMIT_NONE;
	const bool is_over = submission_is_final(t->sub->state);

	if (is_over) {
		trial_answer_cancels(t);
		end(t); /* first: who is told that it is ready may send a chat at once */
	}
	t->sup->c.on_submission(t->sub, t->sup->c.arg);
	if (!is_over && t->cancels != NULL)
		trial_enter_cancelled(t);
	else if (!is_over)
		act(t, action);
}

static void
trial_enter(struct trial *t, const struct submission_decision *d)
{
	struct submission *s = t->sub;
	struct store_batch *b = store_batch_new();
	const enum submission_state old = s->state;

	t->was = old;
	s->state = d->state;
	s->since_ms = s->updated_at_ms = clock_wall_ms();
	snprintf(s->reason, sizeof(s->reason), "%s", d->reason != NULL ? d->reason : "");
	snprintf(s->detail, sizeof(s->detail), "%s", d->detail != NULL ? d->detail : "");
	snprintf(s->fault, sizeof(s->fault), "%s", d->fault != NULL ? d->fault : "");
	s->attempts = 0;
	s->bytes = s->total_bytes = s->retry_at_ms = 0;
	t->done = t->failed = false;
	t->retry_ms = 0;
	if (s->state == SUBMISSION_REJECTED || t->report != NULL)
		keep_evidence(t);
	if (s->detail[0] == '\0' && t->tag_digest[0] != '\0')
		snprintf(s->detail, sizeof(s->detail),
		    "tag moved: it is %.19s... now; what was resolved first, %.19s..., is what "
		    "runs",
		    t->tag_digest, s->digest);
	log_info("submission.state", F_STR("submission_id", s->id), F_STR("name", s->slug),
	    F_STR("from", submission_state_name(old)), F_STR("to", submission_state_name(s->state)),
	    F_STR("reason", s->reason), F_STR("detail", s->detail[0] != '\0' ? s->detail : NULL),
	    F_STR("fault", s->fault[0] != '\0' ? s->fault : NULL));

	if (s->state == SUBMISSION_READY)
		accept(t, b);
	store_add_event(b,
	    &(struct store_event){ .who = OURSELVES,
		.action = "submission.state",
		.object_id = s->id,
		.reason = s->detail[0] != '\0' ? s->detail : s->reason,
		.before = submission_state_name(old),
		.after = submission_state_name(s->state) });
	t->pending = d->action;
	store_all(t, b);
	t->sup->c.on_status(t->sup->c.arg);
}

/* ---- actions ---- */

static void
on_timer(struct timer *timer, void *arg)
{
	(void)timer;
	trial_evaluate(arg);
}

static struct competitor *
competitor_for(struct trial *t)
{
	struct supervisor *sup = t->sup;
	struct competitor *c = registry_slug(sup->c.registry, t->sub->slug);
	struct competitor row = { .wanted = !t->sub->check_only };

	if (c != NULL)
		return c;
	id_new("cpt", row.id);
	snprintf(row.slug, sizeof(row.slug), "%s", t->sub->slug);
	row.created_at_ms = row.updated_at_ms = clock_wall_ms();
	competitor_rules(sup, &row);
	return registry_add_competitor(sup->c.registry, &row);
}

/* Version and trial instance, whatever of them a crash left to be made. */
static void
begin_trial(struct trial *t)
{
	struct supervisor *sup = t->sup;
	struct submission *s = t->sub;
	struct competitor *c = competitor_for(t);
	struct version *v =
	    s->version_id[0] != '\0' ? registry_version(sup->c.registry, s->version_id) : NULL;
	struct instance *in;

	if (v == NULL) {
		struct version row = { .is_url = s->is_url };

		id_new("ver", row.id);
		snprintf(row.competitor_id, sizeof(row.competitor_id), "%s", c->id);
		snprintf(row.reference, sizeof(row.reference), "%s", s->reference);
		snprintf(row.digest, sizeof(row.digest), "%s", s->digest);
		snprintf(row.image_id, sizeof(row.image_id), "%s", s->image_id);
		row.manifest = str_dup(s->manifest != NULL ? s->manifest : "");
		row.created_at_ms = row.updated_at_ms = clock_wall_ms();
		v = registry_add_version(sup->c.registry, &row);
	}
	in = instance_make(sup, c, v);
	snprintf(s->competitor_id, sizeof(s->competitor_id), "%s", c->id);
	snprintf(s->version_id, sizeof(s->version_id), "%s", v->id);
	snprintf(s->instance_id, sizeof(s->instance_id), "%s", in->id);
	t->pending = SUBMIT_NONE;
	store_all(t, store_batch_new());
	live_evaluate(in->live);
}

static void
act(struct trial *t, enum submission_action action)
{
	switch (action) {
	case SUBMIT_RESOLVE:
	case SUBMIT_PULL:
	case SUBMIT_IMPORT:
	case SUBMIT_SCAN:
		t->sub->attempts++;
		t->sub->retry_at_ms = 0;
		t->failed = t->done = false;
		trial_job(t, action);
		return;
	case SUBMIT_START: begin_trial(t); return;
	case SUBMIT_CONFORM:
		t->sub->attempts++;
		conform_start(t);
		return;
	case SUBMIT_NONE:
	case SUBMIT_ACCEPT:
	case SUBMIT_DROP: break;
	}
	trial_evaluate(t);
}

static void
set_reason(struct trial *t, const char *reason, const char *detail, const char *fault)
{
	struct submission *s = t->sub;

	if (strcmp(reason, s->reason) == 0 && (detail == NULL || strcmp(detail, s->detail) == 0))
		return;
	str_copy(s->reason, sizeof(s->reason), reason);
	str_copy(s->detail, sizeof(s->detail), detail);
	str_copy(s->fault, sizeof(s->fault), fault);
	t->sup->c.on_submission(s, t->sup->c.arg);
}

/* What went wrong, and for how long we wait: room for the time is kept. */
static const char *
waiting_words(const struct submission *s, const char *why, char out[DETAIL_MAX])
{
	char at[CLOCK_TEXT_MAX];

	snprintf(out, DETAIL_MAX, "%.240s; waiting until %s, then try %d", why,
	    clock_format(s->retry_at_ms, at), s->attempts + 1);
	return out;
}

void
trial_evaluate(struct trial *t)
{
	struct submission *s = t->sub;
	const struct instance *in = instance_of(t);
	char words[DETAIL_MAX];

	/* While it is being stored the timer is the next try of that. */
	if (t->over || t->committing || t->busy || t->sup->stopping || !t->sup->started)
		return;
	timer_cancel(&t->timer);
	/* What its pod is, or what the host can run, is not known while the engine is not. */
	if (!s->is_url && !t->sup->adopted && (in != NULL || s->state == SUBMISSION_SCANNING)) {
		set_reason(t, "engine_unavailable", t->sup->engine.text, NULL);
		return;
	}
	/* The instance went through no fault of its own: it is asked anew when it is back. */
	if (s->state == SUBMISSION_CONFORMING && (in == NULL || in->state != INSTANCE_READY))
		t->failed = false;
	const struct submission_seen seen = look(t);
	const struct submission_decision d = submission_decide(s->state, &seen);

	if (d.state != s->state) {
		trial_enter(t, &d);
		return;
	}
	if (d.wait_until_ms != 0 && s->retry_at_ms != 0)
		set_reason(t, d.reason, waiting_words(s, d.detail, words), d.fault);
	else if (d.reason != NULL)
		set_reason(t, d.reason, d.detail, d.fault);
	if (d.action != SUBMIT_NONE)
		act(t, d.action);
	else if (d.wait_until_ms != 0)
		timer_set(t->sup->c.loop, &t->timer, d.wait_until_ms - clock_now_ms(), on_timer, t);
}

void
trial_instance_changed(struct supervisor *sup, const struct instance *in)
{
	for (struct trial *t = sup->trials; t != NULL; t = t->next)
		if (!t->over && strcmp(t->sub->instance_id, in->id) == 0)
			trial_evaluate(t);
}

void
trials_evaluate_all(struct supervisor *sup)
{
	for (struct trial *t = sup->trials; t != NULL; t = t->next)
		trial_evaluate(t);
}

enum submission_state
supervisor_shown_state(const struct supervisor *sup, const struct submission *s)
{
	const struct trial *t = sup->trials;

	while (t != NULL && t->sub != s)
		t = t->next;
	return t != NULL && t->committing && submission_is_final(s->state) ? t->was : s->state;
}

/* Trials that are over go when the next one comes: nothing on the stack holds them then. */
static void
sweep(struct supervisor *sup)
{
	for (struct trial **at = &sup->trials; *at != NULL;) {
		struct trial *t = *at;

		if (t->over && !t->busy && !t->committing) {
			*at = t->next;
			timer_cancel(&t->timer);
			free(t->report);
			free(t);
		} else {
			at = &t->next;
		}
	}
}

void
trial_resume(struct supervisor *sup, struct submission *s)
{
	struct trial *t = mem_zalloc(sizeof(*t));

	sweep(sup);
	t->sup = sup;
	t->sub = s;
	t->next = sup->trials;
	sup->trials = t;
}

void
trials_free(struct supervisor *sup)
{
	for (struct trial *t = sup->trials, *next; t != NULL; t = next) {
		next = t->next;
		timer_cancel(&t->timer);
		conform_cancel(t);
		free(t->report);
		free(t);
	}
	sup->trials = NULL;
}
