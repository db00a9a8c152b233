/*
 * announce.c - the side of the platform's socket of whoever has pods.
 */
#include "runtime/engine/announce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"

#define RECONNECT_MS 1000
#define PACKET_MAX 16384

struct pod {
	const char *op, *gone;
	char instance[40], competitor[48], token_sha256[72], link_path[108];
};

struct announcer {
	struct loop *loop;
	struct workers *workers;
	char path[108];
	int sock; /* -1 while not connected */
	struct watch watch;
	struct timer retry;
	const char *greeting; /* NULL: none */
	struct map pods; /* instance to struct pod */
	announcer_fn *fn;
	void *arg;
	bool closed;
};

/* Asking a link for its listener may block: a worker does it. */
struct fetch {
	struct announcer *announcer;
	struct pod pod;
	int listener;
	struct error err;
};

static void on_retry(struct timer *, void *);

static void
lost(struct announcer *b)
{
	if (b->sock >= 0) {
		loop_unwatch(&b->watch);
		close(b->sock);
		b->sock = -1;
		log_warn("broker.lost", F_STR("socket", b->path));
	}
	if (!b->closed)
		timer_set(b->loop, &b->retry, RECONNECT_MS, on_retry, b);
}

static void
on_packet(struct watch *w, uint32_t events, void *arg)
{
	struct announcer *b = arg;
	char packet[PACKET_MAX + 1];
	int fd = -1;

	(void)events;
	const ssize_t n = fdpass_recv(w->fd, packet, PACKET_MAX, &fd);
	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		lost(b);
		return;
	}
	packet[n] = '\0';
	b->fn(packet, (size_t)n, b->arg);
}

static void
say(struct announcer *b, const char *op, const struct pod *pod, int fd)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "op", op);
	json_add_str(json, "instance", pod->instance);
	if (fd >= 0) {
		if (pod->competitor[0] != '\0')
			json_add_str(json, "competitor", pod->competitor);
		json_add_str(json, "token_sha256", pod->token_sha256);
	}
	_cleanup_free_ char *text = json_print(json);
	cJSON_Delete(json);
	if (b->sock >= 0 && fdpass_send(b->sock, text, strlen(text), fd) < 0)
		lost(b);
}

static void
fetch_listener(void *arg)
{
	struct fetch *f = arg;

	link_call(f->pod.link_path, LINK_OP_LISTENER, &f->listener, NULL, &f->err);
}

static void
announce(void *arg)
{
	struct fetch *f = arg;

	if (f->listener < 0)
		log_warn("broker.no_listener", F_STR("instance_id", f->pod.instance),
		    F_STR("error", f->err.text));
	else if (map_get(&f->announcer->pods, f->pod.instance) != NULL)
		say(f->announcer, f->pod.op, &f->pod, f->listener);
	if (f->listener >= 0)
		close(f->listener);
	free(f);
}

static void
fetch(struct announcer *b, const struct pod *pod)
{
	struct fetch *f;

	if (b->closed)
		return; /* the workers end */
	f = mem_zalloc(sizeof(*f));
	f->announcer = b;
	f->pod = *pod;
	f->listener = -1;
	worker_run(b->workers, b->loop, fetch_listener, announce, f);
}

static void
on_retry(struct timer *t, void *arg)
{
	struct announcer *b = arg;
	size_t at = 0;
	const char *key;
	void *pod;

	(void)t;
	b->sock = fdpass_connect(b->path, NULL);
	if (b->sock < 0 ||
	    loop_watch(b->loop, &b->watch, b->sock, EPOLLIN, on_packet, b, NULL) < 0) {
		if (b->sock >= 0)
			close(TAKE_FD(b->sock));
		timer_set(b->loop, &b->retry, RECONNECT_MS, on_retry, b);
		return;
	}
	log_info("broker.connected", F_STR("socket", b->path));
	if (b->greeting != NULL && !announcer_send(b, b->greeting, strlen(b->greeting)))
		return;
	while (map_next(&b->pods, &at, &key, &pod))
		fetch(b, pod);
}

struct announcer *
announcer_new(
    struct loop *loop, struct workers *workers, const char *socket, announcer_fn *fn, void *arg)
{
	struct announcer *b = mem_zalloc(sizeof(*b));

	b->loop = loop;
	b->workers = workers;
	b->fn = fn;
	b->arg = arg;
	str_copy(b->path, sizeof(b->path), socket);
	b->sock = -1;
	timer_set(loop, &b->retry, 0, on_retry, b);
	return b;
}

void
announcer_greet(struct announcer *b, const char *packet)
{
	b->greeting = packet;
}

bool
announcer_send(struct announcer *b, const char *packet, size_t len)
{
	if (b->sock < 0)
		return false;
	if (fdpass_send(b->sock, packet, len, -1) == 0)
		return true;
	lost(b);
	return false;
}

void
announcer_close(struct announcer *b)
{
	b->closed = true;
	timer_cancel(&b->retry);
	if (b->sock >= 0) {
		loop_unwatch(&b->watch);
		close(TAKE_FD(b->sock));
	}
}

void
announcer_free(struct announcer *b)
{
	size_t at = 0;
	const char *key;
	void *pod;

	if (b == NULL)
		return;
	announcer_close(b);
	while (map_next(&b->pods, &at, &key, &pod))
		free(pod);
	map_done(&b->pods);
	free(b);
}

void
announcer_add(struct announcer *b, const struct announced_pod *p)
{
	struct pod *pod = mem_zalloc(sizeof(*pod));

	pod->op = p->op;
	pod->gone = p->gone;
	str_copy(pod->instance, sizeof(pod->instance), p->instance);
	str_copy(pod->competitor, sizeof(pod->competitor), p->competitor);
	str_copy(pod->token_sha256, sizeof(pod->token_sha256), p->token_sha256);
	str_copy(pod->link_path, sizeof(pod->link_path), p->link_path);
	free(map_put(&b->pods, p->instance, pod));
	if (b->sock >= 0)
		fetch(b, pod);
}

void
announcer_remove(struct announcer *b, const char *instance)
{
	struct pod *pod = map_remove(&b->pods, instance);

	if (pod == NULL)
		return;
	say(b, pod->gone, pod, -1);
	free(pod);
}

bool
announcer_connected(const struct announcer *b)
{
	return b->sock >= 0;
}
