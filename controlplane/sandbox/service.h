/*
 * service.h - what the parts of janus-sandboxd share.
 */
#ifndef JANUS_SANDBOX_SERVICE_H
#define JANUS_SANDBOX_SERVICE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/sandbox/decide.h"
#include "controlplane/sandbox/inside_call.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/map.h"
#include "runtime/base/metrics.h"
#include "runtime/loop/loop.h"
#include "runtime/openai/codes.h"
struct announcer;
struct engine;
struct history;
struct host;
struct http_request;
struct http_server;
struct link;
struct op;
struct sandbox;
struct sandbox_config;
struct waiter;
struct workers;

struct service {
	struct loop *loop;
	struct workers *workers; /* NULL: no engine call is begun any more */
	struct workers
	    *host_workers; /* the same for what callers do with competitors: pulls take long */
	struct engine *engine;
	struct announcer *announcer; /* to janus-platform; NULL: nobody is told */
	struct http_server *http;
	const struct sandbox_config *config;
	char node[40];
	int agent_port; /* in every pod: INSIDE_PORT */
	char pods_dir[80]; /* the engine's runtime directory */
	struct map sandboxes; /* id to struct sandbox, owned */
	struct waiter *waiters, **last_waiter; /* who wants one, in order of asking */
	struct timer pool_timer, refill_timer, look_timer;
	bool looking; /* a worker asks the engine which pods there are */
	bool stopping;
	unsigned uid_next;
	int starts_failed; /* in a row: the pool then waits */
	struct error last_failure;
	int64_t started_ms;
	struct history *history; /* of the machine */
	/* counted */
	metric_counter created, from_pool, refused, preempted, ended[REASON_STOPPING + 1];
	metric_counter operations, operations_failed;
	struct metric_histogram create_seconds;
};

/* What a caller asked for. */
struct wish {
	size_t caller; /* which key */
	int priority;
	bool preemptable;
	bool hosted; /* a competitor is to run in it */
	char flavor[32];
	int64_t ttl_ms;
	char **env; /* "NAME=value", owned; for every command in it */
	size_t nenv;
};
void wish_done(struct wish *);

struct sandbox {
	struct service *service;
	char id[ID_MAX];
	struct sandbox_facts facts;
	enum sandbox_reason reason;
	struct wish wish; /* once it is somebody's */
	unsigned uid;
	char token[56]; /* its run token, in its environment */
	struct waiter *waiter; /* who asked for it, until it is handed over */
	struct link *link; /* once its pod is there */
	struct host *host; /* owned: of the competitor in it; NULL: an agent is in it */
	struct inside_call *ping; /* until its agent has answered once */
	struct timer timer, ping_timer;
	struct op *ops; /* under way */
	size_t nops;
	int64_t created_wall_ms, handed_wall_ms, expires_wall_ms;
	int64_t removal_tries;
	struct error error; /* why it failed or was lost */
};

/* --- sandbox.c: one life --- */

/** sandbox_start - a new one begins; waiter NULL: for the pool. */
struct sandbox *sandbox_start(struct service *, struct waiter *);
/** sandbox_claim - a warm one becomes that waiter's. */
void sandbox_claim(struct sandbox *, struct waiter *);
/** sandbox_end - it shall end; what is under way in it fails. err may be NULL. */
void sandbox_end(struct sandbox *, enum sandbox_reason, const struct error *);
/** sandbox_refresh - its time begins anew. */
void sandbox_refresh(struct sandbox *);
/** sandbox_step - look at it anew; it may be freed. */
void sandbox_step(struct sandbox *);
/** sandbox_linked, sandbox_unlink - its pod is there and can be reached; and no longer shall be. */
void sandbox_linked(struct sandbox *);
void sandbox_unlink(struct sandbox *);
/** sandbox_find - a caller's own running one; NULL where there is none. */
struct sandbox *sandbox_find(struct service *, size_t caller, const char *id);
/** sandbox_print - what callers are told of it, JSON; the caller's. */
char *sandbox_print(const struct sandbox *);
void sandbox_free(struct sandbox *);

/* --- pool.c: who gets one, and the spare ones --- */

struct waiter {
	struct service *service;
	struct waiter *next;
	struct http_request *request; /* NULL: it left */
	struct wish wish;
	struct sandbox *sandbox; /* started or claimed for it */
	struct timer timer; /* its patience */
	int64_t since_ms;
};
/** pool_ask - a request for a sandbox: answered when there is one, or cannot be. */
void pool_ask(struct service *, struct http_request *, struct wish *);
/** pool_turn - something changed: give, start, preempt, refill. */
void pool_turn(struct service *);
/** pool_handed, pool_failed - the waiter's sandbox is there, or never will be. Frees it. */
void pool_handed(struct waiter *);
void pool_failed(struct waiter *, enum wire_code, const char *text);
/** pool_start_failed - one did not come up: spare ones are begun again later only. */
void pool_start_failed(struct service *, const struct error *);
void pool_stop(struct service *);
/** pool_hosted - how many of them are a competitor's. */
size_t pool_hosted(const struct service *);
/** pool_tenants - everybody, for a decision; the caller's (free). */
struct tenant *pool_tenants(struct service *, struct sandbox ***who, size_t *n);
struct capacity pool_capacity(const struct service *);

/* --- engine_jobs.c: what blocks --- */

/** engine_remove_strays - at start: remove every pod of this node, and what pods left. Blocks. */
int engine_remove_strays(struct service *, unsigned *removed, struct error *);
/** engine_start_pod, engine_remove_pod - on a worker; the sandbox hears of it. */
void engine_start_pod(struct sandbox *);
void engine_remove_pod(struct sandbox *);
/** engine_look - which pods are gone? On a worker, again and again. */
void engine_look(struct service *);
/** sandbox_started, sandbox_removed - what became of it; err NULL: done. */
void sandbox_started(struct sandbox *, const struct error *err);
void sandbox_removed(struct sandbox *, const struct error *err);
#endif
