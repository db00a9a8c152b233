/*
 * map.c - open addressing with linear probing, keyed hashing.
 */
#include "runtime/base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/base/str.h"

/* Keys may come from outside: FNV with a seed no one can guess keeps probe chains short. */
static uint64_t
hash(const char *key)
{
	static uint64_t seed;
	uint64_t h;

	if (seed == 0) {
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			abort();
		seed |= 1;
	}
	h = seed;
	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	return h ^ (h >> 29);
}

static size_t
find(const struct map *m, const char *key)
{
	size_t i = hash(key) & (m->cap - 1);

	while (m->slots[i].key != NULL && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void
grow(struct map *m)
{
	const struct map old = *m;

	m->cap = old.cap != 0 ? old.cap * 2 : 16;
	m->slots = mem_zalloc(m->cap * sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key != NULL)
			m->slots[find(m, old.slots[i].key)] = old.slots[i];
	free(old.slots);
}

void
map_done(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){ 0 };
}

void *
map_put(struct map *m, const char *key, void *value)
{
	if (m->len * 2 >= m->cap)
		grow(m);
	struct map_slot *slot = &m->slots[find(m, key)];
	void *old = slot->value;

	if (slot->key == NULL) {
		slot->key = str_dup(key);
		m->len++;
		old = NULL;
	}
	slot->value = value;
	return old;
}

void *
map_get(const struct map *m, const char *key)
{
	return m->cap != 0 ? m->slots[find(m, key)].value : NULL;
}

void *
map_remove(struct map *m, const char *key)
{
	if (m->cap == 0)
		return NULL;
	size_t i = find(m, key);
	void *old = m->slots[i].value;

	if (m->slots[i].key == NULL)
		return NULL;
	free(m->slots[i].key);
	m->slots[i] = (struct map_slot){ 0 };
	m->len--;
	/* Close the hole: whoever follows may belong before it. */
	for (size_t k = (i + 1) & (m->cap - 1); m->slots[k].key != NULL;
	     k = (k + 1) & (m->cap - 1)) {
		const struct map_slot moved = m->slots[k];

		m->slots[k] = (struct map_slot){ 0 };
		m->slots[find(m, moved.key)] = moved;
	}
	return old;
}

bool
map_next(const struct map *m, size_t *at, const char **key, void **value)
{
	for (; *at < m->cap; (*at)++) {
		if (m->slots[*at].key == NULL)
			continue;
		*key = m->slots[*at].key;
		*value = m->slots[*at].value;
		(*at)++;
		return true;
	}
	return false;
}
