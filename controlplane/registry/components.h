/*
 * components.h - the marketplace in memory: the platform's own services first, then what was submitted.
 *
 * The control loop's.  A component is the versions of one id; each version is an entry.
 */
#ifndef JANUS_REGISTRY_COMPONENTS_H
#define JANUS_REGISTRY_COMPONENTS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/registry/component_manifest.h"
struct error;
struct store;

#define COMPONENTS_MAX 5000 /* versions in all */
#define COMPONENTS_OF_NAMESPACE_MAX 500 /* of these */
#define COMPONENTS_BYTES_MAX (64 << 20) /* of all their texts */

#define COMPONENT_OPERATIONS_MAX 6
struct component_service { /* of a platform service: what is known by which word */
	const char
	    *offer; /* in what the broker says it offers; NULL: it is there with the broker */
	const char *needs; /* what to set up where it is not offered */
	const char *calls; /* the service in rows of egress; NULL: its calls are not counted */
	const char *operations[COMPONENT_OPERATIONS_MAX]; /* of them; none: all */
};
struct component_entry {
	struct component row;
	cJSON *manifest; /* of row.manifest; owned */
	enum component_category category;
	bool is_platform;
	struct component_service service; /* of the platform's; borrowed from manifest */
	bool pending; /* being stored: nobody sees it yet, and its version is taken */
	bool changing; /* a change is being stored: no other may begin */
};
struct components { /* zero-initialised */
	struct component_entry **at; /* in the order of submission, the platform's first */
	size_t len, bytes;
};

/** components_init - the platform's services (platform_services.json). */
void components_init(struct components *);
/** components_load - what the store keeps; after components_init. */
int components_load(struct components *, struct store *, struct error *);
void components_done(struct components *);

/** components_add - takes over what the row owns, whose manifest is a checked one. */
struct component_entry *components_add(struct components *, const struct component *);
void components_remove(struct components *, struct component_entry *);

/* Who looks. */
struct component_viewer {
	const char *actor; /* a key's id, "admin" or "anonymous" */
	bool is_admin;
};
bool component_visible(const struct component_entry *, const struct component_viewer *);
bool component_is_of(const struct component_entry *, const struct component_viewer *);
#define COMPONENT_ANY_STATE ((1U << COMPONENT_STATE_COUNT) - 1)
/** components_of - the version that stands for an id, of those that the viewer may see and whose state
 *  is in the bits 1U << COMPONENT_...: the newest published one, else the newest deprecated one, else
 *  the newest that is under review or was refused, else the newest retired one; NULL. */
struct component_entry *components_of(
    const struct components *, const char *id, const struct component_viewer *, unsigned states);
/** components_list - the same of every id: the caller's array, and how many there are. */
size_t components_list(const struct components *, const struct component_viewer *, unsigned states,
    struct component_entry ***out);
/** components_version - that version; NULL. */
struct component_entry *components_version(
    const struct components *, const char *id, const char *version);
/** components_may_add - may the viewer submit it?  0, or -1 with a fault: a version that is not newer
 *  than all before, a namespace of somebody else's, or too many of them. */
int components_may_add(const struct components *, const struct component *,
    const struct component_viewer *, struct component_fault *);
#endif
