/*
 * http_server.c - libmicrohttpd on our loop: its turns, and the course of a request.
 */
#include "runtime/net/http_server.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server_internal.h"
#include "runtime/net/tls_internal.h"

/* An answer that came before the body's end: how much body is read so that the client, which may
 * look at the answer only after having sent all, does not meet a reset instead. */
#define LINGER_MAX_BYTES (64u << 20)
/* Beside the largest head: libmicrohttpd's own records, and the head of the answer.  About half of
 * a pool becomes resident with the first request, so this is the memory of an idle stream. */
#define POOL_SPARE_BYTES 6144

const struct http_server_limits http_server_defaults = {
	.header_bytes = 32 << 10,
	.url_bytes = 8 << 10,
	.header_timeout_ms = 10000,
	.idle_timeout_ms = 75000,
	.body_timeout_ms = 60000,
	.connections = 10000,
	.plain_after = 8,
	.stream_high_bytes = 256 << 10,
	.stream_stall_ms = 30000,
};

static void
on_due(struct timer *t, void *arg)
{
	(void)t;
	server_run_soon(arg);
}

/* GnuTLS asks for a certificate without telling for which server: for the one that runs. */
static _Thread_local const struct tls_certificate *handshakes_use;

static int
on_certificate_wanted(gnutls_session_t session, const gnutls_datum_t *issuers, int nissuers,
    const gnutls_pk_algorithm_t *algorithms, int nalgorithms, gnutls_pcert_st **chain,
    unsigned *len, gnutls_privkey_t *key)
{
	(void)session;
	(void)issuers;
	(void)nissuers;
	(void)algorithms;
	(void)nalgorithms;
	if (handshakes_use == NULL)
		return -1;
	tls_certificate_current(handshakes_use, chain, len, key);
	return 0;
}

static void
run(struct http_server *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	s->run_wanted = false;
	handshakes_use = s->tls;
	MHD_run(s->daemon);
	handshakes_use = NULL;
	if (MHD_get_timeout(s->daemon, &wait_ms) != MHD_YES)
		timer_cancel(&s->due);
	else if (wait_ms == 0)
		server_run_soon(s);
	else
		timer_set(s->loop, &s->due, wait_ms > 60000 ? 60000 : (int64_t)wait_ms, on_due, s);
}

static void
stop_listening(struct http_server *s)
{
	const MHD_socket listen_fd = MHD_quiesce_daemon(s->daemon);

	s->quiet = true;
	if (listen_fd != MHD_INVALID_SOCKET)
		close(listen_fd);
	for (struct client *c = s->clients; c != NULL; c = c->next)
		if (c->used && c->exchange == NULL)
			client_hang_up(c);
}

static void
on_turn_end(struct turn_end *e, void *arg)
{
	struct http_server *s = arg;
	struct exchange *batch = s->dirty;

	(void)e;
	/* Only these: what tending adds waits for the next turn, so that others get theirs. */
	s->dirty = NULL;
	if (batch != NULL)
		batch->dirty_prev = &batch;
	while (batch != NULL)
		exchange_tend(batch);
	if (s->run_wanted)
		run(s);
	if (s->draining && !s->quiet)
		stop_listening(s);
}

void
server_tend_soon(struct http_server *s)
{
	loop_at_turn_end(s->loop, &s->turn, on_turn_end, s);
}

void
server_run_soon(struct http_server *s)
{
	s->run_wanted = true;
	server_tend_soon(s);
}

static void
on_daemon_ready(struct watch *w, uint32_t events, void *arg)
{
	(void)w;
	(void)events;
	run(arg);
}

/*
 * The course of a request, as libmicrohttpd calls us
 */
static void *
on_request_line(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct http_server *s = cls;
	struct client *c =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	/* The first head is timed from the accept on, a later one from its first line on. */
	if (c->used)
		timer_set(s->loop, &c->timer, s->limits->header_timeout_ms, client_on_head_late, c);
	c->used = true;
	c->exchange = exchange_new(c, target);
	return c->exchange;
}

static enum MHD_Result
queue(struct exchange *ex)
{
	struct MHD_Response *response = ex->response;

	ex->response = NULL;
	const enum MHD_Result queued =
	    MHD_queue_response(ex->client->mhd, (unsigned)ex->status, response);
	MHD_destroy_response(response);
	return queued;
}

