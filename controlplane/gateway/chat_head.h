/*
 * chat_head.h - the small texts around a forwarded chat: what may come in, what goes out.
 *
 * Pure.
 */
#ifndef JANUS_GATEWAY_CHAT_HEAD_H
#define JANUS_GATEWAY_CHAT_HEAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct route_target;

#define TRACEPARENT_LEN 55 /* 00-<32 hex>-<16 hex>-<2 hex> */
#define TRACESTATE_MAX 512

/** content_type_accepted - JSON in UTF-8, or no type at all (NULL)? */
bool content_type_accepted(const char *content_type);
/** traceparent_valid - W3C form, version 00, nothing all zero? */
bool traceparent_valid(const char *text);
/** traceparent_new - start a trace; out holds TRACEPARENT_LEN + 1 bytes. */
void traceparent_new(char *out);
/** traceparent_set_span - the same trace, seen from another span. */
void traceparent_set_span(char *traceparent, uint64_t span);

/** tracestate_valid - the W3C list, of at most TRACESTATE_MAX bytes? */
bool tracestate_valid(const char *text);

/* What differs from one forwarded request to the next. */
struct forwarded {
	const char *path; /* "/v1/chat/completions" */
	size_t content_length;
	const char *request_id, *traceparent;
	const char *tracestate; /* NULL: none */
};
/** chat_head_add - the request head for a target: our own header list, nothing of the client's. */
void chat_head_add(struct buf *out, const struct route_target *, const struct forwarded *);
/** upstream_details - what a competitor said with an error status, as a JSON array for the
 *  envelope; message (cap bytes) gets its words on one line, "" if it had none. */
void upstream_details(struct buf *out, int status, const char *body, char *message, size_t cap);
#endif
