/*
 * canary.c - prove the isolation: run our own hostile probe in a pod like any competitor's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define CANARY_LIMIT_MS 30000
#define CANARY_POLL_MS 50

struct canary_waiter {
	struct canary_waiter *next;
	void (*done)(void *arg);
	void *arg;
};

struct canary_run {
	struct supervisor *sup;
	char instance[40];
	struct canary_report report;
	struct error err;
	struct buf lines;
	struct canary_waiter *waiters;
};

static int
keep(const struct log_line *line, void *arg)
{
	struct buf *lines = arg;

	if (lines->len + line->len < 256 * 1024) {
		buf_add(lines, line->text, line->len);
		buf_add_char(lines, '\n');
	}
	return 0;
}

static int
run_pod(struct canary_run *r)
{
	struct supervisor *sup = r->sup;
	struct engine *engine = sup->c.engine;
	struct image_info image = { 0 };
	struct manifest manifest = { 0 };
	struct pod_spec spec = { 0 };
	struct pod_state state = { 0 };
	const struct pod_identity who = { r->instance, "janus-canary", "", sup->c.node,
		sup->c.uid_first + sup->c.uid_count, "none" };
	const int64_t late_ms = clock_now_ms() + CANARY_LIMIT_MS;
	int rc;

	if (engine->driver->image(engine, sup->c.link_image, &image, &r->err) < 0)
		return error_add(&r->err, "probe image %s", sup->c.link_image);
	manifest_parse("", &manifest, NULL);
	pod_spec_build(&sup->c.rules->limits, &manifest, &image, &who, &spec);
	spec.command = mem_zalloc(sizeof(char *));
	spec.command[0] = str_dup("/janus-canary");
	spec.ncommand = 1;
	rc = engine->driver->pod_start(engine, &spec, &r->err);
	/* On a worker: waiting here keeps nobody else waiting. */
	while (rc == 0 &&
	    (rc = engine->driver->pod_state(engine, r->instance, &state, &r->err)) == 0 &&
	    state.phase == POD_RUNNING) {
		if (clock_now_ms() > late_ms) {
			rc = error_set(
			    &r->err, ERROR_TIMEOUT, "the probe pod did not end within 30 s");
			break;
		}
		usleep(CANARY_POLL_MS * 1000);
	}
	if (rc == 0)
		rc = engine->driver->logs(
		    engine, r->instance, 0, false, keep, &r->lines, NULL, &r->err);
	engine->driver->pod_stop(engine, r->instance, 0, NULL);
	pod_spec_done(&spec);
	manifest_done(&manifest);
	image_info_done(&image);
	return rc;
}

/* Count the lines; remember the first escape. */
static void
judge(struct canary_run *r)
{
	struct canary_report *rep = &r->report;
	const char *at = buf_str(&r->lines);
	bool summed = false;

	for (; *at != '\0'; at += strcspn(at, "\n") + 1) {
		_cleanup_json_ cJSON *json = NULL;

		if (json_parse(at, strcspn(at, "\n"), &json, NULL) < 0)
			continue;
		summed = summed || cJSON_IsNumber(json_get(json, "escaped"));
		if (!cJSON_IsBool(json_get(json, "contained")))
			continue;
		if (json_bool(json, "contained", false)) {
			rep->contained++;
		} else if (rep->escaped++ == 0) {
			const char *check = json_str(json, "check"), *saw = json_str(json, "saw");

			snprintf(rep->text, sizeof(rep->text), "%s: %s",
			    check != NULL ? check : "?", saw != NULL ? saw : "?");
		}
	}
	rep->state = rep->escaped != 0 ? CANARY_ESCAPED : CANARY_CONTAINED;
	if (!summed || rep->contained == 0) {
		rep->state = CANARY_FAILED;
		snprintf(rep->text, sizeof(rep->text), "the probe did not finish");
	} else if (rep->state == CANARY_CONTAINED) {
		snprintf(rep->text, sizeof(rep->text), "%d attempts, none got out", rep->contained);
	}
}

static void
canary_work(void *arg)
{
	struct canary_run *r = arg;

	if (run_pod(r) == 0) {
		judge(r);
	} else {
		r->report.state = CANARY_FAILED;
		snprintf(r->report.text, sizeof(r->report.text), "%s", r->err.text);
	}
}

static void
canary_done(void *arg)
{
	struct canary_run *r = arg;
	struct supervisor *sup = r->sup;

	sup->canary_run = NULL;
	sup->canary_id[0] = '\0';
	free(sup->canary.lines);
	sup->canary = r->report;
	sup->canary.lines = buf_take(&r->lines);
	if (r->report.state == CANARY_CONTAINED)
		log_info("isolation.proved", F_INT("attempts", r->report.contained));
	else
		log_error("isolation.not_proved", F_STR("detail", r->report.text),
		    F_INT("escaped", r->report.escaped));
	for (struct canary_waiter *w = r->waiters, *next; w != NULL; w = next) {
		next = w->next;
		w->done(w->arg);
		free(w);
	}
	free(r);
	sup->c.on_status(sup->c.arg);
	live_evaluate_all(sup);
	trials_evaluate_all(sup);
}

void
canary_start(struct supervisor *sup, void (*done)(void *), void *arg)
{
	struct canary_run *r = sup->canary_run;

	if (r == NULL) {
		r = mem_zalloc(sizeof(*r));
		r->sup = sup;
		id_new("ins", r->instance);
		snprintf(sup->canary_id, sizeof(sup->canary_id), "%s", r->instance);
		sup->canary_run = r;
		/* An earlier proof stands while it is repeated. */
		if (sup->canary.state != CANARY_CONTAINED)
			sup->canary.state = CANARY_RUNNING;
		worker_run(sup->c.workers, sup->c.loop, canary_work, canary_done, r);
	}
	if (done != NULL) {
		struct canary_waiter *w = mem_zalloc(sizeof(*w));

		*w = (struct canary_waiter){ r->waiters, done, arg };
		r->waiters = w;
	}
}
