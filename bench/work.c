/*
 * work.c - janus-bench work: a run that janusd leases out.
 *
 * The directory of evidence is the record: what is in it is told to the daemon, again if need be, and
 * what is not is asked.  A worker whose lease is lost, or whose daemon stays away, leaves everything as
 * it is: the next one goes on there.
 */
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/asking.h"
#include "bench/cli.h"
#include "bench/daemon.h"
#include "runtime/base/secret.h"
#include "bench/verdict.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define HEARTBEAT_MS 5000
#define RESULT_MAX (200 << 10) /* of a line that is told; the whole one is in the evidence */

struct worker {
	struct bench_call *call;
	struct asking asking;
	struct loop *loop;
	struct daemon *daemon;
	struct run *run;
	cJSON *lease; /* owned: the reply */
	cJSON *about; /* owned */
	char *target, *signing_key; /* owned */
	int64_t number; /* of the lease */
	int64_t heartbeat_ms, heard_ms; /* of the daemon, monotonic */
	struct timer beat;
	bool leaving; /* without a word: somebody else goes on */
	int exit_code;
};

/* ---- leaving ---- */

static void
leave(struct worker *w, const char *why, int exit_code)
{
	if (w->leaving)
		return;
	w->leaving = true;
	w->exit_code = exit_code;
	log_warn("work.left", F_STR("run_id", w->call->opt.run), F_STR("reason", why));
	if (w->run != NULL)
		run_abort(w->run, "left", why, true);
	else
		loop_stop(w->loop);
}

/* What the daemon said to any of our letters; false: we are out. */
static bool
still_ours(struct worker *w, int status)
{
	if (status >= 200 && status < 300) {
		w->heard_ms = clock_now_ms();
		return true;
	}
	if (status > 0)
		leave(w, "lease_lost", BENCH_FAILED);
	else if (clock_now_ms() - w->heard_ms >= DAEMON_PATIENCE_MS)
		leave(w, "daemon_away", BENCH_UNREACHABLE);
	return false;
}

static void
on_signal(int signo, void *arg)
{
	(void)signo;
	leave(arg, "signal", BENCH_FAILED);
}

/* ---- telling ---- */

static void
item_told(int status, const cJSON *reply, void *arg)
{
	(void)reply;
	/* What was not told now would be missing there: the next worker tells it. */
	if (!still_ours(arg, status))
		leave(arg, "item_not_told", BENCH_UNREACHABLE);
}

static cJSON *
with_lease(const struct worker *w)
{
	cJSON *body = cJSON_CreateObject();

	json_add_int(body, "lease", w->number);
	return body;
}

static void
tell_item(struct worker *w, const cJSON *line)
{
	cJSON *body = with_lease(w), *result = cJSON_Duplicate(line, true);
	_cleanup_free_ char *text = json_print(result);

	if (strlen(text) > RESULT_MAX) {
		cJSON_DeleteItemFromObjectCaseSensitive(result, "executions");
		cJSON_DeleteItemFromObjectCaseSensitive(result, "judge");
	}
	cJSON_AddItemToObject(body, "result", result);
	daemon_send(w->daemon, "items", body, item_told, w);
}

static void
on_line(const cJSON *line, bool settled, void *arg)
{
	if (settled)
		tell_item(arg, line);
}

/* What an earlier worker wrote down, and did not come to tell. */
static void
tell_old(struct worker *w)
{
	struct map known = { 0 };
	const cJSON *pair, *line;
	char key[ITEM_ID_MAX + 24];

	json_for_each(pair, json_get(w->lease, "done")) {
		const cJSON *epoch = cJSON_GetArrayItem(pair, 1);
		const char *item = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));

		snprintf(key, sizeof(key), "%.0f %s",
		    cJSON_IsNumber(epoch) ? epoch->valuedouble : -1, item == NULL ? "" : item);
		map_put(&known, key, w);
	}
	json_for_each(line, run_lines(w->run)) {
		const char *item = json_str(line, "item");
		const bool is_error = str_eq(json_str(line, "state"), "error");

		snprintf(key, sizeof(key), "%lld %s", (long long)json_int(line, "epoch", 0),
		    item == NULL ? "" : item);
		if (map_get(&known, key) == NULL &&
		    (!is_error || json_int(line, "attempt", 0) >= TRIES_MAX))
			tell_item(w, line);
	}
	map_done(&known);
}

