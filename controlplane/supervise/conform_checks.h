/*
 * conform_checks.h - what a competitor must be able to do, as a table: what each check asks, and
 * what it makes of the answers.
 *
 * Pure: questions are text, answers are what came over the wire.  conform.c asks and keeps them.
 */
#ifndef JANUS_SUPERVISE_CONFORM_CHECKS_H
#define JANUS_SUPERVISE_CONFORM_CHECKS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/supervise/probe.h"

#define CONFORM_ROUNDS 2
#define CONFORM_COPIES 2 /* questions asked at once */
#define CONFORM_SEEN_MAX 240

enum conform_verdict { CONFORM_PASS, CONFORM_WARN, CONFORM_FAIL, CONFORM_SKIP };
const char *conform_verdict_name(enum conform_verdict);

/* What came back to one question. */
struct conform_answer {
	struct probe_result r; /* r.body is this struct's own */
	char *body; /* owned */
};

/* One check under way, and what the checks of a run share. */
struct conform_run {
	char model[64]; /* as a chat would name it */
	char marker[CONFORM_COPIES][16]; /* words that only one of the questions holds */
	int64_t
	    start_ms; /* from the pod's start to its first healthy answer; -1: a URL's is not known */
	int64_t start_limit_ms;
	int64_t longest_gap_ms; /* over the streams of all checks so far */
	int left_open; /* connections we left that it still held after a while; -1: cannot be seen */
	struct conform_answer answers[CONFORM_ROUNDS][CONFORM_COPIES];
	size_t nanswers[CONFORM_ROUNDS];
};
/** conform_run_clear - forget the answers, before the next check. */
void conform_run_clear(struct conform_run *);

struct conform_question {
	struct probe_ask ask; /* its path and body point to the two below */
	char *path; /* owned; NULL: nothing to ask in this round */
	char *body; /* owned */
};
void conform_question_done(struct conform_question *);

/* what to ask in a round, and in which copy */
typedef void conform_ask_fn(
    const struct conform_run *, size_t round, size_t copy, struct conform_question *out);

struct conform_check {
	const char *name;
	const char *expected; /* one sentence */
	size_t copies;
	bool leaves; /* its first question is left: then left_open is looked at */
	conform_ask_fn *ask;
	/** all is answered: the verdict, and what was seen in words */
	enum conform_verdict (*judge)(const struct conform_run *, char seen[CONFORM_SEEN_MAX]);
};
extern const struct conform_check conform_checks[];
extern const size_t conform_checks_len;

/** conform_add - append a finding, with the wire of a check that did not pass, to the report. */
void conform_add(cJSON *report, const struct conform_check *, enum conform_verdict,
    const char *seen, const struct conform_run *);
#endif
