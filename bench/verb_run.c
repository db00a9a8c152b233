/*
 * verb_run.c - janus-bench run.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/asking.h"
#include "bench/cli.h"
#include "bench/gate.h"
#include "bench/judge.h"
#include "bench/live.h"
#include "bench/output.h"
#include "bench/record/evidence.h"
#include "runtime/base/secret.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define RESULTS "bench_results"

struct running {
	struct bench_call *call;
	struct asking asking;
	struct gate gates[OPTIONS_MAX_LIST];
	size_t ngates;
	struct loop *loop;
	struct run *run;
	struct live live;
	char *dir; /* owned */
	cJSON *about; /* owned */
	bool interrupted;
	int state; /* of the run that ended, as struct run_end has it */
	char code[48], error[240];
	cJSON *report; /* owned */
};

/* ---- what was asked for ---- */

static int
check_numbers(const struct bench_options *o, struct error *err)
{
	if (o->subset < 1 || o->subset > 100)
		return error_set(err, ERROR_INVALID, "--subset is from 1 to 100");
	if (o->epochs < 1 || o->epochs > RUN_EPOCHS_MAX)
		return error_set(err, ERROR_INVALID, "--epochs is from 1 to %d", RUN_EPOCHS_MAX);
	if (o->concurrency < 1 || o->concurrency > RUN_CONCURRENCY_MAX)
		return error_set(
		    err, ERROR_INVALID, "--concurrency is from 1 to %d", RUN_CONCURRENCY_MAX);
	/* It stands in JSON, where not every reader has larger ones. */
	if (o->seed > INT64_C(1) << 53)
		return error_set(err, ERROR_INVALID, "--seed is at most 2^53");
	return 0;
}

static int
read_options(struct running *r, struct error *err)
{
	const struct bench_options *o = &r->call->opt;

	if (check_numbers(o, err) < 0)
		return -1;
	for (size_t i = 0; i < o->gate.len; i++)
		if (gate_parse(o->gate.at[i], &r->gates[r->ngates++], err) < 0)
			return -1;
	return o->output == NULL ? 0 : output_check(o->output, err);
}

/* The run that is in the directory already, or a new one. */
static void
name_run(struct running *r)
{
	_cleanup_json_ cJSON *was = NULL;
	const char *dir = r->call->opt.evidence, *run = NULL;
	char id[ID_MAX];

	if (dir != NULL && evidence_read_json(dir, EVIDENCE_MANIFEST, &was, NULL) == 0)
		run = json_str(was, "run");
	if (run == NULL)
		run = id_new("run", id);
	r->about = cJSON_CreateObject();
	json_add_str(r->about, "run", run);
	r->dir = dir != NULL ? str_dup(dir) : str_printf(RESULTS "/%s", run);
}

/* ---- what is seen ---- */

static void
on_line(const cJSON *line, bool settled, void *arg)
{
	struct running *r = arg;

	(void)settled;
	live_line(&r->live, line);
}

static void
on_progress(const struct run_progress *p, void *arg)
{
	struct running *r = arg;

	live_progress(&r->live, p);
}

static void
on_end(const struct run_end *end, void *arg)
{
	struct running *r = arg;

	live_done(&r->live);
	r->state = end->state;
	str_copy(r->code, sizeof(r->code), end->code);
	str_copy(r->error, sizeof(r->error), end->error);
	if (end->manifest != NULL)
		r->report = report_of(end->manifest, end->lines);
	loop_stop(r->loop);
}

static void
on_signal(int signo, void *arg)
{
	struct running *r = arg;

	if (r->interrupted)
		_exit(128 + signo);
	r->interrupted = true;
	live_done(&r->live);
	bench_say(r->call, "Ending: what is under way is finished first; again to end now.");
	if (r->run != NULL)
		run_cancel(r->run);
}

/* ---- its end ---- */

static int
exit_of(const struct running *r)
{
	if (r->state == RUN_CANCELLED)
		return BENCH_INTERRUPTED;
	if (str_eq(r->code, "target_down"))
		return BENCH_UNREACHABLE;
	if (str_eq(r->code, "denied") || str_ends(r->code, "_api_key") ||
	    str_eq(r->code, "missing_scope"))
		return BENCH_DENIED;
	if (str_eq(r->code, "model_not_found"))
		return BENCH_NOT_FOUND;
	return r->state == RUN_FINISHED ? BENCH_OK : BENCH_FAILED;
}

