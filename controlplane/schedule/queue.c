/*
 * queue.c - decide over runs.
 */
#include "controlplane/schedule/queue.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define RETRY_MS 1000 /* after the first worker that was lost; three times as long each time */

static const char *const waits[] = {
#define X(name, word) word,
	QUEUE_WAITS(X)
#undef X
};

const char *
queue_wait_name(enum queue_wait w)
{
	return waits[w];
}

bool
queue_active(const struct queued *q)
{
	return q->row.state == RUN_RUNNING || (q->row.state == RUN_QUEUED && q->starting);
}

bool
queue_before(const struct queued *a, const struct queued *b)
{
	static const int order[] = {
		[CAUSE_MANUAL] = 0, [CAUSE_SUBMISSION] = 1, [CAUSE_SCHEDULE] = 2
	};

	if (a->row.cause != b->row.cause)
		return order[a->row.cause] < order[b->row.cause];
	if (a->row.created_at_ms != b->row.created_at_ms)
		return a->row.created_at_ms < b->row.created_at_ms;
	return strcmp(a->row.id, b->row.id) < 0;
}

/* Another run of the same competitor that is under way. */
static bool
has_rival(const struct queue *all, const struct queued *q)
{
	for (size_t i = 0; i < all->len; i++)
		if (all->at[i] != q && queue_active(all->at[i]) &&
		    strcmp(all->at[i]->row.competitor_id, q->row.competitor_id) == 0)
			return true;
	return false;
}

static int
busy(const struct queue *all, const struct queued *but)
{
	int n = 0;

	for (size_t i = 0; i < all->len; i++)
		n += all->at[i] != but && queue_active(all->at[i]);
	return n;
}

/* What it waits for, whoever else waits. */
static enum queue_wait
own_wait(const struct queue *all, const struct queued *q, int64_t now_ms)
{
	if (q->starting)
		return QUEUE_STARTING;
	if (now_ms < q->retry_at_ms)
		return q->row.requeues > 0 ? QUEUE_RETRY : QUEUE_LATER;
	if (has_rival(all, q))
		return QUEUE_RUN;
	if (!all->ready(&q->row, all->arg))
		return QUEUE_COMPETITOR;
	if (!all->rules->has_runner)
		return QUEUE_NO_RUNNER;
	return busy(all, q) >= all->rules->runners ? QUEUE_RUNNERS : QUEUE_NOTHING;
}

struct queued *
queue_first(const struct queue *all, int64_t now_ms)
{
	struct queued *best = NULL;

	for (size_t i = 0; i < all->len; i++) {
		struct queued *q = all->at[i];

		if (q->row.state == RUN_QUEUED && (best == NULL || queue_before(q, best)) &&
		    own_wait(all, q, now_ms) == QUEUE_NOTHING)
			best = q;
	}
	return best;
}

enum queue_wait
queue_waits(const struct queue *all, const struct queued *q, int64_t now_ms)
{
	const enum queue_wait own = own_wait(all, q, now_ms);

	return own == QUEUE_NOTHING && queue_first(all, now_ms) != q ? QUEUE_RUNNERS : own;
}

static void
enter(struct queued *q, enum run_state state, const char *reason, const char *detail,
    int64_t now_ms, int64_t wall_ms)
{
	struct run *r = &q->row;

	r->state = state;
	str_copy(r->reason, sizeof(r->reason), reason);
	str_copy(r->detail, sizeof(r->detail), detail);
	r->since_ms = r->updated_at_ms = wall_ms;
	q->since_mono_ms = now_ms;
	q->starting = false;
	if (state != RUN_RUNNING) {
		r->item[0] = '\0';
		r->eta_seconds = -1;
		q->lease_until_ms = 0;
	}
	if (run_is_final(state)) {
		r->finished_at_ms = wall_ms;
		r->cancelling = false;
	}
}

int
queue_lease(const struct queue *all, struct queued *q, const char *worker, int64_t now_ms,
    int64_t wall_ms, struct error *err)
{
	if (q->row.state != RUN_QUEUED)
		return error_set(err, ERROR_CONFLICT,
		    "run %s is %s: only one that is queued can be taken", q->row.id,
		    run_state_name(q->row.state));
	if (has_rival(all, q))
		return error_set(
		    err, ERROR_CONFLICT, "another run of '%s' is under way", q->row.slug);
	if (busy(all, q) >= all->rules->runners)
		return error_set(err, ERROR_CONFLICT,
		    "%d runs are under way, and more may not be at once", all->rules->runners);
	enter(q, RUN_RUNNING, "working", "", now_ms, wall_ms);
	q->row.lease++;
	q->lease_until_ms = now_ms + all->rules->lease_ms;
	str_copy(q->row.worker, sizeof(q->row.worker), worker);
	if (q->row.started_at_ms == 0)
		q->row.started_at_ms = wall_ms;
	return 0;
}

