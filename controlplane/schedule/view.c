/*
 * view.c - runs as others see them: found, and what they wait for.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/schedule/scheduler_core.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define PREFIX_MIN 6

size_t
scheduler_runs(const struct scheduler *s)
{
	return s->len;
}

int64_t
scheduler_runs_ever(const struct scheduler *s)
{
	return s->unloaded + (int64_t)s->len;
}

const struct run *
scheduler_run(const struct scheduler *s, size_t i)
{
	return &s->runs[i]->q.row;
}

const struct run *
scheduler_run_id(const struct scheduler *s, const char *id)
{
	for (size_t i = s->len; i-- > 0;)
		if (strcmp(s->runs[i]->q.row.id, id) == 0)
			return &s->runs[i]->q.row;
	return NULL;
}

const struct run *
scheduler_run_of(const struct scheduler *s, const char *cause_id)
{
	for (size_t i = s->len; i-- > 0;)
		if (strcmp(s->runs[i]->q.row.cause_id, cause_id) == 0)
			return &s->runs[i]->q.row;
	return NULL;
}

const struct run *
scheduler_find(const struct scheduler *s, const char *ref, struct error *err)
{
	const bool is_id = str_starts(ref, "run_");
	const struct run *found = NULL;

	if (is_id && strlen(ref) < strlen("run_") + PREFIX_MIN) {
		error_set(err, ERROR_INVALID, "'%s' is too short for the beginning of an id.", ref);
		return NULL;
	}
	for (size_t i = s->len; i-- > 0;) {
		const struct run *r = &s->runs[i]->q.row;

		if (!(is_id ? str_starts(r->id, ref) : str_eq(r->slug, ref)))
			continue;
		if (found != NULL) {
			error_set(
			    err, ERROR_INVALID, "'%s' is ambiguous: %s, %s", ref, found->id, r->id);
			return NULL;
		}
		found = r;
		if (!is_id || str_eq(r->id, ref))
			break; /* the newest */
	}
	if (found == NULL)
		error_set(err, ERROR_NOT_FOUND, "There is no run '%.64s'.", ref);
	return found;
}

/* How long runs of that suite took lately; -1. */
static int64_t
usual_seconds(const struct scheduler *s, const char *suite)
{
	int64_t sum_ms = 0;
	int n = 0;

	for (size_t i = s->len; i-- > 0 && n < 5;) {
		const struct run *r = &s->runs[i]->q.row;

		if (r->state != RUN_FINISHED || strcmp(r->suite, suite) != 0 ||
		    r->finished_at_ms < r->started_at_ms)
			continue;
		sum_ms += r->finished_at_ms - r->started_at_ms;
		n++;
	}
	return n > 0 ? sum_ms / n / 1000 : -1;
}

/* Those that go before it, one after another over all runners. */
static int64_t
ahead_seconds(const struct scheduler *s, const struct held *h)
{
	const int64_t usual = usual_seconds(s, h->q.row.suite);
	int64_t sum = 0;

	for (size_t i = 0; i < s->len && usual >= 0; i++) {
		const struct queued *o = &s->runs[i]->q;

		if (o == &h->q || run_is_final(o->row.state))
			continue;
		if (o->row.state == RUN_RUNNING && o->row.eta_seconds >= 0)
			sum += o->row.eta_seconds;
		else if (queue_active(o) || queue_before(o, &h->q))
			sum += usual;
	}
	return usual >= 0 ? sum / s->c.rules.runners : -1;
}

const char *
scheduler_waits(const struct scheduler *s, const struct run *r, int64_t *eta_seconds)
{
	const struct held *h = held_of(s, r);
	const struct queue q = scheduler_queue(s);
	const int64_t now_ms = clock_now_ms();

	*eta_seconds = -1;
	if (run_is_final(r->state))
		return r->reason;
	if (r->state == RUN_RUNNING) {
		*eta_seconds = r->eta_seconds;
		return r->reason;
	}
	const enum queue_wait why = queue_waits(&q, &h->q, now_ms);
	switch (why) {
	case QUEUE_NOTHING:
	case QUEUE_STARTING: *eta_seconds = 0; break;
	case QUEUE_RETRY:
	case QUEUE_LATER: *eta_seconds = (h->q.retry_at_ms - now_ms + 999) / 1000; break;
	case QUEUE_RUN:
	case QUEUE_RUNNERS: *eta_seconds = ahead_seconds(s, h); break;
	case QUEUE_COMPETITOR:
	case QUEUE_NO_RUNNER: break;
	}
	return queue_wait_name(why);
}

const char *
scheduler_dir(const struct scheduler *s, const struct run *r, char out[512])
{
	snprintf(out, 512, "%s/runs/%s", s->c.state_dir, r->id);
	return out;
}

const char *
scheduler_log(const struct scheduler *s, const struct run *r, char out[512])
{
	snprintf(out, 512, "%s/runs/%s.log", s->c.state_dir, r->id);
	return out;
}

const struct scheduler_config *
scheduler_config(const struct scheduler *s)
{
	return &s->c;
}
