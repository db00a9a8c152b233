/*
 * responder_commands.c - one function a command.
 */
#include "runtime/openai/responder_commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/openai/responder_plan.h"

#define WAIT_MAX_MS (15 * 60 * 1000)
#define WORDS_MAX 200000

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static bool
do_wait(struct making *m, const char *rest)
{
	int64_t ms;

	if (str_parse_duration(rest, &ms, NULL) < 0 || ms < 0 || ms > WAIT_MAX_MS)
		return false;
	plan_add(m->plan, ACT_WAIT)->ms = ms;
	return true;
}

static bool
do_slow(struct making *m, const char *rest)
{
	int64_t ms;

	if (str_parse_duration(rest, &ms, NULL) < 0 || ms < 0 || ms > WAIT_MAX_MS)
		return false;
	m->pace_ms = ms;
	return true;
}

static bool
do_long(struct making *m, const char *rest)
{
	struct buf text = { 0 };
	int64_t n;

	if (str_parse_int(rest, 1, WORDS_MAX, &n, NULL) < 0)
		return false;
	for (int64_t i = 1; i <= n; i++)
		buf_printf(&text, "%sword%lld", i > 1 ? " " : "", (long long)i);
	plan_say(m, buf_take(&text));
	return true;
}

static bool
do_fail(struct making *m, const char *rest)
{
	static const struct {
		const char *word;
		enum act_kind kind;
	} ways[] = { { "cut", ACT_CUT }, { "hang", ACT_HANG }, { "frame", ACT_FRAME },
		{ "garbage", ACT_GARBAGE }, { "exit", ACT_EXIT } };
	int64_t status;

	if (str_parse_int(rest, 400, 599, &status, NULL) == 0) {
		plan_add(m->plan, ACT_STATUS)->status = (int)status;
		return m->spoke = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (strcmp(rest, ways[i].word) == 0) {
			plan_say(m, str_printf("Now comes what /fail %s asks for. ", rest));
			plan_add(m->plan, ways[i].kind);
			return true;
		}
	return false;
}

static const char *
subject(const struct making *m, const char *rest)
{
	return *rest != '\0' ? rest : m->rest;
}

static bool
do_upper(struct making *m, const char *rest)
{
	char *text = str_dup(subject(m, rest));

	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
	plan_say(m, text);
	return true;
}

static bool
do_lower(struct making *m, const char *rest)
{
	char *text = str_dup(subject(m, rest));

	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	plan_say(m, text);
	return true;
}

static bool
do_reverse(struct making *m, const char *rest)
{
	const char *from = subject(m, rest);
	struct buf text = { 0 };

	for (size_t at = strlen(from), end = at; at-- > 0;)
		if (!is_continuation(from[at])) {
			buf_add(&text, from + at, end - at);
			end = at;
		}
	plan_say(m, buf_take(&text));
	return true;
}

static bool
do_count(struct making *m, const char *rest)
{
	const char *text = subject(m, rest);
	size_t words = 0, characters = 0;
	bool inside = false;

	for (const char *c = text; *c != '\0'; c++) {
		const bool blank = isspace((unsigned char)*c);

		words += !blank && !inside;
		inside = !blank;
		characters += !is_continuation(*c);
	}
	plan_say(
	    m, str_printf("%zu words, %zu characters, %zu bytes", words, characters, strlen(text)));
	return true;
}

static bool
do_event(struct making *m, const char *rest)
{
	struct buf payload = { 0 };
	struct act *act;

	if (*rest == '\0')
		return false;
	buf_add_str(&payload, "{\"name\":");
	json_add_quoted(&payload, rest, strlen(rest));
	buf_add_char(&payload, '}');
	act = plan_add(m->plan, ACT_JANUS);
	act->name = str_dup("tool_start");
	act->text = str_dup(buf_str(&payload));
	act = plan_add(m->plan, ACT_JANUS);
	act->name = str_dup("tool_end");
	act->text = buf_take(&payload);
	return true;
}

static bool
do_help(struct making *m, const char *rest)
{
	(void)rest;
	plan_say(m, str_dup(plan_commands()));
	return true;
}

#define COMMANDS(X)                                                                    \
	X(pause, do_wait, "3s", "wait so long, in silence, before going on")           \
	X(slow, do_slow, "200ms", "wait so long between chunks")                       \
	X(long, do_long, "2000", "an answer of so many words")                         \
	X(fail, do_fail, "500", "answer with that HTTP status, 400 to 599")            \
	X(fail, do_fail, "cut", "close the connection in the middle")                  \
	X(fail, do_fail, "hang", "say nothing more and never end")                     \
	X(fail, do_fail, "frame", "an error frame in the middle of the stream")        \
	X(fail, do_fail, "garbage", "send what is no chat completion")                 \
	X(fail, do_fail, "exit", "end the whole process: a crash (only inside a pod)") \
	X(event, do_event, "NAME", "emit the janus events tool_start and tool_end")    \
	X(upper, do_upper, "TEXT", "the text, or the other lines, in upper case")      \
	X(lower, do_lower, "TEXT", "the same in lower case")                           \
	X(reverse, do_reverse, "TEXT", "the same backwards")                           \
	X(count, do_count, "TEXT", "count its words, characters and bytes")            \
	X(help, do_help, "", "this list")

static const struct command {
	const char *name;
	bool (*act)(struct making *, const char *rest);
} commands[] = {
#define X(name, act, example, what) { #name, act },
	COMMANDS(X)
#undef X
};

const char *
plan_commands(void)
{
	return "The offline responder follows lines of the prompt that begin with a slash:\n\n"
#define X(name, act, example, what) "- `/" #name " " example "` " what "\n"
	    COMMANDS(X)
#undef X
		"\nWithout a command it works out arithmetic exactly, calls an offered tool that "
		"the prompt names, describes pictures by their bytes, or repeats the prompt.\n";
}

/* The command of a line of len bytes, and where its argument starts; NULL if it is none. */
static const struct command *
command_of(const char *line, size_t len, const char **rest)
{
	if (len < 2 || *line != '/')
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const size_t n = strlen(commands[i].name);

		if (len > n && memcmp(line + 1, commands[i].name, n) == 0 &&
		    (len == n + 1 || line[n + 1] == ' ')) {
			*rest = line + n + 1;
			return &commands[i];
		}
	}
	return NULL;
}

