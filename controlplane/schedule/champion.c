/*
 * champion.c - look, decide, store, and then it is so.
 */
#include "controlplane/schedule/champion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/registry.h"
#include "controlplane/schedule/champion_core.h"
#include "controlplane/store/runs.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

static const struct store_actor by_rule = { "janusd", NULL };

/* ---- words ---- */

static const char *
slug_of(const struct reign *r)
{
	return r != NULL ? r->slug : NULL;
}

static struct reign_live
as_live(const struct bounds_sum *s)
{
	return (struct reign_live){ s->chats, s->bad, s->timed, s->ttft_p95_ms };
}

static struct bounds_sum
as_sum(const struct reign_live *l)
{
	return (struct bounds_sum){ l->chats, l->bad, l->timed, l->ttft_p95_ms };
}

static void
describe_live(char *out, size_t cap, const struct bounds_sum *now, const struct bounds_sum *before)
{
	snprintf(out, cap,
	    "%lld of %lld chats failed, P95 of the first content %lld ms; before it %lld of %lld, "
	    "%lld ms",
	    (long long)now->bad, (long long)now->chats, (long long)now->ttft_p95_ms,
	    (long long)before->bad, (long long)before->chats, (long long)before->ttft_p95_ms);
}

static void
describe_scores(char *out, size_t cap, const struct lead_row *a, const struct lead_row *b)
{
	const struct lead_score *s = &a->score[LEAD_COMPOSITE];

	if (b == NULL) {
		snprintf(out, cap, "%.1f points (%.1f to %.1f); there is no champion", s->value,
		    s->low, s->high);
		return;
	}
	const struct lead_difference d = lead_difference(a, b);
	snprintf(out, cap, "%.1f points, %+.1f (%+.1f to %+.1f) against %s", s->value, d.value,
	    d.low, d.high, b->of->slug);
}

/* ---- what is seen ---- */

struct sight {
	struct succession_seen seen;
	struct bounds_sum trial, throne; /* live */
	const struct lead_row *challenger, *incumbent;
	const struct reign *previous;
};

static bool
is_gone(const struct champion *ch, const struct reign *r, int64_t *seen_ms)
{
	const struct competitor *c = registry_competitor(ch->c.registry, r->competitor_id);
	const int64_t now_ms = clock_now_ms();

	if (standing_ready(ch, c))
		*seen_ms = now_ms;
	return !standing_present(ch, r) || now_ms - *seen_ms >= ch->c.away_ms;
}

static void
see_trial(struct champion *ch, struct sight *s)
{
	struct succession_seen *seen = &s->seen;

	if (ch->canary == NULL)
		return;
	const struct competitor *c = registry_competitor(ch->c.registry, ch->canary->competitor_id);
	if (c != NULL && c->wakes && !registry_served(ch->c.registry, c))
		ch->c.on_wake(c->id, ch->c.arg);
	s->trial = standing_now(ch, &ch->on_trial, &seen->canary_chats);
	seen->has_canary = true;
	seen->canary_gone = is_gone(ch, ch->canary, &ch->canary_seen_ms);
	seen->canary_age_ms = clock_now_ms() - ch->canary_since_ms;
	seen->canary_live = bounds_judge(&ch->c.bounds, &s->trial, &s->throne,
	    succession_trial_over(&ch->c.succession, seen->canary_chats, seen->canary_age_ms));
}

static void
see_reign(struct champion *ch, struct sight *s)
{
	struct succession_seen *seen = &s->seen;

	if (ch->reign == NULL)
		return;
	const struct bounds_sum base = as_sum(&ch->reign->base);

	seen->has_reign = true;
	seen->reign_gone = is_gone(ch, ch->reign, &ch->reign_seen_ms);
	seen->is_guarded = ch->reign->cause != REIGN_BY_ROLLBACK;
	seen->reign_live = bounds_judge(&ch->c.bounds, &s->throne, &base, false);
	s->previous = reign_before(ch, ch->reign);
	seen->has_previous = s->previous != NULL;
	s->incumbent = lead_board_find(&ch->board, ch->reign->competitor_id);
}

