/*
 * registry.c - lists and lookups.
 */
#include "controlplane/registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/traffic.h"
#include "controlplane/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define PREFIX_MIN 6

/* Every noun begins with its id. */
typedef char noun_id[NOUN_ID_MAX];

static void *
append(struct registry *r, void *list, size_t *len, const void *row, size_t size)
{
	void ***at = list;
	void *copy = mem_zalloc(size);

	memcpy(copy, row, size);
	if ((*len & (*len - 1)) == 0) /* full at every power of two */
		*at = mem_realloc(*at, (*len != 0 ? *len * 2 : 1) * sizeof(void *));
	(*at)[(*len)++] = copy;
	map_put(&r->by_id, *(const noun_id *)copy, copy);
	return copy;
}

static void
unlist(struct registry *r, void *list, size_t *len, void *row)
{
	void **at = *(void ***)list;
	size_t i = 0;

	while (i < *len && at[i] != row)
		i++;
	if (i == *len)
		return;
	memmove(at + i, at + i + 1, (*len - i - 1) * sizeof(void *));
	(*len)--;
	map_remove(&r->by_id, *(const noun_id *)row);
}

struct competitor *
registry_add_competitor(struct registry *r, const struct competitor *c)
{
	return append(r, &r->competitors, &r->ncompetitors, c, sizeof(*c));
}

struct version *
registry_add_version(struct registry *r, const struct version *v)
{
	return append(r, &r->versions, &r->nversions, v, sizeof(*v));
}

struct submission *
registry_add_submission(struct registry *r, const struct submission *s)
{
	return append(r, &r->submissions, &r->nsubmissions, s, sizeof(*s));
}

struct instance *
registry_add_instance(struct registry *r, const struct instance *i)
{
	return append(r, &r->instances, &r->ninstances, i, sizeof(*i));
}

void
registry_forget_competitor(struct registry *r, struct competitor *c)
{
	unlist(r, &r->competitors, &r->ncompetitors, c);
	traffic_unref(c->traffic);
	free(c);
}

void
registry_forget_instance(struct registry *r, struct instance *i)
{
	unlist(r, &r->instances, &r->ninstances, i);
	instance_done(i);
	free(i);
}

static void
load_competitor(const struct competitor *c, void *arg)
{
	registry_add_competitor(arg, c);
}

static void
load_version(const struct version *v, void *arg)
{
	registry_add_version(arg, v);
}

static void
load_submission(const struct submission *s, void *arg)
{
	registry_add_submission(arg, s);
}

static void
load_instance(const struct instance *i, void *arg)
{
	registry_add_instance(arg, i);
}

int
registry_load(struct registry *r, struct store *store, struct error *err)
{
	static const struct store_rows rows = {
		.competitor = load_competitor,
		.version = load_version,
		.submission = load_submission,
		.instance = load_instance,
	};

	return store_load(store, &rows, r, err);
}

void
registry_done(struct registry *r)
{
	for (size_t i = 0; i < r->ncompetitors; i++) {
		traffic_unref(r->competitors[i]->traffic);
		free(r->competitors[i]);
	}
	for (size_t i = 0; i < r->nversions; i++) {
		version_done(r->versions[i]);
		free(r->versions[i]);
	}
	for (size_t i = 0; i < r->nsubmissions; i++) {
		submission_done(r->submissions[i]);
		free(r->submissions[i]);
	}
	for (size_t i = 0; i < r->ninstances; i++) {
		instance_done(r->instances[i]);
		free(r->instances[i]);
	}
	free(r->competitors);
	free(r->versions);
	free(r->submissions);
	free(r->instances);
	map_done(&r->by_id);
}

static void *
by_id(const struct registry *r, const char *prefix, const char *id)
{
	return str_starts(id, prefix) ? map_get(&r->by_id, id) : NULL;
}

struct competitor *
registry_competitor(const struct registry *r, const char *id)
{
	return by_id(r, "cpt_", id);
}

struct version *
registry_version(const struct registry *r, const char *id)
{
	return by_id(r, "ver_", id);
}

struct submission *
registry_submission(const struct registry *r, const char *id)
{
	return by_id(r, "sub_", id);
}

struct instance *
registry_instance(const struct registry *r, const char *id)
{
	return by_id(r, "ins_", id);
}

struct competitor *
registry_slug(const struct registry *r, const char *slug)
{
	for (size_t i = 0; i < r->ncompetitors; i++)
		if (strcmp(r->competitors[i]->slug, slug) == 0)
			return r->competitors[i];
	return NULL;
}

static bool
is_of(const struct competitor *c, const char *version, const struct instance *in)
{
	return strcmp(in->competitor_id, c->id) == 0 && strcmp(in->version_id, version) == 0 &&
	    in->generation == c->generation && in->state != INSTANCE_DRAINING;
}

