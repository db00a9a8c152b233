/*
 * churn.c - clients that come and go: holds N streams, keeps a book of how each of them ended.
 *
 * churn PORT N SECONDS GAP_MS MODEL...
 *
 * Of ten clients seven stay to the end, one or two leave in the middle by themselves, and the others
 * ask for a stream that can be resumed, are cut off once or more and come back for the rest.  Each
 * stream must end with [DONE] or a typed error, have no gap or double in its events, and never be
 * silent; what is not so is a violation, the first of which are told on stderr.  Prints one line for
 * each count: "chat OUTCOME N", "status CODE N", and others with a name and a number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define MS 1000000LL
#define SECOND (1000 * MS)
#define BEGIN_A_SECOND 500 /* while the first ones come */
#define SILENCE_NS (20 * SECOND) /* there is a ping every 1.5 s */
#define LAST_NS (90 * SECOND) /* for what still runs at the end */
#define LINE_MAX_LEN 2048
#define OUTCOMES_MAX 64

enum role { STAYS, LEAVES, RESUMES };
enum part { RESTING, HEAD, LENGTH, SIZE, DATA, DATA_END, LAST };
struct client {
	int fd;
	enum role role;
	enum part part;
	bool kept; /* the connection had an answer before */
	bool answered, coming_back, over;
	int status, chunks, seen;
	long id; /* of the last event, if they have any */
	char stream[40], error[40];
	int64_t next_ns, go_ns, heard_ns; /* begins; leaves or is cut; has heard something */
	size_t left, line_len, event_len;
	char line[LINE_MAX_LEN], event[LINE_MAX_LEN];
};
struct count {
	char name[48];
	unsigned long n;
};

static int port, n_clients, gap_ms, n_models, epoll;
static char **models;
static struct client *clients;
static bool stopping;
static struct count outcomes[OUTCOMES_MAX], statuses[OUTCOMES_MAX], lost[OUTCOMES_MAX];
static unsigned long begun, left_late, left_early, resumed, violations;
static uint64_t rng = 88172645463325252;

static unsigned
below(unsigned n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned)(rng >> 16) % n;
}

static void
count(struct count *of, const char *name)
{
	for (int i = 0; i < OUTCOMES_MAX; i++)
		if (of[i].n == 0 || strcmp(of[i].name, name) == 0) {
			snprintf(of[i].name, sizeof(of[i].name), "%s", name);
			of[i].n++;
			return;
		}
}

static void
print(const char *what, const struct count *of)
{
	for (int i = 0; i < OUTCOMES_MAX && of[i].n > 0; i++)
		printf("%s %s %lu\n", what, of[i].name, of[i].n);
}

/* ---- the life of a client ---- */

static void
hang_up(struct client *c, bool at_once)
{
	const struct linger reset = { 1, 0 };

	if (c->fd < 0)
		return;
	if (at_once)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(c->fd);
	c->fd = -1;
}

static void
rest(struct client *c, unsigned ms)
{
	c->part = RESTING;
	c->next_ns = bench_now_ns() + ms * MS;
	c->coming_back = false;
	c->role = STAYS;
}

static void
violation(struct client *c, const char *fmt, ...)
{
	va_list ap;

	if (violations++ < 20) {
		va_start(ap, fmt);
		fprintf(stderr, "churn: client %d (%s, %d of %d events%s): ", (int)(c - clients),
		    c->role == RESUMES      ? c->stream
			: c->role == LEAVES ? "leaves"
					    : "stays",
		    c->seen, c->chunks, c->kept ? ", kept" : "");
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
		va_end(ap);
	}
	hang_up(c, false);
	rest(c, 1000);
}

static bool
dial(struct client *c)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	const int on = 1;

	c->kept = false;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		violation(c, "connect: %s", strerror(errno));
		return false;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev);
	return true;
}

