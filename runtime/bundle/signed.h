/*
 * signed.h - a bundle that says what is in it, and who made it.
 *
 * The first entry is manifest.json: {"object":"bundle","kind":...,"files":[{"name","size_bytes",
 * "sha256",...}],...}, the second signature.json: {"algorithm":"ed25519","public_key":"ed25519:...",
 * "signature":"<hex>"} over the bytes of the first.  All files of the manifest follow, in its order,
 * and nothing else.  So it can be checked while it is read, by anybody, without a network.
 */
#ifndef JANUS_BUNDLE_SIGNED_H
#define JANUS_BUNDLE_SIGNED_H
#include <cjson/cJSON.h>

#include "runtime/base/ed25519.h"
#include "runtime/bundle/bundle.h"
struct error;

#define SIGNED_TEXTS_MAX \
	(4 << 20) /* of a bundle's texts, where they are kept without its other files */

/** signed_manifest - {"object":"bundle","kind":kind,"created_at":now,"files":[]}; the caller's. */
cJSON *signed_manifest(const char *kind, int64_t now_ms);
/** signed_add - one more file in it, whose entry the caller may add to; borrowed. sha256 in hex. */
cJSON *signed_add(cJSON *manifest, const char *name, int64_t size, const char *sha256);
/** signed_begin - write manifest and signature; the files follow, each by bundle_add. */
int signed_begin(
    struct bundle_writer *, const cJSON *manifest, const struct ed25519_key *, struct error *);

/**
 * signed_check - the two texts alone: is the first a manifest, and the second a signature over it?
 *
 * manifest is the caller's then, and public_key who signed.  Errors as signed_read.
 */
int signed_check(const char *text, size_t len, const char *seal, size_t seal_len,
    const char *signer, cJSON **manifest, char public_key[ED25519_PUBLIC_MAX], struct error *);
/** signed_names - does the manifest say that the file of that name has these bytes? */
bool signed_names(const cJSON *manifest, const char *name, const char *bytes, size_t len);
/** signed_file - what the manifest says of the file of that name; NULL: it has none. Borrowed. */
const cJSON *signed_file(const cJSON *manifest, const char *name);

struct signed_bundle {
	cJSON *manifest; /* owned */
	char *text, *seal; /* owned: manifest.json and signature.json as they are */
	char public_key[ED25519_PUBLIC_MAX];
	int64_t files, bytes; /* that were read and are what the manifest says */
};
/** The bytes of a file as they come, begin first with NULL; they count only once all is well. */
typedef int signed_bytes_fn(
    const char *name, const void *bytes, size_t len, void *arg, struct error *);
/**
 * signed_read - the whole of it; fn may be NULL.
 *
 * INVALID, with what is not as it says: CONFLICT for a signature that is none, or of another key than
 * `signer` (NULL: any).
 */
int signed_read(int fd, const struct bundle_limits *, const char *signer, signed_bytes_fn *fn,
    void *arg, struct signed_bundle *out, struct error *);
void signed_bundle_done(struct signed_bundle *);
#endif
