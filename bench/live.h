/*
 * live.h - what is seen of a run while it goes: a bar on a terminal, lines elsewhere, JSON if asked.
 */
#ifndef JANUS_BENCH_LIVE_H
#define JANUS_BENCH_LIVE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/cli/progress.h"
struct bench_call;
struct buf;
struct run_progress;

struct live { /* embedded */
	const struct bench_call *call;
	struct progress bar; /* on standard error */
	size_t done, total;
};
void live_init(struct live *, const struct bench_call *, size_t total);
/** live_line - an attempt that ended: a line on standard error, or with jsonl its object on standard
 *  output. */
void live_line(struct live *, const cJSON *line);
void live_progress(struct live *, const struct run_progress *);
void live_done(struct live *);

/** live_format - "[#####.....] 12/90  dev-chat-03  0.8/s  ETA 1m20s  score 61.4", at most width columns. Pure. */
void live_format(struct buf *out, size_t width, const struct run_progress *);
/** live_format_line - "dev-chat-03 passed 93.1  0.4 s", and why it did not. Pure. */
void live_format_line(struct buf *out, const cJSON *line);
#endif