static void
count_request(struct exchange *ex)
{
	struct client *c = ex->client;
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (info == NULL || (ex->has_body && ex->body_declared < 0))
		c->uncounted = true;
	else
		c->request_bytes +=
		    info->header_size + (ex->has_body ? (uint64_t)ex->body_declared : 0);
}

static enum MHD_Result
handle_head(struct exchange *ex, const char *method, const char *version)
{
	struct http_server *s = ex->client->server;
	const char *code = NULL;
	int status;

	ex->stage = STAGE_HEAD;
	timer_cancel(&ex->client->timer);
	status = exchange_read_head(ex, method, version, &code);
	if (status == 0) {
		ex->body_max = s->handlers->on_head(&ex->pub, s->arg);
		assert(ex->over || ex->body_max >= 0);
		if (!ex->over && ex->has_body && ex->body_declared > ex->body_max) {
			status = MHD_HTTP_CONTENT_TOO_LARGE;
			code = "payload_too_large";
		}
	}
	if (status != 0)
		exchange_refuse(ex, status, code);
	/* Told before its body: libmicrohttpd answers and closes. */
	if (ex->response != NULL && (ex->expects || ex->bad_framing))
		return queue(ex);
	ex->stage = STAGE_BODY;
	count_request(ex);
	if (ex->has_body) {
		ex->body_began_ms = ex->body_byte_ms = loop_now_ms(s->loop);
		timer_set(s->loop, &ex->client->timer, s->limits->body_timeout_ms,
		    client_on_body_check, ex->client);
	}
	return MHD_YES;
}

static enum MHD_Result
handle_body(struct exchange *ex, const char *bytes, size_t len)
{
	ex->body_byte_ms = loop_now_ms(ex->pub.loop);
	if (!ex->over && ex->pub.body_bytes + (int64_t)len > ex->body_max) {
		buf_done(&ex->pub.body);
		exchange_refuse(ex, MHD_HTTP_CONTENT_TOO_LARGE, "payload_too_large");
	}
	if (!ex->over && exchange_take_body(ex, bytes, len))
		return MHD_YES;
	ex->dropped += len;
	return ex->dropped > LINGER_MAX_BYTES ? MHD_NO : MHD_YES;
}

static enum MHD_Result
handle_complete(struct exchange *ex)
{
	struct http_server *s = ex->client->server;

	if (ex->stage != STAGE_ANSWER) {
		ex->stage = STAGE_ANSWER;
		timer_cancel(&ex->client->timer);
		if (!ex->over)
			s->handlers->on_request(&ex->pub, s->arg);
	}
	if (ex->raw || ex->dead)
		return MHD_NO;
	if (ex->response != NULL)
		return queue(ex);
	exchange_suspend(ex);
	return MHD_YES;
}

static enum MHD_Result
on_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_len, void **context)
{
	struct exchange *ex = *context;

	(void)cls;
	(void)url;
	/* Taken out: what libmicrohttpd has is an empty shell. */
	if (exchange_is_out(ex) || ex->client == NULL || ex->client->mhd != mhd)
		return MHD_NO;
	if (ex->stage == STAGE_LINE)
		return handle_head(ex, method, version);
	if (*upload_len > 0) {
		const size_t len = *upload_len;

		*upload_len = 0;
		return handle_body(ex, upload, len);
	}
	return handle_complete(ex);
}

static void
on_completed(
    void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
	struct http_server *s = cls;
	struct exchange *ex = *context;

	if (ex == NULL)
		return;
	*context = NULL;
	struct client *c = ex->client;
	if (c->mhd != mhd) {
		ex->leaving = false;
		exchange_dirty(ex); /* it may have waited for this */
		return;
	}
	timer_cancel(&c->timer);
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		timer_set(s->loop, &c->timer, s->draining ? 0 : s->limits->idle_timeout_ms,
		    client_on_idle, c);
	c->exchange = NULL;
	ex->client = NULL;
	ex->suspended = false;
	/* A stream that answers HEAD goes on for its writer, who ends it in his own time. */
	if (!ex->over && !(ex->bodiless && code == MHD_REQUEST_TERMINATED_COMPLETED_OK))
		exchange_gone(ex);
	if (ex->over)
		exchange_free(ex);
}

/* Targets are wanted raw: our router decodes what it has matched, once. */
static size_t
keep_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
	size_t len = 0;

	(void)cls;
	(void)mhd;
	while (text[len] != '\0')
		len++;
	return len;
}

