/*
 * key_fields.c - limits, scopes and expiry of a key as callers say them.
 */
#include "controlplane/api/key_fields.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "controlplane/api/call.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

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

void
key_render_limits(cJSON *key, const struct key_limits *from)
{
	cJSON *limits = json_add_obj(key, "limits");

	for (size_t i = 0; i < ARRAY_LEN(limit_fields); i++) {
		const int64_t n =
		    *(const int64_t *)(const void *)((const char *)from + limit_fields[i].at);

		if (n == 0)
			json_add_str(limits, limit_fields[i].key, NULL);
		else if (limit_fields[i].is_usd)
			cJSON_AddNumberToObject(limits, limit_fields[i].key, (double)n / 1e6);
		else
			json_add_int(limits, limit_fields[i].key, n);
	}
}

bool
call_wrong(struct api_call *c, const char *param, const char *text)
{
	reply_code(c, CODE_INVALID_VALUE, param, "%s", text);
	return false;
}

static bool
read_limit(struct api_call *c, const cJSON *item, size_t i, struct key_limits *out)
{
	int64_t *to = (int64_t *)(void *)((char *)out + limit_fields[i].at);
	const char *key = limit_fields[i].key;

	if (cJSON_IsNull(item)) {
		*to = 0;
		return true;
	}
	if (!cJSON_IsNumber(item))
		return call_wrong(c, key, "A limit is a number above 0, or null for none.");
	if (limit_fields[i].is_usd) {
		if (!(item->valuedouble >= 1e-6 && item->valuedouble <= USD_MAX))
			return call_wrong(
			    c, key, "A budget is a number of US dollars from 0.000001 to 1000000.");
		*to = llround(item->valuedouble * 1e6);
		return true;
	}
	if (!(item->valuedouble >= 1 && item->valuedouble <= (double)COUNT_MAX) ||
	    item->valuedouble != floor(item->valuedouble))
		return call_wrong(c, key, "A limit is a whole number from 1 to 1000000000.");
	*to = (int64_t)item->valuedouble;
	return true;
}

bool
key_read_limits(struct api_call *c, struct key_limits *out)
{
	const cJSON *limits = json_get(c->json, "limits"), *item;

	if (cJSON_IsNull(limits))
		*out = (struct key_limits){ 0 };
	if (limits == NULL || cJSON_IsNull(limits))
		return true;
	if (!cJSON_IsObject(limits))
		return call_wrong(c, "limits", "'limits' is an object.");
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

bool
key_read_scopes(struct api_call *c, struct key *k)
{
	const cJSON *list = json_get(c->json, "scopes"), *item;

	k->scopes = usual_scopes(k->kind);
	if (list == NULL || cJSON_IsNull(list))
		return true;
	if (!cJSON_IsArray(list) || list->child == NULL)
		return call_wrong(
		    c, "scopes", "'scopes' is a list of chat, read, submit, bench, arena, admin.");
	k->scopes = 0;
	json_for_each(item, list) {
		const char *word = cJSON_IsString(item) ? item->valuestring : "";
		const unsigned bit = scope_named(word, strlen(word));

		if (bit == 0)
			return call_wrong(c, "scopes",
			    "A scope is one of chat, read, submit, bench, arena, admin.");
		k->scopes |= bit;
	}
	if ((k->scopes & SCOPE(ADMIN)) != 0 && k->kind != KEY_ADMIN)
		return call_wrong(
		    c, "scopes", "Only a key of kind 'ad' may have the scope 'admin'.");
	return true;
}

/* A span of time as people write it, or null; -1 when it was refused. */
int64_t
key_read_span(struct api_call *c, const char *key, int64_t absent, int64_t min_ms)
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

/* A time still to come, or null; -1 when it was refused. */
static int64_t
read_time(struct api_call *c, const char *field)
{
	const cJSON *item = json_get(c->json, field);
	int64_t at_ms;

	if (cJSON_IsNull(item))
		return 0;
	at_ms = cJSON_IsString(item) ? clock_parse(item->valuestring) : -1;
	if (at_ms > clock_wall_ms() && at_ms <= clock_wall_ms() + LIFE_MAX_MS)
		return at_ms;
	reply_code(c, CODE_INVALID_VALUE, field,
	    "'%s' is a time to come such as 2026-12-31T00:00:00Z, or null.", field);
	return -1;
}

bool
key_read_expiry(struct api_call *c, struct key *k)
{
	const bool at = json_get(c->json, "expires_at") != NULL,
		   in = json_get(c->json, "expires_in") != NULL;
	int64_t ms;

	if (at && in)
		return call_wrong(c, "expires_in", "Say 'expires_at' or 'expires_in', not both.");
	if (!at && !in)
		return true;
	ms = at ? read_time(c, "expires_at") : key_read_span(c, "expires_in", 0, 1000);
	if (ms < 0)
		return false;
	k->expires_at_ms = at || ms == 0 ? ms : clock_wall_ms() + ms;
	return true;
}
