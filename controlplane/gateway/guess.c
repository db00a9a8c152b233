/*
 * guess.c - a leaky bucket an address.
 */
#include "controlplane/gateway/guess.h"

#include <arpa/inet.h>
#include <string.h>

#define BURST 20
#define A_FAILURE_MS 200 /* forgiven at 5 a second */

/* Keyed, and good for telling things apart; what it decides is only whether to look closer. */
static uint64_t
fingerprint(uint64_t seed, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = seed ^ (len * 0x9E3779B97F4A7C15ULL);

	for (size_t i = 0; i < len; i++) {
		h = (h ^ p[i]) * 0xD6E8FEB86659FD93ULL;
		h ^= h >> 32 ^ seed;
	}
	return h | 1; /* 0 is a free slot */
}

static uint64_t
who_of(const struct guesses *g, const char *address)
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) == 1)
		return fingerprint(g->seed, &v6, IN6_IS_ADDR_V4MAPPED(&v6) ? sizeof(v6) : 8);
	return fingerprint(g->seed, address, strlen(address));
}

static int64_t
debt_of(const struct guess_slot *s, int64_t now_ms)
{
	const int64_t left_ms = s->debt_ms - (now_ms - s->at_ms);

	return left_ms > 0 ? left_ms : 0;
}

bool
guess_allowed(
    const struct guesses *g, const char *address, const char *key, size_t len, int64_t now_ms)
{
	const uint64_t who = who_of(g, address), print = fingerprint(g->seed, key, len);
	const struct guess_slot *set = g->slots[who >> 8 & (GUESS_SETS - 1)];

	for (unsigned i = 0; i < GUESS_WAYS; i++)
		if (set[i].who == who && debt_of(&set[i], now_ms) > (BURST - 1) * A_FAILURE_MS)
			return g->good[print >> 8 & (GUESS_GOOD - 1)] == print;
	return true;
}

void
guess_failed(struct guesses *g, const char *address, int64_t now_ms)
{
	const uint64_t who = who_of(g, address);
	struct guess_slot *set = g->slots[who >> 8 & (GUESS_SETS - 1)], *s = &set[0];

	/* Its own slot, or the one that owes least. */
	for (unsigned i = 0; i < GUESS_WAYS && s->who != who; i++)
		if (set[i].who == who || debt_of(&set[i], now_ms) < debt_of(s, now_ms))
			s = &set[i];
	*s = (struct guess_slot){ .who = who,
		.at_ms = now_ms,
		.debt_ms = (s->who == who ? debt_of(s, now_ms) : 0) + A_FAILURE_MS };
}

void
guess_good(struct guesses *g, const char *key, size_t len)
{
	const uint64_t print = fingerprint(g->seed, key, len);

	g->good[print >> 8 & (GUESS_GOOD - 1)] = print;
}
