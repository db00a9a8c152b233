/*
 * sandboxes.h - the Sandy API for competitors: theirs alone, metered, and gone when the pod is.
 *
 * The key of the sandbox service stays here.  A sandbox belongs to the pod that made it: the call
 * that made it runs for as long as the sandbox lives, and what it holds of the budget is settled
 * with its seconds when it ends.
 *
 * What the service answers goes to the competitor as it comes, on the loop; runtime/engine/sandy, the other
 * client of the same API, blocks and understands it.  They share no call: only paths and a few words.
 */
#ifndef JANUS_PLATFORM_SANDBOXES_H
#define JANUS_PLATFORM_SANDBOXES_H
#include <stdbool.h>

#include "controlplane/platform/call.h"
struct caller;
struct error;
struct loop;
struct platform_config;
struct sandboxes;

#define SANDBOXES_MAX 8 /* of a pod at once */

extern const struct call_kind sandbox_create, sandbox_use, sandbox_resources;

/** sandboxes_new - of the service at the configured address.  Its key may come later.  Sandboxes that
 *  an earlier broker has left are ended. */
struct sandboxes *sandboxes_new(struct loop *, const struct platform_config *, struct error *);
void sandboxes_free(struct sandboxes *);
/** sandboxes_have_key - is there one for the service? */
bool sandboxes_have_key(struct sandboxes *);
/** sandboxes_at - the service's address, for who asks whether it answers. Borrowed. */
const char *sandboxes_at(const struct sandboxes *);
/** sandboxes_owner - the pod that has that sandbox; NULL. */
struct caller *sandboxes_owner(const struct sandboxes *, const char *id);
/** sandboxes_create_body - what the service is asked for instead of what the competitor wrote: the
 *  caller's; NULL with param and err.  Pure. */
char *sandboxes_create_body(
    const char *body, size_t len, int64_t *ttl_ms, const char **param, struct error *);
#endif
