/*
 * upstream.c - an OpenAI upstream that plays faults on request.
 *
 *	fake-upstream --port N [--host ADDR]	(0: any free port)
 *
 * Faults are words anywhere in the request body: "fault:NAME" or "fault:NAME=NUMBER", several at
 * once.  N counts bytes of the response, its head included.
 *
 *	cut=N stall=N reset=N	send N bytes, then close, say nothing more, or reset
 *	delay=MS slow=MS	wait before the head; between events
 *	hold=PATH		after the third content event wait until that file is there
 *	chunks=N bytes=N	how many content events, of how many bytes
 *	reason=N		that many events of reasoning before them
 *	status=NNN		that status with a JSON error; with retry=N a retry-after header
 *	html=NNN empty=NNN	that status with HTML; without a body
 *	json gzip notype	a JSON answer to a stream request; marked as gzip; no content-type
 *	badhead garbage		a head, a chunk size that are none
 *	both close		content-length and chunked together; a body that ends by close
 *	nodone nofinish done2	no [DONE]; neither that nor a finish_reason; [DONE] twice
 *	donefirst errfirst errmid	[DONE] first; an error frame first, in the middle
 *	cr crlf bom		other line ends; a byte order mark
 *	giant comments		one event of 2 MiB; comments without end
 *	usage			a usage chunk (also sent when asked for)
 *	cost=N			a cost of N micro-USD in the usage
 *
 * One JSON line on stdout when it listens, when a request has come, and when it is over:
 * {"event":"end","id":...,"sent":N,"cancelled":true} - cancelled: the client had gone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX (16 << 20)
#define ID "chatcmpl-fake"

struct out { /* the response so far: planned bytes go through put() */
	int fd;
	const char *body; /* of the request */
	long sent;
	bool over; /* nothing more may be sent: played to its end, or the client has gone */
	bool cancelled; /* the client went first */
	bool last; /* [DONE] is on its way: who has had all may go */
	bool framed; /* chunked */
};

/* The number of "fault:name=123", 1 without a number, -1 if it was not asked for. */
static long
fault(const struct out *o, const char *name)
{
	const size_t len = strlen(name);

	for (const char *p = o->body; (p = strstr(p, "fault:")) != NULL;) {
		p += strlen("fault:");
		if (strncmp(p, name, len) != 0)
			continue;
		if (p[len] == '=')
			return strtol(p + len + 1, NULL, 10);
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789", p[len]) == NULL ||
		    p[len] == '\0')
			return 1;
	}
	return -1;
}

static bool
has(const struct out *o, const char *name)
{
	return fault(o, name) >= 0;
}

