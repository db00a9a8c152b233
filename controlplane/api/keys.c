/*
 * keys.c - make, show, rotate and revoke API keys; a secret is shown once and kept nowhere.
 */
#include "controlplane/registry/keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define GRACE_MS 3600000 /* the old secret after a rotation, unless said otherwise */
#define COUNT_MAX INT64_C(1000000000)
#define USD_MAX 1e6
#define LIFE_MAX_MS (INT64_C(100) * 365 * 86400000)

static const struct {
	const char *key;
	size_t at;
	bool is_usd;
} limit_fields[] = {
	{ "requests_per_minute", offsetof(struct key_limits, requests_per_minute), false },
	{ "concurrency", offsetof(struct key_limits, concurrency), false },
	{ "tokens_per_minute", offsetof(struct key_limits, tokens_per_minute), false },
	{ "usd_per_day", offsetof(struct key_limits, day_micro_usd), true },
	{ "usd_per_month", offsetof(struct key_limits, month_micro_usd), true },
};

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
	cJSON *json = cJSON_CreateObject(), *list, *limits;

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
	limits = json_add_obj(json, "limits");
	for (size_t i = 0; i < ARRAY_LEN(limit_fields); i++) {
		const int64_t n =
		    *(const int64_t *)(const void *)((const char *)&k->limits + limit_fields[i].at);

		if (n == 0)
			json_add_str(limits, limit_fields[i].key, NULL);
		else if (limit_fields[i].is_usd)
			cJSON_AddNumberToObject(limits, limit_fields[i].key, (double)n / 1e6);
		else
			json_add_int(limits, limit_fields[i].key, n);
	}
	json_add_time(json, "expires_at", k->expires_at_ms);
	json_add_time(json, "rotated_at", k->rotated_at_ms);
	json_add_time(json, "old_secret_until", k->old_until_ms);
	json_add_time(json, "revoked_at", k->revoked_at_ms);
	json_add_time(json, "created_at", k->created_at_ms);
	json_add_time(json, "updated_at", k->updated_at_ms);
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
		cJSON *json = render(&h->row);
		if (ch->secret[0] != '\0')
			json_add_str(json, "secret", ch->secret);
		if (ch->row.revoked_at_ms != 0)
			json_add_bool(json, "deleted", true);
		reply_json(c, ch->status, json);
	}
	explicit_bzero(ch, sizeof(*ch));
	free(ch);
}

