/*
 * judge.h - what a model thinks of an answer beside the reference: asked blind and in both orders, recorded,
 * and without a say in any score.
 *
 * The two texts are strangers' words.  Each stands between marks that nobody can guess, each of its
 * lines behind a bar, and only the last line of the judge's reply is its verdict.  Before a run a
 * canary is judged: one that falls for orders in a text judges nothing.
 */
#ifndef JANUS_BENCH_JUDGE_H
#define JANUS_BENCH_JUDGE_H
#include <cjson/cJSON.h>
#include <stddef.h>
struct attempt;
struct error;
struct item;
struct target;

#define JUDGE_MARK_MAX 33 /* 32 hex digits, NUL */

enum judge_verdict { JUDGE_FIRST, JUDGE_SECOND, JUDGE_TIE, JUDGE_NONE };

/** judge_canary - may this judge judge?  BLOCKS.  UNAVAILABLE and the like: it cannot be asked; INVALID:
 *  it was talked into a verdict. */
int judge_canary(const struct target *, struct error *);
/** judge_answer - ask it twice; attempt.judge has a member an order.  Its failures are noted there, and
 *  nobody else's.  Nothing without an answer, or a reference in words.  BLOCKS. */
void judge_answer(const struct target *, const struct item *, const char *answer, struct attempt *);

/** judge_prompt - the text that is sent, the caller's; mark is this request's own. Pure. */
char *judge_prompt(const char *question, const char *first, const char *second, const char *mark);
/** judge_verdict_of - the last line of a reply, and no other: "VERDICT: 1", "2" or "TIE". Pure. */
enum judge_verdict judge_verdict_of(const char *reply);
#endif
