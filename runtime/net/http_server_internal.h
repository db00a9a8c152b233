/*
 * http_server_internal.h - what the files of the HTTP server share.
 *
 * A client is one connection, from accept to close; an exchange is one request on it with its
 * answer.  libmicrohttpd and the answering side each hold an exchange: it is freed when
 * libmicrohttpd is done with the request (client is NULL then) and the answering side too (over).
 */
#ifndef JANUS_NET_HTTP_SERVER_INTERNAL_H
#define JANUS_NET_HTTP_SERVER_INTERNAL_H
#include <microhttpd.h>
#include <netinet/in.h>

#include "runtime/base/buf.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"

struct exchange;

struct http_server {
	struct loop *loop;
	const struct http_server_limits *limits;
	const struct http_server_handlers *handlers;
	void *arg;
	struct MHD_Daemon *daemon;
	struct watch watch; /* libmicrohttpd's epoll, nested in ours */
	struct timer due; /* when libmicrohttpd wants to run again */
	struct turn_end turn; /* the end of this turn: tend what is in dirty, run libmicrohttpd */
	struct exchange *dirty; /* exchanges to tend at the end of the turn */
	struct exchange *first; /* all exchanges */
	struct client *clients; /* all connections */
	unsigned nclients;
	unsigned busy;
	struct buf
	    spare; /* for whoever writes next: what is sent at once needs no memory of its own */
	int nobody; /* a socket that is connected to nothing */
	const struct tls_certificate *tls; /* borrowed; NULL: plain */
	bool is_unix, run_wanted;
	bool draining, quiet; /* quiet: no longer listening */
};

struct client {
	struct http_server *server;
	struct MHD_Connection *mhd; /* NULL while the connection is out of libmicrohttpd */
	struct exchange *exchange;
	int fd;
	bool half_closed; /* it sent a FIN */
	bool used; /* has sent a request line */
	bool heard; /* while out: bytes came during an answer */
	struct timer timer; /* head, body, idle, probe and stall never overlap */
	struct watch watch; /* from its first wait on: is the other end still there? */
	unsigned answers; /* whole ones that libmicrohttpd sent */
	bool uncounted; /* request_bytes is not known any more */
	char address[INET6_ADDRSTRLEN]; /* "" until it was wanted */
	uint64_t request_bytes; /* what its requests took, from the first byte on */
	struct client *next, **prev;
};

/* How far the request is; the answer may be known at any stage. */
enum stage { STAGE_LINE, STAGE_HEAD, STAGE_BODY, STAGE_ANSWER };

struct exchange {
	struct http_request pub; /* first: the two are cast into each other */
	/* what a stream's writing touches, together */
	struct client *client; /* NULL when libmicrohttpd is done with it */
	struct buf out; /* written by us to the socket, from out_at on */
	size_t out_at;
	struct metric_histogram *delay; /* where to count how long it waited; NULL */
	int64_t delay_since_us;
	struct exchange *dirty_next, **dirty_prev;
	bool old; /* HTTP/1.0 */
	bool sized; /* the length of its body was told in the head */
	bool over; /* for the answering side */
	bool dead; /* the connection must be closed */
	bool streaming, bodiless;
	bool head_sent; /* of a stream: from now on we write to the socket */
	bool above_high;
	bool suspended; /* in libmicrohttpd's terms: the connection is ours */
	bool leaving; /* taken from libmicrohttpd, which has yet to say on_completed */
	bool told_half_closed;

	bool has_body;
	bool expects; /* waits for a 100 before it sends its body */
	bool bad_framing; /* where the request ends is not certain */
	bool raw; /* answered by us on the socket; what comes is dropped, then closed */
	enum stage stage;
	const struct http_request_events *events;
	void *events_arg;
	char *target; /* owned; pub.path and pub.query point into it */
	char method[24];
	struct http_header always[HTTP_ALWAYS_MAX + 1]; /* values owned */
	int64_t body_max, body_declared; /* -1: of unknown length */
	int64_t body_began_ms, body_byte_ms;
	size_t dropped; /* body bytes read for nobody */
	struct plain_head *plain; /* its head, if it was read by us */
	int status;
	struct MHD_Response *response; /* not yet given to libmicrohttpd */
	unsigned probes;
	struct exchange *next, **prev;
};

/* Edge-triggered: what the watch of a client is for, beside room for what waits to be sent. */
static inline uint32_t
client_events(const struct client *c)
{
	return EPOLLRDHUP | EPOLLET | (c->mhd == NULL ? EPOLLIN : 0);
}

