/*
 * verdict.h - how a turn went, and what follows: go on, fail, try again, leave out, or end the run.
 *
 * Pure.  What the target did is its failure; what stood in its way is nobody's score.  A target that
 * is not Janus can blame nobody but itself: its word for whose fault it was counts for nothing, and
 * behind Janus the platform's own record counts before what came down the stream.
 */
#ifndef JANUS_BENCH_VERDICT_H
#define JANUS_BENCH_VERDICT_H
#include <stdbool.h>
#include <stdint.h>

#include "bench/target.h"
#include "bench/wire.h"
struct attempt;

#define TRIES_MAX 3 /* the first and two more */

/* An error in the answer: the envelope of a status, or an event of a stream. */
struct answer_error {
	bool found;
	char fault[16], code[48], message[200]; /* "" where it does not say */
	int upstream_status; /* behind Janus: that the competitor itself answered with; 0 */
};
/** answer_error_find - in the frames of that turn. */
void answer_error_find(
    const struct attempt *, int turn, const struct wire_seen *, struct answer_error *out);

struct turn_seen {
	struct wire_seen wire;
	struct answer_error error;
	struct target_record record;
	bool is_janus;
	bool worked_before; /* anything of this run came back with an answer */
	int try; /* from 1 */
	int64_t timeout_ms; /* the item's */
};
struct verdict {
	enum { VERDICT_GO_ON, VERDICT_FAILED, VERDICT_ERROR, VERDICT_SKIPPED } what;
	bool again; /* ERROR: after wait_ms */
	bool abort; /* the run ends here: code says why */
	bool of_target; /* ERROR: the way to the target, not a service of ours */
	int64_t wait_ms;
	char fault[16], code[48], text[240];
};
/** verdict_of_turn - see above. */
void verdict_of_turn(const struct turn_seen *, struct verdict *v);
/** verdict_of_platform - an ERROR that the bench's own services had (sandbox, judge, files). */
void verdict_of_platform(
    const char *fault, const char *code, const char *text, int try, struct verdict *v);
#endif
