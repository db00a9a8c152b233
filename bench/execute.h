/*
 * execute.h - run the code of an answer, in a sandbox and nowhere else.
 *
 * BLOCKS.
 */
#ifndef JANUS_BENCH_EXECUTE_H
#define JANUS_BENCH_EXECUTE_H
struct attempt;
struct item;
struct session;
struct verdict;

/**
 * execute - what score_needs_run asks for; attempt.executions has what came of it.
 *
 * Each case has a directory of its own in one sandbox, which is gone afterwards.  The verdict stays as
 * it is, or becomes an ERROR of the platform: no_sandbox, sandbox_failed.
 */
void execute(const struct session *, const struct item *, const char *answer, int try,
    struct attempt *, struct verdict *);
#endif
