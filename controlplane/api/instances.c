/*
 * instances.c - look at instances and read their logs.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define TAIL_DEFAULT 100
#define TAIL_MAX 10000
#define FOLLOWERS_MAX 16
#define WAITING_BYTES (1 << 20)
#define BEHIND_MS 10

struct filter {
	char *competitor, *state;
};

static void
filter_done(struct filter *f)
{
	free(f->competitor);
	free(f->state);
}

static const char *
id_at(const struct api_call *c, size_t i)
{
	return REGISTRY(c)->instances[i]->id;
}

static bool
keep(const struct api_call *c, size_t i, void *arg)
{
	const struct instance *in = REGISTRY(c)->instances[i];
	const struct competitor *owner = registry_competitor(REGISTRY(c), in->competitor_id);
	const struct filter *f = arg;

	return (f->competitor == NULL || strcmp(f->competitor, in->competitor_id) == 0 ||
		   (owner != NULL && strcmp(f->competitor, owner->slug) == 0)) &&
	    (f->state == NULL || strcmp(f->state, instance_state_name(in->state)) == 0);
}

static cJSON *
render(const struct api_call *c, size_t i)
{
	return render_instance(DEPS(c), REGISTRY(c)->instances[i]);
}

void
instance_list(struct api_call *c)
{
	_cleanup_(
	    filter_done) struct filter f = { call_query(c, "competitor"), call_query(c, "state") };

	list_reply(c, &(struct list_source){ REGISTRY(c)->ninstances, id_at, keep, render, &f });
}

/* That the path names; NULL and answered if there is none. */
static const struct instance *
find(struct api_call *c)
{
	struct error err = { 0 };
	const struct instance *found =
	    registry_find_instance(REGISTRY(c), route_param(&c->params, "ref"), &err);

	if (found == NULL)
		reply_error(c, &err);
	return found;
}

void
instance_get(struct api_call *c)
{
	const struct instance *in = find(c);

	if (in != NULL)
		reply_json(c, 200, render_instance(DEPS(c), in));
}

/* ---- logs: a worker reads, the control loop hands on ---- */

struct log_stream {
	struct log_stream *next;
	struct api_call
	    *call; /* NULL once it was answered or the client is gone; control loop only */
	struct api_call *held; /* the same, for the worker */
	bool begun;
	_Atomic size_t waiting; /* bytes on their way to the control loop */
	struct api *api;
	struct engine *engine;
	char instance[NOUN_ID_MAX];
	int tail;
	bool follow;
	atomic_bool cancel;
	struct error err;
};

struct log_news {
	struct log_stream *stream;
	struct buf text;
};

/* The head goes out with the first line, so that what fails before it is a status. */
static void
begin(struct log_stream *s)
{
	if (!s->begun)
		reply_begin(s->call, "application/jsonl; charset=utf-8");
	s->begun = true;
}

static void
hand_on(void *arg)
{
	struct log_news *n = arg;

	if (n->stream->call != NULL) {
		begin(n->stream);
		reply_write(n->stream->call, n->text.data, n->text.len);
	}
	atomic_fetch_sub(&n->stream->waiting, n->text.len);
	buf_done(&n->text);
	free(n);
}

static int
on_line(const struct log_line *line, void *arg)
{
	struct log_stream *s = arg;
	struct log_news *n = mem_zalloc(sizeof(*n));
	char at[CLOCK_TEXT_MAX];

	n->stream = s;
	buf_printf(&n->text, "{\"ts\":\"%s\",\"stream\":\"%s\",\"text\":",
	    line->at_ms != 0 ? clock_format(line->at_ms, at) : "",
	    line->is_stderr ? "stderr" : "stdout");
	json_add_quoted(&n->text, line->text, line->len);
	buf_add_str(&n->text, "}\n");
	atomic_fetch_add(&s->waiting, n->text.len);
	loop_post(s->api->d.control, hand_on, n);
	/* Who writes without end must not fill our memory: the engine keeps it for as long. */
	while (s->follow && !atomic_load(&s->cancel) &&
	    (atomic_load(&s->waiting) > WAITING_BYTES || call_is_behind(s->held)))
		usleep(BEHIND_MS * 1000);
	return atomic_load(&s->cancel) ? -1 : 0;
}

