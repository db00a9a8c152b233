/*
 * http_client.h - one blocking HTTP call, for workers and command-line programs (libcurl).
 *
 * Never call it on a loop.  Redirects off, http and https only, no signals; environment proxies
 * are used only if asked for.  A thread keeps its connections for its next calls, but POST and
 * PATCH always get a new one: on a kept one that died libcurl would send them twice.
 */
#ifndef JANUS_NET_HTTP_CLIENT_H
#define JANUS_NET_HTTP_CLIENT_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct error;
struct sockaddr;

struct http_call {
	/* in */
	const char *method, *url;
	const char *unix_socket; /* connect there instead of the URL's host; or NULL */
	const char *const *headers; /* "name: value" lines, NULL-ended; or NULL */
	const void *body;
	size_t body_len;
	int body_fd; /* stream the body from here to its end instead; 0: not used */
	int64_t connect_ms; /* 0: 5 s */
	int64_t total_ms; /* 0: none */
	int64_t stall_ms; /* no byte either way for so long ends the call TIMEOUT; 0: none */
	/** on_stall - asked with `arg` every stall_ms of silence instead: 0 to wait on, -1 ends the
	 *  call CANCELLED.  May make calls of its own. */
	int (*on_stall)(void *arg);
	size_t max_body; /* of the collected reply; 0: 1 MiB; over it TOO_BIG */
	bool use_proxy_env;
	bool decode; /* take compressed replies; max_body is of what comes out */
	size_t max_headers; /* lines of the reply's head; 0: as many as libcurl takes */
	/* The addresses of the URL's host, "host:port:address,address", so that no name is asked; or
	 * NULL. */
	const char *pinned;
	/** May that be connected to?  NULL: anything.  With it no connection is kept, nor a kept one
	 *  used. A refusal is DENIED. */
	bool (*may_connect)(const struct sockaddr *, const void *rules);
	const void *rules;
	/** on_data - take body bytes as they come instead of collecting them; -1 ends the call
	 *  CANCELLED.  Only for 2xx: an error body is still collected into `reply`. */
	int (*on_data)(const char *bytes, size_t len, void *arg);
	void *arg;
	const atomic_bool *cancel; /* looked at at least every 200 ms; or NULL */
	/* out; reply must be zero or reused, freed by the caller with buf_done */
	int status;
	struct buf reply;
	char content_type[96]; /* as sent */
	char location[2048]; /* "" if absent or longer */
	char authenticate[512]; /* how it wants to know who asks; "" if absent or longer */
	int retry_after_s; /* what it asks to wait; 0: not said, or as a date */
};

/** http_client_setup - once at program start, before threads; also ignores SIGPIPE, which
 *  libcurl's TLS connections (dial.h too) would raise. */
void http_client_setup(void);
/**
 * http_call - 0 when a response came (any status), -1 with err otherwise.
 *
 * INVALID url, DENIED by may_connect, UNAVAILABLE no connection, TIMEOUT, CANCELLED, TOO_BIG, IO body_fd cannot be read,
 * UPSTREAM what came is no whole HTTP response (reply then holds what there was of its body).
 */
int http_call(struct http_call *, struct error *);
/** http_calls_free - drop this thread's cached connections (also done when a thread ends). */
void http_calls_free(void);
#endif
