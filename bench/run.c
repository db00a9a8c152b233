/*
 * run.c - hand out items, write down what came of them, end.
 */
#include "bench/run.h"

#include <stdlib.h>
#include <string.h>

#include "bench/plan.h"
#include "bench/record/environment.h"
#include "bench/record/evidence.h"
#include "bench/record/suite.h"
#include "bench/report/result.h"
#include "bench/talk.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define LOST_IN_A_ROW 5 /* items that the target's surroundings spoilt: no more will go well */

struct run {
	struct loop *loop;
	struct run_setup setup;
	struct evidence *evidence;
	struct plan plan;
	struct tally_of tally;
	struct workers *workers;
	struct timer again; /* the next that waits for another try */
	int under_way; /* being asked */
	int open; /* begun and not written down: those, and who waits for the platform's records */
	int lost_in_a_row;
	size_t done, done_before; /* before: by an earlier process */
	int64_t started_ms; /* monotonic */
	char item[ITEM_ID_MAX]; /* begun last */
	bool stopping, keep, over;
	struct run_end end;
};

/* One item that is asked: on a worker, then back. */
struct job {
	struct run *run;
	struct planned *planned;
	struct try try;
	struct timer records;
};

static const char *const states[] = { "finished", "cancelled", "failed" };

const char *
run_state_name(int state)
{
	return states[state];
}

/* ---- what it is ---- */

static cJSON *
manifest_of(const struct run_setup *s)
{
	cJSON *m = cJSON_CreateObject();
	const cJSON *extra;
	char digest[72];

	json_for_each(extra, s->about) {
		cJSON_AddItemToObject(m, extra->string, cJSON_Duplicate(extra, true));
	}
	json_add_str(m, "suite", s->suite->name);
	json_add_str(m, "suite_version", s->suite->version);
	json_add_str(m, "suite_digest", s->suite->digest);
	json_add_str(m, "scoring", s->scoring->version);
	json_add_str(m, "scoring_digest", s->scoring->digest);
	json_add_int(m, "seed", (int64_t)s->seed);
	json_add_int(m, "subset_percent", s->percent);
	json_add_int(m, "epochs", s->epochs);
	json_add_int(m, "concurrency", s->concurrency);
	json_add_str(m, "target", s->session->target->text);
	json_add_str(m, "model", s->session->target->model);
	json_add_text(m, "binary_sha256", environment_self_sha256(digest));
	json_add_str(m, "version", JANUS_VERSION);
	return m;
}

static void
find_done(struct run *r)
{
	for (size_t i = 0; i < r->plan.len; i++) {
		struct planned *p = &r->plan.at[i];
		bool settled = false;

		p->tries = evidence_attempts(r->evidence, p->item->id, p->epoch, &settled);
		if (!settled && p->tries < TRIES_MAX)
			continue;
		p->state = PLANNED_DONE;
		r->done++;
	}
	r->done_before = r->done;
}

/* ---- how far it is ---- */

static void
count_states(const struct run *r, struct run_progress *out)
{
	const cJSON *line;

	json_for_each(line, evidence_results(r->evidence)) {
		const char *state = json_str(line, "state");

		out->passed += str_eq(state, "passed");
		out->failed += str_eq(state, "failed");
	}
	out->excluded =
	    r->done - (out->passed + out->failed < r->done ? out->passed + out->failed : r->done);
}

void
run_progress_of(const struct run *r, struct run_progress *out)
{
	const size_t here = r->done - r->done_before;

	*out = (struct run_progress){ .done = r->done, .total = r->plan.len, .item = r->item };
	count_states(r, out);
	out->score = tally_composite(evidence_results(r->evidence), &r->tally);
	out->elapsed_ms = clock_now_ms() - r->started_ms;
	out->eta_ms =
	    here == 0 ? -1 : out->elapsed_ms * (int64_t)(r->plan.len - r->done) / (int64_t)here;
}

const cJSON *
run_lines(const struct run *r)
{
	return evidence_results(r->evidence);
}

static void
tell_progress(struct run *r)
{
	struct run_progress p;

	if (r->setup.on_progress == NULL)
		return;
	run_progress_of(r, &p);
	r->setup.on_progress(&p, r->setup.arg);
}

