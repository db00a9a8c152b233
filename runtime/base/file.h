/*
 * file.h - whole small files, directories, and embedded ones.
 */
#ifndef JANUS_BASE_FILE_H
#define JANUS_BASE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;

/** file_read - the whole of a file of at most max bytes; *out is NUL-terminated and the caller's. */
int file_read(const char *path, size_t max, char **out, size_t *len, struct error *);
/** file_write_all - all of the bytes to a descriptor; -1 with errno. */
int file_write_all(int fd, const void *bytes, size_t len);
/** file_write - replace path in one step (temp, fsync, rename) with mode. */
int file_write(const char *path, const void *bytes, size_t len, unsigned mode, struct error *);
/** file_sync - what was written to a file, or which names a directory has, is on the disk. */
int file_sync(const char *path, struct error *);
/** file_mkdirs - make path and its parents; an existing directory is fine. */
int file_mkdirs(const char *path, unsigned mode, struct error *);
/** file_lock - a descriptor that holds path, made if need be, for this process alone until it is
 *  closed; CONFLICT where another one holds it. Waits 2 s for one that was killed this moment: the
 *  kernel clears its descriptors away after its end was seen. */
int file_lock(const char *path, struct error *);
/**
 * file_give - what root has made in another user's directory becomes that user's, and its group's.
 *
 * name, in dir, and all below it; on the disk when this returns. A missing one is fine. No link is
 * followed, and a file with a second name is left alone: dir's owner may put such there while we are at
 * it, and is to get nothing that way. Does nothing for anybody but root, nor where dir is root's.
 */
int file_give(const char *dir, const char *name, struct error *);
/** file_remove_tree - remove a directory we made and all below it; a missing one is fine. */
int file_remove_tree(const char *path, struct error *);

/*
 * EMBED - put a file of the source tree into the program at build time, as name[] and name_len.
 * The path is relative to the root of the tree; a NUL follows the bytes.
 */
#define EMBED(name, path)                                                   \
	extern const char name[], name##_end[];                             \
	__asm__(".pushsection .rodata\n"                                    \
		".global " #name "\n.type " #name ", @object\n" #name ":\n" \
		".incbin \"" path "\"\n"                                    \
		".global " #name "_end\n" #name "_end:\n.byte 0\n"          \
		".popsection\n")
#define EMBED_LEN(name) ((size_t)((uintptr_t)name##_end - (uintptr_t)name))
#endif
