/*
 * reigns.h - who was, is, or was to be champion: rows.
 */
#ifndef JANUS_STORE_REIGNS_H
#define JANUS_STORE_REIGNS_H
#include <stdint.h>

#include "controlplane/store/nouns.h"
struct error;
struct store;
struct store_batch;

#define REIGN_STATES(X)                                                        \
	X(CANARY, "canary") /* on trial: it answers a share of the chats */    \
	X(REIGNING, "reigning") /* model janus is its */                       \
	X(ENDED, "ended") /* another followed, or it was not there any more */ \
	X(REFUSED, "refused") /* its trial failed, or was ended */             \
	X(ROLLED_BACK, "rolled_back") /* its chats failed, or somebody said so */

enum reign_state {
#define X(name, text) REIGN_##name,
	REIGN_STATES(X)
#undef X
	    REIGN_STATE_COUNT
};
const char *reign_state_name(enum reign_state);
enum reign_state reign_state_named(const char *); /* REIGN_STATE_COUNT if there is none */

#define REIGN_CAUSES(X)                            \
	X(RULE, "rule") /* the leaderboard */      \
	X(MANUAL, "manual") /* an administrator */ \
	X(ROLLBACK, "rollback") /* the one after it was no good */

enum reign_cause {
#define X(name, text) REIGN_BY_##name,
	REIGN_CAUSES(X)
#undef X
	    REIGN_CAUSE_COUNT
};
const char *reign_cause_name(enum reign_cause);
enum reign_cause reign_cause_named(const char *); /* REIGN_CAUSE_COUNT if there is none */

struct reign_live { /* of the last chats */
	int64_t chats, bad, timed, ttft_p95_ms;
};
struct reign {
	char id[NOUN_ID_MAX]; /* rgn_... */
	char competitor_id[NOUN_ID_MAX], slug[SLUG_MAX];
	char version_id[NOUN_ID_MAX]; /* that its runs were of; "" */
	enum reign_state state;
	enum reign_cause cause;
	char actor[48];
	char reason[DETAIL_MAX]; /* why it began */
	char end_reason[40]; /* a word of docs/champion.md; "" */
	char detail[DETAIL_MAX]; /* of the end, in words */
	char previous_id[NOUN_ID_MAX]; /* the reign before; "" */
	int percent; /* of the chats, while on trial */
	char *proof; /* owned: JSON; NULL without */
	struct reign_live base, trial; /* of whoever answered before; of its own trial */
	int64_t created_at_ms, crowned_at_ms, ended_at_ms, updated_at_ms; /* 0: not yet */
};
void reign_row_done(struct reign *);
/** store_put_reign - copies the row as it is now. */
void store_put_reign(struct store_batch *, const struct reign *);
typedef void reign_row_fn(const struct reign *, void *arg);
/** store_load_reigns - all, in the order they began; at start. The row and what it owns is fn's. */
int store_load_reigns(struct store *, reign_row_fn *fn, void *arg, struct error *);
#endif
