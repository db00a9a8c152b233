/*
 * component_manifest.c - one row a member: what it must be.
 */
#include "controlplane/registry/component_manifest.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/semver.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define NAME_MAX_BYTES 80
#define DESCRIPTION_MAX_BYTES 4000
#define INTEGRATION_MAX_BYTES 8000
#define WORDS_MAX 16
#define CPU_MAX 64
#define MEMORY_MAX_MB 1048576

_Static_assert(COMPONENT_VERSION_MAX == SEMVER_MAX, "one length of a version");

static const char *const categories[] = {
#define X(name, text) text,
	COMPONENT_CATEGORIES(X)
#undef X
};

const char *
component_category_name(enum component_category c)
{
	return categories[c];
}

enum component_category
component_category_named(const char *name)
{
	return (enum component_category)str_find(categories, COMPONENT_CATEGORY_COUNT, name);
}

/* ---- for all members ---- */

int
component_fault_set(
    struct component_fault *f, enum component_wrong kind, const char *path, const char *fmt, ...)
{
	va_list ap;

	f->kind = kind;
	str_copy(f->path, sizeof(f->path), path);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return -1;
}

/* Characters that change how others look: U+200E and f, U+202A to E, U+2066 to 9; and C1 controls. */
static bool
is_sly(const unsigned char *s)
{
	if (s[0] == 0xc2)
		return s[1] >= 0x80 && s[1] <= 0x9f;
	if (s[0] != 0xe2)
		return false;
	return s[1] == 0x80 ? s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae)
			    : s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9;
}

int
component_text_check(
    struct component_fault *f, const char *path, const char *text, size_t max, bool lines)
{
	if (*text == '\0')
		return component_fault_set(f, COMPONENT_INVALID, path, "'%.100s' is empty.", path);
	if (strlen(text) > max)
		return component_fault_set(
		    f, COMPONENT_TOO_BIG, path, "'%.100s' is longer than %zu bytes.", path, max);
	for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++)
		if ((*s < 0x20 && !(lines && (*s == '\n' || *s == '\t'))) || *s == 0x7f ||
		    is_sly(s))
			return component_fault_set(f, COMPONENT_INVALID, path,
			    "'%.100s' has a character that does not show, at byte %zu.", path,
			    (size_t)((const char *)s - text));
	return 0;
}

int
component_url_check(struct component_fault *f, const char *path, const char *text)
{
	struct error err = { 0 };
	struct url url;

	if (url_parse(text, &url, &err) < 0 || url_endpoint_check(&url, &err) < 0)
		return component_fault_set(
		    f, COMPONENT_INVALID, path, "'%.60s': %.160s.", path, err.text);
	return 0;
}

int
component_words_unknown(
    struct component_fault *f, const char *path, const cJSON *object, const char *const *known)
{
	const char *key = json_unknown_key(object, known);
	char whole[160];

	if (key == NULL)
		return 0;
	snprintf(whole, sizeof(whole), "%.100s%s%.40s", path, *path != '\0' ? "." : "", key);
	return component_fault_set(
	    f, COMPONENT_UNKNOWN, whole, "'%.100s' is no member of a manifest.", whole);
}

/* ---- each member ---- */

bool
component_id_valid(const char *id)
{
	char space[NOUN_ID_MAX];

	if (!str_starts(id, COMPONENT_PREFIX) || strlen(id) >= NOUN_ID_MAX)
		return false;
	const char *rest = id + strlen(COMPONENT_PREFIX), *dot = strchr(rest, '.');
	if (dot == NULL)
		return false;
	str_copy(space, (size_t)(dot - rest) + 1, rest);
	return str_slug_valid(space) && str_slug_valid(dot + 1);
}

void
component_namespace(const char *id, char out[NOUN_ID_MAX])
{
	const char *rest = id + strlen(COMPONENT_PREFIX);

	str_copy(out, strcspn(rest, ".") + 1, rest);
}

