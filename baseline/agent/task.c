/*
 * task.c - attachments out of the messages, messages into a transcript.
 */
#include "baseline/agent/task.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/triage.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define NAME_BYTES 80

struct making {
	struct task *task;
	bool vision;
	struct error *err;
};

/* ---- attachments ---- */

/* A name that means nothing to a shell, and leads nowhere else. */
static void
plain_name(char out[NAME_BYTES], const char *name)
{
	const char *base = strrchr(name, '/');
	size_t n = 0;

	for (base = base != NULL ? base + 1 : name; *base != '\0' && n < NAME_BYTES - 1; base++) {
		const bool plain = isalnum((unsigned char)*base) || strchr("._-", *base) != NULL;

		if (n > 0 || *base != '.')
			out[n++] = (char)(plain ? *base : '_');
	}
	out[n] = '\0';
}

static bool
is_taken(const struct task *t, const char *path)
{
	for (size_t i = 0; i < t->nfiles; i++)
		if (strcmp(t->files[i].path, path) == 0)
			return true;
	return false;
}

static bool
is_base64(const char *text)
{
	const size_t len = strlen(text);

	return len > 0 && len % 4 == 0 &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n") +
		(str_ends(text, "==") ? 2 : str_ends(text, "=")) ==
	    len;
}

/* NULL: refused, err says why. */
static const char *
add_file(const struct making *m, const char *name, const char *content, bool base64)
{
	struct task *t = m->task;
	struct task_file *f = &t->files[t->nfiles];
	char plain[NAME_BYTES];

	if (t->nfiles == TASK_FILES_MAX) {
		error_set(m->err, ERROR_INVALID, "more than %d attachments", TASK_FILES_MAX);
		return NULL;
	}
	plain_name(plain, name);
	if (base64 && !is_base64(content)) {
		error_set(m->err, ERROR_INVALID, "the attachment %.60s is no base64", plain);
		return NULL;
	}
	snprintf(f->path, sizeof(f->path), TASK_DIR "/%s", plain[0] != '\0' ? plain : "file");
	for (int i = 2; is_taken(t, f->path); i++)
		snprintf(f->path, sizeof(f->path), TASK_DIR "/%d-%s", i,
		    plain[0] != '\0' ? plain : "file");
	f->content = str_dup(content);
	f->is_base64 = base64;
	t->nfiles++;
	return f->path;
}

/* data:TYPE;base64,DATA: its data; *suffix from its type.  NULL: another kind of address. */
static const char *
data_url(const char *url, char suffix[12])
{
	const char *data = url != NULL && str_starts(url, "data:") ? strchr(url, ',') : NULL;
	const char *slash = data != NULL ? memchr(url, '/', (size_t)(data - url)) : NULL;
	size_t n = 0;

	if (data == NULL || data - url < 7 || strncmp(data - 7, ";base64", 7) != 0)
		return NULL;
	for (slash = slash != NULL ? slash + 1 : data; isalnum((unsigned char)*slash) && n < 10;)
		suffix[n++] = *slash++;
	suffix[n] = '\0';
	return data + 1;
}

static const char *
image_file(const struct making *m, const cJSON *part)
{
	const char *url = json_str(json_get(part, "image_url"), "url");
	char suffix[12], name[48];
	const char *data = data_url(url, suffix);

	if (url == NULL)
		url = json_str(part, "image_url");
	if (data == NULL)
		return url; /* its address is all there is */
	snprintf(name, sizeof(name), "image-%zu.%s", m->task->nfiles + 1,
	    suffix[0] != '\0' ? suffix : "bin");
	return add_file(m, name, data, true);
}

static const char *
sound_file(const struct making *m, const cJSON *part)
{
	const cJSON *sound = json_get(part, "input_audio");
	const char *data = json_str(sound, "data"), *format = json_str(sound, "format");
	char name[64];

	snprintf(name, sizeof(name), "sound-%zu.%.10s", m->task->nfiles + 1,
	    format != NULL ? format : "bin");
	return add_file(m, name, data != NULL ? data : "", true);
}

/* {name, mime_type, content}, or OpenAI's {file: {filename, file_data}}. */
static const char *
plain_file(const struct making *m, const cJSON *part)
{
	const cJSON *file = json_get(part, "file") != NULL ? json_get(part, "file") : part;
	const char *name = json_str(file, "name"), *content = json_str(file, "content");
	const char *type = json_str(file, "mime_type"), *url = json_str(file, "file_data");
	char suffix[12];

	if (name == NULL)
		name = json_str(file, "filename");
	if (name == NULL)
		name = "file";
	if (url == NULL && content != NULL && str_starts(content, "data:"))
		url = content;
	const char *data = data_url(url, suffix);
	if (data != NULL)
		return add_file(m, name, data, true);
	if (url != NULL)
		return add_file(m, name, url, true);
	if (content == NULL) {
		error_set(m->err, ERROR_INVALID, "the attachment %.60s has no content", name);
		return NULL;
	}
	const bool text = type == NULL || str_starts(type, "text/") || str_ends(type, "json") ||
	    str_ends(type, "xml") || !is_base64(content);
	return add_file(m, name, content, !text);
}

