/*
 * load.c - the benchmark's client: keeps N connections busy, checks every byte, measures.
 *
 * load WORK PORT PIDS MODEL N SECONDS [CHUNKS GAP_MS]
 *	WORK	json, stream (request after request on each connection), paced (one stream on each,
 *		begun one after another, measured while all run) or ttft (one at a time)
 *	PIDS	of the proxy, with commas: whose CPU and memory are read; 0 for none
 * BENCH_HEADERS holds more header lines for each request.  Prints one line of name=value: done (requests, or events of streams) and cpu_us of each in the
 * measured time, p50_us and p99_us (of a request; of an event one way; of the first byte),
 * rss_kib above what it was before, gap_ms (the longest silence on a connection) and failures.
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

#define SECOND 1000000000LL
#define HEAD_MAX 2048
#define STREAMS_A_SECOND 1000 /* how fast paced streams begin */
#define SETTLE_NS (SECOND / 2)
#define STUCK_NS (15 * SECOND)

enum work { JSON, STREAM, PACED, TTFT };
enum part { HEAD, LENGTH, SIZE, DATA, DATA_END, LAST };
struct conn {
	int fd;
	bool busy, done;
	enum part part;
	char line[HEAD_MAX]; /* of the head, or of a chunk */
	size_t line_len;
	size_t left; /* of the body, or of the chunk */
	char event[512];
	size_t event_len;
	int seen; /* events; CHUNKS: finish is next; + 1: [DONE]; + 2: nothing */
	size_t body_len;
	int64_t sent_ns, heard_ns;
	bool first;
};

static enum work work;
static int port, n_conns, chunks = 200, gap_ms;
static const char *pids;
static char request[1024];
static size_t request_len;
static struct conn *conns;
static int epoll;
static int64_t from_ns, to_ns; /* the measured time */
static bool stopping;
static uint64_t done, failures;
static int64_t longest_gap_ns;
static uint32_t *samples;
static size_t nsamples, samples_cap;

static void
sample(int64_t ns)
{
	if (nsamples == samples_cap) {
		samples_cap = samples_cap > 0 ? 2 * samples_cap : 65536;
		samples = realloc(samples, samples_cap * sizeof(*samples));
	}
	samples[nsamples++] = (uint32_t)(ns > 0 ? ns / 100 : 0); /* tenths of a microsecond */
}

static int
compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double
percentile(double p)
{
	return nsamples == 0 ? 0 : samples[(size_t)(p * (double)(nsamples - 1))] / 10.0;
}

/* ---- what the operating system knows of the proxy ---- */

static double
cpu_seconds(void)
{
	double sum = 0;

	for (const char *p = pids; p != NULL; p = strchr(p, ','), p = p != NULL ? p + 1 : NULL) {
		struct timespec used;
		clockid_t clock;

		if (clock_getcpuclockid(atoi(p), &clock) == 0 && clock_gettime(clock, &used) == 0)
			sum += (double)used.tv_sec + (double)used.tv_nsec / 1e9;
	}
	return sum;
}

static long
rss_kib(void)
{
	long sum = 0, pages;

	for (const char *p = pids; p != NULL; p = strchr(p, ','), p = p != NULL ? p + 1 : NULL) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/statm", atoi(p));
		FILE *f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fscanf(f, "%*d %ld", &pages) == 1)
			sum += pages * (sysconf(_SC_PAGESIZE) / 1024);
		fclose(f);
	}
	return sum;
}

/* ---- connections ---- */

static void dial(struct conn *);

static void
fail(struct conn *c, const char *fmt, ...)
{
	va_list ap;

	if (failures++ < 5) {
		va_start(ap, fmt);
		fprintf(stderr, "load: connection %d: ", (int)(c - conns));
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
		va_end(ap);
	}
	close(c->fd);
	c->fd = -1;
	c->busy = false;
	c->done = true;
	if (work != PACED && !stopping && failures < 1000)
		dial(c);
}

static void
ask(struct conn *c)
{
	c->busy = true;
	c->done = false;
	c->part = HEAD;
	c->line_len = c->event_len = c->body_len = 0;
	c->seen = 0;
	c->first = true;
	c->sent_ns = c->heard_ns = bench_now_ns();
	if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
		fail(c, "request cannot be sent: %s", strerror(errno));
}

static void
dial(struct conn *c)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	const int on = 1;

	/* Blocking: on the loopback the backlog takes it at once. */
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		fprintf(stderr, "load: connect: %s\n", strerror(errno));
		exit(1);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev);
	ask(c);
}

static bool
measured(int64_t now)
{
	return now >= from_ns && now < to_ns;
}

static void
complete(struct conn *c, int64_t now)
{
	c->busy = false;
	c->done = true;
	if (work == JSON && measured(now)) {
		done++;
		sample(now - c->sent_ns);
	}
	if (work == PACED || stopping)
		return;
	if (work == TTFT) { /* low load: a pause before each */
		const struct timespec pause = { 0, 1000000 };

		nanosleep(&pause, NULL);
	}
	ask(c);
}

