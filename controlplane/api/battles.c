/*
 * battles.c - votes on battles, the battles there were, and the order that votes make.
 *
 * The gateway has let the caller of a vote in; whose battle it is, is decided here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/schedule/arena_table.h"
#include "controlplane/schedule/champion.h"
#include "controlplane/store/battles.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

static const char *const side_names[] = { "a", "b" };

/* ---- how a battle looks ---- */

static void
add_who(cJSON *to, const struct battle_side *s)
{
	json_add_str(to, "competitor", s->slug);
	json_add_str(to, "competitor_id", s->competitor);
	json_add_text(to, "version_id", s->version);
	json_add_text(to, "version_digest", s->digest);
	json_add_str(to, "request_id", s->request_id);
}

static void
add_how(cJSON *to, const struct battle_side *s)
{
	json_add_text(to, "code", s->code);
	if (s->ttft_ms >= 0)
		json_add_int(to, "ttft_ms", s->ttft_ms);
	else
		cJSON_AddNullToObject(to, "ttft_ms");
	json_add_int(to, "duration_ms", s->duration_ms);
}

/* While it can still be voted on, who was who is for nobody. */
static bool
is_open(const struct api_call *c, const struct battle *b)
{
	return b->state == BATTLE_RUNNING ||
	    (b->state == BATTLE_ENDED &&
		clock_wall_ms() < arena_expires_at_ms(DEPS(c)->arena, b->created_at_ms));
}

static cJSON *
render(const struct api_call *c, const struct battle *b)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", b->id);
	json_add_str(json, "object", "battle");
	json_add_str(json, "state", battle_state_name(b->state));
	json_add_str(json, "owner", b->owner);
	json_add_str(json, "request_id", b->request_id);
	json_add_str(json, "prompt_sha256", b->prompt_sha256);
	json_add_text(json, "winner", battle_winner_name(b->winner));
	json_add_bool(json, "revealed", !is_open(c, b));
	for (int i = 0; i < 2; i++) {
		cJSON *side = json_add_obj(json, side_names[i]);

		if (!is_open(c, b))
			add_who(side, &b->sides[i]);
		add_how(side, &b->sides[i]);
	}
	json_add_time(json, "created_at", b->created_at_ms);
	json_add_time(json, "ended_at", b->ended_at_ms);
	json_add_time(json, "voted_at", b->voted_at_ms);
	json_add_time(json, "expires_at", arena_expires_at_ms(DEPS(c)->arena, b->created_at_ms));
	return json;
}

/* ---- a vote ---- */

struct casting {
	struct api_call *call;
	struct battle row;
};

static void
stored(const struct error *err, void *arg)
{
	struct casting *v = arg;
	struct api_call *c = v->call;
	cJSON *json;

	arena_table_settle(DEPS(c)->arena, &v->row, err == NULL);
	if (err != NULL) {
		reply_error(c, err);
		free(v);
		return;
	}
	json = cJSON_CreateObject();
	json_add_str(json, "object", "arena.vote");
	json_add_str(json, "battle", v->row.id);
	json_add_str(json, "winner", battle_winner_name(v->row.winner));
	for (int i = 0; i < 2; i++)
		add_who(json_add_obj(json, side_names[i]), &v->row.sides[i]);
	json_add_time(json, "voted_at", v->row.voted_at_ms);
	reply_json(c, 200, json);
	free(v);
}

static void
refuse_vote(struct api_call *c, enum arena_verdict v, const char *id)
{
	static const char *const why[] = {
		[ARENA_RUNNING] = "Both sides must have ended before one can be better.",
		[ARENA_VOTED] = "This battle was voted on already.",
		[ARENA_FAILED] = "A side of this battle failed in a way that says nothing of it.",
		[ARENA_ABANDONED] = "The stream of this battle was left before both sides ended.",
		[ARENA_LOST] = "Janus was stopped in the middle of this battle.",
		[ARENA_EXPIRED] = "The time to vote on this battle is over.",
		[ARENA_TOO_MANY] = "",
	};

	if (v == ARENA_UNKNOWN)
		reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL,
		    "There is no battle '%.60s' of yours that could be voted on.", id);
	else if (v == ARENA_TOO_MANY)
		reply_code(c, CODE_RATE_LIMIT, NULL,
		    "So many votes were cast within the last hour with this key, or from this "
		    "address, that this one is not taken; try again later.");
	else
		reply_code(c, CODE_INVALID_STATE, NULL, "%s", why[v]);
}

