/*
 * component_view.c - a component as JSON.
 */
#include "controlplane/api/component_view.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/registry/component_review.h"
#include "controlplane/registry/keys.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

#define DAY_MS INT64_C(86400000)
#define RECENT_DAYS 30

/* ---- how often it was called ---- */

static void
on_sum(const struct egress_sum *s, void *arg)
{
	struct component_uses *u = arg;
	struct component_use *use;

	if (u->len == u->cap) {
		u->cap = u->cap != 0 ? u->cap * 2 : 64;
		u->at = mem_realloc(u->at, u->cap * sizeof(*u->at));
	}
	use = &u->at[u->len++];
	str_copy(use->service, sizeof(use->service), s->service);
	str_copy(use->operation, sizeof(use->operation), s->operation);
	str_copy(use->competitor, sizeof(use->competitor), s->competitor);
	use->calls = s->calls;
	use->recent = s->recent;
}

int
component_uses_read(struct component_uses *u, struct store *store, struct error *err)
{
	const int64_t today = clock_wall_ms() / DAY_MS;

	return store_egress_sums(store, today - RECENT_DAYS + 1, on_sum, u, err);
}

void
component_uses_done(struct component_uses *u)
{
	free(u->at);
	*u = (struct component_uses){ 0 };
}

static bool
is_call_of(const struct component_use *use, const struct component_service *service)
{
	if (service->calls == NULL || strcmp(use->service, service->calls) != 0)
		return false;
	if (service->operations[0] == NULL)
		return true;
	for (size_t i = 0; service->operations[i] != NULL; i++)
		if (strcmp(use->operation, service->operations[i]) == 0)
			return true;
	return false;
}

struct counted {
	int64_t calls, competitors;
};

static struct counted
count(const struct component_uses *u, const struct component_service *service, bool recent)
{
	_cleanup_(map_done) struct map competitors = { 0 };
	struct counted sum = { 0 };

	for (size_t i = 0; i < u->len; i++) {
		struct component_use *use = &u->at[i];
		const int64_t n = recent ? use->recent : use->calls;

		if (n == 0 || !is_call_of(use, service))
			continue;
		sum.calls += n;
		map_put(&competitors, use->competitor, use);
	}
	sum.competitors = (int64_t)competitors.len;
	return sum;
}

int64_t
component_uses_calls(const struct component_uses *u, const struct component_entry *e)
{
	return e->service.calls != NULL ? count(u, &e->service, false).calls : -1;
}

static void
add_counted(cJSON *to, struct counted n)
{
	json_add_int(to, "calls", n.calls);
	json_add_int(to, "competitors", n.competitors);
}

/* What is not called through the platform is not known to it: null, and not 0. */
static void
add_usage(cJSON *json, const struct component_entry *e, const struct component_uses *u)
{
	if (u == NULL || e->service.calls == NULL) {
		json_add_str(json, "usage", NULL);
		return;
	}
	cJSON *usage = json_add_obj(json, "usage");
	add_counted(usage, count(u, &e->service, false));
	add_counted(json_add_obj(usage, "last_30_days"), count(u, &e->service, true));
}

/* ---- who looks, at what ---- */

struct component_viewer
component_viewer_of(const struct api_call *c)
{
	const struct held_key *key = key_ring_id(DEPS(c)->keys, c->actor);

	return (struct component_viewer){
		.actor = c->actor,
		.is_admin = str_eq(c->actor, "admin") ||
		    (key != NULL && (key->row.scopes & SCOPE(ADMIN)) != 0),
	};
}

struct component_entry *
component_find(struct api_call *c, const char **version)
{
	const struct component_viewer who = component_viewer_of(c);
	const char *ref = route_param(&c->params, "ref"), *at = strchr(ref, '@');
	_cleanup_free_ char *id = str_ndup(ref, at != NULL ? (size_t)(at - ref) : strlen(ref));
	struct component_entry *e = at != NULL
	    ? components_version(DEPS(c)->components, id, at + 1)
	    : components_of(DEPS(c)->components, id, &who, COMPONENT_ANY_STATE);

	*version = at != NULL ? at + 1 : "";
	if (e != NULL && component_visible(e, &who))
		return e;
	reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL,
	    "There is no component '%.90s'; one is cmp.<namespace>.<name>, or that and "
	    "@<version>.",
	    ref);
	return NULL;
}

