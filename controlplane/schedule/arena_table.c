/*
 * arena_table.c - who may vote on what, and sums of what was voted.
 */
#include "controlplane/schedule/arena_table.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/map.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"

#define HOUR_MS INT64_C(3600000)
#define VOTES_KEPT 65536 /* of the last hour; the oldest go */

const struct arena_rules arena_rules_default = {
	.window_ms = HOUR_MS,
	.votes_per_caller = 60,
	.votes_per_client = 120,
	.kept = 20000,
};

struct open_battle {
	struct battle row;
	bool voting; /* its vote is on its way into the database */
	struct open_battle *newer;
};
struct player {
	char competitor[NOUN_ID_MAX], slug[SLUG_MAX];
	int64_t wins, losses, ties, bad;
	uint64_t begun; /* battles, voted on or not; under the lock */
};
struct vote {
	uint64_t owner, client; /* hashes */
	int64_t at_ms;
};

struct arena_table {
	struct arena_rules rules;
	struct map open; /* id to struct open_battle */
	struct open_battle *oldest, *newest;
	struct player *players; /* owned, in the order they were first seen */
	size_t nplayers, players_cap;
	struct map by_competitor; /* id to index + 1, as a pointer */
	struct rating_pair *pairs; /* owned; of players */
	size_t npairs, pairs_cap;
	struct vote *votes; /* owned; a ring */
	size_t first_vote, nvotes;
	struct arena_standing *standings; /* owned; made when somebody asks */
	size_t nstandings;
	bool stale; /* votes came since */
	pthread_mutex_t lock; /* of players[].begun and where they are */
	metric_counter battles[BATTLE_STATE_COUNT], voted[BATTLE_WINNER_COUNT];
};