static void
say(struct client *c, const char *request, size_t len)
{
	c->part = HEAD;
	c->line_len = c->event_len = 0;
	c->answered = c->over = false;
	c->status = 0;
	c->error[0] = '\0';
	c->heard_ns = bench_now_ns();
	if (send(c->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len && !c->kept)
		violation(c, "request cannot be sent: %s", strerror(errno));
}

static void
begin(struct client *c)
{
	const unsigned dice = below(100);
	char body[400], request[900];

	if (c->fd < 0 && !dial(c))
		return;
	c->role = dice < 70 ? STAYS : dice < 85 ? LEAVES : RESUMES;
	c->chunks = 4 + (int)below(40);
	c->seen = 0;
	c->id = 0;
	c->stream[0] = '\0';
	const int n = snprintf(body, sizeof(body),
	    "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":"
	    "\"chunks=%d gap=%d\"}],\"stream\":true}",
	    models[below((unsigned)n_models)], c->chunks, gap_ms);
	const int len = snprintf(request, sizeof(request),
	    "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n"
	    "content-type: application/json\r\nuser-agent: churn\r\n%scontent-length: %d\r\n\r\n%s",
	    port, c->role == RESUMES ? "x-janus-resume: 1\r\n" : "", n, body);
	begun++;
	say(c, request, (size_t)len);
	c->go_ns = c->heard_ns + (50 + below((unsigned)(c->chunks * gap_ms))) * MS;
}

static void
come_back(struct client *c)
{
	char request[300];

	if (c->fd < 0 && !dial(c))
		return;
	const int len = snprintf(request, sizeof(request),
	    "GET /v1/streams/%s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nlast-event-id: %ld\r\n\r\n",
	    c->stream, port, c->id);
	say(c, request, (size_t)len);
	c->go_ns = c->heard_ns + (500 + below((unsigned)(c->chunks * gap_ms))) * MS;
}

/* The stream has ended as it should. */
static void
finish(struct client *c, bool keep)
{
	count(outcomes, c->error[0] != '\0' ? c->error : "ok");
	if (!keep || below(2) == 0)
		hang_up(c, false);
	c->kept = c->fd >= 0;
	rest(c, c->error[0] != '\0' ? 500 + below(1000) : below(200));
}

static void
leave(struct client *c)
{
	if (c->role == LEAVES) {
		if (c->answered)
			left_late++;
		else
			left_early++;
		hang_up(c, below(2) == 0);
		rest(c, below(500));
		return;
	}
	c->go_ns = bench_now_ns() + SECOND; /* it cannot be told yet where to go on */
	if (c->answered && c->id > 0 && c->stream[0] != '\0' && !c->over) {
		hang_up(c, below(2) == 0);
		c->part = RESTING;
		c->coming_back = true;
		c->next_ns = bench_now_ns() + below(1000) * MS;
	}
}

/* ---- reading ---- */

static void
find_code(struct client *c)
{
	const char *at = strstr(c->event, "\"code\":\"");

	snprintf(c->error, sizeof(c->error), "untyped");
	if (at != NULL)
		sscanf(at + 8, "%39[a-z0-9_]", c->error);
}

/* The next chunk, or after the last the finish? */
static bool
is_due(const struct client *c, const char *data)
{
	int number;

	if (strcmp(data, BENCH_FINISH) == 0)
		return c->seen == c->chunks;
	return strncmp(data, BENCH_EVENT_HEAD, strlen(BENCH_EVENT_HEAD)) == 0 &&
	    sscanf(data + strlen(BENCH_EVENT_HEAD), "%6d ", &number) == 1 && number == c->seen;
}

/* One event's data: a chunk, an error, or the end; false after a violation. */
static bool
take_data(struct client *c, const char *data)
{
	if (c->over) {
		violation(c, "something after [DONE]: %.100s", data);
		return false;
	}
	if (strcmp(data, BENCH_DONE) == 0) {
		if (c->error[0] == '\0' && c->seen != c->chunks + 1) {
			violation(c, "[DONE] too early");
			return false;
		}
		c->over = true;
	} else if (strncmp(data, "data: {\"error\"", 14) == 0) {
		find_code(c);
	} else if (is_due(c, data)) {
		c->seen++;
	} else if (strstr(data, "\"choices\":[],") == NULL) { /* not the usage either */
		violation(c, "not the event that was due: %.300s", data);
		return false;
	}
	return true;
}

static bool
take_event(struct client *c)
{
	const char *data = c->event;
	long id;

	if (data[0] == ':')
		return true;
	if (sscanf(data, "id: %ld\n", &id) == 1) {
		if (id != c->id + 1) {
			violation(c, "event %ld after event %ld", id, c->id);
			return false;
		}
		c->id = id;
		data = strchr(data, '\n') + 1;
	}
	return take_data(c, data);
}

static bool
take_body(struct client *c, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (c->event_len == sizeof(c->event) - 1) {
			if (c->part == LENGTH) /* of an error: enough has been seen */
				return true;
			violation(c, "an event is too long");
			return false;
		}
		c->event[c->event_len++] = bytes[i];
		c->event[c->event_len] = '\0';
		if (c->part == DATA && bytes[i] == '\n' && c->event_len >= 2 &&
		    c->event[c->event_len - 2] == '\n') {
			if (!take_event(c))
				return false;
			c->event_len = 0;
		}
	}
	return true;
}

static void
take_head(struct client *c)
{
	const char *length = strcasestr(c->line, "\r\ncontent-length:");
	const char *stream = strcasestr(c->line, "\r\nx-janus-stream-id: ");
	char status[12];

	c->answered = true;
	c->status = atoi(c->line + 9);
	snprintf(status, sizeof(status), "%d", c->status);
	if (!c->coming_back)
		count(statuses, status);
	if (stream != NULL && !c->coming_back)
		sscanf(stream + 21, "%39[a-z0-9_]", c->stream);
	c->left = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
	c->part = length != NULL ? LENGTH : SIZE;
	if (c->coming_back && c->status == 200)
		resumed++;
	if (strncmp(c->line, "HTTP/1.1 ", 9) != 0 || (length == NULL) != (c->status == 200))
		violation(c, "not an answer: %.200s", c->line);
}

