/*
 * keys.c - make, show, rotate and revoke API keys; a secret is shown once and kept nowhere.
 */
#include "controlplane/registry/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/handlers.h"
#include "controlplane/api/idempotency.h"
#include "controlplane/api/key_fields.h"
#include "controlplane/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define GRACE_MS 3600000 /* the old secret after a rotation, unless said otherwise */

/* ---- look ---- */

static const char *
state_of(const struct key *k)
{
	if (k->revoked_at_ms != 0)
		return "revoked";
	return k->expires_at_ms != 0 && clock_wall_ms() >= k->expires_at_ms ? "expired" : "active";
}

static cJSON *
render(const struct key *k)
{
	cJSON *json = cJSON_CreateObject(), *list;

	json_add_str(json, "id", k->id);
	json_add_str(json, "object", "key");
	json_add_str(json, "name", k->name);
	json_add_str(json, "kind", key_kind_name(k->kind));
	json_add_str(json, "state", state_of(k));
	json_add_str(json, "prefix", k->prefix);
	json_add_str(json, "last_four", k->last_four);
	list = json_add_arr(json, "scopes");
	for (unsigned i = 0; i < SCOPE_COUNT; i++)
		if ((k->scopes >> i & 1) != 0)
			cJSON_AddItemToArray(
			    list, cJSON_CreateString(scope_name((enum scope_at)i)));
	key_render_limits(json, &k->limits);
	json_add_time(json, "expires_at", k->expires_at_ms);
	json_add_time(json, "rotated_at", k->rotated_at_ms);
	json_add_time(json, "old_secret_until", k->old_until_ms);
	json_add_time(json, "revoked_at", k->revoked_at_ms);
	json_add_time(json, "created_at", k->created_at_ms);
	json_add_time(json, "updated_at", k->updated_at_ms);
	etag_add(json);
	return json;
}

static const char *
id_at(const struct api_call *c, size_t i)
{
	return DEPS(c)->keys->at[i]->row.id;
}

static bool
keep(const struct api_call *c, size_t i, void *arg)
{
	const char *state = arg;

	return state == NULL || strcmp(state, state_of(&DEPS(c)->keys->at[i]->row)) == 0;
}

static cJSON *
render_at(const struct api_call *c, size_t i)
{
	return render(&DEPS(c)->keys->at[i]->row);
}

void
key_list(struct api_call *c)
{
	_cleanup_free_ char *state = call_query(c, "state");

	list_reply(c, &(struct list_source){ DEPS(c)->keys->len, id_at, keep, render_at, state });
}

static struct held_key *
find(struct api_call *c)
{
	struct error err = { 0 };
	struct held_key *h = key_ring_find(DEPS(c)->keys, route_param(&c->params, "ref"), &err);

	if (h == NULL)
		reply_error(c, &err);
	return h;
}

void
key_get(struct api_call *c)
{
	const struct held_key *h = find(c);

	if (h != NULL)
		reply_json(c, 200, render(&h->row));
}

/* ---- change: first stored, then in force, then said ---- */

struct change {
	struct api_call *call;
	struct key row; /* as it is to be */
	char secret[KEY_TEXT_LEN + 1]; /* "" when there is no new one */
	int status;
};

static cJSON *
render_change(const struct change *ch)
{
	cJSON *json = render(&ch->row);

	if (ch->secret[0] != '\0')
		json_add_str(json, "secret", ch->secret);
	if (ch->row.revoked_at_ms != 0)
		json_add_bool(json, "deleted", true);
	return json;
}

static void
change_free(struct change *ch)
{
	explicit_bzero(ch, sizeof(*ch));
	free(ch);
}

static void
change_done(const struct error *err, void *arg)
{
	struct change *ch = arg;
	struct api_call *c = ch->call;
	struct held_key *h = key_ring_id(DEPS(c)->keys, ch->row.id);

	if (h != NULL)
		h->changing = false;
	if (err != NULL) {
		reply_error(c, err);
	} else {
		if (h == NULL)
			h = key_ring_add(DEPS(c)->keys, &ch->row);
		h->row = ch->row;
		h->meter->revoked = ch->row.revoked_at_ms != 0;
		DEPS(c)->on_keys(key_ring_snapshot(DEPS(c)->keys), DEPS(c)->keys_arg);
		reply_json(c, ch->status, render_change(ch));
	}
	change_free(ch);
}

/* A trial run: the key as it would be, but for a secret. */
static void
show_only(struct change *ch)
{
	struct held_key *h = key_ring_id(DEPS(ch->call)->keys, ch->row.id);
	cJSON *json;

	if (h != NULL)
		h->changing = false;
	ch->secret[0] = '\0';
	json = render_change(ch);
	json_add_bool(json, "dry_run", true);
	reply_json(ch->call, 200, json);
	change_free(ch);
}

static void
commit(struct change *ch, const char *action)
{
	struct store_batch *b;
	_cleanup_json_ cJSON *answer = NULL;

	if (ch->call->dry_run) {
		show_only(ch);
		return;
	}
	b = store_batch_new();
	answer = render_change(ch); /* a secret can be told once only, so now or never */
	once_promise(ch->call, ch->status, answer);
	store_put_key(b, &ch->row);
	store_add_event(b,
	    &(struct store_event){ .who = *WHO(ch->call),
		.action = action,
		.object_id = ch->row.id,
		.reason = ch->row.name });
	store_commit(DEPS(ch->call)->store, b, change_done, ch);
}

/* ---- create ---- */

