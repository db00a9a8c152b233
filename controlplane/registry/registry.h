/*
 * registry.h - all nouns in memory, found by id, unique id prefix, or slug.
 *
 * The control loop's own.  Rows live until registry_done, or until they are forgotten: a removed
 * competitor or instance stays in the database only.
 */
#ifndef JANUS_REGISTRY_REGISTRY_H
#define JANUS_REGISTRY_REGISTRY_H
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/map.h"
struct error;
struct routes;
struct store;

struct registry {
	struct competitor **competitors; /* each list is in the order of creation */
	struct version **versions;
	struct submission **submissions;
	struct instance **instances;
	size_t ncompetitors, nversions, nsubmissions, ninstances;
	struct map by_id;
};

void registry_done(struct registry *);
/** registry_load - everything the store keeps; on an empty registry. */
int registry_load(struct registry *, struct store *, struct error *);

/* Add a row: copied, what it owns is taken over; returns the row that stays. */
struct competitor *registry_add_competitor(struct registry *, const struct competitor *);
struct version *registry_add_version(struct registry *, const struct version *);
struct submission *registry_add_submission(struct registry *, const struct submission *);
struct instance *registry_add_instance(struct registry *, const struct instance *);
void registry_forget_competitor(struct registry *, struct competitor *);
void registry_forget_instance(struct registry *, struct instance *);

/* By exact id; NULL if there is none. */
struct competitor *registry_competitor(const struct registry *, const char *id);
struct version *registry_version(const struct registry *, const char *id);
struct submission *registry_submission(const struct registry *, const char *id);
struct instance *registry_instance(const struct registry *, const char *id);
struct competitor *registry_slug(const struct registry *, const char *slug);
/** registry_serving - the instance of a competitor's current version; NULL if there is none. */
struct instance *registry_serving(const struct registry *, const struct competitor *);
/** registry_replica - how many instances of that version of a competitor are newer than this one,
 *  which is of it too and does not drain; -1 if it is not. */
int registry_replica(const struct registry *, const struct competitor *, const char *version,
    const struct instance *);
/** registry_accepted - may the instance's version serve at all? (version_may_serve) */
bool registry_accepted(const struct registry *, const struct instance *);
/** registry_active - the submission under way for a slug; NULL if there is none. */
struct submission *registry_active(const struct registry *, const char *slug);

/*
 * By reference as people write it: an id, a unique prefix of one (six characters or more after
 * the underscore), or for competitors and what belongs to one its slug (the newest submission,
 * the current version, the serving instance).  NULL with NOT_FOUND, or INVALID naming candidates.
 */
struct competitor *registry_find_competitor(
    const struct registry *, const char *ref, struct error *);
struct version *registry_find_version(const struct registry *, const char *ref, struct error *);
struct submission *registry_find_submission(
    const struct registry *, const char *ref, struct error *);
struct instance *registry_find_instance(const struct registry *, const char *ref, struct error *);

/** registry_served - has it a ready instance of a version that may serve? */
bool registry_served(const struct registry *, const struct competitor *);
/** registry_default - who answers model `janus`: the champion if it is ready or a chat would wake it,
 *  or else the earliest competitor that is ready, or that a chat would wake; NULL. */
struct competitor *registry_default(const struct registry *);
#endif
