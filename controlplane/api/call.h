/*
 * call.h - one API call on the control loop (internal to api/).
 *
 * A call has two sides: the request on its own loop, and the handler on the control loop.  Each
 * tells the other by messages; the call is freed when both are done with it.
 */
#ifndef JANUS_API_CALL_H
#define JANUS_API_CALL_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/api/api.h"
#include "controlplane/store/store.h"
#include "runtime/net/router.h"
#include "runtime/openai/codes.h"
struct api_call;
struct buf;
struct error;
struct once;

struct api_call {
	/* set before the handler runs; the handler's to read */
	struct api *api;
	char method[16], *path, *query;
	char request_id[132];
	char client[48]; /* the address it came from, or "unix" */
	char actor[32]; /* "admin" by the control socket, the id of a key, or "anonymous" */
	char *body;
	size_t body_len;
	int body_fd; /* of an upload: what was sent; -1 */
	int64_t body_bytes;
	cJSON *json; /* of a JSON body, or NULL */
	struct route_params params;
	char *idempotency_key, *if_match, *if_none_match; /* as sent; NULL without */
	bool dry_run; /* say what would be, and change nothing */
	/* the handler's own */
	bool gone; /* the client left: answers go nowhere */
	void (*on_gone)(struct api_call *, void *arg); /* may be NULL */
	void *arg;
	/* the other side; internal */
	int64_t accepted_us;
	struct loop *owner, *control;
	struct http_request *request;
	int sides;
	void (*handle)(struct api_call *); /* the route's handler */
	struct recalled *recalled; /* what it did not find in memory; recall.c */
	bool ended; /* the handler has answered */
	struct once *once; /* its answer is to be kept for who repeats it; idempotency.c */
	bool replayed; /* the answer is an earlier one */
	char etag[24], location[96]; /* of the answer; "" without */
	_Atomic size_t queued; /* bytes of a stream on their way to the owner's loop */
	_Atomic bool full; /* the client takes them more slowly than they come */
};

/* Answers; each ends the call.  Control loop. */
/** reply_json - takes the tree.  An object with an id that is made or changed (201, 202) is told by
 *  `location`, one with an etag by `etag`; a GET whose If-None-Match has that is answered 304. */
void reply_json(struct api_call *, int status, cJSON *);
void reply_error(struct api_call *, const struct error *);
void reply_code(struct api_call *, enum wire_code, const char *param, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** reply_made - with a body that was made elsewhere; takes its bytes. */
void reply_made(struct api_call *, int status, const char *content_type, struct buf *body);
void reply_empty(struct api_call *, int status);

/** reply_bytes - the last step of all of them: JSON text, taken over. */
void reply_bytes(struct api_call *, int status, struct buf *);

/* A streamed answer. */
void reply_begin(struct api_call *, const char *content_type);
void reply_write(struct api_call *, const char *bytes, size_t len);
void reply_end(struct api_call *);
/** reply_cut - end it so that the client sees it is not whole. */
void reply_cut(struct api_call *);
/** call_hold - for a worker that makes a stream: the call stays until call_let_go. Any thread. */
void call_hold(struct api_call *);
void call_let_go(struct api_call *);
/** call_handle - the call stays until the handler returns, also one that it has answered. */
void call_handle(struct api_call *, void (*handle)(struct api_call *));
/** call_reads - it is a GET or a HEAD. */
bool call_reads(const struct api_call *);
/** call_is_behind - so much waits for the client that whoever makes more should wait. Any thread. */
bool call_is_behind(const struct api_call *);

/* WHO - the caller, for what is decided on its behalf; lives as long as the block it is in. */
#define WHO(call) (&(const struct store_actor){ (call)->actor, (call)->request_id })
/** call_query - decoded value of a query key or NULL; the caller's. */
char *call_query(const struct api_call *, const char *key);
/** call_known_keys - refuse keys of the query and of the body that are not among these words (apart
 *  by spaces), and badly encoded values: true, or answered 400 and false. */
bool call_known_keys(struct api_call *, const char *query, const char *body);

/** call_start - on the owner's loop: hand a request over to `handle` on the control loop. */
void call_start(struct api *, struct loop *control, struct http_request *, const char *actor,
    void (*handle)(struct api_call *));
#endif
