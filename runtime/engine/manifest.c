/*
 * manifest.c - what a miner says about an image, read from one table of fields.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/capability.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/promised_env.h"
#include "runtime/engine/spec.h"

#define MANIFEST_MAX_BYTES (64 * 1024)
#define TEXT_MAX_BYTES 4096
#define ENV_MAX 64
#define ENV_VALUE_MAX_BYTES 4096
#define PORT_DEFAULT 8080
#define MEMORY_MIN_BYTES (16 << 20)
#define CONCURRENCY_MAX 100000
#define START_TIMEOUT_MAX_MS (INT64_C(60) * 60 * 1000)

typedef int field_fn(const cJSON *value, const char *name, struct manifest *, struct error *);
struct field {
	const char *name;
	field_fn *read;
};

static int
wrong(struct error *err, const char *name, const char *wanted)
{
	return error_set(err, ERROR_INVALID, "manifest: %s must be %s", name, wanted);
}

static int
read_string(const cJSON *v, const char *name, size_t max, const char **out, struct error *err)
{
	const char *s = cJSON_GetStringValue(v);

	if (s == NULL)
		return wrong(err, name, "a string");
	if (strlen(s) > max)
		return error_set(
		    err, ERROR_INVALID, "manifest: %s is longer than %zu bytes", name, max);
	*out = s;
	return 0;
}

static int
read_name(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const char *s = NULL;

	if (read_string(v, name, sizeof(m->name) - 1, &s, err) < 0)
		return -1;
	if (!str_slug_valid(s))
		return wrong(err, name, "1 to 40 of a-z, 0-9 and inner dashes");
	memcpy(m->name, s, strlen(s) + 1);
	return 0;
}

static int
read_description(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const char *s = NULL;

	if (read_string(v, name, sizeof(m->description) - 1, &s, err) < 0)
		return -1;
	memcpy(m->description, s, strlen(s) + 1);
	return 0;
}

static int
read_port(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	if (!cJSON_IsNumber(v) || v->valuedouble != floor(v->valuedouble) ||
	    v->valuedouble < 1024 || v->valuedouble > 65535)
		return wrong(err, name, "a whole number from 1024 to 65535");
	if (v->valueint == PROMISED_BROKER_PORT)
		return error_set(err, ERROR_INVALID, "manifest: %s %d is taken by the platform",
		    name, PROMISED_BROKER_PORT);
	m->port = v->valueint;
	return 0;
}

static int
read_concurrency(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	if (!cJSON_IsNumber(v) || v->valuedouble != floor(v->valuedouble) || v->valuedouble < 1 ||
	    v->valuedouble > CONCURRENCY_MAX)
		return wrong(err, name, "a whole number from 1 to 100000");
	m->concurrency = v->valueint;
	return 0;
}

static int
read_memory(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const char *s = cJSON_GetStringValue(v);

	if (s == NULL || str_parse_size(s, &m->memory_bytes, NULL) < 0)
		return wrong(err, name, "a size in a string, like \"512MiB\"");
	if (m->memory_bytes < MEMORY_MIN_BYTES)
		return wrong(err, name, "at least \"16MiB\"");
	return 0;
}

static int
read_cpus(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0.01 && v->valuedouble <= 1024))
		return wrong(err, name, "a number from 0.01 to 1024");
	m->nano_cpus = llround(v->valuedouble * 100) * 10000000;
	return 0;
}

static int
read_start_timeout(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const char *s = cJSON_GetStringValue(v);

	if (s == NULL || str_parse_duration(s, &m->start_timeout_ms, NULL) < 0)
		return wrong(err, name, "a duration in a string, like \"30s\"");
	if (m->start_timeout_ms < 1000 || m->start_timeout_ms > START_TIMEOUT_MAX_MS)
		return wrong(err, name, "from \"1s\" to \"1h\"");
	return 0;
}

static bool
env_name_ok(const char *s)
{
	if (*s == '\0' || strlen(s) > 128 || (*s >= '0' && *s <= '9'))
		return false;
	for (; *s != '\0'; s++)
		if (!(*s >= 'A' && *s <= 'Z') && !(*s >= '0' && *s <= '9') && *s != '_')
			return false;
	return true;
}

static int
read_env(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return wrong(err, name, "an object of names and strings");
	if (cJSON_GetArraySize(v) > ENV_MAX)
		return error_set(
		    err, ERROR_INVALID, "manifest: %s has more than %d names", name, ENV_MAX);
	m->env = mem_zalloc((size_t)(cJSON_GetArraySize(v) + 1) * sizeof(*m->env));
	json_for_each(item, v) {
		const char *value = cJSON_GetStringValue(item);

		if (!env_name_ok(item->string))
			return error_set(err, ERROR_INVALID,
			    "manifest: %s: '%.40s' must match [A-Z_][A-Z0-9_]*", name,
			    item->string);
		if (promised_env_has(item->string))
			return error_set(err, ERROR_INVALID,
			    "manifest: %s: %s is set by the platform", name, item->string);
		if (value == NULL)
			return error_set(err, ERROR_INVALID, "manifest: %s: %.40s must be a string",
			    name, item->string);
		if (strlen(value) > ENV_VALUE_MAX_BYTES)
			return error_set(err, ERROR_INVALID,
			    "manifest: %s: %.40s is longer than %d bytes", name, item->string,
			    ENV_VALUE_MAX_BYTES);
		m->env[m->nenv++] = str_printf("%s=%s", item->string, value);
	}
	return 0;
}

/* Told for people: kept in the text, checked for type, not used here. */
static int
read_note(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const char *s = NULL;

	(void)m;
	return read_string(v, name, TEXT_MAX_BYTES, &s, err);
}