/* One whole event, or comment. Returns false after a failure. */
static bool
take_event(struct conn *c, int64_t now)
{
	static const size_t head = sizeof(BENCH_EVENT_HEAD) - 1;
	const char *e = c->event;
	int number;
	long long stamp;

	if (e[0] == ':') /* a comment is always allowed, between events */
		return true;
	if (c->seen == chunks || c->seen == chunks + 1) {
		const char *want = c->seen == chunks ? BENCH_FINISH : BENCH_DONE;

		if (c->event_len != strlen(want) || memcmp(e, want, c->event_len) != 0) {
			fail(c, "event %d is not the expected end: %.*s", c->seen,
			    (int)c->event_len, e);
			return false;
		}
		c->seen++;
		return true;
	}
	if (c->seen > chunks || c->event_len != BENCH_EVENT_LEN ||
	    memcmp(e, BENCH_EVENT_HEAD, head) != 0 ||
	    strcmp(e + head + BENCH_STAMP_LEN, BENCH_EVENT_TAIL) != 0 ||
	    sscanf(e + head, "%6d %16lld ", &number, &stamp) != 2 || number != c->seen) {
		fail(c, "event %d is damaged: %.*s", c->seen, (int)c->event_len, e);
		return false;
	}
	c->seen++;
	if (measured(now) && work != TTFT) {
		done++;
		sample(now - stamp);
	}
	return true;
}

static bool
take_body(struct conn *c, const char *bytes, size_t len, int64_t now)
{
	if (work == JSON) {
		if (c->body_len + len > strlen(BENCH_JSON) ||
		    memcmp(BENCH_JSON + c->body_len, bytes, len) != 0) {
			fail(c, "the answer is damaged: %.*s", (int)len, bytes);
			return false;
		}
		c->body_len += len;
		return true;
	}
	if (c->first && work == TTFT && measured(now)) {
		done++;
		sample(now - c->sent_ns);
	}
	c->first = false;
	while (len > 0) {
		const char *lf = memchr(bytes, '\n', len);
		const size_t n = lf != NULL ? (size_t)(lf + 1 - bytes) : len;

		if (c->event_len + n >= sizeof(c->event)) {
			fail(c, "an event is too long");
			return false;
		}
		memcpy(c->event + c->event_len, bytes, n);
		c->event_len += n;
		c->event[c->event_len] = '\0';
		bytes += n;
		len -= n;
		if (c->event_len >= 2 && strcmp(c->event + c->event_len - 2, "\n\n") == 0) {
			if (!take_event(c, now))
				return false;
			c->event_len = 0;
		}
	}
	return true;
}

/* A line ended with LF came (head: the whole of it). Returns false after a failure. */
static bool
take_line(struct conn *c)
{
	if (c->part == HEAD) {
		const char *length = strcasestr(c->line, "\r\ncontent-length:");

		if (strncmp(c->line, "HTTP/1.1 200", 12) != 0) {
			fail(c, "not a 200: %.200s", c->line);
			return false;
		}
		c->left = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
		c->part = length != NULL ? LENGTH : SIZE;
		if (length == NULL &&
		    strcasestr(c->line, "\r\ntransfer-encoding: chunked") == NULL) {
			fail(c, "neither a length nor chunks");
			return false;
		}
	} else if (c->part == SIZE) {
		c->left = strtoul(c->line, NULL, 16);
		c->part = c->left > 0 ? DATA : LAST;
	} else {
		c->part = SIZE; /* the end of a chunk's data */
	}
	c->line_len = 0;
	return true;
}

static bool
whole_answer(struct conn *c)
{
	if (work == JSON ? c->body_len == strlen(BENCH_JSON)
			 : c->seen == chunks + 2 && c->event_len == 0)
		return true;
	fail(c, "the answer is cut after %d events", c->seen);
	return false;
}

static void
take(struct conn *c, const char *bytes, size_t len, int64_t now)
{
	for (size_t i = 0; i < len;) {
		if (!c->busy) {
			fail(c, "bytes after the end of the answer");
			return;
		}
		if (c->part == LENGTH || c->part == DATA) {
			const size_t n = c->left < len - i ? c->left : len - i;

			if (!take_body(c, bytes + i, n, now))
				return;
			i += n;
			c->left -= n;
			if (c->left == 0 && c->part == LENGTH) {
				if (!whole_answer(c))
					return;
				complete(c, now);
			} else if (c->left == 0) {
				c->part = DATA_END;
			}
			continue;
		}
		if (c->line_len == sizeof(c->line) - 1) {
			fail(c, "a head or chunk line is too long");
			return;
		}
		c->line[c->line_len++] = bytes[i++];
		c->line[c->line_len] = '\0';
		if (bytes[i - 1] != '\n')
			continue;
		if (c->part == HEAD &&
		    (c->line_len < 4 || strcmp(c->line + c->line_len - 4, "\r\n\r\n") != 0))
			continue;
		if (c->part == LAST) {
			c->line_len = 0;
			if (!whole_answer(c))
				return;
			complete(c, now);
		} else if (!take_line(c)) {
			return;
		}
	}
}