static void
look_around(struct champion *ch, struct sight *s)
{
	const struct competitor *first = registry_default(ch->c.registry);

	memset(s, 0, sizeof(*s));
	s->throne = standing_now(ch, &ch->on_throne, NULL);
	see_trial(ch, s);
	see_reign(ch, s);
	s->challenger = lead_challenger(
	    &ch->board, &ch->c.lead, ch->reign != NULL ? ch->reign->competitor_id : NULL);
	s->seen.has_challenger = s->challenger != NULL;
	s->seen.no_trial = ch->c.canary_percent == 0 ||
	    (ch->reign == NULL && s->challenger != NULL && first != NULL &&
		strcmp(first->id, s->challenger->of->id) == 0);
}

/* ---- what is done ---- */

static void
crown(struct champion *ch, const struct sight *s, const char *reason)
{
	struct reign_change *c = change_new(ch, NULL, NULL);
	char detail[DETAIL_MAX];

	describe_live(detail, sizeof(detail), &s->trial, &s->throne);
	change_event(c, &by_rule, "champion.promote", ch->canary->competitor_id, detail,
	    slug_of(ch->reign), ch->canary->slug);
	if (ch->reign != NULL)
		change_end(c, ch->reign, REIGN_ENDED, "succeeded", ch->canary->slug);
	struct reign *r = change_row(c, ch->canary);
	r->state = REIGN_REIGNING;
	r->crowned_at_ms = r->updated_at_ms;
	r->base = as_live(&s->throne);
	r->trial = as_live(&s->trial);
	str_copy(r->detail, sizeof(r->detail), reason);
	str_copy(r->previous_id, sizeof(r->previous_id), ch->reign != NULL ? ch->reign->id : "");
	change_commit(c);
}

static void
begin(struct champion *ch, const struct sight *s, bool at_once)
{
	struct reign_change *c = change_new(ch, NULL, NULL);
	const struct lead_row *row = s->challenger;
	char reason[DETAIL_MAX];

	describe_scores(reason, sizeof(reason), row, s->incumbent);
	change_event(c, &by_rule, at_once ? "champion.promote" : "champion.canary", row->of->id,
	    reason, slug_of(ch->reign), row->of->slug);
	if (at_once && ch->reign != NULL)
		change_end(c, ch->reign, REIGN_ENDED, "succeeded", row->of->slug);
	struct reign *r = change_begin(c, row->of->id, row->of->slug,
	    at_once ? REIGN_REIGNING : REIGN_CANARY, REIGN_BY_RULE, &by_rule, reason);
	str_copy(r->version_id, sizeof(r->version_id), row->runs[0]->version);
	r->percent = ch->c.canary_percent;
	r->proof = proof_of(ch, row, s->incumbent);
	if (at_once)
		r->base = as_live(&s->throne);
	change_commit(c);
}

static void
refuse(struct champion *ch, const char *reason, const char *detail, const struct store_actor *who,
    champion_done_fn *done, void *arg)
{
	struct reign_change *c = change_new(ch, done, arg);

	change_event(c, who, "champion.refuse", ch->canary->competitor_id, detail, ch->canary->slug,
	    slug_of(ch->reign));
	change_end(c, ch->canary, REIGN_REFUSED, reason, detail);
	change_commit(c);
}

/* The reign ends; the one before (NULL: nobody) goes on. */
static void
step_down(struct champion *ch, const struct reign *to, enum reign_state state, const char *reason,
    const char *detail, const struct store_actor *who, champion_done_fn *done, void *arg)
{
	struct reign_change *c = change_new(ch, done, arg);

	change_event(c, who, state == REIGN_ROLLED_BACK ? "champion.rollback" : "champion.end",
	    ch->reign->competitor_id, detail, ch->reign->slug, slug_of(to));
	change_end(c, ch->reign, state, reason, detail);
	if (to != NULL) {
		struct reign *r = change_begin(
		    c, to->competitor_id, to->slug, REIGN_REIGNING, REIGN_BY_ROLLBACK, who, detail);

		str_copy(r->version_id, sizeof(r->version_id), to->version_id);
		str_copy(r->previous_id, sizeof(r->previous_id), to->previous_id);
	}
	change_commit(c);
}

