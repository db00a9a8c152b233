/*
 * answers.h - a server that gives one answer after another, a connection each, and keeps what it was asked.
 *
 * Included by tests only.
 */
#ifndef JANUS_TESTS_ANSWERS_H
#define JANUS_TESTS_ANSWERS_H
#include <stdlib.h>

#include "tests/runtime/net/peer.h"

struct answers {
	struct peer peer; /* its listener and what it got */
	const char *const *texts;
	size_t len;
};

/* Is a whole request there, from byte `from` on? */
static inline bool
answers_whole(const struct buf *got, size_t from)
{
	const char *text = buf_str(got) + from, *body = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");

	if (body == NULL)
		return false;
	if (length == NULL || length > body)
		return true;
	return strlen(body + 4) >= (size_t)strtoul(length + 17, NULL, 10);
}

static inline void *
answers_run(void *arg)
{
	struct answers *a = arg;

	for (size_t i = 0; i < a->len; i++) {
		const int fd = accept(a->peer.listen_fd, NULL, NULL);
		const size_t from = a->peer.got.len;

		while (!answers_whole(&a->peer.got, from) && peer_read(&a->peer, fd))
			;
		peer_send(fd, a->texts[i], strlen(a->texts[i]));
		close(fd);
	}
	return NULL;
}

static inline void
answers_start(struct answers *a, const char *unix_path, const char *const *texts, size_t len)
{
	*a = (struct answers){ .texts = texts, .len = len };
	peer_listen(&a->peer, unix_path);
	ck_assert_int_eq(pthread_create(&a->peer.thread, NULL, answers_run, a), 0);
}

static inline void
answers_done(struct answers *a)
{
	peer_join(&a->peer);
	peer_done(&a->peer);
}
#endif
