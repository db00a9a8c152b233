/*
 * succession.h - what happens to a champion next: the state machine, without its doing.
 *
 * Pure: what is seen in, one act out.  A reign begins as a canary, which answers a share of the
 * chats; it is refused, or crowned; once crowned it ends, or is rolled back to the one before.
 */
#ifndef JANUS_SCHEDULE_SUCCESSION_H
#define JANUS_SCHEDULE_SUCCESSION_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/schedule/bounds.h"

struct succession_seen {
	/* whoever reigns */
	bool has_reign;
	bool reign_gone; /* removed, stopped, or away for too long */
	bool is_guarded; /* it may be rolled back: it was not itself put back */
	enum bounds_verdict reign_live;
	bool has_previous; /* somebody to roll back to */
	/* whoever is on trial */
	bool has_canary;
	bool canary_gone;
	enum bounds_verdict canary_live;
	int64_t canary_chats, canary_age_ms;
	/* whoever the leaderboard says is to be champion */
	bool has_challenger;
	bool no_trial; /* nothing would change for chats, or trials are switched off */
};
struct succession_rules {
	int64_t canary_chats; /* so many are enough */
	int64_t canary_ms; /* and then it is over, however many came */
};

#define SUCCESSION_ACTS(X)                                                    \
	X(NOTHING, "nothing")                                                 \
	X(VACATE, "vacate") /* the reign ends; nobody follows for now */      \
	X(REFUSE, "refuse") /* the canary ends */                             \
	X(CROWN, "crown") /* the canary reigns */                             \
	X(ROLL_BACK, "roll_back") /* the reign ends; the one before reigns */ \
	X(TRY, "try") /* the challenger becomes a canary */                   \
	X(CROWN_AT_ONCE, "crown_at_once") /* the challenger reigns */

enum succession_act {
#define X(name, word) SUCCESSION_##name,
	SUCCESSION_ACTS(X)
#undef X
	    SUCCESSION_ACT_COUNT
};
struct succession {
	enum succession_act act;
	const char *reason; /* a word of docs/champion.md */
};
struct succession succession_decide(
    const struct succession_rules *, const struct succession_seen *);
/** succession_trial_over - has the canary answered enough, or had its time? */
bool succession_trial_over(const struct succession_rules *, int64_t chats, int64_t age_ms);
#endif