static void
read_logs(void *arg)
{
	struct log_stream *s = arg;

	if (s->engine->driver->logs(
		s->engine, s->instance, s->tail, s->follow, on_line, s, &s->cancel, &s->err) == 0)
		s->err.kind = ERROR_NONE;
}

static void
logs_over(void *arg)
{
	struct log_stream *s = arg;
	struct log_stream **at = &s->api->log_streams;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (s->call != NULL && !s->begun && s->err.kind != ERROR_NONE &&
	    s->err.kind != ERROR_NOT_FOUND) {
		reply_error(s->call, &s->err);
	} else if (s->call != NULL) {
		begin(s);
		reply_end(s->call);
	}
	call_let_go(s->held);
	free(s);
}

static void
client_gone(struct api_call *c, void *arg)
{
	struct log_stream *s = arg;

	s->call = NULL;
	atomic_store(&s->cancel, true);
	reply_end(c);
}

static bool
parse(struct api_call *c, struct log_stream *s)
{
	_cleanup_free_ char *tail = call_query(c, "tail");
	_cleanup_free_ char *follow = call_query(c, "follow");
	struct error err = { 0 };
	int64_t n = TAIL_DEFAULT;

	if (tail != NULL && str_parse_int(tail, 0, TAIL_MAX, &n, &err) < 0) {
		reply_code(c, CODE_INVALID_VALUE, "tail", "tail: %s", err.text);
		return false;
	}
	if (follow != NULL && str_parse_bool(follow, &s->follow, &err) < 0) {
		reply_code(c, CODE_INVALID_VALUE, "follow", "follow: %s", err.text);
		return false;
	}
	s->tail = (int)n;
	/* Who asked for the head only has it: his going away would never be seen. */
	s->follow = s->follow && strcmp(c->method, "HEAD") != 0;
	return true;
}

static void
logs_of(struct api_call *c, const struct instance *in)
{
	const struct version *v = registry_version(REGISTRY(c), in->version_id);
	struct log_stream *s;
	int running = 0;

	for (const struct log_stream *k = c->api->log_streams; k != NULL; k = k->next)
		running++;
	if (v != NULL && v->is_url) {
		reply_code(c, CODE_INVALID_STATE, NULL,
		    "An endpoint that somebody else runs has no logs here.");
		return;
	}
	if (running >= FOLLOWERS_MAX) {
		reply_code(
		    c, CODE_CONCURRENCY, NULL, "%d log readers are at work already.", running);
		return;
	}
	s = mem_zalloc(sizeof(*s));
	if (!parse(c, s)) {
		free(s);
		return;
	}
	s->call = s->held = c;
	call_hold(c);
	s->api = c->api;
	s->engine = DEPS(c)->engine;
	snprintf(s->instance, sizeof(s->instance), "%s", in->id);
	s->next = c->api->log_streams;
	c->api->log_streams = s;
	c->on_gone = client_gone;
	c->arg = s;
	if (s->follow)
		begin(s);
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_logs, logs_over, s);
}

void
instance_logs(struct api_call *c)
{
	const struct instance *in = find(c);

	if (in != NULL)
		logs_of(c, in);
}

void
competitor_logs(struct api_call *c)
{
	const struct competitor *owner = competitor_find(c);
	const struct instance *in = owner != NULL ? registry_serving(REGISTRY(c), owner) : NULL;

	if (owner == NULL)
		return;
	if (in == NULL)
		reply_code(c, CODE_INVALID_STATE, NULL, "'%s' has no instance: it is stopped.",
		    owner->slug);
	else
		logs_of(c, in);
}

void
log_streams_close(struct api *api)
{
	for (struct log_stream *s = api->log_streams; s != NULL; s = s->next) {
		atomic_store(&s->cancel, true);
		if (s->call != NULL) {
			begin(s);
			reply_end(s->call);
		}
		s->call = NULL;
	}
}
