/*
 * evidence_line.c - attempts to JSON and back.
 */
#include "bench/record/evidence_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/seal.h"
#include "runtime/base/str.h"

#define SEALED "[sealed]"
#define FILES_MAX 1000

/* What of a line may tell what was asked or expected. */
static const char *const secret[] = { "error", "files", "executions", "judge", "why", "checks",
	"answer" };

/* ---- an attempt to its line ---- */

static void
add_files(cJSON *line, const struct attempt *a)
{
	cJSON *files = json_add_arr(line, "files");

	for (size_t i = 0; i < a->nfiles; i++) {
		const struct attempt_file *f = &a->files[i];
		cJSON *file = json_add_obj(files, NULL);

		json_add_str(file, "sha256", f->sha256);
		json_add_text(file, "said_sha256", f->said_sha256);
		json_add_str(file, "name", f->name);
		json_add_str(file, "mime_type", f->mime_type);
		json_add_int(file, "size_bytes", f->size);
		json_add_int(file, "said_size_bytes", f->said_size);
	}
}

static void
add_copy(cJSON *object, const char *key, const cJSON *value)
{
	cJSON *copy = value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull();

	if (copy == NULL || !cJSON_AddItemToObject(object, key, copy))
		mem_out();
}

/* Of millions of a dollar, and thousands of a millisecond. */
static void
add_scaled(cJSON *object, const char *key, int64_t value, double unit)
{
	if (value < 0 || cJSON_AddNumberToObject(object, key, (double)value / unit) == NULL)
		json_add_str(object, key, NULL);
}

cJSON *
line_of(const struct attempt *a, const cJSON *judged)
{
	cJSON *line = cJSON_CreateObject();
	const cJSON *m;

	json_add_str(line, "object", "item");
	json_add_str(line, "id", a->id);
	json_add_str(line, "item", a->item);
	json_add_int(line, "epoch", a->epoch);
	json_add_int(line, "attempt", a->attempt);
	if (a->state == ATTEMPT_ERROR || a->state == ATTEMPT_SKIPPED ||
	    json_str(judged, "state") == NULL)
		json_add_str(line, "state", attempt_state_name(a->state));
	json_add_text(line, "fault", a->fault);
	json_add_text(line, "code", a->code);
	json_add_text(line, "error", a->error);
	json_add_time(line, "started_at", a->started_at_ms);
	add_files(line, a);
	add_copy(line, "executions", a->executions);
	add_copy(line, "judge", a->judge);
	add_scaled(line, "metered_cost_usd", a->metered_micro_usd, 1e6);
	add_scaled(line, "platform_ms", a->platform_us, 1e3);
	json_for_each(m, judged) {
		if (json_get(line, m->string) == NULL)
			add_copy(line, m->string, m);
	}
	return line;
}

/* ---- and back ---- */

/* A text that fits; absent or null is "" where it may be. */
static int
take_text(const cJSON *object, const char *key, bool must, char *out, size_t cap, struct error *err)
{
	const cJSON *v = json_get(object, key);
	const char *text = cJSON_GetStringValue(v);

	if (text == NULL && (must || (v != NULL && !cJSON_IsNull(v))))
		return error_set(err, ERROR_INVALID, "'%s' is not a text", key);
	if (text != NULL && (strlen(text) >= cap || (must && *text == '\0')))
		return error_set(
		    err, ERROR_INVALID, "'%s' is %s", key, *text == '\0' ? "empty" : "too long");
	str_copy(out, cap, text);
	return 0;
}

static int
take_int(
    const cJSON *object, const char *key, int64_t min, int64_t max, int64_t *out, struct error *err)
{
	const double v = json_num(object, key, NAN);

	if (!(v >= (double)min && v <= (double)max) || v != floor(v))
		return error_set(err, ERROR_INVALID, "'%s' is not a number that it can be", key);
	*out = (int64_t)v;
	return 0;
}

static int
take_scaled(const cJSON *object, const char *key, double unit, int64_t absent, int64_t *out,
    struct error *err)
{
	const cJSON *v = json_get(object, key);

	*out = absent;
	if (v == NULL || cJSON_IsNull(v))
		return 0;
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= 1e12))
		return error_set(err, ERROR_INVALID, "'%s' is not a number that it can be", key);
	*out = llround(v->valuedouble * unit);
	return 0;
}

