/*
 * image_ref.h - image references: [host[:port]/]path[:tag][@digest].
 *
 * Pure.  Strict grammar; no scheme, no credentials, lower-case paths, at most 512 bytes.
 */
#ifndef JANUS_ENGINE_IMAGE_REF_H
#define JANUS_ENGINE_IMAGE_REF_H
struct error;

struct image_ref {
	char host[256]; /* "" : the engine's default registry */
	char path[256]; /* "team/model" */
	char tag[129]; /* "" only when a digest is given; else default "latest" */
	char digest[72]; /* "" or "sha256:..." */
};
/** image_ref_parse - INVALID says which part breaks which rule. */
int image_ref_parse(const char *text, struct image_ref *out, struct error *);
/** image_ref_repository - "host/path" into out (520 bytes); returns it. */
const char *image_ref_repository(const struct image_ref *, char *out);
#endif
