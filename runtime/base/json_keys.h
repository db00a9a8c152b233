/*
 * json_keys.h - the keys of the JSON objects that are open: is one there twice? (internal to json_scan.c)
 *
 * They are looked at when an object ends: its keys wait on one stack shared by all open objects.
 * Those of a small object are compared as they stand, those of a large one through a table, so an
 * object of a million keys costs a million insertions and no more.
 */
#ifndef JANUS_BASE_JSON_KEYS_H
#define JANUS_BASE_JSON_KEYS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_key { /* a literal of the text, with its quotes */
	uint64_t hash; /* 0: not wanted yet */
	uint32_t at, len;
};
struct json_keys { /* embedded; an object that ends sets n back to what it was */
	const char *text;
	uint64_t seed;
	struct json_key *all; /* owned */
	size_t n, cap;
};

/** json_keys_init - of a text of up to 4 GiB, borrowed. */
void json_keys_init(struct json_keys *, const char *text);
void json_keys_done(struct json_keys *);
/** json_keys_add - a valid literal; escaped: with a backslash in it. */
void json_keys_add(struct json_keys *, size_t at, size_t len, bool escaped);
/** json_keys_twice - of those from first on, one that says the same as an earlier one; NULL. */
const struct json_key *json_keys_twice(struct json_keys *, size_t first);
#endif
