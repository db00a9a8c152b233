/*
 * control.c - accept, check the peer, obey.
 */
#include "controlplane/platform/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/claim.h"
#include "controlplane/platform/offers.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"

#define PEERS_MAX 8

struct peer { /* a connection */
	struct control *control;
	struct watch watch;
	int sock; /* -1: free */
};
struct control {
	struct platform *platform;
	char *path;
	int sock;
	struct watch watch;
	struct peer peers[PEERS_MAX];
	struct peer *janusd; /* the one that spoke last; or NULL */
};

static bool
name_valid(const char *name)
{
	return name != NULL && *name != '\0' && strlen(name) < CALLER_NAME_MAX &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
	    strlen(name);
}

static int
obey_pod(struct platform *p, const cJSON *json, int listener, struct error *err)
{
	_cleanup_close_ int fd = listener;
	const char *instance = json_str(json, "instance");
	const char *competitor = json_str(json, "competitor");
	const char *token = json_str(json, "token_sha256");

	if (!name_valid(instance))
		return error_set(err, ERROR_INVALID, "instance is missing or malformed");
	if (!name_valid(competitor))
		return error_set(err, ERROR_INVALID, "competitor is missing or malformed");
	if (token == NULL || strlen(token) != HASH_HEX_MAX - 1 ||
	    strspn(token, "0123456789abcdef") != HASH_HEX_MAX - 1)
		return error_set(err, ERROR_INVALID, "token_sha256 is not 64 hex digits");
	return caller_put(p, instance, competitor, token, TAKE_FD(fd), err);
}

/* Of janus-sandboxd, which does not know whose it is. */
static int
obey_sandbox(struct platform *p, const cJSON *json, int listener, struct error *err)
{
	_cleanup_close_ int fd = listener;
	const char *instance = json_str(json, "instance");
	const char *token = json_str(json, "token_sha256");

	if (!name_valid(instance) || !str_starts(instance, "sb_"))
		return error_set(err, ERROR_INVALID, "instance is missing or malformed");
	if (token == NULL || strlen(token) != HASH_HEX_MAX - 1 ||
	    strspn(token, "0123456789abcdef") != HASH_HEX_MAX - 1)
		return error_set(err, ERROR_INVALID, "token_sha256 is not 64 hex digits");
	return caller_put_sandbox(p, instance, token, TAKE_FD(fd), err) < 0 ? -1 : 2;
}

static int
obey_sandbox_gone(struct platform *p, const cJSON *json, struct error *err)
{
	const char *instance = json_str(json, "instance");
	const struct caller *c = instance != NULL ? map_get(&p->callers, instance) : NULL;

	if (c == NULL || !c->is_sandbox || !caller_drop(p, instance))
		return error_set(err, ERROR_NOT_FOUND, "no such sandbox");
	return 2;
}

static int
obey_chat(struct platform *p, const cJSON *json, struct error *err)
{
	const char *instance = json_str(json, "instance"), *id = json_str(json, "request_id");

	if (instance == NULL || id == NULL)
		return error_set(err, ERROR_INVALID, "instance or request_id is missing");
	claim_answer(p, instance, id, json_bool(json, "runs", false));
	return 1;
}

int
control_obey(struct platform *p, const char *packet, size_t len, int received, struct error *err)
{
	_cleanup_close_ int fd = received;
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(packet, len, &json, err) < 0)
		return -1;
	const char *op = json_str(json, "op");
	if (str_eq(op, "pod"))
		return obey_pod(p, json, TAKE_FD(fd), err);
	if (str_eq(op, "ping"))
		return 0;
	if (str_eq(op, "services"))
		return 3;
	if (str_eq(op, "chat"))
		return obey_chat(p, json, err);
	if (str_eq(op, "sandbox"))
		return obey_sandbox(p, json, TAKE_FD(fd), err);
	if (str_eq(op, "sandbox_gone"))
		return obey_sandbox_gone(p, json, err);
	if (!str_eq(op, "gone"))
		return error_set(err, ERROR_INVALID,
		    "op must be pod, chat, gone, sandbox, sandbox_gone, services or ping");
	const char *instance = json_str(json, "instance");
	if (instance == NULL || !caller_drop(p, instance))
		return error_set(err, ERROR_NOT_FOUND, "no such instance");
	return 0;
}

