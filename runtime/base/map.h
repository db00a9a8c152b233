/*
 * map.h - strings to pointers, in one open table.
 *
 * The map owns copies of its keys and never its values.  Not ordered.
 */
#ifndef JANUS_BASE_MAP_H
#define JANUS_BASE_MAP_H
#include <stdbool.h>
#include <stddef.h>

struct map_slot {
	char *key; /* owned; NULL where free */
	void *value;
};
struct map {
	struct map_slot *slots;
	size_t cap, len;
};

void map_done(struct map *);
/** map_put - set key's value; returns the value it had, or NULL. value is not NULL. */
void *map_put(struct map *, const char *key, void *value);
void *map_get(const struct map *, const char *key);
/** map_remove - forget key; returns the value it had, or NULL. */
void *map_remove(struct map *, const char *key);
/** map_next - walk: start with *at = 0; returns false at the end. No change while walking. */
bool map_next(const struct map *, size_t *at, const char **key, void **value);
#endif
