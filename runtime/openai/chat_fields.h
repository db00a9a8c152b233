/*
 * chat_fields.h - a field of a request: its name, which JSON types it may have, its range.
 *
 * Pure.
 */
#ifndef JANUS_OPENAI_CHAT_FIELDS_H
#define JANUS_OPENAI_CHAT_FIELDS_H
#include <math.h>
#include <stddef.h>
struct chat_shape;
struct json_value;

/* JSON types as bits. */
enum {
	NUL = 1 << 0,
	BOOL = 1 << 1,
	NUM = 1 << 2,
	STR = 1 << 3,
	ARR = 1 << 4,
	OBJ = 1 << 5,
	INT = 1 << 6, /* a number without a fraction */
};
struct field {
	const char *name;
	size_t len;
	unsigned types;
	double min, max;
};
#define FIELD(n, t)                                      \
	{                                                \
		n, sizeof(n) - 1, t, -HUGE_VAL, HUGE_VAL \
	}
#define RANGE(n, t, low, high)                 \
	{                                      \
		n, sizeof(n) - 1, t, low, high \
	}
#define COUNT_MAX 9007199254740992.0

/** field_type_bit - the type of a value. */
unsigned field_type_bit(const struct json_value *);
/** field_check - check one member against its table; faults name where.name.  The field, or NULL
 *  if it is not a known one. */
const struct field *field_check(struct chat_shape *, const struct json_value *,
    const struct field *fields, size_t n, const char *where);
/** field_check_as - check a value against one field's types and range; faults name param. */
void field_check_as(
    struct chat_shape *, const struct json_value *, const struct field *, const char *param);
/** field_check_each - the same for one value of an array or object; faults name it, as
 *  "stop[2]" or "metadata.a". */
void field_check_each(struct chat_shape *, const struct json_value *, const struct field *);
#endif
