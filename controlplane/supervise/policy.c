/*
 * policy.c - the table of fields.
 */
#include "controlplane/supervise/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define MIB (INT64_C(1) << 20)

enum kind { SIZE, CPUS, COUNT, DURATION, ACTIVATION, PROMOTION };

static const struct field {
	const char *name; /* as in the settings, behind "policy." */
	enum kind kind;
	size_t at; /* in struct rules */
	int64_t min, max;
} fields[] = {
#define FIELD(name, kind, member, min, max)                              \
	{                                                                \
		name, kind, offsetof(struct rules, member), (min), (max) \
	}
	FIELD("memory", SIZE, limits.memory_bytes, 16 * MIB, INT64_MAX),
	FIELD("cpus", CPUS, limits.nano_cpus, 10000000, INT64_C(1024000000000)),
	FIELD("pids", COUNT, limits.pids, 1, INT32_MAX),
	FIELD("nofile", COUNT, limits.nofile, 16, INT32_MAX),
	FIELD("tmpfs", SIZE, limits.tmpfs_bytes, 1, INT64_MAX),
	FIELD("shm", SIZE, limits.shm_bytes, 1, INT64_MAX),
	FIELD("log", SIZE, limits.log_bytes, 4096, INT64_MAX),
	FIELD("start_timeout", DURATION, limits.start_timeout_ms, 1000, INT64_C(3600000)),
	FIELD("activation", ACTIVATION, activation, 0, ACTIVATION_COUNT - 1),
	FIELD("idle", DURATION, idle_ms, 1000, INT64_C(30) * 86400000),
	FIELD("replicas", COUNT, replicas, 1, REPLICAS_MAX),
	FIELD("promotion", PROMOTION, promotion, 0, PROMOTION_COUNT - 1),
};

static const char *const activation_words[] = {
#define X(name, word) word,
	ACTIVATIONS(X)
#undef X
};
static const char *const promotion_words[] = {
#define X(name, word) word,
	PROMOTIONS(X)
#undef X
};

static int
parse_word(const char *const *words, size_t n, const char *text, int64_t *out)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0) {
			*out = (int64_t)i;
			return 0;
		}
	return -1;
}

int
activation_parse(const char *text, int64_t *out, struct error *err)
{
	if (parse_word(activation_words, ARRAY_LEN(activation_words), text, out) == 0)
		return 0;
	return error_set(
	    err, ERROR_INVALID, "'%.40s' is no activation: always, on-demand or frozen", text);
}

/* Two of the limits are int, the others int64_t. */
static bool
is_int(const struct field *f)
{
	return f->at == offsetof(struct rules, limits.pids) ||
	    f->at == offsetof(struct rules, limits.nofile);
}

static int64_t
value_of(const struct rules *r, const struct field *f)
{
	const char *at = (const char *)r + f->at;

	return is_int(f) ? *(const int *)(const void *)at : *(const int64_t *)(const void *)at;
}

static void
set_value(struct rules *r, const struct field *f, int64_t value)
{
	char *at = (char *)r + f->at;

	if (is_int(f))
		*(int *)(void *)at = (int)value;
	else
		*(int64_t *)(void *)at = value;
}

static const struct field *
field_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int
read_number(const cJSON *item, double scale, int64_t *out)
{
	const double value = item->valuedouble * scale;

	if (!cJSON_IsNumber(item) || !(value >= 0 && value <= 9e15))
		return -1;
	*out = (int64_t)(value + 0.5);
	return 0;
}

/* A value of a patch or of stored text, within the field's bounds. */
static int
read_value(const struct field *f, const cJSON *item, int64_t *out, struct error *err)
{
	static const char *const wanted[] = { [SIZE] = "a size in a string, like \"1GiB\"",
		[CPUS] = "a number of processors",
		[COUNT] = "a whole number",
		[DURATION] = "a duration in a string, like \"10m\"",
		[ACTIVATION] = "\"always\", \"on-demand\" or \"frozen\"",
		[PROMOTION] = "\"at-once\" or \"by-hand\"" };
	const char *text = cJSON_GetStringValue(item);
	int rc = -1;

	switch (f->kind) {
	case SIZE: rc = text != NULL ? str_parse_size(text, out, NULL) : -1; break;
	case DURATION: rc = text != NULL ? str_parse_duration(text, out, NULL) : -1; break;
	case ACTIVATION: rc = text != NULL ? activation_parse(text, out, NULL) : -1; break;
	case PROMOTION:
		rc = text != NULL
		    ? parse_word(promotion_words, ARRAY_LEN(promotion_words), text, out)
		    : -1;
		break;
	case CPUS: rc = read_number(item, 1e9, out); break;
	case COUNT:
		rc = read_number(item, 1, out);
		if (rc == 0 && (double)*out != item->valuedouble)
			rc = -1;
		break;
	}
	if (rc < 0)
		return error_set(
		    err, ERROR_INVALID, "policy.%s must be %s", f->name, wanted[f->kind]);
	if (*out < f->min || *out > f->max)
		return error_set(err, ERROR_INVALID, "policy.%s is out of range", f->name);
	return 0;
}

