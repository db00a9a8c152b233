/*
 * publish.c - from the registry to the snapshot that gateways route by.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/registry/traffic.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/str.h"
#include "runtime/engine/capability.h"
#include "runtime/engine/spec.h"

/* May this instance be sent chats of that competitor, at this version? */
static bool
answers(const struct supervisor *sup, const struct instance *in, const struct competitor *c,
    const char *version)
{
	return in->state == INSTANCE_READY && strcmp(in->competitor_id, c->id) == 0 &&
	    strcmp(in->version_id, version) == 0 && registry_accepted(sup->c.registry, in) &&
	    !trial_holds(sup, in);
}

/* A slot that comes free where no chats are sent any more is not for those who wait. */
static void
close_targets(const struct supervisor *sup, const struct routes *routes)
{
	const struct registry *reg = sup->c.registry;

	for (size_t i = 0; i < reg->ninstances; i++)
		if (reg->instances[i]->live != NULL)
			reg->instances[i]->live->target->closed = true;
	for (size_t i = 0; i < routes->len; i++)
		for (size_t k = 0; k < routes->at[i].ntargets; k++)
			routes->at[i].targets[k]->closed = false;
}

/* The current version; or, while it has no ready instance yet, the one that still serves. */
static const char *
serving_version(const struct supervisor *sup, const struct competitor *c)
{
	const struct registry *reg = sup->c.registry;
	const char *other = c->version_id;

	for (size_t i = 0; i < reg->ninstances; i++) {
		const struct instance *in = reg->instances[i];

		if (live_serves(in->live, c))
			return c->version_id;
		if (answers(sup, in, c, in->version_id))
			other = in->version_id;
	}
	return other;
}

/* What its manifest says, of a version that may have no pod now. */
static unsigned
capabilities_of(const struct version *v)
{
	struct manifest m = { .capabilities = CAPABILITY(CHAT) };

	if (v == NULL || manifest_parse(v->manifest, &m, NULL) < 0)
		return m.capabilities;
	manifest_done(&m);
	return m.capabilities;
}

static void
fill_route(const struct supervisor *sup, struct competitor *c, const struct competitor *leader,
    struct route *r)
{
	const struct registry *reg = sup->c.registry;
	const char *version = serving_version(sup, c);
	/* The candidate; while it stands in for the current one, that. */
	const char *other = strcmp(version, c->candidate_id) != 0 ? c->candidate_id : c->version_id;
	const struct version *v = registry_version(reg, version);
	const struct version *o = other[0] != '\0' ? registry_version(reg, other) : NULL;

	snprintf(r->slug, sizeof(r->slug), "%s", c->slug);
	snprintf(r->competitor, sizeof(r->competitor), "%s", c->id);
	snprintf(r->version, sizeof(r->version), "%s", version);
	snprintf(r->digest, sizeof(r->digest), "%s", v != NULL ? v->digest : "");
	snprintf(r->other_version, sizeof(r->other_version), "%s", other);
	snprintf(r->other_digest, sizeof(r->other_digest), "%s", o != NULL ? o->digest : "");
	r->created_at_ms = c->created_at_ms;
	r->capabilities = capabilities_of(v);
	r->other_capabilities = capabilities_of(o);
	r->is_default = c == leader;
	r->is_fast = c->standing.is_fast;
	r->is_cheap = c->standing.is_cheap;
	r->canary_percent = c == leader ? 0 : c->standing.canary_percent;
	r->has_score = c->standing.has_score;
	r->score = c->standing.score;
	r->rank_low = c->standing.rank_low;
	r->rank_high = c->standing.rank_high;
	r->wakes = c->wakes;
	r->traffic = traffic_ref(competitor_traffic(sup, c));
	r->targets = mem_zalloc(reg->ninstances * sizeof(struct route_target *));
	for (size_t i = 0; i < reg->ninstances; i++) {
		const struct instance *in = reg->instances[i];
		const bool candidate = answers(sup, in, c, c->candidate_id);

		if (candidate && strcmp(version, c->candidate_id) != 0)
			r->candidate_percent = c->candidate_percent;
		if (candidate || answers(sup, in, c, version))
			r->targets[r->ntargets++] = route_target_ref(in->live->target);
	}
}

/* One that is not always there, and did not fail for good. */
static bool
can_wake(const struct supervisor *sup, const struct competitor *c)
{
	const struct version *v = registry_version(sup->c.registry, c->version_id);
	const struct instance *in = registry_serving(sup->c.registry, c);

	return c->activation != ACTIVATION_ALWAYS && v != NULL && !v->is_url &&
	    (in == NULL || in->state != INSTANCE_FAILED);
}

void
publish_routes(struct supervisor *sup)
{
	const struct registry *reg = sup->c.registry;
	struct routes *routes;
	size_t n = 0;

	for (size_t i = 0; i < reg->ncompetitors; i++)
		reg->competitors[i]->wakes = can_wake(sup, reg->competitors[i]);
	const struct competitor *leader = registry_default(reg);

	for (size_t i = 0; i < reg->ncompetitors; i++)
		n += reg->competitors[i]->wanted && reg->competitors[i]->version_id[0] != '\0';
	routes = routes_new(n);
	routes->generation = ++sup->generation;
	n = 0;
	for (size_t i = 0; i < reg->ncompetitors; i++)
		if (reg->competitors[i]->wanted && reg->competitors[i]->version_id[0] != '\0')
			fill_route(sup, reg->competitors[i], leader, &routes->at[n++]);
	close_targets(sup, routes);
	sup->c.on_routes(routes, sup->c.arg);
}

void
supervisor_standings_changed(struct supervisor *sup)
{
	publish_routes(sup);
}
