/*
 * nouns.h - what Janus keeps: competitors, versions, submissions, instances.
 *
 * Plain structs, all of them the control loop's.  Strings are fixed where they are short and
 * owned where they are not.  Times ending _at_ms or since_ms are wall milliseconds.
 */
#ifndef JANUS_STORE_NOUNS_H
#define JANUS_STORE_NOUNS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/ed25519.h"

#define NOUN_ID_MAX 40
#define SLUG_MAX 48
#define REFERENCE_MAX 520
#define DETAIL_MAX 320
#define POLICY_MAX 512

#define SUBMISSION_STATES(X)                                                        \
	X(RECEIVED, "received") /* stored; nothing done */                          \
	X(RESOLVING, "resolving") /* tag to digest, at the registry */              \
	X(PULLING, "pulling") /* layers come to the engine */                       \
	X(IMPORTING, "importing") /* an archive that was sent goes to the engine */ \
	X(SCANNING, "scanning") /* may this image run here at all? */               \
	X(STARTING, "starting") /* a trial instance starts and is probed */         \
	X(CONFORMING, "conforming") /* it is healthy and is put to the checks */    \
	X(READY, "ready") /* accepted: it is the competitor's version now */        \
	X(RETIRED, "retired") /* it passed, and was not meant to serve */           \
	X(REJECTED, "rejected") /* the miner's to mend; evidence says why */        \
	X(FAILED, "failed") /* ours */                                              \
	X(CANCELLED, "cancelled")

enum submission_state {
#define X(name, text) SUBMISSION_##name,
	SUBMISSION_STATES(X)
#undef X
	    SUBMISSION_STATE_COUNT
};

#define INSTANCE_STATES(X)                                                 \
	X(ABSENT, "absent") /* nothing on the host */                      \
	X(PULLING, "pulling") /* its image is not on the host any more */  \
	X(STARTING, "starting") /* pod made; /health not yet 200 */        \
	X(READY, "ready") /* may be sent requests */                       \
	X(FROZEN, "frozen") /* paused: memory kept, no CPU */              \
	X(DRAINING, "draining") /* no new requests; open streams finish */ \
	X(BACKOFF, "backoff") /* died; waiting before the next try */      \
	X(FAILED, "failed") /* died too often; waits for a person */

enum instance_state {
#define X(name, text) INSTANCE_##name,
	INSTANCE_STATES(X)
#undef X
	    INSTANCE_STATE_COUNT
};

const char *submission_state_name(enum submission_state);
const char *instance_state_name(enum instance_state);
/** *_state_named - the state of that name, *_STATE_COUNT if there is none. */
enum submission_state submission_state_named(const char *);
enum instance_state instance_state_named(const char *);
bool submission_is_final(enum submission_state);

/* What the leaderboard says of a competitor. */
struct standing {
	bool has_score; /* of the suite that decides */
	double score; /* 0 to 100 */
	int rank_low, rank_high;
	bool is_champion, is_fast, is_cheap; /* who model janus, janus-fast and janus-cheap are */
	int canary_percent; /* of the chats of model janus, while it is tried */
};

struct traffic;
struct competitor {
	char id[NOUN_ID_MAX], slug[SLUG_MAX];
	bool wanted; /* should it be running? */
	char version_id[NOUN_ID_MAX]; /* "" until one was accepted */
	char candidate_id[NOUN_ID_MAX]; /* version that answers a share of its chats; "" none */
	int candidate_percent; /* of them, 1 to 99 */
	int64_t generation; /* of the instances it is to have; grows with each restart */
	char policy[POLICY_MAX]; /* what the operator said of it alone: JSON, or "" */
	int64_t created_at_ms, updated_at_ms, removed_at_ms;
	/* not stored; the supervisor's */
	int64_t activation, idle_ms, replicas, promotion; /* of the policy in force */
	int64_t asked_ms; /* monotonic: when a chat last wanted it; 0: never */
	bool wakes; /* a chat that waits for it brings an instance */
	struct traffic *traffic; /* a reference; NULL until something of it was made */
	struct standing standing; /* not stored either; champion.h's */
};

struct version {
	char id[NOUN_ID_MAX], competitor_id[NOUN_ID_MAX];
	bool is_url;
	char reference[REFERENCE_MAX]; /* as submitted */
	char digest[72]; /* "" for a URL */
	char image_id[72];
	char *manifest; /* owned; "" the default */
	int64_t accepted_at_ms; /* 0: on trial, or refused */
	int64_t retired_at_ms; /* 0: it may serve, if it was accepted */
	int64_t created_at_ms, updated_at_ms;
};

struct submission {
	char id[NOUN_ID_MAX], slug[SLUG_MAX];
	bool is_url;
	bool check_only; /* it serves nobody, however it ends */
	char reference[REFERENCE_MAX];
	char archive[72]; /* digest of the file it came as; "" for all others */
	char *manifest; /* owned; "" the default */
	enum submission_state state;
	char reason[40]; /* a word of docs/api.md */
	char detail[DETAIL_MAX];
	int64_t since_ms;
	char digest[72];
	bool is_local; /* digest is the id of a local image */
	char version_id[NOUN_ID_MAX], competitor_id[NOUN_ID_MAX], instance_id[NOUN_ID_MAX];
	char fault[16]; /* "" client miner platform upstream */
	char *evidence; /* owned JSON text or NULL */
	int attempts; /* of the current step */
	int64_t created_at_ms, updated_at_ms;
	char image_id[72]; /* of the scanned image */
	/* not stored */
	int64_t bytes, total_bytes;
	int64_t retry_at_ms; /* wall: its step is tried again then; 0: it is not waited for */
};

struct instance {
	char id[NOUN_ID_MAX], competitor_id[NOUN_ID_MAX], version_id[NOUN_ID_MAX];
	enum instance_state state;
	char reason[40];
	char detail[DETAIL_MAX];
	int64_t since_ms;
	unsigned uid;
	char token_sha256[72];
	char spec_hash[72];
	int restarts; /* since it was made */
	int failures; /* lately, for back-off and quarantine */
	int64_t next_try_ms; /* wall */
	int64_t generation; /* its competitor's when it was made */
	char *evidence; /* owned JSON text or NULL: how it last failed */
	int64_t created_at_ms, updated_at_ms, removed_at_ms;
	/* not stored */
	struct live *live; /* the supervisor's own */
};

/* What a competitor did elsewhere, as the bundle tells that brought it here. */
struct history {
	char submission_id[NOUN_ID_MAX]; /* that brought it */
	int64_t place; /* among those it brought, the oldest 0 */
	char signer[ED25519_PUBLIC_MAX];
	int64_t exported_at_ms, imported_at_ms; /* by the signer's clock; by ours */
	char *manifest, *signature, *story; /* owned: texts of the bundle's files, as they were */
};

/** version_may_serve - was it accepted, and not retired since? */
bool version_may_serve(const struct version *);
void version_done(struct version *);
void submission_done(struct submission *);
void instance_done(struct instance *);
void history_done(struct history *);
#endif