/* The line at *prompt, which moves on to the next one; false at the end. */
static bool
next_line(const char **prompt, const char **line, size_t *len)
{
	if (**prompt == '\0')
		return false;
	*line = *prompt;
	*len = strcspn(*prompt, "\n");
	*prompt += *len + ((*prompt)[*len] == '\n');
	return true;
}

void
commands_strip(const char *prompt, struct buf *rest)
{
	const char *line, *argument;
	size_t len;

	while (next_line(&prompt, &line, &len))
		if (command_of(line, len, &argument) == NULL) {
			buf_add(rest, line, len);
			buf_add_char(rest, '\n');
		}
	while (rest->len > 0 && rest->data[rest->len - 1] == '\n')
		rest->data[--rest->len] = '\0';
}

void
commands_obey(struct making *m, const char *prompt)
{
	const char *line, *argument;
	size_t len;

	while (next_line(&prompt, &line, &len)) {
		const struct command *c = command_of(line, len, &argument);

		if (c == NULL)
			continue;
		while (argument < line + len && *argument == ' ')
			argument++;
		size_t n = (size_t)(line + len - argument);
		while (n > 0 && isspace((unsigned char)argument[n - 1]))
			n--;
		_cleanup_free_ char *word = str_ndup(argument, n);
		if (!c->act(m, word))
			plan_say(m,
			    str_printf(
				"I cannot do \"/%s %s\"; /help lists what I can. ", c->name, word));
	}
}
