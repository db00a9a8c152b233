/*
 * fetch.h - the files that an answer announces: their descriptors, and their bytes.
 */
#ifndef JANUS_BENCH_FETCH_H
#define JANUS_BENCH_FETCH_H
#include <cjson/cJSON.h>
struct attempt;
struct session;
struct target;
struct verdict;

#define FETCH_FILES_MAX 16
#define FETCH_FILE_MAX (16 << 20)

/**
 * fetch_files - into attempt.files what the descriptors of all turns lead to.  BLOCKS.
 *
 * A data: URL is decoded; a path, and a URL of the target's own origin, is asked for there; nothing else
 * is.  One that cannot be had is not among the files.  The verdict stays as it is, or becomes an ERROR of
 * the platform, where Janus could not give what it holds.
 */
void fetch_files(const struct session *, int try, struct attempt *, struct verdict *);

/** fetch_descriptors - those in the attempt's frames, once each, in their order: an array of objects,
 *  the caller's. In delta and message: artifacts[], and janus = {"event","payload"}: payload itself, a
 *  list, or its items[] for the events artifact and artifacts, its artifact or artifacts[] for any. Pure. */
cJSON *fetch_descriptors(const struct attempt *);
/** fetch_path - where at the target a descriptor's URL is, the caller's; NULL: not there. Pure. */
char *fetch_path(const struct target *, const char *url);
struct buf;
/** fetch_data_url - decode; -1 for what is none, or more than max bytes. Pure. */
int fetch_data_url(const char *url, size_t max, struct buf *out);
#endif
