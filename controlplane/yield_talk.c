/*
 * yield_talk.c - who connects to ask for our place, and what they say.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/config.h"
#include "controlplane/gateway/find.h"
#include "controlplane/janus.h"
#include "controlplane/takeover.h"
#include "controlplane/yield_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/fdpass.h"

void
yield_peer_close(struct yield_peer *p)
{
	struct yield *y = p->yield;

	loop_unwatch(&p->watch);
	close(TAKE_FD(p->sock));
	p->waits = false;
	if (y->successor != p)
		return;
	y->successor = NULL;
	yield_tell(y, HANDOVER_LOST);
}

static void
refuse(struct yield_peer *p, const char *why)
{
	cJSON *word = takeover_word("refused");

	json_add_str(word, "error", why);
	takeover_say(p->sock, word, -1);
}

static const char *
refusal(const struct yield *y, const cJSON *json)
{
	const struct janus *j = y->janus;
	_cleanup_free_ char *state = realpath(j->config->state_dir, NULL);

	if (j->draining)
		return "it is stopping";
	if (json != NULL &&
	    !str_eq(json_str(json, "state_dir"), state != NULL ? state : j->config->state_dir))
		return "its state directory is another one";
	return handover_step(y->state, HANDOVER_ASK).action == HANDOVER_REFUSE
	    ? "another one is taking over"
	    : NULL;
}

static void
on_take_over(struct yield_peer *p, const cJSON *json)
{
	struct yield *y = p->yield;
	const char *why = refusal(y, json);

	if (why != NULL) {
		log_warn("handover.refused", F_STR("why", why), F_INT("peer_pid", p->pid));
		refuse(p, why);
		return;
	}
	str_copy(p->version, sizeof(p->version), json_str(json, "version"));
	log_info("handover.asked", F_INT("new_pid", p->pid), F_STR("new_version", p->version));
	y->successor = p;
	y->why[0] = '\0';
	yield_tell(y, HANDOVER_ASK);
}

static void
on_not_asked(struct timer *t, void *arg)
{
	struct yield *y = arg;

	(void)t;
	str_copy(y->why, sizeof(y->why), "the program that was started did not ask in time");
	yield_answer(y, false);
}

static void
on_upgrade(struct yield_peer *p)
{
	struct yield *y = p->yield;
	const char *why = refusal(y, NULL);
	struct error err = { 0 };

	if (why == NULL && y->started.pid != 0)
		why = "another upgrade is under way";
	if (why == NULL && yield_start_program(y, false, &err) < 0)
		why = err.text;
	if (why != NULL) {
		refuse(p, why);
		return;
	}
	p->waits = true;
	timer_set(y->janus->control, &y->timer, START_MS, on_not_asked, y);
}

static void
on_chat_found(bool runs, const char *instance, const char *id, void *arg)
{
	struct yield *y = arg;
	cJSON *word;

	if (y->successor == NULL || (!runs && takeover_ask_chat(y->janus->before, instance, id)))
		return;
	word = takeover_word("chat");
	json_add_str(word, "instance", instance);
	json_add_str(word, "request_id", id);
	json_add_bool(word, "runs", runs);
	takeover_say(y->successor->sock, word, -1);
}

static void
on_chat(struct yield *y, const cJSON *json)
{
	const char *instance = json_str(json, "instance"), *id = json_str(json, "request_id");

	if (instance != NULL && id != NULL)
		gateway_find_chat(
		    y->janus->gateways[0], instance, id, y->janus->control, on_chat_found, y);
}

/* Of the successor alone. */
static void
obey(struct yield *y, const char *op, const cJSON *json, int *fd)
{
	if (str_eq(op, "ready")) {
		yield_tell(y, HANDOVER_READY);
	} else if (str_eq(op, "serving")) {
		yield_tell(y, HANDOVER_SERVES);
	} else if (str_eq(op, "failed")) {
		str_copy(y->why, sizeof(y->why), json_str(json, "error"));
	} else if (str_eq(op, "chat")) {
		on_chat(y, json);
	} else if (str_eq(op, "call") && *fd >= 0) {
		gateway_take(y->janus->lanes[y->janus->nlanes - 1].gateway, TAKE_FD(*fd));
	}
}

static void
on_packet(struct watch *w, uint32_t events, void *arg)
{
	struct yield_peer *p = arg;
	char packet[HANDOVER_PACKET_MAX];
	_cleanup_json_ cJSON *json = NULL;
	int received = -1;

	(void)events;
	const ssize_t n = fdpass_recv(w->fd, packet, sizeof(packet), &received);
	_cleanup_close_ int fd = received;
	if (n < 0 && (errno == EAGAIN || errno_is_shortage(errno))) /* of ours, not its fault */
		return;
	if (n <= 0 || json_parse(packet, (size_t)n, &json, NULL) < 0) {
		yield_peer_close(p);
		return;
	}
	const char *op = json_str(json, "op");
	if (p == p->yield->successor)
		obey(p->yield, op, json, &fd);
	else if (str_eq(op, "take_over"))
		on_take_over(p, json);
	else if (str_eq(op, "upgrade"))
		on_upgrade(p);
	else
		refuse(p, "this is not understood");
}

void
yield_on_connect(struct watch *w, uint32_t events, void *arg)
{
	struct yield *y = arg;
	struct ucred who;

	(void)events;
	_cleanup_close_ int sock = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return;
	if (!fdpass_peer_is_ours(sock, &who)) {
		log_warn("handover.denied", F_INT("uid", who.uid), F_INT("peer_pid", who.pid));
		return;
	}
	for (struct yield_peer *p = y->peers; p < &y->peers[PEERS_MAX]; p++) {
		if (p->sock >= 0)
			continue;
		if (loop_watch(y->janus->control, &p->watch, sock, EPOLLIN, on_packet, p, NULL) ==
		    0) {
			p->sock = TAKE_FD(sock);
			p->pid = who.pid;
		}
		return;
	}
}
