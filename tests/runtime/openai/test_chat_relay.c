/*
 * test_chat_relay.c - the relay between a real client socket and an upstream that plays a script.
 *
 * Names in brackets are those of the fault list.  Limits are a tenth and less of the real ones.
 */
#include "runtime/openai/chat_relay.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/relay_tap.h"
#include "tests/run.h"

#define WAIT_MS 60000 /* how long a broken test takes: whoever waits here waits for an event */
#define EVENT (1 << 20)

#define LIMITS(hold, ping, first_byte, gap, total)                                            \
	{                                                                                     \
		.hold_ms = hold, .ping_ms = ping, .first_byte_ms = first_byte, .gap_ms = gap, \
		.total_ms = total, .event_bytes = 1 << 20, .json_bytes = 1 << 20              \
	}
static const struct chat_relay_limits patient =
					  LIMITS(WAIT_MS, WAIT_MS, WAIT_MS, WAIT_MS, 2 * WAIT_MS),
				      quick_first = LIMITS(150, 150, 500, 500, 2 * WAIT_MS),
				      quick_hold =
					  LIMITS(150, WAIT_MS, WAIT_MS, WAIT_MS, 2 * WAIT_MS),
				      quick_ping =
					  LIMITS(WAIT_MS, 150, WAIT_MS, WAIT_MS, 2 * WAIT_MS),
				      quick_gap =
					  LIMITS(WAIT_MS, WAIT_MS, WAIT_MS, 300, 2 * WAIT_MS),
				      quick_whole = LIMITS(150, 150, 150, 150, 600),
				      quick_total =
					  LIMITS(WAIT_MS, WAIT_MS, WAIT_MS, WAIT_MS, 4000);

/* What the upstream does with a connection, in order, after having read the request. */
enum act { END, SEND, WAIT, UNTIL, RESET, CLOSE, HANG, FLOOD, REPEAT };
struct step {
	enum act act;
	const char *bytes; /* SEND, REPEAT; UNTIL: the client has it */
	int ms; /* WAIT; REPEAT: a pause after each, without end */
};
#define STEPS_MAX 10
#define TRIES_MAX 2

struct client_plan {
	const char *leave; /* close when it came; "": when upstream has the request; NULL: stay */
	bool half_close; /* send FIN after the request */
	bool blind; /* read nothing until it is over */
};

struct bench {
	struct relay_tap tap; /* first: the two are cast into each other */
	size_t shown; /* bytes that were for the client */
	struct loop *loop;
	struct http_server *server;
	int port, upstream_port, upstream;
	bool stream, want_usage;
	bool goes_on; /* in the middle, with the next script */
	const struct chat_relay_limits *limits;
	const struct step *scripts[TRIES_MAX]; /* one a connection */
	struct client_plan client;
	struct chat_relay *relay;
	struct dial *dial;
	struct iovec parts[2];

	/* seen; what both sides wait for under lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool requested; /* upstream has the request */
	bool left; /* the client's thread is done */
	struct buf answer;
	struct chat_result result;
	struct chat_usage
	    passing_usage; /* as the owner was told of the last event before it passed */
	uint64_t passing_chunks;
	int done, failures;
	bool may_quit, over; /* over: done, for the other threads */
	bool cancelled; /* upstream noticed that somebody left */
	size_t flooded;
	pthread_t client_thread, upstream_thread;
};

/* ---- upstream ---- */

static bool
answer_has(const struct bench *b, const char *text)
{
	return b->answer.len > 0 &&
	    memmem(b->answer.data, b->answer.len, text, strlen(text)) != NULL;
}

