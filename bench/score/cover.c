/*
 * cover.c - points that a text must make, in sentences and not in a list of words.
 */
#include "bench/score/cover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

#define SENTENCE_WORDS_MIN 5
#define FUNCTION_WORDS_ONE_IN 6
#define POINTS_A_SENTENCE 3
#define AT_LEAST 0.6
#define MAX_WORDS 1500 /* where an item says nothing: a dump of everything is no answer */

struct reading {
	const cJSON *points;
	const char *own; /* words of the prompt */
	cover_may_fn *may;
	void *arg;
	struct map seen; /* words of the sentences before */
	struct cover *out;
};

/* How many words of the sentence make the point; 0: they do not. */
static size_t
words_for(const cJSON *point, const char *words)
{
	const cJSON *all = json_get(point, "all"), *term,
		    *terms = all != NULL ? all : json_get(point, "any");
	size_t n = 0;

	json_for_each(term, terms) {
		_cleanup_buf_ struct buf looked_for = { 0 };
		const size_t len =
		    text_words(&looked_for, term->valuestring, strlen(term->valuestring));
		const bool there = strstr(words, buf_str(&looked_for)) != NULL;

		if (there && all == NULL)
			return len;
		if (!there && all != NULL)
			return 0;
		n += there ? len : 0;
	}
	return n;
}

/* Is it a sentence of the answer's own, for the first time? */
static bool
counts(struct reading *r, const char *words, size_t n)
{
	if (n < SENTENCE_WORDS_MIN || text_function_words(words) * FUNCTION_WORDS_ONE_IN < n ||
	    map_get(&r->seen, words) != NULL || strstr(r->own, words) != NULL)
		return false;
	map_put(&r->seen, words, r);
	return true;
}

static void
read_sentence(struct reading *r, const struct span *s)
{
	_cleanup_buf_ struct buf words = { 0 };
	const size_t n = text_words(&words, s->at, s->len);
	bool made[COVER_POINTS_MAX] = { false };
	size_t points = 0, of_points = 0, i = 0;
	const cJSON *point;

	if (!counts(r, buf_str(&words), n))
		return;
	json_for_each(point, r->points) {
		const size_t for_it = words_for(point, buf_str(&words));

		made[i] = for_it > 0 && (r->may == NULL || r->may(s, point, r->arg));
		points += for_it > 0;
		of_points += for_it;
		i++;
	}
	if (of_points * 2 > n)
		return;
	r->out->counted += n;
	for (i = 0; points <= POINTS_A_SENTENCE && i < COVER_POINTS_MAX; i++)
		r->out->made[i] |= made[i];
}

static size_t
most_words(const cJSON *spec)
{
	return (size_t)json_int(spec, "max_words", MAX_WORDS);
}

void
cover_read(const cJSON *spec, const char *text, const char *own, cover_may_fn *may, void *arg,
    struct cover *out)
{
	struct reading r = {
		.points = json_get(spec, "points"), .own = own, .may = may, .arg = arg, .out = out
	};
	_cleanup_free_ struct span *sentences = NULL;
	_cleanup_buf_ struct buf words = { 0 };
	const size_t n = text_sentences(text, &sentences);

	*out = (struct cover){ .words = text_words(&words, text, strlen(text)) };
	for (size_t i = 0; i < n && out->words <= most_words(spec); i++)
		read_sentence(&r, &sentences[i]);
	map_done(&r.seen);
}

static bool
lengths_hold(struct judging *j, const cJSON *spec, const struct cover *c)
{
	char seen[60];

	snprintf(seen, sizeof(seen), "%zu words in sentences", c->counted);
	if (json_get(spec, "min_words") != NULL &&
	    !judge_note(
		j, "min_words", c->counted >= (size_t)json_int(spec, "min_words", 0), 1, seen))
		return false;
	snprintf(seen, sizeof(seen), "%zu words", c->words);
	return judge_note(j, "max_words", c->words <= most_words(spec), 1, seen);
}

double
cover_quality(struct judging *j, const cJSON *spec, const struct cover *c)
{
	double made = 0, all = 0;
	const cJSON *point;
	size_t i = 0;

	json_for_each(point, json_get(spec, "points")) {
		const cJSON *terms = json_get(point, "all");
		const double weight = json_num(point, "weight", 1);

		if (terms == NULL)
			terms = json_get(point, "any");
		judge_note(j, "point", c->made[i], weight, terms->child->valuestring);
		all += weight;
		made += c->made[i++] ? weight : 0;
	}
	const char *bad = forbidden(spec, j->measured->text);
	if (bad != NULL)
		return judge_note(j, "forbid", false, 1, bad);
	if (!lengths_hold(j, spec, c) || made < all * json_num(spec, "at_least", AT_LEAST))
		return 0;
	return made / all;
}

double
score_cover(struct judging *j, const cJSON *spec)
{
	_cleanup_buf_ struct buf own = { 0 };
	struct cover c;

	if (strlen(j->measured->text) > SCORER_TEXT_MAX)
		return judge_note(j, "cover", false, 1, "more than 1 MiB");
	prompt_words(j->item, true, &own);
	cover_read(spec, j->measured->text, buf_str(&own), NULL, NULL, &c);
	return cover_quality(j, spec, &c);
}

static int
check_point(const cJSON *point, const char *extra, const char *prompt, struct error *err)
{
	const char *const known[] = { "any", "all", "weight", extra, NULL };
	const cJSON *any = json_get(point, "any"), *all = json_get(point, "all"), *term,
		    *terms = any != NULL ? any : all;

	if (spec_known(point, known, err) < 0 || spec_terms(point, "any", err) < 0 ||
	    spec_terms(point, "all", err) < 0 ||
	    spec_number(point, "weight", 0.001, 1000, false, err) < 0)
		return error_add(err, "points");
	if ((any == NULL) == (all == NULL))
		return spec_wrong(err, "points", "each has either any or all");
	size_t there = 0;
	json_for_each(term, terms) {
		if (!text_has(prompt, term->valuestring))
			continue;
		if (any != NULL)
			return error_set(err, ERROR_INVALID,
			    "points: \"%.60s\" stands in the prompt: an echo would have it",
			    term->valuestring);
		there++;
	}
	if (all != NULL && there == (size_t)cJSON_GetArraySize(all))
		return spec_wrong(
		    err, "points", "all of one stand in the prompt: an echo would have them");
	return 0;
}

int
cover_check(const struct item *item, const cJSON *spec, const char *extra, struct error *err)
{
	const cJSON *points = json_get(spec, "points"), *point;
	_cleanup_buf_ struct buf prompt = { 0 };

	if (!cJSON_IsArray(points) || cJSON_GetArraySize(points) == 0 ||
	    cJSON_GetArraySize(points) > COVER_POINTS_MAX)
		return spec_wrong(err, "points", "an array of 1 to 64");
	prompt_words(item, false, &prompt);
	json_for_each(point, points) {
		if (check_point(point, extra, buf_str(&prompt), err) < 0)
			return -1;
	}
	if (spec_number(spec, "at_least", 0.1, 1, false, err) < 0 ||
	    spec_number(spec, "min_words", 1, 100000, true, err) < 0 ||
	    spec_number(spec, "max_words", 1, 100000, true, err) < 0)
		return -1;
	return spec_terms(spec, "forbid", err);
}

int
check_cover(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "points", "at_least", "min_words", "max_words",
		"forbid", NULL };

	if (spec_known(spec, known, err) < 0)
		return -1;
	return cover_check(item, spec, NULL, err);
}
