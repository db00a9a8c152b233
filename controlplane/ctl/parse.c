/*
 * parse.c - a command line becomes an invocation.
 */
#include "controlplane/ctl/parse.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

static const struct option options[] = {
#define X(bit, long_, letter_, type_, arg_, field, help_)  \
	{ .name = long_,                                   \
		.letter = letter_,                         \
		.type = OPTION_##type_,                    \
		.arg = arg_,                               \
		.at = offsetof(struct ctl_options, field), \
		.help = help_ },
	CTL_OPTIONS(X)
#undef X
};
const struct option_table ctl_option_table = { options, ARRAY_LEN(options) };
_Static_assert(CTL_OPTION_COUNT <= 64, "options are bits of a uint64_t");

static int
unknown_verb(const char *verb, struct error *err)
{
	const char *verbs[64] = { 0 };
	const char *meant;
	size_t n = 0;

	for (size_t i = 0; i < ctl_commands_len && n < ARRAY_LEN(verbs) - 1; i++)
		if (ctl_commands[i].help != NULL)
			verbs[n++] = ctl_commands[i].verb;
	meant = options_nearest(verb, verbs);
	if (meant != NULL)
		return error_set(
		    err, ERROR_INVALID, "unknown verb '%.40s'; did you mean '%s'?", verb, meant);
	return error_set(
	    err, ERROR_INVALID, "unknown verb '%.40s'; 'janusctl help' lists them", verb);
}

/* The nouns of a verb, NULL-ended, as help shows them. */
static size_t
nouns_of(const char *verb, char shown[32][32], const char *names[33])
{
	size_t n = 0;

	for (size_t i = 0; i < ctl_commands_len && n < 32; i++)
		if (str_eq(ctl_commands[i].verb, verb) && ctl_commands[i].noun != NULL) {
			names[n] = ctl_noun_shown(&ctl_commands[i], shown[n]);
			n++;
		}
	names[n] = NULL;
	return n;
}

static int
unknown_noun(const char *verb, const char *word, struct error *err)
{
	char shown[32][32];
	const char *names[33];
	const size_t n = nouns_of(verb, shown, names);
	_cleanup_buf_ struct buf all = { 0 };
	const char *meant = word == NULL ? NULL : options_nearest(word, names);

	for (size_t i = 0; i < n; i++)
		buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
	if (word == NULL)
		return error_set(err, ERROR_INVALID, "%s what? %s", verb, buf_str(&all));
	if (meant != NULL)
		return error_set(err, ERROR_INVALID, "'%.40s' is nothing to %s; did you mean '%s'?",
		    word, verb, meant);
	return error_set(
	    err, ERROR_INVALID, "'%.40s' is nothing to %s; it takes %s", word, verb, buf_str(&all));
}

/* People type "start swift-owl": the noun is clear if the verb has one, or the name is an id. */
static const struct ctl_command *
implied(const char *verb, const struct option_words *words)
{
	const struct ctl_command *only = NULL;
	const char *noun = words->len == 0 ? NULL : ctl_ref_noun(words->at[0]);
	size_t rows = 0;

	for (size_t i = 0; i < ctl_commands_len; i++)
		if (str_eq(ctl_commands[i].verb, verb) &&
		    (words->len == 0 || ctl_commands[i].max > 0)) { /* some take no name */
			only = &ctl_commands[i];
			rows++;
		}
	if (rows != 1)
		only = noun == NULL ? NULL : ctl_command_find(verb, noun);
	if (only != NULL && (words->len < only->min || words->len > only->max))
		return NULL;
	return only;
}

static int
find_command(
    struct ctl_invocation *in, const struct option_words *words, size_t *skip, struct error *err)
{
	*skip = 0;
	in->command = ctl_command_find(in->verb, NULL);
	if (in->command != NULL)
		return 0;
	if (words->len > 0) {
		in->command = ctl_command_find(in->verb, words->at[0]);
		*skip = in->command != NULL;
	}
	if (in->command == NULL)
		in->command = implied(in->verb, words);
	if (in->command != NULL)
		return 0;
	return unknown_noun(in->verb, words->len == 0 ? NULL : words->at[0], err);
}