void
battle_vote(struct api_call *c)
{
	const char *id = route_param(&c->params, "ref"), *word = json_str(c->json, "winner");
	const enum battle_winner winner =
	    word != NULL ? battle_winner_named(word) : BATTLE_WINNER_COUNT;
	/* As the gateway calls who began it. */
	const bool has_key = !str_eq(c->actor, "admin") && !str_eq(c->actor, "anonymous");
	struct casting *v;

	if (word == NULL && json_get(c->json, "winner") == NULL) {
		reply_code(c, CODE_MISSING_PARAMETER, "winner", "'winner' is missing.");
		return;
	}
	if (winner == WINNER_NONE || winner == BATTLE_WINNER_COUNT) {
		reply_code(c, CODE_INVALID_VALUE, "winner",
		    "'winner' is \"a\", \"b\", \"tie\" or \"bad\".");
		return;
	}
	v = mem_zalloc(sizeof(*v));
	const enum arena_verdict verdict = arena_table_vote(DEPS(c)->arena, id,
	    has_key ? c->actor : c->client, c->client, winner, clock_wall_ms(), &v->row);
	if (verdict != ARENA_TAKEN) {
		free(v);
		refuse_vote(c, verdict, id);
		return;
	}
	v->call = c;
	struct store_batch *batch = store_batch_new();
	store_put_battle(batch, &v->row);
	store_add_event(batch,
	    &(struct store_event){ .who = *WHO(c),
		.action = "battle.vote",
		.object_id = v->row.id,
		.after = battle_winner_name(winner) });
	store_commit(DEPS(c)->store, batch, stored, v);
}

/* ---- what there was ---- */

struct reading {
	struct api_call *call;
	struct battle_query query;
	char *id, *after, *state; /* owned; what the query points to */
	cJSON *data;
	int seen;
	int result;
	struct error err;
};

static void
reading_free(struct reading *r)
{
	cJSON_Delete(r->data);
	free(r->id);
	free(r->after);
	free(r->state);
	free(r);
}

static void
add_row(const struct battle *b, void *arg)
{
	struct reading *r = arg;

	if (++r->seen == r->query.limit) /* the one that only says that there are more */
		return;
	cJSON_AddItemToArray(r->data, render(r->call, b));
}

static void
read_work(void *arg)
{
	struct reading *r = arg;

	r->result = store_battles(DEPS(r->call)->store, &r->query, add_row, r, &r->err);
}

static void
read_done(void *arg)
{
	struct reading *r = arg;
	struct api_call *c = r->call;

	if (r->result < 0)
		reply_error(c, &r->err);
	else if (r->id == NULL)
		list_reply_rows(c, TAKE(r->data), r->seen >= r->query.limit);
	else if (r->data->child == NULL)
		reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL, "There is no battle '%.60s'.", r->id);
	else
		reply_json(c, 200, cJSON_DetachItemFromArray(r->data, 0));
	reading_free(r);
}

static void
start_reading(struct reading *r, struct api_call *c)
{
	r->call = c;
	r->data = cJSON_CreateArray();
	r->query.id = r->id;
	r->query.after = r->after;
	r->query.state = r->state;
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_work, read_done, r);
}

void
battle_list(struct api_call *c)
{
	const int limit = list_limit(c);
	_cleanup_free_ char *state = call_query(c, "state");
	struct reading *r;

	if (limit == 0)
		return;
	if (state != NULL && battle_state_named(state) == BATTLE_STATE_COUNT) {
		reply_code(c, CODE_INVALID_VALUE, "state", "There is no state '%.40s'.", state);
		return;
	}
	r = mem_zalloc(sizeof(*r));
	r->query.limit = limit;
	r->after = call_query(c, "after");
	r->state = TAKE(state);
	start_reading(r, c);
}

void
battle_get(struct api_call *c)
{
	const char *id = route_param(&c->params, "ref");
	const struct battle *b = arena_table_find(DEPS(c)->arena, id);
	struct reading *r;

	if (b != NULL) {
		reply_json(c, 200, render(c, b));
		return;
	}
	r = mem_zalloc(sizeof(*r));
	r->id = str_dup(id);
	start_reading(r, c);
}

/* ---- the order ---- */

