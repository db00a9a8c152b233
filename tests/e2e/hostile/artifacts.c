/*
 * artifacts.c - a competitor that announces what it made, true or not, and serves it.
 */
#include "tests/e2e/hostile/hostile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINE "http://127.0.0.1:8080/artifacts/"
#define ANSWER_MAX 8192

__attribute__((format(printf, 2, 3))) static void
putf(int fd, const char *format, ...)
{
	char text[ANSWER_MAX];
	va_list ap;

	va_start(ap, format);
	const int n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	put(fd, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void
send_artifact(struct hostile *h, int fd, const struct request *r)
{
	const char *name = r->head + strlen("GET /artifacts/");
	const long len = strtol(name, NULL, 10);
	const bool slow = strstr(name, "/slow") != NULL;
	char bytes[4096];

	(void)h;
	putf(fd,
	    "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: %ld\r\n"
	    "connection: close\r\n\r\n",
	    len);
	for (long at = 0; at < len - slow;) {
		long n = len - slow - at;

		n = n < (long)sizeof(bytes) ? n : (long)sizeof(bytes);
		for (long i = 0; i < n; i++)
			bytes[i] = (char)('a' + (at + i) % 26);
		put(fd, bytes, (size_t)n);
		at += n;
	}
	if (slow)
		sleep(3600);
}

static void
announce(int fd, const struct request *r, const char *descriptor, const char *link)
{
	char body[ANSWER_MAX];
	int n;

	if (r->stream) {
		putf(fd,
		    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: "
		    "close\r\n\r\n"
		    "data: {\"choices\":[{\"index\":0,\"delta\":{\"janus\":{\"event\":\"artifact\","
		    "\"payload\":%s}}}]}\n\n"
		    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},"
		    "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
		    descriptor, link);
		return;
	}
	n = snprintf(body, sizeof(body),
	    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":"
	    "\"hostile\","
	    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\","
	    "\"artifacts\":[%s]},\"finish_reason\":\"stop\"}]}",
	    link, descriptor);
	putf(fd,
	    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
	    "connection: close\r\n\r\n%s",
	    n, body);
}

void
chat_artifacts(struct hostile *h, int fd, const struct request *r)
{
	static const char hello[] = "\"file_data\":\"data:text/plain;base64,aGVsbG8gb3ds\"";
	const char *said = strstr(r->body, "announce ");
	char name[64], sha256[65], descriptor[512], link[256];
	long len;

	(void)h;
	if (said == NULL ||
	    sscanf(said, "announce %63s %ld %64[0-9a-f]", name, &len, sha256) != 3) {
		answer(fd, r,
		    strstr(r->body, hello) != NULL ? "The file says hello owl."
						   : "A maker of things. Say announce.");
		return;
	}
	snprintf(descriptor, sizeof(descriptor),
	    "{\"id\":\"artf_%s\",\"type\":\"binary\",\"mime_type\":\"application/octet-stream\","
	    "\"display_name\":\"%s\",\"size_bytes\":%ld,\"sha256\":\"%s\",\"url\":\"" MINE
	    "%ld/%s\"}",
	    name, name, len, sha256, len, name);
	snprintf(link, sizeof(link), "[%s](" MINE "%ld/%s)", name, len, name);
	announce(fd, r, descriptor, link);
}
