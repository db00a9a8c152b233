/*
 * test_http_server.c - a server on its own thread, and clients that speak bytes.
 */
#include "runtime/net/http_server.h"

#include <check.h>
#include <fcntl.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

#define WAIT_MS 60000
#define FLOOD_BYTES (8 << 20)
#define STREAMS 200

/*
 * The server under test
 */
enum happening { WAITING, GONE, HALF_CLOSED, PAUSED, DRAINED, HAPPENINGS };

static struct {
	struct loop *loop;
	struct http_server *server;
	pthread_t thread;
	struct http_server_limits limits;
	int port;
	char path[64];
	struct http_request *held[STREAMS];
	size_t held_len;
	size_t flooded;
	atomic_bool late; /* answers begin in a turn of their own, so that streams are taken out */
	bool warm; /* connections have had an answer, and are out of libmicrohttpd */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int seen[HAPPENINGS]; /* under lock */
} t;

static void
happened(enum happening h)
{
	pthread_mutex_lock(&t.lock);
	t.seen[h]++;
	pthread_cond_broadcast(&t.changed);
	pthread_mutex_unlock(&t.lock);
}

/* Wait until it has happened n times in all. */
static void
await(enum happening h, int n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&t.lock);
	while (t.seen[h] < n)
		if (pthread_cond_timedwait(&t.changed, &t.lock, &until) != 0)
			break;
	const int seen = t.seen[h];
	pthread_mutex_unlock(&t.lock);
	ck_assert_msg(seen >= n, "happening %d: %d of %d", (int)h, seen, n);
}

static int
seen(enum happening h)
{
	pthread_mutex_lock(&t.lock);
	const int n = t.seen[h];
	pthread_mutex_unlock(&t.lock);
	return n;
}

static void
on_gone(struct http_request *r, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < t.held_len; i++)
		if (t.held[i] == r)
			t.held[i] = t.held[--t.held_len];
	happened(GONE);
}

static void
flood(struct http_request *r)
{
	static char block[16384];

	memset(block, 'x', sizeof(block));
	while (t.flooded < FLOOD_BYTES) {
		t.flooded += sizeof(block);
		if (!http_stream_write(r, block, sizeof(block))) {
			happened(PAUSED);
			return;
		}
	}
	http_stream_end(r);
}

static void
on_drain(struct http_request *r, void *arg)
{
	(void)arg;
	happened(DRAINED);
	flood(r);
}

static void
on_half_closed(struct http_request *r, void *arg)
{
	(void)arg;
	happened(HALF_CLOSED);
	http_stream_write(r, ": ping\n\n", 8);
}

static const struct http_request_events events = { on_gone, on_drain, on_half_closed };

static void
hold(struct http_request *r)
{
	http_request_watch(r, &events, NULL);
	t.held[t.held_len++] = r;
	happened(WAITING);
}

/* A counted stream, one line a turn. */
struct lines {
	struct http_request *request;
	struct timer timer;
	int at, n;
};

static void
lines_gone(struct http_request *r, void *arg)
{
	struct lines *l = arg;

	(void)r;
	timer_cancel(&l->timer);
	free(l);
}

static const struct http_request_events lines_events = { .on_gone = lines_gone };

static void
next_line(struct timer *timer, void *arg)
{
	struct lines *l = arg;
	_cleanup_buf_ struct buf line = { 0 };

	if (l->at == l->n) {
		http_stream_end(l->request);
		free(l);
		return;
	}
	buf_printf(&line, "line %d\n", l->at++);
	http_stream_write(l->request, line.data, line.len / 2);
	http_stream_write(l->request, line.data + line.len / 2, line.len - line.len / 2);
	timer_set(t.loop, timer, 0, next_line, l);
}

static void
stream_lines(struct http_request *r)
{
	static const struct http_header headers[] = { { "content-type", "text/event-stream" },
		{ 0 } };
	_cleanup_free_ char *n = http_query_get(r, "n");
	struct lines *l = mem_zalloc(sizeof(*l));

	*l = (struct lines){ .request = r, .n = n != NULL ? atoi(n) : 0 };
	http_request_watch(r, &lines_events, l);
	http_stream_begin(r, 200, headers);
	timer_set(t.loop, &l->timer, 0, next_line, l);
}

static int64_t
on_head(struct http_request *r, void *arg)
{
	(void)arg;
	if (strcmp(r->path, "/denied") == 0) {
		http_reply(r, 401, NULL, "no", 2);
		return -1;
	}
	if (strcmp(r->path, "/file") == 0)
		r->body_fd = memfd_create("body", MFD_CLOEXEC);
	if (strcmp(r->path, "/full") == 0)
		r->body_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	return strcmp(r->path, "/small") == 0 || strcmp(r->path, "/file") == 0 ? 10 : 1 << 20;
}

