/*
 * cover.h - which points a text makes in sentences that count: for cover and citations.
 *
 * Pure.
 */
#ifndef JANUS_BENCH_COVER_H
#define JANUS_BENCH_COVER_H
#include "bench/score/scorers.h"
#include "bench/score/text.h"

#define COVER_POINTS_MAX 64

/* May this sentence make this point?  citations asks for a mark that leads to the right source. */
typedef bool cover_may_fn(const struct span *sentence, const cJSON *point, void *arg);

struct cover { /* what came of it */
	bool made[COVER_POINTS_MAX];
	size_t words, counted; /* of the text; in sentences that count */
};
/** cover_read - the points of spec that the text makes. own: words of the prompt, whose sentences are
 *  nobody's own; may NULL: any sentence may make any point. */
void cover_read(const cJSON *spec, const char *text, const char *own, cover_may_fn *may, void *arg,
    struct cover *out);
/** cover_quality - notes each point, the lengths and what is forbidden: the share of the weight. */
double cover_quality(struct judging *, const cJSON *spec, const struct cover *);
/** cover_check - the members that cover and citations share; extra: of a point beside any, all, weight. */
int cover_check(const struct item *, const cJSON *spec, const char *extra, struct error *);
#endif
