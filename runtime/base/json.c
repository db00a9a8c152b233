/*
 * json.c - strict parsing over cJSON, getters, and string literals.
 */
#include "runtime/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"

static void *
alloc(size_t size)
{
	return mem_realloc(NULL, size);
}

/* A tree that could not be built whole is never seen: cJSON would go on with NULL, or with less. */
__attribute__((constructor)) static void
trees_are_whole(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = alloc, .free_fn = free });
}

int
json_parse(const char *text, size_t len, cJSON **out, struct error *err)
{
	if (json_scan(text, len, NULL, NULL, err) < 0)
		return -1;
	cJSON *json = cJSON_ParseWithLengthOpts(text, len, NULL, false);
	if (json == NULL)
		return error_set(err, ERROR_INVALID, "not valid JSON");
	*out = json;
	return 0;
}

/* cJSON writes 15 digits where they are nearly the same number; a few doubles need 17. */
static bool
needs_more_digits(const cJSON *item, char text[32])
{
	const double d = item->valuedouble;

	if (!cJSON_IsNumber(item) || d == (double)item->valueint || !isfinite(d))
		return false;
	snprintf(text, 32, "%.15g", d);
	if (strtod(text, NULL) == d)
		return false;
	snprintf(text, 32, "%.16g", d);
	if (strtod(text, NULL) != d)
		snprintf(text, 32, "%.17g", d);
	return true;
}

static bool
has_long_number(const cJSON *json)
{
	const cJSON *item;
	char text[32];

	json_for_each(item, json) {
		if (needs_more_digits(item, text) || has_long_number(item))
			return true;
	}
	return false;
}

static void
spell_long_numbers(cJSON *json)
{
	cJSON *item;
	char text[32];

	json_for_each(item, json) {
		if (needs_more_digits(item, text)) {
			item->valuestring = str_dup(text);
			item->type = (item->type & ~0xFF) | cJSON_Raw;
		}
		spell_long_numbers(item);
	}
}

char *
json_print(const cJSON *json)
{
	_cleanup_json_ cJSON *spelled = has_long_number(json) ? cJSON_Duplicate(json, true) : NULL;
	char number[32];

	if (needs_more_digits(json, number))
		return str_dup(number);
	if (spelled != NULL)
		spell_long_numbers(spelled);
	char *text = cJSON_PrintUnformatted(spelled != NULL ? spelled : json);
	if (text == NULL)
		mem_out();
	return text;
}

const cJSON *
json_get(const cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

const char *
json_str(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(json_get(object, key));
}

int64_t
json_int(const cJSON *object, const char *key, int64_t absent)
{
	const cJSON *item = json_get(object, key);

	if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= 9007199254740992.0))
		return absent;
	return (int64_t)item->valuedouble;
}

double
json_num(const cJSON *object, const char *key, double absent)
{
	const cJSON *item = json_get(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

bool
json_bool(const cJSON *object, const char *key, bool absent)
{
	const cJSON *item = json_get(object, key);

	return cJSON_IsBool(item) ? cJSON_IsTrue(item) : absent;
}

const cJSON *
json_path(const cJSON *object, const char *dotted)
{
	while (object != NULL && *dotted != '\0') {
		const size_t len = strcspn(dotted, ".");
		_cleanup_free_ char *key = str_ndup(dotted, len);

		if (cJSON_IsArray(object))
			object = cJSON_GetArrayItem(object, atoi(key));
		else
			object = json_get(object, key);
		dotted += len + (dotted[len] == '.');
	}
	return object;
}

const char *
json_unknown_key(const cJSON *object, const char *const *known)
{
	const cJSON *item;

	json_for_each(item, object) {
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, item->string) != 0)
			k++;
		if (*k == NULL)
			return item->string;
	}
	return NULL;
}

static cJSON *
add(cJSON *object, const char *key, cJSON *item)
{
	if (item == NULL)
		mem_out();
	if (cJSON_IsArray(object))
		cJSON_AddItemToArray(object, item);
	else
		cJSON_AddItemToObject(object, key, item);
	return item;
}

