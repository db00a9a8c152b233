/*
 * http_server.h - HTTP/1.1 requests in, replies and streams out, on one loop (libmicrohttpd).
 *
 * One server per loop and listening socket (TCP, or unix for the control socket).  A request is
 * first seen when its headers are complete (on_head), then once its body is there (on_request).
 * Whoever answers may do so at once or any time later, from the same loop.
 *
 * While a request waits for its answer or streams, a client that goes away is noticed at once,
 * also in silence (its socket is watched); a half-close is not a cancel.  Stream bytes are
 * written by us straight to the client's socket; libmicrohttpd parses requests, writes heads and
 * everything that is not a stream.  After a stream, and when they are used often, connections do without
 * it as long as their requests are plain (plain_request.h).  With TLS all of it holds but the last: the
 * connection stays libmicrohttpd's, and streams go out in its session.
 */
#ifndef JANUS_NET_HTTP_SERVER_H
#define JANUS_NET_HTTP_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/buf.h"
struct error;
struct loop;
struct metric_histogram;
struct tls_certificate;
struct http_server;

struct http_header {
	const char *name; /* lower case; a NULL name ends a list */
	const char *value;
};

/* Called from the request's loop, never from inside a http_* call. After on_gone the request must
 * not be touched again. */
struct http_request;
struct http_request_events {
	/** The client left before the answer was complete. The request is over. */
	void (*on_gone)(struct http_request *, void *arg);
	/** A stream's unsent bytes fell below half the high-water mark after having been above it. */
	void (*on_drain)(struct http_request *, void *arg);
	/**
	 * The client of a running stream sends no more; optional (NULL).  It may still be reading, or
	 * have closed: over TCP both look the same until something is written.  Write something
	 * harmless now (an SSE comment): if the client is gone, on_gone follows.  While no head was
	 * sent yet the server finds out by itself, with an interim 100 after a short grace.
	 */
	void (*on_half_closed)(struct http_request *, void *arg);
};

struct http_request {
	/* set by the server, read-only */
	struct http_server *server;
	struct loop *loop;
	const char *method; /* upper case as sent */
	const char *path; /* as sent, without the query; percent-escapes not decoded */
	const char *query; /* after '?', not decoded; "" if none */
	struct buf body; /* complete once on_request is called */
	int body_fd; /* -1; set by on_head to an open file that the request then owns, the body goes
		      * there instead: written on this loop, so to a file and nothing slower.  Whoever
		      * answers may take it over, leaving -1. */
	int64_t body_bytes; /* received, wherever they went */
	int64_t accepted_us; /* clock_now_us() when the headers were complete */
	bool is_unix; /* came in by the control socket */
	bool is_tls; /* came in by TLS that ends here */
	uid_t peer_uid; /* of the process at the other end, when is_unix */
	char client[48]; /* "127.0.0.1" or "unix" */
	char id[132]; /* x-request-id: the client's if well-formed, else made; unique per process */
	/* the answering side's own */
	void *user;
};

struct http_server_handlers {
	/**
	 * on_head - the headers are there.
	 *
	 * Returns the largest body accepted in bytes, or -1 after having answered with http_reply
	 * (a body is then dropped).  A larger body is answered 413 by on_refused's envelope, one that
	 * body_fd has no room for 503 "low_disk".
	 */
	int64_t (*on_head)(struct http_request *, void *arg);
	/** on_request - body complete; answer now or later. */
	void (*on_request)(struct http_request *, void *arg);
	/**
	 * on_refused - the server itself must answer (413, 408 ...): write the body of the reply.
	 * code is a wire code name such as "payload_too_large"; the content-type is application/json.
	 * The request is over; no http_* call may be made for it.  Requests that libmicrohttpd cannot
	 * parse at all are answered by it, without this call.
	 */
	void (*on_refused)(
	    struct http_request *, int status, const char *code, struct buf *body, void *arg);
};

struct http_server_limits {
	size_t header_bytes; /* 32 KiB */
	size_t url_bytes; /* 8 KiB */
	int64_t header_timeout_ms; /* 10 s for a request head; between requests idle_timeout_ms */
	int64_t idle_timeout_ms; /* 75 s for a kept-alive connection without a request */
	int64_t body_timeout_ms; /* 60 s without a body byte, or slower than 1 byte a ms after it */
	unsigned connections; /* most at once */
	unsigned
	    plain_after; /* 8 answers on a connection before its plain requests are read by us */
	size_t stream_high_bytes; /* 256 KiB: above it http_stream_write returns false */
	int64_t
	    stream_stall_ms; /* 30 s: client that takes no byte of a stream for so long is gone */
};
extern const struct http_server_limits http_server_defaults;

