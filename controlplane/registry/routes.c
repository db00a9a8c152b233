/*
 * routes.c - reference counts of snapshots and targets.
 */
#include "controlplane/registry/routes.h"

#include <stdlib.h>

#include "runtime/base/str.h"

struct route_target *
route_target_new(void)
{
	struct route_target *t = mem_zalloc(sizeof(*t));

	t->refs = 1;
	return t;
}

struct route_target *
route_target_ref(struct route_target *t)
{
	t->refs++;
	return t;
}

void
route_target_unref(struct route_target *t)
{
	if (t != NULL && --t->refs == 0)
		free(t);
}

struct routes *
routes_new(size_t len)
{
	struct routes *r = mem_zalloc(sizeof(*r));

	r->refs = 1;
	r->len = len;
	r->at = mem_zalloc(len * sizeof(*r->at));
	return r;
}

struct routes *
routes_ref(struct routes *r)
{
	r->refs++;
	return r;
}

void
routes_unref(struct routes *r)
{
	if (r == NULL || --r->refs > 0)
		return;
	for (size_t i = 0; i < r->len; i++) {
		for (size_t k = 0; k < r->at[i].ntargets; k++)
			route_target_unref(r->at[i].targets[k]);
		free(r->at[i].targets);
	}
	free(r->at);
	free(r);
}