static void
beaten(int status, const cJSON *reply, void *arg)
{
	struct worker *w = arg;

	if (still_ours(w, status) && json_bool(reply, "cancel", false) && w->run != NULL)
		run_cancel(w->run);
}

static void
beat(struct timer *t, void *arg)
{
	struct worker *w = arg;
	cJSON *body = with_lease(w);
	struct run_progress p;

	run_progress_of(w->run, &p);
	json_add_int(body, "done", (int64_t)p.done);
	json_add_int(body, "total", (int64_t)p.total);
	json_add_text(body, "item", p.item);
	if (p.eta_ms >= 0)
		json_add_int(body, "eta_seconds", (p.eta_ms + 999) / 1000);
	cJSON_AddNumberToObject(body, "score", p.score);
	daemon_beat(w->daemon, body, beaten, w);
	timer_set(w->loop, t, w->heartbeat_ms, beat, w);
}

/* ---- ending ---- */

static void
end_told(int status, const cJSON *reply, void *arg)
{
	struct worker *w = arg;

	(void)reply;
	if (!still_ours(w, status))
		w->exit_code = status > 0 ? BENCH_FAILED : BENCH_UNREACHABLE;
	loop_stop(w->loop);
}

static void
tell_end(
    struct worker *w, const char *state, const char *code, const char *error, const cJSON *manifest)
{
	cJSON *body = with_lease(w);

	log_info("work.ended", F_STR("run_id", w->call->opt.run), F_STR("state", state),
	    F_STR("code", code), F_STR("error", error));
	json_add_str(body, "state", state);
	json_add_text(body, "code", code);
	json_add_text(body, "error", error);
	if (manifest != NULL)
		cJSON_AddItemToObject(body, "report", cJSON_Duplicate(manifest, true));
	daemon_send(w->daemon, "finish", body, end_told, w);
}

static void
on_end(const struct run_end *end, void *arg)
{
	struct worker *w = arg;

	if (w->leaving) {
		loop_stop(w->loop);
		return;
	}
	w->exit_code = end->state == RUN_FAILED ? BENCH_FAILED : BENCH_OK;
	tell_end(w, run_state_name(end->state), end->code, end->error, end->manifest);
}

/* ---- beginning ---- */

static int
take_lease(struct worker *w)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject();
	char host[64] = "", name[96];
	struct error err = { 0 };

	if (gethostname(host, sizeof(host) - 1) < 0)
		str_copy(host, sizeof(host), "host");
	snprintf(name, sizeof(name), "%s:%d", host, (int)getpid());
	json_add_str(body, "worker", name);
	const int status = daemon_ask(w->daemon, "lease", body, &w->lease, &err);
	if (status == 0)
		return bench_complain(w->call, &err);
	w->number = json_int(w->lease, "lease", 0);
	if (status != 200 || w->number <= 0) {
		error_set(&err, ERROR_CONFLICT, "the run is not to be had: status %d, %.100s",
		    status, json_str(json_get(w->lease, "error"), "code"));
		return bench_complain(w->call, &err);
	}
	w->heard_ms = clock_now_ms();
	const double seconds = json_num(w->lease, "heartbeat_seconds", 0);
	w->heartbeat_ms =
	    seconds > 0 && seconds * 1000 < HEARTBEAT_MS ? (int64_t)(seconds * 1000) : HEARTBEAT_MS;
	return -1;
}

/* Suite and scoring are those that the run was made with, or it is another run. */
static bool
is_pinned(const struct worker *w, const cJSON *run)
{
	const char *scoring = json_str(run, "scoring"), *digest = json_str(run, "suite_digest");

	return str_eq(digest, w->asking.suite.suite.digest) &&
	    (scoring == NULL || str_eq(scoring, w->asking.scoring.version));
}