static void
answer(struct http_request *r)
{
	static const struct http_header headers[] = { { "x-test", "yes" }, { 0 } };

	if (strcmp(r->path, "/hello") == 0) {
		http_reply(r, 200, headers, "hello", 5);
	} else if (strcmp(r->path, "/echo") == 0 || strcmp(r->path, "/small") == 0) {
		http_reply(r, 200, NULL, buf_str(&r->body), r->body.len);
	} else if (strcmp(r->path, "/file") == 0) {
		char text[16] = "";

		ck_assert_uint_eq(r->body.len, 0);
		ck_assert_int_eq(pread(r->body_fd, text, sizeof(text) - 1, 0), r->body_bytes);
		http_reply(r, 200, NULL, text, strlen(text));
	} else if (strncmp(r->path, "/busy/", 6) == 0) {
		const struct http_header when[] = { { "retry-after", r->query },
			{ strcmp(r->path, "/busy/ms") == 0 ? "retry-after-ms" : NULL, "250" },
			{ 0 } };

		http_reply(r, atoi(r->path + 6) > 0 ? atoi(r->path + 6) : 503,
		    r->query[0] != '\0' ? when : NULL, "busy", 4);
	} else if (strcmp(r->path, "/wait") == 0) {
		hold(r);
	} else if (strcmp(r->path, "/lines") == 0) {
		stream_lines(r);
	} else if (strcmp(r->path, "/silent") == 0) {
		http_stream_begin(r, 200, NULL);
		http_stream_write(r, "first\n", 6);
		hold(r);
	} else if (strcmp(r->path, "/flood") == 0) {
		http_request_watch(r, &events, NULL);
		t.flooded = 0;
		http_stream_begin(r, 200, NULL);
		flood(r);
	} else if (strcmp(r->path, "/sized") == 0) {
		http_stream_begin_sized(r, 200, headers, 10);
		http_stream_write(r, "01234", 5);
		http_stream_write(r, "56789", 5);
		http_stream_end(r);
	} else if (strcmp(r->path, "/sized/cut") == 0) {
		http_stream_begin_sized(r, 200, headers, 10);
		http_stream_write(r, "0123", 4);
		http_stream_abort(r);
	} else if (strcmp(r->path, "/cut") == 0) {
		http_stream_begin(r, 200, NULL);
		http_stream_write(r, "half", 4);
		hold(r);
	} else if (strcmp(r->path, "/peer") == 0) {
		_cleanup_buf_ struct buf b = { 0 };

		buf_printf(&b, "%s %d %d %s", r->client, r->is_unix, (int)r->peer_uid, r->id);
		http_reply(r, 200, NULL, b.data, b.len);
	} else {
		_cleanup_buf_ struct buf b = { 0 };

		buf_printf(&b, "%s|%s|%s", r->method, r->path, r->query);
		http_reply(r, 404, NULL, b.data, b.len);
	}
}

struct later {
	struct http_request *request;
	struct timer timer;
};

static void
later_gone(struct http_request *r, void *arg)
{
	struct later *l = arg;

	(void)r;
	timer_cancel(&l->timer);
	free(l);
}

static const struct http_request_events later_events = { .on_gone = later_gone };

static void
answer_now(struct timer *timer, void *arg)
{
	struct later *l = arg;
	struct http_request *r = l->request;

	(void)timer;
	free(l);
	http_request_watch(r, NULL, NULL);
	answer(r);
}

static void
on_request(struct http_request *r, void *arg)
{
	(void)arg;
	if (!t.late) {
		answer(r);
		return;
	}
	struct later *l = mem_zalloc(sizeof(*l));
	l->request = r;
	http_request_watch(r, &later_events, l);
	timer_set(t.loop, &l->timer, 0, answer_now, l);
}

static void
on_refused(struct http_request *r, int status, const char *code, struct buf *body, void *arg)
{
	(void)r;
	(void)arg;
	buf_printf(body, "{\"status\":%d,\"code\":\"%s\"}", status, code);
}

static const struct http_server_handlers handlers = { on_head, on_request, on_refused };

/* Commands, posted to the server's loop. */
static void
release_held(void *arg)
{
	(void)arg;
	while (t.held_len > 0)
		http_reply(t.held[--t.held_len], 200, NULL, "at last", 7);
}

static void
end_held(void *arg)
{
	(void)arg;
	while (t.held_len > 0) {
		struct http_request *r = t.held[--t.held_len];

		http_stream_write(r, "last\n", 5);
		http_stream_end(r);
	}
}

static void
write_held(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < t.held_len; i++)
		http_stream_write(t.held[i], "more\n", 5);
}

static void
abort_held(void *arg)
{
	(void)arg;
	while (t.held_len > 0)
		http_stream_abort(t.held[--t.held_len]);
}

static void
drain_server(void *arg)
{
	(void)arg;
	http_server_drain(t.server);
	happened(WAITING);
}

static void *
serve(void *arg)
{
	(void)arg;
	loop_run(t.loop);
	http_server_free(t.server);
	return NULL;
}

static void
start_with(bool is_unix, const struct http_server_limits *limits)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);
	struct error err = { 0 };
	int fd = -1;

	const bool late = t.late, warm = t.warm;

	memset(&t, 0, sizeof(t));
	t.late = late;
	t.warm = warm;
	t.limits = *limits;
	if (warm)
		t.limits.plain_after = 0;
	pthread_mutex_init(&t.lock, NULL);
	pthread_cond_init(&t.changed, NULL);
	t.loop = loop_new(&err);
	ck_assert_ptr_nonnull(t.loop);
	if (is_unix) {
		snprintf(t.path, sizeof(t.path), "/tmp/test_http_server.%d", (int)getpid());
		fd = http_listen_unix(t.path, 0600, &err);
	} else {
		fd = http_listen_tcp("127.0.0.1", 0, true, &err);
	}
	ck_assert_msg(fd >= 0, "%s", err.text);
	if (!is_unix) {
		ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
		t.port = ntohs(address.sin_port);
	}
	t.server = http_server_new(t.loop, fd, &t.limits, &handlers, NULL, &err);
	ck_assert_msg(t.server != NULL, "%s", err.text);
	ck_assert_int_eq(pthread_create(&t.thread, NULL, serve, NULL), 0);
}

static void
start(bool is_unix)
{
	start_with(is_unix, &http_server_defaults);
}

static void
setup(void)
{
	t.late = t.warm = false;
	start(false);
}

static void
setup_late(void)
{
	t.late = true;
	t.warm = false;
	start(false);
}

static void
setup_warm(void)
{
	t.late = t.warm = true;
	start(false);
}

static void
teardown(void)
{
	if (t.loop == NULL)
		return;
	loop_stop(t.loop);
	pthread_join(t.thread, NULL);
	loop_free(t.loop);
	t.loop = NULL;
	if (t.path[0] != '\0')
		unlink(t.path);
}

/*
 * A client
 */
struct peer {
	int fd;
	struct buf in; /* received, not yet looked at */
	bool ended;
};

struct answer {
	int status;
	struct buf head, body;
	bool chunked, whole; /* whole: ended as its framing says */
};

static void peer_warm(struct peer *);

