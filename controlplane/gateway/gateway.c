/*
 * gateway.c - listeners, the checks every request passes, and who answers it.
 */
#include "controlplane/gateway/gateway.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/gateway/arena.h"
#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/cors.h"
#include "controlplane/gateway/download.h"
#include "controlplane/gateway/elsewhere.h"
#include "controlplane/gateway/files.h"
#include "controlplane/gateway/follow.h"
#include "controlplane/gateway/forwarded.h"
#include "controlplane/gateway/models.h"
#include "controlplane/gateway/openapi.h"
#include "controlplane/gateway/origin.h"
#include "controlplane/gateway/probes.h"
#include "controlplane/gateway/resume.h"
#include "controlplane/gateway/send_blob.h"
#include "controlplane/gateway/static.h"
#include "controlplane/artifacts/sign.h"
#include "controlplane/registry/keys.h"
#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "runtime/net/conn_pool.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_server.h"
#include "runtime/net/router.h"
#include "runtime/openai/envelope.h"

#define BUSY_MS 50
#define VOTE_BYTES 4096

struct row {
	const char *path;
	bool below; /* and everything below path */
	const char *allow;
	void (*answer)(struct gateway *, struct http_request *);
	bool needs_key;
};
/* Let in by us, answered by the surface beside us, which has the record of chats. */
static void
pass_on(struct gateway *gw, struct http_request *req)
{
	if (gw->hooks->other_request != NULL)
		gw->hooks->other_request(req, gw->arg);
	else
		answer_error(gw, req, GATEWAY_NONE, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
		    "There are no bundles and no votes here.");
}

static const struct row rows[GATEWAY_ROUTE_COUNT] = {
	[GATEWAY_CHAT] = { "/v1/chat/completions", false, "POST, OPTIONS", chat_begin, true },
	[GATEWAY_COMPLETIONS] = { "/v1/completions", false, "POST, OPTIONS", chat_begin, true },
	[GATEWAY_RESPONSES] = { "/v1/responses", false, "POST, OPTIONS", chat_begin, true },
	[GATEWAY_EMBEDDINGS] = { "/v1/embeddings", false, "POST, OPTIONS", chat_begin, true },
	[GATEWAY_MODELS] = { MODELS_PATH, false, "GET, HEAD, OPTIONS", models_list, true },
	[GATEWAY_MODEL] = { MODELS_PATH "/", true, "GET, HEAD, OPTIONS", models_get, true },
	[GATEWAY_STREAMS] = { STREAMS_PATH, false, "GET, HEAD, OPTIONS", follow_list, true },
	[GATEWAY_STREAM] = { STREAMS_PATH "/", true, "GET, HEAD, DELETE, OPTIONS", follow_one,
	    true },
	[GATEWAY_ARTIFACT] = { ARTIFACTS_PATH "/", true, "GET, HEAD, OPTIONS", download_artifact,
	    true },
	[GATEWAY_FILES] = { FILES_PATH, false, "GET, HEAD, POST, OPTIONS", files_all, true },
	[GATEWAY_FILE] = { FILES_PATH "/", true, "GET, HEAD, DELETE, OPTIONS", files_one, true },
	[GATEWAY_FILE_CONTENT] = { NULL, true, "GET, HEAD, OPTIONS", files_content, true },
	[GATEWAY_BUNDLE] = { "/v1/bundles/", true, "GET, HEAD, OPTIONS", pass_on, true },
	[GATEWAY_ARENA] = { ARENA_PATH, false, "POST, OPTIONS", arena_begin, true },
	[GATEWAY_VOTE] = { NULL, true, "POST, OPTIONS", pass_on, true },
	[GATEWAY_LIVEZ] = { "/livez", false, "GET, HEAD, OPTIONS", probe_livez, false },
	[GATEWAY_READYZ] = { "/readyz", false, "GET, HEAD, OPTIONS", probe_readyz, false },
	[GATEWAY_HEALTH] = { "/health", false, "GET, HEAD, OPTIONS", probe_health, false },
	[GATEWAY_METRICS] = { "/metrics", false, "GET, HEAD, OPTIONS", probe_metrics, false },
	[GATEWAY_OPENAPI] = { "/openapi.json", false, "GET, HEAD, OPTIONS", openapi_get, false },
	[GATEWAY_STATIC] = { NULL, true, "GET, HEAD, OPTIONS", static_get, false },
};

