/*
 * keys.h - API keys as they are stored, and what was used with them.
 *
 * A secret is kept nowhere: only its SHA-256, and enough of its ends for people to know it by.
 */
#ifndef JANUS_STORE_KEYS_H
#define JANUS_STORE_KEYS_H
#include <stddef.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
struct buf;
struct error;
struct store;
struct store_batch;

#define KEY_KINDS(X)    \
	X(SECRET, "sk") \
	X(ADMIN, "ad")  \
	X(MINER, "mn")
enum key_kind {
#define X(name, text) KEY_##name,
	KEY_KINDS(X)
#undef X
	    KEY_KIND_COUNT
};

#define SCOPES(X)       \
	X(CHAT, "chat") \
	X(READ, "read") X(SUBMIT, "submit") X(BENCH, "bench") X(ARENA, "arena") X(ADMIN, "admin")
enum scope_at {
#define X(name, text) SCOPE_AT_##name,
	SCOPES(X)
#undef X
	    SCOPE_COUNT
};
#define SCOPE(name) (1U << SCOPE_AT_##name)
#define SCOPE_ALL ((1U << SCOPE_COUNT) - 1)

struct key_limits { /* 0: none */
	int64_t requests_per_minute, concurrency, tokens_per_minute;
	int64_t day_micro_usd, month_micro_usd; /* of calendar days and months, UTC */
};

struct key {
	char id[NOUN_ID_MAX], name[SLUG_MAX];
	enum key_kind kind;
	unsigned scopes; /* SCOPE(CHAT) | ... */
	char sha256[65], old_sha256[65]; /* old: "" or of the secret before the last rotation */
	int64_t old_until_ms;
	char prefix[16], last_four[8];
	struct key_limits limits;
	int64_t expires_at_ms, rotated_at_ms, revoked_at_ms; /* 0: never */
	int64_t created_at_ms, updated_at_ms;
};

const char *key_kind_name(enum key_kind);
enum key_kind key_kind_named(const char *); /* KEY_KIND_COUNT if there is none */
const char *scope_name(enum scope_at);
/** scope_named - the bit of a word, 0 if there is none. */
unsigned scope_named(const char *word, size_t len);
/** scopes_text - append the words of the bits, a blank between them. */
void scopes_text(struct buf *, unsigned bits);

/** store_put_key - copies the row as it is now. */
void store_put_key(struct store_batch *, const struct key *);

struct key_rows {
	void (*key)(const struct key *, void *arg);
	/** What a key spent in the day and the month of now, and its dearest chat. */
	void (*spent)(const char *key_id, int64_t day_micro_usd, int64_t month_micro_usd,
	    int64_t dearest, void *arg);
	/** A chat of the last minute, in order. */
	void (*recent)(
	    const char *key_id, int64_t at_ms, int64_t done_at_ms, int64_t tokens, void *arg);
};
/** store_load_keys - all keys, then what they used lately. At start. */
int store_load_keys(
    struct store *, const struct key_rows *, int64_t now_wall_ms, void *arg, struct error *);

enum usage_by { USAGE_BY_KEY, USAGE_BY_COMPETITOR, USAGE_BY_DAY };
struct usage_sum {
	char of[64]; /* a key's or competitor's id, or "2026-11-30" */
	int64_t requests, failed, prompt_tokens, completion_tokens, cost_micro_usd, duration_ms,
	    last_at_ms;
};
typedef void usage_sum_fn(const struct usage_sum *, void *arg);
/** store_usage - sums since a wall time; on a worker. */
int store_usage(
    struct store *, enum usage_by, int64_t since_ms, usage_sum_fn *, void *arg, struct error *);

/** day_start_ms, month_start_ms - when the UTC day and month of a wall time began. */
int64_t day_start_ms(int64_t wall_ms);
int64_t month_start_ms(int64_t wall_ms);
#endif