static double
tenth(double x)
{
	const double tens = x * 10 + (x < 0 ? -0.5 : 0.5);

	return (double)(int64_t)tens / 10;
}

void
arena_add_rating(const struct api_call *c, cJSON *to, const char *competitor)
{
	const struct arena_standing *s = arena_table_standing(DEPS(c)->arena, competitor);
	cJSON *json;

	if (s == NULL) {
		cJSON_AddNullToObject(to, "arena");
		return;
	}
	json = json_add_obj(to, "arena");
	cJSON_AddNumberToObject(json, "rating", tenth(s->rating.value));
	cJSON_AddNumberToObject(json, "low", tenth(s->rating.low));
	cJSON_AddNumberToObject(json, "high", tenth(s->rating.high));
	json_add_int(json, "group", (int64_t)s->rating.group + 1);
	json_add_int(json, "battles", s->battles);
}

static cJSON *
render_standing(const struct api_call *c, const struct arena_standing *s)
{
	const struct competitor *k = registry_competitor(REGISTRY(c), s->competitor);
	const struct rating *r = &s->rating;
	cJSON *json = cJSON_CreateObject(), *rank;
	char range[48];

	json_add_str(json, "id", s->competitor);
	json_add_str(json, "object", "arena.standing");
	json_add_str(json, "competitor", k != NULL ? k->slug : s->slug);
	rank = json_add_obj(json, "rank");
	snprintf(range, sizeof(range), r->rank_first == r->rank_last ? "%zu" : "%zu-%zu",
	    r->rank_first, r->rank_last);
	json_add_int(rank, "low", (int64_t)r->rank_first);
	json_add_int(rank, "high", (int64_t)r->rank_last);
	json_add_str(rank, "range", range);
	json_add_int(json, "group", (int64_t)r->group + 1);
	cJSON_AddNumberToObject(json, "rating", tenth(r->value));
	cJSON_AddNumberToObject(json, "low", tenth(r->low));
	cJSON_AddNumberToObject(json, "high", tenth(r->high));
	json_add_int(json, "battles", s->battles);
	json_add_int(json, "wins", s->wins);
	json_add_int(json, "losses", s->losses);
	json_add_int(json, "ties", s->ties);
	json_add_int(json, "bad", s->bad);
	return json;
}

/* Between this order and the benchmark's. */
static void
add_agreement(const struct api_call *c, cJSON *to)
{
	const struct lead_board *board = champion_board(DEPS(c)->champion);
	_cleanup_free_ const char **who = mem_zalloc((board->len + 1) * sizeof(*who));
	_cleanup_free_ double *scores = mem_zalloc((board->len + 1) * sizeof(*scores));
	struct agreement a;
	size_t n = 0;
	cJSON *json = json_add_obj(to, "agreement");

	for (size_t i = 0; i < board->len; i++) {
		if (!board->rows[i].score[LEAD_COMPOSITE].has)
			continue;
		who[n] = board->rows[i].of->id;
		scores[n++] = board->rows[i].score[LEAD_COMPOSITE].value;
	}
	arena_table_agreement(DEPS(c)->arena, who, scores, n, &a);
	json_add_int(json, "n", (int64_t)a.n);
	if (a.known) {
		cJSON_AddNumberToObject(json, "kendall_tau_b", a.tau_b);
		cJSON_AddNumberToObject(json, "spearman", a.spearman);
	} else {
		cJSON_AddNullToObject(json, "kendall_tau_b");
		cJSON_AddNullToObject(json, "spearman");
	}
}

void
arena_leaderboard(struct api_call *c)
{
	const int limit = list_limit(c);
	size_t n;
	const struct arena_standing *all = arena_table_standings(DEPS(c)->arena, &n);
	const size_t shown = (size_t)limit <= n ? (size_t)limit - 1 : n;
	cJSON *json, *data;

	if (limit == 0)
		return;
	json = cJSON_CreateObject();
	json_add_str(json, "object", "list");
	data = json_add_arr(json, "data");
	for (size_t i = 0; i < shown; i++)
		cJSON_AddItemToArray(data, render_standing(c, &all[i]));
	json_add_str(json, "first_id", shown > 0 ? all[0].competitor : NULL);
	json_add_str(json, "last_id", shown > 0 ? all[shown - 1].competitor : NULL);
	json_add_bool(json, "has_more", shown < n);
	add_agreement(c, json);
	reply_json(c, 200, json);
}