static void
on_input(struct conn *c)
{
	static char bytes[65536];
	const ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	const int64_t now = bench_now_ns();

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (c->busy) {
			fail(c, "the connection was closed after %d events", c->seen);
		} else {
			close(c->fd);
			c->fd = -1;
		}
		return;
	}
	if (now - c->heard_ns > longest_gap_ns)
		longest_gap_ns = now - c->heard_ns;
	c->heard_ns = now;
	take(c, bytes, (size_t)n, now);
}

/* ---- the course of a run ---- */

static void
prepare(const char *model)
{
	const char *more = getenv("BENCH_HEADERS");
	char body[600];
	const int n = snprintf(body, sizeof(body),
	    "{\"model\":\"%s\",\"messages\":[{\"role\":\"system\",\"content\":"
	    "\"You are a helpful assistant.\"},{\"role\":\"user\",\"content\":"
	    "\"Tell me about foxes: chunks=%d gap=%d\"}],\"temperature\":0.7%s}",
	    model, chunks, gap_ms, work == JSON ? "" : ",\"stream\":true");

	request_len = (size_t)snprintf(request, sizeof(request),
	    "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n"
	    "content-type: application/json\r\nuser-agent: bench\r\n%scontent-length: %d\r\n\r\n%s",
	    port, more != NULL ? more : "", n, body);
}

static bool
all_done(void)
{
	for (int i = 0; i < n_conns; i++)
		if (!conns[i].done)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	const struct rlimit files = { 65536, 65536 };
	struct epoll_event ready[512];
	double cpu = 0;
	long rss = 0;
	int begun = 0;

	if (argc != 7 && argc != 9)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	work = strcmp(argv[1], "json") == 0  ? JSON
	    : strcmp(argv[1], "stream") == 0 ? STREAM
	    : strcmp(argv[1], "paced") == 0  ? PACED
					     : TTFT;
	port = atoi(argv[2]);
	pids = strcmp(argv[3], "0") == 0 ? NULL : argv[3];
	n_conns = atoi(argv[5]);
	const int64_t seconds_ns = (int64_t)(atof(argv[6]) * 1e9);
	if (argc == 9) {
		chunks = atoi(argv[7]);
		gap_ms = atoi(argv[8]);
	}
	const int64_t ramp_ns = work == PACED ? n_conns * SECOND / STREAMS_A_SECOND : 0;
	if (work == PACED) /* so many that all still run when the measured time ends */
		chunks = (int)((ramp_ns + 3 * SETTLE_NS + seconds_ns) / 1000000 / gap_ms) + 1;
	prepare(argv[4]);

	conns = calloc((size_t)n_conns, sizeof(*conns));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	const long idle_kib = rss_kib();
	const int64_t start_ns = bench_now_ns();
	from_ns = start_ns + ramp_ns + SETTLE_NS;
	to_ns = from_ns + seconds_ns;
	bool began = false;
	for (;;) {
		const int64_t now = bench_now_ns();

		while (begun < n_conns &&
		    (work != PACED || now - start_ns >= begun * SECOND / STREAMS_A_SECOND))
			dial(&conns[begun++]);
		if (!began && now >= from_ns) {
			began = true;
			cpu = cpu_seconds();
		}
		if (!stopping && now >= to_ns) {
			stopping = true;
			cpu = cpu_seconds() - cpu;
			rss = rss_kib();
		}
		if (stopping && all_done())
			break;
		if (now > to_ns + STUCK_NS) {
			for (int i = 0; i < n_conns; i++)
				if (!conns[i].done)
					fail(&conns[i], "stuck after %d events", conns[i].seen);
			break;
		}
		const int n = epoll_wait(epoll, ready, 512, begun < n_conns ? 1 : 10);
		for (int i = 0; i < n; i++)
			if (((struct conn *)ready[i].data.ptr)->fd >= 0)
				on_input(ready[i].data.ptr);
	}
	qsort(samples, nsamples, sizeof(*samples), compare);
	printf("done=%llu cpu_us=%.2f p50_us=%.1f p99_us=%.1f rss_kib=%.1f gap_ms=%lld "
	       "failures=%llu\n",
	    (unsigned long long)done, done > 0 ? cpu * 1e6 / (double)done : 0, percentile(0.5),
	    percentile(0.99), (double)(rss - idle_kib) / n_conns,
	    (long long)(longest_gap_ns / 1000000), (unsigned long long)failures);
	return failures > 0;
}
