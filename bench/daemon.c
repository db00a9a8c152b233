/*
 * daemon.c - calls on two threads: one for what must arrive, one for the heartbeat.
 */
#include "bench/daemon.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/target.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"

#define CALL_MS 10000
#define AGAIN_MS 500
#define REPLY_MAX (16 << 20) /* the items of a long run that are there already */

struct daemon {
	struct loop *loop;
	struct target target; /* janusd, by its socket */
	char *run; /* owned */
	int64_t patience_ms;
	struct workers *letters, *beats; /* one thread each */
	atomic_bool quit;
};

struct letter {
	struct daemon *daemon;
	char what[24];
	cJSON *body, *reply; /* owned */
	bool once;
	int status;
	daemon_fn *fn;
	void *arg;
};

struct daemon *
daemon_new(
    struct loop *loop, const char *socket, const char *run, int64_t patience_ms, struct error *err)
{
	_cleanup_free_ char *at = str_printf("unix://%s", socket);
	struct daemon *d = mem_zalloc(sizeof(*d));

	if (target_init(&d->target, at, NULL, err) < 0) {
		free(d);
		return NULL;
	}
	d->loop = loop;
	d->run = str_dup(run);
	d->patience_ms = patience_ms;
	d->letters = workers_new(1);
	d->beats = workers_new(1);
	return d;
}

void
daemon_free(struct daemon *d)
{
	if (d == NULL)
		return;
	atomic_store(&d->quit, true);
	workers_free(d->letters);
	workers_free(d->beats);
	loop_run_posted(d->loop);
	target_done(&d->target);
	free(d->run);
	free(d);
}

/* What an overloaded or stopping daemon says passes, like its absence. */
static bool
passes(int status)
{
	return status == 0 || status == 429 || status >= 500;
}

static int
call_once(struct daemon *d, const char *what, const char *json, cJSON **reply, struct error *err)
{
	_cleanup_free_ char *path = str_printf("/api/v1/runs/%s/%s", d->run, what);
	struct http_call call = { .total_ms = CALL_MS, .max_body = REPLY_MAX, .cancel = &d->quit };

	*reply = NULL;
	const int rc = target_call(&d->target, "POST", path, json, &call, err);
	if (rc == 0)
		json_parse(buf_str(&call.reply), call.reply.len, reply, NULL);
	buf_done(&call.reply);
	return rc < 0 ? 0 : call.status;
}

int
daemon_ask(struct daemon *d, const char *what, const cJSON *body, cJSON **reply, struct error *err)
{
	_cleanup_free_ char *json = json_print(body);
	const int64_t until_ms = clock_now_ms() + d->patience_ms;

	for (;;) {
		const int status = call_once(d, what, json, reply, err);

		if (!passes(status) || atomic_load(&d->quit))
			return status;
		if (clock_now_ms() >= until_ms) {
			if (status == 0)
				return 0;
			error_set(err, ERROR_UNAVAILABLE, "the daemon answers with %d", status);
			return 0;
		}
		cJSON_Delete(TAKE(*reply));
		poll(NULL, 0, AGAIN_MS);
	}
}

static void
post_letter(void *arg)
{
	struct letter *l = arg;
	struct daemon *d = l->daemon;

	if (atomic_load(&d->quit))
		return;
	if (!l->once) {
		l->status = daemon_ask(d, l->what, l->body, &l->reply, NULL);
		return;
	}
	_cleanup_free_ char *json = json_print(l->body);
	l->status = call_once(d, l->what, json, &l->reply, NULL);
	if (passes(l->status))
		l->status = 0;
}

static void
letter_done(void *arg)
{
	struct letter *l = arg;

	if (!atomic_load(&l->daemon->quit))
		l->fn(l->status, l->reply, l->arg);
	cJSON_Delete(l->body);
	cJSON_Delete(l->reply);
	free(l);
}

static struct letter *
letter_new(struct daemon *d, const char *what, cJSON *body, daemon_fn *fn, void *arg)
{
	struct letter *l = mem_zalloc(sizeof(*l));

	*l = (struct letter){ .daemon = d, .body = body, .fn = fn, .arg = arg };
	str_copy(l->what, sizeof(l->what), what);
	return l;
}

void
daemon_send(struct daemon *d, const char *what, cJSON *body, daemon_fn *fn, void *arg)
{
	worker_run(
	    d->letters, d->loop, post_letter, letter_done, letter_new(d, what, body, fn, arg));
}

void
daemon_beat(struct daemon *d, cJSON *body, daemon_fn *fn, void *arg)
{
	struct letter *l = letter_new(d, "heartbeat", body, fn, arg);

	l->once = true;
	worker_run(d->beats, d->loop, post_letter, letter_done, l);
}
