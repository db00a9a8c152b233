/*
 * json_keys.c - compare a few keys each with each; hash many, and compare what collides.
 */
#include "runtime/base/json_keys.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/hash.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"

#define FEW_KEYS 12 /* compared pair by pair, without hashes */

/* Keys come from strangers: without a secret seed they could all be made to collide. */
static uint64_t
process_seed(void)
{
	static _Thread_local uint64_t seed;

	if (seed == 0) {
		hash_random(&seed, sizeof(seed));
		seed |= 1;
	}
	return seed;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	const unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
hash_bytes(const char *p, size_t len, uint64_t seed)
{
	uint64_t h = seed ^ mix(len ^ 0x9e3779b97f4a7c15u, seed | 1);
	uint64_t word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = mix(h ^ word, seed ^ 0xe7037ed1a0b428dbu);
	}
	word = 0;
	memcpy(&word, p, len);
	h = mix(h ^ word, seed ^ 0x8ebc6af09c88c6e3u);
	return h != 0 ? h : 1;
}

static uint64_t
hash_escaped(const struct json_keys *k, size_t at, size_t len)
{
	_cleanup_free_ char *decoded = json_unquote(k->text + at, len);

	return hash_bytes(decoded, strlen(decoded), k->seed);
}

void
json_keys_init(struct json_keys *k, const char *text)
{
	*k = (struct json_keys){ .text = text, .seed = process_seed() };
}

void
json_keys_done(struct json_keys *k)
{
	free(k->all);
}

void
json_keys_add(struct json_keys *k, size_t at, size_t len, bool escaped)
{
	if (k->n == k->cap) {
		k->cap = k->cap != 0 ? k->cap * 2 : 64;
		k->all = mem_realloc(k->all, k->cap * sizeof(*k->all));
	}
	k->all[k->n++] = (struct json_key){
		.hash = escaped ? hash_escaped(k, at, len) : 0,
		.at = (uint32_t)at,
		.len = (uint32_t)len,
	};
}

/* Where no key is escaped, two are the same if their bytes are. */
static const struct json_key *
twice_of_few(const char *text, const struct json_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (keys[i].len == keys[j].len &&
			    memcmp(text + keys[i].at, text + keys[j].at, keys[i].len) == 0)
				return &keys[i];
	return NULL;
}

static bool
same_key(const char *text, const struct json_key *a, const struct json_key *b)
{
	if (a->hash != b->hash)
		return false;
	_cleanup_free_ char *x = json_unquote(text + a->at, a->len);
	_cleanup_free_ char *y = json_unquote(text + b->at, b->len);
	return strcmp(x, y) == 0;
}

const struct json_key *
json_keys_twice(struct json_keys *k, size_t first)
{
	const size_t n = k->n - first;
	bool escaped = false;

	if (n < 2)
		return NULL;
	struct json_key *keys = k->all + first;
	for (size_t i = 0; i < n && !escaped; i++)
		escaped = keys[i].hash != 0;
	if (n <= FEW_KEYS && !escaped)
		return twice_of_few(k->text, keys, n);
	size_t cap = 64;
	while (cap < n * 2)
		cap *= 2;
	_cleanup_free_ uint32_t *table = mem_zalloc(cap * sizeof(*table)); /* index + 1, 0 free */
	for (size_t i = 0; i < n; i++) {
		if (keys[i].hash == 0)
			keys[i].hash =
			    hash_bytes(k->text + keys[i].at + 1, keys[i].len - 2, k->seed);
		size_t slot = keys[i].hash & (cap - 1);

		for (; table[slot] != 0; slot = (slot + 1) & (cap - 1))
			if (same_key(k->text, &keys[i], &keys[table[slot] - 1]))
				return &keys[i];
		table[slot] = (uint32_t)i + 1;
	}
	return NULL;
}
