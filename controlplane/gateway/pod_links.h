/*
 * pod_links.h - one open conversation with the link of each pod that chats go to.
 */
#ifndef JANUS_GATEWAY_POD_LINKS_H
#define JANUS_GATEWAY_POD_LINKS_H
#include <stdbool.h>

#include "runtime/base/map.h"
struct link;
struct loop;
struct route_target;
struct routes;

/** routes_have_instance - is it a target of some route? NULL has none. */
bool routes_have_instance(const struct routes *, const char *instance);

struct pod_links { /* zero-initialised */
	struct map by_instance;
};

/** pod_links_get - the link of a pod target, opened on first use; borrowed. */
struct link *pod_links_get(struct pod_links *, struct loop *, const struct route_target *);
/** pod_links_keep - close the links of instances that the snapshot does not have.  Requests still
 *  waiting there fail from inside this call, and may come back to pod_links_get. */
void pod_links_keep(struct pod_links *, const struct routes *);
void pod_links_done(struct pod_links *);
#endif
