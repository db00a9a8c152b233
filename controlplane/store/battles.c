/*
 * battles.c - one row a battle.
 */
#include "controlplane/store/battles.h"

#include <string.h>

#include "controlplane/store/tables.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "sql_queries.h"

static const char *const state_names[] = {
#define X(name, text) text,
	BATTLE_STATES(X)
#undef X
};
static const char *const winner_names[] = {
#define X(name, text) text,
	BATTLE_WINNERS(X)
#undef X
};

const char *
battle_state_name(enum battle_state s)
{
	return state_names[s];
}

enum battle_state
battle_state_named(const char *name)
{
	enum battle_state s = 0;

	while (s < BATTLE_STATE_COUNT && strcmp(state_names[s], name) != 0)
		s++;
	return s;
}

const char *
battle_winner_name(enum battle_winner w)
{
	return winner_names[w];
}

enum battle_winner
battle_winner_named(const char *name)
{
	enum battle_winner w = 0;

	while (w < BATTLE_WINNER_COUNT && strcmp(winner_names[w], name) != 0)
		w++;
	return w;
}

static void
put_side(struct columns *p, const struct battle_side *s)
{
	put_text(p, s->competitor);
	put_text(p, s->slug);
	put_text(p, s->version);
	put_text(p, s->digest);
	put_text(p, s->request_id);
	put_text(p, s->code);
	put_int(p, s->ttft_ms);
	put_int(p, s->duration_ms);
}

static void
get_side(struct columns *g, struct battle_side *s)
{
	get_text(g, s->competitor, sizeof(s->competitor));
	get_text(g, s->slug, sizeof(s->slug));
	get_text(g, s->version, sizeof(s->version));
	get_text(g, s->digest, sizeof(s->digest));
	get_text(g, s->request_id, sizeof(s->request_id));
	get_text(g, s->code, sizeof(s->code));
	s->ttft_ms = get_int(g);
	s->duration_ms = get_int(g);
}

int
battles_write(struct sql *s, const void *row, struct error *err)
{
	const struct battle *b = row;
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_BATTLE_PUT];
	struct columns p = { .q = q };

	put_text(&p, b->id);
	put_text(&p, state_names[b->state]);
	put_text(&p, b->owner);
	put_text(&p, b->client);
	put_text(&p, b->request_id);
	put_text(&p, b->prompt_sha256);
	put_side(&p, &b->sides[0]);
	put_side(&p, &b->sides[1]);
	put_text(&p, winner_names[b->winner]);
	put_int(&p, b->created_at_ms);
	put_int(&p, b->ended_at_ms);
	put_int(&p, b->voted_at_ms);
	return write_done(&p, err);
}

int
battles_sweep(struct sql *s, const void *row, struct error *err)
{
	const struct battle_sweep *sweep = row;
	_cleanup_reset_ sqlite3_stmt *lose = s->stmt[SQL_BATTLE_LOSE];
	_cleanup_reset_ sqlite3_stmt *forget = s->stmt[SQL_BATTLE_FORGET];
	struct columns first = { .q = lose }, second = { .q = forget };

	put_int(&first, sweep->now_ms);
	put_int(&second, sweep->before_ms);
	return write_done(&first, err) < 0 ? -1 : write_done(&second, err);
}

static int
read_rows(sqlite3_stmt *q, battle_fn *fn, void *arg, struct error *err)
{
	char word[16];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct battle b = { 0 };

		get_text(&g, b.id, sizeof(b.id));
		get_text(&g, word, sizeof(word));
		b.state = battle_state_named(word);
		get_text(&g, b.owner, sizeof(b.owner));
		get_text(&g, b.client, sizeof(b.client));
		get_text(&g, b.request_id, sizeof(b.request_id));
		get_text(&g, b.prompt_sha256, sizeof(b.prompt_sha256));
		get_side(&g, &b.sides[0]);
		get_side(&g, &b.sides[1]);
		get_text(&g, word, sizeof(word));
		b.winner = battle_winner_named(word);
		b.created_at_ms = get_int(&g);
		b.ended_at_ms = get_int(&g);
		b.voted_at_ms = get_int(&g);
		if (b.state == BATTLE_STATE_COUNT || b.winner == BATTLE_WINNER_COUNT)
			return error_set(err, ERROR_INTERNAL, "battle %s has no known state", b.id);
		fn(&b, arg);
	}
	return rc;
}

int
battles_load(
    struct sql *s, const struct battle_query *wanted, battle_fn *fn, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q =
	    s->stmt[wanted->id != NULL ? SQL_BATTLE_ONE : SQL_BATTLE_NEWEST];

	if (wanted->id != NULL) {
		sql_bind_text(q, 1, wanted->id);
	} else {
		sql_bind_int(q, 1, wanted->limit);
		sql_bind_text(q, 2, wanted->after != NULL ? wanted->after : "");
		sql_bind_text(q, 3, wanted->state != NULL ? wanted->state : "");
	}
	return read_rows(q, fn, arg, err);
}

static int
load_sums(struct sql *s, const struct battle_rows *rows, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_BATTLE_SUMS];
	int rc;

	while ((rc = sql_step(q, err)) == 1) {
		struct columns g = { .q = q };
		struct battle_side sides[2] = { 0 };
		char word[16];

		for (int i = 0; i < 2; i++) {
			get_text(&g, sides[i].competitor, sizeof(sides[i].competitor));
			get_text(&g, sides[i].slug, sizeof(sides[i].slug));
		}
		get_text(&g, word, sizeof(word));
		const enum battle_winner w = battle_winner_named(word);
		if (w < BATTLE_WINNER_COUNT)
			rows->sum(sides, w, get_int(&g), arg);
	}
	return rc;
}

struct recent {
	battle_fn *fn;
	void *arg;
};

static void
lose_running(const struct battle *row, void *arg)
{
	const struct recent *r = arg;
	struct battle b = *row;

	if (b.state == BATTLE_RUNNING)
		b.state = BATTLE_LOST;
	r->fn(&b, r->arg);
}

int
battles_restore(
    struct sql *s, const struct battle_rows *rows, int64_t since_ms, void *arg, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = s->stmt[SQL_BATTLE_SINCE];
	struct recent recent = { rows->recent, arg };

	if (load_sums(s, rows, arg, err) < 0)
		return -1;
	sql_bind_int(q, 1, since_ms);
	return read_rows(q, lose_running, &recent, err);
}
