/*
 * triage.c - facts, words, rules.
 */
#include "baseline/agent/triage.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "baseline/cli/blocks.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define WORD_MAX 24
#define LOOK_BYTES 8192 /* of the message, for verbs: what is asked stands at its start or end */
#define LONG_WORDS 200 /* a task of several steps, if it asks for work at all */

/* ---- words ---- */

static const char *const verbs[] = { "analyse", "analyze", "automate", "benchmark", "build",
	"chart", "clone", "compile", "compute", "convert", "crawl", "create", "debug", "deploy",
	"download", "draw", "execute", "extract", "fetch", "fix", "generate", "implement",
	"install", "make", "merge", "parse", "plot", "produce", "refactor", "render", "run", "save",
	"scrape", "search", "simulate", "solve", "test", "train", "unpack", "visualise",
	"visualize", "write", NULL };
static const char *const things[] = { "animation", "api", "app", "application", "archive",
	"artifact", "benchmark", "chart", "charts", "code", "commit", "csv", "data", "database",
	"dataset", "diagram", "directory", "docx", "file", "files", "folder", "game", "graph",
	"histogram", "html", "image", "internet", "json", "library", "module", "notebook",
	"package", "page", "pdf", "picture", "plot", "png", "presentation", "program", "project",
	"report", "repo", "repository", "script", "scripts", "server", "simulation", "spreadsheet",
	"sql", "svg", "table", "test", "tests", "tool", "url", "web", "webpage", "website", "xlsx",
	"zip", NULL };
static const char *const explaining[] = { "describe", "explain", "review", "summarise", "summarize",
	"translate", "understand", "why", NULL };
static const char *const flags[] = { "deep_research", "web_search", "generate_image",
	"generate_video", "generate_audio", NULL };

static const char *
find(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return *list;
	return NULL;
}

static void
look_at_word(struct triage_facts *f, const char *word)
{
	if (f->verb == NULL)
		f->verb = find(verbs, word);
	/* "plot a test": a word is not its own object */
	const char *thing = find(things, word);
	if (f->thing == NULL && thing != NULL && (f->verb == NULL || strcmp(f->verb, thing) != 0))
		f->thing = thing;
	f->explains |= find(explaining, word) != NULL;
}

/* Code is not prose: what stands between fences is not looked at for words. */
static void
look_at_words(struct triage_facts *f, const char *text)
{
	char word[WORD_MAX + 1];
	size_t n = 0;
	bool fenced = false, line_start = true;

	for (const char *at = text;; at++) {
		if (line_start && strncmp(at, "```", 3) == 0)
			fenced = !fenced;
		line_start = *at == '\n';
		if (isalpha((unsigned char)*at)) {
			if (n < WORD_MAX)
				word[n] = (char)tolower((unsigned char)*at);
			n++;
			continue;
		}
		if (n > 0 && !fenced) {
			f->words++;
			word[n < WORD_MAX ? n : WORD_MAX] = '\0';
			if (at - text < LOOK_BYTES)
				look_at_word(f, word);
		}
		n = 0;
		if (*at == '\0')
			return;
	}
}

/* ---- facts ---- */

void
triage_text(const cJSON *message, struct buf *out)
{
	const cJSON *content = json_get(message, "content"), *part;
	const size_t before = out->len;

	if (cJSON_IsString(content))
		buf_add_str(out, content->valuestring);
	json_for_each(part, content) {
		const char *text = json_str(part, "text");

		if (text == NULL)
			continue;
		if (out->len > before)
			buf_add_char(out, '\n');
		buf_add_str(out, text);
	}
}

const cJSON *
triage_last_user(const cJSON *request)
{
	const cJSON *message, *last = NULL;

	json_for_each(message, json_get(request, "messages"))
		if (str_eq(json_str(message, "role"), "user"))
			last = message;
	return last;
}

