/*
 * options.c - options of a command line, said in a table.
 */
#include "runtime/base/cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

/* One argument that was recognised as an option. */
struct found {
	const struct option *option;
	bool negated;
};

const char *
options_nearest(const char *word, const char *const *candidates)
{
	const size_t len = strlen(word);
	const size_t limit = len < 4 ? 1 : len < 8 ? 2 : 3;
	const char *best = NULL;
	size_t best_distance = limit + 1;

	if (len > 40)
		return NULL;
	for (size_t i = 0; candidates[i] != NULL; i++) {
		const size_t distance = str_distance(word, candidates[i]);

		if (distance < best_distance) {
			best_distance = distance;
			best = candidates[i];
		}
	}
	return best;
}

static bool
may_use(uint64_t allowed, size_t i)
{
	return (allowed >> i & 1) != 0;
}

static int
refuse_unknown(const struct option_table *t, uint64_t allowed, const char *name, struct error *err)
{
	const char *names[64 + 1] = { 0 };
	const char *meant;
	size_t n = 0;

	for (size_t i = 0; i < t->len; i++)
		if (may_use(allowed, i))
			names[n++] = t->at[i].name;
	meant = options_nearest(name, names);
	if (meant != NULL)
		return error_set(
		    err, ERROR_INVALID, "unknown option --%s; did you mean --%s?", name, meant);
	return error_set(err, ERROR_INVALID, "unknown option --%s", name);
}

static int
find_long(const struct option_table *t, uint64_t allowed, const char *name, struct found *out,
    struct error *err)
{
	const bool may_negate = str_starts(name, "no-");

	for (size_t i = 0; i < t->len; i++) {
		const struct option *o = &t->at[i];

		if (!may_use(allowed, i))
			continue;
		if (str_eq(o->name, name)) {
			*out = (struct found){ o, false };
			return 0;
		}
		if (may_negate && o->type == OPTION_FLAG && str_eq(o->name, name + 3)) {
			*out = (struct found){ o, true };
			return 0;
		}
	}
	return refuse_unknown(t, allowed, name, err);
}

static const struct option *
find_letter(const struct option_table *t, uint64_t allowed, char letter)
{
	for (size_t i = 0; i < t->len; i++)
		if (may_use(allowed, i) && t->at[i].letter == letter)
			return &t->at[i];
	return NULL;
}

static bool
takes_value(const struct option *o)
{
	return o->type != OPTION_FLAG && o->type != OPTION_COUNT;
}

static bool
is_choice(const char *choices, const char *value)
{
	const size_t len = strlen(value);

	for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
		at += *at == '|';
		if (len > 0 && strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

static int
set_value(const struct option *o, bool negated, const char *value, void *values, struct error *err)
{
	void *at = (char *)values + o->at;
	struct option_list *list = at;

	switch (o->type) {
	case OPTION_FLAG: *(bool *)at = !negated; return 0;
	case OPTION_COUNT: ++*(int *)at; return 0;
	case OPTION_STRING: *(const char **)at = value; return 0;
	case OPTION_CHOICE:
		if (!is_choice(o->arg, value))
			return error_set(err, ERROR_INVALID, "--%s takes %s, not '%.60s'", o->name,
			    o->arg, value);
		*(const char **)at = value;
		return 0;
	case OPTION_NUMBER:
		if (str_parse_int(value, 0, INT64_MAX, at, err) < 0)
			return error_add(err, "--%s", o->name);
		return 0;
	case OPTION_DURATION:
		if (str_parse_duration(value, at, err) < 0)
			return error_add(err, "--%s", o->name);
		return 0;
	case OPTION_LIST:
		if (list->len == OPTIONS_MAX_LIST)
			return error_set(err, ERROR_INVALID, "--%s is given more than %d times",
			    o->name, OPTIONS_MAX_LIST);
		list->at[list->len++] = value;
		return 0;
	}
	return error_set(err, ERROR_INTERNAL, "--%s has no type", o->name);
}

struct reader { /* one call of options_parse */
	const struct option_table *table;
	uint64_t allowed;
	int argc;
	char *const *argv;
	int next;
	void *values;
	struct option_words *words;
};

static int
take(struct reader *r, const struct option *o, bool negated, const char *value, struct error *err)
{
	if (takes_value(o) && value == NULL) {
		if (r->next >= r->argc)
			return error_set(err, ERROR_INVALID, "--%s needs %s", o->name, o->arg);
		value = r->argv[r->next++];
	}
	r->words->given |= UINT64_C(1) << (o - r->table->at);
	return set_value(o, negated, value, r->values, err);
}

static int
read_long(struct reader *r, const char *arg, struct error *err)
{
	const char *equals = strchr(arg, '=');
	struct found f = { 0 };
	char name[64];

	if ((equals != NULL ? (size_t)(equals - arg) : strlen(arg)) >= sizeof(name))
		return error_set(err, ERROR_INVALID, "unknown option --%.40s...", arg);
	memcpy(name, arg, strcspn(arg, "="));
	name[strcspn(arg, "=")] = '\0';
	if (find_long(r->table, r->allowed, name, &f, err) < 0 || f.option == NULL)
		return -1;
	if (equals != NULL && !takes_value(f.option))
		return error_set(err, ERROR_INVALID, "--%s takes no value", name);
	return take(r, f.option, f.negated, equals != NULL ? equals + 1 : NULL, err);
}

static int
read_letters(struct reader *r, const char *letters, struct error *err)
{
	for (; *letters != '\0'; letters++) {
		const struct option *o = find_letter(r->table, r->allowed, *letters);

		if (o == NULL)
			return error_set(err, ERROR_INVALID, "unknown option -%c", *letters);
		if (takes_value(o))
			return take(r, o, false, letters[1] != '\0' ? letters + 1 : NULL, err);
		if (take(r, o, false, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_word(struct option_words *words, const char *word, struct error *err)
{
	if (words->len == OPTIONS_MAX_WORDS)
		return error_set(err, ERROR_INVALID, "more than %d words", OPTIONS_MAX_WORDS);
	words->at[words->len++] = word;
	return 0;
}

int
options_parse(const struct option_table *table, uint64_t allowed, bool stop_at_word, int argc,
    char *const *argv, int *next, void *values, struct option_words *words, struct error *err)
{
	struct reader r = { table, allowed, argc, argv, *next, values, words };
	bool ended = false;

	while (r.next < argc) {
		const char *arg = argv[r.next];
		const bool is_word = ended || arg[0] != '-' || arg[1] == '\0';

		if (is_word && stop_at_word)
			break;
		r.next++;
		if (is_word) {
			if (add_word(words, arg, err) < 0)
				return -1;
		} else if (str_eq(arg, "--")) {
			ended = true;
		} else if (arg[1] == '-') {
			if (read_long(&r, arg + 2, err) < 0)
				return -1;
		} else if (read_letters(&r, arg + 1, err) < 0) {
			return -1;
		}
	}
	*next = r.next;
	return 0;
}
