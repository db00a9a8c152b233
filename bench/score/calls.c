/*
 * calls.c - which tools were called, with what, in which order, and what was said in the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/scorers.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define CALLS_MAX 64

struct wanted { /* calls of the sequence, flattened */
	const cJSON *call[CALLS_MAX];
	int group[CALLS_MAX]; /* those of one group may come in any order */
	bool made[CALLS_MAX];
	size_t len;
};

static void
flatten(const cJSON *spec, struct wanted *w)
{
	const bool order = json_bool(spec, "order", true);
	const cJSON *step, *call;
	int group = 0;

	json_for_each(step, json_get(spec, "sequence")) {
		if (cJSON_IsArray(step)) {
			json_for_each(call, step) {
				if (w->len == CALLS_MAX)
					return;
				w->group[w->len] = group;
				w->call[w->len++] = call;
			}
		} else if (w->len < CALLS_MAX) {
			w->group[w->len] = group;
			w->call[w->len++] = step;
		}
		group += order;
	}
}

static bool
is_loose(const cJSON *wanted, const char *name)
{
	const cJSON *l;

	json_for_each(l, json_get(wanted, "loose")) {
		if (str_eq(cJSON_GetStringValue(l), name))
			return true;
	}
	return false;
}

static bool
arguments_fit(const cJSON *wanted, const cJSON *given)
{
	const cJSON *arguments = json_get(wanted, "arguments"), *a;

	json_for_each(a, arguments) {
		const cJSON *got = json_get(given, a->string);

		if (got == NULL ||
		    !(is_loose(wanted, a->string) ? same_loosely(a, got) : same_value(a, got)))
			return false;
	}
	json_for_each(a, given) {
		if (json_get(arguments, a->string) == NULL && !is_loose(wanted, a->string))
			return false;
	}
	return true;
}

/* The first wanted call that this one is, among those whose turn it is. */
static bool
take(struct wanted *w, const char *name, const cJSON *arguments)
{
	int group = -1;

	for (size_t i = 0; i < w->len; i++) {
		if (w->made[i])
			continue;
		if (group >= 0 && w->group[i] != group)
			return false;
		group = w->group[i];
		if (str_eq(name, json_str(w->call[i], "name")) &&
		    arguments_fit(w->call[i], arguments)) {
			w->made[i] = true;
			return true;
		}
	}
	return false;
}

/* Goes through what was called; how many calls were none of the wanted; -1: one is no call. */
static int
read_calls(struct judging *j, struct wanted *w)
{
	const cJSON *call;
	int extra = 0;

	json_for_each(call, j->measured->calls) {
		const char *name = json_str(call, "name"), *text = json_str(call, "arguments");
		_cleanup_json_ cJSON *arguments = NULL;

		if (text == NULL || *text == '\0')
			text = "{}";
		if (json_parse(text, strlen(text), &arguments, NULL) < 0 ||
		    !cJSON_IsObject(arguments)) {
			judge_note(j, "arguments", false, 1, text);
			return -1;
		}
		if (take(w, name, arguments))
			continue;
		_cleanup_free_ char *seen = str_printf("%s %s", name, text);
		judge_note(
		    j, "further call", extra < json_int(j->item->scorer, "extra", 0), 0, seen);
		extra++;
	}
	return extra;
}

double
score_calls(struct judging *j, const cJSON *spec)
{
	struct wanted w = { .len = 0 };
	const cJSON *final = json_get(spec, "final");
	size_t made = 0;

	flatten(spec, &w);
	const int extra = read_calls(j, &w);
	for (size_t i = 0; i < w.len; i++) {
		judge_note(j, "call", w.made[i], 1, json_str(w.call[i], "name"));
		made += w.made[i];
	}
	if (extra < 0 || extra > json_int(spec, "extra", 0))
		return 0;
	const double last = final != NULL ? score_answer(j, final) : 1;
	return w.len == 0 ? last : last * (double)made / (double)w.len;
}

static bool
has_tool(const struct item *item, const char *name)
{
	const cJSON *tool;

	json_for_each(tool, item->tools) {
		if (str_eq(name, json_str(json_get(tool, "function"), "name")))
			return true;
	}
	return false;
}

static int
check_call(const struct item *item, const cJSON *call, struct error *err)
{
	static const char *const known[] = { "name", "arguments", "loose", NULL };
	const cJSON *loose = json_get(call, "loose"), *l;

	if (spec_known(call, known, err) < 0)
		return -1;
	if (!has_tool(item, json_str(call, "name")))
		return spec_wrong(err, "name", "none of the item's tools");
	if (!cJSON_IsObject(json_get(call, "arguments")))
		return spec_wrong(err, "arguments", "an object");
	if (loose != NULL && !cJSON_IsArray(loose))
		return spec_wrong(err, "loose", "an array of names");
	json_for_each(l, loose) {
		if (!cJSON_IsString(l))
			return spec_wrong(err, "loose", "an array of names");
	}
	return 0;
}

static int
check_sequence(const struct item *item, const cJSON *spec, struct error *err)
{
	const cJSON *sequence = json_get(spec, "sequence"), *step, *call;
	int n = 0;

	if (!cJSON_IsArray(sequence))
		return spec_wrong(err, "sequence", "an array of calls");
	json_for_each(step, sequence) {
		n += cJSON_IsArray(step) ? cJSON_GetArraySize(step) : 1;
		if (!cJSON_IsArray(step)) {
			if (check_call(item, step, err) < 0)
				return error_add(err, "sequence");
			continue;
		}
		json_for_each(call, step) {
			if (check_call(item, call, err) < 0)
				return error_add(err, "sequence");
		}
	}
	if (n > CALLS_MAX)
		return spec_wrong(err, "sequence", "at most 64 calls");
	return n > 0 || json_get(spec, "final") != NULL
	    ? 0
	    : spec_wrong(err, "sequence", "an empty one needs a final answer");
}

int
check_calls(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "sequence", "order", "extra", "final", NULL };
	const cJSON *order = json_get(spec, "order"), *final = json_get(spec, "final");

	if (spec_known(spec, known, err) < 0)
		return -1;
	if (item->tools == NULL)
		return spec_wrong(err, "kind", "calls needs tools");
	if (order != NULL && !cJSON_IsBool(order))
		return spec_wrong(err, "order", "true or false");
	if (spec_number(spec, "extra", 0, 64, true, err) < 0 || check_sequence(item, spec, err) < 0)
		return -1;
	return final != NULL && check_answer(item, final, err) < 0 ? error_add(err, "final") : 0;
}