struct arena_table *
arena_table_new(const struct arena_rules *rules)
{
	struct arena_table *t = mem_zalloc(sizeof(*t));

	t->rules = *rules;
	t->votes = mem_zalloc(VOTES_KEPT * sizeof(*t->votes));
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
arena_table_free(struct arena_table *t)
{
	if (t == NULL)
		return;
	for (struct open_battle *o = t->oldest, *newer; o != NULL; o = newer) {
		newer = o->newer;
		free(o);
	}
	map_done(&t->open);
	map_done(&t->by_competitor);
	free(t->players);
	free(t->pairs);
	free(t->votes);
	free(t->standings);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- sums ---- */

static void *
grown(void *at, size_t len, size_t *cap, size_t size)
{
	if (len < *cap)
		return at;
	*cap = *cap == 0 ? 16 : 2 * *cap;
	return mem_realloc(at, *cap * size);
}

/* Under the lock. */
static size_t
player_of(struct arena_table *t, const struct battle_side *s)
{
	const size_t known = (size_t)(uintptr_t)map_get(&t->by_competitor, s->competitor);

	if (known != 0) {
		str_copy(t->players[known - 1].slug, SLUG_MAX, s->slug);
		return known - 1;
	}
	t->players = grown(t->players, t->nplayers, &t->players_cap, sizeof(*t->players));
	struct player *p = &t->players[t->nplayers++];
	*p = (struct player){ 0 };
	str_copy(p->competitor, sizeof(p->competitor), s->competitor);
	str_copy(p->slug, sizeof(p->slug), s->slug);
	map_put(&t->by_competitor, s->competitor, (void *)(uintptr_t)t->nplayers);
	return t->nplayers - 1;
}

static struct rating_pair *
pair_of(struct arena_table *t, size_t a, size_t b)
{
	for (size_t i = 0; i < t->npairs; i++)
		if (t->pairs[i].a == a && t->pairs[i].b == b)
			return &t->pairs[i];
	t->pairs = grown(t->pairs, t->npairs, &t->pairs_cap, sizeof(*t->pairs));
	t->pairs[t->npairs] = (struct rating_pair){ .a = a, .b = b };
	return &t->pairs[t->npairs++];
}

static void
count_vote(struct arena_table *t, size_t a, size_t b, enum battle_winner w, int64_t n)
{
	struct player *pa = &t->players[a], *pb = &t->players[b];
	struct rating_pair *pair = pair_of(t, a, b);

	switch (w) {
	case WINNER_A:
		pa->wins += n;
		pb->losses += n;
		pair->a_wins += n;
		break;
	case WINNER_B:
		pb->wins += n;
		pa->losses += n;
		pair->b_wins += n;
		break;
	case WINNER_TIE:
		pa->ties += n;
		pb->ties += n;
		pair->ties += n;
		break;
	case WINNER_BAD: /* says that neither was of use, and nothing of which was better */
		pa->bad += n;
		pb->bad += n;
		break;
	case WINNER_NONE:
	case BATTLE_WINNER_COUNT: return;
	}
	t->stale = true;
}

void
arena_table_add_sum(
    struct arena_table *t, const struct battle_side sides[2], enum battle_winner w, int64_t n)
{
	pthread_mutex_lock(&t->lock);
	const size_t a = player_of(t, &sides[0]), b = player_of(t, &sides[1]);
	t->players[a].begun += (uint64_t)n;
	t->players[b].begun += (uint64_t)n;
	pthread_mutex_unlock(&t->lock);
	count_vote(t, a, b, w, n);
}

uint64_t
arena_table_battles(struct arena_table *t, const char *competitor)
{
	pthread_mutex_lock(&t->lock);
	const size_t known = (size_t)(uintptr_t)map_get(&t->by_competitor, competitor);
	const uint64_t n = known != 0 ? t->players[known - 1].begun : 0;
	pthread_mutex_unlock(&t->lock);
	return n;
}

/* ---- battles ---- */

int64_t
arena_expires_at_ms(const struct arena_table *t, int64_t created_at_ms)
{
	return created_at_ms + t->rules.window_ms;
}

static void
drop_oldest(struct arena_table *t)
{
	struct open_battle *o = t->oldest;

	t->oldest = o->newer;
	if (t->oldest == NULL)
		t->newest = NULL;
	map_remove(&t->open, o->row.id);
	free(o);
}

/* What is long over is forgotten; for a while it is still known why it can not be voted on. */
static void
keep_within(struct arena_table *t, int64_t now_ms)
{
	while (t->oldest != NULL && !t->oldest->voting &&
	    (t->open.len > t->rules.kept ||
		t->oldest->row.created_at_ms + 2 * t->rules.window_ms < now_ms))
		drop_oldest(t);
}

static void
add_open(struct arena_table *t, const struct battle *row)
{
	struct open_battle *o = mem_zalloc(sizeof(*o));

	o->row = *row;
	*(t->newest != NULL ? &t->newest->newer : &t->oldest) = o;
	t->newest = o;
	map_put(&t->open, o->row.id, o);
}

void
arena_table_begin(struct arena_table *t, const struct battle *row)
{
	pthread_mutex_lock(&t->lock);
	for (int i = 0; i < 2; i++) {
		const size_t at = player_of(t, &row->sides[i]); /* it may move them */

		t->players[at].begun++;
	}
	pthread_mutex_unlock(&t->lock);
	add_open(t, row);
	keep_within(t, row->created_at_ms);
}

void
arena_table_end(struct arena_table *t, const struct battle *row)
{
	struct open_battle *o = map_get(&t->open, row->id);

	metric_add(&t->battles[row->state], 1);
	if (o != NULL)
		o->row = *row;
}

const struct battle *
arena_table_find(const struct arena_table *t, const char *id)
{
	const struct open_battle *o = map_get(&t->open, id);

	return o != NULL ? &o->row : NULL;
}

/* ---- votes ---- */

/* FNV-1a: to tell callers apart, not to keep a secret. */
static uint64_t
hash_of(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

static void
note_vote(struct arena_table *t, const char *owner, const char *client, int64_t at_ms)
{
	if (t->nvotes == VOTES_KEPT) {
		t->first_vote = (t->first_vote + 1) % VOTES_KEPT;
		t->nvotes--;
	}
	t->votes[(t->first_vote + t->nvotes++) % VOTES_KEPT] =
	    (struct vote){ hash_of(owner), hash_of(client), at_ms };
}

static bool
has_voted_too_often(struct arena_table *t, const char *owner, const char *client, int64_t now_ms)
{
	const uint64_t by = hash_of(owner), from = hash_of(client);
	int64_t of_caller = 0, of_client = 0;

	for (size_t i = 0; i < t->nvotes; i++) {
		const struct vote *v = &t->votes[(t->first_vote + i) % VOTES_KEPT];

		if (now_ms - v->at_ms >= HOUR_MS)
			continue;
		of_caller += v->owner == by;
		of_client += v->client == from;
	}
	return (t->rules.votes_per_caller > 0 && of_caller >= t->rules.votes_per_caller) ||
	    (t->rules.votes_per_client > 0 && of_client >= t->rules.votes_per_client);
}

void
arena_table_restore(struct arena_table *t, const struct battle *row)
{
	if (row->voted_at_ms != 0)
		note_vote(t, row->owner, row->client, row->voted_at_ms);
	add_open(t, row);
}

static enum arena_verdict
look_at(const struct arena_table *t, const struct open_battle *o, int64_t now_ms)
{
	switch (o->row.state) {
	case BATTLE_RUNNING: return ARENA_RUNNING;
	case BATTLE_VOTED: return ARENA_VOTED;
	case BATTLE_FAILED: return ARENA_FAILED;
	case BATTLE_ABANDONED: return ARENA_ABANDONED;
	case BATTLE_LOST: return ARENA_LOST;
	case BATTLE_ENDED:
	case BATTLE_STATE_COUNT: break;
	}
	if (o->voting)
		return ARENA_VOTED;
	return now_ms >= arena_expires_at_ms(t, o->row.created_at_ms) ? ARENA_EXPIRED : ARENA_TAKEN;
}

enum arena_verdict
arena_table_vote(struct arena_table *t, const char *id, const char *owner, const char *client,
    enum battle_winner winner, int64_t now_ms, struct battle *out)
{
	struct open_battle *o = map_get(&t->open, id);

	if (o == NULL || strcmp(o->row.owner, owner) != 0)
		return ARENA_UNKNOWN;
	const enum arena_verdict v = look_at(t, o, now_ms);
	if (v != ARENA_TAKEN)
		return v;
	if (has_voted_too_often(t, owner, client, now_ms))
		return ARENA_TOO_MANY;
	note_vote(t, owner, client, now_ms);
	o->voting = true;
	*out = o->row;
	out->state = BATTLE_VOTED;
	out->winner = winner;
	out->voted_at_ms = now_ms;
	return ARENA_TAKEN;
}

void
arena_table_settle(struct arena_table *t, const struct battle *row, bool stored)
{
	struct open_battle *o = map_get(&t->open, row->id);

	if (o != NULL)
		o->voting = false;
	if (!stored)
		return;
	if (o != NULL)
		o->row = *row;
	metric_add(&t->voted[row->winner], 1);
	pthread_mutex_lock(&t->lock);
	const size_t a = player_of(t, &row->sides[0]), b = player_of(t, &row->sides[1]);
	pthread_mutex_unlock(&t->lock);
	count_vote(t, a, b, row->winner, 1);
}

/* ---- standings ---- */

static int64_t
battles_of(const struct player *p)
{
	return p->wins + p->losses + p->ties + p->bad;
}

static int
by_rating(const void *one, const void *other)
{
	const struct arena_standing *a = one, *b = other;

	if (a->rating.group != b->rating.group)
		return a->rating.group < b->rating.group ? -1 : 1;
	if (a->rating.value != b->rating.value)
		return a->rating.value > b->rating.value ? -1 : 1;
	return strcmp(a->competitor, b->competitor);
}

/* Those who were voted on, and where each of them stands among them; 0: not. */
static size_t
choose_players(const struct arena_table *t, size_t *place)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nplayers; i++)
		if (battles_of(&t->players[i]) > 0 && n < RATING_PLAYERS_MAX)
			place[i] = ++n;
	return n;
}

static void
refresh(struct arena_table *t)
{
	_cleanup_free_ size_t *place = mem_zalloc((t->nplayers + 1) * sizeof(*place));
	_cleanup_free_ struct rating_pair *pairs = mem_zalloc((t->npairs + 1) * sizeof(*pairs));
	const size_t n = choose_players(t, place);
	_cleanup_free_ struct rating *ratings = mem_zalloc((n + 1) * sizeof(*ratings));
	size_t npairs = 0;

	for (size_t i = 0; i < t->npairs; i++) {
		struct rating_pair p = t->pairs[i];

		if (place[p.a] == 0 || place[p.b] == 0)
			continue;
		p.a = place[p.a] - 1;
		p.b = place[p.b] - 1;
		pairs[npairs++] = p;
	}
	rating_compute(pairs, npairs, ratings, n);
	free(t->standings);
	t->standings = mem_zalloc((n + 1) * sizeof(*t->standings));
	t->nstandings = n;
	for (size_t i = 0; i < t->nplayers; i++) {
		const struct player *p = &t->players[i];

		if (place[i] == 0)
			continue;
		struct arena_standing *s = &t->standings[place[i] - 1];
		str_copy(s->competitor, sizeof(s->competitor), p->competitor);
		str_copy(s->slug, sizeof(s->slug), p->slug);
		s->battles = battles_of(p);
		s->wins = p->wins;
		s->losses = p->losses;
		s->ties = p->ties;
		s->bad = p->bad;
		s->rating = ratings[place[i] - 1];
	}
	qsort(t->standings, n, sizeof(*t->standings), by_rating);
	t->stale = false;
}

const struct arena_standing *
arena_table_standings(struct arena_table *t, size_t *n)
{
	if (t->stale)
		refresh(t);
	*n = t->nstandings;
	return t->standings;
}

const struct arena_standing *
arena_table_standing(struct arena_table *t, const char *competitor)
{
	size_t n;
	const struct arena_standing *all = arena_table_standings(t, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].competitor, competitor) == 0)
			return &all[i];
	return NULL;
}

