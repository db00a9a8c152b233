/*
 * http_exchange.h - one HTTP/1.1 request and its response over a connected transport, on a loop.
 *
 * Our own reader instead of libcurl's transfer engine: strict about what it accepts, exact about
 * how the body ended, and a third of the cost on the stream path.  No timeouts inside: the caller
 * knows which silence means what.  Never sends a request twice.
 */
#ifndef JANUS_NET_HTTP_EXCHANGE_H
#define JANUS_NET_HTTP_EXCHANGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "runtime/net/dial.h"
#include "runtime/net/http_head.h"
struct error;
struct loop;

enum exchange_end {
	EXCHANGE_COMPLETE, /* the body ended as announced */
	EXCHANGE_CLOSED, /* close-delimited body: the peer closed; may be cut or not */
	EXCHANGE_NO_RESPONSE, /* closed or reset before a byte of a head */
	EXCHANGE_BAD_RESPONSE, /* malformed head or framing, 101, more than 64 other 1xx */
	EXCHANGE_DIED, /* closed or reset inside the head or before the announced end */
};

struct http_exchange;
struct http_exchange_events {
	/** Final head (no 1xx). Return -1 to end here: no further callback, exchange closed. */
	int (*on_head)(struct http_exchange *, const struct http_head *, void *arg);
	/** Decoded body bytes, borrowed; as many as one read brought, at most 16 KiB. */
	void (*on_body)(struct http_exchange *, const char *bytes, size_t len, void *arg);
	/** Once, last, unless closed before: the exchange is freed after it returns.  The error is
	 *  NULL for COMPLETE and CLOSED, else UPSTREAM with the reason. */
	void (*on_end)(struct http_exchange *, enum exchange_end, const struct error *, void *arg);
};

/**
 * http_exchange_open - send request bytes and read the response.
 *
 * parts (at most 8: head, then body spans) point to bytes borrowed until the exchange is over; the
 * array itself and events are copied.  Takes over the transport.  method tells HEAD from others.
 * Callbacks never come from inside this call.  The connection is closed at the end, unless it has
 * a home (conn_pool.h) and is fit for another request: a complete response with a clear end,
 * nothing after it, and a peer that did not say it will close.
 */
struct http_exchange *http_exchange_open(struct loop *, struct transport *, const char *method,
    const struct iovec *parts, size_t nparts, const struct http_exchange_events *, void *arg);
/** http_exchange_warm - while the socket is read, fetch so much of what arg points to into the
 *  cache: with thousands of streams it is in memory by then. */
void http_exchange_warm(struct http_exchange *, size_t bytes);
/**
 * http_exchange_pause - stop (true) or go on (false) reading: back-pressure down to the socket.
 *
 * What the running read brought still comes, the end included if it was in it.
 */
void http_exchange_pause(struct http_exchange *, bool pause);
/** http_exchange_sent - has the whole request been handed to the socket? (a retry is unsafe then) */
bool http_exchange_sent(const struct http_exchange *);
/**
 * http_exchange_finish - the owner has all it wants: no callback comes any more.
 *
 * If only the end of the body is still to come (the last chunk of a stream that has said [DONE]),
 * it is waited for a moment, so that the connection can be used again; a body that goes on closes
 * it.  Frees; safe inside callbacks.
 */
void http_exchange_finish(struct http_exchange *);
/** http_exchange_close - cancel: closes the transport and frees; safe inside callbacks. */
void http_exchange_close(struct http_exchange *);
#endif