static bool
is_hex64(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int
take_file(const cJSON *json, struct attempt_file *f, struct error *err)
{
	if (take_text(json, "sha256", true, f->sha256, sizeof(f->sha256), err) < 0 ||
	    take_text(json, "said_sha256", false, f->said_sha256, sizeof(f->said_sha256), err) <
		0 ||
	    take_text(json, "name", false, f->name, sizeof(f->name), err) < 0 ||
	    take_text(json, "mime_type", false, f->mime_type, sizeof(f->mime_type), err) < 0 ||
	    take_int(json, "size_bytes", 0, INT64_C(1) << 40, &f->size, err) < 0 ||
	    take_int(json, "said_size_bytes", -1, INT64_C(1) << 53, &f->said_size, err) < 0)
		return -1;
	if (!is_hex64(f->sha256))
		return error_set(err, ERROR_INVALID, "'sha256' is not 64 hex digits");
	return 0;
}

static int
take_files(const cJSON *line, struct attempt *a, struct error *err)
{
	const cJSON *files = json_get(line, "files"), *file;
	const int n = cJSON_GetArraySize(files);

	if (files == NULL || cJSON_IsNull(files))
		return 0;
	if (!cJSON_IsArray(files) || n > FILES_MAX)
		return error_set(
		    err, ERROR_INVALID, "'files' is not an array of at most %d", FILES_MAX);
	a->files = mem_zalloc(((size_t)n + 1) * sizeof(*a->files));
	json_for_each(file, files) {
		if (take_file(file, &a->files[a->nfiles++], err) < 0)
			return error_add(err, "files.%zu", a->nfiles - 1);
	}
	return 0;
}

static int
take_array(const cJSON *line, const char *key, bool array, cJSON **out, struct error *err)
{
	const cJSON *v = json_get(line, key);

	if (v == NULL || cJSON_IsNull(v))
		return 0;
	if (array && !cJSON_IsArray(v))
		return error_set(err, ERROR_INVALID, "'%s' is not an array", key);
	*out = cJSON_Duplicate(v, true);
	return 0;
}

static int
take_state(const cJSON *line, struct attempt *a, struct error *err)
{
	char word[16];

	if (take_text(line, "state", true, word, sizeof(word), err) < 0)
		return -1;
	for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
		if (strcmp(word, attempt_state_name(s)) == 0) {
			a->state = s;
			if (s != ATTEMPT_ERROR && s != ATTEMPT_SKIPPED)
				a->state = a->fault[0] != '\0' ? ATTEMPT_FAILED : ATTEMPT_PASSED;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "'state' is none: %.15s", word);
}

static int
take_all(const cJSON *line, struct attempt *a, struct error *err)
{
	int64_t epoch = 0, attempt = 0;

	if (!str_eq(json_str(line, "object"), "item"))
		return error_set(err, ERROR_INVALID, "'object' is not \"item\"");
	if (take_text(line, "id", true, a->id, sizeof(a->id), err) < 0 ||
	    take_text(line, "item", true, a->item, sizeof(a->item), err) < 0 ||
	    take_int(line, "epoch", 0, 1 << 20, &epoch, err) < 0 ||
	    take_int(line, "attempt", 1, 1 << 20, &attempt, err) < 0 ||
	    take_text(line, "fault", false, a->fault, sizeof(a->fault), err) < 0 ||
	    take_text(line, "code", false, a->code, sizeof(a->code), err) < 0 ||
	    take_text(line, "error", false, a->error, sizeof(a->error), err) < 0 ||
	    take_state(line, a, err) < 0 || take_files(line, a, err) < 0 ||
	    take_array(line, "executions", true, &a->executions, err) < 0 ||
	    take_array(line, "judge", false, &a->judge, err) < 0 ||
	    take_scaled(line, "metered_cost_usd", 1e6, -1, &a->metered_micro_usd, err) < 0 ||
	    take_scaled(line, "platform_ms", 1e3, 0, &a->platform_us, err) < 0)
		return -1;
	a->epoch = (int)epoch;
	a->attempt = (int)attempt;
	a->started_at_ms = 0;
	if (json_str(line, "started_at") != NULL)
		a->started_at_ms = clock_parse(json_str(line, "started_at"));
	return a->started_at_ms < 0 ? error_set(err, ERROR_INVALID, "'started_at' is no time") : 0;
}

int
line_attempt(const cJSON *line, struct attempt *out, struct error *err)
{
	struct attempt a = { 0 };

	if (take_all(line, &a, err) < 0) {
		attempt_done(&a);
		return -1;
	}
	*out = a;
	return 0;
}

/* ---- sealed ---- */

cJSON *
line_seal(const char *key, const cJSON *line)
{
	_cleanup_json_ cJSON *inner = cJSON_CreateObject();
	cJSON *outer = cJSON_Duplicate(line, true);

	for (size_t i = 0; i < ARRAY_LEN(secret); i++) {
		const cJSON *v = json_get(line, secret[i]);

		if (v == NULL || cJSON_IsNull(v))
			continue;
		add_copy(inner, secret[i], v);
		cJSON_DeleteItemFromObjectCaseSensitive(outer, secret[i]);
		json_add_str(outer, secret[i], SEALED);
	}
	_cleanup_free_ char *text = json_print(inner);
	_cleanup_free_ char *sealed = seal_text(key, text, strlen(text));
	json_add_str(outer, "sealed", sealed);
	return outer;
}

cJSON *
line_unseal(const char *key, const cJSON *line, struct error *err)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_json_ cJSON *inner = NULL;
	const char *sealed = json_str(line, "sealed");
	const cJSON *m;

	if (sealed == NULL || seal_open(key, sealed, &text) < 0 ||
	    json_parse(buf_str(&text), text.len, &inner, NULL) < 0) {
		error_set(err, ERROR_DENIED, "sealed with another key, or changed since");
		return NULL;
	}
	cJSON *outer = cJSON_Duplicate(line, true);
	cJSON_DeleteItemFromObjectCaseSensitive(outer, "sealed");
	json_for_each(m, inner) {
		cJSON_DeleteItemFromObjectCaseSensitive(outer, m->string);
		add_copy(outer, m->string, m);
	}
	return outer;
}

/* ---- lines ---- */

int
lines_parse(const char *text, size_t len, cJSON **out, struct lines *l, struct error *err)
{
	_cleanup_json_ cJSON *all = cJSON_CreateArray();
	size_t at = 0;

	*l = (struct lines){ 0 };
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		const size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
		cJSON *line = NULL;

		if (end == NULL)
			break;
		if (json_parse(text + at, n, &line, err) < 0 || !cJSON_IsObject(line)) {
			if (line != NULL)
				error_set(err, ERROR_INVALID, "not an object");
			cJSON_Delete(line);
			if (at + n + 1 == len)
				break; /* the last one: it was not finished */
			return error_add(err, "line %zu", l->n + 1);
		}
		cJSON_AddItemToArray(all, line);
		at += n + 1;
		l->n++;
	}
	l->len = at;
	l->cut = len - at;
	*out = TAKE(all);
	return 0;
}