static struct peer
peer_open(void)
{
	struct peer p = { 0 };

	if (t.path[0] != '\0') {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		memcpy(address.sun_path, t.path, sizeof(t.path));
		p.fd = socket(AF_UNIX, SOCK_STREAM, 0);
		ck_assert_int_eq(connect(p.fd, (struct sockaddr *)&address, sizeof(address)), 0);
		return p;
	}
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)t.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	p.fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(p.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (t.warm)
		peer_warm(&p);
	return p;
}

static void
peer_close(struct peer *p)
{
	buf_done(&p->in);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void
peer_send(struct peer *p, const char *bytes)
{
	const size_t len = strlen(bytes);

	ck_assert_int_eq(send(p->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* More bytes; false at the end. */
static bool
peer_fill(struct peer *p)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };

	if (p->ended)
		return false;
	ck_assert_msg(poll(&poll_fd, 1, WAIT_MS) == 1, "silence; so far: %s", buf_str(&p->in));
	const ssize_t n = recv(p->fd, buf_reserve(&p->in, 65536), 65536, 0);
	if (n <= 0) {
		p->ended = true;
		return false;
	}
	p->in.len += (size_t)n;
	p->in.data[p->in.len] = '\0';
	return true;
}

static void
peer_await(struct peer *p, const char *text)
{
	while (strstr(buf_str(&p->in), text) == NULL)
		ck_assert_msg(peer_fill(p), "no '%s' in: %s", text, buf_str(&p->in));
}

static bool
head_has(const struct answer *a, const char *line)
{
	return strcasestr(buf_str(&a->head), line) != NULL;
}

static bool
read_chunks(struct peer *p, struct answer *a)
{
	for (;;) {
		const char *eol;
		char *end;

		while ((eol = strstr(buf_str(&p->in), "\r\n")) == NULL)
			if (!peer_fill(p))
				return false;
		const size_t size = strtoul(p->in.data, &end, 16);
		ck_assert_msg(end == eol, "bad chunk line: %.40s", p->in.data);
		const size_t line = (size_t)(eol - p->in.data) + 2;
		while (p->in.len < line + size + 2)
			if (!peer_fill(p))
				return false;
		ck_assert_mem_eq(p->in.data + line + size, "\r\n", 2);
		buf_add(&a->body, p->in.data + line, size);
		buf_drop(&p->in, line + size + 2);
		if (size == 0)
			return true;
	}
}

static void
answer_done(struct answer *a)
{
	buf_done(&a->head);
	buf_done(&a->body);
}
#define _cleanup_answer_ _cleanup_(answer_done)
#define _cleanup_peer_ _cleanup_(peer_close)

/* Read one answer; status 0 if the connection ended before one. */
static struct answer
peer_answer(struct peer *p, bool is_head)
{
	struct answer a = { 0 };
	const char *end;

	do {
		while ((end = strstr(buf_str(&p->in), "\r\n\r\n")) == NULL)
			if (!peer_fill(p))
				return a;
		buf_clear(&a.head);
		buf_add(&a.head, p->in.data, (size_t)(end - p->in.data) + 4);
		buf_drop(&p->in, a.head.len);
		a.status = atoi(buf_str(&a.head) + strlen("HTTP/1.1 "));
	} while (a.status == 100);
	const char *length = strcasestr(buf_str(&a.head), "content-length:");
	a.chunked = head_has(&a, "transfer-encoding: chunked");
	if (is_head) {
		a.whole = true;
	} else if (a.chunked) {
		a.whole = read_chunks(p, &a);
	} else if (length != NULL) {
		const size_t n = (size_t)atol(length + strlen("content-length:"));

		while (p->in.len < n && peer_fill(p))
			continue;
		a.whole = p->in.len >= n;
		buf_add(&a.body, p->in.data, p->in.len < n ? p->in.len : n);
		buf_drop(&p->in, a.body.len);
	} else {
		while (peer_fill(p))
			continue;
		a.whole = true;
		buf_add(&a.body, p->in.data, p->in.len);
		buf_clear(&p->in);
	}
	return a;
}

#define EXPECT(p, code, text)                                                  \
	do {                                                                   \
		_cleanup_answer_ struct answer got_ = peer_answer((p), false); \
		ck_assert_int_eq(got_.status, (code));                         \
		ck_assert(got_.whole);                                         \
		ck_assert_str_eq(buf_str(&got_.body), (text));                 \
	} while (0)

#define HOST "Host: localhost\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static void
peer_warm(struct peer *p)
{
	peer_send(p, GET("/hello"));
	EXPECT(p, 200, "hello");
}

/*
 * Exchanges as a table: what is sent, what must come back
 */
static const struct {
	const char *name, *request;
	int status; /* 0: closed without an answer is right as well as 400 */
	const char *body; /* NULL: not looked at */
	bool closes;
} exchanges[] = {
	{ "simple GET", GET("/hello"), 200, "hello", false },
	{ "target is raw", GET("/a%2fb%20c?x=%41&y"), 404, "GET|/a%2fb%20c|x=%41&y", false },
	{ "POST with a length", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 200,
	    "body", false },
	{ "POST in chunks",
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n",
	    200, "abcdefg", false },
	{ "POST of nothing", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, "",
	    false },
	{ "body at the limit",
	    "POST /small HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n0123456789", 200,
	    "0123456789", false },
	{ "a body into a file", "PUT /file HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 200,
	    "body", false },
	{ "in chunks",
	    "PUT /file HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	    200, "abcde", false },
	{ "none at all", "PUT /file HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, "",
	    false },
	{ "more than it may be",
	    "PUT /file HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n",
	    413, "{\"status\":413,\"code\":\"payload_too_large\"}", true },
	{ "[I01] more than there is room for",
	    "PUT /full HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 503,
	    "{\"status\":503,\"code\":\"low_disk\"}", true },
	{ "declared over the limit",
	    "POST /small HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n0123456789a", 413,
	    "{\"status\":413,\"code\":\"payload_too_large\"}", false },
	{ "declared far over the limit, not sent",
	    "POST /small HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n01234", 413,
	    "{\"status\":413,\"code\":\"payload_too_large\"}", true },
	{ "grown over the limit",
	    "POST /small HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n",
	    413, "{\"status\":413,\"code\":\"payload_too_large\"}", true },
	{ "too large, asked first",
	    "POST /small HTTP/1.1\r\n" HOST "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n",
	    413, NULL, true },
	{ "asked first, and sent anyway",
	    "POST /small HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",
	    200, "hi", false },
	{ "another expectation",
	    "POST /small HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: x\r\n\r\nhi", 417, NULL,
	    true },
	{ "answered at the head", GET("/denied"), 401, "no", false },
	{ "answered at the head, body dropped",
	    "POST /denied HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 401, "no", false },
	{ "answered at the head, endless body",
	    "POST /denied HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", 401,
	    "no", true },
	{ "HTTP/1.0", "GET /hello HTTP/1.0\r\n\r\n", 200, "hello", true },
	{ "HTTP/1.0 stream", "GET /lines?n=3 HTTP/1.0\r\n\r\n", 200, "line 0\nline 1\nline 2\n",
	    true },
	{ "client asks to close", "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200,
	    "hello", true },
	{ "empty stream", GET("/lines?n=0"), 200, "", false },
	/* A05 to A07, A11, A14 of the fault list */
	{ "two lengths",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 400,
	    NULL, true },
	{ "length +5", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello", 400, NULL,
	    true },
	{ "length -1", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\nhello", 400, NULL,
	    true },
	{ "length 0x5", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nhello", 400,
	    NULL, true },
	{ "length 5,5", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5,5\r\n\r\nhello", 400,
	    NULL, true },
	{ "length 1e3", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1e3\r\n\r\nhello", 400,
	    NULL, true },
	{ "length 2^64",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\nhello", 0,
	    NULL, true },
	{ "empty length", "POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nhello", 400, NULL,
	    true },
	{ "length and coding",
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    400, NULL, true },
	{ "chunked twice",
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    400, NULL, true },
	{ "chunked, identity",
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
	    400, NULL, true },
	{ "xchunked", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	    400, NULL, true },
	{ "chunked in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    400, NULL, true },
	{ "chunk size -1",
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
	    0, NULL, true },
	{ "chunk size 0x3",
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
	    0, NULL, true },
	{ "space before the colon", "GET /hello HTTP/1.1\r\n" HOST "X-A : 1\r\n\r\n", 400, NULL,
	    true },
	{ "no colon", "GET /hello HTTP/1.1\r\n" HOST "Broken\r\n\r\n", 0, NULL, true },
	{ "control byte", "GET /hello HTTP/1.1\r\n" HOST "X-A: \001\r\n\r\n", 400, NULL, true },
	{ "8-bit name", "GET /hello HTTP/1.1\r\n" HOST "X-\xc3\xa4: 1\r\n\r\n", 400, NULL, true },
	{ "no host", "GET /hello HTTP/1.1\r\n\r\n", 400, NULL, true },
	{ "two hosts", "GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL, true },
	{ "host with user", "GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, NULL, true },
	{ "host list", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, NULL, true },
	{ "HTTP/0.9", "GET /hello\r\n\r\n", 0, NULL, true },
	{ "HTTP/1.2", "GET /hello HTTP/1.2\r\n" HOST "\r\n", 505, NULL, true },
	{ "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NULL, true },
	{ "TLS hello", "\x16\x03\x01\x02\r\n\r\n", 0, NULL, true },
	{ "method of no token", "G(T /hello HTTP/1.1\r\n" HOST "\r\n", 400, NULL, true },
	{ "long method", "ABCDEFGHIJKLMNOPQRSTUVWXYZ /hello HTTP/1.1\r\n" HOST "\r\n", 400, NULL,
	    true },
};

START_TEST(test_exchange)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, exchanges[_i].request);
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	if (exchanges[_i].status == 0)
		ck_assert_msg(
		    a.status == 0 || a.status == 400 || a.status == 413 || a.status == 505,
		    "%s: %d", exchanges[_i].name, a.status);
	else
		ck_assert_msg(
		    a.status == exchanges[_i].status, "%s: %d", exchanges[_i].name, a.status);
	if (exchanges[_i].body != NULL) {
		ck_assert_msg(a.whole, "%s: cut", exchanges[_i].name);
		ck_assert_msg(strcmp(buf_str(&a.body), exchanges[_i].body) == 0, "%s: '%s'",
		    exchanges[_i].name, buf_str(&a.body));
	}
	if (exchanges[_i].closes) {
		while (peer_fill(&p))
			continue;
		return;
	}
	ck_assert_msg(!head_has(&a, "connection: close"), "%s", exchanges[_i].name);
	ck_assert(head_has(&a, "\r\ndate: "));
	ck_assert(head_has(&a, "\r\nx-request-id: req_"));
	peer_send(&p, GET("/hello"));
	EXPECT(&p, 200, "hello");
}
END_TEST

static const struct busy {
	const char *target, *after, *after_ms; /* NULL: is not told */
} busy_cases[] = {
	{ "/busy/503", "1", "1000" },
	{ "/busy/429", "1", "1000" },
	{ "/busy/429?7", "7", "7000" },
	{ "/busy/503?2592000", "2592000", "2592000000" },
	{ "/busy/ms?1", "1", "250" },
	{ "/busy/503?soon", "soon", NULL },
	{ "/busy/200", NULL, NULL },
	{ "/busy/502", NULL, NULL },
};

START_TEST(test_retry_after) /* every 429 and 503 says when to come again, and in milliseconds */
{
	for (size_t i = 0; i < ARRAY_LEN(busy_cases); i++) {
		const struct busy *b = &busy_cases[i];
		_cleanup_free_ char *want = str_printf("%s%s%s%s%s%s",
		    b->after != NULL ? "retry-after: " : "", b->after != NULL ? b->after : "",
		    b->after != NULL ? "\r\n" : "", b->after_ms != NULL ? "retry-after-ms: " : "",
		    b->after_ms != NULL ? b->after_ms : "", b->after_ms != NULL ? "\r\n" : "");
		_cleanup_free_ char *sent =
		    str_printf("GET %s HTTP/1.1\r\n" HOST "\r\n", b->target);
		_cleanup_peer_ struct peer p = peer_open();

		peer_send(&p, sent);
		_cleanup_answer_ struct answer a = peer_answer(&p, true);
		ck_assert_msg(head_has(&a, want), "%s: %s", b->target, buf_str(&a.head));
		ck_assert_msg(head_has(&a, "retry-after:") == (b->after != NULL) &&
			head_has(&a, "retry-after-ms:") == (b->after_ms != NULL),
		    "%s: %s", b->target, buf_str(&a.head));
	}
}
END_TEST

START_TEST(test_every_split)
{
	static const char request[] =
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n" GET("/hello");
	_cleanup_peer_ struct peer p = peer_open();

	for (size_t at = 1; at < strlen(request); at++) {
		_cleanup_free_ char *first = str_ndup(request, at);

		peer_send(&p, first);
		peer_send(&p, request + at);
		EXPECT(&p, 200, "abcdefg");
		EXPECT(&p, 200, "hello");
	}
	for (const char *c = request; *c != '\0'; c++)
		peer_send(&p, (char[]){ *c, '\0' });
	EXPECT(&p, 200, "abcdefg");
	EXPECT(&p, 200, "hello");
}
END_TEST

START_TEST(test_pipelined)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/lines?n=2") GET("/hello") GET("/wait") GET("/hello"));
	EXPECT(&p, 200, "line 0\nline 1\n");
	EXPECT(&p, 200, "hello");
	await(WAITING, 1);
	loop_post(t.loop, release_held, NULL);
	EXPECT(&p, 200, "at last");
	EXPECT(&p, 200, "hello");
}
END_TEST

START_TEST(test_head_method)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
	_cleanup_answer_ struct answer whole = peer_answer(&p, true);
	ck_assert_int_eq(whole.status, 200);
	ck_assert(head_has(&whole, "content-length: 5\r\n"));
	peer_send(&p, GET("/hello"));
	EXPECT(&p, 200, "hello");

	/* A stream's writer does not know: its bytes are dropped. */
	peer_send(&p, "HEAD /lines?n=3 HTTP/1.1\r\n" HOST "\r\n");
	_cleanup_answer_ struct answer stream = peer_answer(&p, true);
	ck_assert_int_eq(stream.status, 200);
	ck_assert(head_has(&stream, "connection: close\r\n"));
	while (peer_fill(&p))
		continue;
	ck_assert_uint_eq(p.in.len, 0);
}
END_TEST

START_TEST(test_stream_of_known_length)
{
	_cleanup_peer_ struct peer p = peer_open();

	t.late = true; /* at once, libmicrohttpd has the connection, and closes it after one */

	for (int i = 0; i < 12;
	     i++) { /* before and after the connection is out, and between others */
		peer_send(&p, GET("/sized"));
		_cleanup_answer_ struct answer a = peer_answer(&p, false);
		ck_assert_int_eq(a.status, 200);
		ck_assert_str_eq(buf_str(&a.body), "0123456789");
		ck_assert(head_has(&a, "content-length: 10\r\n"));
		ck_assert(head_has(&a, "x-test: yes\r\n"));
		ck_assert(!head_has(&a, "chunked"));
		peer_send(&p, GET("/hello"));
		EXPECT(&p, 200, "hello");
	}
	peer_send(&p, "HEAD /sized HTTP/1.1\r\n" HOST "\r\n");
	_cleanup_answer_ struct answer head = peer_answer(&p, true);
	ck_assert_int_eq(head.status, 200);
	ck_assert(head_has(&head, "content-length: 10\r\n"));
	peer_send(&p, GET("/hello"));
	EXPECT(&p, 200, "hello");
	/* What was promised did not come: no next answer may be taken for the rest of it. */
	peer_send(&p, GET("/sized/cut"));
	while (peer_fill(&p))
		continue;
	ck_assert(p.in.len > 4 && memcmp(p.in.data + p.in.len - 4, "0123", 4) == 0);
}
END_TEST

START_TEST(test_stream_of_known_length_unix) /* where libmicrohttpd keeps the connection */
{
	teardown();
	start(true);
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/sized"));
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(buf_str(&a.body), "0123456789");
	ck_assert(head_has(&a, "connection: close\r\n"));
	while (peer_fill(&p))
		continue;
	ck_assert_uint_eq(p.in.len, 0);
}
END_TEST

START_TEST(test_request_id)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, "GET /hello HTTP/1.1\r\n" HOST "X-Request-Id: mine-12345\r\n\r\n");
	_cleanup_answer_ struct answer kept = peer_answer(&p, false);
	ck_assert(head_has(&kept, "\r\nx-request-id: mine-12345\r\n"));
	peer_send(&p, "GET /hello HTTP/1.1\r\n" HOST "X-Request-Id: a b\r\n\r\n");
	_cleanup_answer_ struct answer made = peer_answer(&p, false);
	ck_assert(head_has(&made, "\r\nx-request-id: req_"));
}
END_TEST

START_TEST(test_large_body_refused_while_sent)
{
	/* The client sends all before it reads: the refusal must reach it all the same. */
	_cleanup_peer_ struct peer p = peer_open();
	_cleanup_free_ char *block = mem_zalloc(1 << 20);

	memset(block, 'b', (1 << 20) - 1);
	peer_send(&p, "POST /small HTTP/1.1\r\n" HOST "Content-Length: 8388600\r\n\r\n");
	for (int i = 0; i < 8; i++)
		peer_send(&p, block);
	EXPECT(&p, 413, "{\"status\":413,\"code\":\"payload_too_large\"}");
}
END_TEST

START_TEST(test_long_stream)
{
	_cleanup_peer_ struct peer p = peer_open();
	_cleanup_buf_ struct buf want = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_printf(&want, "line %d\n", i);
	for (int i = 0; i < 3; i++) {
		peer_send(&p, GET("/lines?n=1000"));
		_cleanup_answer_ struct answer a = peer_answer(&p, false);
		ck_assert(a.whole && a.chunked);
		ck_assert_str_eq(buf_str(&a.body), want.data);
		peer_send(&p, GET("/hello"));
		EXPECT(&p, 200, "hello");
	}
}
END_TEST

START_TEST(test_head_of_stream_is_not_held_back)
{
	_cleanup_peer_ struct peer p = peer_open();
	int64_t fastest_ms = WAIT_MS;

	/* A corked socket would hold it for 200 ms every time; a busy machine is fast once. */
	for (int i = 0; i < 100 && fastest_ms >= 150; i++) {
		const int64_t began_ms = clock_now_ms();

		peer_send(&p, GET("/silent"));
		peer_await(&p, "\r\n\r\n6\r\nfirst\n\r\n");
		if (clock_now_ms() - began_ms < fastest_ms)
			fastest_ms = clock_now_ms() - began_ms;
		await(WAITING, i + 1);
		loop_post(t.loop, end_held, NULL);
		EXPECT(&p, 200, "first\nlast\n");
	}
	ck_assert_int_lt(fastest_ms, 150);
}
END_TEST

START_TEST(test_slow_reader)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/flood"));
	await(PAUSED, 1);
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert(a.whole);
	ck_assert_uint_eq(a.body.len, FLOOD_BYTES);
	ck_assert_int_ge(seen(DRAINED), 1);
	ck_assert_int_eq(seen(GONE), 0);
	peer_send(&p, GET("/hello"));
	EXPECT(&p, 200, "hello");
}
END_TEST

START_TEST(test_reader_that_stops)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/flood"));
	await(PAUSED, 1);
	await(GONE, 1);
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert(!a.whole);
}
END_TEST