static void
wait_until_client_has(struct bench *b, const char *text)
{
	pthread_mutex_lock(&b->lock);
	while (!b->left && !answer_has(b, text))
		pthread_cond_wait(&b->changed, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static void
is_so(struct bench *b, bool *fact)
{
	pthread_mutex_lock(&b->lock);
	*fact = true;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

static void
wait_for(struct bench *b, const bool *fact)
{
	pthread_mutex_lock(&b->lock);
	while (!*fact)
		pthread_cond_wait(&b->changed, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static bool
peer_leaves(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, ms) > 0;
}

static void
play(struct bench *b, int fd, const struct step *s)
{
	const struct linger now = { .l_onoff = 1 };
	static char filler[65536];

	for (; s->act != END; s++) {
		switch (s->act) {
		case SEND: (void)!send(fd, s->bytes, strlen(s->bytes), MSG_NOSIGNAL); break;
		case WAIT: poll(NULL, 0, s->ms); break;
		case UNTIL: wait_until_client_has(b, s->bytes); break;
		case RESET: setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); return;
		case CLOSE: return;
		case HANG: b->cancelled = peer_leaves(fd, WAIT_MS); break;
		case REPEAT:
			while (send(fd, s->bytes, strlen(s->bytes), MSG_NOSIGNAL) > 0 &&
			    !peer_leaves(fd, s->ms))
				;
			return;
		case FLOOD: /* one chunk of data events after another, until nobody takes them */
			snprintf(filler, sizeof(filler),
			    "%x\r\ndata: "
			    "{\"choices\":[{\"delta\":{\"content\":\"%060000d\"}}]}\n\n\r\n",
			    60000 +
				(int)strlen(
				    "data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n"),
			    0);
			for (;;) {
				struct pollfd p = { .fd = fd, .events = POLLOUT };
				const size_t len = strlen(filler);

				if (poll(&p, 1, WAIT_MS) <= 0)
					break;
				for (size_t at = 0; at < len;) {
					const ssize_t n = send(
					    fd, filler + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

					if (n > 0)
						at += (size_t)n;
					else if (errno != EAGAIN || poll(&p, 1, WAIT_MS) <= 0)
						return;
					b->flooded += n > 0 ? (size_t)n : 0;
				}
			}
			return;
		case END: break;
		}
	}
}

static void *
upstream_main(void *arg)
{
	struct bench *b = arg;

	for (int i = 0; i < TRIES_MAX && b->scripts[i] != NULL; i++) {
		_cleanup_close_ int fd = accept(b->upstream, NULL, NULL);
		char buf[4096];

		if (fd < 0 || recv(fd, buf, sizeof(buf), 0) <= 0)
			break;
		is_so(b, &b->requested);
		play(b, fd, b->scripts[i]);
	}
	return NULL;
}

/* ---- client ---- */

/* Both sides are done; ours is when its owner was told. */
static void
quit(void *arg)
{
	struct bench *b = arg;

	b->may_quit = true;
	if (b->done > 0)
		loop_stop(b->loop);
}

static void *
client_main(void *arg)
{
	struct bench *b = arg;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)b->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static const char request[] = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n"
				      "connection: close\r\n\r\n{}";
	const int small = 4096;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ssize_t n = 1;

	if (b->client.blind)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		n = send(fd, request, strlen(request), MSG_NOSIGNAL);
	if (b->client.half_close)
		shutdown(fd, SHUT_WR);
	if (b->client.blind)
		wait_for(b, &b->over);
	if (b->client.leave != NULL)
		wait_for(b, &b->requested);
	while (n > 0 && (b->client.leave == NULL || !answer_has(b, b->client.leave))) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char bytes[65536];

		if (str_eq(b->client.leave, "") || poll(&p, 1, WAIT_MS) <= 0)
			break;
		n = recv(fd, bytes, sizeof(bytes), 0);
		pthread_mutex_lock(&b->lock);
		if (n > 0)
			buf_add(&b->answer, bytes, (size_t)n);
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->lock);
	}
	close(fd);
	pthread_mutex_lock(&b->lock);
	buf_add(&b->answer, "", 0);
	pthread_mutex_unlock(&b->lock);
	is_so(b, &b->left);
	/* Upstream first: what it saw belongs to the result. */
	pthread_join(b->upstream_thread, NULL);
	loop_post(b->loop, quit, b);
	return NULL;
}

/* ---- the owner of the relay ---- */

#define FAILOVER ": another goes on\n\n"

static void start(struct bench *);

static void
on_failed(struct chat_relay *r, const struct chat_result *result, void *arg)
{
	struct bench *b = arg;

	b->failures++;
	if (chat_relay_answering(r))
		chat_relay_say(r, FAILOVER, strlen(FAILOVER));
	if (b->failures < TRIES_MAX && b->scripts[b->failures] != NULL)
		start(b);
	else
		chat_relay_fail(r, result->code, result->text, NULL);
}

static size_t
on_headers(struct chat_relay *r, struct http_header *h, size_t max, void *arg)
{
	(void)r;
	(void)max;
	(void)arg;
	h[0] = (struct http_header){ "x-test", "yes" };
	return 1;
}

static bool
on_passing(struct chat_relay *r, const char *raw, size_t raw_len, const char *data, size_t data_len,
    void *arg)
{
	struct bench *b = arg;

	(void)raw;
	(void)raw_len;
	(void)data;
	(void)data_len;
	b->passing_usage = chat_relay_result(r)->usage;
	b->passing_chunks = chat_relay_result(r)->chunks;
	return false;
}

static void
on_done(struct chat_relay *r, const struct chat_result *result, void *arg)
{
	struct bench *b = arg;

	(void)r;
	b->result = *result;
	ck_assert_uint_eq(b->shown, result->bytes_out); /* a tap sees all that the client is sent */
	b->done++;
	b->relay = NULL;
	if (b->dial != NULL)
		dial_cancel(b->dial);
	b->dial = NULL;
	is_so(b, &b->over);
	if (b->may_quit)
		loop_stop(b->loop);
}

static void
on_frame(struct relay_tap *tap, enum relay_frame kind, const char *bytes, size_t len)
{
	(void)bytes;
	if (kind == RELAY_CLIENT || kind == RELAY_PING || kind == RELAY_OURS)
		((struct bench *)tap)->shown += len;
}

static void
on_tap_end(struct relay_tap *tap)
{
	(void)tap;
}

static const struct chat_relay_events events = {
	.on_attempt_failed = on_failed,
	.on_passing = on_passing,
	.on_headers = on_headers,
	.on_done = on_done,
};

static void
on_dialed(struct transport *t, const struct error *err, void *arg)
{
	struct bench *b = arg;

	b->dial = NULL;
	if (t == NULL)
		chat_relay_fail(b->relay, CODE_UPSTREAM_CONNECT_FAILED, err->text, NULL);
	else
		chat_relay_attempt(b->relay, t, b->parts, 1);
}

static void
start(struct bench *b)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	b->dial = dial_fd(b->loop, fd, b->upstream_port, WAIT_MS, on_dialed, b);
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	(void)req;
	(void)arg;
	return 1 << 20;
}

