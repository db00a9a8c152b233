/*
 * lives.c - competitors that do not end when told to, take their time, or live in another one.
 */
#include "tests/e2e/hostile/hostile.h"
#include "controlplane/link/attempts.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECES_A_SECOND 10
#define DAEMONS 3
#define ZOMBIES 4 /* of each daemon */

/* Asked to trickle, a stream takes its N seconds; everything else is answered at once. */
void
chat_trickle(struct hostile *h, int fd, const struct request *r)
{
	const long pieces = h->number * PIECES_A_SECOND;

	if (!r->stream || strstr(r->body, "trickle") == NULL) {
		answer(fd, r, "Ask for a trickle.");
		return;
	}
	stream_begin(fd);
	for (long i = 0; i < pieces; i++) {
		stream_piece(fd, "drop ");
		usleep(1000000 / PIECES_A_SECOND);
	}
	stream_end(fd, r, (size_t)pieces);
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

/* What time it is in here, in an answer that was made long ago, by another model, for nothing. */
static void
answer_dated(int fd)
{
	const time_t now = time(NULL);
	const struct tm *local = localtime(&now);
	const int hour = local != NULL ? local->tm_hour : -1;
	const struct tm *utc = gmtime(&now);
	char body[1024], head[256];
	const int n = snprintf(body, sizeof(body),
	    "{\"id\":\"chatcmpl-dated\",\"object\":\"chat.completion\",\"created\":1,"
	    "\"model\":\"another\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
	    "\"content\":\"TZ=%s LANG=%s hours %d %d\"},\"finish_reason\":\"stop\"}],"
	    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}",
	    variable("TZ"), variable("LANG"), hour, utc != NULL ? utc->tm_hour : -1);

	put(fd, head,
	    (size_t)snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
		"date: Thu, 01 Jan 1970 00:00:00 GMT\r\nconnection: close\r\n\r\n",
		n));
	put(fd, body, (size_t)n);
}

void
chat_dated(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	if (r->stream)
		answer(fd, r, "What is the date?");
	else
		answer_dated(fd);
}

/* Away from its parent, with children that have ended and that nobody asks for. */
static void
become_daemon(void)
{
	setsid();
	signal(SIGCHLD, SIG_DFL);
	if (fork() != 0)
		_exit(0);
	for (int i = 0; i < ZOMBIES; i++)
		if (fork() == 0)
			_exit(0);
	for (;;)
		pause();
}

void
birth_undead(struct hostile *h)
{
	(void)h;
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int i = 0; i < DAEMONS; i++)
		if (fork() == 0)
			become_daemon();
}
