/*
 * keys.h - API keys in memory: the control loop's list, and the immutable snapshot that gateway
 * loops look callers up in.
 *
 * A snapshot is handed out and swapped whole, as routes are.  What a key uses is counted in its
 * meter, which all snapshots share, so that limits survive a swap; limits are kept by
 * controlplane/gateway/limit.h.
 */
#ifndef JANUS_REGISTRY_KEYS_H
#define JANUS_REGISTRY_KEYS_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/store/keys.h"
struct error;

/* ---- the text of a key: jns_<kind>_<43 letters and digits><6 check characters> ---- */

#define KEY_PREFIX "jns_"
#define KEY_TEXT_LEN 56

/** key_text_new - a new secret of 256 random bits into out. */
void key_text_new(enum key_kind, char out[KEY_TEXT_LEN + 1]);
/** key_text_valid - the right form and check characters?  Says nothing about being known. */
bool key_text_valid(const char *text);
/** key_set_secret - prefix, last four and SHA-256 of a secret into a row. */
void key_set_secret(struct key *, const char *text);

/* ---- what a key uses ---- */

#define METER_SECONDS 64 /* more than the 61 that touch a minute */

/* second << 32 | count, or window << 48 | micro-USD: one word, so that it changes at once. */
struct key_meter { /* zero but for refs and dearest when new */
	_Atomic int refs;
	_Atomic bool revoked;
	_Atomic int64_t in_flight;
	_Atomic uint64_t requests[METER_SECONDS], tokens[METER_SECONDS];
	_Atomic uint64_t day, month;
	_Atomic int64_t dearest_micro_usd; /* what a call is expected to cost at most */
};
struct key_meter *key_meter_new(void); /* one reference, the caller's */
struct key_meter *key_meter_ref(struct key_meter *);
void key_meter_unref(struct key_meter *); /* NULL is fine */

/* ---- the snapshot ---- */

struct key_entry {
	char id[NOUN_ID_MAX];
	unsigned scopes;
	int64_t expires_at_ms; /* 0: never */
	struct key_limits limits;
	struct key_meter *meter; /* a reference */
};
struct key_slot { /* free where entry is NULL */
	unsigned char sha256[32];
	const struct key_entry *entry;
	int64_t until_ms; /* of a secret that was rotated away; 0: for good */
};
struct keys {
	_Atomic int refs;
	struct key_entry *at; /* not the revoked ones */
	size_t len, mask;
	struct key_slot *slots; /* open table, mask + 1 of them */
};
struct keys *keys_ref(struct keys *);
void keys_unref(struct keys *); /* NULL is fine */
/** keys_find - who has the secret of that SHA-256 at that time; NULL.  Takes as long for any that
 *  is not known: the table is entered by the digest, and secrets cannot be chosen by theirs. */
const struct key_entry *keys_find(
    const struct keys *, const unsigned char sha256[32], int64_t wall_ms);

/* ---- the control loop's list ---- */

struct held_key {
	struct key row; /* first: it begins with the id */
	struct key_meter *meter;
	bool changing; /* a change is being stored: no other may begin */
};
struct key_ring { /* zero-initialised */
	struct held_key **at; /* in the order of creation, revoked ones too */
	size_t len;
};
void key_ring_done(struct key_ring *);
/** key_ring_add - copies the row. */
struct held_key *key_ring_add(struct key_ring *, const struct key *);
struct held_key *key_ring_id(const struct key_ring *, const char *id); /* exact; NULL */
/** key_ring_find - by id, unique prefix of one, or name (the live one first); NULL with err. */
struct held_key *key_ring_find(const struct key_ring *, const char *ref, struct error *);
/** key_ring_live - the key of that name that is not revoked; NULL. */
struct held_key *key_ring_live(const struct key_ring *, const char *name);
/** key_ring_snapshot - what gateways are to use; one reference, the caller's. */
struct keys *key_ring_snapshot(const struct key_ring *);
#endif
