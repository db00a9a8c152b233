/*
 * pick.c - names to routes, routes to targets.
 */
#include "controlplane/gateway/pick.h"

#include <string.h>

#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/str.h"

#define PREFIX PICK_DEFAULT_MODEL "/"
#define VERSION_PREFIX_MIN 6 /* shorter ones mean too many */

/* "ver_01h...", "sha256:ab12..." or "ab12...": the whole, or a beginning of it. */
static bool
version_is(const char *version, const char *digest, const char *want)
{
	size_t least = VERSION_PREFIX_MIN;

	if (str_starts(want, "ver_"))
		return strlen(want) >= 4 + least && str_starts(version, want);
	if (str_starts(want, "sha256:"))
		least += strlen("sha256:");
	else if (str_starts(digest, "sha256:"))
		digest += strlen("sha256:");
	return strlen(want) >= least && str_starts(digest, want);
}

const char *
pick_version(const struct route *r, const char *name)
{
	const char *at = strchr(name, '@');

	if (at == NULL)
		return "";
	if (version_is(r->version, r->digest, at + 1))
		return r->version;
	return version_is(r->other_version, r->other_digest, at + 1) ? r->other_version : NULL;
}

static const struct route *
named_route(const struct routes *routes, const char *name)
{
	const bool prefixed = str_starts(name, PREFIX);
	const char *slug = prefixed ? name + strlen(PREFIX) : name;
	const char *at = strchr(slug, '@');
	const size_t len = at != NULL ? (size_t)(at - slug) : strlen(slug);

	if (at != NULL && !prefixed)
		return NULL;
	for (size_t i = 0; i < routes->len; i++) {
		const struct route *r = &routes->at[i];

		if (strlen(r->slug) == len && memcmp(r->slug, slug, len) == 0)
			return pick_version(r, slug) != NULL ? r : NULL;
	}
	return NULL;
}

/* The default route: the marked one, else the first that can answer, else the first. */
static const struct route *
default_route(const struct routes *routes)
{
	const struct route *ready = NULL;

	for (size_t i = 0; i < routes->len; i++) {
		if (routes->at[i].is_default)
			return &routes->at[i];
		if (ready == NULL && routes->at[i].ntargets > 0)
			ready = &routes->at[i];
	}
	return ready != NULL ? ready : routes->len > 0 ? &routes->at[0] : NULL;
}

/* Who leads in a dimension, if it can answer; else whoever does by default. */
static const struct route *
leading_route(const struct routes *routes, bool fast)
{
	for (size_t i = 0; i < routes->len; i++) {
		const struct route *r = &routes->at[i];

		if ((fast ? r->is_fast : r->is_cheap) && (r->ntargets > 0 || r->wakes))
			return r;
	}
	return default_route(routes);
}

bool
pick_is_virtual(const char *model)
{
	return str_eq(model, PICK_DEFAULT_MODEL) || str_eq(model, PICK_FAST_MODEL) ||
	    str_eq(model, PICK_CHEAP_MODEL);
}

const struct route *
pick_route(const struct routes *routes, const char *name)
{
	if (str_eq(name, PICK_DEFAULT_MODEL))
		return default_route(routes);
	if (pick_is_virtual(name))
		return leading_route(routes, str_eq(name, PICK_FAST_MODEL));
	return named_route(routes, name);
}

/* By lot, who is tried as the next default route; NULL: nobody, or not this time. */
static const struct route *
canary_route(const struct routes *routes, uint64_t random)
{
	for (size_t i = 0; i < routes->len; i++)
		if (routes->at[i].canary_percent > 0)
			return (int)(random >> 40 & 0xffff) % 100 < routes->at[i].canary_percent
			    ? &routes->at[i]
			    : NULL;
	return NULL;
}

static bool
is_tried(const struct route_target *t, struct route_target *const *tried, size_t ntried)
{
	for (size_t i = 0; i < ntried; i++)
		if (tried[i] == t)
			return true;
	return false;
}

/* Candidates: targets that were not tried; and of these, if free_only, those with a free slot. */
struct candidates {
	const struct route *route;
	struct route_target *const *tried;
	size_t ntried;
	bool free_only;
	const char *version; /* only its; "": of any */
};

static bool
is_candidate(const struct candidates *c, const struct route_target *t)
{
	return route_target_runs(t, c->version) && !is_tried(t, c->tried, c->ntried) &&
	    !(c->free_only && route_target_full(t));
}

static size_t
count_candidates(const struct candidates *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->route->ntargets; i++)
		n += is_candidate(c, c->route->targets[i]);
	return n;
}

/* NULL: another thread took the slots that were counted. */
static struct route_target *
nth_candidate(const struct candidates *c, size_t n)
{
	for (size_t i = 0; i < c->route->ntargets; i++)
		if (is_candidate(c, c->route->targets[i]) && n-- == 0)
			return c->route->targets[i];
	return NULL;
}

