/*
 * evidence_line.h - an attempt as text: its line of items.jsonl, and its frames.
 *
 * Pure, but for evidence_hash of a key.  Behind evidence.h; whoever reads foreign bytes uses that.
 */
#ifndef JANUS_BENCH_EVIDENCE_LINE_H
#define JANUS_BENCH_EVIDENCE_LINE_H
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/record/attempt.h"
struct error;

#define FRAMES_TEXT_MAX ((size_t)512 << 20) /* of one attempt, as text */

/** line_of - the members that an attempt itself has, and those that scoring made. The caller's. */
cJSON *line_of(const struct attempt *, const cJSON *judged);
/** line_attempt - back; frames and the bytes of files stay empty. INVALID: what is wrong with it.
 *  *out is the caller's, attempt_done. */
int line_attempt(const cJSON *line, struct attempt *out, struct error *);
/** line_seal - what says something of the task or its answer becomes "[sealed]", and is encrypted in
 *  member `sealed`; line_unseal - the line as it was, or -1 with DENIED. The caller's. */
cJSON *line_seal(const char *key, const cJSON *line);
cJSON *line_unseal(const char *key, const cJSON *line, struct error *);

/** frames_text - a line for each frame. */
void frames_text(const struct attempt *, struct buf *out);
/** frames_read - back, appended to those of the attempt. INVALID: the line, and what is wrong: no JSON, of
 *  another attempt, times or turns that go back. */
int frames_read(const char *text, size_t len, struct attempt *, struct error *);

/* Where the lines of a text end. */
struct lines {
	size_t n; /* whole ones */
	size_t len; /* of them together, each newline counted */
	size_t cut; /* bytes behind: a line that was not finished */
};
/** lines_parse - a JSON object each, into *out (an array, the caller's); INVALID: "line N: ...". The last
 *  one, if it is no JSON, is taken for one that was not finished. */
int lines_parse(const char *text, size_t len, cJSON **out, struct lines *, struct error *);
#endif