static int
check_options(const struct ctl_invocation *in, const char *what, struct error *err)
{
	const uint64_t foreign = in->given & ~(CTL_GLOBAL | in->command->options);
	const uint64_t missing = in->command->required & ~in->given;

	for (size_t i = 0; i < ctl_option_table.len; i++) {
		const struct option *o = &ctl_option_table.at[i];

		if ((foreign >> i & 1) != 0)
			return error_set(
			    err, ERROR_INVALID, "%s does not take --%s", what, o->name);
		if ((missing >> i & 1) != 0)
			return error_set(
			    err, ERROR_INVALID, "%s needs --%s %s", what, o->name, o->arg);
	}
	return 0;
}

static int
check_words(const struct ctl_invocation *in, const char *what, struct error *err)
{
	const struct ctl_command *c = in->command;

	if (in->words_len < c->min)
		return error_set(err, ERROR_INVALID, "%s needs %s", what, c->args);
	if (in->words_len > c->max)
		return error_set(err, ERROR_INVALID, "%s: '%.60s' is one word too many", what,
		    in->words[c->max]);
	return 0;
}

static int
check(const struct ctl_invocation *in, struct error *err)
{
	char what[80], noun[32];

	ctl_noun_shown(in->command, noun);
	snprintf(what, sizeof(what), "%s%s%s", in->verb, noun[0] == '\0' ? "" : " ", noun);
	if (check_words(in, what, err) < 0)
		return -1;
	return check_options(in, what, err);
}

/* "backup create" is "create backup": a noun may come first where a verb for it follows. */
static bool
noun_first(const char *first, const char *second)
{
	return !ctl_verb_exists(first) && ctl_command_find(second, first) != NULL;
}

int
ctl_parse(int argc, char *const *argv, struct ctl_invocation *out, struct error *err)
{
	struct option_words words = { 0 };
	int next = 1;
	size_t skip = 0;

	*out = (struct ctl_invocation){ .opt = { .limit = 50,
					    .tail = 100,
					    .grace_ms = -1,
					    .share = -1,
					    .jitter_ms = -1,
					    .seed = -1,
					    .epochs = -1,
					    .subset = -1,
					    .expires_ms = -1,
					    .requests_per_minute = -1,
					    .concurrency = -1,
					    .tokens_per_minute = -1 } };
	if (options_parse(
		&ctl_option_table, CTL_GLOBAL, true, argc, argv, &next, &out->opt, &words, err) < 0)
		return -1;
	out->given = words.given;
	if (next == argc) {
		if (out->opt.help || out->opt.version)
			return 0;
		return error_set(err, ERROR_INVALID, "no verb; 'janusctl help' lists them");
	}
	if (next + 1 < argc && noun_first(argv[next], argv[next + 1])) {
		words.at[words.len++] = argv[next++];
	} else if (!ctl_verb_exists(argv[next])) {
		return unknown_verb(argv[next], err);
	}
	out->verb = argv[next++];
	if (str_eq(out->verb, "__complete")) { /* its words are another command line */
		out->command = ctl_command_find(out->verb, NULL);
		for (; next < argc && out->words_len < OPTIONS_MAX_WORDS; next++)
			out->words[out->words_len++] = argv[next];
		return 0;
	}
	if (options_parse(&ctl_option_table, ctl_verb_options(out->verb), false, argc, argv, &next,
		&out->opt, &words, err) < 0)
		return -1;
	out->given = words.given;
	if (find_command(out, &words, &skip, err) < 0)
		return out->opt.help ? 0 : -1;
	for (size_t i = skip; i < words.len; i++)
		out->words[out->words_len++] = words.at[i];
	return out->opt.help ? 0 : check(out, err);
}
