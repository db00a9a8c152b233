/*
 * source.h - where the bytes of an announced artifact may be fetched from: the competitor itself.
 *
 * Pure.
 */
#ifndef JANUS_ARTIFACTS_SOURCE_H
#define JANUS_ARTIFACTS_SOURCE_H
#include <stdbool.h>

#define SOURCE_PATH_MAX 2048

struct source_home { /* of a competitor */
	bool is_pod; /* any port of its own loopback will do; else only that origin */
	bool tls;
	const char *host; /* of an origin */
	int port;
};
struct source {
	int port; /* in a pod */
	char path[SOURCE_PATH_MAX]; /* with its query; what goes into the request line */
};

/** source_parse - url: absolute, or a path at the competitor.  False: not to be fetched. */
bool source_parse(const char *url, const struct source_home *, struct source *out);
#endif
