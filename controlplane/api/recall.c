/*
 * recall.c - ask the database, then the handler again.
 */
#include "controlplane/api/recall.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct recalled {
	struct api_call *call;
	const struct recalled_kind *kind;
	char id[NOUN_ID_MAX];
	struct error missing, err;
	int found;
	void *row;
};

static void
ask(void *arg)
{
	struct recalled *r = arg;

	r->found = r->kind->find(DEPS(r->call)->store, r->id, r->row, &r->err);
}

static void
asked(void *arg)
{
	struct recalled *r = arg;
	struct api_call *c = r->call;

	if (c->api->closing) /* it may not have been asked, and nothing more is */
		reply_code(c, CODE_DRAINING, NULL, "Janus is stopping.");
	else if (r->found < 0)
		reply_error(c, &r->err);
	else if (r->found == 0)
		reply_error(c, &r->missing);
	else if (!call_reads(c))
		reply_code(c, CODE_INVALID_STATE, NULL, "%s came to its end long ago.", r->id);
	else
		call_handle(c, c->handle);
}

void *
recall(struct api_call *c, const struct recalled_kind *kind, const char *ref,
    const struct error *missing)
{
	struct recalled *r = c->recalled;

	if (r != NULL)
		return r->row;
	if (!id_valid(kind->prefix, ref)) {
		reply_error(c, missing);
		return NULL;
	}
	r = mem_zalloc(sizeof(*r));
	r->call = c;
	r->kind = kind;
	r->missing = *missing;
	r->row = mem_zalloc(kind->size);
	str_copy(r->id, sizeof(r->id), ref);
	c->recalled = r;
	worker_run(DEPS(c)->workers, DEPS(c)->control, ask, asked, r);
	return NULL;
}

void
recalled_free(struct api_call *c)
{
	struct recalled *r = c->recalled;

	if (r == NULL)
		return;
	r->kind->done(r->row);
	free(r->row);
	free(r);
}
