/*
 * main.c - janus-sandbox-agent: takes requests from outside and carries them out inside.
 *
 * Protocol: protocol.h.  Static, no library, one thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/sandbox/inside/inside.h"
#include "controlplane/sandbox/inside/protocol.h"

#define OUT_HIGH_BYTES (256 * 1024) /* more than that waits: what makes it is not read */
#define INPUT_HIGH_BYTES (256 * 1024)
#define ASK_MS 10000 /* for a connection to say what it wants */
#define POLLS_MAX (2 + 4 * INSIDE_CONNECTIONS_MAX)

static struct conn conns[INSIDE_CONNECTIONS_MAX];

int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- bytes --- */

bool
bytes_add(struct bytes *b, const void *from, size_t n)
{
	if (b->at > 0 && (b->at == b->len || b->len + n > b->cap)) {
		memmove(b->data, b->data + b->at, b->len - b->at);
		b->len -= b->at;
		b->at = 0;
	}
	if (b->len + n > b->cap) {
		const size_t cap = (b->len + n) * 2;
		char *data = realloc(b->data, cap);

		if (data == NULL)
			return false;
		b->data = data;
		b->cap = cap;
	}
	if (n > 0)
		memcpy(b->data + b->len, from, n);
	b->len += n;
	return true;
}

void
bytes_drop(struct bytes *b, size_t n)
{
	b->at += n;
}

void
bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

/* --- answers --- */

static void
put32(unsigned char *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void
put64(unsigned char *to, uint64_t v)
{
	put32(to, (uint32_t)(v >> 32));
	put32(to + 4, (uint32_t)v);
}

void
answer(struct conn *c, char type, const void *payload, size_t len)
{
	unsigned char head[INSIDE_HEAD_BYTES] = { (unsigned char)type };

	put32(head + 1, (uint32_t)len);
	if (!bytes_add(&c->out, head, sizeof(head)) || !bytes_add(&c->out, payload, len))
		c->over = true;
}

void
answer_end(struct conn *c, int error, int exit_code, int signo, unsigned flags)
{
	unsigned char end[INSIDE_END_BYTES];

	if (c->over)
		return;
	put32(end, (uint32_t)error);
	put32(end + 4, (uint32_t)exit_code);
	put32(end + 8, (uint32_t)signo);
	put32(end + 12, flags);
	put64(end + 16, c->total[0]);
	put64(end + 24, c->total[1]);
	answer(c, INSIDE_END, end, sizeof(end));
	c->over = true;
}

/* --- requests --- */

char *
text_next(struct texts *t)
{
	char *text = t->at;
	char *nul = t->at < t->end ? memchr(t->at, '\0', (size_t)(t->end - t->at)) : NULL;

	if (nul == NULL)
		return NULL;
	t->at = nul + 1;
	return text;
}

bool
number_next(struct texts *t, uint64_t max, uint64_t *out)
{
	const char *text = text_next(t);
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return false;
	errno = 0;
	const unsigned long long v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v > max)
		return false;
	*out = v;
	return true;
}

static void
begin(struct conn *c, char type, char *payload, size_t len)
{
	struct texts t = { payload, payload + len };

	c->what = type;
	c->due_ms = 0;
	switch (type) {
	case INSIDE_PING: answer_end(c, 0, 0, 0, 0); break;
	case INSIDE_EXEC: exec_begin(c, &t); break;
	case INSIDE_READ: read_begin(c, &t); break;
	case INSIDE_WRITE: write_begin(c, &t); break;
	case INSIDE_LIST: list_all(c, &t); break;
	case INSIDE_REMOVE: remove_one(c, &t); break;
	default: answer_end(c, EPROTO, 0, 0, 0); break;
	}
}

static void
go_on(struct conn *c, char type, const char *payload, size_t len)
{
	if (c->what == INSIDE_EXEC && c->has_input && !c->input_done) {
		if (type == INSIDE_DATA && !bytes_add(&c->input, payload, len))
			answer_end(c, ENOMEM, 0, 0, 0);
		c->input_done = type == INSIDE_DONE;
		exec_input(c);
	} else if (c->what == INSIDE_WRITE) {
		if (type == INSIDE_DATA)
			write_data(c, payload, len);
		else if (type == INSIDE_DONE)
			write_done(c);
	}
}

/* Every whole frame that is there. */
static void
take_frames(struct conn *c)
{
	while (!c->over && c->in.len - c->in.at >= INSIDE_HEAD_BYTES) {
		const unsigned char *h = (const unsigned char *)c->in.data + c->in.at;
		const size_t len =
		    (size_t)h[1] << 24 | (size_t)h[2] << 16 | (size_t)h[3] << 8 | (size_t)h[4];

		if (len > (c->what == 0 ? INSIDE_REQUEST_MAX_BYTES : INSIDE_FRAME_MAX_BYTES)) {
			answer_end(c, EMSGSIZE, 0, 0, 0);
			return;
		}
		if (c->in.len - c->in.at < INSIDE_HEAD_BYTES + len)
			return;
		char *payload = c->in.data + c->in.at + INSIDE_HEAD_BYTES;
		bytes_drop(&c->in, INSIDE_HEAD_BYTES + len);
		if (c->what == 0)
			begin(c, (char)h[0], payload, len);
		else
			go_on(c, (char)h[0], payload, len);
	}
}

/* --- connections --- */

static void
hang_up(struct conn *c)
{
	close(c->fd);
	c->fd = -1;
	c->over = true;
	exec_abandon(c);
	file_abandon(c);
	bytes_free(&c->in);
	bytes_free(&c->out);
	bytes_free(&c->input);
}

