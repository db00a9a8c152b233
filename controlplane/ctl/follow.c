/*
 * follow.c - watch a submission or a run until its final state.
 *
 * The events say what happens; a look at the object itself before each connection, and at least
 * every LOOK_MS, makes sure that none was missed.
 */
#include "controlplane/ctl/follow.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/evidence.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/progress.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define EVENT_MAX_BYTES ((size_t)1 << 20)
#define LOOK_MS 10000
#define AGAIN_MS 500
#define UNREACHABLE_MAX 20 /* tries in a row: a daemon may restart meanwhile */

struct follow {
	struct ctl *ctl;
	const char *noun; /* submission or run */
	char *path; /* owned: of the object */
	char *state; /* owned: the last one told */
	cJSON *last; /* owned: the object as last seen */
	struct progress progress;
	struct sse_parser parser;
	int64_t deadline_ms; /* monotonic; 0: none */
};

static void
follow_done(struct follow *w)
{
	progress_clear(&w->progress);
	free(w->path);
	free(w->state);
	cJSON_Delete(w->last);
	sse_done(&w->parser);
}

static const char *
name_of(const cJSON *object)
{
	const char *name = json_str(object, "name"), *id = json_str(object, "id");

	return name != NULL ? name : id != NULL ? id : "it";
}

static void
tell_state(struct follow *w)
{
	const char *detail = json_str(w->last, "state_detail");

	progress_clear(&w->progress);
	if (w->ctl->format == CTL_JSONL)
		ctl_print_json(w->last, stdout);
	else
		ctl_note(w->ctl, "%s: %s%s%s", name_of(w->last), w->state,
		    detail == NULL ? "" : " - ", detail == NULL ? "" : detail);
	fflush(stdout);
}

static bool
is_final(const struct follow *w)
{
	return ctl_state_is_final(json_str(w->last, "state"));
}

/* Items, the one under way, and the score so far. */
static void
show_run(struct follow *w, const cJSON *progress)
{
	const char *item = json_str(progress, "item"), *why = json_str(w->last, "state_reason");
	const int64_t done = json_int(progress, "done", 0), total = json_int(progress, "total", 0);
	const double score = json_num(progress, "score", -1);
	_cleanup_buf_ struct buf label = { 0 };

	buf_printf(&label, "%s %s", name_of(w->last),
	    item != NULL      ? item
		: why != NULL ? why
			      : w->state);
	if (total > 0)
		buf_printf(&label, " %lld/%lld", (long long)done, (long long)total);
	if (score >= 0)
		buf_printf(&label, " score %.1f", score);
	progress_show(&w->progress, buf_str(&label), total > 0 ? done : 0, total);
}

/* Takes over the object. */
static void
observe(struct follow *w, cJSON *object)
{
	const char *state = json_str(object, "state");
	const char *detail = json_str(object, "state_detail");
	const cJSON *progress = json_get(object, "progress");
	const int64_t total = json_int(progress, "total_bytes", 0);
	_cleanup_free_ char *label = NULL;
	const bool is_run = str_eq(w->noun, "run");

	cJSON_Delete(w->last);
	w->last = object;
	if (!str_eq(w->state, state)) {
		str_replace(&w->state, state);
		if (!is_final(w) || w->ctl->format == CTL_JSONL)
			tell_state(w);
	}
	if (is_final(w))
		return;
	if (is_run) {
		show_run(w, progress);
		return;
	}
	/* The bar says what a detail about bytes would. */
	label = str_printf("%s %s", name_of(object), detail != NULL && total <= 0 ? detail : state);
	progress_show(&w->progress, label, json_int(progress, "bytes", 0), total);
}

static void
on_event(const struct sse_event *event, void *arg)
{
	struct follow *w = arg;
	_cleanup_json_ cJSON *json = NULL;

	if (!event->has_data || json_parse(event->data, event->data_len, &json, NULL) < 0)
		return;
	if (json_str(json, "state") != NULL)
		observe(w, TAKE(json));
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct follow *w = arg;

	if (sse_feed(&w->parser, bytes, len, on_event, w, NULL) < 0)
		return -1;
	return is_final(w) ? -1 : 0;
}

static int64_t
left_ms(const struct follow *w)
{
	return w->deadline_ms == 0 ? -1 : w->deadline_ms - clock_now_ms();
}

static bool
is_late(const struct follow *w)
{
	return w->deadline_ms != 0 && left_ms(w) <= 0;
}

/* Look at the object itself; a daemon that is away for a moment is waited for. */
static int
look(struct follow *w, struct ctl_failure *f)
{
	for (int tries = 1;; tries++) {
		const struct ctl_call call = {
			.method = "GET",
			.path = w->path,
			.total_ms = w->deadline_ms == 0 || is_late(w) ? 0 : left_ms(w),
		};
		cJSON *object = NULL;

		if (ctl_ask(w->ctl, &call, &object, f) == 0) {
			if (json_str(object, "state") == NULL) {
				cJSON_Delete(object);
				return ctl_fail(f, CTL_UNREACHABLE, "bad_response",
				    "the daemon's answer is not a %s", w->noun);
			}
			observe(w, object);
			return 0;
		}
		if (f->exit_code != CTL_UNREACHABLE || w->last == NULL ||
		    tries == UNREACHABLE_MAX || is_late(w) || ctl_interrupted())
			return -1;
		progress_show(&w->progress, "the daemon does not answer; trying again", 0, 0);
		ctl_sleep(AGAIN_MS);
	}
}