void
triage_look(const cJSON *request, struct triage_facts *out)
{
	const cJSON *messages = json_get(request, "messages"), *part;
	const cJSON *user = triage_last_user(request);
	const char *shape = json_str(json_get(request, "response_format"), "type");
	_cleanup_buf_ struct buf text = { 0 };
	struct triage_facts f = { 0 };
	struct block block;

	f.asked = json_str(json_get(request, "metadata"), "path");
	for (size_t i = 0; flags[i] != NULL && f.flag == NULL; i++)
		if (json_bool(json_get(request, "generation_flags"), flags[i], false))
			f.flag = flags[i];
	f.tools = cJSON_GetArraySize(json_get(request, "tools")) > 0 ||
	    str_eq(json_str(cJSON_GetArrayItem(messages, cJSON_GetArraySize(messages) - 1), "role"),
		"tool");
	f.shaped = json_int(request, "n", 1) > 1 || (shape != NULL && strcmp(shape, "text") != 0);
	json_for_each(part, json_get(user, "content")) {
		const char *type = json_str(part, "type");

		f.files += str_eq(type, "file") || str_eq(type, "input_audio");
	}
	triage_text(user, &text);
	const char *at = buf_str(&text);
	f.code = block_next(&at, &block);
	look_at_words(&f, buf_str(&text));
	*out = f;
}

/* ---- rules ---- */

static bool
asks_agent(const struct triage_facts *f)
{
	return str_eq(f->asked, "agent");
}

static bool
asks_fast(const struct triage_facts *f)
{
	return str_eq(f->asked, "fast");
}

static bool
has_tools(const struct triage_facts *f)
{
	return f->tools;
}

static bool
is_shaped(const struct triage_facts *f)
{
	return f->shaped;
}

static bool
has_flag(const struct triage_facts *f)
{
	return f->flag != NULL;
}

static bool
has_files(const struct triage_facts *f)
{
	return f->files > 0;
}

static bool
runs_code(const struct triage_facts *f)
{
	return f->code && !(f->explains && f->verb == NULL);
}

static bool
is_work(const struct triage_facts *f)
{
	return f->verb != NULL && f->thing != NULL && !f->explains;
}

static bool
is_long(const struct triage_facts *f)
{
	return f->verb != NULL && f->words >= LONG_WORDS && !f->explains;
}

static bool
is_else(const struct triage_facts *f)
{
	(void)f;
	return true;
}

/* In this order.  In `why` {verb}, {thing} and {flag} stand for those facts. */
static const struct rule {
	const char *name;
	bool (*holds)(const struct triage_facts *);
	enum triage_path path;
	const char *why;
} rules[] = {
	{ "asked_agent", asks_agent, TRIAGE_AGENT, "metadata.path asks for it" },
	{ "asked_fast", asks_fast, TRIAGE_FAST, "metadata.path asks for it" },
	{ "tools", has_tools, TRIAGE_FAST,
	    "the client has tools of its own, which only it can run" },
	{ "shaped", is_shaped, TRIAGE_FAST, "the answer is to have a shape that a model gives" },
	{ "flag", has_flag, TRIAGE_AGENT, "generation_flags.{flag} is set" },
	{ "files", has_files, TRIAGE_AGENT, "files are attached, and somebody has to open them" },
	{ "code", runs_code, TRIAGE_AGENT, "there is code in it that can be run" },
	{ "work", is_work, TRIAGE_AGENT, "\"{verb}\" and \"{thing}\" mean work with tools" },
	{ "long", is_long, TRIAGE_AGENT, "\"{verb}\" in a long text means work in several steps" },
	{ "plain", is_else, TRIAGE_FAST, "nothing in it needs a sandbox" },
};

static void
add_why(struct buf *out, const char *why, const struct triage_facts *f)
{
	const struct {
		const char *name, *value;
	} facts[] = { { "{verb}", f->verb }, { "{thing}", f->thing }, { "{flag}", f->flag } };

	while (*why != '\0') {
		size_t i = 0;

		while (i < ARRAY_LEN(facts) && !str_starts(why, facts[i].name))
			i++;
		if (i == ARRAY_LEN(facts)) {
			buf_add_char(out, *why++);
			continue;
		}
		buf_add_str(out, facts[i].value);
		why += strlen(facts[i].name);
	}
}

void
triage_decide(const struct triage_facts *f, struct triage *out)
{
	_cleanup_buf_ struct buf why = { 0 };
	const struct rule *r = rules;

	while (!r->holds(f))
		r++;
	add_why(&why, r->why, f);
	*out = (struct triage){
		.path = r->path,
		.rule = r->name,
		.asked = r->holds == asks_agent || r->holds == asks_fast,
	};
	snprintf(out->why, sizeof(out->why), "%s path: %s.",
	    r->path == TRIAGE_AGENT ? "Agent" : "Fast", buf_str(&why));
}