int
queue_holds(const struct queued *q, int64_t lease, struct error *err)
{
	if (q->row.state == RUN_RUNNING && lease == q->row.lease)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "lease %lld of run %s is over: it is %s now, and the last lease had number %lld",
	    (long long)lease, q->row.id, run_state_name(q->row.state), (long long)q->row.lease);
}

int
queue_alive(
    const struct queue *all, struct queued *q, int64_t lease, int64_t now_ms, struct error *err)
{
	if (queue_holds(q, lease, err) < 0)
		return -1;
	q->lease_until_ms = now_ms + all->rules->lease_ms;
	return 0;
}

int
queue_progress(
    const struct queue *all, struct queued *q, int64_t lease, int64_t now_ms, struct error *err)
{
	if (queue_alive(all, q, lease, now_ms, err) < 0)
		return -1;
	q->row.requeues = 0;
	return 0;
}

int
queue_finish(struct queued *q, int64_t lease, enum run_state state, const char *code,
    const char *fault, const char *detail, int64_t wall_ms, struct error *err)
{
	if (run_is_final(q->row.state) && lease == q->row.lease && lease != 0 &&
	    (q->row.state == state || q->row.state == RUN_CANCELLED))
		return 1;
	if (queue_holds(q, lease, err) < 0)
		return -1;
	if (q->row.cancelling)
		state = RUN_CANCELLED;
	enter(q, state, state == RUN_FAILED ? code : "", detail, 0, wall_ms);
	str_copy(q->row.code, sizeof(q->row.code), state == RUN_FAILED ? code : "");
	str_copy(q->row.fault, sizeof(q->row.fault), state == RUN_FAILED ? fault : "");
	return 0;
}

int
queue_cancel(struct queued *q, int64_t wall_ms, struct error *err)
{
	switch (q->row.state) {
	case RUN_QUEUED: enter(q, RUN_CANCELLED, "", "", 0, wall_ms); return 0;
	case RUN_RUNNING:
		if (q->row.cancelling)
			return 1;
		q->row.cancelling = true;
		q->row.updated_at_ms = wall_ms;
		str_copy(q->row.reason, sizeof(q->row.reason), "cancelling");
		return 0;
	case RUN_CANCELLED: return 1;
	default: break;
	}
	return error_set(err, ERROR_CONFLICT, "run %s has %s: there is nothing to cancel",
	    q->row.id, run_state_name(q->row.state));
}

void
queue_fail(
    struct queued *q, const char *code, const char *fault, const char *detail, int64_t wall_ms)
{
	if (run_is_final(q->row.state))
		return;
	enter(q, q->row.cancelling ? RUN_CANCELLED : RUN_FAILED, code, detail, 0, wall_ms);
	str_copy(q->row.code, sizeof(q->row.code), code);
	str_copy(q->row.fault, sizeof(q->row.fault), fault);
}

bool
queue_lost(
    const struct queue *all, struct queued *q, const char *why, int64_t now_ms, int64_t wall_ms)
{
	int64_t wait_ms = RETRY_MS;

	if (!queue_active(q))
		return false;
	if (q->row.cancelling) {
		enter(q, RUN_CANCELLED, "", why, now_ms, wall_ms);
		return true;
	}
	if (++q->row.requeues > all->rules->requeues_max) {
		queue_fail(q, "worker_lost", "platform", why, wall_ms);
		return true;
	}
	for (int i = 1; i < q->row.requeues; i++)
		wait_ms *= 3;
	enter(q, RUN_QUEUED, "next_try", why, now_ms, wall_ms);
	q->retry_at_ms = now_ms + wait_ms;
	return true;
}

bool
queue_expire(const struct queue *all, struct queued *q, int64_t now_ms, int64_t wall_ms)
{
	return q->row.state == RUN_RUNNING && now_ms >= q->lease_until_ms &&
	    queue_lost(all, q, "nothing was heard of its worker", now_ms, wall_ms);
}

bool
queue_release(struct queued *q, int64_t now_ms, int64_t wall_ms)
{
	if (!queue_active(q))
		return false;
	if (q->row.cancelling)
		enter(q, RUN_CANCELLED, "", "", now_ms, wall_ms);
	else
		enter(q, RUN_QUEUED, "next_try", "Janus stopped", now_ms, wall_ms);
	return true;
}

void
queue_adopt(const struct queue *all, struct queued *q, int64_t now_ms)
{
	q->since_mono_ms = now_ms;
	q->starting = false;
	if (q->row.state == RUN_RUNNING)
		q->lease_until_ms = now_ms + all->rules->lease_ms;
}
