/*
 * sandbox_core.h - the sandbox service, one exchange with it, and a sandbox that is lent (internal to
 * sandboxes.c, sandbox_create.c and sandbox_use.c).
 */
#ifndef JANUS_PLATFORM_SANDBOX_CORE_H
#define JANUS_PLATFORM_SANDBOX_CORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/platform/call.h"
#include "runtime/base/buf.h"
#include "runtime/loop/loop.h"
#include "runtime/openai/provider.h"
struct caller;
struct dial;
struct ending;
struct http_exchange;
struct platform_config;

#define SANDBOX_CONNECT_MS 5000
#define SANDBOX_CREATED_MAX_BYTES (64 << 10)

struct sandboxes {
	struct loop *loop;
	const struct platform_config *config;
	struct provider at; /* its key is read when it is needed */
	struct ending *endings;
	struct lease *leases; /* of all pods */
	char *path; /* owned: the list of them, for the next broker */
};

/* What a request to the service and its answer need. */
struct relay {
	struct dial *dial;
	struct http_exchange *exchange;
	struct timer late;
	struct buf head, body; /* to it; the body where it is not the competitor's own */
	int status;
	bool is_begun; /* the competitor has a head */
};
struct lease { /* the call that makes one, until it ends */
	struct call call; /* first */
	struct relay relay;
	struct buf answer;
	char id[72];
	int64_t ttl_ms, since_ms, until_ms;
	struct timer end;
	bool is_lent;
	struct lease *next, **prev; /* once it is */
};
/* sandboxes.c */
struct sandboxes *sandboxes_of(const struct call *);
/** sandbox_id_valid - may it be part of a path? NULL is not. */
bool sandbox_id_valid(const char *id);
/** sandboxes_keep_list - of those that are lent or about to end, for whoever comes after a crash. */
void sandboxes_keep_list(const struct sandboxes *);
/** sandboxes_end - whoever had it; tried again for a while. */
void sandboxes_end(struct sandboxes *, const char *id);
/** sandbox_relay_head - write the head of a request whose body has so many bytes. */
void sandbox_relay_head(
    struct call *, struct relay *, const char *method, const char *path, size_t body);
/** sandbox_relay_stop - nothing more comes of it. */
void sandbox_relay_stop(struct relay *);
/** sandbox_relay_done - stopped, and its memory freed. */
void sandbox_relay_done(struct relay *);
/** sandbox_fail - the call fails: the service was late, or cannot be reached. */
void sandbox_fail(struct call *, bool late);

/* sandbox_create.c */
/** lease_find - the pod's own sandbox of that id, if it is lent; NULL. */
struct lease *lease_find(const struct caller *, const char *id);
/** lease_refreshed - it was given its whole time again. */
void lease_refreshed(struct lease *);
/** lease_end - it is over, one way or another: its seconds are settled. */
void lease_end(struct lease *);

/* sandbox_use.c */
/** uses_forget - whoever is using it has it no more. */
void uses_forget(const struct lease *);
#endif
