/*
 * oom_log.h - which containers the kernel has killed in, from its own log.
 *
 * For engines that do not tell.  A limit of a parent (a slice) is none of the container's.
 */
#ifndef JANUS_ENGINE_OOM_LOG_H
#define JANUS_ENGINE_OOM_LOG_H
#include <stdbool.h>
#include <stddef.h>

/** oom_log_line - does this record say that a process died at the memory limit of that container (its
 *  id)? Pure. */
bool oom_log_line(const char *record, size_t len, const char *container);
/** oom_log_names - does any record of the log at path (/dev/kmsg) say so?  Reads what is there, without
 *  waiting.  false too where it may not be read, and where it was long ago. */
bool oom_log_names(const char *path, const char *container);
#endif
