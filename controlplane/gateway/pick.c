/*
 * pick.c - names to routes, routes to targets.
 */
#include "controlplane/gateway/pick.h"

#include <string.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/str.h"

#define PREFIX PICK_DEFAULT_MODEL "/"
#define VERSION_PREFIX_MIN 6 /* shorter ones mean too many */

/* "ver_01h...", "sha256:ab12..." or "ab12...": the whole, or a beginning of it. */
static bool
version_is(const struct route *r, const char *want)
{
	const char *digest = r->digest;
	size_t least = VERSION_PREFIX_MIN;

	if (str_starts(want, "ver_"))
		return strlen(want) >= 4 + least && str_starts(r->version, want);
	if (str_starts(want, "sha256:"))
		least += strlen("sha256:");
	else if (str_starts(digest, "sha256:"))
		digest += strlen("sha256:");
	return strlen(want) >= least && str_starts(digest, want);
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
			return at == NULL || version_is(r, at + 1) ? r : NULL;
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

const struct route *
pick_route(const struct routes *routes, const char *name)
{
	return str_eq(name, PICK_DEFAULT_MODEL) ? default_route(routes) : named_route(routes, name);
}

static bool
is_tried(const struct route_target *t, struct route_target *const *tried, size_t ntried)
{
	for (size_t i = 0; i < ntried; i++)
		if (tried[i] == t)
			return true;
	return false;
}

/* The nth target that was not tried. */
static struct route_target *
fresh_target(const struct route *r, struct route_target *const *tried, size_t ntried, size_t n)
{
	for (size_t i = 0; i < r->ntargets; i++)
		if (!is_tried(r->targets[i], tried, ntried) && n-- == 0)
			return r->targets[i];
	return NULL;
}

/* Least in flight of two at random: as good as knowing all, without the herd that follows one. */
static struct route_target *
choose_target(
    const struct route *r, struct route_target *const *tried, size_t ntried, uint64_t random)
{
	size_t fresh = 0;

	for (size_t i = 0; i < r->ntargets; i++)
		fresh += !is_tried(r->targets[i], tried, ntried);
	if (fresh == 0)
		return NULL;
	const size_t first = (size_t)(random & UINT32_MAX) % fresh;
	size_t second = fresh > 1 ? (size_t)(random >> 32) % (fresh - 1) : 0;
	if (second >= first && fresh > 1)
		second++;
	struct route_target *a = fresh_target(r, tried, ntried, first);
	struct route_target *b = fresh_target(r, tried, ntried, second);
	return b->in_flight < a->in_flight ? b : a;
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

static bool
offers(const struct route *r, unsigned needs)
{
	return (r->capabilities & needs) == needs;
}

struct picked
pick(const struct routes *routes, const struct pick_wish *wish, struct route_target *const *tried,
    size_t ntried, bool others, uint64_t random)
{
	struct picked p = { .code = CODE_MISSING_PARAMETER, .param = "model", .name = "" };

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

	const bool any = str_eq(p.name, PICK_DEFAULT_MODEL);
	p.route = pick_route(routes, p.name);
	if (p.route == NULL)
		p.route = by_competitor_id(routes, p.name);
	p.code = any || p.route != NULL ? CODE_NO_READY_COMPETITOR : CODE_MODEL_NOT_FOUND;
	if (p.route == NULL)
		return p;
	bool offered = offers(p.route, wish->needs);
	if (offered)
		p.target = choose_target(p.route, tried, ntried, random);
	for (size_t i = 0; any && others && p.target == NULL && i < routes->len; i++) {
		if (!offers(&routes->at[i], wish->needs))
			continue;
		offered = true;
		p.target = choose_target(&routes->at[i], tried, ntried, random);
		if (p.target != NULL)
			p.route = &routes->at[i];
	}
	if (p.target != NULL)
		p.code = CODE_NONE;
	else if (!offered)
		p.code = CODE_UNSUPPORTED_ENDPOINT;
	return p;
}
