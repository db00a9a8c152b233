/*
 * static_files.h - the pages and files of the web UI, as they were when we were built.
 *
 * Pure.  A table made by the build (ui/embed.js) is all there is: a path is in it, byte by byte, or
 * it is not served.  No path ever reaches a file system.
 */
#ifndef JANUS_GATEWAY_STATIC_FILES_H
#define JANUS_GATEWAY_STATIC_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct error;

enum static_coding { STATIC_IDENTITY, STATIC_GZIP, STATIC_BR, STATIC_CODINGS };

struct static_file {
	const char *path, *type, *etag; /* of its bytes; each coding has one of its own */
	bool immutable; /* its name has a hash of its content */
	uint32_t len; /* without a coding */
	struct {
		uint32_t at, len; /* of static_bytes; len 0: it is not kept so */
	} as[STATIC_CODINGS];
};

/** static_files - all of them, in the order of their paths; *len of them. */
const struct static_file *static_files(size_t *len);
/** static_find - the file of exactly that path as it was sent, or NULL. */
const struct static_file *static_find(const char *path);
/** static_index - the document that every page is. */
const struct static_file *static_index(void);
/** static_is_page - is there such a page (/, /chat, /chat/:session ...)? */
bool static_is_page(const char *path);

/** static_choose - the coding of a file for an Accept-Encoding, NULL if there was none.  What is
 *  asked for most and kept; br before gzip among equals; never one that was refused or not named. */
enum static_coding static_choose(const struct static_file *, const char *accept_encoding);
/** static_coding_name - "gzip", "br"; NULL for none. */
const char *static_coding_name(enum static_coding);
/** static_bytes - the file in a coding, *len of them; for the process's life.  Where it is kept only
 *  in gzip its bytes are unpacked into buf; NULL with err if those cannot be read. */
const char *static_bytes(
    const struct static_file *, enum static_coding, struct buf *, size_t *len, struct error *err);
#endif
