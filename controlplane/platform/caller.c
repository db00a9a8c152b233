/*
 * caller.c - pods come and go.
 */
#include "controlplane/platform/caller.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "controlplane/platform/call.h"
#include "controlplane/platform/front.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "controlplane/platform/sandboxes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

static const struct http_server_limits limits = {
	.header_bytes = 32 << 10,
	.url_bytes = 8 << 10,
	.header_timeout_ms = 10000,
	.idle_timeout_ms = 75000,
	.body_timeout_ms = 60000,
	.connections = 256, /* one pod must not take every descriptor */
	.stream_high_bytes = 256 << 10,
	.stream_stall_ms = 30000,
};

void
caller_disown(struct caller *c)
{
	calls_abandon(c);
	c->owner = NULL;
	c->competitor[0] = '\0';
}

/* What its sandboxes have under way is charged to it, so that ends first. */
static void
disown_all(struct caller *owner)
{
	size_t at = 0;
	const char *instance;
	void *each;

	while (map_next(&owner->platform->callers, &at, &instance, &each)) {
		struct caller *c = each;

		if (c->owner == owner)
			caller_disown(c);
	}
}

static void
caller_free(struct caller *c)
{
	front_free(c->front);
	calls_abandon(c);
	disown_all(c);
	http_server_free(c->http);
	claims_done(&c->claims);
	log_info("caller.gone", F_STR("instance_id", c->instance),
	    F_STR("competitor", c->competitor),
	    F_INT("requests", c->spent.spent.of[QUOTA_REQUESTS]),
	    F_INT("tokens", c->spent.spent.of[QUOTA_TOKENS]),
	    F_INT("cost_micro_usd", c->spent.spent.of[QUOTA_COST]));
	free(c);
}

void
caller_drain(struct caller *c)
{
	front_drain(c->front);
	http_server_drain(c->http);
}

bool
caller_drop(struct platform *p, const char *instance)
{
	struct caller *c = map_remove(&p->callers, instance);

	if (c != NULL)
		caller_free(c);
	return c != NULL;
}

void
caller_drop_all(struct platform *p)
{
	size_t at = 0;
	const char *instance;
	void *c;

	/* Sandboxes first: they have owners. */
	for (int round = 0; round < 2; round++)
		for (at = 0; map_next(&p->callers, &at, &instance, &c);)
			if (((struct caller *)c)->is_sandbox == (round == 0))
				calls_abandon(c);
	for (at = 0; map_next(&p->callers, &at, &instance, &c);)
		((struct caller *)c)->owner = NULL;
	while (p->callers.len > 0) {
		at = 0;
		map_next(&p->callers, &at, &instance, &c);
		map_remove(&p->callers, instance);
		caller_free(c);
	}
	map_done(&p->callers);
}

static int
check_listener(int fd, struct stat *st, struct error *err)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (fd < 0)
		return error_set(err, ERROR_INVALID, "no descriptor came with the packet");
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening)
		return error_set(err, ERROR_INVALID, "the descriptor is no listening socket");
	const int flags = fcntl(fd, F_GETFL);
	if (fstat(fd, st) < 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_errno(err, "listener");
	return 0;
}

static int
put(struct platform *p, const struct caller *is, int listener, struct error *err)
{
	_cleanup_close_ int fd = listener;
	struct caller *old = map_get(&p->callers, is->instance);
	struct stat st;

	if (check_listener(fd, &st, err) < 0)
		return -1;
	if (old != NULL && old->socket_ino == st.st_ino && old->is_sandbox == is->is_sandbox &&
	    strcmp(old->token_sha256, is->token_sha256) == 0)
		return 0;
	if (old != NULL && old->is_sandbox != is->is_sandbox)
		return error_set(err, ERROR_CONFLICT, "%s is somebody else", is->instance);
	caller_drop(p, is->instance);
	struct caller *c = mem_zalloc(sizeof(*c));
	*c = *is;
	c->platform = p;
	c->socket_ino = st.st_ino;
	c->http = http_server_new(p->loop, -1, &limits, &platform_handlers, c, err);
	c->front = c->http != NULL ? front_new(c, TAKE_FD(fd), err) : NULL;
	if (c->front == NULL) {
		http_server_free(c->http);
		free(c);
		return -1;
	}
	map_put(&p->callers, c->instance, c);
	log_info(
	    "caller.new", F_STR("instance_id", c->instance), F_STR("competitor", c->competitor));
	return 0;
}

int
caller_put(struct platform *p, const char *instance, const char *competitor,
    const char *token_sha256, int listener, struct error *err)
{
	struct caller is = { .is_sandbox = false };

	str_copy(is.instance, sizeof(is.instance), instance);
	str_copy(is.competitor, sizeof(is.competitor), competitor);
	str_copy(is.token_sha256, sizeof(is.token_sha256), token_sha256);
	return put(p, &is, listener, err);
}

int
caller_put_sandbox(struct platform *p, const char *instance, const char *token_sha256, int listener,
    struct error *err)
{
	struct caller is = { .is_sandbox = true };

	str_copy(is.instance, sizeof(is.instance), instance);
	str_copy(is.token_sha256, sizeof(is.token_sha256), token_sha256);
	if (put(p, &is, listener, err) < 0)
		return -1;
	struct caller *owner = sandboxes_owner(p->sandboxes, instance);
	if (owner != NULL)
		caller_own(owner, instance);
	return 0;
}

void
caller_own(struct caller *owner, const char *instance)
{
	struct caller *c = map_get(&owner->platform->callers, instance);

	if (c == NULL || !c->is_sandbox || c->owner != NULL)
		return;
	c->owner = owner;
	str_copy(c->competitor, sizeof(c->competitor), owner->competitor);
}

bool
caller_allows(const struct caller *c, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	char hash[HASH_HEX_MAX];

	if (authorization == NULL || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	authorization += sizeof(scheme) - 1;
	hash_sha256_hex(authorization, strlen(authorization), hash);
	return hash_equal(hash, c->token_sha256, HASH_HEX_MAX - 1);
}