static void
act(struct champion *ch, const struct sight *s, const struct succession *next)
{
	const struct bounds_sum base =
	    ch->reign != NULL ? as_sum(&ch->reign->base) : (struct bounds_sum){ 0 };
	const bool away = str_eq(next->reason, "not_ready");
	char detail[DETAIL_MAX];

	switch (next->act) {
	case SUCCESSION_NOTHING:
	case SUCCESSION_ACT_COUNT: return;
	case SUCCESSION_TRY: begin(ch, s, false); return;
	case SUCCESSION_CROWN_AT_ONCE: begin(ch, s, true); return;
	case SUCCESSION_CROWN: crown(ch, s, next->reason); return;
	case SUCCESSION_REFUSE:
		describe_live(detail, sizeof(detail), &s->trial, &s->throne);
		refuse(ch, next->reason, away ? "it is not ready" : detail, &by_rule, NULL, NULL);
		return;
	case SUCCESSION_VACATE:
	case SUCCESSION_ROLL_BACK:
		describe_live(detail, sizeof(detail), &s->throne, &base);
		step_down(ch, next->act == SUCCESSION_ROLL_BACK ? s->previous : NULL,
		    away ? REIGN_ENDED : REIGN_ROLLED_BACK, next->reason,
		    away ? "it is not ready, stopped or removed" : detail, &by_rule, NULL, NULL);
		return;
	}
}

static void
look(struct champion *ch)
{
	struct succession next;
	struct sight s;

	if (ch->storing || ch->stopped)
		return;
	standing_refresh(ch);
	standing_apply(ch);
	look_around(ch, &s);
	next = succession_decide(&ch->c.succession, &s.seen);
	act(ch, &s, &next);
}

static void
on_look(struct timer *t, void *arg)
{
	struct champion *ch = arg;

	look(ch);
	timer_set(ch->c.loop, t, ch->c.look_ms, on_look, ch);
}

/* ---- wishes ---- */

int
champion_promote_check(const struct champion *ch, const struct competitor *c, struct error *err)
{
	if (ch->storing)
		return error_set(
		    err, ERROR_CONFLICT, "The champion is changing this moment; ask again.");
	if (ch->reign != NULL && strcmp(ch->reign->competitor_id, c->id) == 0)
		return error_set(err, ERROR_CONFLICT, "'%s' is the champion already.", c->slug);
	if (!standing_ready(ch, c))
		return error_set(err, ERROR_CONFLICT,
		    "'%s' is not ready, so model janus cannot be its.", c->slug);
	return 0;
}

void
champion_promote(struct champion *ch, struct competitor *to, const char *reason,
    const struct store_actor *who, champion_done_fn *done, void *arg)
{
	standing_refresh(ch);
	struct reign_change *c = change_new(ch, done, arg);
	const struct lead_row *row = lead_board_find(&ch->board, to->id),
			      *now = ch->reign != NULL
	    ? lead_board_find(&ch->board, ch->reign->competitor_id)
	    : NULL;

	change_event(c, who, "champion.promote", to->id, reason, slug_of(ch->reign), to->slug);
	if (ch->canary != NULL)
		change_end(c, ch->canary, REIGN_REFUSED, "manual", to->slug);
	if (ch->reign != NULL)
		change_end(c, ch->reign, REIGN_ENDED, "manual", to->slug);
	struct reign *r =
	    change_begin(c, to->id, to->slug, REIGN_REIGNING, REIGN_BY_MANUAL, who, reason);
	str_copy(r->version_id, sizeof(r->version_id), row != NULL ? row->runs[0]->version : "");
	r->percent = 100;
	r->proof = row != NULL ? proof_of(ch, row, now) : NULL;
	const struct bounds_sum live = standing_now(ch, &ch->on_throne, NULL);
	r->base = as_live(&live);
	change_commit(c);
}

