/*
 * routes.c - reference counts of snapshots and targets.
 */
#include "controlplane/registry/routes.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/traffic.h"
#include "runtime/base/clock.h"
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
	if (t == NULL || --t->refs > 0)
		return;
	traffic_unref(t->traffic);
	free(t);
}

bool
route_target_full(const struct route_target *t)
{
	const int limit = t->limit;

	return limit > 0 && t->in_flight >= limit;
}

bool
route_target_runs(const struct route_target *t, const char *version)
{
	return version[0] == '\0' || t->version[0] == '\0' || strcmp(t->version, version) == 0;
}

bool
route_target_take(struct route_target *t)
{
	const int limit = t->limit;
	int seen = t->in_flight;

	do {
		if (limit > 0 && seen >= limit)
			return false;
	} while (!atomic_compare_exchange_weak(&t->in_flight, &seen, seen + 1));
	return true;
}

/* First the slot, then the look at who waits; whoever waits does it the other way round, and so
 * one of the two sees the other. */
void
route_target_give(struct route_target *t)
{
	t->used_ms = clock_now_ms();
	t->in_flight--;
	traffic_offer(t);
}

struct traffic *
route_traffic(const struct route *r)
{
	return r->traffic != NULL ? r->traffic : r->ntargets > 0 ? r->targets[0]->traffic : NULL;
}

bool
route_ready(const struct route *r, const char *version)
{
	for (size_t i = 0; i < r->ntargets; i++)
		if (route_target_runs(r->targets[i], version))
			return true;
	return false;
}

static bool
is_other(const struct route *r, const char *version)
{
	return version[0] != '\0' && strcmp(version, r->other_version) == 0;
}

const char *
route_digest(const struct route *r, const char *version)
{
	return is_other(r, version) ? r->other_digest : r->digest;
}

unsigned
route_capabilities(const struct route *r, const char *version)
{
	return is_other(r, version) ? r->other_capabilities : r->capabilities;
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
		traffic_unref(r->at[i].traffic);
	}
	free(r->at);
	free(r);
}
