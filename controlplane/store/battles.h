/*
 * battles.h - blind comparisons of two competitors: who met whom, and what the caller said of it.
 */
#ifndef JANUS_STORE_BATTLES_H
#define JANUS_STORE_BATTLES_H
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/hash.h"
struct error;
struct store;
struct store_batch;

#define BATTLE_STATES(X)                                                        \
	X(RUNNING, "running") /* at least one side still answers */             \
	X(ENDED, "ended") /* both have: it waits for a vote */                  \
	X(VOTED, "voted")                                                       \
	X(FAILED, "failed") /* nobody answered, or it was not a side's fault */ \
	X(ABANDONED, "abandoned") /* its caller left before both sides ended */ \
	X(LOST, "lost") /* Janus was stopped in the middle of it */
enum battle_state {
#define X(name, text) BATTLE_##name,
	BATTLE_STATES(X)
#undef X
	    BATTLE_STATE_COUNT
};

#define BATTLE_WINNERS(X) X(NONE, "") X(A, "a") X(B, "b") X(TIE, "tie") X(BAD, "bad")
enum battle_winner {
#define X(name, text) WINNER_##name,
	BATTLE_WINNERS(X)
#undef X
	    BATTLE_WINNER_COUNT
};

const char *battle_state_name(enum battle_state);
enum battle_state battle_state_named(const char *); /* BATTLE_STATE_COUNT if there is none */
const char *battle_winner_name(enum battle_winner);
enum battle_winner battle_winner_named(const char *); /* BATTLE_WINNER_COUNT if there is none */

struct battle_side {
	char competitor[NOUN_ID_MAX], slug[SLUG_MAX];
	char version[NOUN_ID_MAX], digest[72]; /* "" until it was asked, and of a URL */
	char request_id[NOUN_ID_MAX]; /* of its chat */
	char code[48]; /* why it failed; "" */
	int64_t ttft_ms, duration_ms; /* ttft -1: nothing came */
};
struct battle {
	char id[NOUN_ID_MAX];
	enum battle_state state;
	char owner[56]; /* who may vote: a key, or the address of a caller without one */
	char client[48], request_id[132];
	char prompt_sha256[HASH_HEX_MAX];
	struct battle_side sides[2]; /* a and b */
	enum battle_winner winner;
	int64_t created_at_ms, ended_at_ms, voted_at_ms; /* 0: not yet */
};

/** store_put_battle - copies the row as it is now. */
void store_put_battle(struct store_batch *, const struct battle *);
/** store_sweep_battles - at start: what runs was cut off now; what has no vote and is from before
 *  then is forgotten. */
void store_sweep_battles(struct store_batch *, int64_t now_ms, int64_t before_ms);

struct battle_query {
	const char *id; /* this one alone; NULL */
	int limit;
	const char *after, *state; /* older than that one; in that state; NULL: any */
};
typedef void battle_fn(const struct battle *, void *arg);
/** store_battles - the newest first; on a worker. fn borrows the row. */
int store_battles(
    struct store *, const struct battle_query *, battle_fn *, void *arg, struct error *);

struct battle_rows {
	/** So many battles of these two ended so. */
	void (*sum)(const struct battle_side sides[2], enum battle_winner, int64_t n, void *arg);
	/** One that was begun or voted on since, in order; those that ran are lost. */
	battle_fn *recent;
};
/** store_load_battles - at start. */
int store_load_battles(
    struct store *, const struct battle_rows *, int64_t since_ms, void *arg, struct error *);
#endif