int
champion_rollback_check(const struct champion *ch, const struct reign **to, struct error *err)
{
	if (ch->storing)
		return error_set(
		    err, ERROR_CONFLICT, "The champion is changing this moment; ask again.");
	if (ch->canary == NULL && ch->reign == NULL)
		return error_set(err, ERROR_CONFLICT, "There is no champion to roll back.");
	*to = ch->canary != NULL ? ch->reign : reign_before(ch, ch->reign);
	return 0;
}

void
champion_rollback(struct champion *ch, const char *reason, const struct store_actor *who,
    champion_done_fn *done, void *arg)
{
	if (ch->canary != NULL)
		refuse(ch, "manual", reason, who, done, arg);
	else
		step_down(ch, reign_before(ch, ch->reign), REIGN_ROLLED_BACK, "manual", reason, who,
		    done, arg);
}

/* ---- runs ---- */

static void
add_run(const struct run *r, void *arg)
{
	struct champion *ch = arg;
	struct lead_run taken;

	if (strcmp(r->suite, ch->c.suite) != 0 || !champion_take(r, &taken))
		return;
	for (size_t i = 0; i < ch->nruns; i++)
		if (strcmp(ch->runs[i].id, taken.id) == 0)
			return;
	/* The board points into them, and is made anew before it is looked at. */
	lead_board_done(&ch->board);
	ch->runs = mem_realloc(ch->runs, (ch->nruns + 1) * sizeof(*ch->runs));
	ch->runs[ch->nruns++] = taken;
	ch->stale = true;
}

void
champion_run_finished(struct champion *ch, const struct run *r)
{
	add_run(r, ch);
	look(ch);
}

/* ---- for those who show it ---- */

const struct champion_config *
champion_rules(const struct champion *ch)
{
	return &ch->c;
}

const struct lead_board *
champion_board(struct champion *ch)
{
	standing_refresh(ch);
	return &ch->board;
}

const struct lead_run *
champion_runs(const struct champion *ch, size_t *n)
{
	*n = ch->nruns;
	return ch->runs;
}

const struct reign *const *
champion_reigns(const struct champion *ch, size_t *n)
{
	*n = ch->nreigns;
	return (const struct reign *const *)ch->reigns;
}

const struct reign *
champion_reigning(const struct champion *ch)
{
	return ch->reign;
}

const struct reign *
champion_canary(const struct champion *ch)
{
	return ch->canary;
}

/* ---- beginning and end ---- */

static void
load_reign(const struct reign *r, void *arg)
{
	reigns_take(arg, r);
}

struct champion *
champion_new(const struct champion_config *config, struct error *err)
{
	struct champion *ch = mem_zalloc(sizeof(*ch));

	ch->c = *config;
	ch->stale = true;
	pthread_mutex_init(&ch->lock, NULL);
	if (store_load_reigns(config->store, load_reign, ch, err) < 0 ||
	    store_whole_runs(config->store, config->suite, add_run, ch, err) < 0) {
		champion_free(ch);
		return NULL;
	}
	ch->reign_seen_ms = ch->canary_seen_ms = ch->canary_since_ms = clock_now_ms();
	return ch;
}

void
champion_start(struct champion *ch)
{
	on_look(&ch->look, ch);
}

void
champion_stop(struct champion *ch)
{
	if (ch == NULL)
		return;
	ch->stopped = true;
	timer_cancel(&ch->look);
}

void
champion_free(struct champion *ch)
{
	if (ch == NULL)
		return;
	for (size_t i = 0; i < ch->nreigns; i++) {
		reign_row_done(ch->reigns[i]);
		free(ch->reigns[i]);
	}
	free(ch->reigns);
	lead_board_done(&ch->board);
	free(ch->entrants);
	free(ch->runs);
	buf_done(&ch->metrics);
	pthread_mutex_destroy(&ch->lock);
	free(ch);
}
