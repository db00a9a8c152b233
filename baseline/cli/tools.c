/*
 * tools.c - a table of them, a function each.
 */
#include "baseline/cli/tools.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "baseline/cli/command.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "runtime/net/url.h"

#define OUTPUT_BYTES (32 << 10) /* of a command, for the model */
#define FILE_BYTES (1 << 20)
#define SHOWN_BYTES (64 << 10) /* of a file, at once */
#define ENTRIES_MAX 500
#define WEB_MS 30000
#define WEB_BYTES (2u << 20)

static bool __attribute__((format(printf, 2, 3))) failed(struct buf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(out, fmt, ap);
	va_end(ap);
	return false;
}

/* Text for a model: no NUL ends it early. */
static void
add_plain(struct buf *out, const struct buf *bytes)
{
	const size_t from = out->len;

	buf_add(out, buf_str(bytes), bytes->len);
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] == '\0')
			out->data[i] = '?';
}

/* ---- shell ---- */

bool
tools_command(const struct tools *t, const char *const *argv, int64_t timeout_ms, struct buf *out)
{
	struct command c = { .argv = argv,
		.timeout_ms =
		    timeout_ms > 0 && timeout_ms < t->command_ms ? timeout_ms : t->command_ms,
		.output_max = OUTPUT_BYTES };
	struct error err = { 0 };

	if (command_run(&c, &err) < 0)
		return failed(out, "%s", err.text);
	add_plain(out, &c.output);
	buf_done(&c.output);
	if (c.written > OUTPUT_BYTES)
		buf_printf(out, "\n(%llu bytes in all)", (unsigned long long)c.written);
	if (c.timed_out)
		buf_printf(out, "\n(ended after %lld s)", (long long)c.timeout_ms / 1000);
	else if (c.exit_code != 0)
		buf_printf(out, "\n(exit code %d)", c.exit_code);
	return c.exit_code == 0;
}

static bool
shell(const struct tools *t, const cJSON *arguments, struct buf *out)
{
	const char *line = json_str(arguments, "command");
	const char *const argv[] = { "sh", "-c", line, NULL };

	if (line == NULL)
		return failed(out, "command is needed");
	return tools_command(t, argv, json_int(arguments, "timeout_seconds", 0) * 1000, out);
}

/* ---- files ---- */

static bool
read_file(const struct tools *t, const cJSON *arguments, struct buf *out)
{
	const char *path = json_str(arguments, "path");
	const int64_t offset = json_int(arguments, "offset", 0);
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };
	size_t len;

	(void)t;
	if (path == NULL)
		return failed(out, "path is needed");
	if (file_read(path, FILE_BYTES, &text, &len, &err) < 0)
		return failed(out, "%s", err.text);
	if (offset < 0 || (size_t)offset > len)
		return failed(out, "%s has %zu bytes", path, len);
	if (memchr(text, '\0', len) != NULL)
		return failed(out, "%s is no text: %zu bytes", path, len);
	const size_t left = len - (size_t)offset, n = left < SHOWN_BYTES ? left : SHOWN_BYTES;
	buf_add(out, text + offset, n);
	if (n < left)
		buf_printf(
		    out, "\n(%zu of %zu bytes; go on with offset %zu)", n, len, (size_t)offset + n);
	return true;
}

static bool
write_file(const struct tools *t, const cJSON *arguments, struct buf *out)
{
	const char *path = json_str(arguments, "path"), *content = json_str(arguments, "content");
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	struct error err = { 0 };

	(void)t;
	if (path == NULL || content == NULL)
		return failed(out, "path and content are needed");
	if (slash != NULL && slash != path) {
		_cleanup_free_ char *dir = str_ndup(path, (size_t)(slash - path));

		if (file_mkdirs(dir, 0755, &err) < 0)
			return failed(out, "%s", err.text);
	}
	if (file_write(path, content, strlen(content), 0644, &err) < 0)
		return failed(out, "%s", err.text);
	buf_printf(out, "%zu bytes written to %s", strlen(content), path);
	return true;
}

static bool
list_files(const struct tools *t, const cJSON *arguments, struct buf *out)
{
	const char *path = json_str(arguments, "path");
	struct dirent **names = NULL;
	const int n = scandir(path != NULL ? path : ".", &names, NULL, alphasort);

	(void)t;
	if (n < 0)
		return failed(out, "%s: %s", path != NULL ? path : ".", strerror(errno));
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *at =
		    str_printf("%s/%s", path != NULL ? path : ".", names[i]->d_name);
		struct stat st;
		const bool hidden =
		    strcmp(names[i]->d_name, ".") == 0 || strcmp(names[i]->d_name, "..") == 0;

		if (!hidden && i < ENTRIES_MAX && lstat(at, &st) == 0)
			buf_printf(out, "%s%s\t%lld\n", names[i]->d_name,
			    S_ISDIR(st.st_mode) ? "/" : "", (long long)st.st_size);
		free(names[i]);
	}
	free(names);
	if (n > ENTRIES_MAX)
		buf_printf(out, "(%d in all)\n", n - 2);
	return true;
}

