/*
 * tools.c - find the reply to a call in the item's tables.
 */
#include "bench/tools.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calculate.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define TEXT_MAX_BYTES 4096

/* ---- equal, as people mean it ---- */

/* Lower case, runs of white space one space, none at the ends. */
static char *
folded(const char *text)
{
	struct buf out = { 0 };
	bool space = false;

	for (; *text != '\0'; text++) {
		if (isspace((unsigned char)*text)) {
			space = out.len > 0;
			continue;
		}
		if (space)
			buf_add_char(&out, ' ');
		space = false;
		buf_add_char(&out, (char)tolower((unsigned char)*text));
	}
	return buf_take(&out);
}

static bool
as_number(const cJSON *v, double *out)
{
	char *end;

	if (cJSON_IsNumber(v)) {
		*out = v->valuedouble;
		return true;
	}
	if (!cJSON_IsString(v) || v->valuestring[0] == '\0')
		return false;
	*out = strtod(v->valuestring, &end);
	return *end == '\0';
}

static bool
text_equal(const cJSON *a, const cJSON *b)
{
	_cleanup_free_ char *x = folded(a->valuestring);
	_cleanup_free_ char *y = folded(b->valuestring);

	return str_eq(x, y);
}

static bool value_equal(const cJSON *a, const cJSON *b);

static bool
members_equal(const cJSON *a, const cJSON *b)
{
	const cJSON *m;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	json_for_each(m, a) {
		if (!value_equal(m, json_get(b, m->string)))
			return false;
	}
	return true;
}

static bool
elements_equal(const cJSON *a, const cJSON *b)
{
	const cJSON *x = a->child, *y = b->child;

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!value_equal(x, y))
			return false;
	return x == NULL && y == NULL;
}

static bool
value_equal(const cJSON *a, const cJSON *b)
{
	double x, y;

	if (a == NULL || b == NULL)
		return false;
	if ((cJSON_IsNumber(a) || cJSON_IsNumber(b)) && as_number(a, &x) && as_number(b, &y))
		return x == y;
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return text_equal(a, b);
	if (cJSON_IsObject(a) && cJSON_IsObject(b))
		return members_equal(a, b);
	if (cJSON_IsArray(a) && cJSON_IsArray(b))
		return elements_equal(a, b);
	return (a->type & 0xff) == (b->type & 0xff) && !cJSON_IsNumber(a) && !cJSON_IsString(a);
}

/* Are all of wanted among given? */
static bool
all_given(const cJSON *wanted, const cJSON *given)
{
	const cJSON *w;

	json_for_each(w, wanted) {
		if (!value_equal(w, json_get(given, w->string)))
			return false;
	}
	return true;
}

/* ---- replies ---- */

static char *
said(const cJSON *reply)
{
	return cJSON_IsString(reply) ? str_dup(reply->valuestring) : json_print(reply);
}

static char *
failed(const char *code, const char *message)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *error = json_add_obj(json, "error");

	json_add_str(error, "code", code);
	json_add_str(error, "message", message);
	return json_print(json);
}

/* The arguments of a call as an object; NULL for what is none. "" is as good as {}. */
static cJSON *
arguments_of(const cJSON *call)
{
	const char *text = json_str(call, "arguments");
	cJSON *out = NULL;

	if (text == NULL || text[0] == '\0')
		return cJSON_CreateObject();
	if (json_parse(text, strlen(text), &out, NULL) < 0)
		return NULL;
	if (cJSON_IsObject(out))
		return out;
	cJSON_Delete(out);
	return NULL;
}

static const cJSON *
row_for(const cJSON *replies, const cJSON *arguments)
{
	const cJSON *row;

	json_for_each(row, replies) {
		if (all_given(json_get(row, "arguments"), arguments))
			return row;
	}
	return NULL;
}

/* How many calls before this one did the row answer? */
static int
answered_before(const cJSON *replies, const cJSON *row, const cJSON *calls, size_t index)
{
	const char *name = json_str(cJSON_GetArrayItem(calls, (int)index), "name");
	int n = 0;

	for (size_t i = 0; i < index; i++) {
		const cJSON *call = cJSON_GetArrayItem(calls, (int)i);
		_cleanup_json_ cJSON *arguments = arguments_of(call);

		n += arguments != NULL && str_eq(json_str(call, "name"), name) &&
		    row_for(replies, arguments) == row;
	}
	return n;
}

static char *
row_says(const cJSON *replies, const cJSON *row, const cJSON *calls, size_t index)
{
	const cJSON *then = json_get(row, "then");
	const int later = cJSON_GetArraySize(then);
	int at;

	if (later == 0 || (at = answered_before(replies, row, calls, index)) == 0)
		return said(json_get(row, "reply"));
	return said(cJSON_GetArrayItem(then, (at <= later ? at : later) - 1));
}

static char *
calculated(const cJSON *arguments)
{
	_cleanup_json_ cJSON *out = cJSON_CreateObject();
	const char *expression = json_str(arguments, "expression");
	double v;

	if (expression == NULL)
		return failed("invalid_arguments", "The argument 'expression' is needed.");
	if (strlen(expression) > TEXT_MAX_BYTES || calculate(expression, &v) < 0)
		return failed("invalid_arguments", "That expression cannot be calculated.");
	cJSON_AddNumberToObject(out, "result", v);
	return json_print(out);
}

static char *
looked_up(const cJSON *tool, const cJSON *arguments)
{
	const cJSON *by = json_get(arguments, json_str(tool, "by"));
	const cJSON *row;

	if (by == NULL)
		return failed("invalid_arguments", "The argument to look up is missing.");
	json_for_each(row, json_get(tool, "table")) {
		_cleanup_json_ cJSON *key = cJSON_CreateString(row->string);

		if (value_equal(key, by))
			return said(row);
	}
	return failed("not_found", "There is no such entry.");
}

