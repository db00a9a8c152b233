/*
 * policy.h - what an instance gets and when it runs: the operator's settings, what the operator
 * said of one competitor, and what its manifest asks for less.
 *
 * Pure.  One table of fields serves all three; each value knows where it came from.
 */
#ifndef JANUS_SUPERVISE_POLICY_H
#define JANUS_SUPERVISE_POLICY_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "runtime/engine/spec.h"
struct error;

#define ACTIVATIONS(X)                                                     \
	X(ALWAYS, "always") /* runs while it is wanted */                  \
	X(ON_DEMAND, "on-demand") /* a chat starts it, silence stops it */ \
	X(FROZEN, "frozen") /* silence pauses it, a chat wakes it */
/* What becomes of a version that was accepted, when its competitor has one that serves. */
#define PROMOTIONS(X)         \
	X(AT_ONCE, "at-once") \
	X(BY_HAND, "by-hand")
enum promotion {
#define X(name, word) PROMOTION_##name,
	PROMOTIONS(X)
#undef X
	    PROMOTION_COUNT
};

enum activation {
#define X(name, word) ACTIVATION_##name,
	ACTIVATIONS(X)
#undef X
	    ACTIVATION_COUNT
};

struct rules {
	struct policy limits;
	int64_t activation; /* enum activation */
	int64_t idle_ms; /* silence before it is stopped or paused */
	int64_t replicas; /* instances of the version that serves */
	int64_t promotion; /* enum promotion */
};

#define REPLICAS_MAX 32

/** activation_parse - a word of ACTIVATIONS; INVALID names them all. */
int activation_parse(const char *text, int64_t *out, struct error *);

/** policy_apply - defaults, and over them what text (JSON object of field and value, "" for
 *  nothing) says; unreadable text counts as nothing. */
void policy_apply(const struct rules *defaults, const char *text, struct rules *out);
/**
 * policy_merge - text after a patch: a field's null takes it back, others replace it.
 *
 * INVALID names the field; out holds POLICY_MAX bytes, "" when nothing is left.
 */
int policy_merge(const char *text, const cJSON *patch, char *out, struct error *);
/** policy_describe - every field as {"name":{"value":...,"origin":...}}; the caller's tree.
 *  origin(name, arg) says where a default comes from; text and manifest may be NULL. */
cJSON *policy_describe(const struct rules *defaults, const char *(*origin)(const char *, void *),
    void *arg, const char *text, const struct manifest *manifest);
#endif
