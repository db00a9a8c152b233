/*
 * tree.h - the files below a directory, by name; what each hashes to.  BLOCKS.
 */
#ifndef JANUS_BASE_TREE_H
#define JANUS_BASE_TREE_H
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/hash.h"
struct buf;
struct error;

struct tree {
	char **names; /* owned; relative to the directory, in byte order */
	size_t n;
};
struct tree_limits {
	int depth; /* directories within each other */
	size_t files;
	int64_t file_bytes; /* of each */
};
extern const struct tree_limits tree_limits_default;
/** tree_list - all regular files, recursively; limits NULL: the default. INVALID: a link, or whatever else
 *  is none and no directory; names with a newline; too many, too deep. TOO_BIG: one of them is. */
int tree_list(const char *dir, const struct tree_limits *, struct tree *out, struct error *);
void tree_done(struct tree *);
/** tree_has - is there a file of that name? */
int tree_has(const struct tree *, const char *name);
/** tree_copy - every file to below another directory, which is made; each one is on the disk then. */
int tree_copy(const char *from, const char *to, struct error *);
/** tree_hash - a file's SHA-256 in hex, read piece by piece. */
int tree_hash(const char *dir, const char *name, char out[HASH_HEX_MAX], struct error *);
/** tree_sums - "<hex>  <name>\n" of every file but the named ones (NULL-ended), as sha256sum writes it. */
int tree_sums(const char *dir, const struct tree_limits *, const char *const *but, struct buf *out,
    struct error *);
/** tree_sync - what was made or renamed in that very directory is on the disk. */
int tree_sync(const char *dir, struct error *);

#define _cleanup_tree_ __attribute__((cleanup(tree_done)))
#endif