static struct MHD_Daemon *
daemon_start(struct http_server *s, int listen_fd)
{
	const struct http_server_limits *l = s->limits;
	int64_t backstop_ms = l->idle_timeout_ms;
	const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)on_certificate_wanted },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};

	/* Ours come first; libmicrohttpd's own limit is for clients that do not take a reply. */
	if (backstop_ms < l->body_timeout_ms)
		backstop_ms = l->body_timeout_ms;
	/* clang-format off */
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
		(s->tls != NULL ? MHD_USE_TLS : 0) |
		(listen_fd < 0 ? MHD_USE_NO_LISTEN_SOCKET : 0), 0, NULL, NULL, on_access, s,
	    MHD_OPTION_CONNECTION_LIMIT, l->connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(backstop_ms / 1000 + 5),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, l->header_bytes + POOL_SPARE_BYTES,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
	    MHD_OPTION_URI_LOG_CALLBACK, on_request_line, s,
	    MHD_OPTION_NOTIFY_CONNECTION, client_on_connection, s,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
	    MHD_OPTION_ARRAY, s->tls != NULL ? tls : plain,
	    listen_fd < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET, listen_fd,
	    MHD_OPTION_END);
	/* clang-format on */
}

struct http_server *
http_server_new(struct loop *loop, int listen_fd, const struct http_server_limits *limits,
    const struct http_server_handlers *handlers, void *arg, struct error *err)
{
	return http_server_new_tls(loop, listen_fd, NULL, limits, handlers, arg, err);
}

struct http_server *
http_server_new_tls(struct loop *loop, int listen_fd, const struct tls_certificate *tls,
    const struct http_server_limits *limits, const struct http_server_handlers *handlers, void *arg,
    struct error *err)
{
	struct http_server *s = mem_zalloc(sizeof(*s));
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	s->loop = loop;
	s->limits = limits;
	s->handlers = handlers;
	s->arg = arg;
	if (listen_fd >= 0 &&
	    (getsockname(listen_fd, (struct sockaddr *)&address, &len) < 0 ||
		fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) < 0)) {
		error_errno(err, "listening descriptor %d", listen_fd);
		close(listen_fd);
		free(s);
		return NULL;
	}
	s->is_unix = address.ss_family == AF_UNIX;
	s->tls = s->is_unix ? NULL : tls;
	s->nobody = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->daemon = daemon_start(s, listen_fd);
	if (s->daemon == NULL) {
		error_set(err, ERROR_IO, "the HTTP server cannot be started");
		if (listen_fd >= 0)
			close(listen_fd);
		if (s->nobody >= 0)
			close(s->nobody);
		free(s);
		return NULL;
	}
	const int epoll = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	if (loop_watch(loop, &s->watch, epoll, EPOLLIN, on_daemon_ready, s, err) < 0) {
		http_server_free(s);
		return NULL;
	}
	return s;
}

void
http_server_take(struct http_server *s, int fd)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);

	if (s->draining || getpeername(fd, (struct sockaddr *)&peer, &len) < 0) {
		close(fd);
		return;
	}
	MHD_add_connection(s->daemon, fd, (struct sockaddr *)&peer, len);
	server_run_soon(s);
}

void
http_server_drain(struct http_server *s)
{
	/* At the end of the turn, for we may be inside of libmicrohttpd; and after a last run, for
	 * what the kernel has accepted for us already is served. */
	s->draining = true;
	if (!s->quiet)
		server_run_soon(s);
}

unsigned
http_server_busy(const struct http_server *s)
{
	return s->busy;
}

void
http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	loop_unwatch(&s->watch);
	/* libmicrohttpd aborts the process if it is stopped with a connection suspended. */
	for (struct exchange *ex = s->first; ex != NULL;) {
		if (ex->dead) {
			ex = ex->next;
			continue;
		}
		exchange_gone(ex);
		ex = s->first; /* whoever was told may have changed the list */
	}
	MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
	while (s->first != NULL) {
		struct exchange *ex = s->first;

		ex->over = true;
		if (exchange_is_out(ex))
			exchange_close(ex);
		else
			exchange_free(ex);
	}
	while (s->clients != NULL)
		client_put_back(s->clients, false);
	if (s->nobody >= 0)
		close(s->nobody);
	timer_cancel(&s->due);
	turn_end_cancel(&s->turn);
	buf_done(&s->spare);
	free(s);
}
