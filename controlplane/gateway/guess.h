/*
 * guess.h - how often did an address give a wrong key lately?
 *
 * Pure, one table a loop.  An address (of IPv6 its /64) may fail so many times at once and then so
 * many a second; beyond that its keys are not looked at.  A key that was good before is always
 * looked at, so that nobody is locked out by a neighbour behind the same address.
 */
#ifndef JANUS_GATEWAY_GUESS_H
#define JANUS_GATEWAY_GUESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUESS_SETS 256
#define GUESS_WAYS 4
#define GUESS_GOOD 1024

struct guess_slot {
	uint64_t who; /* 0: free */
	int64_t at_ms;
	int64_t debt_ms; /* of failures: time until all are forgiven */
};
struct guesses { /* zero but for the seed, which is random */
	uint64_t seed;
	struct guess_slot slots[GUESS_SETS][GUESS_WAYS];
	uint64_t good[GUESS_GOOD]; /* fingerprints under the seed */
};

/** guess_allowed - may a key from there be looked at? key is KEY_TEXT_LEN bytes or so, any bytes. */
bool guess_allowed(
    const struct guesses *, const char *address, const char *key, size_t len, int64_t now_ms);
void guess_failed(struct guesses *, const char *address, int64_t now_ms);
void guess_good(struct guesses *, const char *key, size_t len);
#endif
