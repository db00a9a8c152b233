/*
 * code.c - the last fenced block of the language, run on cases.
 *
 * This file says what is to be run and judges what came of it; somebody else runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/score/scorers.h"
#include "bench/score/text.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define CASES_MAX 32
#define CODE_MAX (256U << 10)
#define TIMEOUT_MS 5000
#define BLOCKS_MAX 3 /* of a reply: a dump of many is no answer */

static const struct language {
	const char *name, *tags; /* of fences */
	const char *file, *command; /* of a program; arguments follow */
	const char *function_file; /* where code with a function goes; NULL: programs only */
	const char *before, *middle, *after; /* around code and the function's name, in main_file */
	const char *main_file, *function_command;
} languages[] = {
	{ "python", " python py python3 ", "main.py", "python3 main.py", "solution.py",
	    "import json, sys\narguments = json.load(sys.stdin)\nimport solution\nresult = "
	    "solution.",
	    "(*arguments)\n", "sys.stdout.write('\\n' + json.dumps(result) + '\\n')\n", "main.py",
	    "python3 main.py" },
	{ "node", " javascript js node mjs cjs ", "main.js", "node main.js", "main.js",
	    "\n;(async () => {\n\tconst given = JSON.parse(require('fs').readFileSync(0, "
	    "'utf8'));\n"
	    "\tconst result = await ",
	    "(...given);\n",
	    "\tconsole.log('\\n' + JSON.stringify(result === undefined ? null : result));\n})();\n",
	    "main.js", "node main.js" },
	{ "sh", " sh bash shell posix ", "main.sh", "sh main.sh", NULL, NULL, NULL, NULL, NULL,
	    NULL },
	{ "c", " c c99 c11 c17 ", "main.c", "cc -std=c17 -O1 -o main main.c -lm && ./main", NULL,
	    NULL, NULL, NULL, NULL, NULL },
};

static const struct language *
language_of(const cJSON *spec)
{
	const char *name = json_str(spec, "language");

	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (str_eq(name, languages[i].name))
			return &languages[i];
	return NULL;
}

static bool
is_program(const cJSON *spec)
{
	return str_eq(json_str(spec, "entry"), "program");
}

/* ---- the code in an answer ---- */

/* How many marks of a fence a line begins with; 0: it is none. */
static size_t
fence(const char *line, char *mark)
{
	line += strspn(line, " ");
	*mark = *line;
	if (*line != '`' && *line != '~')
		return 0;
	const char both[] = { *line, '\0' };
	const size_t n = strspn(line, both);
	return n >= 3 ? n : 0;
}

static bool
tag_is(const char *line, const struct language *l)
{
	char tag[24];
	const char *p = line + strspn(line, " `~");
	const size_t len = strcspn(p, " \t\r\n{,");

	if (len == 0 || len + 3 > sizeof(tag))
		return false;
	tag[0] = tag[len + 1] = ' ';
	for (size_t i = 0; i < len; i++)
		tag[i + 1] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
	tag[len + 2] = '\0';
	return strstr(l->tags, tag) != NULL;
}

static bool
has_tag(const char *line)
{
	const char *p = line + strspn(line, " `~");

	return strcspn(p, " \t\r\n") > 0;
}

/* The last block of that language, or the only one if it has no language; len 0: there is none, or
 * there are so many that it is a dump. */
static struct span
find_code(const char *text, const struct language *l)
{
	struct span tagged = { text, 0 }, plain = { text, 0 };
	size_t blocks = 0;

	for (const char *line = text; *line != '\0';) {
		char mark, other;
		const char *next = line + strcspn(line, "\n");
		const size_t marks = fence(line, &mark);

		next += *next == '\n';
		if (marks > 0) {
			const char *from = next;

			while (*next != '\0' &&
			    !(fence(next, &other) >= marks && other == mark && !has_tag(next)))
				next += strcspn(next, "\n") + (strchr(next, '\n') != NULL);
			const struct span block = { from, (size_t)(next - from) };
			blocks++;
			if (tag_is(line, l))
				tagged = block;
			else if (!has_tag(line))
				plain = block;
			next += strcspn(next, "\n");
			next += *next == '\n';
		}
		line = next;
	}
	if (blocks > BLOCKS_MAX)
		return (struct span){ text, 0 };
	return tagged.len > 0 || blocks != 1 ? tagged : plain;
}