/* ---- the platform ---- */

static bool
web(const struct tools *t, const char *method, const char *path, const char *body, struct buf *out)
{
	_cleanup_free_ char *url = str_printf("%s%s", t->platform_url, path);
	_cleanup_free_ char *key = str_printf("Authorization: Bearer %s", t->key);
	_cleanup_free_ char *id =
	    str_printf("X-Request-Id: %s", t->request_id != NULL ? t->request_id : "");
	const char *headers[] = { "Content-Type: application/json",
		*t->key != '\0' ? key : "X-Janus-Agent: 1", t->request_id != NULL ? id : NULL,
		NULL };
	struct http_call call = { .method = method,
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.total_ms = WEB_MS,
		.max_body = WEB_BYTES };
	struct error err = { 0 };
	_cleanup_json_ cJSON *json = NULL;

	if (http_call(&call, &err) < 0) {
		buf_done(&call.reply);
		return failed(out, "%s", err.text);
	}
	const bool ok = call.status == 200;
	json_parse(buf_str(&call.reply), call.reply.len, &json, NULL);
	const char *text = json_str(ok ? json : json_get(json, "error"), ok ? "text" : "message");
	if (text != NULL)
		buf_add_str(out, text);
	else
		add_plain(out, &call.reply);
	buf_done(&call.reply);
	if (out->len > SHOWN_BYTES) {
		out->data[out->len = SHOWN_BYTES] = '\0';
		buf_add_str(out, "\n(cut)");
	}
	return ok;
}

static bool
search_web(const struct tools *t, const cJSON *arguments, struct buf *out)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	const char *query = json_str(arguments, "query");

	if (query == NULL)
		return failed(out, "query is needed");
	json_add_str(json, "query", query);
	_cleanup_free_ char *body = json_print(json);
	return web(t, "POST", "/search", body, out);
}

static bool
fetch_page(const struct tools *t, const cJSON *arguments, struct buf *out)
{
	_cleanup_buf_ struct buf path = { 0 };
	const char *url = json_str(arguments, "url");

	if (url == NULL)
		return failed(out, "url is needed");
	buf_add_str(&path, "/fetch?url=");
	url_encode(&path, url);
	return web(t, "GET", buf_str(&path), NULL, out);
}

/* ---- the table ---- */

static const struct tool {
	const char *name, *what;
	const char *parameters[3],
	    *about[3]; /* strings but for those that end in _seconds or offset */
	int needed; /* so many of them, from the first */
	bool platform;
	bool (*run)(const struct tools *, const cJSON *, struct buf *out);
} table[] = {
	{ "shell", "Run a line of sh in the workspace; its output and exit code.",
	    { "command", "timeout_seconds" }, { "the line", "end it after so long" }, 1, false,
	    shell },
	{ "read", "Read a text file.", { "path", "offset" },
	    { "absolute, or below the workspace", "begin at this byte" }, 1, false, read_file },
	{ "write", "Write a text file; its directories are made.", { "path", "content" },
	    { "absolute, or below the workspace", "the whole text" }, 2, false, write_file },
	{ "list", "List a directory: names and sizes.", { "path" }, { "default: the workspace" }, 0,
	    false, list_files },
	{ "search", "Search the web, or the documents there are.", { "query" }, { "words" }, 1,
	    true, search_web },
	{ "fetch", "Read a web page as text.", { "url" }, { "http or https" }, 1, true,
	    fetch_page },
};

static cJSON *
schema_of(const struct tool *t)
{
	cJSON *json = cJSON_CreateObject(), *function, *parameters, *properties, *required;

	json_add_str(json, "type", "function");
	function = json_add_obj(json, "function");
	json_add_str(function, "name", t->name);
	json_add_str(function, "description", t->what);
	parameters = json_add_obj(function, "parameters");
	json_add_str(parameters, "type", "object");
	properties = json_add_obj(parameters, "properties");
	required = json_add_arr(parameters, "required");
	for (int i = 0; i < 3 && t->parameters[i] != NULL; i++) {
		const char *name = t->parameters[i];
		cJSON *property = json_add_obj(properties, name);

		json_add_str(property, "type",
		    str_ends(name, "_seconds") || str_eq(name, "offset") ? "integer" : "string");
		json_add_str(property, "description", t->about[i]);
		if (i < t->needed)
			cJSON_AddItemToArray(required, cJSON_CreateString(name));
	}
	return json;
}

cJSON *
tools_schema(const struct tools *t)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!table[i].platform || t->platform_url != NULL)
			cJSON_AddItemToArray(list, schema_of(&table[i]));
	return list;
}

bool
tools_run(const struct tools *t, const char *name, const cJSON *arguments, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		if (table[i].platform && t->platform_url == NULL)
			return failed(out, "there is no platform to ask");
		return table[i].run(t, arguments, out);
	}
	return failed(out, "there is no tool named %.60s", name);
}