/* ---- messages ---- */

static void
add_text_part(cJSON *parts, const char *text)
{
	cJSON *part = cJSON_CreateObject();

	json_add_str(part, "type", "text");
	json_add_str(part, "text", text);
	cJSON_AddItemToArray(parts, part);
}

/* One part of a message into the copy of it; -1: refused. */
static int
copy_part(const struct making *m, cJSON *parts, const cJSON *part)
{
	const char *type = json_str(part, "type"), *path;
	const bool image = str_eq(type, "image_url");

	if (image)
		path = image_file(m, part);
	else if (str_eq(type, "input_audio"))
		path = sound_file(m, part);
	else if (str_eq(type, "file"))
		path = plain_file(m, part);
	else {
		cJSON_AddItemToArray(parts, cJSON_Duplicate(part, true));
		return 0;
	}
	if (path == NULL)
		return m->err != NULL && m->err->kind == ERROR_NONE
		    ? error_set(m->err, ERROR_INVALID, "an attachment has no data")
		    : -1;
	if (image && m->vision)
		cJSON_AddItemToArray(parts, cJSON_Duplicate(part, true));
	_cleanup_free_ char *note = str_printf("[attached: %s]", path);
	add_text_part(parts, note);
	return 0;
}

static cJSON *
copy_message(const struct making *m, const cJSON *message)
{
	cJSON *copy = cJSON_CreateObject(), *parts;
	const cJSON *item, *part;

	json_for_each(item, message) {
		if (strcmp(item->string, "content") != 0 || !cJSON_IsArray(item)) {
			cJSON_AddItemToObject(copy, item->string, cJSON_Duplicate(item, true));
			continue;
		}
		parts = json_add_arr(copy, "content");
		json_for_each(part, item) {
			if (copy_part(m, parts, part) < 0) {
				cJSON_Delete(copy);
				return NULL;
			}
		}
	}
	return copy;
}

/* ---- the prompt ---- */

static void
add_turn(struct buf *out, const cJSON *message)
{
	const char *role = json_str(message, "role");
	const cJSON *call;

	buf_printf(out, "%s[%s]\n", out->len > 0 ? "\n\n" : "", role != NULL ? role : "user");
	triage_text(message, out);
	json_for_each(call, json_get(message, "tool_calls")) {
		const cJSON *f = json_get(call, "function");
		const char *name = json_str(f, "name"), *arguments = json_str(f, "arguments");

		buf_printf(out, "\n(calls %s with %s)", name != NULL ? name : "a tool",
		    arguments != NULL ? arguments : "{}");
	}
}

/* A single message is the prompt; of a conversation the turns before it are told first. */
static char *
make_prompt(const cJSON *messages)
{
	const int n = cJSON_GetArraySize(messages);
	const cJSON *message, *last = cJSON_GetArrayItem(messages, n - 1);
	struct buf out = { 0 };

	if (n > 1) {
		buf_add_str(&out, "The conversation so far:");
		json_for_each(message, messages)
			if (message != last)
				add_turn(&out, message);
		buf_printf(&out, "\n\nNow answer this, from the %s:\n\n",
		    json_str(last, "role") != NULL ? json_str(last, "role") : "user");
	}
	triage_text(last, &out);
	return buf_take(&out);
}

int
task_make(struct task *t, const cJSON *request, bool vision, struct error *err)
{
	_cleanup_json_ cJSON *messages = cJSON_CreateArray();
	struct error why = { 0 };
	const struct making m = { .task = t, .vision = vision, .err = &why };
	const cJSON *message;

	*t = (struct task){ 0 };
	json_for_each(message, json_get(request, "messages")) {
		cJSON *copy = copy_message(&m, message);

		if (copy == NULL) {
			task_done(t);
			return error_set(err, why.kind, "%s", why.text);
		}
		cJSON_AddItemToArray(messages, copy);
	}
	t->messages = json_print(messages);
	t->prompt = make_prompt(messages);
	return 0;
}

void
task_done(struct task *t)
{
	for (size_t i = 0; i < t->nfiles; i++)
		free(t->files[i].content);
	free(t->prompt);
	free(t->messages);
	*t = (struct task){ 0 };
}
