/*
 * core.h - the inside of a gateway, for the files of this directory.
 */
#ifndef JANUS_GATEWAY_CORE_H
#define JANUS_GATEWAY_CORE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/gateway/counters.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/guess.h"
#include "controlplane/gateway/pod_links.h"
#include "runtime/loop/loop.h"
struct arena;
struct chat;
struct chat_fault;
struct conn_pool;
struct dialer;
struct elsewhere;
struct follower;
struct http_header;
struct http_server;
struct resume;
struct sending;

#define GATEWAY_SERVERS_MAX 136 /* many may be passed to few lanes */

struct gateway {
	struct loop *loop;
	struct gateway_config config;
	const struct gateway_hooks *hooks;
	void *arg; /* of the hooks */
	struct http_server *servers[GATEWAY_SERVERS_MAX];
	unsigned nservers;
	struct http_server *taker; /* one of them, without a listener: gateway_take; NULL */
	struct dialer *dialer;
	struct conn_pool *pool;
	struct routes *routes; /* never NULL */
	struct keys *keys; /* never NULL */
	struct guesses *guesses; /* owned */
	struct pod_links links;
	struct counters counters;
	struct gateway **peers; /* owned array; this one alone until set */
	unsigned npeers;
	const struct http_request *asking; /* the one looked at now: its user is its caller; NULL */
	struct chat *chats; /* list of those that run */
	unsigned nchats;
	struct resume *resumes; /* of those, list of the ones whose stream may be resumed */
	unsigned nresumes;
	struct follower *followers; /* list: who follows such a stream from here */
	struct arena *arenas; /* list: battles that run */
	struct elsewhere *elsewheres; /* list: requests that another janusd answers */
	struct sending *sendings; /* list: downloads that run */
	struct timer sweep; /* for ended streams */
	_Atomic unsigned busy; /* what gateway_busy tells other threads */
	struct timer busy_timer; /* keeps it fresh while draining */
	bool draining, leaving;
	int64_t started_ms;
	uint64_t random; /* state of gateway_random */
};

/** gateway_random - cheap and good enough to spread load; not for secrets. */
uint64_t gateway_random(struct gateway *);
/** gateway_busy_update - recount `busy`. */
void gateway_busy_update(struct gateway *);

/* answer.c: whole replies of this surface; each counts and logs the request. */
/** answer_settle - only that, for a request that another answers, or nobody; code and error NULL
 *  where all is well, error also where there is nothing to say in our own words. */
void answer_settle(struct gateway *, const struct http_request *, enum gateway_route, int status,
    const struct wire_code_info *code, const char *error, size_t bytes_out);
/** answer - with a body of that content type; extra header (NULL or one pair) first. */
void answer(struct gateway *, struct http_request *, enum gateway_route, int status,
    const char *content_type, const struct http_header *extra, const char *body, size_t len);
/** answer_whole - with exactly those headers, ended by a NULL name; body may be NULL. */
void answer_whole(struct gateway *, struct http_request *, enum gateway_route, int status,
    const struct http_header *headers, const char *body, size_t len);
/** answer_tagged - what may be kept: with its etag, or 304 where the caller has it. */
void answer_tagged(struct gateway *, struct http_request *, enum gateway_route,
    const char *content_type, const char *etag, const char *body, size_t len);
/** answer_error - with an envelope; param may be NULL. */
void answer_error(struct gateway *, struct http_request *, enum gateway_route, enum wire_code,
    const struct http_header *extra, const char *param, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/** answer_fault - the same of a body that was refused. */
void answer_fault(
    struct gateway *, struct http_request *, enum gateway_route, const struct chat_fault *);
/** answer_refusal - as answer_error with any headers (ended by a NULL name). */
void answer_refusal(struct gateway *, struct http_request *, enum gateway_route, enum wire_code,
    const struct http_header *extra, const char *text);
#endif
