/*
 * agents.c - the table.
 */
#include "baseline/agent/agents.h"

#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

static const struct agent_kind kinds[] = {
	{ .name = "janus-agent",
	    .offline = true,
	    .conversation = true,
	    .model_prefix = "",
	    .env = { "OPENAI_API_KEY=%k", "JANUS_CONVERSATION=%p/conversation.json" } },
	{ .name = "opencode",
	    .model_prefix = "janus/",
	    .env = { "OPENAI_API_KEY=%k", "OPENCODE_CONFIG=%p/opencode.json", "JANUS_MODEL=%m",
		"OPENCODE_DISABLE_AUTOUPDATE=1" } },
	{ .name = "aider",
	    .model_prefix = "",
	    .env = { "OPENAI_API_KEY=%k", "AIDER_ANALYTICS=0" } },
	{ .name = "claude-code",
	    .model_prefix = "",
	    .bare_url = true,
	    .env = { "ANTHROPIC_API_KEY=%k", "ANTHROPIC_AUTH_TOKEN=%k",
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1" } },
	{ .name = "codex", .model_prefix = "", .env = { "OPENAI_API_KEY=%k" } },
	{ .name = "openhands",
	    .model_prefix = "openai/",
	    .env = { "LLM_API_KEY=%k", "LLM_MODEL=openai/%m" } },
	{ .name = "droid", .model_prefix = "", .env = { "OPENAI_API_KEY=%k" } },
};

const char *
agent_kind_names(void)
{
	return "janus-agent, opencode, aider, claude-code, codex, openhands, droid";
}

const struct agent_kind *
agent_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* The variable with what stands for its letters; NULL if something is not there. */
static char *
fill(const char *entry, const struct agent_place *p)
{
	_cleanup_buf_ struct buf out = { 0 };

	for (; *entry != '\0'; entry++) {
		const char *value = NULL;

		if (*entry != '%') {
			buf_add_char(&out, *entry);
			continue;
		}
		switch (*++entry) {
		case 'u': value = p->base_url; break;
		case 'm': value = p->model; break;
		case 'k': value = p->key; break;
		case 'p': value = p->pack; break;
		}
		if (value == NULL || *value == '\0')
			return NULL;
		buf_add_str(&out, value);
	}
	return buf_take(&out);
}

size_t
agent_kind_env(const struct agent_kind *k, const struct agent_place *p, char *env[AGENTS_ENV_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(k->env) && k->env[i] != NULL; i++) {
		char *entry = fill(k->env[i], p);

		if (entry != NULL)
			env[n++] = entry;
	}
	return n;
}

char *
agent_kind_url(const struct agent_kind *k, const char *base_url)
{
	if (base_url == NULL)
		return NULL;
	const size_t len = strlen(base_url);
	return str_ndup(base_url, k->bare_url && str_ends(base_url, "/v1") ? len - 3 : len);
}

char *
agent_kind_model(const struct agent_kind *k, const char *model)
{
	return str_printf("%s%s", k->model_prefix, model);
}