static int
check_id(const cJSON *v, const char *path, struct component_fault *f)
{
	char space[NOUN_ID_MAX];

	if (!component_id_valid(v->valuestring))
		return component_fault_set(f, COMPONENT_INVALID, path,
		    "'id' is cmp.<namespace>.<name>, both of lower-case letters, digits and "
		    "hyphens, at most %d characters in all.",
		    NOUN_ID_MAX - 1);
	component_namespace(v->valuestring, space);
	if (str_eq(space, COMPONENT_RESERVED))
		return component_fault_set(f, COMPONENT_INVALID, path,
		    "The namespace '" COMPONENT_RESERVED "' is that of the platform's services.");
	return 0;
}

static int
check_version(const cJSON *v, const char *path, struct component_fault *f)
{
	return semver_valid(v->valuestring)
	    ? 0
	    : component_fault_set(f, COMPONENT_INVALID, path,
		  "'version' is as 1.4.0 or 2.0.0-rc.1, below %d characters.", SEMVER_MAX);
}

static int
check_name(const cJSON *v, const char *path, struct component_fault *f)
{
	return component_text_check(f, path, v->valuestring, NAME_MAX_BYTES, false);
}

static int
check_description(const cJSON *v, const char *path, struct component_fault *f)
{
	return component_text_check(f, path, v->valuestring, DESCRIPTION_MAX_BYTES, true);
}

static int
check_integration(const cJSON *v, const char *path, struct component_fault *f)
{
	return component_text_check(f, path, v->valuestring, INTEGRATION_MAX_BYTES, true);
}

static int
check_category(const cJSON *v, const char *path, struct component_fault *f)
{
	return component_category_named(v->valuestring) != COMPONENT_CATEGORY_COUNT
	    ? 0
	    : component_fault_set(f, COMPONENT_INVALID, path,
		  "'category' is research, coding, memory, tools or models.");
}

static int
check_entrypoint(const cJSON *v, const char *path, struct component_fault *f)
{
	return component_url_check(f, path, v->valuestring);
}

static int
check_words(const cJSON *list, const char *path, struct component_fault *f)
{
	char place[160];
	const cJSON *item;
	int i = 0;

	if (cJSON_GetArraySize(list) > WORDS_MAX)
		return component_fault_set(
		    f, COMPONENT_TOO_BIG, path, "'%s' has more than %d words.", path, WORDS_MAX);
	json_for_each(item, list) {
		snprintf(place, sizeof(place), "%s[%d]", path, i++);
		if (!cJSON_IsString(item) || !str_slug_valid(item->valuestring))
			return component_fault_set(f, COMPONENT_INVALID, place,
			    "'%s' is a word of lower-case letters, digits and hyphens, at most 40.",
			    place);
	}
	return 0;
}

static int
check_number(
    const cJSON *object, const char *key, double max, bool whole, struct component_fault *f)
{
	const cJSON *v = json_get(object, key);
	char path[64];

	if (v == NULL ||
	    (cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble <= max &&
		(!whole || v->valuedouble == floor(v->valuedouble))))
		return 0;
	snprintf(path, sizeof(path), "resources.%s", key);
	return component_fault_set(f, COMPONENT_INVALID, path,
	    "'%s' is a%s number above 0, at most %.0f.", path, whole ? " whole" : "", max);
}

static int
check_resources(const cJSON *v, const char *path, struct component_fault *f)
{
	static const char *const known[] = { "cpu", "memory_mb", NULL };

	if (component_words_unknown(f, path, v, known) < 0 ||
	    check_number(v, "cpu", CPU_MAX, false, f) < 0)
		return -1;
	return check_number(v, "memory_mb", MEMORY_MAX_MB, true, f);
}

static int
check_contract(const cJSON *v, const char *path, struct component_fault *f)
{
	(void)path;
	return component_contract_check(v, f);
}

enum form { TEXT, LIST, OBJECT };
static const char *const form_words[] = { "a string", "a list", "an object" };