/* cJSON prints bytes as they are; what is not UTF-8 would make the whole text no JSON. */
static char *
repaired(const char *s)
{
	struct buf out = { 0 };

	while (*s != '\0') {
		const size_t left = strnlen(s, 4);
		size_t n = 1;

		while (n <= left && !str_utf8_valid(s, n))
			n++;
		if (n <= left)
			buf_add(&out, s, n);
		else
			buf_add_str(&out, "\xef\xbf\xbd");
		s += n <= left ? n : 1;
	}
	return buf_take(&out);
}

cJSON *
json_add_str(cJSON *object, const char *key, const char *value)
{
	if (value == NULL)
		return add(object, key, cJSON_CreateNull());
	if (str_utf8_valid(value, strlen(value)))
		return add(object, key, cJSON_CreateString(value));
	_cleanup_free_ char *better = repaired(value);
	return add(object, key, cJSON_CreateString(better));
}

cJSON *
json_add_text(cJSON *object, const char *key, const char *value)
{
	return json_add_str(object, key, value != NULL && value[0] != '\0' ? value : NULL);
}

cJSON *
json_add_int(cJSON *object, const char *key, int64_t value)
{
	char text[24];

	/* cJSON prints numbers of 16 digits and more as rounded doubles. */
	if (value < 1000000000000000 && value > -1000000000000000)
		return add(object, key, cJSON_CreateNumber((double)value));
	snprintf(text, sizeof(text), "%lld", (long long)value);
	return add(object, key, cJSON_CreateRaw(text));
}

cJSON *
json_add_bool(cJSON *object, const char *key, bool value)
{
	return add(object, key, cJSON_CreateBool(value));
}

cJSON *
json_add_obj(cJSON *object, const char *key)
{
	return add(object, key, cJSON_CreateObject());
}

cJSON *
json_add_arr(cJSON *object, const char *key)
{
	return add(object, key, cJSON_CreateArray());
}

cJSON *
json_add_time(cJSON *object, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_MAX];

	return json_add_str(object, key, wall_ms != 0 ? clock_format(wall_ms, text) : NULL);
}

/* Length of the longest run that needs no escape. */
static size_t
plain_run(const char *s, size_t len)
{
	static const bool special[256] = {
		[0 ... 0x1f] = true,
		['"'] = true,
		['\\'] = true,
		[0x7f ... 0xff] = true,
	};
	size_t i = 0;

	while (i < len && !special[(unsigned char)s[i]])
		i++;
	return i;
}

static size_t
add_escape(struct buf *out, const char *s, size_t len)
{
	const unsigned char c = (unsigned char)s[0];

	switch (c) {
	case '"': buf_add_str(out, "\\\""); return 1;
	case '\\': buf_add_str(out, "\\\\"); return 1;
	case '\n': buf_add_str(out, "\\n"); return 1;
	case '\r': buf_add_str(out, "\\r"); return 1;
	case '\t': buf_add_str(out, "\\t"); return 1;
	default: break;
	}
	if (c < 0x80) {
		buf_printf(out, "\\u%04x", c);
		return 1;
	}
	/* C1 controls drive terminals as well. */
	if (c == 0xc2 && len >= 2 && (s[1] & 0xe0) == 0x80) {
		buf_printf(out, "\\u%04x", (unsigned char)s[1]);
		return 2;
	}
	for (size_t n = 2; n <= 4 && n <= len; n++)
		if (str_utf8_valid(s, n)) {
			buf_add(out, s, n);
			return n;
		}
	buf_add_str(out, "\xef\xbf\xbd");
	return 1;
}

void
json_add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_add_char(out, '"');
	while (len > 0) {
		size_t n = plain_run(text, len);

		buf_add(out, text, n);
		if (n < len)
			n += add_escape(out, text + n, len - n);
		text += n;
		len -= n;
	}
	buf_add_char(out, '"');
}
