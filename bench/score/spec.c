/*
 * spec.c - what scorers share: shapes of their members, what is forbidden, what the prompt says,
 * values that are equal.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/scorers.h"
#include "bench/score/text.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define SEEN_MAX 120

bool
judge_note(struct judging *j, const char *check, bool ok, double weight, const char *seen)
{
	struct result *r = j->out;
	char cut[SEEN_MAX + 4];
	const size_t len = str_utf8_len(seen, strnlen(seen, SEEN_MAX));

	snprintf(cut, sizeof(cut), "%.*s%s", (int)len, seen, seen[len] != '\0' ? "..." : "");
	if (r->checks == NULL)
		r->checks = cJSON_CreateArray();
	cJSON *c = json_add_obj(r->checks, NULL);
	json_add_str(c, "check", check);
	json_add_bool(c, "ok", ok);
	cJSON_AddNumberToObject(c, "weight", weight);
	json_add_str(c, "seen", cut);
	if (!ok) {
		const size_t at = strlen(r->why);

		snprintf(r->why + at, sizeof(r->why) - at, "%s%s%s%s", at > 0 ? "; " : "", check,
		    *cut != '\0' ? ": " : "", cut);
		r->why[str_utf8_len(r->why, strlen(r->why))] = '\0';
	}
	return ok;
}

int
spec_wrong(struct error *err, const char *member, const char *what)
{
	return error_set(err, ERROR_INVALID, "%s: %s", member, what);
}

int
spec_known(const cJSON *spec, const char *const *known, struct error *err)
{
	const cJSON *member;

	if (!cJSON_IsObject(spec))
		return error_set(err, ERROR_INVALID, "not an object");
	json_for_each(member, spec) {
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, member->string) != 0)
			k++;
		if (*k == NULL && strcmp(member->string, "kind") != 0)
			return error_set(
			    err, ERROR_INVALID, "%.60s: not a member of it", member->string);
	}
	return 0;
}

int
spec_number(
    const cJSON *spec, const char *member, double min, double max, bool whole, struct error *err)
{
	const cJSON *n = json_get(spec, member);

	if (n == NULL)
		return 0;
	if (!cJSON_IsNumber(n) || !(n->valuedouble >= min) || !(n->valuedouble <= max) ||
	    (whole && n->valuedouble != floor(n->valuedouble)))
		return error_set(err, ERROR_INVALID, "%s: %s from %g to %g", member,
		    whole ? "a whole number" : "a number", min, max);
	return 0;
}

int
spec_terms(const cJSON *spec, const char *member, struct error *err)
{
	const cJSON *terms = json_get(spec, member), *t;

	if (terms == NULL)
		return 0;
	if (!cJSON_IsArray(terms) || cJSON_GetArraySize(terms) == 0)
		return spec_wrong(err, member, "an array of texts");
	json_for_each(t, terms) {
		_cleanup_buf_ struct buf words = { 0 };

		if (!cJSON_IsString(t) ||
		    text_words(&words, t->valuestring, strlen(t->valuestring)) == 0)
			return spec_wrong(err, member, "each is a text with a word in it");
	}
	return 0;
}

const char *
forbidden(const cJSON *spec, const char *text)
{
	_cleanup_buf_ struct buf words = { 0 };
	const cJSON *terms = json_get(spec, "forbid"), *t;

	if (terms == NULL)
		return NULL;
	text_words(&words, text, strlen(text));
	json_for_each(t, terms) {
		if (text_has(buf_str(&words), t->valuestring))
			return t->valuestring;
	}
	return NULL;
}

void
prompt_words(const struct item *item, bool inputs, struct buf *out)
{
	const cJSON *m, *part, *last = NULL;

	json_for_each(m, item->messages) {
		if (str_eq(json_str(m, "role"), "user"))
			last = m;
	}
	json_for_each(m, item->messages) {
		const cJSON *content = json_get(m, "content");
		int left = cJSON_GetArraySize(content) -
		    (m == last && !inputs ? cJSON_GetArraySize(json_get(item->json, "inputs")) : 0);

		if (cJSON_IsString(content))
			text_words(out, content->valuestring, strlen(content->valuestring));
		json_for_each(part, content) {
			const char *text = json_str(part, "text");

			if (left-- > 0 && text != NULL)
				text_words(out, text, strlen(text));
		}
	}
}

static bool
same_members(const cJSON *a, const cJSON *b)
{
	const cJSON *m;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	json_for_each(m, a) {
		const cJSON *other = json_get(b, m->string);

		if (other == NULL || !same_value(m, other))
			return false;
	}
	return true;
}

bool
same_value(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return text_close(a->valuedouble, b->valuedouble, 0);
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsObject(a) && cJSON_IsObject(b))
		return same_members(a, b);
	if (!cJSON_IsArray(a) || !cJSON_IsArray(b))
		return (a->type & 0xff) == (b->type & 0xff) && !cJSON_IsNumber(a) &&
		    !cJSON_IsString(a);
	const cJSON *x = a->child, *y = b->child;
	while (x != NULL && y != NULL && same_value(x, y)) {
		x = x->next;
		y = y->next;
	}
	return x == NULL && y == NULL;
}

static bool
as_number(const cJSON *v, double *out)
{
	if (cJSON_IsNumber(v)) {
		*out = v->valuedouble;
		return true;
	}
	return cJSON_IsString(v) && text_decimal(v->valuestring, strlen(v->valuestring), out);
}

bool
same_loosely(const cJSON *a, const cJSON *b)
{
	_cleanup_buf_ struct buf x = { 0 }, y = { 0 };
	double p, q;

	if (same_value(a, b))
		return true;
	if (as_number(a, &p) && as_number(b, &q))
		return text_close(p, q, 0);
	if (!cJSON_IsString(a) || !cJSON_IsString(b))
		return false;
	return text_words(&x, a->valuestring, strlen(a->valuestring)) > 0 &&
	    text_words(&y, b->valuestring, strlen(b->valuestring)) > 0 &&
	    strcmp(buf_str(&x), buf_str(&y)) == 0;
}
