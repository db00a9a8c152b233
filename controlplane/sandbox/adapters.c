/*
 * adapters.c - the table of CLI agents.
 */
#include "controlplane/sandbox/adapters.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

/* In words: "%m" the model, "%p" the prompt (else it is its standard input); a word that is only
 * there for a model is marked by a '?' before it. */
static const struct adapter {
	const char *name, *alias, *program;
	const char *words[16];
	const char *system_option; /* takes the system prompt; NULL: put before the prompt */
	const char *base_url[3]; /* variables that get the address of the models */
} adapters[] = {
	{ "shell", "sh", "sh", { "-c", "%p" }, NULL, { NULL } },
	{ "janus-agent", NULL, "janus-agent", { "?--model", "?%m" }, "--system",
	    { "OPENAI_BASE_URL" } },
	{ "claude-code", "claude", "claude",
	    { "-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages",
		"--dangerously-skip-permissions", "?--model", "?%m" },
	    "--append-system-prompt", { "ANTHROPIC_BASE_URL" } },
	{ "codex", NULL, "codex",
	    { "exec", "--json", "--skip-git-repo-check",
		"--dangerously-bypass-approvals-and-sandbox", "?--model", "?%m", "-" },
	    NULL, { "OPENAI_BASE_URL", "OPENAI_API_BASE" } },
	{ "aider", NULL, "aider",
	    { "--yes-always", "--no-check-update", "--no-show-model-warnings", "?--model",
		"?openai/%m", "--message", "%p" },
	    NULL, { "OPENAI_BASE_URL", "OPENAI_API_BASE" } },
	/* It puts quotes around a prompt that it gets as a word. */
	{ "opencode", NULL, "opencode", { "run", "--format", "json", "?--model", "?%m" }, NULL,
	    { "OPENAI_BASE_URL", "OPENAI_API_BASE" } },
	{ "openhands", NULL, "openhands", { "--headless", "--task", "%p" }, NULL,
	    { "LLM_BASE_URL", "OPENAI_BASE_URL" } },
	{ "droid", NULL, "droid",
	    { "exec", "--auto", "high", "--output-format", "stream-json", "?--model", "?%m", "%p" },
	    NULL, { "OPENAI_BASE_URL" } },
};

static const struct adapter *
find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(adapters); i++)
		if (str_eq(name, adapters[i].name) ||
		    (adapters[i].alias != NULL && str_eq(name, adapters[i].alias)))
			return &adapters[i];
	return NULL;
}

static int
refuse_name(const char *name, struct error *err)
{
	_cleanup_buf_ struct buf names = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(adapters); i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", adapters[i].name);
	return error_set(err, ERROR_INVALID,
	    "there is no agent '%.40s' to run: %s (others by exec)", name, buf_str(&names));
}

static void
add_word(struct agent_start *s, char *word)
{
	if (s->nwords < AGENT_WORDS_MAX)
		s->words[s->nwords++] = word;
	else
		free(word);
}

/* A word of the table with model or prompt in its place; true if that was the prompt. */
static bool
add_filled(struct agent_start *s, const char *word, const char *model, const char *prompt)
{
	const char *at = strstr(word, "%m");

	if (strcmp(word, "%p") == 0) {
		add_word(s, str_dup(prompt));
		return true;
	}
	if (at != NULL)
		add_word(s, str_printf("%.*s%s%s", (int)(at - word), word, model, at + 2));
	else
		add_word(s, str_dup(word));
	return false;
}

static void
add_env(struct agent_start *s, const char *name, const char *value)
{
	if (value != NULL && s->nenv < AGENT_ENV_MAX)
		s->env[s->nenv++] = str_printf("%s=%s", name, value);
}

/* A program that takes the text itself is given what is in the file. */
static void
read_prompt_file(struct agent_start *s, const struct adapter *a, const char *path)
{
	add_word(s, str_dup("sh"));
	add_word(s, str_dup("-c"));
	add_word(
	    s, str_printf("text=$(cat -- \"$0\") && exec \"$@\" %s \"$text\"", a->system_option));
	add_word(s, str_dup(path));
}

int
agent_start_build(const struct agent_request *r, struct agent_start *out, struct error *err)
{
	const struct adapter *a = find(r->agent);
	const bool has_model = r->model != NULL && r->model[0] != '\0';
	_cleanup_free_ char *prompt = NULL;
	struct agent_start s = { 0 };
	bool prompt_given = false;

	if (a == NULL)
		return refuse_name(r->agent, err);
	if (r->system_prompt != NULL && r->system_prompt_path != NULL)
		return error_set(
		    err, ERROR_INVALID, "give systemPrompt or systemPromptPath, not both");
	s.program = a->program;
	prompt = r->system_prompt != NULL && a->system_option == NULL
	    ? str_printf("%s\n\n%s", r->system_prompt, r->prompt)
	    : str_dup(r->prompt);
	if (r->system_prompt_path != NULL && a->system_option != NULL)
		read_prompt_file(&s, a, r->system_prompt_path);
	add_word(&s, str_dup(a->program));
	for (size_t i = 0; i < ARRAY_LEN(a->words) && a->words[i] != NULL; i++) {
		const bool for_model = a->words[i][0] == '?';

		if (!for_model || has_model)
			prompt_given |= add_filled(&s, a->words[i] + for_model, r->model, prompt);
	}
	if (r->system_prompt != NULL && a->system_option != NULL) {
		add_word(&s, str_dup(a->system_option));
		add_word(&s, str_dup(r->system_prompt));
	}
	for (size_t i = 0; i < ARRAY_LEN(a->base_url) && a->base_url[i] != NULL; i++)
		add_env(&s, a->base_url[i], r->api_base_url);
	if (a->system_option == NULL)
		add_env(&s, "JANUS_SYSTEM_PROMPT_PATH", r->system_prompt_path);
	if (!prompt_given)
		s.input = TAKE(prompt);
	*out = s;
	return 0;
}

void
agent_start_done(struct agent_start *s)
{
	for (size_t i = 0; i < s->nwords; i++)
		free(s->words[i]);
	for (size_t i = 0; i < s->nenv; i++)
		free(s->env[i]);
	free(s->input);
	*s = (struct agent_start){ 0 };
}