static void
on_request(struct http_request *req, void *arg)
{
	static char head[] = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
	struct bench *b = arg;

	b->parts[0] = (struct iovec){ head, strlen(head) };
	b->relay = chat_relay_new(req, b->stream, b->want_usage, b->limits, &events, b);
	b->tap = (struct relay_tap){ on_frame, on_tap_end };
	chat_relay_tap(b->relay, &b->tap);
	if (b->goes_on)
		chat_relay_go_on(b->relay);
	start(b);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	(void)req;
	(void)status;
	(void)arg;
	buf_add_str(body, code);
}

static const struct http_server_handlers handlers = { on_head, on_request, on_refused };

static int
listen_any(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Run one chat to its end on both sides. */
static void
run(struct bench *b)
{
	struct http_server_limits limits = http_server_defaults;
	struct error err = { 0 };

	limits.stream_stall_ms = 1000;
	if (b->limits == NULL)
		b->limits = &patient;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	b->loop = loop_new(&err);
	b->upstream = listen_any(&b->upstream_port);
	b->server = http_server_new(b->loop, listen_any(&b->port), &limits, &handlers, b, &err);
	ck_assert_msg(b->server != NULL, "%s", err.text);
	pthread_create(&b->upstream_thread, NULL, upstream_main, b);
	pthread_create(&b->client_thread, NULL, client_main, b);
	loop_run(b->loop);
	pthread_join(b->client_thread, NULL);
	ck_assert_int_eq(b->done, 1);
	http_server_free(b->server);
	ck_assert_int_eq(b->done, 1);
	loop_free(b->loop);
	close(b->upstream);
}

static int
status_of(const struct bench *b)
{
	return b->answer.len > 12 ? atoi(b->answer.data + 9) : 0;
}

static int
count(const char *text, const char *word)
{
	int n = 0;

	for (const char *p = text; (p = strstr(p, word)) != NULL; p += strlen(word))
		n++;
	return n;
}

/* ---- faults ---- */

#define SSE "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" /* ends by close */
#define SSE_CHUNKED \
	"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
#define JSON_HEAD "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
#define HI "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE                                                                                      \
	"data: "                                                                                   \
	"{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":" \
	"7}}\n\n"
