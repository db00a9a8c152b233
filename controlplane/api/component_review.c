/*
 * component_review.c - the marketplace, to change: submit, approve, reject, deprecate, take back.
 */
#include "controlplane/registry/component_review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/component_view.h"
#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/key_fields.h"
#include "controlplane/registry/keys.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define REASON_MAX_BYTES \
	(DETAIL_MAX - COMPONENT_VERSION_MAX - 3) /* an event says the version, too */

static void
refuse_fault(struct api_call *c, const struct component_fault *f, bool is_conflict)
{
	static const enum wire_code codes[] = {
		[COMPONENT_FINE] = CODE_INTERNAL,
		[COMPONENT_MISSING] = CODE_MISSING_PARAMETER,
		[COMPONENT_UNKNOWN] = CODE_UNKNOWN_PARAMETER,
		[COMPONENT_INVALID] = CODE_INVALID_VALUE,
		[COMPONENT_TOO_BIG] = CODE_INVALID_VALUE,
	};
	const enum wire_code code = !is_conflict ? codes[f->kind]
	    : f->kind == COMPONENT_TOO_BIG       ? CODE_STORAGE_QUOTA
						 : CODE_CONFLICT;

	reply_code(c, code, f->path[0] != '\0' ? f->path : NULL, "%s", f->text);
}

/* ---- submit ---- */

struct adding {
	struct api_call *call;
	struct component_entry *entry;
};

static void
added(const struct error *err, void *arg)
{
	struct adding *a = arg;

	if (err != NULL) {
		components_remove(DEPS(a->call)->components, a->entry);
		reply_error(a->call, err);
	} else {
		a->entry->pending = false;
		reply_json(a->call, 201, component_render(a->call, a->entry, NULL));
	}
	free(a);
}

static void
name_author(const struct api_call *c, struct component *row)
{
	const struct held_key *key = key_ring_id(DEPS(c)->keys, c->actor);

	str_copy(row->owner, sizeof(row->owner), c->actor);
	str_copy(row->author, sizeof(row->author), key != NULL ? key->row.name : c->actor);
	row->created_at_ms = row->updated_at_ms = clock_wall_ms();
}

/* As it would be; of what is not kept, nothing is left. */
static void
try_only(struct api_call *c, struct component_entry *e)
{
	cJSON *json;

	e->pending = false;
	json = component_render(c, e, NULL);
	json_add_bool(json, "dry_run", true);
	components_remove(DEPS(c)->components, e);
	reply_json(c, 200, json);
}

static void
commit_new(struct api_call *c, struct component_entry *e)
{
	struct store_batch *b = store_batch_new();
	struct adding *a = mem_zalloc(sizeof(*a));

	a->call = c;
	a->entry = e;
	store_put_component(b, &e->row);
	store_add_event(b,
	    &(struct store_event){ .who = *WHO(c),
		.action = "component.submit",
		.object_id = e->row.id,
		.reason = e->row.version });
	store_commit(DEPS(c)->store, b, added, a);
}

void
component_create(struct api_call *c)
{
	const struct component_viewer who = component_viewer_of(c);
	struct component_fault f = { 0 };
	struct component_entry *e;
	struct component row = { .state = COMPONENT_SUBMITTED };

	if (c->json == NULL) {
		reply_code(c, CODE_MISSING_PARAMETER, NULL,
		    "The body is the component's manifest: see docs/components.md.");
		return;
	}
	if (component_manifest_check(c->json, &f) < 0) {
		refuse_fault(c, &f, false);
		return;
	}
	component_manifest_split(c->json, &row);
	name_author(c, &row);
	if (components_may_add(DEPS(c)->components, &row, &who, &f) < 0) {
		component_row_done(&row);
		refuse_fault(c, &f, true);
		return;
	}
	e = components_add(DEPS(c)->components, &row);
	e->pending = true;
	if (c->dry_run)
		try_only(c, e);
	else
		commit_new(c, e);
}

/* ---- what becomes of it ---- */

struct change {
	struct api_call *call;
	enum component_act act;
	struct component_entry **at; /* owned: the versions it is about */
	size_t len;
	enum component_state next;
	char reason[DETAIL_MAX];
};

static void
change_free(struct change *ch)
{
	for (size_t i = 0; i < ch->len; i++)
		ch->at[i]->changing = false;
	free(ch->at);
	free(ch);
}

static void
set(const struct change *ch, struct component *row)
{
	const int64_t now_ms = clock_wall_ms();

	row->updated_at_ms = now_ms > row->updated_at_ms ? now_ms : row->updated_at_ms + 1;
	row->state = ch->next;
	str_copy(row->reason, sizeof(row->reason), ch->reason);
	if (ch->act == COMPONENT_APPROVE || ch->act == COMPONENT_REJECT) {
		row->reviewed_at_ms = row->updated_at_ms;
		str_copy(row->reviewer, sizeof(row->reviewer), ch->call->actor);
	}
}

static void
answer(const struct change *ch)
{
	struct api_call *c = ch->call;
	cJSON *json;

	if (ch->act != COMPONENT_RETIRE) {
		reply_json(c, 200, component_render(c, ch->at[0], NULL));
		return;
	}
	json = cJSON_CreateObject();
	json_add_str(json, "id", ch->at[0]->row.id);
	json_add_str(json, "object", "component");
	json_add_bool(json, "deleted", true);
	reply_json(c, 200, json);
}

static void
changed(const struct error *err, void *arg)
{
	struct change *ch = arg;

	if (err != NULL) {
		reply_error(ch->call, err);
	} else {
		for (size_t i = 0; i < ch->len; i++)
			set(ch, &ch->at[i]->row);
		answer(ch);
	}
	change_free(ch);
}

