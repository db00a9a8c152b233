/*
 * followers.c - an object's states as events, with a ping in between.
 */
#include "controlplane/api/followers.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define PING_MS 10000
#define FOLLOWERS_MAX 256

struct follower {
	struct follower *next;
	struct api_call *call;
	const void *row;
	const struct followed_kind *kind;
	struct timer ping;
};

static void
unfollow(struct follower *f)
{
	struct follower **at = &f->call->api->followers;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	timer_cancel(&f->ping);
	reply_end(f->call);
	free(f);
}

static void
tell(struct follower *f)
{
	_cleanup_json_ cJSON *json = f->kind->render(f->call, f->row);
	_cleanup_free_ char *text = json_print(json);
	_cleanup_free_ char *event = str_printf("event: state\ndata: %s\n\n", text);

	reply_write(f->call, event, strlen(event));
}

static void
on_ping(struct timer *t, void *arg)
{
	struct follower *f = arg;

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

void
follow(struct api_call *c, const void *row, const struct followed_kind *kind)
{
	struct follower *f;
	int n = 0;

	for (f = c->api->followers; f != NULL; f = f->next)
		n++;
	if (n >= FOLLOWERS_MAX) {
		reply_code(c, CODE_CONCURRENCY, NULL, "%d followers are served already.", n);
		return;
	}
	f = mem_zalloc(sizeof(*f));
	f->call = c;
	f->row = row;
	f->kind = kind;
	f->next = c->api->followers;
	c->api->followers = f;
	c->on_gone = follower_gone;
	c->arg = f;
	reply_begin(c, "text/event-stream; charset=utf-8");
	timer_set(DEPS(c)->control, &f->ping, PING_MS, on_ping, f);
	tell(f);
	/* Who asked for the head only has it: his going away would never be seen. */
	if (kind->is_final(c, row) || strcmp(c->method, "HEAD") == 0)
		unfollow(f);
}

void
followers_tell(struct api *api, const void *row)
{
	for (struct follower *f = api->followers, *next; f != NULL; f = next) {
		next = f->next;
		if (f->row != row)
			continue;
		tell(f);
		if (f->kind->is_final(f->call, row))
			unfollow(f);
	}
}

void
followers_close(struct api *api)
{
	while (api->followers != NULL)
		unfollow(api->followers);
}