static int
open_all(struct worker *w, const cJSON *run, const char **code)
{
	const struct bench_options *o = &w->call->opt;
	static const char *const none[] = { NULL };
	const char *suite = json_str(run, "suite");
	_cleanup_free_ char *key = NULL;
	struct error err = { 0 };

	if (o->key_file != NULL && secret_read(o->key_file, none, &key, &err) < 0) {
		*code = "internal";
		return bench_complain(w->call, &err);
	}
	w->target = str_printf("unix://%s", o->socket);
	const int rc = asking_open(w->call, suite == NULL ? "" : suite, w->target, key, &w->asking);
	if (rc >= 0) {
		*code = rc == BENCH_NO_PRIVATE ? "suite_not_configured"
		    : rc == BENCH_NOT_FOUND    ? "suite_not_found"
					       : "suite_invalid";
		return rc;
	}
	if (is_pinned(w, run))
		return -1;
	*code = "suite_changed";
	return BENCH_INVALID;
}

static void
describe(struct worker *w, const cJSON *run, struct run_setup *s)
{
	struct target *t = &w->asking.target;
	const char *digest = json_str(run, "digest");

	/* Where its socket is says nothing of what was asked. */
	str_replace(&t->text, "janusd");
	t->is_janus = t->has_records = true;
	snprintf(t->model, sizeof(t->model), "janus/%s@%s", json_str(run, "competitor"),
	    json_str(run, "version_id"));
	w->about = cJSON_CreateObject();
	json_add_str(w->about, "run", w->call->opt.run);
	json_add_str(w->about, "competitor", json_str(run, "competitor"));
	json_add_str(w->about, "version_id", json_str(run, "version_id"));
	json_add_text(w->about, "image_digest", digest);
	asking_setup(&w->asking, s);
	s->seed = (uint64_t)json_int(run, "seed", 42);
	s->percent = (int)json_int(run, "subset_percent", 100);
	s->epochs = (int)json_int(run, "epochs", 1);
	s->concurrency = (int)json_int(run, "concurrency", 1);
	s->dir = w->call->opt.state;
	s->about = w->about;
	s->key_path = w->signing_key;
	s->on_line = on_line;
	s->on_end = on_end;
	s->arg = w;
}

static void
begin(struct worker *w)
{
	const cJSON *run = json_get(w->lease, "run");
	const char *code = "internal";
	struct run_setup s;
	struct error err = { 0 };

	w->exit_code = open_all(w, run, &code);
	if (w->exit_code >= 0) {
		tell_end(
		    w, "failed", code, "The suite cannot be asked: the run's log says why.", NULL);
		return;
	}
	describe(w, run, &s);
	w->run = run_start(w->loop, &s, &err);
	if (w->run == NULL) {
		w->exit_code = bench_complain(w->call, &err);
		tell_end(
		    w, "failed", err.kind == ERROR_IO ? "disk_full" : "evidence", err.text, NULL);
		return;
	}
	log_info("work.began", F_STR("run_id", w->call->opt.run), F_INT("lease", w->number));
	tell_old(w);
	beat(&w->beat, w);
}

/* STATE is state_dir/runs/ID; the key is the daemon's, for all its runs. */
static char *
signing_key_of(const struct bench_call *c)
{
	_cleanup_free_ char *state = str_dup(c->opt.state), *runs = NULL;

	if (c->opt.signing_key_file != NULL)
		return str_dup(c->opt.signing_key_file);
	runs = str_dup(dirname(state));
	return str_printf("%s/bench-signing.key", dirname(runs));
}

int
verb_work(struct bench_call *c)
{
	static const int signals[] = { SIGINT, SIGTERM, 0 };
	struct worker w = { .call = c, .exit_code = BENCH_FAILED };
	struct error err = { 0 };
	int rc = -1;

	log_init("janus-bench");
	w.signing_key = signing_key_of(c);
	if (c->opt.signing_key_file == NULL)
		c->opt.signing_key_file = w.signing_key;
	w.loop = loop_new(&err);
	if (w.loop == NULL || loop_signals(w.loop, signals, on_signal, &w, &err) < 0)
		return bench_complain(c, &err);
	w.daemon = daemon_new(w.loop, c->opt.socket, c->opt.run, DAEMON_PATIENCE_MS, &err);
	rc = w.daemon == NULL ? bench_complain(c, &err) : take_lease(&w);
	if (rc < 0) {
		begin(&w);
		loop_run(w.loop);
		rc = w.exit_code;
	}
	timer_cancel(&w.beat);
	daemon_free(w.daemon);
	run_free(w.run);
	loop_free(w.loop);
	asking_close(&w.asking);
	cJSON_Delete(w.lease);
	cJSON_Delete(w.about);
	free(w.target);
	free(w.signing_key);
	return rc;
}
