/*
 * components.c - find versions of components, and say which may come.
 */
#include "controlplane/registry/components.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/component_review.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/semver.h"
#include "runtime/base/str.h"

EMBED(platform_services, "controlplane/registry/platform_services.json");

/* ---- life ---- */

static size_t
bytes_of(const struct component *row)
{
	return strlen(row->manifest) + strlen(row->contract);
}

struct component_entry *
components_add(struct components *all, const struct component *row)
{
	struct component_entry *e = mem_zalloc(sizeof(*e));
	struct error err = { 0 };

	e->row = *row;
	if (json_parse(row->manifest, strlen(row->manifest), &e->manifest, &err) < 0)
		e->manifest = cJSON_CreateObject();
	const char *category = json_str(e->manifest, "category");
	e->category =
	    category != NULL ? component_category_named(category) : COMPONENT_CATEGORY_COUNT;
	all->at = mem_realloc(all->at, (all->len + 1) * sizeof(struct component_entry *));
	all->at[all->len++] = e;
	all->bytes += bytes_of(row);
	return e;
}

static void
entry_free(struct component_entry *e)
{
	cJSON_Delete(e->manifest);
	component_row_done(&e->row);
	free(e);
}

void
components_remove(struct components *all, struct component_entry *e)
{
	size_t i = 0;

	while (all->at[i] != e)
		i++;
	memmove(
	    all->at + i, all->at + i + 1, (all->len - i - 1) * sizeof(struct component_entry *));
	all->len--;
	all->bytes -= bytes_of(&e->row);
	entry_free(e);
}

void
components_done(struct components *all)
{
	for (size_t i = 0; i < all->len; i++)
		entry_free(all->at[i]);
	free(all->at);
	*all = (struct components){ 0 };
}

/* ---- the platform's own ---- */

/* What this program is built with is right: the tests read it. */
static void
add_service(struct components *all, cJSON *json)
{
	_cleanup_json_ cJSON *service = cJSON_DetachItemFromObjectCaseSensitive(json, "service");
	struct component row = { .state = COMPONENT_PUBLISHED };
	struct component_entry *e;
	const cJSON *operation;
	size_t n = 0;

	json_add_str(json, "version", JANUS_VERSION);
	component_manifest_split(json, &row);
	str_copy(row.author, sizeof(row.author), "Janus");
	e = components_add(all, &row);
	e->is_platform = true;
	cJSON_AddItemToObject(e->manifest, "service", TAKE(service)); /* its texts stay there */
	const cJSON *kept = json_get(e->manifest, "service");
	e->service.offer = json_str(kept, "offer");
	e->service.needs = json_str(kept, "needs");
	e->service.calls = json_str(kept, "calls");
	json_for_each(operation, json_get(kept, "operations")) {
		assert(n + 1 < COMPONENT_OPERATIONS_MAX);
		e->service.operations[n++] = operation->valuestring;
	}
}

void
components_init(struct components *all)
{
	_cleanup_json_ cJSON *list = NULL;
	cJSON *service;

	if (json_parse(platform_services, EMBED_LEN(platform_services), &list, NULL) < 0)
		abort();
	json_for_each(service, list)
		add_service(all, service);
}

static void
load_one(const struct component *row, void *arg)
{
	components_add(arg, row);
}

int
components_load(struct components *all, struct store *store, struct error *err)
{
	return store_load_components(store, load_one, all, err);
}

/* ---- look ---- */

bool
component_is_of(const struct component_entry *e, const struct component_viewer *who)
{
	return !e->is_platform && str_eq(e->row.owner, who->actor);
}

bool
component_visible(const struct component_entry *e, const struct component_viewer *who)
{
	if (e->pending)
		return false;
	return component_is_open(e->row.state) || who->is_admin || component_is_of(e, who);
}