void
arena_table_agreement(struct arena_table *t, const char *const *competitors, const double *scores,
    size_t n, struct agreement *out)
{
	_cleanup_free_ double *both = mem_zalloc((2 * n + 1) * sizeof(*both));
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		const struct arena_standing *s = arena_table_standing(t, competitors[i]);

		if (s == NULL || s->rating.group != 0 || s->rating.group_size < 2)
			continue;
		both[known] = s->rating.value;
		both[n + known++] = scores[i];
	}
	rating_agreement(both, both + n, known, out);
}

void
arena_table_metrics(struct arena_table *t, struct buf *out)
{
	metrics_head(out, "janus_arena_battles_total", "counter", "Battles that ended, by how.");
	for (enum battle_state s = BATTLE_ENDED; s < BATTLE_STATE_COUNT; s++) {
		_cleanup_buf_ struct buf label = { 0 };

		if (s == BATTLE_VOTED || s == BATTLE_LOST)
			continue;
		metrics_label(&label, "state", battle_state_name(s));
		metrics_value(
		    out, "janus_arena_battles_total", buf_str(&label), (double)t->battles[s]);
	}
	metrics_head(out, "janus_arena_votes_total", "counter", "Votes, by what they said.");
	for (enum battle_winner w = WINNER_A; w < BATTLE_WINNER_COUNT; w++) {
		_cleanup_buf_ struct buf label = { 0 };

		metrics_label(&label, "winner", battle_winner_name(w));
		metrics_value(out, "janus_arena_votes_total", buf_str(&label), (double)t->voted[w]);
	}
}
