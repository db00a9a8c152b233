/*
 * arena_table.h - the battles that may be voted on, and what all votes so far say.
 *
 * In memory, no I/O, no clock: what is in here was stored, or is about to be, by whoever calls.  The
 * control loop's, but for arena_table_battles.
 */
#ifndef JANUS_SCHEDULE_ARENA_TABLE_H
#define JANUS_SCHEDULE_ARENA_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/schedule/rating.h"
#include "controlplane/store/battles.h"
struct buf;

struct arena_rules {
	int64_t window_ms; /* for how long after its beginning a battle may be voted on */
	int64_t votes_per_caller, votes_per_client; /* in any hour; 0: any number */
	size_t kept; /* battles that may be voted on, at once; the oldest go */
};
extern const struct arena_rules arena_rules_default;

struct arena_table;
struct arena_table *arena_table_new(const struct arena_rules *); /* copied */
void arena_table_free(struct arena_table *); /* NULL is fine */

/* What the database knows at start. */
void arena_table_add_sum(
    struct arena_table *, const struct battle_side sides[2], enum battle_winner, int64_t n);
void arena_table_restore(struct arena_table *, const struct battle *);

/** arena_table_begin, arena_table_end - news of one; the row is copied. */
void arena_table_begin(struct arena_table *, const struct battle *);
void arena_table_end(struct arena_table *, const struct battle *);

/* Why a vote is not taken. */
enum arena_verdict {
	ARENA_TAKEN, /* it is: the caller stores it, then says arena_table_settle */
	ARENA_UNKNOWN, /* no such battle, or somebody else's */
	ARENA_RUNNING,
	ARENA_VOTED, /* also while the vote is being stored */
	ARENA_FAILED,
	ARENA_ABANDONED,
	ARENA_LOST,
	ARENA_EXPIRED,
	ARENA_TOO_MANY, /* of this caller, or from this address */
};
/** arena_table_vote - a vote by owner from client at a wall time; TAKEN: *out is the row to store. */
enum arena_verdict arena_table_vote(struct arena_table *, const char *id, const char *owner,
    const char *client, enum battle_winner, int64_t now_ms, struct battle *out);
/** arena_table_settle - it was stored and counts; or it was not, and may be tried again. */
void arena_table_settle(struct arena_table *, const struct battle *, bool stored);
/** arena_table_find - one that may be voted on, or could be lately, as it is now, stored or not yet;
 *  NULL: the database may know it. Borrowed until the next call. */
const struct battle *arena_table_find(const struct arena_table *, const char *id);
/** arena_expires_at_ms - until when a battle that began then may be voted on. */
int64_t arena_expires_at_ms(const struct arena_table *, int64_t created_at_ms);

/** arena_table_battles - how many a competitor was in. Any thread. */
uint64_t arena_table_battles(struct arena_table *, const char *competitor);

struct arena_standing {
	char competitor[NOUN_ID_MAX], slug[SLUG_MAX];
	int64_t battles, wins, losses, ties, bad; /* that were voted on; bad ones rate nobody */
	struct rating rating;
};
/** arena_table_standings - all who were voted on (at most RATING_PLAYERS_MAX), best first, group by
 *  group; borrowed until the next vote. */
const struct arena_standing *arena_table_standings(struct arena_table *, size_t *n);
/** arena_table_standing - of one competitor; NULL: nobody voted on it. The same. */
const struct arena_standing *arena_table_standing(struct arena_table *, const char *competitor);
/** arena_table_agreement - between ratings and another measure of these competitors, higher being
 *  better; those who are not in the largest group do not count. */
void arena_table_agreement(struct arena_table *, const char *const *competitors,
    const double *scores, size_t n, struct agreement *out);
/** arena_table_metrics - add what was counted since start, in Prometheus text. Any thread. */
void arena_table_metrics(struct arena_table *, struct buf *out);
#endif