/* Least in flight of two at random: as good as knowing all, without the herd that follows one. */
static struct route_target *
choose_target(const struct candidates *c, uint64_t random)
{
	const size_t n = count_candidates(c);

	if (n == 0)
		return NULL;
	const size_t first = (size_t)(random & UINT32_MAX) % n;
	size_t second = n > 1 ? (size_t)(random >> 32) % (n - 1) : 0;
	if (second >= first && n > 1)
		second++;
	struct route_target *a = nth_candidate(c, first), *b = nth_candidate(c, second);
	return a == NULL || (b != NULL && b->in_flight < a->in_flight) ? b : a;
}

static bool
offers(const struct route *r, const char *version, unsigned needs)
{
	return (route_capabilities(r, version) & needs) == needs;
}

/* Where any will do, the share of the candidate version, by lot; where there is nothing free of
 * the one, of the other. */
static struct route_target *
choose_of_versions(struct candidates *c, uint64_t random)
{
	struct route_target *t = NULL;

	if (c->version[0] == '\0' && c->route->candidate_percent > 0) {
		c->version = (int)(random >> 16 & 0xffff) % 100 < c->route->candidate_percent
		    ? c->route->other_version
		    : c->route->version;
		t = choose_target(c, random);
		c->version = "";
	}
	return t != NULL ? t : choose_target(c, random);
}

/* Put into p what a route has to offer, of the version that p is for; false: nothing. */
static bool
look_at(struct picked *p, const struct route *r, const struct pick_wish *wish, struct candidates *c,
    uint64_t random, bool *offered)
{
	if (!offers(r, p->version, wish->needs))
		return false;
	*offered = true;
	c->route = r;
	c->free_only = false;
	c->version = p->version;
	const bool asleep = !route_ready(r, p->version) && r->wakes;
	if (!asleep && count_candidates(c) == 0)
		return false;
	struct traffic *traffic = route_traffic(r);
	int64_t wait_ms;

	if (traffic_shut(traffic, wish->now_ms, &wait_ms)) {
		if (!p->shut) {
			p->shut = true;
			p->wait_ms = wait_ms;
		}
		return false;
	}
	c->free_only = true;
	p->target = traffic_crowded(traffic) ? NULL : choose_of_versions(c, random);
	p->full = p->target == NULL;
	p->asleep = asleep;
	p->route = r;
	return true;
}

/* Another one for the default route: rather one with a free slot than one to wait for. */
static bool
look_at_others(struct picked *p, const struct routes *routes, const struct pick_wish *wish,
    struct candidates *c, uint64_t random, bool *offered)
{
	struct picked busy = { .version = "" };

	for (size_t i = 0; i < routes->len; i++) {
		if (!look_at(p, &routes->at[i], wish, c, random, offered))
			continue;
		if (!p->full)
			return true;
		if (busy.route == NULL)
			busy = *p;
	}
	if (busy.route == NULL)
		return false;
	*p = busy;
	return true;
}

static bool
name_valid(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@:",
			*p) == NULL)
			return false;
	return strlen(name) < 256;
}

static const struct route *
by_competitor_id(const struct routes *routes, const char *id)
{
	for (size_t i = 0; str_starts(id, "cpt_") && i < routes->len; i++)
		if (str_eq(routes->at[i].competitor, id))
			return &routes->at[i];
	return NULL;
}

static bool
given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

struct picked
pick(const struct routes *routes, const struct pick_wish *wish, struct route_target *const *tried,
    size_t ntried, bool others, uint64_t random)
{
	struct picked p = {
		.code = CODE_MISSING_PARAMETER, .param = "model", .name = "", .version = ""
	};

	if (given(wish->header)) {
		p.name = wish->header;
		p.param = "x-janus-competitor";
		if (!name_valid(p.name)) {
			p.code = CODE_INVALID_VALUE;
			return p;
		}
	} else if (given(wish->competitor_id)) {
		p.name = wish->competitor_id;
		p.param = "competitor_id";
	} else if (given(wish->model)) {
		p.name = wish->model;
	} else {
		return p;
	}

	const bool any = pick_is_virtual(p.name);
	const struct route *canary =
	    str_eq(p.name, PICK_DEFAULT_MODEL) ? canary_route(routes, random) : NULL;
	p.route = pick_route(routes, p.name);
	if (p.route != NULL)
		p.version = pick_version(p.route, p.name);
	else
		p.route = by_competitor_id(routes, p.name);
	p.code = any || p.route != NULL ? CODE_NO_READY_COMPETITOR : CODE_MODEL_NOT_FOUND;
	if (p.route == NULL)
		return p;
	struct candidates c = { .tried = tried, .ntried = ntried };
	bool offered = false;
	/* One on trial is not waited for. */
	const struct route *wanted = p.route;
	if (canary != NULL && canary->ntargets > 0 &&
	    look_at(&p, canary, wish, &c, random, &offered) && !p.full) {
		p.code = CODE_NONE;
		return p;
	}
	p.route = wanted;
	p.full = p.asleep = p.shut = false;
	if (look_at(&p, p.route, wish, &c, random, &offered) ||
	    (any && others && look_at_others(&p, routes, wish, &c, random, &offered)))
		p.code = CODE_NONE;
	else if (!offered)
		p.code = CODE_UNSUPPORTED_ENDPOINT;
	return p;
}
