/*
 * router.h - match a path against a pattern with named segments.
 *
 * Pure.  "/api/v1/competitors/:id/start" matches segment by segment; a parameter takes one
 * non-empty segment, percent-decoded once, and is valid UTF-8.  No normalisation: "//", "/./",
 * "..", backslashes, and the escapes of '/', '\', '%' and control bytes never match anything.
 */
#ifndef JANUS_NET_ROUTER_H
#define JANUS_NET_ROUTER_H
#include <stdbool.h>
#include <stddef.h>

#define ROUTE_MAX_PARAMS 4
#define ROUTE_PARAM_MAX 256

struct route_params {
	size_t len;
	struct {
		char name[32];
		char value[ROUTE_PARAM_MAX];
	} at[ROUTE_MAX_PARAMS];
};

/** route_match - does path match? params (may be NULL) are filled then (and only then). */
bool route_match(const char *pattern, const char *path, struct route_params *params);
/** route_param - value of a parameter; NULL if the pattern has no such name. */
const char *route_param(const struct route_params *, const char *name);
/** route_path_clean - is a raw path free of tricks (see above)? */
bool route_path_clean(const char *path);
#endif