/* How a client may leave while we are silent. */
static const struct {
	const char *name, *request;
	bool reset, speaks; /* speaks: has input that it never reads */
} leavings[] = {
	{ "stream, close", GET("/silent"), false, false },
	{ "stream, reset", GET("/silent"), true, false },
	{ "wait, close", GET("/wait"), false, false },
	{ "wait, reset", GET("/wait"), true, false },
	{ "1.0 stream, close", "GET /silent HTTP/1.0\r\n\r\n", false, false },
	{ "unread input, close", GET("/silent"), false, true },
};

static void
leave(int i)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct peer p = peer_open();

	peer_send(&p, leavings[i].request);
	await(WAITING, 1);
	if (strstr(leavings[i].request, "silent") != NULL && !leavings[i].speaks)
		peer_await(&p, "first\n");
	if (leavings[i].reset)
		setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	const int64_t began_ms = clock_now_ms();
	peer_close(&p);
	await(GONE, 1);
	ck_assert_msg(clock_now_ms() - began_ms < 10000, "%s", leavings[i].name);
	ck_assert_uint_eq(t.held_len, 0);

	/* and nothing is left of it */
	_cleanup_peer_ struct peer other = peer_open();
	peer_send(&other, GET("/hello"));
	EXPECT(&other, 200, "hello");
}