/* ---- what is to be run ---- */

static void
add_quoted(struct buf *command, const char *argument)
{
	buf_add_str(command, " '");
	for (; *argument != '\0'; argument++) {
		if (*argument == '\'')
			buf_add_str(command, "'\\''");
		else
			buf_add_char(command, *argument);
	}
	buf_add_char(command, '\'');
}

static void
add_program(cJSON *run, const struct language *l, const char *code, const cJSON *c)
{
	_cleanup_buf_ struct buf command = { 0 };
	const char *input = json_str(c, "stdin");
	const cJSON *argument;

	json_add_str(json_add_obj(run, "files"), l->file, code);
	buf_add_str(&command, l->command);
	json_for_each(argument, json_get(c, "args")) {
		add_quoted(&command, argument->valuestring);
	}
	json_add_str(run, "command", buf_str(&command));
	json_add_str(run, "stdin", input != NULL ? input : "");
}

static void
add_function(
    cJSON *run, const struct language *l, const char *code, const char *name, const cJSON *c)
{
	cJSON *files = json_add_obj(run, "files");
	const bool apart = strcmp(l->function_file, l->main_file) != 0;
	_cleanup_free_ char *given = json_print(json_get(c, "args")),
			    *main = str_printf("%s%s%s%s%s", apart ? "" : code, l->before, name,
				l->middle, l->after);

	if (apart)
		json_add_str(files, l->function_file, code);
	json_add_str(files, l->main_file, main);
	json_add_str(run, "command", l->function_command);
	json_add_str(run, "stdin", given);
}

cJSON *
score_needs_run(const struct item *item, const char *answer)
{
	const cJSON *spec = item->scorer, *c;
	const struct language *l = language_of(spec);

	if (!str_eq(json_str(spec, "kind"), "code") || l == NULL ||
	    strlen(answer) > SCORER_TEXT_MAX)
		return NULL;
	const struct span code = find_code(answer, l);
	if (code.len == 0 || code.len > CODE_MAX || !text_visible(code.at, code.len))
		return NULL;
	_cleanup_free_ char *text = str_ndup(code.at, code.len);
	cJSON *runs = cJSON_CreateArray();
	int i = 0;
	json_for_each(c, json_get(spec, "cases")) {
		cJSON *run = json_add_obj(runs, NULL);

		json_add_int(run, "case", i++);
		json_add_str(run, "language", l->name);
		if (is_program(spec))
			add_program(run, l, text, c);
		else
			add_function(run, l, text, json_str(spec, "entry"), c);
		json_add_int(run, "timeout_ms", json_int(c, "timeout_ms", TIMEOUT_MS));
	}
	return runs;
}

/* ---- what came of it ---- */

/* Line by line without white space behind, and without empty lines at the end. */
static bool
same_output(const char *a, const char *b)
{
	for (;;) {
		const size_t m = strcspn(a, "\n"), n = strcspn(b, "\n");
		size_t x = m, y = n;

		while (x > 0 && strchr(" \t\r", a[x - 1]) != NULL)
			x--;
		while (y > 0 && strchr(" \t\r", b[y - 1]) != NULL)
			y--;
		if (x != y || memcmp(a, b, x) != 0)
			return false;
		a += m + (a[m] == '\n');
		b += n + (b[n] == '\n');
		if (*a == '\0' || *b == '\0')
			break;
	}
	return a[strspn(a, " \t\r\n")] == '\0' && b[strspn(b, " \t\r\n")] == '\0';
}

