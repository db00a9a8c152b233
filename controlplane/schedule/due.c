/*
 * due.c - schedules: which ticks have come since the last look, and the runs that they make.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/registry.h"
#include "controlplane/schedule/days.h"
#include "controlplane/schedule/scheduler_core.h"
#include "controlplane/schedule/suites.h"
#include "controlplane/schedule/zone.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define LOOK_MS 30000 /* at least so often: clocks are set, machines sleep */
#define IN_TIME_MS 120000 /* a tick looked at later than that was missed */
#define CATCH_UP 24 /* ticks at once, and runs of a schedule that wait for a competitor */
#define AHEAD_MAX_MS (INT64_C(48) * 3600 * 1000)
#define SCHEDULES_MAX 1000

/* ---- which ticks ---- */

/* The newest ticks of (after, until], at most CATCH_UP, oldest first. */
static size_t
ticks_within(const struct timed *t, int64_t after, int64_t until, int64_t out[CATCH_UP])
{
	size_t n = 0;

	for (int64_t at = after; (at = cron_next(&t->cron, t->zone, at)) <= until;) {
		if (n == CATCH_UP)
			memmove(out, out + 1, --n * sizeof(*out));
		out[n++] = at * 1000;
	}
	return n;
}

/* After years there may be millions, and the last few are all that is wanted: look back in steps. */
static size_t
ticks_between(const struct timed *t, int64_t after_ms, int64_t until_ms, int64_t out[CATCH_UP])
{
	const int64_t after = floor_div(after_ms, 1000), until = floor_div(until_ms, 1000);
	int64_t span = DAY_SECONDS;
	size_t n = 0;

	while (n < CATCH_UP && until - span > after) {
		n = ticks_within(t, until - span, until, out);
		span *= 8;
	}
	return n < CATCH_UP ? ticks_within(t, after, until, out) : n;
}

/* By the policy: leaves those that are to make runs. */
static size_t
choose(const struct schedule *h, int64_t now_ms, int64_t ticks[CATCH_UP], size_t n)
{
	if (n == 0 || h->missed == MISSED_ALL)
		return n;
	if (h->missed == MISSED_SKIP && now_ms - ticks[n - 1] > IN_TIME_MS)
		return 0;
	ticks[0] = ticks[n - 1];
	return 1;
}

/* The same for a tick and a competitor whenever it is asked. */
static int64_t
jitter_of(const struct schedule *h, int64_t tick_ms, const char *competitor)
{
	_cleanup_free_ char *text = str_printf("%s %lld %s", h->id, (long long)tick_ms, competitor);
	unsigned char digest[HASH_SHA256_LEN];
	uint64_t n;

	if (h->jitter_ms == 0)
		return 0;
	hash_sha256(text, strlen(text), digest);
	memcpy(&n, digest, sizeof(n));
	return (int64_t)(n % (uint64_t)h->jitter_ms);
}

/* ---- the runs of a tick ---- */

struct look {
	struct scheduler *scheduler;
	struct timed *timed;
	const struct suite_info *suite;
	int64_t ticks[CATCH_UP];
	size_t n;
};

/* Those of that schedule that have not begun; *doubled: one is of that tick. */
static size_t
waiting_of(const struct scheduler *s, const struct timed *t, const char *competitor,
    int64_t tick_ms, bool *doubled)
{
	size_t n = 0;

	*doubled = false;
	for (size_t i = 0; i < s->len; i++) {
		const struct run *r = &s->runs[i]->q.row;

		if (strcmp(r->cause_id, t->row.id) != 0 ||
		    strcmp(r->competitor_id, competitor) != 0)
			continue;
		n += r->state == RUN_QUEUED;
		*doubled |= r->tick_ms == tick_ms;
	}
	return n;
}

static void
run_of_tick(struct look *l, const struct competitor *c, int64_t tick_ms)
{
	struct scheduler *s = l->scheduler;
	const struct schedule *h = &l->timed->row;
	const struct run_wish wish = { .competitor = c,
		.version = registry_version(s->c.registry, c->version_id),
		.suite = l->suite,
		.params = h->params,
		.cause = CAUSE_SCHEDULE,
		.cause_id = h->id,
		.tick_ms = tick_ms };
	const size_t most = h->missed == MISSED_ALL ? CATCH_UP : 1;
	struct error err = { 0 };
	struct held *made;
	struct run row;
	bool doubled;

	if (wish_check(&wish, &err) < 0) {
		log_warn("schedule.skipped", F_STR("schedule_id", h->id), F_STR("error", err.text));
		return;
	}
	if (waiting_of(s, l->timed, c->id, tick_ms, &doubled) >= most || doubled) {
		log_info("schedule.skipped", F_STR("schedule_id", h->id),
		    F_STR("competitor", c->slug),
		    F_STR("error",
			doubled ? "that tick was made already" : "its last run still waits"));
		return;
	}
	run_fill(&row, &wish);
	row.not_before_ms = row.created_at_ms + jitter_of(h, tick_ms, c->id);
	made = held_add(s, &row);
	made->q.since_mono_ms = clock_now_ms();
	made->q.retry_at_ms = clock_now_ms() + row.not_before_ms - row.created_at_ms;
	held_changed(s, made, NULL, NULL, NULL);
}