static void
peer_close(struct peer *peer)
{
	loop_unwatch(&peer->watch);
	close(peer->sock);
	peer->sock = -1;
	if (peer->control->janusd == peer)
		peer->control->janusd = NULL;
}

static int
peer_answer(struct peer *peer, int rc, const struct error *err)
{
	_cleanup_buf_ struct buf out = { 0 };

	if (rc == 0) {
		buf_add_str(&out, "{\"ok\":true}");
	} else {
		log_warn("control.refused", F_STR("error", err->text));
		buf_add_str(&out, "{\"ok\":false,\"error\":");
		json_add_quoted(&out, err->text, strlen(err->text));
		buf_add_char(&out, '}');
	}
	return fdpass_send(peer->sock, out.data, out.len, -1);
}

static int
peer_offer(struct peer *peer)
{
	_cleanup_buf_ struct buf out = { 0 };

	offers_packet(peer->control->platform, &out);
	return fdpass_send(peer->sock, out.data, out.len, -1);
}

static void
on_packet(struct watch *w, uint32_t events, void *arg)
{
	struct peer *peer = arg;
	char packet[CONTROL_PACKET_MAX];
	struct error err = { 0 };
	int fd = -1;

	(void)w;
	(void)events;
	const ssize_t n = fdpass_recv(peer->sock, packet, sizeof(packet), &fd);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (fd >= 0)
			close(fd);
		peer_close(peer);
		return;
	}
	const int rc = control_obey(peer->control->platform, packet, (size_t)n, fd, &err);
	if (rc == 0 || rc == 1 || rc == 3)
		peer->control->janusd = peer;
	if (rc == 3 ? peer_offer(peer) < 0
		    : rc != 1 && peer_answer(peer, rc == 2 ? 0 : rc, &err) < 0)
		peer_close(peer);
}

bool
control_send(struct control *c, const char *packet, size_t len)
{
	return c != NULL && c->janusd != NULL && fdpass_send(c->janusd->sock, packet, len, -1) == 0;
}

static void
on_connect(struct watch *w, uint32_t events, void *arg)
{
	struct control *c = arg;
	struct ucred who;
	struct error err = { 0 };

	(void)events;
	_cleanup_close_ int sock = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return;
	if (!fdpass_peer_is_ours(sock, &who)) {
		log_warn("control.denied", F_INT("uid", who.uid), F_INT("peer_pid", who.pid));
		return;
	}
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &c->peers[i];

		if (peer->sock >= 0)
			continue;
		if (loop_watch(
			c->platform->loop, &peer->watch, sock, EPOLLIN, on_packet, peer, &err) == 0)
			peer->sock = TAKE_FD(sock);
		return;
	}
	log_warn("control.denied", F_STR("reason", "too many connections"));
}

struct control *
control_new(struct platform *p, const char *path, struct error *err)
{
	_cleanup_close_ int sock = fdpass_listen(path, 0600, err);
	struct control *c;

	if (sock < 0)
		return NULL;
	c = mem_zalloc(sizeof(*c));
	c->platform = p;
	for (size_t i = 0; i < PEERS_MAX; i++)
		c->peers[i] = (struct peer){ .control = c, .sock = -1 };
	if (loop_watch(p->loop, &c->watch, sock, EPOLLIN, on_connect, c, err) < 0) {
		free(c);
		return NULL;
	}
	c->sock = TAKE_FD(sock);
	c->path = str_dup(path);
	return c;
}

void
control_quiet(struct control *c)
{
	if (c->sock < 0)
		return;
	loop_unwatch(&c->watch);
	close(TAKE_FD(c->sock));
	unlink(c->path);
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (c->peers[i].sock >= 0)
			peer_close(&c->peers[i]);
	control_quiet(c);
	free(c->path);
	free(c);
}
