/*
 * component_view.h - how a component looks, to whom, and how often it was called (internal to api/).
 */
#ifndef JANUS_API_COMPONENT_VIEW_H
#define JANUS_API_COMPONENT_VIEW_H
#include <cjson/cJSON.h>
#include <stdint.h>

#include "controlplane/registry/components.h"
#include "controlplane/store/egress.h"
struct api_call;
struct error;

/* Rows of egress sums, each with its texts. */
struct component_use {
	char service[16], operation[24], competitor[SLUG_MAX];
	int64_t calls, recent;
};
struct component_uses { /* zero-initialised */
	struct component_use *at; /* owned */
	size_t len, cap;
};
/** component_uses_read - ever, and of the last 30 days; on a worker. */
int component_uses_read(struct component_uses *, struct store *, struct error *);
void component_uses_done(struct component_uses *);
/** component_uses_calls - of a service of the platform's; -1 where nothing is counted. */
int64_t component_uses_calls(const struct component_uses *, const struct component_entry *);

/** component_viewer_of - who calls. */
struct component_viewer component_viewer_of(const struct api_call *);
/** component_find - what the path names, cmp.<namespace>.<name> or that@<version>; *version is "" or
 *  points into the path.  NULL and answered if there is none that the caller may see. */
struct component_entry *component_find(struct api_call *, const char **version);
/** component_render - the caller's tree; uses may be NULL where it is none of the platform's. */
cJSON *component_render(
    const struct api_call *, const struct component_entry *, const struct component_uses *);
#endif