/**
 * http_server_new - serve on a listening descriptor, which the server then owns.
 *
 * Handlers and limits are borrowed for the server's life. NULL with err on failure.
 */
struct http_server *http_server_new(struct loop *, int listen_fd, const struct http_server_limits *,
    const struct http_server_handlers *, void *arg, struct error *);
/** http_server_new_tls - the same, speaking TLS (1.2 and up) on a TCP socket; on a unix socket, or
 *  with tls NULL, it is http_server_new.  The certificate is borrowed for the server's life. */
struct http_server *http_server_new_tls(struct loop *, int listen_fd,
    const struct tls_certificate *, const struct http_server_limits *,
    const struct http_server_handlers *, void *arg, struct error *);
/** http_server_take - serve a connected socket as if it had been accepted; it is then the server's.
 *  Also for a server that was made with listen_fd -1, which accepts none itself. */
void http_server_take(struct http_server *, int fd);
/** http_server_drain - stop accepting; keep-alive connections close after their current answer. */
void http_server_drain(struct http_server *);
/** http_server_busy - requests not yet answered completely. */
unsigned http_server_busy(const struct http_server *);
/** http_server_free - closes everything; on_gone is called for what is still unanswered. */
void http_server_free(struct http_server *);

/** http_header_get - value of a request header by lower-case name, NULL if absent; borrowed. */
const char *http_header_get(const struct http_request *, const char *name);
/** http_header_count - how often a header was sent (duplicates are an attack on some). */
int http_header_count(const struct http_request *, const char *name);
/** http_query_get - decoded query value of key, the caller's; NULL if absent or badly encoded. */
char *http_query_get(const struct http_request *, const char *key);

#define HTTP_ALWAYS_MAX 10
/** http_always_add - a header that the answer will carry, whoever gives it and however; at most
 *  HTTP_ALWAYS_MAX.  name is borrowed for the process's life, value is copied. */
void http_always_add(struct http_request *, const char *name, const char *value);
/** http_request_watch - whom to tell; events are borrowed for the request's life. */
void http_request_watch(struct http_request *, const struct http_request_events *, void *arg);

/**
 * http_reply - the whole answer. headers (NULL or ended by a NULL name) and body are copied.
 *
 * Adds content-length, x-request-id and date; to a 429 or 503 also retry-after, a second unless
 * headers say otherwise, and the same as retry-after-ms.  HEAD gets no body.  The request is over:
 * it must not be touched again.
 */
void http_reply(struct http_request *, int status, const struct http_header *headers,
    const void *body, size_t len);

/** http_stream_begin - status and head of an answer of unknown length (chunked; close on 1.0). */
void http_stream_begin(struct http_request *, int status, const struct http_header *headers);
/** http_stream_begin_sized - the same for a body of len bytes, which HEAD does not get.  Exactly so
 *  many must be written before http_stream_end; else abort it.  On a unix socket, and where it is
 *  begun before on_request has returned, the connection closes after it. */
void http_stream_begin_sized(
    struct http_request *, int status, const struct http_header *headers, uint64_t len);
/** http_stream_write - more bytes: they are copied, and sent together at the end of this turn.
 *  Returns false when more than stream_high_bytes wait: pause until on_drain. */
bool http_stream_write(struct http_request *, const void *bytes, size_t len);
/** http_stream_warm - it is about to be written to: fetch what that takes into the cache. */
void http_stream_warm(const struct http_request *);
/** http_stream_count_delay - of what was just written: count the time from since_us (clock_now_us) until the socket
 *  is handed it. */
void http_stream_count_delay(
    struct http_request *, int64_t since_us, struct metric_histogram *into);
/** http_stream_unsent - bytes that wait for the client. */
size_t http_stream_unsent(const struct http_request *);
/** http_stream_end - after what waits was sent the answer is complete. The request is over. */
void http_stream_end(struct http_request *);
/** http_stream_abort - cut the connection without a proper end. The request is over. */
void http_stream_abort(struct http_request *);

/** http_listen_tcp - a listening socket on host (numeric) and port, SO_REUSEPORT; -1 with err. */
int http_listen_tcp(const char *host, int port, bool reuse_port, struct error *);
/** http_listen_unix - a listening unix socket at path with mode; an old socket there is replaced
 *  only if nobody answers on it; -1 with err (CONFLICT when somebody does). */
int http_listen_unix(const char *path, unsigned mode, struct error *);
#endif
