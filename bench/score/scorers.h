/*
 * scorers.h - one function a kind of scorer, and what they share (internal to this room).
 *
 * docs/scoring.md is the reference of what each takes and says.
 */
#ifndef JANUS_BENCH_SCORERS_H
#define JANUS_BENCH_SCORERS_H
#include "bench/score/score.h"
struct buf;

#define SCORER_TEXT_MAX (1U << 20) /* a longer answer is none to a scorer of texts */

struct judging { /* one attempt that is being judged */
	const struct item *item;
	const struct attempt *attempt;
	const struct measured *measured;
	struct result *out; /* checks and why grow */
};

/** judge_note - a check: into checks, and into why if it did not hold. Returns ok. */
bool judge_note(struct judging *, const char *check, bool ok, double weight, const char *seen);

/* Each: quality 0 to 1. spec: the scorer, or the member of one that has the same shape. */
typedef double scorer_fn(struct judging *, const cJSON *spec);
scorer_fn score_answer, score_brief, score_cover, score_citations, score_code, score_calls,
    score_files, score_image, score_stream;

/* Each: is the spec one it can score?  skip: members that are somebody else's ("kind"). */
typedef int scorer_check_fn(const struct item *, const cJSON *spec, struct error *);
scorer_check_fn check_answer, check_brief, check_cover, check_citations, check_code, check_calls,
    check_files, check_image, check_stream;

/** spec_wrong - INVALID: "member: what". */
int spec_wrong(struct error *, const char *member, const char *what);
/** spec_known - no member but kind and those of the NULL-ended list. */
int spec_known(const cJSON *spec, const char *const *known, struct error *);
/** spec_number - member, if it is there, is a number within; whole: an integer. */
int spec_number(
    const cJSON *spec, const char *member, double min, double max, bool whole, struct error *);
/** spec_terms - member, if it is there, is an array of texts with a word in each. */
int spec_terms(const cJSON *spec, const char *member, struct error *);

/** forbidden - a term of spec.forbid that stands in the text; NULL. */
const char *forbidden(const cJSON *spec, const char *text);
/** prompt_words - append the words of all that the item says; inputs: with the texts that go with it. */
void prompt_words(const struct item *, bool inputs, struct buf *out);

/** same_value - equal JSON: numbers to one part in 10^9, members in any order. */
bool same_value(const cJSON *a, const cJSON *b);
/** same_loosely - texts alike but for case, spaces and punctuation; a number and its text. */
bool same_loosely(const cJSON *a, const cJSON *b);

/** file_is_true - does its descriptor say what came? */
bool file_is_true(const struct attempt_file *);
/** file_type_is - is that its descriptor's type, without parameters? */
bool file_type_is(const struct attempt_file *, const char *mime);
/** picture_quality - the checks of a png spec over one file: the share that holds. */
double picture_quality(struct judging *, const cJSON *spec, const struct attempt_file *);
int check_picture(const cJSON *png, struct error *);
/** table_right - the checks of a csv spec over a file; note says which did not hold. */
bool table_right(const cJSON *csv, const struct buf *bytes, char *note, size_t cap);
int check_table(const cJSON *csv, struct error *);
#endif
