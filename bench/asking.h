/*
 * asking.h - all that a run needs before it begins: suite, scoring, target, sandboxes.
 */
#ifndef JANUS_BENCH_ASKING_H
#define JANUS_BENCH_ASKING_H
#include "bench/run.h"
#include "bench/score/score.h"
#include "bench/session.h"
#include "bench/suites.h"
#include "bench/target.h"
struct bench_call;

struct asking {
	struct suite_open suite;
	struct scoring scoring;
	const char *scoring_text; /* borrowed: compiled in */
	struct target target, judge; /* the latter zero without one */
	char *sandbox_url, *sandbox_key, *signing_key; /* owned; the last is a path */
	struct session session; /* points into this */
};
/**
 * asking_open - find the suite and the services; nothing is asked yet.
 *
 * target and key (NULL: none) say whom.  Returns -1 to go on, or an exit code after it has complained;
 * *out is the caller's in any case, and may not move: asking_close.
 */
int asking_open(const struct bench_call *, const char *suite, const char *target, const char *key,
    struct asking *out);
void asking_close(struct asking *);
/** asking_setup - of a run: the rest (numbers, dir, callbacks) is for the caller to fill in. */
void asking_setup(struct asking *, struct run_setup *out);
#endif
