/*
 * auth.c - the authorization header, and refusals.
 */
#include "controlplane/gateway/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/core.h"
#include "controlplane/registry/keys.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_relay.h"

static struct limit_clock
now(void)
{
	return (struct limit_clock){ clock_now_ms(), clock_wall_ms() };
}

struct auth *
auth_ref(struct auth *a)
{
	if (a != NULL)
		a->refs++;
	return a;
}

void
auth_unref(struct auth *a)
{
	if (a == NULL || --a->refs > 0)
		return;
	if (a->meter != NULL)
		limit_settle(a->meter, now(), &a->hold, 0, 0);
	key_meter_unref(a->meter);
	free(a);
}

bool
auth_revoked(const struct auth *a)
{
	return a != NULL && a->meter != NULL && a->meter->revoked;
}

/* ---- who ---- */

static void
be(struct http_request *req, unsigned scopes, const struct key_entry *key)
{
	struct auth *a = mem_zalloc(sizeof(*a));

	a->refs = 1;
	a->scopes = scopes;
	if (key != NULL) {
		memcpy(a->key_id, key->id, sizeof(a->key_id));
		a->limits = key->limits;
		a->meter = key_meter_ref(key->meter);
	}
	req->user = a;
}

/* The token of the one authorization header, padded to a fixed length; false: it cannot be one of
 * ours, and what is in out is no key. */
static bool
read_token(const struct http_request *req, char out[KEY_TEXT_LEN + 8])
{
	const char *header = http_header_get(req, "authorization");
	const bool one = header != NULL && http_header_count(req, "authorization") == 1;

	memset(out, 0, KEY_TEXT_LEN + 8);
	if (header == NULL || strncasecmp(header, "bearer", 6) != 0 || header[6] != ' ')
		return false;
	header += 6;
	header += strspn(header, " ");
	str_copy(out, KEY_TEXT_LEN + 8, header);
	return one && key_text_valid(out);
}

/* Does it mean a key of ours, good or bad?  SDKs insist on sending something: where callers need
 * no key, that is none. */
static bool
brings_key(const struct http_request *req)
{
	const char *header = http_header_get(req, "authorization");

	return header != NULL && strstr(header, KEY_PREFIX) != NULL;
}

static bool
refuse_key(struct gateway *gw, struct http_request *req, enum gateway_route route,
    enum wire_code code, enum key_rejection reason, const char *text)
{
	const struct http_header bearer = { "www-authenticate", "Bearer" };

	metric_add(&gw->counters.rejections[reason], 1);
	guess_failed(gw->guesses, req->client, clock_now_ms());
	answer_error(gw, req, route, code, &bearer, NULL, "%s", text);
	return false;
}

/* What is for callers on this machine is not for whom a proxy on it brings. */
static bool
is_forwarded(const struct http_request *req)
{
	static const char *const signs[] = { "x-forwarded-for", "forwarded", "x-real-ip", "via" };

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (http_header_get(req, signs[i]) != NULL)
			return true;
	return false;
}

static bool
needs_no_key(const struct gateway *gw, const struct http_request *req)
{
	return gw->config.anonymous && (gw->config.anonymous_forwarded || !is_forwarded(req));
}

bool
auth_begin(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	char token[KEY_TEXT_LEN + 8];
	unsigned char sha256[HASH_SHA256_LEN];
	const struct key_entry *key;
	const int64_t wall_ms = clock_wall_ms();

	if (req->is_unix && !brings_key(req)) { /* with one it may what the key may */
		/* The socket's directory lets in its own user and root (and the group it is given). */
		be(req, SCOPE_ALL, NULL);
		return true;
	}
	if (!brings_key(req)) {
		const bool open = needs_no_key(gw, req);

		if (open || http_header_get(req, "authorization") == NULL) {
			be(req, open ? SCOPE(CHAT) | SCOPE(READ) : 0, NULL);
			return true;
		}
	}
	const bool valid = read_token(req, token);
	if (!guess_allowed(gw->guesses, req->client, token, sizeof(token), clock_now_ms())) {
		metric_add(&gw->counters.rejections[KEY_REJECTED_LIMITED], 1);
		answer_error(gw, req, route, CODE_RATE_LIMIT, NULL, NULL,
		    "Too many wrong keys came from this address; wait a second.");
		return false;
	}
	/* One path for all: a malformed key is hashed and looked for like any other. */
	hash_sha256(token, KEY_TEXT_LEN, sha256);
	key = keys_find(gw->keys, sha256, wall_ms);
	if (key == NULL || !valid)
		return refuse_key(gw, req, route, CODE_INVALID_API_KEY,
		    valid ? KEY_REJECTED_UNKNOWN : KEY_REJECTED_MALFORMED,
		    "The API key is not valid: it is mistyped, unknown or was revoked.");
	if (key->expires_at_ms != 0 && wall_ms >= key->expires_at_ms)
		return refuse_key(gw, req, route, CODE_EXPIRED_API_KEY, KEY_REJECTED_EXPIRED,
		    "The API key has expired; ask for a new one.");
	guess_good(gw->guesses, token, sizeof(token));
	be(req, (key->scopes & SCOPE(ADMIN)) != 0 ? SCOPE_ALL : key->scopes, key);
	return true;
}

