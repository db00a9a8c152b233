/*
 * registry_ask.h - what a registry says of an image, where the engine does not pass it on: how
 * large it is, and how long to wait.
 *
 * Only a hint: registries differ, an engine may use a mirror, and nobody's credentials are sent.
 * Whoever asks goes on without an answer.  Asked is only what the engine itself asks too.
 */
#ifndef JANUS_ENGINE_REGISTRY_ASK_H
#define JANUS_ENGINE_REGISTRY_ASK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;
struct image_ref;

struct image_size {
	int64_t bytes; /* of all layers as they are sent */
	size_t layers;
};
/** registry_size - of the image of that digest, for linux and that architecture; -1 with err if it
 *  does not become known.  Blocks, some seconds at most. */
int registry_size(const struct image_ref *, const char *digest, const char *arch,
    struct image_size *out, struct error *);
/** registry_digest - the digest of that tag (or digest) now, into digest (72 bytes); -1 with err if it
 *  does not become known. Blocks as registry_size. */
int registry_digest(const struct image_ref *, const char *which, char digest[72], struct error *);
/** registry_wait_s - how long it asks to wait for that tag or digest; 0: it says nothing. Blocks as
 *  registry_size. */
int registry_wait_s(const struct image_ref *, const char *which);

/** manifest_size - 0: out is filled; 1: a list, and child (72 bytes) the one for arch; -1: neither.
 *  Pure. */
int manifest_size(
    const char *text, size_t len, const char *arch, struct image_size *out, char *child);
/** bearer_url - where a token is given, of a www-authenticate header; false: nowhere. Pure. */
bool bearer_url(const char *header, char *out, size_t cap);
#endif
