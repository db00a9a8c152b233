/*
 * id.c - make and check identifiers.
 */
#include "runtime/base/id.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/hash.h"

static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Milliseconds and a counter that only grows, also when the clock steps back. */
static void
next_stamp(uint64_t *ms, uint16_t *seq)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t last_ms;
	static uint16_t last_seq;

	pthread_mutex_lock(&lock);
	const uint64_t now = (uint64_t)clock_wall_ms();
	if (now > last_ms) {
		last_ms = now;
		last_seq = 0;
	} else if (++last_seq > 0xfff) {
		last_ms++;
		last_seq = 0;
	}
	*ms = last_ms;
	*seq = last_seq;
	pthread_mutex_unlock(&lock);
}

static void
uuid7(unsigned char out[16])
{
	uint64_t ms;
	uint16_t seq;

	next_stamp(&ms, &seq);
	hash_random(out, 16);
	for (int i = 0; i < 6; i++)
		out[i] = (unsigned char)(ms >> (40 - 8 * i));
	out[6] = (unsigned char)(0x70 | seq >> 8);
	out[7] = (unsigned char)seq;
	out[8] = (unsigned char)(0x80 | (out[8] & 0x3f));
}

const char *
id_new(const char *prefix, char out[ID_MAX])
{
	unsigned char u[16];
	char text[27];

	uuid7(u);
	/* 128 bits in 26 digits of 5: two zero bits lead. */
	unsigned __int128 bits = 0;
	for (size_t i = 0; i < sizeof(u); i++)
		bits = bits << 8 | u[i];
	for (int i = 25; i >= 0; i--, bits >>= 5)
		text[i] = crockford[bits & 31];
	text[26] = '\0';
	const size_t len = strnlen(prefix, ID_MAX - sizeof(text) - 1);
	memcpy(out, prefix, len);
	out[len] = '_';
	memcpy(out + len + 1, text, sizeof(text));
	return out;
}

bool
id_valid(const char *prefix, const char *text)
{
	const size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) != 0 || text[n] != '_' || strlen(text + n + 1) != 26)
		return false;
	return strspn(text + n + 1, crockford) == 26;
}

const char *
id_random_base62(char *out, size_t n)
{
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < n;) {
		unsigned char byte;

		hash_random(&byte, 1);
		if (byte < 248) /* 4 * 62: the rest would favour some digits */
			out[i++] = digits[byte % 62];
	}
	out[n] = '\0';
	return out;
}

bool
id_request_valid(const char *text)
{
	const size_t n = strlen(text);

	return n >= 8 && n <= 128 &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}