/* ---- what it may ---- */

bool
auth_may(
    struct gateway *gw, struct http_request *req, enum gateway_route route, enum scope_at scope)
{
	const struct auth *a = req->user;

	if ((a->scopes >> scope & 1) != 0)
		return true;
	if (a->meter == NULL && a->scopes == 0) {
		metric_add(&gw->counters.rejections[KEY_REJECTED_MISSING], 1);
		answer_error(gw, req, route, CODE_INVALID_API_KEY,
		    &(struct http_header){ "www-authenticate", "Bearer" }, NULL,
		    "This listener needs an API key, given as 'authorization: Bearer jns_...'.");
		return false;
	}
	metric_add(&gw->counters.rejections[KEY_REJECTED_SCOPE], 1);
	if (a->meter == NULL)
		answer_error(gw, req, route, CODE_MISSING_SCOPE, NULL, NULL,
		    "This needs a key with the scope '%s', or administrator rights: use janusctl "
		    "on the same "
		    "machine, which speaks over the control socket.",
		    scope_name(scope));
	else
		answer_error(gw, req, route, CODE_MISSING_SCOPE, NULL, NULL,
		    "The API key has not the scope '%s' that this needs.", scope_name(scope));
	return false;
}

/* ---- its limits ---- */

/* As OpenAI writes them: 250ms, 1.5s, 6m0s. */
static void
write_span(char *out, size_t cap, int64_t ms)
{
	if (ms < 1000)
		snprintf(out, cap, "%lldms", (long long)ms);
	else if (ms < 60000)
		snprintf(out, cap, "%lld.%llds", (long long)ms / 1000, (long long)ms % 1000 / 100);
	else
		snprintf(out, cap, "%lldm%llds", (long long)ms / 60000, (long long)ms / 1000 % 60);
}

struct filling {
	struct auth *auth;
	struct http_header *out;
	size_t n, max;
};

static char *
next(struct filling *f, const char *name)
{
	static char nowhere[sizeof(f->auth->texts[0])]; /* never: max is large enough */

	if (f->n == f->max || f->n == AUTH_HEADERS_MAX)
		return nowhere;
	f->out[f->n] = (struct http_header){ name, f->auth->texts[f->n] };
	return f->auth->texts[f->n++];
}
#define TEXT_LEN sizeof(((struct auth *)0)->texts[0])

static void
add_quota(
    struct filling *f, const char *const names[3], int64_t limit, int64_t left, int64_t reset_ms)
{
	snprintf(next(f, names[0]), TEXT_LEN, "%lld", (long long)limit);
	snprintf(next(f, names[1]), TEXT_LEN, "%lld", (long long)left);
	write_span(next(f, names[2]), TEXT_LEN, reset_ms);
}

static long long
seconds_up(int64_t ms)
{
	return (long long)(ms + 999) / 1000;
}

