/*
 * json_scan.h - validate JSON in one pass and report where the values are.
 *
 * Pure, allocates little, never recurses.  The strict rules of json.h are enforced here and
 * nowhere else: whatever passes json_scan is read the same way by every parser.
 */
#ifndef JANUS_BASE_JSON_SCAN_H
#define JANUS_BASE_JSON_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
struct error;

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* One value that was read completely. Offsets count bytes from the start of the text. */
struct json_value {
	int depth; /* 0 the whole text, 1 a member of it, ... */
	enum json_type type;
	size_t key_at, key_len; /* the key with its quotes; key_len 0 in arrays and at depth 0 */
	bool key_escaped; /* there is a backslash in it */
	size_t at, len; /* the value itself, quotes and brackets included */
	size_t member_at; /* where key (or array value) starts */
	size_t index; /* position among its siblings, from 0 */
	const struct json_value *parent; /* what holds it, its len not yet known; NULL at depth 0 */
};

/* Called at the END of each value, so children come before their parent; -1 stops the scan. */
typedef int json_value_fn(const struct json_value *, void *arg);

/**
 * json_scan - check text of len bytes and report each value (on_value may be NULL).
 *
 * Returns 0, or -1 with err: INVALID naming the byte offset and what is wrong; when on_value
 * returned -1, err is whatever it left there.
 */
int json_scan(const char *text, size_t len, json_value_fn *on_value, void *arg, struct error *);

/** json_escaped_key_is - json_key_is of a key with an escape in it. */
bool json_escaped_key_is(const char *text, const struct json_value *v, const char *name);
/** json_key_is - does the key at text+v->key_at say name, of len bytes? Asked of most values: inline. */
static inline bool
json_key_is_n(const char *text, const struct json_value *v, const char *name, size_t len)
{
	return v->key_escaped
	    ? json_escaped_key_is(text, v, name)
	    : v->key_len == len + 2 && memcmp(text + v->key_at + 1, name, len) == 0;
}
static inline bool
json_key_is(const char *text, const struct json_value *v, const char *name)
{
	return json_key_is_n(text, v, name, strlen(name));
}

/** json_number - the number at text+v->at, as the nearest double (or infinite). */
double json_number(const char *text, const struct json_value *v);

/** json_unquote - decode a string literal (with its quotes) that json_scan accepted; caller frees. */
char *json_unquote(const char *literal, size_t len);
#endif