START_TEST(test_client_leaves)
{
	leave(_i);
}
END_TEST

START_TEST(test_client_leaves_unix)
{
	teardown();
	start(true);
	leave(_i);
}
END_TEST

START_TEST(test_half_closed_wait)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/wait"));
	shutdown(p.fd, SHUT_WR);
	await(WAITING, 1);
	/* Once the server has asked whether we are there, we still are. */
	peer_await(&p, "100 Continue");
	ck_assert_int_eq(seen(GONE), 0);
	loop_post(t.loop, release_held, NULL);
	EXPECT(&p, 200, "at last");
	ck_assert(!peer_fill(&p));
}
END_TEST

START_TEST(test_half_closed_at_once)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/lines?n=1000"));
	shutdown(p.fd, SHUT_WR);
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert(a.whole);
	ck_assert(!peer_fill(&p));
}
END_TEST

START_TEST(test_half_closed_stream)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/silent"));
	peer_await(&p, "first\n");
	shutdown(p.fd, SHUT_WR);
	await(HALF_CLOSED, 1);
	peer_await(&p, ": ping\n\n");
	loop_post(t.loop, write_held, NULL);
	peer_await(&p, "more\n");
	loop_post(t.loop, end_held, NULL);
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert(a.whole);
	ck_assert_str_eq(buf_str(&a.body), "first\n: ping\n\nmore\nlast\n");
	ck_assert_int_eq(seen(GONE), 0);
	ck_assert_int_eq(seen(HALF_CLOSED), 1);
}
END_TEST