/* ---- its end ---- */

static void
stop(struct run *r, int state, const char *code, const char *text)
{
	if (r->stopping)
		return;
	r->stopping = true;
	r->end.state = state;
	str_copy(r->end.code, sizeof(r->end.code), code);
	str_copy(r->end.error, sizeof(r->end.error), text);
}

/* Totals, manifest, sums, signature. */
static int
write_end(struct run *r, struct error *err)
{
	_cleanup_json_ cJSON *end = NULL;

	if (tally(evidence_results(r->evidence), &r->tally, &end, err) < 0)
		return -1;
	json_add_str(end, "state", states[r->end.state]);
	json_add_text(end, "code", r->end.code);
	json_add_text(end, "error", r->end.error);
	json_add_time(end, "finished_at", clock_wall_ms());
	return evidence_close(r->evidence, end, r->setup.key_path, err);
}

static void
finish(struct run *r)
{
	struct error err = { 0 };

	r->over = true;
	timer_cancel(&r->again);
	if (!r->keep && !evidence_finished(r->evidence) && write_end(r, &err) < 0) {
		r->stopping = false;
		stop(r, RUN_FAILED, err.kind == ERROR_IO ? "disk_full" : "internal", err.text);
	}
	r->end.lines = evidence_results(r->evidence);
	r->end.manifest = evidence_finished(r->evidence) ? evidence_manifest(r->evidence) : NULL;
	r->setup.on_end(&r->end, r->setup.arg);
}

void
run_cancel(struct run *r)
{
	stop(r, RUN_CANCELLED, "", "");
	if (r->open == 0 && !r->over)
		finish(r);
}

void
run_abort(struct run *r, const char *code, const char *text, bool keep)
{
	if (r->over)
		return;
	r->stopping = false; /* this is what ends it, whatever was to */
	stop(r, RUN_FAILED, code, text);
	r->keep = keep;
	atomic_store(&r->setup.session->stop, true);
	if (r->open == 0)
		finish(r);
}

/* ---- its items ---- */

static void hand_out(struct run *);

static void
work(void *arg)
{
	struct job *j = arg;

	talk(j->run->setup.session, &j->try);
}

static void
again_due(struct timer *t, void *arg)
{
	(void)t;
	hand_out(arg);
}

/* On the disk. NULL: it could not be written, and the run is over. */
static const cJSON *
write_down(struct run *r, const struct try *t)
{
	_cleanup_json_ cJSON *judged = result_line(t->item, &t->attempt, &t->measured, &t->result);
	struct error err = { 0 };
	const cJSON *line = evidence_append(r->evidence, &t->attempt, judged, &err);

	if (line == NULL)
		run_abort(r, err.kind == ERROR_IO ? "disk_full" : "internal", err.text, true);
	return line;
}

/* What follows for the item and the run. */
static void
settle(struct run *r, struct planned *p, const struct verdict *v)
{
	p->tries++;
	if (v->what == VERDICT_ERROR && v->again && !v->abort) {
		p->state = PLANNED_WAITING;
		p->not_before_ms = clock_now_ms() + v->wait_ms;
		return;
	}
	p->state = PLANNED_DONE;
	r->done++;
	r->lost_in_a_row = v->what == VERDICT_ERROR && v->of_target ? r->lost_in_a_row + 1 : 0;
	if (v->abort || r->lost_in_a_row >= LOST_IN_A_ROW)
		stop(r, RUN_FAILED, v->code, v->text);
}

static void
conclude(void *arg)
{
	struct job *j = arg;

	talk_conclude(j->run->setup.session, &j->try);
}

static void
concluded(void *arg)
{
	struct job *j = arg;
	struct run *r = j->run;
	const cJSON *line = NULL;

	r->open--;
	if (j->try.attempt.state == ATTEMPT_SKIPPED)
		j->planned->state = PLANNED_WAITING;
	else if (!r->keep)
		line = write_down(r, &j->try);
	if (line != NULL)
		settle(r, j->planned, &j->try.verdict);
	if (line != NULL && r->setup.on_line != NULL)
		r->setup.on_line(line, j->planned->state == PLANNED_DONE, r->setup.arg);
	try_done(&j->try);
	free(j);
	if (r->over)
		return;
	tell_progress(r);
	hand_out(r);
}