/* ---- as JSON ---- */

static int
versions_of(const struct api_call *c, const char *id)
{
	const struct component_viewer who = component_viewer_of(c);
	const struct components *all = DEPS(c)->components;
	int n = 0;

	for (size_t i = 0; i < all->len; i++)
		n += strcmp(all->at[i]->row.id, id) == 0 && component_visible(all->at[i], &who);
	return n;
}

/* Is it there?  Of what is not the platform's, Janus does not know. */
static void
add_available(cJSON *json, const struct api_call *c, const struct component_entry *e)
{
	const struct supervisor *sup = DEPS(c)->supervisor;
	const char *offer = NULL;

	if (!e->is_platform) {
		cJSON_AddNullToObject(json, "available");
		json_add_str(json, "available_detail", NULL);
		return;
	}
	const bool connected = supervisor_broker_connected(sup);
	if (connected)
		offer =
		    e->service.offer != NULL ? supervisor_offer(sup, e->service.offer) : "built-in";
	json_add_bool(json, "available", offer != NULL);
	json_add_str(json, "available_detail",
	    !connected          ? "janus-platform is not connected."
		: offer == NULL ? e->service.needs
				: offer);
}

static void
add_copy(cJSON *json, const char *key, const cJSON *from, cJSON *instead)
{
	const cJSON *v = json_get(from, key);

	if (v == NULL || cJSON_IsNull(v)) {
		cJSON_AddItemToObject(json, key, instead);
		return;
	}
	cJSON_Delete(instead);
	cJSON_AddItemToObject(json, key, cJSON_Duplicate(v, true));
}

static void
add_contract(cJSON *json, const struct component_entry *e)
{
	static const char *const counts[] = { "operations", "tools" };
	const cJSON *from = json_get(e->manifest, "contract");
	cJSON *contract = json_add_obj(json, "contract");

	json_add_str(contract, "type", json_str(from, "type"));
	json_add_str(contract, "url", json_str(from, "url"));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		add_copy(contract, counts[i], from, cJSON_CreateNull());
}

cJSON *
component_render(
    const struct api_call *c, const struct component_entry *e, const struct component_uses *u)
{
	const struct component_viewer who = component_viewer_of(c);
	const struct component *row = &e->row;
	cJSON *json = cJSON_CreateObject();
	char space[NOUN_ID_MAX];

	component_namespace(row->id, space);
	json_add_str(json, "id", row->id);
	json_add_str(json, "object", "component");
	json_add_str(json, "namespace", space);
	json_add_str(json, "origin", e->is_platform ? "platform" : "submitted");
	json_add_str(json, "version", row->version);
	json_add_int(json, "versions", versions_of(c, row->id));
	json_add_str(json, "state", component_state_name(row->state));
	json_add_text(json, "state_reason", row->reason);
	add_available(json, c, e);
	json_add_str(json, "name", json_str(e->manifest, "name"));
	json_add_str(json, "description", json_str(e->manifest, "description"));
	json_add_str(json, "category", json_str(e->manifest, "category"));
	json_add_str(json, "author", row->author);
	json_add_bool(json, "mine", component_is_of(e, &who));
	json_add_str(json, "entrypoint", json_str(e->manifest, "entrypoint"));
	add_contract(json, e);
	add_copy(json, "inputs", e->manifest, cJSON_CreateArray());
	add_copy(json, "outputs", e->manifest, cJSON_CreateArray());
	add_copy(json, "resources", e->manifest, cJSON_CreateNull());
	add_copy(json, "tags", e->manifest, cJSON_CreateArray());
	json_add_str(json, "integration", json_str(e->manifest, "integration"));
	add_usage(json, e, u);
	json_add_time(json, "created_at", row->created_at_ms);
	json_add_time(json, "updated_at", row->updated_at_ms);
	json_add_time(json, "reviewed_at", row->reviewed_at_ms);
	etag_add(json);
	return json;
}
