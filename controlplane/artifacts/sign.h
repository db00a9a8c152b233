/*
 * sign.h - links to artifacts that last a while, for one caller.
 *
 * Pure.  A link is a path with an end and a seal over the artifact, its owner and that end; who the
 * owner is does not stand in it.
 */
#ifndef JANUS_ARTIFACTS_SIGN_H
#define JANUS_ARTIFACTS_SIGN_H
#include <stddef.h>
#include <stdint.h>
struct buf;

#define ARTIFACTS_PATH "/v1/artifacts"
#define SIGN_KEY_LEN 32
#define SIGN_TEXT_MAX 44 /* 43 characters of base64url, and a NUL */

enum sign_verdict { SIGN_GOOD, SIGN_MISSING, SIGN_WRONG, SIGN_EXPIRED };

/** sign_text - the seal of a link that ends at that unix second. */
const char *sign_text(const unsigned char key[SIGN_KEY_LEN], const char *id, const char *owner,
    int64_t exp_s, char out[SIGN_TEXT_MAX]);
/** sign_url - append base (may be ""), path and query of such a link. */
void sign_url(struct buf *out, const unsigned char key[SIGN_KEY_LEN], const char *base,
    const char *id, const char *owner, int64_t exp_s);
/** sign_check - sig and exp as they stand in a query, NULL if they do not. */
enum sign_verdict sign_check(const unsigned char key[SIGN_KEY_LEN], const char *id,
    const char *owner, const char *sig, const char *exp, int64_t now_s);
#endif