static enum gateway_route
find_route(const struct http_request *req)
{
	const char *path = req->path;

	if (str_starts(path, FILES_PATH "/") && str_ends(path, "/content"))
		return GATEWAY_FILE_CONTENT;
	if (str_starts(path, ARENA_PATH "/") && str_ends(path, "/vote"))
		return GATEWAY_VOTE;
	for (unsigned i = 0; i < GATEWAY_NONE; i++)
		if (rows[i].path == NULL) /* known by more than how it begins */
			continue;
		else if (rows[i].below
			? str_starts(path, rows[i].path) && path[strlen(rows[i].path)] != '\0'
			: strcmp(path, rows[i].path) == 0)
			return i;
	return static_serves(req) ? GATEWAY_STATIC : GATEWAY_NONE;
}

static bool
is_ours(const char *path, enum gateway_route route)
{
	return route != GATEWAY_NONE || strcmp(path, "/v1") == 0 || str_starts(path, "/v1/");
}

static bool
allows(const struct row *row, const char *method)
{
	const size_t len = strlen(method);

	for (const char *p = row->allow; p != NULL;
	     p = strstr(p, ", "), p = p != NULL ? p + 2 : NULL)
		if (strncmp(p, method, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	return false;
}

static bool
changes_state(const char *method)
{
	return !str_eq(method, "GET") && !str_eq(method, "HEAD") && !str_eq(method, "OPTIONS");
}

/* A page that came in the clear is not ours where we speak TLS: anybody on the way can have written it. */
static bool
is_own_origin(const struct http_request *req, const char *origin, const char *host)
{
	return http_header_count(req, "origin") == 1 && origin_accepted(origin, host) &&
	    (!req->is_tls || strncasecmp(origin, "https:", 6) == 0);
}

/* A trusted proxy says for whom it asks, and whether that came by TLS. */
static void
take_forwarded(const struct gateway *gw, struct http_request *req)
{
	const char *chain = http_header_get(req, "x-forwarded-for");
	const char *scheme = http_header_get(req, "x-forwarded-proto");

	if (req->is_unix || !proxies_trust(gw->config.proxies, req->client))
		return;
	/* Of several headers each proxy wrote its own: which was last is not certain. */
	if (chain != NULL && http_header_count(req, "x-forwarded-for") == 1)
		forwarded_client(gw->config.proxies, chain, req->client, sizeof(req->client));
	if (scheme != NULL && strcasecmp(scheme, "https") == 0)
		req->is_tls = true;
}

/* Whom it is meant for: a page of another site must not reach us through a browser. */
static bool
is_meant_for_us(struct gateway *gw, struct http_request *req)
{
	const char *host = http_header_get(req, "host"), *origin = http_header_get(req, "origin");

	if (req->is_unix)
		return true;
	if (http_header_count(req, "host") > 1) {
		answer_error(gw, req, GATEWAY_NONE, CODE_BAD_REQUEST, NULL, NULL,
		    "The request has more than one Host header.");
		return false;
	}
	if (host != NULL && !host_accepted(host, gw->config.listen_host, gw->config.public_hosts)) {
		answer_error(gw, req, GATEWAY_NONE, CODE_MISDIRECTED, NULL, NULL,
		    "This server does not answer for the host in the request; use its address, or "
		    "have the name added to public_hosts.");
		return false;
	}
	if (origin != NULL && changes_state(req->method) && !is_own_origin(req, origin, host) &&
	    !cors_accepts(gw->config.cors, req)) {
		answer_error(gw, req, GATEWAY_NONE, CODE_MISSING_SCOPE, NULL, NULL,
		    "A page of another origin may not do this.");
		return false;
	}
	return true;
}

/* A key for benchmarks chats too; it waits behind everybody else (wait.h).  One for the arena may have
 * no other scope: who votes shall not be able to look up who answered. */
static bool
may_chat(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	const bool in_arena =
	    route == GATEWAY_ARENA || route == GATEWAY_VOTE || route == GATEWAY_ARTIFACT;
	const unsigned also = SCOPE(BENCH) | (in_arena ? SCOPE(ARENA) : 0);

	return (((struct auth *)req->user)->scopes & also) != 0 ||
	    auth_may(gw, req, route, SCOPE_AT_CHAT);
}

/* Returns the body limit, or -1 after an answer. */
static int64_t
own_head(struct gateway *gw, struct http_request *req, enum gateway_route route)
{
	const struct row *row = &rows[route];

	if (route == GATEWAY_NONE) {
		answer_error(gw, req, route, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
		    "There is no %.200s; this surface has /v1/chat/completions, /v1/completions, "
		    "/v1/responses, /v1/embeddings, /v1/models, /v1/files and /v1/arena.",
		    req->path);
		return -1;
	}
	const struct http_header allow = { "allow", row->allow };
	if (str_eq(req->method, "OPTIONS")) {
		answer(gw, req, route, 204, NULL, &allow, NULL, 0);
		return -1;
	}
	if (!allows(row, req->method)) {
		answer_error(gw, req, route, CODE_METHOD_NOT_ALLOWED, &allow, NULL,
		    "%.20s is not allowed here; use %s.", req->method, row->allow);
		return -1;
	}
	if (row->needs_key && (!auth_begin(gw, req, route) || !may_chat(gw, req, route)))
		return -1;
	if (route == GATEWAY_FILES && str_eq(req->method, "POST"))
		return files_body_max(gw);
	if (route == GATEWAY_VOTE)
		return VOTE_BYTES;
	if (route >= GATEWAY_MODELS && route != GATEWAY_ARENA)
		return 0;
	return chat_head_accepted(gw, req, route) && auth_take(gw, req, route)
	    ? gw->config.body_bytes
	    : -1;
}

/* A model's name may come with %2F; it is only ever compared. */
static bool
is_plain(const struct http_request *req, enum gateway_route route)
{
	return route == GATEWAY_MODEL || route_path_clean(req->path);
}

/* Nobody of us answers it: it is counted and logged here, and its caller let go. */
static void
over(struct gateway *gw, struct http_request *req, int status, const struct wire_code_info *code,
    const char *error, size_t bytes_out)
{
	const enum gateway_route route = find_route(req);

	gw->asking = req;
	answer_settle(
	    gw, req, is_plain(req, route) ? route : GATEWAY_NONE, status, code, error, bytes_out);
	gw->asking = NULL;
	auth_unref(req->user);
	req->user = NULL;
}

static void
on_gone(struct http_request *req, void *arg)
{
	const struct wire_code_info *code = wire_code_info(CODE_CLIENT_CLOSED);

	over(arg, req, code->status, code, "The client left while its body came.", 0);
}

static int64_t
check_head(struct gateway *gw, struct http_request *req)
{
	const enum gateway_route route = find_route(req);

	if (route != GATEWAY_STATIC) /* which is everybody's, or nobody's but our own */
		cors_answer(gw->config.cors, req);
	take_forwarded(gw, req);
	if (!is_meant_for_us(gw, req))
		return -1;
	if (!is_plain(req, route)) {
		answer_error(gw, req, GATEWAY_NONE, CODE_BAD_REQUEST, NULL, NULL,
		    "The path is not in its plain form (//, /../, %%2f and the like are refused).");
		return -1;
	}
	if (is_ours(req->path, route))
		return own_head(gw, req, route);
	if (gw->hooks->other_head != NULL)
		return auth_begin(gw, req, GATEWAY_NONE) ? gw->hooks->other_head(req, gw->arg) : -1;
	answer_error(gw, req, GATEWAY_NONE, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
	    "There is no %.200s.", req->path);
	return -1;
}

static int64_t
on_head(struct http_request *req, void *arg)
{
	static const struct http_request_events events = { .on_gone = on_gone };
	struct gateway *gw = arg;

	gw->asking = req;
	const int64_t body_max = check_head(gw, req);
	gw->asking = NULL;
	if (body_max < 0) {
		auth_unref(req->user);
		req->user = NULL;
	} else {
		http_request_watch(req, &events, gw);
	}
	return body_max;
}

static void
on_request(struct http_request *req, void *arg)
{
	struct gateway *gw = arg;
	const enum gateway_route route = find_route(req);
	struct auth *auth = req->user;

	/* Whoever answers later watches the request himself and takes what he needs of the caller. */
	http_request_watch(req, NULL, NULL);
	gw->asking = req;
	if (route != GATEWAY_NONE)
		rows[route].answer(gw, req);
	else
		gw->hooks->other_request(req, gw->arg);
	gw->asking = NULL;
	auth_unref(auth);
}

static void
on_refused(struct http_request *req, int status, const char *code, struct buf *body, void *arg)
{
	const enum wire_code known = wire_code_named(code);
	const char *text = "The request was refused.";

	if (known == CODE_PAYLOAD_TOO_LARGE)
		text = "The request body is larger than this call accepts.";
	else if (known == CODE_REQUEST_TIMEOUT)
		text = "The request did not arrive in time.";
	else if (known == CODE_EXPECTATION_FAILED)
		text = "Only 'expect: 100-continue' is understood.";
	else if (known == CODE_LOW_DISK)
		text = "There is no room on the disk for what is sent.";
	envelope_add(body, known, text, NULL, req->id, NULL);
	over(arg, req, status, wire_code_info(known), text, body->len);
}

static const struct http_server_handlers handlers = {
	.on_head = on_head,
	.on_request = on_request,
	.on_refused = on_refused,
};

uint64_t
gateway_random(struct gateway *gw)
{
	uint64_t x = gw->random; /* xorshift64* */

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	gw->random = x;
	return x * 0x2545F4914F6CDD1DULL;
}

struct gateway *
gateway_new(struct loop *loop, const struct gateway_config *config,
    const struct gateway_hooks *hooks, void *arg, struct error *err)
{
	struct dialer *dialer = dialer_new(loop, err);
	struct gateway *gw;

	if (dialer == NULL)
		return NULL;
	gw = mem_zalloc(sizeof(*gw));
	gw->loop = loop;
	gw->config = *config;
	gw->config.relay.delay = &gw->counters.event_delay;
	gw->hooks = hooks;
	gw->arg = arg;
	gw->dialer = dialer;
	gw->pool = conn_pool_new(loop);
	gw->routes = routes_new(0);
	gw->keys = key_ring_snapshot(&(struct key_ring){ 0 });
	gw->guesses = mem_zalloc(sizeof(*gw->guesses));
	hash_random(&gw->guesses->seed, sizeof(gw->guesses->seed));
	gw->started_ms = clock_now_ms();
	hash_random(&gw->random, sizeof(gw->random));
	gw->random |= 1;
	gateway_set_peers(&gw, 1);
	return gw;
}

static int
serve(struct gateway *gw, int listen_fd, const struct tls_certificate *tls, struct error *err)
{
	struct http_server *server;

	if (gw->nservers == GATEWAY_SERVERS_MAX)
		return error_set(err, ERROR_INVALID, "more than %d listeners", GATEWAY_SERVERS_MAX);
	server = http_server_new_tls(gw->loop, listen_fd, tls,
	    gw->config.http != NULL ? gw->config.http : &http_server_defaults, &handlers, gw, err);
	if (server == NULL)
		return -1;
	gw->servers[gw->nservers++] = server;
	return 0;
}

int
gateway_serve(struct gateway *gw, int listen_fd, struct error *err)
{
	return serve(gw, listen_fd, gw->config.tls, err);
}

static bool
is_routed(const char *instance, const void *routes)
{
	return routes_have_instance(routes, instance);
}

void
gateway_set_routes(struct gateway *gw, struct routes *routes)
{
	struct routes *old = gw->routes;

	gw->routes = routes;
	for (size_t i = 0; i < routes->len; i++) /* its series begin at zero */
		counters_competitor(&gw->counters, routes->at[i].slug);
	pod_links_keep(&gw->links, routes);
	conn_pool_keep(gw->pool, is_routed, routes);
	routes_unref(old);
	chat_routes_changed(gw);
}

void
gateway_set_keys(struct gateway *gw, struct keys *keys)
{
	struct keys *old = gw->keys;

	gw->keys = keys;
	keys_unref(old);
	chat_end_revoked(gw);
	follow_end_revoked(gw);
}

void
gateway_set_limits(struct gateway *gw, const struct gateway_config *config)
{
	gw->config.relay = config->relay;
	gw->config.connect_ms = config->connect_ms;
	gw->config.body_bytes = config->body_bytes;
}

unsigned
gateway_scopes(const struct http_request *req)
{
	return ((const struct auth *)req->user)->scopes;
}

const char *
gateway_key(const struct http_request *req)
{
	return ((const struct auth *)req->user)->key_id;
}

void
gateway_set_peers(struct gateway *const *peers, unsigned npeers)
{
	for (unsigned i = 0; i < npeers; i++) {
		struct gateway *gw = peers[i];

		free(gw->peers);
		gw->peers = mem_zalloc(npeers * sizeof(*gw->peers));
		memcpy(gw->peers, peers, npeers * sizeof(*gw->peers));
		gw->npeers = npeers;
	}
}

void
gateway_busy_update(struct gateway *gw)
{
	unsigned busy = gw->nchats;

	if (gw->draining || gw->leaving) {
		busy = gw->nresumes;
		for (unsigned i = 0; i < gw->nservers; i++)
			busy += http_server_busy(gw->servers[i]);
	}
	gw->busy = busy;
}

size_t
gateway_sums(const struct gateway *gw, struct competitor_counters **out)
{
	_cleanup_free_ const struct counters **all = mem_zalloc((gw->npeers + 1) * sizeof(*all));

	for (unsigned i = 0; i < gw->npeers; i++)
		all[i] = &gw->peers[i]->counters;
	return counters_sum(all, gw->npeers, out);
}

static void
on_busy_timer(struct timer *t, void *arg)
{
	struct gateway *gw = arg;

	if (gw->draining)
		resume_end_alone(gw);
	gateway_busy_update(gw);
	timer_set(gw->loop, t, BUSY_MS, on_busy_timer, gw);
}

void
gateway_drain(struct gateway *gw)
{
	gw->draining = true;
	chat_end_queued(gw);
	for (unsigned i = 0; i < gw->nservers; i++)
		http_server_drain(gw->servers[i]);
	on_busy_timer(&gw->busy_timer, gw);
}

void
gateway_take(struct gateway *gw, int fd)
{
	struct error err = { 0 };

	/* A server that listens to nobody: it is not drained with the others. */
	if (gw->taker == NULL && serve(gw, -1, NULL, &err) == 0)
		gw->taker = gw->servers[gw->nservers - 1];
	if (gw->taker != NULL)
		http_server_take(gw->taker, fd);
	else
		close(fd);
}

void
gateway_leave(struct gateway *gw)
{
	gw->leaving = true;
	for (unsigned i = 0; i < gw->nservers; i++)
		if (gw->servers[i] != gw->taker)
			http_server_drain(gw->servers[i]);
	on_busy_timer(&gw->busy_timer, gw);
}

void
gateway_end_chats(struct gateway *gw)
{
	chat_end_all(gw);
}

unsigned
gateway_busy(const struct gateway *gw)
{
	return gw->busy;
}

void
gateway_free(struct gateway *gw)
{
	if (gw == NULL)
		return;
	timer_cancel(&gw->busy_timer);
	chat_abandon_all(gw);
	arena_abandon_all(gw);
	follow_abandon_all(gw);
	elsewhere_abandon_all(gw);
	send_blob_abandon_all(gw);
	timer_cancel(&gw->sweep);
	for (unsigned i = 0; i < gw->nservers; i++)
		http_server_free(gw->servers[i]);
	pod_links_done(&gw->links);
	conn_pool_free(gw->pool);
	dialer_free(gw->dialer);
	routes_unref(gw->routes);
	keys_unref(gw->keys);
	free(gw->guesses);
	counters_done(&gw->counters);
	free(gw->peers);
	free(gw);
}