/* Which of two versions stands for their id? */
static bool
is_better(const struct component_entry *a, const struct component_entry *b)
{
	static const int turns[COMPONENT_STATE_COUNT] = {
		[COMPONENT_PUBLISHED] = 0,
		[COMPONENT_DEPRECATED] = 1,
		[COMPONENT_SUBMITTED] = 2,
		[COMPONENT_REJECTED] = 2,
		[COMPONENT_RETIRED] = 3,
	};

	if (turns[a->row.state] != turns[b->row.state])
		return turns[a->row.state] < turns[b->row.state];
	return semver_compare(a->row.version, b->row.version) > 0;
}

static bool
is_asked_for(const struct component_entry *e, const struct component_viewer *who, unsigned states)
{
	return (states >> e->row.state & 1) != 0 && component_visible(e, who);
}

struct component_entry *
components_of(const struct components *all, const char *id, const struct component_viewer *who,
    unsigned states)
{
	struct component_entry *best = NULL;

	for (size_t i = 0; i < all->len; i++) {
		struct component_entry *e = all->at[i];

		if (strcmp(e->row.id, id) == 0 && is_asked_for(e, who, states) &&
		    (best == NULL || is_better(e, best)))
			best = e;
	}
	return best;
}

size_t
components_list(const struct components *all, const struct component_viewer *who, unsigned states,
    struct component_entry ***out)
{
	_cleanup_(map_done) struct map best = { 0 };
	const char *id;
	size_t n = 0, at = 0;
	void *value;

	for (size_t i = 0; i < all->len; i++) {
		struct component_entry *e = all->at[i], *had = map_get(&best, e->row.id);

		if (is_asked_for(e, who, states) && (had == NULL || is_better(e, had)))
			map_put(&best, e->row.id, e);
	}
	*out = mem_zalloc((best.len + 1) * sizeof(**out));
	while (map_next(&best, &at, &id, &value))
		(*out)[n++] = value;
	return n;
}

struct component_entry *
components_version(const struct components *all, const char *id, const char *version)
{
	for (size_t i = 0; i < all->len; i++)
		if (strcmp(all->at[i]->row.id, id) == 0 &&
		    strcmp(all->at[i]->row.version, version) == 0)
			return all->at[i];
	return NULL;
}

/* ---- may it come? ---- */

/* A namespace is of the key that first used it. */
static int
check_namespace(const struct components *all, const struct component *row,
    const struct component_viewer *who, struct component_fault *f)
{
	char space[NOUN_ID_MAX], other[NOUN_ID_MAX];
	size_t first = all->len, n = 0;

	component_namespace(row->id, space);
	for (size_t i = 0; i < all->len; i++) {
		component_namespace(all->at[i]->row.id, other);
		if (strcmp(space, other) != 0)
			continue;
		first = n++ == 0 ? i : first;
	}
	if (n > 0 && !who->is_admin && !component_is_of(all->at[first], who))
		return component_fault_set(f, COMPONENT_INVALID, "id",
		    "The namespace '%s' belongs to another key.", space);
	if (n >= COMPONENTS_OF_NAMESPACE_MAX)
		return component_fault_set(f, COMPONENT_TOO_BIG, "id",
		    "The namespace '%s' has %d versions of components already.", space,
		    COMPONENTS_OF_NAMESPACE_MAX);
	return 0;
}

static int
check_version(const struct components *all, const struct component *row, struct component_fault *f)
{
	for (size_t i = 0; i < all->len; i++) {
		const struct component *had = &all->at[i]->row;

		if (strcmp(had->id, row->id) == 0 &&
		    semver_compare(row->version, had->version) <= 0)
			return component_fault_set(f, COMPONENT_INVALID, "version",
			    "There is a version %s, and a version is never changed: the next is "
			    "above it.",
			    had->version);
	}
	return 0;
}

int
components_may_add(const struct components *all, const struct component *row,
    const struct component_viewer *who, struct component_fault *f)
{
	*f = (struct component_fault){ 0 };
	if (check_namespace(all, row, who, f) < 0 || check_version(all, row, f) < 0)
		return -1;
	if (all->len >= COMPONENTS_MAX || all->bytes + bytes_of(row) > COMPONENTS_BYTES_MAX)
		return component_fault_set(f, COMPONENT_TOO_BIG, "",
		    "The marketplace is full: an operator has to make room.");
	return 0;
}