static int
check_gates(const struct running *r)
{
	int rc = BENCH_OK;

	for (size_t i = 0; i < r->ngates; i++) {
		const struct gate *g = &r->gates[i];
		double seen;

		if (gate_holds(g, r->report, &seen))
			continue;
		rc = BENCH_CHECK;
		if (seen < 0)
			bench_say(r->call, "Gate: the run has no %s.", g->name);
		else
			bench_say(r->call, "Gate: %s is %.1f, not %s %g.", g->name, seen,
			    g->or_equal ? "at least" : "above", g->limit);
	}
	return rc;
}

static int
conclude(struct running *r)
{
	struct error err = { 0 };
	const int rc = exit_of(r);

	if (r->state == RUN_FAILED) {
		error_set(&err, ERROR_INTERNAL, "the run failed: %s: %s", r->code, r->error);
		bench_complain(r->call, &err);
	}
	if (r->report == NULL) {
		bench_say(r->call, "What was recorded is in %s; --evidence %s goes on with it.",
		    r->dir, r->dir);
		return rc == BENCH_OK ? BENCH_FAILED : rc;
	}
	output_print(r->call, r->report);
	if (r->call->opt.output != NULL)
		report_add_traces(r->report, r->dir);
	if (r->call->opt.output != NULL && output_write(r->call->opt.output, r->report, &err) < 0)
		return bench_complain(r->call, &err);
	bench_say(r->call, "Evidence: %s (janus-bench verify %s)", r->dir, r->dir);
	return rc != BENCH_OK ? rc : check_gates(r);
}

static bool
runs_code(const struct suite *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (str_eq(json_str(s->items[i].scorer, "kind"), "code"))
			return true;
	return false;
}

static int
go(struct running *r)
{
	static const int signals[] = { SIGINT, SIGTERM, 0 };
	const struct bench_options *o = &r->call->opt;
	struct run_setup s;
	struct error err = { 0 };

	asking_setup(&r->asking, &s);
	s.seed = (uint64_t)o->seed;
	s.percent = (int)o->subset;
	s.epochs = (int)o->epochs;
	s.concurrency = (int)o->concurrency;
	s.dir = r->dir;
	s.about = r->about;
	s.on_line = on_line;
	s.on_progress = on_progress;
	s.on_end = on_end;
	s.arg = r;
	live_init(&r->live, r->call, 0);
	if (loop_signals(r->loop, signals, on_signal, r, &err) < 0 ||
	    target_meet(&r->asking.target, &err) < 0)
		return bench_complain(r->call, &err);
	if (r->asking.session.judge != NULL && judge_canary(&r->asking.judge, &err) < 0)
		return bench_complain(r->call, &err);
	bench_say(r->call, "%s asks %s of %s, into %s", r->asking.suite.suite.name,
	    r->asking.target.model, r->asking.target.text, r->dir);
	if (r->asking.sandbox_url == NULL && runs_code(s.suite))
		bench_say(r->call,
		    "There is no sandbox service: items with code are left out (--sandbox-url).");
	r->run = run_start(r->loop, &s, &err);
	if (r->run == NULL)
		return bench_complain(r->call, &err);
	loop_run(r->loop);
	return conclude(r);
}

static int
prepare(struct running *r)
{
	static const char *const names[] = { "JANUS_API_KEY", NULL };
	const struct bench_options *o = &r->call->opt;
	const char *target = o->target != NULL ? o->target : getenv("JANUS_BENCH_TARGET_URL");
	_cleanup_free_ char *key = NULL;
	struct error err = { 0 };

	if (read_options(r, &err) < 0 || secret_read(o->api_key_file, names, &key, &err) < 0) {
		bench_complain(r->call, &err);
		return BENCH_USAGE;
	}
	const int rc = asking_open(r->call, o->suite != NULL ? o->suite : "public/dev",
	    target != NULL ? target : "http://localhost:8000", key, &r->asking);
	if (rc >= 0)
		return rc;
	if (o->model != NULL)
		str_copy(r->asking.target.model, sizeof(r->asking.target.model), o->model);
	name_run(r);
	return -1;
}

int
verb_run(struct bench_call *c)
{
	struct running r = { .call = c };
	struct error err = { 0 };
	int rc = prepare(&r);

	if (rc < 0) {
		r.loop = loop_new(&err);
		rc = r.loop == NULL ? bench_complain(c, &err) : go(&r);
	}
	run_free(r.run);
	if (r.loop != NULL)
		loop_free(r.loop);
	asking_close(&r.asking);
	cJSON_Delete(r.about);
	cJSON_Delete(r.report);
	free(r.dir);
	return rc;
}
