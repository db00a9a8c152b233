/*
 * standing.c - the board as the registry and the runs are now, and what it means to both of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/judge.h"
#include "controlplane/gateway/life.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/registry/registry.h"
#include "controlplane/schedule/champion_core.h"
#include "controlplane/store/runs.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"

#define SHOWN_COMPETITORS 200 /* in metrics */

bool
standing_ready(const struct champion *ch, const struct competitor *c)
{
	return c != NULL && c->wanted && c->removed_at_ms == 0 && c->version_id[0] != '\0' &&
	    (c->wakes || registry_served(ch->c.registry, c));
}

bool
standing_present(const struct champion *ch, const struct reign *r)
{
	const struct competitor *c = registry_competitor(ch->c.registry, r->competitor_id);

	return c != NULL && c->wanted && c->removed_at_ms == 0;
}

/* ---- runs and entrants ---- */

bool
champion_take(const struct run *r, struct lead_run *out)
{
	struct lead_run taken = { 0 };
	struct error err = { 0 };

	if (r->state != RUN_FINISHED || !r->is_whole || r->report == NULL)
		return false;
	if (lead_run_parse(r->report, strlen(r->report), &taken, &err) < 0) {
		log_warn(
		    "leaderboard.run_ignored", F_STR("run_id", r->id), F_STR("error", err.text));
		return false;
	}
	str_copy(taken.id, sizeof(taken.id), r->id);
	str_copy(taken.competitor, sizeof(taken.competitor), r->competitor_id);
	str_copy(taken.version, sizeof(taken.version), r->version_id);
	str_copy(taken.suite, sizeof(taken.suite), r->suite);
	str_copy(taken.suite_digest, sizeof(taken.suite_digest), r->suite_digest);
	str_copy(taken.scoring, sizeof(taken.scoring), r->scoring);
	str_copy(taken.image_digest, sizeof(taken.image_digest), r->digest);
	taken.finished_at_ms = r->finished_at_ms;
	*out = taken;
	return true;
}

/* Evidence that was there when it was refused, rolled back, or overruled does not count again. */
static int64_t
barred_until(const struct champion *ch, const struct competitor *c)
{
	int64_t until_ms = 0;

	for (size_t i = 0; i < ch->nreigns; i++) {
		const struct reign *r = ch->reigns[i];

		if (strcmp(r->competitor_id, c->id) == 0 && r->ended_at_ms > until_ms &&
		    (r->state == REIGN_ROLLED_BACK ||
			(r->state == REIGN_REFUSED && !str_eq(r->end_reason, "not_ready"))))
			until_ms = r->ended_at_ms;
	}
	if (ch->reign != NULL && ch->reign->cause == REIGN_BY_MANUAL &&
	    ch->reign->crowned_at_ms > until_ms)
		until_ms = ch->reign->crowned_at_ms;
	return until_ms;
}

static size_t
make_entrants(const struct champion *ch, struct lead_entrant **out)
{
	const struct registry *reg = ch->c.registry;
	size_t n = 0;

	*out = mem_zalloc((reg->ncompetitors + 1) * sizeof(**out));
	for (size_t i = 0; i < reg->ncompetitors; i++) {
		const struct competitor *c = reg->competitors[i];
		struct lead_entrant *e = &(*out)[n];

		if (c->removed_at_ms != 0 || c->version_id[0] == '\0')
			continue;
		str_copy(e->id, sizeof(e->id), c->id);
		str_copy(e->slug, sizeof(e->slug), c->slug);
		e->submitted_at_ms = c->created_at_ms;
		e->is_ready = standing_ready(ch, c);
		e->barred_ms = barred_until(ch, c);
		n++;
	}
	return n;
}

/* What the registry knows of their versions; did any of it change? */
static bool
mark_runs(const struct champion *ch, struct lead_run *runs, size_t n)
{
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		const struct version *v = registry_version(ch->c.registry, runs[i].version);
		const bool is_void = v == NULL || v->retired_at_ms != 0;
		const int64_t at_ms = v != NULL ? v->created_at_ms : 0;

		changed |= is_void != runs[i].is_void || at_ms != runs[i].version_at_ms;
		runs[i].is_void = is_void;
		runs[i].version_at_ms = at_ms;
	}
	return changed;
}

void
champion_board_of(const struct champion *ch, struct lead_run *runs, size_t nruns,
    struct lead_board *out, struct lead_entrant **entrants)
{
	const size_t n = make_entrants(ch, entrants);

	mark_runs(ch, runs, nruns);
	lead_board_make(*entrants, n, runs, nruns, out);
}

/* ---- metrics ---- */

static void
render_metrics(const struct lead_board *board, struct buf *out)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_head(out, "janus_score_points", "gauge",
	    "Score of the suite that decides who is champion, 0 to 100.");
	for (size_t i = 0; i < board->len && i < SHOWN_COMPETITORS; i++)
		for (int d = 0; d < LEAD_DIMENSION_COUNT; d++) {
			const struct lead_score *s = &board->rows[i].score[d];

			if (!s->has)
				continue;
			buf_clear(&labels);
			metrics_label(&labels, "competitor", board->rows[i].of->slug);
			buf_add_char(&labels, ',');
			metrics_label(
			    &labels, "dimension", lead_dimension_name((enum lead_dimension)d));
			metrics_value(out, "janus_score_points", buf_str(&labels), s->value);
		}
}

