/*
 * answers.c - speak HTTP as a competitor must: read a request, give a proper answer, whole or streamed.
 */
#include "tests/e2e/hostile/hostile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES (1 << 20)

/* --- HTTP -------------------------------------------------------------------- */

void
put(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

void
reply(int fd, const char *status, const char *type, const char *body)
{
	char head[256];
	const int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\ncontent-type: %s\r\n"
	    "content-length: %zu\r\nconnection: close\r\n\r\n",
	    status, type, strlen(body));

	put(fd, head, (size_t)n);
	put(fd, body, strlen(body));
}

static void
put_chunk(int fd, const char *text, size_t len)
{
	char size[32];

	put(fd, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len));
	put(fd, text, len);
	put(fd, "\r\n", 2);
}

__attribute__((format(printf, 2, 3))) static void
put_event(int fd, const char *format, ...)
{
	static char event[8192];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(event, sizeof(event), format, ap);
	va_end(ap);
	put_chunk(fd, event, n < (int)sizeof(event) ? (size_t)n : sizeof(event) - 1);
}

/* True if the text has "key": true, blanks as they come. */
static bool
says_true(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	if (at == NULL)
		return false;
	at += strlen(key);
	at += strspn(at, "\": \t\r\n");
	return strncmp(at, "true", 4) == 0;
}

bool
request_read(int fd, struct request *r)
{
	const struct timeval patience = { .tv_sec = 5 };
	char *buf = malloc(REQUEST_MAX_BYTES + 1);
	size_t len = 0, want = 0;
	char *end = NULL;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (buf != NULL && len < REQUEST_MAX_BYTES && (end == NULL || len < want)) {
		const ssize_t n = recv(fd, buf + len, REQUEST_MAX_BYTES - len, 0);
		const char *length;

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		if (end != NULL || (end = strstr(buf, "\r\n\r\n")) == NULL)
			continue;
		*end = '\0';
		length = strcasestr(buf, "\r\ncontent-length:");
		want = (size_t)(end - buf) + 4 + (length ? strtoul(length + 17, NULL, 10) : 0);
		if (strcasestr(buf, "\r\nexpect: 100-continue") != NULL)
			put(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
	if (end == NULL)
		return false;
	*r = (struct request){ .head = buf, .body = end + 4 };
	r->stream = says_true(r->body, "\"stream\"");
	r->wants_usage = says_true(r->body, "\"include_usage\"");
	return true;
}

/* --- a proper answer --------------------------------------------------------- */

#define USAGE "{\"prompt_tokens\":%zu,\"completion_tokens\":%zu,\"total_tokens\":%zu}"
#define CHUNK                                                                        \
	"data: {\"id\":\"chatcmpl-hostile%d\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":%ld,\"model\":\"hostile\",\"choices\":"

/* content is already escaped for JSON; a piece never ends inside an escape. */
static size_t
piece_len(const char *content)
{
	size_t len = 0;

	while (content[len] != '\0' && len < 2048) {
		const bool space = content[len] == ' ';

		len += content[len] == '\\' && content[len + 1] != '\0' ? 2 : 1;
		if (space)
			break;
	}
	return len;
}

void
stream_begin(int fd)
{
	static const char head[] =
	    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
	    "cache-control: no-cache\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";

	put(fd, head, sizeof(head) - 1);
	put_event(fd,
	    CHUNK "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
		  "\"finish_reason\":null}]}\n\n",
	    (int)getpid(), (long)time(NULL));
}

void
stream_piece(int fd, const char *content)
{
	put_event(fd,
	    CHUNK "[{\"index\":0,\"delta\":{\"content\":\"%.*s\"},"
		  "\"finish_reason\":null}]}\n\n",
	    (int)getpid(), (long)time(NULL), (int)piece_len(content), content);
}

void
stream_end(int fd, const struct request *r, size_t out)
{
	const int id = (int)getpid();
	const long now = (long)time(NULL);
	const size_t in = strlen(r->body) / 4;

	put_event(
	    fd, CHUNK "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", id, now);
	if (r->wants_usage)
		put_event(fd, CHUNK "[],\"usage\":" USAGE "}\n\n", id, now, in, out, in + out);
	put_event(fd, "data: [DONE]\n\n");
	put(fd, "0\r\n\r\n", 5);
}

static void
answer_stream(int fd, const struct request *r, const char *content)
{
	const size_t out = strlen(content) / 4 + 1;

	stream_begin(fd);
	for (size_t n; (n = piece_len(content)) > 0; content += n)
		stream_piece(fd, content);
	stream_end(fd, r, out);
}

void
answer_whole(int fd, const struct request *r, const char *content)
{
	const size_t in = strlen(r->body) / 4, out = strlen(content) / 4 + 1;
	const size_t size = strlen(content) + 512;
	char *body = malloc(size);

	if (body == NULL)
		return reply(fd, "503 Service Unavailable", "text/plain", "no memory\n");
	snprintf(body, size,
	    "{\"id\":\"chatcmpl-hostile%d\",\"object\":\"chat.completion\","
	    "\"created\":%ld,\"model\":\"hostile\",\"choices\":[{\"index\":0,\"message\":"
	    "{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},\"logprobs\":null,"
	    "\"finish_reason\":\"stop\"}],\"usage\":" USAGE "}",
	    (int)getpid(), (long)time(NULL), content, in, out, in + out);
	reply(fd, "200 OK", "application/json", body);
	free(body);
}

void
answer(int fd, const struct request *r, const char *content)
{
	(r->stream ? answer_stream : answer_whole)(fd, r, content);
}