static void
accept_all(int door)
{
	int fd;

	while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = conns;

		while (c < conns + INSIDE_CONNECTIONS_MAX && (c->fd >= 0 || c->pid != 0))
			c++;
		if (c == conns + INSIDE_CONNECTIONS_MAX) {
			close(fd);
			continue;
		}
		memset(c, 0, sizeof(*c));
		c->fd = fd;
		c->pipe[0] = c->pipe[1] = c->pipe[2] = c->file = -1;
		c->due_ms = now_ms() + ASK_MS;
	}
}

static void
receive(struct conn *c)
{
	static char chunk[65536];
	const ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (!c->over && !bytes_add(&c->in, chunk, (size_t)n))) {
		hang_up(c);
		return;
	}
	take_frames(c);
}

static void
flush(struct conn *c)
{
	while (c->out.at < c->out.len) {
		const ssize_t n =
		    send(c->fd, c->out.data + c->out.at, c->out.len - c->out.at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			hang_up(c);
			return;
		}
		bytes_drop(&c->out, (size_t)n);
	}
	if (c->over)
		hang_up(c);
}

/* --- the loop --- */

static size_t
waiting(const struct bytes *b)
{
	return b->len - b->at;
}

static struct pollfd polls[POLLS_MAX];
static struct {
	struct conn *conn;
	int which; /* -1 the connection, else the pipe */
} whose[POLLS_MAX];
static nfds_t npolls;

static void
add_poll(int fd, short events, struct conn *c, int which)
{
	polls[npolls] = (struct pollfd){ .fd = fd, .events = events };
	whose[npolls].conn = c;
	whose[npolls++].which = which;
}

static void
add_conn(struct conn *c)
{
	short events = 0;

	if (c->what == INSIDE_READ && !c->over && waiting(&c->out) == 0)
		read_more(c);
	if (waiting(&c->input) < INPUT_HIGH_BYTES)
		events |= POLLIN;
	if (waiting(&c->out) > 0 || c->over)
		events |= POLLOUT;
	add_poll(c->fd, events, c, -1);
	if (waiting(&c->out) >= OUT_HIGH_BYTES)
		return;
	for (int i = 1; i <= 2; i++)
		if (c->pipe[i] >= 0)
			add_poll(c->pipe[i], POLLIN, c, i);
	if (c->pipe[0] >= 0 && (waiting(&c->input) > 0 || c->input_done))
		add_poll(c->pipe[0], POLLOUT, c, 0);
}

static int
prepare(int door, int signals)
{
	int64_t due_ms = INT64_MAX;

	npolls = 0;
	add_poll(door, POLLIN, NULL, -1);
	add_poll(signals, POLLIN, NULL, -1);
	for (struct conn *c = conns; c < conns + INSIDE_CONNECTIONS_MAX; c++) {
		if (c->due_ms != 0 && (c->fd >= 0 || c->pid != 0) && c->due_ms < due_ms)
			due_ms = c->due_ms;
		if (c->fd >= 0)
			add_conn(c);
	}
	if (due_ms == INT64_MAX)
		return -1;
	due_ms -= now_ms();
	return due_ms < 0 ? 0 : due_ms > 60000 ? 60000 : (int)due_ms;
}

static void
look_at_time(void)
{
	const int64_t now = now_ms();

	for (struct conn *c = conns; c < conns + INSIDE_CONNECTIONS_MAX; c++) {
		if (c->due_ms == 0 || c->due_ms > now || (c->fd < 0 && c->pid == 0))
			continue;
		c->due_ms = 0;
		if (c->pid != 0)
			exec_late(c);
		else if (c->fd >= 0 && c->what == 0)
			hang_up(c);
	}
}

static void
turn(int door, int signals)
{
	struct signalfd_siginfo info[8];

	if (polls[0].revents != 0)
		accept_all(door);
	for (nfds_t i = 2; i < npolls; i++) {
		struct conn *c = whose[i].conn;

		if (polls[i].revents == 0 || c->fd < 0)
			continue;
		if (whose[i].which > 0)
			exec_output(c, whose[i].which);
		else if (whose[i].which == 0)
			exec_input(c);
		else if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			receive(c);
	}
	if (polls[1].revents != 0 && read(signals, info, sizeof(info)) > 0)
		for (struct conn *c = conns; c < conns + INSIDE_CONNECTIONS_MAX; c++)
			exec_look(c);
	look_at_time();
	for (struct conn *c = conns; c < conns + INSIDE_CONNECTIONS_MAX; c++)
		if (c->fd >= 0 && (c->over || waiting(&c->out) > 0))
			flush(c);
}

static void
die(const char *what)
{
	fprintf(stderr, "janus-sandbox-agent: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
listen_inside(void)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(INSIDE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int on = 1;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0)
		die("listen on 127.0.0.1:8080");
	return fd;
}

int
main(int argc, char **argv)
{
	sigset_t set;

	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("janus-sandbox-agent " JANUS_VERSION) < 0;
	for (struct conn *c = conns; c < conns + INSIDE_CONNECTIONS_MAX; c++)
		c->fd = -1;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	const int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals < 0)
		die("signalfd");
	const int door = listen_inside();
	for (;;) {
		const int wait_ms = prepare(door, signals);

		if (poll(polls, npolls, wait_ms) < 0 && errno != EINTR)
			die("poll");
		turn(door, signals);
	}
}
