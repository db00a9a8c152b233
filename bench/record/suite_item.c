/*
 * suite_item.c - one line of a suite: its members, one after another, and the request they make.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/record/suite.h"
#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define WEIGHT_MAX 100
#define TIMEOUT_DEFAULT_S 120
#define TIMEOUT_MAX_S 3600
#define INPUTS_MAX 16

struct parse {
	const struct suite_files *files;
	cJSON *json;
	struct item *out;
	struct error *err;
};

static int
wrong(struct parse *p, const char *member, const char *what)
{
	return error_set(p->err, ERROR_INVALID, "%s: %s", member, what);
}

/* ---- words ---- */

static int
read_id(struct parse *p)
{
	const char *id = json_str(p->json, "id");
	const size_t len = id != NULL ? strlen(id) : 0;

	if (len == 0 || len >= ITEM_ID_MAX ||
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != len)
		return wrong(p, "id", "1 to 63 letters, digits, '-', '_' or '.'");
	str_copy(p->out->id, sizeof(p->out->id), id);
	return 0;
}

static int
read_task(struct parse *p)
{
	const char *word = json_str(p->json, "task_type");

	for (int t = 0; word != NULL && t < ITEM_TASK_COUNT; t++)
		if (strcmp(word, item_task_name(t)) == 0) {
			p->out->task = t;
			return 0;
		}
	return wrong(p, "task_type",
	    "one of chat, research, coding, tools, agentic, multimodal, streaming, cost");
}

static int
read_modality(struct parse *p)
{
	const cJSON *given = json_get(p->json, "modality");

	p->out->modality = ITEM_TEXT;
	if (given == NULL)
		return 0;
	for (int m = 0; cJSON_IsString(given) && m < ITEM_MODALITY_COUNT; m++)
		if (strcmp(given->valuestring, item_modality_name(m)) == 0) {
			p->out->modality = m;
			return 0;
		}
	return wrong(p, "modality", "one of text, image_in, image_out, file_out");
}

static int
read_numbers(struct parse *p)
{
	const cJSON *weight = json_get(p->json, "weight"),
		    *timeout = json_get(p->json, "timeout_seconds");

	p->out->weight = weight != NULL ? json_num(p->json, "weight", -1) : 1;
	if (!(p->out->weight > 0) || p->out->weight > WEIGHT_MAX)
		return wrong(p, "weight", "a number above 0 and up to 100");
	const double seconds =
	    timeout != NULL ? json_num(p->json, "timeout_seconds", -1) : TIMEOUT_DEFAULT_S;
	if (!(seconds > 0) || seconds > TIMEOUT_MAX_S)
		return wrong(p, "timeout_seconds", "a number above 0 and up to 3600");
	p->out->timeout_ms = (int64_t)(seconds * 1000);
	return p->out->timeout_ms > 0 ? 0 : wrong(p, "timeout_seconds", "at least 0.001");
}

/* ---- the request ---- */

static int
message_check(struct parse *p, const cJSON *m)
{
	static const char *const roles[] = { "system", "developer", "user", "assistant", "tool" };
	const char *role = json_str(m, "role");
	const cJSON *content = json_get(m, "content");
	size_t i = 0;

	while (i < ARRAY_LEN(roles) && !str_eq(role, roles[i]))
		i++;
	if (i == ARRAY_LEN(roles))
		return wrong(
		    p, "messages", "each has a role of system, developer, user, assistant, tool");
	if (!cJSON_IsString(content) && !cJSON_IsArray(content) &&
	    !(strcmp(role, "assistant") == 0 && cJSON_IsArray(json_get(m, "tool_calls"))))
		return wrong(p, "messages", "each has a content: a text or parts");
	return 0;
}

static int
read_messages(struct parse *p)
{
	const char *prompt = json_str(p->json, "prompt");
	const cJSON *given = json_get(p->json, "messages"), *m;

	if ((json_get(p->json, "prompt") != NULL) == (given != NULL))
		return wrong(p, "prompt", "either this or messages");
	if (given == NULL) {
		if (prompt == NULL || *prompt == '\0')
			return wrong(p, "prompt", "a text that is not empty");
		cJSON *made = json_add_obj(json_add_arr(p->json, "messages"), NULL);

		json_add_str(made, "role", "user");
		json_add_str(made, "content", prompt);
	} else {
		bool user = false;

		json_for_each(m, given) {
			if (message_check(p, m) < 0)
				return -1;
			user = user || strcmp(json_str(m, "role"), "user") == 0;
		}
		if (!cJSON_IsArray(given) || !user)
			return wrong(p, "messages", "an array with one of the user");
	}
	p->out->messages = json_get(p->json, "messages");
	return 0;
}