/* An answer that is no stream has come whole. */
static void
refused(struct client *c)
{
	const bool keep = strcasestr(c->line, "\r\nconnection: close") == NULL;

	find_code(c);
	if (strcmp(c->error, "untyped") == 0) {
		violation(c, "status %d without a code: %.200s", c->status, c->event);
	} else if (c->coming_back) { /* how its chat ended, it will not know */
		count(lost, c->error);
		hang_up(c, false);
		rest(c, 500);
	} else {
		finish(c, keep);
	}
}

static void
take_line(struct client *c)
{
	if (c->part == HEAD) {
		if (c->line_len >= 4 && strcmp(c->line + c->line_len - 4, "\r\n\r\n") == 0)
			take_head(c);
		else
			return; /* the head grows */
	} else if (c->part == SIZE) {
		c->left = strtoul(c->line, NULL, 16);
		c->part = c->left > 0 ? DATA : LAST;
	} else if (c->part == DATA_END) {
		c->part = SIZE;
	} else if (!c->over || c->event_len > 0) {
		violation(c, "the stream ends without [DONE]");
	} else {
		finish(c, true);
	}
	if (c->part != LENGTH)
		c->line_len = 0;
}

static void
take(struct client *c, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		if (c->fd < 0)
			return;
		if (c->part == RESTING) {
			violation(c, "bytes after the end of the answer");
			return;
		}
		if (c->part == LENGTH || c->part == DATA) {
			const size_t n = c->left < len - i ? c->left : len - i;

			if (!take_body(c, bytes + i, n))
				return;
			i += n;
			c->left -= n;
			if (c->left == 0 && c->part == LENGTH)
				refused(c);
			else if (c->left == 0)
				c->part = DATA_END;
			continue;
		}
		if (c->line_len == sizeof(c->line) - 1) {
			violation(c, "a head or chunk line is too long");
			return;
		}
		c->line[c->line_len++] = bytes[i++];
		c->line[c->line_len] = '\0';
		if (bytes[i - 1] == '\n')
			take_line(c);
	}
}

static void
on_input(struct client *c)
{
	static char bytes[65536];
	const ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		c->heard_ns = bench_now_ns();
		take(c, bytes, (size_t)n);
	} else if (c->part == RESTING) {
		hang_up(c, false);
	} else if (c->kept && c->part == HEAD &&
	    c->line_len == 0) { /* closed before it was asked */
		hang_up(c, false);
		if (!c->coming_back)
			begun--;
		rest(c, 0);
	} else {
		violation(c, "the connection was closed: %s", n < 0 ? strerror(errno) : "end");
	}
}

/* ---- the course of a run ---- */

/* What time brings. Returns how many clients hold a stream. */
static int
turn(int64_t now, int came)
{
	int held = 0;

	for (int i = 0; i < came; i++) {
		struct client *c = &clients[i];

		if (c->part == RESTING && now >= c->next_ns) {
			if (c->coming_back)
				come_back(c);
			else if (!stopping)
				begin(c);
			else
				hang_up(c, false);
		} else if (c->part != RESTING && c->role != STAYS && now >= c->go_ns) {
			leave(c);
		} else if (c->part != RESTING && now - c->heard_ns > SILENCE_NS) {
			violation(c, "silence");
		}
		held += c->part != RESTING || c->coming_back;
	}
	return held;
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	struct epoll_event ready[512];
	double held_sum = 0;
	int held_samples = 0, held = 0;

	if (argc < 6)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	port = atoi(argv[1]);
	n_clients = atoi(argv[2]);
	gap_ms = atoi(argv[4]);
	models = argv + 5;
	n_models = argc - 5;
	clients = calloc((size_t)n_clients, sizeof(*clients));
	for (int i = 0; i < n_clients; i++)
		clients[i].fd = -1;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	const int64_t start = bench_now_ns(), end = start + (int64_t)(atof(argv[3]) * 1e9);
	const int64_t all_came = start + (n_clients * SECOND / BEGIN_A_SECOND);
	int64_t now, next_turn = start, next_sample = all_came + 2 * SECOND;

	while ((now = bench_now_ns()) < end + LAST_NS && (!stopping || held > 0)) {
		const int64_t came = (now - start) * BEGIN_A_SECOND / SECOND;

		stopping = now >= end;
		if (now >= next_turn) {
			held = turn(now, came < n_clients ? (int)came : n_clients);
			next_turn = now + 20 * MS;
		}
		if (now >= next_sample && !stopping) {
			held_sum += held;
			held_samples++;
			next_sample += SECOND;
		}
		const int n = epoll_wait(epoll, ready, 512, 20);
		for (int i = 0; i < n; i++)
			if (((struct client *)ready[i].data.ptr)->fd >= 0)
				on_input(ready[i].data.ptr);
	}
	for (int i = 0; i < n_clients; i++)
		if (clients[i].part != RESTING || clients[i].coming_back)
			violation(&clients[i], "stuck");
	print("chat", outcomes);
	print("status", statuses);
	print("lost", lost);
	printf("begun %lu\nleft %lu\nleft_early %lu\nresumed %lu\nviolations %lu\nheld %.0f\n",
	    begun, left_late + left_early, left_early, resumed, violations,
	    held_samples > 0 ? held_sum / held_samples : 0);
	return violations > 0;
}