START_TEST(test_abort)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/cut"));
	await(WAITING, 1);
	loop_post(t.loop, abort_held, NULL);
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert_int_eq(a.status, 200);
	ck_assert(!a.whole);
	ck_assert_int_eq(seen(GONE), 0);
}
END_TEST

START_TEST(test_unix_peer)
{
	teardown();
	start(true);
	_cleanup_peer_ struct peer p = peer_open();
	_cleanup_buf_ struct buf want = { 0 };

	buf_printf(&want, "unix 1 %d req_", (int)getuid());
	peer_send(&p, GET("/peer"));
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert_int_eq(strncmp(buf_str(&a.body), want.data, want.len), 0);
	peer_send(&p, GET("/lines?n=2"));
	EXPECT(&p, 200, "line 0\nline 1\n");

	/* somebody answers there: the path is taken */
	struct error err = { 0 };
	ck_assert_int_eq(http_listen_unix(t.path, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(test_many_streams)
{
	struct peer peers[STREAMS];

	for (int i = 0; i < STREAMS; i++) {
		peers[i] = peer_open();
		peer_send(&peers[i], GET("/silent"));
	}
	await(WAITING, STREAMS);
	for (int round = 0; round < 3; round++)
		loop_post(t.loop, write_held, NULL);
	loop_post(t.loop, end_held, NULL);
	for (int i = 0; i < STREAMS; i++) {
		EXPECT(&peers[i], 200, "first\nmore\nmore\nmore\nlast\n");
		peer_send(&peers[i], GET("/hello"));
		EXPECT(&peers[i], 200, "hello");
		peer_close(&peers[i]);
	}
}
END_TEST

START_TEST(test_free_with_open_streams)
{
	struct peer peers[20];

	for (int i = 0; i < 20; i++) {
		peers[i] = peer_open();
		peer_send(&peers[i], i % 2 == 0 ? GET("/silent") : GET("/wait"));
	}
	await(WAITING, 20);
	teardown();
	ck_assert_int_eq(seen(GONE), 20);
	for (int i = 0; i < 20; i++)
		peer_close(&peers[i]);
}
END_TEST

START_TEST(test_drain)
{
	_cleanup_peer_ struct peer idle = peer_open(), busy = peer_open();

	peer_send(&idle, GET("/hello"));
	EXPECT(&idle, 200, "hello");
	peer_send(&busy, GET("/wait"));
	await(WAITING, 1);
	loop_post(t.loop, drain_server, NULL);
	ck_assert(!peer_fill(&idle));
	await(WAITING, 2);
	loop_post(t.loop, release_held, NULL);
	_cleanup_answer_ struct answer a = peer_answer(&busy, false);
	ck_assert_str_eq(buf_str(&a.body), "at last");
	ck_assert(head_has(&a, "connection: close"));
	ck_assert(!peer_fill(&busy));
}
END_TEST

/* Slow and oversized heads */
START_TEST(test_head_too_slow)
{
	_cleanup_peer_ struct peer silent = peer_open(), slow = peer_open(), partly = peer_open();

	peer_send(&slow, "GET /hel");
	peer_send(&partly, "GET /hello HTTP/1.1\r\nHos");
	ck_assert(!peer_fill(&silent));
	ck_assert(!peer_fill(&slow));
	EXPECT(&partly, 408, "{\"status\":408,\"code\":\"request_timeout\"}");
}
END_TEST

START_TEST(test_body_too_slow)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc");
	EXPECT(&p, 408, "{\"status\":408,\"code\":\"request_timeout\"}");
	ck_assert(!peer_fill(&p));
}
END_TEST

START_TEST(test_idle_too_long)
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/hello"));
	EXPECT(&p, 200, "hello");
	ck_assert(!peer_fill(&p));
}
END_TEST

static const struct {
	const char *name, *begin, *fill;
	size_t bytes;
	int status, other;
} oversized[] = {
	{ "headers within the limit", "GET /hello HTTP/1.1\r\n" HOST "X-Big: ", "a", 32000, 200,
	    200 },
	{ "many headers within the limit", "GET /hello HTTP/1.1\r\n" HOST "X: ",
	    "some longer value, as cookies have, of some eighty bytes in all............\r\nx-a: ",
	    12000, 200, 200 },
	{ "one header too big", "GET /hello HTTP/1.1\r\n" HOST "X-Big: ", "a", 33000, 431, 400 },
	{ "headers too big", "GET /hello HTTP/1.1\r\n" HOST "X: ", "a\r\nx-a: ", 60000, 431, 400 },
	{ "endless header", "GET /hello HTTP/1.1\r\n" HOST "X-Big: ", "a", 1 << 20, 431, 400 },
	{ "ten thousand headers", "GET /hello HTTP/1.1\r\n" HOST "X: ", "a\r\nb: ", 50000, 431,
	    400 },
	{ "url too long", "GET /", "a", 9000, 400, 431 },
	{ "endless url", "GET /", "a", 1 << 20, 431, 414 },
};

START_TEST(test_oversized)
{
	_cleanup_peer_ struct peer p = peer_open();
	_cleanup_buf_ struct buf out = { 0 };

	buf_add_str(&out, oversized[_i].begin);
	while (out.len < oversized[_i].bytes)
		buf_add_str(&out, oversized[_i].fill);
	buf_add_str(&out,
	    strchr(oversized[_i].begin, '\n') != NULL ? "\r\n\r\n" : " HTTP/1.1\r\n" HOST "\r\n");
	for (size_t at = 0; at < out.len;) {
		const ssize_t n = send(p.fd, out.data + at, out.len - at, MSG_NOSIGNAL);

		if (n < 0)
			break;
		at += (size_t)n;
	}
	_cleanup_answer_ struct answer a = peer_answer(&p, false);
	ck_assert_msg(a.status == oversized[_i].status || a.status == oversized[_i].other, "%s: %d",
	    oversized[_i].name, a.status);
}
END_TEST

/* Stream after stream on one connection, with bodies, and with a next request that is there too
 * early for its stream to be taken out, or just after. */
START_TEST(test_taken_out)
{
	_cleanup_peer_ struct peer p = peer_open();

	for (int i = 0; i < 20; i++) {
		peer_send(&p,
		    "POST /lines?n=2 HTTP/1.1\r\n" HOST
		    "Connection: keep-alive\r\nContent-Length: 4\r\n\r\nbody");
		if (_i == 1)
			peer_send(&p, GET("/hello"));
		_cleanup_answer_ struct answer a = peer_answer(&p, false);
		ck_assert_str_eq(buf_str(&a.body), "line 0\nline 1\n");
		ck_assert(head_has(&a, "content-type: text/event-stream\r\n"));
		ck_assert(head_has(&a, "\r\ntransfer-encoding: chunked\r\n"));
		ck_assert(head_has(&a, "\r\ndate: "));
		ck_assert(head_has(&a, "\r\nx-request-id: req_"));
		ck_assert(!head_has(&a, "connection: close"));
		if (_i == 2)
			peer_send(&p, GET("/hello"));
		if (_i > 0)
			EXPECT(&p, 200, "hello");
	}
	peer_send(&p,
	    "POST /lines?n=1 HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n" GET("/hello"));
	EXPECT(&p, 200, "line 0\n");
	EXPECT(&p, 200, "hello");
	ck_assert_int_eq(seen(GONE), 0);
}
END_TEST

/* One limit of each is short, so that a pause of ours is nobody's fault but in that. */
static void
start_impatient(bool warm, int head_ms, int body_ms, int idle_ms, int stall_ms)
{
	struct http_server_limits limits = http_server_defaults;

	t.late = t.warm = warm;
	limits.header_timeout_ms = head_ms;
	limits.body_timeout_ms = body_ms;
	limits.idle_timeout_ms = idle_ms;
	limits.stream_stall_ms = stall_ms;
	start_with(false, &limits);
}

static void
setup_head(void)
{
	start_impatient(false, 1000, WAIT_MS, WAIT_MS, WAIT_MS);
}

static void
setup_body(void)
{
	start_impatient(false, WAIT_MS, 100, WAIT_MS, WAIT_MS);
}

static void
setup_idle(void)
{
	start_impatient(false, WAIT_MS, WAIT_MS, 100, WAIT_MS);
}

static void
setup_warm_idle(void)
{
	start_impatient(true, WAIT_MS, WAIT_MS, 1000, WAIT_MS);
}

static void
setup_stall(void)
{
	start_impatient(false, WAIT_MS, WAIT_MS, WAIT_MS, 100);
}

static void
setup_warm_stall(void)
{
	start_impatient(true, WAIT_MS, WAIT_MS, WAIT_MS, 100);
}

static void
add_impatient(Suite *suite, const char *name, SFun setup_one, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup_one, teardown);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}

