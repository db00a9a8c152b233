/*
 * talk.h - one try at an item: the conversation, what came with it, what its code does, its score.
 *
 * BLOCKS; any number of threads may do so at once with one session.
 */
#ifndef JANUS_BENCH_TALK_H
#define JANUS_BENCH_TALK_H
#include "bench/record/attempt.h"
#include "bench/score/score.h"
#include "bench/session.h"
#include "bench/verdict.h"

struct
try { /* zero-initialised but for item, epoch and number */
	const struct item *item;
	int epoch, number; /* number from 1 */
	struct attempt attempt; /* owned */
	struct measured measured; /* owned */
	struct result result; /* owned */
	struct verdict verdict;
	cJSON *requests; /* owned: x-request-id of each turn, as a Janus gave them; NULL */
	bool is_open; /* talked, and not concluded */
};
/**
 * talk - have the conversation, fetch its files, run its code; *t is the caller's, try_done.
 *
 * Where a Janus is asked that keeps records it stays open: they are complete a moment later
 * (TALK_RECORDS_MS), and talk_conclude is to be called then.  Otherwise it is concluded.
 */
void talk(struct session *, struct try *t);
/** talk_conclude - what the platform counted, and the score. attempt.state is ERROR or SKIPPED where the
 *  verdict is, else PASSED or FAILED as it was scored. */
void talk_conclude(const struct session *, struct try *t);
#define TALK_RECORDS_MS 250
void try_done(struct try *);

/** talk_request - the body of a request, the caller's: model, messages, a stream with its usage, and
 *  what the item adds. Pure. */
char *talk_request(const struct item *, const char *model, const cJSON *messages);
/** talk_go_on - append to messages the turn's answer and the simulator's replies to its calls; false:
 *  there is nothing to answer. Pure. */
bool talk_go_on(const struct item *, const struct measured *, int turn, cJSON *messages);
#endif
