/*
 * suites.h - the suites there are: a directory with a suite.json or, sealed, a suite.sealed each.
 *
 * What is told of them is read from these files; what is in them is for janus-bench alone.  BLOCKS.
 */
#ifndef JANUS_SCHEDULE_SUITES_H
#define JANUS_SCHEDULE_SUITES_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/runs.h"
struct error;

struct suite_info {
	char name[SUITE_NAME_MAX]; /* "public/dev" */
	char version[32], title[128], scoring[32];
	char digest[72]; /* "sha256:" over the lines "<sha256>  <name>\n" of its files */
	int64_t items; /* 0: not told */
	cJSON *counts; /* owned: by type; NULL: not told */
	bool is_sealed;
};
void suite_info_done(struct suite_info *);
/** suites_find - the one of that name below dir, or below private_dir (NULL: there is none).
 *  NOT_FOUND names those there are; INVALID: it is broken. */
int suites_find(const char *dir, const char *private_dir, const char *name, struct suite_info *out,
    struct error *);
typedef void suite_info_fn(const struct suite_info *, void *arg);
/** suites_list - all that can be read, by name. fn borrows it. */
void suites_list(const char *dir, const char *private_dir, suite_info_fn *fn, void *arg);
#endif