struct instance *
registry_serving(const struct registry *r, const struct competitor *c)
{
	/* The newest first: an old instance of the same version may still drain. */
	for (size_t i = r->ninstances; i-- > 0;)
		if (is_of(c, c->version_id, r->instances[i]))
			return r->instances[i];
	return NULL;
}

int
registry_replica(const struct registry *r, const struct competitor *c, const char *version,
    const struct instance *in)
{
	int newer = 0;

	for (size_t i = r->ninstances; i-- > 0;) {
		if (r->instances[i] == in)
			return is_of(c, version, in) ? newer : -1;
		newer += is_of(c, version, r->instances[i]);
	}
	return -1;
}

bool
registry_accepted(const struct registry *r, const struct instance *in)
{
	const struct version *v = registry_version(r, in->version_id);

	return v != NULL && version_may_serve(v);
}

struct submission *
registry_active(const struct registry *r, const char *slug)
{
	for (size_t i = r->nsubmissions; i-- > 0;)
		if (!submission_is_final(r->submissions[i]->state) &&
		    strcmp(r->submissions[i]->slug, slug) == 0)
			return r->submissions[i];
	return NULL;
}

/* A ready instance of any accepted version: while a new one starts the old one serves. */
bool
registry_served(const struct registry *r, const struct competitor *c)
{
	for (size_t i = 0; i < r->ninstances; i++) {
		const struct instance *in = r->instances[i];

		if (in->state == INSTANCE_READY && strcmp(in->competitor_id, c->id) == 0 &&
		    registry_accepted(r, in))
			return true;
	}
	return false;
}

struct competitor *
registry_default(const struct registry *r)
{
	struct competitor *asleep = NULL;

	for (size_t i = 0; i < r->ncompetitors; i++) {
		struct competitor *c = r->competitors[i];

		if (c->standing.is_champion && c->wanted && (registry_served(r, c) || c->wakes))
			return c;
	}
	for (size_t i = 0; i < r->ncompetitors; i++) {
		struct competitor *c = r->competitors[i];

		if (c->wanted && registry_served(r, c))
			return c;
		if (c->wanted && c->wakes && asleep == NULL)
			asleep = c;
	}
	return asleep;
}

/* ---- references ---- */

/* The row of a list whose id is ref or begins with it. */
static void *
find_id(void *const *list, size_t len, const char *prefix, const char *ref, struct error *err)
{
	const size_t skip = strlen(prefix);
	void *found = NULL;

	if (!str_starts(ref, prefix) || strlen(ref) < skip + PREFIX_MIN)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const char *id = *(const noun_id *)list[i];

		if (!str_starts(id, ref))
			continue;
		if (found != NULL) {
			error_set(err, ERROR_INVALID, "'%s' is ambiguous: %s, %s", ref,
			    *(const noun_id *)found, id);
			return NULL;
		}
		found = list[i];
	}
	return found;
}

static void *
missing(const char *noun, const char *ref, struct error *err)
{
	if (err->kind == ERROR_NONE)
		error_set(err, ERROR_NOT_FOUND, "There is no %s '%.64s'.", noun, ref);
	return NULL;
}

struct competitor *
registry_find_competitor(const struct registry *r, const char *ref, struct error *err)
{
	struct competitor *c = registry_slug(r, ref);

	if (c == NULL)
		c = find_id((void *const *)r->competitors, r->ncompetitors, "cpt_", ref, err);
	/* One that was never accepted is only a reserved name; one that is being removed is no more. */
	if (c == NULL || c->version_id[0] == '\0' || c->removed_at_ms != 0)
		return missing("competitor", ref, err);
	return c;
}

struct version *
registry_find_version(const struct registry *r, const char *ref, struct error *err)
{
	const struct competitor *c = registry_slug(r, ref);
	struct version *v =
	    c != NULL && c->version_id[0] != '\0' ? registry_version(r, c->version_id) : NULL;

	if (v == NULL)
		v = find_id((void *const *)r->versions, r->nversions, "ver_", ref, err);
	return v != NULL ? v : missing("version", ref, err);
}

struct submission *
registry_find_submission(const struct registry *r, const char *ref, struct error *err)
{
	struct submission *s =
	    find_id((void *const *)r->submissions, r->nsubmissions, "sub_", ref, err);

	for (size_t i = r->nsubmissions; s == NULL && i-- > 0;)
		if (strcmp(r->submissions[i]->slug, ref) == 0)
			s = r->submissions[i];
	return s != NULL ? s : missing("submission", ref, err);
}

struct instance *
registry_find_instance(const struct registry *r, const char *ref, struct error *err)
{
	const struct competitor *c = registry_slug(r, ref);
	struct instance *i = c != NULL ? registry_serving(r, c) : NULL;

	if (i == NULL)
		i = find_id((void *const *)r->instances, r->ninstances, "ins_", ref, err);
	return i != NULL ? i : missing("instance", ref, err);
}