static void
add_value(cJSON *object, const char *key, const struct field *f, int64_t value)
{
	char text[32];

	switch (f->kind) {
	case SIZE: json_add_str(object, key, str_format_size(value, text, sizeof(text))); break;
	case DURATION:
		json_add_str(object, key, str_format_duration(value, text, sizeof(text)));
		break;
	case ACTIVATION: json_add_str(object, key, activation_words[value]); break;
	case PROMOTION: json_add_str(object, key, promotion_words[value]); break;
	case CPUS: cJSON_AddNumberToObject(object, key, (double)value / 1e9); break;
	case COUNT: json_add_int(object, key, value); break;
	}
}

void
policy_apply(const struct rules *defaults, const char *text, struct rules *out)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *item;
	int64_t value;

	*out = *defaults;
	if (text == NULL || text[0] == '\0' || json_parse(text, strlen(text), &json, NULL) < 0)
		return;
	json_for_each(item, json) {
		const struct field *f = field_named(item->string);

		if (f != NULL && read_value(f, item, &value, NULL) == 0)
			set_value(out, f, value);
	}
}

int
policy_merge(const char *text, const cJSON *patch, char *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_free_ char *merged = NULL;
	const cJSON *item;
	int64_t value;

	if (!cJSON_IsObject(patch))
		return error_set(err, ERROR_INVALID, "policy must be an object");
	if (text[0] == '\0' || json_parse(text, strlen(text), &json, NULL) < 0)
		json = cJSON_CreateObject();
	json_for_each(item, patch) {
		const struct field *f = field_named(item->string);

		if (f == NULL)
			return error_set(
			    err, ERROR_INVALID, "policy: unknown field '%.60s'", item->string);
		if (!cJSON_IsNull(item) && read_value(f, item, &value, err) < 0)
			return -1;
		cJSON_DeleteItemFromObjectCaseSensitive(json, f->name);
		if (!cJSON_IsNull(item))
			cJSON_AddItemToObject(json, f->name, cJSON_Duplicate(item, true));
	}
	merged = json_print(json);
	if (strlen(merged) >= POLICY_MAX)
		return error_set(
		    err, ERROR_INVALID, "policy is longer than %d bytes", POLICY_MAX - 1);
	strcpy(out, json->child != NULL ? merged : "");
	return 0;
}

/* What a manifest asks of a field; 0: nothing, or more than it may have. */
static int64_t
asked(const struct field *f, const struct manifest *m, int64_t allowed)
{
	const int64_t value = m == NULL        ? 0
	    : str_eq(f->name, "memory")        ? m->memory_bytes
	    : str_eq(f->name, "cpus")          ? m->nano_cpus
	    : str_eq(f->name, "start_timeout") ? m->start_timeout_ms
					       : 0;

	return value < allowed ? value : 0;
}

cJSON *
policy_describe(const struct rules *defaults, const char *(*origin)(const char *, void *),
    void *arg, const char *text, const struct manifest *manifest)
{
	_cleanup_json_ cJSON *said = NULL;
	cJSON *all = cJSON_CreateObject();
	struct rules rules;

	policy_apply(defaults, text, &rules);
	if (text != NULL && text[0] != '\0')
		json_parse(text, strlen(text), &said, NULL);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct field *f = &fields[i];
		cJSON *item = json_add_obj(all, f->name);
		const int64_t value = value_of(&rules, f), less = asked(f, manifest, value);

		add_value(item, "value", f, less != 0 ? less : value);
		json_add_str(item, "origin",
		    less != 0                             ? "manifest"
			: json_get(said, f->name) != NULL ? "competitor"
							  : origin(f->name, arg));
	}
	return all;
}
