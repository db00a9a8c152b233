/*
 * score.h - what an attempt is worth, and what a run is: pure functions of what was recorded.
 *
 * No clock, no I/O, no randomness but a seed that is stored; nothing but + - * / on doubles, so that
 * another machine gets the same bits.  Scores are 0 to 1 here and 0 to 100 at every interface.
 */
#ifndef JANUS_BENCH_SCORE_H
#define JANUS_BENCH_SCORE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/record/attempt.h"
#include "bench/record/item.h"
#include "bench/record/resample.h"
struct error;

#define SCORE_DIMENSIONS(X)   \
	X(QUALITY, "quality") \
	X(SPEED, "speed") X(COST, "cost") X(STREAMING, "streaming") X(MODALITY, "modality")

enum score_dimension {
#define X(name, word) SCORE_##name,
	SCORE_DIMENSIONS(X)
#undef X
	    SCORE_DIMENSION_COUNT
};
const char *score_dimension_name(enum score_dimension);

/* ---- how it is scored: versioned data (bench/scoring/<version>.json) ---- */

#define SCORING_VERSION_MAX 24
#define CURVE_POINTS_MAX 8

struct curve { /* linear between points, flat outside; x rises */
	double x[CURVE_POINTS_MAX], y[CURVE_POINTS_MAX];
	size_t len;
};
double curve_at(const struct curve *, double x);

struct scoring_task { /* a task may have its own curves */
	struct curve ttft_ms, duration_ms, cost_usd, tokens, stall_ratio, max_gap_ms;
};
struct scoring {
	char version[SCORING_VERSION_MAX];
	char digest[72]; /* sha256:... of its text */
	double weights[SCORE_DIMENSION_COUNT]; /* sum 1 */
	double pass_mark; /* quality below it: the item failed */
	struct scoring_task tasks[ITEM_TASK_COUNT];
	int64_t stall_from_ms; /* a silence up to so long is no stall */
	int samples; /* of the bootstrap */
};
/** scoring_builtin - the text of the version that is compiled in; NULL: the newest. NULL if unknown. */
const char *scoring_builtin(const char *version);
int scoring_parse(const char *text, size_t len, struct scoring *out, struct error *);

/* ---- what was seen ---- */

struct measured { /* of all turns of an attempt together, at the socket */
	bool complete; /* each turn: 2xx, to its proper end */
	bool asked_stream; /* the first request asked for a stream (true where none was sent) */
	int turns, status; /* of the last turn */
	int64_t
	    ttft_us; /* first byte of content, reasoning or a tool call; an empty delta is none; -1 */
	int64_t duration_us; /* from the first request to the last end, simulator's time apart */
	int64_t max_gap_us,
	    stall_us; /* longest silence between content; sum of what was above stall_from */
	int64_t pings, content_events, content_bytes;
	int64_t prompt_tokens, completion_tokens; /* reported, or estimated from bytes */
	bool tokens_estimated;
	int64_t reported_micro_usd; /* -1 */
	char *text, *reasoning; /* owned: the last turn's content; "" */
	cJSON *calls; /* owned array of all tool calls: {"turn","name","arguments"(text),"id"} */
	char model[96], finish_reason[32];
	char odd[160]; /* what was wrong with the stream: no [DONE], bad JSON, two answers; "" */
};
/** measure - take an attempt's frames apart. *out is the caller's, measured_done. */
void measure(const struct attempt *, const struct scoring *, struct measured *out);
void measured_done(struct measured *);

/* ---- one attempt ---- */

#define SCORE_WHY_MAX 400

struct result {
	bool counts; /* false: ERROR or SKIPPED, left out */
	bool passed;
	double score[SCORE_DIMENSION_COUNT]; /* all 0 if it failed */
	bool has[SCORE_DIMENSION_COUNT]; /* streaming needs a stream, modality an item of one */
	enum { COST_METERED, COST_REPORTED, COST_TOKENS } cost_from;
	char why[SCORE_WHY_MAX]; /* which checks did not hold; "" when all did */
	cJSON *checks; /* owned array: {"check","ok","weight","seen"} */
};
/** score_attempt - judge it. *out is the caller's, result_done. */
void score_attempt(const struct item *, const struct attempt *, const struct measured *,
    const struct scoring *, struct result *out);
void result_done(struct result *);
/** score_needs_run - the cases that the scorer wants run, for that answer: an array of
 *  {"case","language","files":{name:text},"command","stdin","timeout_ms"}; NULL if none, or no code came. */
cJSON *score_needs_run(const struct item *, const char *answer);
/** scorer_check - is an item's scorer one that can be scored? INVALID says what is wrong with it. */
int scorer_check(const struct item *, struct error *);

/* ---- a run ---- */

struct interval {
	double value, low, high; /* 95 % */
	size_t n; /* items it rests on; 0: there were none, and value is 0 */
};
struct composite {
	struct interval composite, dimension[SCORE_DIMENSION_COUNT];
	double weights
	    [SCORE_DIMENSION_COUNT]; /* as used: those of dimensions without items went to the others */
	size_t counted, passed, failed, excluded;
};
struct scored { /* one item, its epochs averaged by composite_of */
	const struct item *item;
	const struct result *result;
};
/** composite_of - weighted means over items, with intervals by resampling items; the order of the
 *  array does not matter. seed is stored with the run. */
void composite_of(
    const struct scored *, size_t n, const struct scoring *, uint64_t seed, struct composite *out);
#endif