void
champion_metrics(struct champion *ch, struct buf *out)
{
	pthread_mutex_lock(&ch->lock);
	buf_add(out, ch->metrics.data, ch->metrics.len);
	pthread_mutex_unlock(&ch->lock);
}

/* ---- the board ---- */

void
standing_refresh(struct champion *ch)
{
	struct lead_entrant *now;
	const size_t n = make_entrants(ch, &now);
	const bool same = ch->entrants != NULL && n == ch->nentrants &&
	    memcmp(now, ch->entrants, n * sizeof(*now)) == 0;

	if (!mark_runs(ch, ch->runs, ch->nruns) && same && !ch->stale) {
		free(now);
		return;
	}
	lead_board_done(&ch->board);
	free(ch->entrants);
	ch->entrants = now;
	ch->nentrants = n;
	ch->stale = false;
	lead_board_make(now, n, ch->runs, ch->nruns, &ch->board);
	pthread_mutex_lock(&ch->lock);
	buf_clear(&ch->metrics);
	render_metrics(&ch->board, &ch->metrics);
	pthread_mutex_unlock(&ch->lock);
}

const char *
champion_leader(const struct champion *ch, enum lead_dimension d)
{
	const struct lead_row *row = lead_leader(
	    &ch->board, &ch->c.lead, ch->reign != NULL ? ch->reign->competitor_id : NULL, d);

	return row != NULL ? row->of->id : NULL;
}

static struct standing
standing_of(const struct champion *ch, const struct competitor *c)
{
	const struct lead_row *row = lead_board_find(&ch->board, c->id);
	struct standing s = { 0 };

	s.is_champion = ch->reign != NULL && strcmp(ch->reign->competitor_id, c->id) == 0;
	s.is_fast = str_eq(champion_leader(ch, LEAD_SPEED), c->id);
	s.is_cheap = str_eq(champion_leader(ch, LEAD_COST), c->id);
	if (ch->canary != NULL && strcmp(ch->canary->competitor_id, c->id) == 0)
		s.canary_percent = ch->canary->percent;
	if (row != NULL) {
		s.has_score = true;
		s.score = row->score[LEAD_COMPOSITE].value;
		s.rank_low = (int)row->rank_low;
		s.rank_high = (int)row->rank_high;
	}
	return s;
}

static bool
same_standing(const struct standing *a, const struct standing *b)
{
	return a->has_score == b->has_score && a->score == b->score && a->rank_low == b->rank_low &&
	    a->rank_high == b->rank_high && a->is_champion == b->is_champion &&
	    a->is_fast == b->is_fast && a->is_cheap == b->is_cheap &&
	    a->canary_percent == b->canary_percent;
}

static void
watch(struct champion_watch *w, const char *slug)
{
	if (strcmp(w->slug, slug) == 0)
		return;
	str_copy(w->slug, sizeof(w->slug), slug);
	memset(&w->window, 0, sizeof(w->window));
}

void
standing_apply(struct champion *ch)
{
	const struct registry *reg = ch->c.registry;
	bool changed = false;

	for (size_t i = 0; i < reg->ncompetitors; i++) {
		const struct standing s = standing_of(ch, reg->competitors[i]);

		changed |= !same_standing(&s, &reg->competitors[i]->standing);
		reg->competitors[i]->standing = s;
	}
	const struct competitor *first = registry_default(reg);
	pthread_mutex_lock(&ch->lock);
	watch(&ch->on_trial, ch->canary != NULL ? ch->canary->slug : "");
	watch(&ch->on_throne,
	    ch->reign != NULL   ? ch->reign->slug
		: first != NULL ? first->slug
				: "");
	pthread_mutex_unlock(&ch->lock);
	if (changed && !ch->stopped)
		ch->c.on_change(ch->c.arg);
}

/* ---- live chats ---- */

struct bounds_sum
standing_now(struct champion *ch, const struct champion_watch *w, int64_t *total)
{
	pthread_mutex_lock(&ch->lock);
	const struct bounds_sum sum = bounds_sum(&w->window);
	if (total != NULL)
		*total = w->window.total;
	pthread_mutex_unlock(&ch->lock);
	return sum;
}

void
champion_chat(struct champion *ch, const struct gateway_usage *u)
{
	if (ch == NULL || !str_eq(u->model, PICK_DEFAULT_MODEL))
		return;
	pthread_mutex_lock(&ch->lock);
	for (size_t i = 0; i < u->nattempts; i++) {
		const struct life_attempt *a = &u->attempts[i];
		const enum breaker_result r = judge_attempt(a->code, a->upstream_status);
		struct champion_watch *w = str_eq(a->competitor, ch->on_trial.slug) ? &ch->on_trial
		    : str_eq(a->competitor, ch->on_throne.slug)                     ? &ch->on_throne
										    : NULL;
		/* Where others were tried first, the time to the first content is not its own. */
		const bool timed =
		    r == BREAKER_GOOD && u->nattempts == 1 && u->result->ttft_us >= 0;

		if (w != NULL && r != BREAKER_NEUTRAL)
			bounds_add(&w->window, r == BREAKER_BAD,
			    timed ? (u->result->ttft_us - u->queued_us) / 1000 : -1);
	}
	pthread_mutex_unlock(&ch->lock);
}

void
champion_live(
    struct champion *ch, struct bounds_sum *canary, struct bounds_sum *reign, int64_t *canary_chats)
{
	*canary = standing_now(ch, &ch->on_trial, canary_chats);
	*reign = standing_now(ch, &ch->on_throne, NULL);
}