static bool
same_result(const char *output, const cJSON *expected)
{
	const char *end = output + strlen(output);
	_cleanup_json_ cJSON *got = NULL;

	while (end > output && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	const char *line = end;
	while (line > output && line[-1] != '\n')
		line--;
	return json_parse(line, (size_t)(end - line), &got, NULL) == 0 && same_value(got, expected);
}

static const cJSON *
execution_of(const struct attempt *a, int64_t number)
{
	const cJSON *e;

	json_for_each(e, a->executions) {
		if (json_int(e, "case", -1) == number)
			return e;
	}
	return NULL;
}

static bool
case_passed(const cJSON *c, const cJSON *run)
{
	const char *output = json_str(run, "stdout");

	if (output == NULL || json_int(run, "exit", -1) != 0 || json_bool(run, "timed_out", false))
		return false;
	return json_get(c, "expect") != NULL ? same_result(output, json_get(c, "expect"))
					     : same_output(output, json_str(c, "expect_stdout"));
}

static const char *
what_was_seen(const cJSON *run)
{
	const char *output = json_str(run, "stdout"), *errors = json_str(run, "stderr");

	if (run == NULL)
		return "not run";
	if (json_bool(run, "timed_out", false))
		return "timed out";
	if (output != NULL && text_visible(output, strlen(output)))
		return output;
	return errors != NULL ? errors : "";
}

double
score_code(struct judging *j, const cJSON *spec)
{
	const cJSON *c;
	int passed = 0, all = 0;
	bool must = true;

	if (j->attempt->executions == NULL)
		return judge_note(j, "code", false, 1, "no code of that language came");
	json_for_each(c, json_get(spec, "cases")) {
		const cJSON *run = execution_of(j->attempt, all++);
		const bool ok = case_passed(c, run);
		char name[24];

		snprintf(name, sizeof(name), "case %d", all);
		judge_note(j, name, ok, 1, what_was_seen(run));
		passed += ok;
		must &= ok || !json_bool(c, "must", false);
	}
	return must && all > 0 ? (double)passed / all : 0;
}

/* ---- is it sound? ---- */

static int
check_program_case(const cJSON *c, struct error *err)
{
	static const char *const known[] = { "stdin", "args", "expect_stdout", "must", "timeout_ms",
		NULL };
	const char *expected = json_str(c, "expect_stdout");
	const cJSON *input = json_get(c, "stdin"), *args = json_get(c, "args"), *a;

	if (spec_known(c, known, err) < 0)
		return -1;
	if (expected == NULL || !text_visible(expected, strlen(expected)))
		return spec_wrong(err, "expect_stdout", "a text that is not empty");
	if (input != NULL && !cJSON_IsString(input))
		return spec_wrong(err, "stdin", "a text");
	if (args != NULL && !cJSON_IsArray(args))
		return spec_wrong(err, "args", "an array of texts");
	json_for_each(a, args) {
		if (!cJSON_IsString(a))
			return spec_wrong(err, "args", "an array of texts");
	}
	return 0;
}

static int
check_function_case(const cJSON *c, struct error *err)
{
	static const char *const known[] = { "args", "expect", "must", "timeout_ms", NULL };

	if (spec_known(c, known, err) < 0)
		return -1;
	if (!cJSON_IsArray(json_get(c, "args")) || json_get(c, "expect") == NULL)
		return spec_wrong(err, "args", "an array, with what is expected of them");
	return 0;
}

/* At least two of them tell a right program from one that always says the same. */
static int
check_cases(const cJSON *spec, struct error *err)
{
	const cJSON *cases = json_get(spec, "cases"), *c, *first = NULL;
	const bool program = is_program(spec);
	const char *member = program ? "expect_stdout" : "expect";
	bool differ = false;

	if (!cJSON_IsArray(cases) || cJSON_GetArraySize(cases) < 2 ||
	    cJSON_GetArraySize(cases) > CASES_MAX)
		return spec_wrong(err, "cases", "an array of 2 to 32");
	json_for_each(c, cases) {
		if ((program ? check_program_case : check_function_case)(c, err) < 0 ||
		    spec_number(c, "timeout_ms", 100, 30000, true, err) < 0)
			return error_add(err, "cases");
		if (first == NULL)
			first = c;
		differ |= !same_value(json_get(first, member), json_get(c, member));
	}
	return differ ? 0 : spec_wrong(err, "cases", "all expect the same: a constant would pass");
}

int
check_code(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "language", "entry", "cases", NULL };
	const struct language *l = language_of(spec);
	const char *entry = json_str(spec, "entry");

	(void)item;
	if (spec_known(spec, known, err) < 0)
		return -1;
	if (l == NULL)
		return spec_wrong(err, "language", "python, node, sh or c");
	if (entry == NULL || *entry == '\0' || (*entry >= '0' && *entry <= '9') ||
	    strspn(entry, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
		strlen(entry))
		return spec_wrong(err, "entry", "\"program\", or the name of a function");
	if (!is_program(spec) && l->function_file == NULL)
		return spec_wrong(err, "entry", "a function only in python and node");
	return check_cases(spec, err);
}
