/*
 * name.h - which names an entry of an archive may have, and when two of them are one.  Pure.
 */
#ifndef JANUS_BUNDLE_NAME_H
#define JANUS_BUNDLE_NAME_H
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/map.h"
struct error;

#define NAME_SHOWN_MAX 140 /* of a name in an error */

/** name_show - printable ASCII, everything else as \xNN, cut with "..."; returns out. */
const char *name_show(const char *name, char out[NAME_SHOWN_MAX]);

/**
 * name_check - may an entry be called that?  INVALID with the name and what is wrong with it.
 *
 * Names are relative paths in UTF-8, of components that every common file system keeps apart and
 * none takes for something else: no "..", ".", empty or absolute parts, no backslash or colon, no
 * control, direction or invisible characters, no mark that could also have been written composed,
 * no dot or blank at the end of a part, and none that is a device somewhere.
 */
int name_check(const char *name, size_t max_bytes, size_t max_depth, struct error *);

/* The names of one archive, each once, however it is spelled. */
struct names {
	struct map folded; /* to struct name_kept, owned */
};
/** names_add - note a name that passed name_check, and the directories above it.  INVALID if it, or
 *  one that is equal but for case, is there already, or if it makes a file of a directory. */
int names_add(struct names *, const char *name, bool is_dir, struct error *);
void names_done(struct names *);
#endif
