/*
 * agent_events.h - what an agent prints, as server-sent events. Pure.
 */
#ifndef JANUS_SANDBOX_AGENT_EVENTS_H
#define JANUS_SANDBOX_AGENT_EVENTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct inside_entry;

/** event_text - {"type":TYPE,KEY:TEXT} as an event. */
void event_text(struct buf *out, const char *type, const char *key, const char *text, size_t len);
/** event_number - {"type":TYPE,KEY:N} */
void event_number(struct buf *out, const char *type, const char *key, double value);
/** event_complete - the last event of a run. */
void event_complete(struct buf *out, bool success, int exit_code, double seconds, bool cancelled);

/* Lines of one output stream; embedded, zero-initialised. */
struct agent_lines {
	bool is_stderr;
	struct buf line; /* that has not ended yet */
};
/**
 * agent_lines_feed - more output, cut anywhere: an "agent-output" for each line that is a JSON
 * object, an "output" or "stderr" for every other, its newline included.  A line over 64 KiB comes
 * in parts, never cut inside a character.
 */
void agent_lines_feed(struct agent_lines *, struct buf *out, const char *bytes, size_t len);
/** agent_lines_end - what is left without a newline. */
void agent_lines_end(struct agent_lines *, struct buf *out);

/* Files of a workspace, to see what changed. */
struct snapshot {
	struct snapshot_file {
		char *name; /* owned */
		int64_t size, changed_at_ms;
	} * files; /* owned */
	size_t len, cap;
};
void snapshot_add(struct snapshot *, const struct inside_entry *); /* others than files: ignored */
void snapshot_done(struct snapshot *);
/** event_files - a "files-update" of what is new or changed in `after`; false: nothing is. */
bool event_files(struct buf *out, struct snapshot *before, struct snapshot *after);
#endif
