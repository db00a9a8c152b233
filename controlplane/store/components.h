/*
 * components.h - what is offered to competitors beside the platform's own services: rows, one a version.
 */
#ifndef JANUS_STORE_COMPONENTS_H
#define JANUS_STORE_COMPONENTS_H
#include <stdint.h>

#include "controlplane/store/nouns.h"
struct error;
struct store;
struct store_batch;

#define COMPONENT_VERSION_MAX 48

#define COMPONENT_STATES(X)                                               \
	X(SUBMITTED, "submitted") /* its owner and reviewers see it */    \
	X(PUBLISHED, "published") /* everybody does */                    \
	X(REJECTED, "rejected") /* the reason says why */                 \
	X(DEPRECATED, "deprecated") /* everybody sees it is not to use */ \
	X(RETIRED, "retired") /* taken back; only its number is kept */
enum component_state {
#define X(name, text) COMPONENT_##name,
	COMPONENT_STATES(X)
#undef X
	    COMPONENT_STATE_COUNT
};
const char *component_state_name(enum component_state);
enum component_state component_state_named(
    const char *); /* COMPONENT_STATE_COUNT if there is none */

struct component {
	char id[NOUN_ID_MAX], version[COMPONENT_VERSION_MAX]; /* both: the key */
	enum component_state state;
	char reason[DETAIL_MAX]; /* of the last review; "" */
	char owner[48], author[SLUG_MAX]; /* a key's id and name, or "admin" twice */
	char reviewer[48]; /* "" */
	char *manifest; /* owned: JSON, without the contract's document */
	char *contract; /* owned: that document's JSON; "" without */
	int64_t created_at_ms, updated_at_ms, reviewed_at_ms; /* 0: never */
};
void component_row_done(struct component *);
/** store_put_component - copies the row as it is now. */
void store_put_component(struct store_batch *, const struct component *);
typedef void component_fn(const struct component *, void *arg);
/** store_load_components - all, in the order of submission; at start. The row and what it owns is fn's. */
int store_load_components(struct store *, component_fn *fn, void *arg, struct error *);
#endif