static void
commit(struct change *ch)
{
	struct store_batch *b = store_batch_new();
	char action[32], words[DETAIL_MAX];

	snprintf(action, sizeof(action), "component.%s", component_act_name(ch->act));
	for (size_t i = 0; i < ch->len; i++) {
		struct component row = ch->at[i]->row; /* it owns what it owned */

		ch->at[i]->changing = true;
		set(ch, &row);
		snprintf(words, sizeof(words), "%s%s%s", row.version,
		    ch->reason[0] != '\0' ? ": " : "", ch->reason);
		store_put_component(b, &row);
		store_add_event(b,
		    &(struct store_event){ .who = *WHO(ch->call),
			.action = action,
			.object_id = row.id,
			.reason = words,
			.before = component_state_name(ch->at[i]->row.state),
			.after = component_state_name(row.state) });
	}
	store_commit(DEPS(ch->call)->store, b, changed, ch);
}

/* Without a version: a review is about the newest that waits for one, the rest about all there are. */
static void
choose(struct change *ch, struct component_entry *found, const char *version)
{
	const struct components *all = DEPS(ch->call)->components;
	const struct component_viewer who = component_viewer_of(ch->call);
	struct component_entry *waits;

	ch->at = mem_zalloc((all->len + 1) * sizeof(struct component_entry *));
	if (version[0] == '\0' && (ch->act == COMPONENT_APPROVE || ch->act == COMPONENT_REJECT)) {
		waits = components_of(all, found->row.id, &who, 1U << COMPONENT_SUBMITTED);
		if (waits == NULL && ch->act == COMPONENT_APPROVE)
			waits = components_of(all, found->row.id, &who, 1U << COMPONENT_DEPRECATED);
		found = waits != NULL ? waits : found;
	} else if (version[0] == '\0') {
		for (size_t i = 0; i < all->len; i++)
			if (strcmp(all->at[i]->row.id, found->row.id) == 0 &&
			    component_act_fits(all->at[i]->row.state, ch->act) &&
			    component_visible(all->at[i], &who))
				ch->at[ch->len++] = all->at[i];
	}
	if (ch->len == 0)
		ch->at[ch->len++] = found;
}

static void
refuse_review(struct api_call *c, const struct error *err)
{
	reply_code(c,
	    err->kind == ERROR_DENIED        ? CODE_MISSING_SCOPE
		: err->kind == ERROR_INVALID ? CODE_MISSING_PARAMETER
					     : CODE_INVALID_STATE,
	    err->kind == ERROR_INVALID ? "reason" : NULL, "%s", err->text);
}

/* May all of it be? False and answered. */
static bool
decide(struct change *ch)
{
	const struct component_viewer who = component_viewer_of(ch->call);
	struct error err = { 0 };

	for (size_t i = 0; i < ch->len; i++) {
		const struct component_entry *e = ch->at[i];
		const struct component_who is = { component_is_of(e, &who),
			who.is_admin && !e->is_platform };

		if (e->is_platform) {
			reply_code(ch->call, CODE_INVALID_STATE, NULL,
			    "%s is a service of the platform's: it is set up, and not reviewed.",
			    e->row.id);
			return false;
		}
		if (component_review(e->row.state, ch->act, is, ch->reason, &ch->next, &err) < 0) {
			refuse_review(ch->call, &err);
			return false;
		}
		if (e->changing) {
			reply_code(ch->call, CODE_CONFLICT, NULL, "%s is being changed; try again.",
			    e->row.id);
			return false;
		}
	}
	return true;
}

static bool
read_reason(struct api_call *c, struct change *ch)
{
	const cJSON *item = json_get(c->json, "reason");
	struct component_fault f = { 0 };

	if (item == NULL || cJSON_IsNull(item))
		return true;
	if (!cJSON_IsString(item))
		return call_wrong(c, "reason", "'reason' is a string.");
	if (component_text_check(&f, "reason", item->valuestring, REASON_MAX_BYTES, false) < 0) {
		refuse_fault(c, &f, false);
		return false;
	}
	str_copy(ch->reason, sizeof(ch->reason), item->valuestring);
	return true;
}

static void
show_only(const struct change *ch)
{
	cJSON *json = component_render(ch->call, ch->at[0], NULL);

	json_add_bool(json, "dry_run", true);
	reply_json(ch->call, 200, json);
}

static void
change(struct api_call *c, enum component_act act)
{
	const char *version;
	struct component_entry *found = component_find(c, &version);
	struct change *ch;

	if (found == NULL ||
	    !call_matches(c, act == COMPONENT_RETIRE, component_render(c, found, NULL)))
		return;
	ch = mem_zalloc(sizeof(*ch));
	ch->call = c;
	ch->act = act;
	choose(ch, found, version);
	if (!read_reason(c, ch) || !decide(ch)) {
		ch->len = 0; /* what others change, they go on changing */
		change_free(ch);
	} else if (c->dry_run) {
		show_only(ch);
		change_free(ch);
	} else {
		commit(ch);
	}
}

void
component_approve(struct api_call *c)
{
	change(c, COMPONENT_APPROVE);
}

void
component_reject(struct api_call *c)
{
	change(c, COMPONENT_REJECT);
}

void
component_deprecate(struct api_call *c)
{
	change(c, COMPONENT_DEPRECATE);
}

void
component_retire(struct api_call *c)
{
	change(c, COMPONENT_RETIRE);
}
