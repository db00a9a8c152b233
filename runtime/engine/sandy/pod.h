/*
 * pod.h - a pod's words for a sandbox: the line that runs it, and whether that was obeyed. Pure.
 */
#ifndef JANUS_ENGINE_SANDY_POD_H
#define JANUS_ENGINE_SANDY_POD_H
#include "runtime/engine/sandy/sandy.h"

/** sandy_run_line - "docker run ..." with every limit that the command takes. */
void sandy_run_line(struct buf *out, const struct pod_spec *);
/** sandy_inspect_check - does what `docker inspect` says do what was asked? INTERNAL names what not. */
int sandy_inspect_check(const char *text, size_t len, const struct pod_spec *, struct error *);
/** sandy_inspect_parse - its state. */
int sandy_inspect_parse(const char *text, size_t len, struct pod_state *out, struct error *);
/** sandy_log_lines - the lines of `docker logs --timestamps` that are newer than after_ms (0: all). -1: fn ended it. */
int sandy_log_lines(const struct buf *text, bool is_stderr, int64_t after_ms, int64_t *newest_ms,
    log_line_fn *, void *arg);
#endif