static void
records_due(struct timer *t, void *arg)
{
	struct job *j = arg;

	(void)t;
	worker_run(j->run->workers, j->run->loop, conclude, concluded, j);
}

/* Others may be asked meanwhile. */
static void
came_back(void *arg)
{
	struct job *j = arg;
	struct run *r = j->run;

	r->under_way--;
	if (!j->try.is_open) {
		concluded(j);
		return;
	}
	timer_set(r->loop, &j->records, TALK_RECORDS_MS, records_due, j);
	hand_out(r);
}

static void
begin(struct run *r, struct planned *p)
{
	struct job *j = mem_zalloc(sizeof(*j));

	p->state = PLANNED_UNDER_WAY;
	r->under_way++;
	r->open++;
	if (r->setup.seal_key != NULL)
		evidence_item_name(r->setup.seal_key, p->item->id, r->item);
	else
		str_copy(r->item, sizeof(r->item), p->item->id);
	*j = (struct job){ .run = r, .planned = p };
	j->try = (struct try){ .item = p->item, .epoch = p->epoch, .number = p->tries + 1 };
	worker_run(r->workers, r->loop, work, came_back, j);
}

static void
hand_out(struct run *r)
{
	struct planned *p;
	int64_t wait_ms = -1;
	bool begun = false;

	while (!r->stopping && r->under_way < r->setup.concurrency &&
	    (p = plan_next(&r->plan, clock_now_ms(), &wait_ms)) != NULL) {
		begin(r, p);
		begun = true;
	}
	if (begun)
		tell_progress(r);
	if (!r->stopping && wait_ms >= 0)
		timer_set(r->loop, &r->again, wait_ms + 1, again_due, r);
	else if (r->open == 0)
		finish(r);
}

/* ---- its life ---- */

/* Nothing may be added to what is signed: it ended as it did. */
static void
stop_as_signed(struct run *r)
{
	const cJSON *m = evidence_manifest(r->evidence);
	const char *state = json_str(m, "state");

	stop(r,
	    str_eq(state, "finished")        ? RUN_FINISHED
		: str_eq(state, "cancelled") ? RUN_CANCELLED
					     : RUN_FAILED,
	    json_str(m, "code"), json_str(m, "error"));
}

struct run *
run_start(struct loop *loop, const struct run_setup *setup, struct error *err)
{
	_cleanup_json_ cJSON *manifest = manifest_of(setup);
	const struct evidence_setup at = { .dir = setup->dir,
		.manifest = manifest,
		.suite_dir = setup->suite_dir,
		.scoring = setup->scoring_text,
		.seal_key = setup->seal_key };
	struct evidence *evidence = evidence_open(&at, err);
	struct run *r;

	if (evidence == NULL)
		return NULL;
	r = mem_zalloc(sizeof(*r));
	r->loop = loop;
	r->setup = *setup;
	r->evidence = evidence;
	r->started_ms = clock_now_ms();
	plan_make(setup->suite, setup->seed, setup->percent, setup->epochs, &r->plan);
	r->tally = (struct tally_of){ .items = r->plan.items,
		.nitems = r->plan.nitems,
		.epochs = setup->epochs,
		.seal_key = setup->seal_key,
		.scoring = setup->scoring,
		.seed = setup->seed,
		.whole_suite = r->plan.whole };
	find_done(r);
	if (evidence_finished(evidence))
		stop_as_signed(r);
	/* Those who are asked, and as many whose records are read meanwhile. */
	r->workers = workers_new((unsigned)setup->concurrency * 2);
	timer_set(loop, &r->again, 0, again_due, r);
	return r;
}

void
run_free(struct run *r)
{
	if (r == NULL)
		return;
	timer_cancel(&r->again);
	workers_free(r->workers);
	loop_run_posted(r->loop);
	evidence_free(r->evidence);
	plan_done(&r->plan);
	free(r);
}