/* Plain requests and others in turn on one connection, whole or in pieces: one answer to each, the
 * same for whoever read it. */
START_TEST(test_in_and_out) /* [A01] [A10] plain requests and others in turn on one connection */
{
	static const char *const echo[] = {
		"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody",
		"POST /echo HTTP/1.1\r\n" HOST "Content-Length:4\r\n\r\nbody",
		"POST /echo?x HTTP/1.1\r\n" HOST "content-length: 4\r\n\r\nbody",
		"POST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
	};
	_cleanup_peer_ struct peer p = peer_open();

	for (unsigned i = 0; i < 64; i++) {
		const char *const request = echo[i % ARRAY_LEN(echo)];
		const size_t at = (i * 7) % strlen(request);
		_cleanup_free_ char *first = str_ndup(request, at);

		peer_send(&p, first);
		peer_send(&p, request + at);
		if (i % 3 == 0)
			peer_send(&p, GET("/hello") GET("/hello"));
		EXPECT(&p, 200, "body");
		if (i % 3 == 0) {
			EXPECT(&p, 200, "hello");
			EXPECT(&p, 200, "hello");
		}
		peer_send(&p, GET("/lines"));
		EXPECT(&p, 200, "");
	}
	ck_assert_int_eq(seen(GONE), 0);
}
END_TEST