static void
commit(struct change *ch, const char *action)
{
	struct store_batch *b = store_batch_new();

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
wrong(struct api_call *c, const char *param, const char *text)
{
	reply_code(c, CODE_INVALID_VALUE, param, "%s", text);
	return false;
}

static bool
read_limit(struct api_call *c, const cJSON *item, size_t i, struct key_limits *out)
{
	int64_t *to = (int64_t *)(void *)((char *)out + limit_fields[i].at);
	const char *key = limit_fields[i].key;

	if (item == NULL || cJSON_IsNull(item))
		return true;
	if (!cJSON_IsNumber(item))
		return wrong(c, key, "A limit is a number above 0, or null for none.");
	if (limit_fields[i].is_usd) {
		if (!(item->valuedouble >= 1e-6 && item->valuedouble <= USD_MAX))
			return wrong(
			    c, key, "A budget is a number of US dollars from 0.000001 to 1000000.");
		*to = llround(item->valuedouble * 1e6);
		return true;
	}
	if (!(item->valuedouble >= 1 && item->valuedouble <= (double)COUNT_MAX) ||
	    item->valuedouble != floor(item->valuedouble))
		return wrong(c, key, "A limit is a whole number from 1 to 1000000000.");
	*to = (int64_t)item->valuedouble;
	return true;
}

static bool
read_limits(struct api_call *c, struct key_limits *out)
{
	const cJSON *limits = json_get(c->json, "limits"), *item;

	if (limits == NULL || cJSON_IsNull(limits))
		return true;
	if (!cJSON_IsObject(limits))
		return wrong(c, "limits", "'limits' is an object.");
	json_for_each(item, limits) {
		size_t i = 0;

		while (
		    i < ARRAY_LEN(limit_fields) && strcmp(limit_fields[i].key, item->string) != 0)
			i++;
		if (i == ARRAY_LEN(limit_fields)) {
			reply_code(c, CODE_UNKNOWN_PARAMETER, "limits", "Unknown limit '%.64s'.",
			    item->string);
			return false;
		}
		if (!read_limit(c, item, i, out))
			return false;
	}
	return true;
}

/* Without a word of the caller: what that kind is for. */
static unsigned
usual_scopes(enum key_kind kind)
{
	switch (kind) {
	case KEY_ADMIN: return SCOPE(ADMIN);
	case KEY_MINER: return SCOPE(READ) | SCOPE(SUBMIT);
	case KEY_SECRET:
	case KEY_KIND_COUNT: break;
	}
	return SCOPE(CHAT) | SCOPE(READ);
}

static bool
read_scopes(struct api_call *c, struct key *k)
{
	const cJSON *list = json_get(c->json, "scopes"), *item;

	k->scopes = usual_scopes(k->kind);
	if (list == NULL || cJSON_IsNull(list))
		return true;
	if (!cJSON_IsArray(list) || list->child == NULL)
		return wrong(
		    c, "scopes", "'scopes' is a list of chat, read, submit, bench, arena, admin.");
	k->scopes = 0;
	json_for_each(item, list) {
		const char *word = cJSON_IsString(item) ? item->valuestring : "";
		const unsigned bit = scope_named(word, strlen(word));

		if (bit == 0)
			return wrong(c, "scopes",
			    "A scope is one of chat, read, submit, bench, arena, admin.");
		k->scopes |= bit;
	}
	if ((k->scopes & SCOPE(ADMIN)) != 0 && k->kind != KEY_ADMIN)
		return wrong(c, "scopes", "Only a key of kind 'ad' may have the scope 'admin'.");
	return true;
}

/* A span of time as people write it, or null; -1 when it was refused. */
static int64_t
read_span(struct api_call *c, const char *key, int64_t absent, int64_t min_ms)
{
	const cJSON *item = json_get(c->json, key);
	int64_t ms = absent;

	if (item == NULL || cJSON_IsNull(item))
		return absent;
	if (cJSON_IsString(item) && str_parse_duration(item->valuestring, &ms, NULL) == 0 &&
	    ms >= min_ms && ms <= LIFE_MAX_MS)
		return ms;
	reply_code(c, CODE_INVALID_VALUE, key,
	    "'%s' is a span of time such as \"30m\", \"12h\" or \"90d\".", key);
	return -1;
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
		wrong(c, "kind", "'kind' is sk, ad or mn.");
		return;
	}
	const int64_t life_ms = read_span(c, "expires_in", 0, 1000);
	if (life_ms < 0 || !read_scopes(c, &k) || !read_limits(c, &k.limits))
		return;
	if (key_ring_live(DEPS(c)->keys, name) != NULL) {
		reply_code(c, CODE_CONFLICT, "name",
		    "There is a key '%.64s'; rotate or revoke it, or take another name.", name);
		return;
	}
	ch = mem_zalloc(sizeof(*ch));
	ch->call = c;
	ch->status = 201;
	id_new("key", k.id);
	snprintf(k.name, sizeof(k.name), "%s", name);
	k.created_at_ms = k.updated_at_ms = now_ms;
	k.expires_at_ms = life_ms != 0 ? now_ms + life_ms : 0;
	key_text_new(k.kind, ch->secret);
	key_set_secret(&k, ch->secret);
	ch->row = k;
	commit(ch, "key.create");
}

/* ---- rotate, revoke ---- */

static struct change *
change_of(struct api_call *c)
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
	h->changing = true;
	ch = mem_zalloc(sizeof(*ch));
	ch->call = c;
	ch->status = 200;
	ch->row = h->row;
	ch->row.updated_at_ms = clock_wall_ms();
	return ch;
}

void
key_rotate(struct api_call *c)
{
	const int64_t grace_ms = read_span(c, "grace", GRACE_MS, 0);
	struct change *ch = grace_ms < 0 ? NULL : change_of(c);
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
	struct change *ch = change_of(c);

	if (ch == NULL)
		return;
	ch->row.revoked_at_ms = ch->row.updated_at_ms;
	commit(ch, "key.revoke");
}