/* A word that is not known stays in the text and means nothing: it may to a later Janus. */
static int
read_capabilities(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return wrong(err, name, "an array of strings");
	json_for_each(item, v) {
		if (!cJSON_IsString(item))
			return wrong(err, name, "an array of strings");
		m->capabilities |= capability_named(item->valuestring);
	}
	return 0;
}

static int
read_engine(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	const char *s = cJSON_GetStringValue(v);

	if (str_eq(s, "docker"))
		m->engine = ENGINE_DOCKER;
	else if (str_eq(s, "sandy"))
		m->engine = ENGINE_SANDY;
	else
		return wrong(err, name, "\"docker\" or \"sandy\"");
	return 0;
}

static field_fn read_resources;

static const struct field fields[] = {
	{ "name", read_name },
	{ "description", read_description },
	{ "port", read_port },
	{ "concurrency", read_concurrency },
	{ "engine", read_engine },
	{ "resources", read_resources },
	{ "start_timeout", read_start_timeout },
	{ "env", read_env },
	{ "image", read_note },
	{ "hotkey", read_note },
	{ "source", read_note },
	{ "license", read_note },
	{ "changelog", read_note },
	{ "contact", read_note },
	{ "version", read_note },
	{ "capabilities", read_capabilities },
};

static const struct field resource_fields[] = {
	{ "memory", read_memory },
	{ "cpus", read_cpus },
};

static const struct field *
field_find(const struct field *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static const char *
nearest(const struct field *table, size_t n, const char *name)
{
	if (strlen(name) > 40)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (str_distance(table[i].name, name) <= 2)
			return table[i].name;
	return NULL;
}

static int
read_fields(const cJSON *object, const struct field *table, size_t n, const char *within,
    struct manifest *m, struct error *err)
{
	const cJSON *item;

	json_for_each(item, object) {
		const struct field *f = field_find(table, n, item->string);
		const char *near = f == NULL ? nearest(table, n, item->string) : NULL;
		_cleanup_free_ char *name = str_printf("%s%.60s", within, item->string);

		if (f == NULL && near != NULL)
			return error_set(err, ERROR_INVALID,
			    "manifest: unknown field '%s' (did you mean '%s'?)", name, near);
		if (f == NULL)
			return error_set(err, ERROR_INVALID, "manifest: unknown field '%s'", name);
		if (f->read(item, name, m, err) < 0)
			return -1;
	}
	return 0;
}

static int
read_resources(const cJSON *v, const char *name, struct manifest *m, struct error *err)
{
	if (!cJSON_IsObject(v))
		return wrong(err, name, "an object with memory and cpus");
	return read_fields(v, resource_fields, ARRAY_LEN(resource_fields), "resources.", m, err);
}

int
manifest_parse(const char *text, struct manifest *out, struct error *err)
{
	struct manifest m = { .port = PORT_DEFAULT, .capabilities = CAPABILITY(CHAT) };
	_cleanup_json_ cJSON *json = NULL;

	if (text == NULL || text[0] == '\0') {
		*out = m;
		return 0;
	}
	if (strlen(text) > MANIFEST_MAX_BYTES)
		return error_set(
		    err, ERROR_INVALID, "manifest: longer than %d KiB", MANIFEST_MAX_BYTES / 1024);
	if (json_parse(text, strlen(text), &json, err) < 0)
		return error_add(err, "manifest");
	if (!cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "manifest: must be a JSON object");
	if (read_fields(json, fields, ARRAY_LEN(fields), "", &m, err) < 0) {
		manifest_done(&m);
		return -1;
	}
	*out = m;
	return 0;
}

void
manifest_done(struct manifest *m)
{
	for (unsigned long i = 0; i < m->nenv; i++)
		free(m->env[i]);
	free(m->env);
	m->env = NULL;
	m->nenv = 0;
}