static const struct member {
	const char *key;
	enum form form;
	bool required;
	int (*check)(const cJSON *, const char *path, struct component_fault *);
} members[] = {
	{ "id", TEXT, true, check_id },
	{ "version", TEXT, true, check_version },
	{ "name", TEXT, true, check_name },
	{ "description", TEXT, true, check_description },
	{ "category", TEXT, true, check_category },
	{ "entrypoint", TEXT, true, check_entrypoint },
	{ "contract", OBJECT, true, check_contract },
	{ "inputs", LIST, false, check_words },
	{ "outputs", LIST, false, check_words },
	{ "resources", OBJECT, false, check_resources },
	{ "tags", LIST, false, check_words },
	{ "integration", TEXT, false, check_integration },
};

static bool
has_form(const cJSON *v, enum form form)
{
	switch (form) {
	case TEXT: return cJSON_IsString(v);
	case LIST: return cJSON_IsArray(v);
	case OBJECT: return cJSON_IsObject(v);
	}
	return false;
}

static int
check_member(const cJSON *manifest, const struct member *m, struct component_fault *f)
{
	const cJSON *v = json_get(manifest, m->key);

	if (v == NULL || cJSON_IsNull(v))
		return m->required ? component_fault_set(f, COMPONENT_MISSING, m->key,
					 "'%s' is required, as %s.", m->key, form_words[m->form])
				   : 0;
	if (!has_form(v, m->form))
		return component_fault_set(
		    f, COMPONENT_INVALID, m->key, "'%s' is %s.", m->key, form_words[m->form]);
	return m->check(v, m->key, f);
}

static int
check_keys(const cJSON *manifest, struct component_fault *f)
{
	const char *known[ARRAY_LEN(members) + 1] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		known[i] = members[i].key;
	return component_words_unknown(f, "", manifest, known);
}

int
component_manifest_check(const cJSON *manifest, struct component_fault *f)
{
	struct component row = { 0 };

	*f = (struct component_fault){ 0 };
	if (!cJSON_IsObject(manifest))
		return component_fault_set(
		    f, COMPONENT_INVALID, "", "A manifest is a JSON object.");
	if (check_keys(manifest, f) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (check_member(manifest, &members[i], f) < 0)
			return -1;
	component_manifest_split(manifest, &row);
	const size_t len = strlen(row.manifest), document = strlen(row.contract);
	free(row.manifest);
	free(row.contract);
	if (len > COMPONENT_MANIFEST_MAX)
		return component_fault_set(f, COMPONENT_TOO_BIG, "",
		    "Without its contract the manifest is longer than %d bytes.",
		    COMPONENT_MANIFEST_MAX);
	return document > COMPONENT_CONTRACT_MAX
	    ? component_fault_set(f, COMPONENT_TOO_BIG, "contract",
		  "'contract' is longer than %d bytes.", COMPONENT_CONTRACT_MAX)
	    : 0;
}

/* How many operations or tools there are is told wherever the document is not. */
void
component_manifest_split(const cJSON *manifest, struct component *row)
{
	_cleanup_json_ cJSON *rest = cJSON_Duplicate(manifest, true), *document = NULL;
	cJSON *contract = cJSON_GetObjectItemCaseSensitive(rest, "contract");

	str_copy(row->id, sizeof(row->id), json_str(manifest, "id"));
	str_copy(row->version, sizeof(row->version), json_str(manifest, "version"));
	if (json_get(contract, "document") != NULL) {
		document = cJSON_DetachItemFromObjectCaseSensitive(contract, "document");
		json_add_int(contract, "operations", component_operations(document));
	} else if (json_get(contract, "tools") != NULL) {
		document = cJSON_CreateObject();
		cJSON *tools = cJSON_DetachItemFromObjectCaseSensitive(contract, "tools");
		json_add_int(contract, "tools", cJSON_GetArraySize(tools));
		cJSON_AddItemToObject(document, "tools", tools);
	}
	row->manifest = json_print(rest);
	row->contract = document != NULL ? json_print(document) : str_dup("");
}
