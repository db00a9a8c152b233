/*
 * otlp_post.c - what spans and metrics have in common on their way to a collector.
 */
#include "controlplane/observe/otlp_post.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "controlplane/observe/otlp.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/net/http_client.h"

#define SEND_MS 5000
#define REPLY_MAX 65536

int
otlp_post(const struct otlp_config *c, const char *url, const struct buf *body, atomic_bool *cancel,
    int *status, struct error *err)
{
	const char *headers[OTLP_PAIRS_MAX + 2] = { "content-type: application/json" };
	char lines[OTLP_PAIRS_MAX][sizeof(struct otlp_pair) + 4];
	struct http_call call = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = body->data,
		.body_len = body->len,
		.total_ms = SEND_MS,
		.max_body = REPLY_MAX,
		.cancel = cancel,
	};

	for (size_t i = 0; i < c->nheaders; i++) {
		snprintf(
		    lines[i], sizeof(lines[i]), "%s: %s", c->headers[i].key, c->headers[i].value);
		headers[i + 1] = lines[i];
	}
	const int rc = http_call(&call, err);
	*status = call.status;
	buf_done(&call.reply);
	if (rc < 0)
		return -1;
	if (call.status / 100 != 2)
		return error_set(
		    err, ERROR_UPSTREAM, "the collector answered with status %d", call.status);
	return 0;
}

int
otlp_thread(pthread_t *thread, void *(*run)(void *), void *arg, struct error *err)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	const int rc = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		errno = rc;
		return error_errno(err, "OTLP sender thread");
	}
	return 0;
}

void
otlp_join(pthread_t thread, int64_t ms, atomic_bool *cancel)
{
	if (!deadline_join(thread, clock_now_ms() + ms)) {
		atomic_store(cancel, true);
		pthread_join(thread, NULL);
	}
}
