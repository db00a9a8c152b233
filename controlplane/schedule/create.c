/*
 * create.c - a wish becomes a run: its suite is looked for by a worker, then it is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/registry.h"
#include "controlplane/schedule/scheduler_core.h"
#include "controlplane/schedule/suites.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define QUEUED_MAX 10000

const struct run_params run_params_default = {
	.seed = 42, .subset_percent = 100, .epochs = 1, .concurrency = 1
};

int
run_params_check(const struct run_params *p, struct error *err)
{
	const struct {
		const char *name;
		int64_t value, min, max;
	} fields[] = {
		{ "seed", p->seed, 0, SEED_MAX },
		{ "subset_percent", p->subset_percent, 1, 100 },
		{ "epochs", p->epochs, 1, EPOCHS_MAX },
		{ "concurrency", p->concurrency, 1, RUN_CONCURRENCY_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].value < fields[i].min || fields[i].value > fields[i].max)
			return error_set(err, ERROR_INVALID, "%s: a whole number from %lld to %lld",
			    fields[i].name, (long long)fields[i].min, (long long)fields[i].max);
	return 0;
}

int
wish_check(const struct run_wish *w, struct error *err)
{
	const struct version *v = w->version;

	if (v == NULL)
		return error_set(err, ERROR_CONFLICT,
		    "Competitor '%s' has no accepted version to measure.", w->competitor->slug);
	if (v->retired_at_ms != 0)
		return error_set(
		    err, ERROR_CONFLICT, "Version %s was retired: it answers no chats.", v->id);
	if (strcmp(v->competitor_id, w->competitor->id) != 0 || !version_may_serve(v))
		return error_set(err, ERROR_CONFLICT, "Version %s is no accepted one of '%s'.",
		    v->id, w->competitor->slug);
	if (strcmp(w->competitor->version_id, v->id) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "Version %s does not serve '%s', and chats reach no other: janusctl promote "
		    "competitor %s --to %s",
		    v->id, w->competitor->slug, w->competitor->slug, v->id);
	return 0;
}

void
run_fill(struct run *r, const struct run_wish *w)
{
	*r = (struct run){ .params = w->params,
		.cause = w->cause,
		.tick_ms = w->tick_ms,
		.state = RUN_QUEUED,
		.score = -1,
		.eta_seconds = -1 };
	id_new("run", r->id);
	str_copy(r->competitor_id, sizeof(r->competitor_id), w->competitor->id);
	str_copy(r->version_id, sizeof(r->version_id), w->version->id);
	str_copy(r->slug, sizeof(r->slug), w->competitor->slug);
	str_copy(r->digest, sizeof(r->digest), w->version->digest);
	str_copy(r->suite, sizeof(r->suite), w->suite->name);
	str_copy(r->suite_digest, sizeof(r->suite_digest), w->suite->digest);
	str_copy(r->scoring, sizeof(r->scoring), w->suite->scoring);
	str_copy(r->cause_id, sizeof(r->cause_id), w->cause_id);
	r->created_at_ms = r->updated_at_ms = r->since_ms = clock_wall_ms();
}

/* ---- its suite ---- */

struct look_up {
	struct scheduler *scheduler;
	char name[SUITE_NAME_MAX];
	struct suite_info info;
	struct error err;
	int rc;
	scheduler_suite_fn *fn;
	void *arg;
};

static void
find_suite(void *arg)
{
	struct look_up *l = arg;
	const struct scheduler_config *c = &l->scheduler->c;

	l->rc = suites_find(c->suites_dir, c->private_dir, l->name, &l->info, &l->err);
}

static void
suite_found(void *arg)
{
	struct look_up *l = arg;

	if (l->rc == 0 && l->scheduler->stopping)
		l->rc = error_set(&l->err, ERROR_CANCELLED, "Janus is stopping.");
	l->fn(l->rc == 0 ? &l->info : NULL, l->rc == 0 ? NULL : &l->err, l->arg);
	suite_info_done(&l->info);
	free(l);
}

void
scheduler_suite(struct scheduler *s, const char *name, scheduler_suite_fn *fn, void *arg)
{
	struct look_up *l = mem_zalloc(sizeof(*l));

	l->scheduler = s;
	str_copy(l->name, sizeof(l->name), name);
	l->fn = fn;
	l->arg = arg;
	worker_run(s->c.workers, s->c.loop, find_suite, suite_found, l);
}

/* ---- the run ---- */

static size_t
count_queued(const struct scheduler *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->len; i++)
		n += s->runs[i]->q.row.state == RUN_QUEUED;
	return n;
}

int
scheduler_may(const struct scheduler *s, const struct run_wish *w, struct error *err)
{
	if (count_queued(s) >= QUEUED_MAX)
		return error_set(err, ERROR_BUSY, "%d runs wait already.", QUEUED_MAX);
	return wish_check(w, err);
}

int
scheduler_create(struct scheduler *s, const struct run_wish *w, const struct store_actor *who,
    scheduler_done_fn *done, void *arg, struct error *err)
{
	struct store_batch *b;
	struct run row;
	struct held *h;

	if (scheduler_may(s, w, err) < 0)
		return -1;
	b = store_batch_new();
	run_fill(&row, w);
	h = held_add(s, &row);
	h->q.since_mono_ms = clock_now_ms();
	held_event(b, who, "run.create", h, row.suite);
	held_changed(s, h, b, done, arg);
	scheduler_evaluate(s);
	return 0;
}

/* ---- what was accepted is measured ---- */

struct accepted {
	struct scheduler *scheduler;
	char submission[NOUN_ID_MAX], competitor[NOUN_ID_MAX], version[NOUN_ID_MAX];
};

static void
measure(const struct suite_info *suite, const struct error *err, void *arg)
{
	struct accepted *a = arg;
	struct scheduler *s = a->scheduler;
	const struct run_wish wish = {
		.competitor = registry_competitor(s->c.registry, a->competitor),
		.version = registry_version(s->c.registry, a->version),
		.suite = suite,
		.params = run_params_default,
		.cause = CAUSE_SUBMISSION,
		.cause_id = a->submission,
	};
	struct error why = { 0 };

	if (err != NULL)
		why = *err;
	else if (wish.competitor == NULL)
		error_set(&why, ERROR_NOT_FOUND, "the competitor was removed");
	else if (scheduler_run_of(s, a->submission) == NULL)
		scheduler_create(
		    s, &wish, &(const struct store_actor){ "janusd", NULL }, NULL, NULL, &why);
	if (why.kind != ERROR_NONE)
		log_info("run.not_made", F_STR("submission_id", a->submission),
		    F_STR("error", why.text));
	free(a);
}

void
scheduler_accepted(struct scheduler *s, const struct submission *sub)
{
	struct accepted *a;

	if (!s->c.automatic || s->c.program == NULL || sub->check_only || s->stopping ||
	    scheduler_run_of(s, sub->id) != NULL)
		return;
	a = mem_zalloc(sizeof(*a));
	a->scheduler = s;
	str_copy(a->submission, sizeof(a->submission), sub->id);
	str_copy(a->competitor, sizeof(a->competitor), sub->competitor_id);
	str_copy(a->version, sizeof(a->version), sub->version_id);
	scheduler_suite(s, s->c.suite, measure, a);
}