static inline struct exchange *
exchange_of(const struct http_request *r)
{
	return (struct exchange *)(uintptr_t)r;
}

/* Where to write what goes to the socket. */
static inline struct buf *
exchange_out(struct exchange *ex)
{
	struct buf *spare = &ex->pub.server->spare;

	if (ex->out.data == NULL && spare->data != NULL) {
		ex->out = *spare;
		*spare = (struct buf){ 0 };
	}
	return &ex->out;
}

/* http_server.c */
/** server_tend_soon - tend the dirty exchanges when this turn ends. */
void server_tend_soon(struct http_server *);
/** server_run_soon - and run libmicrohttpd after that. */
void server_run_soon(struct http_server *);

/* http_connection.c */
/** client_on_connection - libmicrohttpd has taken one, or closed one. */
void client_on_connection(
    void *cls, struct MHD_Connection *, void **context, enum MHD_ConnectionNotificationCode);
/** client_free - forget a connection; its descriptor is somebody else's. */
void client_free(struct client *);
/** client_add - a connection of this server; mhd may be NULL. */
struct client *client_add(struct http_server *, struct MHD_Connection *mhd, int fd);
/** client_on_idle - the timer of a client without a request: it is hung up. */
void client_on_idle(struct timer *, void *arg);
/** client_watch - from now on notice that the client leaves. */
void client_watch(struct client *);
/** client_on_head_late - the timer of one whose head is not complete: it is refused. */
void client_on_head_late(struct timer *, void *arg);
/** client_on_body_check - the timer of one that sends its body: has it been too slow? */
void client_on_body_check(struct timer *, void *arg);
/** client_hang_up - have it closed. */
void client_hang_up(struct client *);

/* http_request.c */
struct exchange *exchange_new(struct client *, const char *target);
void exchange_free(struct exchange *);
/** exchange_read_head - check the head and fill pub; 0, or the status to refuse with and its code. */
int exchange_read_head(
    struct exchange *, const char *method, const char *version, const char **code);
/** exchange_identify - note when it came, from whom, its method and its id. */
void exchange_identify(struct exchange *, const char *method);
/** exchange_refuse - answer with the envelope of on_refused. */
void exchange_refuse(struct exchange *, int status, const char *code);
/** exchange_take_body - more of it; false when it was refused, because there is no room for it. */
bool exchange_take_body(struct exchange *, const char *bytes, size_t len);

/** exchange_add_head - append the head of an answer that we send ourselves. */
void exchange_add_head(
    struct exchange *, struct buf *out, int status, const struct http_header *, bool chunked);

/* http_takeout.c */
/** client_bytes_read - what was read from this TCP connection so far, by whomever; -1: unknown. */
int64_t client_bytes_read(int fd);
/** exchange_take_out - may this answer have the connection to itself? Then it has. */
bool exchange_take_out(struct exchange *);
/** exchange_is_out - has it? */
bool exchange_is_out(const struct exchange *);
/** exchange_close - end one that is out and over, with its connection.  It is freed. */
void exchange_close(struct exchange *);
/** client_put_back - libmicrohttpd goes on with the connection, which has no request, or, where it is not to be
 *  kept, it is closed. The client is freed. */
void client_put_back(struct client *, bool keep);

/* http_plain.c */
struct plain_head;
const char *plain_header_get(const struct plain_head *, const char *name);
int plain_header_count(const struct plain_head *, const char *name);
/** client_read - something came on a connection that is out and has no request. The client may be freed. */
void client_read(struct client *);
/** exchange_next - its answer was sent: free it, and wait for the connection's next request. */
void exchange_next(struct exchange *);

/* http_stream.c */
/** exchange_suspend - only from within a callback of libmicrohttpd. */
void exchange_suspend(struct exchange *);
void exchange_resume(struct exchange *);
/** exchange_gone - the connection is lost: tell whoever answers, and have it closed. */
void exchange_gone(struct exchange *);
/** exchange_dirty - have exchange_tend called at the end of this turn. */
void exchange_dirty(struct exchange *);
/** exchange_tend - send what can be sent, and look after what follows from it. */
void exchange_tend(struct exchange *);
/** exchange_read_stream - libmicrohttpd's reader of a stream: hands the socket over to us. */
ssize_t exchange_read_stream(void *cls, uint64_t pos, char *buf, size_t max);
#endif
