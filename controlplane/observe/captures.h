/*
 * captures.h - the files of the recorder: which there are, and which must go (internal to the
 * recorder).
 */
#ifndef JANUS_OBSERVE_CAPTURES_H
#define JANUS_OBSERVE_CAPTURES_H
#include "controlplane/observe/recorder.h"

struct captures { /* the caller's lock protects it */
	char dir[480];
	struct capture_file *at; /* owned; oldest first */
	size_t len, cap;
	int64_t bytes;
	uint64_t pruned;
};

/** captures_load - read the directory: heads of files that are captures; others are left alone. */
void captures_load(struct captures *);
/** captures_add - one more, the newest. */
void captures_add(struct captures *, const struct capture_file *);
/** captures_find - by id, or the newest of a request; NULL. */
const struct capture_file *captures_find(const struct captures *, const char *ref);
/** captures_remove - forget it and remove its file; false if there is none. */
bool captures_remove(struct captures *, const char *id);
/** captures_prune - the oldest go until the limits hold; now_ms is wall time. */
void captures_prune(struct captures *, const struct recorder_config *, int64_t now_ms);
void captures_done(struct captures *);
#endif