static bool
name_is_free(struct api_call *c, const char *name)
{
	if (key_ring_live(DEPS(c)->keys, name) == NULL)
		return true;
	reply_code(c, CODE_CONFLICT, "name",
	    "There is a key '%.64s'; rotate or revoke it, or take another name.", name);
	return false;
}

/* The answer is kept sealed with the Idempotency-Key, which nobody must be able to guess. */
static bool
may_tell_secret(struct api_call *c)
{
	if (once_guards(c))
		return true;
	return call_wrong(c, "Idempotency-Key",
	    "Where the answer has a secret, an Idempotency-Key has at least 22 random characters.");
}

void
key_create(struct api_call *c)
{
	const char *name = json_str(c->json, "name"), *kind = json_str(c->json, "kind");
	struct key k = { .kind = key_kind_named(kind != NULL ? kind : "sk") };
	const int64_t now_ms = clock_wall_ms();
	struct change *ch;

	if (name == NULL || !str_slug_valid(name)) {
		reply_code(c, name == NULL ? CODE_MISSING_PARAMETER : CODE_INVALID_VALUE, "name",
		    "'name' is required: lower-case letters, digits and hyphens, at most 40.");
		return;
	}
	if (k.kind == KEY_KIND_COUNT || (kind == NULL && json_get(c->json, "kind") != NULL)) {
		call_wrong(c, "kind", "'kind' is sk, ad or mn.");
		return;
	}
	if (!key_read_expiry(c, &k) || !key_read_scopes(c, &k) || !key_read_limits(c, &k.limits))
		return;
	if (!name_is_free(c, name) || !may_tell_secret(c))
		return;
	ch = mem_zalloc(sizeof(*ch));
	ch->call = c;
	ch->status = 201;
	id_new("key", k.id);
	snprintf(k.name, sizeof(k.name), "%s", name);
	k.created_at_ms = k.updated_at_ms = now_ms;
	key_text_new(k.kind, ch->secret);
	key_set_secret(&k, ch->secret);
	ch->row = k;
	commit(ch, "key.create");
}

/* ---- update, rotate, revoke ---- */

static struct change *
change_of(struct api_call *c, bool must_match)
{
	struct held_key *h = find(c);
	struct change *ch;

	if (h == NULL)
		return NULL;
	if (h->row.revoked_at_ms != 0) {
		reply_code(c, CODE_INVALID_STATE, NULL, "The key '%s' was revoked.", h->row.name);
		return NULL;
	}
	if (h->changing) {
		reply_code(c, CODE_CONFLICT, NULL, "The key '%s' is being changed; try again.",
		    h->row.name);
		return NULL;
	}
	if (!call_matches(c, must_match, render(&h->row)))
		return NULL;
	h->changing = true;
	ch = mem_zalloc(sizeof(*ch));
	ch->call = c;
	ch->status = 200;
	ch->row = h->row;
	ch->row.updated_at_ms = clock_wall_ms();
	if (ch->row.updated_at_ms <= h->row.updated_at_ms) /* no two states look the same */
		ch->row.updated_at_ms = h->row.updated_at_ms + 1;
	return ch;
}

static void
let_go(struct change *ch)
{
	key_ring_id(DEPS(ch->call)->keys, ch->row.id)->changing = false;
	change_free(ch);
}

static bool
update_name(struct api_call *c, struct key *k)
{
	const cJSON *item = json_get(c->json, "name");
	const char *name = cJSON_GetStringValue(item);

	if (item == NULL || (name != NULL && strcmp(name, k->name) == 0))
		return true;
	if (name == NULL || !str_slug_valid(name))
		return call_wrong(
		    c, "name", "'name' is lower-case letters, digits and hyphens, at most 40.");
	if (!name_is_free(c, name))
		return false;
	snprintf(k->name, sizeof(k->name), "%s", name);
	return true;
}

/* What is named is changed, null is "as if never said", and the rest stays. */
void
key_update(struct api_call *c)
{
	struct change *ch;

	if (c->json == NULL) {
		reply_code(c, CODE_MISSING_PARAMETER, NULL,
		    "Name what is to be changed: name, scopes, limits, expires_at or expires_in.");
		return;
	}
	ch = change_of(c, true);
	if (ch == NULL)
		return;
	if (update_name(c, &ch->row) &&
	    (json_get(c->json, "scopes") == NULL || key_read_scopes(c, &ch->row)) &&
	    key_read_limits(c, &ch->row.limits) && key_read_expiry(c, &ch->row))
		commit(ch, "key.update");
	else
		let_go(ch);
}

void
key_rotate(struct api_call *c)
{
	const int64_t grace_ms = key_read_span(c, "grace", GRACE_MS, 0);
	struct change *ch = grace_ms < 0 || !may_tell_secret(c) ? NULL : change_of(c, false);
	struct key *k;

	if (ch == NULL)
		return;
	k = &ch->row;
	memcpy(k->old_sha256, k->sha256, sizeof(k->old_sha256));
	k->rotated_at_ms = k->updated_at_ms;
	k->old_until_ms = k->updated_at_ms + grace_ms;
	key_text_new(k->kind, ch->secret);
	key_set_secret(k, ch->secret);
	commit(ch, "key.rotate");
}

void
key_revoke(struct api_call *c)
{
	struct change *ch = change_of(c, true);

	if (ch == NULL)
		return;
	ch->row.revoked_at_ms = ch->row.updated_at_ms;
	commit(ch, "key.revoke");
}
