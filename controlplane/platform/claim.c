/*
 * claim.c - ask, remember what a chat has spent, forget.
 */
#include "controlplane/platform/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/call.h"
#include "controlplane/platform/caller.h"
#include "controlplane/platform/control.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ANSWER_MS 2000
#define SWEEP_MS 5000

static bool
ask(struct claim *c)
{
	_cleanup_buf_ struct buf packet = { 0 };

	buf_add_str(&packet, "{\"op\":\"chat\",\"instance\":");
	json_add_quoted(&packet, c->caller->instance, strlen(c->caller->instance));
	buf_add_str(&packet, ",\"request_id\":");
	json_add_quoted(&packet, c->id, strlen(c->id));
	buf_add_char(&packet, '}');
	return control_send(c->caller->platform->control, packet.data, packet.len);
}

/* Those who waited go on; each may end the caller's other calls, never the caller. */
static void
let_go(struct claim *c)
{
	struct call *list = c->waiting;

	c->waiting = NULL;
	while (list != NULL) {
		struct call *call = list;

		list = call->waits_next;
		call->waits_next = NULL;
		call->waits_for = NULL;
		call_claimed(call, c->runs ? c : NULL);
	}
}

static void
on_late(struct timer *t, void *arg)
{
	struct claim *c = arg;

	(void)t;
	c->asking = false;
	c->runs = false;
	let_go(c);
}

/* What has ended is forgotten, once janusd was asked again. */
static void
on_sweep(struct timer *t, void *arg)
{
	struct caller *caller = arg;
	struct claims *all = &caller->claims;
	bool removed;

	do { /* a map does not change while it is walked */
		const char *id;
		size_t at = 0;
		void *each;

		removed = false;
		while (!removed && map_next(&all->by_id, &at, &id, &each)) {
			struct claim *c = each;

			if (c->asking || c->users > 0)
				continue;
			if (c->runs) { /* does it still? */
				c->asking = ask(c);
				c->runs = c->asking;
				if (c->asking)
					timer_set(caller->platform->loop, &c->late, ANSWER_MS,
					    on_late, c);
				continue;
			}
			map_remove(&all->by_id, c->id);
			free(c);
			removed = true;
		}
	} while (removed);
	if (all->by_id.len > 0)
		timer_set(caller->platform->loop, t, SWEEP_MS, on_sweep, caller);
}

static struct claim *
claim_new(struct caller *caller, const char *id)
{
	struct claims *all = &caller->claims;
	struct claim *c;

	if (all->by_id.len >= CLAIMS_MAX)
		return NULL;
	c = mem_zalloc(sizeof(*c));
	c->caller = caller;
	snprintf(c->id, sizeof(c->id), "%s", id);
	map_put(&all->by_id, id, c);
	if (!timer_is_set(&all->sweep))
		timer_set(caller->platform->loop, &all->sweep, SWEEP_MS, on_sweep, caller);
	return c;
}

void
claim_check(struct call *call, const char *id)
{
	/* A sandbox works for the chat of the pod that made it. */
	struct caller *caller = call->caller->owner != NULL ? call->caller->owner : call->caller;
	struct claim *c = map_get(&caller->claims.by_id, id);

	if (c == NULL)
		c = claim_new(caller, id);
	if (c == NULL) {
		call_claimed(call, NULL);
		return;
	}
	if (!c->asking && !ask(c)) { /* janusd is away, and its chats with it */
		call_claimed(call, NULL);
		return;
	}
	if (!c->asking)
		timer_set(caller->platform->loop, &c->late, ANSWER_MS, on_late, c);
	c->asking = true;
	call->waits_for = c;
	call->waits_next = c->waiting;
	c->waiting = call;
}

void
claim_leave(struct call *call)
{
	struct call **at = call->waits_for != NULL ? &call->waits_for->waiting : NULL;

	for (; at != NULL && *at != NULL; at = &(*at)->waits_next)
		if (*at == call) {
			*at = call->waits_next;
			break;
		}
	call->waits_for = NULL;
	call->waits_next = NULL;
}

void
claim_answer(struct platform *p, const char *instance, const char *id, bool runs)
{
	struct caller *caller = map_get(&p->callers, instance);
	struct claim *c = caller != NULL ? map_get(&caller->claims.by_id, id) : NULL;

	if (c == NULL || !c->asking)
		return; /* too late, or nobody's question */
	timer_cancel(&c->late);
	c->asking = false;
	c->runs = runs;
	let_go(c);
}

struct claim *
claim_find(struct caller *caller, const char *id)
{
	struct claim *c = map_get(&caller->claims.by_id, id);

	return c != NULL && c->runs ? c : NULL;
}

void
claims_done(struct claims *all)
{
	const char *id;
	size_t at = 0;
	void *each;

	timer_cancel(&all->sweep);
	while (map_next(&all->by_id, &at, &id, &each)) {
		timer_cancel(&((struct claim *)each)->late);
		free(each);
	}
	map_done(&all->by_id);
}
