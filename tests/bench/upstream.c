/*
 * upstream.c - an OpenAI-compatible upstream that costs as little as it can.
 *
 * upstream PORT.  The words "chunks=N gap=MS" in a request say what its stream is like; a gap of
 * 0 sends one event a turn, as fast as the socket takes them.  All paced streams of a run have the
 * same gap, so the one due next is always the one sent longest ago.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define REQUEST_FIRST 8192 /* of room for one; it grows */
#define REQUEST_MAX (8 << 20)

struct peer {
	int fd;
	char *in;
	size_t len, cap;
	bool streaming, close_after, wants_usage;
	int chunks, sent;
	int64_t gap_ns, due_ns;
	struct peer *next, **prev; /* in a queue, or prev is NULL */
};
struct queue {
	struct peer *first, **last;
};
static struct queue paced = { NULL, &paced.first }, unpaced = { NULL, &unpaced.first };
static int epoll;

static void
enqueue(struct queue *q, struct peer *p)
{
	p->next = NULL;
	p->prev = q->last;
	*q->last = p;
	q->last = &p->next;
}

static void
dequeue(struct peer *p)
{
	struct queue *q = p->gap_ns > 0 ? &paced : &unpaced;

	if (p->prev == NULL)
		return;
	*p->prev = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	else
		q->last = p->prev;
	p->prev = NULL;
}

static void
drop(struct peer *p)
{
	dequeue(p);
	close(p->fd);
	free(p->in);
	free(p);
}

/* All or nothing: what this sends always fits an empty socket buffer. */
static bool
put(struct peer *p, const char *bytes, size_t len)
{
	return send(p->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

static size_t
add_frame(char *out, const char *bytes, size_t len)
{
	const int n = sprintf(out, "%zx\r\n", len);

	memcpy(out + n, bytes, len);
	memcpy(out + n + len, "\r\n", 2);
	return (size_t)n + len + 2;
}

/* Returns false if the peer is gone. */
static bool
send_event(struct peer *p)
{
	char event[BENCH_EVENT_LEN + 1], out[2048];
	size_t n = 0;

	if (p->sent < p->chunks) {
		const int len = sprintf(event, BENCH_EVENT_HEAD BENCH_STAMP BENCH_EVENT_TAIL,
		    p->sent, (long long)bench_now_ns());

		n = add_frame(out, event, (size_t)len);
		p->sent++;
	}
	if (p->sent == p->chunks) {
		n += add_frame(out + n, BENCH_FINISH, strlen(BENCH_FINISH));
		if (p->wants_usage)
			n += add_frame(out + n, BENCH_USAGE, strlen(BENCH_USAGE));
		n += add_frame(out + n, BENCH_DONE, strlen(BENCH_DONE));
		memcpy(out + n, "0\r\n\r\n", 5);
		n += 5;
		dequeue(p);
		p->streaming = false;
	}
	if (!put(p, out, n) || (!p->streaming && p->close_after)) {
		drop(p);
		return false;
	}
	return true;
}

static void
begin_stream(struct peer *p, const char *body)
{
	static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
				   "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
	const char *chunks = strstr(body, "chunks="), *gap = strstr(body, "gap=");

	p->chunks = chunks != NULL ? atoi(chunks + 7) : 10;
	p->gap_ns = gap != NULL ? atoll(gap + 4) * 1000000 : 0;
	p->sent = 0;
	p->streaming = true;
	p->wants_usage = strstr(body, "\"include_usage\":true") != NULL;
	if (!put(p, head, sizeof(head) - 1)) {
		drop(p);
		return;
	}
	enqueue(p->gap_ns > 0 ? &paced : &unpaced, p);
	p->due_ns = bench_now_ns() + p->gap_ns;
	send_event(p);
}

static void
answer(struct peer *p, const char *body)
{
	const bool stream = strstr(body, "\"stream\":true") != NULL;
	const bool chat = strncmp(p->in, "POST", 4) == 0;
	const char *text = chat ? BENCH_JSON : "{\"status\":\"ok\"}";
	char out[2048];

	p->close_after = strcasestr(p->in, "\r\nconnection: close") != NULL;
	if (chat && stream) {
		begin_stream(p, body);
		return;
	}
	const int n = sprintf(out,
	    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
	    strlen(text), text);
	if (!put(p, out, (size_t)n) || p->close_after)
		drop(p);
}

static void
on_input(struct peer *p)
{
	if (p->len + 1 >= p->cap && p->cap < REQUEST_MAX) {
		p->cap = p->cap > 0 ? 4 * p->cap : REQUEST_FIRST;
		p->in = realloc(p->in, p->cap);
		if (p->in == NULL)
			abort();
	}
	const ssize_t n = recv(p->fd, p->in + p->len, p->cap - 1 - p->len, MSG_DONTWAIT);
	char *end, *length;
	size_t need;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(p);
		return;
	}
	p->len += (size_t)n;
	p->in[p->len] = '\0';
	end = strstr(p->in, "\r\n\r\n");
	if (end == NULL)
		return;
	length = strcasestr(p->in, "\r\ncontent-length:");
	need = (size_t)(end + 4 - p->in);
	if (length != NULL && length < end)
		need += strtoul(length + 17, NULL, 10);
	/* A body in chunks: it is here when its last one is. */
	if (length == NULL && strcasestr(p->in, "\r\ntransfer-encoding: chunked") != NULL) {
		if (strstr(end, "\r\n0\r\n\r\n") == NULL)
			return;
		need = p->len;
	}
	if (p->len < need)
		return;
	p->len = 0;
	answer(p, end + 4);
}

static void
on_accept(int listener)
{
	const int on = 1;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct peer *p = calloc(1, sizeof(*p));
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };

		p->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	}
}

static int
send_due(void)
{
	struct peer *p, *next;
	const int64_t now = bench_now_ns();

	for (p = unpaced.first; p != NULL; p = next) {
		next = p->next;
		send_event(p);
	}
	while ((p = paced.first) != NULL && p->due_ns <= now) {
		dequeue(p);
		p->due_ns += p->gap_ns;
		enqueue(&paced, p);
		send_event(p);
	}
	if (unpaced.first != NULL)
		return 0;
	return paced.first == NULL ? -1 : (int)((paced.first->due_ns - now + 999999) / 1000000);
}

int
main(int argc, char **argv)
{
	const struct rlimit files = { 65536, 65536 };
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	struct epoll_event ready[256], ev = { .events = EPOLLIN };

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 4096) < 0) {
		perror("upstream: listen");
		return 1;
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
	for (;;) {
		const int n = epoll_wait(epoll, ready, 256, send_due());

		for (int i = 0; i < n; i++)
			if (ready[i].data.ptr == NULL)
				on_accept(listener);
			else
				on_input(ready[i].data.ptr);
	}
}
