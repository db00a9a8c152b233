/*
 * offline_embedding.c - feature hashing.
 */
#include "controlplane/platform/offline_embedding.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define FNV_OFFSET 14695981039346656037ULL
#define FNV_PRIME 1099511628211ULL

/* Letters and digits of ASCII, and every byte of other writing. */
static int
is_word(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

static void
add(float out[OFFLINE_EMBEDDING_DIMENSIONS], uint64_t hash, float weight)
{
	hash ^= hash >> 29; /* the low bits of FNV are the weak ones */
	hash *= 0xbf58476d1ce4e5b9ULL;
	hash ^= hash >> 32;
	out[hash % OFFLINE_EMBEDDING_DIMENSIONS] += (hash >> 63) != 0 ? weight : -weight;
}

size_t
offline_embedding(const char *text, size_t len, float out[OFFLINE_EMBEDDING_DIMENSIONS])
{
	uint64_t before = 0;
	double sum = 0;
	size_t words = 0;

	memset(out, 0, OFFLINE_EMBEDDING_DIMENSIONS * sizeof(*out));
	for (size_t i = 0; i < len;) {
		uint64_t hash = FNV_OFFSET;

		while (i < len && !is_word((unsigned char)text[i]))
			i++;
		if (i == len)
			break;
		for (; i < len && is_word((unsigned char)text[i]); i++)
			hash = (hash ^ (uint64_t)tolower((unsigned char)text[i])) * FNV_PRIME;
		add(out, hash, 1);
		if (words++ > 0)
			add(out, before * 31 + hash, 0.5F);
		before = hash;
	}
	for (int i = 0; i < OFFLINE_EMBEDDING_DIMENSIONS; i++)
		sum += (double)out[i] * (double)out[i];
	if (sum == 0)
		out[0] = 1; /* a text without words is a vector too */
	else
		for (int i = 0; i < OFFLINE_EMBEDDING_DIMENSIONS; i++)
			out[i] = (float)((double)out[i] / sqrt(sum));
	return words;
}
