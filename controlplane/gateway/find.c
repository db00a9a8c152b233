/*
 * find.c - a question that goes to every loop and comes back once.
 */
#include "controlplane/gateway/find.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/chat.h"
#include "controlplane/gateway/core.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct question {
	char *instance, *id; /* owned */
	struct loop *back;
	gateway_found_fn *done;
	void *arg;
	atomic_uint left; /* gateways that have not looked yet */
	atomic_bool runs;
};
struct look {
	struct question *question;
	struct gateway *gw;
};

static void
come_back(void *arg)
{
	struct question *q = arg;

	q->done(q->runs, q->instance, q->id, q->arg);
	free(q->instance);
	free(q->id);
	free(q);
}

static void
look(void *arg)
{
	struct look *l = arg;
	struct question *q = l->question;

	if (chat_runs(l->gw, q->instance, q->id))
		atomic_store(&q->runs, true);
	free(l);
	if (atomic_fetch_sub(&q->left, 1) == 1)
		loop_post(q->back, come_back, q);
}

void
gateway_find_chat(const struct gateway *any, const char *instance, const char *id,
    struct loop *back, gateway_found_fn *done, void *arg)
{
	struct question *q = mem_zalloc(sizeof(*q));

	q->instance = str_dup(instance);
	q->id = str_dup(id);
	q->back = back;
	q->done = done;
	q->arg = arg;
	atomic_store(&q->left, any->npeers);
	for (unsigned i = 0; i < any->npeers; i++) {
		struct look *l = mem_zalloc(sizeof(*l));

		l->question = q;
		l->gw = any->peers[i];
		loop_post(l->gw->loop, look, l);
	}
}
