/*
 * complete.c - completion: three small scripts that ask janusctl itself.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define NAMES_MS 1000 /* nobody waits longer for a Tab */

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash",
	    "_janusctl() {\n"
	    "\tlocal IFS=$'\\n'\n"
	    "\tCOMPREPLY=($(compgen -W \"$(janusctl __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
	    "2>/dev/null)\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	    "}\n"
	    "complete -o default -F _janusctl janusctl\n" },
	{ "zsh",
	    "#compdef janusctl\n"
	    "_janusctl() {\n"
	    "\tlocal -a found\n"
	    "\tfound=(\"${(@f)$(janusctl __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
	    "\tif [[ -n \"${found[1]}\" ]]; then compadd -a found; else _files; fi\n"
	    "}\n"
	    "compdef _janusctl janusctl\n" },
	{ "fish",
	    "function __janusctl_complete\n"
	    "\tset -l words (commandline -opc) (commandline -ct)\n"
	    "\tjanusctl __complete $words[2..-1] 2>/dev/null\n"
	    "end\n"
	    "complete -c janusctl -f -a '(__janusctl_complete)'\n" },
};

int
ctl_completion(struct ctl *ctl)
{
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (str_eq(scripts[i].shell, ctl->words[0])) {
			fputs(scripts[i].script, stdout);
			return CTL_OK;
		}
	return ctl_misuse(ctl, "completion takes bash, zsh or fish, not '%.40s'", ctl->words[0]);
}

static const struct option *
option_of(const char *word)
{
	for (size_t i = 0; i < ctl_option_table.len; i++) {
		const struct option *o = &ctl_option_table.at[i];

		if (str_starts(word, "--")
			? str_eq(word + 2, o->name)
			: word[0] == '-' && word[1] == o->letter && word[2] == '\0')
			return o;
	}
	return NULL;
}

static void
print_choices(const char *choices)
{
	while (*choices != '\0') {
		const size_t len = strcspn(choices, "|");

		printf("%.*s\n", (int)len, choices);
		choices += len + (choices[len] == '|');
	}
}

static void
print_options(const char *verb)
{
	const uint64_t mask = ctl_verb_options(verb);

	for (size_t i = 0; i < ctl_option_table.len; i++)
		if ((mask >> i & 1) != 0)
			printf("--%s\n", ctl_option_table.at[i].name);
}

static void
print_names(struct ctl *ctl, const char *noun)
{
	_cleanup_free_ char *path = str_printf("/api/v1/%ss?limit=500", noun);
	_cleanup_json_ cJSON *list = NULL;
	struct ctl_failure f = { 0 };
	const struct ctl_call call = { .method = "GET", .path = path, .total_ms = NAMES_MS };
	const cJSON *item;

	if (ctl_connect(ctl, &f) < 0 || ctl_ask(ctl, &call, &list, &f) < 0) {
		free(f.envelope);
		return;
	}
	json_for_each(item, json_get(list, "data")) {
		const char *name = json_str(
		    item, str_eq(noun, "competitor") || str_eq(noun, "key") ? "name" : "id");

		/* A shell evaluates what it completes: only what needs no quoting. */
		if (name != NULL &&
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == strlen(name))
			printf("%s\n", name);
	}
}

static void
print_verbs(void)
{
	for (size_t i = 0; i < ctl_commands_len; i++)
		if (ctl_commands[i].help != NULL &&
		    (i == 0 || !str_eq(ctl_commands[i].verb, ctl_commands[i - 1].verb)))
			printf("%s\n", ctl_commands[i].verb);
}

static void
print_nouns(const char *verb)
{
	char noun[32];

	for (size_t i = 0; i < ctl_commands_len; i++)
		if (str_eq(ctl_commands[i].verb, verb) && ctl_commands[i].noun != NULL)
			printf("%s\n", ctl_noun_shown(&ctl_commands[i], noun));
}

/* The words before the one being typed, without options and their values. */
static size_t
plain_words(const struct ctl *ctl, const char *out[OPTIONS_MAX_WORDS])
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < ctl->words_len; i++) {
		const struct option *o = option_of(ctl->words[i]);

		if (o != NULL && o->arg != NULL)
			i++;
		else if (ctl->words[i][0] != '-')
			out[n++] = ctl->words[i];
	}
	return n;
}

static void
print_for(struct ctl *ctl, const char *const *words, size_t len)
{
	const struct ctl_command *c = ctl_command_find(words[0], NULL);

	if (str_eq(words[0], "help")) {
		if (len == 1)
			print_verbs();
		else if (len == 2)
			print_nouns(words[1]);
		return;
	}
	if (c == NULL && len == 1) {
		print_nouns(words[0]);
		return;
	}
	if (c == NULL)
		c = ctl_command_find(words[0], words[1]);
	if (c == NULL || len != (c->noun == NULL ? 1 : 2))
		return;
	if (c->names != NULL)
		print_names(ctl, c->names);
	else if (islower((unsigned char)c->args[0]))
		print_choices(c->args);
}

/* Its words are the command line so far; the last is the one being typed. */
int
ctl_complete(struct ctl *ctl)
{
	const char *words[OPTIONS_MAX_WORDS] = { 0 };
	const size_t len = plain_words(ctl, words);
	const char *now = ctl->words_len == 0 ? "" : ctl->words[ctl->words_len - 1];
	const struct option *before =
	    ctl->words_len < 2 ? NULL : option_of(ctl->words[ctl->words_len - 2]);

	if (before != NULL && before->arg != NULL) {
		if (before->type == OPTION_CHOICE)
			print_choices(before->arg);
	} else if (now[0] == '-') {
		print_options(len == 0 ? "" : words[0]);
	} else if (len == 0) {
		print_verbs();
	} else {
		print_for(ctl, words, len);
	}
	return CTL_OK;
}