static int
watch(struct follow *w, struct ctl_failure *f)
{
	while (look(w, f) == 0) {
		_cleanup_free_ char *events = str_printf("%s/events", w->path);
		const struct ctl_call call = {
			.method = "GET",
			.path = events,
			.total_ms = left_ms(w),
			.stall_ms = LOOK_MS,
			.on_data = on_data,
			.arg = w,
		};

		if (is_final(w))
			return 0;
		if (ctl_interrupted())
			return ctl_fail(f, CTL_INTERRUPTED, "interrupted", "interrupted");
		if (is_late(w))
			return ctl_fail(f, CTL_TIMED_OUT, "timed_out", "still %s", w->state);
		sse_done(&w->parser);
		w->parser = (struct sse_parser){ .max_bytes = EVENT_MAX_BYTES };
		ctl_ask(w->ctl, &call, NULL, f); /* however it ended, the next look tells */
		free(f->envelope);
		f->envelope = NULL;
		if (!is_final(w))
			ctl_sleep(is_late(w) ? 0 : AGAIN_MS / 5);
	}
	return -1;
}

static int
give_up(struct follow *w, struct ctl_failure *f)
{
	const char *id = json_str(w->last, "id");

	progress_clear(&w->progress);
	if (w->last != NULL && (f->exit_code == CTL_INTERRUPTED || f->exit_code == CTL_TIMED_OUT)) {
		snprintf(f->text, sizeof(f->text),
		    "stopped waiting: %s is still %s, and work continues", name_of(w->last),
		    w->state);
		snprintf(f->next, sizeof(f->next), "janusctl wait %s %s", w->noun,
		    id == NULL ? "NAME" : id);
	}
	return ctl_complain(w->ctl, f);
}

static void
tell_run(struct follow *w)
{
	const char *detail = json_str(w->last, "state_detail");
	const cJSON *score = json_path(w->last, "scores.composite.value");

	progress_clear(&w->progress);
	if (w->ctl->format != CTL_JSONL) /* which had it as the last state */
		ctl_print_object(w->ctl, ctl_kind_of("run"), w->last, stdout);
	fflush(stdout);
	ctl_note(w->ctl, "%s %s%s%s", name_of(w->last),
	    str_eq(w->state, "finished") ? "has finished" : w->state, detail != NULL ? ": " : "",
	    detail != NULL ? detail : "");
	if (cJSON_IsNumber(score))
		ctl_note(w->ctl, "composite score: %.1f of 100", score->valuedouble);
	ctl_note(w->ctl, "next: janusctl show run %s", json_str(w->last, "id"));
}

static void
tell_end(struct follow *w)
{
	_cleanup_buf_ struct buf said = { 0 }, evidence = { 0 }, next = { 0 };

	progress_clear(&w->progress);
	ctl_outcome(&said, w->last);
	ctl_evidence(&evidence, w->last);
	if (w->ctl->format == CTL_JSONL) /* which had it as the last state */
		;
	else if (json_bool(w->last, "check_only", false))
		ctl_print_findings(w->ctl, w->last);
	else
		ctl_print_object(w->ctl, ctl_kind_of("submission"), w->last, stdout);
	fflush(stdout);
	ctl_note(w->ctl, "%s", buf_str(&said));
	ctl_next_command(&next, w->last);
	if (w->ctl->opt.quiet || w->ctl->format == CTL_JSON || w->ctl->format == CTL_JSONL)
		return;
	fputs(buf_str(&evidence), stderr);
	if (next.len > 0)
		ctl_note(w->ctl, "next: %s", buf_str(&next));
}

int
ctl_follow(struct ctl *ctl, const char *noun, const char *ref)
{
	_cleanup_(follow_done) struct follow w = { .ctl = ctl, .noun = noun };
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };

	ctl_ref_path(&path, noun, ref, NULL);
	w.path = buf_take(&path);
	w.deadline_ms = ctl->opt.timeout_ms > 0 ? clock_now_ms() + ctl->opt.timeout_ms : 0;
	progress_init(&w.progress, stderr,
	    !ctl->opt.no_progress && !ctl->opt.quiet && ctl->format != CTL_JSON &&
		ctl->format != CTL_JSONL);
	ctl_catch_interrupt();
	if (watch(&w, &f) < 0)
		return give_up(&w, &f);
	if (str_eq(noun, "run")) {
		tell_run(&w);
		return str_eq(w.state, "finished") ? CTL_OK : CTL_FAILED;
	}
	tell_end(&w);
	const char *state = json_str(w.last, "state");
	if (str_eq(state, "ready") || str_eq(state, "retired"))
		return CTL_OK;
	return str_eq(state, "rejected") && json_bool(w.last, "check_only", false) ? CTL_CHECK
										   : CTL_FAILED;
}