#define DONE "data: [DONE]\n\n"
#define WHOLE                                                                                  \
	"{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},"  \
	"\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2," \
	"\"total_tokens\":7}}"

static const struct fault {
	const char *name;
	bool whole; /* no stream is asked for */
	struct step script[STEPS_MAX];
	int status;
	enum wire_code code;
	const char *has, *has_not; /* in the answer */
} faults[] = {
	{ "a stream", false, { { SEND, SSE HI STOP DONE, 0 } }, 200, CODE_NONE, HI, NULL },
	{ "a whole answer", true, { { SEND, JSON_HEAD WHOLE, 0 } }, 200, CODE_NONE, WHOLE,
	    "[DONE]" },
	{ "[C01] closed without an answer", false, { { CLOSE, NULL, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "upstream_bad_response", "[DONE]" },
	{ "[C01] reset before the head", false, { { RESET, NULL, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "\"fault\":\"miner\"", "[DONE]" },
	{ "[C02] silence before the head: pings, then the typed error", false,
	    { { HANG, NULL, 0 } }, 200, CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, ": ping\n\n",
	    "upstream_died" },
	{ "[C02] silence, nothing streamed: a status", true, { { HANG, NULL, 0 } }, 504,
	    CODE_UPSTREAM_TIMEOUT_TOTAL, "upstream_timeout_total", NULL },
	{ "[C02] silence before the first event", false, { { SEND, SSE, 0 }, { HANG, NULL, 0 } },
	    200, CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, "upstream_timeout_first_byte", NULL },
	{ "[C02] silence between events", false, { { SEND, SSE HI, 0 }, { HANG, NULL, 0 } }, 200,
	    CODE_UPSTREAM_TIMEOUT_GAP, HI, NULL },
	{ "[C03] comments are no progress", false,
	    { { SEND, SSE, 0 }, { REPEAT, ": busy\n\n", 50 } }, 200, CODE_UPSTREAM_TIMEOUT_GAP,
	    ": busy\n\n", NULL },
	{ "[C03] content without end", false, { { SEND, SSE, 0 }, { REPEAT, HI, 100 } }, 200,
	    CODE_UPSTREAM_TIMEOUT_TOTAL, HI, NULL },
	{ "[C04] died between chunks", false, { { SEND, SSE_CHUNKED "3a\r\n" HI "\r\n", 0 } }, 200,
	    CODE_UPSTREAM_DIED, HI, NULL },
	{ "[C04] died inside a chunk", false, { { SEND, SSE_CHUNKED "ff\r\n" HI, 0 } }, 200,
	    CODE_UPSTREAM_DIED, HI, NULL },
	{ "[C04] reset after an event", false,
	    { { SEND, SSE_CHUNKED "ff\r\n" HI, 0 }, { UNTIL, HI, 0 }, { RESET, NULL, 0 } }, 200,
	    CODE_UPSTREAM_DIED, HI, NULL },
	{ "[C05] cut where the body ends by close", false, { { SEND, SSE HI "data: {\"cho", 0 } },
	    200, CODE_UPSTREAM_DIED, HI, "data: {\"cho\n" },
	{ "[C05] only the [DONE] was forgotten", false, { { SEND, SSE HI STOP, 0 } }, 200,
	    CODE_NONE, STOP, "error" },
	{ "[C06] closed inside the head", false, { { SEND, "HTTP/1.1 200 OK\r\ncontent-ty", 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "upstream_bad_response", "[DONE]" },
	{ "[C07] an odd content-length", false,
	    { { SEND,
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: "
		"1e3\r\n\r\n" HI,
		0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "not valid HTTP", HI },
	{ "[C08] both framings", false,
	    { { SEND,
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: "
		"9\r\ntransfer-encoding: chunked\r\n\r\n",
		0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "not valid HTTP", NULL },
	{ "[C09] a bad chunk size after an event", false,
	    { { SEND, SSE_CHUNKED "3a\r\n" HI "\r\nzz\r\n", 0 } }, 200, CODE_UPSTREAM_BAD_RESPONSE,
	    HI, NULL },
	{ "[C11] nothing of its headers comes through", false,
	    { { SEND,
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nset-cookie: "
		"evil=1\r\nx-evil: 1\r\n\r\n" HI STOP DONE,
		0 } },
	    200, CODE_NONE, "x-test: yes", "evil" },
	{ "[C12] no content", false, { { SEND, "HTTP/1.1 204 No\r\n\r\n", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "status 204", NULL },
	{ "[C12] a redirect is not followed", false,
	    { { SEND,
		"HTTP/1.1 302 Go\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n",
		0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "status 302", "passwd" },
	{ "[C12] garbage for a head", false, { { SEND, "HTTP/1.1 abc\r\n\r\n", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "not valid HTTP", NULL },
	{ "[C13] an error status with a body that never ends", false,
	    { { SEND, "HTTP/1.1 500 No\r\ncontent-type: text/html\r\n\r\n", 0 },
		{ REPEAT, "<h1>x</h1>", 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "status 500", "<h1>" },
	{ "[C15] HTML with 200", false,
	    { { SEND, "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "upstream_bad_response", "<p>" },
	{ "[C15] JSON becomes the stream that was asked for", false,
	    { { SEND, JSON_HEAD WHOLE, 0 } }, 200, CODE_NONE, "\"delta\":{\"content\":\"hi\"}",
	    "prompt_tokens" },
	{ "[C15] JSON that is no completion does not", false, { { SEND, JSON_HEAD "{}", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "not a chat completion", NULL },
	{ "[C15] nor one with two choices", false,
	    { { SEND,
		JSON_HEAD "{\"choices\":[{\"message\":{\"content\":\"a\"}},{\"message\":{"
			  "\"content\":\"b\"}}]}",
		0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "turned into", NULL },
	{ "[C15] compressed though not asked", false,
	    { { SEND,
		  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: "
		  "gzip\r\n\r\n",
		  0 },
		{ HANG, NULL, 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, "compressed", NULL },
	{ "[C15] a whole answer that is no completion", true,
	    { { SEND, JSON_HEAD "{\"choices\":[]}", 0 } }, 502, CODE_UPSTREAM_BAD_RESPONSE,
	    "not a chat completion", NULL },
	{ "[C15] a stream though none was asked for", true, { { SEND, SSE HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "not a chat completion", HI },
	{ "[C16] CR and CRLF pass unchanged", false,
	    { { SEND, SSE "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\r", 0 },
		{ SEND, "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\r\n\r\n" STOP DONE,
		    0 } },
	    200, CODE_NONE, "\"b\"}}]}\r\n\r\n", NULL },
	{ "[C16] comments, ids and multi-line data pass unchanged", false,
	    { { SEND,
		SSE ": hello\nid: 7\nretry: 10\ndata: {\"choices\":\ndata: "
		    "[{\"delta\":{\"content\":\"a\"}}]}\n\n" STOP DONE,
		0 } },
	    200, CODE_NONE, ": hello\nid: 7\nretry: 10\ndata: {\"choices\":\ndata: [{", NULL },
	{ "[C18] not JSON passes", false, { { SEND, SSE "data: hello\n\n" HI STOP DONE, 0 } }, 200,
	    CODE_NONE, "data: hello\n\n", NULL },
	{ "[C18] an error frame first is a status", false,
	    { { SEND, SSE "data: {\"error\":{\"message\":\"out of ink\"}}\n\n" DONE, 0 } }, 502,
	    CODE_UPSTREAM_ERROR_FRAME, "out of ink", "[DONE]" },
	{ "[C18] an error frame in the middle", false,
	    { { SEND, SSE HI "data: {\"error\":{\"message\":\"out of ink\"}}\n\n" DONE, 0 } }, 200,
	    CODE_UPSTREAM_ERROR_FRAME, "out of ink", NULL },
	{ "[C19] [DONE] twice and more after it", false, { { SEND, SSE HI STOP DONE DONE HI, 0 } },
	    200, CODE_NONE, STOP DONE, DONE DONE },
	{ "[C19] [DONE] and nothing else", false, { { SEND, SSE DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, "without an answer", "[DONE]" },
	{ "[C20] usage nobody asked for is kept back", false,
	    { { SEND, SSE HI STOP USAGE DONE, 0 } }, 200, CODE_NONE, STOP DONE, "prompt_tokens" },
};

/* The body of an answer as the client's library sees it: without our chunk frames. */
static void
dechunk(struct buf *answer)
{
	struct buf out = { 0 };
	const char *p = strstr(answer->data, "\r\n\r\n");
	size_t size;

	if (p == NULL || strcasestr(answer->data, "transfer-encoding: chunked") == NULL)
		return;
	p += 4;
	buf_add(&out, answer->data, (size_t)(p - answer->data));
	while ((size = strtoul(p, NULL, 16)) > 0) {
		p = strchr(p, '\n') + 1;
		ck_assert_uint_le(size, (size_t)(answer->data + answer->len - p));
		buf_add(&out, p, size);
		p += size + 2;
	}
	ck_assert_msg(strncmp(p, "0\r\n\r\n", 5) == 0, "no last chunk");
	buf_done(answer);
	*answer = out;
}

/* The limit that ends it is short, and no other. */
static const struct chat_relay_limits *
limits_of(const struct fault *f)
{
	switch (f->code) {
	case CODE_UPSTREAM_TIMEOUT_FIRST_BYTE: return &quick_first;
	case CODE_UPSTREAM_TIMEOUT_GAP: return &quick_gap;
	case CODE_UPSTREAM_TIMEOUT_TOTAL: return f->whole ? &quick_whole : &quick_total;
	default: return &patient;
	}
}

START_TEST(test_fault)
{
	const struct fault *f = &faults[_i];
	struct bench b = { .stream = !f->whole, .limits = limits_of(f), .scripts = { f->script } };

	run(&b);
	const char *answer = buf_str(&b.answer);
	ck_assert_msg(status_of(&b) == f->status, "%s: status: %s", f->name, answer);
	dechunk(&b.answer);
	answer = buf_str(&b.answer);
	ck_assert_msg(
	    b.result.code == f->code, "%s: code %s", f->name, wire_code_info(b.result.code)->code);
	ck_assert_msg(
	    strstr(answer, f->has) != NULL, "%s: has not %s: %s", f->name, f->has, answer);
	if (f->has_not != NULL)
		ck_assert_msg(strstr(answer, f->has_not) == NULL, "%s: has %s: %s", f->name,
		    f->has_not, answer);
	if (f->status == 200 && !f->whole) {
		ck_assert_msg(
		    count(answer, "data: [DONE]") == 1, "%s: [DONE]: %s", f->name, answer);
		ck_assert_msg(str_ends(answer, DONE), "%s: end: %s", f->name, answer);
	}
	if (f->code != CODE_NONE)
		ck_assert_msg(strstr(answer, wire_code_info(f->code)->code) != NULL, "%s: %s",
		    f->name, answer);
	ck_assert_int_eq(b.result.committed, f->status == 200);
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_result_of_a_stream)
{
	static const struct step script[] = { { WAIT, NULL, 20 }, { SEND, SSE HI, 0 },
		{ UNTIL, HI, 0 }, { UNTIL, ": ping\n\n", 0 }, { SEND, HI STOP USAGE DONE, 0 },
		{ 0 } };
	struct bench b = {
		.stream = true, .want_usage = true, .limits = &quick_ping, .scripts = { script }
	};

	const int64_t began_ms = clock_now_ms();
	run(&b);
	const int64_t took_ms = clock_now_ms() - began_ms;
	const char *answer = buf_str(&b.answer);
	ck_assert_ptr_nonnull(strstr(answer, USAGE));
	ck_assert(b.result.sent && b.result.committed);
	/* No shorter than upstream made them, and the two no longer than all of it. */
	ck_assert_int_gt(b.result.ttft_us, 15000);
	ck_assert_int_ge(b.result.max_gap_ms, 140);
	ck_assert_int_le(b.result.ttft_us / 1000 + b.result.max_gap_ms, took_ms + 2);
	ck_assert_uint_ge(b.result.pings, 1);
	ck_assert_int_eq(count(answer, ": ping\n\n"), (int)b.result.pings);
	ck_assert_int_eq(b.result.chunks, 2);
	ck_assert(b.result.usage.reported);
	/* Known while it passes, not only when it is over: owners add to usage events. */
	ck_assert_uint_eq(b.passing_chunks, 2);
	ck_assert(b.passing_usage.reported);
	ck_assert_int_eq(b.passing_usage.prompt_tokens, 5);
	ck_assert_int_eq(b.result.usage.prompt_tokens, 5);
	ck_assert_int_eq(b.result.usage.cost_micro_usd, -1);
	ck_assert_uint_eq(b.result.bytes_in, strlen(HI HI STOP USAGE DONE));
	ck_assert_uint_eq(b.result.bytes_out, strlen(HI HI STOP USAGE DONE) + 8 * b.result.pings);
	ck_assert_ptr_nonnull(strcasestr(answer, "content-type: text/event-stream; charset=utf-8"));
	buf_done(&b.answer);
}
END_TEST

/* Before the first byte another attempt may answer; the client sees only that one. */
START_TEST(test_second_attempt)
{
	static const struct step bad[] = { { UNTIL, ": ping\n\n", 0 }, { CLOSE, NULL, 0 }, { 0 } };
	static const struct step good[] = { { SEND, SSE "\xEF\xBB\xBF" HI STOP DONE, 0 }, { 0 } };
	struct bench b = { .stream = true, .limits = &quick_hold, .scripts = { bad, good } };

	run(&b);
	dechunk(&b.answer);
	const char *answer = buf_str(&b.answer);
	ck_assert_int_eq(b.failures, 1);
	ck_assert_int_eq(b.result.code, CODE_NONE);
	/* The ping came first, so the byte order mark must not come after it. */
	ck_assert_msg(str_ends(answer, "\r\n\r\n: ping\n\n" HI STOP DONE), "%s", answer);
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_goes_on_in_the_middle)
{
	static const struct step dies[] = { { SEND, SSE HI, 0 }, { 0 } },
				 answers[] = { { SEND, SSE HI STOP DONE, 0 }, { 0 } };
	struct bench b = { .stream = true, .goes_on = true, .scripts = { dies, answers } };

	run(&b);
	ck_assert_int_eq(b.result.code, CODE_NONE);
	ck_assert_int_eq(count(buf_str(&b.answer), FAILOVER), 1);
	ck_assert_int_eq(count(buf_str(&b.answer), HI), 2);
	ck_assert_int_eq(count(buf_str(&b.answer), DONE), 1);
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_no_head_before_the_hold_ends)
{
	static const struct step script[] = { { WAIT, NULL, 100 },
		{ SEND, "HTTP/1.1 429 Slow\r\nretry-after: 99999\r\ncontent-length: 4\r\n\r\nwait",
		    0 },
		{ 0 } };
	struct bench b = { .stream = true, .scripts = { script } };

	run(&b);
	ck_assert_int_eq(status_of(&b), 502);
	ck_assert_int_eq(b.result.upstream_status, 429);
	ck_assert_str_eq(b.result.upstream_body, "wait");
	ck_assert_str_eq(b.result.retry_after, "99999");
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_client_gone_cancels_upstream)
{
	static const struct step silent[] = { { HANG, NULL, 0 }, { 0 } };
	static const struct step streaming[] = { { SEND, SSE HI, 0 }, { HANG, NULL, 0 }, { 0 } };
	static const struct {
		const struct step *script;
		const char *leave;
		bool stream;
	} cases[] = { { silent, "", true }, { silent, "", false }, { streaming, HI, true },
		{ silent, ": ping\n\n", true } };
	struct bench b = { .stream = cases[_i].stream,
		.limits = &quick_hold,
		.scripts = { cases[_i].script },
		.client = { .leave = cases[_i].leave } };

	run(&b);
	ck_assert_int_eq(b.result.code, CODE_CLIENT_CLOSED);
	ck_assert(b.cancelled); /* long before there is any other reason to */
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_half_close_is_no_cancel) /* [A15] */
{
	static const struct step script[] = { { WAIT, NULL, 250 }, { SEND, SSE HI, 0 },
		{ WAIT, NULL, 250 }, { SEND, STOP DONE, 0 }, { 0 } };
	struct bench b = {
		.stream = true, .scripts = { script }, .client = { .half_close = true }
	};

	run(&b);
	ck_assert_int_eq(b.result.code, CODE_NONE);
	ck_assert_ptr_nonnull(strstr(buf_str(&b.answer), HI));
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_slow_client_stops_upstream) /* [A17] [C21] */
{
	static const struct step script[] = { { SEND, SSE_CHUNKED, 0 }, { FLOOD, NULL, 0 }, { 0 } };
	struct bench b = { .stream = true, .scripts = { script }, .client = { .blind = true } };

	run(&b);
	/* Both sockets' buffers and ours; not the hundreds of MiB that could have come. */
	ck_assert_msg(b.flooded < 24 << 20, "%zu", b.flooded);
	ck_assert_int_eq(b.result.code, CODE_CLIENT_CLOSED);
	buf_done(&b.answer);
}
END_TEST

START_TEST(test_giant_event) /* [C17] */
{
	static const struct step script[] = { { SEND, SSE HI "data: ", 0 },
		{ REPEAT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    0 },
		{ 0 } };
	struct chat_relay_limits limits = patient;
	struct bench b = { .stream = true, .limits = &limits, .scripts = { script } };

	limits.event_bytes = 4096;
	run(&b);
	ck_assert_int_eq(b.result.code, CODE_UPSTREAM_BAD_RESPONSE);
	ck_assert_int_eq(count(buf_str(&b.answer), "data: [DONE]"), 1);
	buf_done(&b.answer);
}
END_TEST

/* Cut at every byte: always one of the outcomes that may be, never anything else. */
START_TEST(test_cut_everywhere)
{
	static const char whole[] =
	    SSE_CHUNKED "3a\r\n" HI "\r\n43\r\n" STOP "\r\ne\r\n" DONE "\r\n0\r\n\r\n";

	for (size_t at = 0; at < strlen(whole); at += 7) {
		_cleanup_free_ char *part = str_ndup(whole, at);
		const struct step script[] = { { SEND, part, 0 }, { 0 } };
		struct bench b = { .stream = true, .scripts = { script } };

		run(&b);
		if (status_of(&b) == 200) {
			ck_assert_int_eq(count(buf_str(&b.answer), "data: [DONE]"), 1);
			ck_assert_int_eq(b.result.code == CODE_NONE,
			    strstr(part, "stop") != NULL &&
				strstr(strstr(part, "stop"), "\n\n") != NULL);
		} else {
			ck_assert_int_eq(status_of(&b), 502);
			ck_assert_ptr_null(strstr(buf_str(&b.answer), "[DONE]"));
		}
		buf_done(&b.answer);
	}
}
END_TEST

START_TEST(test_words_for_logs) /* [L05] upstream's own words are not among them */
{
	static const struct {
		enum wire_code code;
		const char *text, *words;
	} cases[] = {
		{ CODE_NONE, "", NULL },
		{ CODE_UPSTREAM_BAD_RESPONSE,
		    "Competitor 'a' answered with status 401: Incorrect API key: sk-1",
		    "Competitor 'a' answered with status 401." },
		{ CODE_UPSTREAM_ERROR_FRAME, "The competitor reported: you said hello",
		    "The competitor reported." },
		{ CODE_DRAINING, "Janus is stopping.", "Janus is stopping." },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_result r = { .code = cases[i].code };
		char out[CHAT_WORDS_MAX];

		snprintf(r.text, sizeof(r.text), "%s", cases[i].text);
		const char *words = chat_result_words(&r, out);
		if (cases[i].words == NULL)
			ck_assert_ptr_null(words);
		else
			ck_assert_str_eq(words, cases[i].words);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_relay");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(faults));
	tcase_add_test(tc, test_result_of_a_stream);
	tcase_add_test(tc, test_second_attempt);
	tcase_add_test(tc, test_goes_on_in_the_middle);
	tcase_add_test(tc, test_no_head_before_the_hold_ends);
	tcase_add_loop_test(tc, test_client_gone_cancels_upstream, 0, 4);
	tcase_add_test(tc, test_half_close_is_no_cancel);
	tcase_add_test(tc, test_slow_client_stops_upstream);
	tcase_add_test(tc, test_giant_event);
	tcase_add_test(tc, test_words_for_logs);
	tcase_add_test(tc, test_cut_everywhere);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
