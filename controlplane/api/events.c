/*
 * events.c - what was decided: a list from the database, and the same as it goes on.
 *
 * A follower is told of nothing but that there is more; what, the database says, after the last it
 * was sent.  So none is missed and none comes twice.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define READ_AT_ONCE 500
#define PING_MS 10000
#define FOLLOWERS_MAX 64

static cJSON *
render(const struct event_row *e)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", e->id);
	json_add_str(json, "object", "event");
	json_add_time(json, "at", e->at_ms);
	json_add_str(json, "actor", e->actor);
	json_add_str(json, "action", e->action);
	json_add_str(json, "object_id", e->object_id);
	json_add_text(json, "request_id", e->request_id);
	json_add_text(json, "detail", e->detail);
	json_add_text(json, "before", e->before);
	json_add_text(json, "after", e->after);
	json_add_text(json, "prev", e->prev);
	json_add_text(json, "hash", e->hash);
	return json;
}

/* ---- a list ---- */

struct listing {
	struct api_call *call;
	struct event_query query;
	char *after, *object; /* owned; what the query points to */
	cJSON *data;
	int seen;
	struct error err;
};

static void
listing_free(struct listing *l)
{
	cJSON_Delete(l->data);
	free(l->after);
	free(l->object);
	free(l);
}

static void
add_event(const struct event_row *e, void *arg)
{
	struct listing *l = arg;

	if (++l->seen == l->query.limit) /* the one that only says that there are more */
		return;
	cJSON_AddItemToArray(l->data, render(e));
}

static void
read_events(void *arg)
{
	struct listing *l = arg;

	if (store_events(DEPS(l->call)->store, &l->query, add_event, l, &l->err) == 0)
		l->err.kind = ERROR_NONE;
}

static void
events_read(void *arg)
{
	struct listing *l = arg;

	if (l->err.kind != ERROR_NONE)
		reply_error(l->call, &l->err);
	else
		list_reply_rows(l->call, TAKE(l->data), l->seen >= l->query.limit);
	listing_free(l);
}

static void
list_events(struct api_call *c, int limit, bool oldest_first)
{
	struct listing *l = mem_zalloc(sizeof(*l));

	l->call = c;
	l->after = call_query(c, "after");
	l->object = call_query(c, "object_id");
	l->query = (struct event_query){ .limit = limit,
		.oldest_first = oldest_first,
		.after = l->after,
		.object_id = l->object };
	l->data = cJSON_CreateArray();
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_events, events_read, l);
}

/* ---- as they come ---- */

struct event_follower {
	struct event_follower *next;
	struct api_call *call;
	struct timer ping;
	char last[NOUN_ID_MAX]; /* sent */
	char *object; /* owned; NULL: of any object */
	bool reading, more, gone; /* a look at the database is under way; another is needed */
	struct buf text; /* what it brought */
};

static void look(struct event_follower *);

static void
unfollow(struct event_follower *f)
{
	struct event_follower **at = &f->call->api->event_followers;

	if (!f->gone) {
		while (*at != f)
			at = &(*at)->next;
		*at = f->next;
		timer_cancel(&f->ping);
		reply_end(f->call);
	}
	f->gone = true;
	if (f->reading) /* it comes back */
		return;
	call_let_go(f->call);
	buf_done(&f->text);
	free(f->object);
	free(f);
}

static void
write_event(const struct event_row *e, void *arg)
{
	struct event_follower *f = arg;
	_cleanup_json_ cJSON *json = render(e);
	_cleanup_free_ char *text = json_print(json);

	snprintf(f->last, sizeof(f->last), "%s", e->id);
	buf_printf(&f->text, "id: %s\nevent: event\ndata: %s\n\n", e->id, text);
}

static void
look_work(void *arg)
{
	struct event_follower *f = arg;
	const struct event_query query = { READ_AT_ONCE, true, f->last, f->object };

	store_events(DEPS(f->call)->store, &query, write_event, f, NULL);
}

static void
look_done(void *arg)
{
	struct event_follower *f = arg;

	f->reading = false;
	if (f->gone) {
		unfollow(f);
		return;
	}
	f->more |= f->text.len > 0; /* there may be more than one look brings */
	if (f->text.len > 0)
		reply_write(f->call, f->text.data, f->text.len);
	buf_clear(&f->text);
	if (f->more)
		look(f);
}

static void
look(struct event_follower *f)
{
	f->more = f->reading;
	if (f->reading)
		return;
	f->reading = true;
	worker_run(DEPS(f->call)->workers, DEPS(f->call)->control, look_work, look_done, f);
}

static void
on_ping(struct timer *t, void *arg)
{
	struct event_follower *f = arg;

	(void)t;
	reply_write(f->call, ": ping\n\n", 8);
	timer_set(DEPS(f->call)->control, &f->ping, PING_MS, on_ping, f);
}

static void
follower_gone(struct api_call *c, void *arg)
{
	(void)c;
	unfollow(arg);
}

static void
on_events(void *arg)
{
	struct api *api = arg;

	for (struct event_follower *f = api->event_followers; f != NULL; f = f->next)
		look(f);
}

/* Without a place to begin at: from the newest on. */
static void
note_last(const struct event_row *e, void *arg)
{
	struct event_follower *f = arg;

	snprintf(f->last, sizeof(f->last), "%s", e->id);
}

static void
newest_work(void *arg)
{
	struct event_follower *f = arg;
	const struct event_query query = { 1, false, NULL, NULL };

	store_events(DEPS(f->call)->store, &query, note_last, f, NULL);
}

static void
follow_events(struct api_call *c)
{
	_cleanup_free_ char *after = call_query(c, "after");
	struct event_follower *f;
	int n = 0;

	for (f = c->api->event_followers; f != NULL; f = f->next)
		n++;
	if (n >= FOLLOWERS_MAX) {
		reply_code(c, CODE_CONCURRENCY, NULL, "%d followers are served already.", n);
		return;
	}
	f = mem_zalloc(sizeof(*f));
	f->call = c;
	f->object = call_query(c, "object_id");
	snprintf(f->last, sizeof(f->last), "%s", after != NULL ? after : "");
	f->next = c->api->event_followers;
	c->api->event_followers = f;
	store_watch_events(DEPS(c)->store, on_events, c->api);
	call_hold(c);
	c->on_gone = follower_gone;
	c->arg = f;
	reply_begin(c, "text/event-stream; charset=utf-8");
	timer_set(DEPS(c)->control, &f->ping, PING_MS, on_ping, f);
	/* Who asked for the head only has it: his going away would never be seen. */
	if (strcmp(c->method, "HEAD") == 0) {
		unfollow(f);
		return;
	}
	f->reading = true;
	worker_run(DEPS(c)->workers, DEPS(c)->control, after != NULL ? look_work : newest_work,
	    look_done, f);
}

void
event_list(struct api_call *c)
{
	_cleanup_free_ char *order = call_query(c, "order"), *follow = call_query(c, "follow");
	const int limit = list_limit(c);
	struct error err = { 0 };
	bool follows = false;

	if (limit == 0)
		return;
	if (order != NULL && !str_eq(order, "asc") && !str_eq(order, "desc"))
		reply_code(c, CODE_INVALID_VALUE, "order", "order is asc or desc.");
	else if (follow != NULL && str_parse_bool(follow, &follows, &err) < 0)
		reply_code(c, CODE_INVALID_VALUE, "follow", "follow: %s", err.text);
	else if (follows)
		follow_events(c);
	else
		list_events(c, limit, str_eq(order, "asc"));
}

void
event_followers_close(struct api *api)
{
	while (api->event_followers != NULL)
		unfollow(api->event_followers);
}