size_t
auth_headers(struct auth *a, struct http_header *out, size_t max)
{
	static const char *const requests[] = { "x-ratelimit-limit-requests",
		"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests" };
	static const char *const tokens[] = { "x-ratelimit-limit-tokens",
		"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens" };
	struct filling f = { .auth = a, .out = out, .max = max };
	struct limit_left left;
	char policy[TEXT_LEN] = "", state[TEXT_LEN] = "";

	if (a == NULL || a->meter == NULL)
		return 0;
	const struct key_limits *l = &a->limits;
	limit_left(a->meter, l, now(), &a->hold, &left);
	if (left.requests >= 0) {
		add_quota(
		    &f, requests, l->requests_per_minute, left.requests, left.requests_reset_ms);
		snprintf(policy, sizeof(policy), "\"requests\";q=%lld;w=60",
		    (long long)l->requests_per_minute);
		snprintf(state, sizeof(state), "\"requests\";r=%lld;t=%lld",
		    (long long)left.requests, seconds_up(left.requests_reset_ms));
	}
	if (left.tokens >= 0) {
		const size_t p = strlen(policy), s = strlen(state);
		const char *comma = p > 0 ? ", " : "";

		add_quota(&f, tokens, l->tokens_per_minute, left.tokens, left.tokens_reset_ms);
		snprintf(policy + p, sizeof(policy) - p, "%s\"tokens\";q=%lld;w=60", comma,
		    (long long)l->tokens_per_minute);
		snprintf(state + s, sizeof(state) - s, "%s\"tokens\";r=%lld;t=%lld", comma,
		    (long long)left.tokens, seconds_up(left.tokens_reset_ms));
	}
	if (policy[0] != '\0') {
		snprintf(next(&f, "ratelimit-policy"), TEXT_LEN, "%s", policy);
		snprintf(next(&f, "ratelimit"), TEXT_LEN, "%s", state);
	}
	if (left.budget_micro_usd >= 0)
		snprintf(next(&f, "x-janus-budget-remaining-usd"), TEXT_LEN, "%.6f",
		    (double)left.budget_micro_usd / 1e6);
	return f.n;
}

static const struct {
	enum wire_code code;
	enum key_rejection reason;
	const char *text;
} refusals[] = {
	[LIMIT_REQUESTS] = { CODE_RATE_LIMIT, KEY_REJECTED_REQUESTS,
	    "The API key has made as many requests in the last minute as it may." },
	[LIMIT_CONCURRENCY] = { CODE_CONCURRENCY, KEY_REJECTED_CONCURRENCY,
	    "As many requests of this API key are running as may at once; wait for one to end." },
	[LIMIT_TOKENS] = { CODE_RATE_LIMIT, KEY_REJECTED_TOKENS,
	    "The API key has used as many tokens in the last minute as it may." },
	[LIMIT_DAY] = { CODE_BUDGET_EXCEEDED, KEY_REJECTED_BUDGET,
	    "The API key has spent its budget of this day (UTC)." },
	[LIMIT_MONTH] = { CODE_BUDGET_EXCEEDED, KEY_REJECTED_BUDGET,
	    "The API key has spent its budget of this month (UTC)." },
};

static bool
take(struct gateway *gw, struct http_request *req, struct auth *a, enum gateway_route route)
{
	struct http_header headers[AUTH_HEADERS_MAX + 3];
	char seconds[24], ms[24];
	size_t n;

	if (a->meter == NULL)
		return true;
	const struct limit_clock at = now();
	const enum limit_verdict v = limit_take(a->meter, &a->limits, at, &a->hold);
	if (v == LIMIT_OK)
		return true;
	const int64_t retry_ms = limit_retry_ms(a->meter, at, v);
	snprintf(seconds, sizeof(seconds), "%lld", seconds_up(retry_ms));
	snprintf(ms, sizeof(ms), "%lld", (long long)retry_ms);
	n = auth_headers(a, headers, AUTH_HEADERS_MAX);
	headers[n++] = (struct http_header){ "retry-after", seconds };
	headers[n++] = (struct http_header){ "retry-after-ms", ms };
	headers[n] = (struct http_header){ 0 };
	metric_add(&gw->counters.rejections[refusals[v].reason], 1);
	answer_refusal(gw, req, route, refusals[v].code, headers, refusals[v].text);
	return false;
}

bool
auth_take(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	return take(gw, req, req->user, route);
}

struct auth *
auth_take_another(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	const struct auth *first = req->user;
	struct auth *a = mem_zalloc(sizeof(*a));

	a->refs = 1;
	a->scopes = first->scopes;
	memcpy(a->key_id, first->key_id, sizeof(a->key_id));
	a->limits = first->limits;
	if (first->meter != NULL)
		a->meter = key_meter_ref(first->meter);
	if (take(gw, req, a, route))
		return a;
	auth_unref(a);
	return NULL;
}

void
auth_settle(struct auth *a, const struct chat_result *r)
{
	if (a != NULL && a->meter != NULL)
		limit_settle(a->meter, now(), &a->hold,
		    r->usage.prompt_tokens + r->usage.completion_tokens, r->usage.cost_micro_usd);
}
