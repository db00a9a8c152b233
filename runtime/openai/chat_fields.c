/*
 * chat_fields.c - find a field, check its type and range.
 */
#include "runtime/openai/chat_fields.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/chat_shape.h"
#include "runtime/openai/codes.h"

static const uint8_t type_bits[] = {
	[JSON_NULL] = NUL,
	[JSON_FALSE] = BOOL,
	[JSON_TRUE] = BOOL,
	[JSON_NUMBER] = NUM,
	[JSON_STRING] = STR,
	[JSON_ARRAY] = ARR,
	[JSON_OBJECT] = OBJ,
};

unsigned
field_type_bit(const struct json_value *v)
{
	return type_bits[v->type];
}

static const struct field *
find_field(
    const struct chat_shape *s, const struct json_value *v, const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_key_is_n(s->text, v, fields[i].name, fields[i].len))
			return &fields[i];
	return NULL;
}

/* "a string, an array or null" */
static void
name_types(unsigned types, char *out, size_t cap)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = { { BOOL, "true or false" }, { INT, "an integer" }, { NUM, "a number" },
		{ STR, "a string" }, { ARR, "an array" }, { OBJ, "an object" } };
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (types & names[i].bit)
			n += (size_t)snprintf(
			    out + n, cap - n, "%s%s", n > 0 ? " or " : "", names[i].name);
}

static bool
is_fraction(const struct field *f, double x)
{
	return (f->types & INT) && isfinite(x) && x != floor(x);
}

static bool
has_type(const struct json_value *v, const struct field *f)
{
	return ((f->types | (f->types & INT ? NUM : 0)) & field_type_bit(v)) != 0;
}

static bool
fits(const struct chat_shape *s, const struct json_value *v, const struct field *f)
{
	if (!has_type(v, f))
		return false;
	if (v->type != JSON_NUMBER)
		return true;
	const double x = json_number(s->text, v);
	return !is_fraction(f, x) && x >= f->min && x <= f->max;
}

static void
refuse_number(
    struct chat_shape *s, const struct json_value *v, const struct field *f, const char *param)
{
	const double x = json_number(s->text, v);

	if (is_fraction(f, x))
		chat_shape_refuse(s, CODE_INVALID_VALUE, param, "'%s' must be an integer.", param);
	else if (x < f->min && f->max >= COUNT_MAX)
		chat_shape_refuse(
		    s, CODE_INVALID_VALUE, param, "'%s' must be at least %g.", param, f->min);
	else
		chat_shape_refuse(s, CODE_INVALID_VALUE, param, "'%s' must be from %g to %g.",
		    param, f->min, f->max);
}

/* Of a value that does not fit. */
static void
refuse(struct chat_shape *s, const struct json_value *v, const struct field *f, const char *param)
{
	char wanted[96];

	if (has_type(v, f)) {
		refuse_number(s, v, f, param);
		return;
	}
	name_types(f->types, wanted, sizeof(wanted));
	chat_shape_refuse(s, CODE_INVALID_VALUE, param, "'%s' must be %s.", param, wanted);
}

void
field_check_as(
    struct chat_shape *s, const struct json_value *v, const struct field *f, const char *param)
{
	if (!s->refused && !fits(s, v, f))
		refuse(s, v, f, param);
}

void
field_check_each(struct chat_shape *s, const struct json_value *v, const struct field *f)
{
	_cleanup_free_ char *key = NULL;
	char param[96];

	if (s->refused || fits(s, v, f))
		return;
	if (v->key_len == 0) {
		snprintf(param, sizeof(param), "%s[%zu]", f->name, v->index);
	} else {
		key = json_unquote(s->text + v->key_at, v->key_len);
		snprintf(param, sizeof(param), "%s.%.40s", f->name, key);
		if (!str_utf8_valid(param, strlen(param))) /* cut inside a character */
			snprintf(param, sizeof(param), "%s", f->name);
	}
	refuse(s, v, f, param);
	s->fault->quotes = key != NULL;
}

const struct field *
field_check(struct chat_shape *s, const struct json_value *v, const struct field *fields, size_t n,
    const char *where)
{
	const struct field *f = find_field(s, v, fields, n);
	char param[96];

	if (f == NULL || s->refused || fits(s, v, f))
		return f;
	snprintf(param, sizeof(param), "%s%s%s", where, *where != '\0' ? "." : "", f->name);
	refuse(s, v, f, param);
	return f;
}