static char *
selected(const cJSON *tool, const cJSON *arguments)
{
	_cleanup_json_ cJSON *out = cJSON_CreateObject();
	cJSON *rows = json_add_arr(out, "rows");
	const cJSON *row;

	json_for_each(row, json_get(tool, "rows")) {
		if (all_given(arguments, row))
			cJSON_AddItemToArray(rows, cJSON_Duplicate(row, true));
	}
	json_add_int(out, "count", cJSON_GetArraySize(rows));
	return json_print(out);
}

char *
tools_answer(const cJSON *simulator, const cJSON *calls, size_t index)
{
	const cJSON *call = cJSON_GetArrayItem(calls, (int)index);
	const char *name = json_str(call, "name");
	const cJSON *tool = name == NULL ? NULL : json_get(json_get(simulator, "tools"), name);
	const char *function = json_str(tool, "function");
	_cleanup_json_ cJSON *arguments = arguments_of(call);

	if (tool == NULL)
		return failed("unknown_tool", "There is no such tool.");
	if (arguments == NULL)
		return failed("invalid_arguments", "The arguments are not a JSON object.");
	if (str_eq(function, "calculate"))
		return calculated(arguments);
	if (str_eq(function, "lookup"))
		return looked_up(tool, arguments);
	if (str_eq(function, "select"))
		return selected(tool, arguments);

	const cJSON *replies = json_get(tool, "replies");
	const cJSON *row = row_for(replies, arguments);

	if (row != NULL)
		return row_says(replies, row, calls, index);
	if (json_get(tool, "reply") != NULL)
		return said(json_get(tool, "reply"));
	return failed("not_found", "There is nothing for these arguments.");
}

int
tools_max_turns(const cJSON *simulator)
{
	return (int)json_int(simulator, "max_turns", TOOLS_TURNS);
}

/* ---- is it one? ---- */

static int
replies_check(const cJSON *replies, const char *name, struct error *err)
{
	static const char *const known[] = { "arguments", "reply", "then", NULL };
	const cJSON *row;

	if (!cJSON_IsArray(replies))
		return error_set(err, ERROR_INVALID, "replies of '%.40s' are no array", name);
	json_for_each(row, replies) {
		const char *odd = cJSON_IsObject(row) ? json_unknown_key(row, known) : "?";
		const cJSON *then = json_get(row, "then");

		if (odd != NULL)
			return error_set(err, ERROR_INVALID,
			    "a reply of '%.40s' has an unknown member '%.40s'", name, odd);
		if (!cJSON_IsObject(json_get(row, "arguments")) || json_get(row, "reply") == NULL ||
		    (then != NULL && !cJSON_IsArray(then)))
			return error_set(err, ERROR_INVALID,
			    "a reply of '%.40s' needs arguments (an object) and reply", name);
	}
	return 0;
}

static int
function_check(const cJSON *tool, const char *function, struct error *err)
{
	const char *name = tool->string;

	if (str_eq(function, "calculate"))
		return 0;
	if (str_eq(function, "lookup")) {
		if (json_str(tool, "by") != NULL && cJSON_IsObject(json_get(tool, "table")))
			return 0;
		return error_set(err, ERROR_INVALID,
		    "'%.40s' needs by (a name) and table (an object) to look up in", name);
	}
	if (str_eq(function, "select")) {
		if (cJSON_IsArray(json_get(tool, "rows")))
			return 0;
		return error_set(err, ERROR_INVALID, "'%.40s' needs rows (an array)", name);
	}
	return error_set(
	    err, ERROR_INVALID, "'%.40s' has an unknown function '%.40s'", name, function);
}

static int
tool_check(const cJSON *tool, struct error *err)
{
	static const char *const known[] = { "replies", "reply", "function", "by", "table", "rows",
		NULL };
	const char *odd = cJSON_IsObject(tool) ? json_unknown_key(tool, known) : "?";
	const cJSON *replies = json_get(tool, "replies"), *function = json_get(tool, "function");

	if (odd != NULL)
		return error_set(err, ERROR_INVALID, "tool '%.40s' has an unknown member '%.40s'",
		    tool->string, odd);
	if (function != NULL && !cJSON_IsString(function))
		return error_set(
		    err, ERROR_INVALID, "the function of '%.40s' is no text", tool->string);
	if (function != NULL)
		return function_check(tool, function->valuestring, err);
	if (replies == NULL && json_get(tool, "reply") == NULL)
		return error_set(err, ERROR_INVALID, "tool '%.40s' never answers", tool->string);
	return replies == NULL ? 0 : replies_check(replies, tool->string, err);
}

int
tools_check(const cJSON *simulator, struct error *err)
{
	static const char *const known[] = { "tools", "max_turns", NULL };
	const cJSON *tools = json_get(simulator, "tools"), *tool;
	const int turns = tools_max_turns(simulator);
	const char *odd;

	if (simulator == NULL)
		return 0;
	if (!cJSON_IsObject(simulator) || !cJSON_IsObject(tools) || tools->child == NULL)
		return error_set(err, ERROR_INVALID, "simulator: tools is needed");
	odd = json_unknown_key(simulator, known);
	if (odd != NULL)
		return error_set(
		    err, ERROR_INVALID, "simulator has an unknown member '%.40s'", odd);
	if (turns < 1 || turns > TOOLS_TURNS_MAX)
		return error_set(
		    err, ERROR_INVALID, "simulator: max_turns is from 1 to %d", TOOLS_TURNS_MAX);
	json_for_each(tool, tools) {
		if (tool_check(tool, err) < 0)
			return error_add(err, "simulator");
	}
	return 0;
}
