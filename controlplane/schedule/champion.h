/*
 * champion.h - who answers model janus: the leaderboard kept up, and its consequences.
 *
 * lead.h says who is better, bounds.h whether live chats bear it out, succession.h what comes next;
 * here it is stored, then done: a competitor's standing in the registry changes, and routes with it.
 * Control loop only, but for champion_chat and champion_metrics.
 */
#ifndef JANUS_SCHEDULE_CHAMPION_H
#define JANUS_SCHEDULE_CHAMPION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/schedule/bounds.h"
#include "controlplane/schedule/lead.h"
#include "controlplane/schedule/succession.h"
struct buf;
struct champion;
struct error;
struct gateway_usage;
struct loop;
struct registry;
struct reign;
struct run;
struct store;
struct store_actor;

struct champion_config { /* borrowed */
	struct loop *loop;
	struct store *store;
	struct registry *registry;
	const char *suite; /* that decides */
	struct lead_rules lead;
	struct bounds_rules bounds;
	struct succession_rules succession;
	int canary_percent; /* of the chats of model janus for one on trial; 0: no trials */
	int64_t away_ms; /* a champion that is not ready for so long is none */
	int64_t look_ms; /* between looks at live chats and at who is ready */
	/** Somebody's standing in the registry changed. */
	void (*on_change)(void *arg);
	/** One on trial sleeps: chats do not wait for it, so that none would wake it. */
	void (*on_wake)(const char *competitor_id, void *arg);
	void *arg;
};

/** champion_new - with what is stored: reigns, and finished runs of the suite. NULL with err. */
struct champion *champion_new(const struct champion_config *, struct error *);
/** champion_start - look now, and again and again. */
void champion_start(struct champion *);
/** champion_stop - no more looks; what is being stored may still end. */
void champion_stop(struct champion *);
void champion_free(struct champion *); /* NULL is fine */

/** champion_run_finished - one more run; of another suite, partial or failed ones are passed over. */
void champion_run_finished(struct champion *, const struct run *);
/** champion_chat - a chat is over. Any thread. */
void champion_chat(struct champion *, const struct gateway_usage *);
/** champion_metrics - janus_score_points. Any thread. */
void champion_metrics(struct champion *, struct buf *out);

/* What an administrator wishes; stored before done is called. CONFLICT where it cannot be. */
typedef void champion_done_fn(const struct error *err, void *arg);
struct competitor;
/** champion_promote_check - may it be made champion by hand? 0, or -1 with err. */
int champion_promote_check(const struct champion *, const struct competitor *, struct error *);
/** champion_promote - at once, whatever the leaderboard says; the rule waits for new runs then. */
void champion_promote(struct champion *, struct competitor *, const char *reason,
    const struct store_actor *, champion_done_fn *done, void *arg);
/** champion_rollback_check - is there somebody on trial to refuse, or a champion to roll back?
 *  *to: who reigns then; NULL: nobody. */
int champion_rollback_check(const struct champion *, const struct reign **to, struct error *);
void champion_rollback(struct champion *, const char *reason, const struct store_actor *,
    champion_done_fn *done, void *arg);

/* ---- for those who show it; borrowed, until the loop turns ---- */

const struct champion_config *champion_rules(const struct champion *);
const struct lead_board *champion_board(struct champion *);
/** champion_board_of - of any suite, from the runs given; lead_board_done and free(*entrants). */
void champion_board_of(const struct champion *, struct lead_run *runs, size_t nruns,
    struct lead_board *out, struct lead_entrant **entrants);
/** champion_take - a finished run as lead.h has it; false: it does not count. */
bool champion_take(const struct run *, struct lead_run *out);
/** champion_runs - those of the suite that decides, the earliest first. */
const struct lead_run *champion_runs(const struct champion *, size_t *n);
/** champion_reigns - all, the earliest first. */
const struct reign *const *champion_reigns(const struct champion *, size_t *n);
const struct reign *champion_reigning(const struct champion *); /* NULL: nobody */
const struct reign *champion_canary(const struct champion *); /* NULL: nobody */
/** champion_leader - of speed or cost, now; its competitor's id, NULL: nobody. */
const char *champion_leader(const struct champion *, enum lead_dimension);
/** champion_live - of the last chats of model janus: of who is on trial, and of who reigns. */
void champion_live(
    struct champion *, struct bounds_sum *canary, struct bounds_sum *reign, int64_t *canary_chats);
#endif