static void
runs_of_ticks(struct look *l)
{
	struct scheduler *s = l->scheduler;
	const struct registry *reg = s->c.registry;
	const struct schedule *h = &l->timed->row;

	for (size_t k = 0; k < l->n; k++)
		for (size_t i = 0; i < reg->ncompetitors; i++) {
			const struct competitor *c = reg->competitors[i];

			if (h->competitor_id[0] != '\0' ? strcmp(h->competitor_id, c->id) == 0
							: c->wanted && c->version_id[0] != '\0')
				run_of_tick(l, c, l->ticks[k]);
		}
}

/* Runs first, then that these ticks are done with: killed in between, none is missed and none is
 * there twice. */
static void
suite_found(const struct suite_info *suite, const struct error *err, void *arg)
{
	struct look *l = arg;
	struct scheduler *s = l->scheduler;
	struct timed *t = l->timed;

	if (!s->stopping && !t->removed) {
		struct store_batch *b = store_batch_new();

		l->suite = suite;
		if (suite != NULL)
			runs_of_ticks(l);
		else
			log_warn("schedule.skipped", F_STR("schedule_id", t->row.id),
			    F_STR("error", err->text));
		store_put_schedule(b, &t->row);
		store_commit(s->c.store, b, NULL, NULL);
		scheduler_evaluate(s);
	}
	free(l);
}

static void
look(struct scheduler *s, struct timed *t, int64_t now_ms)
{
	struct look *l;
	int64_t ticks[CATCH_UP];
	size_t n;

	/* A clock that showed a far future made ticks until then done with; that is not waited for. */
	if (t->row.looked_at_ms > now_ms + AHEAD_MAX_MS)
		t->row.looked_at_ms = now_ms;
	n = ticks_between(t, t->row.looked_at_ms, now_ms, ticks);
	if (n == 0)
		return;
	t->row.looked_at_ms = ticks[n - 1];
	t->row.updated_at_ms = now_ms;
	l = mem_zalloc(sizeof(*l));
	l->scheduler = s;
	l->timed = t;
	l->n = choose(&t->row, now_ms, ticks, n);
	memcpy(l->ticks, ticks, sizeof(ticks));
	scheduler_suite(s, t->row.suite, suite_found, l);
}

int64_t
due_look(struct scheduler *s, int64_t wall_ms)
{
	int64_t wait_ms = LOOK_MS;

	for (size_t i = 0; i < s->ntimed; i++) {
		struct timed *t = s->timed[i];

		if (t->removed || t->zone == NULL)
			continue;
		look(s, t, wall_ms);
		const int64_t next_s = cron_next(&t->cron, t->zone, floor_div(wall_ms, 1000));
		if (next_s != INT64_MAX && next_s * 1000 - wall_ms < wait_ms)
			wait_ms = next_s * 1000 - wall_ms;
	}
	return wait_ms > 0 ? wait_ms : 1;
}

/* ---- schedules ---- */

int
schedule_check(const struct schedule *h, int64_t next_ms[static SCHEDULE_TIMES], struct error *err)
{
	int64_t at = floor_div(clock_wall_ms(), 1000);
	struct cron cron;
	struct zone *zone;

	if (cron_parse(h->cron, &cron, err) < 0)
		return -1;
	zone = zone_open(h->zone, err);
	if (zone == NULL)
		return error_add(err, "tz");
	for (size_t i = 0; i < SCHEDULE_TIMES; i++) {
		at = cron_next(&cron, zone, at);
		next_ms[i] = at * 1000;
	}
	zone_free(zone);
	return 0;
}

/* One that was good when it was made, and is not now, is kept and says why. */
struct timed *
timed_add(struct scheduler *s, const struct schedule *row)
{
	struct timed *t = mem_zalloc(sizeof(*t));
	struct error err = { 0 };

	t->row = *row;
	if (cron_parse(row->cron, &t->cron, &err) == 0)
		t->zone = zone_open(row->zone, &err);
	if (t->zone == NULL) {
		str_copy(t->why, sizeof(t->why), err.text);
		log_warn(
		    "schedule.broken", F_STR("schedule_id", row->id), F_STR("error", err.text));
	}
	if ((s->ntimed & (s->ntimed - 1)) == 0) /* full at every power of two */
		s->timed = mem_realloc(
		    s->timed, (s->ntimed != 0 ? s->ntimed * 2 : 1) * sizeof(struct timed *));
	s->timed[s->ntimed++] = t;
	return t;
}

