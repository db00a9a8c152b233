/*
 * metrics.h - what is counted of artifacts (internal to artifacts/).
 */
#ifndef JANUS_ARTIFACTS_METRICS_H
#define JANUS_ARTIFACTS_METRICS_H
#include <stdint.h>
struct buf;
struct index;

struct artifacts_counts {
	uint64_t collected; /* blobs that nobody named any more */
	uint64_t downloads[6]; /* by the first digit of their status */
	uint64_t sent_bytes;
};
void artifacts_counts_served(struct artifacts_counts *, int status, uint64_t bytes);
void artifacts_counts_text(const struct artifacts_counts *, const struct index *, struct buf *out);
#endif
