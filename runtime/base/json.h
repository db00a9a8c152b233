/*
 * json.h - JSON, strictly: our wrapper over cJSON, and text written without a tree.
 *
 * Nothing is accepted that two parsers could read in two ways: no trailing bytes, no duplicate
 * keys, no invalid UTF-8, no NUL, no depth beyond 64.  Trees are read with the getters below,
 * which are case-sensitive and never fail loudly: a missing or wrong-typed field is absent.
 * Trees are built whole, cJSON's own calls too, in every program this is part of: out of memory
 * ends the process as mem_out does.
 */
#ifndef JANUS_BASE_JSON_H
#define JANUS_BASE_JSON_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct error;

#define JSON_MAX_DEPTH 64

/** json_parse - text of len bytes to a tree that the caller frees; INVALID names the byte. */
int json_parse(const char *text, size_t len, cJSON **out, struct error *);
/** json_print - compact text, the caller's; its numbers are read back as the same doubles. */
char *json_print(const cJSON *);

const cJSON *json_get(const cJSON *object, const char *key);
const char *json_str(const cJSON *object, const char *key); /* NULL if absent or not a string */
int64_t json_int(const cJSON *object, const char *key, int64_t absent);
double json_num(const cJSON *object, const char *key, double absent);
bool json_bool(const cJSON *object, const char *key, bool absent);
/** json_path - follow keys "State.OOMKilled"; NULL where one is missing. Numbers index arrays. */
const cJSON *json_path(const cJSON *object, const char *dotted);
/** json_unknown_key - the first key of object that is not in the NULL-ended list, or NULL. */
const char *json_unknown_key(const cJSON *object, const char *const *known);
#define json_for_each(item, array) cJSON_ArrayForEach(item, array)

/* Build trees: each adds to object and returns the new item; value NULL adds null.  Bytes of a
 * value that are not UTF-8 become U+FFFD. */
cJSON *json_add_str(cJSON *object, const char *key, const char *value);
/** json_add_text - as json_add_str; an empty value is null, too. */
cJSON *json_add_text(cJSON *object, const char *key, const char *value);
cJSON *json_add_int(cJSON *object, const char *key, int64_t value);
cJSON *json_add_bool(cJSON *object, const char *key, bool value);
cJSON *json_add_obj(cJSON *object, const char *key);
cJSON *json_add_arr(cJSON *object, const char *key);
/** json_add_time - RFC 3339 of wall milliseconds, or null for 0. */
cJSON *json_add_time(cJSON *object, const char *key, int64_t wall_ms);

/** json_add_quoted - append a JSON string literal; bytes that are not UTF-8 become U+FFFD. */
void json_add_quoted(struct buf *out, const char *text, size_t len);

static inline void
json_cleanupp(cJSON **json)
{
	cJSON_Delete(*json);
}
#define _cleanup_json_ __attribute__((cleanup(json_cleanupp)))
#endif