void
timed_free(struct timed *t)
{
	zone_free(t->zone);
	free(t);
}

size_t
scheduler_schedules(const struct scheduler *s)
{
	return s->ntimed;
}

const struct schedule *
scheduler_schedule(const struct scheduler *s, size_t i)
{
	return &s->timed[i]->row;
}

static struct timed *
timed_of(const struct schedule *h)
{
	return (struct timed *)(uintptr_t)h; /* its first member */
}
_Static_assert(offsetof(struct timed, row) == 0, "timed_of");

#define PREFIX_MIN 6
const struct schedule *
scheduler_find_schedule(const struct scheduler *s, const char *ref, struct error *err)
{
	const struct schedule *found = NULL;

	for (size_t i = 0; i < s->ntimed && strlen(ref) >= strlen("sch_") + PREFIX_MIN; i++) {
		const struct schedule *h = &s->timed[i]->row;

		if (s->timed[i]->removed || !str_starts(h->id, ref))
			continue;
		if (found != NULL) {
			error_set(
			    err, ERROR_INVALID, "'%s' is ambiguous: %s, %s", ref, found->id, h->id);
			return NULL;
		}
		found = h;
	}
	if (found == NULL)
		error_set(err, ERROR_NOT_FOUND, "There is no schedule '%.64s'.", ref);
	return found;
}

int64_t
scheduler_next_ms(const struct scheduler *s, const struct schedule *h, char why[DETAIL_MAX])
{
	const struct timed *t = timed_of(h);
	const int64_t now_ms = clock_wall_ms();
	int64_t after_ms = h->looked_at_ms > now_ms ? h->looked_at_ms : now_ms;

	(void)s;
	str_copy(why, DETAIL_MAX, t->why);
	if (h->looked_at_ms > now_ms + AHEAD_MAX_MS)
		after_ms = now_ms;
	return t->zone != NULL ? cron_next(&t->cron, t->zone, floor_div(after_ms, 1000)) * 1000 : 0;
}

/* ---- add and remove ---- */

static void
add_event(struct store_batch *b, const struct store_actor *who, const char *action,
    const struct schedule *h)
{
	_cleanup_free_ char *text = str_printf("%s %s %s", h->cron, h->zone, h->suite);

	store_add_event(b,
	    &(struct store_event){
		.who = *who, .action = action, .object_id = h->id, .reason = text });
}

struct addition {
	struct scheduler *scheduler;
	struct schedule row;
	scheduler_done_fn *done;
	void *arg;
};

static void
added(const struct error *err, void *arg)
{
	struct addition *a = arg;

	if (err == NULL)
		timed_add(a->scheduler, &a->row);
	a->done(err, a->row.id, a->arg);
	if (err == NULL)
		scheduler_evaluate(a->scheduler);
	free(a);
}

int
scheduler_add(struct scheduler *s, const struct schedule *row, const struct store_actor *who,
    scheduler_done_fn *done, void *arg, struct error *err)
{
	struct addition *a;
	struct store_batch *b;

	if (s->ntimed >= SCHEDULES_MAX)
		return error_set(err, ERROR_BUSY, "There are %d schedules already.", SCHEDULES_MAX);
	a = mem_zalloc(sizeof(*a));
	*a = (struct addition){ s, *row, done, arg };
	id_new("sch", a->row.id);
	a->row.created_at_ms = a->row.updated_at_ms = a->row.looked_at_ms = clock_wall_ms();
	b = store_batch_new();
	store_put_schedule(b, &a->row);
	add_event(b, who, "schedule.create", &a->row);
	store_commit(s->c.store, b, added, a);
	return 0;
}

struct removal {
	struct timed *timed;
	scheduler_done_fn *done;
	void *arg;
};

static void
removed(const struct error *err, void *arg)
{
	struct removal *r = arg;

	if (err != NULL) { /* a wish that was not stored was never one */
		r->timed->removed = false;
		r->timed->row.removed_at_ms = 0;
	}
	r->done(err, r->timed->row.id, r->arg);
	free(r);
}

void
scheduler_remove(struct scheduler *s, const struct schedule *h, const struct store_actor *who,
    scheduler_done_fn *done, void *arg)
{
	struct timed *t = timed_of(h);
	struct removal *r = mem_zalloc(sizeof(*r));
	struct store_batch *b = store_batch_new();

	*r = (struct removal){ t, done, arg };
	t->removed = true;
	t->row.removed_at_ms = t->row.updated_at_ms = clock_wall_ms();
	store_put_schedule(b, &t->row);
	add_event(b, who, "schedule.remove", &t->row);
	store_commit(s->c.store, b, removed, r);
}