static const char *
image_type(const struct buf *bytes)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *type;
	} known[] = {
		{ "\x89PNG\r\n\x1a\n", 8, "image/png" },
		{ "\xff\xd8\xff", 3, "image/jpeg" },
		{ "GIF8", 4, "image/gif" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (bytes->len > known[i].len &&
		    memcmp(bytes->data, known[i].magic, known[i].len) == 0)
			return known[i].type;
	return NULL;
}

static int
add_image(struct parse *p, cJSON *parts, const struct suite_file *f)
{
	_cleanup_buf_ struct buf url = { 0 };
	const char *type = image_type(&f->bytes);

	if (type == NULL)
		return error_set(p->err, ERROR_INVALID, "inputs: %s: no PNG, JPEG or GIF", f->name);
	buf_printf(&url, "data:%s;base64,", type);
	base64_add(&url, f->bytes.data, f->bytes.len);
	cJSON *part = json_add_obj(parts, NULL);
	json_add_str(part, "type", "image_url");
	json_add_str(json_add_obj(part, "image_url"), "url", buf_str(&url));
	return 0;
}

static int
add_text(struct parse *p, cJSON *parts, const struct suite_file *f)
{
	if (f->bytes.len == 0 || !str_utf8_valid(f->bytes.data, f->bytes.len) ||
	    memchr(f->bytes.data, '\0', f->bytes.len) != NULL)
		return error_set(p->err, ERROR_INVALID, "inputs: %s: no text in UTF-8", f->name);
	cJSON *part = json_add_obj(parts, NULL);
	json_add_str(part, "type", "text");
	json_add_str(part, "text", buf_str(&f->bytes));
	return 0;
}

static int
add_input(struct parse *p, cJSON *parts, const cJSON *input)
{
	static const char *const known[] = { "file", "as", NULL };
	const char *name = json_str(input, "file"), *as = json_str(input, "as");

	if (name == NULL || as == NULL || json_unknown_key(input, known) != NULL)
		return wrong(
		    p, "inputs", "each is {\"file\":\"files/...\",\"as\":\"image\" or \"text\"}");
	const struct suite_file *f =
	    str_starts(name, "files/") ? suite_files_find(p->files, name) : NULL;
	if (f == NULL)
		return error_set(p->err, ERROR_INVALID,
		    "inputs: %.80s: there is no such file below files/", name);
	if (strcmp(as, "image") == 0)
		return add_image(p, parts, f);
	if (strcmp(as, "text") == 0)
		return add_text(p, parts, f);
	return wrong(p, "inputs", "as: image or text");
}

/* The content of the last message of the user as parts, so that more can be put behind. */
static cJSON *
parts_of_last_user(cJSON *messages)
{
	cJSON *user = NULL, *m;

	json_for_each(m, messages) {
		if (str_eq(json_str(m, "role"), "user"))
			user = m;
	}
	cJSON *content = cJSON_GetObjectItemCaseSensitive(user, "content");
	if (cJSON_IsArray(content))
		return content;
	cJSON *text = cJSON_DetachItemViaPointer(user, content);
	cJSON *parts = json_add_arr(user, "content"), *part = json_add_obj(parts, NULL);
	json_add_str(part, "type", "text");
	cJSON_AddItemToObject(part, "text", text);
	return parts;
}

static int
read_inputs(struct parse *p)
{
	const cJSON *inputs = json_get(p->json, "inputs"), *input;
	bool image = false;

	if (inputs != NULL) {
		if (!cJSON_IsArray(inputs) || cJSON_GetArraySize(inputs) < 1 ||
		    cJSON_GetArraySize(inputs) > INPUTS_MAX)
			return wrong(p, "inputs", "an array of 1 to 16 files");
		cJSON *parts =
		    parts_of_last_user(cJSON_GetObjectItemCaseSensitive(p->json, "messages"));

		json_for_each(input, inputs) {
			if (add_input(p, parts, input) < 0)
				return -1;
			image = image || strcmp(json_str(input, "as"), "image") == 0;
		}
	}
	if (p->out->modality == ITEM_IMAGE_IN && !image)
		return wrong(p, "modality", "image_in needs an image among its inputs");
	return 0;
}

static int
read_tools(struct parse *p)
{
	const cJSON *tools = json_get(p->json, "tools"), *tool, *other,
		    *simulator = json_get(p->json, "simulator");

	if (tools != NULL && (!cJSON_IsArray(tools) || cJSON_GetArraySize(tools) == 0))
		return wrong(p, "tools", "an array with at least one");
	json_for_each(tool, tools) {
		const cJSON *function = json_get(tool, "function");
		const char *name = json_str(function, "name");

		if (!str_eq(json_str(tool, "type"), "function") || name == NULL || *name == '\0' ||
		    !cJSON_IsObject(json_get(function, "parameters")))
			return wrong(p, "tools",
			    "each is "
			    "{\"type\":\"function\",\"function\":{\"name\",\"parameters\"}}");
		for (other = tools->child; other != tool; other = other->next)
			if (str_eq(name, json_str(json_get(other, "function"), "name")))
				return error_set(
				    p->err, ERROR_INVALID, "tools: %.64s is there twice", name);
	}
	if (simulator != NULL && (!cJSON_IsObject(simulator) || tools == NULL))
		return wrong(p, "simulator", "an object, of an item with tools");
	if (tools != NULL && simulator == NULL)
		return wrong(p, "simulator", "tools need one that answers their calls");
	p->out->tools = tools;
	p->out->simulator = simulator;
	return 0;
}

static int
read_params(struct parse *p)
{
	static const char *const ours[] = { "model", "messages", "stream", "stream_options",
		"tools", "n" };
	const cJSON *params = json_get(p->json, "params");

	if (params != NULL && !cJSON_IsObject(params))
		return wrong(p, "params", "an object");
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (json_get(params, ours[i]) != NULL)
			return error_set(
			    p->err, ERROR_INVALID, "params: %s is not the item's to set", ours[i]);
	p->out->params = params;
	return 0;
}

/* ---- what solves it ---- */

static int
reference_calls(struct parse *p, const cJSON *calls)
{
	const cJSON *turn, *call;

	if (calls != NULL && !cJSON_IsArray(calls))
		return wrong(p, "reference.calls", "an array of turns");
	json_for_each(turn, calls) {
		if (!cJSON_IsArray(turn) || cJSON_GetArraySize(turn) == 0)
			return wrong(p, "reference.calls", "each turn is an array of calls");
		json_for_each(call, turn) {
			if (json_str(call, "name") == NULL ||
			    !cJSON_IsObject(json_get(call, "arguments")))
				return wrong(p, "reference.calls",
				    "each call is {\"name\",\"arguments\":{...}}");
		}
	}
	return 0;
}

static int
reference_files(struct parse *p, const cJSON *files)
{
	static const char *const known[] = { "name", "mime_type", "file", "text", NULL };
	const cJSON *f;

	if (files != NULL && !cJSON_IsArray(files))
		return wrong(p, "reference.files", "an array");
	json_for_each(f, files) {
		const char *file = json_str(f, "file"), *text = json_str(f, "text");

		if (json_str(f, "name") == NULL || json_str(f, "mime_type") == NULL ||
		    (file == NULL) == (text == NULL) || json_unknown_key(f, known) != NULL)
			return wrong(p, "reference.files",
			    "each is {\"name\",\"mime_type\",\"file\":\"files/...\" or \"text\"}");
		if (file != NULL &&
		    (!str_starts(file, "files/") || suite_files_find(p->files, file) == NULL))
			return error_set(p->err, ERROR_INVALID,
			    "reference.files: %.80s: there is no such file below files/", file);
	}
	return 0;
}

static int
read_reference(struct parse *p)
{
	static const char *const known[] = { "text", "calls", "files", NULL };
	const cJSON *r = json_get(p->json, "reference");
	const cJSON *text = json_get(r, "text");

	if (!cJSON_IsObject(r) || r->child == NULL || json_unknown_key(r, known) != NULL)
		return wrong(
		    p, "reference", "an object of text, calls, files: what solves the item");
	if (text != NULL && !cJSON_IsString(text))
		return wrong(p, "reference.text", "a text");
	if (reference_calls(p, json_get(r, "calls")) < 0 ||
	    reference_files(p, json_get(r, "files")) < 0)
		return -1;
	if (json_get(r, "calls") != NULL && p->out->tools == NULL)
		return wrong(p, "reference.calls", "of an item without tools");
	p->out->reference = r;
	return 0;
}

static int
read_scorer(struct parse *p)
{
	p->out->scorer = json_get(p->json, "scorer");
	if (json_str(p->out->scorer, "kind") == NULL)
		return wrong(p, "scorer", "an object with a kind");
	return 0;
}

static int
read_all(struct parse *p)
{
	static const char *const known[] = { "id", "task_type", "modality", "prompt", "messages",
		"inputs", "tools", "simulator", "params", "scorer", "weight", "timeout_seconds",
		"reference", NULL };
	static int (*const steps[])(struct parse *) = { read_id, read_task, read_modality,
		read_numbers, read_messages, read_inputs, read_tools, read_params, read_scorer,
		read_reference };

	if (!cJSON_IsObject(p->json))
		return error_set(p->err, ERROR_INVALID, "not an object");
	const char *unknown = json_unknown_key(p->json, known);
	if (unknown != NULL)
		return error_set(p->err, ERROR_INVALID, "%.60s: not a member of an item", unknown);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i](p) < 0)
			return -1;
	return 0;
}

int
suite_item_parse(const char *line, size_t len, const struct suite_files *files, struct item *out,
    struct error *err)
{
	struct item item = { 0 };
	struct parse p = { .files = files, .out = &item, .err = err };

	if (json_parse(line, len, &p.json, err) < 0)
		return -1;
	item.json = p.json;
	if (read_all(&p) < 0) {
		item_done(&item);
		return -1;
	}
	*out = item;
	return 0;
}

void
item_done(struct item *item)
{
	cJSON_Delete(item->json);
	*item = (struct item){ 0 };
}