/* A request that comes with the end of its connection is answered, and then the connection ends. */
START_TEST(test_last_request) /* [A15] half-closed with a further request */
{
	_cleanup_peer_ struct peer p = peer_open();

	peer_send(&p, GET("/hello"));
	shutdown(p.fd, SHUT_WR);
	EXPECT(&p, 200, "hello");
	while (peer_fill(&p))
		continue;
}
END_TEST

static void
add_tests(TCase *tc)
{
	const int leave_len = (int)ARRAY_LEN(leavings);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_exchange, 0, (int)ARRAY_LEN(exchanges));
	tcase_add_loop_test(tc, test_oversized, 0, (int)ARRAY_LEN(oversized));
	tcase_add_test(tc, test_retry_after);
	tcase_add_test(tc, test_every_split);
	tcase_add_test(tc, test_pipelined);
	tcase_add_test(tc, test_head_method);
	tcase_add_test(tc, test_stream_of_known_length);
	tcase_add_test(tc, test_stream_of_known_length_unix);
	tcase_add_test(tc, test_request_id);
	tcase_add_test(tc, test_large_body_refused_while_sent);
	tcase_add_test(tc, test_long_stream);
	tcase_add_test(tc, test_head_of_stream_is_not_held_back);
	tcase_add_test(tc, test_slow_reader);
	tcase_add_loop_test(tc, test_client_leaves, 0, leave_len);
	tcase_add_loop_test(tc, test_client_leaves_unix, 0, leave_len);
	tcase_add_test(tc, test_half_closed_wait);
	tcase_add_test(tc, test_half_closed_at_once);
	tcase_add_test(tc, test_half_closed_stream);
	tcase_add_test(tc, test_abort);
	tcase_add_test(tc, test_unix_peer);
	tcase_add_test(tc, test_many_streams);
	tcase_add_test(tc, test_free_with_open_streams);
	tcase_add_test(tc, test_drain);
}

int
main(void)
{
	Suite *suite = suite_create("http_server");
	TCase *normal = tcase_create("normal"), *late = tcase_create("late");
	TCase *warm = tcase_create("warm");

	tcase_add_checked_fixture(normal, setup, teardown);
	add_tests(normal);
	tcase_add_checked_fixture(late, setup_late, teardown);
	add_tests(late);
	tcase_add_loop_test(late, test_taken_out, 0, 3);
	tcase_add_checked_fixture(warm, setup_warm, teardown);
	add_tests(warm);
	tcase_add_loop_test(warm, test_taken_out, 0, 3);
	tcase_add_test(warm, test_in_and_out);
	tcase_add_test(warm, test_last_request);
	suite_add_tcase(suite, normal);
	suite_add_tcase(suite, late);
	suite_add_tcase(suite, warm);
	add_impatient(suite, "slow heads", setup_head, test_head_too_slow);
	add_impatient(suite, "slow bodies", setup_body, test_body_too_slow);
	add_impatient(suite, "idle", setup_idle, test_idle_too_long);
	add_impatient(suite, "idle and warm", setup_warm_idle, test_idle_too_long);
	add_impatient(suite, "stalled", setup_stall, test_reader_that_stops);
	add_impatient(suite, "stalled and warm", setup_warm_stall, test_reader_that_stops);
	return run_suite(suite);
}