static void
say(const char *fmt, ...)
{
	va_list ap;

	flockfile(stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

/* Wait; true if the client went away meanwhile. */
static bool
wait_ms(int fd, long ms)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, (int)ms) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void
raw(struct out *o, const char *bytes, size_t len)
{
	while (len > 0 && !o->over) {
		const ssize_t n = send(o->fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->over = true;
			o->cancelled = !o->last;
			return;
		}
		o->sent += n;
		bytes += n;
		len -= (size_t)n;
	}
}

static void
reset(struct out *o)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(o->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	o->over = true;
}

/* Send bytes, unless a position was named at which something else happens. */
static void
put(struct out *o, const char *bytes, size_t len)
{
	static const char *const names[] = { "cut", "stall", "reset" };

	for (size_t i = 0; i < 3 && !o->over; i++) {
		const long at = fault(o, names[i]);

		if (at < 0 || o->sent + (long)len <= at)
			continue;
		raw(o, bytes, (size_t)(at - o->sent));
		if (o->over)
			return;
		if (i == 1)
			o->cancelled = wait_ms(o->fd, 600000);
		if (i == 2)
			reset(o);
		o->over = true;
	}
	raw(o, bytes, len);
}

static void
put_str(struct out *o, const char *text)
{
	put(o, text, strlen(text));
}

static void
put_body(struct out *o, const char *bytes, size_t len)
{
	char size[32];

	if (!o->framed) {
		put(o, bytes, len);
		return;
	}
	put(o, size, (size_t)sprintf(size, "%zx\r\n", len));
	put(o, bytes, len);
	put(o, "\r\n", 2);
}

/* One event of a data line, with the line ends that were asked for. */
static void
put_event(struct out *o, const char *data)
{
	const char *eol = has(o, "crlf") ? "\r\n" : has(o, "cr") ? "\r" : "\n";
	const bool bom = has(o, "bom") && strstr(data, "\"role\"") != NULL;
	const size_t len = strlen(data) + 32;
	char *event = malloc(len);

	if (event == NULL)
		abort();
	const int n =
	    snprintf(event, len, "%sdata: %s%s%s", bom ? "\xEF\xBB\xBF" : "", data, eol, eol);
	o->last |= strcmp(data, "[DONE]") == 0;
	put_body(o, event, (size_t)n);
	free(event);
	if (has(o, "slow") && !o->over && !o->last && wait_ms(o->fd, fault(o, "slow")))
		o->over = o->cancelled = true;
}

static void
put_delta(struct out *o, const char *delta, const char *finish)
{
	const size_t len = strlen(delta) + 256;
	char *data = malloc(len);

	if (data == NULL)
		abort();
	snprintf(data, len,
	    "{\"id\":\"" ID
	    "\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"fake\","
	    "\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]}",
	    delta, finish);
	put_event(o, data);
	free(data);
}

/* Until the file of "fault:hold=PATH" is there. */
static void
hold(struct out *o)
{
	const char *at = strstr(o->body, "fault:hold=");
	char path[256];

	if (at == NULL || sscanf(at, "fault:hold=%255[/A-Za-z0-9._-]", path) != 1)
		return;
	while (!o->over && access(path, F_OK) != 0)
		if (wait_ms(o->fd, 20))
			o->over = o->cancelled = true;
}

static void
put_content(struct out *o, long number, long bytes)
{
	char *delta = malloc((size_t)bytes + 64);
	int n;

	if (delta == NULL)
		abort();
	n = sprintf(delta, "\"content\":\"word%ld ", number);
	for (long i = 0; i < bytes; i++)
		delta[n++] = (char)('a' + i % 26);
	strcpy(delta + n, "\"");
	put_delta(o, delta, "null");
	free(delta);
}

static const char *
usage_of(const struct out *o, char *text, size_t cap)
{
	const char *tokens = "\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10";

	if (has(o, "cost"))
		snprintf(
		    text, cap, "{%s,\"cost_usd\":%.6f}", tokens, (double)fault(o, "cost") / 1e6);
	else
		snprintf(text, cap, "{%s}", tokens);
	return text;
}

static void
put_usage(struct out *o)
{
	char event[400], usage[160];

	snprintf(event, sizeof(event),
	    "{\"id\":\"" ID "\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":"
	    "\"fake\",\"choices\":[],\"usage\":%s}",
	    usage_of(o, usage, sizeof(usage)));
	put_event(o, event);
}

static void
play_stream(struct out *o)
{
	static const char error[] =
	    "{\"error\":{\"message\":\"the fake failed as asked\",\"code\":\"fake\"}}";
	const long chunks = has(o, "chunks") ? fault(o, "chunks") : 3;
	const long bytes = has(o, "giant") ? 2 << 20 : has(o, "bytes") ? fault(o, "bytes") : 8;

	if (has(o, "errfirst"))
		put_event(o, error);
	if (has(o, "donefirst"))
		put_event(o, "[DONE]");
	put_delta(o, "\"role\":\"assistant\",\"content\":\"\"", "null");
	while (has(o, "comments") && !o->over) {
		put_body(o, ": still thinking\n\n", 18);
		if (wait_ms(o->fd, 50))
			o->over = o->cancelled = true;
	}
	for (long i = 0; i < fault(o, "reason") && !o->over; i++) {
		char delta[64];

		snprintf(delta, sizeof(delta), "\"reasoning_content\":\"thought %ld\\n\"", i);
		put_delta(o, delta, "null");
	}
	for (long i = 0; i < chunks && !o->over; i++) {
		put_content(o, i, bytes);
		if (i == 0 && has(o, "garbage"))
			put_str(o, "zz\r\nnot a chunk\r\n");
		if (i == 0 && has(o, "errmid"))
			put_event(o, error);
		if (i == 2)
			hold(o);
	}
	if (!has(o, "nofinish"))
		put_delta(o, "", "\"stop\"");
	if (has(o, "usage") || strstr(o->body, "\"include_usage\":true") != NULL)
		put_usage(o);
	if (!has(o, "nodone") && !has(o, "nofinish"))
		put_event(o, "[DONE]");
	if (has(o, "done2"))
		put_event(o, "[DONE]");
	if (o->framed)
		put_str(o, "0\r\n\r\n");
}

static void
put_head(struct out *o, int status, const char *type, const char *more)
{
	char head[512];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d Fake\r\n", status);

	if (type != NULL && !has(o, "notype"))
		n += snprintf(head + n, sizeof(head) - (size_t)n, "content-type: %s\r\n", type);
	if (has(o, "gzip"))
		n += snprintf(head + n, sizeof(head) - (size_t)n, "content-encoding: gzip\r\n");
	if (has(o, "retry"))
		n += snprintf(
		    head + n, sizeof(head) - (size_t)n, "retry-after: %ld\r\n", fault(o, "retry"));
	n += snprintf(head + n, sizeof(head) - (size_t)n,
	    "connection: close\r\nset-cookie: fake=1\r\n%s\r\n", more);
	put(o, head, (size_t)n);
}

static void
play_whole(struct out *o, int status, const char *type, const char *body)
{
	char more[64];

	snprintf(more, sizeof(more), "content-length: %zu\r\n", strlen(body));
	put_head(o, status, type, more);
	put_str(o, body);
}

static void
play(struct out *o)
{
	const bool stream = strstr(o->body, "\"stream\":true") != NULL ||
	    strstr(o->body, "\"stream\": true") != NULL;

	if (has(o, "delay") && wait_ms(o->fd, fault(o, "delay"))) {
		o->over = o->cancelled = true;
		return;
	}
	if (has(o, "badhead")) {
		put_str(o, "HTTP/1.1 abc\r\nx y\r\n\r\n");
	} else if (has(o, "status")) {
		play_whole(o, (int)fault(o, "status"), "application/json",
		    "{\"error\":{\"message\":\"the fake has its reasons\",\"code\":\"fake\"}}");
	} else if (has(o, "html")) {
		play_whole(o, (int)fault(o, "html"), "text/html", "<html><h1>Fake</h1></html>");
	} else if (has(o, "empty")) {
		play_whole(o, (int)fault(o, "empty"), NULL, "");
	} else if (!stream || has(o, "json")) {
		char text[1024], usage[160];

		snprintf(text, sizeof(text),
		    "{\"id\":\"" ID
		    "\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"fake\","
		    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
		    "\"word0 "
		    "word1 word2\"},\"finish_reason\":\"stop\"}],\"usage\":%s}",
		    usage_of(o, usage, sizeof(usage)));
		play_whole(o, 200, "application/json", text);
	} else {
		o->framed = !has(o, "close");
		put_head(o, 200, "text/event-stream",
		    has(o, "close")      ? ""
			: has(o, "both") ? "content-length: 10\r\ntransfer-encoding: chunked\r\n"
					 : "transfer-encoding: chunked\r\n");
		play_stream(o);
	}
}

/* Read one whole request; its body starts at the returned place in buf, NULL if none came. */
static char *
read_request(int fd, char *buf)
{
	size_t have = 0, need = 0;
	char *body = NULL;

	while (body == NULL || have < need) {
		const ssize_t n = recv(fd, buf + have, REQUEST_MAX - have, 0);

		if (n <= 0)
			return NULL;
		have += (size_t)n;
		buf[have] = '\0';
		if (body != NULL || (body = strstr(buf, "\r\n\r\n")) == NULL)
			continue;
		body += 4;
		const char *length = strcasestr(buf, "\r\ncontent-length:");
		need = (size_t)(body - buf) +
		    (length != NULL ? strtoul(length + strlen("\r\ncontent-length:"), NULL, 10)
				    : 0);
		if (need > REQUEST_MAX)
			return NULL;
	}
	return body;
}

static void
read_id(const char *request, char out[132])
{
	const char *at = strcasestr(request, "\r\nx-request-id:");

	out[0] = '\0';
	if (at != NULL)
		sscanf(at + strlen("\r\nx-request-id:"), " %131[A-Za-z0-9_-]", out);
}

static void *
serve(void *arg)
{
	struct out o = { .fd = (int)(intptr_t)arg };
	char *buf = malloc(REQUEST_MAX + 1);
	char id[132];

	if (buf != NULL && (o.body = read_request(o.fd, buf)) != NULL) {
		read_id(buf, id);
		say("{\"event\":\"start\",\"id\":\"%s\",\"bytes\":%zu}", id, strlen(o.body));
		if (strncmp(buf, "GET /health", 11) == 0)
			play_whole(&o, 200, "application/json", "{\"status\":\"ok\"}");
		else if (strncmp(buf, "GET /v1/models", 14) == 0)
			play_whole(&o, 200, "application/json",
			    "{\"object\":\"list\",\"data\":[{\"id\":\"fake\",\"object\":\"model\"}]"
			    "}");
		else
			play(&o);
		say("{\"event\":\"end\",\"id\":\"%s\",\"sent\":%ld,\"cancelled\":%s}", id, o.sent,
		    o.cancelled ? "true" : "false");
	}
	close(o.fd);
	free(buf);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	const char *host = "127.0.0.1";
	const int on = 1;
	int port = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--port") == 0)
			port = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--host") == 0)
			host = argv[i + 1];
	}
	signal(SIGPIPE, SIG_IGN);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, host, &address.sin_addr);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1024) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0) {
		perror("fake-upstream");
		return 1;
	}
	say("{\"event\":\"listening\",\"port\":%d}", ntohs(address.sin_port));
	for (;;) {
		const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
			close(fd);
		else
			pthread_detach(thread);
	}
}
